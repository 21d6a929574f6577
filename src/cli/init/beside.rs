//! Services that go on beside ours where `--rewrite` takes the place of a compose file:
//! they get the edits that `--adopt` would make of them.

use std::ops::Range;

use crate::detect::compose::carried::Carried;
use crate::source::compose::mount::Source;
use crate::source::compose::{Document, Service};

/// The text of a compose file with the services that stay as they are improved; those
/// with the application's image by their ports alone, as the rest of them is written
/// anew. `None` where that changes nothing.
#[must_use]
pub fn spliced(old: &str, improved: &str, carried: &Carried) -> Option<String> {
    let (before, after) = (Document::read(old).ok()?, Document::read(improved).ok()?);
    let is_ours = |name: &String| carried.roles.values().any(|own| own == name);
    let mut lines: Vec<&str> = old.lines().collect();
    let news: Vec<&str> = improved.lines().collect();
    let mut services = before.services();
    services.retain(|own| !is_ours(&own.name));
    // From the end, so that what stands before it keeps its lines.
    services.sort_by_key(|own| std::cmp::Reverse(own.line));
    for service in services {
        let Some(new) = after.services().into_iter().find(|own| own.name == service.name) else {
            continue;
        };
        let (from, to) = (block(&lines, service.line), block(&news, new.line));
        let pair = match carried.own.contains(&service.name) {
            true => key(&lines, from, "ports").zip(key(&news, to, "ports")),
            false if mounts_alike(&service, &new) => Some((from, to)),
            false => None,
        };
        if let Some((from, to)) = pair {
            lines.splice(from, news[to].iter().copied());
        }
    }
    let mut text = lines.join("\n");
    if old.ends_with('\n') {
        text.push('\n');
    }
    let is_read =
        Document::read(&text).is_ok_and(|own| own.services().len() == before.services().len());
    (is_read && text.trim_end() != old.trim_end()).then_some(text)
}

/// A volume that is new is declared at the top as well, where nothing is taken from.
fn mounts_alike(old: &Service, new: &Service) -> bool {
    let volumes = |own: &Service| {
        own.mounts().into_iter().filter(|own| matches!(own.source, Source::Volume(_))).count()
    };
    volumes(old) == volumes(new)
}

/// The lines of an entry that begins in a line, counted from 1.
fn block(lines: &[&str], line: usize) -> Range<usize> {
    let start = line.saturating_sub(1).min(lines.len());
    let Some(first) = lines.get(start) else { return start..start };
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_text = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let mut end = start + 1;
    for (at, own) in lines.iter().enumerate().skip(start + 1) {
        let is_item = own.trim_start().starts_with("- ") && indent(own) == indent(first);
        match is_text(own) {
            true if indent(own) <= indent(first) && !is_item => break,
            true => end = at + 1,
            false => {}
        }
    }
    start..end
}

/// The lines of a key of an entry.
fn key(lines: &[&str], of: Range<usize>, name: &str) -> Option<Range<usize>> {
    let head = format!("{name}:");
    let at = of.clone().skip(1).find(|at| lines[*at].trim_start().starts_with(&head))?;
    let found = block(lines, at + 1);
    Some(found.start..found.end.min(of.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_improved_and_what_is_ours_is_not() {
        let old = "services:\n  web:\n    image: a\n  flower:\n    image: a\n    ports:\n    - 5555:5555\n    tty: true\n  # The broker.\n  rabbitmq:\n    image: rabbitmq:4\n    ports: [\"5672:5672\"]\n\nvolumes:\n  x:\n";
        let new = "services:\n  web:\n    image: a\n    restart: unless-stopped\n  flower:\n    image: a\n    restart: unless-stopped\n    ports:\n    - 127.0.0.1:5555:5555\n    tty: true\n  # The broker.\n  rabbitmq:\n    image: rabbitmq:4\n    ports: [\"127.0.0.1:5672:5672\"]\n    restart: unless-stopped\n\nvolumes:\n  x:\n";
        let carried = Carried {
            roles: [(crate::schema::Role::Web, "web".to_owned())].into(),
            own: vec!["web".into(), "flower".into()],
            ..Carried::default()
        };
        let text = spliced(old, new, &carried).unwrap();
        assert_eq!(
            text,
            "services:\n  web:\n    image: a\n  flower:\n    image: a\n    ports:\n    - 127.0.0.1:5555:5555\n    tty: true\n  # The broker.\n  rabbitmq:\n    image: rabbitmq:4\n    ports: [\"127.0.0.1:5672:5672\"]\n    restart: unless-stopped\n\nvolumes:\n  x:\n"
        );
        assert_eq!(spliced(&text, &text, &carried), None);
    }
}
