//! The first lines of `dockwright.toml`: where editors find its schema, and
//! which version and command wrote it.
//!
//! Both are comments: nothing reads them but people and editors, and no other
//! file names the version, so that a new one changes a line of this file and
//! of the lock alone. What a person took out stays out.

/// What editors read: taplo, and with it VS Code's Even Better TOML. The file
/// is in the repository, so that it is there without a network, and is the
/// schema of the version that wrote it.
pub const SCHEMA: &str = "#:schema .dockwright/schema.json";

/// How the line begins that says what wrote the file.
pub const WRITTEN: &str = "# Written by dockwright ";

/// The line that says what wrote the file; `command` is one line.
fn written(command: &str) -> String {
    format!("{WRITTEN}{}: {command}", env!("CARGO_PKG_VERSION"))
}

/// A text that is written for the first time, with both lines before it. One
/// that has such lines already keeps them where they are.
#[must_use]
pub fn begun(text: &str, command: &str) -> String {
    let text = renewed(text, command);
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (mark, body) = match text.strip_prefix('\u{feff}') {
        Some(body) => ("\u{feff}", body),
        None => ("", &*text),
    };
    let schema = match comments(body).any(|line| line.starts_with("#:schema ")) {
        true => String::new(),
        false => format!("{SCHEMA}{end}"),
    };
    let written = match comments(body).any(|line| line.starts_with(WRITTEN)) {
        true => String::new(),
        false => format!("{}{end}", written(command)),
    };
    format!("{mark}{schema}{written}{body}")
}

/// A text in which the line says that this command of this version wrote it;
/// the same where there is no such line.
#[must_use]
pub fn renewed(text: &str, command: &str) -> String {
    let Some(old) = comments(text).find(|line| line.starts_with(WRITTEN)) else {
        return text.to_owned();
    };
    text.replacen(old, &written(command), 1)
}

/// The comments before the first key.
fn comments(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
    lines.take_while(|line| line.is_empty() || line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = env!("CARGO_PKG_VERSION");

    #[test]
    fn a_new_file_begins_with_its_schema_and_what_wrote_it() {
        assert_eq!(
            begun("preset = \"a\"\n", "dockwright new shop"),
            format!(
                "{SCHEMA}\n# Written by dockwright {VERSION}: dockwright new shop\npreset = \"a\"\n"
            )
        );
        let crlf = begun("\u{feff}# ours\r\npreset = \"a\"\r\n", "dockwright init");
        assert!(crlf.starts_with("\u{feff}#:schema "), "{crlf}");
        assert_eq!(crlf.matches('\n').count(), crlf.matches("\r\n").count(), "{crlf}");
    }

    #[test]
    fn what_stands_is_renewed_in_its_place_and_a_schema_of_somebody_else_stays() {
        let text =
            "# ours\n# Written by dockwright 0.0.1: dockwright new\n#:schema x.json\na = 1\n";
        let now = format!(
            "# ours\n# Written by dockwright {VERSION}: dockwright update\n#:schema x.json\na = 1\n"
        );
        assert_eq!(renewed(text, "dockwright update"), now);
        assert_eq!(begun(text, "dockwright update"), now);
    }

    #[test]
    fn what_was_taken_out_stays_out_and_a_value_is_no_comment() {
        for text in ["a = 1\n", "", "a = \"\"\"\n# Written by dockwright 0.0.1: x\n\"\"\"\n"] {
            assert_eq!(renewed(text, "dockwright update"), text);
        }
    }
}
