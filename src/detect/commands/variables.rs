//! Options that servers take from variables: what a command line would say.

use crate::catalog::{Program, options};

/// Where gunicorn finds further words of its command line.
const GUNICORN: &str = "GUNICORN_CMD_ARGS";
/// How uvicorn's variables begin; behind it is the name of the option.
const UVICORN: &str = "UVICORN_";

/// Whether a variable says options of a server.
pub fn is_options(name: &str) -> bool {
    name == GUNICORN || name.starts_with(UVICORN)
}

/// A command with the options that its variables say before its own, which win.
pub fn with_options(argv: Vec<String>, variables: &[(String, String)]) -> Vec<String> {
    let program = Program::of(&argv);
    let said = match program {
        Program::Gunicorn => {
            let last = variables.iter().rev().find(|(name, _)| name == GUNICORN);
            last.and_then(|(_, value)| shell_words::split(value).ok()).unwrap_or_default()
        }
        Program::Uvicorn => of_uvicorn(variables),
        _ => Vec::new(),
    };
    if said.is_empty() || argv.iter().any(|word| word.contains("python")) {
        return argv;
    }
    let mut argv = argv;
    argv.splice(1..1, said);
    argv
}

fn of_uvicorn(variables: &[(String, String)]) -> Vec<String> {
    let table = options::of(Program::Uvicorn);
    let mut words = Vec::new();
    for (at, (name, value)) in variables.iter().enumerate() {
        let Some(option) = name.strip_prefix(UVICORN) else { continue };
        let flag = format!("--{}", option.to_ascii_lowercase().replace('_', "-"));
        let Some(row) = table.iter().find(|row| row.flags.contains(&flag.as_str())) else {
            continue;
        };
        // The last one of a name is the one that is set.
        if value.is_empty() || variables[at + 1..].iter().any(|(later, _)| later == name) {
            continue;
        }
        match row.is_switch {
            true if ["1", "true", "yes", "on"].contains(&value.to_ascii_lowercase().as_str()) => {
                words.push(flag);
            }
            true => {}
            false => words.extend([flag, value.clone()]),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(command: &str, variables: &[(&str, &str)]) -> String {
        let argv = command.split(' ').map(str::to_owned).collect();
        let variables: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        with_options(argv, &variables).join(" ")
    }

    #[test]
    fn options_of_variables_come_before_those_of_the_command() {
        for (command, variables, expected) in [
            (
                "gunicorn app:app --workers 2",
                &[("GUNICORN_CMD_ARGS", "--bind 0.0.0.0:8080 -w 4")][..],
                "gunicorn --bind 0.0.0.0:8080 -w 4 app:app --workers 2",
            ),
            (
                "uvicorn app:app",
                &[
                    ("UVICORN_PORT", "1"),
                    ("UVICORN_PORT", "7000"),
                    ("UVICORN_PROXY_HEADERS", "true"),
                    ("UVICORN_SOMETHING", "x"),
                ],
                "uvicorn --port 7000 --proxy-headers app:app",
            ),
            ("daphne app:app", &[("UVICORN_PORT", "1")], "daphne app:app"),
        ] {
            assert_eq!(read(command, variables), expected);
        }
    }
}
