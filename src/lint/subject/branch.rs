//! Which branches of a script are taken: of its `case "$1"` by its first argument,
//! of an `if` by the variables that the container has.

use std::sync::LazyLock;

use regex::Regex;

use crate::source::shell;

/// `case "$1" in`, `case ${1:-web} in`.
static CASE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^case\s+"?\$(?:1|\{1(?::?-[^}]*)?\})"?\s+in\s*$"#).expect("it is constant")
});
/// `server() {`, `function server {`.
static FUNCTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:function\s+)?([A-Za-z_][A-Za-z0-9_-]*)\s*(?:\(\))?\s*\{\s*$")
        .expect("it is constant")
});

/// `[ "$MODE" = "1" ]`, `[[ ${MODE:-web} != worker ]]`, `[ -n "$MODE" ]`.
static TEST: LazyLock<Regex> = LazyLock::new(|| {
    let name = r#""?\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?-([^}"]*))?\})"?"#;
    let pattern = format!(
        r#"^\[\[?\s+(?:(-[nz])\s+{name}|{name}\s+(==?|!=|-eq|-ne)\s+["']?([^"'$\s]*)["']?)\s+\]\]?$"#
    );
    Regex::new(&pattern).expect("it is constant")
});

/// What is known of an `if` that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Branch {
    /// Nobody knows which branch is taken.
    Open,
    /// This one is.
    Taken,
    /// Not this one, nor one before it.
    Waiting,
    /// One before it was taken, or all of it stands in a branch that is not.
    Past,
}

/// A script's text without the branches that its variables do not take. Lines keep
/// their numbers. `None` where nobody can tell, or there is no such choice.
pub(super) fn decided(text: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    // Text that is not the script's own may look like it.
    if text.contains("<<") {
        return None;
    }
    let is_set_here = |name: &str| {
        text.lines().map(str::trim_start).any(|line| {
            let line = line.strip_prefix("export ").unwrap_or(line);
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))
        })
    };
    let holds = |condition: &str| -> Option<bool> {
        let found = TEST.captures(condition)?;
        let group = |numbers: [usize; 2]| {
            numbers.into_iter().find_map(|number| found.get(number)).map(|own| own.as_str())
        };
        let first = group([2, 3]).or_else(|| group([5, 6]))?;
        let value = variable(first).filter(|_| !is_set_here(first))?;
        // What `:-` stands in for.
        let default = group([4, 7]).filter(|_| value.is_empty());
        let value = default.unwrap_or(&value);
        Some(match (group([1, 1]), group([8, 8])) {
            (Some(test), _) => value.is_empty() == (test == "-z"),
            (None, Some(own @ ("!=" | "-ne"))) => value != &found[9] && !own.is_empty(),
            _ => value == &found[9],
        })
    };
    let mut open: Vec<Branch> = Vec::new();
    let mut kept: Vec<String> = Vec::new();
    let mut any = false;
    for line in text.lines() {
        let bare = line.trim();
        let word = bare.split([' ', '\t', ';']).next().unwrap_or_default();
        let is_dropped =
            |open: &[Branch]| open.iter().any(|own| matches!(own, Branch::Waiting | Branch::Past));
        let condition =
            || bare[word.len()..].trim().trim_end_matches("then").trim_end().trim_end_matches(';');
        let was_dropped = is_dropped(&open);
        let mut own = line.to_owned();
        match word {
            // All of it on one line.
            "if" if bare.ends_with("fi") => {}
            "if" => {
                let branch = match holds(condition().trim()) {
                    _ if was_dropped => Branch::Past,
                    Some(true) => Branch::Taken,
                    Some(false) => Branch::Waiting,
                    None => Branch::Open,
                };
                open.push(branch);
                any |= !was_dropped && branch != Branch::Open;
                if branch != Branch::Open {
                    own.clear();
                }
            }
            "elif" | "else" | "fi" => {
                let top = open.pop()?;
                let outside = is_dropped(&open);
                let next = match (top, word) {
                    _ if outside => Branch::Past,
                    (Branch::Open, _) => Branch::Open,
                    (Branch::Taken | Branch::Past, _) => Branch::Past,
                    (Branch::Waiting, "else") => Branch::Taken,
                    (Branch::Waiting, _) => match holds(condition().trim()) {
                        Some(true) => Branch::Taken,
                        Some(false) => Branch::Waiting,
                        None => Branch::Open,
                    },
                };
                if word != "fi" {
                    open.push(next);
                }
                match (top, next) {
                    (Branch::Open, _) if !outside => {}
                    // The first of those that are left.
                    (Branch::Waiting, Branch::Open) if word == "elif" => {
                        own = line.replacen("elif", "if", 1);
                    }
                    _ => own.clear(),
                }
            }
            "then" if open.last().is_some_and(|own| *own != Branch::Open) => own.clear(),
            _ if was_dropped => own.clear(),
            _ => {}
        }
        if was_dropped && word == "if" {
            own.clear();
        }
        kept.push(own);
    }
    (any && open.is_empty()).then(|| kept.join("\n") + "\n")
}

/// A script's text with the branches of its `case "$1"` taken out that this
/// argument does not take, and then the functions that nothing calls. Lines keep
/// their numbers. `None` where there is no such choice, or nobody can tell.
pub(super) fn taken(text: &str, argument: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| CASE.is_match(line))?;
    // What `$1` is by then is another thing.
    let moved = |line: &&str| line.starts_with("set --") || line.starts_with("shift");
    if lines[..first].iter().any(moved) || argument.contains('$') {
        return None;
    }
    let mut kept: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    kept[first].clear();
    let (mut is_pattern, mut is_taken, mut is_done, mut depth) = (true, false, false, 0_usize);
    for number in first + 1..lines.len() {
        let mut line = lines[number].trim();
        if is_pattern {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line == "esac" {
                kept[number].clear();
                without_uncalled(&mut kept, argument);
                return Some(kept.join("\n"));
            }
            let (pattern, rest) = line.split_once(')')?;
            is_taken = !is_done && fits(pattern, argument)?;
            is_done |= is_taken;
            line = rest.trim();
        }
        if line.ends_with(";&") || line.ends_with(";;&") {
            return None;
        }
        let ends = depth == 0 && line.ends_with(";;");
        if line.starts_with("case ") {
            depth += 1;
        } else if line == "esac" || line.starts_with("esac ") {
            depth = depth.checked_sub(1)?;
        }
        let body = if ends { line.trim_end_matches(';') } else { line };
        kept[number] = if is_taken { body.to_owned() } else { String::new() };
        is_pattern = ends;
    }
    None
}

/// Whether a pattern of `case` is this word; `None` for one that is not plain.
fn fits(pattern: &str, word: &str) -> Option<bool> {
    let mut found = false;
    for one in pattern.trim().trim_start_matches('(').split('|') {
        let one = one.trim().trim_matches(['"', '\'']);
        let (start, is_open) = match one.strip_suffix('*') {
            Some(start) => (start, true),
            None => (one, false),
        };
        if start.contains(['*', '?', '[', '$']) {
            return None;
        }
        found |= if is_open { word.starts_with(start) } else { word == start };
    }
    Some(found)
}

/// Takes the bodies of functions out that no other line calls, by their names or as
/// what the script is given.
fn without_uncalled(lines: &mut [String], argument: &str) {
    let mut functions: Vec<(String, std::ops::RangeInclusive<usize>)> = Vec::new();
    let mut open: Option<(String, usize)> = None;
    for (number, line) in lines.iter().enumerate() {
        match &open {
            None => {
                let name = FUNCTION.captures(line).map(|found| found[1].to_owned());
                open = name.map(|name| (name, number));
            }
            Some((name, start)) if line.trim_end() == "}" => {
                functions.push((name.clone(), *start..=number));
                open = None;
            }
            Some(_) => {}
        }
    }
    let names = |line: &str, name: &str| {
        let called = shell::split(line).into_iter().filter_map(|own| own.words.into_iter().next());
        let is_given = |word: &str| matches!(word, "$@" | "$*" | "$1" | "${1}") && name == argument;
        called.into_iter().any(|word| word == name || is_given(&word))
    };
    let mut called: Vec<usize> = Vec::new();
    loop {
        let is_live = |number: usize| {
            let own = functions.iter().position(|(_, lines)| lines.contains(&number));
            own.is_none_or(|own| called.contains(&own))
        };
        let mut more = Vec::new();
        for (at, (name, own)) in functions.iter().enumerate() {
            let calls = |(number, line): (usize, &String)| {
                !own.contains(&number) && is_live(number) && names(line, name)
            };
            if !called.contains(&at) && lines.iter().enumerate().any(calls) {
                more.push(at);
            }
        }
        if more.is_empty() {
            break;
        }
        called.extend(more);
    }
    for (at, (_, own)) in functions.iter().enumerate() {
        if !called.contains(&at) {
            for number in own.clone() {
                lines[number].clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "#!/bin/sh\nserver() {\n  run\n}\nrun() {\n  exec gunicorn shop.wsgi\n}\nwork() {\n  exec celery -A shop worker\n}\ncase \"$1\" in\n  worker)\n    shift\n    work ;;\n  server|web)\n    server\n    ;;\n  dev) exec flask run ;;\n  *)\n    exec \"$@\"\n    ;;\nesac\n";

    fn words(argument: &str) -> String {
        taken(SCRIPT, argument).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_the_branch_of_the_argument_is_left_and_what_it_calls() {
        let number = |text: &str| text.lines().position(|line| line.trim() == "server");
        assert_eq!(number(&taken(SCRIPT, "server").unwrap()), number(SCRIPT));
        assert!(words("web").contains("gunicorn") && !words("web").contains("celery"));
        assert!(words("worker").ends_with("shift work"), "{}", words("worker"));
        assert_eq!(words("dev"), "#!/bin/sh exec flask run");
        assert_eq!(words("gunicorn"), "#!/bin/sh exec \"$@\"");
    }

    #[test]
    fn only_the_branches_of_the_variables_are_left() {
        let script = "if [ \"$MODE\" = 1 ]; then\n  if [ -f x ]; then\n    a\n  fi\n  exec api\nelif [ \"${KIND:-web}\" = \"web\" ]\nthen\n  exec web\nelse\n  exec \"$@\"\nfi\n";
        let with = |mode: &'static str, kind: Option<&'static str>| {
            let kept = decided(script, |name| match name {
                "MODE" => Some(mode.to_owned()),
                "KIND" => kind.map(str::to_owned),
                _ => None,
            });
            let kept = kept.unwrap();
            assert_eq!(kept.lines().count(), script.lines().count());
            kept.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(with("1", None), "if [ -f x ]; then a fi exec api");
        assert_eq!(with("0", Some("web")), "exec web");
        assert_eq!(with("0", Some("")), "exec web");
        assert_eq!(with("0", Some("worker")), "exec \"$@\"");
        let open = "if [ \"${KIND:-web}\" = \"web\" ] then exec web else exec \"$@\" fi";
        assert_eq!(with("0", None), open);
        assert_eq!(decided(script, |_| None), None);
        let set = format!("MODE=2\n{script}");
        assert_eq!(decided(&set, |name| (name == "MODE").then(|| "1".to_owned())), None);
    }

    #[test]
    fn what_nobody_can_tell_stays_whole() {
        for text in [
            "exec \"$@\"\n",
            "set -- web\ncase $1 in\nweb) x ;;\nesac\n",
            "case $1 in\nw[e]b) x ;;\nesac\n",
            "case $1 in\nweb) x ;;\n",
            "case $1 in\nweb) x ;&\nesac\n",
        ] {
            assert_eq!(taken(text, "web"), None, "{text}");
        }
    }
}
