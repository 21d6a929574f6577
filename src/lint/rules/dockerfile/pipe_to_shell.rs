//! A download that is run as it comes.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "DF122",
    name: "pipe-to-shell",
    severity: Severity::Warning,
    summary: "no download is piped into a shell without pipefail",
    why: "The status of a pipe is that of its last command: where the download fails, the shell reads nothing, succeeds, and the layer without the tool goes into the cache. And whatever the server sends is run as root.",
    example: "COPY --from=ghcr.io/astral-sh/uv:0.13.8 /uv /bin/",
    source: "Docker, Building best practices: using pipes; hadolint DL4006",
    fix: None,
    check,
};

static PIPED: LazyLock<Regex> = LazyLock::new(|| {
    support::regex(
        r"\b(?:curl|wget)\b[^|;&\n]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:[A-Z_]+=\S*\s+)*(?:/\S*/)?(?:env\s+)?(?:ba|z|da)?(?:sh|python[0-9.]*)(?:\s|$)",
    )
});

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let mut shell = (0, false);
        for (at, instruction) in subject.built(build) {
            let stage = subject.file(build).stage_of(at).unwrap_or(0);
            if stage != shell.0 {
                shell = (stage, false);
            }
            let text = &instruction.arguments.text;
            if instruction.keyword == Keyword::Shell {
                shell.1 = text.contains("pipefail");
            }
            if instruction.keyword != Keyword::Run || shell.1 || text.contains("pipefail") {
                continue;
            }
            let Some(found) = PIPED.find(text) else { continue };
            // In quotes or a comment it is not run.
            let before = &text[..found.start()];
            if before.matches('"').count() % 2 == 1 || before.trim_end().ends_with("echo") {
                continue;
            }
            if is_missed(found.as_str(), &text[found.end()..]) {
                continue;
            }
            let tool = if found.as_str().starts_with("wget") { "wget" } else { "curl" };
            findings
                .add(
                    support::place(subject, build, at, &PIPED),
                    format!("where {tool} fails, the shell behind the pipe succeeds, and so does this RUN"),
                )
                .about(found.as_str().trim())
                .help(if tool == "curl" && !FAILS.is_match(found.as_str()) {
                    "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]   (before this RUN), and curl --fail, which takes a 404 for a failure; better the tool's image, or its package in a version"
                } else {
                    "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]   (before this RUN; better the tool's image, or its package in a version)"
                });
        }
    }
}

static FAILS: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\s-(?:[a-zA-Z]*f|-fail)"));

/// Whether the RUN goes on with a program that the download brings: without it
/// the RUN fails as well.
fn is_missed(download: &str, rest: &str) -> bool {
    let address = download.split('|').next().unwrap_or(download);
    let joined = rest.replace("\\\n", " ");
    let chain = joined.split("||").next().unwrap_or_default();
    let chain = chain.split([';', '\n']).next().unwrap_or(chain);
    chain.split("&&").skip(1).any(|command| {
        let mut words = command.split_whitespace().skip_while(|word| word.contains('='));
        let mut first = words.next().unwrap_or_default();
        // What is moved has to be there. `ln -s` asks for nothing.
        if matches!(first, "mv" | "cp" | "install" | "chmod") {
            let of_mode = |word: &&str| word.starts_with('-') || !word.contains('/');
            first = words.find(|word| !of_mode(word)).unwrap_or_default();
        }
        // A question for the program is one for the download.
        if matches!(first, "command" | "which" | "type" | "test" | "[") {
            first = words.find(|word| !word.starts_with('-')).unwrap_or_default();
        }
        let name = first.rsplit('/').next().unwrap_or(first);
        let common =
            ["python", "python3", "curl", "wget", "install", "get", "sh", "cd", "ln", "apt"];
        name.len() > 1 && !common.contains(&name) && address.contains(name)
    })
}
