//! `examples/` holds each stack's `dockwright.toml` and exactly what it
//! renders to. After a wanted change: `UPDATE_EXAMPLES=1 cargo test examples`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use dockwright::answers::{Sources, document};
use dockwright::plan::outputs::Content;
use dockwright::{plan, preset, render};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// What an example's `dockwright.toml` renders to, by path. `.env` is left
/// out: it would hold secrets.
fn rendered(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let source = fs::read_to_string(directory.join(document::FILE)).unwrap();
    let entries = document::read(document::FILE, &source).unwrap();
    let name = &entries.iter().find(|entry| entry.key == "preset").unwrap().text;
    let preset = preset::find(name).unwrap();
    let draft = Sources { entries: &entries, ..Sources::of(&preset) }.assemble().unwrap().draft;
    let plan = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap();
    render::render(&plan, &draft)
        .unwrap()
        .into_iter()
        .filter(|file| !matches!(file.output.content, Content::Secrets | Content::Intent))
        .map(|file| (file.output.path.to_string(), file.bytes))
        .collect()
}

fn on_disk(root: &Path, directory: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            on_disk(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if name != document::FILE {
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
}

#[test]
fn examples_are_what_they_render_to() {
    let update = std::env::var_os("UPDATE_EXAMPLES").is_some();
    let mut seen = 0;
    for entry in fs::read_dir(examples()).unwrap() {
        let directory = entry.unwrap().path();
        if !directory.join(document::FILE).is_file() {
            continue;
        }
        seen += 1;
        let wanted = rendered(&directory);
        let mut found = BTreeMap::new();
        on_disk(&directory, &directory, &mut found);
        if update {
            for path in found.keys().filter(|path| !wanted.contains_key(*path)) {
                fs::remove_file(directory.join(path)).unwrap();
            }
            for (path, bytes) in &wanted {
                let path = directory.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
            continue;
        }
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&wanted), "{}", directory.display());
        for (path, bytes) in &wanted {
            assert!(
                found[path] == *bytes,
                "{}/{path} is not what its dockwright.toml renders to; UPDATE_EXAMPLES=1 cargo test examples",
                directory.display()
            );
        }
    }
    assert_eq!(seen, preset::NAMES.len() + 2, "one example per preset, and one per cluster");
}
