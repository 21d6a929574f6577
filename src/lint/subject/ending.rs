//! What a service of a project starts: something that stays, or something that
//! ends.

use std::borrow::Cow;

use super::Step;
use super::container::{self, Kind};
use super::member::Member;
use crate::source::compose::Item;

impl<'s> Member<'s> {
    /// Whether it does something and ends: it says so itself, or others wait
    /// for its end.
    #[must_use]
    pub fn runs_once(&self) -> bool {
        let restart = self.service.item.get("restart");
        // A variable may say another thing elsewhere.
        let says_no = restart.is_some_and(|item| {
            item.scalar().as_deref() == Some("no") && !self.written(item).contains('$')
        });
        let is_open = matches!(self.kind(), Kind::Other | Kind::Own);
        let waited = self.deployment.services.iter().any(|other| {
            let on = other.item.get("depends_on").and_then(|on| on.get(self.name()));
            let condition = on.and_then(|on| on.get("condition")).and_then(Item::scalar);
            condition.as_deref() == Some("service_completed_successfully")
        });
        self.kind() == Kind::OneShot
            || waited
            || (is_open && says_no)
            || self.runs_client() && !self.goes_round()
            || self.holds_data_alone()
            || self.runs_tests()
    }

    /// Whether its image is a store's, and what it starts a client: `pg_dump`, also
    /// in the text of a shell that is its entrypoint.
    #[must_use]
    pub fn runs_client(&self) -> bool {
        let is_job = self.kind() == Kind::Other && self.is_of_store();
        is_job && self.container.steps.iter().any(is_client)
    }

    /// Whether the image that it is pulled as is a store's, whatever it starts.
    fn is_of_store(&self) -> bool {
        self.container.image.as_deref().is_some_and(|own| container::of_image(own).is_store())
    }

    /// Whether what it does is done again and again: a backup every night.
    fn goes_round(&self) -> bool {
        let scripts = self.container.scripts();
        let texts = scripts.iter().map(|own| self.subject.texts[*own].text.as_str());
        let command = self.service.command();
        texts.chain([command.as_str()]).any(|text| {
            ["while true", "while :", "while sleep", "until false", "crond"]
                .iter()
                .any(|own| text.contains(own))
        })
    }

    /// What it is told to do, as far as it is known: its command, its entry point, those
    /// of its image, and the scripts that they run, found by their names too.
    #[must_use]
    pub fn told(&self) -> Vec<Cow<'s, str>> {
        let subject = self.subject;
        let image = subject.build_of(self.container).map(|build| build.image.words());
        let mut words = image.unwrap_or_default();
        for key in ["entrypoint", "command"] {
            let Some(item) = self.service.item.get(key) else { continue };
            words.extend(item.scalar().into_iter().chain(item.scalars()));
        }
        // A script that no step was made of.
        let names: Vec<&str> = words
            .iter()
            .flat_map(|word| word.split_whitespace())
            .filter(|word| word.contains('/') || word.ends_with(".sh"))
            .filter_map(|word| word.rsplit('/').next())
            .filter(|name| !name.is_empty() && !matches!(*name, "sh" | "bash" | "env" | "python"))
            // A target of a make file.
            .chain(words.iter().filter_map(|word| {
                word.split_whitespace().next().filter(|own| *own == "make").map(|_| "Makefile")
            }))
            .collect();
        let is_named = |path: &&str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            !name.ends_with(".md")
                && names.iter().any(|own| *own == name || name.strip_suffix(".sh") == Some(own))
        };
        let scripts = self.container.scripts();
        let mut told: Vec<Cow<'s, str>> = scripts
            .into_iter()
            .map(|script| Cow::Borrowed(subject.texts[script].text.as_str()))
            .collect();
        let named = subject.tree.paths().filter(is_named);
        told.extend(named.filter_map(|path| subject.tree.text(path)).map(Cow::Borrowed));
        told.extend(words.iter().cloned().map(Cow::Owned));
        told
    }

    /// Whether what it runs may end by its own choice before it serves: where a variable
    /// is not there.
    #[must_use]
    pub fn may_end(&self) -> bool {
        let inner = |text: &str| match shell_words::split(text).unwrap_or_default().as_slice() {
            [shell, option, text, ..] if shell.ends_with("sh") && option.ends_with('c') => {
                Some(text.clone())
            }
            _ => None,
        };
        self.told().iter().any(|text| ends_by_choice(inner(text).as_deref().unwrap_or(text)))
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
        let steps = &self.container.steps;
        let is_nothing = |step: &Step| NOTHING.contains(&step.name());
        self.is_of_store() && !steps.is_empty() && steps.iter().all(is_nothing)
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

/// Whether what the image of a store starts is known to be another program than its
/// server: a client that fills it, a backup, nothing at all.
pub(super) fn is_another(steps: &[Step]) -> bool {
    let is_server = |step: &Step| !is_client(step) && step.argv.iter().any(|word| serves(word));
    // Options and settings are the server's; who knows what a variable or a script
    // that is not here starts.
    let is_open = |step: &Step| {
        let first = step.argv.first().map_or("", String::as_str);
        let is_shell = matches!(step.name(), "sh" | "bash" | "ash");
        first.starts_with(['-', '$', '"'])
            || [".conf", ".sh"].iter().any(|end| first.ends_with(end))
            || first.contains("entrypoint")
            || is_shell
            || step.name() == "run"
    };
    !steps.is_empty()
        && !steps.iter().any(is_server)
        && (steps.iter().any(is_client) || !steps.iter().any(is_open))
}

/// Whether a step asks a store something, or fills it.
fn is_client(step: &Step) -> bool {
    const CLIENTS: [&str; 9] = [
        "pg_",
        "psql",
        "mysql",
        "mariadb",
        "mongo",
        "redis-cli",
        "valkey-cli",
        "rabbitmq",
        "createdb",
    ];
    CLIENTS.iter().any(|own| step.name().starts_with(own)) && !serves(step.name())
}

/// Whether the text of a shell has an end before its last command that is no failure:
/// `exit 0`, or a last `if` or `case` without what else is done.
fn ends_by_choice(text: &str) -> bool {
    let is_said = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let lines: Vec<&str> = text.split(['\n', ';']).map(str::trim).filter(is_said).collect();
    // For each that is open, whether it says what else is done.
    let mut open: Vec<bool> = Vec::new();
    let (mut last, mut is_left, mut hands_over) = (true, false, false);
    for line in lines {
        let leads = |word: &&str| matches!(*word, "then" | "do" | "else" | "{" | "(");
        let words = || line.split_whitespace();
        let first = words().find(|word| !leads(word)).unwrap_or_default();
        if line.starts_with("else") || line.starts_with("*)") {
            open.iter_mut().last().into_iter().for_each(|own| *own = true);
        }
        let closes = matches!(first, "fi" | "esac" | "done" | "}" | "" | "*)");
        if is_left && !closes {
            return true;
        }
        match first {
            "if" | "case" => open.push(line.contains(" else ") || line.contains("*)")),
            "fi" | "esac" => last = open.pop().unwrap_or(true),
            // After a server that was not started these say so.
            "exit" | "echo" | "printf" => {}
            _ => last = true,
        }
        // A script that waits hands over to its words, and ends where it has none.
        hands_over |= line.contains("\"$@\"");
        let mut rest = words().skip_while(|word| *word != "exit").skip(1);
        let is_failure = |word: &str| !matches!(word, "0" | "}" | ")");
        let exits = words().any(|word| word == "exit") && !rest.next().is_some_and(is_failure);
        is_left |= exits && !hands_over;
        // `[ -n "$USERS" ] && serve`
        if line.starts_with('[') && line.contains("] &&") {
            last = false;
        }
    }
    !last
}

/// Whether a word is the server of a store, or the script that starts it.
fn serves(word: &str) -> bool {
    const SERVERS: [&str; 14] = [
        "docker-entrypoint",
        "postgres",
        "postmaster",
        "mysqld",
        "mariadbd",
        "mongod",
        "mongos",
        "redis-server",
        "redis-stack",
        "valkey-server",
        "keydb-server",
        "dragonfly",
        "rabbitmq-server",
        "memcached",
    ];
    let name = word.rsplit('/').next().unwrap_or(word);
    SERVERS.iter().any(|own| {
        name.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '_']))
    })
}

/// The words of a command and of the shell's text in it.
fn words_of(command: &str) -> impl Iterator<Item = &str> {
    command
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '&' | '|' | '(' | ')'))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::ends_by_choice;

    #[test]
    fn what_ends_without_a_failure_before_its_last_command_ends_by_choice() {
        for text in [
            "if [ -n \"$A\" ]; then\n  celery flower\nfi\n",
            "if [ -n \"$A\" ]; then\n  celery flower\nfi\necho no flower\nexit 0\n",
            "[ -n \"$A\" ] && celery flower\n",
            "[ -z \"$A\" ] && exit 0\nexec gunicorn a:b\n",
            "if [ -z \"$A\" ]; then\n  exit\nfi\nexec gunicorn a:b\n",
            "case \"$1\" in\n  web) gunicorn a:b ;;\nesac\n",
        ] {
            assert!(ends_by_choice(text), "{text}");
        }
        for text in [
            "exec gunicorn a:b\n",
            "if [ -n \"$A\" ]; then\n  celery flower\nelse\n  celery worker\nfi\n",
            "if [ -z \"$A\" ]; then\n  exit 1\nfi\nexec gunicorn a:b\n",
            "serve() {\n  gunicorn a:b\n}\nserve\n\nexit 0\n",
            "case \"$1\" in\n  web) gunicorn a:b ;;\n  *) exec \"$@\" ;;\nesac\n",
            "if [ $# -gt 0 ]; then\n  exec \"$@\"\nfi\nexit 0\nsleep 1\n",
        ] {
            assert!(!ends_by_choice(text), "{text}");
        }
    }
}
