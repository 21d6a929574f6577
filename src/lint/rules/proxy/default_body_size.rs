//! Uploads that end at nginx's default of 1 MB.

use super::pass::{Pass, passes};
use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "NG101",
    name: "default-body-size",
    severity: Severity::Warning,
    summary: "where uploads are taken, the proxy says how large they may be",
    why: "nginx answers 413 to a body of more than 1 MB: a photo of a telephone has three. The application never sees the request, and its log has nothing.",
    example: "client_max_body_size 10m;",
    source: "nginx, client_max_body_size: 1m by default",
    fix: Some(Grade::Suggested),
    check,
};

/// What code that takes files has in it.
const UPLOADS: [&str; 7] = [
    "UploadFile",
    "request.FILES",
    "models.FileField",
    "models.ImageField",
    "request.files",
    "MultiPartParser",
    "forms.FileField",
];

fn check(subject: &Subject, findings: &mut Findings) {
    let Some((taker, word)) = takes_files(subject) else { return };
    let is_set = |pass: &Pass<'_>| {
        pass.inherited(subject, "client_max_body_size").is_ok_and(|own| own.is_empty())
    };
    let mut said: Vec<usize> = Vec::new();
    for pass in passes(subject) {
        if pass.application(subject).is_none() || !is_set(&pass) || said.contains(&pass.proxy.text)
        {
            continue;
        }
        let Some(server) = pass.server() else { continue };
        // Another location of this server may be the one for uploads.
        if mentions(server) {
            continue;
        }
        said.push(pass.proxy.text);
        let message =
            "a body of more than 1 MB is answered with 413, and the application takes files";
        // A location that is for one thing alone is not where it is missing.
        let at = At::new(pass.proxy.text, server.span);
        let at = subject.line_at(at.text, subject.line(at));
        let finding = findings.add(at, message);
        finding.about(pass.location());
        finding.help(format!(
            "client_max_body_size 10m;  # the largest upload that is meant; {taker} has {word}"
        ));
        let first = server
            .inside()
            .iter()
            .rfind(|own| matches!(own.name.as_str(), "listen" | "server_name"));
        if let Some(first) = first {
            let file = &subject.texts[pass.proxy.text];
            let text = file.line_text(file.line(first.span.start));
            let indent = &text[..text.len() - text.trim_start().len()];
            let end = file.behind(first.span.end);
            let at = At::new(pass.proxy.text, Span::new(end, end));
            let fix = Fix::new(Grade::Suggested, "takes bodies of up to 10 MB")
                .edit(at, format!("\n{indent}client_max_body_size 10m;"));
            finding.fix(fix);
        }
    }
}

fn mentions(block: &crate::source::nginx::Directive) -> bool {
    block.inside().iter().any(|own| own.name == "client_max_body_size" || mentions(own))
}

/// A file whose code takes uploads, and by which word.
fn takes_files(subject: &Subject) -> Option<(&str, &'static str)> {
    let is_code = |path: &&str| {
        path.ends_with(".py") && !path.contains("test") && !path.contains("migrations/")
    };
    subject.tree.counted().filter(is_code).find_map(|path| {
        let text = subject.tree.text(path)?;
        UPLOADS.into_iter().find(|word| text.contains(word)).map(|word| (path, word))
    })
}
