//! How long 200 repositories take to be checked, each with a policy that is
//! judged on its files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use dockwright::answers::{Draft, Origin};
use dockwright::check::{self, Options};
use dockwright::cli::many;
use dockwright::preset::{self, Places, Reference};
use dockwright::{apply, plan, render};

const REPOSITORIES: usize = 200;

const PRESET: &str = r#"name = "acme"
version = "1.0.0"
extends = ["django-nginx"]
[locked]
deploy.hardening = "strict"
deploy.bind = "127.0.0.1"
[floors]
python = "3.12"
images.postgres = "17"
[[rule]]
key = "web.workers"
max = 16
message = "few workers"
[[rule]]
file = "Dockerfile"
forbid = '^USER root'
message = "nothing runs as root"
[files."gunicorn.conf.py"]
ownership = "managed"
"#;

/// A directory with the preset and repositories that follow it.
fn fleet() -> (tempfile::TempDir, Vec<PathBuf>) {
    let top = tempfile::tempdir().unwrap();
    fs::create_dir(top.path().join("acme")).unwrap();
    fs::write(top.path().join("acme/preset.toml"), PRESET).unwrap();
    let first = top.path().join("0");
    let reference = Reference::parse("../acme").unwrap();
    let places = Places { base: first.clone(), ..Places::default() };
    let preset = preset::open(&reference, &places).unwrap();
    let mut draft = Draft::of_preset(&preset).unwrap();
    draft.set("project.name", "shop", Origin::Flag).unwrap();
    let planned = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap();
    let files = render::render(&planned, &draft).unwrap();
    apply::create::create(&first, None, &planned, &preset, &files).unwrap();
    let mut dirs = vec![first.clone()];
    for number in 1..REPOSITORIES {
        let other = top.path().join(number.to_string());
        copy(&first, &other);
        dirs.push(other);
    }
    (top, dirs)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn repositories(criterion: &mut Criterion) {
    let (_top, dirs) = fleet();
    let options = Options { today: "2026-11-20".to_owned(), ..Options::default() };
    let mut group = criterion.benchmark_group("check");
    group.sample_size(10);
    group.bench_function("one", |bencher| {
        bencher.iter(|| check::check(&dirs[0], &options).unwrap());
    });
    group.bench_function("200", |bencher| {
        bencher.iter(|| {
            let done = many::each(&dirs, "checking", |dir| check::check(dir, &options));
            assert!(done.iter().all(|done| done.result.as_ref().unwrap().findings.is_empty()));
        });
    });
    group.finish();
}

criterion_group!(benches, repositories);
criterion_main!(benches);
