//! What the repository's own files install its dependencies with: lines of
//! Dockerfiles, scripts, CI and README. They decide between files that
//! disagree, and which extras production wants.

use super::name::normalised;
use super::{Requirement, line, path};
use crate::catalog::installers::WITH_VALUE;
use crate::detect::commands::{Given, contexts, expand, pairs};
use crate::detect::fact::Evidence;
use crate::detect::scope;
use crate::detect::tree::Tree;
use crate::source::compose::is_compose;
use crate::source::dockerfile::{Dockerfile, Instruction, Keyword, Transfer, is_dockerfile};
use crate::source::text::Text;

/// Where a line stands. Earlier ones are better evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// What is deployed: Dockerfile, compose, platform files.
    Deploy,
    /// Scripts, Makefiles and images for development.
    Script,
    /// Continuous integration.
    Ci,
    /// README and its like.
    Readme,
}

/// One line that installs.
#[derive(Clone, Debug)]
pub struct Install {
    /// How good the evidence is.
    pub rank: Rank,
    /// `uv`, `poetry`, `pdm`, `pipenv`, `pip`, `conda`, or `project` for the
    /// directory itself.
    pub manager: &'static str,
    /// The file named, relative to the directory that was read, where it is
    /// there.
    pub file: Option<String>,
    /// Extras and groups asked for, normalised.
    pub asked: Vec<String>,
    /// The line.
    pub evidence: Evidence,
}

/// Every line of a repository that installs its dependencies.
#[must_use]
pub fn find(tree: &Tree) -> Vec<Install> {
    let mut found = Vec::new();
    let contexts = contexts(tree);
    for file in tree.paths() {
        if let Some(rank) = rank(file)
            && scope::counts(file)
            && let Some(text) = tree.text(file)
        {
            let given = contexts.get(file).map_or(&[][..], |(_, given)| given);
            match is_dockerfile(file) {
                true => read_image(tree, (file, text), rank, given, &mut found),
                false => read(tree, file, text, rank, &mut found),
            }
        }
    }
    found.sort_by_key(|install| install.rank);
    found
}

fn rank(file: &str) -> Option<Rank> {
    const PLATFORM: [&str; 16] = [
        "procfile",
        "heroku.yml",
        "app.yaml",
        "app.json",
        "render.yaml",
        "fly.toml",
        "railway.json",
        "railway.toml",
        "nixpacks.toml",
        "apprunner.yaml",
        "buildspec.yml",
        "vercel.json",
        "build.sh",
        "entrypoint.sh",
        "deploy.sh",
        "zeabur.json",
    ];
    const CI: [&str; 8] = [
        ".travis.yml",
        ".gitlab-ci.yml",
        "azure-pipelines.yml",
        "appveyor.yml",
        "tox.ini",
        "noxfile.py",
        "jenkinsfile",
        "bitbucket-pipelines.yml",
    ];
    let name = path::file_name(file).to_ascii_lowercase();
    let for_development = super::name::is_development(&name);
    if is_dockerfile(file) || is_compose(file) || PLATFORM.contains(&name.as_str()) {
        return Some(if for_development { Rank::Script } else { Rank::Deploy });
    }
    if CI.contains(&name.as_str())
        || file.starts_with(".github/workflows/")
        || file.starts_with(".circleci/")
    {
        return Some(Rank::Ci);
    }
    if name.ends_with(".sh") || ["makefile", "justfile", "taskfile.yml"].contains(&name.as_str()) {
        return Some(Rank::Script);
    }
    let readme =
        ["readme", "install", "contributing", "deploy"].iter().any(|start| name.starts_with(start));
    let prose = name.ends_with(".md") || name.ends_with(".rst") || name.ends_with(".txt");
    (readme && (prose || !name.contains('.'))).then_some(Rank::Readme)
}

fn read(tree: &Tree, file: &str, text: &str, rank: Rank, found: &mut Vec<Install>) {
    let mut joined = String::new();
    let mut first = 0;
    for (at, line) in text.lines().enumerate() {
        if joined.is_empty() {
            first = at + 1;
        }
        let comment = line.trim_start().starts_with('#') && rank != Rank::Readme;
        if let Some(start) = line.trim_end().strip_suffix('\\') {
            if !comment {
                joined.push_str(start);
                joined.push(' ');
            }
            continue;
        }
        if !comment {
            joined.push_str(line);
        }
        let lines = Lines { tree, file, first, last: at + 1 };
        installs(&lines, &std::mem::take(&mut joined), rank, &[], found);
    }
}

/// Requirements that a RUN names itself: `pip install a==1`, and
/// `echo "a==1" >> requirements.txt`.
#[must_use]
pub fn named(run: &Instruction, text: &str) -> Vec<Requirement> {
    const FILES: [&str; 4] = ["-r", "--requirement", "-c", "--constraint"];
    let writes = run.arguments.text.contains(">>") && run.arguments.text.contains("requirements");
    let mut found = Vec::new();
    for command in run.commands(text) {
        let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
        let install = words.windows(2).position(|two| {
            let name = path::file_name(two[0]);
            (is_pip(name) || name == "-mpip") && two[1] == "install"
        });
        let named = match (install, words.first()) {
            (Some(at), _) => &words[at + 2..],
            (None, Some(&"echo")) if writes => &words[1..],
            _ => continue,
        };
        let mut skips = false;
        for word in named {
            let has_value = WITH_VALUE.contains(word) || FILES.contains(word);
            let is_value = std::mem::replace(&mut skips, has_value);
            let is_name = word.starts_with(|c: char| c.is_ascii_alphanumeric())
                && !word.contains(['/', '$'])
                && !word.ends_with(".txt")
                && !word.ends_with(".whl");
            if !is_value && is_name {
                found.extend(line::requirement(word, Evidence::file("")));
            }
        }
    }
    found
}

/// A Dockerfile: what its instructions run, and what they have copied by then. `given`
/// are the arguments that its build is given.
fn read_image(
    tree: &Tree,
    (path, text): (&str, &str),
    rank: Rank,
    given: &[(String, String)],
    found: &mut Vec<Install>,
) {
    let text = Text::new(path, text);
    let file = Dockerfile::read(&text.text);
    let mut copies: Vec<Transfer> = Vec::new();
    let mut known = Given::new();
    for own in &file.instructions {
        if matches!(own.keyword, Keyword::Arg | Keyword::Env) {
            known.extend(pairs(own, file.escape, &known, given));
            continue;
        }
        if let Some(transfer) = Transfer::of(own, file.escape) {
            copies.extend(Some(transfer).filter(|_| own.flag("from").is_none()));
            continue;
        }
        let (first, last) = (text.line(own.span.start), text.line(own.span.end));
        let lines = Lines { tree, file: path, first, last };
        installs(&lines, &expand(&own.command().line(), &known), rank, &copies, found);
        for line in own.heredocs.iter().flat_map(|own| text.slice(own.body).lines()) {
            installs(&lines, &expand(line, &known), rank, &copies, found);
        }
    }
}

/// Where a text stands.
struct Lines<'a> {
    tree: &'a Tree,
    file: &'a str,
    first: usize,
    last: usize,
}

/// The commands of a text that install.
fn installs(
    lines: &Lines<'_>,
    text: &str,
    rank: Rank,
    copies: &[Transfer],
    found: &mut Vec<Install>,
) {
    for command in text.split("&&").flat_map(|part| part.split([';', '|'])) {
        if let Some((manager, named, asked)) = command_of(command) {
            let named = named.and_then(|named| resolve(lines.tree, lines.file, &named, copies));
            found.push(Install {
                rank,
                manager,
                file: named,
                asked,
                evidence: lines.near(command),
            });
        }
    }
}

impl Lines<'_> {
    /// The line of a joined command that says the deciding words.
    fn near(&self, command: &str) -> Evidence {
        let start = command.split_whitespace().next().unwrap_or_default();
        let lines = (self.first..=self.last).map(|line| self.tree.evidence(self.file, line));
        let mut lines = lines.filter(|line| !start.is_empty() && line.text.contains(start));
        lines.next().unwrap_or_else(|| self.tree.evidence(self.file, self.first))
    }
}

/// The file of the repository that a command's argument means.
fn resolve(tree: &Tree, file: &str, named: &str, copies: &[Transfer]) -> Option<String> {
    let name = path::file_name(named);
    let near = |candidate: &str| {
        path::upwards(path::parent(file)).find_map(|directory| {
            path::join(directory, candidate.trim_start_matches('/')).filter(|at| tree.has(at))
        })
    };
    for Transfer { sources, target } in copies.iter().rev() {
        let renamed = path::file_name(target) == name && sources.len() == 1;
        let same = sources.iter().find(|source| path::file_name(source) == name);
        if let Some(source) = same.or_else(|| sources.first().filter(|_| renamed))
            && let Some(found) = near(source)
        {
            return Some(found);
        }
    }
    // Below a directory that was copied whole, only the end of the path is known.
    let mut rest = named.trim_start_matches("./").trim_start_matches('/');
    loop {
        if let Some(found) = near(rest) {
            return Some(found);
        }
        rest = rest.split_once('/')?.1;
    }
}

type Command = (&'static str, Option<String>, Vec<String>);

fn command_of(command: &str) -> Option<Command> {
    let clean =
        |word: &str| word.trim_matches(|letter: char| "`'\"()[]{},$".contains(letter)).to_owned();
    let words: Vec<String> =
        command.split_whitespace().map(clean).filter(|word| !word.is_empty()).collect();
    let at = |program: &str, verbs: &[&str]| {
        words.windows(2).position(|pair| {
            let name = path::file_name(&pair[0]);
            (name == program || (program == "pip" && is_pip(name)))
                && verbs.contains(&pair[1].as_str())
        })
    };
    let tools: [(&'static str, &[&str]); 4] = [
        ("uv", &["sync", "export", "run"]),
        ("poetry", &["install", "export", "sync", "run", "build"]),
        ("pdm", &["install", "sync", "export", "run"]),
        ("pipenv", &["install", "sync", "requirements", "lock", "run"]),
    ];
    for (manager, verbs) in tools {
        if let Some(start) = at(manager, verbs) {
            return Some((manager, None, asked(&words[start..])));
        }
    }
    for program in ["conda", "mamba", "micromamba"] {
        if at(program, &["env", "install", "create", "update"]).is_some()
            && let Some(file) = value(&words, &["-f", "--file"]).filter(|file| is_yaml(file))
        {
            return Some(("conda", Some(file), Vec::new()));
        }
    }
    let start = at("pip", &["install", "sync", "wheel", "download"])
        .or_else(|| words.iter().position(|word| word == "pip-sync"))?;
    let rest = &words[start..];
    if let Some(file) = value(rest, &["-r", "--requirement", "--requirements"]) {
        return Some(("pip", Some(file), asked(rest)));
    }
    let project = rest.iter().find(|word| *word == "." || word.starts_with(".["));
    let project = project.or_else(|| rest.iter().find(|word| word.starts_with("-e.")))?;
    let extras = project.split_once('[').map(|(_, rest)| rest.trim_end_matches(']'));
    let extras = extras.into_iter().flat_map(|extras| extras.split(',')).map(normalised);
    Some(("project", None, extras.collect()))
}

fn is_pip(name: &str) -> bool {
    name.strip_prefix("pip")
        .is_some_and(|rest| rest.chars().all(|letter| letter.is_ascii_digit() || letter == '.'))
}

fn is_yaml(file: &str) -> bool {
    file.ends_with(".yml") || file.ends_with(".yaml")
}

/// The value after one of these options: `-r x`, `-rx`, `--requirement=x`.
fn value(words: &[String], options: &[&str]) -> Option<String> {
    words.iter().enumerate().find_map(|(at, word)| {
        let option = options.iter().find(|option| word.starts_with(**option))?;
        let rest = word[option.len()..].trim_start_matches('=');
        if rest.is_empty() {
            words.get(at + 1).cloned()
        } else {
            let glued = !option.starts_with("--") || word[option.len()..].starts_with('=');
            glued.then(|| rest.to_owned())
        }
    })
}

/// Options that ask for every extra, and for every group that is not for development.
pub(super) const ALL: [&str; 2] = ["--all-extras", "--all-groups"];

/// Extras and groups of a command of uv, Poetry, PDM or pip.
fn asked(words: &[String]) -> Vec<String> {
    const OPTIONS: [&str; 8] =
        ["--extra", "--extras", "-E", "--group", "--only-group", "--with", "--only", "-G"];
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if ALL.contains(&word.as_str()) {
            found.push(word.clone());
            continue;
        }
        let short = ["-E", "-G"].iter().find_map(|option| word.strip_prefix(option));
        let (name, glued) = match (word.split_once('='), short) {
            (Some((name, value)), _) => (name, Some(value.to_owned())),
            (None, Some(value)) if !value.is_empty() => (&word[..2], Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        if name == "-G"
            && glued.as_deref().or(words.get(at + 1).map(String::as_str)) == Some(":all")
        {
            found.push(ALL[0].to_owned());
            continue;
        }
        if OPTIONS.contains(&name)
            && let Some(value) = glued.or_else(|| words.get(at + 1).cloned())
        {
            let names = value.split([',', ' ', ':']).map(normalised);
            found.extend(names.filter(|name| !name.is_empty()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use assert_fs::TempDir;
    use assert_fs::prelude::*;

    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<(&'static str, Option<String>, Vec<String>)> {
        let directory = TempDir::new().unwrap();
        for (path, text) in files {
            directory.child(path).write_str(text).unwrap();
        }
        let tree = Tree::read(directory.path()).unwrap();
        find(&tree).into_iter().map(|one| (one.manager, one.file, one.asked)).collect()
    }

    #[test]
    fn a_dockerfile_tells_the_file_it_renamed_or_copied_elsewhere() {
        let dockerfile = "FROM python:3.12\nCOPY deps/live.txt /tmp/requirements.txt\nRUN pip install --upgrade pip \\\n  && pip3 install --no-cache-dir -r /tmp/requirements.txt\n";
        let all = found(&[("docker/Dockerfile", dockerfile), ("deps/live.txt", "flask")]);
        assert_eq!(all, [("pip", Some("deps/live.txt".into()), vec![])]);
    }

    #[test]
    fn tools_are_told_apart_and_their_groups_kept() {
        for (line, manager, asked) in [
            ("RUN uv sync --frozen --no-dev --extra web", "uv", vec!["web"]),
            ("RUN poetry install --without dev --with=Prod,aws", "poetry", vec!["prod", "aws"]),
            ("RUN pip install '.[prod]'", "project", vec!["prod"]),
            ("RUN python -m pip install -e .", "project", vec![]),
            ("RUN pipenv install --system --deploy", "pipenv", vec![]),
            ("CMD [\"poetry\",\"run\",\"gunicorn\"]", "poetry", vec![]),
            ("RUN <<EOF\nset -e\nuv sync --extra web\nEOF", "uv", vec!["web"]),
            ("RUN uv pip install -r requirements.txt", "pip", vec![]),
            ("RUN micromamba install -y -n base -f /tmp/env.yaml", "conda", vec![]),
        ] {
            let all = found(&[("Dockerfile", line)]);
            assert_eq!(all.len(), 1, "{line}");
            assert_eq!(
                (all[0].0, &all[0].2),
                (manager, &asked.iter().map(|s| s.to_string()).collect()),
                "{line}"
            );
        }
        assert!(
            found(&[("Dockerfile", "RUN pip install gunicorn poetry\n# RUN uv sync")]).is_empty()
        );
    }

    #[test]
    fn files_of_a_template_or_of_tests_install_nothing_here() {
        let line = "FROM python:3.12\nRUN uv sync\n";
        assert!(found(&[("{{slug}}/Dockerfile", line), ("tests/Dockerfile", line)]).is_empty());
    }

    #[test]
    fn what_is_deployed_comes_before_what_a_readme_says() {
        let all = found(&[
            ("README.md", "Run `poetry install` first"),
            ("Dockerfile", "RUN pip install -r requirements.txt"),
            ("requirements.txt", ""),
        ]);
        assert_eq!(all[0], ("pip", Some("requirements.txt".into()), vec![]));
        assert_eq!(all[1].0, "poetry");
    }
}
