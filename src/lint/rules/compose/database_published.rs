//! Databases that the whole network reaches.

use super::redis::{self, Password};
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Program, Subject, is_local};
use crate::source::compose::{Item, Port, image};

pub static RULE: Rule = Rule {
    code: "CO106",
    name: "database-published",
    severity: Severity::Error,
    summary: "databases and brokers are not published to every address of the host",
    why: "Docker opens the port before the host's firewall looks: ufw and firewalld do not help. Such ports are found within hours, and what is behind them is tried with every known password.",
    example: "ports:\n  - \"127.0.0.1:5432:5432\"",
    source: "Docker, Packet filtering and firewalls: Docker and ufw; Compose Specification: ports",
    fix: Some(Grade::Suggested),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let is_index = own.kind().is_open_index() && !asks(&own);
        let is_store = own.kind().is_store() || is_index;
        if own.kind() == Kind::Redis && redis::password(&own) == Password::Nothing {
            continue;
        }
        if !is_store {
            of_own_redis(&own, findings);
            continue;
        }
        for (port, item) in own.open_ports() {
            if leads_nowhere(findings, &own, &port, item) {
                continue;
            }
            let message = format!(
                "{} publishes {} on every address of the host, past its firewall",
                own.name(),
                own.kind().word()
            );
            let finding = findings.add(own.place(item), message);
            finding.about(own.name());
            close(finding, &own, &port, item);
        }
    }
}

/// Whether an index asks who calls: it is given a key or a password, or comes
/// with one.
fn asks(own: &Member<'_>) -> bool {
    let env = &own.container.env;
    let is = |name: &str, value: &str| own.container.variable(name) == Some(value);
    let is_off = is("xpack.security.enabled", "false")
        || is("DISABLE_SECURITY_PLUGIN", "true")
        || is("plugins.security.disabled", "true")
        || is("AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED", "true");
    let words = ["API_KEY", "APIKEY", "MASTER_KEY", "AUTH", "PASSWORD", "SECURITY", "xpack"];
    let has_word = env.keys().any(|name| words.iter().any(|word| name.contains(word)));
    let (_, tag) = image::parts(own.image().unwrap_or(""));
    let old = ["5", "6", "7"].iter().any(|major| {
        tag == *major || tag.strip_prefix(major).is_some_and(|rest| rest.starts_with('.'))
    });
    // Elasticsearch since 8 and OpenSearch make a password at their first start.
    let comes_with_one = match own.image_name() {
        "elasticsearch" => !old,
        "opensearch" | "typesense" | "weaviate" => true,
        _ => false,
    };
    let is_configured = own
        .service
        .mounts()
        .iter()
        .any(|mount| mount.target.ends_with(".yml") || mount.target.ends_with(".yaml"));
    let is_missing = !own.container.missing_env_files.is_empty();
    !is_off && (has_word || comes_with_one || is_configured || is_missing)
}

/// A Redis that is installed in an own image, whose port is open.
fn of_own_redis(own: &Member<'_>, findings: &mut Findings) {
    let subject = own.subject;
    let Some(build) = subject.build_of(own.container) else { return };
    let starts = |own: &Member<'_>| {
        let words = build.image.words().join(" ");
        words.contains("redis-server")
            || own.container.steps.iter().any(|step| {
                step.argv.iter().any(|word| word.ends_with("redis-server"))
                    || step.script.is_some_and(|at| subject.texts[at].text.contains("redis-server"))
            })
    };
    for (port, item) in own.open_ports().into_iter().filter(|(port, _)| port.container == "6379") {
        if !starts(own) {
            continue;
        }
        let message = format!(
            "{} publishes the Redis in its image on every address of the host, past its firewall",
            own.name()
        );
        let finding = findings.add(own.place(item), message);
        finding.about(own.name());
        close(finding, own, &port, item);
    }
}

/// The ports that an image listens on as it comes; none where that is not known.
fn listening(own: &Member<'_>) -> &'static [&'static str] {
    match own.kind() {
        Kind::Postgres => &["5432"],
        Kind::Mysql => &["3306", "33060"],
        Kind::Mongo => &["27017"],
        Kind::Redis => &["6379", "16379", "8001"],
        Kind::Memcached => &["11211"],
        Kind::Tool => match own.image_name() {
            "adminer" => &["8080"],
            "mongo-express" | "redis-commander" => &["8081"],
            "pgadmin4" | "phpmyadmin" => &["80", "443"],
            "prometheus" => &["9090"],
            _ => &[],
        },
        _ => &[],
    }
}

/// Says of a port that nothing listens on that it leads nowhere; whether it is one.
pub(super) fn leads_nowhere(
    findings: &mut Findings,
    own: &Member<'_>,
    port: &Port,
    item: &Item,
) -> bool {
    let known = listening(own);
    let chosen = own.container.steps.iter().filter(|step| step.program == Program::Flower);
    let chosen = chosen.flat_map(|step| &step.argv).find_map(|word| {
        let (option, number) = word.split_once('=')?;
        (option.starts_with("--port") && number.parse::<u16>().is_ok()).then_some(number)
    });
    if let Some(chosen) = chosen.filter(|own| *own != port.container) {
        let message = format!(
            "{} publishes {}, and listens on {chosen}: the port leads nowhere",
            own.name(),
            port.container
        );
        let line = own.on_loopback(port, item, chosen);
        let finding = findings.add(own.place(item), message);
        finding
            .about(own.name())
            .severity(Severity::Advice)
            .help(format!("Take it out; or, for this host alone: {line}"));
        return true;
    }
    let has = |key: &str| own.service.item.get(key).is_some();
    // A command, a variable or a mounted file may choose another one.
    let is_open = has("command")
        || has("entrypoint")
        || own.container.build.is_some()
        || own.container.image.is_none()
        || own.container.env.keys().any(|name| name.contains("PORT"))
        || !own.container.missing_env_files.is_empty()
        || own.service.mounts().iter().any(|mount| mount.target.contains("conf"));
    let is_number = port.container.chars().all(|c| c.is_ascii_digit());
    if is_open || known.is_empty() || !is_number || known.contains(&port.container.as_str()) {
        return false;
    }
    let message = format!(
        "{} publishes {}, and its image listens on {}: the port leads nowhere",
        own.name(),
        port.container,
        known[0]
    );
    let line = own.on_loopback(port, item, known[0]);
    let finding = findings.add(own.place(item), message);
    finding
        .about(own.name())
        .severity(Severity::Advice)
        .help(format!("Take it out; or, for this host alone: {line}"));
    true
}

/// The address of the host by which a file of the project, or an env file,
/// reaches a published port, or any; what is bound to loopback does not answer there.
fn gateway(own: &Member<'_>, port: &Port) -> Option<&'static str> {
    let subject = own.subject;
    let env = subject.env_files.iter().map(|file| file.text);
    let texts: Vec<usize> = own.deployment.texts.iter().copied().chain(env).collect();
    ["172.17.0.1", "172.18.0.1", "host.docker.internal"]
        .into_iter()
        .find(|address| texts.iter().any(|text| reaches(&subject.texts[*text].text, address, port)))
}

/// Whether a text names an address with the port of the host, or without any port;
/// `extra_hosts` only says where it is.
fn reaches(text: &str, address: &str, port: &Port) -> bool {
    let number = port.host_number();
    text.match_indices(address).any(|(at, _)| {
        let rest = &text[at + address.len()..];
        let bare = rest.trim_start_matches([':', '=', ' ', '"', '\'']);
        if bare.starts_with("host-gateway") {
            return false;
        }
        let Some(rest) = rest.strip_prefix(':') else { return true };
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        // A variable may be any port.
        rest[..end].parse::<u16>().map_or(rest.starts_with('$'), |own| number == Some(own))
    })
}

/// Help and fix: the port on the host's own address.
pub(super) fn close(
    finding: &mut crate::lint::Diagnostic,
    own: &Member<'_>,
    port: &Port,
    item: &Item,
) {
    let container = &port.container;
    let line = own.on_loopback(port, item, container);
    if let Some(address) = gateway(own, port) {
        finding.help(format!(
            "Let what names {address} reach {}:{container} instead; then {line}",
            own.name()
        ));
        return;
    }
    // One by the name of every container for itself, and one with no other beside it,
    // is reached by no service.
    let is_alone = own.deployment.services.len() == 1;
    if is_local(own.name()) || is_alone {
        finding.help(line);
    } else {
        finding.help(format!(
            "{line}  # services of the project reach {}:{container} without any port",
            own.name()
        ));
    }
    let Some(edit) = own.to_loopback(port, item).filter(|_| !is_local(own.name())) else { return };
    let what = format!(
        "publishes {} to this host alone: nobody on another machine reaches it any more",
        own.name()
    );
    // Whoever works with data from elsewhere is seen nowhere here.
    let fix = match finding.code == RULE.code {
        true => Fix::new(Grade::Suggested, what),
        false => Fix::new(Grade::Checked, what)
            .condition("services of the project reach it by its name, without a published port"),
    };
    finding.fix(fix.edit(edit.at, edit.text));
}
