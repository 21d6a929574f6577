//! What of an image, or of what stands around it, does not go on as another user than
//! root: a part of `root_user`.

use std::sync::LazyLock;

use regex::Regex;

use crate::detect::scope;
use crate::environments::is_for_developers;
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Member, Subject};
use crate::source::compose::{Item, image};
use crate::source::dockerfile::Arguments;

/// `>> /var/log/shop.log`, `| tee -a shop.log`.
static WRITTEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?:>{1,2}\|?[ \t]*|\btee[ \t]+(?:-a[ \t]+)?)["']?([^\s"'&;|()<>]+)"#)
        .expect("it is constant")
});

/// `create_engine("sqlite:///shop.db")`, `"ENGINE": "django.db.backends.sqlite3"`.
const SQLITE: [&str; 4] =
    ["sqlite:///", "sqlite+aiosqlite:///", "sqlite+pysqlite:///", "backends.sqlite3"];

/// What may not go on, each with what shows it.
pub(super) fn doubts(subject: &Subject, build: &Build) -> Vec<String> {
    [
        built_on(subject, build),
        redirected(subject, build),
        logged(subject, build),
        kept_in_file(subject, build),
        unreadable(subject, build),
        synchronised(subject, build),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A stage, or another Dockerfile, that is built on the image and would start as its user.
fn built_on(subject: &Subject, build: &Build) -> Option<String> {
    let own = *build.image.stages.last()?;
    let file = subject.file(build);
    let on_it = |stage: &usize| {
        *stage != own && file.chain(*stage, &Arguments::new()).stages.contains(&own)
    };
    if let Some(stage) = (0..file.stages.len()).find(on_it) {
        let name = file.stages[stage].name.clone();
        let name = name
            .unwrap_or_else(|| format!("the stage after it (FROM {})", file.stages[stage].from));
        return Some(format!(
            "{name} is built on it, and would run as that user: USER root at its start where it installs something"
        ));
    }
    // By the name that a service, or a line that builds it, gives it.
    let named: Vec<String> = subject
        .containers_with(build)
        .filter_map(|own| subject.composed(own)?.1.image())
        .map(|own| image::parts(&own).0.to_owned())
        .collect();
    subject.recipes.iter().enumerate().filter(|(at, _)| *at != build.recipe).find_map(|(_, other)| {
        let stage = other.file.stages.iter().find(|stage| {
            let (repository, _) = image::parts(&stage.from);
            named.iter().any(|own| own == repository)
                || !repository.contains('/')
                    && ["-t", "--tag", "--tag="]
                        .iter()
                        .any(|flag| subject.mentions(&format!("{flag} {repository}").replace("= ", "=")))
        })?;
        let path = subject.path(other.text);
        Some(format!("{path} is built on it (FROM {}), and would run as that user: USER root at its start where it installs something", stage.from))
    })
}

/// A file that the shell writes in what is started.
fn redirected(subject: &Subject, build: &Build) -> Option<String> {
    let composed = subject.containers_with(build).filter_map(|own| subject.member(own));
    let mut told: Vec<String> =
        composed.flat_map(|own| Member::told(&own)).map(|own| own.into_owned()).collect();
    told.extend(build.image.words());
    let scripts = subject.containers_with(build).flat_map(|own| own.scripts());
    told.extend(scripts.map(|script| subject.texts[script].text.clone()));
    let is_own = |path: &str| {
        let everybody = ["/dev/", "/tmp/", "/proc/", "/var/tmp/"];
        path.contains(['/', '.', '$'])
            && path.chars().any(char::is_alphabetic)
            && !everybody.iter().any(|own| path.starts_with(own))
    };
    let lines = told.iter().flat_map(|text| text.lines());
    let lines = lines.filter(|line| !line.trim_start().starts_with('#'));
    let mut paths = lines
        .flat_map(|line| WRITTEN.captures_iter(line))
        .filter_map(|found| Some(found.get(1)?.as_str()));
    let path = paths.find(|path| is_own(path))?;
    Some(format!("what it starts writes {path}, which that user may not: /dev/stdout for a log"))
}

/// A configuration of logging, not in code, that has files.
fn logged(subject: &Subject, build: &Build) -> Option<String> {
    const ENDINGS: [&str; 7] = [".yaml", ".yml", ".ini", ".cfg", ".conf", ".json", ".toml"];
    let is_settings = |path: &&str| {
        scope::counts(path)
            && ENDINGS.iter().any(|ending| path.ends_with(ending))
            && subject.tree.size(path).is_some_and(|size| size < 1 << 20)
    };
    let path =
        subject.tree.below(&build.context).filter(is_settings).find(|path| {
            subject.tree.text(path).is_some_and(|text| text.contains("FileHandler"))
        })?;
    Some(format!("{path} has handlers that write files, which that user may not: StreamHandler"))
}

/// A database of SQLite beside the one that is known: it writes beside the code.
fn kept_in_file(subject: &Subject, build: &Build) -> Option<String> {
    let is_given = |line: &str| {
        let name = line.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next();
        let name = name.unwrap_or_default().to_ascii_uppercase();
        let mut all = support::runs_as(subject, build).peekable();
        all.peek().is_some() && all.all(|own| own.env.contains_key(&name))
    };
    let is_code = |path: &&str| {
        path.ends_with(".py")
            && scope::counts(path)
            && !path
                .split(['/', '.', '_', '-'])
                .any(|part| is_for_developers(part) || part == "local")
    };
    subject.tree.below(&build.context).filter(is_code).find_map(|path| {
        let text = subject.tree.text(path)?;
        let lines = text.lines().enumerate();
        // What stands in for a variable is for who sets none.
        let mut lines = lines.filter(|(_, line)| {
            SQLITE.iter().any(|own| line.contains(own))
                && !["env", "config(", ":memory:", "#", "if ", "startswith"]
                    .iter()
                    .any(|own| line.contains(own))
        });
        let (at, _) = lines.find(|(_, line)| !is_given(line))?;
        Some(format!(
            "{path}:{} keeps a file of SQLite, and its directory is to be that user's",
            at + 1
        ))
    })
}

/// A file of the code whose mode lets nobody but its owner read it: a COPY keeps that.
#[cfg(unix)]
fn unreadable(subject: &Subject, build: &Build) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let base = subject.tree.base();
    let lacks = |path: &str, bits: u32| {
        let found = std::fs::metadata(base.join(path));
        found.is_ok_and(|own| own.permissions().mode() & bits != bits)
    };
    let given = |own: &crate::source::dockerfile::Instruction| own.flag("chmod").is_some();
    if subject.copied(build).iter().all(|own| given(&subject.file(build).instructions[own.at])) {
        return None;
    }
    let top = build.context.as_str();
    let is_top = |own: &&str| matches!(*own, ".") || *own == top;
    let path = subject
        .tree
        .below(top)
        .filter(|path| path.ends_with(".py") && scope::counts(path))
        .find(|path| {
            let above = std::iter::successors(Some(crate::relpath::parent(path)), |own| {
                Some(crate::relpath::parent(own)).filter(|next| next != own)
            });
            lacks(path, 0o004) || above.take_while(|own| !is_top(own)).any(|own| lacks(own, 0o005))
        })?;
    Some(format!(
        "{path} is its owner's alone to read here, and COPY keeps that: COPY --chmod=a+rX"
    ))
}

/// Modes are Unix's.
#[cfg(not(unix))]
fn unreadable(_: &Subject, _: &Build) -> Option<String> {
    None
}

/// Compose copies the source into it as it changes, and may write what its user may.
fn synchronised(subject: &Subject, build: &Build) -> Option<String> {
    let syncs = |item: &Item| {
        item.get("action").and_then(Item::scalar).is_some_and(|action| action.starts_with("sync"))
    };
    let composed = subject.containers_with(build).filter_map(|own| subject.composed(own));
    let (_, service) = composed.into_iter().find(|(_, service)| {
        let watch = service.item.get("develop").and_then(|own| own.get("watch"));
        watch.is_some_and(|own| own.items().iter().any(syncs))
    })?;
    Some(format!(
        "{} copies the source into it as it changes (develop.watch), which that user may not take",
        service.name
    ))
}
