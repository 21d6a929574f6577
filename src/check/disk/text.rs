//! Rules on the lines of a file.

use crate::check::disk::scene::Scene;
use crate::check::finding::{Finding, Kind};
use crate::error::Error;
use crate::preset::policy::Demand;
use crate::preset::rule::{Rule, Test};

/// Judges one rule; one on a value has nothing to say here.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn judge(
    demand: &Demand<Rule>,
    scene: &mut Scene<'_>,
    today: &str,
) -> Result<Vec<Finding>, Error> {
    let rule = &demand.what;
    let Test::Text { path, require, forbid } = &rule.test else { return Ok(Vec::new()) };
    let of = |kind: Kind, path: &str, line: Option<usize>, what: &str| Finding {
        layer: Some(demand.layer.clone()),
        demand: Some(rule.place.clone()),
        warn_until: rule.softened(today),
        ..Finding::new(kind, rule.id(), format!("{}{what}", rule.message))
            .in_file(path)
            .on_line(line)
    };
    let path = scene.on_disk(path.as_str());
    let unread = scene.unread.len();
    let Some(text) = scene.text(&path, None)? else {
        if scene.unread.len() > unread {
            return Ok(Vec::new());
        }
        let planned = scene.plan.outputs.iter().any(|output| output.path.as_str() == path);
        return Ok(match require {
            Some(_) if planned => vec![of(Kind::Policy, &path, None, ": the file is not there")],
            Some(_) => vec![of(Kind::Note, &path, None, ": there is no such file to judge")],
            None => Vec::new(),
        });
    };
    let mut findings = Vec::new();
    if let Some(pattern) = forbid {
        let lines = text.text.lines().enumerate().filter(|(_, line)| pattern.is_match(line));
        findings.extend(lines.map(|(number, _)| of(Kind::Policy, &path, Some(number + 1), "")));
    }
    if let Some(pattern) = require
        && !text.text.lines().any(|line| pattern.is_match(line))
    {
        let what = format!(": no line matches `{pattern}`");
        findings.push(of(Kind::Policy, &path, None, &what));
    }
    Ok(findings)
}
