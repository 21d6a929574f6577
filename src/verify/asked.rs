//! What clients ask of a stack: what `[[verify.request]]` says, or what the code and
//! the application itself say that can be asked without knowing more.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::{Value, json};

use super::case::Request;
use super::client::{Answer, Call, Door, Failure};
use super::run::Run;

/// Most routes that are asked for.
const MOST: usize = 40;
/// How many at once.
const AT_ONCE: usize = 4;
/// Words of a path that say that it does something, whatever its method.
const ACTS: [&str; 36] = [
    "approve",
    "cancel",
    "clear",
    "close",
    "confirm",
    "create",
    "deactivate",
    "delete",
    "destroy",
    "disable",
    "drop",
    "enable",
    "execute",
    "flush",
    "import",
    "kill",
    "logout",
    "migrate",
    "purge",
    "quit",
    "reboot",
    "rebuild",
    "reload",
    "remove",
    "reset",
    "restart",
    "revoke",
    "run",
    "seed",
    "send",
    "shutdown",
    "signout",
    "stop",
    "sync",
    "trigger",
    "unsubscribe",
];

/// A request, and the status that it has to have.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What is sent.
    pub call: Call,
    /// The status; `None` for any below 400.
    pub status: Option<u16>,
}

impl Asked {
    /// A GET that is answered below 400.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self { call: Call::get(path), status: None }
    }

    /// Whether a status is the one that is expected.
    #[must_use]
    pub const fn is_met(&self, status: u16) -> bool {
        match self.status {
            Some(own) => own == status,
            None => status < 400,
        }
    }
}

impl From<&Request> for Asked {
    fn from(request: &Request) -> Self {
        let headers = request.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        let call = Call {
            method: request.method.clone(),
            path: request.path.clone(),
            headers: headers.collect(),
            body: request.body.clone().unwrap_or_default().into(),
        };
        Self { call, status: request.expected.status }
    }
}

/// What became of a route.
#[derive(Clone, Debug)]
pub struct Visited {
    /// Its path.
    pub path: String,
    /// Its answer; that of one that never ends has a status alone.
    pub result: Result<Answer, Failure>,
}

impl Visited {
    /// Its status, where there is one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.result.as_ref().ok().map(|answer| answer.status)
    }

    /// Its page, where it is one of HTML.
    #[must_use]
    pub fn page(&self) -> Option<String> {
        let answer = self.result.as_ref().ok()?;
        let kind = answer.header("content-type")?;
        (answer.status < 400 && kind.starts_with("text/html")).then(|| answer.text())
    }
}

/// Routes that can be asked without knowing more: those of the code, and those that
/// the application describes itself.
pub async fn routes(run: &Run<'_>, door: &Door) -> Vec<String> {
    let limit = run.seconds("verify.answer");
    let mut paths = tokio::task::block_in_place(|| run.case.get_routes()).to_vec();
    if let Ok(answer) = door.get("/openapi.json", limit).await
        && answer.status == 200
    {
        paths.extend(described(&answer.json()));
    }
    paths
        .retain(|path| !acts(path) && path.starts_with('/') && !path.contains(char::is_whitespace));
    paths.sort();
    paths.dedup();
    paths.truncate(MOST);
    paths
}

/// Asks for each, a few at once.
pub async fn visit(door: &Door, paths: Vec<String>, limit: Duration) -> Vec<Visited> {
    let ask = |path: String| async move {
        let mut result = door.get(&path, limit).await;
        if matches!(result, Err(Failure::TooLate(_)))
            && let Ok(status) = door.status(&path, limit).await
        {
            // A stream of events begins, and does not end.
            result = Ok(Answer { status, headers: Vec::new(), body: "".into(), took: limit });
        }
        Visited { path, result }
    };
    stream::iter(paths.into_iter().map(ask)).buffered(AT_ONCE).collect().await
}

/// The paths of an OpenAPI description that GET reaches without a parameter.
fn described(api: &Value) -> Vec<String> {
    let paths = api["paths"].as_object();
    let needs = |list: &Value| {
        list.as_array().is_some_and(|own| own.iter().any(|own| own["required"] == true))
    };
    paths
        .into_iter()
        .flatten()
        .filter(|(path, _)| !path.contains('{'))
        .filter(|(_, item)| item["get"].is_object())
        .filter(|(_, item)| !needs(&item["parameters"]) && !needs(&item["get"]["parameters"]))
        .map(|(path, _)| path.clone())
        .collect()
}

/// Whether the name of a path says that it does something.
fn acts(path: &str) -> bool {
    let words = path.split(|own: char| !own.is_ascii_alphanumeric());
    words.map(str::to_ascii_lowercase).any(|word| ACTS.contains(&word.as_str()))
        || path.contains("log-out")
        || path.contains("sign-out")
}

/// A request with a body that the application waits for: what can be sent in halves.
/// The first of `[[verify.request]]`, else what the skeletons take.
pub async fn with_body(run: &Run<'_>, door: &Door) -> Option<Asked> {
    let own = run.case.requests.iter().map(Asked::from).find(|own| own.call.body.len() > 1);
    match own {
        Some(own) => Some(own),
        None => skeleton(run, door).await.into_iter().next(),
    }
}

/// What the skeletons of dockwright take beside GET, as their readiness says.
async fn skeleton(run: &Run<'_>, door: &Door) -> Vec<Asked> {
    if !run.case.is_new() {
        return Vec::new();
    }
    let (Some(path), limit) = (&run.case.ready, run.seconds("verify.answer")) else {
        return Vec::new();
    };
    let Ok(answer) = door.get(path, limit).await else { return Vec::new() };
    let checks = &answer.json()["checks"];
    let row: Vec<Value> = vec![json!(5.1), json!(3.5), json!(1.4), json!(0.2)];
    let own = [
        ("database", Call::post("/items", &json!({ "name": "verify" })), 201),
        ("model", Call::post("/predict", &json!({ "features": vec![row; 50] })), 200),
        ("broker", Call::post("/tasks", &json!({ "a": 1, "b": 2 })), 202),
    ];
    let there = own.into_iter().filter(|(check, ..)| checks.get(check).is_some());
    let mut found = Vec::new();
    for (_, call, status) in there {
        // The code may be a user's by now.
        if door.ask(&call, limit).await.is_ok_and(|answer| answer.status == status) {
            found.push(Asked { call, status: Some(status) });
        }
    }
    found
}

/// What load consists of, each as often as it weighs: the requests of
/// `[[verify.request]]`, else what answers of routes and skeletons, before health.
pub async fn workload(run: &Run<'_>, door: &Door) -> Vec<Asked> {
    if !run.case.requests.is_empty() {
        return run.case.requests.iter().map(Asked::from).collect();
    }
    let limit = run.seconds("verify.answer");
    let probes: Vec<String> = run.case.live.iter().chain(&run.case.ready).cloned().collect();
    let mut paths = routes(run, door).await;
    paths.push("/".into());
    paths.retain(|path| !probes.contains(path));
    paths.dedup();
    let usual = Duration::from_secs(1);
    let is_page = |own: &Visited| {
        own.result.as_ref().is_ok_and(|answer| answer.status < 400 && answer.took < usual)
    };
    let visited = visit(door, paths, limit).await;
    let mut real: Vec<Asked> =
        visited.iter().filter(|own| is_page(own)).map(|own| Asked::get(&own.path)).collect();
    // Tasks would still be worked off when the load is long over.
    let posts = skeleton(run, door).await.into_iter().filter(|own| own.call.path != "/tasks");
    real.extend(posts);
    let probes: Vec<Asked> = visit(door, probes, limit)
        .await
        .iter()
        .filter(|own| own.status().is_some_and(|status| status < 400))
        .map(|own| Asked::get(&own.path))
        .collect();
    if real.is_empty() && probes.is_empty() {
        // Whatever it says of `/`, it says it under load as well.
        let home = visited.into_iter().find(|own| own.path == "/");
        let status = home.and_then(|own| own.status()).filter(|status| *status < 500);
        return status
            .map(|status| Asked { call: Call::get("/"), status: Some(status) })
            .into_iter()
            .collect();
    }
    let mut all = real.clone();
    all.extend(real.iter().cloned());
    all.extend(real);
    all.extend(probes);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_gives_what_get_reaches_without_a_parameter() {
        let api = json!({ "paths": {
            "/items": { "get": {}, "post": {} },
            "/items/{id}": { "get": {} },
            "/search": { "get": { "parameters": [{ "name": "q", "required": true }] } },
            "/page": { "get": { "parameters": [{ "name": "n", "required": false }] } },
            "/tenant": { "parameters": [{ "required": true }], "get": {} },
            "/predict": { "post": {} },
        } });
        assert_eq!(described(&api), ["/items", "/page"]);
    }

    #[test]
    fn what_does_something_is_not_asked_for() {
        for path in ["/logout", "/accounts/logout/", "/jobs/run", "/cache_clear", "/auth/sign-out"]
        {
            assert!(acts(path), "{path}");
        }
        for path in ["/items", "/running", "/blog/login", "/senders"] {
            assert!(!acts(path), "{path}");
        }
    }

    #[test]
    fn without_a_status_any_below_400_will_do() {
        assert!(Asked::get("/").is_met(302) && !Asked::get("/").is_met(404));
        let asked = Asked { status: Some(404), ..Asked::get("/") };
        assert!(asked.is_met(404) && !asked.is_met(200));
    }
}
