//! Environment files that a clone does not have: made in the copy from their
//! samples, with secrets of this run alone.

use std::fs;
use std::path::Path;

use crate::apply::secrets;
use crate::detect::compose::told;
use crate::error::Error;
use crate::lint::subject::{Deployment, Subject};
use crate::source::dotenv;

/// Letters of a made-up secret: as many as `new` gives one.
const LETTERS: usize = 40;

/// Makes what is missing; what was made, for a reader.
///
/// # Errors
/// A file that cannot be written.
pub fn complete(
    subject: &Subject,
    deployment: Option<&Deployment>,
    copy: &Path,
) -> Result<Vec<String>, Error> {
    let Some(deployment) = deployment else { return Ok(Vec::new()) };
    let directory = &deployment.project.directory;
    let mut missing: Vec<String> = subject
        .containers_of(deployment)
        .flat_map(|own| own.missing_env_files.iter().map(|(path, _)| path.clone()))
        .collect();
    missing.push(if directory == "." { ".env".into() } else { format!("{directory}/.env") });
    missing.sort();
    missing.dedup();
    let mut notes = Vec::new();
    for path in missing {
        let place = copy.join(&path);
        if place.exists() {
            continue;
        }
        let Some(from) = told::sample(&subject.tree, directory, &path) else { continue };
        let Some(text) = subject.tree.text(&from) else { continue };
        let (text, blank) = filled(text)?;
        fs::write(&place, text).map_err(|source| Error::Io {
            action: "write",
            path: place,
            source,
        })?;
        let with = match blank.as_slice() {
            [] => String::new(),
            names => format!(", with made-up values for {}", names.join(", ")),
        };
        notes.push(format!("{path} is not there: made from {from} for this run{with}"));
    }
    Ok(notes)
}

/// A sample with a value for each name that has none.
fn filled(text: &str) -> Result<(String, Vec<String>), Error> {
    let blank: Vec<String> = dotenv::pairs(text)
        .into_iter()
        .filter(|(_, value)| value.is_empty())
        .map(|(name, _)| name)
        .collect();
    let mut lines = Vec::new();
    for line in text.lines() {
        let name =
            line.split_once('=').map(|(name, _)| name.trim().trim_start_matches("export ").trim());
        match name.filter(|name| blank.iter().any(|own| own == name)) {
            Some(_) if !line.trim_start().starts_with('#') => {
                let (name, _) = line.split_once('=').expect("it has a name");
                lines.push(format!("{name}={}", secrets::random(LETTERS)?));
            }
            _ => lines.push(line.to_owned()),
        }
    }
    Ok((lines.join("\n") + "\n", blank))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_values_are_made_up_and_others_stay() {
        let (text, blank) = filled("# A key=\nSECRET_KEY=\nLOG_LEVEL=info\n").unwrap();
        assert_eq!(blank, ["SECRET_KEY"]);
        let pairs = dotenv::pairs(&text);
        assert_eq!(pairs[0].1.len(), LETTERS);
        assert_eq!(pairs[1], ("LOG_LEVEL".to_owned(), "info".to_owned()));
        assert!(text.starts_with("# A key=\n"));
    }
}
