//! Where a value came from, and what it stands before.

use std::fmt;

use crate::detect::Evidence;
use crate::error::Place;
use crate::schema::value::Value;

/// Where a value came from, in rising precedence: of two sources that speak of
/// one key, the later one here holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The built-in default, or one that follows from other answers.
    Builtin,
    /// Taken where nobody says anything: the directory's name.
    Found(String),
    /// A preset layer's default.
    Preset {
        /// Its place in the chain: a later layer holds before an earlier one.
        layer: usize,
        /// The layer, and where in it.
        name: String,
    },
    /// Written before, and it stays until somebody asks for another.
    Sticky,
    /// Read in the repository, with the lines that say so.
    Detected(Vec<Evidence>),
    /// `dockwright.toml`.
    File(Place),
    /// `--set`.
    Flag,
    /// A question.
    Prompt,
}

impl Origin {
    /// Whether the value was chosen or found, and is no default, so that it
    /// belongs in `dockwright.toml`.
    #[must_use]
    pub const fn is_chosen(&self) -> bool {
        !matches!(self, Self::Builtin | Self::Preset { .. } | Self::Sticky)
    }

    /// Whether a person said it in this run.
    #[must_use]
    pub const fn is_said(&self) -> bool {
        matches!(self, Self::Flag | Self::Prompt)
    }

    /// What precedence compares.
    pub(super) const fn rank(&self) -> (usize, usize) {
        match self {
            Self::Builtin => (0, 0),
            Self::Found(_) => (1, 0),
            Self::Preset { layer, .. } => (2, *layer),
            Self::Sticky => (3, 0),
            Self::Detected(_) => (4, 0),
            Self::File(_) => (5, 0),
            Self::Flag => (6, 0),
            Self::Prompt => (7, 0),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin => f.write_str("default"),
            Self::Preset { name, .. } => write!(f, "preset {name}"),
            Self::Sticky => f.write_str("kept from before"),
            Self::Found(from) => f.write_str(from),
            Self::Detected(evidence) => match evidence.first() {
                Some(line) => write!(f, "found in {}", line.place()),
                None => f.write_str("found"),
            },
            Self::File(place) => write!(f, "{place}"),
            Self::Flag => f.write_str("--set"),
            Self::Prompt => f.write_str("answered"),
        }
    }
}

/// A value, where it came from, and what it stands before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced {
    /// The value that holds.
    pub value: Value,
    /// Who said so.
    pub origin: Origin,
    /// What it stands before, the lowest first.
    pub shadowed: Vec<(Value, Origin)>,
}

impl Sourced {
    /// A value that nothing is known beside.
    pub(super) const fn new(value: Value, origin: Origin) -> Self {
        Self { value, origin, shadowed: Vec::new() }
    }

    /// What another source says takes its place among the rest, in whatever
    /// order they speak. Of two from one source, the later one holds.
    pub(super) fn add(&mut self, value: Value, origin: Origin) {
        if self.origin.rank() <= origin.rank() {
            let below = std::mem::replace(self, Self::new(value, origin));
            self.shadowed = below.shadowed;
            self.shadowed.push((below.value, below.origin));
        } else {
            let at = self.shadowed.partition_point(|(_, known)| known.rank() <= origin.rank());
            self.shadowed.insert(at, (value, origin));
        }
    }

    /// What it stands before; `None` for nothing.
    pub(super) fn below(mut self) -> Option<Self> {
        let (value, origin) = self.shadowed.pop()?;
        Some(Self { value, origin, shadowed: self.shadowed })
    }

    /// The same of some sources alone; `None` where they say nothing.
    pub(super) fn only(mut self, keep: impl Fn(&Origin) -> bool) -> Option<Self> {
        self.shadowed.retain(|(_, origin)| keep(origin));
        if keep(&self.origin) { Some(self) } else { self.below() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::answers::Draft;

    /// One of each, in the order that the documentation has.
    fn origins() -> Vec<Origin> {
        let place = Place { file: "dockwright.toml".into(), line: 1, column: 1 };
        vec![
            Origin::Builtin,
            Origin::Found("the directory's name".into()),
            Origin::Preset { layer: 0, name: "below".into() },
            Origin::Preset { layer: 1, name: "team".into() },
            Origin::Sticky,
            Origin::Detected(Vec::new()),
            Origin::File(place),
            Origin::Flag,
            Origin::Prompt,
        ]
    }

    proptest! {
        #[test]
        fn precedence_holds_whatever_the_order_in_which_sources_speak(
            speaking in proptest::sample::subsequence((0..9).collect::<Vec<usize>>(), 1..9)
                .prop_shuffle()
        ) {
            let origins = origins();
            let mut draft = Draft::default();
            for at in &speaking {
                draft.set("project.port", &format!("{}", 8000 + at), origins[*at].clone()).unwrap();
            }
            let said = |at: usize| (Value::Count(8000 + at as u64), origins[at].clone());
            let mut ranked: Vec<_> = speaking.clone();
            ranked.sort_unstable();
            let highest = ranked.pop().unwrap();
            let sourced = draft.sourced("project.port").unwrap();
            prop_assert_eq!((sourced.value.clone(), sourced.origin.clone()), said(highest));
            prop_assert_eq!(&sourced.shadowed, &ranked.into_iter().map(said).collect::<Vec<_>>());
        }
    }

    #[test]
    fn of_one_source_what_it_says_last_holds() {
        let mut draft = Draft::default();
        for port in ["8001", "8002"] {
            draft.set("project.port", port, Origin::Flag).unwrap();
        }
        assert_eq!(draft.text("project.port"), "8002");
    }
}
