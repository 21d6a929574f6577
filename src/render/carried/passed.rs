//! Services that are none of ours: their own text, comments included, or,
//! where it refers to anchors elsewhere, what it means.

use crate::compose::yaml::{self, Item, Node};
use crate::compose::{Document, Service};
use crate::plan::Plan;
use crate::plan::carry::{Carry, OLD_DOCKERFILE};
use crate::render::carried::{application, text};

/// Every service that is passed through.
#[must_use]
pub fn services(plan: &Plan, carry: &Carry) -> String {
    let mut lines = String::new();
    for service in &carry.passed {
        if carry.runs_own_image(service) {
            lines += &application::of_own_image(plan, carry, service);
            continue;
        }
        lines += "\n";
        if carry.needs_old_dockerfile(service) {
            lines += &text::entry(&service.name, &built_by_the_old(&service.item), 2);
            lines += &networks(plan, carry, service);
            continue;
        }
        lines += &verbatim(&carry.carried.text, &carry.document, service)
            .unwrap_or_else(|| text::entry(&service.name, &service.item, 2));
        lines += &networks(plan, carry, service);
    }
    lines
}

/// A service whose `build` names the Dockerfile that was there.
fn built_by_the_old(service: &Item) -> Item {
    let Node::Map(entries) = &service.node else { return service.clone() };
    let named = |build: &Item| {
        let mut keys = match &build.node {
            Node::Map(keys) => keys.clone(),
            _ => vec![(Item::text("context"), build.clone())],
        };
        keys.retain(|(key, _)| key.scalar().as_deref() != Some("dockerfile"));
        keys.push((Item::text("dockerfile"), Item::text(OLD_DOCKERFILE)));
        Item::of(Node::Map(keys))
    };
    let entries = entries.iter().map(|(key, value)| {
        let build = key.scalar().as_deref() == Some("build");
        (key.clone(), if build { named(value) } else { value.clone() })
    });
    Item::of(Node::Map(entries.collect()))
}

/// Ours, for a service that names none: it has to find the others, and to be
/// found.
fn networks(plan: &Plan, carry: &Carry, service: &Service) -> String {
    let has = |key: &str| service.item.get(key).is_some();
    if has("networks") || has("network_mode") || text::has_default_network(carry) {
        return String::new();
    }
    match plan.flags.is("db") || plan.flags.is("redis") {
        true => "\n    networks: [edge, backend]".to_owned(),
        false => "\n    networks: [edge]".to_owned(),
    }
}

/// The text of a service, with the comment above it, at our indentation;
/// `None` where the text alone does not mean the same.
fn verbatim(file: &str, document: &Document, service: &Service) -> Option<String> {
    const STEP: usize = 2;
    let lines: Vec<&str> = file.lines().collect();
    let name = service.line.checked_sub(1)?;
    let indent = indent_of(lines.get(name)?);
    let end = lines[name + 1..]
        .iter()
        .position(|line| !is_blank(line) && indent_of(line) <= indent && !is_comment(line))
        .map_or(lines.len(), |at| name + 1 + at);
    // Comments at the indentation of names belong to the next one.
    let own = lines[name..end]
        .iter()
        .rposition(|line| !(is_blank(line) || is_comment(line) && indent_of(line) <= indent))?;
    let above = lines[..name]
        .iter()
        .rev()
        .take_while(|line| is_comment(line) && indent_of(line) == indent)
        .count();
    let inner = lines[name + 1..=name + own]
        .iter()
        .find(|line| !is_blank(line) && !is_comment(line))
        .map_or(STEP, |line| indent_of(line) - indent);
    let mut written = String::new();
    for line in &lines[name - above..=name + own] {
        if is_blank(line) {
            written.push('\n');
            continue;
        }
        let depth = indent_of(line).saturating_sub(indent);
        // The first level is ours; deeper ones keep their distance to it.
        let depth = if depth == 0 { STEP } else { STEP + STEP + depth.saturating_sub(inner) };
        written += &format!("\n{}{}", " ".repeat(depth), line.trim_start());
    }
    let alone = yaml::read(&written).ok()?;
    let (_, item) = alone.entries().next()?;
    let original = document.root.get("services")?.get(&service.name)?;
    let means_the_same = yaml::write(&item.node) == yaml::write(&service.item.node)
        && yaml::write(&original.node) == yaml::write(&service.item.node)
        && matches!(item.node, Node::Map(_));
    means_the_same.then_some(written)
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(file: &str, name: &str) -> Option<String> {
        let document = Document::read(file).unwrap();
        let service = document.services().into_iter().find(|own| own.name == name).unwrap();
        verbatim(file, &document, &service)
    }

    #[test]
    fn a_service_keeps_its_text_and_its_comments() {
        let file = "\
services:
    # catches what is sent
    mail:
        image: mail:1  # pinned

        command: |
          one
            two
        # the last word
    # of the other
    other:
        image: x
";
        assert_eq!(
            text_of(file, "mail").unwrap(),
            "\n  # catches what is sent\n  mail:\n    image: mail:1  # pinned\n\n    command: |\n      one\n        two\n    # the last word"
        );
        assert_eq!(text_of(file, "other").unwrap(), "\n  # of the other\n  other:\n    image: x");
    }

    #[test]
    fn a_service_of_the_old_dockerfile_names_it() {
        for build in ["build: .", "build: {context: ., target: assets}"] {
            let file = format!("services:\n  js:\n    {build}\n    command: x\n");
            let document = Document::read(&file).unwrap();
            let service = &document.services()[0];
            let built = Service { item: built_by_the_old(&service.item), ..service.clone() };
            let found = built.build().unwrap();
            assert_eq!((found.context.as_str(), found.dockerfile.as_str()), (".", OLD_DOCKERFILE));
            assert_eq!(found.target, service.build().unwrap().target);
            assert_eq!(built.command(), "x");
        }
    }

    #[test]
    fn text_that_refers_to_an_anchor_elsewhere_is_not_taken() {
        let file = "x-a: &a {restart: always}\nservices:\n  one:\n    <<: *a\n    image: b\n  two: {image: c}\n";
        assert_eq!(text_of(file, "one"), None);
        assert_eq!(text_of(file, "two").unwrap(), "\n  two: {image: c}");
    }
}
