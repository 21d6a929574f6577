//! `deploy.hardening`, on what a build runs beside what would be written: a command
//! whose effect is not known may make anybody root, in more ways than one can list.

use std::collections::BTreeSet;

use crate::lint::diagnostic::Diagnostic;
use crate::lint::rules::policy::{effect, setuid};
use crate::lint::subject::{Built, Comparison, Recipe};
use crate::relpath::file_name;
use crate::source::dockerfile::{Arguments, Dockerfile, Instruction, Keyword, Transfer, expand};
use crate::source::shell;

/// Scripts that call scripts are followed this deep.
const DEPTH: usize = 4;

/// What in the stages that an image is made of, or takes files from, does something
/// that nobody here can tell; each instruction once.
pub fn judge(compared: Comparison<'_>, own: &Built) -> Vec<Diagnostic> {
    if !compared.standard.is_outside {
        return Vec::new();
    }
    let recipe = &compared.now.recipes[own.recipe];
    let fresh = Fresh::of(compared);
    let mut findings = Vec::new();
    for stage in setuid::stages(compared, own) {
        for (number, instruction) in recipe.file.of_stage(stage) {
            let said = instruction.arguments.text.trim();
            let what = match instruction.keyword {
                Keyword::Run => unclear(compared, recipe, instruction, &fresh),
                Keyword::Shell if !is_shell(instruction) => Some(said.to_owned()),
                Keyword::Workdir => elsewhere(&recipe.file, stage, said),
                Keyword::Copy | Keyword::Add => shadowing(instruction, recipe.file.escape),
                Keyword::Env => steering(recipe, instruction, &fresh),
                _ => None,
            };
            let Some(what) = what else { continue };
            let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
            let (what, more) = match what.char_indices().nth(80) {
                Some((at, _)) => (&what[..at], "…"),
                None => (what.as_str(), ""),
            };
            let stage = &recipe.file.stages[stage];
            let place = stage.name.as_ref().map_or_else(String::new, |own| format!(" in {own}"));
            let message = format!(
                "what `{what}{more}`{place} does cannot be judged: it may make anybody root"
            );
            let help = "write it with programs whose effect is known (packages, pip, mkdir, chown, \
                        chmod with a mode in figures), or have the team's preset write it as a \
                        layer of its own, or waive it there";
            findings.push(
                Diagnostic::unknown(compared.instruction(own, number), message).with_help(help),
            );
        }
    }
    findings
}

/// What the build that would be written runs and sets.
struct Fresh {
    commands: BTreeSet<Vec<String>>,
    settings: BTreeSet<String>,
}

impl Fresh {
    fn of(compared: Comparison<'_>) -> Self {
        let written = &compared.standard.written;
        let mut fresh = Self { commands: BTreeSet::new(), settings: BTreeSet::new() };
        for recipe in &written.recipes {
            for instruction in &recipe.file.instructions {
                if instruction.keyword == Keyword::Env {
                    let pairs = instruction.pairs(recipe.file.escape).into_iter();
                    let set = pairs.map(|(name, value, _)| set(&name, value.as_deref()));
                    fresh.settings.extend(set);
                }
                if instruction.keyword == Keyword::Run {
                    let text = instruction.command().line();
                    fresh.commands.extend(shell::whole(&text).into_iter().flatten());
                }
            }
        }
        fresh
    }
}

fn set(name: &str, value: Option<&str>) -> String {
    format!("{name}={}", value.unwrap_or_default().trim_matches(['"', '\'']))
}

/// The first command of a RUN whose effect is not known.
fn unclear(
    compared: Comparison<'_>,
    recipe: &Recipe,
    instruction: &Instruction,
    fresh: &Fresh,
) -> Option<String> {
    let file = &compared.now.texts[recipe.text];
    let line = instruction.command().line();
    let mut texts = vec![line.clone()];
    let runs =
        line.trim_start().starts_with("<<") || line.contains("sh <<") || line.contains("-s <<");
    for heredoc in &instruction.heredocs {
        let body = file.slice(heredoc.body);
        let is_script = body.strip_prefix("#!").is_none_or(names_shell);
        if runs && is_script {
            texts.push(body.to_owned());
        } else if runs || heredoc.expands && (body.contains("$(") || body.contains('`')) {
            return Some(line);
        }
    }
    // The here-documents are read apart; what is left of them is their names.
    if !instruction.heredocs.is_empty() {
        texts[0] = texts[0].replace("<<-", "< ").replace("<<", "< ");
    }
    let follow = |called: &str| script(compared, recipe, instruction, called);
    texts.iter().find_map(|text| of_text(text, &fresh.commands, &follow, DEPTH))
}

fn of_text(
    text: &str,
    known: &BTreeSet<Vec<String>>,
    follow: &dyn Fn(&str) -> Option<String>,
    depth: usize,
) -> Option<String> {
    let Some(commands) = shell::whole(text).filter(|_| depth > 0) else {
        return Some(text.to_owned());
    };
    let inner = |text: &str| of_text(text, known, follow, depth - 1).is_none();
    let called = |path: &str| follow(path).is_some_and(|text| inner(&text));
    let unclear =
        |words: &&Vec<String>| !known.contains(*words) && !effect::is_known(words, &inner, &called);
    commands.iter().find(unclear).map(|words| words.join(" "))
}

/// The text of a script of the repository that a RUN calls, where it is one alone and
/// nothing has changed it.
fn script(
    compared: Comparison<'_>,
    recipe: &Recipe,
    run: &Instruction,
    called: &str,
) -> Option<String> {
    let tree = &compared.now.tree;
    let called = called.trim_start_matches("./");
    let name = file_name(called);
    let mut sources: BTreeSet<String> = BTreeSet::new();
    for instruction in &recipe.file.instructions {
        let text = &instruction.arguments.text;
        if instruction.keyword == Keyword::Run {
            // Whoever writes a file of this name may write anything.
            let writes = |words: &Vec<String>| {
                let named =
                    words.iter().any(|word| file_name(word) == name || word.ends_with(name));
                named
                    && !matches!(words[0].as_str(), "chmod" | "chown" | "rm" | "sh" | "bash")
                    && file_name(&words[0]) != name
            };
            if shell::whole(text).is_none_or(|all| all.iter().any(writes)) {
                return None;
            }
        }
        sources.extend(mounted(instruction, called));
        let Some(transfer) = Transfer::of(instruction, recipe.file.escape) else { continue };
        let is_target = file_name(&transfer.target) == name;
        let whole = transfer.sources.iter().any(|source| file_name(source) == name);
        if is_target && transfer.sources.is_empty() {
            return None;
        }
        if is_target || whole {
            sources.extend(
                transfer.sources.iter().filter(|own| is_target || file_name(own) == name).cloned(),
            );
        }
    }
    sources.extend(mounted(run, called));
    if sources.is_empty() {
        sources.extend(tree.has(called).then(|| called.to_owned()));
        sources.extend(called.split_once('/').and_then(|(_, rest)| inside(compared, rest)));
    }
    let only = sources.first().filter(|_| sources.len() == 1)?;
    let text = tree.text(only.trim_start_matches("./"))?;
    let is_shell = match text.strip_prefix("#!") {
        Some(rest) => names_shell(rest),
        None => true,
    };
    is_shell.then(|| text.to_owned())
}

/// `/app/tools/x.sh`, where the repository is what `/app` holds.
fn inside(compared: Comparison<'_>, called: &str) -> Option<String> {
    let (_, path) = called.split_once('/')?;
    compared.now.tree.has(path).then(|| path.to_owned())
}

/// The file of the context that a mount of RUN shows by a name.
fn mounted(instruction: &Instruction, called: &str) -> Option<String> {
    instruction.flags.iter().filter(|flag| flag.name == "mount").find_map(|flag| {
        let parts = flag.value.as_deref()?.split(',').filter_map(|part| part.split_once('='));
        let parts: Vec<(&str, &str)> = parts.collect();
        let of =
            |names: &[&str]| parts.iter().find(|(key, _)| names.contains(key)).map(|own| own.1);
        let target = of(&["target", "dst", "destination"])?;
        let is_it = target.trim_start_matches('/') == called.trim_start_matches('/');
        (is_it && of(&["from"]).is_none())
            .then(|| of(&["source", "src"]).unwrap_or(target).to_owned())
    })
}

/// Whether the first line of a script names a shell; it stands without `#!`.
fn names_shell(rest: &str) -> bool {
    let line = rest.lines().next().unwrap_or_default();
    let mut words = line.split_whitespace().map(file_name).filter(|word| *word != "env");
    let is_shell = words.next().is_some_and(|word| matches!(word, "sh" | "bash" | "ash" | "dash"));
    is_shell && words.all(|word| word.starts_with('-'))
}

/// Whether SHELL is one, with its text last.
fn is_shell(instruction: &Instruction) -> bool {
    let Some(words) = &instruction.json else { return false };
    let Some((first, rest)) = words.split_first() else { return false };
    let is_flag = |word: &String| word.starts_with('-') || word == "pipefail";
    matches!(file_name(first), "sh" | "bash" | "ash" | "dash")
        && rest.iter().all(is_flag)
        && rest.last().is_some_and(|word| !word.starts_with("--") && word.ends_with('c'))
}

/// COPY of a file of the repository by the name of a program that is relied on.
fn shadowing(instruction: &Instruction, escape: char) -> Option<String> {
    if instruction.flag("from").is_some() {
        return None;
    }
    let transfer = Transfer::of(instruction, escape)?;
    let target = transfer.target.as_str();
    let directory = target.ends_with('/') || effect::is_program_directory(target);
    let named = |own: &str| effect::is_relied_on(file_name(own.trim_end_matches('/')));
    let to_programs = effect::is_program_directory(target.trim_end_matches('/'))
        || target.rsplit_once('/').is_some_and(|(own, _)| effect::is_program_directory(own));
    let shadows = to_programs
        && (named(target) || directory && transfer.sources.iter().any(|own| named(own)));
    shadows.then(|| format!("{} {}", instruction.keyword.word(), instruction.arguments.text))
}

/// ENV that says which programs are run, and what they load first.
fn steering(recipe: &Recipe, instruction: &Instruction, fresh: &Fresh) -> Option<String> {
    let pairs = instruction.pairs(recipe.file.escape);
    let (name, value, _) = pairs.iter().find(|(name, value, _)| {
        let value = value.as_deref().unwrap_or_default();
        let is_fresh = fresh.settings.contains(&set(name, Some(value)));
        effect::steers(name) && !is_fresh && !(name == "PATH" && effect::is_path_of_programs(value))
    })?;
    Some(format!("ENV {}", set(name, value.as_deref())))
}

/// WORKDIR where accounts are kept, or that is only known when it is built.
fn elsewhere(file: &Dockerfile, stage: usize, said: &str) -> Option<String> {
    let image = file.image(stage, &Arguments::new());
    let lookup = |name: &str| {
        let set = image.env.get(name).or_else(|| image.args.get(name));
        set.map(|set| set.value.clone())
    };
    let path = expand(said, file.escape, &lookup).text;
    let is_own = path.trim() == "/" || effect::is_own(&path);
    (!is_own).then(|| format!("WORKDIR {said}"))
}
