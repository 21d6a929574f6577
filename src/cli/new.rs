//! `dockwright new`: from answers to a service on disk.

use std::path::Path;

use serde_json::json;

use crate::answers::{Draft, Sources, document, header};
use crate::apply::create;
use crate::cli::command_line::CommandLine;
use crate::cli::{Choices, Format, input, overview, report, wizard};
use crate::error::{Error, Problem};
use crate::plan::Plan;
use crate::plan::env;
use crate::plan::outputs::Content;
use crate::preset::Preset;
use crate::project;
use crate::render;

/// Makes a service in `dir`.
///
/// # Errors
/// Wrong input before anything is written; a failed write leaves nothing.
pub fn run(dir: &Path, choices: &Choices, yes: bool, dry_run: bool) -> Result<(), Error> {
    // What is missing cannot be locked, and needs no lock: it appears at once.
    let held = dir.is_dir().then(|| input::hold(dir)).transpose()?;
    if !dry_run {
        input::sweep(dir);
    }
    create::check_target(dir)?;
    let can_ask = crate::cli::report::can_ask();
    // What writes nothing needs nobody's word.
    let (preset, draft) = if yes || (dry_run && !can_ask) {
        non_interactive(dir, choices)?
    } else if can_ask {
        wizard::run(dir, choices, dry_run)?
    } else {
        return Err(no_terminal(choices));
    };
    let mut plan = input::plan(&draft, choices)?;
    if let Some(adopted) = &plan.answers.adopted {
        return Err(Error::input(
            Problem::new(format!("project.app = {} names code that is already there", adopted.app))
                .help("`dockwright init` in its repository writes the container files for it"),
        ));
    }
    plan.warnings.extend(project::missing(&plan, dir));
    if plan.outputs.iter().any(|output| output.usual.as_str() == ".env") {
        plan.warnings.extend(env::to_fill_in(&plan.env, &[]));
    }
    let mut files = render::render(&plan, &draft)?;
    let command = command(dir, choices, &draft, yes);
    for file in files.iter_mut().filter(|file| file.output.content == Content::Intent) {
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        file.bytes = header::begun(&text, &command).into_bytes();
    }
    let written = if dry_run {
        files.iter().map(|file| file.output.path.to_string()).collect()
    } else {
        create::create(dir, held.as_ref(), &plan, &preset, &files)?
    };
    report_done(dir, choices, &plan, &written, dry_run)
}

fn non_interactive(dir: &Path, choices: &Choices) -> Result<(Preset, Draft), Error> {
    let preset =
        input::preset(choices.preset.as_deref().unwrap_or(input::DEFAULT_PRESET), dir, None)?;
    let name = input::name_source(dir);
    let sources = Sources { name, set: &choices.set, ..Sources::of(&preset) };
    let draft = sources.assemble().map_err(Error::Input)?.draft;
    input::check_name(dir, &draft)?;
    Ok((preset, draft))
}

/// The command that makes the same service without a question.
fn command(dir: &Path, choices: &Choices, draft: &Draft, yes: bool) -> String {
    let mut command = CommandLine::new("new");
    command.directory(dir);
    match &choices.preset {
        Some(typed) => command.preset(typed),
        None => command.preset(&draft.reference()),
    };
    let only: Vec<&str> = choices.only.iter().map(|bundle| bundle.word()).collect();
    if !only.is_empty() {
        command.options("--only", &[only.join(",")]);
    }
    let said = document::said(draft).into_iter();
    let said: Vec<String> = said.map(|(key, value)| format!("{key}={value}")).collect();
    command.options("--set", &said).switch("--yes", yes).to_string()
}

fn no_terminal(choices: &Choices) -> Error {
    let missing = if choices.preset.is_none() { "which stack, and " } else { "" };
    Error::input(
        Problem::new(format!(
            "there is no terminal to ask {missing}whether the rest may have its defaults"
        ))
        .help("add --yes, with --preset and --set for what you choose"),
    )
}

fn report_done(
    dir: &Path,
    choices: &Choices,
    plan: &Plan,
    written: &[String],
    dry_run: bool,
) -> Result<(), Error> {
    let next = next_command(dir, plan);
    if choices.format == Format::Json {
        return report::json(&json!({
            "directory": dir,
            "written": written,
            "dry_run": dry_run,
            "next": next,
            "plan": super::plan::json(plan),
        }));
    }
    let width = usize::from(report::width());
    let mut text = report::headline(plan);
    text.push_str(&overview::numbers(plan, width).0);
    let verb = if dry_run { "Would write" } else { "Wrote" };
    text.push_str(&format!("{verb} {} files to {}\n", written.len(), dir.display()));
    let paths: Vec<&str> = written.iter().map(String::as_str).collect();
    text.push_str(&overview::files(&paths, width));
    text.push_str(&report::notes(&plan.warnings));
    if !dry_run {
        text.push_str(&format!("\nNext: {next}\n"));
    }
    report::print(&text)
}

/// What to type next.
fn next_command(dir: &Path, plan: &Plan) -> String {
    let shown = dir.display().to_string();
    let quoted = report::shell_word(&shown);
    let has = |path: &str| plan.outputs.iter().any(|output| output.path.as_str() == path);
    let start = match (has("Dockerfile") && plan.awaited.is_empty(), has("compose.yaml")) {
        (true, true) => "docker compose up --build --wait".to_owned(),
        (true, false) if has("deploy/kubernetes/overlays/dev/kustomization.yaml") => format!(
            "docker build --tag {}:local . && kubectl kustomize deploy/kubernetes/overlays/dev",
            plan.answers.name
        ),
        (true, false) => format!("docker build --tag {} .", plan.answers.name),
        // There is nothing yet that could be built.
        (false, _) => "dockwright plan".to_owned(),
    };
    if shown == "." { start } else { format!("cd {quoted} && {start}") }
}
