//! What agents read, `SKILL.md` and `llms.txt`: in the form that each of them
//! has to have, and true. `pages` runs the sessions of `SKILL.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use dockwright::error::{Error, Problem};

use crate::support::dockwright;
use crate::team::said;

const SKILL: &str = "docs/skills/dockwright/SKILL.md";

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Targets of Markdown links, but for addresses.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    targets.filter(|target| !target.contains("://")).collect()
}

/// The commands in code spans and in sessions, without what a session prints.
fn commands(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            found.extend(line.strip_prefix("$ ").map(str::to_owned));
        } else {
            let spans = line.split('`').skip(1).step_by(2);
            let own = spans.filter(|span| span.starts_with("dockwright "));
            found.extend(own.map(str::to_owned));
        }
    }
    found
}

/// Refuses a command or a flag that is not there, by what `--help` says.
fn is_there(command: &str) -> Result<(), String> {
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let names = words.iter().take_while(|word| !word.starts_with('-'));
    let mut below: Vec<&str> = names.copied().take(2).collect();
    if below.first() != Some(&"preset") {
        below.truncate(1);
    }
    let output = dockwright().args(&below).arg("--help").output().unwrap();
    let help = said(&output);
    if !output.status.success() {
        return Err(help);
    }
    let flags: BTreeSet<&str> =
        help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').collect();
    let is_flag = |word: &&&str| word.starts_with("--");
    let flag = |word: &str| word.split('=').next().unwrap_or(word).to_owned();
    match words.iter().filter(is_flag).find(|word| !flags.contains(flag(word).as_str())) {
        Some(word) => Err(format!("`{}` has no {word}", below.join(" "))),
        None => Ok(()),
    }
}

#[test]
fn the_skill_has_the_front_matter_of_its_format() {
    let text = read(SKILL);
    let front = text.strip_prefix("---\n").unwrap().split("\n---\n").next().unwrap();
    let value = |key: &str| {
        let line = front.lines().find_map(|line| line.strip_prefix(&format!("{key}: ")));
        line.unwrap_or_default()
    };
    let directory = Path::new(SKILL).parent().unwrap().file_name().unwrap();
    assert_eq!(value("name"), directory.to_str().unwrap(), "the directory has its name");
    let description = value("description");
    assert!((1..=1024).contains(&description.len()) && !description.contains(": "));
    assert!((1..=500).contains(&value("compatibility").len()));
    let keys: Vec<&str> = front.lines().map(|line| line.split(':').next().unwrap()).collect();
    let known = ["name", "description", "license", "compatibility"];
    assert_eq!(keys, known, "a line each, and none that the format does not have");
    assert!(text.lines().count() < 500, "longer ones are not read whole");
}

#[test]
fn whoever_has_only_the_binary_has_the_skill() {
    let output = dockwright().arg("skill").output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), read(SKILL));
}

#[test]
fn every_command_and_flag_that_agents_are_told_of_is_there() {
    for path in [SKILL, "llms.txt"] {
        let commands = commands(&read(path));
        assert!(!commands.is_empty(), "{path}");
        for command in commands {
            is_there(&command).unwrap_or_else(|why| panic!("{path}: {command}: {why}"));
        }
    }
    assert!(is_there("dockwright update --overwrite").is_err());
    assert!(is_there("dockwright upgrade --yes").is_err());
}

/// A flag that stands alone, in a sentence about a command, is one of some command.
#[test]
fn every_flag_that_stands_alone_is_there() {
    let skill = read(SKILL);
    let spans = skill.split('`').skip(1).step_by(2).filter(|span| span.starts_with("--"));
    let alone: BTreeSet<&str> = spans.filter_map(|span| span.split([' ', '=']).next()).collect();
    assert!(alone.len() > 5, "{alone:?}");
    for flag in alone {
        let commands = ["new", "init", "update", "audit"];
        let has = |name: &&str| is_there(&format!("dockwright {name} {flag}")).is_ok();
        assert!(commands.iter().any(has), "{flag}");
    }
}

#[test]
fn the_exit_codes_that_agents_are_told_of_are_those_of_errors() {
    let ended = Error::Ended { code: 1, message: String::new() };
    let io = Error::Io { action: "read", path: "a".into(), source: std::io::Error::other("b") };
    let errors = [ended, Error::input(Problem::new("c")), io, Error::Interrupted];
    let mut wanted: BTreeSet<u8> = errors.iter().map(Error::exit_code).collect();
    wanted.insert(0);
    let skill = read(SKILL);
    let rows = skill.split("| Exit code |").nth(1).unwrap().lines().skip(2);
    let rows = rows.take_while(|line| line.starts_with("| "));
    let codes: Vec<u8> = rows.map(|row| row.split(' ').nth(1).unwrap().parse().unwrap()).collect();
    assert_eq!(codes.into_iter().collect::<BTreeSet<u8>>(), wanted);
    let short = read("llms.txt");
    let short = short.split("exit codes (").nth(1).unwrap().split(')').next().unwrap();
    let codes = short.split(", ").map(|code| code.split(' ').next().unwrap().parse().unwrap());
    assert_eq!(codes.collect::<BTreeSet<u8>>(), wanted);
}

#[test]
fn llms_txt_has_its_form_and_every_link_leads_somewhere() {
    let text = read("llms.txt");
    let mut lines = text.lines().filter(|line| !line.is_empty());
    assert_eq!(lines.next(), Some("# dockwright"));
    assert!(lines.next().unwrap().starts_with("> "));
    let (_, lists) = text.split_once("\n## ").unwrap();
    for line in lists.lines().skip(1).filter(|line| !line.is_empty()) {
        let is_link = line.starts_with("- [") && line.contains("](") && line.contains("): ");
        assert!(is_link || line.starts_with("## "), "{line}");
    }
    let links = links(&text);
    assert!(links.len() > 5, "{links:?}");
    for link in links {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(link).is_file(), "{link}");
    }
    // A page that is new has its line.
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_listed = !name.ends_with(".md") || text.contains(&format!("(docs/{name})"));
        assert!(is_listed, "llms.txt has no docs/{name}");
    }
}
