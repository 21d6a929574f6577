//! Files of Kubernetes' objects, and what kustomize reads.

use super::Loader;
use crate::detect::compose::files::{directory_of, file_name};
use crate::lint::subject::cluster::{is_kustomization, purpose};
use crate::lint::subject::{Kustomization, Manifest, TaskFile, Unread};
use crate::lint::unread::is_template;
use crate::source::compose::{Item, is_compose, yaml};
use crate::source::text::Text;

/// Largest JSON that is looked into for a task definition, in bytes: a template of
/// CloudFormation has no more than 1 MB, a definition no more than 64 KiB.
const MOST_JSON: u64 = 1 << 20;
/// Why a chart's files are not judged.
pub(crate) const CHART: &str = "it is a template of a chart, which is not rendered";

impl Loader {
    /// A file of objects: by what is in it, since no name tells.
    pub(super) fn manifest(&mut self, path: &str) {
        let name = file_name(path);
        if is_kustomization(name) {
            self.kustomization(path);
            return;
        }
        let ends = [".yaml", ".yml", ".json", ".template"];
        let is_yaml = ends.iter().any(|end| name.ends_with(end));
        if !is_yaml || is_compose(path) || is_of_ci(path) {
            return;
        }
        // Data is JSON as well, and much larger than what AWS is told.
        let is_large =
            |own: &Self| own.subject.tree.size(path).is_some_and(|size| size > MOST_JSON);
        if name.ends_with(".json") && is_large(self) {
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
        if !(has("apiVersion:") && has("kind:")) {
            return;
        }
        let is_template = text.contains("{{") && is_of_chart(self, path);
        let Some(number) = self.text(path) else { return };
        if is_template || path.contains("{{") {
            self.not_judged(path, CHART);
            return;
        }
        match yaml::read_all(&self.subject.texts[number].text) {
            Ok(documents) => self.objects(number, documents),
            Err(why) => self.not_judged(path, &why),
        }
    }

    fn objects(&mut self, text: usize, documents: Vec<Item>) {
        let mut documents: Vec<Item> = documents.into_iter().flat_map(listed).collect();
        documents.iter_mut().for_each(|own| own.of_file(text));
        self.subject.manifests.push(Manifest { text, documents });
    }

    fn not_judged(&mut self, path: &str, why: &str) {
        self.subject.unread.push(Unread { path: path.to_owned(), line: 1, why: why.to_owned() });
    }

    /// A task definition, a service or a template of CloudFormation: all of them are YAML.
    fn task_file(&mut self, path: &str) {
        let Some(text) = self.text(path) else { return };
        match yaml::read(&self.subject.texts[text].text) {
            Ok(mut document) => {
                document.of_file(text);
                // CloudFormation's own word, and CDK's: it is no sample of another file.
                let purpose = purpose(&path.replace(".template", ""));
                self.subject.task_files.push(TaskFile { text, document, purpose });
            }
            Err(why) => self.not_judged(path, &why),
        }
    }

    /// What kustomize reads in a directory. One that nobody can read is there all the
    /// same: what it names is not applied.
    fn kustomization(&mut self, path: &str) {
        if path.contains("{{") {
            self.not_judged(path, CHART);
            return;
        }
        let (text, read) = match self.read(path) {
            Ok(Some(text)) => (text, yaml::read_all(&self.subject.texts[text].text)),
            Ok(None) => return,
            Err(why) => {
                self.subject.texts.push(Text::new(path, ""));
                (self.subject.texts.len() - 1, Err(why))
            }
        };
        let (mut document, fault) = match read {
            Ok(documents) if documents.iter().any(is_of_flux) => {
                self.objects(text, documents);
                return;
            }
            Ok(documents) => match documents.into_iter().next() {
                Some(document) => (document, None),
                None => (Item::default(), Some("it is empty".to_owned())),
            },
            Err(why) if is_template(path, &self.subject.texts[text].text, 1) => {
                self.not_judged(path, &why);
                return;
            }
            Err(why) => (Item::default(), Some(why)),
        };
        document.of_file(text);
        let directory = directory_of(path).to_owned();
        self.subject.kustomizations.push(Kustomization { text, directory, document, fault });
    }
}

/// Whether a document is an object that tells Flux to run kustomize, which has the kind of what
/// kustomize itself reads, and often its file's name.
fn is_of_flux(document: &Item) -> bool {
    let version = document.get("apiVersion").and_then(Item::scalar);
    version.is_some_and(|own| own.starts_with("kustomize.toolkit.fluxcd.io/"))
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
