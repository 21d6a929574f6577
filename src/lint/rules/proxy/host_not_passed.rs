//! An application that is called by the name of an upstream.

use super::header::{lacking, missing};
use super::pass::Pass;
use crate::detect::scope;
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "NG103",
    name: "host-not-passed",
    severity: Severity::Warning,
    summary: "the proxy passes on the name that the client asked for: Host",
    why: "Without it Host is what stands in proxy_pass, such as web:8000: redirects and links go to a name that no browser knows, Django answers 400 where that is not in ALLOWED_HOSTS, or has an underscore, and checks the origin of forms against the wrong name.",
    example: "proxy_set_header Host $host;",
    source: "nginx, proxy_set_header: Host is $proxy_host by default; Django, ALLOWED_HOSTS",
    fix: Some(Grade::Suggested),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let files = lacking(subject, |pass| {
        Ok(pass.header(subject, "Host")?.is_none()
            && pass.header(subject, "X-Forwarded-Host")?.is_none())
    });
    for mut passes in files {
        // What a browser gets comes first: the finding stands there.
        passes.sort_by_key(|own| !is_page(subject, own));
        let to = passes[0].directive.first().split("://").nth(1).unwrap_or_default();
        let to = to.split('/').next().unwrap_or_default();
        let message = format!("Host is not passed on: the application is called {to}");
        let line = "proxy_set_header Host $host;";
        let finding = missing(subject, findings, &passes, &message, line, Some(Grade::Suggested));
        if let Some(finding) = finding.filter(|_| !needs_host(subject, &passes)) {
            finding.severity(Severity::Advice);
        }
    }
}

/// Whether the application makes anything of the name it is called by: Django
/// checks it, Starlette redirects with it, others where their code says so.
fn needs_host(subject: &Subject, passes: &[Pass<'_>]) -> bool {
    if !passes.iter().any(|own| is_page(subject, own)) {
        return false;
    }
    let member = passes.iter().find_map(|pass| pass.application(subject).flatten());
    let build = member.and_then(|own| subject.build_of(own.container));
    let installs =
        ["django", "fastapi", "starlette"].iter().any(|name| subject.facts.installs(name));
    if installs && build.is_none_or(|own| subject.is_detected(own)) {
        return true;
    }
    let words = [
        "host_url",
        "url_root",
        "base_url",
        "_external",
        "redirect(",
        "django",
        "fastapi",
        "starlette",
    ];
    let context = build.map_or(".", |own| own.context.as_str());
    subject
        .tree
        .below(context)
        .filter(|path| path.ends_with(".py") && !path.contains("test") && scope::counts(path))
        .filter_map(|path| subject.tree.text(path))
        .any(|text| words.iter().any(|word| text.contains(word)))
}

/// Whether somebody may be sent on by what comes back, or his host be checked: not
/// by a WebSocket, a question of nginx's own, or FastAPI's pages about itself,
/// whose links have no host.
fn is_page(subject: &Subject, pass: &Pass<'_>) -> bool {
    let upgrades = pass.header(subject, "Upgrade").is_ok_and(|own| own.is_some());
    let is_internal = pass
        .levels
        .last()
        .is_some_and(|level| level.iter().any(|directive| directive.name == "internal"));
    let path = pass.location().trim_matches(['/', '=', ' ']);
    let is_about_itself =
        matches!(path, "docs" | "redoc" | "openapi.json") && subject.facts.installs("fastapi");
    !upgrades && !is_internal && !is_about_itself
}
