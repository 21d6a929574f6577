//! Mounts, in Compose's short and long form.

use crate::source::compose::interpolate;
use crate::source::compose::yaml::{Item, Node};

/// What a mount shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A named volume.
    Volume(String),
    /// A path of the host.
    Bind(String),
    /// A volume without a name, which belongs to one container.
    Anonymous,
    /// Memory, or another kind that keeps nothing.
    Nothing,
}

/// One entry of `volumes` of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// What it shows.
    pub source: Source,
    /// Where in the container, without a slash at its end.
    pub target: String,
    /// What follows the target in the short form: `ro`, `cached`.
    pub options: String,
    /// Its line.
    pub line: usize,
}

impl Mount {
    /// Whether it shows what another mount shows: a named volume, or a path of the host.
    #[must_use]
    pub fn shares(&self, other: &Self) -> bool {
        matches!(self.source, Source::Volume(_) | Source::Bind(_)) && self.source == other.source
    }

    /// Reads one entry; `None` where it is neither form.
    #[must_use]
    pub fn read(item: &Item) -> Option<Self> {
        if let Node::Map(_) = item.node {
            return Self::long(item);
        }
        let text = item.scalar()?;
        let parts = interpolate::split(&text, ':');
        // `${SRC:-./public:/app/public}` holds both sides.
        let whole = interpolate::defaults(&text);
        let parts = if parts.len() == 1 { interpolate::split(&whole, ':') } else { parts };
        let (source, target, options) = match parts.as_slice() {
            [target] => (Source::Anonymous, *target, String::new()),
            [source, target] => (source_of(source), *target, String::new()),
            [drive, rest, target, options @ ..] if is_drive(drive, rest) => {
                (Source::Bind(format!("{drive}:{rest}")), *target, options.join(":"))
            }
            [source, target, options @ ..] => (source_of(source), *target, options.join(":")),
            [] => return None,
        };
        Some(Self { source, target: tidy(target), options, line: item.line })
    }

    fn long(item: &Item) -> Option<Self> {
        let text = |key: &str| item.get(key).and_then(Item::scalar);
        let source = match (text("type").as_deref(), text("source")) {
            (Some("bind"), Some(source)) => Source::Bind(source),
            (Some("volume") | None, Some(source)) => Source::Volume(source),
            (Some("volume") | None, None) => Source::Anonymous,
            _ => Source::Nothing,
        };
        let read_only = item.get("read_only").and_then(Item::truth) == Some(true);
        let options = if read_only { "ro".to_owned() } else { String::new() };
        Some(Self { source, target: tidy(&text("target")?), options, line: item.line })
    }

    /// The named volume it shows.
    #[must_use]
    pub fn volume(&self) -> Option<&str> {
        match &self.source {
            Source::Volume(name) => Some(name),
            _ => None,
        }
    }

    /// The path of the host it shows.
    #[must_use]
    pub fn bind(&self) -> Option<&str> {
        match &self.source {
            Source::Bind(path) => Some(path),
            _ => None,
        }
    }
}

/// As Compose does on every system: whether these are `C` and `\data` of `C:\data`, or the same with `/`.
fn is_drive(letter: &str, rest: &str) -> bool {
    letter.len() == 1
        && letter.starts_with(|own: char| own.is_ascii_alphabetic())
        && rest.starts_with(['\\', '/'])
}

fn tidy(target: &str) -> String {
    let target = interpolate::defaults(target);
    let tidy = target.trim_end_matches('/');
    if tidy.is_empty() { target } else { tidy.to_owned() }
}

fn source_of(text: &str) -> Source {
    let value = interpolate::defaults(text);
    if value.starts_with(['.', '/', '~']) || value.contains('\\') || value.is_empty() {
        Source::Bind(text.to_owned())
    } else {
        Source::Volume(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::compose::yaml;

    #[test]
    fn every_way_to_mount_is_read() {
        let list = yaml::read(
            "- data:/var/lib/postgresql/data/\n- ./pg:/data:cached\n- /var/lib/mysql\n\
             - ${DIR:-.}/media:/media:ro\n- {type: bind, source: ./a, target: /b, read_only: true}\n\
             - {type: tmpfs, target: /tmp}\n- {type: volume, source: v, target: /v}\n\
             - '${BOTH:-./public:/app/public}'\n- C:\\data:/data\n- d:/data:/data:ro\n",
        )
        .unwrap();
        let mounts: Vec<Mount> = list.items().iter().filter_map(Mount::read).collect();
        let bind = |text: &str| Source::Bind(text.to_owned());
        let sources: Vec<&Source> = mounts.iter().map(|mount| &mount.source).collect();
        assert_eq!(
            sources,
            [
                &Source::Volume("data".into()),
                &bind("./pg"),
                &Source::Anonymous,
                &bind("${DIR:-.}/media"),
                &bind("./a"),
                &Source::Nothing,
                &Source::Volume("v".into()),
                &bind("./public"),
                &bind("C:\\data"),
                &bind("d:/data"),
            ]
        );
        assert_eq!(mounts[0].target, "/var/lib/postgresql/data");
        assert_eq!(mounts[1].options, "cached");
        assert_eq!(mounts[4].options, "ro");
        assert_eq!(mounts[7].target, "/app/public");
        assert_eq!((mounts[8].target.as_str(), mounts[8].options.as_str()), ("/data", ""));
        assert_eq!((mounts[9].target.as_str(), mounts[9].options.as_str()), ("/data", "ro"));
    }
}
