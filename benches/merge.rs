//! How long the three-way merge of every file that an update of a large stack
//! merges takes, with edits on both sides in each, and bringing the result onto
//! the disk. Files that are written once, such as the code, are never merged.

use std::collections::BTreeSet;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use dockwright::answers::{Draft, Origin};
use dockwright::apply::bookkeeping::has_base;
use dockwright::apply::change::Change;
use dockwright::apply::commit::commit;
use dockwright::apply::disk;
use dockwright::apply::exclusive::Held;
use dockwright::merge::{Outcome, merge};
use dockwright::plan::outputs::Syntax;
use dockwright::render::Rendered;
use dockwright::{plan, preset, render};

/// Django with a proxy, a database, a cache, a broker, workers and beat.
const EVERYTHING: [(&str, &str); 6] = [
    ("project.name", "shop"),
    ("stack.cache", "redis"),
    ("stack.broker", "redis"),
    ("stack.worker", "celery"),
    ("stack.beat", "true"),
    ("deploy.domain", "shop.example.com"),
];

fn rendered(settings: &[(&str, &str)]) -> Vec<Rendered> {
    let mut draft = Draft::of_preset(&preset::find("django-nginx").unwrap()).unwrap();
    for (key, value) in EVERYTHING.iter().chain(settings) {
        draft.set(key, value, Origin::Flag).unwrap();
    }
    let planned = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap();
    render::render(&planned, &draft).unwrap()
}

/// The new render: other numbers wherever a plan has numbers.
const LARGER: [(&str, &str); 3] =
    [("deploy.memory", "16GiB"), ("deploy.cpus", "8"), ("project.python", "3.13")];

/// Two comments of the user's, each between lines that the new render has as
/// well.
fn edited(file: &Rendered, new: &str) -> String {
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let stays = |at: &usize| {
        let around = lines[at - 2..at + 2].join("\n");
        lines[*at].is_empty() && new.contains(&around)
    };
    let mut places = (2..lines.len() - 2).filter(stays);
    let places = [places.next(), places.next_back()];
    let mut edited = String::new();
    for (at, line) in lines.iter().enumerate() {
        if places.contains(&Some(at)) {
            edited.push_str("# Of this repository.\n");
        }
        edited.extend([line, "\n"]);
    }
    edited
}

struct Case {
    path: String,
    syntax: Syntax,
    base: Vec<u8>,
    disk: String,
    new: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let new = rendered(&LARGER);
    let comments = |syntax| !matches!(syntax, Syntax::Json | Syntax::Markdown | Syntax::Binary);
    rendered(&[])
        .into_iter()
        .filter(|file| has_base(file.output.ownership))
        .filter(|file| file.bytes.len() > 200 && comments(file.output.syntax))
        .filter_map(|file| {
            let new = new.iter().find(|new| new.output.path == file.output.path)?;
            let mut bytes = new.bytes.clone();
            if bytes == file.bytes {
                // Then the preset has a line more.
                bytes.extend(b"# Of the preset.\n");
            }
            let case = Case {
                path: file.output.path.to_string(),
                syntax: file.output.syntax,
                disk: edited(&file, &String::from_utf8_lossy(&new.bytes)),
                base: file.bytes,
                new: bytes,
            };
            (case.disk.as_bytes() != case.base).then_some(case)
        })
        .collect()
}

fn merges(criterion: &mut Criterion) {
    let cases = cases();
    for case in &cases {
        let outcome = merge(&case.base, case.disk.as_bytes(), &case.new, case.syntax);
        if let Outcome::Conflict { hunks, .. } = &outcome {
            panic!("{}: {hunks:?}", case.path);
        }
        assert!(matches!(outcome, Outcome::Merged(_)), "{}", case.path);
    }
    let lines: usize = cases.iter().map(|case| case.disk.lines().count()).sum();
    println!("{} files, {lines} lines", cases.len());
    criterion.bench_function("merge/django-nginx with everything", |bencher| {
        bencher.iter(|| {
            for case in &cases {
                black_box(merge(&case.base, case.disk.as_bytes(), &case.new, case.syntax));
            }
        });
    });
}

fn commits(criterion: &mut Criterion) {
    let files = rendered(&[]);
    criterion.bench_function("commit/django-nginx with everything", |bencher| {
        bencher.iter_batched(
            || {
                // On the disk of the build, as a repository is; a temporary
                // directory may be in memory.
                let root = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
                for file in &files {
                    let path = file.output.path.below(root.path());
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(path, "old").unwrap();
                }
                let change = |file: &Rendered| {
                    let (path, mode) = (file.output.path.clone(), file.output.mode);
                    let there = disk::look(root.path(), &path).unwrap();
                    Change::write(path, there, file.bytes.clone(), mode)
                };
                let changes: Vec<Change> = files.iter().map(change).collect();
                let held = Held::take(root.path(), &mut || {}).unwrap();
                (root, held, changes)
            },
            |(root, held, changes)| {
                commit(&held, &changes).unwrap();
                root
            },
            BatchSize::PerIteration,
        );
    });
}

criterion_group!(benches, merges, commits);
criterion_main!(benches);
