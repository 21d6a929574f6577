//! Environment files that a clone does not have: made in the copy from their
//! samples, with secrets of this run alone.

use std::fs;
use std::path::Path;

use crate::apply::secrets;
use crate::detect::compose::told;
use crate::detect::secret;
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
        let required = |name: &str| {
            deployment.project.unset.iter().any(|own| own.required && own.name == name)
        };
        let (text, blank) = filled(text, required)?;
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

/// A sample with a value for each name that has none and needs one: secrets, and what
/// Compose refuses to start without. Others may be blank on purpose.
fn filled(text: &str, required: impl Fn(&str) -> bool) -> Result<(String, Vec<String>), Error> {
    let blank: Vec<String> = dotenv::pairs(text)
        .into_iter()
        .filter(|(name, value)| value.is_empty() && (secret::is_variable(name) || required(name)))
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
        let (text, blank) =
            filled("# A key=\nSECRET_KEY=\nLOG_LEVEL=info\nSENTRY_DSN=\nHOST=\n", |own| {
                own == "HOST"
            })
            .unwrap();
        assert_eq!(blank, ["SECRET_KEY", "HOST"]);
        let pairs = dotenv::pairs(&text);
        assert_eq!(pairs[0].1.len(), LETTERS);
        assert_eq!(pairs[1], ("LOG_LEVEL".to_owned(), "info".to_owned()));
        assert!(text.starts_with("# A key=\n"));
    }
}
