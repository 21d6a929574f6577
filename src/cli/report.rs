//! How results look: tables that fit the terminal, JSON, errors.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use console::style;

use crate::answers::stack::Proxy;
use crate::cli::layout;
use crate::error::Error;
use crate::plan::images;
use crate::plan::{Decided, Plan};

/// Width of a report where there is no terminal to ask.
const WIDTH: u16 = 80;

/// Columns of a report: those that `COLUMNS` asks for, else those of the terminal
/// that standard output is.
#[must_use]
pub fn width() -> u16 {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    let found = asked.filter(|columns| *columns > 0).or_else(terminal_width);
    found.map_or(WIDTH, |columns: u16| columns.clamp(40, 160))
}

/// A terminal that says no rows may say columns all the same.
fn terminal_width() -> Option<u16> {
    let out = std::io::stdout();
    if !out.is_terminal() {
        return None;
    }
    #[cfg(unix)]
    let columns = rustix::termios::tcgetwinsize(&out).ok()?.ws_col;
    #[cfg(not(unix))]
    let columns = console::Term::stdout().size_checked()?.1;
    Some(columns).filter(|columns| *columns > 0)
}

/// Whether somebody is there to be asked.
#[must_use]
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// A word as a shell reads it back, quoted where it has to be.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "_@%+=:,./-".contains(it);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => shell_words::quote(word).into_owned(),
    }
}

/// Writes a report to standard output.
///
/// # Errors
/// When it cannot be written; a reader that went away is no error.
pub fn print(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(source) => Err(Error::Io { action: "write", path: "standard output".into(), source }),
        Ok(()) => Ok(()),
    }
}

/// Writes a JSON report.
///
/// # Errors
/// See [`print`].
pub fn json(value: &serde_json::Value) -> Result<(), Error> {
    print(&format!("{value:#}\n"))
}

/// More problems than this are counted, and no longer shown.
const MOST_PROBLEMS: usize = 50;
/// A longer message is cut, in bytes: nobody reads more, and logs are finite.
const LONGEST: usize = 8 << 10;

/// A message that cannot flood or control a terminal.
fn bounded(text: &str) -> String {
    let text = layout::visible(text);
    if text.len() <= LONGEST {
        return text.into_owned();
    }
    let mut end = LONGEST;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}… ({} bytes more)", &text[..end], text.len() - end)
}

/// Writes an error to standard error.
pub fn error(error: &Error) {
    let word = style("error").for_stderr().red().bold();
    let text = match error {
        Error::Interrupted | Error::Cancelled => format!("{error}\n"),
        Error::Input(problems) => {
            let shown = problems.iter().take(MOST_PROBLEMS);
            let mut text: String = shown
                .map(|problem| format!("{word}: {}\n", bounded(&problem.to_string())))
                .collect();
            if problems.len() > MOST_PROBLEMS {
                let more = problems.len() - MOST_PROBLEMS;
                text.push_str(&format!("{word}: and {more} more like these\n"));
            }
            text
        }
        other => format!("{word}: {}\n", bounded(&other.to_string())),
    };
    // Standard error can be gone; then the exit code alone has to say it.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Says something on standard error that is no reason to stop.
pub fn warn(text: &str) {
    let word = style("warning").for_stderr().yellow().bold();
    // Standard error can be gone; the work goes on.
    let _ = writeln!(std::io::stderr(), "{word}: {text}");
}

/// Says on standard error that another run has to end first.
pub fn waiting(dir: &Path) -> impl FnMut() {
    move || {
        let text = format!("waiting for another dockwright in {}\n", dir.display());
        // Standard error can be gone; the wait is the same.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

/// A table under a header, as wide as the terminal at most.
#[must_use]
pub fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [impl AsRef<str>; N]>,
) -> String {
    let rows = rows.into_iter().map(|row| row.map(|cell| cell.as_ref().to_owned()));
    let rows: Vec<[String; N]> = std::iter::once(header.map(str::to_owned)).chain(rows).collect();
    let text = layout::table(&rows, usize::from(width()), "");
    match text.split_once('\n') {
        Some((header, rest)) => format!("{}\n{rest}", style(header).bold()),
        None => text,
    }
}

/// What a person should know, a paragraph each.
#[must_use]
pub fn notes(notes: &[String]) -> String {
    let paragraph =
        |note: &String| layout::paragraph(&format!("note: {note}"), usize::from(width()), "");
    notes.iter().map(paragraph).collect()
}

/// What runs, in a line: `shop: django on gunicorn behind nginx, 2 CPU and
/// 4 GiB for nginx, web, migrate, db`.
#[must_use]
pub fn headline(plan: &Plan) -> String {
    let answers = &plan.answers;
    let application = answers.stack.application();
    let behind = match answers.stack.proxy {
        Proxy::None => String::new(),
        proxy => format!(" behind {}", proxy.word()),
    };
    let services: Vec<&str> =
        plan.services.iter().map(|role| answers.services[role].as_str()).collect();
    let own = &plan.code.own.title;
    let what = match own.is_empty() {
        true => format!("{} on {}", application.framework.word(), application.server.word()),
        false => format!("{own} by its own server"),
    };
    let line = match plan.flags.is("compose") {
        true => format!(
            "{}: {what}{behind}, {} and {} for {}",
            answers.name,
            answers.deploy.cpus,
            answers.deploy.memory,
            services.join(", ")
        ),
        false => {
            let pods = plan.workloads.workloads.iter().map(|own| own.id.as_str());
            let targets: Vec<&str> = answers.deploy.targets.iter().map(|it| it.word()).collect();
            format!(
                "{}: {what}, {} a second on {}: {}",
                answers.name,
                answers.deploy.load,
                targets.join(" and "),
                pods.collect::<Vec<_>>().join(", ")
            )
        }
    };
    layout::paragraph(&line, usize::from(width()), "")
}

/// Names in as many columns as fit.
#[must_use]
pub fn columns(names: &[String]) -> String {
    columns_within(names, usize::from(width()))
}

/// Names in as many columns as fit into `width`.
#[must_use]
pub fn columns_within(names: &[String], width: usize) -> String {
    let widest = names.iter().map(|name| console::measure_text_width(name)).max().unwrap_or(1) + 2;
    let columns = (width.saturating_sub(2) / widest).max(1);
    let rows = names.len().div_ceil(columns).max(1);
    let mut text = String::new();
    for row in 0..rows {
        let line: String = names
            .iter()
            .skip(row)
            .step_by(rows)
            .map(|name| console::pad_str(name, widest, console::Alignment::Left, None).into_owned())
            .collect();
        text.push_str(&format!("  {}\n", line.trim_end()));
    }
    text
}

/// The whole plan: services, then numbers with their reasons, files, notes.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let mut text = format!("{}\n", headline(plan));
    let mut rows: Vec<[String; 3]> = Vec::new();
    for role in &plan.services {
        if !rows.is_empty() {
            rows.push(Default::default());
        }
        let own = plan.decisions.iter().filter(|decision| decision.key.role == *role);
        rows.extend(
            own.map(|decision| [decision.key.name(), decision.value.to_string(), reason(decision)]),
        );
    }
    // A database that is managed elsewhere is no service, but has a number.
    let elsewhere = plan.decisions.iter().filter(|d| !plan.services.contains(&d.key.role));
    rows.extend(elsewhere.map(|d| [d.key.name(), d.value.to_string(), reason(d)]));
    text.push_str(&table(["number", "value", "reason"], rows));
    let digests = images::known(plan);
    if !digests.is_empty() {
        text.push('\n');
        text.push_str(&table(["image", "digest"], digests.into_iter().map(|(a, b)| [a, b])));
    }
    let names: Vec<String> = plan.outputs.iter().map(|output| output.path.to_string()).collect();
    text.push_str(&format!("\n{} files\n{}", names.len(), columns(&names)));
    text.push_str(&notes(&plan.warnings));
    text
}

fn reason(decision: &Decided) -> String {
    if decision.is_pinned() {
        format!("{} ({})", decision.reason(), decision.origin)
    } else {
        decision.reason()
    }
}

/// One number, what it is for, and the numbers it rests on, to the ground.
#[must_use]
pub fn explanation(plan: &Plan, decision: &Decided) -> String {
    let mut text = format!("{}\n", decision.key.row.doc);
    explain(plan, decision, 0, &mut Vec::new(), &mut text);
    text.push_str(&format!("\nPin it: --set tune.{}=…\n", decision.key.name()));
    text
}

fn explain(
    plan: &Plan,
    decision: &Decided,
    depth: usize,
    seen: &mut Vec<String>,
    text: &mut String,
) {
    let key = decision.key.name();
    let indent = "  ".repeat(depth);
    let again = seen.contains(&key);
    text.push_str(&format!("{indent}{key} = {}", decision.value));
    if again {
        text.push_str("  (see above)\n");
        return;
    }
    text.push_str(&format!(": {}\n", reason(decision)));
    seen.push(key);
    for used in decision.uses() {
        match plan.decision(used) {
            Some(used) => explain(plan, used, depth + 1, seen, text),
            None if used.starts_with("deploy.") => {
                let deploy = &plan.answers.deploy;
                let value = match used {
                    "deploy.memory" => deploy.memory.to_string(),
                    "deploy.cpus" => deploy.cpus.to_string(),
                    "deploy.load" => deploy.load.to_string(),
                    "deploy.pod-cpus" => deploy.pod_cpus.to_string(),
                    "deploy.pod-memory" => deploy.pod_memory.to_string(),
                    _ => deploy.budget.to_string(),
                };
                text.push_str(&format!("{indent}  {used} = {value}\n"));
            }
            None => {}
        }
    }
}
