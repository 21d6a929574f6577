//! What no image that runs should hold.

use std::collections::BTreeMap;

use super::Built;
use super::files::{File, Files, Sign};
use crate::verify::archive::Form;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;

/// Caches smaller than that are marks of a tool, and no packages.
const CACHE: u64 = 1 << 20;
/// Files that are named of each kind.
const NAMED: usize = 4;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Key,
    Environment,
    History,
    Dump,
    Test,
    Compiler,
    Cache,
}

impl What {
    const fn words(self) -> &'static str {
        match self {
            Self::Key => "a private key",
            Self::Environment => "an environment file",
            Self::History => "the history of the repository",
            Self::Dump => "a dump of a database",
            Self::Test => "tests",
            Self::Compiler => "a compiler",
            Self::Cache => "a package cache",
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Key => {
                "leave keys out by .dockerignore; a build that needs one takes --mount=type=secret"
            }
            Self::Environment => "**/.env and **/.env.* into .dockerignore (XF108)",
            Self::History => ".git into .dockerignore (DF141)",
            Self::Dump => "*.dump and *.sql.gz into .dockerignore",
            Self::Test => "**/tests into .dockerignore",
            Self::Compiler => {
                "build in a stage of its own and copy what was built; a base without -slim brings a compiler itself (DF107, DF109)"
            }
            Self::Cache => {
                "keep caches in --mount=type=cache, or remove them in the RUN that fills them"
            }
        }
    }
}

/// Judges an image.
pub fn judge(run: &mut Run<'_>, image: &Built, files: &Files) {
    let tree = &run.case.subject.tree;
    // Whether a package of adopted code reads the tests in it nobody knows: those that
    // stand beside it are nobody's.
    let (tests, inside): (Vec<&str>, Vec<&str>) =
        tree.paths().filter_map(is_test).partition(|path| run.case.is_new() || is_apart(path));
    let found = look(files, &tests);
    let inside = look(files, &inside).remove(&What::Test).map_or(0, |paths| paths.len());
    if found.is_empty() {
        let mut said =
            format!("none of what should not be there is among its {} files", files.0.len());
        if inside > 0 {
            said.push_str(&format!("; of tests inside of packages there are {inside}"));
        }
        run.record(Finding::passed("build.clean", said).of(&image.service));
        return;
    }
    for (what, paths) in found {
        let size: u64 = paths.iter().map(|path| files.0[path].size).sum();
        let mut named: Vec<String> =
            paths.iter().take(NAMED).map(|path| format!("/{path}")).collect();
        if paths.len() > NAMED {
            named.push(format!("{} more", paths.len() - NAMED));
        }
        let said = format!(
            "{} is in the image ({} files, {}): {}",
            what.words(),
            paths.len(),
            Unit::Bytes.show(size as f64),
            named.join(", ")
        )
        .replace("tests is", "tests are");
        run.record(
            Finding::failed("build.clean", said)
                .of(&image.service)
                .help(what.help())
                .measured("files", paths.len() as f64, Unit::Count)
                .measured("size", size as f64, Unit::Bytes),
        );
    }
}

fn look(files: &Files, tests: &[&str]) -> BTreeMap<What, Vec<String>> {
    let mut found: BTreeMap<What, Vec<String>> = BTreeMap::new();
    for (path, file) in &files.0 {
        if let Some(what) = what(path, file, tests) {
            found.entry(what).or_default().push(path.clone());
        }
    }
    if let Some(paths) = found.get(&What::Cache)
        && paths.iter().map(|path| files.0[path].size).sum::<u64>() < CACHE
    {
        found.remove(&What::Cache);
    }
    found
}

fn what(path: &str, file: &File, tests: &[&str]) -> Option<What> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if path.split('/').any(|part| part == ".git") {
        return (file.form == Form::File).then_some(What::History);
    }
    if matches!(file.form, Form::Directory | Form::Other) {
        return None;
    }
    if is_compiler(path, name) {
        return Some(What::Compiler);
    }
    if file.form != Form::File {
        return None;
    }
    if is_cache(path) {
        return Some(What::Cache);
    }
    // What packages bring is theirs: examples, tests and keys of no use.
    if is_of_a_package(path) {
        return None;
    }
    if name == ".env" || name.starts_with(".env.") && !is_sample(name) {
        return Some(What::Environment);
    }
    if file.sign == Some(Sign::Key) && !name.contains("snakeoil") {
        return Some(What::Key);
    }
    let is_dump = [".dump", ".pgdump", ".sql.gz", ".sql.xz", ".sql.zst"]
        .iter()
        .any(|end| name.ends_with(end));
    if file.sign == Some(Sign::Dump) || is_dump {
        return Some(What::Dump);
    }
    let ends = |test: &&str| {
        path == *test || path.strip_suffix(*test).is_some_and(|before| before.ends_with('/'))
    };
    tests.iter().any(ends).then_some(What::Test)
}

/// Whether a test stands in a directory of tests at the top.
fn is_apart(path: &str) -> bool {
    path.split('/').next().is_some_and(|first| matches!(first, "tests" | "test"))
}

/// A test of the repository, by its path; `None` for anything else.
pub fn is_test(path: &str) -> Option<&str> {
    let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
    let inside = directories.split('/').any(|part| matches!(part, "tests" | "test"));
    let by_name = name == "conftest.py"
        || name.starts_with("test_") && name.ends_with(".py")
        || name.ends_with("_test.py");
    // A test without a directory of its own name is told by its name alone, and a
    // package's marker by nothing.
    (by_name || inside && name.ends_with(".py") && name != "__init__.py").then_some(path)
}

fn is_sample(name: &str) -> bool {
    ["example", "sample", "template", "dist", "tmpl", "j2"].iter().any(|word| name.contains(word))
}

fn is_compiler(path: &str, name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "gcc", "cc", "g++", "c++", "clang", "clang++", "make", "gmake", "cmake", "gfortran",
        "rustc", "cargo",
    ];
    let directory = path.strip_suffix(name).unwrap_or_default().trim_end_matches('/');
    let is_program = ["usr/bin", "bin", "usr/local/bin", "root/.cargo/bin", "usr/local/go/bin"]
        .contains(&directory);
    // `gcc-14`, `x86_64-linux-gnu-gcc-14`.
    let bare =
        name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end_matches('-');
    let last = bare.rsplit("-gnu-").next().unwrap_or(bare);
    is_program && (NAMES.contains(&last) || name == "go" && directory == "usr/local/go/bin")
}

fn is_cache(path: &str) -> bool {
    const TOOLS: [&str; 9] =
        ["pip", "uv", "pypoetry", "pdm", "pipenv", "hatch", "yarn", "conda", "node"];
    let below_cache = path.split_once(".cache/").is_some_and(|(before, rest)| {
        (before == "root/" || before.starts_with("home/") || before.starts_with("usr/local/share/"))
            && TOOLS.contains(&rest.split('/').next().unwrap_or_default())
    });
    let apt = path.strip_prefix("var/lib/apt/lists/").is_some_and(|rest| rest != "lock");
    below_cache
        || apt
        || path.starts_with("var/cache/apt/")
        || path.starts_with("var/cache/apk/")
        || path.starts_with("root/.npm/_cacache/")
        || path.starts_with("opt/conda/pkgs/")
}

fn is_of_a_package(path: &str) -> bool {
    ["site-packages/", "dist-packages/", "node_modules/"].iter().any(|part| path.contains(part))
        || ["usr/share/", "usr/lib/", "usr/local/lib/python", "lib/", "proc/", "sys/", "dev/"]
            .iter()
            .any(|start| path.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(sign: Option<Sign>) -> File {
        File { form: Form::File, mode: 0o644, owner: (0, 0), size: 2 << 20, sign }
    }

    #[test]
    fn each_of_what_does_not_belong_is_found() {
        let tests: Vec<&str> = ["tests/test_x.py", "app/tests/util.py", "core/views.py"]
            .into_iter()
            .filter_map(is_test)
            .collect();
        assert_eq!(tests.len(), 2);
        let of = |path: &str, sign| what(path, &file(sign), &tests);
        for (path, sign, wanted) in [
            ("usr/bin/gcc", None, What::Compiler),
            ("usr/bin/x86_64-linux-gnu-g++-14", None, What::Compiler),
            ("root/.cache/pip/http/x", None, What::Cache),
            ("var/lib/apt/lists/deb.debian.org_x_InRelease", None, What::Cache),
            ("app/.git/HEAD", None, What::History),
            ("app/.env", None, What::Environment),
            ("app/.env.production", None, What::Environment),
            ("app/certs/server", Some(Sign::Key), What::Key),
            ("app/backup.sql.gz", None, What::Dump),
            ("app/tests/test_x.py", None, What::Test),
            ("code/app/tests/util.py", None, What::Test),
        ] {
            assert_eq!(of(path, sign), Some(wanted), "{path}");
        }
        for (path, sign) in [
            ("app/.env.example", None),
            ("app/core/views.py", None),
            ("usr/lib/gcc/x", None),
            ("usr/bin/makeconv", None),
            ("opt/venv/lib/python3.14/site-packages/x/tests/test_x.py", None),
            ("opt/venv/lib/python3.14/site-packages/certs/key.pem", Some(Sign::Key)),
            ("var/lib/apt/lists/lock", None),
            ("root/.cache/huggingface/model", None),
        ] {
            assert_eq!(of(path, sign), None, "{path}");
        }
    }
}
