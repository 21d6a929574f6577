//! An example of an environment file that a repository brings: a fresh `.env`
//! starts from it, since what its own compose file and code want stands there.

use std::path::Path;

use crate::apply::dotenv::extend;
use crate::detect::compose::files::EXAMPLES;
use crate::environments::turns_development_on;
use crate::source::dotenv::{self, Entry};
use crate::source::text;

/// The example for the `.env` of a directory, by its name, and its text.
#[must_use]
pub fn find(directory: &Path) -> Option<(&'static str, String)> {
    EXAMPLES.into_iter().find_map(|name| {
        let text = text::of_file(&directory.join(name))?;
        (!dotenv::read(&text).is_empty()).then_some((name, text))
    })
}

/// A fresh `.env`: the example's lines without `export`, which Compose does
/// not read everywhere, then what only `ours` has. Where the example is blank
/// ours holds; and a signing key that ours makes anew, unless other lines
/// repeat the example's value.
#[must_use]
pub fn start(example: &str, ours: &str) -> String {
    let (entries, made) = (dotenv::read(example), dotenv::read(ours));
    let mut text = String::new();
    let mut done = 0;
    for entry in &entries {
        let own = made.iter().find(|own| own.name == entry.name);
        let own = own.map(|own| &ours[own.value_span.start..own.value_span.end]);
        let value = match own {
            Some(own) if entry.value.is_empty() => own,
            Some(own) if own.contains('\u{0}') && is_placeholder(entry, &entries) => own,
            // A sample is for who works on the code; a fresh file is production's.
            _ if turns_development_on(&entry.name, &entry.value) => off(&entry.value),
            _ => &example[entry.value_span.start..entry.value_span.end],
        };
        text.push_str(&example[done..entry.span.start]);
        text.push_str(&format!("{}={value}", entry.name));
        done = entry.span.end;
    }
    text.push_str(&example[done..]);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let (bytes, _) = extend(text.as_bytes(), ours);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What turns a switch off, in the words that turned it on.
fn off(value: &str) -> &'static str {
    match value {
        "1" => "0",
        "True" => "False",
        "on" => "off",
        "yes" => "no",
        "development" | "dev" => "production",
        _ => "false",
    }
}

/// Whether a signing key's value stands in no other value, such as an address.
fn is_placeholder(key: &Entry, entries: &[Entry]) -> bool {
    let signs = ["SECRET", "SIGNING", "SALT"].iter().any(|word| key.name.contains(word));
    let is_repeat = |own: &Entry| own.name != key.name && own.value.contains(&key.value);
    signs && (key.value.is_empty() || !entries.iter().any(is_repeat))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_values_hold_and_what_it_leaves_out_is_added() {
        let example = "# How to reach it.\nexport POSTGRES_USER=shop\nPOSTGRES_PASSWORD=password\nDATABASE_URL=postgres://shop:password@db/shop\nTOKEN=\n";
        let ours = "# Ours.\nPOSTGRES_PASSWORD=\u{0}secret 40\u{0}\nTOKEN=\u{0}secret 40\u{0}\nTAG=local\n";
        assert_eq!(
            start(example, ours),
            "# How to reach it.\nPOSTGRES_USER=shop\nPOSTGRES_PASSWORD=password\nDATABASE_URL=postgres://shop:password@db/shop\nTOKEN=\u{0}secret 40\u{0}\n\nTAG=local\n"
        );
    }

    #[test]
    fn a_switch_that_an_example_has_for_development_is_off() {
        let example = "FLASK_DEBUG=true\nDEBUG=1\nDEBUG_LEVEL=1\nFLASK_ENV=development\n";
        let started = "FLASK_DEBUG=false\nDEBUG=0\nDEBUG_LEVEL=1\nFLASK_ENV=production\n";
        assert_eq!(start(example, ""), started);
    }

    #[test]
    fn a_signing_key_of_an_example_is_made_anew_unless_another_line_repeats_it() {
        let ours = "SECRET_KEY=\u{0}secret 50\u{0}\n";
        assert_eq!(start("SECRET_KEY=changeme\n", ours), "SECRET_KEY=\u{0}secret 50\u{0}\n");
        let repeated = "SECRET_KEY=changeme\nSIGNER=key:changeme\n";
        assert_eq!(start(repeated, ours), repeated);
    }
}
