//! The configuration of the nginx that stands in front of the application: its
//! directives as pieces, each with what it is about.

use serde::{Deserialize, Serialize};

use crate::detect::compose::front;
use crate::detect::facts::Facts;
use crate::detect::tree::Tree;
use crate::schema::Role;
use crate::source::nginx::{self, Directive};
use crate::source::text::Text;

/// Where a directive stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Beside the servers.
    Http,
    /// In a server.
    #[default]
    Server,
    /// A location of a server.
    Location,
    /// In the location `/`, which passes everything on to the application.
    Root,
}

/// A directive, its block included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Piece {
    /// Where it stands.
    pub level: Level,
    /// Its name.
    pub name: String,
    /// Its arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Its text; the application's address in it is that of ours.
    pub text: String,
    /// Its file and line.
    pub place: String,
    /// A directory whose files it serves; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub files: String,
}

/// The pieces of every file that the nginx service is given.
pub(super) fn find(tree: &Tree, facts: &Facts) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let Some(carried) = facts.carried.value() else { return pieces };
    let roles = [Role::Nginx, Role::Web].map(|role| carried.roles.get(&role));
    let [Some(proxy), Some(web)] = roles else { return pieces };
    let services = carried.document().services();
    let named = |name: &str| services.iter().find(|own| own.name == name);
    let [Some(proxy), Some(web)] = [named(proxy), named(web)] else { return pieces };
    let names = &front::names(web);
    let files = front::files(tree, carried.directory(), proxy);
    for path in files.iter().filter(|path| !path.ends_with("mime.types")) {
        let text = Text::new(path.as_str(), tree.text(path).unwrap_or_default());
        let Ok(read) = nginx::read(&text.text) else { continue };
        let http = read.iter().find(|own| own.name == "http");
        let top: Vec<&Directive> = match http {
            Some(http) => http.inside().iter().collect(),
            None => read.iter().collect(),
        };
        let upstreams: Vec<String> = top
            .iter()
            .filter(|own| own.name == "upstream")
            .filter(|own| own.inside().iter().any(|server| names.contains(&host(server.first()))))
            .map(|own| own.first().to_owned())
            .collect();
        let reader = Reader { text: &text, names, upstreams };
        // Of the whole program's settings only a few are about requests.
        if http.is_some() {
            let events = read.iter().find(|own| own.name == "events");
            let events = events.iter().flat_map(|own| own.inside());
            pieces.extend(events.map(|own| reader.piece(own, Level::Http)));
        }
        for own in top {
            match own.name.as_str() {
                "server" => reader.server(own, &mut pieces),
                "upstream" if reader.upstreams.iter().any(|name| name == own.first()) => {}
                _ => pieces.push(reader.piece(own, Level::Http)),
            }
        }
    }
    pieces
}

struct Reader<'a> {
    text: &'a Text,
    /// What the application's container is called.
    names: &'a [String],
    /// Upstreams that are the application.
    upstreams: Vec<String>,
}

impl Reader<'_> {
    fn server(&self, server: &Directive, pieces: &mut Vec<Piece>) {
        for own in server.inside() {
            let is_root = own.name == "location" && own.arguments == ["/"];
            let passes =
                own.get("proxy_pass").is_some_and(|pass| self.is_application(pass.first()));
            if is_root && passes {
                pieces.extend(own.inside().iter().map(|own| self.piece(own, Level::Root)));
            } else {
                let level = if own.name == "location" { Level::Location } else { Level::Server };
                pieces.push(self.piece(own, level));
            }
        }
    }

    fn is_application(&self, address: &str) -> bool {
        let host = host(address);
        self.names.contains(&host) || self.upstreams.contains(&host)
    }

    fn piece(&self, own: &Directive, level: Level) -> Piece {
        let served = ["alias", "root"].iter().find_map(|name| own.get(name));
        let text = &self.text.text;
        let mut written = text[own.span.start..own.end()].to_owned();
        let passes = own.inside().iter().filter(|inner| inner.name == "proxy_pass");
        for pass in passes.filter(|pass| self.is_application(pass.first())) {
            let address = pass.first();
            let scheme = address.find("://").map_or(0, |at| at + 3);
            let rest = address[scheme..].find('/').map_or("", |at| &address[scheme + at..]);
            written = written.replace(address, &format!("http://application{rest}"));
        }
        Piece {
            level,
            name: own.name.clone(),
            arguments: own.arguments.clone(),
            text: dedented(text, own.span.start, &written),
            place: format!("{}:{}", self.text.path, self.text.line(own.span.start)),
            files: served.map(|own| own.first().to_owned()).unwrap_or_default(),
        }
    }
}

/// The host of an address: `http://web:8000/x` is `web`.
fn host(address: &str) -> String {
    let bare = address.split_once("://").map_or(address, |(_, rest)| rest);
    bare.split(['/', ':']).next().unwrap_or_default().to_owned()
}

/// Lines of a directive as if it stood at the beginning of a line.
fn dedented(text: &str, start: usize, written: &str) -> String {
    let column = start - text[..start].rfind('\n').map_or(0, |at| at + 1);
    let cut = |line: &str| {
        let blank = line.len() - line.trim_start().len();
        line[blank.min(column)..].to_owned()
    };
    let mut lines = written.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    std::iter::once(first).chain(lines.map(cut)).collect::<Vec<_>>().join("\n")
}
