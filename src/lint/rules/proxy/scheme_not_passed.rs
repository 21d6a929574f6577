//! An application that does not learn that the client came over TLS.

use super::header::{lacking, missing};
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::source::nginx::Directive;

pub static RULE: Rule = Rule {
    code: "NG102",
    name: "scheme-not-passed",
    severity: Severity::Warning,
    summary: "the proxy says whether the client came over https: X-Forwarded-Proto",
    why: "The application believes that it is called over http: links and redirects go to http://, a redirect to https loops, Django refuses forms over https, and secure cookies are not set. What a client sends under this name goes through as it is.",
    example: "proxy_set_header X-Forwarded-Proto $scheme;",
    source: "Django, SECURE_PROXY_SSL_HEADER; uvicorn, Deployment: proxies; nginx, proxy_set_header",
    fix: Some(Grade::Safe),
    check,
};

/// Headers that say the same.
const NAMES: [&str; 7] = [
    "X-Forwarded-Proto",
    "X-Forwarded-Protocol",
    "X-Forwarded-Scheme",
    "X-Scheme",
    "X-Url-Scheme",
    "X-Forwarded-Ssl",
    "Forwarded",
];

fn check(subject: &Subject, findings: &mut Findings) {
    let files = lacking(subject, |pass| {
        for name in NAMES {
            if pass.header(subject, name)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    });
    for passes in files {
        let over_tls =
            passes.iter().any(|pass| pass.server().is_some_and(|server| has_tls(server.inside())));
        // What is believed, and what another server of the same file has.
        let is_awaited =
            is_believed(subject) || passes.iter().any(|pass| has_tls(&pass.proxy.directives));
        let message = "X-Forwarded-Proto is not set: the application does not learn of https";
        let line = "proxy_set_header X-Forwarded-Proto $scheme;";
        // Where TLS ends before this nginx, $scheme would be wrong.
        let grade = over_tls.then_some(Grade::Safe);
        let Some(finding) = missing(subject, findings, &passes, message, line, grade) else {
            continue;
        };
        // Django looks at the header where it is told to, and nowhere else.
        if over_tls && !subject.settings.is_empty() && !is_believed(subject) {
            finding.help(format!(
                "{line}\n# and in the settings: SECURE_PROXY_SSL_HEADER = (\"HTTP_X_FORWARDED_PROTO\", \"https\")"
            ));
        }
        if !over_tls {
            if !is_awaited {
                finding.severity(Severity::Advice);
            }
            finding.help(
                "proxy_set_header X-Forwarded-Proto $scheme;  # where TLS ends before this nginx, pass on what that proxy says, and nobody else's",
            );
        }
    }
}

/// Whether Django is told to believe it.
fn is_believed(subject: &Subject) -> bool {
    subject.setting("SECURE_PROXY_SSL_HEADER").is_some()
}

/// Whether TLS ends in one of these blocks.
fn has_tls(directives: &[Directive]) -> bool {
    directives.iter().any(|own| {
        own.name == "ssl_certificate"
            || own.name == "listen" && own.arguments.iter().any(|word| word == "ssl")
            || has_tls(own.inside())
    })
}
