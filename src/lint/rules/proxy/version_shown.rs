//! nginx's version in every answer.

use super::pass::proxies;
use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Proxy, Subject};
use crate::source::nginx::Directive;
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "NG106",
    name: "version-shown",
    severity: Severity::Style,
    summary: "nginx does not tell its version",
    why: "Scanners look for versions with a known fault; this one need not tell them.",
    example: "server_tokens off;",
    source: "nginx, server_tokens",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    if proxies(subject).any(|own| mentions(&own.directives)) {
        return;
    }
    let whole = |own: &&Proxy| own.directives.iter().any(|own| own.name == "http");
    let is_whole = proxies(subject).any(|own| whole(&own));
    // A whole configuration, each of which runs alone, or servers that are included
    // into one, where it may stand once.
    for proxy in proxies(subject).filter(|own| !is_whole || whole(own)) {
        let http = proxy.directives.iter().find(|own| own.name == "http");
        let level = http.map_or(proxy.directives.as_slice(), Directive::inside);
        let Some(first) = level.first() else { continue };
        let Some(server) = level.iter().find(|own| own.name == "server") else { continue };
        let finding =
            findings.add(At::new(proxy.text, server.span), "answers tell nginx's version");
        finding.about("server_tokens").help("server_tokens off;");
        let file = &subject.texts[proxy.text];
        let mut line = file.line(first.span.start);
        let text = file.line_text(line);
        let indent = &text[..text.len() - text.trim_start().len()];
        let start = file.line_span(line).start;
        if file.text.get(start + indent.len()..first.span.start) == Some("") {
            // The comment above a directive is about that.
            while line > 1 && file.line_text(line - 1).trim_start().starts_with('#') {
                line -= 1;
            }
            let start = file.line_span(line).start;
            let at = At::new(proxy.text, Span::new(start, start));
            let fix = Fix::new(Grade::Safe, "keeps the version to itself");
            finding.fix(fix.edit(at, format!("{indent}server_tokens off;\n")));
        }
        if !is_whole {
            return;
        }
    }
}

fn mentions(directives: &[Directive]) -> bool {
    directives.iter().any(|own| own.name == "server_tokens" || mentions(own.inside()))
}
