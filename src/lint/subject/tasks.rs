//! What ECS is told to run: task definitions and services, as JSON for `aws ecs` or in a
//! CloudFormation template, whose keys begin with a capital.

use super::cluster::Spot;
use super::{Purpose, Subject};
use crate::lint::diagnostic::At;
use crate::source::compose::{Item, Node};

/// A file that tells ECS something.
#[derive(Debug)]
pub struct TaskFile {
    /// The number of its text.
    pub text: usize,
    /// What it says.
    pub document: Item,
    /// What it is there for.
    pub purpose: Purpose,
}

/// A task definition or a service of ECS.
#[derive(Clone, Copy, Debug)]
pub struct Described<'s> {
    /// All of it.
    spot: Spot<'s>,
    /// The template that it stands in.
    template: Option<Spot<'s>>,
    /// The name of its resource there.
    resource: Option<&'s Item>,
    /// What its file is there for.
    pub purpose: Purpose,
}

/// A value of a task definition, by the keys of the API.
#[derive(Clone, Copy, Debug)]
pub struct Field<'s>(pub Spot<'s>);

impl<'s> Field<'s> {
    /// The value below these keys: `containerDefinitions`, or as CloudFormation has it.
    #[must_use]
    pub fn at(self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self, |own, key| {
            own.0.get(key).or_else(|| own.0.get(&capital(key))).map(Self)
        })
    }

    /// The value, or the nearest that is there.
    #[must_use]
    pub fn near(self, keys: &[&str]) -> Self {
        match keys.split_first() {
            Some((first, rest)) => self.at(&[first]).map_or(self, |own| own.near(rest)),
            None => self,
        }
    }

    /// A scalar as text; of `{"Ref": "Image"}` the name, as `!Ref Image` is read.
    #[must_use]
    pub fn text(self, keys: &[&str]) -> Option<String> {
        let item = self.at(keys)?.0.item;
        item.scalar().or_else(|| item.get("Ref").and_then(Item::scalar))
    }

    /// Whether a value that is no list is decided when a template is applied: `!If`,
    /// `Fn::ImportValue`, `Ref`. It is neither there nor missing.
    #[must_use]
    pub fn is_open(self, keys: &[&str]) -> bool {
        let is_function = |own: Self| match &own.0.item.node {
            Node::List(_) => true,
            Node::Map(_) => function(own.0.item).is_some(),
            _ => false,
        };
        is_function(self)
            || keys
                .split_first()
                .is_some_and(|(first, rest)| self.at(&[first]).is_some_and(|own| own.is_open(rest)))
    }

    /// The mappings of a list, those that a condition chooses among included.
    #[must_use]
    pub fn list(self, keys: &[&str]) -> Vec<Self> {
        let Some(own) = self.at(keys) else { return Vec::new() };
        let inner = own.0.get("Fn::If").map_or(own.0, |inner| inner);
        let mut found = Vec::new();
        for each in inner.list(&[]).into_iter().map(Self) {
            match &each.0.item.node {
                Node::List(_) => found.extend(each.list(&[])),
                Node::Map(_) if function(each.0.item).is_some() => found.extend(each.list(&[])),
                Node::Map(_) => found.push(each),
                _ => {}
            }
        }
        found
    }

    /// The words of a list.
    #[must_use]
    pub fn words(self, keys: &[&str]) -> Vec<String> {
        self.at(keys).map(|own| own.0.item.scalars()).unwrap_or_default()
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn is(self, keys: &[&str]) -> bool {
        self.text(keys).is_some_and(|own| own == "true")
    }

    /// Where to say something about it.
    #[must_use]
    pub fn place(self, subject: &Subject) -> At {
        self.0.place(subject)
    }
}

impl<'s> Described<'s> {
    /// All of it.
    #[must_use]
    pub const fn field(self) -> Field<'s> {
        Field(self.spot)
    }

    /// Its name: the family, or the service's; in a template the resource's.
    #[must_use]
    pub fn name(self) -> String {
        let own = self.field();
        let said = own.text(&["family"]).or_else(|| own.text(&["serviceName"]));
        let resource = || self.resource.and_then(Item::scalar);
        said.or_else(resource).unwrap_or_else(|| "the task".to_owned())
    }

    /// The names under which others refer to it.
    #[must_use]
    pub fn names(self) -> Vec<String> {
        let family = self.field().text(&["family"]);
        family.into_iter().chain(self.resource.and_then(Item::scalar)).collect()
    }

    /// Whether a text names something of the template, as `!Ref` does: its value is
    /// elsewhere.
    #[must_use]
    pub fn refers(self, text: &str) -> bool {
        let sections = ["Parameters", "Resources"];
        self.template.is_some_and(|own| {
            let name = text.split('.').next().unwrap_or(text);
            text.contains("${") || sections.iter().any(|section| own.has(&[section, name]))
        })
    }
}

impl Subject {
    /// The task definitions.
    #[must_use]
    pub fn task_definitions(&self) -> Vec<Described<'_>> {
        self.described("containerDefinitions", "AWS::ECS::TaskDefinition")
    }

    /// The services of ECS.
    #[must_use]
    pub fn task_services(&self) -> Vec<Described<'_>> {
        self.described("taskDefinition", "AWS::ECS::Service")
    }

    fn described(&self, key: &str, kind: &str) -> Vec<Described<'_>> {
        let mut found = Vec::new();
        for file in &self.task_files {
            let whole = Spot::of(&file.document, &file.document);
            let of = |spot, template, resource| Described {
                spot,
                template,
                resource,
                purpose: file.purpose,
            };
            // What `aws ecs describe-task-definition` prints has all of it below a key.
            let printed =
                whole.get("taskDefinition").filter(|own| own.has(&["containerDefinitions"]));
            let own = printed.unwrap_or(whole);
            if own.has(&[key]) {
                found.push(of(own, None, None));
            }
            let Some(resources) = whole.get("Resources") else { continue };
            for (name, _) in resources.item.entries() {
                let resource = name.scalar().and_then(|own| resources.get(&own));
                let Some(resource) =
                    resource.filter(|own| own.text(&["Type"]).is_some_and(|own| own == kind))
                else {
                    continue;
                };
                if let Some(properties) = resource.get("Properties") {
                    found.push(of(properties, Some(whole), Some(name)));
                }
            }
        }
        found
    }
}

/// The function of CloudFormation that a mapping is: `Fn::If`, `Ref`.
fn function(item: &Item) -> Option<String> {
    let mut entries = item.entries();
    let name = entries.next()?.0.scalar()?;
    let is_one = entries.next().is_none() && (name.starts_with("Fn::") || name == "Ref");
    is_one.then_some(name)
}

/// `cpuArchitecture` as CloudFormation has it.
fn capital(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
