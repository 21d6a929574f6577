//! Where nginx passes requests on to, and what holds there.

use super::{Proxy, Subject};
use crate::lint::diagnostic::At;
use crate::source::nginx::Directive;

/// A `proxy_pass` that names a host.
#[derive(Debug)]
pub struct Passed<'s> {
    /// The host, after the upstream that it may be.
    pub host: String,
    /// Its port, where it is said.
    pub port: Option<u16>,
    /// The `proxy_pass`.
    pub at: At,
    /// The blocks around it, the outermost first.
    blocks: Vec<&'s [Directive]>,
}

impl<'s> Passed<'s> {
    /// The nearest directive of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'s Directive> {
        self.blocks.iter().rev().find_map(|block| block.iter().rfind(|own| own.name == name))
    }

    /// The request headers it sets: those of the innermost block that sets any.
    /// Files that are included there are not read.
    #[must_use]
    pub fn headers(&self) -> Vec<&'s Directive> {
        let set = |block: &&'s [Directive]| {
            block.iter().filter(|own| own.name == "proxy_set_header").collect::<Vec<_>>()
        };
        self.blocks.iter().rev().map(set).find(|own| !own.is_empty()).unwrap_or_default()
    }
}

impl Subject {
    /// Every `proxy_pass` of a configuration whose host is written there.
    #[must_use]
    pub fn passed<'s>(&'s self, proxy: &'s Proxy) -> Vec<Passed<'s>> {
        let mut found = Vec::new();
        self.walk(proxy, &proxy.directives, &mut vec![&proxy.directives], &mut found);
        found
    }

    /// A directive that another configuration sets for all servers: files of
    /// `conf.d` are read inside of it.
    #[must_use]
    pub fn set_elsewhere(&self, proxy: &Proxy, name: &str) -> bool {
        let is = |own: &&Directive| own.name == name;
        self.proxies.iter().filter(|own| own.text != proxy.text).any(|own| {
            let http = own.directives.iter().filter(|own| own.name == "http");
            own.directives.iter().chain(http.flat_map(Directive::inside)).any(|own| is(&own))
        })
    }

    fn walk<'s>(
        &'s self,
        proxy: &'s Proxy,
        block: &'s [Directive],
        blocks: &mut Vec<&'s [Directive]>,
        found: &mut Vec<Passed<'s>>,
    ) {
        for own in block {
            if own.name == "proxy_pass"
                && let Some((_, rest)) = own.first().split_once("://")
                && !rest.contains('$')
            {
                let name = rest.split('/').next().unwrap_or(rest);
                let servers = self.upstream(name);
                for address in if servers.is_empty() { vec![name] } else { servers } {
                    let (host, port) = match address.split_once(':') {
                        Some((host, port)) => (host, port.parse().ok()),
                        None => (address, None),
                    };
                    let at = At::new(proxy.text, own.span);
                    found.push(Passed { host: host.to_owned(), port, at, blocks: blocks.clone() });
                }
            }
            if own.block.is_some() {
                blocks.push(own.inside());
                self.walk(proxy, own.inside(), blocks, found);
                blocks.pop();
            }
        }
    }

    /// The servers of an upstream, wherever it stands.
    fn upstream(&self, name: &str) -> Vec<&str> {
        let all = self.proxies.iter().flat_map(|proxy| {
            let http = proxy.directives.iter().filter(|own| own.name == "http");
            proxy.directives.iter().chain(http.flat_map(Directive::inside))
        });
        all.filter(|own| own.name == "upstream" && own.first() == name)
            .flat_map(Directive::inside)
            .filter(|own| own.name == "server")
            .map(Directive::first)
            .collect()
    }
}
