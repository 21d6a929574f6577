//! Where it will run: a few usual machines, or one's own numbers.

use console::{Alignment, pad_str};

use crate::cli::wizard::asker::{Asker, Reply};
use crate::cli::wizard::session::Session;
use crate::error::Error;
use crate::plan::Plan;

/// What is asked.
pub const PROMPT: &str = "Where will it run";

const WHY: &str = "Every number follows from it: workers, pools, buffers, limits.";

/// A machine or task that many have.
struct Size {
    shown: &'static str,
    kind: &'static str,
    cpus: &'static str,
    memory: &'static str,
    budget: &'static str,
}

const SIZES: [Size; 4] = [
    Size { shown: "1 CPU, 2 GB", kind: "droplet", cpus: "1", memory: "2GiB", budget: "host" },
    Size { shown: "2 CPUs, 4 GB", kind: "droplet", cpus: "2", memory: "4GiB", budget: "host" },
    Size { shown: "4 CPUs, 8 GB", kind: "droplet", cpus: "4", memory: "8GiB", budget: "host" },
    Size { shown: "0.5 CPU, 1 GB", kind: "task", cpus: "0.5", memory: "1GiB", budget: "task" },
];

impl Size {
    fn answers(&self, session: &Session) -> Vec<(&'static str, &'static str)> {
        let mut answers = vec![("deploy.cpus", self.cpus), ("deploy.memory", self.memory)];
        if !session.is_flagged("deploy.budget") {
            answers.push(("deploy.budget", self.budget));
        }
        answers
    }

    fn is_now(&self, session: &Session) -> Result<bool, Error> {
        let draft = session.draft()?;
        Ok(self.answers(session).into_iter().all(|(key, text)| draft.text(key) == text))
    }

    /// The size with what it means for this stack.
    fn item(&self, session: &Session) -> Result<String, Error> {
        let mut other = session.clone();
        for (key, text) in self.answers(session) {
            other.answer(key, text);
        }
        let means = match other.outcome()?.plan {
            Ok(plan) => web(&plan),
            Err(problems) if problems.iter().any(is_about_size) => {
                "too small for this stack".into()
            }
            Err(_) => String::new(),
        };
        let name = pad_str(self.shown, 13, Alignment::Left, None);
        let kind = pad_str(self.kind, 7, Alignment::Left, None);
        Ok(format!("{name}  {kind}  {means}").trim_end().to_owned())
    }
}

fn is_about_size(problem: &crate::error::Problem) -> bool {
    problem.at.as_deref().is_some_and(|at| at.starts_with("deploy."))
}

/// What a plan gives the application.
fn web(plan: &Plan) -> String {
    let number = |key: &str| plan.decision(key).map(|decision| decision.value.to_string());
    match (number("web.workers"), number("web.memory")) {
        (Some(workers), Some(memory)) => {
            let process = if workers == "1" { "process" } else { "processes" };
            format!("{workers} server {process} in {memory}")
        }
        _ => String::new(),
    }
}

/// Asks for a size, or whether CPUs and memory shall be asked one by one.
///
/// # Errors
/// Interrupted, or problems of the flags.
pub fn ask(asker: &mut Asker, session: &mut Session) -> Result<Reply<()>, Error> {
    let mut items = Vec::new();
    let mut default = SIZES.len();
    for (index, size) in SIZES.iter().enumerate() {
        items.push(size.item(session)?);
        if !session.own_size && size.is_now(session)? {
            default = index;
        }
    }
    items.push("another size".into());
    let chosen = match asker.select(PROMPT, WHY, &items, default)? {
        Reply::Given(chosen) => chosen,
        Reply::Back => return Ok(Reply::Back),
    };
    session.own_size = chosen == SIZES.len();
    if let Some(size) = SIZES.get(chosen) {
        for (key, text) in size.answers(session) {
            session.answer(key, text);
        }
        asker.answered(PROMPT, &format!("{} ({})", size.shown, size.kind))?;
    } else {
        asker.answered(PROMPT, "another size")?;
    }
    Ok(Reply::Given(()))
}
