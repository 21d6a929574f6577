//! What stands in front of a program and is not it: `poetry run`, `exec`,
//! `python -m`, tracers, init processes, `env NAME=value`, `sh -c`.

/// A command without its wrappers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unwrapped {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Variables set in front of it.
    pub variables: Vec<(String, String)>,
    /// The directory a wrapper goes to first: `uv run --directory x`.
    pub directory: Option<String>,
    /// The text a shell was given with `-c`, instead of `argv`.
    pub shell: Option<String>,
}

/// Wrappers that take flags (dropped) and then the command.
const PLAIN: [&str; 18] = [
    "exec",
    "nohup",
    "time",
    "command",
    "env",
    "cross-env",
    "ddtrace-run",
    "dumb-init",
    "tini",
    "catchsegv",
    "stdbuf",
    "ionice",
    "nice",
    "xvfb-run",
    "uvx",
    "eval",
    "pipx",
    "start",
];

/// Wrappers whose next word is not the command either: a user, a time.
const WITH_ONE: [&str; 7] =
    ["gosu", "su-exec", "setuidgid", "timeout", "newrelic-admin", "chronic", "setpriv"];

/// Managers of environments: `X run [flags] command`.
const RUNNERS: [&str; 14] = [
    "poetry",
    "pdm",
    "pipenv",
    "uv",
    "rye",
    "hatch",
    "pixi",
    "conda",
    "mamba",
    "micromamba",
    "dotenv",
    "honcho",
    "doppler",
    "infisical",
];

/// Flags of the runners that take a value.
const RUNNER_VALUES: [&str; 25] = [
    "-n",
    "-p",
    "-f",
    "-e",
    "-c",
    "-C",
    "--name",
    "--prefix",
    "--with",
    "--extra",
    "--group",
    "--only-group",
    "--no-group",
    "--env-file",
    "--project",
    "--directory",
    "--python",
    "--package",
    "--from",
    "--file",
    "--config",
    "--env",
    "--cwd",
    "--index-url",
    "--with-requirements",
];

/// Modules that are programs, so that `python -m` can be taken off.
pub const TOOLS: [&str; 26] = [
    "uvicorn",
    "gunicorn",
    "hypercorn",
    "daphne",
    "granian",
    "fastapi",
    "flask",
    "django",
    "celery",
    "alembic",
    "aerich",
    "arq",
    "rq",
    "dramatiq",
    "taskiq",
    "sanic",
    "quart",
    "litestar",
    "waitress",
    "robyn",
    "bottle",
    "aiohttp",
    "poetry",
    "pipenv",
    "uv",
    "poethepoet",
];

/// Takes the wrappers off.
#[must_use]
pub fn unwrap(words: &[String]) -> Unwrapped {
    let mut found = Unwrapped::default();
    let mut rest = words;
    // A wrapper shortens the words, so this ends.
    while let Some(next) = step(rest, &mut found) {
        rest = next;
    }
    if found.shell.is_none() && found.argv.is_empty() {
        found.argv = rest.to_vec();
    }
    found
}

/// `NAME=value` taken apart.
#[must_use]
pub fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let first = name.chars().next()?;
    let named = (first.is_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    named.then_some((name, value))
}

fn step<'a>(words: &'a [String], found: &mut Unwrapped) -> Option<&'a [String]> {
    let (first, rest) = words.split_first()?;
    if let Some((name, value)) = assignment(first) {
        found.variables.push((name.into(), value.into()));
        return Some(rest);
    }
    let name = first.rsplit('/').next().unwrap_or(first);
    match name {
        "sh" | "bash" | "dash" | "zsh" | "ash" => shell(rest, found),
        "su" | "runuser" => user_shell(rest, found),
        "sudo" => Some(after_flags(rest, &["-u", "-g", "--user", "--group"])),
        "docker-compose" => service_command(rest),
        "docker" | "podman" if rest.first().is_some_and(|word| word == "compose") => {
            service_command(&rest[1..])
        }
        "heroku" | "dokku" => after_word(rest, "run"),
        "opentelemetry-instrument" | "dockerize" => Some(after_pairs(rest)),
        "watchmedo" | "chamber" | "start-stop-daemon" => after_dashes(rest),
        "coverage" => after_word(rest, "run").map(|rest| python_flags(rest, found)),
        _ if name.starts_with("python") => python(first, rest, found),
        _ if name.contains("wait") => after_dashes(rest),
        _ if PLAIN.contains(&name) && !rest.is_empty() => {
            Some(after_flags(rest, &["-a", "-n", "-c", "--spec"]))
        }
        _ if WITH_ONE.contains(&name) => {
            after_flags(rest, &[]).split_first().map(|(_, command)| after_flags(command, &[]))
        }
        _ if RUNNERS.contains(&name) => runner(rest, found),
        _ => None,
    }
}

/// `bash -lc TEXT`; a shell with a script file is left to whoever can read
/// that file.
fn shell<'a>(rest: &'a [String], found: &mut Unwrapped) -> Option<&'a [String]> {
    let flags = rest.iter().take_while(|word| word.starts_with(['-', '+'])).count();
    let text_follows = rest[..flags]
        .iter()
        .any(|flag| flag.starts_with('-') && !flag.starts_with("--") && flag.contains('c'));
    if text_follows {
        found.shell = Some(rest.get(flags).cloned().unwrap_or_default());
        return None;
    }
    let script = rest.get(flags)?;
    found.argv = std::iter::once(script.clone()).chain(rest[flags + 1..].to_vec()).collect();
    // The path is marked as one, so that a bare name is looked for.
    if !script.contains('/') {
        found.argv[0] = format!("./{script}");
    }
    None
}

fn user_shell<'a>(rest: &'a [String], found: &mut Unwrapped) -> Option<&'a [String]> {
    if let Some(at) = rest.iter().position(|word| word == "-c") {
        found.shell = Some(rest.get(at + 1).cloned().unwrap_or_default());
        return None;
    }
    after_dashes(rest)
}

/// `docker compose [flags] run|exec [flags] SERVICE command`.
fn service_command(rest: &[String]) -> Option<&[String]> {
    let at = rest.iter().position(|word| word == "run" || word == "exec")?;
    let values = ["-e", "-u", "-w", "-p", "-v", "--env", "--user", "--workdir", "--name"];
    let after = after_flags(&rest[at + 1..], &values);
    (after.len() > 1).then(|| &after[1..])
}

fn runner<'a>(rest: &'a [String], found: &mut Unwrapped) -> Option<&'a [String]> {
    let at = rest.iter().position(|word| word == "run")?;
    if at > 4 {
        return None;
    }
    let after = after_flags(&rest[at + 1..], &RUNNER_VALUES);
    let flags = &rest[..rest.len() - after.len()];
    for pair in flags.windows(2) {
        if matches!(pair[0].as_str(), "--directory" | "--project" | "-C" | "--cwd") {
            found.directory = Some(pair[1].clone());
        }
    }
    if flags.iter().any(|flag| flag == "-m" || flag == "--module") {
        return Some(python_module(after, found));
    }
    // `uv run main.py` runs Python.
    if after.first().is_some_and(|word| word.ends_with(".py")) {
        found.argv = std::iter::once("python".to_owned()).chain(after.iter().cloned()).collect();
        return None;
    }
    (!after.is_empty()).then_some(after)
}

fn python<'a>(program: &str, rest: &'a [String], found: &mut Unwrapped) -> Option<&'a [String]> {
    let flags = rest.iter().take_while(|word| word.starts_with('-') && *word != "-m").count();
    let rest = &rest[flags..];
    match rest {
        [flag, module, ..] if flag == "-m" => {
            let tool = module.split('.').next().unwrap_or(module);
            if TOOLS.contains(&tool) || RUNNERS.contains(&tool) || PLAIN.contains(&tool) {
                return Some(&rest[1..]);
            }
        }
        _ => {}
    }
    found.argv = std::iter::once(program.to_owned()).chain(rest.iter().cloned()).collect();
    None
}

/// What `-m MODULE` of a runner runs.
fn python_module<'a>(after: &'a [String], found: &mut Unwrapped) -> &'a [String] {
    if after.first().is_some_and(|module| TOOLS.contains(&module.as_str())) {
        return after;
    }
    found.argv =
        ["python", "-m"].into_iter().map(str::to_owned).chain(after.iter().cloned()).collect();
    &[]
}

fn python_flags<'a>(rest: &'a [String], found: &mut Unwrapped) -> &'a [String] {
    let at = rest.iter().position(|word| word == "-m");
    match at {
        Some(at) => python_module(&rest[at + 1..], found),
        None => after_flags(rest, &["--source", "--rcfile", "--omit"]),
    }
}

/// What follows the flags; those in `values` take the next word along.
fn after_flags<'a>(words: &'a [String], values: &[&str]) -> &'a [String] {
    let mut at = 0;
    while at < words.len() && words[at].starts_with('-') {
        if words[at] == "--" {
            return &words[at + 1..];
        }
        at += if values.contains(&words[at].as_str()) { 2 } else { 1 };
    }
    words.get(at..).unwrap_or_default()
}

/// What follows flags that each take a value.
fn after_pairs(words: &[String]) -> &[String] {
    let mut at = 0;
    while at < words.len() && words[at].starts_with('-') {
        if words[at] == "--" {
            return &words[at + 1..];
        }
        at += if words[at].contains('=') { 1 } else { 2 };
    }
    words.get(at..).unwrap_or_default()
}

fn after_dashes(words: &[String]) -> Option<&[String]> {
    let at = words.iter().position(|word| word == "--")?;
    Some(&words[at + 1..])
}

fn after_word<'a>(words: &'a [String], word: &str) -> Option<&'a [String]> {
    let at = words.iter().position(|each| each == word)?;
    Some(after_flags(&words[at + 1..], &["-a", "--app"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(line: &str) -> String {
        let words = shell_words::split(line).unwrap();
        let found = unwrap(&words);
        found.shell.unwrap_or_else(|| found.argv.join(" "))
    }

    #[test]
    fn wrappers_are_taken_off() {
        for (line, bare) in [
            ("poetry run uvicorn shop:app", "uvicorn shop:app"),
            ("uv run --frozen --extra x -- uvicorn a:b", "uvicorn a:b"),
            ("pipenv run python -u manage.py migrate", "python manage.py migrate"),
            ("exec python3 -m gunicorn a:b", "gunicorn a:b"),
            ("python -m shop.server --port 1", "python -m shop.server --port 1"),
            ("uv run main.py", "python main.py"),
            ("opentelemetry-instrument --traces_exporter console uvicorn a:b", "uvicorn a:b"),
            ("ddtrace-run gunicorn a:b", "gunicorn a:b"),
            ("newrelic-admin run-program gunicorn a:b", "gunicorn a:b"),
            ("env A=1 B=2 celery -A shop worker", "celery -A shop worker"),
            ("tini -- uvicorn a:b", "uvicorn a:b"),
            ("gosu app uvicorn a:b", "uvicorn a:b"),
            ("./wait-for-it.sh db:5432 -t 30 -- flask run", "flask run"),
            ("dockerize -wait tcp://db:5432 -timeout 20s flask run", "flask run"),
            (
                "docker compose -f x.yml run --rm web python manage.py migrate",
                "python manage.py migrate",
            ),
            ("conda run -n ml --no-capture-output uvicorn a:b", "uvicorn a:b"),
            ("bash -lc 'a && b'", "a && b"),
            ("/venv/bin/python -m celery -A x beat", "celery -A x beat"),
            ("sh start.sh", "./start.sh"),
        ] {
            assert_eq!(plain(line), bare, "{line}");
        }
    }

    #[test]
    fn variables_in_front_and_directories_of_runners_are_kept() {
        let words = shell_words::split("A=1 uv run --directory api env B=2 uvicorn x:y").unwrap();
        let found = unwrap(&words);
        assert_eq!(found.argv, ["uvicorn", "x:y"]);
        assert_eq!(found.directory.as_deref(), Some("api"));
        let variables: Vec<&str> = found.variables.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(variables, ["A", "B"]);
    }

    #[test]
    fn a_wrapper_without_a_command_gives_no_panic() {
        for line in [
            "exec",
            "poetry run",
            "env",
            "sh",
            "bash -c",
            "python",
            "gosu",
            "docker compose run",
            "uv run -m",
            "timeout",
        ] {
            let _ = plain(line);
        }
    }
}
