//! A host name that anybody may choose.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged as _;

use crate::detect::python;
use crate::detect::python::{When, reached};
use crate::environments::is_for_another;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::server::is_beside_development;
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "PY112",
    name: "any-host",
    severity: Severity::Advice,
    summary: "ALLOWED_HOSTS names the hosts",
    why: "Whoever sends a Host header of his own gets links with it: a password reset that he asks for somebody else leads to his site, and caches keep the page.",
    example: "ALLOWED_HOSTS = os.environ[\"ALLOWED_HOSTS\"].split(\",\")",
    source: "Django, Settings: ALLOWED_HOSTS; Host header validation",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    // XF123 is about that.
    if subject.facts.settings.value().is_some_and(|own| is_for_another(own)) {
        return;
    }
    let used = subject.production_containers().any(|own| {
        let serves =
            own.server.as_ref().is_some_and(|own| !own.program.is_development() && !own.reloads());
        serves && subject.runs_detected(own) && !is_beside_development(subject, own)
    });
    // It refuses a domain that no tenant has, before anything looks at the host.
    let by_tenant =
        || subject.tree.modules().any(|own| own.text().contains("TenantMainMiddleware"));
    if !used || by_tenant() {
        return;
    }
    for config in &subject.settings {
        let path = subject.path(config.text);
        // Taken in by a branch that production does not go into.
        if is_for_another(path) {
            return;
        }
        let Some(module) = subject.tree.python(path) else { continue };
        let last = reached(&module.ast.body, When::Always)
            .into_iter()
            .flat_map(|(when, statement)| {
                python::assignments(statement).into_iter().map(move |own| (when, own, statement))
            })
            .rfind(|(when, (name, _), _)| *name == "ALLOWED_HOSTS" && *when != When::Never);
        let Some((when, (_, value), statement)) = last else { continue };
        let elements = match value {
            Expr::List(list) => list.elts.as_slice(),
            Expr::Tuple(tuple) => tuple.elts.as_slice(),
            _ => &[],
        };
        let any = elements.iter().any(|own| python::string(own) == Some("*"));
        if any
            && when == When::Always
            && let Some(at) = subject.line_of(path, module.line(statement.start()))
        {
            findings
                .add(at, "ALLOWED_HOSTS takes every host name")
                .about("ALLOWED_HOSTS")
                .help("ALLOWED_HOSTS = os.environ[\"ALLOWED_HOSTS\"].split(\",\")");
        }
        return;
    }
}
