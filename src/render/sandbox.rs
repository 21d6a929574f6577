//! Templates that others wrote are rendered in a process of their own, which
//! has a limit of time, memory and output: endless loops, doubling strings
//! and recursion end that process and not this one.

pub mod child;
mod limits;

use std::io::{PipeReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::render::engine::{self, Job};
use crate::render::fault::Fault;

/// Longest that rendering may take.
const LONGEST: Duration = Duration::from_secs(10);
/// Most that is read of what the child says, in bytes.
const MOST: u64 = 16 << 20;

/// Whether this process can be started again to render.
static ENABLED: AtomicBool = AtomicBool::new(false);

/// What the child says, one to a line.
#[derive(Debug, Deserialize, Serialize)]
enum Event {
    /// It begins with this template.
    Begins(String),
    /// The result of that.
    Text(String),
    /// What is wrong, after which nothing comes.
    Faults(Vec<Fault>),
}

/// Why there is no result.
#[derive(Debug)]
pub enum Failure {
    /// The templates are wrong.
    Faults(Vec<Fault>),
    /// The child was stopped.
    Stopped {
        /// The template it was at; `None` while it read them.
        at: Option<String>,
        /// What was too much.
        why: &'static str,
    },
    /// There was no child.
    System(Error),
}

/// Lets this process be started again to render: it is dockwright, and not a
/// program that only uses its library.
pub fn enable() {
    ENABLED.store(true, Ordering::Relaxed);
}

/// Renders templates of which some are not dockwright's own.
///
/// # Errors
/// See [`Failure`].
pub fn render<'a>(
    templates: impl Iterator<Item = (&'a str, &'a str)>,
    context: &Value,
    wanted: &[&str],
) -> Result<Vec<String>, Failure> {
    if !ENABLED.load(Ordering::Relaxed) {
        return engine::render(templates, context, wanted).map_err(Failure::Faults);
    }
    let job = Job {
        templates: templates.map(|(name, text)| (name.into(), text.into())).collect(),
        context: context.clone(),
        wanted: wanted.iter().map(|name| (*name).into()).collect(),
    };
    let request = serde_json::to_vec(&job).expect("texts and JSON values");
    let (child, output) = start()
        .map_err(|(path, source)| Failure::System(Error::Io { action: "start", path, source }))?;
    let heard = listen(child, output, request);
    judge(&heard, wanted.len())
}

/// What was heard of a child that has ended.
struct Heard {
    output: Vec<u8>,
    in_time: bool,
}

fn start() -> Result<(Child, PipeReader), (std::path::PathBuf, std::io::Error)> {
    // This very program, even where another version was installed meanwhile.
    let path = match cfg!(target_os = "linux") {
        true => "/proc/self/exe".into(),
        false => std::env::current_exe().map_err(|error| ("dockwright".into(), error))?,
    };
    let spawn = || {
        let (output, writer) = std::io::pipe()?;
        let child = Command::new(&path)
            .arg(child::COMMAND)
            .env_clear()
            .envs(kept())
            .stdin(Stdio::piped())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .spawn()?;
        Ok((child, output))
    };
    spawn().map_err(|error| (path.clone(), error))
}

/// What a process needs to begin at all: Windows finds its own libraries by it.
fn kept() -> Option<(&'static str, std::ffi::OsString)> {
    let name = "SystemRoot";
    std::env::var_os(name).filter(|_| cfg!(windows)).map(|value| (name, value))
}

/// Hands the child its job, and hears it until it ends or has to.
fn listen(mut child: Child, output: PipeReader, request: Vec<u8>) -> Heard {
    let input = child.stdin.take();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A child that ends early says why in its output.
            let _ = input.map(|mut input| input.write_all(&request));
        });
        let (sender, receiver) = mpsc::channel();
        let reader = scope.spawn(move || {
            let mut bytes = Vec::new();
            let _ = output.take(MOST + 1).read_to_end(&mut bytes);
            let _ = sender.send(());
            bytes
        });
        let in_time = receiver.recv_timeout(LONGEST).is_ok();
        let _ = child.kill();
        let _ = child.wait();
        Heard { output: reader.join().unwrap_or_default(), in_time }
    })
}

fn judge(heard: &Heard, wanted: usize) -> Result<Vec<String>, Failure> {
    let mut texts = Vec::new();
    let mut at = None;
    let mut last_words = String::new();
    for line in heard.output.split(|byte| *byte == b'\n') {
        match serde_json::from_slice(line) {
            Ok(Event::Begins(template)) => at = Some(template),
            Ok(Event::Text(text)) => texts.push(text),
            Ok(Event::Faults(faults)) => return Err(Failure::Faults(faults)),
            Err(_) => last_words.push_str(&String::from_utf8_lossy(&line[..line.len().min(400)])),
        }
    }
    if texts.len() == wanted {
        return Ok(texts);
    }
    let why = if heard.output.len() as u64 > MOST {
        "gave more than 16 MiB"
    } else if !heard.in_time {
        "did not end within 10 seconds"
    } else if last_words.contains("overflowed its stack") {
        "lead too deep into each other"
    } else if last_words.contains("memory") || last_words.contains("capacity overflow") {
        "took more than 512 MiB of memory"
    } else {
        "did not end within 5 seconds of computing"
    };
    Err(Failure::Stopped { at, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped(output: &str, in_time: bool) -> (Option<String>, &'static str) {
        let heard = Heard { output: output.as_bytes().to_vec(), in_time };
        match judge(&heard, 2) {
            Err(Failure::Stopped { at, why }) => (at, why),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_stopped_the_child_is_told_from_its_last_words() {
        let begun = "{\"Begins\":\"a\"}\n{\"Text\":\"x\"}\n{\"Begins\":\"b\"}\n";
        for (words, in_time, wanted) in [
            ("memory allocation of 4 bytes failed\n", true, "memory"),
            ("\nthread 'main' has overflowed its stack\n", true, "too deep"),
            ("", true, "computing"),
            ("", false, "within 10 seconds"),
        ] {
            let (at, why) = stopped(&format!("{begun}{words}"), in_time);
            assert_eq!(at.as_deref(), Some("b"));
            assert!(why.contains(wanted), "{why}");
        }
        assert!(stopped(&" ".repeat(MOST as usize + 1), true).1.contains("16 MiB"));
    }

    #[test]
    fn faults_and_texts_come_through() {
        let text = |text: &str| serde_json::to_string(&Event::Text(text.into())).unwrap();
        let output = format!("{}\n{}\n", text("a\n"), text("{}"));
        let heard = Heard { output: output.into_bytes(), in_time: true };
        assert_eq!(judge(&heard, 2).unwrap(), ["a\n", "{}"]);
        let fault = Fault { message: "wrong".into(), ..Fault::default() };
        let output = serde_json::to_vec(&Event::Faults(vec![fault.clone()])).unwrap();
        let failed = judge(&Heard { output, in_time: true }, 0);
        assert!(matches!(failed, Err(Failure::Faults(faults)) if faults == [fault]));
    }
}
