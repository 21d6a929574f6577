//! `.dockwright/`: what was written, so that a later version can be merged
//! with the user's edits. No secrets, no absolute paths, no timestamps.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::plan::{Ownership, Plan};
use crate::render::Rendered;

/// One file of `.dockwright/`, by its path below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Path below `.dockwright/`.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Lock<'a> {
    /// Version of this file's format.
    version: u32,
    dockwright: &'a str,
    preset: Vec<Layer<'a>>,
    sticky: BTreeMap<String, String>,
    file: Vec<File<'a>>,
}

#[derive(Serialize)]
struct Layer<'a> {
    name: &'a str,
    source: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    ownership: &'a str,
    mode: String,
    state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<String>,
}

/// SHA-256 of a file with its line ends normalised, in hexadecimal.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(normalised(bytes)) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Text with LF line ends; anything else as it is.
fn normalised(bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.replace("\r\n", "\n").into_bytes(),
        Err(_) => bytes.to_vec(),
    }
}

/// The lock, the pristine renders, and the attributes that mark them as
/// generated.
#[must_use]
pub fn records(plan: &Plan, preset_version: &str, files: &[Rendered]) -> Vec<Record> {
    let mut records = vec![
        Record {
            path: ".gitattributes".into(),
            bytes: b"* linguist-generated=true -diff\n".to_vec(),
        },
        Record { path: "lock.toml".into(), bytes: lock(plan, preset_version, files).into_bytes() },
    ];
    for file in files.iter().filter(|file| has_base(file)) {
        records.push(Record {
            path: format!("base/{}", hash(&file.bytes)),
            bytes: normalised(&file.bytes),
        });
    }
    records.sort_by(|one, other| one.path.cmp(&other.path));
    records.dedup_by(|one, other| one.path == other.path);
    records
}

fn has_base(file: &Rendered) -> bool {
    matches!(file.output.ownership, Ownership::Merge | Ownership::Managed)
}

fn lock(plan: &Plan, preset_version: &str, files: &[Rendered]) -> String {
    let answers = &plan.answers;
    let image = |name: &str| plan.images[name].clone();
    let mut sticky = BTreeMap::from([
        ("project.name".to_owned(), answers.name.clone()),
        ("project.python".to_owned(), answers.python.clone()),
    ]);
    for (flag, name) in [("db", "postgres"), ("redis", "redis")] {
        if plan.flags.is(flag) {
            sticky.insert(format!("images.{name}"), image(name));
        }
    }
    let lock = Lock {
        version: 1,
        dockwright: env!("CARGO_PKG_VERSION"),
        preset: vec![Layer { name: &answers.preset, source: "builtin", version: preset_version }],
        sticky,
        file: files
            .iter()
            .map(|file| File {
                path: file.output.path.as_str(),
                ownership: file.output.ownership.word(),
                mode: format!("{:04o}", file.output.mode),
                state: "clean",
                base: has_base(file).then(|| hash(&file.bytes)),
            })
            .collect(),
    };
    let body = toml::to_string(&lock).expect("the lock has only strings and tables");
    format!("# Written by dockwright; not for editing.\n{body}")
}
