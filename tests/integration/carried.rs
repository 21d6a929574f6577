//! `dockwright init` in a repository whose compose file runs already: what it
//! runs goes on.

use std::collections::BTreeSet;

use assert_fs::TempDir;
use dockwright::source::compose::{Document, Service};

use crate::init::{init, read, repository, write};

const DOCKERFILE: &str = "FROM python:3.12-slim\nWORKDIR /code\nCOPY . .\nRUN pip install -r requirements.txt\n\
     CMD uvicorn main:app --host 0.0.0.0 --port 5000\n";

/// What somebody has been running: other names, an older database, a volume
/// with a name of its own, a published port, services that are not ours.
const OLD: &str = "\
version: '3.8'
x-common: &common
  restart: always
services:
  # The API.
  shop_api:
    build: .
    command: uvicorn main:app --host 0.0.0.0 --port 5000 --reload
    environment:
      DATABASE_URL: postgresql://shop:hunter2@main-db:5432/shop
      MAIL_HOST: mail
      DEBUG: '1'
    env_file: settings.env
    ports:
      - '8088:5000'
    volumes:
      - .:/code
      - uploads:/code/uploads
    depends_on: [main-db, mail]
    labels:
      - traefik.http.services.shop.loadbalancer.server.port=5000
  main-db:
    image: postgres:13-alpine
    environment:
      - POSTGRES_USER=shop
      - POSTGRES_PASSWORD=hunter2
      - POSTGRES_DB=shop
    command: postgres -c wal_level=logical
    ports: ['127.0.0.1:5433:5432']
    volumes:
      - pg:/var/lib/postgresql/data
  # Catches what is sent.
  mail:
    image: axllent/mailpit:v1.20  # pinned
    ports: ['8025:8025']
  search:
    <<: *common
    image: elasticsearch:8.1.0
    networks: [inner]
    mem_limit: 1g
volumes:
  pg:
    name: shop-data
  uploads:
networks:
  inner: {}
";

fn carried(old: &str, flags: &[&str]) -> (TempDir, Document) {
    let directory = repository();
    write(&directory, "Dockerfile", DOCKERFILE);
    write(&directory, "docker-compose.yml", old);
    let flags = [&["--rewrite", "--set", "stack.database=postgres"], flags].concat();
    init(&directory, &flags).success();
    let document = Document::read(&read(&directory, "docker-compose.yml")).unwrap();
    (directory, document)
}

fn service(document: &Document, name: &str) -> Service {
    let services = document.services();
    let names: Vec<String> = services.iter().map(|service| service.name.clone()).collect();
    let found = services.into_iter().find(|service| service.name == name);
    found.unwrap_or_else(|| panic!("no {name} among {names:?}"))
}

fn names(document: &Document, key: &str) -> BTreeSet<String> {
    document.names(key).collect()
}

#[test]
fn every_name_that_data_hangs_on_stays() {
    let (directory, new) = carried(OLD, &[]);
    let old = Document::read(OLD).unwrap();
    for key in ["services", "volumes", "networks"] {
        let (old, new) = (names(&old, key), names(&new, key));
        assert!(old.is_subset(&new), "{key}: {old:?} in {new:?}");
    }
    let volume = new.root.get("volumes").unwrap().get("pg").unwrap();
    assert_eq!(volume.get("name").unwrap().scalar().as_deref(), Some("shop-data"));
    assert!(!directory.path().join("compose.yaml").exists(), "it would silently win");
    assert!(directory.path().join("docker-compose.dev.yml").exists());
    assert!(!directory.path().join("compose.dev.yaml").exists());
}

#[test]
fn the_project_has_the_name_its_volumes_begin_with() {
    let (directory, new) = carried(OLD, &[]);
    let name = directory.path().file_name().unwrap().to_string_lossy().to_lowercase();
    let name = name.trim_start_matches('.');
    assert_eq!(new.root.get("name").unwrap().scalar().as_deref(), Some(name));
    let (_directory, new) = carried(&format!("name: 2_shops\n{OLD}"), &[]);
    assert_eq!(new.root.get("name").unwrap().scalar().as_deref(), Some("2_shops"));
}

#[test]
fn a_database_keeps_its_image_user_settings_mounts_and_password() {
    let (directory, new) = carried(OLD, &[]);
    let db = service(&new, "main-db");
    assert_eq!(db.image().as_deref(), Some("postgres:13-alpine"));
    assert_eq!(db.text("user").as_deref(), Some("70:70"), "the owner of an Alpine image's data");
    assert_eq!(db.mounts()[0].target, "/var/lib/postgresql/data");
    assert_eq!(db.mounts().len(), 1);
    assert_eq!(db.variable("POSTGRES_USER").as_deref(), Some("shop"));
    assert_eq!(db.variable("POSTGRES_DB").as_deref(), Some("shop"));
    assert_eq!(
        db.variable("POSTGRES_PASSWORD").as_deref(),
        Some("${POSTGRES_PASSWORD:?set it in .env}")
    );
    let command = db.command();
    assert!(command.contains("-c wal_level=logical") && command.contains("-c shared_buffers="));
    assert_eq!(db.ports()[0].host, "127.0.0.1:5433");
    assert!(db.names("networks").contains(&"edge".to_owned()), "it could not publish a port");
    let env = read(&directory, ".env");
    assert!(env.contains("\nPOSTGRES_PASSWORD=hunter2\n"), "{env}");
    for file in ["docker-compose.yml", ".env.example", ".dockwright/lock.toml"] {
        assert!(!read(&directory, file).contains("hunter2"), "{file}");
    }
}

#[test]
fn the_web_service_is_told_what_it_was_and_stays_where_it_was() {
    let (directory, new) = carried(OLD, &[]);
    let web = service(&new, "shop_api");
    assert_eq!(web.ports()[0].host, "8088");
    assert_eq!(web.ports()[0].container, "5000");
    assert_eq!(web.variable("MAIL_HOST").as_deref(), Some("mail"));
    assert_eq!(web.variable("DATABASE_URL").as_deref(), Some("${DATABASE_URL:?set it in .env}"));
    assert!(
        read(&directory, ".env")
            .contains("DATABASE_URL=postgresql://shop:hunter2@main-db:5432/shop")
    );
    assert_eq!(web.variable("DEBUG"), None, "production");
    assert_eq!(web.env_files(), ["settings.env"]);
    let targets: Vec<String> = web.mounts().into_iter().map(|mount| mount.target).collect();
    assert_eq!(targets, ["/app/uploads"], "the code is in the image, at /app");
    assert_eq!(web.mounts()[0].volume(), Some("uploads"));
    assert!(web.needs().contains(&"mail".to_owned()));
    assert_eq!(web.names("labels"), ["traefik.http.services.shop.loadbalancer.server.port=5000"]);
}

#[test]
fn services_that_are_none_of_ours_keep_their_text_and_find_the_others() {
    let (directory, new) = carried(OLD, &[]);
    let text = read(&directory, "docker-compose.yml");
    assert!(
        text.contains(
            "  # Catches what is sent.\n  mail:\n    image: axllent/mailpit:v1.20  # pinned\n"
        ),
        "{text}"
    );
    assert_eq!(service(&new, "mail").names("networks"), ["edge", "backend"]);
    let search = service(&new, "search");
    assert_eq!(search.text("restart").as_deref(), Some("always"), "what the anchor said");
    assert_eq!(search.names("networks"), ["inner"]);
}

#[test]
fn a_second_run_carries_on_what_the_first_one_did() {
    let (directory, _) = carried(OLD, &[]);
    let before = read(&directory, "docker-compose.yml");
    let env = read(&directory, ".env");
    init(&directory, &["--rewrite", "--set", "stack.database=postgres"]).success();
    assert_eq!(read(&directory, "docker-compose.yml"), before);
    assert_eq!(read(&directory, ".env"), env);
}

#[test]
fn a_kept_file_is_not_disturbed() {
    let directory = repository();
    write(&directory, "Dockerfile", DOCKERFILE);
    write(&directory, "docker-compose.yml", OLD);
    init(&directory, &["--set", "stack.database=postgres"]).success();
    assert_eq!(read(&directory, "docker-compose.yml"), OLD);
    for name in ["compose.yaml", "compose.yml", "docker-compose.yaml", "compose.override.yml"] {
        assert!(!directory.path().join(name).exists(), "{name}");
    }
}

#[test]
fn a_store_without_a_volume_gets_none() {
    let old = "services:\n  web:\n    build: .\n    ports: ['80:8000']\n  postgres:\n    image: postgres:15\n    environment: {POSTGRES_PASSWORD: x1y2}\n";
    let (_directory, new) = carried(old, &[]);
    let db = service(&new, "postgres");
    assert!(db.mounts().is_empty(), "an empty volume would hide the one without a name");
    assert_eq!(db.text("user").as_deref(), Some("999:999"));
    assert_eq!(service(&new, "web").ports()[0].host, "80");
}

#[test]
fn a_store_whose_owner_is_not_certain_starts_as_root() {
    for (what, old) in [
        ("bound", "    image: postgres:15\n    volumes: ['./pg:/var/lib/postgresql/data']\n"),
        ("own", "    image: bitnami/postgresql:15\n    volumes: ['pg:/bitnami/postgresql']\n"),
    ] {
        let old = format!("services:\n  web:\n    build: .\n  db:\n{old}volumes:\n  pg:\n");
        let (_directory, new) = carried(&old, &[]);
        let db = service(&new, "db");
        assert_eq!(db.text("user"), None, "{what}");
        assert!(db.names("cap_add").contains(&"CHOWN".to_owned()), "{what}");
        assert_eq!(db.command().is_empty(), what == "own", "{what}");
    }
}

#[test]
fn a_file_below_keeps_its_place_and_builds_from_where_it_did() {
    let directory = repository();
    write(&directory, "Dockerfile", DOCKERFILE);
    write(
        &directory,
        "deploy/docker-compose.yml",
        "services:\n  web:\n    build: ..\n    ports: ['80:8000']\n",
    );
    init(&directory, &["--rewrite"]).success();
    let new = Document::read(&read(&directory, "deploy/docker-compose.yml")).unwrap();
    assert_eq!(service(&new, "web").build().unwrap().context, "..");
    assert_eq!(new.root.get("name").unwrap().scalar().as_deref(), Some("deploy"));
    assert!(directory.path().join("deploy/.env").exists());
    assert!(!directory.path().join("compose.yaml").exists());
}

#[test]
fn a_new_proxy_takes_over_the_port_of_the_web_service() {
    let (_directory, new) = carried(OLD, &["--set", "stack.proxy=nginx"]);
    let ports = service(&new, "nginx").ports();
    assert_eq!((ports[0].host.as_str(), ports[0].container.as_str()), ("8088", "8080"));
    assert!(service(&new, "shop_api").ports().is_empty(), "two cannot have it");
}

#[test]
fn what_nobody_published_stays_unpublished() {
    let old = "services:\n  edge-proxy:\n    image: caddy:2\n    ports: ['80:80']\n  web:\n    build: .\n    command: uvicorn main:app --port 9100\n";
    let (_directory, new) = carried(old, &[]);
    let web = service(&new, "web");
    assert!(web.ports().is_empty());
    assert_eq!(service(&new, "edge-proxy").ports()[0].host, "80");
    let dockerfile = read(&_directory, "Dockerfile");
    assert!(dockerfile.contains("9100"), "the proxy goes on asking that port");
}

#[test]
fn other_services_of_the_image_get_the_new_one() {
    let old = format!(
        "{}  flower:\n    build: .\n    command: celery -A main flower\n    environment: {{A: b}}\n    volumes: ['.:/code', 'uploads:/code/uploads']\nvolumes:\n  uploads:\n  pg:\n",
        OLD.split("volumes:\n  pg:").next().unwrap()
    );
    let (_directory, new) = carried(&old, &[]);
    let flower = service(&new, "flower");
    assert_eq!(flower.image(), service(&new, "shop_api").image());
    assert!(flower.build().is_none());
    assert_eq!(flower.mounts().len(), 1);
    assert_eq!(flower.mounts()[0].target, "/app/uploads");
    assert_eq!(flower.variable("A").as_deref(), Some("b"));
}

#[test]
fn a_variant_that_was_named_each_time_is_named_in_env() {
    let directory = repository();
    write(&directory, "Dockerfile", DOCKERFILE);
    write(&directory, "docker-compose.prod.yml", "services:\n  web:\n    build: .\n");
    init(&directory, &["--rewrite"]).success();
    assert!(read(&directory, ".env").contains("COMPOSE_FILE=docker-compose.prod.yml\n"));
    assert!(!directory.path().join("compose.yaml").exists());
}

/// What people type has to fit what is there: other names of services, another
/// user and database than ours, ports that were published.
#[test]
fn the_run_book_knows_the_database_and_the_services_that_were_there() {
    let (directory, _) = carried(OLD, &[]);
    let book = read(&directory, "DEPLOY.md");
    for line in [
        "docker compose exec main-db psql -U shop -d shop",
        "docker compose exec -T main-db pg_dump --format=custom -U shop -d shop >",
        "docker compose exec -T main-db pg_restore --clean --if-exists --single-transaction -U shop -d shop <",
        "docker compose exec -T shop_api tar -C /app/uploads -cf - . >",
        "| `mail` | As it was: `axllent/mailpit:v1.20`. |",
        "| `search` | As it was: `elasticsearch:8.1.0`. |",
        "client([client]) -- \"0.0.0.0:8088\" --> shop_api",
        "client([client]) -- \"127.0.0.1:5433\" --> main-db",
        "client([client]) -- \"127.0.0.1:8025\" --> mail",
        "shop_api --> main-db[(main-db)] & mail",
        "curl http://127.0.0.1:8088/",
    ] {
        assert!(book.contains(line), "{line}\n{book}");
    }
    assert!(!book.contains("`main-db` publishes no port"), "{book}");

    // What only the container knows is asked there.
    let told =
        OLD.replace("      - POSTGRES_USER=shop\n", "      - POSTGRES_USER=${DB_USER:-shop}\n");
    let (directory, _) = carried(&told, &[]);
    let book = read(&directory, "DEPLOY.md");
    let asked = "exec main-db sh -c 'psql -U \"${POSTGRES_USER:-postgres}\" -d";
    assert!(book.contains(asked), "{book}");
}
