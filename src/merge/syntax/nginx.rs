//! nginx's configuration, as far as a merge by line can break it.

use std::collections::BTreeSet;

use crate::source::nginx::{self, Directive};
use crate::source::text::Text;

/// Directives that may stand in a block as often as they differ.
const REPEATED: [&str; 22] = [
    "allow",
    "deny",
    "include",
    "listen",
    "server",
    "set",
    "rewrite",
    "if",
    "error_page",
    "limit_req",
    "limit_conn",
    "access_log",
    "error_log",
    "location",
    "map",
    "upstream",
    "return",
    "load_module",
    "set_real_ip_from",
    "log_format",
    "proxy_cache_valid",
    "geo",
];

/// Directives of which each first argument has one.
const NAMED: [&str; 7] = [
    "add_header",
    "proxy_set_header",
    "fastcgi_param",
    "uwsgi_param",
    "proxy_hide_header",
    "env",
    "proxy_cookie_path",
];

/// What a block has twice of which it may have one.
pub fn examine(text: &str) -> Result<BTreeSet<String>, String> {
    let tree = nginx::read(text)
        .map_err(|(why, at)| format!("line {}: {why}", Text::new("", text).line(at)))?;
    let mut repeats = BTreeSet::new();
    block(&tree, "", false, &mut repeats);
    Ok(repeats)
}

/// Directives, locations and names of servers that are in one block twice. The
/// entries of a table are keys and values, not directives.
fn block(inside: &[Directive], path: &str, is_table: bool, repeats: &mut BTreeSet<String>) {
    let mut seen = BTreeSet::new();
    for own in inside {
        let whole = std::iter::once(&own.name).chain(&own.arguments);
        let whole = whole.map(String::as_str).collect::<Vec<_>>().join(" ");
        let key = match own.name.as_str() {
            name if !is_table && REPEATED.contains(&name) => whole.clone(),
            name if !is_table && NAMED.contains(&name) => format!("{name} {}", own.first()),
            name => name.to_owned(),
        };
        let counts = own.block.is_none() || own.name == "location";
        if counts && !seen.insert(key.clone()) {
            let path = path.trim_end();
            repeats.insert(if path.is_empty() {
                format!("`{key}` is there twice")
            } else {
                format!("`{key}` is twice in `{path}`")
            });
        }
        let is_table = matches!(own.name.as_str(), "map" | "geo" | "types" | "split_clients");
        block(own.inside(), &format!("{path}{whole} "), is_table, repeats);
        // Of two servers of one name at one port, nginx never asks the second.
        for (name, port) in answers_to(own) {
            if !seen.insert(format!("server {name} at {port}")) {
                repeats.insert(format!("two servers are named {name} at {port}"));
            }
        }
    }
}

/// The names of a server, each with each of its ports.
fn answers_to(server: &Directive) -> BTreeSet<(&str, &str)> {
    let all = |name: &'static str| server.inside().iter().filter(move |own| own.name == name);
    let names = all("server_name").flat_map(|own| &own.arguments);
    names.flat_map(|name| all("listen").map(move |port| (name.as_str(), port.first()))).collect()
}
