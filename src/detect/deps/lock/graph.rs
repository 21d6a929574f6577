//! Walking a lock from the project to everything it reaches.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::detect::deps::marker;

/// A dependency as a lock writes it.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// Normalised name.
    pub name: String,
    /// Extras asked for.
    pub extras: Vec<String>,
    /// The version meant, where several are locked.
    pub version: Option<String>,
    /// Environment marker, `extra == "…"` among them.
    pub marker: Option<String>,
}

/// A locked package: its edges, and those of each extra.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Normalised name.
    pub name: String,
    /// Exact version, where it has one.
    pub version: Option<String>,
    /// What it always needs.
    pub edges: Vec<Edge>,
    /// What its extras need.
    pub extras: BTreeMap<String, Vec<Edge>>,
}

/// Indices of the nodes that can be reached.
#[must_use]
pub fn reach(nodes: &[Node], start: Vec<Edge>) -> BTreeSet<usize> {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, node) in nodes.iter().enumerate() {
        by_name.entry(&node.name).or_default().push(at);
    }
    let mut seen: BTreeSet<(usize, String)> = BTreeSet::new();
    let mut queue: VecDeque<(Edge, Vec<String>)> =
        start.into_iter().map(|edge| (edge, Vec::new())).collect();
    let mut reached = BTreeSet::new();
    while let Some((edge, asked)) = queue.pop_front() {
        if edge.marker.as_ref().is_some_and(|text| !marker::text_holds(text, &asked)) {
            continue;
        }
        for &at in by_name.get(edge.name.as_str()).into_iter().flatten() {
            let node = &nodes[at];
            if edge.version.is_some() && node.version != edge.version {
                continue;
            }
            reached.insert(at);
            let extras = edge.extras.iter().filter(|extra| seen.insert((at, (*extra).clone())));
            let extras: Vec<&String> = extras.collect();
            if extras.is_empty() && !seen.insert((at, String::new())) {
                continue;
            }
            seen.insert((at, String::new()));
            let more = extras.iter().filter_map(|extra| node.extras.get(*extra)).flatten();
            for next in node.edges.iter().chain(more) {
                queue.push_back((next.clone(), edge.extras.clone()));
            }
        }
    }
    reached
}
