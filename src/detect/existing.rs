//! Container and deployment files that are already there.

use crate::detect::facts::Existing;
use crate::detect::tree::Tree;
use crate::source::compose::is_compose;
use crate::source::dockerfile::is_dockerfile;

/// Every such file that says something about production, sorted by path.
#[must_use]
pub fn find(tree: &Tree) -> Vec<Existing> {
    let mut files: Vec<Existing> = tree
        .counted()
        .filter_map(|path| Some(Existing { path: path.to_owned(), kind: kind(path)?.to_owned() }))
        .collect();
    // A `.env` is usually git-ignored, and then not among the files.
    if !tree.has(".env") && tree.base().join(".env").symlink_metadata().is_ok() {
        // Some virtual environments have that name.
        let kind = if tree.base().join(".env").is_dir() { "directory" } else { "env" };
        files.push(Existing { path: ".env".into(), kind: kind.into() });
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

/// What a file is, by its name.
fn kind(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let (stem, extension) = lower.rsplit_once('.').unwrap_or((&lower, ""));
    let kind = match lower.as_str() {
        ".dockerignore" => "dockerignore",
        ".gitignore" => "gitignore",
        "procfile" => "procfile",
        "nginx.conf" => "nginx",
        "gunicorn.conf.py" | "gunicorn_conf.py" | "gunicorn.py" | "gunicorn_config.py"
        | "gunicorn-cfg.py" | "gunicorn_cfg.py" => "gunicorn",
        _ if lower.ends_with(".dockerignore") => "dockerignore",
        _ if is_dockerfile(path) => "dockerfile",
        _ if is_compose(path) => "compose",
        _ if matches!(extension, "sh" | "") && stem.contains("entrypoint") => "entrypoint",
        _ if lower == ".env" || lower.starts_with(".env.") => "env",
        _ if extension == "conf" && path.to_ascii_lowercase().contains("nginx") => "nginx",
        _ => return None,
    };
    Some(kind)
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn container_files_are_known_by_their_names() {
        for (path, expected) in [
            ("Dockerfile", Some("dockerfile")),
            ("docker/Dockerfile.prod", Some("dockerfile")),
            ("deploy/web.Dockerfile", Some("dockerfile")),
            ("docker-compose.prod.yml", Some("compose")),
            ("compose.yaml", Some("compose")),
            ("docker/entrypoint.sh", Some("entrypoint")),
            ("bin/docker-entrypoint-web", Some("entrypoint")),
            ("nginx/default.conf", Some("nginx")),
            (".env.example", Some("env")),
            (".dockerignore", Some("dockerignore")),
            ("config/gunicorn.py", Some("gunicorn")),
            ("app/composer.py", None),
            ("environment.yml", None),
            ("logging.conf", None),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }
}
