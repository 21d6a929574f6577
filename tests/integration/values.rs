//! Values that worked: what the application was given before `init` it is given
//! afterwards, whatever gave it; stores that were there are its stores; what is
//! asked for is what nobody gives.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assert_fs::TempDir;
use dockwright::source::compose::{Document, Service, interpolate};
use dockwright::source::dotenv;

use crate::init::{init, read, report, write};

/// A repository of `tests/cases`.
fn case(name: &str) -> TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let target = to.join(entry.file_name());
            match entry.file_type().unwrap().is_dir() {
                true => copy(&entry.path(), &target),
                false => drop(fs::copy(entry.path(), target).unwrap()),
            }
        }
    }
    let directory = crate::support::directory();
    copy(&Path::new("tests/cases").join(name), directory.path());
    directory
}

fn of(files: &[(&str, &str)]) -> TempDir {
    let directory = crate::support::directory();
    files.iter().for_each(|(path, text)| write(&directory, path, text));
    directory
}

fn dotenv_of(directory: &TempDir, path: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(directory.path().join(path)).unwrap_or_default();
    dotenv::pairs(&text).into_iter().collect()
}

fn document(directory: &TempDir, file: &str) -> Document {
    Document::read(&read(directory, file)).unwrap()
}

fn service(directory: &TempDir, file: &str, name: &str) -> Service {
    let services = document(directory, file).services();
    services.into_iter().find(|own| own.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// What Compose gives a service: its files, and over them its `environment`.
fn given(directory: &TempDir, file: &str, name: &str) -> BTreeMap<String, String> {
    let service = service(directory, file, name);
    let dotenv = dotenv_of(directory, ".env");
    let mut given = BTreeMap::new();
    for path in service.env_files() {
        given.extend(dotenv_of(directory, &path));
    }
    for (name, value) in service.environment() {
        let value = match value {
            Some(value) => interpolate::replace(&value, &mut |own| dotenv.get(own.name).cloned()),
            None => match dotenv.get(&name) {
                Some(value) => value.clone(),
                None => continue,
            },
        };
        given.insert(name, value);
    }
    given
}

/// Whatever the application was given it is given, value for value.
#[track_caller]
fn nothing_is_overridden(directory: &TempDir, file: &str, name: &str) {
    let before = given(directory, file, name);
    init(directory, &["--rewrite"]).success();
    let after = given(directory, file, name);
    for (variable, value) in before {
        assert_eq!(after.get(&variable), Some(&value), "{variable} of {name}");
    }
}

#[test]
fn a_stack_that_works_keeps_every_value_and_is_asked_for_none() {
    for (name, file, web) in [
        ("two-tier", "docker-compose.yml", "backend"),
        ("envfile-min", "docker-compose.yml", "api"),
        ("django-nginx-old", "docker-compose.prod.yml", "web"),
    ] {
        let directory = case(name);
        nothing_is_overridden(&directory, file, web);
        let blank: Vec<String> = dotenv_of(&directory, ".env")
            .into_iter()
            .filter(|(_, value)| value.is_empty())
            .map(|(name, _)| name)
            .collect();
        assert!(blank.is_empty(), "{name}: {blank:?}");
        let kept = ["MYSQL_HOST", "STRIPE_API_KEY", "SECRET_KEY", "DJANGO_KEY", "HOSTS"];
        let env = dotenv_of(&directory, ".env.example");
        assert!(!kept.iter().any(|name| env.contains_key(*name)), "{name}: {env:?}");
    }
}

#[test]
fn a_variable_that_is_made_of_another_asks_for_the_other() {
    let directory = case("alembic");
    let report = report(&directory, &["--rewrite"]);
    let env = dotenv_of(&directory, ".env");
    assert_eq!(env.get("OPENAI_API_KEY").map(String::as_str), Some(""));
    assert!(!env.contains_key("SVC_OPENAI_API_KEY"), "{env:?}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("fill in OPENAI_API_KEY in .env"), "{notes}");
    let web = service(&directory, "docker-compose.yml", "api");
    assert_eq!(web.variable("SVC_OPENAI_API_KEY").as_deref(), Some("${OPENAI_API_KEY}"));
    assert!(!directory.path().join("entrypoint.sh").exists(), "it would refuse for ever");
}

const SETTINGS: &str = "import os\nSECRET_KEY = os.environ['SECRET_KEY']\nDEBUG = False\n\
    ALLOWED_HOSTS = os.environ['HOSTS'].split(',')\nPAYMENTS = os.environ['PAYMENTS_TOKEN']\n\
    DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': os.environ['PGHOST'], 'PASSWORD': os.environ['PGPASSWORD'], 'NAME': 'shop', 'USER': 'shop'}}\n\
    CACHES = {'default': {'BACKEND': 'django.core.cache.backends.redis.RedisCache', 'LOCATION': os.environ['CACHE_AT']}}\n\
    INSTALLED_APPS = []\nROOT_URLCONF = 'shop.urls'\nWSGI_APPLICATION = 'shop.wsgi.application'\n";
const WSGI: &str = "import os\nfrom django.core.wsgi import get_wsgi_application\n\
    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\napplication = get_wsgi_application()\n";
const MANAGE: &str = "import os, sys\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n\
    from django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n";
const REQUIREMENTS: &str = "django==5.1\ngunicorn==23.0.0\npsycopg[binary]==3.2.3\nredis==5.0.8\n";

fn django(more: &[(&str, &str)]) -> TempDir {
    let files = [
        ("shop/__init__.py", ""),
        ("shop/settings.py", SETTINGS),
        ("shop/urls.py", "urlpatterns = []\n"),
        ("shop/wsgi.py", WSGI),
        ("manage.py", MANAGE),
        ("requirements.txt", REQUIREMENTS),
    ];
    of(&[&files, more].concat())
}

/// Every way to be given a value, for every kind of variable, with stores of
/// the compose file and without.
#[test]
fn no_way_to_be_given_a_value_is_overridden() {
    const VALUES: [(&str, &str); 6] = [
        ("SECRET_KEY", "in-use"),
        ("HOSTS", "shop.example,localhost"),
        ("PAYMENTS_TOKEN", "sk_live"),
        ("PGHOST", "db"),
        ("PGPASSWORD", "pw"),
        ("CACHE_AT", "redis://cache:6379/3"),
    ];
    for turn in 0..5 {
        let (mut environment, mut file, mut dotenv, mut image) =
            (String::new(), String::new(), String::new(), String::new());
        let mut by_image = Vec::new();
        for (at, (name, value)) in VALUES.into_iter().enumerate() {
            match (at + turn) % 5 {
                0 => environment.push_str(&format!("      {name}: \"{value}\"\n")),
                1 => file.push_str(&format!("{name}={value}\n")),
                2 => {
                    environment.push_str(&format!("      {name}: \"${{OUR_{name}}}\"\n"));
                    dotenv.push_str(&format!("OUR_{name}={value}\n"));
                }
                3 => environment.push_str(&format!("      {name}: \"${{{name}:-{value}}}\"\n")),
                _ => {
                    image.push_str(&format!("ENV {name}={value}\n"));
                    by_image.push(name);
                }
            }
        }
        let stores = "  db:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: pw, POSTGRES_USER: shop}\n  cache:\n    image: redis:7\n";
        let compose = format!(
            "services:\n  web:\n    build: .\n    ports: ['8000:8000']\n    env_file: [app.env]\n    environment:\n      LANG: C\n{environment}{}",
            if turn % 2 == 0 { stores } else { "" }
        );
        let dockerfile = format!(
            "FROM python:3.12-slim\n{image}WORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD gunicorn shop.wsgi -b 0.0.0.0:8000\n"
        );
        let directory = django(&[
            ("compose.yaml", &compose),
            ("Dockerfile", &dockerfile),
            ("app.env", &file),
            (".env", &dotenv),
        ]);
        nothing_is_overridden(&directory, "compose.yaml", "web");
        let after = given(&directory, "compose.yaml", "web");
        for name in by_image {
            assert!(!after.contains_key(name), "turn {turn}: {name} of the image is overridden");
        }
        let env = dotenv_of(&directory, ".env.example");
        let asked: Vec<&str> =
            VALUES.iter().map(|(name, _)| *name).filter(|name| env.contains_key(*name)).collect();
        // What stood in the compose file as a secret has moved to .env.
        let moved = dotenv_of(&directory, ".env");
        assert!(asked.iter().all(|name| !moved[*name].is_empty()), "turn {turn}: {asked:?}");
    }
}

#[test]
fn a_file_that_nobody_has_seen_is_not_overridden_either() {
    let compose =
        "services:\n  web:\n    build: .\n    env_file: [secrets.env]\n    ports: ['8000:8000']\n";
    let docker = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD gunicorn shop.wsgi -b 0.0.0.0:8000\n";
    let directory = django(&[("compose.yaml", compose), ("Dockerfile", docker)]);
    init(&directory, &["--rewrite"]).success();
    let env = dotenv_of(&directory, ".env");
    assert!(!env.contains_key("SECRET_KEY") && !env.contains_key("PAYMENTS_TOKEN"), "{env:?}");
}

#[test]
fn stores_of_other_kinds_are_the_applications_and_are_waited_for() {
    let directory = case("two-tier");
    let report = report(&directory, &["--rewrite"]);
    let notes = report["notes"].to_string();
    assert!(!notes.contains("no container is written"), "{notes}");
    let waits = |name: &str, on: &str| {
        let own = service(&directory, "docker-compose.yml", name);
        let own = own.item.get("depends_on").and_then(|it| it.get(on).cloned());
        own.and_then(|it| it.get("condition")?.scalar())
    };
    assert_eq!(waits("backend", "mysql").as_deref(), Some("service_healthy"));
    let mysql = service(&directory, "docker-compose.yml", "mysql");
    assert!(mysql.item.get("healthcheck").is_some());
}

/// A compose file with stores alone, of three kinds.
#[test]
fn an_application_that_is_new_finds_the_stores_that_were_there() {
    let mysql = "services:\n  data:\n    image: mysql:8.0\n    environment:\n      MYSQL_DATABASE: shop\n      MYSQL_USER: seller\n      MYSQL_PASSWORD: ${DB_PW}\n      MYSQL_ROOT_PASSWORD: ${DB_ROOT}\n  queue:\n    image: rabbitmq:3\n    environment: {RABBITMQ_DEFAULT_USER: q, RABBITMQ_DEFAULT_PASS: \"${MQ_PW}\"}\n";
    let main = "import os\nfrom celery import Celery\nfrom fastapi import FastAPI\nfrom sqlalchemy import create_engine\n\
        engine = create_engine(os.environ['DATABASE_URL'])\ntasks = Celery('shop', broker=os.environ['BROKER_URL'])\napp = FastAPI()\n";
    let directory = of(&[
        ("main.py", main),
        (
            "requirements.txt",
            "fastapi==0.115.0\nuvicorn==0.30.0\nsqlalchemy==2.0.36\nmysqlclient==2.2.4\ncelery==5.4.0\n",
        ),
        ("docker-compose.yml", mysql),
    ]);
    init(&directory, &["--rewrite"]).success();
    let web = service(&directory, "docker-compose.yml", "web");
    let address = web.variable("DATABASE_URL").unwrap();
    assert!(address.ends_with("://seller:${DB_PW}@data:3306/shop"), "{address}");
    assert_eq!(web.variable("BROKER_URL").as_deref(), Some("amqp://q:${MQ_PW}@queue:5672//"));
    let env = dotenv_of(&directory, ".env.example");
    assert!(env.contains_key("DB_PW") && !env.contains_key("DATABASE_URL"), "{env:?}");

    let postgres = "services:\n  db:\n    image: postgres:16\n    environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: \"${PW:-x}\", POSTGRES_DB: sales}\n";
    let directory = django(&[("docker-compose.yml", postgres)]);
    init(&directory, &["--rewrite"]).success();
    let web = service(&directory, "docker-compose.yml", "web");
    assert_eq!(web.variable("PGHOST").as_deref(), Some("db"));
    assert!(web.variable("PGPASSWORD").unwrap().contains("PW"), "{web:?}");
    assert_eq!(
        web.variable("PGHOST"),
        service(&directory, "docker-compose.yml", "migrate").variable("PGHOST")
    );
}

#[test]
fn one_redis_for_cache_and_broker_never_evicts() {
    let settings = SETTINGS
        .replace("os.environ['CACHE_AT']", "f\"redis://{os.environ['REDIS_HOST']}:6379/1\"")
        + "CELERY_BROKER_URL = f\"redis://{os.environ['REDIS_HOST']}:6379/0\"\n";
    let celery = "from celery import Celery\napp = Celery('shop')\n\
        app.config_from_object('django.conf:settings', namespace='CELERY')\n";
    let requirements = format!("{REQUIREMENTS}celery==5.4.0\n");
    let by_host = django(&[
        ("shop/settings.py", &settings),
        ("shop/celery.py", celery),
        ("requirements.txt", &requirements),
    ]);
    for (directory, name) in [(case("celery-beat"), "REDIS_URL"), (by_host, "REDIS_HOST")] {
        let report = report(&directory, &[]);
        assert!(report["notes"].to_string().contains("one Redis serves both"), "{name}");
        let services = document(&directory, "compose.yaml").services();
        let stores: Vec<&Service> = services
            .iter()
            .filter(|own| own.image().is_some_and(|it| it.starts_with("redis:")))
            .collect();
        let [redis] = &stores[..] else { panic!("{name}: {stores:?}") };
        assert!(redis.command().contains("noeviction"), "{name}");
        for own in ["web", "worker"] {
            let own = services.iter().find(|service| service.name == own).unwrap();
            assert!(own.variable(name).unwrap().contains(&redis.name), "{name}: {own:?}");
            assert_eq!(own.variable("CELERY_BROKER_URL"), None, "{name} is the broker");
        }
    }
}

#[test]
fn a_redis_that_carries_messages_of_channels_never_evicts() {
    let layer = SETTINGS.to_owned()
        + "CHANNEL_LAYERS = {'default': {'BACKEND': 'channels_redis.core.RedisChannelLayer', 'CONFIG': {'hosts': [os.environ['CACHE_AT']]}}}\n";
    let requirements = format!("{REQUIREMENTS}channels-redis==4.3.0\n");
    for (settings, policy) in [(layer.as_str(), "noeviction"), (SETTINGS, "allkeys-lru")] {
        let directory =
            django(&[("shop/settings.py", settings), ("requirements.txt", &requirements)]);
        report(&directory, &[]);
        let cache = service(&directory, "compose.yaml", "cache");
        assert!(cache.command().contains(policy), "{cache:?}");
    }
}

const STACK: &str = "services:\n  web:\n    build: .\n    env_file: .env.local\n    ports: ['8000:8000']\n    depends_on: [seed]\n\
    \x20 loop:\n    build: .\n    command: python loop.py\n    restart: always\n    healthcheck: {disable: true}\n\
    \x20 seed:\n    build: .\n    command: python seed.py\n    networks: [inner]\n\
    \x20 fixtures:\n    build: .\n    command: python manage.py loaddata base\n\
    \x20 mail:\n    image: axllent/mailpit\n    restart: always\n    healthcheck:\n      disable: true\n\
    \x20 db:\n    image: postgres:16\n    environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: \"${PW:-x}\"}\nnetworks: {inner: {}}\n";

#[test]
fn up_and_wait_holds_for_one_shots_and_tests_that_are_turned_off() {
    let docker = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD gunicorn shop.wsgi -b 0.0.0.0:8000\n";
    let directory = django(&[
        ("docker-compose.yml", STACK),
        ("Dockerfile", docker),
        (".env.local.sample", "SECRET_KEY=\nHOSTS=localhost\nPAYMENTS_TOKEN=x\n"),
        ("seed.py", ""),
        ("loop.py", ""),
    ]);
    init(&directory, &["--rewrite"]).success();
    let own = |name: &str| service(&directory, "docker-compose.yml", name);
    let waits = |name: &str, on: &str| {
        own(name).item.get("depends_on").and_then(|it| it.get(on)?.get("condition")?.scalar())
    };
    for name in ["loop", "mail"] {
        let check = own(name).item.get("healthcheck").cloned().unwrap();
        assert!(check.get("disable").is_none() && check.get("test").is_some(), "{name}");
    }
    for name in ["seed", "fixtures"] {
        assert_eq!(own(name).text("restart").as_deref(), Some("no"), "{name}");
        assert_eq!(waits(name, "db").as_deref(), Some("service_healthy"), "{name}");
        assert_eq!(waits("web", name).as_deref(), Some("service_completed_successfully"), "{name}");
    }
    assert!(own("seed").names("networks").contains(&"backend".to_owned()));
    let made = dotenv_of(&directory, ".env.local");
    assert_eq!(made.get("PAYMENTS_TOKEN").map(String::as_str), Some("x"));
    assert!(read(&directory, ".gitignore").contains("/.env.local"), "it will hold secrets");
}

#[test]
fn a_missing_env_file_is_made_where_the_users_files_stay_too() {
    let compose =
        "services:\n  web:\n    build: .\n    env_file: [deploy.env]\n    ports: ['8000:8000']\n";
    let docker = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD gunicorn shop.wsgi -b 0.0.0.0:8000\n";
    let files =
        [("compose.yaml", compose), ("Dockerfile", docker), ("env.example", "SECRET_KEY=x\n")];
    let directory = django(&files);
    init(&directory, &["--adopt"]).success();
    assert_eq!(read(&directory, "deploy.env"), "SECRET_KEY=x\n");
    // One that is there stays.
    write(&directory, "deploy.env", "SECRET_KEY=mine\n");
    init(&directory, &["--adopt"]).success();
    assert_eq!(read(&directory, "deploy.env"), "SECRET_KEY=mine\n");
}

const BASE: &str =
    "INSTALLED_APPS = []\nROOT_URLCONF = 'shop.urls'\nWSGI_APPLICATION = 'shop.wsgi.application'\n";

/// Settings of a project by files, the module that wsgi.py names, and what is
/// chosen and said.
#[test]
fn settings_that_serve_nobody_are_not_chosen_silently() {
    let dev = "from .base import *\nDEBUG = True\nSECRET_KEY = 'x'\nALLOWED_HOSTS = ['*']\n";
    let whole = "import os\nfrom .base import *\nSECRET_KEY = os.environ['SECRET_KEY']\nALLOWED_HOSTS = ['shop.example']\n";
    let local = "from .base import *\nDEBUG = False\ntry:\n    from .local import *\nexcept ImportError:\n    pass\n";
    let secrets = "from .base import *\nfrom .secrets import *\nDEBUG = False\n";
    for (production, named, chosen, said) in [
        (local, "shop.settings.dev", "shop.settings.dev", "lacks SECRET_KEY, ALLOWED_HOSTS"),
        (
            secrets,
            "shop.settings",
            "shop.settings.dev",
            ".secrets, which shop/settings/production.py:2 imports",
        ),
        (secrets, "shop.settings.production", "shop.settings.production", ".secrets, which"),
        (whole, "shop.settings.production", "shop.settings.production", ""),
    ] {
        let wsgi = WSGI.replace("'shop.settings'", &format!("'{named}'"));
        let manage = MANAGE.replace("'shop.settings'", "'shop.settings.dev'");
        let directory = of(&[
            ("shop/__init__.py", ""),
            ("shop/settings/__init__.py", ""),
            ("shop/settings/base.py", BASE),
            ("shop/settings/dev.py", dev),
            ("shop/settings/production.py", production),
            ("shop/urls.py", "urlpatterns = []\n"),
            ("shop/wsgi.py", &wsgi),
            ("manage.py", &manage),
            ("requirements.txt", "django==5.1\ngunicorn==23.0.0\n"),
        ]);
        let report = report(&directory, &[]);
        let toml = read(&directory, "dockwright.toml");
        assert!(toml.contains(&format!("settings = \"{chosen}\"")), "{named}: {toml}");
        let doubts = report["doubts"].to_string();
        let about_settings = doubts.contains("\"key\":\"settings\"");
        assert!(doubts.contains(said) && about_settings != said.is_empty(), "{named}: {doubts}");
    }
}

#[test]
fn debug_and_redirects_that_nothing_turns_off_are_said_and_others_are_off() {
    let said = |more: &str| {
        let settings = format!("{SETTINGS}{more}");
        let directory = django(&[("shop/settings.py", &settings)]);
        let report = report(&directory, &[]);
        (report["doubts"].to_string(), dotenv_of(&directory, ".env"))
    };
    let (doubts, _) = said("DEBUG = True\n");
    assert!(doubts.contains("DEBUG is on"), "{doubts}");
    let (doubts, _) = said("SECURE_SSL_REDIRECT = not DEBUG\n");
    assert!(doubts.contains("redirected to HTTPS"), "{doubts}");
    let (doubts, env) = said("SECURE_SSL_REDIRECT = os.environ.get('HTTPS', 'True') == 'True'\n");
    assert!(!doubts.contains("redirected to HTTPS"), "{doubts}");
    assert_eq!(env.get("HTTPS").map(String::as_str), Some("False"), "{env:?}");
    let (doubts, _) = said("");
    assert!(!doubts.contains("\"key\":\"settings\""), "{doubts}");
}

/// Stores that the code wants and nothing runs, of kinds that none is planned of.
#[test]
fn a_store_that_only_the_code_knows_of_is_brought() {
    let flask = "import os\nfrom flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\n\napp = Flask(__name__)\n";
    let by_url = format!(
        "{flask}app.config['SQLALCHEMY_DATABASE_URI'] = os.environ['DATABASE_URL']\ndb = SQLAlchemy(app)\n"
    );
    let django = "import os\n\nSECRET_KEY = 'x'\nROOT_URLCONF = 'shop.urls'\nINSTALLED_APPS = []\nDATABASES = {'default': {'ENGINE': 'django.db.backends.mysql', 'NAME': os.environ['DB_NAME'], 'USER': os.environ['DB_USER'], 'PASSWORD': os.environ['DB_PASSWORD'], 'HOST': os.environ['DB_HOST']}}\n";
    let mongo = "import os\nfrom fastapi import FastAPI\nfrom pymongo import MongoClient\n\napp = FastAPI()\nclient = MongoClient(os.environ['MONGO_URL'])\n";
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Pairs<'_>, &str, Pairs<'_>); 3] = [
        (
            &[
                ("app.py", &by_url),
                ("requirements.txt", "flask==3.0.0\nflask-sqlalchemy==3.1.1\npymysql==1.1.0\n"),
            ],
            "mariadb",
            &[("DATABASE_URL", "mysql+pymysql://app:PASSWORD@mariadb:3306/app")],
        ),
        (
            &[
                (
                    "manage.py",
                    "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
                ),
                ("shop/settings.py", django),
                (
                    "shop/wsgi.py",
                    "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
                ),
                ("requirements.txt", "django==5.1\nmysqlclient==2.2.4\n"),
            ],
            "mariadb",
            &[
                ("DB_HOST", "mariadb"),
                ("DB_NAME", "app"),
                ("DB_USER", "app"),
                ("DB_PASSWORD", "PASSWORD"),
            ],
        ),
        (
            &[("main.py", mongo), ("requirements.txt", "fastapi==0.115.0\npymongo==4.8.0\n")],
            "mongo",
            &[("MONGO_URL", "mongodb://app:PASSWORD@mongo:27017/app?authSource=admin")],
        ),
    ];
    for (files, store, expected) in cases {
        let directory = of(files);
        let report = report(&directory, &[]);
        assert!(report.to_string().contains("which nothing here runs"), "{report}");
        let env = dotenv_of(&directory, ".env");
        let password = env.iter().find(|(name, _)| name.starts_with(&store.to_uppercase()));
        let (_, password) = password.expect("a password of the store");
        assert!(password.len() >= 40, "{env:?}");
        let given = given(&directory, "compose.yaml", "web");
        for (name, value) in expected {
            let value = value.replace("PASSWORD", password);
            assert_eq!(given.get(*name), Some(&value), "{store}: {given:?}");
        }
        let waits = service(&directory, "compose.yaml", "web").names("depends_on");
        assert!(waits.iter().any(|name| name == store), "{waits:?}");
        // It is one of ours from then on, and stays.
        let before = read(&directory, "compose.yaml");
        let update = crate::support::dockwright().current_dir(&directory).arg("update").assert();
        update.success();
        assert_eq!(read(&directory, "compose.yaml"), before);
    }
}

#[test]
fn a_store_elsewhere_is_asked_for_where_somebody_says_so() {
    let code = "import os\nfrom fastapi import FastAPI\nimport pymysql\n\napp = FastAPI()\nconnection = pymysql.connect(host=os.environ['MYSQL_HOST'])\n";
    let directory = of(&[("main.py", code), ("requirements.txt", "fastapi==0.115.0\npymysql\n")]);
    init(&directory, &["--set", "stack.database=external"]).success();
    assert!(document(&directory, "compose.yaml").services().iter().all(|own| own.name == "web"));
    assert_eq!(dotenv_of(&directory, ".env")["MYSQL_HOST"], "");
}

/// Variables whose usual value a name tells: planned, said, and no reason not to start.
#[test]
fn a_demanded_variable_with_a_usual_value_has_it() {
    let settings = "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n    ALGORITHM: str\n    ACCESS_TOKEN_EXPIRE_MINUTES: int\n    refresh_token_expire_days: int\n    SITE_URL: str\n    FIRST_SUPERUSER: str\n    FIRST_SUPERUSER_PASSWORD: str\n    PROJECT_NAME: str\n    PAYMENT_API_KEY: str\n\n\nsettings = Settings()\n";
    let main = "from fastapi import FastAPI\nfrom settings import settings\n\napp = FastAPI()\n";
    let directory = of(&[
        ("main.py", main),
        ("settings.py", settings),
        ("requirements.txt", "fastapi==0.115.0\npydantic-settings\n"),
        (".env", "PROJECT_NAME=\n"),
    ]);
    let report = report(&directory, &[]).to_string();
    assert!(report.contains("ALGORITHM=HS256"), "{report}");
    let env = dotenv_of(&directory, ".env");
    for (name, value) in [
        ("ALGORITHM", "HS256"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "30"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "7"),
        ("SITE_URL", "http://localhost:8000"),
        ("PROJECT_NAME", "shop"),
        ("FIRST_SUPERUSER", "admin@example.com"),
        // Only a person knows it.
        ("PAYMENT_API_KEY", ""),
    ] {
        assert_eq!(env.get(name).map(String::as_str), Some(value), "{env:?}");
    }
    assert_eq!(env["FIRST_SUPERUSER_PASSWORD"].len(), 40);
}

/// Of several configurations that a variable chooses among, the one that serves.
#[test]
fn the_configuration_that_serves_is_chosen() {
    let app = "import os\nfrom flask import Flask\nfrom config import configs\n\napp = Flask(__name__)\napp.config.from_object(configs[os.getenv('FLASK_CONFIG', 'dev')])\n";
    let config = "class Dev:\n    DEBUG = True\n\n\nclass Production:\n    DEBUG = False\n\n\nconfigs = {'dev': Dev, 'prod': Production}\n";
    let directory =
        of(&[("app.py", app), ("config.py", config), ("requirements.txt", "flask==3.0.0\n")]);
    let report = report(&directory, &[]).to_string();
    assert!(report.contains("FLASK_CONFIG=prod"), "{report}");
    assert_eq!(given(&directory, "compose.yaml", "web")["FLASK_CONFIG"], "prod");
}

/// Tables that a script makes, or a function that nothing calls: once, before the start;
/// never where that drops what is there, or where the code itself gets to it.
#[test]
fn tables_that_nothing_makes_are_made_once() {
    let models = "import os\nfrom sqlalchemy import create_engine\nfrom sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\nengine = create_engine(os.environ['DATABASE_URL'])\n";
    let function = "\n\ndef init_db():\n    Base.metadata.create_all(engine)\n";
    let main = "from fastapi import FastAPI\nfrom models import Base\n\napp = FastAPI()\n";
    let script = "from models import Base, engine\n\nBase.metadata.create_all(bind=engine)\n";
    let drops = "from models import Base, engine\n\nBase.metadata.drop_all(bind=engine)\nBase.metadata.create_all(bind=engine)\n";
    let with_function = format!("{models}{function}");
    let calls = main.replace("app = ", "from models import init_db\ninit_db()\napp = ");
    let cases: [(&str, &str, Option<&str>, Option<&str>); 5] = [
        (models, main, Some(script), Some("create_tables.py")),
        (models, main, Some(drops), None),
        (&with_function, main, None, Some("init_db()")),
        (&with_function, &calls, None, None),
        (models, main, None, None),
    ];
    for (models, main, script, expected) in cases {
        let packages = "fastapi==0.115.0\nsqlalchemy==2.0.30\npsycopg2-binary==2.9.9\n";
        let directory =
            of(&[("main.py", main), ("models.py", models), ("requirements.txt", packages)]);
        if let Some(text) = script {
            write(&directory, "create_tables.py", text);
        }
        init(&directory, &[]).success();
        let services = document(&directory, "compose.yaml").services();
        let once = services.iter().find(|own| own.name == "migrate");
        let command = once.map(|own| own.command().to_string());
        match expected {
            Some(part) => {
                assert!(command.as_ref().is_some_and(|own| own.contains(part)), "{command:?}")
            }
            None => assert_eq!(command, None),
        }
    }
}

/// An address that stands in `alembic.ini` alone is not where the code's database is.
#[test]
fn migrations_go_where_the_code_goes() {
    let env = "from alembic import context\nfrom sqlalchemy import engine_from_config\n\nconfig = context.config\nconnectable = engine_from_config(config.get_section(config.config_ini_section), prefix='sqlalchemy.')\n";
    let reads = env.replace("connectable", "import os\nconfig.set_main_option('sqlalchemy.url', os.environ['DATABASE_URL'])\nconnectable");
    let main = "import os\nfrom fastapi import FastAPI\nfrom sqlalchemy import create_engine\n\napp = FastAPI()\nengine = create_engine(os.environ['DATABASE_URL'])\n";
    for (env, is_told) in [(env, true), (&reads, false)] {
        let directory = of(&[
            ("main.py", main),
            (
                "requirements.txt",
                "fastapi==0.115.0\nsqlalchemy==2.0.30\npsycopg2-binary==2.9.9\nalembic==1.13.1\n",
            ),
            (
                "alembic.ini",
                "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://me:me@localhost/mine\n",
            ),
            ("migrations/env.py", env),
        ]);
        init(&directory, &[]).success();
        let command = service(&directory, "compose.yaml", "migrate").command().to_string();
        assert_eq!(command.contains("set_main_option"), is_told, "{command}");
        assert_eq!(command.contains("os.environ[\"DATABASE_URL\"]"), is_told, "{command}");
    }
}
