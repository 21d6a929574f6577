//! Rules on the lines of a file.

use regex::Regex;

use crate::lint::diagnostic::{At, Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::{SOURCE, by_each};
use crate::lint::subject::{Comparison, Container, Counted, Deployment};
use crate::policy::{Constraint, Requirement, matches};
use crate::relpath::file_name;
use crate::source::compose::{Service, is_compose, yaml};
use crate::source::dockerfile::{Arguments, expand, is_dockerfile};
use crate::source::ignores::{Reader, entries, excludes, normal};

pub static RULE: Rule = Rule {
    code: "PO111",
    name: "standard-lines",
    severity: Severity::Error,
    summary: "a file has the lines that the standard requires, and none that it forbids",
    why: "A team writes such a rule where no key says what it means: a header that a scanner looks for, a setting that an incident was about.",
    example: "[[rule]]\nfile = \"gunicorn.conf.py\"\nrequire = '^preload_app = False$'",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    let Constraint::Lines { path, require, forbid } = &requirement.constraint else {
        return Vec::new();
    };
    let standard = compared.standard;
    let path = standard.on_disk(path);
    let counted = standard.counted.iter().find(|own| compared.now.path(own.text) == path);
    let Some(counted) = counted else { return Vec::new() };
    let mut findings = Vec::new();
    if let Some(forbid) = forbid {
        for own in alike(compared, &path).into_iter().chain([counted]).filter(|own| own.is_there) {
            findings.extend(forbidden(compared, own, forbid));
        }
        if standard.is_outside && is_compose(&path) && findings.is_empty() {
            findings.extend(gained(compared, forbid));
        }
    }
    let Some(require) = require else { return findings };
    if !counted.is_there {
        findings.extend(absent(compared, &path, counted));
        return findings;
    }
    let lacks = |own: &Counted| {
        let message = format!(": no line matches `{require}`");
        Diagnostic::new(At::file(own.text), message)
    };
    let of_compose = is_compose(&path);
    let effective = of_compose && compared.deployed().any(|own| is_said(own, require));
    if !meets(compared, counted, require) && !effective {
        findings.push(lacks(counted));
    } else if standard.is_outside && of_compose {
        findings.extend(services(compared, require));
    }
    let stands_in = |own: &&Counted| replaces(compared, own, counted);
    let others = alike(compared, &path).into_iter().filter(stands_in);
    findings.extend(others.filter(|own| !meets(compared, own, require)).map(lacks));
    findings
}

/// A file that is not there, unless that it could not be read is said already.
fn absent(compared: Comparison<'_>, path: &str, counted: &Counted) -> Option<Diagnostic> {
    let standard = compared.standard;
    if standard.unread.iter().any(|own| own.path == path) {
        return None;
    }
    // What the repository's own answers leave out would be there without them.
    let left_out = standard.draft.text(&format!("files.{path}")) == "off" || standard.is_partial;
    let planned = standard.plan.outputs.iter().any(|output| output.path.as_str() == path);
    let whole = At::file(counted.text);
    if left_out || planned {
        return Some(Diagnostic::new(whole, ": the file is not there"));
    }
    let mut found = Diagnostic::new(whole, ": there is no such file to judge");
    found.severity(Severity::Advice);
    Some(found)
}

/// Files that are there for the same, under a standard from outside: a rule on
/// one of them is one on all.
fn alike<'a>(compared: Comparison<'a>, path: &str) -> Vec<&'a Counted> {
    if !compared.standard.is_outside {
        return Vec::new();
    }
    let name = file_name(path);
    let is_alike = |own: &&Counted| {
        let other = compared.now.path(own.text);
        other != path
            && if name == ".dockerignore" {
                other.ends_with(".dockerignore")
            } else if is_dockerfile(path) {
                compared.now.recipes.iter().any(|recipe| recipe.text == own.text)
            } else {
                is_compose(name) && compared.deployed().any(|all| all.texts.contains(&own.text))
            }
    };
    compared.standard.counted.iter().filter(is_alike).collect()
}

/// Whether a file is read in the place of the one that a rule names.
fn replaces(compared: Comparison<'_>, own: &Counted, named: &Counted) -> bool {
    let path = compared.now.path(own.text);
    if path.ends_with(".dockerignore") {
        return own.is_there;
    }
    let path = compared.now.path(named.text);
    compared.containers().any(|container| {
        let text = |build: &crate::lint::subject::Build| compared.now.recipes[build.recipe].text;
        let builds = compared.now.build_of(container).is_some_and(|build| text(build) == own.text);
        let written = &compared.standard.written;
        let was = compared.counterpart(container).and_then(|own| written.build_of(own));
        builds && was.is_some_and(|was| written.path(written.recipes[was.recipe].text) == path)
    })
}

/// Lines that match, and instructions that do once their lines are joined and
/// their quotes and variables are gone.
fn forbidden(compared: Comparison<'_>, own: &Counted, forbid: &Regex) -> Vec<Diagnostic> {
    let text = &compared.now.texts[own.text];
    let lines = text.text.lines().enumerate();
    let numbers = lines.filter(|(_, line)| matches(forbid, line)).map(|(at, _)| at + 1);
    let mut findings: Vec<Diagnostic> =
        numbers.map(|at| Diagnostic::new(At::new(own.text, text.line_span(at)), "")).collect();
    let recipe = compared.now.recipes.iter().find(|recipe| recipe.text == own.text);
    let Some(file) = recipe.map(|recipe| &recipe.file).filter(|_| compared.standard.is_outside)
    else {
        return findings;
    };
    for (number, instruction) in file.instructions.iter().enumerate() {
        let image = file.stage_of(number).map(|stage| file.image(stage, &Arguments::new()));
        let lookup = |name: &str| {
            let image = image.as_ref()?;
            let set = image.env.get(name).or_else(|| image.args.get(name));
            set.map(|set| set.value.clone())
        };
        let joined = &instruction.arguments.text;
        let plain = expand(joined, file.escape, &lookup).text.replace(['"', '\'', '\\'], "");
        let keyword = instruction.keyword.word();
        let words = instruction.json.as_ref().map_or_else(String::new, |own| own.join(" "));
        let hidden = [joined, &plain, &words].map(|own| format!("{keyword} {own}"));
        let lies_in = |found: &Diagnostic| {
            found.at.span.start >= instruction.span.start
                && found.at.span.end <= instruction.span.end
        };
        if hidden.iter().any(|own| forbid.is_match(own)) && !findings.iter().any(lies_in) {
            findings.push(Diagnostic::new(At::new(own.text, instruction.span), ""));
        }
    }
    findings
}

/// Whether a line that counts matches; one of `.dockerignore` that takes a match
/// back is against it.
fn meets(compared: Comparison<'_>, own: &Counted, require: &Regex) -> bool {
    let text = &compared.now.texts[own.text].text;
    let is_ignore = compared.now.path(own.text).ends_with(".dockerignore");
    let written: Vec<&str> = own.pristine.as_deref().unwrap_or_default().lines().collect();
    let mut met = false;
    for line in text.lines() {
        if !matches(require, line) {
            continue;
        }
        if is_ignore && line.starts_with('!') && !require.as_str().contains('!') {
            met &= written.contains(&line);
        } else {
            met = true;
        }
    }
    met && !(is_ignore && is_let_in(text, &written, require))
}

/// Whether a later line lets in what the required ones keep out, by a pattern that
/// does not look like them: `!**`, `!.e*`.
fn is_let_in(text: &str, written: &[&str], require: &Regex) -> bool {
    let own = |text: &str| -> Vec<String> { entries(text).map(str::to_owned).collect() };
    let (now, written) = (own(text), own(&written.join("\n")));
    let asked = now.iter().filter(|own| !own.starts_with('!') && require.is_match(own));
    asked.filter(|_| !require.as_str().contains('!')).any(|entry| {
        // A path that the entry is there for.
        let path = normal(Reader::Docker, entry).replace("**/", "").replace('*', "x");
        let alone = std::slice::from_ref(entry);
        let was = written.is_empty() || excludes(Reader::Docker, &written, &path);
        was && excludes(Reader::Docker, alone, &path) && !excludes(Reader::Docker, &now, &path)
    })
}

/// Whether what a project adds up to says it, however its file is written.
fn is_said(deployment: &Deployment, require: &Regex) -> bool {
    deployment.services.iter().any(|own| says(own, require))
}

fn says(service: &Service, require: &Regex) -> bool {
    yaml::write(&service.item.node).lines().any(|line| require.is_match(line))
}

/// Services that would be written with a match, and have none.
fn services(compared: Comparison<'_>, require: &Regex) -> Vec<Diagnostic> {
    let lost = |own: &Container| {
        let (_, service) = compared.now.composed(own)?;
        let was = compared.written_as(own).is_some_and(|was| says(was, require));
        let message = format!(": nothing in {} matches `{require}`", own.name);
        (was && !says(service, require)).then(|| Diagnostic::new(compared.at(own, None), message))
    };
    compared.containers().filter_map(lost).collect()
}

/// Services that would be written without a match, and have one once their
/// anchors, variables and block texts are taken apart.
fn gained(compared: Comparison<'_>, forbid: &Regex) -> Vec<Diagnostic> {
    let gains = |own: &Container| {
        let (_, service) = compared.now.composed(own)?;
        let was = compared.written_as(own).is_some_and(|was| says(was, forbid));
        let message = format!(": {} says what `{forbid}` matches", own.name);
        (!was && says(service, forbid)).then(|| Diagnostic::new(compared.at(own, None), message))
    };
    compared.containers().filter_map(gains).collect()
}
