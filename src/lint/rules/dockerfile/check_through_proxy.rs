//! A health check that a proxy answers.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{healthcheck, support};
use crate::lint::subject::Subject;
use crate::source::dockerfile::Command;

pub static RULE: Rule = Rule {
    code: "DF148",
    name: "check-through-proxy",
    severity: Severity::Style,
    summary: "HEALTHCHECK in Python asks the server itself: http.client, not urllib",
    why: "urllib and requests obey http_proxy, which Docker sets in every container where its client is configured for a proxy: the check of 127.0.0.1 then asks the proxy, and a healthy container counts as unhealthy.",
    example: "HEALTHCHECK CMD [\"python\", \"-c\", \"import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=5); c.request('GET', '/health'); sys.exit(c.getresponse().status != 200)\"]",
    source: "Python, urllib.request: proxies; Docker, Use a proxy server with the Docker CLI",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let Some(check) = healthcheck::of(build) else { continue };
        let text = match check.command {
            Command::Shell(text) => text.clone(),
            Command::Exec(words) => words.join(" "),
        };
        let asks = ["urlopen(", "requests.get("].iter().find(|own| text.contains(**own));
        let here =
            ["://localhost", "://127.0.0.1", "://0.0.0.0"].iter().any(|own| text.contains(own));
        let lower = text.to_ascii_lowercase();
        let around = lower.contains("no_proxy")
            || lower.contains("proxyhandler")
            || lower.contains("proxies");
        let is_set = ["NO_PROXY", "no_proxy"].iter().any(|own| build.image.env.contains_key(*own));
        let Some(asks) = asks.filter(|_| here && !around && !is_set) else { continue };
        findings
            .add(
                subject.within(build, check.at, asks),
                "where http_proxy is set this asks the proxy, and not the server in the container",
            )
            .about("HEALTHCHECK")
            .help(
                "http.client.HTTPConnection('127.0.0.1', PORT, timeout=5), which knows no proxies",
            );
    }
}
