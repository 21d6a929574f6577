//! What the new files do that the old ones did not, and that somebody may feel.

use std::collections::BTreeSet;

use super::scope::Scope;
use super::{Item, Kind, Known, joined, reasons};
use crate::lint::subject::{Container, Kind as Of, Program};
use crate::plan::Decided;
use crate::schema::Role;

/// Something that was not there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// What is done now, with its number.
    pub what: String,
    /// Why, or what it comes to.
    pub reason: String,
}

/// Limits of a worker's tasks, each with what it means.
const OF_WORKERS: [(&str, &str); 4] = [
    ("time_limit", "s, after which a task is killed"),
    ("soft_time_limit", "s, after which a task gets SoftTimeLimitExceeded"),
    ("max_tasks_per_child", "tasks, after which a process is replaced"),
    ("max_memory_per_child", "KiB, beyond which a process is replaced after its task"),
];
/// Settings of gunicorn's, each with what it means.
const OF_SERVERS: [(&str, &str); 2] = [
    ("timeout", "s, after which a worker that does not report is killed"),
    ("max_requests", "requests, after which a worker is replaced"),
];

/// What is new, in the order in which it is met.
pub(super) fn find(old: &Scope<'_>, new: &Scope<'_>, known: Known<'_>) -> Vec<New> {
    let news = News { old, new, known, found: Vec::new() };
    news.all()
}

struct News<'a, 's> {
    old: &'a Scope<'s>,
    new: &'a Scope<'s>,
    known: Known<'a>,
    found: Vec<New>,
}

impl<'s> News<'_, 's> {
    fn all(mut self) -> Vec<New> {
        self.migrations();
        self.proxy();
        self.limits(&OF_SERVERS, Role::Web);
        self.limits(&OF_WORKERS, Role::Worker);
        self.connections();
        self.memory();
        self.rights();
        self.found
    }

    fn add(&mut self, what: String, reason: impl Into<String>) {
        self.found.push(New { what, reason: reason.into() });
    }

    fn applications(scope: &Scope<'s>) -> Vec<&'s Container> {
        let own = scope.own().iter().copied();
        own.filter(|own| own.kind.is_application()).collect()
    }

    /// Services whose item of a kind and a name is new, each with that.
    fn gained(&self, kind: Kind, name: &str) -> Vec<&Item> {
        let has = |scope: &Scope<'_>, service: &str| {
            let mut all = scope.items.iter().filter(|own| own.kind == kind && own.name == name);
            all.any(|own| own.subject == service)
        };
        let is_new = |own: &&Item| own.kind == kind && own.name == name;
        let all = self.new.items.iter().filter(is_new);
        all.filter(|own| !has(self.old, &own.subject)).collect()
    }

    fn migrations(&mut self) {
        let step = |scope: &Scope<'s>| {
            let steps = scope
                .containers
                .iter()
                .flat_map(|own| own.steps.iter().map(move |step| (own, step)));
            let mut steps = steps.filter(|(_, step)| step.program == Program::Migrate);
            steps.next().map(|(own, step)| (own.name.clone(), joined(&step.argv)))
        };
        let (Some((service, line)), None) = (step(self.new), step(self.old)) else { return };
        // What is started may be known by another file than the project's.
        let adopted = self.known.plan.answers.adopted.as_ref();
        let mut steps = adopted.into_iter().flat_map(|own| &own.derived.previous.steps);
        if steps.any(|own| Program::of(&own.argv) == Program::Migrate) {
            return;
        }
        self.add(
            format!("{service} runs `{line}` at every `up`, before the application starts"),
            "nothing in the old files migrated the database",
        );
    }

    fn proxy(&mut self) {
        let proxied = |scope: &Scope<'s>| {
            let mut own = scope.own().iter().copied();
            own.find(|own| matches!(own.kind, Of::Nginx | Of::Proxy))
        };
        let limit = |scope: &Scope<'_>| {
            let mut all = scope.items.iter();
            let own = all.find(|own| own.name == "client_max_body_size")?;
            Some(own.value.clone())
        };
        let is_new = proxied(self.old).is_none();
        let Some(own) = proxied(self.new) else { return };
        if is_new {
            self.add(
                format!("{} stands before the application, and is what is published", own.name),
                "it takes slow clients and static files off the application",
            );
        }
        if let (Some(limit), None) = (limit(self.new), limit(self.old))
            && is_new
        {
            let decided = self
                .known
                .plan
                .decision("web.body-size")
                .or_else(|| self.known.plan.decision("nginx.body-size"));
            let reason = decided.map_or_else(
                || "it reads a body before it passes it on".into(),
                |own| own.reason(),
            );
            self.add(format!("a request body of more than {limit} is answered with 413"), reason);
        }
    }

    /// Numbers of servers and workers that no command and no setting said.
    fn limits(&mut self, table: &[(&str, &str)], role: Role) {
        for (name, means) in table {
            let is_it =
                |own: &&Item| matches!(own.kind, Kind::Option | Kind::Setting) && own.name == *name;
            let of_role = |own: &&Item| {
                own.kind == Kind::Setting
                    || self.new.container(&own.subject).is_some_and(|own| match role {
                        Role::Worker => own.kind == Of::Worker,
                        _ => own.kind == Of::Web,
                    })
            };
            let new = self.new.items.iter().filter(is_it).find(|own| of_role(own));
            if let (Some(new), None) = (new, self.old.items.iter().find(is_it)) {
                let row = reasons::row_of_option(name).unwrap_or_default();
                let decided = self.known.plan.decision(&format!("{}.{row}", role.name()));
                // It was said, in a file that is not read here.
                if decided.is_some_and(Decided::is_pinned) {
                    continue;
                }
                let reason = decided.map_or_else(String::new, |own| own.reason());
                self.add(format!("{}: {} {means}", self.service(role), new.value), reason);
            }
        }
    }

    fn service(&self, role: Role) -> String {
        let planned = self.known.plan.topology.of_kind(role);
        planned.map_or_else(|| role.name().to_owned(), |own| own.id.clone())
    }

    fn connections(&mut self) {
        let gained = self.gained(Kind::Option, "max_connections");
        let Some((service, value)) =
            gained.first().map(|own| (own.subject.clone(), own.value.clone()))
        else {
            return;
        };
        if self.old.container(&service).is_none() {
            return;
        }
        let decided = self.known.plan.decision("db.max-connections");
        let reason = decided.map_or_else(String::new, |own| own.reason());
        self.add(
            format!("{service} takes {value} connections (PostgreSQL's own default is 100)"),
            reason,
        );
    }

    fn memory(&mut self) {
        let name = "deploy.resources.limits.memory";
        let is_old = |own: &&&Item| {
            self.old.items.iter().all(|old| old.subject != own.subject || old.name != "mem_limit")
        };
        let gained = self.gained(Kind::Key, name);
        let all: Vec<String> = gained
            .iter()
            .filter(is_old)
            .map(|own| format!("{} {}", own.subject, own.value))
            .collect();
        if !all.is_empty() {
            self.add(
                format!("memory limits: {}", all.join(", ")),
                "a container that takes more is ended by the kernel and starts anew",
            );
        }
    }

    fn rights(&mut self) {
        let names = |items: Vec<&Item>| -> String {
            let all: BTreeSet<&str> = items.into_iter().map(|own| own.subject.as_str()).collect();
            all.into_iter().collect::<Vec<_>>().join(", ")
        };
        let mut closed = self.gained(Kind::Key, "read_only");
        closed.retain(|own| own.value == "true");
        let closed = names(closed);
        if !closed.is_empty() {
            self.add(
                format!("{closed}: the root file system is read-only"),
                "what writes outside of its volumes and /tmp fails",
            );
        }
        let user = |own: &Container, scope: &Scope<'s>| {
            let stated = scope.items.iter().find(|item| {
                item.kind == Kind::Key && item.name == "user" && item.subject == own.name
            });
            let build = scope.subject.build_of(own);
            let of_image =
                build.and_then(|own| own.image.user.as_ref()?.value.known().map(str::to_owned));
            stated.map(|own| own.value.clone()).or(of_image)
        };
        let is_root = |user: &Option<String>| {
            user.as_ref().is_none_or(|own| own == "root" || own.starts_with('0'))
        };
        let mut changed: Vec<String> = Vec::new();
        let mut by = String::new();
        for own in Self::applications(self.new) {
            let Some(was) = self.old.container(&own.name) else { continue };
            if was.build.is_some()
                && is_root(&user(was, self.old))
                && let Some(now) = user(own, self.new).filter(|own| !is_root(&Some(own.clone())))
            {
                changed.push(own.name.clone());
                by = now;
            }
        }
        if !changed.is_empty() {
            let verb = if changed.len() == 1 { "runs" } else { "run" };
            self.add(
                format!("{} {verb} as user {by}, and no longer as root", changed.join(", ")),
                "what belongs to root on a volume or a mounted directory cannot be written",
            );
        }
    }
}
