//! Routes that can be asked without knowing more, and the static files that their
//! pages name.

use std::sync::LazyLock;

use regex::Regex;

use super::{log, shown};
use crate::verify::asked::{self, Visited};
use crate::verify::client::{Answer, Door};
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// Files of a page that are looked at, of each kind.
const OF_A_KIND: usize = 2;

/// Judges what routes answered.
pub async fn routes(run: &mut Run<'_>, visited: &[Visited]) -> Outcome {
    let id = "contract.routes";
    if visited.is_empty() {
        let why = "no route without parameters was found in the code, and no /openapi.json";
        run.record(Finding::skipped(id, why));
        return Ok(());
    }
    let said = |own: &Visited| match &own.result {
        Ok(answer) => format!("GET {}: {} {}", own.path, answer.status, shown(&answer.text())),
        Err(failure) => format!("GET {}: {failure}", own.path),
    };
    let bad: Vec<&Visited> =
        visited.iter().filter(|own| own.status().is_none_or(|status| status >= 500)).collect();
    let count = visited.len() as f64;
    let finding = match bad.as_slice() {
        [] => {
            let fine = visited.iter().filter(|own| own.status().is_some_and(|own| own < 400));
            let fine = fine.count();
            let rest = match visited.len() - fine {
                0 => String::new(),
                rest => format!(", {rest} with a 4xx"),
            };
            Finding::passed(id, format!("{fine} of {} answer{rest}", visited.len()))
        }
        bad => {
            let first: Vec<String> = bad.iter().take(5).map(|own| said(own)).collect();
            let text = format!("{} of {} fail: {}", bad.len(), visited.len(), first.join("; "));
            Finding::failed(id, text).log(log(run).await?)
        }
    };
    run.record(finding.measured("routes", count, Unit::Count));
    Ok(())
}

/// Judges static files that a page names.
pub async fn static_files(run: &mut Run<'_>, door: &Door, visited: &[Visited]) -> Outcome {
    let id = "contract.static";
    let limit = run.seconds("verify.answer");
    let facts = &run.case.subject.facts;
    let mut more = vec!["/".to_owned()];
    // What collects static files has an administration that names some.
    if facts.static_files.is_known() {
        more.push("/admin/login/".into());
    }
    more.retain(|path| visited.iter().all(|own| own.path != *path));
    let more = asked::visit(door, more, limit).await;
    let mut named: Vec<String> = Vec::new();
    for own in more.iter().chain(visited) {
        if let Some(page) = own.page() {
            named.extend(references(&page, &own.path, &door.host));
        }
    }
    let named = some_of_each(named);
    if named.is_empty() {
        run.record(Finding::skipped(id, "no page that was fetched names a static file of its own"));
        return Ok(());
    }
    let root = root_path(run).await?;
    let named: Vec<String> = named.iter().map(|path| below(path, root.as_deref())).collect();
    let mut wrong = Vec::new();
    let mut seen = Vec::new();
    for path in &named {
        match door.get(path, limit).await {
            Err(failure) => wrong.push(format!("GET {path}: {failure}")),
            Ok(answer) => match fault(path, &answer, run.case.is_new()) {
                Some(fault) => wrong.push(format!("GET {path}: {fault}")),
                None => seen.push(cached(&answer)),
            },
        }
    }
    seen.dedup();
    let finding = match wrong.is_empty() {
        true => Finding::passed(id, format!("{} files that pages name: {}", named.len(), seen.join("; "))),
        false => Finding::failed(
            id,
            format!("{} of {} files that pages name: {}", wrong.len(), named.len(), wrong.join("; ")),
        )
        .help("collect static files while the image is built, and let the proxy or WhiteNoise serve them with Cache-Control"),
    };
    run.record(finding.measured("files", named.len() as f64, Unit::Count));
    Ok(())
}

/// The path that a proxy in front of the stack takes away before it passes a request
/// on: pages name it, and the stack itself does not know it.
async fn root_path(run: &Run<'_>) -> Outcome<Option<String>> {
    let Some(web) = run.case.web() else { return Ok(None) };
    let Some(container) = run.container(&web.name).await? else { return Ok(None) };
    let words = |pointer: &str| -> Vec<String> {
        let words = container.fact(pointer).as_array().into_iter().flatten();
        words.filter_map(|own| own.as_str()).map(str::to_owned).collect()
    };
    Ok(named_root(&words("/Args"), &words("/Config/Env")))
}

/// As servers and frameworks are told it.
fn named_root(arguments: &[String], environment: &[String]) -> Option<String> {
    const FLAG: &str = "--root-path";
    const NAMES: [&str; 3] = ["UVICORN_ROOT_PATH", "ROOT_PATH", "FORCE_SCRIPT_NAME"];
    let joined = arguments.iter().find_map(|own| own.strip_prefix(FLAG)?.strip_prefix('='));
    let next = arguments.windows(2).find(|own| own[0] == FLAG).map(|own| own[1].as_str());
    let of_environment = environment.iter().find_map(|own| {
        own.split_once('=').filter(|(name, _)| NAMES.contains(name)).map(|(_, value)| value)
    });
    let root = joined.or(next).or(of_environment)?.trim_end_matches('/');
    (root.len() > 1 && root.starts_with('/')).then(|| root.to_owned())
}

/// A path as the stack knows it.
fn below(path: &str, root: Option<&str>) -> String {
    let rest = root.and_then(|root| path.strip_prefix(root)).filter(|rest| rest.starts_with('/'));
    rest.unwrap_or(path).to_owned()
}

/// Style sheets, scripts and pictures of the same host that a page names, as paths.
fn references(page: &str, at: &str, host: &str) -> Vec<String> {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?:href|src)\s*=\s*["']([^"'\s>]+?\.(?:css|js|mjs|png|svg|jpg|jpeg|webp|gif|ico|woff2))(?:\?[^"']*)?["']"#,
        )
        .expect("a pattern")
    });
    let directory = &at[..=at.rfind('/').unwrap_or(0)];
    NAMED
        .captures_iter(page)
        .filter_map(|found| {
            let url = found.get(1)?.as_str();
            if let Some((_, rest)) = url.split_once("//") {
                let (own, path) = rest.split_once('/')?;
                return (own == host).then(|| format!("/{path}"));
            }
            Some(match url.starts_with('/') {
                true => url.to_owned(),
                false => format!("{directory}{}", url.trim_start_matches("./")),
            })
        })
        .filter(|path| !path.contains("..") && !path.contains(['{', '<']))
        .collect()
}

/// A few of each kind, in order.
fn some_of_each(named: Vec<String>) -> Vec<String> {
    let mut chosen: Vec<String> = Vec::new();
    for path in named {
        let kind = |path: &str| path.rsplit('.').next().map(str::to_owned);
        let same = chosen.iter().filter(|own| kind(own) == kind(&path)).count();
        if same < OF_A_KIND && !chosen.contains(&path) {
            chosen.push(path);
        }
    }
    chosen
}

/// What is wrong with a file's answer.
fn fault(path: &str, answer: &Answer, planned: bool) -> Option<String> {
    if answer.status != 200 {
        return Some(answer.status.to_string());
    }
    let kind = answer.header("content-type").unwrap_or_default();
    let wanted: &[&str] = match path.rsplit('.').next().unwrap_or_default() {
        "css" => &["text/css"],
        "js" | "mjs" => &["javascript"],
        "woff2" => &["font", "octet-stream"],
        _ => &["image/", "octet-stream"],
    };
    if !wanted.iter().any(|own| kind.contains(own)) {
        let kind = if kind.is_empty() { "nothing" } else { kind };
        return Some(format!("its content type is {kind}"));
    }
    let control = answer.header("cache-control").unwrap_or_default();
    let told = ["etag", "last-modified"].iter().any(|own| answer.header(own).is_some());
    if control.is_empty() && !told {
        return Some(
            "no Cache-Control, ETag or Last-Modified: it is fetched again each time".into(),
        );
    }
    if planned && is_hashed(path) && !control.contains("immutable") {
        return Some("its name has a hash, and it is not immutable".into());
    }
    None
}

/// Whether a name has a hash of its content: `base.0a1b2c3d4e5f.css`.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let parts: Vec<&str> = name.split(['.', '-']).collect();
    let is_hash = |part: &&str| {
        (8..=40).contains(&part.len())
            && part.chars().all(|own| own.is_ascii_hexdigit())
            && part.chars().any(|own| own.is_ascii_digit())
    };
    parts.len() > 2 && parts[1..parts.len() - 1].iter().any(is_hash)
}

fn cached(answer: &Answer) -> String {
    match answer.header("cache-control").filter(|own| !own.is_empty()) {
        Some(control) => control.to_owned(),
        None => "asked for again, with ETag or Last-Modified".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn files_of_the_same_host_are_found_in_a_page() {
        let page = r#"<link rel="stylesheet" href="/static/a.0123456789ab.css"><script src="app.js?v=1"></script>
            <img src='https://elsewhere.example/x.png'><img src="http://shop:80/y.png"><a href="/about">
            <link href="{{ url }}/z.css">"#;
        let found = references(page, "/shop/", "shop:80");
        assert_eq!(found, ["/static/a.0123456789ab.css", "/shop/app.js", "/y.png"]);
    }

    #[test]
    fn what_a_proxy_in_front_takes_away_is_not_asked_for() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let root = named_root(&words("uvicorn shop:app --root-path /api --port 80"), &[]);
        assert_eq!(root.as_deref(), Some("/api"));
        assert_eq!(named_root(&words("--root-path=/api/"), &[]).as_deref(), Some("/api"));
        assert_eq!(named_root(&[], &words("A=1 ROOT_PATH=/x")).as_deref(), Some("/x"));
        assert_eq!(named_root(&words("--root-path /"), &words("ROOT_PATH=")), None);
        assert_eq!(below("/api/static/a.css", Some("/api")), "/static/a.css");
        assert_eq!(below("/apical/a.css", Some("/api")), "/apical/a.css");
    }

    #[test]
    fn a_file_says_what_it_is_and_how_long_it_holds() {
        let answer = |headers: &[(&str, &str)]| Answer {
            status: 200,
            headers: headers.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            body: "".into(),
            took: Duration::ZERO,
        };
        let css = ("content-type", "text/css");
        let hashed = "/static/base.0123456789ab.css";
        assert!(fault(hashed, &answer(&[css]), false).is_some());
        assert!(fault(hashed, &answer(&[css, ("etag", "x")]), false).is_none());
        assert!(fault(hashed, &answer(&[css, ("etag", "x")]), true).is_some());
        let forever = ("cache-control", "public, max-age=31536000, immutable");
        assert!(fault(hashed, &answer(&[css, forever]), true).is_none());
        assert!(fault("/a.css", &answer(&[css, ("etag", "x")]), true).is_none());
        assert!(fault("/a.js", &answer(&[css, ("etag", "x")]), true).is_some());
    }
}
