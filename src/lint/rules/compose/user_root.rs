//! A service that is made root again.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Member, Subject};

pub static RULE: Rule = Rule {
    code: "CO143",
    name: "user-root",
    severity: Severity::Warning,
    summary: "the application is not made root by its service",
    why: "The image has a user of its own, and `user:` sets it aside: who breaks in is root in the container, and what it writes into volumes belongs to root.",
    example: "user: \"10001:10001\"",
    source: "Compose Specification: user; CIS Docker Benchmark 4.1",
    fix: Some(Grade::Suggested),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let Some(item) = own.service.item.get("user") else { continue };
        let user = item.scalar().unwrap_or_default();
        let is_root = matches!(user.split(':').next(), Some("0" | "root"));
        if !is_root || !own.kind().is_application() || own.runs_once() || drops(&own) {
            continue;
        }
        let is_privileged = own.service.is("privileged");
        // An image that has no user is DF101's; of one that is pulled nothing is known.
        let Some(build) = subject.build_of(own.container) else { continue };
        let Some(of_image) = build.image.user.as_ref() else { continue };
        let Some(text) = of_image.value.known().filter(|_| !is_privileged) else { continue };
        if matches!(text.split(':').next(), Some("0" | "root")) {
            continue;
        }
        let finding = findings
            .add(own.place(item), format!("{} runs as root, and its image as {text}", own.name()));
        finding
            .about(own.name())
            .related(subject.instruction(build, of_image.at), "the user of the image")
            .help(
                "Take the line out; what it writes to in volumes belongs to that user: chown once.",
            );
        let parent = &own.service.item;
        if let Some(edit) = edit::compose::remove(subject, own.deployment, parent, "user") {
            let fix = Fix::new(Grade::Suggested, "leaves the user of the image");
            finding.fix(fix.edit(edit.at, edit.text));
        }
    }
}

/// Whether what it starts changes to a user by itself.
fn drops(own: &Member<'_>) -> bool {
    const DROPS: [&str; 7] =
        ["gosu", "su-exec", "setpriv", "runuser", "setuidgid", "su -", "sudo -u"];
    let has = |text: &str| DROPS.iter().any(|word| text.contains(word));
    let scripts = own.container.steps.iter().filter_map(|step| step.script);
    let image = own.subject.build_of(own.container).map(|build| build.image.words().join(" "));
    has(&own.service.command())
        || image.as_deref().is_some_and(has)
        || scripts.into_iter().any(|script| has(&own.subject.texts[script].text))
}
