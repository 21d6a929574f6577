//! A health check that says yes to everything.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{healthcheck, support};
use crate::lint::subject::Subject;
use crate::source::dockerfile::Command;

pub static RULE: Rule = Rule {
    code: "DF125",
    name: "healthcheck-cannot-fail",
    severity: Severity::Warning,
    summary: "HEALTHCHECK fails where the application does",
    why: "A check that ends with 0 whatever the answer is keeps a broken container in service: curl without --fail is content with a 500.",
    example: "HEALTHCHECK CMD curl --fail --silent http://127.0.0.1:8000/health || exit 1",
    source: "curl, --fail; Docker, Dockerfile reference: HEALTHCHECK",
    fix: Some(Grade::Suggested),
    check,
};

static SWALLOWS: LazyLock<Regex> = LazyLock::new(|| {
    support::regex(r"(?:\|\|\s*(?:true|:|exit\s+0|/bin/true)|;\s*(?:exit\s+0|true))\s*$")
});
static CURL: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\bcurl\b"));

fn check(subject: &Subject, findings: &mut Findings) {
    for build in subject.production_builds() {
        let Some(check) = healthcheck::of(build) else { continue };
        // It fails always, which is another rule's.
        if healthcheck::lacks(subject, build, &check).is_some() {
            continue;
        }
        let text = match check.command {
            Command::Shell(text) => text.clone(),
            Command::Exec(words) => words.join(" "),
        };
        let at = subject.instruction(build, check.at);
        if let Some(found) = SWALLOWS.find(&text) {
            findings
                .add(
                    at,
                    format!(
                        "`{}` makes HEALTHCHECK succeed whatever happens",
                        found.as_str().trim()
                    ),
                )
                .about("HEALTHCHECK")
                .help(format!("HEALTHCHECK CMD {} || exit 1", &text[..found.start()].trim()));
            continue;
        }
        let reads_answer =
            ["grep", "http_code", "test ", "[ ", "jq", "$("].iter().any(|word| text.contains(word));
        let silent = check.commands.iter().find(|own| {
            let words = support::bare(own);
            support::program(words) == "curl" && !healthcheck::fails(own)
        });
        if silent.is_some() && !reads_answer {
            let finding = findings.add(
                subject.within(build, check.at, "curl"),
                "curl without --fail is content with a 500: HEALTHCHECK only notices a closed port",
            );
            finding
                .about("HEALTHCHECK")
                .help(format!("HEALTHCHECK CMD {}", CURL.replace(&text, "curl --fail")));
            if matches!(check.command, Command::Shell(_))
                && let Some(edits) =
                    support::insert(subject, build, check.at, &CURL, &[true], " --fail")
            {
                let fix =
                    Fix::new(Grade::Suggested, "lets curl fail on an answer that is an error");
                finding.fix(edits.into_iter().fold(fix, |fix, own| fix.edit(own.at, own.text)));
            }
            continue;
        }
        let looks = ["raise_for_status", "status_code", ".ok", "assert", "exit", "urlopen"];
        let asks = text.contains("requests.get(") || text.contains("httpx.get(");
        if asks && !looks.iter().any(|word| text.contains(word)) {
            findings
                .add(at, "the answer is not looked at: HEALTHCHECK only notices a closed port")
                .about("HEALTHCHECK")
                .help("….raise_for_status()");
        }
    }
}
