//! Files that the build needs and `.dockerignore` leaves out.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Build, Ignored, Subject, within};
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "XF107",
    name: "ignored-but-needed",
    severity: Severity::Error,
    summary: ".dockerignore leaves in what the build reads",
    why: "A file that `.dockerignore` leaves out is not there for COPY: the build ends with `failed to compute cache key: \"/requirements.txt\": not found`. A README that pyproject.toml names is read when the project itself is installed.",
    example: "*.md\n!README.md",
    source: "Docker, Build context: .dockerignore files; PEP 621: readme",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in &subject.builds {
        let Some(ignored) = subject.ignored_by(build) else { continue };
        let mut needed: Vec<(usize, String)> = Vec::new();
        for copied in subject.copied(build) {
            for source in copied.sources.iter().filter(|own| *own != ".") {
                if is_left_out(subject, build, ignored, source) {
                    needed.push((copied.at, source.clone()));
                }
            }
        }
        if let Some((at, readme)) = readme(subject, build)
            && ignored.leaves_out(&readme)
            && !needed.iter().any(|(_, own)| *own == readme)
        {
            needed.push((at, readme));
        }
        for (at, path) in needed {
            let place = subject.within(build, at, &path);
            let file = &subject.texts[ignored.text];
            let end = file.text.len();
            let before = if file.text.is_empty() || file.text.ends_with('\n') { "" } else { "\n" };
            let edit = At::new(ignored.text, Span::new(end, end));
            findings
                .add(place, format!("the build reads {path}, and {} leaves it out", file.path))
                .about(&path)
                .related(At::file(ignored.text), format!("its patterns leave {path} out"))
                .help(format!("!{path}"))
                .fix(
                    Fix::new(Grade::Safe, format!("leaves {path} in"))
                        .edit(edit, format!("{before}!{path}\n")),
                );
        }
    }
}

/// Whether a file, or all of a directory, that is there is not there for the build.
fn is_left_out(subject: &Subject, build: &Build, ignored: &Ignored, source: &str) -> bool {
    if source.contains(['*', '?', '[', '<', ':', '$']) {
        return false;
    }
    let path = within(build, source);
    if subject.tree.has(&path) {
        return ignored.leaves_out(source);
    }
    let prefix = if build.context == "." { 0 } else { build.context.len() + 1 };
    let mut files = subject.tree.below(&path).peekable();
    files.peek().is_some() && files.all(|file| ignored.leaves_out(&file[prefix..]))
}

/// The README that installing the project reads, and the RUN that installs it.
fn readme(subject: &Subject, build: &Build) -> Option<(usize, String)> {
    let text = subject.tree.text(&within(build, "pyproject.toml"))?;
    let project: toml::Table = text.parse().ok()?;
    project.get("build-system")?;
    let named = project.get("project").and_then(|own| own.get("readme")).or_else(|| {
        project.get("tool").and_then(|own| own.get("poetry")).and_then(|own| own.get("readme"))
    })?;
    let readme = named.as_str().or_else(|| named.get("file")?.as_str())?.to_owned();
    if !subject.tree.has(&within(build, &readme)) {
        return None;
    }
    if !subject.copied(build).iter().any(|own| own.is_everything()) {
        return None;
    }
    let installs = |words: &[String]| {
        let has = |word: &str| words.iter().any(|own| own == word);
        let name = words.first().map_or("", |own| own.rsplit('/').next().unwrap_or(own));
        match name {
            "uv" if has("sync") => !has("--no-install-project"),
            "uv" | "pip" | "pip3" if has("install") => has(".") || has("-e"),
            "poetry" if has("install") => !has("--no-root"),
            _ => false,
        }
    };
    let everything = subject.copied(build).into_iter().find(|own| own.is_everything())?.at;
    subject.stages(build).into_iter().find_map(|stage| {
        let file = subject.file(build);
        file.of_stage(stage).find_map(|(at, _)| {
            let run = subject.run(build, at)?;
            (at > everything && run.commands.iter().any(|own| installs(&own.words)))
                .then(|| (at, readme.clone()))
        })
    })
}
