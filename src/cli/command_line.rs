//! A command as somebody else can type it again: without paths of this
//! machine, without secrets, on one line.

use std::fmt;
use std::path::Path;

use crate::cli::report::shell_word;
use crate::detect::redact;
use crate::preset::Reference;

/// What stands for a word that is not shown: typed again, it is refused.
const LEFT_OUT: &str = "…";

/// A command of dockwright, word by word.
#[derive(Clone, Debug)]
pub struct CommandLine(Vec<String>);

impl CommandLine {
    /// The command with this name.
    pub fn new(name: &str) -> Self {
        Self(vec!["dockwright".to_owned(), name.to_owned()])
    }

    /// The directory it is about, by its name alone where it was named from the top.
    pub fn directory(&mut self, dir: &Path) -> &mut Self {
        let own = match dir.file_name() {
            Some(name) if dir.has_root() => Path::new(name),
            _ => dir,
        };
        self.push(&own.to_string_lossy())
    }

    /// `--preset`, by the place it was typed with, where that is not this machine's own.
    pub fn preset(&mut self, reference: &str) -> &mut Self {
        self.words(&["--preset".to_owned(), reference.to_owned()])
    }

    /// A flag without a value, where it was given.
    pub fn switch(&mut self, flag: &str, is_given: bool) -> &mut Self {
        if is_given { self.push(flag) } else { self }
    }

    /// A flag with each of its values.
    pub fn options(&mut self, flag: &str, values: &[String]) -> &mut Self {
        for value in values {
            self.push(flag).push(value);
        }
        self
    }

    /// Words as they were typed, `--preset` among them.
    pub fn words(&mut self, words: &[String]) -> &mut Self {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if let Some(reference) = word.strip_prefix("--preset=") {
                self.push("--preset").reference(reference);
            } else if word == "--preset" {
                self.push(word);
                words.next().map(|reference| self.reference(reference));
            } else {
                self.push(word);
            }
        }
        self
    }

    fn reference(&mut self, reference: &str) -> &mut Self {
        let is_own = match Reference::parse(reference) {
            Ok(Reference::Builtin(_)) => false,
            Ok(Reference::Path(path)) => {
                path.starts_with(['/', '~']) || path.get(1..2) == Some(":")
            }
            Ok(Reference::Git { url, .. }) => url.starts_with("file:"),
            // Nothing is written with one that is none.
            Err(_) => true,
        };
        self.push(if is_own { LEFT_OUT } else { reference })
    }

    /// A word; of `KEY=VALUE`, the key alone where the value is not shown.
    fn push(&mut self, word: &str) -> &mut Self {
        let is_shown = redact::without_secrets(word) == word && !word.chars().any(char::is_control);
        let key = word.split_once('=').map_or("", |(key, _)| key);
        self.0.push(match is_shown {
            true => word.to_owned(),
            false if key.is_empty() => LEFT_OUT.to_owned(),
            false => format!("{key}={LEFT_OUT}"),
        });
        self
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.0.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            match word.ends_with(LEFT_OUT) {
                true => write!(f, "{gap}{word}")?,
                false => write!(f, "{gap}{}", shell_word(word))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        CommandLine::new("update").words(&words).to_string()
    }

    #[test]
    fn a_command_can_be_typed_again() {
        assert_eq!(
            line(&["--preset=../team", "--set", "deploy.domain=a.example.com", "--yes"]),
            "dockwright update --preset ../team --set deploy.domain=a.example.com --yes"
        );
        assert_eq!(line(&["--take", "a b.conf"]), "dockwright update --take 'a b.conf'");
        let mut new = CommandLine::new("new");
        assert_eq!(new.directory(Path::new("/srv/code/shop")).to_string(), "dockwright new shop");
        let mut new = CommandLine::new("new");
        assert_eq!(new.directory(Path::new("a/shop")).to_string(), "dockwright new a/shop");
    }

    #[test]
    fn paths_of_this_machine_secrets_and_lines_are_left_out() {
        for own in ["/home/ada/team", "~/team", "C:\\team", "git+file:///srv/presets#v1"] {
            assert_eq!(line(&["--preset", own]), "dockwright update --preset …", "{own}");
        }
        let out = "dockwright update --set network.https-proxy=…";
        assert_eq!(line(&["--set", "network.https-proxy=http://me:hush@proxy:3128"]), out);
        assert_eq!(line(&["--set", "a.password=hush"]), "dockwright update --set a.password=…");
        assert_eq!(line(&["--set", "a.b=one\ntwo"]), "dockwright update --set a.b=…");
    }
}
