//! Every rule of the audit has a case that breaks it, one that does not, and
//! one that looks alike and is right: `tests/rules/CODE/{fails,passes,alike}`,
//! each a small repository. More cases have a name after a hyphen:
//! `fails-in-compose`. A fix leaves nothing of its finding, and finds nothing to
//! do the second time; where `fixed` (or `fixed-…`) is there, it is what comes out.
//! Rules of a team's standard need one to be held against: `check_rules`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use dockwright::lint::mend::mend;
use dockwright::lint::{self, Diagnostic, Fix, Rule, Severity, Subject, edit, ignores, rules};
use dockwright::source::nginx::Directive;

fn directory(rule: &Rule) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules").join(rule.code)
}

pub(super) fn cases(rule: &Rule, kind: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory(rule)).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name == kind || name.starts_with(&format!("{kind}-"))
        })
        .collect();
    found.sort();
    found
}

/// A copy of a case: in a directory of its own, where nothing above it counts.
pub fn copied(case: &Path) -> assert_fs::TempDir {
    let copy = assert_fs::TempDir::new().unwrap();
    copy_into(case, copy.path());
    copy
}

fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_into(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(super) fn found(rule: &Rule, dir: &Path) -> (Subject, Vec<Diagnostic>) {
    let subject = Subject::read(dir).unwrap();
    let found = lint::judge(&subject, &[rule]);
    (subject, found)
}

#[test]
fn every_rule_has_cases_that_break_it_and_cases_that_do_not() {
    let mut problems = Vec::new();
    let needs_none = |rule: &&&Rule| !rule.code.starts_with("PO");
    for rule in rules::ALL.iter().filter(needs_none) {
        for kind in ["fails", "passes", "alike"] {
            let cases = cases(rule, kind);
            if cases.is_empty() {
                problems.push(format!("{} {}: no case `{kind}`", rule.code, rule.name));
            }
            for case in cases {
                let copy = copied(&case);
                let (subject, found) = found(rule, copy.path());
                if found.is_empty() == (kind == "fails") {
                    let said: Vec<&str> = found.iter().map(|own| own.message.as_str()).collect();
                    problems.push(format!(
                        "{}: {said:?}, unread {:?}",
                        case.display(),
                        subject.unread
                    ));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_fix_leaves_nothing_of_its_finding_and_nothing_to_do_twice() {
    let mut problems = Vec::new();
    for rule in rules::ALL.iter().filter(|rule| rule.fix.is_some()) {
        let mut any = false;
        for case in cases(rule, "fails") {
            let copy = copied(&case);
            let name = case.display();
            let (subject, before) = found(rule, copy.path());
            let fixes: Vec<&Fix> = before.iter().filter_map(|own| own.fix.as_ref()).collect();
            if fixes.is_empty() {
                continue;
            }
            any = true;
            let unread = subject.unread.len();
            // What touches another fix comes in the next round.
            for _ in 0..5 {
                let (subject, own) = found(rule, copy.path());
                let fixes: Vec<&Fix> = own.iter().filter_map(|own| own.fix.as_ref()).collect();
                for (path, text) in edit::apply(&subject.texts, &fixes).texts {
                    let target = copy.path().join(path);
                    fs::create_dir_all(target.parent().unwrap()).unwrap();
                    fs::write(target, text).unwrap();
                }
            }
            let (subject, after) = found(rule, copy.path());
            if subject.unread.len() > unread {
                problems.push(format!("{name}: no longer read: {:?}", subject.unread));
            }
            let left: Vec<&str> = after
                .iter()
                .filter(|own| own.fix.is_some())
                .map(|own| own.message.as_str())
                .collect();
            if !left.is_empty() || after.len() + fixes.len() > before.len() {
                let all: Vec<&str> = after.iter().map(|own| own.message.as_str()).collect();
                problems.push(format!("{name}: still there after its fix: {all:?}"));
            }
            let expected =
                case.file_name().unwrap().to_string_lossy().replacen("fails", "fixed", 1);
            let expected = case.with_file_name(expected);
            if expected.is_dir() {
                let (one, other) = (files(copy.path()), files(&expected));
                if one != other {
                    problems.push(format!("{name}: comes out as {one:#?}, not as {other:#?}"));
                }
            }
        }
        if !any {
            problems.push(format!(
                "{} {}: it says that it has a fix, and no case has one",
                rule.code, rule.name
            ));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Rules whose fixes bring to light what was hidden: a project that no longer reloads
/// is one for users, a command that can be read is judged, and what a file keeps out of
/// a context is judged where that file is there.
const UNCOVER: [&str; 3] = ["DF139", "DF150", "XF109"];

/// What is right before a fix is right after it: every file that it writes can be
/// read by whoever reads it, and no other rule finds something worse there.
#[test]
fn a_fix_breaks_nothing_else() {
    let mut problems = Vec::new();
    for rule in rules::ALL.iter().filter(|rule| rule.fix.is_some()) {
        for case in cases(rule, "fails") {
            let copy = copied(&case);
            let (subject, own) = found(rule, copy.path());
            let fixes: Vec<&Fix> = own.iter().filter_map(|own| own.fix.as_ref()).collect();
            if fixes.is_empty() {
                continue;
            }
            let name = case.display();
            let before = heavy(&subject);
            let texts = edit::apply(&subject.texts, &fixes).texts;
            for (path, text) in &texts {
                let is_python = path.ends_with(".py");
                if is_python && ruff_python_parser::parse_module(text).is_err() {
                    problems.push(format!("{name}: {path} is no Python any more:\n{text}"));
                }
            }
            let after = Subject::with(copy.path(), texts).unwrap();
            let unread = |own: &Subject| own.unread.len();
            if unread(&after) > unread(&subject) {
                problems.push(format!("{name}: no longer read: {:?}", after.unread));
            }
            for (code, count) in heavy(&after) {
                let is_new = count > before.get(code).copied().unwrap_or_default();
                if is_new && !UNCOVER.contains(&rule.code) {
                    problems.push(format!("{name}: its fix brings {code}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Every fix of every case, all rules together: one run is enough, and what comes out
/// has the form that those who start it ask for.
#[test]
fn all_fixes_together_are_done_at_once_and_keep_the_form_of_their_files() {
    let mut problems = Vec::new();
    let kinds = ["fails", "mild"];
    let all =
        |_: &Subject, found: &[Diagnostic]| found.iter().map(|own| own.fix.is_some()).collect();
    for rule in rules::ALL.iter() {
        for case in kinds.iter().flat_map(|kind| cases(rule, kind)) {
            let copy = copied(&case);
            let name = case.display();
            let mended = |dir: &Path| {
                let read = |texts| Subject::with(dir, texts);
                mend(&rules::ALL, read(BTreeMap::new()).unwrap(), &read, &all).unwrap()
            };
            let first = mended(copy.path());
            if first.made.is_empty() {
                continue;
            }
            let before = Subject::read(copy.path()).unwrap();
            for (path, text) in &first.texts {
                let target = copy.path().join(path);
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                fs::write(target, text).unwrap();
            }
            let made: Vec<String> = mended(copy.path())
                .made
                .iter()
                .map(|own| format!("{} {}", own.code, own.what))
                .collect();
            if !made.is_empty() {
                problems.push(format!("{name}: made the second time: {made:?}"));
            }
            if let Some(own) = first.refused.iter().find(|own| own.why.contains("undoes")) {
                problems.push(format!("{name}: {} is made again and again", own.code));
            }
            for proxy in &first.subject.proxies {
                let path = first.subject.path(proxy.text);
                refused_by_nginx("", &proxy.directives, &mut |why| {
                    problems.push(format!("{name}: {path}: {why}"));
                });
            }
            let known = listed(&before);
            for word in listed(&first.subject).into_iter().filter(|own| !known.contains(own)) {
                if word.contains(' ') && !known.iter().any(|own| own.contains(' ')) {
                    problems.push(format!("{name}: one word of a list is {word:?}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The words of commands that compose files list.
fn listed(subject: &Subject) -> Vec<String> {
    let services = subject.deployments.iter().flat_map(|own| &own.services);
    let keys = services.flat_map(|own| ["command", "entrypoint"].map(|key| own.item.get(key)));
    keys.flatten().filter(|own| !own.items().is_empty()).flat_map(|own| own.scalars()).collect()
}

/// What of a configuration keeps nginx from starting, as far as fixes may bring it
/// about: a directive where it is not allowed, or twice what is there once.
fn refused_by_nginx(block: &str, directives: &[Directive], problem: &mut dyn FnMut(String)) {
    const ONCE: [&str; 4] =
        ["proxy_http_version", "client_max_body_size", "server_tokens", "proxy_pass"];
    let mut seen = Vec::new();
    for own in directives {
        let is_of_location = own.name.starts_with("proxy_") && own.name != "proxy_pass"
            || own.name == "client_max_body_size";
        if matches!(block, "if" | "limit_except") && is_of_location {
            problem(format!("{} is not allowed in {block}", own.name));
        }
        let path: Vec<&String> = own.arguments.iter().filter(|own| *own != "^~").collect();
        let key = if own.name == "location" { format!("{path:?}") } else { own.name.clone() };
        let is_single = own.name == "location" || ONCE.contains(&own.name.as_str());
        if is_single && seen.contains(&key) {
            problem(format!("{} is there twice: {key}", own.name));
        }
        seen.push(key);
        refused_by_nginx(&own.name, own.inside(), problem);
    }
}

/// How often each rule finds something that is more than advice.
fn heavy(subject: &Subject) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for own in lint::judge(subject, &rules::ALL) {
        if own.severity >= Severity::Warning {
            *counts.entry(own.code).or_default() += 1;
        }
    }
    counts
}

fn files(dir: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap().flatten() {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(dir).unwrap().display().to_string();
                files.insert(name, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    files
}

#[test]
fn codes_and_names_are_used_once_and_in_order() {
    let codes: Vec<&str> = rules::ALL.iter().map(|rule| rule.code).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes, sorted);
    let mut names: Vec<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

/// Lines of a help that are about the others.
fn is_remark(line: &str) -> bool {
    line.starts_with('(')
}

/// Why a help that shows lines of a file cannot be pasted into one.
fn unpasteable(help: &str) -> Option<String> {
    use dockwright::source::{compose::yaml, dockerfile::Dockerfile, nginx};
    let lines: Vec<&str> = help.lines().filter(|line| !is_remark(line)).collect();
    let (first, text) = (*lines.first()?, lines.join("\n") + "\n");
    let word = first.split([' ', ':', '=']).next().unwrap_or_default();
    let is_name = |own: char| own.is_ascii_alphanumeric() || own == '_';
    let is_keyword = [
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "RUN",
        "SHELL",
        "USER",
        "WORKDIR",
    ]
    .contains(&word);
    let rest = first.strip_prefix(word).unwrap_or_default();
    let is_named = !word.is_empty() && word.chars().all(is_name);
    let problem = if is_keyword && !rest.starts_with([':', '=']) {
        let file = Dockerfile::read(&format!("FROM x\n{text}"));
        file.faults.first().map(|fault| fault.message.clone())
    } else if is_named && rest.starts_with(" = ") {
        ruff_python_parser::parse_module(&text).err().map(|error| error.to_string())
    } else if is_named && rest.starts_with(':') || first.starts_with("- ") {
        match yaml::read(&text) {
            Err(error) => Some(format!("{error:?}")),
            Ok(_) => None,
        }
    } else if is_named && (first.ends_with([';', '{']) || first.contains(";  #")) {
        let end = if first.ends_with('{') { "}\n" } else { "" };
        nginx::read(&(text.clone() + end)).err().map(|(why, _)| why)
    } else {
        // A sentence.
        return None;
    };
    // What follows a comment sign is said and not pasted.
    let pasted: String =
        lines.iter().map(|line| line.split("  #").next().unwrap_or(line)).collect();
    let stands_for = |own: &str| {
        let name = own.split_once('>').map_or("", |(name, _)| name);
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic() || "-_ ".contains(c))
    };
    let has_gap = pasted.contains('…') || pasted.split('<').skip(1).any(stands_for);
    problem.or_else(|| has_gap.then(|| "something is left out".to_owned()))
}

/// What a finding says to write can be pasted as it stands: it is read as what it is
/// and leaves out nothing that is known.
#[test]
fn what_a_finding_says_to_write_can_be_pasted() {
    // Nobody knows these: how much a service takes, and what it is about.
    let open = ["CO101", "DF119", "DF133"];
    let mut problems = Vec::new();
    for rule in rules::ALL.iter().filter(|rule| !open.contains(&rule.code)) {
        for case in cases(rule, "fails") {
            let copy = copied(&case);
            let (_, found) = found(rule, copy.path());
            for help in found.iter().filter_map(|own| own.help.as_ref()) {
                if let Some(why) = unpasteable(help) {
                    problems.push(format!("{}: {why}\n{help}", case.display()));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

/// The lines of the places that a finding is about, each once.
fn lines(subject: &Subject, own: &Diagnostic) -> Vec<(usize, usize)> {
    let mut lines: Vec<(usize, usize)> =
        own.members.iter().map(|at| (at.text, subject.line(*at))).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// Whichever of its members a comment stands beside: the others are still found, as one
/// finding, and the comment is not without effect.
#[test]
fn a_comment_is_about_its_own_line_of_a_finding_about_several() {
    let (mut problems, mut codes) = (Vec::new(), BTreeSet::new());
    for rule in rules::ALL.iter() {
        for case in cases(rule, "fails") {
            let copy = copied(&case);
            let (subject, before) = found(rule, copy.path());
            for own in &before {
                let said = own.related.iter().map(|(_, what)| what.as_str());
                let alike = ["as well", "and here", "the same value", "nor does this one"];
                if said.clone().any(|what| alike.iter().any(|end| what.ends_with(end)))
                    && own.members.is_empty()
                {
                    problems.push(format!("{}: it names no members", case.display()));
                }
                let members = lines(&subject, own);
                for (text, line) in members.iter().filter(|_| members.len() > 1) {
                    let file = &subject.texts[*text];
                    let whole: Vec<&str> = file.text.lines().collect();
                    // A line that goes on has no place for a comment.
                    if *line > 1 && whole[line - 2].trim_end().ends_with('\\') {
                        continue;
                    }
                    let own_line = whole[line - 1];
                    let indent = &own_line[..own_line.len() - own_line.trim_start().len()];
                    let comment = format!("{indent}# dockwright: ignore {} why", rule.code);
                    let mut changed = whole.clone();
                    changed.insert(line - 1, &comment);
                    let other = copied(&case);
                    fs::write(other.path().join(&file.path), changed.join("\n") + "\n").unwrap();
                    let (subject, found) = found(rule, other.path());
                    let judged = ignores::apply(&subject, found, &[rule], &[], "2026-01-01");
                    let is_left = judged.iter().any(|other| {
                        other.allowed.is_none()
                            && other.diagnostic.code == rule.code
                            && other.diagnostic.members.len() < own.members.len()
                            && lines(&subject, &other.diagnostic).len() == members.len() - 1
                    });
                    let is_allowed = judged.iter().any(|other| other.allowed.is_some());
                    let is_useless = judged.iter().any(|other| other.diagnostic.code == "AU102");
                    codes.insert(rule.code);
                    if !is_left || !is_allowed || is_useless {
                        problems.push(format!(
                            "{} {}:{line}: left {is_left}, allowed {is_allowed}, useless {is_useless}",
                            case.display(), file.path,
                        ));
                    }
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for code in ["CO101", "CO102", "CO104", "CO109", "NG102"] {
        assert!(codes.contains(code), "no case of {code} is about several: {codes:?}");
    }
}
