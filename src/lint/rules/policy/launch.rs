//! What a container starts, and whether the numbers of its server can be told
//! from what is written: a script, a variable or another file may say others.

use crate::lint::diagnostic::{At, Diagnostic};
use crate::lint::subject::{Comparison, Container, Program, Server, Subject, doubts};
use crate::source::compose::Item;
use crate::source::dockerfile::{Keyword, Transfer};
use crate::source::shell;

/// Variables that servers read by themselves.
const READ: [&str; 4] =
    ["WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "UVICORN_WORKERS", "CELERYD_CONCURRENCY"];

/// Variables that decide which program is started, and what it loads first.
const STEERS: [&str; 8] = [
    "PATH",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONUSERBASE",
    "BASH_ENV",
    "ENV",
];

/// What stands in the way of telling an option; `None` where nothing does.
pub fn doubt(option: &str, own: &Container, compared: Comparison<'_>) -> Option<Diagnostic> {
    let whole = compared.now.container_at(own);
    let Some(server) = &own.server else {
        return Some(Diagnostic::unknown(
            whole,
            format!("{}: what serves there is not known", own.name),
        ));
    };
    let unknown = |what: &str| Diagnostic::unknown(server.at, format!("{}: {what}", own.name));
    let hides = server.has("config") && server.config.is_none();
    if hides && !server.has(option) {
        return Some(unknown("its settings are in a file that is not here"));
    }
    if server.program == Program::Uwsgi {
        return Some(unknown("the settings of uwsgi are not read"));
    }
    abbreviated(own, server)
        .map(|word| unknown(&format!("what `{word}` is short for is not known")))
        .or_else(|| variable(option, own, compared))
        .or_else(|| text(own, compared))
        .or_else(|| settings(option, server, compared))
        .or_else(|| replaced(own, server, compared))
}

/// A long option that is cut short, which argparse completes.
fn abbreviated(own: &Container, server: &Server) -> Option<String> {
    const LONG: [&str; 6] =
        ["--workers", "--worker-class", "--threads", "--timeout", "--config", "--concurrency"];
    let argv = &own.steps.get(server.step)?.argv;
    let is_cut = |word: &&String| {
        let flag = word.split('=').next().unwrap_or(word);
        flag.len() > 3 && LONG.iter().any(|full| full.starts_with(flag) && *full != flag)
    };
    argv.iter().find(is_cut).cloned()
}

/// A variable whose value nobody here knows.
fn variable(option: &str, own: &Container, compared: Comparison<'_>) -> Option<Diagnostic> {
    let counterpart = compared.counterpart(own);
    for name in READ {
        let Some(variable) = own.env.get(name) else { continue };
        if name == "WEB_CONCURRENCY" && option != "workers" {
            continue;
        }
        let was = counterpart.and_then(|own| own.env.get(name));
        let is_open = compared.now.composed(own).is_some_and(|(deployment, service)| {
            let value = service.item.get("environment").and_then(|all| all.get(name));
            let all = service.item.get("environment").map_or(&[][..], Item::items);
            let listed =
                all.iter().find(|own| own.scalar().is_some_and(|own| own.starts_with(name)));
            value.or(listed).is_some_and(|item| Comparison::is_open(deployment, item))
        });
        let is_passed = variable.value.is_none() && was.is_none_or(|was| was.value.is_some());
        let moves = name == "GUNICORN_CMD_ARGS"
            && variable.value.as_deref().is_some_and(|text| {
                text.split_whitespace()
                    .any(|word| word.starts_with("-c") || word.starts_with("--conf"))
            });
        if is_open || is_passed || moves {
            let message = format!("{}: what {name} is cannot be told", own.name);
            return Some(Diagnostic::unknown(variable.at, message));
        }
    }
    for name in STEERS {
        let Some(variable) = own.env.get(name) else { continue };
        let written = &compared.standard.written;
        // A value that holds another variable is compared as it is written.
        let said = |subject: &Subject, own: &Container| {
            let value = own.env.get(name).and_then(|own| own.value.clone());
            let set = || Some(subject.build_of(own)?.image.env.get(name)?.value.text.clone());
            value.or_else(set)
        };
        let was = counterpart.filter(|own| own.env.contains_key(name));
        let same = was.is_some_and(|was| said(written, was) == said(compared.now, own));
        let is_harmless = variable.value.as_deref().is_some_and(|text| {
            name == "PYTHONPATH"
                && compared.now.build_of(own).is_some_and(|build| {
                    let workdir = build.image.workdir.as_ref().and_then(|own| own.value.known());
                    let inside = |part: &str| workdir.is_some_and(|own| part.starts_with(own));
                    text.split(':').all(inside) && !compared.now.tree.names_module("sitecustomize")
                })
        });
        if !same && !is_harmless {
            let message =
                format!("{}: {name} may put something else in its server's place", own.name);
            return Some(Diagnostic::unknown(variable.at, message));
        }
    }
    // A variable in the command itself.
    let (deployment, service) = compared.now.composed(own)?;
    let items = ["command", "entrypoint"].into_iter().filter_map(|key| service.item.get(key));
    let mut items = items.flat_map(|item| std::iter::once(item).chain(item.items()));
    let open =
        items.find(|item| item.scalar().is_some() && Comparison::is_open(deployment, item))?;
    let message = format!("{}: a variable in its command has no value here", own.name);
    Some(Diagnostic::unknown(compared.at(own, Some(open)), message))
}

/// A command or a script that sets variables, or starts something by a way that
/// is not followed.
fn text(own: &Container, compared: Comparison<'_>) -> Option<Diagnostic> {
    let at = own.server.as_ref()?.at;
    let service = compared.now.composed(own).map(|(_, service)| service.command());
    let image = compared.now.build_of(own).map(|build| build.image.words().join(" "));
    let commands = service.into_iter().chain(image);
    let mut found = commands.filter_map(|text| steers(&text).map(|word| (at, word))).next();
    let mut scripts: Vec<usize> = own.steps.iter().filter_map(|step| step.script).collect();
    scripts.dedup();
    for script in scripts {
        let text = &compared.now.texts[script];
        let fresh = compared.standard.written.text_of(&text.path);
        let fresh = fresh.map_or("", |own| compared.standard.written.texts[own].text.as_str());
        let known: Vec<_> = shell::split(fresh).into_iter().map(|own| own.words).collect();
        for command in shell::split(&text.text) {
            if found.is_some() || known.contains(&command.words) {
                continue;
            }
            let at = At::new(script, text.line_span(command.line + 1));
            found = steered(vec![command.words]).map(|word| (at, word));
        }
    }
    let (at, word) = found?;
    let message = format!("{}: what `{word}` makes of its server is not followed", own.name);
    Some(Diagnostic::unknown(at, message))
}

/// The word in a text by which something else than its own words counts.
fn steers(text: &str) -> Option<String> {
    steered(shell::split(text).into_iter().map(|own| own.words).collect())
}

/// The same of commands that are taken apart already.
fn steered(mut commands: Vec<Vec<String>>) -> Option<String> {
    let sets =
        |word: &str| READ.iter().chain(&STEERS).any(|own| word.starts_with(&format!("{own}=")));
    let split = |text: &str| -> Vec<Vec<String>> {
        shell::split(text).into_iter().map(|own| own.words).collect()
    };
    // The text of `sh -c` is a word.
    let inner: Vec<String> =
        commands.iter().flatten().filter(|word| word.contains(' ')).cloned().collect();
    commands.extend(inner.iter().flat_map(|text| split(text)));
    let first = |words: &Vec<String>| {
        let word = words.first()?;
        let is_option = |word: &String| word.starts_with(['-', '+']) && word != "--";
        // `set -eu` is an option; `set -a` passes on what is set, and other words are
        // what `$@` is from then on.
        let sets = word == "set"
            && words[1..].iter().any(|own| own.starts_with("-a") || !is_option(own))
            && !words.iter().any(|own| own == "-o" || own.ends_with('o') && is_option(own));
        (sets || matches!(word.as_str(), "eval" | "." | "source" | "export" | "alias"))
            .then(|| word.clone())
    };
    let all: Vec<&String> = commands.iter().flatten().collect();
    let passes = |word: &str| matches!(word, "$@" | "$*" | "${@}");
    let after = all.windows(2).find(|pair| passes(pair[0]) && pair[1].starts_with(['-', '$']));
    let other = all.iter().find(|word| word.as_str() == "xargs" || sets(word));
    commands
        .iter()
        .find_map(first)
        .or_else(|| other.map(|word| (*word).clone()))
        .or_else(|| after.map(|pair| pair[1].clone()))
}

/// What of gunicorn's settings is no plain assignment.
fn settings(option: &str, server: &Server, compared: Comparison<'_>) -> Option<Diagnostic> {
    let config = &compared.now.gunicorn[server.config?];
    let text = &compared.now.texts[config.text];
    let written = &compared.standard.written;
    let fresh: Vec<&str> =
        written.gunicorn.iter().map(|own| written.texts[own.text].text.as_str()).collect();
    let known = |said: &str| {
        !said.contains('\n')
            && fresh.iter().any(|text| text.lines().any(|own| own.starts_with(said)))
    };
    let tree = &compared.now.tree;
    let is_own = |name: &str| {
        !name.is_empty() && (tree.has(&format!("{name}.py")) || tree.has_directory(name))
    };
    let name = if option == "preload" { "preload_app" } else { option };
    let doubts = doubts(text, &known, &is_own);
    let doubt = doubts.iter().find(|own| own.setting.as_deref().is_none_or(|own| own == name))?;
    let line = text.slice(doubt.span).lines().next().unwrap_or_default();
    let message = format!("{name} is only known when it runs: `{line}`");
    Some(Diagnostic::unknown(At::new(config.text, doubt.span), message))
}

/// Another file in the place of gunicorn's settings.
fn replaced(own: &Container, server: &Server, compared: Comparison<'_>) -> Option<Diagnostic> {
    let config = &compared.now.gunicorn[server.config?];
    let path = compared.now.path(config.text);
    let name = path.rsplit('/').next().unwrap_or(path);
    let message = format!("{}: {name} is another file there", own.name);
    let file_of = |target: &str| target.trim_end_matches('/').rsplit('/').next() == Some(name);
    if let Some((deployment, service)) = compared.now.composed(own) {
        let mounts = service.mounts();
        let items = ["configs", "secrets"].into_iter().filter_map(|key| service.item.get(key));
        let mut items = items.flat_map(Item::items);
        let is_config = |item: &&Item| {
            item.get("target").and_then(Item::scalar).is_some_and(|target| file_of(&target))
        };
        let moved = service.item.get("working_dir").filter(|dir| {
            let was = compared.written_as(own).and_then(|own| own.text("working_dir"));
            let image = compared.now.build_of(own).and_then(|own| own.image.workdir.as_ref());
            let usual = image.and_then(|dir| dir.value.known().map(str::to_owned));
            dir.scalar() != was && dir.scalar() != usual
        });
        let mounted = mounts.iter().any(|mount| file_of(&mount.target));
        if let Some(item) = items.find(is_config).or(moved) {
            return Some(Diagnostic::unknown(compared.now.item(deployment, item), message));
        }
        if mounted {
            return Some(Diagnostic::unknown(
                compared.at(own, service.item.get("volumes")),
                message,
            ));
        }
    }
    let build = compared.now.build_of(own)?;
    let file = &compared.now.recipes[build.recipe].file;
    for (number, instruction) in compared.now.instructions(build) {
        let touches = match instruction.keyword {
            Keyword::Run => {
                let body = |at: &crate::source::dockerfile::Heredoc| {
                    let text = compared.now.recipes[build.recipe].text;
                    compared.now.texts[text].slice(at.body).contains(name)
                };
                instruction.arguments.text.contains(name) || instruction.heredocs.iter().any(body)
            }
            Keyword::Copy | Keyword::Add => {
                Transfer::of(instruction, file.escape).is_some_and(|own| {
                    let is_other =
                        own.sources.is_empty() || own.sources.iter().any(|source| !file_of(source));
                    is_other && file_of(&own.target)
                })
            }
            _ => false,
        };
        if touches {
            return Some(Diagnostic::unknown(compared.now.instruction(build, number), message));
        }
    }
    None
}
