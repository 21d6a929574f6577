//! Connections to the application that are kept for nothing.

use super::header;
use super::owner::owners;
use super::pass::{Pass, passes, upstreams};
use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::source::compose::image;

pub static RULE: Rule = Rule {
    code: "NG107",
    name: "keepalive-without-http11",
    severity: Severity::Advice,
    summary: "an upstream with keepalive is spoken to in HTTP/1.1, without Connection: close",
    why: "Before 1.29.7 nginx speaks HTTP/1.0 to an upstream and sends Connection: close: keepalive does nothing, and every request opens a connection of its own.",
    example: "proxy_http_version 1.1;\nproxy_set_header Connection \"\";",
    source: "nginx, ngx_http_upstream_module: keepalive; CHANGES of 1.29.7",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let mut said: Vec<String> = Vec::new();
    let all = passes(subject);
    for pass in &all {
        let name = target(pass);
        let upstream = upstreams(&pass.proxy.directives)
            .find(|own| own.first() == name && own.get("keepalive").is_some());
        let Some(upstream) = upstream.filter(|_| !said.iter().any(|own| own == name)) else {
            continue;
        };
        let owners = owners(subject, pass.proxy);
        let is_old = !owners.is_empty()
            && owners.iter().all(|(own, _)| own.image().is_some_and(is_before_1_29_7));
        let (Ok(version), Ok(connection)) =
            (pass.inherited(subject, "proxy_http_version"), pass.header(subject, "Connection"))
        else {
            continue;
        };
        let speaks = version.last().is_some_and(|own| own.first() == "1.1");
        // `$connection_upgrade` and the like say it themselves.
        let keeps =
            connection.as_ref().is_some_and(|value| value.is_empty() || value.contains('$'));
        if !is_old || speaks && keeps {
            continue;
        }
        let nothing_said = version.is_empty() && connection.is_none();
        said.push(name.to_owned());
        let message = format!("{name} has keepalive, and every request still opens a connection");
        let finding = findings.add(pass.at(), message);
        finding.about(name).help("proxy_http_version 1.1;\nproxy_set_header Connection \"\";");
        if let Some(keepalive) = upstream.get("keepalive") {
            finding.related(At::new(pass.proxy.text, keepalive.span), "keepalive");
        }
        // Every other way to it as well, or the finding would come back there.
        let alone = all.iter().filter(|own| target(own) == name).count() == 1;
        if nothing_said && alone {
            let lines = ["proxy_http_version 1.1;", "proxy_set_header Connection \"\";"];
            let edit = header::insertion(subject, pass, &lines);
            let fix = Fix::new(Grade::Checked, "keeps connections to the application open");
            finding.fix(
                fix.condition("nothing else is said of the protocol or of Connection, and this is the only way to the upstream")
                    .edit(edit.at, edit.text),
            );
        }
    }
}

/// The upstream's name, or the host's.
fn target<'s>(pass: &Pass<'s>) -> &'s str {
    let name = pass.directive.first().split("://").nth(1).unwrap_or_default();
    name.split('/').next().unwrap_or_default()
}

fn is_before_1_29_7(reference: &str) -> bool {
    let (_, tag) = image::parts(reference);
    let numbers: Vec<u32> = tag.split(['.', '-']).map_while(|part| part.parse().ok()).collect();
    match numbers.as_slice() {
        [1, minor] => *minor < 29,
        [1, minor, patch, ..] => (*minor, *patch) < (29, 7),
        _ => false,
    }
}
