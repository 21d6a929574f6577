//! What the directory that an image is built from holds and an image must not.

use crate::detect::scope;
use crate::environments::is_for_developers;
use crate::lint::diagnostic::Severity;
use crate::lint::rules::cross::env_file_read;
use crate::lint::rules::cross::secret::holds_secret;
use crate::lint::subject::{Build, Purpose, Subject, within};

/// What a private key is called.
const KEY: &str = "a private key";

/// A file that nobody should get with an image.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Its path, relative to the context.
    pub path: String,
    /// What is in it.
    pub what: &'static str,
    /// How bad that is.
    pub severity: Severity,
}

/// The COPY or ADD that takes everything into the image itself.
pub fn everything(subject: &Subject, build: &Build) -> Option<usize> {
    let copied = subject.copied(build).into_iter().filter(|own| own.is_everything());
    let mut all = copied.filter(|own| {
        build.image.stages.contains(&own.stage)
            // From another stage: its whole directory is copied on.
            || subject.in_image(build, &within(build, ".env")).is_some()
    });
    all.next().map(|own| own.at)
}

/// What the context holds, whether `.dockerignore` leaves it out or not.
pub fn secrets(subject: &Subject, build: &Build) -> Vec<Secret> {
    let prefix = if build.context == "." { 0 } else { build.context.len() + 1 };
    let mut found = Vec::new();
    for path in subject.tree.below(&build.context) {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_key = name.ends_with(".pem")
            || name.ends_with(".key")
            || matches!(name, "id_rsa" | "id_ed25519" | "id_ecdsa");
        if is_key && subject.tree.text(path).is_some_and(|text| text.contains("PRIVATE KEY-----")) {
            found.push(Secret {
                path: path[prefix..].to_owned(),
                what: KEY,
                severity: if is_of_tests(&path[prefix..]) {
                    Severity::Advice
                } else if is_committed(subject, path) {
                    Severity::Warning
                } else {
                    Severity::Error
                },
            });
        }
    }
    let mut has_env = false;
    let mut examples: Vec<String> = Vec::new();
    for file in &subject.env_files {
        let path = subject.path(file.text);
        let below = build.context == "." || path.starts_with(&format!("{}/", build.context));
        let name = path.rsplit('/').next().unwrap_or(path);
        if !below || !scope::counts(path) {
            continue;
        }
        let is_top = !path[prefix..].contains('/');
        if file.is_example {
            // `env-example` and `sample.env` are copied to `.env` as well.
            let filled = filled_in(name);
            let filled = if filled == "env" { ".env".to_owned() } else { filled };
            if is_top && filled.starts_with(".env") {
                examples.push(filled);
            }
            continue;
        }
        has_env |= name == ".env" && is_top;
        if file.entries.iter().any(|own| holds_secret(&own.name, &own.value)) {
            let lower = name.to_ascii_lowercase();
            let is_other = lower
                .split(['.', '-', '_'])
                .any(|word| ["test", "dev", "local", "ci", "demo"].contains(&word))
                || is_of_tests(&path[prefix..]);
            found.push(Secret {
                path: path[prefix..].to_owned(),
                what: "with the passwords in it",
                severity: if is_other { Severity::Advice } else { Severity::Error },
            });
        }
    }
    if examples.iter().any(|own| own == ".env") {
        examples = vec![".env".to_owned()];
    }
    examples.retain(|own| !found.iter().any(|known| known.path == *own));
    for path in examples.into_iter().filter(|_| !has_env) {
        found.push(Secret {
            path,
            what: "which is there wherever its example was copied",
            severity: Severity::Warning,
        });
    }
    // What git leaves out is there all the same where the image is built.
    let composed = subject.containers.iter().filter(|own| {
        own.purpose == Purpose::Production
            && subject.build_of(own).is_some_and(|own| own.context == build.context)
    });
    for (path, _) in composed.flat_map(|own| &own.missing_env_files) {
        let below = build.context == "." || path.starts_with(&format!("{}/", build.context));
        let known = |own: &Secret| below && own.path == path[prefix..];
        if below && !found.iter().any(known) {
            found.push(Secret {
                path: path[prefix..].to_owned(),
                what: "which its services get their variables from",
                severity: Severity::Warning,
            });
        }
    }
    if subject.tree.base().join(&build.context).join(".git").is_dir()
        && !reads_history(subject, build)
    {
        found.push(Secret {
            path: ".git".to_owned(),
            what: "and with it everything that was ever committed",
            severity: Severity::Warning,
        });
    }
    found
}

/// What an example is copied to: `.env.docker` for `.env.docker-example`.
fn filled_in(example: &str) -> String {
    let is_word = |word: &&str| {
        ["example", "sample", "template", "dist", "tmpl", "tpl", "default"]
            .iter()
            .any(|own| word.to_ascii_lowercase().starts_with(own))
    };
    let (mut name, mut rest) = (String::new(), example);
    while !rest.is_empty() {
        let end = rest[1..].find(['.', '-', '_']).map_or(rest.len(), |at| at + 1);
        let (part, next) = rest.split_at(end);
        if !is_word(&part.trim_start_matches(['.', '-', '_'])) {
            name.push_str(part);
        }
        rest = next;
    }
    name
}

/// Whether a directory of its path says that it is for tests or for who works
/// on the service.
fn is_of_tests(path: &str) -> bool {
    let above = path.rsplit_once('/').map_or("", |(above, _)| above);
    above
        .to_ascii_lowercase()
        .split(['/', '-', '_'])
        .any(|part| is_for_developers(part) || ["testdata", "fixtures", "fixture"].contains(&part))
}

/// Whether git keeps a file, as far as `.gitignore` says: everybody who has the
/// repository has it.
fn is_committed(subject: &Subject, path: &str) -> bool {
    let Some(text) = subject.tree.text(".gitignore") else { return false };
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit('.').next().unwrap_or(name);
    !text.lines().map(str::trim).any(|line| {
        let line = line.trim_end_matches('/');
        line.ends_with(name) || line.ends_with(&format!("*.{ending}")) || {
            let line = line.trim_start_matches('/');
            !line.is_empty() && path.starts_with(&format!("{line}/"))
        }
    })
}

/// Patterns of `.dockerignore` that leave them out.
pub fn patterns(secrets: &[Secret]) -> Vec<String> {
    let mut patterns: Vec<String> = Vec::new();
    for own in secrets {
        // Beside a key of one name there are others: of the rehearsal, of production.
        let name = own.path.rsplit('/').next().unwrap_or(&own.path);
        let pattern = match own.path.as_str() {
            ".env" => "**/.env".to_owned(),
            path if own.what == KEY && path.contains('/') => format!("**/{name}"),
            path => path.to_owned(),
        };
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    patterns
}

/// Whether the build asks git for the version, or the application does: by what reads
/// the project, in the code, or in a script that a line of the Dockerfile names.
pub fn reads_history(subject: &Subject, build: &Build) -> bool {
    let project = subject.tree.text(&within(build, "pyproject.toml")).unwrap_or_default();
    let setup = subject.tree.text(&within(build, "setup.py")).unwrap_or_default();
    let words = [
        "setuptools_scm",
        "setuptools-scm",
        "hatch-vcs",
        "versioningit",
        "pbr",
        "versioneer",
        "pdm.version",
        "dynamic-versioning",
        "source = \"scm\"",
    ];
    let lines: Vec<&str> = subject
        .stages(build)
        .into_iter()
        .flat_map(|stage| subject.file(build).of_stage(stage))
        .map(|(_, own)| own.arguments.text.as_str())
        .collect();
    // Who names a script by its directory alone, `RUN cd tools && ./build`, names it too.
    let is_named = |path: &str| {
        let name = crate::relpath::file_name(path);
        let is_word = |word: &str| crate::relpath::file_name(word) == name;
        let runs = |line: &str| {
            line.split(|c: char| c.is_whitespace() || "\"'[],;&|()".contains(c)).any(is_word)
        };
        match name.to_ascii_lowercase().as_str() {
            "makefile" | "gnumakefile" => lines.iter().any(|line| line.contains("make ")),
            _ => (name.ends_with(".sh") || !name.contains('.')) && lines.iter().any(|l| runs(l)),
        }
    };
    words.iter().any(|word| project.contains(word) || setup.contains(word))
        || lines.iter().any(|line| line.contains("git ") || line.contains(".git"))
        || subject.tree.below(&build.context).any(|path| {
            let text = || subject.tree.text(path).unwrap_or_default();
            match path.ends_with(".py") {
                true => scope::counts(path) && asks_git(text()),
                false => is_named(path) && (text().contains("git ") || text().contains(".git/")),
            }
        })
}

/// Whether a module reads what git keeps, or starts git.
fn asks_git(text: &str) -> bool {
    const MODULES: [&str; 5] = ["import git", "from git", "dulwich", "pygit2", "setuptools_git"];
    let is_word = |name: &str| {
        text.match_indices(name).any(|(at, _)| {
            let rest = &text[at + name.len()..];
            !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        })
    };
    // `".git"`, `"/srv/.git/HEAD"`, `["git", "describe"]`, `"git rev-parse HEAD"`.
    let is_path = text.match_indices(".git").any(|(at, _)| {
        let (before, rest) = (&text[..at], &text[at + 4..]);
        before.ends_with(['"', '\'', '/']) && rest.starts_with(['"', '\'', '/'])
    });
    let starts = ["\"git\"", "'git'", "\"git ", "'git "].iter().any(|own| text.contains(own));
    is_path || starts || MODULES.iter().any(|own| is_word(own))
}

/// Whether the application may read it from its own image: nothing else gives
/// it its variables, or the Dockerfile names it.
pub fn may_be_read(subject: &Subject, build: &Build, secret: &Secret) -> bool {
    let named = subject.stages(build).iter().any(|stage| {
        subject
            .file(build)
            .of_stage(*stage)
            .any(|(_, own)| own.arguments.text.contains(&secret.path))
    });
    if named || secret.path == ".git" {
        return named;
    }
    if !secret.path.contains(".env") {
        // A key may be the server's own certificate, where anything names it.
        let name = secret.path.rsplit('/').next().unwrap_or(&secret.path);
        return subject.tree.paths().any(|path| {
            subject.tree.size(path).is_some_and(|size| size < 1 << 20)
                && subject.tree.text(path).is_some_and(|text| text.contains(name))
        });
    }
    // An image that is built by hand from the same context has its variables from
    // nobody.
    let own: Vec<_> = subject
        .containers
        .iter()
        .filter(|own| {
            subject.build_of(own).is_some_and(|own| {
                own.context == build.context && everything(subject, own).is_some()
            })
        })
        .collect();
    let handed = !own.is_empty()
        && own.iter().all(|own| {
            subject.composed(own).is_some_and(|(_, service)| {
                // It, or what is in it where it is a directory.
                service.env_files().iter().any(|file| {
                    let rest = file.trim_start_matches("./").strip_prefix(&secret.path);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                })
            })
        });
    env_file_read::may_read(subject, build) && !handed
}

/// How what the application may read from its own image gets in instead.
pub fn instead(subject: &Subject, build: &Build, secrets: &[Secret]) -> Option<String> {
    let read: Vec<&Secret> =
        secrets.iter().filter(|own| may_be_read(subject, build, own)).collect();
    let first = read.first()?;
    let names: Vec<&str> = read.iter().map(|own| own.path.as_str()).collect();
    let how = if first.path.contains(".env") {
        "as variables when the container starts (env_file, environment), since the application may read the file"
    } else {
        "by a mount when the container starts"
    };
    Some(format!("# {}: {how}", names.join(", ")))
}
