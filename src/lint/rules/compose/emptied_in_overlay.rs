//! An empty list that is laid over another one.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Deployment, Purpose, Subject};
use crate::source::compose::{Item, Node, Port, yaml};
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "CO142",
    name: "emptied-in-overlay",
    severity: Severity::Warning,
    summary: "what a file laid over another takes away is marked !reset",
    why: "Compose joins the lists of both files: `ports: []` adds nothing to those of the file below, and all of them are still published.",
    example: "ports: !reset []",
    source: "Compose Specification: Merge, Reset value",
    fix: Some(Grade::Suggested),
    check,
};

/// Keys whose lists, or mappings, are joined.
const JOINED: [&str; 15] = [
    "ports",
    "volumes",
    "environment",
    "env_file",
    "expose",
    "networks",
    "depends_on",
    "secrets",
    "configs",
    "labels",
    "devices",
    "cap_add",
    "extra_hosts",
    "tmpfs",
    "links",
];

fn check(subject: &Subject, findings: &mut Findings) {
    let mut said: Vec<At> = Vec::new();
    for deployment in &subject.deployments {
        let files = &deployment.project.files;
        let roots: Vec<Item> =
            files.iter().map(|file| yaml::read(&file.text).unwrap_or_default()).collect();
        for (number, root) in roots.iter().enumerate().skip(1) {
            let services = root.get("services").into_iter().flat_map(Item::entries);
            for (name, service) in services {
                let Some(name) = name.scalar() else { continue };
                for (key, value) in service.entries() {
                    let Some(key_name) = key.scalar().filter(|own| JOINED.contains(&&**own)) else {
                        continue;
                    };
                    let Some(at) = emptied(deployment, number, key, value) else { continue };
                    // The last one below that says something.
                    let below =
                        roots[..number].iter().enumerate().rev().find_map(|(file, root)| {
                            let own = root.get("services")?.get(&name)?.get(&key_name)?;
                            (has_entries(own)).then_some((file, own))
                        });
                    let Some((file, below)) = below.filter(|_| !said.contains(&at)) else {
                        continue;
                    };
                    said.push(at);
                    let path = &files[file].path;
                    let written = subject.slice(at).to_owned();
                    let finding = findings.add(
                        at,
                        format!("{key_name} of {name} keeps what {path} says: an empty list takes nothing away"),
                    );
                    let place = subject.line_at(deployment.texts[file], below.line);
                    finding
                        .about(format!("{name} {key_name}"))
                        .related(place, "this stays")
                        .help(format!("{key_name}: !reset {written}   (Compose 2.24 and newer)"));
                    if key_name == "ports" && leaves_store_open(subject, deployment, &name, below) {
                        finding.severity(Severity::Error);
                    }
                    let start = Span::new(at.span.start, at.span.start);
                    finding.fix(
                        Fix::new(
                            Grade::Suggested,
                            format!("takes {key_name} of the file below away"),
                        )
                        .edit(At::new(at.text, start), "!reset "),
                    );
                }
            }
        }
    }
}

fn has_entries(item: &Item) -> bool {
    !item.items().is_empty() || item.entries().next().is_some() || item.scalar().is_some()
}

/// The place of `[]` or `{}` that stands there without a mark.
fn emptied(deployment: &Deployment, file: usize, key: &Item, value: &Item) -> Option<At> {
    let is_empty = match &value.node {
        Node::List(items) => items.is_empty(),
        Node::Map(entries) => entries.is_empty(),
        _ => false,
    };
    let (_, start) = key.span.filter(|_| is_empty)?;
    let text = &deployment.project.files[file].text;
    let rest = text.get(start..)?;
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    // Quotes and the colon belong to the key; nothing else stands before the list.
    let after = line.trim_start_matches(['"', '\'', ' ']).strip_prefix(':')?.trim_start();
    let written = after.trim_end();
    let list = ["[]", "{}"].iter().find(|own| {
        written
            .strip_prefix(**own)
            .is_some_and(|rest| rest.trim_start().is_empty() || rest.trim_start().starts_with('#'))
    })?;
    let place = start + (line.len() - after.len());
    Some(At::new(deployment.texts[file], Span::new(place, place + list.len())))
}

/// Whether a store for users stays reachable from everywhere.
fn leaves_store_open(subject: &Subject, own: &Deployment, name: &str, below: &Item) -> bool {
    own.purpose == Purpose::Production
        && subject
            .containers_of(own)
            .any(|one| one.name == name && (one.kind.is_store() || one.kind.is_open_index()))
        && below.items().iter().filter_map(Port::read).any(|port| port.is_open_to_the_world())
}
