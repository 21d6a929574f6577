//! Outputs that the lock does not know, and files that are the user's own.

use crate::apply::bookkeeping::{FileEntry, FileState};
use crate::apply::settle::Group;
use crate::error::Error;
use crate::plan::outputs::Content;
use crate::plan::{Bundle, Plan};
use crate::schema::Ownership;
use crate::source::compose::is_compose;
use crate::source::dockerfile::is_dockerfile;
use crate::update::file::What;
use crate::update::files::{Case, Decider, is_same};
use crate::update::{Resolution, is_there};

impl Decider<'_> {
    /// A file that the lock does not know.
    pub(super) fn fresh(&mut self, case: Case, plan: &Plan) -> Result<(), Error> {
        let output = &case.file.output;
        let is_theirs = self.project.lock.is_improved();
        if is_theirs && Group::of(output.bundle) != Group::Rest && !is_there(&case.disk) {
            // Nothing of theirs would use it.
            return Ok(());
        }
        if is_same(&case) {
            return self.write(case, What::Unchanged, "");
        }
        if let Some(why) = self.held_back(output.bundle, plan) {
            self.report(output.path.as_str(), What::NotAdopted, why);
            self.decided.entries.push(FileEntry::of(output, FileState::LeftOut));
            return Ok(());
        }
        if is_there(&case.disk) {
            // A preset's own list is added to a file that it never wrote when
            // somebody says so; what every service has needs no question.
            let asked = output.bundle != Bundle::Preset || self.takes(output.path.as_str());
            if output.ownership == Ownership::Append && asked {
                return self.extend(case);
            }
            return self.own_again(case, "a file of yours stands where a new one would");
        }
        match output.content {
            // Secrets are made where the service is made.
            Content::Secrets => Ok(()),
            _ => self.write(case, What::Created, ""),
        }
    }

    /// Files that `init` left out because a file they need was kept.
    fn held_back(&self, bundle: Bundle, plan: &Plan) -> Option<&'static str> {
        plan.answers.adopted.as_ref()?;
        let kept = |group: Group| {
            self.project.lock.file.iter().any(|entry| {
                entry.state == FileState::Kept
                    && group_of_path(&entry.path) == Some(group)
                    && !self.project.lock.is_beside(&entry.path)
            })
        };
        let group = Group::of(bundle);
        let needs = match group {
            Group::Image => vec![Group::Image],
            Group::Compose | Group::Env | Group::Docs => vec![Group::Image, Group::Compose],
            Group::Rest => return None,
        };
        needs.into_iter().any(kept).then_some("it belongs with the files that were kept")
    }

    /// A file that is the user's, and stays so unless they say otherwise.
    pub(super) fn own_again(&mut self, case: Case, why: &str) -> Result<(), Error> {
        let output = &case.file.output;
        let path = output.path.to_string();
        if self.takes(&path) {
            return self.write(case, What::Resolved, "the new one was taken");
        }
        self.decided.notes.push(format!(
            "{path}: {why}; it stays, and is not adopted: --take {path} writes ours in its place"
        ));
        self.report(&path, What::NotAdopted, why);
        self.decided.entries.push(FileEntry::of(output, FileState::Kept));
        Ok(())
    }

    pub(super) fn takes(&self, path: &str) -> bool {
        self.options.resolved.get(path) == Some(&Resolution::Take)
    }
}

/// The group of a file that was there before, by its name.
fn group_of_path(path: &str) -> Option<Group> {
    if is_dockerfile(path) || path.ends_with(".dockerignore") {
        Some(Group::Image)
    } else if is_compose(path) {
        Some(Group::Compose)
    } else {
        None
    }
}
