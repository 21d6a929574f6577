//! What a corporate network asks of the files: the variables that lead out,
//! what is reached without a proxy, and what has to be there.

use serde_json::{Value, json};

use crate::answers::stack::Proxy;
use crate::answers::{Answers, TrustedProxies};
use crate::error::Problem;
use crate::plan::carry::Carry;
use crate::plan::env::{EnvKind, EnvVar};
use crate::plan::{Plan, Role};

/// The variable that says where the netrc file is.
const NETRC: &str = "INDEX_NETRC";
/// Hosts of every container.
pub const OWN: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The variables of `.env` that a network asks for.
#[must_use]
pub fn variables(answers: &Answers, application: &[Role]) -> Vec<EnvVar> {
    let network = &answers.network;
    let mut variables = Vec::new();
    let mut add = |when: bool, name: &str, value: &str, doc: &str, services: &[Role]| {
        if when {
            variables.push(EnvVar {
                name: name.to_owned(),
                kind: EnvKind::Default(value.to_owned()),
                doc: doc.to_owned(),
                services: services.to_vec(),
            });
        }
    };
    add(
        network.index_secret,
        NETRC,
        "~/.netrc",
        "File outside of this repository with the login of the package index, as curl reads it: machine HOST login USER password TOKEN. Only builds read it.",
        &[],
    );
    for (name, scheme, proxy) in [
        ("HTTP_PROXY", "http", &network.http_proxy),
        ("HTTPS_PROXY", "https", &network.https_proxy),
    ] {
        let doc = format!(
            "Proxy of builds and of the application for {scheme}://, with its login where it wants one."
        );
        add(!proxy.is_empty(), name, proxy, &doc, application);
    }
    add(
        network.has_proxy(),
        "NO_PROXY",
        &network.no_proxy.join(","),
        "Hosts that are reached without the proxy, separated by commas, beside this stack's own.",
        application,
    );
    variables
}

/// Whether the template gives a variable to its services itself.
#[must_use]
pub fn gives(name: &str) -> bool {
    ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", NETRC].contains(&name)
}

/// What cannot be built.
#[must_use]
pub fn problems(answers: &Answers) -> Vec<Problem> {
    let (Some(ca), Some(adopted)) = (&answers.network.ca, &answers.adopted) else {
        return Vec::new();
    };
    match (adopted.within(ca.as_str()), &adopted.context) {
        (None, Some(context)) => vec![
            Problem::new(format!(
                "network.ca = {ca} is outside of {context}/, which images are built from"
            ))
            .help("put the bundle into project.build-context, and name it there"),
        ],
        _ => Vec::new(),
    }
}

/// Whom the application server believes where requests reach it directly.
#[must_use]
pub fn believed(answers: &Answers) -> Vec<&str> {
    match &answers.deploy.trusted_proxies {
        // Only the host can connect, and this is what they all read.
        TrustedProxies::Host if !reads_networks(answers) => vec!["*"],
        trusted => trusted.networks(),
    }
}

/// Whether the application server knows networks and not only addresses.
fn reads_networks(answers: &Answers) -> bool {
    let (package, least) = match answers.stack.application().server.is_gunicorn() {
        true => ("gunicorn", "24.1"),
        false => ("uvicorn", "0.31"),
    };
    answers.adopted.as_ref().is_none_or(|adopted| adopted.derived.is_at_least(package, least))
}

/// What a person should know.
#[must_use]
pub fn notices(answers: &Answers) -> Vec<String> {
    let network = &answers.network;
    let torch = answers.stack.application().model.as_ref();
    let torch = torch.is_some_and(|model| model.runtime.is_torch_family());
    let mut notices = Vec::new();
    if let TrustedProxies::Networks(networks) = &answers.deploy.trusted_proxies
        && answers.stack.proxy == Proxy::None
        && networks.iter().any(|network| network.contains('/'))
        && !reads_networks(answers)
    {
        notices.push(
            "the locked application server reads single addresses in deploy.trusted-proxies, and no networks: name the proxies one by one, or lock gunicorn 24.1, uvicorn 0.31 or newer".to_owned(),
        );
    }
    if torch && answers.adopted.is_none() && !network.index.is_empty() {
        notices.push(
            "torch's CPU build has an index of its own, which builds have to reach beside network.index".to_owned(),
        );
    }
    if !network.no_proxy.is_empty() && !network.has_proxy() {
        notices.push("network.no-proxy has no effect: there is no proxy".to_owned());
    }
    notices
}

/// What templates read as `network`.
#[must_use]
pub fn context(plan: &Plan) -> Value {
    let answers = &plan.answers;
    let network = &answers.network;
    let ca = network.ca.as_ref().map_or("", |path| path.as_str());
    let ca = match &answers.adopted {
        Some(adopted) => adopted.within(ca).unwrap_or_default(),
        None => ca,
    };
    json!({
        "index": network.index,
        "extra_index": network.extra_index,
        "index_host": network.index_host(),
        "http_proxy": network.http_proxy,
        "https_proxy": network.https_proxy,
        "no_proxy": network.no_proxy.join(","),
        "own_hosts": own_hosts(plan).join(","),
        "ca": ca,
        "apt_mirror": network.apt_mirror,
        "trusted": answers.deploy.trusted_proxies.networks(),
    })
}

/// What a container reaches without a proxy: itself, and the services of the
/// compose file.
#[must_use]
pub fn own_hosts(plan: &Plan) -> Vec<String> {
    let services = plan.services.iter().map(|role| plan.answers.services[role].clone());
    let passed = plan.carry.iter().flat_map(|carry: &Carry| &carry.passed);
    let passed = passed.map(|service| service.name.clone());
    OWN.map(str::to_owned).into_iter().chain(services).chain(passed).collect()
}
