//! Projects that are worked on, though no name says so.

use std::sync::LazyLock;

use regex::Regex;

use super::container::{Container, Kind};
use super::deployment;
use super::{Deployment, Program, Purpose, Subject};
use crate::environments::DEVELOPMENT;

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

impl Subject {
    /// Whether a finding in this file is about a project that is worked on.
    #[must_use]
    pub fn is_developed(&self, text: usize) -> bool {
        let mut own =
            self.production_deployments().filter(|own| own.texts.contains(&text)).peekable();
        own.peek().is_some() && own.all(|own| own.is_developed)
    }

    /// Looks whether a project is worked on.
    pub(super) fn finds_developed(&self, number: usize) -> bool {
        let deployment = &self.deployments[number];
        let own: Vec<&Container> = self.containers_of(deployment).collect();
        let built: Vec<&&Container> = own.iter().filter(|own| own.kind.is_application()).collect();
        let webs: Vec<&&&Container> = built.iter().filter(|own| own.kind == Kind::Web).collect();
        let is_built_so = built.iter().any(|own| {
            self.build_of(own).is_some_and(|build| build.purpose == Purpose::Development)
        });
        // One that does not reload may be what users get.
        let reloads = !webs.is_empty() && webs.iter().all(|own| self.reloads(own));
        // Stores alone, which publish their ports: the application runs beside them.
        let serves_a_desk = built.is_empty()
            && own.iter().any(|own| own.kind.is_store())
            && own.iter().all(|own| own.kind.is_store() || own.kind == Kind::Tool)
            && deployment.services.iter().all(|own| !own.ports().is_empty());
        is_built_so
            || serves_a_desk
            || own.iter().any(|own| self.lacks_file_of_development(own))
            || reloads
            || deployment.services.iter().any(|own| own.command().contains("watchmedo"))
            || built.iter().any(|own| self.is_told(own))
            || self.says_so(deployment)
    }

    /// Whether an env file that it names is for who works on it.
    fn lacks_file_of_development(&self, own: &Container) -> bool {
        own.missing_env_files
            .iter()
            .any(|(path, _)| deployment::stated(path) == Some(Purpose::Development))
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
        by_server || flask || by_step
    }

    /// Whether a variable of its says so, and no variable of the shell can say
    /// another thing.
    fn is_told(&self, own: &Container) -> bool {
        own.env.iter().any(|(name, variable)| {
            // An env file of that name: `local_dev.env`.
            let of_file = self.env_files.iter().find(|file| file.text == variable.at.text);
            if of_file.is_some_and(|file| !file.is_example)
                && self.is_for_development(variable.at.text)
            {
                return true;
            }
            let value = variable.value.as_deref().unwrap_or_default().to_ascii_lowercase();
            let last = value.rsplit('.').next().unwrap_or(&value);
            SURROUNDINGS.contains(&name.as_str())
                && DEVELOPMENT.contains(&last)
                && !self.slice(variable.at).contains('$')
        })
    }

    fn says_so(&self, deployment: &Deployment) -> bool {
        let texts = deployment.texts.iter().map(|text| &self.texts[*text].text);
        let at_head = texts.into_iter().any(|text| {
            let head: String = text
                .lines()
                .take_while(|line| line.trim().is_empty() || line.starts_with('#'))
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
        assert_eq!(of(compose, "CO106"), Severity::Error);
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
        let both = with(
            "    command: gunicorn shop.wsgi\n  mail:\n    build: .\n    command: flask run\n",
        );
        assert!(!developed(&[image, ("compose.yaml", &both)]));
    }
}
