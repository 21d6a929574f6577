//! One service of a compose file.

use crate::relpath;
use crate::source::compose::yaml::{Item, Node};
use crate::source::compose::{Mount, Port, interpolate};

/// A service and everything it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The line of its name.
    pub line: usize,
    /// The file its name is in, of those that were merged.
    pub file: usize,
    /// Its keys.
    pub item: Item,
}

/// How a service's image is built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Build {
    /// The directory, as it is written.
    pub context: String,
    /// The Dockerfile, relative to the context; empty for the usual one.
    pub dockerfile: String,
    /// The stage; empty for the last one.
    pub target: String,
    /// Arguments with a value, variables of it at their defaults.
    pub args: Vec<(String, String)>,
}

impl Build {
    /// The context and the Dockerfile, seen from the directory that is read,
    /// for a project in `directory`; `None` where one is out of reach.
    /// Variables stand at their defaults.
    #[must_use]
    pub fn paths(&self, directory: &str) -> Option<(String, String)> {
        let context = relpath::join(directory, &interpolate::defaults(&self.context))?;
        let name = interpolate::defaults(&self.dockerfile);
        let name = if name.is_empty() { "Dockerfile" } else { &name };
        let dockerfile = relpath::join(&context, name)?;
        Some((context, dockerfile))
    }
}

impl Service {
    /// A service by its name and its keys.
    #[must_use]
    pub fn of(name: &Item, item: Item) -> Self {
        Self { name: name.scalar().unwrap_or_default(), line: name.line, file: name.file, item }
    }

    /// A key's scalar.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<String> {
        self.item.get(key)?.scalar()
    }

    /// Whether a key is there and true.
    #[must_use]
    pub fn is(&self, key: &str) -> bool {
        self.item.get(key).and_then(Item::truth) == Some(true)
    }

    /// The line of a key's value, or the service's own.
    #[must_use]
    pub fn line_of(&self, key: &str) -> usize {
        self.item.get(key).map_or(self.line, |item| item.line)
    }

    /// The image.
    #[must_use]
    pub fn image(&self) -> Option<String> {
        self.text("image")
    }

    /// How the image is built, in its short or long form.
    #[must_use]
    pub fn build(&self) -> Option<Build> {
        let item = self.item.get("build")?;
        if let Some(context) = item.scalar() {
            return Some(Build { context, ..Build::default() });
        }
        let text = |key: &str| item.get(key).and_then(Item::scalar);
        Some(Build {
            context: text("context").unwrap_or_else(|| ".".to_owned()),
            dockerfile: text("dockerfile").unwrap_or_default(),
            target: text("target").unwrap_or_default(),
            args: item
                .get("args")
                .into_iter()
                .flat_map(Item::assignments)
                .filter_map(|(name, value, _)| Some((name, interpolate::defaults(&value?))))
                .collect(),
        })
    }

    /// Arguments of its build, in their order; without a value, the shell's is handed
    /// through.
    #[must_use]
    pub fn build_arguments(&self) -> Vec<(String, Option<String>)> {
        let Some(arguments) = self.item.get("build").and_then(|build| build.get("args")) else {
            return Vec::new();
        };
        let listed = arguments.items().iter().filter_map(|item| {
            let text = item.scalar()?;
            Some(match text.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (text, None),
            })
        });
        let mapped =
            arguments.entries().filter_map(|(name, value)| Some((name.scalar()?, value.scalar())));
        listed.chain(mapped).collect()
    }

    /// Entry point and command in one line, as a shell would read them; empty
    /// where both are the image's own.
    #[must_use]
    pub fn command(&self) -> String {
        let words = |key: &str| match self.item.get(key) {
            Some(item) if item.scalar().is_some() => item.scalar().unwrap_or_default(),
            Some(item) => {
                let words = item.scalars();
                words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
            }
            None => String::new(),
        };
        format!("{} {}", words("entrypoint"), words("command")).trim().to_owned()
    }

    /// The variables it sets, in their order; without a value, the shell's is
    /// handed through.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, Option<String>)> {
        self.variables().map(|(name, value, _)| (name, value)).collect()
    }

    /// The variables it sets, each with the entry of a list or the value of a
    /// mapping that says it.
    pub fn variables(&self) -> impl Iterator<Item = (String, Option<String>, &Item)> {
        self.item.get("environment").into_iter().flat_map(Item::assignments)
    }

    /// The value of one variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        self.environment().into_iter().rev().find(|(own, _)| own == name)?.1
    }

    /// The files its variables come from.
    #[must_use]
    pub fn env_files(&self) -> Vec<String> {
        let Some(item) = self.item.get("env_file") else { return Vec::new() };
        let of_entry = |entry: &Item| entry.scalar().or_else(|| entry.get("path")?.scalar());
        match of_entry(item) {
            Some(path) => vec![path],
            None => item.items().iter().filter_map(of_entry).collect(),
        }
    }

    /// The ports it publishes.
    #[must_use]
    pub fn ports(&self) -> Vec<Port> {
        let items = self.item.get("ports").map_or(&[][..], Item::items);
        items.iter().filter_map(Port::read).collect()
    }

    /// What it mounts.
    #[must_use]
    pub fn mounts(&self) -> Vec<Mount> {
        let items = self.item.get("volumes").map_or(&[][..], Item::items);
        items.iter().filter_map(Mount::read).collect()
    }

    /// Names below a key that is a list or a mapping: `depends_on`,
    /// `networks`, `links`.
    #[must_use]
    pub fn names(&self, key: &str) -> Vec<String> {
        let Some(item) = self.item.get(key) else { return Vec::new() };
        match &item.node {
            Node::Map(_) => item.entries().filter_map(|(name, _)| name.scalar()).collect(),
            _ => item.scalars(),
        }
    }

    /// Services this one needs: `depends_on` and `links`.
    #[must_use]
    pub fn needs(&self) -> Vec<String> {
        let linked = self.names("links");
        let linked = linked.iter().map(|link| link.split(':').next().unwrap_or(link).to_owned());
        self.names("depends_on").into_iter().chain(linked).collect()
    }

    /// Memory it may take, as it is written; `None` for no limit.
    #[must_use]
    pub fn memory_limit(&self) -> Option<String> {
        let deploy = self.item.get("deploy").and_then(|item| item.get("resources"));
        let limit = deploy.and_then(|item| item.get("limits")).and_then(|item| item.get("memory"));
        limit.or_else(|| self.item.get("mem_limit"))?.scalar().filter(|text| text != "0")
    }
}

/// A word as a shell takes it for one word.
fn quoted(word: &str) -> String {
    if word.contains(char::is_whitespace) {
        format!("'{}'", word.replace('\'', "'\\''"))
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use crate::source::compose::Document;

    fn service(text: &str) -> super::Service {
        let document = Document::read(&format!("services:\n  it:\n{text}")).unwrap();
        document.services().remove(0)
    }

    #[test]
    fn variables_are_read_from_lists_and_mappings() {
        let list = service("    environment:\n      - A=1=2\n      - B\n      - C=\n");
        let map = service("    environment:\n      A: 1=2\n      B:\n      C: ''\n");
        let expected = [
            ("A".to_owned(), Some("1=2".to_owned())),
            ("B".to_owned(), None),
            ("C".to_owned(), Some(String::new())),
        ];
        assert_eq!(list.environment(), expected);
        assert_eq!(map.environment(), expected);
    }

    #[test]
    fn builds_commands_and_env_files_have_short_and_long_forms() {
        let long = service(
            "    build: {context: ./app, dockerfile: prod.Dockerfile, target: web}\n\
             \x20   command: [sh, -c, 'a && b']\n    env_file:\n      - path: .env.prod\n      - .env\n",
        );
        assert_eq!(long.build().unwrap().context, "./app");
        assert_eq!(long.command(), "sh -c 'a && b'");
        assert_eq!(long.env_files(), [".env.prod", ".env"]);
        let short = service(
            "    build: .\n    entrypoint: ./start\n    command: web\n    env_file: .env\n",
        );
        assert_eq!(short.build().unwrap().context, ".");
        assert_eq!(short.command(), "./start web");
        assert_eq!(short.env_files(), [".env"]);
    }

    #[test]
    fn what_is_built_is_found_from_the_directory_that_is_read() {
        let paths = |text: &str| service(text).build().unwrap().paths("deploy");
        let both = |one: &str, other: &str| Some((one.to_owned(), other.to_owned()));
        assert_eq!(paths("    build: ..\n"), both(".", "Dockerfile"));
        assert_eq!(
            paths("    build: {context: '${DIR:-../app}', dockerfile: ../web.Dockerfile}\n"),
            both("app", "web.Dockerfile")
        );
        for out in ["../..", "/srv", "https://host/x.git", "${DIR}"] {
            let found = paths(&format!("    build: '{out}'\n"));
            assert!(found.is_none() || out == "${DIR}", "{out}: {found:?}");
        }
    }

    #[test]
    fn what_a_service_extends_is_its_own() {
        let document = Document::read(
            "services:\n  base:\n    image: a\n    environment: {X: 1, Y: 2}\n    ports: ['1:1']\n\
             \x20 own:\n    extends: {service: base}\n    environment: {Y: 3}\n    ports: ['2:2']\n",
        )
        .unwrap();
        let own = document.services().remove(1);
        assert_eq!(own.image().as_deref(), Some("a"));
        assert_eq!(own.variable("X").as_deref(), Some("1"));
        assert_eq!(own.variable("Y").as_deref(), Some("3"));
        assert_eq!(own.ports().len(), 2);
    }

    #[test]
    fn needs_and_limits_are_read_in_both_forms() {
        let own = service(
            "    depends_on: {db: {condition: service_healthy}}\n    links: ['cache:redis']\n\
             \x20   deploy: {resources: {limits: {memory: 1G}}}\n",
        );
        assert_eq!(own.needs(), ["db", "cache"]);
        assert_eq!(own.memory_limit().as_deref(), Some("1G"));
        assert_eq!(service("    mem_limit: 512m\n").memory_limit().as_deref(), Some("512m"));
    }
}
