//! Which branch of a script's `case "$1"` its first argument takes.

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
