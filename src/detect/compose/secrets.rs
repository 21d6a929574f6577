//! Secrets that stand in a compose file are moved to `.env`: the file names
//! them, and the values stay what they were, since databases were made with
//! them.

use crate::detect::compose::carried::Secrets;
use crate::detect::secret;
use crate::source::compose::interpolate;
use crate::source::compose::yaml::{Item, Node};
use crate::source::compose::{Document, Service};

/// A compose file without its secrets.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// The file, with variables in the places of secrets.
    pub text: String,
    /// The values.
    pub secrets: Secrets,
}

/// Takes the secrets out of a compose file. `env` is what `.env` already
/// holds: a name that means something else there gets its service's in front.
#[must_use]
pub fn move_out(text: &str, document: &Document, env: &[(String, String)]) -> Moved {
    let mut mover = Mover { env, secrets: Secrets::default(), edits: Vec::new() };
    for (key, item) in document.root.entries() {
        match key.scalar().as_deref() {
            Some("services") => {
                for (name, service) in item.entries() {
                    mover.service(&name.scalar().unwrap_or_default(), service);
                }
            }
            Some(name) if name.starts_with("x-") => {
                mover.service(&name[2..], item);
                mover.environment(&name[2..], item);
            }
            _ => {}
        }
    }
    let mut text = text.to_owned();
    mover.edits.sort();
    mover.edits.dedup();
    for (start, end, with) in mover.edits.into_iter().rev() {
        text.replace_range(start..end, &with);
    }
    Moved { text, secrets: mover.secrets }
}

struct Mover<'a> {
    env: &'a [(String, String)],
    secrets: Secrets,
    edits: Vec<(usize, usize, String)>,
}

impl Mover<'_> {
    fn service(&mut self, name: &str, item: &Item) {
        if let Some(environment) = item.get("environment") {
            self.environment(name, environment);
        }
        let service =
            Service { name: name.to_owned(), line: item.line, file: item.file, item: item.clone() };
        self.password_argument(&service);
    }

    fn environment(&mut self, owner: &str, item: &Item) {
        for (name, value) in item.entries() {
            let literal = matches!(value.node, Node::Text(_) | Node::Int(_));
            if let (Some(name), Some(text), true) = (name.scalar(), value.scalar(), literal) {
                self.variable(owner, &name, &text, value, "");
            }
        }
        for entry in item.items() {
            if let Some(text) = entry.scalar()
                && let Some((name, value)) = text.split_once('=')
            {
                self.variable(owner, name, value, entry, &format!("{name}="));
            }
        }
    }

    fn variable(&mut self, owner: &str, name: &str, value: &str, item: &Item, before: &str) {
        // Moved, an address that holds a key loses nothing.
        let named = secret::is_name(name, &["CREDENTIAL", "DSN"]);
        let secret = (named && is_secret_value(name, value)) || has_password(value);
        let Some((start, end)) = item.span.filter(|_| secret) else { return };
        if interpolate::has_variable(value) || value.contains('\n') {
            return;
        }
        let value = value.replace("$$", "$");
        let name = self.kept_as(owner, name, &value);
        self.edits.push((start, end, format!("\"{before}${{{name}:?set it in .env}}\"")));
    }

    /// `redis-server --requirepass hush`.
    fn password_argument(&mut self, service: &Service) {
        let Some(item) = service.item.get("command") else { return };
        let argument = "--requirepass";
        if let Some(text) = item.scalar() {
            let mut words = text.split_whitespace().skip_while(|word| *word != argument).skip(1);
            if let (Some(password), Some((start, end))) = (words.next(), item.span)
                && !interpolate::has_variable(password)
                && !text.contains(['\n', '"', '\\'])
            {
                let bare = password.trim_matches('\'');
                let name = self.kept_as(&service.name, "REDIS_PASSWORD", bare);
                let variable = format!("${{{name}:?set it in .env}}");
                let with = text
                    .replace(&format!("{argument} {password}"), &format!("{argument} {variable}"));
                self.edits.push((start, end, format!("\"{with}\"")));
            }
            return;
        }
        let mut words = item.items().iter();
        let found = words.find(|word| word.scalar().as_deref() == Some(argument));
        if let (Some(_), Some(word)) = (found, words.next())
            && let (Some(password), Some((start, end))) = (word.scalar(), word.span)
            && !interpolate::has_variable(&password)
        {
            let name = self.kept_as(&service.name, "REDIS_PASSWORD", &password);
            self.edits.push((start, end, format!("\"${{{name}:?set it in .env}}\"")));
        }
    }

    /// The name a value gets in `.env`: its own, unless that means something
    /// else there already.
    fn kept_as(&mut self, owner: &str, name: &str, value: &str) -> String {
        let owner = owner.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let mut candidate = name.to_owned();
        let mut count = 1;
        while self.means_else(&candidate, value) {
            candidate = match count {
                1 => format!("{owner}_{name}"),
                count => format!("{owner}_{name}_{count}"),
            };
            count += 1;
        }
        self.secrets.keep(&candidate, value);
        candidate
    }

    fn means_else(&self, name: &str, value: &str) -> bool {
        let there = self.env.iter().rev().find(|(own, _)| own == name).map(|(_, own)| own.as_str());
        [there, self.secrets.value(name)].into_iter().flatten().any(|own| own != value)
    }
}

fn is_secret_value(name: &str, value: &str) -> bool {
    let word = matches!(value.to_ascii_lowercase().as_str(), "" | "true" | "false" | "yes" | "no");
    let number = value.parse::<i64>().is_ok() && !name.to_ascii_uppercase().contains("PASS");
    !word && !number
}

/// `scheme://user:password@host`.
fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let credentials = authority.rsplit_once('@').map(|(credentials, _)| credentials);
    credentials
        .and_then(|text| text.split_once(':'))
        .is_some_and(|(_, password)| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(text: &str, env: &[(&str, &str)]) -> Moved {
        let env: Vec<(String, String)> =
            env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        move_out(text, &Document::read(text).unwrap(), &env)
    }

    #[test]
    fn secrets_leave_the_file_and_everything_else_stays() {
        let text = "\
x-shared: &shared
  SECRET_KEY: 'a b#c'  # why
services:
  db:
    environment: {POSTGRES_PASSWORD: hunter2, POSTGRES_USER: me}
  web:
    environment:
      <<: *shared
      DATABASE_URL: \"postgres://me:hunter2@db/x\"
      ACCESS_TOKEN_EXPIRE_MINUTES: 30
      API_TOKEN: ${API_TOKEN:-none}
  other:
    environment:
      - MYSQL_ROOT_PASSWORD=pa$$s
      - MYSQL_ALLOW_EMPTY_PASSWORD=yes
";
        let moved = moved(text, &[]);
        let expected = text
            .replace("'a b#c'", "\"${SECRET_KEY:?set it in .env}\"")
            .replace(
                "hunter2, POSTGRES_USER",
                "\"${POSTGRES_PASSWORD:?set it in .env}\", POSTGRES_USER",
            )
            .replace("\"postgres://me:hunter2@db/x\"", "\"${DATABASE_URL:?set it in .env}\"")
            .replace(
                "MYSQL_ROOT_PASSWORD=pa$$s",
                "\"MYSQL_ROOT_PASSWORD=${MYSQL_ROOT_PASSWORD:?set it in .env}\"",
            );
        assert_eq!(moved.text, expected);
        assert_eq!(moved.secrets.value("POSTGRES_PASSWORD"), Some("hunter2"));
        assert_eq!(moved.secrets.value("SECRET_KEY"), Some("a b#c"));
        assert_eq!(moved.secrets.value("MYSQL_ROOT_PASSWORD"), Some("pa$s"));
        Document::read(&moved.text).unwrap();
    }

    #[test]
    fn one_name_with_two_values_is_two_names() {
        let text = "services:\n  one:\n    environment: [TOKEN=a1]\n  the-two:\n    environment: [TOKEN=b2]\n";
        let both = moved(text, &[]);
        assert_eq!(both.secrets.value("TOKEN"), Some("a1"));
        assert_eq!(both.secrets.value("THE_TWO_TOKEN"), Some("b2"));
        assert!(both.text.contains("TOKEN=${THE_TWO_TOKEN:?set it in .env}"));
        let other = moved(text, &[("TOKEN", "b2")]);
        assert_eq!(other.secrets.value("ONE_TOKEN"), Some("a1"));
        assert_eq!(other.secrets.value("TOKEN"), Some("b2"));
    }

    #[test]
    fn letters_of_several_bytes_and_line_ends_of_windows_move_nothing_else() {
        let text = "# größer\r\nservices:\r\n  db:\r\n    environment:\r\n      A: ü\r\n      DB_PASSWORD: geheim€\r\n      B: x\r\n";
        let moved = moved(text, &[]);
        let expected = text.replace("geheim€", "\"${DB_PASSWORD:?set it in .env}\"");
        assert_eq!(moved.text, expected);
    }

    #[test]
    fn a_password_among_arguments_is_moved_too() {
        for command in [
            "redis-server --requirepass hush --appendonly yes",
            "[redis-server, --requirepass, hush]",
        ] {
            let text = format!("services:\n  r:\n    command: {command}\n");
            let moved = moved(&text, &[]);
            assert!(!moved.text.contains("hush"), "{}", moved.text);
            assert_eq!(moved.secrets.value("REDIS_PASSWORD"), Some("hush"));
            let command = Document::read(&moved.text).unwrap().services()[0].command();
            assert!(command.contains("--requirepass") && command.contains("REDIS_PASSWORD"));
        }
    }
}
