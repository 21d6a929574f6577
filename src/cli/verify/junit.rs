//! Results as JUnit XML, which pipelines show.

use std::path::Path;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::error::{Error, Problem};
use crate::verify::Report;
use crate::verify::record::{Finding, Verdict};

/// Writes the file.
///
/// # Errors
/// When it cannot be written.
pub fn write(report: &Report, path: &Path) -> Result<(), Error> {
    let failed =
        |source: std::io::Error| Error::Io { action: "write", path: path.to_owned(), source };
    let text = of(report).to_string().map_err(|error| failed(std::io::Error::other(error)))?;
    std::fs::write(path, text).map_err(failed)
}

/// Refuses a file that cannot be written.
///
/// # Errors
/// No such directory, or no right to write there.
pub fn check(path: &Path) -> Result<(), Error> {
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
    opened.map(drop).map_err(|error| {
        let message = format!("{} cannot be written: {error}", path.display());
        Error::input(Problem::new(message).at("--junit"))
    })
}

/// A suite for each step, a case for each result.
fn of(report: &Report) -> quick_junit::Report {
    let mut all = quick_junit::Report::new(format!("dockwright verify {}", report.project));
    for step in &report.steps {
        let mut suite = TestSuite::new(step.step.name());
        suite.set_time(step.took);
        suite.add_test_cases(step.findings.iter().map(case));
        all.add_test_suite(suite);
    }
    all
}

fn case(own: &Finding) -> TestCase {
    let status = match own.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(own.said.as_str());
            status
        }
        Verdict::Failed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(own.said.as_str()).set_type(own.check.id);
            let limit = own
                .limit
                .iter()
                .map(|limit| format!("{} = {}: {}", limit.key, limit.value, limit.why));
            let lines: Vec<String> = limit.chain(own.help.clone()).chain(own.log.clone()).collect();
            status.set_description(lines.join("\n"));
            status
        }
    };
    let name = match &own.of {
        Some(of) => format!("{} {of}", own.check.id),
        None => own.check.id.to_owned(),
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(own.check.step.name());
    if own.verdict == Verdict::Passed {
        case.set_system_out(own.said.as_str());
    }
    case
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::verify::shape::tests::report;

    #[test]
    fn a_failure_has_its_reason_and_a_skip_says_why() {
        let text = of(&report()).to_string().unwrap();
        assert!(text.contains("tests=\"3\""), "{text}");
        assert!(text.contains("failures=\"1\""), "{text}");
        assert!(
            text.contains("<failure message=\"p99 was 2500 ms\" type=\"load.latency\">"),
            "{text}"
        );
        assert!(text.contains("verify.p99 = 2000"), "{text}");
        assert!(text.contains("<skipped message=\"no database\""), "{text}");
    }
}
