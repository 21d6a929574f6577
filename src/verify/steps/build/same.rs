//! Two builds of the same code, file by file.

use std::collections::BTreeMap;

use super::Built;
use super::files::{File, Files};
use crate::verify::archive::Form;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// Differences that are named.
const NAMED: usize = 8;

/// Compares what the names stand for now with what they stood for.
pub async fn judge(
    run: &mut Run<'_>,
    images: &[Built],
    before: &BTreeMap<String, Files>,
) -> Outcome {
    let again = super::files(run, images).await?;
    for image in images {
        let (Some(before), Some(now)) = (before.get(&image.name), again.get(&image.name)) else {
            continue;
        };
        let differences = differences(before, now);
        let said = match differences.len() {
            0 => format!("two builds have the same {} files", now.0.len()),
            1 => "two builds differ in one file".to_owned(),
            many => format!("two builds differ in {many} of {} files", now.0.len()),
        };
        let finding = Finding::judged("build.same", differences.is_empty(), said)
            .of(&image.service)
            .measured("differences", differences.len() as f64, Unit::Count);
        run.record(if differences.is_empty() {
            finding
        } else {
            finding
                .help("pin what is installed (a lock with hashes), and let no step name files after the moment")
                .log(differences.into_iter().take(NAMED).collect())
        });
    }
    Ok(())
}

/// What is in one alone, or has another form, mode or owner.
fn differences(one: &Files, other: &Files) -> Vec<String> {
    let mut found = Vec::new();
    for (path, file) in &one.0 {
        match other.0.get(path) {
            None => found.push(format!("/{path} is in the first alone")),
            Some(own) => found.extend(difference(path, file, own)),
        }
    }
    let more = other.0.keys().filter(|path| !one.0.contains_key(*path));
    found.extend(more.map(|path| format!("/{path} is in the second alone")));
    found
}

fn difference(path: &str, one: &File, other: &File) -> Option<String> {
    let what = |what: &str, one: &dyn std::fmt::Display, other: &dyn std::fmt::Display| {
        Some(format!("/{path} has {what} {one}, then {other}"))
    };
    let form = |form: Form| match form {
        Form::File => "a file",
        Form::Directory => "a directory",
        Form::Link => "a link",
        Form::Other => "no plain file",
    };
    if one.form != other.form {
        return Some(format!("/{path} is {}, then {}", form(one.form), form(other.form)));
    }
    if one.mode != other.mode {
        let mode = |own: &File| format!("{:o}", own.mode);
        return what("mode", &mode(one), &mode(other));
    }
    if one.owner != other.owner {
        let owner = |own: &File| format!("{}:{}", own.owner.0, own.owner.1);
        return what("owner", &owner(one), &owner(other));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_modes_and_owners_are_the_list_and_sizes_are_not() {
        let file = |mode, owner, size| File { form: Form::File, mode, owner, size, sign: None };
        let of = |all: &[(&str, File)]| {
            Files(all.iter().map(|(path, own)| ((*path).to_owned(), own.clone())).collect())
        };
        let one = of(&[("a", file(0o644, (0, 0), 1)), ("b", file(0o644, (0, 0), 1))]);
        let same = of(&[("a", file(0o644, (0, 0), 2)), ("b", file(0o644, (0, 0), 1))]);
        assert!(differences(&one, &same).is_empty());
        let other = of(&[
            ("a", file(0o600, (0, 0), 1)),
            ("b", file(0o644, (1, 1), 1)),
            ("c", file(0, (0, 0), 0)),
        ]);
        assert_eq!(
            differences(&one, &other),
            [
                "/a has mode 644, then 600",
                "/b has owner 0:0, then 1:1",
                "/c is in the second alone"
            ]
        );
    }
}
