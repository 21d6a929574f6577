//! Migrations that run whenever a server starts.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Kind, Program, Step, Subject};
use crate::source::text::Text;

pub static RULE: Rule = Rule {
    code: "XF111",
    name: "migrations-in-every-start",
    severity: Severity::Warning,
    summary: "migrations run once for each deployment, before the servers start",
    why: "Each container that starts, or is restarted after a crash, migrates first. Two that start together alter the same tables at once: one fails, or both wait for each other's locks. And a migration that takes minutes is killed by a health check that expects a server. 26 % of public Python services do it.",
    example: "services:\n  migrate:\n    command: [python, manage.py, migrate, --no-input]\n    restart: \"no\"\n  web:\n    depends_on:\n      migrate:\n        condition: service_completed_successfully",
    source: "Compose specification: depends_on, service_completed_successfully; counted over 129 public repositories",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers().filter(|own| own.kind == Kind::Web) {
        let Some(server) = container.server.as_ref().filter(|own| !own.program.is_development())
        else {
            continue;
        };
        let before = &container.steps[..server.step.min(container.steps.len())];
        let Some(step) = before.iter().find(|own| own.program == Program::Migrate) else {
            continue;
        };
        if is_guarded(subject, step) {
            continue;
        }
        let (replicas, said) = subject.replicas(container);
        let several = replicas > 1;
        let message = if several {
            format!(
                "{}: each of its {replicas} replicas migrates the database when it starts",
                container.name
            )
        } else {
            format!("{}: the database is migrated at every start of the server", container.name)
        };
        let finding = findings.add(step.at, message);
        finding
            .severity(match several {
                true => Severity::Error,
                false if is_risky(subject, container, step) => Severity::Warning,
                // One container by design: it is only slow to come back.
                false => Severity::Advice,
            })
            .about(step.argv.join(" "))
            .help(format!(
                "a service of its own that runs `{}` once, with restart: \"no\"; the server depends on it with condition: service_completed_successfully",
                step.argv.join(" ")
            ))
            .related(server.at, format!("{} starts after it", server.program.word()));
        if let Some(at) = said.filter(|_| several) {
            finding.related(at, format!("{replicas} replicas"));
        }
    }
}

/// Whether a script runs it on a condition only, or holds a lock around it.
fn is_guarded(subject: &Subject, step: &Step) -> bool {
    let text: &Text = &subject.texts[step.at.text];
    if step.script.is_none() {
        let words = subject.slice(step.at);
        return words.contains("if [") || words.contains("flock") || words.contains("[ \"$");
    }
    let line = text.line(step.at.span.start);
    let own = text.line_text(line);
    if own.contains("[ ") || own.contains("test ") || own.contains("flock") {
        return true;
    }
    let mut depth = 0_i32;
    for number in 1..line {
        let bare = text.line_text(number).trim();
        let first = bare.split([' ', '\t', ';']).next().unwrap_or_default();
        match first {
            "if" | "case" => depth += 1,
            "fi" | "esac" => depth -= 1,
            _ if bare.ends_with("() {") || bare.ends_with("(){") => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if first == "if" && bare.trim_end().ends_with("fi") {
            depth -= 1;
        }
    }
    depth > 0
}

/// Whether more than a slow start is to be feared: several may start at once,
/// migrations are made on the spot, or a broken one is tried for ever.
fn is_risky(subject: &Subject, container: &Container, step: &Step) -> bool {
    // With its own database in it there is one container alone.
    let has_database = container
        .steps
        .iter()
        .any(|own| own.argv.iter().any(|word| word.contains("pg_ctl") || word.contains("initdb")));
    if has_database {
        return false;
    }
    let Some((deployment, _)) = subject.composed(container) else { return true };
    let as_well = subject.containers_of(deployment).any(|own| {
        own.name != container.name && own.steps.iter().any(|other| other.argv == step.argv)
    });
    let makes = container.steps.iter().any(|own| {
        let has = |word: &str| own.argv.iter().any(|own| own == word);
        has("makemigrations") || has("db") && (has("migrate") || has("init"))
    });
    let text: &Text = &subject.texts[step.at.text];
    let line = text.line_text(text.line(step.at.span.start)).trim_start();
    let whole = if step.script.is_some() { line } else { subject.slice(step.at) };
    as_well || makes || ["until ", "while "].iter().any(|word| whole.contains(word))
}
