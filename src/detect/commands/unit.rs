//! systemd units, supervisor programs and uwsgi configurations.

use super::paths::{join, name, parent};
use super::walker::{Setting, Walker};
use super::{Command, Place};
use crate::detect::tree::Tree;

/// Reads them all.
pub fn read(walker: &mut Walker<'_>) {
    let tree = walker.tree;
    for path in tree.counted() {
        let name = name(path);
        if name.ends_with(".service") || name.ends_with(".service.j2") {
            systemd(walker, path);
        } else if name.ends_with(".ini") || name.ends_with(".conf") || name.ends_with(".cfg") {
            let text = tree.text(path).unwrap_or("");
            if text.contains("[program:") {
                supervisor(walker, path);
            }
            if text.contains("[uwsgi]") {
                uwsgi(walker, path);
            }
        }
    }
}

/// One section: its name, and its settings with the line of each.
struct Section {
    name: String,
    settings: Vec<(String, String, usize)>,
}

impl Section {
    fn get(&self, key: &str) -> Option<(&str, usize)> {
        let found = self.settings.iter().find(|(each, ..)| each == key)?;
        Some((&found.1, found.2))
    }
}

/// Sections with the lines of their settings, which evidence needs and readers
/// of ini files do not give.
fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut continued = false;
    for (at, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        let body = trimmed.trim_end_matches('\\').trim_end();
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push(Section { name: name.to_owned(), settings: Vec::new() });
            continued = false;
            continue;
        }
        let Some(section) = sections.last_mut() else { continue };
        let indented = line.starts_with([' ', '\t']);
        if let Some(last) = section.settings.last_mut()
            && (continued || (indented && !body.contains(" = ")))
        {
            last.1.push(' ');
            last.1.push_str(body);
        } else if let Some((key, value)) = body.split_once('=') {
            section.settings.push((key.trim().to_owned(), value.trim().to_owned(), at + 1));
        }
        continued = trimmed.ends_with('\\');
    }
    sections
}

/// A directory of the machine that a unit names, as one of the repository: the
/// longest end of it that exists.
fn directory(tree: &Tree, path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    (0..parts.len()).find_map(|at| {
        let end = join(".", &parts[at..].join("/"))?;
        tree.has_directory(&end).then_some(end)
    })
}

fn systemd(walker: &mut Walker<'_>, path: &str) {
    let tree = walker.tree;
    let Some(text) = tree.text(path) else { return };
    for section in sections(text).iter().filter(|section| section.name == "Service") {
        let mut variables = Vec::new();
        for (key, value, _) in &section.settings {
            if key == "Environment" {
                let words = shell_words::split(value).unwrap_or_default();
                let set = words.iter().filter_map(|word| super::wrapper::assignment(word));
                variables.extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
            }
        }
        let setting = Setting {
            process: name(path).split('.').next().unwrap_or_default().to_owned(),
            directory: section.get("WorkingDirectory").and_then(|(to, _)| directory(tree, to)),
            variables,
            image: None,
            may_fail: false,
        };
        for (key, value, line) in &section.settings {
            if key == "ExecStart" {
                let evidence = tree.evidence(path, *line);
                walker.text(
                    Place::Unit,
                    &setting,
                    value.trim_start_matches(['-', '@', '+']),
                    &evidence,
                );
            }
        }
    }
}

fn supervisor(walker: &mut Walker<'_>, path: &str) {
    let tree = walker.tree;
    let Some(text) = tree.text(path) else { return };
    for section in sections(text) {
        let Some(program) = section.name.strip_prefix("program:") else { continue };
        let Some((command, line)) = section.get("command") else { continue };
        let variables = section.get("environment").map_or_else(Vec::new, |(text, _)| {
            text.split(',')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| {
                    (name.trim().into(), value.trim().trim_matches(['"', '\'']).into())
                })
                .collect()
        });
        let setting = Setting {
            process: program.to_owned(),
            directory: section.get("directory").and_then(|(to, _)| directory(tree, to)),
            variables,
            image: None,
            may_fail: false,
        };
        let evidence = tree.evidence(path, line);
        walker.text(Place::Unit, &setting, command, &evidence);
    }
}

/// The settings of `[uwsgi]` as flags of a `uwsgi` command.
fn uwsgi(walker: &mut Walker<'_>, path: &str) {
    let tree = walker.tree;
    let Some(text) = tree.text(path) else { return };
    for section in sections(text).iter().filter(|section| section.name == "uwsgi") {
        let mut argv = vec!["uwsgi".to_owned()];
        argv.extend(section.settings.iter().map(|(key, value, _)| format!("--{key}={value}")));
        let named =
            ["module", "wsgi", "wsgi-file", "mount"].iter().find_map(|key| section.get(key));
        let change = section
            .get("chdir")
            .and_then(|(to, _)| directory(tree, to).or_else(|| join(parent(path), to)));
        let variables = section
            .settings
            .iter()
            .filter(|(key, ..)| key == "env")
            .filter_map(|(_, value, _)| value.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        walker.commands.push(Command {
            place: Place::Unit,
            process: String::new(),
            directory: change.filter(|directory| tree.has_directory(directory)),
            argv,
            variables,
            may_fail: false,
            evidence: tree.evidence(path, named.map_or(0, |(_, line)| line)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::sections;

    #[test]
    fn continued_and_indented_values_belong_to_their_setting() {
        let text = "; x\n[program:web]\ncommand = gunicorn \\\n  shop.wsgi\nenvironment =\n    A=1,\n    B=2\n";
        let found = sections(text);
        assert_eq!(found[0].get("command"), Some(("gunicorn shop.wsgi", 3)));
        assert_eq!(found[0].get("environment"), Some((" A=1, B=2", 5)));
    }
}
