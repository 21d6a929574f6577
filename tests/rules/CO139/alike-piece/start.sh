docker compose -f deploy/default.yml -f "integrations/$1/compose.yml" up -d
