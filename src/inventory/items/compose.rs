//! Services of a compose project with all they say, and what stands beside them.

use super::{Items, Value};
use crate::inventory::{Kind, joined, without_name};
use crate::lint::At;
use crate::lint::subject::Deployment;
use crate::source::compose::yaml::{self, Item as Yaml, Node};
use crate::source::compose::{Mount, Port, Service};

impl Items<'_, '_> {
    pub(super) fn compose(&mut self) {
        let Some(deployment) = self.scope.deployment else { return };
        for service in &deployment.services {
            let at = self.scope.subject.service(deployment, service);
            let own = self.push(Kind::Service, at, &service.name, &service.name, Value::of(""));
            self.service(deployment, service, own);
            self.extended(deployment, service, own);
        }
        for (key, value) in deployment.project.root.entries() {
            let name = key.scalar().unwrap_or_default();
            let at =
                |key: &Yaml, value: &Yaml| self.scope.subject.item(deployment, placed(key, value));
            match value.node {
                _ if name == "services" => {}
                Node::Map(_) if !name.starts_with("x-") => {
                    for (key, value) in value.entries() {
                        let own = format!("{name}.{}", key.scalar().unwrap_or_default());
                        let at = self.scope.subject.item(deployment, placed(key, value));
                        self.push(Kind::Project, at, "", &own, text(value));
                    }
                }
                _ => {
                    let at = at(key, value);
                    self.push(Kind::Project, at, "", &name, text(value));
                }
            }
        }
    }

    fn service(&mut self, deployment: &Deployment, service: &Service, of: usize) {
        let name = service.name.as_str();
        for (key, value) in service.item.entries() {
            let key_name = key.scalar().unwrap_or_default();
            let at = self.scope.subject.item(deployment, placed(key, value));
            match key_name.as_str() {
                "image" => {
                    let value = self.written(deployment, value);
                    self.part(of, Kind::Image, at, name, "image", value);
                }
                "build" => self.build(deployment, name, at, value, of),
                "command" | "entrypoint" => {
                    let words = value.scalars();
                    let line = match value.scalar() {
                        Some(line) => line,
                        None => joined(&words),
                    };
                    self.part(of, Kind::Command, at, name, &key_name, Value::of(line));
                }
                "environment" => self.assigned(deployment, name, value, of, Kind::Environment),
                "labels" => self.assigned(deployment, name, value, of, Kind::Label),
                "env_file" => {
                    let files = service.env_files();
                    let items = match value.items() {
                        [] => std::slice::from_ref(value),
                        items => items,
                    };
                    for (path, item) in files.iter().zip(items) {
                        let at = self.scope.subject.item(deployment, item);
                        self.part(of, Kind::EnvFile, at, name, path, Value::of(path));
                    }
                    self.env_files(deployment, service, of);
                }
                "ports" => {
                    for item in value.items() {
                        let Some(port) = Port::read(item) else { continue };
                        let at = self.scope.subject.item(deployment, item);
                        let known = format!("{}>{}/{}", port.host, port.container, port.protocol);
                        let written = self.written(deployment, item).written;
                        let value = Value::both(known, written);
                        self.part(of, Kind::Port, at, name, &port.container, value);
                    }
                }
                "volumes" => {
                    for item in value.items() {
                        let Some(mount) = Mount::read(item) else { continue };
                        let at = self.scope.subject.item(deployment, item);
                        let value = self.written(deployment, item);
                        self.part(of, Kind::Volume, at, name, &mount.target, value);
                    }
                }
                "networks" => self.named(deployment, name, value, of, Kind::Network),
                "depends_on" => self.named(deployment, name, value, of, Kind::Dependency),
                "links" => {
                    for item in value.items() {
                        let at = self.scope.subject.item(deployment, item);
                        let link = item.scalar().unwrap_or_default();
                        self.part(of, Kind::Key, at, name, "links", Value::of(link));
                    }
                }
                "healthcheck" => {
                    for (key, value) in value.entries() {
                        let at = self.scope.subject.item(deployment, placed(key, value));
                        let key = key.scalar().unwrap_or_default();
                        self.part(of, Kind::HealthCheck, at, name, &key, text(value));
                    }
                }
                "extends" => {}
                _ => self.leaves(deployment, name, &key_name, key, value, of),
            }
        }
    }

    /// What a service takes from another one: merged when the project is read, it
    /// stands in the text alone.
    fn extended(&mut self, deployment: &Deployment, service: &Service, of: usize) {
        for text in &deployment.texts {
            let Ok(root) = yaml::read(&self.scope.subject.texts[*text].text) else { continue };
            let own = root.get("services").and_then(|all| all.get(&service.name));
            let extends = own.into_iter().flat_map(Yaml::entries);
            for (key, value) in
                extends.filter(|(key, _)| key.scalar().as_deref() == Some("extends"))
            {
                let at = self.scope.subject.line_at(*text, key.line);
                let value = text_of_extension(value);
                self.part(of, Kind::Key, at, &service.name, "extends", Value::of(value));
            }
        }
    }

    fn build(&mut self, deployment: &Deployment, name: &str, at: At, value: &Yaml, of: usize) {
        let mut parts = Vec::new();
        match value.scalar() {
            Some(context) => parts.push(context),
            None => {
                for (key, part) in value.entries() {
                    let key_name = key.scalar().unwrap_or_default();
                    match key_name.as_str() {
                        "args" => {
                            self.assigned(deployment, name, part, of, Kind::BuildArgument);
                        }
                        "context" => parts.insert(0, part.scalar().unwrap_or_default()),
                        "dockerfile" | "target" => {
                            parts.push(format!("{key_name} {}", part.scalar().unwrap_or_default()));
                        }
                        _ => {
                            let key_name = format!("build.{key_name}");
                            self.leaves(deployment, name, &key_name, key, part, of);
                        }
                    }
                }
            }
        }
        self.part(of, Kind::Build, at, name, "build", Value::of(parts.join(", ")));
    }

    /// What a mapping or a list of `NAME=value` assigns.
    fn assigned(
        &mut self,
        deployment: &Deployment,
        service: &str,
        value: &Yaml,
        of: usize,
        kind: Kind,
    ) {
        for (name, known, place) in value.assignments() {
            let at = self.scope.subject.item(deployment, place);
            let raw = self.scope.subject.slice(at);
            let is_block = raw.trim_start().starts_with(['|', '>']) || raw.contains('\n');
            let known = known.unwrap_or_default();
            let written = match is_block {
                true => known.clone(),
                false => without_name(raw, &name).to_owned(),
            };
            let is_name_alone = written == name && known.is_empty();
            let written = if is_name_alone { String::new() } else { written };
            self.part(of, kind, at, service, &name, Value::both(known, written));
        }
    }

    /// The variables that env files give a service.
    fn env_files(&mut self, deployment: &Deployment, service: &Service, of: usize) {
        let own = self.scope.subject;
        let Some(container) = self.scope.container(&service.name) else { return };
        let paths: Vec<String> =
            service.env_files().iter().filter_map(|path| deployment.project.path(path)).collect();
        for (name, variable) in &container.env {
            if !paths.iter().any(|path| path == own.path(variable.at.text)) {
                continue;
            }
            let value = variable.value.clone().unwrap_or_default();
            self.part(of, Kind::Environment, variable.at, &service.name, name, Value::of(value));
        }
    }

    /// Names of a list or a mapping, with what the mapping says of each.
    fn named(
        &mut self,
        deployment: &Deployment,
        service: &str,
        value: &Yaml,
        of: usize,
        kind: Kind,
    ) {
        for item in value.items() {
            let at = self.scope.subject.item(deployment, item);
            let name = item.scalar().unwrap_or_default();
            self.part(of, kind, at, service, &name, Value::of(""));
        }
        for (key, value) in value.entries() {
            let at = self.scope.subject.item(deployment, placed(key, value));
            let name = key.scalar().unwrap_or_default();
            self.part(of, kind, at, service, &name, text(value));
        }
    }

    /// Every value below a key, lists of scalars whole.
    fn leaves(
        &mut self,
        deployment: &Deployment,
        service: &str,
        path: &str,
        key: &Yaml,
        value: &Yaml,
        of: usize,
    ) {
        if let Node::Map(entries) = &value.node
            && !entries.is_empty()
        {
            for (key, value) in entries {
                let path = format!("{path}.{}", key.scalar().unwrap_or_default());
                self.leaves(deployment, service, &path, key, value, of);
            }
            return;
        }
        let at = self.scope.subject.item(deployment, placed(key, value));
        let value = match value.scalar() {
            Some(_) => self.written(deployment, value),
            None => text(value),
        };
        self.part(of, Kind::Key, at, service, path, value);
    }

    /// A scalar, and its text in the file where it has one of its own.
    fn written(&self, deployment: &Deployment, item: &Yaml) -> Value {
        let known = text(item).known;
        let at = self.scope.subject.item(deployment, item);
        match item.span {
            Some((start, end)) if end > start && item.scalar().is_some() => {
                let written = self.scope.subject.slice(at).trim();
                let written = written.trim_matches(|c| matches!(c, '"' | '\'')).to_owned();
                // A block of text is shown as what it says.
                let is_block = written.starts_with(['|', '>']) || written.contains('\n');
                Value::both(known.clone(), if is_block { known } else { written })
            }
            // By way of an anchor it has a line alone.
            _ => {
                let line = self.scope.subject.slice(at).trim();
                let value = line.split_once(": ").map(|(_, value)| value.trim());
                let value = value.map(|own| own.trim_matches(['"', '\'']));
                match value.filter(|own| own.contains('$') && item.scalar().is_some()) {
                    Some(written) => Value::both(known, written),
                    None => Value::of(known),
                }
            }
        }
    }
}

/// The value of an entry where it has a place, else its key.
fn placed<'y>(key: &'y Yaml, value: &'y Yaml) -> &'y Yaml {
    let is_scalar = value.scalar().is_some();
    // A mapping or a list begins below its key.
    if value.line > 0 && is_scalar { value } else { key }
}

/// `base of common.yaml`
fn text_of_extension(value: &Yaml) -> String {
    let part = |name: &str| value.get(name).and_then(Yaml::scalar);
    match (value.scalar().or_else(|| part("service")), part("file")) {
        (Some(service), Some(file)) => format!("{service} of {file}"),
        (service, _) => service.unwrap_or_default(),
    }
}

/// A value in one line.
fn text(value: &Yaml) -> Value {
    let line = match &value.node {
        Node::Null => String::new(),
        Node::List(items) if items.iter().all(|item| item.scalar().is_some()) => {
            value.scalars().join(", ")
        }
        Node::List(_) | Node::Map(_) => {
            yaml::write(&value.node).split_whitespace().collect::<Vec<_>>().join(" ")
        }
        _ => value.scalar().unwrap_or_default(),
    };
    Value::of(line)
}
