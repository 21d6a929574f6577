//! An application that takes the proxy for every client.

use super::header::{lacking, missing};
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "NG104",
    name: "client-address-not-passed",
    severity: Severity::Advice,
    summary: "the proxy says who the client is: X-Forwarded-For",
    why: "For the application every request comes from nginx: logs name nobody, and a limit per address is one limit for all.",
    example: "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
    source: "nginx, ngx_http_proxy_module: $proxy_add_x_forwarded_for; uvicorn, Deployment: proxies",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let files = lacking(subject, findings, |pass| {
        for name in ["X-Forwarded-For", "X-Real-IP", "Forwarded"] {
            if pass.header(subject, name)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    });
    for passes in files {
        let message = "X-Forwarded-For is not set: every request seems to come from nginx";
        let line = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";
        missing(subject, findings, &passes, message, line, Some(Grade::Safe));
    }
}
