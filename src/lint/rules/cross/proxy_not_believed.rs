//! A server that does not believe the proxy before it.

use std::cell::LazyCell;

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Deployment, Kind, Program, Subject};
use crate::source::compose::{Node, Service};

pub static RULE: Rule = Rule {
    code: "XF121",
    name: "proxy-not-believed",
    severity: Severity::Warning,
    summary: "an ASGI server believes the forwarded headers of its proxy",
    why: "uvicorn believes forwarded headers of 127.0.0.1 alone, and a proxy in another container has another address: every client has the proxy's address, redirects and generated links go to http://. Of 15 public services with a proxy before uvicorn none had set it.",
    example: "environment:\n  FORWARDED_ALLOW_IPS: \"*\"  # only the proxy reaches it",
    source: "uvicorn, Settings: --forwarded-allow-ips, FORWARDED_ALLOW_IPS; counted over 129 public repositories",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let corrects = subject.tree.modules().any(|own| own.text().contains("ProxyHeadersMiddleware"));
    if corrects {
        return;
    }
    let uses_client = LazyCell::new(|| uses_client(subject));
    for container in subject.production_containers() {
        let (Some(server), Some((deployment, service))) =
            (container.server.as_ref(), subject.composed(container))
        else {
            continue;
        };
        let class = server.get("worker_class").and_then(|(value, _)| value.text());
        let is_uvicorn = match server.program {
            Program::Uvicorn | Program::FastapiRun => true,
            Program::Gunicorn => {
                class.is_some_and(|own| own.to_ascii_lowercase().contains("uvicorn"))
            }
            _ => false,
        };
        let said = server.get("forwarded_allow_ips").is_some()
            || container.env.contains_key("FORWARDED_ALLOW_IPS")
            || server.get("no_proxy_headers").is_some()
            || !container.missing_env_files.is_empty()
            || (server.has("config") && server.config.is_none());
        if !is_uvicorn || said || service.item.get("network_mode").is_some() {
            continue;
        }
        let Some(proxy) = proxy(subject, deployment, container, service) else { continue };
        let finding = findings.add(
            subject.service(deployment, service),
            format!(
                "{}: {} is before it, and its forwarded headers are not believed",
                container.name, proxy.name
            ),
        );
        finding
            .about(&container.name)
            .related(subject.container_at(proxy), format!("{} passes requests on", proxy.name))
            .related(server.at, format!("{} believes 127.0.0.1 alone", server.program.word()))
            .help("FORWARDED_ALLOW_IPS: \"*\"  # where only the proxy reaches it, else the proxy's network");
        if deployment.is_developed || !loses_scheme(subject, proxy) && !*uses_client {
            finding.severity(Severity::Advice);
        }
        if !service.ports().is_empty() {
            continue;
        }
        let path = ["environment", "FORWARDED_ALLOW_IPS"];
        let edit = match service.item.get("environment").map(|item| &item.node) {
            Some(Node::List(_)) => edit::compose::push(
                subject,
                deployment,
                service,
                "environment",
                "FORWARDED_ALLOW_IPS=*",
            ),
            _ => edit::compose::put(subject, deployment, service, &path, "\"*\""),
        };
        if let Some(edit) = edit {
            finding.fix(
                Fix::new(Grade::Checked, format!("{} believes its proxy", container.name))
                    .edit(edit.at, edit.text)
                    .condition(
                        "the service publishes no port, so that only its own networks reach it",
                    ),
            );
        }
    }
}

/// Whether a proxy says whether the client came over HTTPS, which is not believed
/// then: an nginx without TLS that never says so loses nothing.
fn loses_scheme(subject: &Subject, proxy: &Container) -> bool {
    proxy.kind != Kind::Nginx
        || subject.proxies.iter().flat_map(|own| subject.passed(own)).any(|own| {
            let mut headers = own.headers().into_iter();
            headers.any(|header| header.first().eq_ignore_ascii_case("x-forwarded-proto"))
        })
}

/// Whether the code makes anything of the client's address, or of its own.
fn uses_client(subject: &Subject) -> bool {
    const WORDS: [&str; 8] = [
        "request.client",
        "remote_addr",
        "get_remote_address",
        "url_for",
        "base_url",
        "request.url",
        "Redirect",
        "HTTPSRedirectMiddleware",
    ];
    let is_code = |path: &&str| {
        path.ends_with(".py") && !path.contains("test") && crate::detect::scope::counts(path)
    };
    let mut texts = subject.tree.paths().filter(is_code).filter_map(|path| subject.tree.text(path));
    texts.any(|text| WORDS.iter().any(|word| text.contains(word)))
}

/// The proxy that passes requests on to a container.
fn proxy<'s>(
    subject: &'s Subject,
    deployment: &'s Deployment,
    container: &Container,
    service: &Service,
) -> Option<&'s Container> {
    // Where nginx sets none of them, what comes is the client's, and nobody's to believe.
    let by_nginx = subject.proxies.iter().flat_map(|own| subject.passed(own)).any(|own| {
        own.headers().iter().any(|header| {
            ["x-forwarded-for", "x-forwarded-proto"]
                .contains(&header.first().to_ascii_lowercase().as_str())
        }) && subject
            .named(deployment, &own.host)
            .is_some_and(|named| std::ptr::eq(named, container))
    });
    let labelled = service.names("labels").iter().any(|own| own.starts_with("traefik."));
    let by_caddy = subject
        .tree
        .paths()
        .filter(|path| path.rsplit('/').next().is_some_and(|name| name.starts_with("Caddyfile")))
        .filter_map(|path| subject.tree.text(path))
        .flat_map(str::lines)
        .filter(|line| line.trim_start().starts_with("reverse_proxy"))
        .flat_map(str::split_whitespace)
        .map(|word| word.trim_start_matches("http://").split(':').next().unwrap_or(word))
        .any(|host| host == container.name);
    let runs = |own: &Container, name: &str| {
        own.image.as_deref().is_some_and(|image| image.contains(name))
    };
    subject.containers_of(deployment).find(|own| match own.kind {
        Kind::Nginx => by_nginx,
        Kind::Proxy => labelled && runs(own, "traefik") || by_caddy && runs(own, "caddy"),
        _ => false,
    })
}
