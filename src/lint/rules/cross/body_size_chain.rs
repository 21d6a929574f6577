//! A proxy that refuses bodies that the application would take.

use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged as _;

use crate::detect::python;
use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Subject, amount, literal};
use crate::units;

pub static RULE: Rule = Rule {
    code: "XF106",
    name: "body-size-chain",
    severity: Severity::Advice,
    summary: "nginx takes bodies as large as the application does",
    why: "nginx answers 413 to a body above `client_max_body_size`, 1 MiB unless it is set, before the application sees the request: uploads that it was made for fail with a page that is not its own.",
    example: "client_max_body_size 16m;  # Flask: MAX_CONTENT_LENGTH = 16 * 1024 * 1024",
    source: "nginx, ngx_http_core_module: client_max_body_size; Flask, Configuration: MAX_CONTENT_LENGTH; Django, Settings: DATA_UPLOAD_MAX_MEMORY_SIZE",
    fix: None,
    check,
};

/// Django's limit of a body without its files.
const DJANGO: &str = "DATA_UPLOAD_MAX_MEMORY_SIZE";

fn check(subject: &Subject, findings: &mut Findings) {
    let Some((name, limit, at)) = application(subject) else { return };
    for proxy in &subject.proxies {
        for passed in subject.passed(proxy) {
            let container = subject
                .production_deployments()
                .find_map(|deployment| subject.named(deployment, &passed.host));
            if !container.is_some_and(|own| subject.runs_detected(own)) {
                continue;
            }
            let set = passed.get("client_max_body_size");
            if set.is_none() && subject.set_elsewhere(proxy, "client_max_body_size") {
                continue;
            }
            let most = match set {
                Some(own) => units::bytes(own.first()),
                None => Some(1 << 20),
            };
            let Some(most) = most.filter(|most| *most > 0 && *most < limit) else { continue };
            // Django's counts no files: a size that nginx is given is that of uploads.
            if set.is_some() && name == DJANGO {
                continue;
            }
            let place = set.map_or(passed.at, |own| At::new(proxy.text, own.span));
            let finding = findings.add(
                place,
                format!(
                    "nginx refuses bodies above {}, and {name} takes {}",
                    amount::mebibytes(most),
                    amount::mebibytes(limit)
                ),
            );
            finding
                .about(format!("{} client_max_body_size", passed.host))
                .help(format!("client_max_body_size {}m;", limit.div_ceil(1 << 20)))
                .related(at, format!("{name} is {}", amount::mebibytes(limit)));
            return;
        }
    }
}

/// What the application takes, and where it says so.
fn application(subject: &Subject) -> Option<(&'static str, u64, At)> {
    if let Some((value, at)) = subject.setting(DJANGO) {
        return Some((DJANGO, u64::try_from(value.int()?).ok()?, at));
    }
    let flask = "MAX_CONTENT_LENGTH";
    for module in subject.tree.modules().filter(|own| own.text().contains(flask)) {
        for statement in module.top_level() {
            let Stmt::Assign(assign) = statement else { continue };
            let is = |target: &Expr| match target {
                Expr::Subscript(own) => {
                    python::string(&own.slice) == Some(flask)
                        && python::dotted(&own.value).is_some_and(|name| name.ends_with(".config"))
                }
                Expr::Name(name) => name.id.as_str() == flask,
                _ => false,
            };
            if assign.targets.iter().any(is) {
                let limit = u64::try_from(literal(&assign.value).int()?).ok()?;
                let at = subject.line_of(&module.path, module.line(statement.start()))?;
                return Some((flask, limit, at));
            }
        }
    }
    None
}
