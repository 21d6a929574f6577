//! Secrets that a COPY of everything takes into the image.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::cross::context::{self, Secret};
use crate::lint::subject::Subject;
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "XF108",
    name: "secrets-in-build",
    severity: Severity::Warning,
    summary: ".dockerignore leaves secrets out of a COPY of everything",
    why: "Whoever can pull the image can read every file in it: passwords of `.env`, private keys, and with `.git` everything that was ever committed. Deleting them in a later layer takes nothing away.",
    example: "**/.env\n**/.env.*\n**/*.pem\n.git",
    source: "Docker, Build context: .dockerignore files; Building best practices: Exclude with .dockerignore",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in subject.production_builds().filter(|build| build.is_python) {
        let Some(ignored) = subject.ignored_by(build) else { continue };
        let Some(copied) = context::everything(subject, build) else { continue };
        let secrets: Vec<Secret> = context::secrets(subject, build)
            .into_iter()
            .filter(|own| !ignored.leaves_out(&own.path))
            .collect();
        let Some(worst) = secrets.iter().max_by_key(|own| own.severity) else { continue };
        let names: Vec<&str> = secrets.iter().map(|own| own.path.as_str()).collect();
        let patterns: Vec<String> = context::patterns(&secrets);
        let file = &subject.texts[ignored.text];
        let finding = findings.add(
            subject.instruction(build, copied),
            format!("COPY takes {} into the image: {}", names.join(", "), worst.what),
        );
        finding
            .about(names.join(" "))
            .severity(worst.severity)
            .related(At::file(ignored.text), format!("{} does not leave it out", file.path))
            .help(
                patterns
                    .iter()
                    .cloned()
                    .chain([format!("(into {})", file.path)])
                    .chain(context::instead(subject, build, &secrets))
                    .collect::<Vec<_>>()
                    .join("\n"),
            );
        // What the application may read from its own image stays.
        if !secrets.iter().any(|own| context::may_be_read(subject, build, own)) {
            let end = file.text.len();
            let before = if file.text.is_empty() || file.text.ends_with('\n') { "" } else { "\n" };
            let fix = Fix::new(Grade::Checked, "leaves them out of the build")
                .edit(
                    At::new(ignored.text, Span::new(end, end)),
                    format!("{before}{}\n", patterns.join("\n")),
                )
                .condition("the containers get their variables from the compose file, and nothing in the build reads these files");
            finding.fix(fix);
        }
    }
}
