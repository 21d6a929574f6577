//! A service of a project together with its container: what rules of compose
//! projects and proxies ask of it.

use super::container::{Container, Kind};
use super::{Deployment, Purpose, Subject, deployment};
use crate::lint::diagnostic::{At, Edit};
use crate::lint::edit;
use crate::source::compose::{Item, Port, Service, interpolate};
use crate::source::text::Span;

/// A service of a project, with its container.
#[derive(Clone, Copy, Debug)]
pub struct Member<'s> {
    /// Everything.
    pub subject: &'s Subject,
    /// The project.
    pub deployment: &'s Deployment,
    /// The service.
    pub service: &'s Service,
    /// Its container.
    pub container: &'s Container,
}

impl Subject {
    /// The services of a project that run for its users: not those of profiles
    /// for development.
    #[must_use]
    pub fn members<'s>(&'s self, deployment: &'s Deployment) -> Vec<Member<'s>> {
        self.containers_of(deployment)
            .filter_map(|container| self.member(container))
            .filter(|own| {
                let profiles = own.service.item.get("profiles").map(Item::scalars);
                profiles.is_none_or(|own| {
                    !own.iter().any(|own| deployment::is_for_developers(own) || &**own == "tools")
                })
            })
            .collect()
    }

    /// A container as the service that it is; `None` for an image alone.
    #[must_use]
    pub fn member<'s>(&'s self, container: &'s Container) -> Option<Member<'s>> {
        let (deployment, service) = self.composed(container)?;
        Some(Member { subject: self, deployment, service, container })
    }

    /// The services of every project that runs for users, project by project.
    #[must_use]
    pub fn production_members(&self) -> Vec<Vec<Member<'_>>> {
        self.production_deployments().map(|own| self.members(own)).collect()
    }

    /// Whether a text's path says that it is not for production.
    #[must_use]
    pub fn is_for_development(&self, text: usize) -> bool {
        deployment::stated(self.path(text)) == Some(Purpose::Development)
    }

    /// Whether a text's path says that it is for production.
    #[must_use]
    pub fn is_for_production(&self, text: usize) -> bool {
        deployment::stated(self.path(text)) == Some(Purpose::Production)
    }

    /// The line of a place, and those after it that stand further in: all of a
    /// value whose own text is not known.
    #[must_use]
    pub fn lines_of(&self, at: At) -> &str {
        let text = &self.texts[at.text];
        let first = text.line(at.span.start);
        let indent = |line: &str| line.len() - line.trim_start().len();
        let own = indent(text.line_text(first));
        let goes_on = |line: &usize| {
            let line = text.line_text(*line);
            line.trim().is_empty() || indent(line) > own
        };
        let last = (first + 1..=text.lines()).take_while(goes_on).last().unwrap_or(first);
        let span = Span::new(text.line_span(first).start, text.line_span(last).end);
        text.slice(span)
    }

    /// Whether a person or a program is told about a word outside of container
    /// files: in documentation, a make file, a script or a workflow.
    #[must_use]
    pub fn mentions(&self, word: &str) -> bool {
        let tells = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
            [".md", ".rst", ".txt", ".sh", ".mk", ".toml", ".ps1"].iter().any(|e| name.ends_with(e))
                || matches!(name.as_str(), "makefile" | "justfile" | "taskfile.yml" | "jenkinsfile")
                || path.starts_with(".github/")
                || name == ".gitlab-ci.yml"
                // The environment of a task runner: `env.local.yml`.
                || name.split('.').any(|part| part == "env")
                    && [".yml", ".yaml", ".json"].iter().any(|e| name.ends_with(e))
        };
        // A script may have no ending.
        let may_be_script = |path: &str| !path.rsplit('/').next().unwrap_or(path).contains('.');
        self.tree.paths().filter(|path| tells(path) || may_be_script(path)).any(|path| {
            self.tree.text(path).is_some_and(|text| {
                text.len() < 1 << 20
                    && text.contains(word)
                    && (tells(path) || text.starts_with("#!"))
            })
        })
    }
}

impl<'s> Member<'s> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'s str {
        &self.service.name
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.container.kind
    }

    /// The place of its name.
    #[must_use]
    pub fn at(&self) -> At {
        self.subject.service(self.deployment, self.service)
    }

    /// The place of one of its values.
    #[must_use]
    pub fn place(&self, item: &Item) -> At {
        self.subject.item(self.deployment, item)
    }

    /// A value as it is written: its text, or its lines where it was merged.
    #[must_use]
    pub fn written(&self, item: &Item) -> &'s str {
        match item.span {
            Some((start, end)) if end > start => self.subject.slice(self.place(item)),
            _ => self.subject.lines_of(self.place(item)),
        }
    }

    /// Whether a comment above the line of a value, or at its end, says what it is
    /// needed for. A key that stands there as a comment says nothing.
    #[must_use]
    pub fn is_explained(&self, item: &Item) -> bool {
        let at = self.place(item);
        let text = &self.subject.texts[at.text];
        let line = text.line(at.span.start);
        let above = (1..line)
            .rev()
            .map(|line| text.line_text(line).trim())
            .take_while(|line| line.starts_with('#'));
        let behind = text.line_text(line).split_once(" #").map(|(_, rest)| rest);
        let said: String =
            above.chain(behind).map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" ");
        ["need", "requir", "because", "must", "so that", "access", "in order to"]
            .iter()
            .any(|word| said.contains(word))
    }

    /// Whether a value is written out, without a variable of Compose's in it.
    #[must_use]
    pub fn is_literal(&self, item: &Item) -> bool {
        !interpolate::has_variable(self.written(item))
    }

    /// Sets a key below it.
    #[must_use]
    pub fn put(&self, path: &[&str], value: &str) -> Option<Edit> {
        edit::compose::put(self.subject, self.deployment, self.service, path, value)
    }

    /// The image it is pulled as, or the one that it is built on.
    #[must_use]
    pub fn image(&self) -> Option<&'s str> {
        self.container.image.as_deref().or_else(|| {
            let build = self.subject.build_of(self.container)?;
            build.image.base.known()
        })
    }

    /// The last part of that image's name: `postgres`.
    #[must_use]
    pub fn image_name(&self) -> &'s str {
        let (repository, _) = crate::source::compose::image::parts(self.image().unwrap_or(""));
        repository.rsplit('/').next().unwrap_or(repository)
    }

    /// The test of its health check; `None` where there is none, or it is off.
    #[must_use]
    pub fn health_test(&self) -> Option<&'s Item> {
        let check = self.service.item.get("healthcheck")?;
        let test = check.get("test")?;
        let first = test.scalars().first().cloned().unwrap_or_default();
        (first != "NONE" && !self.health_is_off()).then_some(test)
    }

    /// Whether its health check is turned off on purpose.
    #[must_use]
    pub fn health_is_off(&self) -> bool {
        let check = self.service.item.get("healthcheck");
        check.and_then(|check| check.get("disable")).and_then(Item::truth) == Some(true)
    }

    /// Whether something tells if it is healthy: its own check, or its image's.
    #[must_use]
    pub fn has_health(&self) -> bool {
        self.service.item.get("healthcheck").is_some_and(|check| check.get("test").is_some())
            || self
                .subject
                .build_of(self.container)
                .is_some_and(|build| build.image.healthcheck.is_some())
    }

    /// Its ports with their values.
    #[must_use]
    pub fn ports(&self) -> Vec<(Port, &'s Item)> {
        let items = self.service.item.get("ports").map_or(&[][..], Item::items);
        items.iter().filter_map(|item| Some((Port::read(item)?, item))).collect()
    }

    /// Its ports that every address of the host answers on. One whose address
    /// depends on a variable without a value is not among them.
    #[must_use]
    pub fn open_ports(&self) -> Vec<(Port, &'s Item)> {
        // Compose drops ports where the network is the host's.
        if self.is_on_host() {
            return Vec::new();
        }
        let mut ports = self.ports();
        ports.retain(|(port, item)| {
            let parts = interpolate::split(&port.host, ':');
            let is_everywhere = match parts.as_slice() {
                [.., address, _] => matches!(*address, "0.0.0.0" | "[::]" | "*"),
                _ => true,
            };
            let written = self.written(item);
            let is_unknown = self.deployment.project.unset.iter().any(|own| {
                (own.file, own.line) == (item.file, item.line)
                    && written.contains('$')
                    && written.contains(&own.name)
            });
            is_everywhere && !is_unknown
        });
        ports
    }

    /// The line that publishes a port to the host's own loopback address, in the form
    /// that it has, with its variables; `container` is the port in the container.
    #[must_use]
    pub fn on_loopback(&self, port: &Port, item: &Item, container: &str) -> String {
        if item.scalar().is_none() {
            return "host_ip: 127.0.0.1".to_owned();
        }
        let written = self.written(item).trim_matches(['"', '\'']);
        let own = Port::parse(written, item.line).filter(|_| interpolate::has_variable(written));
        let parts = interpolate::split(own.as_ref().map_or(&port.host, |own| &own.host), ':');
        let host = parts.last().copied().unwrap_or_default();
        let is_as_written = container == port.container;
        let container = own.as_ref().filter(|_| is_as_written).map_or(container, |o| &o.container);
        format!("- \"127.0.0.1:{host}:{container}\"")
    }

    /// The edit that binds a port to the host's own loopback address; `None`
    /// for the long form, and where a variable may hold an address: of one that
    /// is a port by its name, an env file has to give the bare number.
    #[must_use]
    pub fn to_loopback(&self, port: &Port, item: &Item) -> Option<Edit> {
        let (start, _) = item.span?;
        let written = self.written(item);
        let bare = written.trim_start_matches(['"', '\'']);
        let quote = written.len() - bare.len();
        let text = self.place(item).text;
        let variable = bare.starts_with('$');
        let is_port = |name: &str| name.to_ascii_uppercase().ends_with("PORT");
        let name = bare.trim_start_matches("${").split([':', '}', '-']).next().unwrap_or("");
        if item.scalar().is_none() || bare.contains('\n') || bare.starts_with(['&', '*']) {
            return None;
        }
        let is_number = |value: &str| value.parse::<u16>().is_ok();
        let mut given = self.subject.env_files.iter().flat_map(|file| &file.entries);
        let is_given = given.clone().any(|own| own.name == name)
            && given.all(|own| own.name != name || is_number(&own.value));
        let is_bare = bare.starts_with("${") && is_port(name) && port.host_number().is_some();
        if variable && !(is_bare && is_given) {
            return None;
        }
        let rest = bare.strip_prefix("0.0.0.0:").or_else(|| bare.strip_prefix("[::]:"));
        let skipped = bare.len() - rest.unwrap_or(bare).len();
        if rest.is_none() && bare.starts_with(['[', '0', '*']) && port.host.contains('.') {
            return None;
        }
        let address = if port.host.is_empty() { "127.0.0.1::" } else { "127.0.0.1:" };
        let first = start + quote;
        let at = At::new(text, Span::new(first, first + skipped));
        // Without quotes a scalar with a colon is still text: `127.0.0.1:80:80`.
        Some(Edit { at, text: address.to_owned() })
    }

    /// Whether other services reach it under this name.
    #[must_use]
    pub fn answers_to(&self, host: &str) -> bool {
        let is = |key: &str| self.service.text(key).as_deref() == Some(host);
        let networks = self.service.item.get("networks");
        let aliases = networks.into_iter().flat_map(Item::entries).any(|(_, network)| {
            network.get("aliases").is_some_and(|own| own.scalars().iter().any(|a| a == host))
        });
        self.name() == host || is("container_name") || is("hostname") || aliases
    }

    /// Whether it has the network of the host, which has no ports to publish.
    #[must_use]
    pub fn is_on_host(&self) -> bool {
        self.service.text("network_mode").as_deref() == Some("host")
    }

    /// Whether its name says that users have nothing to do with it.
    #[must_use]
    pub fn is_for_developers(&self) -> bool {
        deployment::is_for_developers(self.name())
    }

    /// Whether it is there as long as the project is, as far as its kind says.
    #[must_use]
    pub fn is_long_running(&self) -> bool {
        let kind = self.kind();
        let known = matches!(kind, Kind::Web | Kind::Worker | Kind::Beat)
            || matches!(kind, Kind::Nginx | Kind::Proxy)
            || kind.is_store();
        known && !self.runs_once()
    }

    /// Whether it is there as long as the project is: by its kind, or, of a program
    /// that nobody here knows, because it publishes a port, is asked for its health or
    /// is restarted.
    #[must_use]
    pub fn stays(&self) -> bool {
        let has = |key: &str| self.service.item.get(key).is_some();
        let restart = self.service.text("restart").unwrap_or_default();
        let is_shown = has("ports")
            || has("expose")
            || self.health_test().is_some()
            || matches!(restart.as_str(), "always" | "unless-stopped");
        let kind = self.kind();
        let is_known = self.is_long_running() || kind.is_open_index() || kind == Kind::Tool;
        let is_open = matches!(kind, Kind::Own | Kind::Other) && is_shown;
        (is_known || is_open) && !self.runs_once()
    }

    /// Whether it runs a server for development, or one that reloads.
    #[must_use]
    pub fn is_developed(&self) -> bool {
        // Steps come without it: it is a wrapper.
        if self.service.command().contains("watchmedo") {
            return true;
        }
        self.container.server.as_ref().is_some_and(|server| {
            server.program.is_development()
                || server.get("reload").and_then(|(value, _)| value.truth()) == Some(true)
        })
    }

    /// Whether it opens its database in what it is given to do, long after its start:
    /// a worker, or Celery's scheduler.
    #[must_use]
    pub fn connects_late(&self) -> bool {
        let is_worker = |word: &str| matches!(word, "worker" | "beat" | "scheduler");
        matches!(self.kind(), Kind::Worker | Kind::Beat)
            || is_worker(self.name())
            || self.service.command().split_whitespace().any(is_worker)
    }

    /// Services of its project that need it.
    pub fn needed_by(&self) -> impl Iterator<Item = &'s Service> {
        let name = self.name();
        self.deployment
            .services
            .iter()
            .filter(move |other| other.needs().iter().any(|own| own == name))
    }
}

/// Names as a list for people: `a`, `b` and `c`.
#[must_use]
pub fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const COMPOSE: &str = "x-env: &env\n  URL: \"redis://\\\n    ${HOST:-cache}\"\nservices:\n  web:\n    image: acme/shop:1\n    command: gunicorn shop.wsgi\n    container_name: shop\n    environment:\n      <<: *env\n    ports: ['8000:8000', '127.0.0.1:8001:8001', '${WHERE}:8002', '0.0.0.0:${WEB_PORT:-8003}:8003']\n    depends_on: {migrate: {condition: service_completed_successfully}}\n  migrate:\n    image: acme/shop:1\n    command: python load.py\n  debug:\n    image: adminer:5\n    profiles: [integration-test]\n";

    #[test]
    fn members_say_what_is_published_what_ends_and_what_is_written() {
        let directory = assert_fs::TempDir::new().unwrap();
        fs::write(directory.path().join("compose.yaml"), COMPOSE).unwrap();
        let subject = Subject::read(directory.path()).unwrap();
        let members = subject.production_members().remove(0);
        let names: Vec<&str> = members.iter().map(Member::name).collect();
        assert_eq!(names, ["web", "migrate"]);
        let web = members[0];
        let open: Vec<String> =
            web.open_ports().into_iter().map(|(port, _)| port.container).collect();
        assert_eq!(open, ["8000", "8003"]);
        let written: Vec<String> = web
            .open_ports()
            .iter()
            .map(|(port, item)| web.on_loopback(port, item, &port.container))
            .collect();
        assert_eq!(
            written,
            ["- \"127.0.0.1:8000:8000\"", "- \"127.0.0.1:${WEB_PORT:-8003}:8003\""]
        );
        assert!(web.answers_to("shop") && web.answers_to("web") && !web.answers_to("migrate"));
        assert!(web.is_long_running() && members[1].runs_once());
        let environment = web.service.item.get("environment").unwrap();
        let url = environment.get("URL").unwrap();
        assert!(web.written(url).contains("${HOST:-cache}"), "{:?}", web.written(url));
        assert!(!web.is_literal(url));
    }

    #[test]
    fn names_are_listed_for_people() {
        assert_eq!(listed(&[]), "");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
    }
}
