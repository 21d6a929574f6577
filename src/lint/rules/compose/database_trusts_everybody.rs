//! Databases that ask for no password.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::source::text::is_true;

pub static RULE: Rule = Rule {
    code: "CO130",
    name: "database-trusts-everybody",
    severity: Severity::Warning,
    summary: "databases ask for a password",
    why: "Whatever reaches the port is the superuser: every container of the network, and with a published port everybody. PostgreSQL's superuser runs programs with COPY … TO PROGRAM.",
    example: "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set it in .env}",
    source: "docker-library/postgres: POSTGRES_HOST_AUTH_METHOD (not recommended); docker-library/mysql: MYSQL_ALLOW_EMPTY_PASSWORD",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        if !own.kind().is_store() {
            continue;
        }
        for name in [
            "POSTGRES_HOST_AUTH_METHOD",
            "MYSQL_ALLOW_EMPTY_PASSWORD",
            "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
            "ALLOW_EMPTY_PASSWORD",
        ] {
            let Some(variable) = own.container.env.get(name) else { continue };
            // Other images do not know Bitnami's switch.
            if name == "ALLOW_EMPTY_PASSWORD" && !own.image().unwrap_or("").contains("bitnami") {
                continue;
            }
            let value = variable.value.as_deref().unwrap_or_default().to_ascii_lowercase();
            let trusts = match name {
                "POSTGRES_HOST_AUTH_METHOD" => value == "trust",
                _ => is_true(&value),
            };
            // Some set a password as well; it is what counts then.
            let has_password = name != "POSTGRES_HOST_AUTH_METHOD"
                && own
                    .container
                    .env
                    .keys()
                    .any(|own| own.contains("PASSWORD") && !own.contains("ALLOW"));
            if !trusts || has_password {
                continue;
            }
            let message =
                format!("{} lets everybody in who reaches it, without a password", own.name());
            let finding = findings.add(variable.at, message);
            finding.about(own.name()).help("Take it out, and set a password from .env.");
            if !own.open_ports().is_empty() {
                finding.severity(Severity::Error);
            }
        }
    }
}
