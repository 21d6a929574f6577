//! `network.*`: where builds take packages from, through which proxy, and
//! whom they trust.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{At, Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::{SOURCE, by_each};
use crate::lint::subject::{Comparison, Counted};
use crate::policy::Requirement;
use crate::source::text::Text;

pub static RULE: Rule = Rule {
    code: "PO107",
    name: "standard-network",
    severity: Severity::Error,
    summary: "builds take packages from where the standard says, and hold no login",
    why: "A package from another index than the team's is one that nobody vetted; a login in an address ends up in a layer of the image, where everybody who pulls it can read it.",
    example: "ENV UV_DEFAULT_INDEX=https://packages.example/simple",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

/// How files say an index or a proxy: as a variable, or on a command line.
struct Said {
    key: &'static str,
    pattern: &'static str,
}

const SAID: &[Said] = &[
    Said {
        key: "network.index",
        pattern: r#"(?:\b(?:PIP_INDEX_URL|UV_INDEX_URL|UV_DEFAULT_INDEX|PDM_PYPI_URL)\s*[=:]\s*|--(?:index-url|default-index|pypi-mirror)[=\s]\s*)["']?([^\s"'\\]+)"#,
    },
    Said {
        key: "network.extra-index",
        pattern: r#"(?:\b(?:PIP_EXTRA_INDEX_URL|UV_EXTRA_INDEX_URL|UV_INDEX)\s*[=:]\s*|--extra-index-url[=\s]\s*)(?:"([^"]+)"|'([^']+)'|([^\s"'\\]+))"#,
    },
    Said {
        key: "network.http-proxy",
        pattern: r#"\b(?:HTTP_PROXY|http_proxy)\s*[=:]\s*["']?(?:\$\{HTTP_PROXY:-)?([^\s"'\\}$]+)"#,
    },
    Said {
        key: "network.https-proxy",
        pattern: r#"\b(?:HTTPS_PROXY|https_proxy)\s*[=:]\s*["']?(?:\$\{HTTPS_PROXY:-)?([^\s"'\\}$]+)"#,
    },
];

static PATTERNS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let compiled = |said: &Said| Regex::new(said.pattern).expect("a unit test compiles it");
    SAID.iter().map(|said| (said.key, compiled(said))).collect()
});

/// A login in an address.
static LOGIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"https?://[^/\s:@"'$]+:[^/\s@"'$]+@"#).expect("a unit test compiles it")
});

/// Judges a key of the network on every file that was read.
fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    if !requirement.key.starts_with("network.") {
        return findings;
    }
    for counted in compared.standard.counted.iter().filter(|own| own.is_there) {
        let file = File { number: counted.text, text: &compared.now.texts[counted.text], counted };
        if file.text.path.contains(".dev.") {
            continue;
        }
        findings.extend(other_values(requirement, &file));
        findings.extend(gone(requirement, &file));
        if requirement.key == "network.index-auth" {
            findings.extend(logins(&file));
        }
    }
    findings
}

struct File<'a> {
    number: usize,
    text: &'a Text,
    counted: &'a Counted,
}

impl File<'_> {
    fn at(&self, line: usize) -> At {
        At::new(self.number, self.text.line_span(line))
    }
}

/// Lines of a file that count, with their numbers.
fn lines<'f>(file: &'f File<'_>) -> impl Iterator<Item = (usize, &'f str)> {
    let numbered = file.text.text.lines().enumerate().map(|(at, line)| (at + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with('#'))
}

/// Values that the requirement does not have.
fn other_values(requirement: &Requirement, file: &File<'_>) -> Vec<Diagnostic> {
    let Some((_, pattern)) = PATTERNS.iter().find(|(key, _)| *key == requirement.key) else {
        return Vec::new();
    };
    let allowed = allowed(requirement);
    let mut findings = Vec::new();
    for (number, line) in lines(file) {
        let said =
            pattern.captures_iter(line).filter_map(|found| found.iter().skip(1).flatten().next());
        for value in said.flat_map(|said| said.as_str().split_whitespace()) {
            if value.contains('$') {
                let message = format!("{} is only known when it is built", requirement.key);
                findings.push(Diagnostic::unknown(file.at(number), message));
            } else if !allowed.iter().any(|one| same(one, value)) {
                // A login in it is not shown.
                let value = LOGIN.replace_all(value, "https://…@");
                let message =
                    format!("{} is {value}, and not {}", requirement.key, allowed.join(" or "));
                findings.push(Diagnostic::new(file.at(number), message));
            }
        }
    }
    findings
}

fn same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

fn allowed(requirement: &Requirement) -> Vec<String> {
    let whole = requirement.allowed();
    let parts = whole.iter().flat_map(|value| value.split(','));
    parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// What a file was written with and no longer has.
fn gone(requirement: &Requirement, file: &File<'_>) -> Vec<Diagnostic> {
    let Some(pristine) = &file.counted.pristine else { return Vec::new() };
    let allowed = allowed(requirement);
    let lost = allowed.iter().filter(|value| pristine.contains(*value) && !has(file, value));
    lost.map(|value| {
        let message = format!("{} = {value} is gone from the file", requirement.key);
        Diagnostic::new(At::file(file.number), message)
    })
    .collect()
}

fn has(file: &File<'_>, value: &str) -> bool {
    lines(file).any(|(_, line)| line.contains(value))
}

/// Logins that would be in a layer.
fn logins(file: &File<'_>) -> Vec<Diagnostic> {
    let found = lines(file).filter(|(_, line)| LOGIN.is_match(line));
    found
        .map(|(number, _)| {
            let message = "a login in an address ends up in the image";
            let help = "network.index-auth = \"secret\" mounts it while packages are fetched";
            Diagnostic::new(file.at(number), message).with_help(help)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(key: &str, line: &str) -> Vec<String> {
        let (_, pattern) = PATTERNS.iter().find(|(known, _)| *known == key).unwrap();
        let found = pattern.captures_iter(line);
        found
            .filter_map(|found| Some(found.iter().skip(1).flatten().next()?.as_str().to_owned()))
            .collect()
    }

    #[test]
    fn an_index_is_found_in_variables_and_on_command_lines() {
        for line in [
            "ENV PIP_INDEX_URL=https://a.test/simple \\",
            "    UV_DEFAULT_INDEX=\"https://a.test/simple\"",
            "RUN pip install --index-url https://a.test/simple flask",
            "RUN uv sync --default-index=https://a.test/simple",
            "      PIP_INDEX_URL: https://a.test/simple",
        ] {
            assert_eq!(values("network.index", line), ["https://a.test/simple"], "{line}");
        }
        assert!(values("network.index", "ENV PIP_EXTRA_INDEX_URL=https://b.test").is_empty());
        let two = "ENV PIP_EXTRA_INDEX_URL=\"https://b.test https://c.test\"";
        assert_eq!(values("network.extra-index", two), ["https://b.test https://c.test"]);
        let proxy = "  HTTP_PROXY: ${HTTP_PROXY:-http://proxy.test:3128}";
        assert_eq!(values("network.http-proxy", proxy), ["http://proxy.test:3128"]);
    }

    #[test]
    fn a_login_is_told_from_a_port_and_a_variable() {
        assert!(LOGIN.is_match("https://me:secret@a.test/simple"));
        assert!(!LOGIN.is_match("https://a.test:8443/simple"));
        assert!(!LOGIN.is_match("https://${USER}:${TOKEN}@a.test/simple"));
    }
}
