//! Data flows one way: no top-level module of `src` uses one that uses it
//! back, straight or through others. Code under `#[cfg(test)]` does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use regex::Regex;

/// What each module uses, with a line that shows it.
type Uses = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn no_top_level_module_uses_one_that_uses_it_back() {
    let uses = uses(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(uses["cli"].contains_key("plan") && uses["plan"].contains_key("answers"), "{uses:?}");
    if let Some(circle) = circle(&uses) {
        let pairs = circle.iter().zip(circle.iter().cycle().skip(1));
        let arrows: Vec<String> =
            pairs.map(|(one, other)| format!("{one} -> {other}: {}", uses[one][other])).collect();
        panic!("modules use each other in a circle:\n{}", arrows.join("\n"));
    }
}

#[test]
fn a_circle_is_found_however_long_it_is() {
    let of = |arrows: &[(&str, &str)]| {
        let mut uses = Uses::new();
        for (one, other) in arrows {
            uses.entry((*one).into()).or_default().insert((*other).into(), String::new());
        }
        circle(&uses).map(BTreeSet::from_iter)
    };
    assert_eq!(of(&[("a", "b"), ("b", "c"), ("a", "c")]), None);
    let names = ["b", "c", "d"].map(str::to_owned);
    assert_eq!(of(&[("a", "b"), ("b", "c"), ("c", "d"), ("d", "b")]), Some(names.into()));
}

/// Whoever opens a file by other means waits for a pipe in its place.
#[test]
fn files_are_opened_in_one_place() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let opens = Regex::new(r"\bfs::read(?:_to_string)?\(|File::open\(").unwrap();
    // A directory is opened for its lock or to be synced, and /proc is the system's.
    let others =
        ["source/text.rs", "apply/exclusive.rs", "apply/journal.rs", "render/sandbox/limits.rs"];
    for file in sources(&src) {
        let name = file.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        let found = opens.find(&code(&fs::read_to_string(&file).unwrap())).is_some();
        assert!(!found || others.contains(&name.as_str()), "{name}: source::text opens files");
    }
}

fn uses(src: &Path) -> Uses {
    // `crate::a::…`, or the head of each path in `crate::{a::…, b::…}`.
    let path = Regex::new(r"\bcrate::(?:(\w+)|\{([^;]*)\};)").unwrap();
    let head = Regex::new(r"(?:^|[,{]\s*)(\w+)").unwrap();
    let mut uses = Uses::new();
    for file in sources(src) {
        let top = file.strip_prefix(src).unwrap().components().next().unwrap();
        let top = top.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let code = code(&fs::read_to_string(&file).unwrap());
        for found in path.captures_iter(&code) {
            let group = found.get(2).map_or("", |group| group.as_str());
            let one = found.get(1).into_iter().map(|name| name.as_str());
            let more = head.captures_iter(group).map(|found| found.get(1).unwrap().as_str());
            for name in one.chain(more).filter(|name| *name != top) {
                let seen = format!("{}: {}", file.display(), &found[0]);
                uses.entry(top.clone()).or_default().insert(name.to_owned(), seen);
            }
        }
    }
    uses
}

/// The files of `src`, but those that a `#[cfg(test)] mod` names.
fn sources(src: &Path) -> Vec<PathBuf> {
    let files = WalkBuilder::new(src).build().map(|entry| entry.unwrap().into_path());
    let files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect();
    let named = Regex::new(r"#\[cfg\(test\)\]\s*(?:pub )?mod (\w+);").unwrap();
    let mut tests: Vec<PathBuf> = Vec::new();
    for file in &files {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let below = match stem {
            "mod" | "lib" | "main" => file.parent().unwrap().to_owned(),
            _ => file.with_extension(""),
        };
        let text = fs::read_to_string(file).unwrap();
        tests.extend(named.captures_iter(&text).map(|found| below.join(&found[1])));
    }
    let is_test = |file: &PathBuf| {
        tests.iter().any(|test| file.starts_with(test) || file.with_extension("") == *test)
    };
    files.into_iter().filter(|file| !is_test(file)).collect()
}

/// A file without its comments and its tests, which stand last.
fn code(text: &str) -> String {
    let tests = Regex::new(r"#\[cfg\(test\)\]\s*mod \w+ \{").unwrap();
    let end = tests.find(text).map_or(text.len(), |found| found.start());
    let lines = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Modules that use each other in a circle: what is left once modules that
/// use nothing that is left are taken away, followed until it closes.
fn circle(uses: &Uses) -> Option<Vec<String>> {
    let mut left = uses.clone();
    loop {
        let there: BTreeSet<String> = left.keys().cloned().collect();
        for used in left.values_mut() {
            used.retain(|name, _| there.contains(name));
        }
        left.retain(|_, used| !used.is_empty());
        if left.len() == there.len() {
            break;
        }
    }
    let mut way = vec![left.keys().next()?.clone()];
    loop {
        let next = left[way.last()?].keys().next()?;
        if let Some(at) = way.iter().position(|name| name == next) {
            return Some(way.split_off(at));
        }
        way.push(next.clone());
    }
}
