//! A location through which files beside its directory are read.

use super::pass::proxies;
use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Proxy, Subject};
use crate::source::nginx::Directive;
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "NG110",
    name: "alias-traversal",
    severity: Severity::Error,
    summary: "a location whose alias ends with a slash ends with one, too",
    why: "`location /static { alias /srv/static/; }` answers /static../settings.py with /srv/static/../settings.py: everybody reads what lies beside the directory.",
    example: "location /static/ {\n    alias /srv/static/;\n}",
    source: "nginx, alias; gixy: alias_traversal",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for proxy in proxies(subject) {
        walk(subject, proxy, &proxy.directives, findings);
    }
}

fn walk(subject: &Subject, proxy: &Proxy, directives: &[Directive], findings: &mut Findings) {
    for own in directives {
        walk(subject, proxy, own.inside(), findings);
        let path = match own.arguments.as_slice() {
            [path] => path,
            [modifier, path] if modifier == "^~" => path,
            _ => continue,
        };
        let Some(alias) = own.get("alias").filter(|_| own.name == "location") else { continue };
        if path.ends_with('/') || !alias.first().ends_with('/') || !path.starts_with('/') {
            continue;
        }
        let message = format!("{path}../ reads what lies beside {}", alias.first());
        let finding = findings.add(At::new(proxy.text, own.span), message);
        finding.about(path).help(format!("location {path}/ {{"));
        finding.related(At::new(proxy.text, alias.span), "its alias ends with a slash");
        // Two locations of one name are none: nginx does not start.
        let ended = format!("{path}/");
        let is_there = |other: &&Directive| {
            let is_prefix = other.arguments.len() == 1 || other.first() == "^~";
            other.name == "location" && is_prefix && other.arguments.last() == Some(&ended)
        };
        if let Some(other) = directives.iter().find(is_there) {
            finding.related(At::new(proxy.text, other.span), "this one is there already");
            finding.help(format!("Take this location out: {ended} is one of its own"));
            continue;
        }
        let text = subject.slice(At::new(proxy.text, own.span));
        if let Some(at) = text.rfind(path.as_str()) {
            let end = own.span.start + at + path.len();
            let fix = Fix::new(Grade::Safe, "ends the location with a slash");
            finding.fix(fix.edit(At::new(proxy.text, Span::new(end, end)), "/"));
        }
    }
}
