//! Uploads that go with their container.

use crate::detect::fact::Evidence;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::cross::kept::{self, Place};
use crate::lint::subject::{Container, Kind, Subject};

pub static RULE: Rule = Rule {
    code: "XF131",
    name: "uploads-without-volume",
    severity: Severity::Warning,
    summary: "what users upload is on a volume",
    why: "What is written into a container is gone when the container is made anew, which every deployment does, and a second replica never has it.",
    example: "volumes:\n  - media:/app/media",
    source: "Docker, Volumes: persisting data; Django, Settings: MEDIA_ROOT",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let facts = &subject.facts;
    // They may go to a store elsewhere.
    let elsewhere = [
        "django-storages",
        "django-cloudinary-storage",
        "cloudinary",
        "boto3",
        "minio",
        "aioboto3",
        "google-cloud-storage",
        "azure-storage-blob",
    ];
    if elsewhere.iter().any(|name| facts.installs(name)) {
        return;
    }
    // Only models tell whether MEDIA_ROOT is used at all.
    let is_django = facts.settings.is_known();
    if is_django && !has_file_fields(subject) {
        return;
    }
    let Some((place, lines)) = facts
        .writable
        .iter()
        .find(|(own, _)| own.keep && matches!(own.purpose.as_str(), "media" | "uploads"))
    else {
        return;
    };
    for container in subject.production_containers().filter(|own| own.kind == Kind::Web) {
        let Some((deployment, service)) = subject.composed(container) else { continue };
        let served = container.server.as_ref().is_some_and(|own| !own.program.is_development());
        if !served || !subject.runs_detected(container) || !starts_below(subject, container, lines)
        {
            continue;
        }
        // A variable that names a directory may put them elsewhere.
        let moved =
            container.env.iter().any(|(name, _)| name.contains("MEDIA") || name.contains("UPLOAD"));
        let Place::Lost(path) = kept::place(subject, container, &place.path) else { continue };
        if moved {
            continue;
        }
        let finding = findings.add(
            subject.service(deployment, service),
            format!(
                "{}: uploads go to {path}, which is on no volume, and are lost with the container",
                container.name
            ),
        );
        finding.about(&container.name).help(format!("volumes:\n  - {}:{path}", place.purpose));
        if is_django && !takes_files(subject) {
            finding.severity(Severity::Advice);
        }
        if let Some(at) = lines.first().and_then(|own| subject.line_of(&own.path, own.line)) {
            finding.related(at, "the directory is named here");
        }
    }
}

/// Whether the module that a container starts stands in the directory whose code
/// writes, where it names one.
fn starts_below(subject: &Subject, container: &Container, lines: &[Evidence]) -> bool {
    let app = container.server.as_ref().and_then(|own| own.app.as_deref());
    let Some(module) = app.and_then(|app| app.split(':').next()) else { return true };
    let root = subject.facts.root.value().map_or(".", String::as_str);
    let is_there = subject.tree.module_path(root, module).is_some();
    is_there || lines.iter().all(|own| root == "." || !own.path.starts_with(&format!("{root}/")))
}

/// Whether any model takes files.
fn has_file_fields(subject: &Subject) -> bool {
    let root = subject.facts.root.value().map_or(".", String::as_str);
    subject
        .tree
        .below(root)
        .filter(|path| {
            path.ends_with(".py") && path.contains("model") && crate::detect::scope::counts(path)
        })
        .any(|path| {
            subject
                .tree
                .text(path)
                .is_some_and(|text| text.contains("FileField(") || text.contains("ImageField("))
        })
}

/// Whether users see uploads, or send them: somebody serves them, or a view
/// takes them. What only the admin has is seldom missed.
fn takes_files(subject: &Subject) -> bool {
    let words = ["request.FILES", "settings.MEDIA_URL", "MultiPartParser", "FileUploadParser"];
    let by_code = subject
        .tree
        .counted()
        .filter(|path| path.ends_with(".py"))
        .filter_map(|path| subject.tree.text(path))
        .any(|text| words.iter().any(|word| text.contains(word)));
    let by_proxy = subject.proxies.iter().any(|own| subject.texts[own.text].text.contains("media"));
    by_code || by_proxy
}
