//! Alternate paths: where an output goes whose own path somebody else's file
//! has.

use std::collections::BTreeMap;

use crate::apply::compare::Look;
use crate::apply::settle::{Choice, Choices, Group, conflicts};
use crate::plan::outputs::Syntax;
use crate::relpath::RelPath;
use crate::source::compose::is_compose;

/// `Dockerfile.dockwright`, `compose.dockwright.yaml`,
/// `nginx/nginx.dockwright.conf`; `.dockerignore` gets the name that belongs
/// to `Dockerfile.dockwright`.
#[must_use]
pub fn path(path: &RelPath) -> Option<RelPath> {
    let (directory, file) = match path.as_str().rsplit_once('/') {
        Some((directory, file)) => (format!("{directory}/"), file),
        None => (String::new(), path.as_str()),
    };
    if file == ".dockerignore" {
        return RelPath::new(&format!("{directory}Dockerfile.dockwright.dockerignore")).ok();
    }
    if is_compose(file) && file.contains("dev") {
        // Its name says what ours is not.
        return RelPath::new(&format!("{directory}compose.dockwright.yaml")).ok();
    }
    let (stem, end) = file.split_once('.').unwrap_or((file, ""));
    let end = if end.is_empty() { String::new() } else { format!(".{end}") };
    RelPath::new(&format!("{directory}{stem}.dockwright{end}")).ok()
}

/// The alternate paths of all outputs that are written beside somebody else's
/// files, by the paths of those.
#[must_use]
pub fn paths(looks: &[Look], choices: &Choices) -> BTreeMap<RelPath, RelPath> {
    let mut paths: BTreeMap<RelPath, RelPath> = [Group::Image, Group::Compose]
        .into_iter()
        .filter(|group| choices.get(group) == Some(&Choice::Beside))
        .flat_map(|group| conflicts(looks, group))
        .filter_map(of)
        .collect();
    let syntax = |path: &RelPath| {
        looks.iter().find(|look| look.file.output.path == *path).map(|look| look.file.output.syntax)
    };
    if paths.keys().any(|path| syntax(path) == Some(Syntax::Dockerfile)) {
        // A Dockerfile of another name has an ignore file of its own.
        paths.extend(looks.iter().filter(|look| look.is_dockerignore()).filter_map(of));
    }
    paths
}

fn of(look: &Look) -> Option<(RelPath, RelPath)> {
    let own = &look.file.output.path;
    Some((own.clone(), path(own)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alternate_path_keeps_directory_and_extension() {
        for (own, alternate) in [
            ("Dockerfile", "Dockerfile.dockwright"),
            ("compose.yaml", "compose.dockwright.yaml"),
            ("docker-compose.yml", "docker-compose.dockwright.yml"),
            ("deploy/docker-compose.dev.yml", "deploy/compose.dockwright.yaml"),
            ("nginx/nginx.conf", "nginx/nginx.dockwright.conf"),
            ("gunicorn.conf.py", "gunicorn.dockwright.conf.py"),
            ("api/.dockerignore", "api/Dockerfile.dockwright.dockerignore"),
        ] {
            assert_eq!(path(&RelPath::new(own).unwrap()).unwrap().as_str(), alternate);
        }
    }
}
