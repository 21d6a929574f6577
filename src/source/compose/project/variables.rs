//! Variables of a project, replaced by what `.env` and their defaults say.

use std::collections::BTreeMap;

use super::{Project, Unset};
use crate::source::compose::interpolate::{self, Variable};
use crate::source::compose::yaml::{Item, Node};

pub(super) fn replace(project: &mut Project) {
    let mut unset = Vec::new();
    walk(&mut project.root, &project.env, &mut unset);
    unset.sort_by(|one: &Unset, other| {
        (one.file, one.line, &one.name).cmp(&(other.file, other.line, &other.name))
    });
    unset.dedup();
    project.unset = unset;
}

fn walk(item: &mut Item, env: &BTreeMap<String, String>, unset: &mut Vec<Unset>) {
    match &mut item.node {
        Node::Text(text) if text.contains('$') => {
            let (file, line) = (item.file, item.line);
            *text = interpolate::replace(text, &mut |variable: &Variable<'_>| {
                let found = env.get(variable.name).cloned();
                if found.is_none() && variable.default.is_none() && !variable.alternative {
                    let (name, required) = (variable.name.to_owned(), variable.required);
                    unset.push(Unset { name, required, file, line });
                }
                found
            });
        }
        Node::List(items) => items.iter_mut().for_each(|item| walk(item, env, unset)),
        Node::Map(entries) => entries.iter_mut().for_each(|(_, value)| walk(value, env, unset)),
        _ => {}
    }
}
