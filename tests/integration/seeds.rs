//! What guides recommend and is wrong: each such snippet, rebuilt as a repository
//! of its own, gives exactly the findings that `tests/seeds/expected.toml` names
//! for it, in any severity.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use dockwright::lint::{self, Subject, rules};
use serde::Deserialize;

use crate::rules::copied;

#[derive(Deserialize)]
struct Expected {
    snippet: Vec<Snippet>,
}

#[derive(Deserialize)]
struct Snippet {
    case: String,
    says: String,
    finds: BTreeSet<String>,
}

#[test]
fn a_snippet_that_is_wrong_gives_its_finding_and_no_other() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds");
    let text = fs::read_to_string(seeds.join("expected.toml")).unwrap();
    let expected: Expected = toml::from_str(&text).unwrap();
    let mut problems = Vec::new();
    for snippet in &expected.snippet {
        let copy = copied(&seeds.join(&snippet.case));
        let subject = Subject::read(copy.path()).unwrap();
        let found = lint::judge(&subject, &rules::ALL);
        let codes: BTreeSet<String> = found.iter().map(|own| own.code.to_owned()).collect();
        if codes != snippet.finds || !subject.unread.is_empty() {
            let said: Vec<String> =
                found.iter().map(|own| format!("{} {}", own.code, own.message)).collect();
            problems.push(format!(
                "{} ({}): {said:#?}, unread {:?}",
                snippet.case, snippet.says, subject.unread
            ));
        }
    }
    let cases = expected.snippet.len() + 1;
    assert_eq!(fs::read_dir(&seeds).unwrap().count(), cases, "a snippet that nobody names");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
