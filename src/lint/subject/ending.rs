//! What a service of a project starts: something that stays, or something that
//! ends.

use super::container::Kind;
use super::member::Member;
use crate::source::compose::Item;

impl Member<'_> {
    /// Whether it does something and ends: it says so itself, or others wait
    /// for its end.
    #[must_use]
    pub fn runs_once(&self) -> bool {
        let restart = self.service.item.get("restart");
        // A variable may say another thing elsewhere.
        let says_no = restart.is_some_and(|item| {
            item.scalar().as_deref() == Some("no") && !self.written(item).contains('$')
        });
        // A store is no store where its image is taken for a client of its.
        let is_open = matches!(self.kind(), Kind::Other | Kind::Own)
            || self.runs_client()
            || self.kind().is_store() && self.starts_another_program();
        let waited = self.deployment.services.iter().any(|other| {
            let on = other.item.get("depends_on").and_then(|on| on.get(self.name()));
            let condition = on.and_then(|on| on.get("condition")).and_then(Item::scalar);
            condition.as_deref() == Some("service_completed_successfully")
        });
        self.kind() == Kind::OneShot
            || waited
            || (is_open && says_no)
            || self.holds_data_alone()
            || self.runs_tests()
    }

    /// Whether its image is a store's, and what it starts a client: `pg_dump`, also
    /// in the text of a shell that is its entrypoint.
    #[must_use]
    pub fn runs_client(&self) -> bool {
        const CLIENTS: [&str; 6] =
            ["pg_", "psql", "mysqldump", "mysqladmin", "mongodump", "redis-cli"];
        const MORE: [&str; 5] = ["mysql", "mariadb", "mongosh", "mongorestore", "createdb"];
        let command = self.service.command();
        let is_client = |word: &str| {
            let name = word.rsplit('/').next().unwrap_or(word);
            CLIENTS.iter().any(|own| name.starts_with(own)) || MORE.contains(&name)
        };
        let anywhere = || words_of(&command).any(is_client) && self.starts_another_program();
        self.kind().is_store() && (is_client(program(&command)) || anywhere())
    }

    /// Whether an entrypoint of its own, or a shell, takes the place of its image's,
    /// and starts no server of a store.
    fn starts_another_program(&self) -> bool {
        let command = self.service.command();
        let is_own = self.service.item.get("entrypoint").is_some()
            || matches!(program(&command), "sh" | "bash" | "ash");
        is_own && !words_of(&command).any(serves)
    }

    /// Whether its image is built on a store's, and what that starts is no server.
    #[must_use]
    pub fn is_built_as_another(&self) -> bool {
        let build = self.subject.build_of(self.container);
        let words = build.map(|build| build.image.words()).unwrap_or_default();
        self.service.command().is_empty()
            && !words.is_empty()
            && !words.iter().any(|word| words_of(word).any(serves))
    }

    /// Whether its image is a store's, and its command no server at all: it is
    /// there for its volumes, which `volumes_from` takes.
    fn holds_data_alone(&self) -> bool {
        const NOTHING: [&str; 5] = ["true", "echo", "sleep", "tail", ":"];
        let command = self.service.command();
        let inner = ["sh -c ", "bash -c ", "/bin/sh -c ", "/bin/bash -c "]
            .iter()
            .find_map(|shell| command.strip_prefix(shell))
            .map_or(command.as_str(), |text| text.trim_start_matches(['"', '\'', ' ']));
        let name = program(inner).trim_end_matches(['"', '\'']);
        let goes_on = inner.contains([';', '&', '|']);
        self.kind().is_store() && !goes_on && NOTHING.contains(&name)
    }

    /// Whether it runs tests, and ends.
    #[must_use]
    pub fn runs_tests(&self) -> bool {
        self.container.steps.last().is_some_and(|step| {
            let is = |word: &String| matches!(word.as_str(), "pytest" | "unittest" | "tox" | "nox");
            step.argv.iter().take(4).any(is)
        })
    }
}

/// Whether a word is the server of a store, or the script that starts it.
fn serves(word: &str) -> bool {
    const SERVERS: [&str; 9] = [
        "docker-entrypoint",
        "postgres",
        "mysqld",
        "mariadbd",
        "mongod",
        "redis-server",
        "valkey-server",
        "rabbitmq-server",
        "memcached",
    ];
    let name = word.rsplit('/').next().unwrap_or(word);
    SERVERS.iter().any(|own| {
        name.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '_']))
    })
}

/// The name of the program that a command begins with.
fn program(command: &str) -> &str {
    let first = command.split_whitespace().next().unwrap_or_default();
    first.rsplit('/').next().unwrap_or(first)
}

/// The words of a command and of the shell's text in it.
fn words_of(command: &str) -> impl Iterator<Item = &str> {
    command
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '&' | '|' | '(' | ')'))
        .filter(|word| !word.is_empty())
}
