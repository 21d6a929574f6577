//! The process that renders: a job on its standard input, events on its
//! standard output, and nothing else.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use crate::render::engine::{self, Job};
use crate::render::fault::Fault;
use crate::render::sandbox::{Event, limits};

/// The argument that makes a process a rendering one. It is no command of the
/// command line: nothing of that is needed here, and nothing is set up.
pub const COMMAND: &str = "__render";

/// Renders where this process was started to; `None` where it was not.
#[must_use]
pub fn run() -> Option<ExitCode> {
    if std::env::args_os().nth(1).is_none_or(|argument| argument != COMMAND) {
        return None;
    }
    limits::set();
    let mut request = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut request).ok();
    let job: Option<Job> = read.and_then(|_| serde_json::from_slice(&request).ok());
    drop(request);
    Some(match job.map(|job| render(&job)) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(faults)) => {
            say(&Event::Faults(faults));
            ExitCode::FAILURE
        }
        None => ExitCode::FAILURE,
    })
}

fn render(job: &Job) -> Result<(), Vec<Fault>> {
    let templates = job.templates.iter().map(|(name, text)| (name.as_ref(), text.as_ref()));
    let engine = engine::of(templates)?;
    let context = engine::context(&job.context)?;
    for name in &job.wanted {
        say(&Event::Begins(name.clone().into_owned()));
        let text = engine::one(&engine, &context, name)?;
        say(&Event::Text(text));
    }
    Ok(())
}

/// Nobody to say it to means that the parent is gone.
fn say(event: &Event) {
    let mut line = serde_json::to_vec(event).expect("texts");
    line.push(b'\n');
    let mut output = std::io::stdout().lock();
    if output.write_all(&line).and_then(|()| output.flush()).is_err() {
        std::process::exit(1);
    }
}
