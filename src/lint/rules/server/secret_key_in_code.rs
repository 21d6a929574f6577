//! A signing key that stands in the code.

use crate::detect::path::is_below;
use crate::environments::is_for_another;
use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::server::{is_beside_development, uses_detected_settings};
use crate::lint::subject::{Container, Subject, Value};

pub static RULE: Rule = Rule {
    code: "PY111",
    name: "secret-key-in-code",
    severity: Severity::Error,
    summary: "signing keys come from the environment",
    why: "Whoever can read the repository can sign sessions and password resets as the application does: he is any user he likes. 37 % of public Python services have theirs in the code.",
    example: "SECRET_KEY = os.environ[\"SECRET_KEY\"]",
    source: "Django, Settings: SECRET_KEY; Flask, Configuration: SECRET_KEY",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    // XF123 is about that.
    if subject.facts.settings.value().is_some_and(|own| is_for_another(own)) {
        return;
    }
    let used = |own: &&Container| {
        let serves =
            own.server.as_ref().is_some_and(|own| !own.program.is_development() && !own.reloads());
        serves && subject.runs_detected(own)
    };
    // A worker beside a development server: nothing that users see is signed yet.
    let all = || subject.production_containers().filter(used);
    let deployed = all().find(|own| !is_beside_development(subject, own));
    let Some(container) = deployed.or_else(|| all().next()) else { return };
    let severity = if deployed.is_some() { Severity::Error } else { Severity::Warning };
    let has_settings = subject.facts.settings.value().is_some();
    if has_settings && !uses_detected_settings(subject, container, "SECRET_KEY") {
        return;
    }
    let Some((name, at)) = key(subject) else { return };
    findings
        .add(at, format!("{name} stands in the code that {} runs", container.name))
        .about(&name)
        .severity(severity)
        .related(subject.container_at(container), "what is signed with it")
        .help(help(subject, container, &name));
}

/// How the key comes in: under the name that env files have for it already, and with
/// something in its place while the image is built.
fn help(subject: &Subject, container: &Container, name: &str) -> String {
    let ending = format!("_{name}");
    let mut entries = subject.env_files.iter().flat_map(|file| &file.entries);
    let is_there = entries.clone().any(|own| own.name == name);
    let other = entries.find(|own| own.name.ends_with(&ending)).filter(|_| !is_there);
    let variable = other.map_or(name, |own| own.name.as_str());
    let is_built = subject.build_of(container).is_some_and(|build| {
        subject.built_runs(build).iter().flat_map(|run| &run.commands).any(|own| {
            let runs = own.words.iter().any(|word| word.ends_with("manage.py"));
            runs && !own.words.iter().any(|word| word.starts_with(&format!("{variable}=")))
        })
    });
    let build = if is_built {
        format!("; the build runs manage.py: RUN {variable}=build python manage.py …")
    } else {
        String::new()
    };
    format!(
        "{name} = os.environ[\"{variable}\"]  # and a new key, since everybody has this one{build}"
    )
}

/// The key that counts: Django's last word, else what the code assigns.
fn key(subject: &Subject) -> Option<(String, At)> {
    if !subject.settings.is_empty() {
        let (value, at) = subject.setting("SECRET_KEY")?;
        let literal = matches!(value, Value::Text(text) if text.len() >= 8);
        return literal.then(|| ("SECRET_KEY".to_owned(), at));
    }
    of_flask(subject).or_else(|| {
        // Of the application's own package: others may not be run at all.
        let root = subject.facts.root.value()?;
        let package = subject.facts.app.value()?.split(['.', ':']).next()?;
        let package = crate::relpath::join(root, package)?;
        let lack = subject.facts.readiness.iter().find(|own| {
            own.kind == "secret-in-settings"
                && is_below(&own.path, &package)
                && !is_for_another(&own.path)
        })?;
        let at = subject.line_of(&lack.path, lack.line)?;
        let name = subject.slice(at).split([':', '=', ' ']).next()?.to_owned();
        Some((name, at))
    })
}

/// `app.secret_key = "…"` beside the application.
fn of_flask(subject: &Subject) -> Option<(String, At)> {
    let flask = subject.facts.installs("flask");
    let root = subject.facts.root.value()?;
    let module = subject.facts.app.value()?.split(':').next()?;
    let path = subject.tree.module_path(root, module).filter(|_| flask)?;
    let text = subject.tree.text(&path)?;
    let starts =
        ["app.secret_key = ", "app.config[\"SECRET_KEY\"] = ", "app.config['SECRET_KEY'] = "];
    let is_literal = |line: &str| {
        starts.iter().any(|start| {
            line.trim_start()
                .strip_prefix(start)
                .is_some_and(|value| value.trim_start_matches('b').starts_with(['"', '\'']))
        })
    };
    let line = text.lines().position(is_literal)?;
    Some(("SECRET_KEY".to_owned(), subject.line_of(&path, line + 1)?))
}
