//! One lock, floor or rule: what has to hold, who says so, and whether a text
//! satisfies it.

use std::cmp::Ordering;

use regex::Regex;

use crate::error::Place;
use crate::preset::Layer;
use crate::preset::manifest::Floor;
pub use crate::preset::rule::Constraint;
use crate::preset::rule::Rule;
use crate::schema::entries::Entry;
use crate::schema::{self, Field};
use crate::version;

/// Something that a layer of a preset requires.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// What a waiver names it by.
    pub id: String,
    /// The key: `project.python`, `images.postgres`, `web.memory`; empty of a
    /// rule on a file.
    pub key: String,
    /// What has to hold.
    pub constraint: Constraint,
    /// What the rule says to people.
    pub message: Option<String>,
    /// The layer that requires it.
    pub layer: String,
    /// Where.
    pub place: Place,
    /// The last day on which it only warns, where that is not over.
    pub warn_until: Option<String>,
}

impl Requirement {
    fn new(id: &str, key: &str, constraint: Constraint, layer: &Layer, place: &Place) -> Self {
        Self {
            id: id.to_owned(),
            key: key.strip_prefix("tune.").unwrap_or(key).to_owned(),
            constraint,
            message: None,
            layer: layer.label(),
            place: place.clone(),
            warn_until: None,
        }
    }

    /// A value that no later source may change; `None` for what is no value,
    /// which reading the manifest has refused.
    pub(super) fn lock(lock: &Entry, layer: &Layer) -> Option<Self> {
        let value = schema::find(&lock.key)?.kind.read(&lock.text).ok()?;
        Some(Self::new(&lock.key, &lock.key, Constraint::Equals(value), layer, &lock.place))
    }

    /// A least version.
    pub(super) fn floor(floor: &Floor, layer: &Layer) -> Self {
        let key = if floor.subject == "python" { "project.python" } else { &floor.subject };
        let least = Constraint::AtLeast(floor.least.clone());
        Self::new(&floor.subject, key, least, layer, &floor.place)
    }

    /// A rule, as it counts on a day.
    pub(super) fn rule(rule: &Rule, layer: &Layer, today: &str) -> Self {
        Self {
            message: Some(rule.message.clone()),
            warn_until: rule.softened(today),
            ..Self::new(rule.id(), &rule.key, rule.constraint.clone(), layer, &rule.place)
        }
    }

    /// What does not hold, after what the rule says to people; of the lines of a
    /// file, that alone may say everything.
    #[must_use]
    pub fn say(&self, what: &str) -> String {
        match (&self.message, &self.constraint) {
            (Some(own), Constraint::Lines { .. }) => format!("{own}{what}"),
            (Some(own), _) => format!("{own}: {what}"),
            (None, _) => what.to_owned(),
        }
    }

    /// What of it a value breaks, in words: `more than 1GiB`.
    #[must_use]
    pub fn fault(&self, text: &str) -> Option<String> {
        let field = schema::find(&format!("tune.{}", self.key)).or_else(|| schema::find(&self.key));
        match &self.constraint {
            Constraint::Equals(value) => {
                let same = match field.and_then(|field| field.kind.read(text).ok()) {
                    Some(read) => read == *value,
                    None => text == value.to_string(),
                };
                (!same).then(|| format!("and it is locked to {value}"))
            }
            Constraint::AtLeast(least) => (version::compare(text, least) == Some(Ordering::Less))
                .then(|| format!("and has to be at least {least}")),
            Constraint::Within { min, max, one_of } => {
                outside(text, &field?, min.as_deref(), max.as_deref(), one_of)
            }
            Constraint::Lines { .. } => None,
        }
    }

    /// The only values that it allows, where it names them.
    #[must_use]
    pub fn allowed(&self) -> Vec<String> {
        match &self.constraint {
            Constraint::Equals(value) => vec![value.to_string()],
            Constraint::Within { one_of, .. } => one_of.clone(),
            Constraint::AtLeast(_) | Constraint::Lines { .. } => Vec::new(),
        }
    }

    /// The lines of its file that it forbids, with their numbers, and the
    /// pattern that no line has.
    #[must_use]
    pub fn in_lines<'a>(&'a self, text: &'a str) -> (Vec<(usize, &'a str)>, Option<&'a Regex>) {
        let Constraint::Lines { require, forbid, .. } = &self.constraint else {
            return (Vec::new(), None);
        };
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
        let forbidden = |(_, line): &(usize, &str)| {
            forbid.as_ref().is_some_and(|pattern| matches(pattern, line))
        };
        let missing = |pattern: &&Regex| !text.lines().any(|line| matches(pattern, line));
        (lines.filter(forbidden).collect(), require.as_ref().filter(missing))
    }
}

/// Whether a line matches a pattern by what counts of it: a comment does not, unless
/// the pattern asks for one.
#[must_use]
pub fn matches(pattern: &Regex, line: &str) -> bool {
    let line = if pattern.as_str().contains('#') { line } else { without_comment(line) };
    pattern.is_match(line)
}

/// A line of a file whose comments begin with `#`, without one. What directs a
/// program that reads it is none: `#!/bin/sh`, `# syntax=docker/dockerfile:1`.
fn without_comment(line: &str) -> &str {
    if let Some(comment) = line.trim_start().strip_prefix('#') {
        let word = comment.split_once('=').map(|(word, _)| word.trim());
        let directs = word.is_some_and(|word| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric())
        });
        return if directs || comment.starts_with('!') { line } else { "" };
    }
    let (mut quote, mut end, mut before) = (None, None, ' ');
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => end = end.or(Some(at)),
            (None, '\'' | '"') if end.is_none() => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        before = c;
    }
    // A quotation that goes on in the next line may hold the sign.
    end.filter(|_| quote.is_none()).map_or(line, |end| &line[..end])
}

/// Which bound a value is outside of.
fn outside(
    text: &str,
    field: &Field,
    min: Option<&str>,
    max: Option<&str>,
    one_of: &[String],
) -> Option<String> {
    let read = |text: &str| field.kind.read(text).ok();
    let value = read(text)?;
    let order = |bound: &str| match field.name.as_str() {
        // 3.9 is before 3.10.
        "project.python" => version::compare(text, bound),
        _ => read(bound).map(|bound| value.cmp(&bound)),
    };
    if let Some(min) = min
        && order(min) == Some(Ordering::Less)
    {
        return Some(format!("less than {min}"));
    }
    if let Some(max) = max
        && order(max) == Some(Ordering::Greater)
    {
        return Some(format!("more than {max}"));
    }
    let other = !one_of.is_empty() && !one_of.iter().any(|one| read(one) == Some(value.clone()));
    other.then(|| format!("not {}", one_of.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::without_comment;

    #[test]
    fn a_comment_is_told_from_what_looks_like_one() {
        for (line, counts) in [
            ("# netcat", ""),
            ("    # netcat", ""),
            ("image: x  # netcat", "image: x  "),
            ("RUN echo '#' # it's here", "RUN echo '#' "),
            ("#!/bin/netcat", "#!/bin/netcat"),
            ("# syntax=netcat", "# syntax=netcat"),
            ("a: \"x # netcat\"", "a: \"x # netcat\""),
            ("x#netcat", "x#netcat"),
            ("' # netcat", "' # netcat"),
        ] {
            assert_eq!(without_comment(line), counts, "{line}");
        }
    }
}
