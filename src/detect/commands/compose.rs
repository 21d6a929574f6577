//! Compose files: what each service runs, and from which image.

use super::Place;
use super::dockerfile::{Image, Images, is_entry_script, read_image};
use super::paths::{join, parent};
use super::variables::is_options;
use super::walker::{Setting, Walker};
use crate::detect::compose::files::documents;
use crate::detect::compose::published::build_of;
use crate::detect::fact::Evidence;
use crate::detect::tree::Tree;
use crate::source::compose::{Item, Service, interpolate};
use crate::source::dotenv;

/// Reads every compose file.
pub fn read(walker: &mut Walker<'_>, images: &Images) {
    for (path, document) in documents(walker.tree) {
        let services = document.services();
        for service in &services {
            read_service(walker, images, path, &services, service);
        }
    }
}

fn read_service(
    walker: &mut Walker<'_>,
    images: &Images,
    path: &str,
    all: &[Service],
    service: &Service,
) {
    let built = build_of(walker.tree, path, all, service).and_then(|build| {
        let (_, dockerfile) = build.paths(parent(path))?;
        images.get(&dockerfile, &build.target).cloned()
    });
    let mut image = built.unwrap_or_default();
    mount(&mut image, path, service);
    if let Some(directory) = service.text("working_dir") {
        image.workdir = interpolate::defaults(&directory);
    }
    let mut variables = image.env.clone();
    for file in service.env_files().iter().filter_map(|file| join(parent(path), file)) {
        variables.extend(dotenv::pairs(walker.tree.text(&file).unwrap_or_default()));
    }
    let own = service.environment().into_iter();
    variables.extend(own.filter_map(|(name, value)| Some((name, value?))));
    let directory = image.directory(&image.workdir, walker.tree);
    let process = service.name.clone();
    let setting = Setting { process, directory, variables, image: Some(&image), may_fail: false };
    let (entry, command) = (service.item.get("entrypoint"), service.item.get("command"));
    // Arguments of a program that the entry point names: they stand in place of CMD.
    let program = match entry {
        Some(item) => Some(words(item)),
        None => image.entry_words(),
    };
    if let (Some(program), Some(command)) = (program, command)
        && !is_entry_script(program.last())
        && !program.is_empty()
    {
        let evidence = evidence(walker.tree, path, command);
        let words: Vec<String> = program.into_iter().chain(words(command)).collect();
        walker.words(Place::Compose, &setting, &words, &evidence);
        return;
    }
    for item in [entry, command].into_iter().flatten() {
        let evidence = evidence(walker.tree, path, item);
        match item.scalar() {
            Some(line) => walker.text(Place::Compose, &setting, &line, &evidence),
            None => walker.words(Place::Compose, &setting, &item.scalars(), &evidence),
        }
    }
    // The image's own command, with options that the service's variables give it.
    let of_service = &setting.variables[image.env.len()..];
    if entry.is_none() && command.is_none() && of_service.iter().any(|(name, _)| is_options(name)) {
        read_image(walker, Place::Compose, &setting, &image);
    }
}

/// The words of a command, whichever way it is written.
fn words(item: &Item) -> Vec<String> {
    match item.scalar() {
        Some(line) => shell_words::split(&line).unwrap_or_default(),
        None => item.scalars(),
    }
}

/// The line with the longest word of a command, which is what tells it apart.
fn evidence(tree: &Tree, path: &str, command: &Item) -> Evidence {
    let length = |item: &&Item| item.scalar().map_or(0, |text| text.len());
    let item = command.items().iter().max_by_key(length).unwrap_or(command);
    let text = item.scalar().unwrap_or_default();
    let word = text.split_whitespace().max_by_key(|word| word.len()).unwrap_or(&text);
    let written = item.span.and_then(|(start, end)| tree.text(path)?.get(start..end));
    let below = written.and_then(|text| text.lines().position(|line| line.contains(word)));
    tree.evidence(path, item.line + below.unwrap_or(0))
}

/// Bind mounts put directories of the repository into the image.
fn mount(image: &mut Image, path: &str, service: &Service) {
    for mount in service.mounts() {
        let source = mount.bind().and_then(|bind| {
            let here = |own: &interpolate::Variable<'_>| (own.name == "PWD").then(|| ".".into());
            join(parent(path), &interpolate::replace(bind, &mut { here }))
        });
        if let Some(source) = source {
            image.place(&mount.target, &source);
        }
    }
}
