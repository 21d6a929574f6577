//! What a cluster is told to run: the objects of an overlay as kustomize builds them,
//! or those of files as they are.

mod build;
mod group;
mod kustomize;
mod object;
mod pod;
pub mod references;
mod spot;

use std::collections::{BTreeMap, BTreeSet};

use super::{Purpose, Subject};
use crate::source::compose::Item;
pub(in crate::lint) use group::purpose;
pub use kustomize::Refusal;
pub(super) use kustomize::is_kustomization;
pub use object::{Object, fits};
pub use pod::{Container, Pod};
pub use spot::Spot;

/// A file of objects.
#[derive(Debug)]
pub struct Manifest {
    /// The number of its text.
    pub text: usize,
    /// Its objects, in their order.
    pub documents: Vec<Item>,
}

/// What kustomize reads in a directory.
#[derive(Debug)]
pub struct Kustomization {
    /// The number of its text.
    pub text: usize,
    /// The directory, `.` for the top.
    pub directory: String,
    /// What it says; nothing, where it cannot be read.
    pub document: Item,
    /// Why it cannot be read.
    pub fault: Option<String>,
}

/// Where the objects of a cluster come from.
#[derive(Debug)]
pub enum Made {
    /// Kustomize built them: what is not among them is not there.
    Built,
    /// The overlay could not be built, for this reason: the files as they are.
    Unbuilt(Refusal),
    /// Files that no kustomization names.
    Plain,
}

/// How an overlay was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlay<'s> {
    /// The file of its kustomization.
    pub path: &'s str,
    /// Why it was not built; its files are judged as they are then.
    pub unbuilt: Option<String>,
    /// The Secrets that have to be there before it is applied, each with its keys.
    pub expects: BTreeMap<String, BTreeSet<String>>,
}

/// Objects that are applied together.
#[derive(Debug)]
pub struct Cluster {
    /// The kustomization, by its number; `None` of plain files.
    pub overlay: Option<usize>,
    /// How the objects came about.
    pub made: Made,
    /// What it is there for.
    pub purpose: Purpose,
    /// The objects.
    pub objects: Vec<Object>,
}

impl Cluster {
    /// Whether what is not among its objects is not there.
    #[must_use]
    pub const fn is_built(&self) -> bool {
        matches!(self.made, Made::Built)
    }

    /// The objects of a kind.
    pub fn of_kind<'c>(&'c self, kind: &'c str) -> impl Iterator<Item = &'c Object> {
        self.objects.iter().filter(move |own| own.kind == kind)
    }

    /// The object of a kind and a name.
    #[must_use]
    pub fn find(&self, kind: &str, name: &str) -> Option<&Object> {
        self.objects.iter().find(|own| own.kind == kind && own.name == name)
    }

    /// The pods that its objects make.
    pub fn pods(&self) -> impl Iterator<Item = Pod<'_>> {
        self.objects.iter().filter_map(Pod::of)
    }
}

impl Subject {
    /// What clusters are told to run, those for users first. Kustomize is asked once,
    /// when a rule wants to know first.
    pub fn clusters(&self) -> &[Cluster] {
        self.clusters.get_or_init(|| group::all(self))
    }

    /// The same, where a rule wanted to know.
    #[must_use]
    pub fn judged_clusters(&self) -> &[Cluster] {
        self.clusters.get().map_or(&[], Vec::as_slice)
    }

    /// How the overlays were judged; none where no rule looked at them.
    #[must_use]
    pub fn overlays(&self) -> Vec<Overlay<'_>> {
        let of = |own: &Cluster| {
            let path = self.path(self.kustomizations[own.overlay?].text);
            Some(match &own.made {
                Made::Unbuilt(Refusal::NotAsked(why) | Refusal::Faulty(why, _)) => {
                    Overlay { path, unbuilt: Some(why.clone()), expects: BTreeMap::new() }
                }
                Made::Built | Made::Plain => {
                    Overlay { path, unbuilt: None, expects: references::expected(own) }
                }
            })
        };
        self.judged_clusters().iter().filter_map(of).collect()
    }

    /// Components that no overlay takes, by their directories: nothing says what they are
    /// laid over.
    #[must_use]
    pub fn lone_components(&self) -> Vec<&str> {
        let roots = kustomize::roots(self);
        let components = roots.into_iter().map(|number| &self.kustomizations[number]);
        let lone = components.filter(|own| own.is_component());
        lone.map(|own| own.directory.as_str()).collect()
    }
}
