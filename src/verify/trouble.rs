//! What ends a step, or a whole run, before it could be judged.

use super::record::Finding;

/// Why a step cannot go on.
#[derive(Debug)]
pub enum Trouble {
    /// The stack does not do what every later check rests on: a result of its own.
    Failed(Box<Finding>),
    /// The engine went away or refuses; nothing can be judged any more.
    Engine(String),
    /// A signal.
    Interrupted,
    /// The step took longer than `verify.step-limit`.
    TooLong,
}

/// What a step's parts give.
pub type Outcome<T = ()> = Result<T, Trouble>;

impl From<Finding> for Trouble {
    fn from(finding: Finding) -> Self {
        Self::Failed(Box::new(finding))
    }
}

impl From<bollard::errors::Error> for Trouble {
    fn from(error: bollard::errors::Error) -> Self {
        // The innermost cause is what a person can do something about.
        let mut last: &dyn std::error::Error = &error;
        while let Some(cause) = last.source() {
            last = cause;
        }
        Self::Engine(last.to_string())
    }
}
