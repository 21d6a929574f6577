//! Workflow commands: GitHub shows them as annotations on the lines.

use super::{Item, Level};
use crate::cli::layout;

/// One line for each finding, and one for each directory that failed.
#[must_use]
pub fn of(items: &[Item], failed: &[(String, String)]) -> String {
    let failures = failed.iter().map(|(path, message)| {
        format!("::error file={},title=dockwright::{}\n", property(path), data(message))
    });
    items.iter().map(line).chain(failures).collect()
}

/// A line about no finding.
#[must_use]
pub fn notice(note: &str) -> String {
    format!("::notice title=dockwright::{}\n", data(note))
}

fn line(item: &Item) -> String {
    let word = match item.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut properties = Vec::new();
    if !item.place.path.is_empty() {
        properties.push(format!("file={}", property(&item.place.path)));
    }
    if let Some(line) = item.place.line {
        properties.push(format!("line={line}"));
    }
    if let Some((line, _)) = item.place.end.filter(|(line, _)| Some(*line) > item.place.line) {
        properties.push(format!("endLine={line}"));
    }
    properties.push(format!("title={}", property(&item.title)));
    let mut message = item.message.clone();
    match (&item.suppressed, &item.help) {
        (Some(why), _) => message.push_str(&format!("; {why}")),
        (None, Some(help)) => message.push_str(&format!("\n{help}")),
        (None, None) => {}
    }
    format!("::{word} {}::{}\n", properties.join(","), data(&message))
}

/// A message: percent signs and line breaks would end it.
fn data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    layout::visible(&text).into_owned()
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
