//! `dockwright preset new`: a starting point that passes its own test.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::apply::create;
use crate::apply::staging::write;
use crate::cli::{input, report};
use crate::error::{Error, Problem};
use crate::preset::{Preset, Reference};
use crate::preset_test::cases::{self, Outcome};
use crate::preset_test::scaffold;
use crate::schema::value::label_near;

/// What `dockwright preset new` takes.
#[derive(Debug, Args)]
pub struct New {
    /// Directory to make: missing, empty, or with only a .git
    dir: PathBuf,
    /// Its name; the directory's unless given
    #[arg(long)]
    name: Option<String>,
    /// What it builds on: built-in name, directory, or git+URL#REV[:DIRECTORY]
    #[arg(long, value_name = "REF", default_value = input::DEFAULT_PRESET)]
    extends: String,
}

/// Makes it.
///
/// # Errors
/// A directory that is not empty, a name that is none, a preset to build on
/// that cannot be had.
pub fn run(new: &New) -> Result<(), Error> {
    let dir = &new.dir;
    let held = dir.is_dir().then(|| input::hold(dir)).transpose()?;
    input::sweep(dir);
    create::check_target(dir)?;
    // It says by itself whether it can be had, and where it is.
    let below =
        input::preset(&new.extends, dir, None).map_err(|error| at_extends(error, &new.extends))?;
    let name = match &new.name {
        Some(name) => name.clone(),
        None => usual_name(dir),
    };
    let files = scaffold::files(&name, &below.reference)
        .map_err(|problem| Error::input(problem.at("--name")))?;
    let preset = scaffold::preset(&files, &below)?;
    create::tree(dir, held.as_ref(), |staged| {
        for (path, text) in &files {
            drop(write(&staged.join(path), text.as_bytes(), 0o644)?);
        }
        golden(staged, &preset)
    })?;
    let shown = dir.display();
    let mut text = format!("{name} is in {shown}: {} files and a golden case\n", files.len());
    text.push_str(&format!("\nRead it:  {shown}/README.md, {shown}/preset.toml\n"));
    text.push_str(&format!("Test it:  dockwright preset test {shown}\n"));
    text.push_str(&format!("Use it:   dockwright new shop --preset {}\n", as_reference(dir)));
    report::print(&text)
}

/// Renders its cases, so that they are what this dockwright makes of it.
fn golden(staged: &Path, preset: &Preset) -> Result<(), Error> {
    for case in cases::all(staged)? {
        let Outcome::Files(files) = cases::make(preset, &case)?.outcome else { continue };
        let base = staged.join(cases::DIRECTORY).join(&case.name).join(cases::FILES);
        for (path, golden) in files {
            let mode = if golden.executable == Some(true) { 0o755 } else { 0o644 };
            drop(write(&path.below(&base), &golden.bytes, mode)?);
        }
    }
    Ok(())
}

fn at_extends(error: Error, reference: &str) -> Error {
    match error {
        Error::Input(problems) => Error::Input(
            problems
                .into_iter()
                .map(|problem| match problem.at.as_deref() {
                    None | Some("--preset") => problem.at(format!("--extends {reference}")),
                    Some(_) => problem,
                })
                .collect::<Vec<Problem>>(),
        ),
        error => error,
    }
}

fn usual_name(dir: &Path) -> String {
    let name = crate::project::directory_name(dir).unwrap_or_default();
    label_near(&name).unwrap_or(name)
}

/// The directory, so that it is not taken for a built-in name.
fn as_reference(dir: &Path) -> String {
    let shown = dir.display().to_string();
    match Reference::parse(&shown) {
        Ok(Reference::Builtin(_)) => format!("./{shown}"),
        _ => shown,
    }
}
