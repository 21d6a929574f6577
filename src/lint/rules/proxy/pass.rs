//! Where nginx passes requests on: every `proxy_pass`, what it inherits, and
//! which service it reaches.

use super::owner::owners;
use crate::detect::path;
use crate::lint::diagnostic::At;
use crate::lint::subject::{Kind, Member, Proxy, Subject};
use crate::source::nginx::{self, Directive};

/// A `proxy_pass` with the blocks it stands in.
#[derive(Clone, Debug)]
pub(super) struct Pass<'s> {
    pub proxy: &'s Proxy,
    /// The directives of the file, then those of each block around it, the
    /// innermost last.
    pub levels: Vec<&'s [Directive]>,
    /// The blocks, the outermost first.
    pub blocks: Vec<&'s Directive>,
    pub directive: &'s Directive,
}

/// An address that is passed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub host: String,
    pub port: Option<u16>,
    /// Where it stands.
    pub at: At,
}

/// The configurations that run for users.
pub(super) fn proxies(subject: &Subject) -> impl Iterator<Item = &Proxy> {
    subject.proxies.iter().filter(|own| !subject.is_for_development(own.text))
}

/// Every `proxy_pass` of configurations that run for users.
pub(super) fn passes(subject: &Subject) -> Vec<Pass<'_>> {
    let mut found = Vec::new();
    for proxy in proxies(subject) {
        let mut levels = vec![proxy.directives.as_slice()];
        walk(proxy, &mut levels, &mut Vec::new(), &mut found);
    }
    found
}

fn walk<'s>(
    proxy: &'s Proxy,
    levels: &mut Vec<&'s [Directive]>,
    blocks: &mut Vec<&'s Directive>,
    found: &mut Vec<Pass<'s>>,
) {
    let own = *levels.last().unwrap_or(&[].as_slice());
    for directive in own {
        if directive.name == "proxy_pass" && !blocks.is_empty() {
            let (levels, blocks) = (levels.clone(), blocks.clone());
            found.push(Pass { proxy, levels, blocks, directive });
        }
        if let Some(block) = &directive.block {
            levels.push(block);
            blocks.push(directive);
            walk(proxy, levels, blocks, found);
            blocks.pop();
            levels.pop();
        }
    }
}

impl<'s> Pass<'s> {
    pub fn at(&self) -> At {
        At::new(self.proxy.text, self.directive.span)
    }

    /// The server block it stands in.
    pub fn server(&self) -> Option<&'s Directive> {
        self.blocks.iter().rfind(|block| block.name == "server").copied()
    }

    /// The path of the location it stands in.
    pub fn location(&self) -> &'s str {
        let location = self.blocks.iter().rfind(|block| block.name == "location");
        location.and_then(|block| block.arguments.last()).map_or("/", String::as_str)
    }

    /// The addresses it passes to; nothing where a variable decides.
    pub fn targets(&self, subject: &'s Subject) -> Vec<Target> {
        let mut text = self.directive.first().to_owned();
        // `set $upstream http://web:8000; proxy_pass $upstream;`
        let sets =
            self.levels.iter().flat_map(|level| level.iter()).filter(|own| own.name == "set");
        for own in sets {
            if let [name, value] = own.arguments.as_slice() {
                text = text.replace(name.as_str(), value);
            }
        }
        let Some((_, rest)) = text.split_once("://") else { return Vec::new() };
        if rest.starts_with("unix:") {
            return Vec::new();
        }
        let address = rest.split('/').next().unwrap_or(rest);
        // `http://web$request_uri`.
        let address = address.split_once("$request_uri").map_or(address, |(before, _)| before);
        if address.contains('$') || address.is_empty() {
            return Vec::new();
        }
        let all = subject.proxies.iter();
        let mut all =
            all.flat_map(|proxy| upstreams(&proxy.directives).map(move |own| (proxy, own)));
        let upstream = all
            .find(|(proxy, own)| own.first() == address && !subject.is_for_development(proxy.text));
        match upstream {
            Some((proxy, own)) => own
                .inside()
                .iter()
                .filter(|one| one.name == "server" && !one.first().starts_with("unix:"))
                .map(|one| target(one.first(), At::new(proxy.text, one.span)))
                .collect(),
            None => vec![target(address, self.at())],
        }
    }

    /// The application that it reaches, where it surely is one: a service of a
    /// project, or something on the same host where no project has this nginx.
    pub fn application(&self, subject: &'s Subject) -> Option<Option<Member<'s>>> {
        let targets = self.targets(subject);
        // The projects that have this nginx, and others of their directory, where any
        // is known to: another one's service of the same name is not what it reaches.
        let owners = owners(subject, self.proxy);
        let directory = |own: &Member<'s>| &own.deployment.project.directory;
        let is_reached = |own: &Member<'s>| {
            owners.is_empty() || owners.iter().any(|(owner, _)| directory(owner) == directory(own))
        };
        for members in subject.production_members() {
            if !members.first().is_some_and(is_reached) {
                continue;
            }
            for target in &targets {
                let found = members
                    .iter()
                    .find(|own| own.kind() == Kind::Web && own.answers_to(&target.host));
                if let Some(found) = found.filter(|own| runs_python(own)) {
                    return Some(Some(*found));
                }
            }
        }
        let is_local = !targets.is_empty() && targets.iter().all(|own| is_loopback(&own.host))
            || self.directive.first().starts_with("http://unix:");
        let is_known = subject.facts.framework.value().is_some();
        let is_alone = subject.deployments.is_empty();
        (is_local && is_known && is_alone).then_some(None)
    }

    /// Directives of a name that hold here: those of the innermost level that
    /// has any. `Err` where a file that is not here may have some.
    pub fn inherited(&self, subject: &Subject, name: &str) -> Result<Vec<Directive>, ()> {
        for level in self.levels.iter().rev() {
            let own = with_includes(subject, level, name, 0)?;
            if !own.is_empty() {
                return Ok(own);
            }
        }
        // Locations without a server are included into one, which may say more.
        if self.server().is_none() {
            return Err(());
        }
        // A fragment is included by a file whose `http` may say more.
        let is_fragment = !self.blocks.iter().any(|block| block.name == "http");
        let elsewhere = || {
            subject.proxies.iter().any(|proxy| {
                let http = proxy.directives.iter().find(|own| own.name == "http");
                http.is_some_and(|http| http.get(name).is_some())
            })
        };
        if is_fragment && elsewhere() { Err(()) } else { Ok(Vec::new()) }
    }

    /// The value of a request header as it is passed on, by its name; `Err`
    /// where that is not known.
    pub fn header(&self, subject: &Subject, name: &str) -> Result<Option<String>, ()> {
        let set = self.inherited(subject, "proxy_set_header")?;
        let own = set.iter().rfind(|own| own.first().eq_ignore_ascii_case(name));
        Ok(own.map(|own| own.arguments.get(1).cloned().unwrap_or_default()))
    }
}

fn runs_python(own: &Member<'_>) -> bool {
    match own.subject.build_of(own.container) {
        Some(build) => build.is_python,
        None => own.container.server.is_some(),
    }
}

pub(super) fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]" | "0.0.0.0")
}

fn target(address: &str, at: At) -> Target {
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
        _ => (address, None),
    };
    Target { host: host.to_owned(), port, at }
}

/// The upstream blocks of a file.
pub(super) fn upstreams(directives: &[Directive]) -> impl Iterator<Item = &Directive> {
    let http = directives.iter().filter(|own| own.name == "http");
    let inside = http.flat_map(|own| own.inside());
    directives.iter().chain(inside).filter(|own| own.name == "upstream")
}

/// The directives of a name in a level and in what it includes; `Err` where one of
/// its files is not here.
fn with_includes(
    subject: &Subject,
    level: &[Directive],
    wanted: &str,
    depth: usize,
) -> Result<Vec<Directive>, ()> {
    let mut all = Vec::new();
    for own in level {
        if own.name == wanted {
            all.push(own.clone());
        }
        if own.name != "include" {
            continue;
        }
        let name = own.first().rsplit('/').next().unwrap_or_default();
        let harmless = ["mime.types", "fastcgi_params", "uwsgi_params", "scgi_params"];
        if harmless.contains(&name)
            || own.first().contains("modules")
            || own.first().contains("letsencrypt")
        {
            continue;
        }
        // Servers of their own: nothing for this level.
        if name.contains('*') && level.iter().all(|own| own.name != "location") {
            continue;
        }
        let found = subject.tree.paths().find(|path| path::file_name(path) == name);
        let text = found.and_then(|path| subject.tree.text(path)).ok_or(())?;
        let read = nginx::read(text).map_err(|_| ())?;
        if depth >= 4 {
            return Err(());
        }
        all.extend(with_includes(subject, &read, wanted, depth + 1)?);
    }
    Ok(all)
}
