//! What dockwright writes is what its audit asks of others: nothing is found, in
//! any severity, where any two choices of the axes meet and in every built-in
//! preset.

use std::collections::BTreeSet;
use std::fs;

use dockwright::answers::{Draft, Origin};
use dockwright::lint::{self, Subject, rules};
use dockwright::render::{self, Rendered};
use dockwright::{plan, preset};

use crate::combinations::combinations;

fn written(files: &[Rendered]) -> assert_fs::TempDir {
    let directory = assert_fs::TempDir::new().unwrap();
    for file in files {
        let path = file.output.path.below(directory.path());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.bytes).unwrap();
    }
    directory
}

/// What is found in files, each with its code and its line.
fn found(files: &[Rendered]) -> Vec<String> {
    let directory = written(files);
    let subject = Subject::read(directory.path()).unwrap();
    let unread = subject.unread.iter().map(|own| format!("{} is not read: {}", own.path, own.why));
    let all = lint::judge(&subject, &rules::ALL);
    let said = all.iter().map(|own| {
        let place = format!("{}:{}", subject.path(own.at.text), subject.line(own.at));
        format!("{} {place} {}", own.code, own.message)
    });
    unread.chain(said).collect()
}

/// The files that are judged as what somebody works with.
fn developed(files: &[Rendered], tag: &str) -> Vec<String> {
    let directory = written(files);
    fs::write(directory.path().join(".env"), format!("TAG={tag}\n")).unwrap();
    let subject = Subject::read(directory.path()).unwrap();
    let paths = (0..subject.texts.len()).filter(|text| subject.is_developed(*text));
    paths.map(|text| subject.path(text).to_owned()).collect()
}

/// Combinations in which any two choices meet: what a rule looks at is one choice,
/// or two that have to fit.
fn covering() -> Vec<Draft> {
    let words = |draft: &Draft| -> Vec<String> {
        draft.all_sourced().map(|(key, sourced)| format!("{key}={}", sourced.value)).collect()
    };
    let pairs = |words: &[String]| -> BTreeSet<(String, String)> {
        let each = words.iter().enumerate();
        each.flat_map(|(at, one)| words[at + 1..].iter().map(|two| (one.clone(), two.clone())))
            .collect()
    };
    let mut met = BTreeSet::new();
    let mut chosen = Vec::new();
    for draft in combinations() {
        let own = pairs(&words(&draft));
        if !own.is_subset(&met) {
            met.extend(own);
            chosen.push(draft);
        }
    }
    chosen
}

#[test]
fn nothing_is_found_where_any_two_choices_meet() {
    let mut problems = Vec::new();
    for mut draft in covering() {
        for (key, value) in [("deploy.cpus", "8"), ("deploy.memory", "16GiB")] {
            draft.set(key, value, Origin::Flag).unwrap();
        }
        let plan = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap();
        let found = found(&render::render(&plan, &draft).unwrap());
        if !found.is_empty() {
            let axes: Vec<String> = draft
                .all_sourced()
                .map(|(key, sourced)| format!("{key}={}", sourced.value))
                .collect();
            problems.push(format!("{}\n  {}", axes.join(" "), found.join("\n  ")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn nothing_is_found_in_a_builtin_preset_on_a_small_or_a_large_machine() {
    for preset in preset::builtin() {
        for (cpus, memory) in [("1", "2GiB"), ("2", "4GiB"), ("16", "64GiB")] {
            let mut draft = Draft::of_preset(&preset).unwrap();
            for (key, value) in
                [("project.name", "shop"), ("deploy.cpus", cpus), ("deploy.memory", memory)]
            {
                draft.set(key, value, Origin::Flag).unwrap();
            }
            let plan = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap();
            let files = render::render(&plan, &draft).unwrap();
            // Less would be asked of them.
            for tag in ["", "local", "dev", "1.4.2"] {
                let developed = developed(&files, tag);
                assert!(developed.is_empty(), "{} of {tag}: {developed:#?}", preset.name());
            }
            let found = found(&files);
            assert!(found.is_empty(), "{} on {cpus} {memory}: {found:#?}", preset.name());
        }
    }
}
