//! What a preset demands of a plan or of the files on disk.

use regex::{Regex, RegexBuilder};

use crate::error::{Place, Problem};
use crate::relpath::RelPath;

/// Largest compiled pattern, in bytes: a hostile one must not exhaust memory.
const PATTERN_LIMIT: usize = 1 << 20;

/// Something that has to hold, with what people see where it does not.
#[derive(Clone, Debug)]
pub struct Rule {
    /// A name of its own; otherwise its key or file names it.
    pub name: Option<String>,
    /// What is tested.
    pub test: Test,
    /// What people see.
    pub message: String,
    /// The last day, `YYYY-MM-DD`, on which a breach is only a warning.
    pub warn_until: Option<String>,
    /// Where it stands.
    pub place: Place,
}

impl Rule {
    /// What a waiver and a report name it by; it stays while the rule does.
    #[must_use]
    pub fn id(&self) -> &str {
        match (&self.name, &self.test) {
            (Some(name), _) => name,
            (None, Test::Value { key, .. }) => key.strip_prefix("tune.").unwrap_or(key),
            (None, Test::Text { path, .. }) => path.as_str(),
        }
    }

    /// The last day on which a breach is only a warning, unless that is over.
    #[must_use]
    pub fn softened(&self, today: &str) -> Option<String> {
        self.warn_until.clone().filter(|day| day.as_str() >= today)
    }
}

/// What is tested.
#[derive(Clone, Debug)]
pub enum Test {
    /// An answer or a planned number.
    Value {
        /// Its key: `web.memory`, `stack.proxy`.
        key: String,
        /// The least it may be.
        min: Option<String>,
        /// The most it may be.
        max: Option<String>,
        /// The only values it may have; empty for no such bound.
        one_of: Vec<String>,
    },
    /// A file on disk, line by line.
    Text {
        /// The file.
        path: RelPath,
        /// Some line has to match.
        require: Option<Regex>,
        /// No line may match.
        forbid: Option<Regex>,
    },
}

impl Test {
    /// A test of a file's lines.
    ///
    /// # Errors
    /// No pattern, or one that does not compile.
    pub fn text(
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
        Ok(Self::Text {
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
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, digits: usize, range: std::ops::RangeInclusive<u32>| {
        part.len() == digits && part.parse().is_ok_and(|number| range.contains(&number))
    };
    let good = matches!(parts.as_slice(), [year, month, day]
        if number(year, 4, 2000..=9999) && number(month, 2, 1..=12) && number(day, 2, 1..=31));
    if good {
        Ok(text.to_owned())
    } else {
        Err(Problem::new(format!("`{text}` is no day")).help("like 2027-03-01"))
    }
}
