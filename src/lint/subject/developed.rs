//! Projects that are worked on, though no name says so.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::container::{Container, Kind};
use super::deployment;
use super::{Deployment, Program, Purpose, Subject};
use crate::detect::compose::files::file_name;
use crate::environments::{DEVELOPMENT, TESTS, words};
use crate::source::compose::{Item, Service, image, interpolate, is_compose};
use crate::source::text::is_true;

/// Variables that tell an application what surrounds it.
const SURROUNDINGS: [&str; 9] = [
    "FLASK_ENV",
    "APP_ENV",
    "ENV",
    "ENVIRONMENT",
    "DJANGO_ENV",
    "APP_ENVIRONMENT",
    "FASTAPI_ENV",
    "PYTHON_ENV",
    "DJANGO_SETTINGS_MODULE",
];

/// What a file says at its head of whom it is for.
const SAID: [&str; 10] = [
    "for development",
    "for local",
    "development only",
    "local only",
    "only for development",
    "local development",
    "development server",
    "development environment",
    "development setup",
    "local testing",
];
/// `This file is not intended to be used for production`.
static NOT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(not|never|unsuitable)\b[^.]{0,40}\bproduction\b").expect("it is constant")
});

/// Images that keep every mail to themselves.
const MAIL_CATCHERS: [&str; 8] = [
    "mailhog",
    "mailpit",
    "maildev",
    "mailcatcher",
    "smtp4dev",
    "mailslurper",
    "inbucket",
    "fake-smtp-server",
];

/// What a README says of Compose where it is for who works on the code.
const DOCUMENTED: [&str; 6] = [
    "local development",
    "local dev",
    "locally",
    "for development",
    "development environment",
    "for local",
];

/// Whether an env file is one of whatever machine it is on: `.env.local`.
fn is_of_machine(path: &str) -> bool {
    file_name(path).strip_suffix(".env.local").is_some()
}

impl Subject {
    /// Whether a finding in this file is about a project that is worked on.
    #[must_use]
    pub fn is_developed(&self, text: usize) -> bool {
        let mut own =
            self.production_deployments().filter(|own| own.texts.contains(&text)).peekable();
        own.peek().is_some() && own.all(|own| own.is_developed)
    }

    /// Looks what shows that a project is worked on; `None` where it is not.
    pub(super) fn finds_developed(&self, number: usize) -> Option<&'static str> {
        let deployment = &self.deployments[number];
        let own: Vec<&Container> = self.containers_of(deployment).collect();
        let built: Vec<&&Container> = own.iter().filter(|own| own.kind.is_application()).collect();
        let webs: Vec<&&&Container> = built.iter().filter(|own| own.kind == Kind::Web).collect();
        let is_built_so = built.iter().any(|own| {
            self.build_of(own).is_some_and(|build| build.purpose == Purpose::Development)
        });
        // One that does not reload may be what users get.
        let reloads = !webs.is_empty() && webs.iter().all(|own| self.reloads(own))
            || webs.is_empty() && built.iter().any(|own| self.reloads(own));
        // Stores without what works with them, which publish a port: the application
        // runs beside them, unless a script that deploys starts them.
        let publishes = |own: &&Container| {
            self.composed(own).is_some_and(|(_, service)| !service.ports().is_empty())
        };
        let serves_a_desk = built.is_empty()
            && own.iter().copied().filter(publishes).any(|own| own.kind.is_store())
            && own.iter().all(|own| {
                is_kept_beside(own)
                    || own.kind == Kind::Tool
                    || own.kind == Kind::Nginx && self.stands_before_others(own)
            })
            && !deployment.texts.iter().any(|text| self.is_deployed_by_script(*text));
        // Databases without an application, which hold what tests look at.
        let serves_tests = built.is_empty()
            && own.iter().any(|own| own.kind.is_database() && holds_data_of_tests(own));
        let is_run_by_hand = deployment.texts.iter().any(|text| {
            let path = self.path(*text).to_ascii_lowercase();
            // Workflows start it, or a chain of blocks that is made up.
            path.split('/').any(|part| matches!(part, ".github" | "regtest"))
                // All of production, on a machine of one's own: `local-prod`.
                || words(file_name(&path)).iter().any(|word| word == "local")
        });
        let is_for_users = deployment.texts.iter().any(|text| {
            deployment::stated(file_name(self.path(*text))) == Some(Purpose::Production)
        });
        if is_run_by_hand || is_for_users {
            return is_run_by_hand.then_some("a workflow starts it");
        }
        let any = |test: &dyn Fn(&Container) -> bool| own.iter().any(|own| test(own));
        let shows: [(bool, &str); 13] = [
            (is_built_so, "it builds an image for development"),
            (
                built.iter().any(|own| self.is_worked_over(own)),
                "its source is mounted and it debugs",
            ),
            (serves_a_desk, "it has stores alone, for what runs beside it"),
            (serves_tests, "it has databases of tests alone"),
            (any(&|own| self.lacks_file_of_development(own)), "it takes settings of development"),
            (reloads, "its start command reloads"),
            (
                deployment.services.iter().any(|own| own.command().contains("watchmedo")),
                "its start command reloads",
            ),
            (any(&catches_mail), "it catches its mail"),
            (
                self.is_tested_over_source(deployment, &built),
                "profiles of tests stand beside its mounted source",
            ),
            (self.is_documented_so(deployment), "the README says so"),
            (
                deployment.services.iter().any(|own| self.is_named_or_debugged_so(deployment, own)),
                "a service of it is named or debugged so",
            ),
            (any(&|own| self.is_own(own) && self.is_told(own)), "its variables say development"),
            (self.says_so(deployment), "it says so at its head"),
        ];
        shows.into_iter().find_map(|(shows, why)| shows.then_some(why))
    }

    /// What projects that are worked on include, and no other, is worked on as well.
    pub(super) fn include_developed(&mut self) {
        let is_included = |own: &Deployment, other: &Deployment| {
            other.texts.first() != own.texts.first()
                && other.texts.len() > own.texts.len()
                && own.texts.iter().all(|text| other.texts.contains(text))
        };
        let included: Vec<bool> = self
            .deployments
            .iter()
            .map(|own| {
                let mut above =
                    self.production_deployments().filter(|o| is_included(own, o)).peekable();
                above.peek().is_some() && above.all(|own| own.is_developed)
            })
            .collect();
        for (own, is_included) in self.deployments.iter_mut().zip(included) {
            if is_included && !own.is_developed {
                (own.is_developed, own.developed) = (true, "projects for development include it");
            }
        }
    }

    /// Whether an image is built with an argument that says so, or its source is
    /// mounted over it and its command, or debugging, says so.
    fn is_worked_over(&self, own: &Container) -> bool {
        let is_word =
            |word: &String| matches!(word.as_str(), "dev" | "devel" | "develop" | "development");
        let says = |text: &str| words(text).iter().any(is_word);
        let Some((deployment, service)) = self.composed(own) else { return false };
        let arguments = service.item.get("build").and_then(|build| build.get("args"));
        let is_told = arguments.is_some_and(|arguments| {
            let written = self.lines_of(self.item(deployment, arguments));
            let values = self.build_of(own).into_iter().flat_map(|own| own.arguments.iter());
            values.filter_map(|(name, value)| Some((name, value.as_deref()?))).any(
                |(name, value)| {
                    let is_open =
                        written.lines().any(|line| line.contains(name) && line.contains('$'));
                    DEVELOPMENT.contains(&value) && !is_open
                },
            )
        });
        let mounts = || {
            let mounts = service.mounts();
            mounts
                .iter()
                .filter_map(|own| deployment.project.path(own.bind()?))
                .any(|path| self.tree.below(&path).any(|own| own.ends_with(".py")))
        };
        let debugs = || {
            own.env.iter().any(|(name, own)| {
                (name == "DEBUG" || name.ends_with("_DEBUG"))
                    && is_true(own.value.as_deref().unwrap_or_default())
                    && !self.slice(own.at).contains('$')
            })
        };
        // No data that matter are behind a door without a lock.
        let trusts = || {
            self.containers_of(deployment)
                .any(|own| own.variable("POSTGRES_HOST_AUTH_METHOD") == Some("trust"))
        };
        is_told || (mounts() && (says(&service.command()) || debugs() || trusts()))
    }

    /// Whether a proxy says what of its own project it stands before: the application
    /// is not in it.
    fn stands_before_others(&self, own: &Container) -> bool {
        self.composed(own).is_some_and(|(_, service)| !service.needs().is_empty())
    }

    /// Whether it has profiles of tests beside services over which their source is mounted.
    fn is_tested_over_source(&self, deployment: &Deployment, built: &[&&Container]) -> bool {
        let is_of_tests = |name: &str| words(name).iter().any(|word| TESTS.contains(&&**word));
        let profiles = deployment.services.iter().filter_map(|own| own.item.get("profiles"));
        let mut names = profiles.flat_map(Item::scalars);
        let mounts = |own: &&&Container| {
            self.composed(own).is_some_and(|(_, service)| {
                service.mounts().iter().any(|mount| matches!(mount.bind(), Some("." | "./")))
            })
        };
        names.any(|name| is_of_tests(&name)) && built.iter().any(mounts)
    }

    /// Whether the README says of Compose that it is for who works on it, and nowhere
    /// that it runs for users.
    fn is_documented_so(&self, deployment: &Deployment) -> bool {
        let is_readme =
            |path: &&str| !path.contains('/') && path.to_ascii_lowercase().starts_with("readme");
        // Another file is started by its own name.
        let is_default = deployment.texts.iter().all(|text| {
            let name = file_name(self.path(*text));
            matches!(
                name,
                "compose.yaml" | "compose.yml" | "docker-compose.yml" | "docker-compose.yaml"
            )
        });
        if !is_default {
            return false;
        }
        let texts = self.tree.paths().filter(is_readme).filter_map(|path| self.tree.text(path));
        let lines: Vec<String> = texts
            .flat_map(str::lines)
            .map(str::to_ascii_lowercase)
            .filter(|line| line.contains("compose"))
            .collect();
        let has = |line: &String, words: &[&str]| words.iter().any(|word| line.contains(word));
        let is_for_users =
            |line: &String| has(line, &["production", "deploy", "server with", "prod "]);
        lines.iter().any(|line| has(line, &DOCUMENTED)) && !lines.iter().any(is_for_users)
    }

    /// Whether an env file that it names is for who works on it.
    fn lacks_file_of_development(&self, own: &Container) -> bool {
        own.missing_env_files
            .iter()
            .filter(|(path, _)| !is_of_machine(path))
            .any(|(path, _)| deployment::stated(path) == Some(Purpose::Development))
    }

    /// Whether a file that is there to deploy names a compose file.
    fn is_deployed_by_script(&self, text: usize) -> bool {
        let name = file_name(self.path(text));
        let deploys = |path: &&str| {
            deployment::stated(file_name(path)) == Some(Purpose::Production)
                && !is_compose(path)
                && self.tree.size(path).is_some_and(|size| size < 1 << 20)
        };
        self.tree
            .paths()
            .filter(deploys)
            .any(|path| self.tree.text(path).is_some_and(|text| text.contains(name)))
    }

    /// Whether it is the project's own: it runs its code, or is built for it.
    fn is_own(&self, own: &Container) -> bool {
        own.kind.is_application()
            || self.composed(own).is_some_and(|(_, service)| service.build().is_some())
    }

    fn reloads(&self, own: &Container) -> bool {
        let by_server = own.server.as_ref().is_some_and(|server| {
            server.program.is_development()
                || server.get("reload").and_then(|(value, _)| value.truth()) == Some(true)
        });
        let flask = own.variable("FLASK_DEBUG").is_some_and(|value| matches!(value, "1" | "true"));
        let by_step = own.steps.last().is_some_and(|step| {
            step.program == Program::DjangoDevelopment
                || step.argv.iter().any(|word| word.ends_with("watchmedo") || word == "runserver")
        });
        // What a script between cannot be followed to.
        let by_command = own.server.is_none()
            && self.composed(own).is_some_and(|(_, service)| {
                service.command().split_whitespace().any(|word| word == "--reload")
            });
        by_server || flask || by_step || by_command
    }

    /// Whether a variable of its says so, and no variable of the shell can say
    /// another thing.
    fn is_told(&self, own: &Container) -> bool {
        // An env file of that name: `local_dev.env`.
        let texts: BTreeSet<usize> = own.env.values().map(|own| own.at.text).collect();
        let mut files = self.env_files.iter().filter(|own| texts.contains(&own.text));
        let is_own = |text: usize| self.is_for_development(text) && !is_of_machine(self.path(text));
        if files.any(|own| !own.is_example && is_own(own.text)) {
            return true;
        }
        own.env.iter().any(|(name, variable)| {
            let value = variable.value.as_deref().unwrap_or_default().to_ascii_lowercase();
            let last = value.rsplit('.').next().unwrap_or(&value);
            // One that loads its code anew, unless somebody says otherwise.
            let reloads = name.to_ascii_uppercase().replace('_', "").ends_with("HOTRELOAD")
                && matches!(value.as_str(), "1" | "true" | "yes" | "on");
            if reloads || value == "local-dev" {
                return true;
            }
            SURROUNDINGS.contains(&name.as_str())
                && DEVELOPMENT.contains(&last)
                && !self.slice(variable.at).contains('$')
        })
    }

    /// Whether the image that a service builds has a name that says so, or it publishes
    /// the port of a debugger. What a variable puts into the name, like the tag of a
    /// release, is decided where the image is built, whatever its default says.
    fn is_named_or_debugged_so(&self, deployment: &Deployment, own: &Service) -> bool {
        let is_word = |word: &String| DEVELOPMENT.contains(&word.as_str());
        let written = own.item.get("image").map(|item| self.slice(self.item(deployment, item)));
        let image = match written {
            Some(written) if interpolate::has_variable(written) => {
                Some(interpolate::literal(written))
            }
            _ => own.image(),
        };
        let is_named = own.build().is_some()
            && image.is_some_and(|image| {
                let (repository, tag) = image::parts(&image);
                let name = repository.rsplit('/').next().unwrap_or(repository);
                words(name).iter().chain(&words(tag)).any(is_word)
            });
        // debugpy's, Node's.
        is_named || own.ports().iter().any(|port| matches!(&*port.container, "5678" | "9229"))
    }

    fn says_so(&self, deployment: &Deployment) -> bool {
        let texts = deployment.texts.iter().map(|text| &self.texts[*text].text);
        let at_head = texts.into_iter().any(|text| {
            let head: String = text
                .lines()
                .take_while(|line| !line.starts_with("services:"))
                .filter(|line| line.starts_with('#'))
                .map(str::to_ascii_lowercase)
                .collect::<Vec<_>>()
                .join(" ");
            // Of passwords, such a line says what to change before.
            let is_denied = NOT.find(&head).is_some_and(|found| {
                !["password", "secret", "default", "credential", "key"]
                    .iter()
                    .any(|word| found.as_str().contains(word))
            });
            is_denied || SAID.iter().any(|said| head.contains(said)) && !head.contains("production")
        });
        // Who turns fsync off can do without the data.
        let loses = deployment.services.iter().any(|own| {
            let command: String = own.command().split_whitespace().collect();
            command.contains("fsync=off")
        });
        at_head || loses
    }
}

/// The last part of its image's name.
fn name_of(own: &Container) -> &str {
    let (repository, _) = image::parts(own.image.as_deref().unwrap_or_default());
    repository.rsplit('/').next().unwrap_or(repository)
}

/// Whether it keeps what an application works with: a store, also one that is
/// searched or that holds files.
fn is_kept_beside(own: &Container) -> bool {
    const MORE: [&str; 12] = [
        "minio",
        "mc",
        "kafka",
        "cp-kafka",
        "cp-enterprise-kafka",
        "zookeeper",
        "cp-zookeeper",
        "cp-schema-registry",
        "kafdrop",
        "pgbouncer",
        "localstack",
        "nats",
    ];
    own.kind.is_store() || own.kind.is_open_index() || MORE.contains(&name_of(own))
}

/// Whether it takes the mail that an application sends and delivers none of it.
fn catches_mail(own: &Container) -> bool {
    MAIL_CATCHERS.contains(&name_of(own))
}

/// Whether a database is made with the name of data that tests look at.
fn holds_data_of_tests(own: &Container) -> bool {
    ["POSTGRES_DB", "MYSQL_DATABASE", "MARIADB_DATABASE", "MONGO_INITDB_DATABASE"].iter().any(
        |name| {
            own.variable(name).is_some_and(|value| {
                matches!(value, "test" | "tests" | "test_data" | "testdata" | "test_db" | "testdb")
            })
        },
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_worked_on_weighs_less() {
        use crate::lint::{Severity, judge, rules};
        let compose = "services:\n  web:\n    build: .\n    command: flask run\n    depends_on: [db]\n  db:\n    image: postgres:17\n    ports: ['5432:5432']\n";
        let directory = assert_fs::TempDir::new().unwrap();
        fs::write(directory.path().join("Dockerfile"), "FROM python:3.13-slim\n").unwrap();
        let of = |compose: &str, code: &str| {
            fs::write(directory.path().join("compose.yaml"), compose).unwrap();
            let subject = Subject::read(directory.path()).unwrap();
            let rule = rules::ALL.iter().copied().find(|rule| rule.code == code).unwrap();
            judge(&subject, &[rule])[0].severity
        };
        let served = compose.replace("flask run", "gunicorn shop:app");
        assert_eq!(of(&served, "CO118"), Severity::Error);
        assert_eq!(of(compose, "CO118"), Severity::Advice);
        assert_eq!(of(&served, "CO104"), Severity::Warning);
        assert_eq!(of(compose, "CO104"), Severity::Advice);
        assert_eq!(of(&served, "CO106"), Severity::Error);
        assert_eq!(of(compose, "CO106"), Severity::Warning);
    }

    fn developed(files: &[(&str, &str)]) -> bool {
        let directory = assert_fs::TempDir::new().unwrap();
        for (path, text) in files {
            fs::write(directory.path().join(path), text).unwrap();
        }
        let subject = Subject::read(directory.path()).unwrap();
        let text = subject.text_of("compose.yaml").unwrap();
        subject.is_developed(text)
    }

    #[test]
    fn production_on_a_machine_of_ones_own_is_worked_on() {
        let image = ("Dockerfile", "FROM python:3.13-slim\nCMD gunicorn shop:app\n");
        for (name, is_developed) in
            [("compose.local-prod.yaml", true), ("compose.prod.yaml", false)]
        {
            let directory = assert_fs::TempDir::new().unwrap();
            fs::write(directory.path().join(image.0), image.1).unwrap();
            fs::write(directory.path().join(name), "services: {web: {build: .}}\n").unwrap();
            let subject = Subject::read(directory.path()).unwrap();
            assert_eq!(
                subject.is_developed(subject.text_of(name).unwrap()),
                is_developed,
                "{name}"
            );
        }
    }

    #[test]
    fn projects_that_are_worked_on_are_seen() {
        let image = ("Dockerfile", "FROM python:3.13-slim\nCOPY . /app\n");
        let with = |rest: &str| format!("services:\n  web:\n    build: .\n{rest}");
        for rest in [
            "    command: python manage.py runserver 0.0.0.0:8000\n",
            "    command: uvicorn shop:app --reload\n",
            "    command: gunicorn shop.wsgi\n    environment: {FLASK_ENV: development}\n",
            "    command: gunicorn shop.wsgi\n  db: {image: 'postgres:17', command: postgres -c fsync=off}\n",
        ] {
            assert!(developed(&[image, ("compose.yaml", &with(rest))]), "{rest}");
        }
        let head = "# Only for local development.\n";
        let plain = with("    command: gunicorn shop.wsgi\n");
        assert!(developed(&[image, ("compose.yaml", &format!("{head}{plain}"))]));
        assert!(!developed(&[image, ("compose.yaml", &plain)]));
        let head =
            "# A development server.\n# This file is not intended to be used for production.\n";
        assert!(developed(&[image, ("compose.yaml", &format!("{head}{plain}"))]));
        let open = with(
            "    command: gunicorn shop.wsgi\n    environment: {APP_ENV: '${APP_ENV:-development}'}\n",
        );
        assert!(!developed(&[image, ("compose.yaml", &open)]));
        let stores = "services:\n  db:\n    image: postgres:17\n    ports: ['127.0.0.1:5432:5432']\n  search:\n    image: elasticsearch:8.1\n    ports: ['9200:9200']\n";
        assert!(developed(&[("compose.yaml", stores)]));
        let helped = stores.replace("elasticsearch:8.1\n    ports: ['9200:9200']", "minio/mc:1");
        assert!(developed(&[("compose.yaml", &helped)]));
        let deploys = ("deploy.sh", "docker compose -f compose.yaml up -d\n");
        assert!(!developed(&[("compose.yaml", &helped), deploys]));
        let other = helped.replace("minio/mc", "acme/shop");
        assert!(!developed(&[("compose.yaml", &other)]));
        for rest in [
            "    command: gunicorn shop.wsgi\n    image: shop_local\n",
            "    command: gunicorn shop.wsgi\n    image: acme/shop:dev\n",
            "    command: gunicorn shop.wsgi\n    image: 'acme/shop-dev:${TAG:-1}'\n",
            "    command: gunicorn shop.wsgi\n    ports: ['8000:8000', '5678:5678']\n",
            "    command: gunicorn shop.wsgi\n  mail: {image: 'mailhog/mailhog:v1.0.1'}\n",
        ] {
            assert!(developed(&[image, ("compose.yaml", &with(rest))]), "{rest}");
        }
        let tagged = with("    command: gunicorn shop.wsgi\n    image: 'shop:${TAG:-local}'\n");
        assert!(!developed(&[image, ("compose.yaml", &tagged)]));
        assert!(!developed(&[image, (".env", "TAG=dev\n"), ("compose.yaml", &tagged)]));
        let code = ("shop.py", "");
        let mounted = with(
            "    command: gunicorn shop:app\n    volumes: ['.:/app']\n  db:\n    image: postgres:17\n    environment: {POSTGRES_HOST_AUTH_METHOD: trust}\n",
        );
        assert!(developed(&[image, code, ("compose.yaml", &mounted)]));
        let locked = mounted.replace("trust", "md5");
        assert!(!developed(&[image, code, ("compose.yaml", &locked)]));
        let late = "version: '3'\n# Meant for local development\n";
        assert!(developed(&[image, ("compose.yaml", &format!("{late}{plain}"))]));
        let tested = "services:\n  db:\n    image: postgres:17\n    environment: {POSTGRES_DB: test_data}\n  rogue:\n    image: acme/rogue:1\n";
        assert!(developed(&[("compose.yaml", tested)]));
        assert!(!developed(&[("compose.yaml", &tested.replace("test_data", "latest"))]));
        let hot = with(
            "    command: gunicorn shop.wsgi\n    environment: {SHOP_HOTRELOAD: '${SHOP_HOTRELOAD:-true}'}\n",
        );
        assert!(developed(&[image, ("compose.yaml", &hot)]));
        assert!(!developed(&[image, ("compose.yaml", &hot.replace("true", "false"))]));
        // A mail catcher, a README, profiles of tests beside mounted source.
        let caught =
            with("    command: gunicorn shop.wsgi\n  mail: {image: 'axllent/mailpit:v1.27'}\n");
        assert!(developed(&[image, ("compose.yaml", &caught)]));
        let readme = ("README.md", "# Shop\n\n### Local development (Docker Compose)\n");
        assert!(developed(&[image, readme, ("compose.yaml", &plain)]));
        let both =
            ("README.md", "Docker Compose runs it locally.\nIn production: docker compose up\n");
        assert!(!developed(&[image, both, ("compose.yaml", &plain)]));
        let tested = with(
            "    command: gunicorn shop.wsgi\n    volumes: ['.:/app']\n  mock:\n    image: acme/mock:1\n    profiles: [integration-test]\n",
        );
        assert!(developed(&[image, ("compose.yaml", &tested)]));
        let told = tested.replace("integration-test", "reports");
        assert!(!developed(&[image, ("compose.yaml", &told)]));
        // A proxy of what stands beside it, and one of what is elsewhere.
        let desk = "services:\n  db:\n    image: postgres:17\n    ports: ['5432:5432']\n  minio:\n    image: minio/minio:RELEASE.2025\n  proxy:\n    image: nginx:1.30\n    ports: ['9000:9000']\n    depends_on: [minio]\n";
        assert!(developed(&[("compose.yaml", desk)]));
        let gateway = desk.replace("    depends_on: [minio]\n", "");
        assert!(!developed(&[("compose.yaml", &gateway)]));
        let both = with(
            "    command: gunicorn shop.wsgi\n  mail:\n    build: .\n    command: flask run\n",
        );
        assert!(!developed(&[image, ("compose.yaml", &both)]));
    }
}
