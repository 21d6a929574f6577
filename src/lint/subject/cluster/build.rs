//! Has kustomize build an overlay: in a copy of what it names, without plugins, without
//! Helm and without a network, so that nothing of the repository is run or changed.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Kustomization;
use super::kustomize::{Parts, Refusal};
use super::object::Object;
use crate::lint::diagnostic::At;
use crate::lint::subject::Subject;
use crate::relpath;
use crate::remote::{self, installed};
use crate::source::compose::{Item, Node, yaml};
use crate::source::text;

/// How long it may take. It reads files, so that more than this is no answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The annotation in which kustomize says which file an object is from.
const ORIGIN: &str = "config.kubernetes.io/origin";
/// Nothing listens there: what asks a network gets no answer.
const NO_PROXY: &str = "http://127.0.0.1:9";

/// The objects of an overlay.
///
/// # Errors
/// Why it was not built.
pub(super) fn objects(
    subject: &Subject,
    root: usize,
    parts: &Parts,
) -> Result<Vec<Object>, Refusal> {
    if let Some(refusal) = &parts.refusal {
        return Err(refusal.clone());
    }
    let own = &subject.kustomizations[root];
    let Some((program, verb)) = [("kubectl", "kustomize"), ("kustomize", "build")]
        .iter()
        .find_map(|(name, verb)| Some((installed(name)?, *verb)))
    else {
        return Err(Refusal::NotAsked("there is neither kubectl nor kustomize here".to_owned()));
    };
    let not_asked = |error: io::Error| Refusal::NotAsked(error.to_string());
    let copy = tempfile::tempdir().map_err(not_asked)?;
    let top = copy.path().join("files");
    write(subject, root, parts, &top).map_err(not_asked)?;
    let mut command = Command::new(program);
    command.arg(verb).arg(top.join(&own.directory)).current_dir(copy.path()).env_clear();
    for name in ["SystemRoot", "TMPDIR", "TEMP", "TMP"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("HOME", copy.path()).env("PATH", "");
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
        command.env(name, NO_PROXY);
    }
    let said = remote::run(&mut command, "", PATIENCE).map_err(not_asked)?;
    let at = At::file(own.text);
    if said.code != Some(0) {
        let shown = said.error.replace(&*top.to_string_lossy(), ".");
        return Err(Refusal::Faulty(fault(&shown), at));
    }
    let built = String::from_utf8_lossy(&said.output);
    let documents = yaml::read_all(&built).map_err(|why| Refusal::Faulty(why, at))?;
    Ok(documents.into_iter().filter_map(|item| object(subject, own, item)).collect())
}

/// What is wrong, of all that it says. Debian's kubectl logs it: `E1130 … err="…"`.
fn fault(said: &str) -> String {
    let line = remote::telling(said, |line| line.to_lowercase().starts_with("error"));
    let line = line.unwrap_or("it says nothing").trim_start_matches("error: ");
    let logged = line.split_once(" err=").and_then(|(_, quoted)| serde_json::from_str(quoted).ok());
    logged.unwrap_or_else(|| line.to_owned())
}

/// Writes what an overlay is made of below a directory.
fn write(subject: &Subject, root: usize, parts: &Parts, top: &Path) -> io::Result<()> {
    let put = |path: &str, bytes: &[u8]| {
        let whole = top.join(path);
        whole.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(whole, bytes)
    };
    for number in &parts.kustomizations {
        let own = &subject.kustomizations[*number];
        let text = &subject.texts[own.text];
        match *number == root {
            true => put(&text.path, with_origins(&text.text, &own.document).as_bytes())?,
            false => put(&text.path, text.text.as_bytes())?,
        }
    }
    for path in &parts.files {
        match subject.text_of(path) {
            Some(number) => put(path, subject.texts[number].text.as_bytes())?,
            None => {
                let base = subject.tree.base();
                let whole = base.join(path);
                if let Some(text) = subject.tree.text(path).filter(|_| !whole.exists()) {
                    put(path, text.as_bytes())?;
                    continue;
                }
                if !crate::source::path::canonical(&whole)?.starts_with(base) {
                    return Err(io::Error::other(format!("{path} leads out of the directory")));
                }
                put(path, &text::bytes(&whole)?)?;
            }
        }
    }
    Ok(())
}

/// A kustomization that has kustomize say which file each object is from.
fn with_origins(text: &str, document: &Item) -> String {
    const WANTED: &str = "originAnnotations";
    match document.get("buildMetadata") {
        None => format!("{}\nbuildMetadata: [{WANTED}]\n", text.trim_end()),
        Some(own) if own.scalars().iter().any(|word| word == WANTED) => text.to_owned(),
        Some(_) => {
            let mut document = document.clone();
            if let Some(Node::List(words)) =
                document.get_mut("buildMetadata").map(|own| &mut own.node)
            {
                words.push(Item::text(WANTED));
            }
            yaml::write(&document.node) + "\n"
        }
    }
}

/// An object that was built, with the document it comes from.
fn object(subject: &Subject, own: &Kustomization, mut item: Item) -> Option<Object> {
    let origin = origin(&mut item).and_then(|text| yaml::read(&text).ok()).unwrap_or_default();
    let text = |key: &str| origin.get(key).and_then(Item::scalar);
    let of = |item: &Item, keys: &[&str]| {
        keys.iter().try_fold(item, |own, key| own.get(key)).and_then(Item::scalar)
    };
    let (kind, name) = (of(&item, &["kind"])?, of(&item, &["metadata", "name"])?);
    // The longest name that is in the built one: a prefix and a suffix may be around it.
    let nearest = |all: Vec<(&Item, Option<String>)>| {
        all.into_iter()
            .filter_map(|(item, own)| Some((item, own?)))
            .filter(|(_, own)| name.contains(own.as_str()))
            .max_by_key(|(_, own)| own.len())
            .map(|(item, _)| item.clone())
    };
    let of_file = text("path").and_then(|path| {
        let path = relpath::join(&own.directory, &path)?;
        let number = subject.text_of(&path)?;
        let manifest = subject.manifests.iter().find(|own| own.text == number)?;
        let alike =
            manifest.documents.iter().filter(|own| of(own, &["kind"]) == Some(kind.clone()));
        let found: Vec<&Item> = alike.collect();
        match found.as_slice() {
            [only] => Some((*only).clone()),
            _ => nearest(found.iter().map(|own| (*own, of(own, &["metadata", "name"]))).collect()),
        }
    });
    let generated = || {
        let path = relpath::join(&own.directory, &text("configuredIn")?)?;
        let mut all = subject.kustomizations.iter();
        let other = all.find(|other| subject.path(other.text) == path)?;
        let lists = ["configMapGenerator", "secretGenerator"];
        let entries = lists.iter().filter_map(|key| other.document.get(key));
        let entries = entries.flat_map(Item::items);
        nearest(entries.map(|own| (own, of(own, &["name"]))).collect())
            .or_else(|| Some(other.document.clone()))
    };
    let source = of_file.or_else(generated).unwrap_or_else(|| own.document.clone());
    Object::of(item, source)
}

/// Takes the annotation off that says which file an object is from.
fn origin(item: &mut Item) -> Option<String> {
    let annotations = item.get_mut("metadata")?.get_mut("annotations")?;
    let Node::Map(entries) = &mut annotations.node else { return None };
    let at = entries.iter().position(|(name, _)| name.scalar().is_some_and(|own| own == ORIGIN))?;
    entries.remove(at).1.scalar()
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn what_is_wrong_is_taken_out_of_what_kustomize_says() {
        let logged = "W1130 12:00:00.1 7 a.go:1] old\nE1130 12:00:00.1 7 run.go:72] \"command failed\" err=\"no \\\"a\\\"\"\n";
        for (said, wrong) in [
            (logged, "no \"a\""),
            ("# Warning: 'bases' is deprecated\nError: no a\nUsage: x\n", "Error: no a"),
            ("error: no a", "no a"),
            ("", "it says nothing"),
        ] {
            assert_eq!(fault(said), wrong);
        }
    }
}
