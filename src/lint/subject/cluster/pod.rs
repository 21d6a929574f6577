//! The pods that an object makes, and their containers.

use super::object::Object;
use super::spot::Spot;
use crate::catalog::Program;
use crate::lint::subject::Subject;
use crate::lint::subject::launch::{self, Step};
use crate::source::dockerfile::Command;

/// The pods of one object.
#[derive(Clone, Debug)]
pub struct Pod<'c> {
    /// What makes them.
    pub object: &'c Object,
    /// `spec` of the pod.
    pub spec: Spot<'c>,
    /// Their labels.
    pub labels: Vec<(String, String)>,
}

/// A container of a pod.
#[derive(Clone, Debug)]
pub struct Container<'c> {
    /// Its name.
    pub name: String,
    /// All of it.
    pub spot: Spot<'c>,
    /// Whether the pod's others wait for it to end.
    pub is_init: bool,
}

impl<'c> Pod<'c> {
    pub(super) fn of(object: &'c Object) -> Option<Self> {
        let path: &[&str] = match object.kind.as_str() {
            "Pod" => &[],
            "Deployment"
            | "StatefulSet"
            | "DaemonSet"
            | "ReplicaSet"
            | "Job"
            | "ReplicationController" => &["spec", "template"],
            "CronJob" => &["spec", "jobTemplate", "spec", "template"],
            // What controllers of others make pods of: an Argo Rollout, a service of Knative.
            _ if object.spot().has(&["spec", "template", "spec", "containers"]) => {
                &["spec", "template"]
            }
            _ => return None,
        };
        let template = object.spot().at(path)?;
        let labels = template.pairs(&["metadata", "labels"]);
        Some(Self { object, spec: template.get("spec")?, labels })
    }

    /// Whether it is there for good: nothing that ends.
    #[must_use]
    pub fn stays(&self) -> bool {
        !matches!(self.object.kind.as_str(), "Job" | "CronJob" | "Pod")
    }

    /// Its containers, those that run before the others first.
    #[must_use]
    pub fn containers(&self) -> Vec<Container<'c>> {
        let of = |key: &str, is_init: bool| {
            self.spec.list(&[key]).into_iter().map(move |spot| {
                let name = spot.text(&["name"]).unwrap_or_default();
                // One that is restarted runs beside the others.
                let is_init = is_init && spot.text(&["restartPolicy"]).is_none();
                Container { name, spot, is_init }
            })
        };
        of("initContainers", true).chain(of("containers", false)).collect()
    }

    /// How many there are, where its object says so.
    #[must_use]
    pub fn replicas(&self) -> Option<i64> {
        self.object.spot().int(&["spec", "replicas"])
    }
}

impl Container<'_> {
    /// What it is told to run, shells followed; nothing where that is the image's.
    #[must_use]
    pub fn steps(&self, subject: &Subject) -> Vec<Step> {
        let mut words = self.spot.words(&["command"]);
        words.extend(self.spot.words(&["args"]));
        let place = self.spot.get("args").or_else(|| self.spot.get("command"));
        let at = place.unwrap_or(self.spot).place(subject);
        launch::steps(&Command::Exec(words), at, &mut |_| None)
    }

    /// Whether one of its steps is of a program.
    #[must_use]
    pub fn runs(&self, subject: &Subject, program: Program) -> Option<Step> {
        self.steps(subject).into_iter().find(|step| step.program == program)
    }
}
