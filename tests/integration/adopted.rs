//! Files for code that was there before: what three usual repositories get,
//! and what holds for every combination of package manager, framework, server
//! and stores.

use std::collections::{BTreeMap, BTreeSet};

use dockwright::answers::sources::Assembled;
use dockwright::answers::{Origin, Sources};
use dockwright::catalog::releases;
use dockwright::detect::facts::{
    Celery, Connection, Installs, Interface, Meaning, Ml, Python, RequiredEnv, Static,
    SystemPackages, Writable,
};
use dockwright::detect::{Evidence, Fact, Facts};
use dockwright::plan::{self, Plan};
use dockwright::preset::{self, Preset};
use dockwright::render::{self, Rendered};
use serde_json::Value;

fn known<T>(value: T, path: &str) -> Fact<T> {
    Fact::known(value, Evidence::line(path, 1, "a line"))
}

fn told(name: &str, meaning: Meaning) -> (Connection, Vec<Evidence>) {
    (Connection { name: name.into(), meaning }, Vec::new())
}

fn needs(name: &str, generated: bool) -> (RequiredEnv, Vec<Evidence>) {
    (RequiredEnv { name: name.into(), generated, at_import: true }, Vec::new())
}

fn python(version: &str) -> Fact<Python> {
    known(
        Python { version: version.into(), constraint: None, source: "requires-python".into() },
        "pyproject.toml",
    )
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

/// The answers of an `init` with these flags.
fn assemble(preset: &Preset, facts: &Facts, set: &[(&str, &str)]) -> Assembled {
    let set: Vec<String> = set.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let name = Some(("shop".to_owned(), Origin::Builtin));
    Sources { name, facts: Some(facts), set: &set, ..Sources::of(preset) }.assemble().unwrap()
}

/// A plan and its files.
pub struct Written {
    plan: Plan,
    pub files: BTreeMap<String, String>,
}

impl Written {
    pub fn of(facts: &Facts, preset: &str, set: &[(&str, &str)]) -> Self {
        let preset = preset::find(preset).unwrap();
        let Assembled { draft, notes, .. } = assemble(&preset, facts, set);
        let answers = draft.resolve().unwrap_or_else(|problems| panic!("{problems:?} {notes:?}"));
        let plan = plan::plan(&answers, &BTreeSet::new()).unwrap();
        let files = render::render(&plan, &draft).unwrap();
        let text =
            |file: Rendered| (file.output.path.to_string(), String::from_utf8(file.bytes).unwrap());
        Self { plan, files: files.into_iter().map(text).collect() }
    }

    #[track_caller]
    fn file(&self, path: &str) -> &str {
        self.files.get(path).unwrap_or_else(|| panic!("no {path} in {:?}", self.files.keys()))
    }

    fn compose(&self) -> Value {
        serde_saphyr::from_str(self.file("compose.yaml")).unwrap()
    }

    /// For a look by a person: `ADOPTED_INTO=DIR cargo test adopted`.
    fn show(&self, name: &str) {
        let Some(directory) = std::env::var_os("ADOPTED_INTO") else { return };
        for (path, text) in &self.files {
            let path = std::path::Path::new(&directory).join(name).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let warnings = self.plan.warnings.join("\n");
        std::fs::write(std::path::Path::new(&directory).join(name).join("WARNINGS"), warnings)
            .unwrap();
    }
}

fn uv_fastapi() -> Facts {
    Facts {
        root: known("src".into(), "src/shop/main.py"),
        app: known("shop.main:app".into(), "src/shop/main.py"),
        framework: known("fastapi".into(), "src/shop/main.py"),
        interface: known(Interface::Asgi, "src/shop/main.py"),
        package_manager: known("uv".into(), "uv.lock"),
        dependency_files: known(names(&["uv.lock", "pyproject.toml"]), "uv.lock"),
        python: python("3.13"),
        database: known("postgres".into(), "src/shop/settings.py"),
        migrations: known("alembic".into(), "alembic.ini"),
        connections: vec![told(
            "DB_DSN",
            Meaning::DatabaseUrl { scheme: "postgresql+asyncpg".into() },
        )],
        required_env: vec![needs("STRIPE_KEY", false), needs("DB_DSN", false)],
        writable: vec![(
            Writable { path: "uploads".into(), purpose: "uploads".into(), file: false, keep: true },
            Vec::new(),
        )],
        packages: names(&["fastapi", "uvicorn[standard]", "uvloop", "httptools", "sqlalchemy"]),
        installs: Installs { package: true, ..Installs::default() },
        ..Facts::default()
    }
}

fn pip_django() -> Facts {
    Facts {
        root: known("backend".into(), "backend/manage.py"),
        app: known("config.wsgi:application".into(), "backend/manage.py"),
        framework: known("django".into(), "backend/manage.py"),
        interface: known(Interface::Wsgi, "backend/manage.py"),
        settings: known("config.settings.production".into(), "backend/manage.py"),
        package_manager: known("pip".into(), "requirements/production.txt"),
        dependency_files: known(
            names(&["requirements/production.txt", "requirements/base.txt"]),
            "requirements/production.txt",
        ),
        python: python("3.11"),
        database: known("postgres".into(), "s.py"),
        cache: known("redis".into(), "s.py"),
        broker: known("redis".into(), "s.py"),
        celery: known(Celery { app: "config".into(), beat: true }, "c.py"),
        migrations: known("django".into(), "backend/manage.py"),
        static_files: known(
            Static {
                collectstatic: true,
                uncollected: String::new(),
                committed: false,
                whitenoise: false,
                manifest: true,
                compressed: false,
                root: Some("backend/static_collected".into()),
                url: Some("/assets/".into()),
            },
            "s.py",
        ),
        connections: vec![
            told("DB_HOST", Meaning::DatabaseHost),
            told("DB_NAME", Meaning::DatabaseName),
            told("DB_USER", Meaning::DatabaseUser),
            told("DB_PASS", Meaning::DatabasePassword),
            told("SQL_ENGINE", Meaning::Constant { value: "django.db.backends.postgresql".into() }),
            told("REDIS_HOST", Meaning::CacheHost),
            told("CELERY_BROKER", Meaning::BrokerUrl),
            told("DJANGO_SECRET_KEY", Meaning::SecretKey),
            told("DJANGO_ALLOWED_HOSTS", Meaning::AllowedHosts { separator: " ".into() }),
            told("DJANGO_DEBUG", Meaning::Debug { off: "False".into() }),
        ],
        required_env: vec![needs("DJANGO_SECRET_KEY", true), needs("MAILGUN_KEY", false)],
        writable: vec![(
            Writable {
                path: "backend/media".into(),
                purpose: "media".into(),
                file: false,
                keep: true,
            },
            Vec::new(),
        )],
        packages: names(&["django", "psycopg2", "celery", "redis", "gunicorn"]),
        system_packages: known(
            SystemPackages { build: names(&["gcc", "libpq-dev"]), runtime: names(&["libpq5"]) },
            "requirements/base.txt",
        ),
        ..Facts::default()
    }
}

fn poetry_flask() -> Facts {
    Facts {
        root: known(".".into(), "shop/__init__.py"),
        app: known("shop:create_app".into(), "shop/__init__.py"),
        factory: known(true, "shop/__init__.py"),
        framework: known("flask".into(), "shop/__init__.py"),
        interface: known(Interface::Wsgi, "shop/__init__.py"),
        package_manager: known("poetry".into(), "poetry.lock"),
        dependency_files: known(names(&["poetry.lock", "pyproject.toml"]), "poetry.lock"),
        python: python("3.9"),
        database: known("sqlite".into(), "shop/config.py"),
        migrations: known("flask-migrate".into(), "migrations/env.py"),
        health: known("/healthz".into(), "shop/views.py"),
        connections: vec![told("SECRET_KEY", Meaning::SecretKey)],
        writable: vec![
            (
                Writable {
                    path: "instance/shop.db".into(),
                    purpose: "sqlite".into(),
                    file: true,
                    keep: true,
                },
                Vec::new(),
            ),
            (
                Writable {
                    path: "var/cache".into(),
                    purpose: "cache".into(),
                    file: false,
                    keep: false,
                },
                Vec::new(),
            ),
        ],
        packages: names(&["flask", "flask-migrate"]),
        installs: Installs { package: true, ..Installs::default() },
        ..Facts::default()
    }
}

/// What a service is told, its groups taken together.
fn environment(compose: &Value, service: &str) -> BTreeMap<String, String> {
    fn fill(value: &Value, into: &mut BTreeMap<String, String>) {
        for (name, value) in value.as_object().into_iter().flatten() {
            match (name.as_str(), value) {
                ("<<", Value::Array(groups)) => groups.iter().for_each(|group| fill(group, into)),
                ("<<", group) => fill(group, into),
                (name, value) => {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    into.entry(name.to_owned()).or_insert(text);
                }
            }
        }
    }
    let mut told = BTreeMap::new();
    fill(&compose["services"][service]["environment"], &mut told);
    told
}

#[test]
fn uv_and_fastapi_in_a_src_layout() {
    let written = Written::of(&uv_fastapi(), "fastapi-uvicorn", &[]);
    written.show("uv-fastapi");
    let dockerfile = written.file("Dockerfile");
    for line in [
        "--mount=type=bind,source=uv.lock,target=/app/uv.lock",
        "uv sync --python=/usr/local/bin/python3 --frozen --no-install-local",
        "uv sync --python=/usr/local/bin/python3 --locked --no-editable && \\\n",
        "PYTHONPATH=/app/src",
        "\nWORKDIR /app\n",
        "CMD [\"uvicorn\", \"shop.main:app\"",
        "\"--loop\", \"uvloop\"",
    ] {
        assert!(dockerfile.contains(line), "{line}: {dockerfile}");
    }
    assert!(!dockerfile.contains("uv pip install"), "its own server is locked: {dockerfile}");
    let compose = written.compose();
    let told = environment(&compose, "web");
    assert_eq!(
        told["DB_DSN"],
        "postgresql+asyncpg://app:${POSTGRES_PASSWORD:?set it in .env}@db:5432/app"
    );
    assert_eq!(told["STRIPE_KEY"], "${STRIPE_KEY:?set it in .env}");
    assert!(!told.contains_key("DATABASE_URL"), "the code does not read it");
    assert!(!written.file(".env.example").contains("DB_DSN"));
    assert!(written.file("compose.yaml").contains("uploads:/app/uploads"));
    assert!(!written.files.keys().any(|path| path.starts_with("app/") || path == "pyproject.toml"));
}

#[test]
fn an_old_uvicorn_is_told_only_what_it_knows() {
    let versions = BTreeMap::from([("uvicorn".to_owned(), "0.17.6".to_owned())]);
    let old = Facts { installs: Installs { versions, ..Installs::default() }, ..uv_fastapi() };
    let dockerfile = Written::of(&old, "fastapi-uvicorn", &[]);
    assert!(!dockerfile.file("Dockerfile").contains("--timeout-graceful-shutdown"));
    let new = Written::of(&uv_fastapi(), "fastapi-uvicorn", &[]);
    assert!(new.file("Dockerfile").contains("\"--timeout-graceful-shutdown\", \"30\""));
}

#[test]
fn pip_and_django_below_the_top() {
    let written = Written::of(&pip_django(), "django-nginx", &[]);
    written.show("pip-django");
    let dockerfile = written.file("Dockerfile");
    for line in [
        "source=requirements/base.txt,target=/app/requirements/base.txt",
        "--requirement requirements/production.txt",
        "libpq-dev",
        "WORKDIR /app/backend\n",
        "python manage.py collectstatic --no-input",
        "COPY --from=static /app/backend/static_collected /srv/static",
        "DJANGO_SECRET_KEY=built-without-secrets",
        "os.environ.get('DJANGO_ALLOWED_HOSTS', '')",
        "CMD [\"gunicorn\", \"--config\", \"/app/gunicorn.conf.py\", \"config.wsgi:application\"]",
    ] {
        assert!(dockerfile.contains(line), "{line}: {dockerfile}");
    }
    let runtime = dockerfile.split(" AS runtime").nth(1).unwrap();
    assert!(runtime.contains("libpq5") && !runtime.contains("libpq-dev"), "{runtime}");
    assert!(written.file("nginx/nginx.conf").contains("location /assets/ {"));

    let compose = written.compose();
    for service in ["web", "migrate", "worker", "beat"] {
        let told = environment(&compose, service);
        assert_eq!(told["DB_PASS"], "${POSTGRES_PASSWORD:?set it in .env}", "{service}");
        assert_eq!(told["DB_HOST"], "db", "{service}");
        assert_eq!(told["DJANGO_DEBUG"], "False", "{service}");
        assert_eq!(told["SQL_ENGINE"], "django.db.backends.postgresql", "{service}");
        assert_eq!(
            told["CELERY_BROKER"], "redis://:${REDIS_PASSWORD:?set it in .env}@redis:6379/0",
            "{service}"
        );
    }
    let cache = &compose["services"]["cache"];
    assert!(!cache["command"].to_string().contains("requirepass"), "the code has no password");
    assert!(cache["environment"].is_null());
    let check = &compose["services"]["worker"]["healthcheck"];
    assert!(check["test"].to_string().contains("inspect ping"), "{check}");
    assert!(written.plan.decision("worker.health-timeout").unwrap().value.number() >= 15);
    assert!(written.plan.decision("worker.health-interval").unwrap().value.number() >= 60);
    assert!(written.plan.decision("beat.heartbeat-max-age").unwrap().value.number() >= 600);
    let example = written.file(".env.example");
    assert!(example.contains("DJANGO_ALLOWED_HOSTS=localhost 127.0.0.1\n"), "{example}");
    assert!(example.contains("MAILGUN_KEY=\n") && !example.contains("LOG_LEVEL"), "{example}");
}

#[test]
fn poetry_and_a_flask_factory() {
    let written = Written::of(&poetry_flask(), "fastapi-uvicorn", &[]);
    written.show("poetry-flask");
    let dockerfile = written.file("Dockerfile");
    let setuptools = releases::version("setuptools", "3.9").unwrap();
    let install = format!(
        "uv pip install --constraint /tmp/installed.txt 'gunicorn<=23.0.0' 'setuptools<={setuptools}'"
    );
    for line in [
        "uvx --from poetry==2.2.1 --with poetry-plugin-export==1.9.0",
        "poetry export --only main",
        install.as_str(),
        "COPY . /app\nRUN --mount=type=cache,target=/root/.cache/uv \\\n    uv pip install --no-deps .",
        "ln --symbolic --force /data/shop.db /app/instance/shop.db",
        "chown --recursive 10001:10001 /app/var/cache /data",
        "connection.request('GET', '/healthz'",
        "\"shop:create_app()\"",
    ] {
        assert!(dockerfile.contains(line), "{line}: {dockerfile}");
    }
    let compose = written.compose();
    let services = &compose["services"];
    assert!(services["db"].is_null());
    assert_eq!(
        services["migrate"]["command"],
        serde_json::json!(["flask", "--app", "shop:create_app", "db", "upgrade"])
    );
    for service in ["web", "migrate"] {
        assert_eq!(services[service]["volumes"], serde_json::json!(["data:/data"]), "{service}");
    }
    assert!(written.file(".dockerignore").contains("\n/instance/shop.db*\n"));
    let strict = Written::of(&poetry_flask(), "fastapi-uvicorn", &[("deploy.hardening", "strict")]);
    let tmpfs = strict.compose()["services"]["web"]["tmpfs"].to_string();
    assert!(tmpfs.contains("/app/var/cache:size="), "{tmpfs}");
    assert!(!strict.file("Dockerfile").contains("--chown"));
}

/// Its axes in words, what was found, and what is set.
pub type Combination = (String, Facts, Vec<(&'static str, &'static str)>);

/// Facts of every package manager, framework, server and store, and of Pythons
/// that are old and new; what else there is takes turns.
pub fn combinations() -> Vec<Combination> {
    let managers = ["uv", "poetry", "pdm", "pipenv", "pip", "pyproject", "setuptools", "conda"];
    let servings = [
        ("fastapi", Interface::Asgi, false),
        ("quart", Interface::Asgi, true),
        ("flask", Interface::Wsgi, false),
        ("django", Interface::Wsgi, true),
        ("django", Interface::Asgi, false),
    ];
    let mut all = Vec::new();
    for manager in managers {
        for (framework, interface, bare) in servings {
            for database in ["none", "postgres", "mysql", "sqlite"] {
                for version in ["3.8", "3.11", "3.14"] {
                    let turn = all.len();
                    let facts =
                        combined(manager, framework, interface, bare, database, version, turn);
                    let proxy = if turn.is_multiple_of(2) { "nginx" } else { "none" };
                    let hardening = if turn.is_multiple_of(5) { "strict" } else { "safe" };
                    let set = vec![
                        ("stack.proxy", proxy),
                        ("deploy.hardening", hardening),
                        ("deploy.cpus", "8"),
                        ("deploy.memory", "16GiB"),
                    ];
                    let name =
                        format!("{manager} {framework} {interface:?} {database} {version} {turn}");
                    all.push((name, facts, set));
                }
            }
        }
    }
    all
}

fn combined(
    manager: &str,
    framework: &str,
    interface: Interface,
    bare: bool,
    database: &str,
    version: &str,
    turn: usize,
) -> Facts {
    let base = match turn % 3 {
        0 => uv_fastapi(),
        1 => pip_django(),
        _ => poetry_flask(),
    };
    let django = framework == "django";
    let celery = known(Celery { app: "shop.tasks:app".into(), beat: turn % 4 == 1 }, "c.py");
    let brokers = ["redis", "rabbitmq"];
    Facts {
        framework: known(framework.into(), "a.py"),
        interface: known(interface, "a.py"),
        package_manager: known(manager.into(), "p"),
        python: python(version),
        database: match database {
            "none" => Fact::Unknown,
            kind => known(kind.into(), "s.py"),
        },
        settings: if django { known("shop.settings".into(), "s.py") } else { Fact::Unknown },
        migrations: match (database, django) {
            ("none", _) => Fact::Unknown,
            (_, true) => known("django".into(), "backend/manage.py"),
            _ => known(["alembic", "aerich", "flask-migrate"][turn % 3].into(), "alembic.ini"),
        },
        celery: if turn % 2 == 1 { celery } else { Fact::Unknown },
        broker: if turn % 2 == 1 {
            known(brokers[turn / 2 % 2].into(), "s.py")
        } else {
            Fact::Unknown
        },
        static_files: match base.static_files {
            Fact::Known(files, _) if django => known(
                Static {
                    root: files.root.filter(|_| turn.is_multiple_of(2)),
                    whitenoise: turn.is_multiple_of(7),
                    ..files
                },
                "s.py",
            ),
            _ => Fact::Unknown,
        },
        ml: match turn % 6 {
            2 => known(
                Ml { framework: "torch".into(), models: vec!["shop/weights/net.pt".into()] },
                "m.py",
            ),
            _ => Fact::Unknown,
        },
        packages: if bare { Vec::new() } else { names(&["gunicorn", "uvicorn", "torch", "redis"]) },
        installs: Installs {
            hashed: turn % 5 == 1,
            local: turn % 5 == 2,
            package: turn.is_multiple_of(2),
            member: (turn.is_multiple_of(9)).then(|| "member".into()),
            listed: names(&["flask==3.0", "numpy>=1.2"]),
            ..Installs::default()
        },
        ..base
    }
}

#[test]
fn every_combination_of_adopted_code_renders_to_clean_files_that_parse() {
    for (axes, facts, set) in combinations() {
        let written = Written::of(&facts, "fastapi-uvicorn", &set);
        for (path, text) in &written.files {
            // `.env` holds markers until its secrets are made.
            if path == ".env" {
                continue;
            }
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path}: {axes}\n{text}");
            for line in text.lines() {
                assert!(line == line.trim_end(), "{path}: `{line}` ends in blanks: {axes}");
            }
            // Python's functions stand two lines apart.
            if path != "DEPLOY.md" && !path.ends_with(".py") {
                assert!(!text.contains("\n\n\n"), "{path} has two empty lines: {axes}\n{text}");
            }
            for (row, next) in text.lines().zip(text.lines().skip(1)) {
                let table = path == "DEPLOY.md" && row.starts_with("| ");
                let ends = next.is_empty() || next.starts_with("| ");
                assert!(!table || ends, "`{next}` would be a row: {axes}");
            }
            if path.ends_with(".yaml") {
                let parsed: Result<Value, _> =
                    serde_saphyr::from_str(&text.replace("!override", "").replace("!reset", ""));
                assert!(parsed.is_ok(), "{path}: {axes}: {:?}\n{text}", parsed.err());
            }
            if path.ends_with("Dockerfile") {
                let parsed = parse_dockerfile::parse(text);
                assert!(parsed.is_ok(), "{axes}: {:?}\n{text}", parsed.err());
            }
        }
        services_stand_together(&axes, &written);
    }
}

/// Services depend on services that are there, use networks and volumes that
/// are declared, and are told only what `.env` has.
#[track_caller]
fn services_stand_together(axes: &str, written: &Written) {
    let compose = written.compose();
    let services = compose["services"].as_object().unwrap();
    let mut planned: BTreeSet<&str> =
        written.plan.services.iter().map(|role| role.name()).collect();
    // What only the code knows of is brought.
    let carried = written.plan.answers.adopted.iter().flat_map(|own| &own.derived.carried);
    planned.extend(carried.flat_map(|own| own.stores.keys()).map(String::as_str));
    assert_eq!(services.keys().map(String::as_str).collect::<BTreeSet<_>>(), planned, "{axes}");
    for (name, service) in services {
        for other in service["depends_on"].as_object().into_iter().flatten() {
            assert!(services.contains_key(other.0), "{name} depends on {}: {axes}", other.0);
        }
        for network in service["networks"].as_array().into_iter().flatten() {
            let declared = &compose["networks"][network.as_str().unwrap()];
            assert!(declared.is_object(), "{name}: {network}: {axes}");
        }
        let mut targets = BTreeSet::new();
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let target = match volume.as_str() {
                Some(short) => {
                    let (volume, target) = short.split_once(':').unwrap();
                    assert!(compose["volumes"].get(volume).is_some(), "{name}: {volume}: {axes}");
                    target
                }
                None => volume["target"].as_str().unwrap(),
            };
            assert!(targets.insert(target.to_owned()), "{name} mounts {target} twice: {axes}");
        }
    }
    let known: BTreeSet<&str> = written.plan.env.iter().map(|one| one.name.as_str()).collect();
    let text = written.file("compose.yaml");
    for (start, _) in text.match_indices("${") {
        let name: String = text[start + 2..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        // A number of the plan: in .env it would stay when the plan changes.
        assert!(known.contains(name.as_str()) || name == "WEB_CONCURRENCY", "{name}: {axes}");
    }
}

#[test]
fn an_environment_that_only_conda_can_make_is_refused_with_the_reason() {
    let facts = Facts {
        package_manager: known("conda".into(), "environment.yml"),
        dependency_files: known(names(&["environment.yml"]), "environment.yml"),
        installs: Installs {
            conda_only: names(&["cudatoolkit"]),
            listed: names(&["flask"]),
            ..Installs::default()
        },
        ..poetry_flask()
    };
    let draft = assemble(&preset::find("fastapi-uvicorn").unwrap(), &facts, &[]).draft;
    let problems = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap_err();
    assert!(problems[0].message.contains("cudatoolkit"), "{problems:?}");
    assert!(problems[0].help.as_deref().unwrap().contains("project.package-manager=pip"));
}
