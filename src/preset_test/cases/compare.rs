//! A case as it is expected and as it is made, compared.

use crate::digest::normalised;
use crate::preset_test::cases::{DIRECTORY, FILES, Golden, Outcome, REFUSED};
use crate::relpath::RelPath;

/// A file that is not as it is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The file, from the preset's directory.
    pub path: RelPath,
    /// What stands there; `None` where nothing does.
    pub expected: Option<Golden>,
    /// What is made; `None` where nothing is.
    pub made: Option<Golden>,
}

impl Difference {
    /// What is different, in a word: `missing` in the case's files, `surplus`
    /// there, `changed`, or only its `mode`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (&self.expected, &self.made) {
            (None, _) => "missing",
            (_, None) => "surplus",
            (Some(one), Some(two)) if normalised(&one.bytes) == normalised(&two.bytes) => "mode",
            _ => "changed",
        }
    }
}

/// Every difference of a case, sorted by path; CRLF and LF are no difference.
#[must_use]
pub fn compare(case: &str, expected: &Outcome, made: &Outcome) -> Vec<Difference> {
    let path = |inside: &str| {
        RelPath::new(&format!("{DIRECTORY}/{case}/{inside}"))
            .expect("a directory's name before a path that was checked")
    };
    let golden = |text: &str| Golden { bytes: text.as_bytes().to_vec(), executable: None };
    let flat = |outcome: &Outcome| -> Vec<(RelPath, Golden)> {
        match outcome {
            Outcome::Files(files) => files
                .iter()
                .map(|(file, golden)| (path(&format!("{FILES}/{file}")), golden.clone()))
                .collect(),
            Outcome::Refused(message) => vec![(path(REFUSED), golden(message))],
        }
    };
    let (expected, made) = (flat(expected), flat(made));
    let find = |files: &[(RelPath, Golden)], path: &RelPath| {
        files.iter().find(|(known, _)| known == path).map(|(_, golden)| golden.clone())
    };
    let mut paths: Vec<&RelPath> = expected.iter().chain(&made).map(|(path, _)| path).collect();
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .map(|path| Difference {
            path: path.clone(),
            expected: find(&expected, path),
            made: find(&made, path),
        })
        .filter(|difference| match (&difference.expected, &difference.made) {
            (Some(one), Some(two)) => !same(one, two),
            _ => true,
        })
        .collect()
}

fn same(one: &Golden, two: &Golden) -> bool {
    let modes = one.executable.zip(two.executable);
    normalised(&one.bytes) == normalised(&two.bytes) && modes.is_none_or(|(one, two)| one == two)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str, bool)]) -> Outcome {
        let golden = |text: &str, executable| Golden {
            bytes: text.as_bytes().to_vec(),
            executable: Some(executable),
        };
        Outcome::Files(
            files
                .iter()
                .map(|(path, text, executable)| {
                    (RelPath::new(path).unwrap(), golden(text, *executable))
                })
                .collect(),
        )
    }

    #[test]
    fn each_kind_of_difference_has_its_word_and_line_ends_are_none() {
        let expected = files(&[
            ("a", "1\r\n", false),
            ("b", "1\n", false),
            ("c", "1\n", false),
            ("e", "1\n", false),
        ]);
        let made = files(&[
            ("a", "1\n", false),
            ("b", "2\n", false),
            ("d", "1\n", false),
            ("e", "1\n", true),
        ]);
        let differences = compare("web", &expected, &made);
        let words: Vec<(&str, &str)> =
            differences.iter().map(|one| (one.path.as_str(), one.word())).collect();
        assert_eq!(
            words,
            [
                ("cases/web/files/b", "changed"),
                ("cases/web/files/c", "surplus"),
                ("cases/web/files/d", "missing"),
                ("cases/web/files/e", "mode"),
            ]
        );
    }

    #[test]
    fn files_where_a_refusal_was_expected_are_differences() {
        let refused = Outcome::Refused("no\n".into());
        let differences = compare("web", &refused, &files(&[("a", "1\n", false)]));
        let words: Vec<&str> = differences.iter().map(Difference::word).collect();
        assert_eq!(words, ["missing", "surplus"]);
        assert_eq!(compare("web", &refused, &refused), []);
    }
}
