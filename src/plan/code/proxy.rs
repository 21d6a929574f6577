//! What an nginx in front of the application did, in ours: its locations and
//! directives as they stand, but those that ours decide.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::answers::adopted::Adopted;
use crate::detect::previous::{Level, Piece};
use crate::plan::code::previous::Left;

/// Lines of nginx's configuration that go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Proxy {
    /// Beside the servers.
    pub http: Vec<String>,
    /// In the server, before its locations.
    pub server: Vec<String>,
    /// Locations, whole.
    pub locations: Vec<String>,
    /// In the location that passes everything else on.
    pub root: Vec<String>,
    /// Whether one of the locations is `/`.
    pub has_root: bool,
    /// Headers that are sent where the application sends none.
    pub headers: Headers,
    /// Directories that go-on locations serve files of.
    #[serde(skip)]
    pub files: Vec<String>,
    /// What does not go on.
    #[serde(skip)]
    pub left: Vec<Left>,
}

/// Values of headers, by the name of their variable and as nginx reads them: ours, or what
/// the configuration gave them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Headers(BTreeMap<&'static str, String>);

/// The headers of ours.
const SENT: [(&str, &str); 3] = [
    ("content_type_options", "nosniff"),
    ("frame_options", "DENY"),
    ("referrer_policy", "strict-origin-when-cross-origin"),
];

impl Default for Headers {
    fn default() -> Self {
        Self(SENT.map(|(name, value)| (name, value.to_owned())).into())
    }
}

/// Directives that ours have, and why another of the name does not go on.
const OURS: [(&str, &str); 35] = [
    ("listen", "nginx listens at a port that needs no privilege; what is published stays"),
    ("server_name", "deploy.domain says it; without one every name is served"),
    ("client_max_body_size", "it is web.body-size"),
    ("proxy_read_timeout", "it is nginx.read-timeout"),
    ("proxy_connect_timeout", "it is nginx.connect-timeout"),
    ("keepalive_timeout", "it is nginx.keepalive-timeout"),
    ("worker_connections", "it is nginx.worker-connections"),
    ("gzip_min_length", "it is nginx.gzip-min-length"),
    ("gzip", "answers are compressed"),
    ("gzip_types", "ours are compressed: text, scripts, JSON, SVG"),
    ("gzip_vary", "ours has it"),
    ("gzip_proxied", "ours has it"),
    ("access_log", "logs go to the container's output"),
    ("error_log", "logs go to the container's output"),
    ("log_format", "lines of the log are JSON"),
    ("sendfile", "ours has it"),
    ("tcp_nopush", "ours has it"),
    ("server_tokens", "ours has it"),
    ("include", "the whole configuration is in one file"),
    ("default_type", "ours has it"),
    ("resolver", "ours asks Docker's own name server"),
    ("proxy_pass", "everything is passed on to the application"),
    ("proxy_redirect", "answers are passed on with the name that was asked for"),
    ("proxy_http_version", "ours has it"),
    ("proxy_max_temp_file_size", "ours has it"),
    ("multi_accept", "it is of a program that serves more than this"),
    ("use", "nginx takes the best one"),
    ("client_body_temp_path", "bodies wait in memory"),
    ("limit_conn_zone", "ours limits how many large bodies it takes at once"),
    ("types_hash_max_size", "ours has the usual one"),
    ("ssl_certificate", "TLS ends in front of this stack: see deploy.domain"),
    ("ssl_certificate_key", "TLS ends in front of this stack: see deploy.domain"),
    ("ssl_protocols", "TLS ends in front of this stack: see deploy.domain"),
    ("ssl_ciphers", "TLS ends in front of this stack: see deploy.domain"),
    ("root", "what is not passed on has a location"),
];
/// Why a directive of the name does not go on; `None` where it does.
#[must_use]
pub fn ours(name: &str) -> Option<&'static str> {
    OURS.iter().find(|(own, _)| *own == name).map(|(_, why)| *why)
}

/// Headers that ours set.
const HEADERS: [&str; 11] = [
    "host",
    "x-real-ip",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-protocol",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-request-id",
    "forwarded",
    "upgrade",
    "connection",
];

impl Proxy {
    /// What goes on; `static_url` is what ours serve from the image.
    pub(super) fn of(adopted: &Adopted, static_url: Option<&str>) -> Self {
        let mut proxy = Self::default();
        for piece in &adopted.derived.previous.proxy {
            if let Some(variable) = header_of_ours(piece) {
                let value = piece.arguments.get(1).cloned().unwrap_or_default();
                // The first one counts.
                let ours = SENT.iter().any(|own| *own == (variable, &proxy.headers.0[variable]));
                if ours {
                    proxy.headers.0.insert(variable, format!("\"{value}\""));
                }
                proxy.left.push(Left {
                    place: piece.place.clone(),
                    what: first_line(&piece.text),
                    why: "ours sends it with that value, where the application sends none".into(),
                    is_lost: false,
                });
                continue;
            }
            match proxy.why_not(piece, static_url) {
                Some(why) => proxy.left.push(Left {
                    place: piece.place.clone(),
                    what: first_line(&piece.text),
                    why,
                    is_lost: false,
                }),
                None => proxy.add(piece),
            }
        }
        proxy
    }

    fn add(&mut self, piece: &Piece) {
        // Ours add headers in the server: those from above it would not be sent.
        let is_header = piece.name == "add_header" && piece.level == Level::Http;
        let (into, depth) = match piece.level {
            Level::Http if is_header => (&mut self.server, 8),
            Level::Http => (&mut self.http, 4),
            Level::Server => (&mut self.server, 8),
            Level::Location => (&mut self.locations, 8),
            Level::Root => (&mut self.root, 12),
        };
        let text = indented(&piece.text, depth);
        if !into.contains(&text) {
            into.push(text);
        }
        self.has_root |= piece.level == Level::Location && piece.arguments == ["/"];
        if !piece.files.is_empty() {
            self.files.push(piece.files.clone());
        }
    }

    /// Why a directive does not go on; `None` for one that does.
    fn why_not(&self, piece: &Piece, static_url: Option<&str>) -> Option<String> {
        let first = piece.arguments.first().map_or("", String::as_str);
        if piece.level == Level::Location {
            let path = piece.arguments.last().map_or("", String::as_str);
            let is_static = static_url.is_some_and(|url| {
                path.trim_matches(['^', '~', ' ']).trim_matches('/') == url.trim_matches('/')
            });
            let served = "static files are in the image of the proxy, built with the code";
            return (is_static && !piece.files.is_empty()).then(|| served.to_owned());
        }
        if piece.name == "proxy_set_header" {
            let is_ours = HEADERS.contains(&first.to_ascii_lowercase().as_str());
            return is_ours.then(|| "ours sets or empties it, so that no client does".to_owned());
        }
        let redirects = matches!(piece.name.as_str(), "return" | "rewrite" | "if")
            && piece.level == Level::Server
            && piece.text.contains("https://");
        if redirects || piece.name.starts_with("ssl_") {
            return Some(
                "TLS ends in front of this stack, and whoever ends it redirects".to_owned(),
            );
        }
        let ours = OURS.iter().find(|(name, _)| *name == piece.name);
        if let Some((_, why)) = ours {
            return Some((*why).to_owned());
        }
        let is_map = piece.name == "map"
            && piece.arguments.last().is_some_and(|name| name == "$connection_upgrade");
        is_map.then(|| "ours has it".to_owned())
    }
}

/// The variable of ours for a header that a configuration sends with every answer.
fn header_of_ours(piece: &Piece) -> Option<&'static str> {
    let is_for_all = matches!(piece.level, Level::Http | Level::Server);
    let name = piece.arguments.first().filter(|_| piece.name == "add_header" && is_for_all)?;
    match name.to_ascii_lowercase().as_str() {
        "x-content-type-options" => Some("content_type_options"),
        "x-frame-options" => Some("frame_options"),
        "referrer-policy" => Some("referrer_policy"),
        _ => None,
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end_matches(['{', ' ']).to_owned()
}

fn indented(text: &str, depth: usize) -> String {
    let space = " ".repeat(depth);
    let line = |line: &str| match line.trim().is_empty() {
        true => String::new(),
        false => format!("{space}{}", line.trim_end()),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
