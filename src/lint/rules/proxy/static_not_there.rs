//! Files that nginx is to serve, and that nothing brings to it.

use super::owner::owners;
use super::pass::proxies;
use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Member, Proxy, Subject};
use crate::source::nginx::Directive;

pub static RULE: Rule = Rule {
    code: "NG112",
    name: "static-not-there",
    severity: Severity::Warning,
    summary: "the directories that nginx serves are in its container",
    why: "Every style sheet, script and picture is answered with 404: the site is there without its looks.",
    example: "volumes:\n  - static:/srv/static:ro",
    source: "nginx, alias, root; Compose Specification: volumes",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for proxy in proxies(subject) {
        let owners: Vec<Member<'_>> =
            owners(subject, proxy).into_iter().map(|(own, _)| own).collect();
        if let Some(owner) = owners.first() {
            walk(subject, proxy, &owners, *owner, &proxy.directives, findings);
        }
    }
}

fn walk(
    subject: &Subject,
    proxy: &Proxy,
    owners: &[Member<'_>],
    owner: Member<'_>,
    directives: &[Directive],
    findings: &mut Findings,
) {
    for own in directives {
        walk(subject, proxy, owners, owner, own.inside(), findings);
        let path = own.arguments.last().map_or("", String::as_str);
        let is_files = path.contains("static") || path.contains("media");
        let serves =
            own.get("alias").map(|alias| (alias, alias.first().to_owned())).or_else(|| {
                let root = own.get("root")?;
                Some((root, format!("{}{path}", root.first().trim_end_matches('/'))))
            });
        let Some((served, directory)) = serves.filter(|_| own.name == "location" && is_files)
        else {
            continue;
        };
        let directory = directory.trim_end_matches('/').to_owned();
        let is_unknown = directory.contains(['$', '*', '('])
            || path.starts_with(['~', '^'])
            || !directory.starts_with('/')
            || directory.starts_with("/usr/share/nginx/html") && served.name == "root"
            || own.get("proxy_pass").is_some()
            || own.get("try_files").is_some();
        if is_unknown || owners.iter().any(|own| brings(subject, own, &directory)) {
            continue;
        }
        let message = format!(
            "{path} is served from {directory}, which nothing brings into {}",
            owner.name()
        );
        let finding = findings.add(At::new(proxy.text, served.span), message);
        let name = path.trim_matches('/').replace('/', "-");
        // What a mount has under another path.
        let tail = directory.rsplit('/').next().unwrap_or_default();
        let mounts: Vec<String> =
            owner.service.mounts().into_iter().map(|mount| mount.target).collect();
        let near = mounts
            .iter()
            .map(|target| target.trim_end_matches('/'))
            .find(|target| target.rsplit('/').next() == Some(tail));
        finding.about(path).help(match near {
            Some(near) if served.name == "alias" => {
                format!("alias {near}/;  # where {} has it", owner.name())
            }
            _ => format!("volumes:\n  - {name}:{directory}:ro  # in {}", owner.name()),
        });
        if !has_files(subject, path) {
            finding.severity(Severity::Advice);
        }
        finding.related(owner.at(), "the nginx that reads it");
    }
}

/// Whether a mount or the image may have a directory.
fn brings(subject: &Subject, own: &Member<'_>, directory: &str) -> bool {
    let touches = |target: &str| {
        let target = target.trim_end_matches('/');
        target.is_empty()
            || directory == target
            || directory.starts_with(&format!("{target}/"))
            || target.starts_with(&format!("{directory}/"))
    };
    let item = &own.service.item;
    let mounted = own.service.mounts().iter().any(|mount| touches(&mount.target));
    let from_others =
        ["volumes_from", "develop", "configs"].iter().any(|key| item.get(key).is_some());
    let first = directory.split('/').nth(1).unwrap_or_default();
    let built = subject.build_of(own.container).is_some_and(|build| {
        subject.instructions(build).any(|(_, one)| {
            one.arguments.text.contains(&format!("/{first}"))
                && !one.arguments.text.contains("/etc/nginx")
                || one
                    .arguments
                    .text
                    .split_whitespace()
                    .any(|word| matches!(word, "." | "./" | "/"))
        }) || build.image.workdir.as_ref().is_some_and(|own| touches(&own.value.text))
    });
    mounted || from_others || built
}

/// Whether anything says that there are such files at all.
fn has_files(subject: &Subject, path: &str) -> bool {
    let words: &[&str] = if path.contains("media") {
        &["MEDIA_ROOT", "FileField(", "ImageField("]
    } else {
        &["STATIC_ROOT", "collectstatic", "StaticFiles("]
    };
    let directory = if path.contains("media") { "media" } else { "static" };
    let is_there = |path: &str| {
        path.rsplit_once('/')
            .is_some_and(|(above, _)| above.split('/').any(|part| part.starts_with(directory)))
    };
    subject.facts.static_files.value().is_some_and(|own| own.root.is_some())
        || subject.tree.counted().any(|path| {
            is_there(path)
                || path.ends_with(".py")
                    && subject
                        .tree
                        .text(path)
                        .is_some_and(|text| words.iter().any(|word| text.contains(word)))
        })
}
