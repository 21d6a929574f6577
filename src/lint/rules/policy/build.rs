//! `deploy.hardening`, on how a service is built: what goes into its image is
//! what the Dockerfile says.

use crate::lint::diagnostic::Diagnostic;
use crate::lint::rules::policy::privileges::Hardened;
use crate::lint::rules::policy::source;
use crate::source::compose::Item;

/// Keys of a build that change nothing of what the Dockerfile says, and those
/// that are read elsewhere.
const KNOWN: [&str; 20] = [
    "args",
    "attest",
    "cache_from",
    "cache_to",
    "context",
    "dockerfile",
    "dockerfile_inline",
    "extra_hosts",
    "isolation",
    "labels",
    "network",
    "no_cache",
    "platforms",
    "provenance",
    "pull",
    "sbom",
    "shm_size",
    "tags",
    "target",
    "ulimits",
];

/// Build arguments that BuildKit itself reads, and that change no image.
const ARGUMENTS: [&str; 5] = [
    "BUILDKIT_CACHE_MOUNT_NS",
    "BUILDKIT_CONTEXT_KEEP_GIT_DIR",
    "BUILDKIT_INLINE_CACHE",
    "BUILDKIT_MULTI_PLATFORM",
    "BUILDKIT_SANDBOX_HOSTNAME",
];

pub fn judge(service: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(build) = service.service.item.get("build") else { return };
    for (key, item) in build.entries() {
        let key = key.scalar().unwrap_or_default();
        let text = item.scalars().join(", ");
        match key.as_str() {
            "privileged" if item.truth() == Some(true) => {
                findings.push(service.finding(item, &format!("build.privileged: {text}")));
            }
            "network" if !matches!(text.as_str(), "" | "default" | "none") => {
                findings.push(service.finding(item, &format!("build.network: {text}")));
            }
            "entitlements" | "ssh" if !item.scalars().is_empty() || item.entries().count() > 0 => {
                findings.push(service.finding(item, &format!("build.{key}: {text}")));
            }
            "secrets" => source::secrets(service, "secrets", item, findings),
            "additional_contexts" => {
                let what =
                    "build.additional_contexts: what the Dockerfile takes is not what it names";
                findings.push(service.unknown(item, what));
            }
            "privileged" | "entitlements" | "ssh" => {}
            key if KNOWN.contains(&key) || key.starts_with("x-") => {}
            key => {
                findings.push(service.unknown(item, &format!("what build.{key} does is not known")))
            }
        }
    }
    if let Some(arguments) = build.get("args") {
        let named = |(key, value): (&Item, &Item)| Some((key.scalar()?, value.clone()));
        let listed = |item: &Item| {
            let text = item.scalar()?;
            Some((text.split('=').next().unwrap_or_default().to_owned(), item.clone()))
        };
        let all = arguments
            .entries()
            .filter_map(named)
            .chain(arguments.items().iter().filter_map(listed));
        for (name, item) in all {
            if name.starts_with("BUILDKIT_") && !ARGUMENTS.contains(&name.as_str()) {
                let what = format!("{name} changes how the Dockerfile is read");
                findings
                    .push(service.unknown(if item.line > 0 { &item } else { arguments }, &what));
            }
        }
    }
}
