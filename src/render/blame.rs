//! Whose mistake a fault is: the layer, the file and the place that its author
//! knows.

use std::collections::BTreeSet;

use crate::error::{Place, Problem, nearest};
use crate::render::fault::Fault;
use crate::render::set::{Set, Template, shown};

impl Set<'_> {
    /// What went wrong in a layer's template, with its place there; `None`
    /// where it is dockwright's own.
    #[must_use]
    pub fn problem(&self, fault: &Fault) -> Option<Problem> {
        let template = self.get(fault.template.as_deref()?)?;
        let origin = template.origin.as_ref()?;
        let mut at = shown(&origin.layer, &origin.path);
        let outside = fault.is_outside_blocks();
        if let Some((line, column)) = fault.place {
            let (line, column) =
                if outside { first_text(&template.text, line, column) } else { (line, column) };
            let shift = if line == 1 { origin.shift } else { 0 };
            at.push_str(&format!(":{line}:{}", column.saturating_sub(shift).max(1)));
        }
        let message = match fault.block() {
            _ if fault.is_own_extends() && origin.shift > 0 => {
                "an overlay extends the template of its name by itself: leave `extends` out".into()
            }
            Some(block) => format!("{} has no block `{block}`", origin.path),
            None if outside => {
                "this would be ignored: an overlay holds blocks and components alone".into()
            }
            None => self.readable(&fault.message),
        };
        let problem = Problem::new(message).at(at);
        Some(match fault.block() {
            Some(block) => problem.help(self.blocks_like(block, &origin.path)),
            None if outside => problem.help("put it into the block that it belongs to"),
            None => Problem { help: fault.help.clone(), ..problem },
        })
    }

    /// The layers that a template comes from, with its path; all of them
    /// where it is none of theirs.
    #[must_use]
    pub fn layers_of(&self, name: Option<&str>) -> String {
        if let Some((name, layer)) = name.and_then(|name| Some((name, self.copied_from(name)?))) {
            return shown(layer, name);
        }
        let origins = || self.templates.iter().filter_map(|one| one.origin.as_ref());
        let mut of_path: Vec<String> = origins()
            .filter(|origin| name == Some(origin.path.as_str()))
            .map(|origin| shown(&origin.layer, &origin.path))
            .collect();
        if of_path.is_empty() {
            of_path = origins().map(|origin| shown(&origin.layer, &origin.path)).collect();
        }
        of_path.join("; ")
    }

    /// Names of templates as their authors know them.
    fn readable(&self, message: &str) -> String {
        let mut message = message.to_owned();
        for template in &self.templates {
            if let Some((_, path)) = template.name.split_once(':') {
                message = message.replace(&template.name, path);
            }
        }
        message
    }

    fn blocks_like(&self, block: &str, path: &str) -> String {
        let ends = |template: &&Template| {
            let name = template.name.as_str();
            name == path || name.split_once(':').is_some_and(|(_, name)| name == path)
        };
        // What the chain's lowest template has is all there is to override.
        let lowest = self.templates.iter().filter(ends).min_by_key(|template| {
            (!template.name.contains(':'), template.name.len(), template.name.clone())
        });
        let names: BTreeSet<&str> =
            lowest.map(|template| blocks(&template.text).collect()).unwrap_or_default();
        match nearest(block, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "it has no blocks to override".to_owned(),
            None => format!("it has {}", names.into_iter().collect::<Vec<_>>().join(", ")),
        }
    }
}

/// Where text begins that starts with white space and comments.
fn first_text(text: &str, line: usize, column: usize) -> (usize, usize) {
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let within = text[start..].char_indices().nth(column - 1).map_or(0, |(offset, _)| offset);
    let mut rest = &text[start + within..];
    loop {
        rest = rest.trim_start();
        match rest.strip_prefix("{#").and_then(|comment| comment.split_once("#}")) {
            Some((_, after)) => rest = after,
            None => break,
        }
    }
    let place = Place::of_offset("", text, text.len() - rest.len());
    (place.line, place.column)
}

/// The names of the blocks in a template.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("{%").skip(1).filter_map(|tag| {
        let mut words = tag.trim_start_matches('-').split_whitespace();
        (words.next() == Some("block")).then(|| words.next()).flatten()
    })
}
