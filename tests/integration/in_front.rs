//! What stands in front of the application is known by what it passes on to, and gets no
//! second one beside it.

use crate::goes_on::{SETTINGS, Written, django};
use crate::init::read;

const DOCKERFILE: &str =
    "FROM python:3.12-slim\nWORKDIR /code\nCOPY . .\nRUN pip install -r requirements.txt\n";
const UPSTREAM: &str = "upstream shop {\n    server web:8000;\n}\nserver {\n    listen 80;\n    add_header X-Shop yes;\n    location / {\n        proxy_pass http://shop;\n    }\n}\n";
const DIRECT: &str = "server {\n    listen 80;\n    add_header X-Shop yes;\n    location / {\n        proxy_pass http://shop-web:8000;\n    }\n}\n";
const VARIABLE: &str = "server {\n    listen 80;\n    add_header X-Shop yes;\n    location / {\n        proxy_pass http://$BACKEND;\n    }\n}\n";

fn repository(proxy: &str, conf: &str) -> Written {
    let compose = format!(
        "services:\n  web:\n    build: .\n    container_name: shop-web\n    command: gunicorn shop.wsgi --bind 0.0.0.0:8000\n    \
         environment: {{SECRET_KEY: a, DB_HOST: db, DB_PASSWORD: x}}\n    volumes: ['static:/code/staticfiles']\n    expose: [8000]\n  \
         edge:\n{proxy}  db:\n    image: postgres:16\n    environment: {{POSTGRES_PASSWORD: x}}\nvolumes: {{static: , certs: }}\n"
    );
    let files = [
        ("Dockerfile", DOCKERFILE),
        ("proxy/site.conf", conf),
        ("proxy/Dockerfile", "FROM nginx:1.25\nCOPY site.conf /etc/nginx/conf.d/default.conf\n"),
        ("proxy/httpd.conf", "ProxyPass / http://web:8000/\n"),
        ("docker-compose.yml", &compose),
    ];
    Written::of(&django(&files), &["--rewrite", "--set", "deploy.memory=8GiB"])
}

#[test]
fn an_nginx_that_waits_for_nothing_is_the_proxy() {
    let mounted = "    image: nginx:1.25\n    ports: ['80:80']\n    volumes: ['./proxy/site.conf:/etc/nginx/conf.d/default.conf:ro']\n";
    let whole = "    image: nginxinc/nginx-unprivileged:1.27\n    ports: ['80:8080']\n    volumes: ['./proxy:/etc/nginx/conf.d']\n";
    let built = "    build: ./proxy\n    ports: ['80:80']\n";
    for (proxy, conf) in [(mounted, UPSTREAM), (whole, DIRECT), (built, UPSTREAM), (built, DIRECT)]
    {
        let own = repository(proxy, conf);
        own.has("nginx/nginx.conf", &["add_header X-Shop yes;", "server web:8000"]);
        own.has("docker-compose.yml", &["edge: <<: *service image: shop-nginx", "\"80:8080\""]);
        own.lacks("docker-compose.yml", &["  nginx:", "edge-2", "127.0.0.1:8000"]);
    }
    // What is mounted below a directory that a location serves.
    let docs = UPSTREAM.replace(
        "    location / {",
        "    location /docs/ {\n        root /files;\n    }\n    location / {",
    );
    let mounted = mounted.replace("volumes: [", "volumes: ['./docs:/files/docs', ");
    let own = repository(&mounted, &docs);
    own.has("docker-compose.yml", &["./docs:/files/docs"]);
}

#[test]
fn a_proxy_that_does_more_stays_and_gets_no_other_beside_it() {
    let front_end = UPSTREAM.replace(
        "    location / {",
        "    location / {\n        root /srv;\n        try_files $uri /index.html;\n    }\n    location /api/ {",
    );
    for (proxy, conf) in [
        (
            "    image: nginx:1.25\n    ports: ['80:80']\n    volumes: ['./proxy/site.conf:/etc/nginx/conf.d/default.conf:ro', 'static:/srv/static']\n",
            front_end.as_str(),
        ),
        // A router sends it what is below /static/.
        (
            "    image: nginx:1.25\n    depends_on: [web]\n    volumes: ['static:/usr/share/nginx/html/static:ro']\n    labels: ['traefik.http.routers.files.rule=PathPrefix(`/static/`)']\n",
            UPSTREAM,
        ),
        (
            "    image: nginx:1.25\n    ports: ['80:80', '443:443']\n    volumes: ['./proxy/site.conf:/etc/nginx/conf.d/default.conf:ro', 'certs:/certs', 'static:/srv']\n",
            UPSTREAM,
        ),
        (
            "    image: caddy:2\n    command: caddy reverse-proxy --from :80 --to web:8000\n    ports: ['80:80']\n    volumes: ['static:/srv']\n",
            UPSTREAM,
        ),
        (
            "    image: httpd:2.4\n    ports: ['80:80']\n    volumes: ['./proxy/httpd.conf:/usr/local/apache2/conf/extra/a.conf', 'static:/srv']\n",
            UPSTREAM,
        ),
    ] {
        let own = repository(proxy, conf);
        own.says(&["edge stands in front already and stays as it is"]);
        assert!(!own.said.contains("nothing serves static files"), "{}", own.said);
        own.lacks("docker-compose.yml", &["shop-nginx", "127.0.0.1:8000"]);
        // It serves them from a volume, which only the first image would fill.
        own.has(
            "docker-compose.yml",
            &[
                "migrate --no-input && python manage.py collectstatic --no-input",
                "FORWARDED_ALLOW_IPS: ${FORWARDED_ALLOW_IPS:-*}",
            ],
        );
        own.has("Dockerfile", &["COPY --from=static /app/staticfiles /app/staticfiles"]);
        assert!(!own.directory.path().join("nginx").exists());
    }
}

#[test]
fn what_passes_on_to_somebody_else_is_no_proxy_of_the_application() {
    let other = UPSTREAM.replace("web:8000", "wiki:8000");
    let proxy = "    image: nginx:1.25\n    ports: ['80:80']\n    volumes: ['./proxy/site.conf:/etc/nginx/conf.d/default.conf:ro']\n";
    let own = repository(proxy, &other);
    own.has("docker-compose.yml", &["shop-nginx", "image: nginx:1.25"]);
    assert!(!read(&own.directory, "nginx/nginx.conf").contains("X-Shop"));
    // An address that a variable holds.
    let proxy = "    image: nginx:1.25\n    environment: {BACKEND: 'web:8000'}\n    ports: ['80:80']\n    volumes: ['./proxy/site.conf:/etc/nginx/templates/a.conf.template:ro']\n";
    let own = repository(proxy, VARIABLE);
    own.lacks("docker-compose.yml", &["  nginx:", "edge-2"]);
}

/// Settings, files, and what is said; with a committed output, or else without files.
#[test]
fn a_committed_static_root_is_served_as_it_is() {
    let no_app = SETTINGS.replace("'django.contrib.staticfiles'", "'shop'");
    let no_sources = format!("{SETTINGS}STATICFILES_DIRS = [BASE_DIR / 'ui' / 'dist']\n");
    let own = |settings: &str, more: &[(&'static str, &'static str)]| {
        let mut files = django(more);
        files.retain(|(path, _)| *path != "shop/settings.py");
        files.push(("shop/settings.py", settings));
        Written::of(&files, &[])
    };
    let committed = [("staticfiles/app.css", "a {}")];
    for (settings, why) in [
        (&no_app, "django.contrib.staticfiles is not among INSTALLED_APPS"),
        (&no_sources, "ui/dist, which it would collect from, is not in the repository"),
    ] {
        let own = own(settings, &committed);
        own.lacks("Dockerfile", &["collectstatic", "AS static"]);
        own.has("Dockerfile", &["COPY --from=code /app/staticfiles /srv/static"]);
        own.has("nginx/nginx.conf", &["location /static/"]);
        own.says(&[why, "/app/staticfiles is served as the repository has it"]);
        let ignored = read(&own.directory, ".dockerignore");
        assert!(!ignored.contains("staticfiles"), "{ignored}");
    }
    let without = own(&no_app, &[]);
    without.lacks("Dockerfile", &["collectstatic", "/srv/static"]);
    without.says(&["collectstatic is not run: django.contrib.staticfiles is not among"]);
    assert!(!without.said.contains("STATIC_ROOT is not set"), "{}", without.said);
    let both = own(&no_sources, &[("ui/dist/app.css", "a {}"), committed[0]]);
    both.has("Dockerfile", &["manage.py collectstatic --no-input"]);
}
