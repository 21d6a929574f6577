//! What the engine says is wrong, with the template and place it means.

use serde::{Deserialize, Serialize};
use tera::{Error, ErrorKind, ReportError};

/// One thing that is wrong with a template.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The template's name in the engine; `None` where it is about them all.
    pub template: Option<String>,
    /// Line and column there, from 1.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Fault {
    /// The faults that an error of the engine tells of.
    #[must_use]
    pub fn of(error: &Error) -> Vec<Self> {
        match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
                vec![Self::reported(report)]
            }
            ErrorKind::CircularExtend { tpl, inheritance_chain: chain }
            | ErrorKind::CircularInclude { tpl, include_chain: chain } => {
                let message = format!("templates lead back to themselves: {}", chain.join(" → "));
                vec![Self { template: Some(tpl.clone()), message, ..Self::default() }]
            }
            ErrorKind::MissingParent { current, parent } => vec![Self {
                template: Some(current.clone()),
                message: format!("there is no template `{parent}` to extend"),
                ..Self::default()
            }],
            ErrorKind::Msg(text) => Self::listed(text),
            _ => vec![Self { message: chain(error), ..Self::default() }],
        }
    }

    /// The faults of rendering one template, which it is blamed for where the
    /// engine names none.
    #[must_use]
    pub fn of_template(name: &str, error: &Error) -> Vec<Self> {
        let mut faults = Self::of(error);
        for fault in &mut faults {
            fault.template.get_or_insert_with(|| name.to_owned());
        }
        faults
    }

    fn reported(report: &ReportError) -> Self {
        let span = report.span();
        Self {
            template: Some(report.filename().to_owned()),
            place: Some((span.start_line, span.start_col + 1)),
            message: report.message().to_owned(),
            help: None,
        }
    }

    /// Faults of several templates, which the engine gives as one text.
    fn listed(text: &str) -> Vec<Self> {
        let faults: Vec<Self> = text
            .split("\n\n")
            .filter_map(|report| {
                let mut lines = report.lines();
                let message = lines.next()?.strip_prefix("error: ")?.to_owned();
                let place = lines.next()?.trim_start().strip_prefix("--> ")?;
                let mut parts = place.rsplitn(3, ':');
                let column = parts.next()?.parse().ok()?;
                let line = parts.next()?.parse().ok()?;
                let template = parts.next().map(str::to_owned);
                Some(Self { template, place: Some((line, column)), message, help: None })
            })
            .collect();
        if !faults.is_empty() {
            return faults;
        }
        // A component that two templates define: the second name is the later one.
        let named: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
        let template = named.last().filter(|_| text.starts_with("Component ")).copied();
        vec![Self {
            template: template.map(str::to_owned),
            message: text.to_owned(),
            ..Self::default()
        }]
    }

    /// The block that no template below has.
    #[must_use]
    pub fn block(&self) -> Option<&str> {
        self.message
            .strip_prefix("Block `")?
            .strip_suffix("` is not defined in any parent template")
    }

    /// Whether there is text where only blocks may be.
    #[must_use]
    pub fn is_outside_blocks(&self) -> bool {
        self.message.starts_with("This content would be ignored")
    }

    /// Whether a template has `extends` where another line stands before it.
    #[must_use]
    pub fn is_own_extends(&self) -> bool {
        self.message.contains("`extends` needs to be the first tag")
            || self.message.starts_with("Template is already extending")
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        message.push_str(&format!("\n  {inner}"));
        cause = inner.source();
    }
    message
}
