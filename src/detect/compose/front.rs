//! What stands in front of the application: proxies, and what their configuration says
//! of whom they pass requests on to.

use crate::detect::compose::files::join;
use crate::detect::compose::role::image_of;
use crate::detect::tree::Tree;
use crate::source::compose::{Item, Service, image, interpolate};
use crate::source::dockerfile::{Keyword, Transfer};
use crate::source::nginx::{self, Directive};

/// Programs that pass requests on, as their images are called.
const PROGRAMS: [&str; 9] =
    ["nginx", "openresty", "caddy", "httpd", "apache2", "traefik", "haproxy", "envoy", "kong"];
/// Those that learn from labels or variables of other containers whom to pass on to.
const BY_LABELS: [&str; 4] = ["traefik", "nginx-proxy", "docker-proxy", "docker-gen"];

/// A proxy of a compose file.
pub(super) struct Front<'a> {
    /// Its service.
    pub service: &'a Service,
    /// What it is started with: its files, its command and its variables.
    said: String,
    by_labels: bool,
    /// Whether what it answers at `/` are files of its own: those of a front end.
    pub serves_front_end: bool,
}

impl<'a> Front<'a> {
    /// A service as a proxy, by what its image is made from; `None` for anything else.
    pub fn of(tree: &Tree, directory: &str, service: &'a Service, reference: &str) -> Option<Self> {
        if !is_proxy(reference) {
            return None;
        }
        let by_labels = BY_LABELS.iter().any(|own| name(reference).contains(own));
        let mut said = service.command();
        for (_, value) in service.environment() {
            said.push('\n');
            said.push_str(&value.unwrap_or_default());
        }
        let mut serves_front_end = false;
        for path in files(tree, directory, service) {
            let text = tree.text(&path).unwrap_or_default();
            said.push('\n');
            said.push_str(text);
            serves_front_end |= nginx::read(text).is_ok_and(|read| serves_files_at_the_root(&read));
        }
        Some(Self { service, said, by_labels, serves_front_end })
    }

    /// Whether it passes requests on to a service: it waits for it, or its
    /// configuration has its address.
    pub fn stands_before(&self, service: &Service) -> bool {
        let waits = !self.by_labels && self.service.needs().contains(&service.name);
        waits || names(service).iter().any(|name| addresses(&self.said, name))
    }
}

/// Whether a location `/` has files, and nobody whom it passes on to.
fn serves_files_at_the_root(directives: &[Directive]) -> bool {
    directives.iter().any(|own| {
        let is_root = own.name == "location" && own.arguments == ["/"];
        let passes = own.inside().iter().any(|inner| {
            let last = inner.arguments.last().map_or("", String::as_str);
            inner.name.ends_with("_pass") || inner.name == "try_files" && last.starts_with('@')
        });
        let has_files = ["root", "alias", "try_files"].iter().any(|name| own.get(name).is_some());
        is_root && has_files && !passes || serves_files_at_the_root(own.inside())
    })
}

/// Whether an image is a proxy's.
#[must_use]
pub fn is_proxy(reference: &str) -> bool {
    let name = name(reference);
    // An exporter or a manager of a proxy is none.
    let parts = || name.split(['-', '_', '.']);
    BY_LABELS.iter().any(|own| name.contains(own))
        || parts().any(|part| PROGRAMS.contains(&part))
            && !parts().any(|part| ["exporter", "manager", "ui", "certbot"].contains(&part))
}

/// An image's name, without where it is from.
fn name(reference: &str) -> &str {
    let (repository, _) = image::parts(reference);
    repository.rsplit('/').next().unwrap_or(repository)
}

/// What the container of a service is called on its networks.
#[must_use]
pub fn names(service: &Service) -> Vec<String> {
    let told = ["container_name", "hostname"].into_iter().filter_map(|key| service.text(key));
    let networks = service.item.get("networks").into_iter().flat_map(Item::entries);
    let aliases = networks
        .filter_map(|(_, network)| network.get("aliases"))
        .flat_map(Item::items)
        .filter_map(Item::scalar);
    std::iter::once(service.name.clone()).chain(told).chain(aliases).collect()
}

/// Whether text has the address of a host: with its scheme, with its port, or alone as a
/// value.
fn addresses(text: &str, name: &str) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| line.split([' ', '\t', '"', '\'', ',', '='])).any(|word| {
        let word = word.trim_end_matches([';', '{']);
        let (scheme, bare) = word.split_once("://").unwrap_or(("", word));
        let host = bare.split(['/', '?']).next().unwrap_or_default();
        match host.split_once(':') {
            Some((host, port)) => host == name && port.starts_with(|c: char| c.is_ascii_digit()),
            None => host == name && !scheme.is_empty(),
        }
    }) || text.lines().any(|line| line.trim() == name)
}

/// The configuration files that a proxy has: those that are mounted, and those that its
/// image is built with.
#[must_use]
pub fn files(tree: &Tree, directory: &str, service: &Service) -> Vec<String> {
    let is_settings = |target: &str| {
        ["/etc/", "/usr/local/etc/", "/usr/local/apache2/conf", "/usr/local/openresty/"]
            .iter()
            .any(|own| target.starts_with(own))
    };
    let mounts = service.mounts();
    let mut sources: Vec<String> = mounts
        .iter()
        .filter(|mount| is_settings(&mount.target))
        .filter_map(|mount| join(directory, &interpolate::defaults(mount.bind()?)))
        .collect();
    if let Some(build) = service.build()
        && let Some((file, _)) = image_of(tree, directory, &build)
        && let Some((context, _)) = build.paths(directory)
    {
        let copies = file.instructions.iter().filter(|own| {
            matches!(own.keyword, Keyword::Copy | Keyword::Add) && own.flag("from").is_none()
        });
        for copy in copies.filter_map(|own| Transfer::of(own, file.escape)) {
            if is_settings(&copy.target) {
                sources.extend(copy.sources.iter().filter_map(|own| join(&context, own)));
            }
        }
    }
    const ENDS: [&str; 7] = [".conf", ".template", ".cfg", ".yml", ".yaml", ".toml", "Caddyfile"];
    let mut found: Vec<String> = Vec::new();
    for source in sources {
        let is_one = |path: &&str| ENDS.iter().any(|end| path.ends_with(end));
        let below: Vec<String> = match tree.has(&source) {
            true => vec![source],
            false => tree.below(&source).filter(is_one).map(str::to_owned).collect(),
        };
        for path in below {
            if !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn an_address_is_a_scheme_a_port_or_a_value() {
        for text in [
            "location / { proxy_pass http://web; }",
            "upstream a {\n  server web:8000;\n}",
            "uwsgi_pass web:3031;",
            "shop.example.com {\n\treverse_proxy web:8000\n}",
            "  server s1 web:8000 check",
            "ProxyPass \"/\" \"http://web:8000/\"",
            "caddy reverse-proxy --from :80 --to=web:8000",
            "\nweb\n",
        ] {
            assert!(addresses(text, "web"), "{text}");
        }
        for text in [
            "location /web/ { root /srv/web; }",
            "# proxy_pass http://web:8000;",
            "proxy_pass http://web-2:80;",
            "server_name web.example.com;",
            "a web of things",
        ] {
            assert!(!addresses(text, "web"), "{text}");
        }
    }
}
