//! `--tune`: what load speaks for becomes part of `dockwright.toml`.

use std::path::Path;

use crate::answers::document;
use crate::cli::{diff, report};
use crate::error::{Error, Problem};
use crate::project;
use crate::verify::Report;
use crate::verify::record::Proposal;

/// Writes the proposals of a report, and shows what changed.
///
/// # Errors
/// A directory without a `dockwright.toml`; a file that cannot be written.
pub fn write(verified: &Report, dir: &Path) -> Result<(), Error> {
    if verified.proposals.is_empty() {
        return report::print("Nothing to tune: load speaks for the numbers that are planned.\n");
    }
    let Some((text, _)) = project::document(dir)? else {
        let problem = Problem::new(format!("{} has no {}", dir.display(), document::FILE));
        return Err(Error::input(
            problem.at("--tune").help("--tune is for what dockwright has planned"),
        ));
    };
    let after = tuned(&text, &verified.proposals)?;
    let path = dir.join(document::FILE);
    std::fs::write(&path, &after).map_err(|source| Error::Io { action: "write", path, source })?;
    let shown = diff::between(document::FILE, text.as_bytes(), after.as_bytes());
    report::print(&diff::coloured(&shown, false))?;
    report::print("`dockwright update` carries it into the files.\n")
}

/// The document with every proposed value.
fn tuned(text: &str, proposals: &[Proposal]) -> Result<String, Error> {
    proposals.iter().try_fold(text.to_owned(), |text, own| {
        document::with_value(&text, &own.key, &own.to)
            .map_err(|problem| Error::input(problem.at(document::FILE)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_becomes_a_pinned_number_and_comments_stay() {
        let proposal = Proposal {
            key: "tune.web.workers".into(),
            from: "5".into(),
            to: "3".into(),
            why: String::new(),
        };
        let text = "# ours\npreset = \"fastapi-gunicorn\"\n[tune.web]\nworkers = 5 # many\n";
        let after = tuned(text, std::slice::from_ref(&proposal)).unwrap();
        assert_eq!(after, text.replace("workers = 5", "workers = 3"));
        let after = tuned("preset = \"fastapi-gunicorn\"\n", &[proposal]).unwrap();
        assert!(after.contains("[tune.web]\nworkers = 3\n"), "{after}");
    }
}
