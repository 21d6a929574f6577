//! What a check found, as workflow commands: GitHub shows them as annotations
//! on the lines.

use super::{Outcome, seen};
use crate::check::{FailOn, Finding, Level, Report};
use crate::cli::many::Done;

/// One line for each finding, and one for each repository that could not be
/// checked.
#[must_use]
pub fn of(outcome: &Outcome) -> String {
    let mut text = String::new();
    for done in outcome.done {
        match &done.result {
            Ok(report) => {
                for found in &report.findings {
                    text.push_str(&line(done, found, &outcome.fail_on));
                }
            }
            Err(error) => {
                let file = property(&seen(&done.dir, "dockwright.toml"));
                let message = data(&error.to_string());
                text.push_str(&format!("::error file={file},title=dockwright::{message}\n"));
            }
        }
    }
    text
}

fn line(done: &Done<Report>, found: &Finding, fail_on: &FailOn) -> String {
    let word = match Report::level(found, fail_on) {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(path) = &found.path {
        properties.push(format!("file={}", property(&seen(&done.dir, path))));
    }
    if let Some(line) = found.line {
        properties.push(format!("line={line}"));
    }
    let kind = if found.waived.is_some() { "waived" } else { found.kind.word() };
    properties.push(format!("title={}", property(&format!("{kind}: {}", found.rule))));
    let mut message = found.message.clone();
    if let Some(layer) = &found.layer {
        message.push_str(&format!(" ({layer})"));
    }
    if let Some(waiver) = &found.waived {
        message.push_str(&format!("; until {}: {}", waiver.until, waiver.reason));
    } else if let Some(help) = &found.help {
        message.push_str(&format!("\n{help}"));
    }
    format!("::{word} {}::{}\n", properties.join(","), data(&message))
}

/// A message: percent signs and line breaks would end it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property: commas and colons as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn what_would_end_a_message_or_a_property_is_escaped() {
        assert_eq!(data("50%: a,b\r\nc"), "50%25: a,b%0D%0Ac");
        assert_eq!(property("C:\\a,b%\n"), "C%3A\\a%2Cb%25%0A");
    }
}
