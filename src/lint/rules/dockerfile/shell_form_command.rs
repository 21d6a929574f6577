//! A server below a shell.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::floating_base::LIBRARY;
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Container, Subject};
use crate::source::compose::image;
use crate::source::dockerfile::{Command, Keyword, Setting};
use crate::source::shell;

pub static RULE: Rule = Rule {
    code: "DF103",
    name: "shell-form-command",
    severity: Severity::Warning,
    summary: "CMD and ENTRYPOINT of a server are in exec form, or begin with exec",
    why: "In shell form /bin/sh is process 1 and does not pass SIGTERM on: `docker stop` waits for all of the grace period and kills, and requests and tasks under way are lost at every deployment. An ENTRYPOINT in shell form is given no command either: CMD, and what a service or `docker run` says, is lost.",
    example: "CMD [\"gunicorn\", \"--bind\", \"0.0.0.0:8000\", \"shop.wsgi\"]",
    source: "Docker, Dockerfile reference: shell and exec form; BuildKit check JSONArgsRecommended; hadolint DL3025",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        lost(subject, build, findings);
        // Alpine's sh, and bash, hand their place to the last command by themselves.
        let alpine = build.image.base.known().is_some_and(|own| own.contains("alpine"));
        let shell = subject.instructions(build).filter(|(_, own)| own.keyword == Keyword::Shell);
        if alpine
            || is_handed_in(subject, build)
            || is_of_heroku(subject, build)
            || shell.last().is_some_and(|(_, own)| own.arguments.text.contains("bash"))
        {
            continue;
        }
        // What a service replaces is not run.
        let is_run = |entrypoint: bool| {
            support::runs_as(subject, build).any(|own| {
                own.server.is_some()
                    && subject.composed(own).is_none_or(|(_, own)| {
                        own.item.get("entrypoint").is_none()
                            && (entrypoint || own.item.get("command").is_none())
                    })
            })
        };
        if let Some(set) = &build.image.entrypoint
            && is_run(true)
        {
            of(subject, build, set, "ENTRYPOINT", findings);
        }
        // Of a CMD below a shell's ENTRYPOINT nothing is left.
        let shell_above =
            matches!(&build.image.entrypoint, Some(own) if matches!(own.value, Command::Shell(_)));
        if let (Some(set), false) = (&build.image.cmd, shell_above) {
            // It is handed to a script, which decides.
            if is_run(false) && build.image.entrypoint.is_none() {
                of(subject, build, set, "CMD", findings);
            }
        }
    }
}

/// A command that an ENTRYPOINT in shell form is never given: that of the image, or
/// of a service.
fn lost(subject: &Subject, build: &Build, findings: &mut Findings) {
    let Some(set) = &build.image.entrypoint else { return };
    let Command::Shell(written) = &set.value else { return };
    // `entry.sh $0 $@`: the command's words are those of the shell.
    if ["$0", "$@", "$*", "$1"].iter().any(|word| written.contains(word)) {
        return;
    }
    let has = |own: &Container, key: &str| {
        subject.composed(own).is_some_and(|(_, own)| own.item.get(key).is_some())
    };
    let all: Vec<&Container> =
        support::runs_as(subject, build).filter(|own| !has(own, "entrypoint")).collect();
    if all.is_empty() {
        return;
    }
    let told = all.iter().find(|own| has(own, "command"));
    let (at, whose) = match (&build.image.cmd, told) {
        (Some(cmd), _) => (subject.instruction(build, cmd.at), "CMD".to_owned()),
        (None, Some(own)) => match subject.key(own, &["command"]) {
            Some((_, at)) => (at, format!("the command of {}", own.name)),
            None => return,
        },
        (None, None) => return,
    };
    let commands = shell::split(written);
    let line = match commands.as_slice() {
        [only] if !written.contains(['$', '|', '&', ';', '<', '>', '`', '[']) => {
            let words =
                only.words.iter().map(|own| serde_json::Value::from(own.as_str()).to_string());
            format!("ENTRYPOINT [{}]", words.collect::<Vec<_>>().join(", "))
        }
        _ => "ENTRYPOINT [\"/entrypoint.sh\"], a script that ends in exec \"$@\"".to_owned(),
    };
    findings
        .add(at, format!("{whose} is never run: ENTRYPOINT is in shell form, and its text takes no more words"))
        .about(&whose)
        .related(subject.instruction(build, set.at), "in shell form")
        .help(format!("{line}   (it is given the command then, as more words)"));
}

fn of(
    subject: &Subject,
    build: &Build,
    set: &Setting<Command>,
    word: &str,
    findings: &mut Findings,
) {
    let Command::Shell(written) = &set.value else { return };
    // A shell in a shell: what it is given is what runs.
    let split = shell::split(written);
    let inner = match split.as_slice() {
        [only] => match only.words.as_slice() {
            [shell, option, text] if shell.ends_with("sh") && option == "-c" => Some((shell, text)),
            _ => None,
        },
        _ => None,
    };
    let is_nested = inner.is_some();
    let text = inner.map_or(written, |(_, text)| text);
    // What bash does is not what sh does: it stays.
    let bash = inner.map(|(shell, _)| shell).filter(|shell| shell.ends_with("bash"));
    let line = |text: &str| match bash {
        Some(shell) => {
            let words =
                [shell.as_str(), "-c", text].map(|own| serde_json::Value::from(own).to_string());
            format!("{word} [{}]", words.join(", "))
        }
        None => format!("{word} {text}"),
    };
    let mut commands = shell::split(text);
    // A bare shell behind the server is what is left over.
    let is_bare_shell = |own: &shell::Simple| {
        let words: Vec<&str> = own.words.iter().map(String::as_str).collect();
        let words = words.strip_prefix(&["exec"]).unwrap_or(&words);
        matches!(words, [only] if matches!(only.rsplit('/').next(), Some("bash" | "sh")))
    };
    let is_left_over = commands.len() > 1 && commands.last().is_some_and(is_bare_shell);
    if is_left_over {
        commands.pop();
    }
    let Some(last) = commands.last() else { return };
    if last.words.first().is_some_and(|first| first == "exec" || first == "[") {
        return;
    }
    let name = support::program(support::bare(last)).to_owned();
    // A JSON array that is none: it says something else than was meant.
    if text.starts_with('[') {
        return;
    }
    let at = subject.instruction(build, set.at);
    let finding = findings.add(
        at,
        format!("{word} is in shell form: {name} runs below /bin/sh and never gets SIGTERM"),
    );
    finding.about(word);
    // Who works on it stops it with Ctrl-C.
    if last.words.iter().any(|own| own == "--reload") {
        finding.severity(Severity::Advice);
    }
    if is_left_over {
        let words: Vec<String> = last
            .words
            .iter()
            .map(|own| serde_json::Value::from(own.as_str()).to_string())
            .collect();
        finding.help(format!(
            "{word} [{}]   (with exec before the server in it; the shell after it is left over)",
            words.join(", ")
        ));
        return;
    }
    let note = if name == "uwsgi" { support::die_on_term(subject, text) } else { "" };
    let plain = commands.len() == 1
        && !text.contains([
            '$', '`', '*', '?', '~', '|', '&', ';', '<', '>', '(', ')', '{', '\n', '#', '\\', '[',
            '!',
        ])
        && last.words.first().is_some_and(|first| !first.contains('='));
    if plain {
        let words: Vec<String> = last
            .words
            .iter()
            .map(|own| serde_json::Value::from(own.as_str()).to_string())
            .collect();
        let line = format!("{word} [{}]", words.join(", "));
        finding.help(format!("{line}{note}"));
        // A script without its `#!` line runs below a shell only.
        let script = last.words[0].contains('/') || last.words[0].ends_with(".sh");
        let multiline = subject.slice(at).contains('\n');
        let builtin = ["cd", "source", ".", "export", "set", "eval", "ulimit"]
            .contains(&last.words[0].as_str());
        // ENTRYPOINT in exec form is given CMD, which it was not before.
        let commanded = subject.containers_with(build).any(|own| {
            subject.composed(own).is_some_and(|(_, own)| own.item.get("command").is_some())
        });
        let takes_more = word == "ENTRYPOINT" && (build.image.cmd.is_some() || commanded);
        let own_stage = build.image.stages.last().copied();
        if !multiline
            && !script
            && !is_nested
            && !builtin
            && !takes_more
            && subject.file(build).stage_of(set.at) == own_stage
        {
            let edit = edit::dockerfile::replace(subject, build, set.at, &line);
            finding.fix(
                Fix::new(Grade::Checked, "writes it in exec form")
                    .condition("its text has no variable and nothing else that a shell would do")
                    .edit(edit.at, edit.text),
            );
        }
    } else if commands.len() == 1 {
        finding.help(line(&format!("exec {text}")) + note);
    } else {
        let rest = text
            .rfind(&last.words[0])
            .map(|at| line(&format!("{}exec {}", &text[..at], &text[at..])));
        finding.help(rest.unwrap_or_else(|| format!("exec {}", last.words.join(" "))) + note);
    }
}

/// Whether an image runs on Heroku, which signals every process of a dyno: nobody
/// here starts it, and its file, or who pushes it, says so.
fn is_of_heroku(subject: &Subject, build: &Build) -> bool {
    let says = |path: &str| {
        subject.tree.text(path).is_some_and(|text| text.contains("registry.heroku.com"))
    };
    let is_small = |path: &&str| subject.tree.size(path).is_some_and(|size| size < 1 << 18);
    let pushes = |path: &&str| {
        [".py", ".sh", ".yml", ".yaml"].iter().any(|end| path.ends_with(end)) && is_small(path)
    };
    let own = &subject.texts[subject.recipes[build.recipe].text].text;
    let mut lines = own.lines().take_while(|line| line.starts_with('#') || line.trim().is_empty());
    !build.is_composed
        && (lines.any(|line| line.to_ascii_lowercase().contains("heroku"))
            || subject.tree.has("heroku.yml")
            || subject.tree.paths().filter(pushes).any(says))
}

/// Whether its base is handed in by who builds, and nobody here knows which shell it
/// has: a name without a namespace and a tag that no library has, or one that a file
/// for `docker buildx bake` or a compose file gives a context.
fn is_handed_in(subject: &Subject, build: &Build) -> bool {
    let Some(base) = build.image.base.known() else { return false };
    let (repository, tag) = image::parts(base);
    let is_library = ["python", "scratch"].iter().chain(&LIBRARY).any(|own| *own == repository);
    let is_bare = tag.is_empty() && !repository.contains('/') && !is_library;
    let names_it = |path: &str| {
        let is_open = path.ends_with(".hcl")
            || subject.tree.text(path).is_some_and(|text| text.contains("additional_contexts"));
        is_open
            && subject.tree.text(path).is_some_and(|text| {
                [format!("{base} ="), format!("{base}="), format!("{base}:"), format!("\"{base}\"")]
                    .iter()
                    .any(|own| text.contains(own.as_str()))
            })
    };
    let of_compose = |path: &&str| {
        path.ends_with(".hcl")
            || (path.ends_with(".yml") || path.ends_with(".yaml")) && path.contains("compose")
    };
    is_bare || subject.tree.paths().filter(of_compose).any(names_it)
}
