//! What rules across files ask of a subject.

use std::fs;

use super::{Kind, Subject};

fn subject(files: &[(&str, &str)]) -> Subject {
    let directory = assert_fs::TempDir::new().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    Subject::read(directory.path()).unwrap()
}

#[test]
fn what_is_copied_is_known_by_its_place_in_the_image() {
    let read = subject(&[
        (
            "Dockerfile",
            "FROM python:3.12 AS build\nARG HOME_DIR=/src\nWORKDIR $HOME_DIR\nCOPY . .\n\
             FROM python:3.12 AS test\nCOPY tests /tests\n\
             FROM python:3.12\nWORKDIR /app\nCOPY --from=build /src/shop ./shop\n\
             COPY web/start.sh /usr/bin/\nCOPY $UNKNOWN /x\nCMD [\"gunicorn\", \"shop\"]\n",
        ),
        ("shop/db.py", ""),
        ("web/start.sh", "#!/bin/sh\n"),
    ]);
    let build = &read.builds[0];
    assert_eq!(read.in_image(build, "shop/db.py").as_deref(), Some("/app/shop/db.py"));
    assert_eq!(read.in_image(build, "web/start.sh").as_deref(), Some("/usr/bin/start.sh"));
    assert_eq!(read.in_image(build, "README.md"), None);
    let sources: Vec<Vec<String>> = read.copied(build).into_iter().map(|own| own.sources).collect();
    assert_eq!(sources, [vec![".".to_owned()], vec!["web/start.sh".to_owned()]]);
    assert_eq!(read.stages(build), [0, 2]);
}

#[test]
fn limits_networks_and_names_are_those_of_the_service() {
    let read = subject(&[
        ("Dockerfile", "FROM python:3.12\nCMD [\"gunicorn\", \"shop\"]\n"),
        (
            "compose.yaml",
            "services:\n  web:\n    build: .\n    mem_limit: 1g\n    cpus: 1.5\n    scale: 2\n\
             \x20   stop_grace_period: 1m30s\n    networks: {own: {aliases: [shop]}}\n\
             \x20 db:\n    image: postgres:17\n    container_name: store\n    network_mode: host\n",
        ),
    ]);
    let web = &read.containers[0];
    assert_eq!(read.memory_limit(web).unwrap().0, 1 << 30);
    assert!((read.cpu_limit(web).unwrap().0 - 1.5).abs() < f64::EPSILON);
    assert_eq!(read.replicas(web).0, 2);
    assert_eq!(read.grace(web).unwrap().0, 90);
    assert_eq!(read.networks(web).unwrap(), ["own"]);
    let db = &read.containers[1];
    assert_eq!(read.grace(db), Some((10, None)));
    assert_eq!(read.networks(db), None);
    let named = |host: &str| read.named(&read.deployments[0], host).map(|own| own.kind);
    assert_eq!(named("shop"), Some(Kind::Web));
    assert_eq!(named("store"), Some(Kind::Postgres));
    assert_eq!(named("other"), None);
}

#[test]
fn of_several_scripts_of_one_name_the_image_has_one() {
    let dockerfile = |name: &str| {
        format!(
            "FROM python:3.12\nWORKDIR /app\nCOPY docker/{name}/start.sh /app/start.sh\nCMD [\"./start.sh\"]\n"
        )
    };
    let (celery, django) = (dockerfile("celery"), dockerfile("django"));
    let read = subject(&[
        ("docker/celery/Dockerfile", &celery),
        ("docker/celery/start.sh", "#!/bin/sh\nexec celery -A shop worker\n"),
        ("docker/django/Dockerfile", &django),
        ("docker/django/start.sh", "#!/bin/sh\nexec gunicorn shop.wsgi\n"),
    ]);
    let kinds: Vec<Kind> = read.containers.iter().map(|own| own.kind).collect();
    assert_eq!(kinds, [Kind::Worker, Kind::Web]);
}

#[test]
fn a_port_that_is_said_and_not_known_is_not_the_default() {
    let port = |command: &str| {
        let dockerfile = format!("FROM python:3.12\nCMD {command}\n");
        subject(&[("Dockerfile", &dockerfile)]).containers[0].server.as_ref().unwrap().port()
    };
    assert_eq!(port("gunicorn shop"), Some(8000));
    assert_eq!(port("gunicorn -b 0.0.0.0:5000 shop"), Some(5000));
    assert_eq!(port("uvicorn shop:app --port $PORT"), None);
    assert_eq!(port("gunicorn -b unix:/run/shop.sock shop"), None);
    assert_eq!(port("gunicorn -c /etc/elsewhere_settings.py shop"), None);
}

#[test]
fn hosts_of_nginx_are_followed_through_upstreams_of_other_files() {
    let read = subject(&[
        ("nginx/nginx.conf", "http {\n  proxy_read_timeout 90s;\n  include conf.d/*.conf;\n}\n"),
        (
            "nginx/conf.d/app.conf",
            "upstream app {\n  server web:8000;\n}\nserver {\n  client_max_body_size 5m;\n\
             \x20 location / {\n    proxy_pass http://app;\n  }\n}\n",
        ),
    ]);
    let proxy = read.proxies.iter().find(|own| read.path(own.text).ends_with("app.conf")).unwrap();
    let passed = read.passed(proxy);
    assert_eq!((passed[0].host.as_str(), passed[0].port), ("web", Some(8000)));
    assert_eq!(passed[0].get("client_max_body_size").unwrap().first(), "5m");
    assert!(passed[0].get("proxy_read_timeout").is_none());
    assert!(read.set_elsewhere(proxy, "proxy_read_timeout"));
}

#[test]
fn settings_are_those_that_production_reaches() {
    let read = subject(&[
        (
            "manage.py",
            "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
        ),
        ("requirements.txt", "django\ncelery\n"),
        ("shop/__init__.py", ""),
        (
            "shop/wsgi.py",
            "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
        ),
        (
            "shop/settings.py",
            "import os\nINSTALLED_APPS = []\nA = env.str('A')\nDEBUG = False\n\
             if os.environ.get('X'):\n    DEBUG = True\n\
             CELERY_BROKER_TRANSPORT_OPTIONS = {'visibility_timeout': 60}\n",
        ),
    ]);
    let text = |name: &str| read.setting(name).unwrap().0.text();
    assert_eq!(text("A"), None);
    assert_eq!(read.setting("DEBUG").unwrap().0.truth(), None);
    assert_eq!(read.celery("visibility_timeout").unwrap().0.int(), Some(60));
}
