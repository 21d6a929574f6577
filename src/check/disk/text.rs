//! Rules on the lines of a file.

use crate::check::disk::scene::Scene;
use crate::check::finding::{Finding, Kind};
use crate::error::Error;
use crate::policy::{Constraint, Requirement};
use crate::relpath::RelPath;

/// Judges a rule on a file.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn judge(
    rule: &Requirement,
    path: &RelPath,
    scene: &mut Scene<'_>,
) -> Result<Vec<Finding>, Error> {
    let path = scene.on_disk(path);
    let of = |line: Option<usize>, what: &str| Finding {
        message: format!("{}{what}", rule.message.as_deref().unwrap_or_default()),
        ..Finding::of(rule, &path, line, what)
    };
    let unread = scene.unread.len();
    let Some(text) = scene.text(&path, None)? else {
        let required = matches!(rule.constraint, Constraint::Lines { require: Some(_), .. });
        if scene.unread.len() > unread || !required {
            return Ok(Vec::new());
        }
        // What the repository's own answers leave out would be there without them.
        let left_out = scene.draft.text(&format!("files.{path}")) == "off"
            || !scene.project.lock.only.is_empty();
        let planned =
            left_out || scene.plan.outputs.iter().any(|output| output.path.as_str() == path);
        return Ok(vec![match planned {
            true => of(None, ": the file is not there"),
            false => Finding { kind: Kind::Note, ..of(None, ": there is no such file to judge") },
        }]);
    };
    let (forbidden, missing) = rule.in_lines(&text.text);
    let lines = forbidden.iter().map(|(number, _)| of(Some(*number), ""));
    let missing = missing.map(|pattern| of(None, &format!(": no line matches `{pattern}`")));
    Ok(lines.chain(missing).collect())
}
