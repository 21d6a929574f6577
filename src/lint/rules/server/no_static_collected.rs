//! Static files that nobody collects.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};

pub static RULE: Rule = Rule {
    code: "PY118",
    name: "no-static-collected",
    severity: Severity::Warning,
    summary: "collectstatic runs when the image is built",
    why: "WhiteNoise serves what is in STATIC_ROOT, and that is empty until collectstatic has run: every style sheet is 404, and with a manifest every page that names one is 500.",
    example: "RUN python manage.py collectstatic --no-input",
    source: "WhiteNoise, Using WhiteNoise with Django; Django, collectstatic",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let Some(files) = subject.facts.static_files.value() else { return };
    if !(files.collectstatic && files.whitenoise) {
        return;
    }
    let says = |needle: &str| {
        subject.settings.iter().any(|own| subject.texts[own.text].text.contains(needle))
    };
    if says("WHITENOISE_USE_FINDERS") || says("WHITENOISE_AUTOREFRESH") {
        return;
    }
    let names =
        ["Makefile", "makefile", "Procfile", "justfile", "Justfile", "fabfile.py", "tasks.py"];
    let ends = [".sh", ".yml", ".yaml", ".toml", ".json", ".ini", ".cfg", ".py", ".md"];
    let somewhere = subject
        .tree
        .paths()
        .filter(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            names.contains(&name)
                || ends.iter().any(|end| name.ends_with(end))
                || name.to_ascii_lowercase().contains("dockerfile")
                || !name.contains('.')
        })
        .filter(|path| subject.tree.size(path).is_some_and(|size| size < 1 << 18))
        .any(|path| subject.tree.text(path).is_some_and(|text| text.contains("collectstatic")));
    // Files that were collected before, and are copied.
    let is_there = files.root.as_deref().is_some_and(|root| subject.tree.has_directory(root));
    if somewhere || is_there {
        return;
    }
    let container = subject.production_containers().find(|own| {
        let server = own.server.as_ref().is_some_and(|own| !own.program.is_development());
        server && own.kind == Kind::Web && subject.runs_detected(own)
    });
    let Some(container) = container else { return };
    let Some(build) = subject.build_of(container) else { return };
    findings
        .add(subject.from_of(build), "WhiteNoise has nothing to serve: collectstatic runs neither in the build nor at the start")
        .about("collectstatic")
        .help("RUN python manage.py collectstatic --no-input, after the code is copied");
}
