//! What a preset demands of a plan or of the files on disk.

use regex::{Regex, RegexBuilder};

use crate::error::{Place, Problem};
use crate::relpath::RelPath;
use crate::schema::value::Value;

/// Largest compiled pattern, in bytes: a hostile one must not exhaust memory.
const PATTERN_LIMIT: usize = 1 << 20;

/// Something that has to hold, with what people see where it does not.
#[derive(Clone, Debug)]
pub struct Rule {
    /// A name of its own; otherwise its key or file names it.
    pub name: Option<String>,
    /// The answer or number it is on: `web.memory`, `stack.proxy`; empty of one
    /// on a file.
    pub key: String,
    /// What has to hold.
    pub constraint: Constraint,
    /// What people see.
    pub message: String,
    /// The last day, `YYYY-MM-DD`, on which a violation is only a warning.
    pub warn_until: Option<String>,
    /// Where it stands.
    pub place: Place,
}

impl Rule {
    /// What a waiver and a report name it by; it stays while the rule does.
    #[must_use]
    pub fn id(&self) -> &str {
        match (&self.name, &self.constraint) {
            (Some(name), _) => name,
            (None, Constraint::Lines { path, .. }) => path.as_str(),
            (None, _) => self.key.strip_prefix("tune.").unwrap_or(&self.key),
        }
    }

    /// The last day on which a violation is only a warning, unless that is over.
    #[must_use]
    pub fn softened(&self, today: &str) -> Option<String> {
        self.warn_until.clone().filter(|day| day.as_str() >= today)
    }
}

/// What a value or a file has to be.
#[derive(Clone, Debug)]
pub enum Constraint {
    /// This value.
    Equals(Value),
    /// At least this version.
    AtLeast(String),
    /// A value within bounds.
    Within {
        /// The least.
        min: Option<String>,
        /// The most.
        max: Option<String>,
        /// The only ones; empty for no such bound.
        one_of: Vec<String>,
    },
    /// A file, line by line.
    Lines {
        /// The file.
        path: RelPath,
        /// Some line has to match.
        require: Option<Regex>,
        /// No line may match.
        forbid: Option<Regex>,
    },
}

impl Constraint {
    /// What the lines of a file have to be.
    ///
    /// # Errors
    /// No pattern, or one that does not compile.
    pub fn lines(
        path: RelPath,
        require: Option<&str>,
        forbid: Option<&str>,
    ) -> Result<Self, Problem> {
        if require.is_none() && forbid.is_none() {
            return Err(Problem::new("the rule tests nothing").help("require or forbid"));
        }
        let compile = |pattern: &str| {
            RegexBuilder::new(pattern).size_limit(PATTERN_LIMIT).build().map_err(|error| {
                let said = error.to_string();
                let last = said.lines().last().unwrap_or_default().trim().to_owned();
                Problem::new(format!("the pattern `{pattern}` does not compile: {last}"))
            })
        };
        Ok(Self::Lines {
            path,
            require: require.map(compile).transpose()?,
            forbid: forbid.map(compile).transpose()?,
        })
    }
}

/// A day as `YYYY-MM-DD`; such texts compare like the days.
///
/// # Errors
/// Anything else.
pub fn date(text: &str) -> Result<String, Problem> {
    // As it writes a day itself: other shapes would not compare like the days.
    let day = text.parse::<jiff::civil::Date>().ok();
    if day.is_some_and(|day| day.year() >= 2000 && day.to_string() == text) {
        Ok(text.to_owned())
    } else {
        Err(Problem::new(format!("`{text}` is no day")).help("like 2027-03-01"))
    }
}
