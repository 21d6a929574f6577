//! Lists of files for everybody.

use super::pass::proxies;
use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Proxy, Subject};
use crate::source::nginx::Directive;

pub static RULE: Rule = Rule {
    code: "NG111",
    name: "directory-listing",
    severity: Severity::Warning,
    summary: "directories are not listed",
    why: "Who opens the address of a directory gets the names of all files in it: what users uploaded, and what nobody meant to publish.",
    example: "autoindex off;",
    source: "nginx, ngx_http_autoindex_module; OWASP, directory listing",
    fix: None,
    check,
};

/// Words of locations whose files are public.
const PUBLIC: [&str; 10] = [
    "static",
    "staticfiles",
    "css",
    "js",
    "assets",
    "admin",
    "fonts",
    "img",
    "sitemap",
    "sitemaps",
];

fn check(subject: &Subject, findings: &mut Findings) {
    for proxy in proxies(subject) {
        walk(proxy, &proxy.directives, "the server", findings);
    }
}

fn walk(proxy: &Proxy, directives: &[Directive], location: &str, findings: &mut Findings) {
    // For those who log in, or for a network, it is meant.
    let has = |name: &str| directives.iter().any(|own| own.name == name);
    let is_meant = ["auth_basic", "auth_request", "allow", "deny", "internal", "secure_link"]
        .iter()
        .any(|name| has(name));
    for own in directives {
        if own.name == "autoindex" && own.first() == "on" && !is_meant {
            let message = format!("{location} lists its files for everybody");
            let finding = findings.add(At::new(proxy.text, own.span), message);
            finding.about(location).help("autoindex off;");
            // What every page names anyway is no secret.
            let root = directives.iter().find(|own| matches!(own.name.as_str(), "root" | "alias"));
            let root = root.map_or("", Directive::first);
            let lower = format!("{location} {root}").to_ascii_lowercase();
            let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
            if words.any(|word| PUBLIC.contains(&word)) {
                finding.severity(Severity::Advice);
            }
        }
        let inner = match own.name.as_str() {
            "location" => own.arguments.last().map_or(location, String::as_str),
            _ => location,
        };
        walk(proxy, own.inside(), inner, findings);
    }
}
