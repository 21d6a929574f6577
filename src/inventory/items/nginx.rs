//! nginx's configuration: every directive with the block it stands in.

use super::{Items, Value};
use crate::inventory::Kind;
use crate::lint::At;
use crate::source::nginx::Directive;

/// Directives whose first argument says what they set.
const KEYED: [&str; 8] = [
    "proxy_set_header",
    "add_header",
    "set",
    "proxy_hide_header",
    "map",
    "uwsgi_param",
    "fastcgi_param",
    "limit_conn_zone",
];

impl Items<'_, '_> {
    pub(super) fn proxies(&mut self) {
        for proxy in self.scope.proxies.clone() {
            self.directives(proxy.text, &proxy.directives, "", None);
        }
    }

    fn directives(&mut self, text: usize, block: &[Directive], around: &str, of: Option<usize>) {
        for own in block {
            let at = At::new(text, own.span);
            let arguments = own.arguments.join(" ");
            let is_location = own.name == "location";
            let is_keyed = KEYED.contains(&own.name.as_str()) && !own.arguments.is_empty();
            let (kind, name) = match is_location {
                true => (Kind::Location, arguments.clone()),
                // One of many of its name, each of which sets something else.
                false if is_keyed => (Kind::Directive, format!("{} {}", own.name, own.first())),
                false => (Kind::Directive, own.name.clone()),
            };
            let value = match is_keyed {
                true => Value::of(own.arguments[1..].join(" ")),
                false => Value::of(arguments),
            };
            let item = match of {
                Some(of) => self.part(of, kind, at, around, &name, value),
                None => self.push(kind, at, around, &name, value),
            };
            if own.block.is_some() {
                // What is in a location goes with it; other blocks only group.
                let of = is_location.then_some(item).or(of);
                let around = match (is_location, own.name.as_str()) {
                    (true, _) => format!("location {}", own.arguments.join(" ")),
                    (false, "server" | "http") => around.to_owned(),
                    (false, name) => format!("{name} {}", own.arguments.join(" ")),
                };
                self.directives(text, own.inside(), &around, of);
            }
        }
    }
}
