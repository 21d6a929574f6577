//! Files of Kubernetes' objects, and what kustomize reads.

use super::{CAP, Loader};
use crate::detect::compose::files::{directory_of, file_name};
use crate::lint::subject::cluster::{is_kustomization, purpose};
use crate::lint::subject::{Kustomization, Manifest, TaskFile, Unread};
use crate::source::compose::{Item, is_compose, yaml};

/// Largest file that is looked into for a task definition, in bytes: ECS takes 64 KiB.
const MOST_JSON: u64 = 256 << 10;
/// Why a chart's files are not judged.
pub(crate) const CHART: &str = "it is a template of a chart, which is not rendered";

impl Loader {
    /// A file of objects: by what is in it, since no name tells.
    pub(super) fn manifest(&mut self, path: &str) {
        let name = file_name(path);
        let is_root = is_kustomization(name);
        let ends = [".yaml", ".yml", ".json", ".template"];
        let is_yaml = ends.iter().any(|end| name.ends_with(end));
        if !is_root && (!is_yaml || is_compose(path) || is_of_ci(path)) {
            return;
        }
        // Data is JSON as well, and much larger than what ECS is told.
        let cap = if name.ends_with(".json") { MOST_JSON } else { CAP };
        if self.subject.tree.size(path).is_some_and(|size| size > cap) {
            return;
        }
        let laid = self.overlay.get(path).map(String::as_str);
        let text = laid.or_else(|| self.subject.tree.text(path)).unwrap_or_default();
        // A file of Elastic Beanstalk's has the same words.
        if tells_ecs(text) && !name.starts_with("Dockerrun") {
            self.task_file(path);
            return;
        }
        let has = |key: &str| text.lines().any(|line| line.starts_with(key));
        if !(is_root || has("apiVersion:") && has("kind:")) {
            return;
        }
        let is_template = text.contains("{{") && is_of_chart(self, path);
        let Some(number) = self.text(path) else { return };
        if is_template || path.contains("{{") {
            self.subject.unread.push(Unread {
                path: path.to_owned(),
                line: 1,
                why: CHART.to_owned(),
            });
            return;
        }
        match yaml::read_all(&self.subject.texts[number].text) {
            Ok(documents) => self.documents(path, number, documents, is_root),
            Err(why) => self.subject.unread.push(Unread { path: path.to_owned(), line: 1, why }),
        }
    }

    /// A task definition, a service or a template of CloudFormation: all of them are YAML.
    fn task_file(&mut self, path: &str) {
        let Some(text) = self.text(path) else { return };
        match yaml::read(&self.subject.texts[text].text) {
            Ok(mut document) => {
                document.of_file(text);
                let purpose = purpose(path);
                self.subject.task_files.push(TaskFile { text, document, purpose });
            }
            Err(why) => self.subject.unread.push(Unread { path: path.to_owned(), line: 1, why }),
        }
    }

    fn documents(&mut self, path: &str, text: usize, documents: Vec<Item>, is_root: bool) {
        let mut documents: Vec<Item> = documents.into_iter().flat_map(listed).collect();
        documents.iter_mut().for_each(|own| own.of_file(text));
        if !is_root {
            self.subject.manifests.push(Manifest { text, documents });
            return;
        }
        if let Some(document) = documents.into_iter().next() {
            let directory = directory_of(path).to_owned();
            self.subject.kustomizations.push(Kustomization { text, directory, document });
        }
    }
}

/// The objects of a list, `kind: List`; else the document itself.
fn listed(document: Item) -> Vec<Item> {
    let is_list = document.get("kind").and_then(Item::scalar).is_some_and(|kind| kind == "List");
    match document.get("items").filter(|_| is_list) {
        Some(items) => items.items().to_vec(),
        None => vec![document],
    }
}

/// Whether a text is a task definition or a service of ECS, or a template with one.
fn tells_ecs(text: &str) -> bool {
    let says = |word: &str| text.contains(word);
    says("\"containerDefinitions\"") && says("\"image\"")
        || says("\"taskDefinition\"") && says("\"desiredCount\"")
        || says("AWS::ECS::TaskDefinition")
        || says("AWS::ECS::Service")
}

/// Whether a directory above is a chart's templates.
fn is_of_chart(own: &Loader, path: &str) -> bool {
    let mut directory = directory_of(path);
    loop {
        if own.subject.tree.has(&format!("{directory}/Chart.yaml")) {
            return true;
        }
        if directory == "." {
            return own.subject.tree.has("Chart.yaml");
        }
        directory = directory_of(directory);
    }
}

/// Whether a file tells a service for CI what to do.
fn is_of_ci(path: &str) -> bool {
    path.starts_with(".github/") || path.starts_with(".gitlab") || path.starts_with(".circleci/")
}
