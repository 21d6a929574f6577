//! `images.NAME`: the references and tags of single images.

use crate::catalog::VERSIONS;
use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::{SOURCE, by_each};
use crate::lint::subject::{Comparison, Container, Taken};
use crate::policy::{Constraint, Requirement};
use crate::schema::Role;
use crate::source::compose::image::parts;
use crate::version;

pub static RULE: Rule = Rule {
    code: "PO106",
    name: "standard-image",
    severity: Severity::Error,
    summary: "an image that the standard names has its reference, or at least its version",
    why: "A database or a proxy below the floor is one whose fixes a team no longer follows; one that nobody can tell the version of may be.",
    example: "image: postgres:18.1-trixie",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

/// Judges the images that a name is about.
fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    let name = requirement.key.strip_prefix("images.");
    let name = name.filter(|name| !matches!(*name, "registry" | "digests"));
    let Some(name) = name else { return Vec::new() };
    let about = About::of(requirement, name, compared);
    let images = compared.images();
    let about_it = images.iter().filter(|image| about.is(image));
    let found = about_it.filter_map(|image| of_image(requirement, name, image));
    found.chain(about.built(compared)).collect()
}

/// Which images a name is about: those called so, and those of its services.
struct About {
    names: Vec<String>,
    services: Vec<String>,
}

impl About {
    fn of(requirement: &Requirement, name: &str, compared: Comparison<'_>) -> Self {
        let last = |reference: &str| {
            let repository = parts(reference).0;
            repository.rsplit('/').next().unwrap_or(repository).to_owned()
        };
        let mut names = vec![match name {
            "dockerfile-syntax" => "dockerfile".to_owned(),
            name => VERSIONS.images.get(name).map_or_else(|| name.to_owned(), |usual| last(usual)),
        }];
        if let Constraint::Equals(value) = &requirement.constraint {
            names.push(last(&value.to_string()));
        }
        let roles: &[Role] = match name {
            "postgres" => &[Role::Db],
            "redis" => &[Role::Redis, Role::Cache],
            _ => &[],
        };
        let services = roles.iter().flat_map(|role| compared.doing(*role));
        Self { names, services: services.map(|own| own.name.clone()).collect() }
    }

    /// Its services that are built here on something of another name: which
    /// version is put in there is in nobody's tag.
    fn built(&self, compared: Comparison<'_>) -> Vec<Diagnostic> {
        let of = |own: &Container| {
            let build = compared.now.build_of(own).filter(|_| self.services.contains(&own.name))?;
            let base = build.image.base.text.as_str();
            let (repository, _) = parts(base);
            let last = repository.rsplit('/').next().unwrap_or(repository);
            let message =
                format!("{}: its version cannot be told, it is built on {base}", own.name);
            let is_named = self.names.iter().any(|name| name == last);
            (!is_named).then(|| Diagnostic::unknown(compared.now.container_at(own), message))
        };
        compared.containers().filter_map(of).collect()
    }

    fn is(&self, image: &Taken) -> bool {
        let service = image.service.as_ref();
        self.names.iter().any(|name| name == image.name())
            || service.is_some_and(|service| self.services.contains(service))
    }
}

fn of_image(requirement: &Requirement, name: &str, image: &Taken) -> Option<Diagnostic> {
    let is = |wanted: &str| {
        let bare = image.reference.split('@').next().unwrap_or(&image.reference);
        let own = if wanted.contains('@') { image.reference.as_str() } else { bare };
        own == wanted || own.ends_with(&format!("/{wanted}"))
    };
    let unknown = |what: &str| {
        let message = format!("the {what} of {} cannot be told", image.reference);
        Some(Diagnostic::unknown(image.at, message))
    };
    if image.is_unknown() {
        return unknown("version");
    }
    let fault = match &requirement.constraint {
        Constraint::Equals(value) => {
            let value = value.to_string();
            (!is(&value)).then(|| format!("and images.{name} is locked to {value}"))
        }
        Constraint::AtLeast(least) => {
            let tag = image.tag().unwrap_or_default();
            let tag = tag.strip_prefix("pg").unwrap_or(tag);
            match version::compare(tag, least) {
                Some(std::cmp::Ordering::Less) => Some(format!("and has to be at least {least}")),
                Some(_) => None,
                None => return unknown("version"),
            }
        }
        Constraint::Within { one_of, .. } => {
            let fits = one_of.is_empty() || one_of.iter().any(|one| is(one));
            (!fits).then(|| format!("and not {}", one_of.join(" or ")))
        }
        Constraint::Lines { .. } => None,
    }?;
    let message = format!("the image is {}, {fault}", image.reference);
    Some(Diagnostic::new(image.at, message))
}
