//! A signing key that stands in the code.

use crate::detect::services::is_for_another_environment;
use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Subject, Value};

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
    if subject.facts.settings.value().is_some_and(|own| is_for_another_environment(own)) {
        return;
    }
    let used = subject.production_containers().find(|own| {
        let serves =
            own.server.as_ref().is_some_and(|own| !own.program.is_development() && !own.reloads());
        serves && subject.runs_detected(own)
    });
    let Some(container) = used else { return };
    let detected = subject.facts.settings.value().map(String::as_str);
    let module = container.variable("DJANGO_SETTINGS_MODULE");
    if module.is_some() && detected.is_some() && module != detected {
        return;
    }
    let Some((name, at)) = key(subject) else { return };
    findings
        .add(at, format!("{name} stands in the code that {} runs", container.name))
        .about(name)
        .related(subject.container_at(container), "what is signed with it")
        .help(format!(
            "{name} = os.environ[\"{name}\"], and a new key, since everybody has this one"
        ));
}

/// The key that counts: Django's last word, else what the code assigns.
fn key(subject: &Subject) -> Option<(&'static str, At)> {
    if !subject.settings.is_empty() {
        let (value, at) = subject.setting("SECRET_KEY")?;
        return matches!(value, Value::Text(text) if text.len() >= 8).then_some(("SECRET_KEY", at));
    }
    let flask = subject.facts.framework.value().is_some_and(|own| own == "flask");
    let root = subject.facts.root.value()?;
    let lines =
        ["app.secret_key = ", "app.config[\"SECRET_KEY\"] = ", "app.config['SECRET_KEY'] = "];
    let module = subject.facts.app.value()?.split(':').next()?;
    let path = subject.tree.module_path(root, module).filter(|_| flask)?;
    let text = subject.tree.text(&path)?;
    let (line, _) = text.lines().enumerate().find(|(_, line)| {
        lines.iter().any(|start| {
            line.trim_start()
                .strip_prefix(start)
                .is_some_and(|value| value.trim_start_matches('b').starts_with(['"', '\'']))
        })
    })?;
    Some(("SECRET_KEY", subject.line_of(&path, line + 1)?))
}
