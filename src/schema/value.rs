//! One answer's value, read by the type its key has.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::error::nearest;
use crate::relpath::RelPath;
use crate::schema::address::{self, Use};
use crate::schema::writable::Writable;
use crate::units::{MiB, MilliCpu};

/// The type of a key: how its text is read and what is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// One or several of a few words: an array, or text with commas.
    Words(&'static [&'static str]),
    /// `true` or `false`.
    Bool,
    /// A whole number within bounds, both included.
    Count(u64, u64),
    /// A duration in seconds: `30` or `30s`.
    Seconds,
    /// An amount of memory with its unit.
    Memory,
    /// A number of CPUs.
    Cpus,
    /// A DNS label (RFC 1123): what Compose, image names and hostnames accept.
    Label,
    /// A service's name, as a compose file may have it.
    Service,
    /// A host name, or nothing.
    Hostname,
    /// An IPv4 or IPv6 address to listen on.
    Address,
    /// Proxies whose headers are believed: `none`, `host`, or addresses and
    /// networks as an array or text with commas.
    Proxies,
    /// A path inside the repository.
    Path,
    /// A directory of the repository; `.` is its top.
    Directory,
    /// Paths inside the repository: an array, or text with commas.
    Paths,
    /// Paths the code writes to: [`Kind::Paths`], of which those that end in
    /// `:tmpfs` need not outlive the container.
    Writable,
    /// A Python object, `shop.wsgi:application`, or nothing. A factory may
    /// have its parentheses.
    Object,
    /// A Python module with or without an object in it, or nothing.
    Module,
    /// The path of a route, `/health`, or nothing.
    Route,
    /// A day or a moment, `2024-05-01` or `2024-05-01T12:00:00Z`, or nothing.
    Moment,
    /// An image reference with a tag or digest.
    Image,
    /// A registry prefix such as `registry.example.com/mirror`, or nothing.
    Registry,
    /// One line for a shell, or nothing.
    CommandLine,
    /// The name of an image without a tag, such as
    /// `registry.example.com/team/shop`, or nothing.
    Repository,
    /// A Dockerfile frontend such as `docker/dockerfile:1`, or nothing.
    Frontend,
    /// An address without credentials, or nothing.
    Url(Use),
    /// Such addresses: an array, or text with commas.
    Urls(Use),
    /// Hosts, domains and networks: an array, or text with commas.
    Hosts,
    /// A file inside the repository that a Dockerfile can name, or nothing.
    File,
}

/// A checked value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Text, choices and names.
    Text(String),
    /// A switch.
    Bool(bool),
    /// A count, or seconds.
    Count(u64),
    /// Memory.
    Memory(MiB),
    /// CPUs.
    Cpus(MilliCpu),
    /// A list of texts.
    List(Vec<String>),
}

impl Kind {
    /// Reads `text` as this type.
    ///
    /// # Errors
    /// A sentence with what was expected; where it is a misspelt choice, with
    /// the nearest one.
    pub fn read(self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        match self {
            Self::Choice(choices) => choice(text, choices),
            Self::Words(choices) => words(text, choices),
            Self::Bool => match text {
                "true" | "yes" | "on" => Ok(Value::Bool(true)),
                "false" | "no" | "off" => Ok(Value::Bool(false)),
                _ => Err(format!("`{text}` is neither true nor false")),
            },
            Self::Count(least, most) => match text.parse::<u64>() {
                Ok(count) if (least..=most).contains(&count) => Ok(Value::Count(count)),
                _ => Err(format!("`{text}` is no whole number from {least} to {most}")),
            },
            Self::Seconds => {
                let number = text.strip_suffix('s').unwrap_or(text);
                match number.parse::<u64>() {
                    Ok(seconds) if (1..=31_536_000).contains(&seconds) => Ok(Value::Count(seconds)),
                    _ => Err(format!("`{text}` is no number of seconds from 1 to 31536000")),
                }
            }
            Self::Memory => MiB::parse(text).map(Value::Memory),
            Self::Cpus => MilliCpu::parse(text).map(Value::Cpus),
            Self::Label => label(text),
            Self::Service => service(text),
            Self::Hostname => hostname(text),
            Self::Address => match text.parse::<std::net::IpAddr>() {
                Ok(address) => Ok(Value::Text(address.to_string())),
                Err(_) => Err(format!(
                    "`{text}` is no IP address; 127.0.0.1 keeps the service on this host, 0.0.0.0 opens it"
                )),
            },
            Self::Proxies => address::proxies(text),
            Self::Path => RelPath::new(text).map(|path| Value::Text(path.to_string())),
            Self::Directory => directory(text),
            Self::Paths => list(text, RelPath::new),
            Self::Writable => list(text, Writable::read),
            Self::Object | Self::Module | Self::Route | Self::Moment if text.is_empty() => {
                Ok(Value::Text(String::new()))
            }
            Self::Object => object(text),
            Self::Module => module(text),
            Self::Route => route(text),
            Self::Moment => moment(text),
            Self::Image => image(text),
            Self::Registry | Self::Repository | Self::Frontend if text.is_empty() => {
                Ok(Value::Text(String::new()))
            }
            Self::CommandLine if text.contains(char::is_control) => {
                Err("a command is one line; what is longer goes into a script of yours".to_owned())
            }
            Self::CommandLine => Ok(Value::Text(text.to_owned())),
            Self::Repository => repository(text),
            Self::Registry => registry(text.trim_end_matches('/')),
            Self::Frontend => image(text),
            Self::Url(of) => address::url(text, of),
            Self::Urls(of) => address::urls(text, of),
            Self::Hosts => address::hosts(text),
            Self::File => address::file(text),
        }
    }

    /// What is accepted, for help and the JSON Schema.
    #[must_use]
    pub fn expects(self) -> String {
        match self {
            Self::Choice(choices) => choices.join(" | "),
            Self::Words(choices) => format!("{}, or an array of them", choices.join(" | ")),
            Self::Bool => "true | false".into(),
            Self::Count(least, most) => format!("{least} to {most}"),
            Self::Seconds => "seconds".into(),
            Self::Memory => "memory, like 512MiB or 2GiB".into(),
            Self::Cpus => "CPUs, like 0.5 or 2".into(),
            Self::Label => "lower-case letters, digits and hyphens".into(),
            Self::Service => "letters, digits, `.`, `_` and `-`".into(),
            Self::Hostname => "a host name, or empty".into(),
            Self::Address => "an IP address".into(),
            Self::Proxies => {
                "none, host, or an array of addresses and networks, like 10.0.0.0/8".into()
            }
            Self::Path => "a path inside the repository".into(),
            Self::Directory => "a directory inside the repository; . is its top".into(),
            Self::Paths => "an array of paths inside the repository".into(),
            Self::Writable => {
                "an array of paths, inside the repository or absolute in the container; a name with an ending is a file, with a slash behind it a directory; path:tmpfs is emptied with the container"
                    .into()
            }
            Self::Object => "a Python object, like shop.wsgi:application, or empty".into(),
            Self::Module => "a Python module, like shop.settings, or empty".into(),
            Self::Route => "the path of a route, like /health, or empty".into(),
            Self::Moment => "a day or a moment, like 2024-05-01, or empty".into(),
            Self::Image => "an image with a tag or digest".into(),
            Self::Registry => "a registry prefix, or empty".into(),
            Self::CommandLine => "a command in one line, or empty".into(),
            Self::Repository => "an image's name without a tag, or empty".into(),
            Self::Frontend => "a Dockerfile frontend image, or empty".into(),
            Self::Url(_) => "an address without credentials, or empty".into(),
            Self::Urls(_) => "an array of addresses without credentials".into(),
            Self::Hosts => "an array of hosts, .domains and networks".into(),
            Self::File => "a file inside the repository, or empty".into(),
        }
    }
}

fn directory(text: &str) -> Result<Value, String> {
    let text = text.trim_end_matches('/');
    let text = text.strip_prefix("./").unwrap_or(text);
    if matches!(text, "" | ".") {
        return Ok(Value::Text(".".into()));
    }
    RelPath::new(text).map(|path| Value::Text(path.to_string()))
}

/// Items between commas; in brackets and quotes, as dockwright.toml has them, too.
fn items(text: &str) -> impl Iterator<Item = &str> {
    let text = text.trim();
    let listed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    listed
        .unwrap_or(text)
        .split(',')
        .map(move |item| match listed {
            Some(_) => item.trim().trim_matches(['"', '\'']),
            None => item.trim(),
        })
        .filter(|item| !item.is_empty())
}

/// Items between commas, each a path once `bare` has taken off what it may
/// end in.
fn list<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Value, String> {
    let checked: Result<Vec<String>, String> =
        items(text).map(|item| read(item).map(|_| item.to_owned())).collect();
    checked.map(Value::List)
}

fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.starts_with(|c: char| c.is_ascii_digit())
            && !part.is_empty()
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

fn object(text: &str) -> Result<Value, String> {
    let bare = text.strip_suffix("()").unwrap_or(text);
    match bare.split_once(':') {
        // A file that starts its own server is called what it likes.
        Some((module, "__main__"))
            if !module.is_empty() && !module.contains(|c: char| c.is_whitespace() || c == ':') =>
        {
            Ok(Value::Text(text.to_owned()))
        }
        Some((module, name)) if is_dotted_name(module) && is_dotted_name(name) => {
            Ok(Value::Text(text.to_owned()))
        }
        _ => Err(format!(
            "`{text}` is no module and object, like shop.wsgi:application or shop:create_app"
        )),
    }
}

fn module(text: &str) -> Result<Value, String> {
    let (module, name) = text.split_once(':').unwrap_or((text, "app"));
    if is_dotted_name(module) && is_dotted_name(name) {
        return Ok(Value::Text(text.to_owned()));
    }
    Err(format!("`{text}` is no Python module, like shop.settings"))
}

fn route(text: &str) -> Result<Value, String> {
    let accepted = text.starts_with('/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/-._~%?=&".contains(c));
    if accepted {
        return Ok(Value::Text(text.to_owned()));
    }
    Err(format!("`{text}` is no path of a route, like /health"))
}

fn moment(text: &str) -> Result<Value, String> {
    let is_day = text.len() == "2024-05-01".len() && text.parse::<jiff::civil::Date>().is_ok();
    if is_day || text.parse::<jiff::Timestamp>().is_ok() {
        return Ok(Value::Text(text.to_owned()));
    }
    Err(format!("`{text}` is no day or moment, like 2024-05-01 or 2024-05-01T12:00:00Z"))
}

fn choice(text: &str, choices: &'static [&'static str]) -> Result<Value, String> {
    if choices.contains(&text) {
        return Ok(Value::Text(text.to_owned()));
    }
    let mut message = format!("`{text}` is none of {}", choices.join(", "));
    if let Some(near) = nearest(text, choices.iter().copied()) {
        message.push_str(&format!("; did you mean `{near}`?"));
    }
    Err(message)
}

/// Some of the words, each once, in the order of the choice.
fn words(text: &str, choices: &'static [&'static str]) -> Result<Value, String> {
    let mut wanted = Vec::new();
    for item in items(text) {
        wanted.push(choice(item, choices)?.to_string());
    }
    let is_wanted = |word: &&&str| wanted.iter().any(|item| item == **word);
    let words: Vec<String> = choices.iter().filter(is_wanted).map(|&word| word.into()).collect();
    match words.is_empty() {
        true => Err(format!("nothing is chosen of {}", choices.join(", "))),
        false => Ok(Value::List(words)),
    }
}

fn label(text: &str) -> Result<Value, String> {
    let accepted = !text.is_empty()
        && text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if accepted {
        return Ok(Value::Text(text.to_owned()));
    }
    let mut message = format!(
        "`{text}` is no usable name: at most 40 lower-case letters, digits and hyphens, first a letter"
    );
    if let Some(near) = label_near(text) {
        message.push_str(&format!("; `{near}` would do"));
    }
    Err(message)
}

fn service(text: &str) -> Result<Value, String> {
    let accepted = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.len() <= 63
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if accepted {
        return Ok(Value::Text(text.to_owned()));
    }
    Err(format!("`{text}` is no name of a service: letters, digits, `.`, `_` and `-`"))
}

/// A [`Kind::Label`] near a text that is none.
#[must_use]
pub fn label_near(text: &str) -> Option<String> {
    let replaced = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let near: String = text.to_ascii_lowercase().chars().map(replaced).collect();
    let mut near = near.trim_start_matches(|c: char| !c.is_ascii_lowercase()).to_owned();
    near.truncate(40);
    let near = near.trim_end_matches('-');
    (!near.is_empty() && near != text).then(|| near.to_owned())
}

/// A registry with a path. A login in it would end up in every file that names
/// an image.
fn registry(text: &str) -> Result<Value, String> {
    if text.contains('@') {
        let host = text.rsplit('@').next().unwrap_or_default();
        return Err(format!(
            "a registry has no login in it: `docker login {}` keeps it outside of the files",
            host.split('/').next().unwrap_or_default()
        ));
    }
    if text.contains("://") {
        return Err(format!("`{text}` is an address; a registry is `host/path`, without a scheme"));
    }
    reference(text)
}

/// An image's name as the reference grammar of registries has it: host and
/// port, then lower-case components. Tag and digest are a release's.
fn repository(text: &str) -> Result<Value, String> {
    registry(text)?;
    let (host, path) = match text.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => {
            (Some(host), path)
        }
        _ => (None, text),
    };
    if path.contains(':') {
        return Err(format!(
            "`{text}` has a tag; a repository has none: TAG in .env says which release runs"
        ));
    }
    let port = |host: &str| match host.split_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => Some(host.to_owned()),
        Some(_) => None,
        None => Some(host.to_owned()),
    };
    let is_host = host.is_none_or(|host| {
        port(host).is_some_and(|host| !host.is_empty() && hostname(&host).is_ok())
    });
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let component = |part: &str| {
        part.starts_with(lower)
            && part.ends_with(lower)
            && part.chars().all(|c| lower(c) || "._-".contains(c))
            && !part.contains("..")
            && !part.contains("___")
    };
    // Registries take 255 characters; the proxy's image has a longer name.
    let fits = text.len() + "-nginx".len() <= 255;
    if is_host && fits && path.split('/').all(component) {
        return Ok(Value::Text(text.to_owned()));
    }
    Err(format!(
        "`{text}` is no image's name: a host, then lower-case letters, digits and . _ - between slashes, like registry.example.com/team/shop"
    ))
}

fn hostname(text: &str) -> Result<Value, String> {
    let part = |part: &str| {
        !part.is_empty()
            && part.len() <= 63
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    if text.is_empty() || (text.len() <= 253 && text.split('.').all(part)) {
        return Ok(Value::Text(text.to_ascii_lowercase()));
    }
    Err(format!(
        "`{text}` is no host name; write it without scheme, port or path, like shop.example.com"
    ))
}

fn reference(text: &str) -> Result<Value, String> {
    let accepted =
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:@".contains(c));
    if accepted {
        Ok(Value::Text(text.to_owned()))
    } else {
        Err(format!("`{text}` is no image reference; write it without a scheme"))
    }
}

fn image(text: &str) -> Result<Value, String> {
    reference(text)?;
    if text.contains('@') && !text.contains("@sha256:") {
        return Err("an image has no login in its name, and a digest is `@sha256:…`".to_owned());
    }
    let name = text.rsplit('/').next().unwrap_or(text);
    if text.contains("@sha256:") || name.contains(':') && !name.ends_with(":latest") {
        Ok(Value::Text(text.to_owned()))
    } else {
        Err(format!("`{text}` has no tag that pins it; write it like postgres:18-trixie"))
    }
}

impl Value {
    /// The text of a text value, otherwise its display form.
    #[must_use]
    pub fn text(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Bool(switch) => write!(f, "{switch}"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Memory(MiB(mebibytes)) if mebibytes.is_multiple_of(1024) => {
                write!(f, "{}GiB", mebibytes / 1024)
            }
            Self::Memory(MiB(mebibytes)) => write!(f, "{mebibytes}MiB"),
            Self::Cpus(MilliCpu(milli)) => write!(f, "{}", f64::from(*milli) / 1000.0),
            Self::List(items) => f.write_str(&items.join(",")),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(switch) => serializer.serialize_bool(*switch),
            Self::Count(count) => serializer.serialize_u64(*count),
            Self::List(items) => items.serialize(serializer),
            other => serializer.serialize_str(&other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_choice_names_the_nearest() {
        let kind = Kind::Choice(&["none", "postgres", "external"]);
        let message = kind.read("postgress").unwrap_err();
        assert!(message.contains("did you mean `postgres`?"), "{message}");
    }

    #[test]
    fn words_are_listed_as_a_flag_and_as_a_document_has_them() {
        let kind = Kind::Words(&["compose", "kubernetes", "ecs"]);
        let two = Ok(Value::List(vec!["compose".into(), "ecs".into()]));
        for text in ["ecs,compose", " ecs , compose", "[ecs, compose]", "[\"ecs\", 'compose',]"] {
            assert_eq!(kind.read(text), two, "{text}");
        }
        for text in ["", "[]", "[ecs", "ecs compose", "[x]"] {
            assert!(kind.read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_bad_name_comes_with_one_that_would_do() {
        let message = Kind::Label.read("My Shop!").unwrap_err();
        assert!(message.contains("`my-shop` would do"), "{message}");
        assert!(Kind::Label.read("3shop").is_err());
        assert!(Kind::Label.read("shop-").is_err());
    }

    #[test]
    fn a_host_name_has_no_scheme_port_or_path() {
        for text in ["https://x.de", "x.de:80", "x.de/a", "-x.de", "x..de", "a_b.de"] {
            assert!(Kind::Hostname.read(text).is_err(), "{text}");
        }
        assert_eq!(
            Kind::Hostname.read("Shop.Example.com"),
            Ok(Value::Text("shop.example.com".into()))
        );
        assert_eq!(Kind::Hostname.read(""), Ok(Value::Text(String::new())));
    }

    #[test]
    fn lists_of_paths_hold_only_paths_inside() {
        assert_eq!(
            Kind::Paths.read("uv.lock, pyproject.toml"),
            Ok(Value::List(vec!["uv.lock".into(), "pyproject.toml".into()]))
        );
        assert_eq!(Kind::Paths.read(""), Ok(Value::List(Vec::new())));
        assert!(Kind::Paths.read("uv.lock,../x").is_err());
        assert!(Kind::Paths.read("media:tmpfs").is_err());
        assert_eq!(
            Kind::Writable.read("media,var/cache:tmpfs"),
            Ok(Value::List(vec!["media".into(), "var/cache:tmpfs".into()]))
        );
    }

    #[test]
    fn an_application_is_a_module_and_an_object_in_it() {
        for good in ["main:app", "shop.wsgi:application", "shop:create_app()", "a.b:c.d", ""] {
            assert!(Kind::Object.read(good).is_ok(), "{good}");
        }
        for bad in ["main", "main:", ":app", "a-b:app", "1a:app", "a:b c"] {
            assert!(Kind::Object.read(bad).is_err(), "{bad}");
        }
        assert!(Kind::Module.read("shop.settings").is_ok());
        assert!(Kind::Module.read("shop/settings").is_err());
        assert!(Kind::Route.read("/health/").is_ok());
        assert!(Kind::Route.read("health").is_err() && Kind::Route.read("/a b").is_err());
    }

    #[test]
    fn the_top_directory_is_a_dot() {
        for text in [".", "", "./"] {
            assert_eq!(Kind::Directory.read(text), Ok(Value::Text(".".into())), "{text}");
        }
        assert_eq!(Kind::Directory.read("./backend/"), Ok(Value::Text("backend".into())));
        assert!(Kind::Directory.read("../x").is_err());
    }

    #[test]
    fn an_image_must_be_pinned() {
        assert!(Kind::Image.read("postgres").is_err());
        assert!(Kind::Image.read("postgres:latest").is_err());
        assert!(Kind::Image.read("localhost:5000/postgres").is_err());
        assert!(Kind::Image.read("localhost:5000/postgres:18").is_ok());
    }
}
