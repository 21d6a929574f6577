//! Services that start before what they need.

use super::{database_without_health_check, together};
use crate::lint::diagnostic::{At, Edit, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Program, Subject, listed};
use crate::source::compose::{Item, Node};
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "CO107",
    name: "depends-without-condition",
    severity: Severity::Warning,
    summary: "what needs a database waits until it answers",
    why: "The short form of depends_on waits until a container was started, not until the database in it answers, nor until a migration has ended. The first start on an empty host fails, and so may every one after a reboot.",
    example: "depends_on:\n  db:\n    condition: service_healthy",
    source: "Compose Specification: depends_on; Docker, Control startup and shutdown order",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        for own in &members {
            let Some(item) = own.service.item.get("depends_on") else { continue };
            if !own.kind().is_application() || own.is_developed() || may_wait(own) {
                continue;
            }
            let named = item.scalars();
            let open = |name: &str| match &item.node {
                Node::Map(_) => item.get(name).is_some_and(|one| one.get("condition").is_none()),
                _ => named.iter().any(|own| own == name),
            };
            let needed: Vec<&Member<'_>> = members
                .iter()
                .filter(|other| open(other.name()))
                .filter(|other| other.kind().is_database() || other.runs_once())
                .collect();
            if needed.is_empty() {
                continue;
            }
            let names: Vec<&str> = needed.iter().map(|other| other.name()).collect();
            let first = needed[0];
            let what = if first.runs_once() { "has ended" } else { "answers" };
            let message = format!("{} starts before {} {what}", own.name(), listed(&names));
            let help: Vec<String> = needed
                .iter()
                .map(|own| format!("  {}:\n    condition: {}", own.name(), condition(own)))
                .collect();
            let named = item.items().iter().find(|one| one.scalar().as_deref() == Some(names[0]));
            let at = match named {
                Some(named) => own.place(named),
                None => own.place(item),
            };
            // A list that several services share is one line.
            if let Some(found) = findings.found.iter_mut().find(|found| found.at == at) {
                together::likewise(found, own.name());
                continue;
            }
            let finding = findings.add(at, message);
            finding.about(own.name());
            // A worker opens its database in its tasks, and MongoDB's client
            // connects when it is asked something, and tries again.
            let tries_later = own.connects_late();
            let is_late = |other: &&Member<'_>| {
                !other.runs_once()
                    && (tries_later || other.kind() == Kind::Mongo || asks_when_it_is_asked(own))
            };
            if needed.iter().copied().all(|other| is_late(&other)) {
                finding.severity(Severity::Advice);
            }
            let checks: String = needed
                .iter()
                .filter(|own| !own.runs_once() && !own.has_health())
                .map(|own| check_first(own))
                .collect();
            finding.help(format!("depends_on:\n{}{checks}", help.join("\n")));
            for other in needed.iter().filter(|own| !own.runs_once() && !own.has_health()) {
                finding.related(other.at(), format!("{} needs a health check first", other.name()));
            }
            // A condition on a check that is not there is refused.
            let all = needed.iter().all(|own| own.runs_once() || own.has_health());
            if let Some(edit) = edit(own, item, &members).filter(|_| all) {
                let fix = Fix::new(Grade::Checked, "waits for what it needs")
                    .condition("each of them has a health check, or ends")
                    .edit(edit.at, edit.text);
                finding.fix(fix);
            }
        }
    }
}

/// The health check of a database that has none: Compose refuses to wait for it.
fn check_first(own: &Member<'_>) -> String {
    let name = own.name();
    let refused = "without one Compose refuses the condition";
    match database_without_health_check::test(own) {
        Some(test) => {
            let times = database_without_health_check::TIMES.replace('\n', "\n  ");
            format!("\nand in {name}, since {refused}:\nhealthcheck:\n  test: {test}\n  {times}")
        }
        None => format!("\nand in {name} a healthcheck: {refused}"),
    }
}

/// Whether it opens its database with the first request: Django does, where nothing
/// but the server is started.
fn asks_when_it_is_asked(own: &Member<'_>) -> bool {
    let serves_alone = own.container.steps.iter().all(|step| step.program.serves());
    own.kind() == Kind::Web
        && own.container.server.is_some()
        && serves_alone
        && own.subject.runs_detected(own.container)
        && own.subject.facts.installs("django")
}

fn condition(own: &Member<'_>) -> &'static str {
    if own.runs_once() {
        "service_completed_successfully"
    } else if own.has_health() || own.kind().is_database() {
        "service_healthy"
    } else {
        "service_started"
    }
}

/// What waits for a database, in commands and in the scripts that they run.
const WAITING: [&str; 11] = [
    "wait-for",
    "wait_for",
    "waitfor",
    "pg_isready",
    "mysqladmin ping",
    "nc -z",
    "nc -vz",
    "/dev/tcp",
    "pre_start",
    "prestart",
    "psycopg.connect",
];

/// Whether its command, its entry point or a script that they run waits for
/// something, as far as their texts say.
pub(super) fn is_waiting(own: &Member<'_>) -> bool {
    let subject = own.subject;
    let waits = |text: &str| {
        let lower = text.to_ascii_lowercase();
        WAITING.iter().any(|word| lower.contains(word)) || lower.contains("psycopg2.connect")
    };
    if own.told().iter().any(|text| waits(text)) {
        return true;
    }
    // This family of images runs such a script first, wherever it was put.
    let is_of_family = own.image().is_some_and(|image| {
        image.starts_with("tiangolo/uvicorn-gunicorn") || image.starts_with("tiangolo/meinheld")
    });
    let is_first = |path: &&str| path.rsplit('/').next() == Some("prestart.sh");
    let context = subject.build_of(own.container).map_or(".", |build| build.context.as_str());
    is_of_family
        && subject
            .tree
            .below(context)
            .filter(is_first)
            .any(|path| subject.tree.text(path).is_some_and(waits))
}

/// Whether it waits by itself, or runs something that cannot be followed.
fn may_wait(own: &Member<'_>) -> bool {
    is_waiting(own)
        || own.container.steps.iter().any(|step| {
            let waits = |word: &String| {
                let word = word.to_ascii_lowercase();
                word.contains("wait") || word.contains("pg_isready") || word.contains("dockerize")
            };
            let first = step.argv.first().map_or("", String::as_str);
            let name = first.rsplit('/').next().unwrap_or(first);
            let is_script = step.program == Program::Other
                && (name.ends_with(".sh")
                    || first.starts_with(['/', '.'])
                    || name.contains("entrypoint"));
            let probes = matches!(name, "nc" | "until" | "sleep" | "timeout");
            is_script || probes || step.argv.iter().any(waits)
        })
}

/// The list as a mapping; only where it is nothing but names.
fn edit(own: &Member<'_>, item: &Item, members: &[Member<'_>]) -> Option<Edit> {
    let (key, _) = own
        .service
        .item
        .entries()
        .find(|(key, _)| key.scalar().as_deref() == Some("depends_on"))?;
    let (key_start, key_end) = key.span?;
    let text = own.place(key).text;
    let file = &own.subject.texts[text];
    let line = file.line(key_start);
    let indent = file.line_text(line).find("depends_on")?;
    let names: Vec<String> = item.items().iter().map(Item::scalar).collect::<Option<_>>()?;
    let (_, last) = item.items().last()?.span?;
    let last_line = file.line(last.checked_sub(1)?);
    let end = file.line_span(last_line).end;
    let written = file.text.get(key_end..end)?;
    let is_plain = !written.contains(['#', '&', '*', '$', '<']);
    let closes = written.contains('[') == written.trim_end().ends_with(']');
    if !is_plain || !closes || item.file != key.file {
        return None;
    }
    let pad = " ".repeat(indent + 2);
    let mut lines = String::from(":");
    for name in names {
        let other = members.iter().find(|own| own.name() == name);
        let condition = other.map_or("service_started", |own| match condition(own) {
            // The check has to be there.
            "service_healthy" if !own.has_health() => "service_started",
            condition => condition,
        });
        lines.push_str(&format!("\n{pad}{name}:\n{pad}  condition: {condition}"));
    }
    Some(Edit { at: At::new(text, Span::new(key_end, end)), text: lines })
}
