//! The commands of RUN: which program, and which packages it installs.

use crate::lint::subject::Run;
use crate::source::shell::Simple;

/// The words of a command without `NAME=value`, `sudo`, `env`, `exec` and
/// options of `sudo` before it.
pub(super) fn bare(command: &Simple) -> &[String] {
    let skip = |word: &&String| {
        matches!(word.as_str(), "sudo" | "env" | "exec" | "time" | "-E" | "command")
            || word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            })
    };
    let start = command.words.iter().take_while(skip).count();
    &command.words[start..]
}

/// The program of a command, without its directory.
pub(super) fn program(words: &[String]) -> &str {
    let first = words.first().map_or("", String::as_str);
    first.rsplit('/').next().unwrap_or(first)
}

/// Whether a variable is set for a command, before its name.
pub(super) fn has_variable(command: &Simple, name: &str) -> bool {
    command.words.iter().any(|word| word.split_once('=').is_some_and(|(own, _)| own == name))
}

/// What `pip install` of one command is given; `None` for another command.
pub(super) fn pip_install(command: &Simple) -> Option<&[String]> {
    after_pip(command, "install")
}

/// What a subcommand of pip is given.
pub(super) fn after_pip<'c>(command: &'c Simple, subcommand: &str) -> Option<&'c [String]> {
    let words = bare(command);
    let name = program(words);
    let is_pip = |name: &str| {
        name.strip_prefix("pip")
            .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
    };
    let rest = if is_pip(name) {
        &words[1..]
    } else if name.starts_with("python") {
        let at = words.windows(2).position(|pair| pair[0] == "-m" && is_pip(&pair[1]))?;
        &words[at + 2..]
    } else {
        return None;
    };
    let at = rest.iter().position(|word| !word.starts_with('-'))?;
    (rest[at] == subcommand).then(|| &rest[at + 1..])
}

/// What `uv pip install` of one command is given.
pub(super) fn uv_pip_install(command: &Simple) -> Option<&[String]> {
    let words = bare(command);
    let fits = program(words) == "uv" && words.get(1..3).is_some_and(|w| w == ["pip", "install"]);
    fits.then(|| &words[3..])
}

/// Whether a command is `apt-get` or `apt` with this subcommand.
pub(super) fn is_apt(command: &Simple, subcommand: &str) -> bool {
    let words = bare(command);
    matches!(program(words), "apt-get" | "apt" | "aptitude")
        && words.iter().any(|word| word == subcommand)
}

/// The Debian or Alpine packages that a command installs, without versions.
pub(super) fn packages(command: &Simple) -> Vec<&str> {
    let words = bare(command);
    let word = if is_apt(command, "install") {
        "install"
    } else if program(words) == "apk" && words.iter().any(|word| word == "add") {
        "add"
    } else {
        return Vec::new();
    };
    let rest = words.iter().skip_while(|own| *own != word);
    let mut rest = rest.skip(1);
    let mut found = Vec::new();
    while let Some(word) = rest.next() {
        if matches!(word.as_str(), "-t" | "--virtual" | "-o" | "--target-release" | "--repository")
        {
            rest.next();
        } else if !word.starts_with('-') {
            found.push(word.split(['=', '<', '>', '~', '/', ':']).next().unwrap_or(word));
        }
    }
    found
}

/// Every Debian or Alpine package that RUNs install.
pub(super) fn all_packages(runs: &[Run]) -> Vec<&str> {
    runs.iter().flat_map(|run| &run.commands).flat_map(packages).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::shell;

    fn one(text: &str) -> Simple {
        shell::split(text).remove(0)
    }

    #[test]
    fn installs_are_known_through_what_stands_before_them() {
        let text = "sudo X=1 python3.12 -m pip --quiet install -r r.txt";
        assert_eq!(pip_install(&one(text)).unwrap(), ["-r", "r.txt"]);
        assert!(pip_install(&one("pip3.11 install x")).is_some());
        assert!(pip_install(&one("pipenv install")).is_none());
        assert!(pip_install(&one("uv pip install x")).is_none());
        assert!(uv_pip_install(&one("uv pip install --system x")).is_some());
        let apt = one("DEBIAN_FRONTEND=noninteractive apt-get -y install -t sid gcc=4:1 libpq-dev");
        assert_eq!(packages(&apt), ["gcc", "libpq-dev"]);
        assert_eq!(packages(&one("apk add --no-cache --virtual .b gcc~=13")), ["gcc"]);
    }
}
