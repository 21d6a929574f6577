//! Secrets: in no image, and with no service that does not need them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::lacking;
use crate::detect::secret;
use crate::lint::subject::Kind;
use crate::verify::case::Case;
use crate::verify::engine::Container;
use crate::verify::model::Model;
use crate::verify::record::{Finding, counted};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

const ID: &str = "isolation.secrets";
/// Shorter values are words, which stand everywhere.
const SHORTEST: usize = 8;

/// A secret value, by the names that it has and who is given it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Secret {
    names: BTreeSet<String>,
    services: BTreeMap<String, String>,
}

/// Judges images, build arguments and environments.
pub async fn judge(run: &mut Run<'_>, containers: &[Container]) -> Outcome {
    let secrets = secrets(&run.case.model);
    let mut found = Vec::new();
    found.extend(arguments(&run.case.model));
    found.extend(given(run.case, &secrets));
    let model = &run.stack.model;
    let built: BTreeSet<String> =
        model.built().into_iter().map(|own| model.image(own).to_owned()).collect();
    let mut looked: BTreeSet<String> = BTreeSet::new();
    for container in containers {
        let image = container.text("/Image").to_owned();
        if !looked.insert(image.clone()) {
            continue;
        }
        let is_built = built.contains(run.stack.model.image(&container.service));
        let facts = run.engine.image(&image).await?;
        let history = run.engine.api().image_history(&image).await?;
        let lines: Vec<String> = history.into_iter().map(|own| own.created_by).collect();
        for said in in_image(&facts, &lines, &secrets, is_built) {
            found.push(Finding::failed(ID, said).of(&container.service).help(
                "a build that needs it takes RUN --mount=type=secret; the application reads it from its environment; the value is known now and has to be replaced (DF117)",
            ));
        }
    }
    if found.is_empty() {
        let said = format!(
            "{} of the environment: nowhere in {}, and given to nobody who does not need it",
            counted(secrets.len(), "secret"),
            counted(looked.len(), "image")
        );
        run.record(Finding::passed(ID, said));
    }
    for finding in found {
        run.record(finding);
    }
    Ok(())
}

/// Every secret of the environment, by its value.
fn secrets(model: &Model) -> BTreeMap<String, Secret> {
    let mut all: BTreeMap<String, Secret> = BTreeMap::new();
    for service in model.services() {
        for (name, value) in model.environment(service) {
            let Some(value) = value.filter(|own| !own.is_empty()) else { continue };
            let secret = match secret::password(value) {
                Some(own) => own,
                None if secret::is_variable(name) && !value.contains("://") => value,
                None => continue,
            };
            if matches!(
                secret.to_ascii_lowercase().as_str(),
                "true" | "false" | "yes" | "no" | "none"
            ) || secret.starts_with('/')
            {
                continue;
            }
            let own = all.entry(secret.to_owned()).or_default();
            own.names.insert(name.to_owned());
            own.services.entry(service.to_owned()).or_insert_with(|| name.to_owned());
        }
    }
    all
}

/// Build arguments that are secrets: the build's record keeps them.
fn arguments(model: &Model) -> Vec<Finding> {
    let mut found = Vec::new();
    for service in model.built() {
        let args = model.service(service)["build"]["args"].as_object();
        for (name, value) in args.into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            if value.is_empty() || !secret::is_variable(name) && secret::password(value).is_none() {
                continue;
            }
            let said =
                format!("the build argument {name} is a secret, and the image's history keeps it");
            found.push(Finding::failed(ID, said).of(service).help(format!(
                "`secrets:` below `build:`, and RUN --mount=type=secret,id={} in the Dockerfile (DF117)",
                name.to_lowercase()
            )));
        }
    }
    found
}

/// Secrets that proxies and stores are given, and others have.
fn given(case: &Case, secrets: &BTreeMap<String, Secret>) -> Vec<Finding> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for secret in secrets.values() {
        for (service, name) in &secret.services {
            let Some(own) = case.service(service) else { continue };
            let is_shared = secret.services.len() > 1;
            if is_shared && !needs(own.kind, &secret.names) {
                found.entry(service).or_default().insert(name);
            }
        }
    }
    let said = |(service, names): (&str, BTreeSet<&str>)| {
        let names: Vec<&str> = names.into_iter().collect();
        let kind = case.service(service).map_or("a service", |own| own.kind.word());
        let said = format!("{kind} is given {}, which is another's", names.join(", "));
        let help =
            "name in `environment:` what the service reads, in place of an `env_file` for all";
        lacking(case, ID, said, help).of(service)
    };
    found.into_iter().map(said).collect()
}

/// Whether a service of a kind may have a secret of these names. Only what serves
/// no code of the application is sure not to need its secrets.
fn needs(kind: Kind, names: &BTreeSet<String>) -> bool {
    let own: &[&str] = match kind {
        Kind::Postgres => &["POSTGRES_", "PG"],
        Kind::Mysql => &["MYSQL_", "MARIADB_"],
        Kind::Mongo => &["MONGO"],
        Kind::Redis => &["REDIS", "VALKEY", "CACHE", "BROKER"],
        Kind::Rabbitmq => &["RABBITMQ_", "AMQP"],
        Kind::Memcached | Kind::Nginx | Kind::Proxy => &[],
        _ => return true,
    };
    names.iter().any(|name| own.iter().any(|start| name.to_ascii_uppercase().starts_with(start)))
}

/// What an image gives away.
fn in_image(
    facts: &Value,
    history: &[String],
    secrets: &BTreeMap<String, Secret>,
    is_built: bool,
) -> Vec<String> {
    let mut found = BTreeSet::new();
    let config = &facts["Config"];
    let place = |text: &str, whole: &str| -> Option<String> {
        secrets.iter().find_map(|(value, own)| {
            let is_there = value.len() >= SHORTEST && text.contains(value.as_str());
            is_there.then(|| {
                let name = own.names.iter().next().map_or("", String::as_str);
                format!("the value of {name} is in its {whole}")
            })
        })
    };
    let texts = |value: &Value| -> Vec<String> {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(|own| own.as_str().map(str::to_owned)).collect()
    };
    for line in history {
        found.extend(place(line, "history"));
    }
    for key in ["Cmd", "Entrypoint"] {
        for word in texts(&config[key]) {
            found.extend(place(&word, "command"));
        }
    }
    let labels = config["Labels"].as_object();
    for value in labels.into_iter().flat_map(|own| own.values()).filter_map(Value::as_str) {
        found.extend(place(value, "labels"));
    }
    for pair in texts(&config["Env"]) {
        let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
        if let Some(said) = place(value, "environment") {
            found.insert(said);
        } else if is_built && secret::is_variable(name) && is_real(value) {
            found
                .insert(format!("its environment sets {name}, which everybody who pulls it reads"));
        }
    }
    if is_built {
        found.extend(history.iter().flat_map(|line| of_arguments(line)));
    }
    found.into_iter().collect()
}

/// Secrets among the build arguments that a step of the history ran with:
/// `RUN |2 TOKEN=x USER=y /bin/sh -c …`.
fn of_arguments(line: &str) -> Vec<String> {
    let Some((_, rest)) = line.split_once('|') else { return Vec::new() };
    let (count, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let Ok(count) = count.parse::<usize>() else { return Vec::new() };
    rest.split_whitespace()
        .take(count)
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, value)| secret::is_variable(name) && is_real(value))
        .map(|(name, _)| format!("its history has the build argument {name} with its value"))
        .collect()
}

/// Whether a value can be a secret, and is no stand-in for a build.
fn is_real(value: &str) -> bool {
    const STANDS_IN: [&str; 10] = [
        "build",
        "dummy",
        "fake",
        "example",
        "placeholder",
        "change",
        "unused",
        "test",
        "collect",
        "insecure",
    ];
    let lower = value.to_ascii_lowercase();
    value.len() > 2
        && !lower.starts_with(['/', '$'])
        && !STANDS_IN.iter().any(|word| lower.contains(word))
        && !matches!(lower.as_str(), "true" | "false" | "none" | "null")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn model() -> Model {
        Model(json!({ "services": {
            "web": { "environment": {
                "DATABASE_URL": "postgresql://app:correct-horse@db/app", "SECRET_KEY": "battery-staple",
                "PUBLIC_KEY": "public-value", "TOKEN_TTL": "12345678" } },
            "db": { "environment": { "POSTGRES_PASSWORD": "correct-horse" } },
        } }))
    }

    #[test]
    fn secrets_are_told_by_name_and_by_address() {
        let all = secrets(&model());
        let values: Vec<&str> = all.keys().map(String::as_str).collect();
        assert_eq!(values, ["battery-staple", "correct-horse"]);
        assert_eq!(all["correct-horse"].services.len(), 2);
    }

    #[test]
    fn a_store_needs_its_own_password_and_no_other() {
        let names = |all: &[&str]| all.iter().map(|own| (*own).to_owned()).collect();
        assert!(needs(Kind::Postgres, &names(&["DATABASE_URL", "POSTGRES_PASSWORD"])));
        assert!(!needs(Kind::Postgres, &names(&["SECRET_KEY"])));
        assert!(!needs(Kind::Nginx, &names(&["DATABASE_URL", "POSTGRES_PASSWORD"])));
        assert!(needs(Kind::Worker, &names(&["SECRET_KEY"])));
    }

    #[test]
    fn an_image_gives_away_values_names_and_arguments() {
        let all = secrets(&model());
        let facts = json!({ "Config": {
            "Env": ["PATH=/usr/bin", "API_TOKEN=abc-123", "SECRET_KEY=build"],
            "Labels": { "note": "battery-staple" }, "Cmd": ["run"] } });
        let history = vec![
            "RUN |1 INDEX_TOKEN=hunter22 /bin/sh -c pip install x # buildkit".to_owned(),
            "RUN /bin/sh -c echo correct-horse".to_owned(),
        ];
        let found = in_image(&facts, &history, &all, true);
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(in_image(&facts, &history, &all, false).len(), 2);
        assert!(
            in_image(&json!({ "Config": { "Env": ["GPG_KEY=ABCDEF"] } }), &[], &all, true)
                .is_empty()
        );
    }
}
