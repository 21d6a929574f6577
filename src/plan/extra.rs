//! What the layers of a preset say of single outputs, and the outputs they
//! add.

use std::collections::BTreeMap;

use crate::answers::LayerFile;
use crate::error::Problem;
use crate::plan::outputs::{Bundle, Content, Output, Syntax};
use crate::relpath::{self, RelPath};
use crate::schema::Ownership;

/// Most outputs that the layers may speak of.
const MOST: usize = 500;

/// Applies the layers' rules to the stack's own outputs, and adds theirs. A
/// rule for an output that this stack does not have says nothing.
///
/// # Errors
/// Outputs that a layer may not write, with layer and path.
pub fn apply(
    rules: &BTreeMap<RelPath, LayerFile>,
    mut own: Vec<Output>,
) -> Result<Vec<Output>, Vec<Problem>> {
    if rules.len() > MOST {
        let message = format!("the preset says something of more than {MOST} files");
        return Err(vec![Problem::new(message)]);
    }
    let mut problems = Vec::new();
    let mut added = Vec::new();
    for (path, file) in rules {
        let exact = own.iter().position(|output| output.path == *path);
        let found = exact.or_else(|| own.iter().position(|output| output.usual == *path));
        let judged = match (found, &file.rule.template) {
            (Some(index), _) => change(&mut own, index, file),
            (None, Some(template)) if !file.rule.off => {
                extra(path, file, template).map(|output| added.push(output))
            }
            (None, _) => refuse(path),
        };
        if let Err(why) = judged {
            problems.push(problem(path, &file.layer, &why));
        }
    }
    let mut outputs = own;
    outputs.extend(added);
    problems.extend(collisions(&outputs, rules));
    if problems.is_empty() { Ok(outputs) } else { Err(problems) }
}

fn problem(path: &RelPath, layer: &str, why: &str) -> Problem {
    Problem::new(format!("the output {path} {why}")).at(format!("{layer}, [files.\"{path}\"]"))
}

/// Changes one of the stack's own outputs.
fn change(own: &mut Vec<Output>, index: usize, file: &LayerFile) -> Result<(), String> {
    let rule = &file.rule;
    let output = &mut own[index];
    match output.content {
        Content::Intent => return Err("is the repository's own, and no preset changes it".into()),
        Content::Secrets if !rule.off => {
            return Err("holds secrets, so a preset can only leave it out".into());
        }
        _ => {}
    }
    if rule.off {
        own.remove(index);
        return Ok(());
    }
    if let Some(template) = &rule.template {
        output.content = Content::Template(template.clone());
    }
    output.mode = rule.mode.unwrap_or(output.mode);
    output.ownership = rule.ownership.unwrap_or(output.ownership);
    Ok(())
}

fn extra(path: &RelPath, file: &LayerFile, template: &str) -> Result<Output, String> {
    refuse(path)?;
    Ok(Output {
        usual: path.clone(),
        path: path.clone(),
        bundle: Bundle::Preset,
        ownership: file.rule.ownership.unwrap_or(Ownership::Merge),
        mode: file.rule.mode.unwrap_or(0o644),
        syntax: Syntax::of_name(path.as_str()),
        content: Content::Template(template.to_owned()),
    })
}

/// Paths that are never a preset's.
fn refuse(path: &RelPath) -> Result<(), String> {
    let folded = relpath::folded(path.as_str());
    let mut parts = folded.split('/');
    // `git~1` is the short name of `.git` on Windows.
    if parts.clone().any(|part| matches!(part, ".git" | "git~1")) {
        return Err("is git's own".into());
    }
    if parts.clone().any(|part| part == ".dockwright") {
        return Err("is dockwright's own bookkeeping".into());
    }
    match parts.next_back() {
        Some(".env") => Err("holds secrets, which no preset writes".into()),
        Some("dockwright.toml") => Err("is the repository's own, and no preset writes it".into()),
        _ => Ok(()),
    }
}

/// Outputs that are one file where case does not count, or of which one would
/// have to be a directory for the other.
fn collisions(outputs: &[Output], rules: &BTreeMap<RelPath, LayerFile>) -> Vec<Problem> {
    let mut folded: BTreeMap<String, Vec<&Output>> = BTreeMap::new();
    for output in outputs {
        folded.entry(relpath::folded(output.path.as_str())).or_default().push(output);
    }
    let mut problems = Vec::new();
    for output in outputs {
        let Some(rule) = rules.get(&output.path) else { continue };
        let own = relpath::folded(output.path.as_str());
        let same = folded[&own].iter().find(|other| other.path != output.path);
        let above = own.match_indices('/').find_map(|(at, _)| folded.get(&own[..at])?.first());
        let below = folded.range(format!("{own}/")..format!("{own}0")).next();
        let why = if let Some(other) = same {
            format!(
                "and {} are one file where case and the shape of letters do not count",
                other.path
            )
        } else if let Some(other) = above {
            format!("is below {}, which is a file", other.path)
        } else if let Some((_, others)) = below {
            format!("would have to be a directory for {}", others[0].path)
        } else {
            continue;
        };
        problems.push(problem(&output.path, &rule.layer, &why));
    }
    problems
}

impl Syntax {
    /// The language that a file's name tells.
    #[must_use]
    pub fn of_name(path: &str) -> Self {
        let path = path.to_lowercase();
        let (directories, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if name.ends_with(".dockerignore") || name == ".gitignore" {
            return Self::Ignore;
        }
        if name == ".env" || name.starts_with(".env.") {
            return Self::Dotenv;
        }
        if matches!(name, "dockerfile" | "containerfile") || name.starts_with("dockerfile.") {
            return Self::Dockerfile;
        }
        match name.rsplit_once('.').map_or("", |(_, end)| end) {
            "yaml" | "yml" => Self::Yaml,
            "toml" => Self::Toml,
            "json" => Self::Json,
            "py" => Self::Python,
            "sh" | "bash" => Self::Shell,
            "md" => Self::Markdown,
            "env" => Self::Dotenv,
            "ini" | "cfg" => Self::Ini,
            "dockerfile" => Self::Dockerfile,
            "conf"
                if name == "nginx.conf" || directories.split('/').any(|part| part == "nginx") =>
            {
                Self::Nginx
            }
            _ => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::manifest::FileRule;

    fn own(paths: &[&str]) -> Vec<Output> {
        let output = |path: &&str| Output {
            usual: RelPath::new(path.strip_prefix("backend/").unwrap_or(path)).unwrap(),
            path: RelPath::new(path).unwrap(),
            bundle: Bundle::Image,
            ownership: Ownership::Merge,
            mode: 0o644,
            syntax: Syntax::Text,
            content: match *path {
                ".env" => Content::Secrets,
                "dockwright.toml" => Content::Intent,
                _ => Content::Template("own.tera".into()),
            },
        };
        paths.iter().map(output).collect()
    }

    fn rules(rules: &[(&str, FileRule)]) -> BTreeMap<RelPath, LayerFile> {
        let file = |rule: &FileRule| LayerFile { rule: rule.clone(), layer: "team 1.0.0".into() };
        rules.iter().map(|(path, rule)| (RelPath::new(path).unwrap(), file(rule))).collect()
    }

    fn template() -> FileRule {
        FileRule { template: Some("a.tera".into()), ..FileRule::default() }
    }

    const OWN: [&str; 4] = ["backend/Dockerfile", "nginx/nginx.conf", ".env", "dockwright.toml"];

    #[test]
    fn an_added_output_is_mergeable_and_readable_unless_the_layer_says_otherwise() {
        let told =
            FileRule { mode: Some(0o755), ownership: Some(Ownership::Managed), ..template() };
        let rules = rules(&[("deploy/a.yaml", template()), ("deploy/probe.sh", told)]);
        let outputs = apply(&rules, own(&OWN)).unwrap();
        let [first, second] = &outputs[4..] else { panic!("{outputs:?}") };
        assert_eq!(
            (first.mode, first.ownership, first.syntax),
            (0o644, Ownership::Merge, Syntax::Yaml)
        );
        assert_eq!(
            (second.mode, second.ownership, second.syntax),
            (0o755, Ownership::Managed, Syntax::Shell)
        );
        assert_eq!(first.bundle, Bundle::Preset);
    }

    #[test]
    fn a_rule_finds_an_output_by_its_usual_path_and_leaves_alone_what_is_not_there() {
        let managed = FileRule { ownership: Some(Ownership::Managed), ..FileRule::default() };
        let off = FileRule { off: true, ..FileRule::default() };
        let rules = rules(&[
            ("Dockerfile", managed.clone()),
            ("nginx/nginx.conf", off),
            ("compose.yaml", managed),
        ]);
        let outputs = apply(&rules, own(&OWN)).unwrap();
        assert_eq!(outputs.len(), 3);
        assert_eq!(outputs[0].ownership, Ownership::Managed);
    }

    #[test]
    fn a_template_for_one_of_the_stacks_own_files_replaces_it() {
        let outputs = apply(&rules(&[("nginx/nginx.conf", template())]), own(&OWN)).unwrap();
        assert_eq!(outputs.len(), 4);
        assert_eq!(outputs[1].content, Content::Template("a.tera".into()));
        assert_eq!(outputs[1].bundle, Bundle::Image);
    }

    #[test]
    fn outputs_that_are_not_a_presets_to_write_are_refused_with_layer_and_path() {
        for path in [
            ".env",
            "deploy/.ENV",
            "dockwright.toml",
            ".dockwright/lock.toml",
            ".git/hooks/pre-commit",
            "vendor/.GIT/config",
            "GIT~1/config",
            "DOCKERFILE/a",
            "NGINX/nginx.conf",
            "nginx",
            "nginx/nginx.conf/a",
        ] {
            let own = own(&["Dockerfile", "nginx/nginx.conf", ".env", "dockwright.toml"]);
            let problems = apply(&rules(&[(path, template())]), own).unwrap_err();
            assert_eq!(problems.len(), 1, "{path}: {problems:?}");
            let text = problems[0].to_string();
            assert!(text.contains("team 1.0.0") && text.contains(path), "{text}");
        }
    }

    #[test]
    fn two_added_outputs_that_differ_by_case_alone_are_refused() {
        let rules = rules(&[("deploy/A.md", template()), ("deploy/a.md", template())]);
        assert_eq!(apply(&rules, own(&OWN)).unwrap_err().len(), 2);
    }

    #[test]
    fn more_outputs_than_any_preset_has_are_refused_at_once() {
        let many: Vec<String> = (0..=MOST).map(|number| format!("a/{number}")).collect();
        let many: Vec<(&str, FileRule)> =
            many.iter().map(|path| (path.as_str(), template())).collect();
        assert_eq!(apply(&rules(&many[1..]), own(&OWN)).unwrap().len(), 4 + MOST);
        assert_eq!(apply(&rules(&many), own(&OWN)).unwrap_err().len(), 1);
    }

    #[test]
    fn secrets_can_only_be_left_out_and_the_intent_not_even_that() {
        let off = FileRule { off: true, ..FileRule::default() };
        let mode = FileRule { mode: Some(0o644), ..FileRule::default() };
        assert_eq!(apply(&rules(&[(".env", off.clone())]), own(&OWN)).unwrap().len(), 3);
        assert!(apply(&rules(&[(".env", mode)]), own(&OWN)).is_err());
        assert!(apply(&rules(&[("dockwright.toml", off)]), own(&OWN)).is_err());
    }

    #[test]
    fn the_name_of_a_file_tells_its_language() {
        for (name, syntax) in [
            ("deploy/Dockerfile.worker", Syntax::Dockerfile),
            ("worker.dockerfile", Syntax::Dockerfile),
            ("Dockerfile.dockerignore", Syntax::Ignore),
            ("docs/.gitignore", Syntax::Ignore),
            ("deploy/app.env", Syntax::Dotenv),
            ("nginx/conf.d/a.conf", Syntax::Nginx),
            ("etc/logging.conf", Syntax::Text),
            ("Makefile", Syntax::Text),
            ("k8s/app.yml", Syntax::Yaml),
        ] {
            assert_eq!(Syntax::of_name(name), syntax, "{name}");
        }
    }
}
