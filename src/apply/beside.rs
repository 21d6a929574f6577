//! Writing a file beside somebody else's: its other name, and the files of
//! ours that have to know it.

use std::collections::BTreeMap;

use crate::apply::compare::Look;
use crate::apply::settle::{Choice, Choices, Group, conflicts};
use crate::plan::outputs::Syntax;
use crate::relpath::RelPath;
use crate::render::Rendered;

/// `Dockerfile.dockwright`, `compose.dockwright.yaml`,
/// `nginx/nginx.dockwright.conf`; `.dockerignore` gets the name that belongs
/// to `Dockerfile.dockwright`.
#[must_use]
pub fn name(path: &RelPath) -> Option<RelPath> {
    let (directory, file) = match path.as_str().rsplit_once('/') {
        Some((directory, file)) => (format!("{directory}/"), file),
        None => (String::new(), path.as_str()),
    };
    if file == ".dockerignore" {
        return RelPath::new(&format!("{directory}Dockerfile.dockwright.dockerignore")).ok();
    }
    let (stem, end) = file.split_once('.').unwrap_or((file, ""));
    let end = if end.is_empty() { String::new() } else { format!(".{end}") };
    RelPath::new(&format!("{directory}{stem}.dockwright{end}")).ok()
}

/// The other names of all files that are written beside somebody else's.
#[must_use]
pub fn names(looks: &[Look], choices: &Choices) -> BTreeMap<RelPath, RelPath> {
    [Group::Image, Group::Compose]
        .into_iter()
        .filter(|group| choices.get(group) == Some(&Choice::Beside))
        .flat_map(|group| conflicts(looks, group))
        .filter_map(|look| {
            let path = &look.file.output.path;
            Some((path.clone(), name(path)?))
        })
        .collect()
}

/// A file that names the others by the names they have.
#[must_use]
pub fn referring(file: &Rendered, renamed: &BTreeMap<RelPath, RelPath>) -> Rendered {
    let Ok(mut text) = String::from_utf8(file.bytes.clone()) else { return file.clone() };
    // What a Dockerfile copies is named from its own directory.
    let directory = match file.output.path.as_str().rsplit_once('/') {
        Some((directory, _)) => format!("{directory}/"),
        None => String::new(),
    };
    let from_here =
        |path: &RelPath| path.as_str().strip_prefix(&directory).unwrap_or(path.as_str()).to_owned();
    for (from, to) in renamed {
        let (from, to) = match file.output.syntax {
            Syntax::Dockerfile => (from_here(from), from_here(to)),
            _ => {
                let name = |path: &RelPath| path.as_str().rsplit('/').next().map(str::to_owned);
                (from.to_string(), name(to).unwrap_or_default())
            }
        };
        let (from, to) = (from.as_str(), to.as_str());
        text = match file.output.syntax {
            Syntax::Dockerfile if !is_dockerfile(from) => replaced(&text, from, to),
            Syntax::Yaml if is_dockerfile(from) => with_dockerfile(&text, to),
            _ => text,
        };
    }
    Rendered { output: file.output.clone(), bytes: text.into_bytes() }
}

fn is_dockerfile(path: &str) -> bool {
    path.rsplit('/').next() == Some("Dockerfile")
}

/// `from` as a path of its own or below the application's directory; the same
/// name in another directory is another file.
fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let inside = |c: char| c.is_alphanumeric() || "/._-".contains(c);
        let part = before.ends_with(inside) && !before.ends_with("/app/");
        let longer = after.starts_with(|c: char| c.is_alphanumeric() || "_-".contains(c));
        result.push_str(before);
        result.push_str(if part || longer { from } else { to });
        rest = after;
    }
    result.push_str(rest);
    result
}

/// A compose file whose builds use this Dockerfile.
fn with_dockerfile(text: &str, dockerfile: &str) -> String {
    let mut result = String::new();
    for line in text.split_inclusive('\n') {
        let indent = &line[..line.len() - line.trim_start().len()];
        // Stages of ours; a service that was there before may name others.
        if matches!(line.trim(), "target: runtime" | "target: proxy") {
            result.push_str(&format!("{indent}dockerfile: {dockerfile}\n"));
        }
        result.push_str(line);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_name_keeps_directory_and_extension() {
        for (path, other) in [
            ("Dockerfile", "Dockerfile.dockwright"),
            ("compose.yaml", "compose.dockwright.yaml"),
            ("docker-compose.yml", "docker-compose.dockwright.yml"),
            ("nginx/nginx.conf", "nginx/nginx.dockwright.conf"),
            ("gunicorn.conf.py", "gunicorn.dockwright.conf.py"),
            ("api/.dockerignore", "api/Dockerfile.dockwright.dockerignore"),
        ] {
            assert_eq!(name(&RelPath::new(path).unwrap()).unwrap().as_str(), other);
        }
    }

    #[test]
    fn a_path_is_replaced_and_its_namesake_elsewhere_is_not() {
        let text = "COPY --chmod=0444 nginx/nginx.conf /etc/nginx/nginx.conf\n";
        assert_eq!(
            replaced(text, "nginx/nginx.conf", "nginx/nginx.dockwright.conf"),
            "COPY --chmod=0444 nginx/nginx.dockwright.conf /etc/nginx/nginx.conf\n"
        );
        let text = "COPY entrypoint.sh /app/entrypoint.sh\nENTRYPOINT [\"/app/entrypoint.sh\"]\n";
        let replaced = replaced(text, "entrypoint.sh", "entrypoint.dockwright.sh");
        assert!(!replaced.contains("entrypoint.sh"), "{replaced}");
    }

    #[test]
    fn builds_name_the_other_dockerfile() {
        let text = "    build:\n      context: .\n      target: runtime\n";
        assert_eq!(
            with_dockerfile(text, "Dockerfile.dockwright"),
            "    build:\n      context: .\n      dockerfile: Dockerfile.dockwright\n      target: runtime\n"
        );
    }
}
