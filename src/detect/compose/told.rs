//! What services are told beside their `environment`: by environment files and
//! by the ENV of the images that are built for them.

use std::collections::BTreeMap;

use crate::detect::Facts;
use crate::detect::compose::carried::Told;
use crate::detect::compose::files::{EXAMPLES, join};
use crate::detect::compose::role;
use crate::detect::services::tables::TABLES;
use crate::detect::tree::Tree;
use crate::environments::turns_development_on;
use crate::source::compose::interpolate::defaults;
use crate::source::compose::service::Build;
use crate::source::compose::{Item, Service};
use crate::source::dockerfile::Image;
use crate::source::dotenv;
use crate::source::text;

/// The data stores and brokers among the services, by name.
pub(super) fn stores(services: &[Service]) -> BTreeMap<String, String> {
    let kind = |service: &Service| TABLES.service_of_image(&defaults(&service.image()?));
    let known = services.iter().filter_map(|own| Some((own.name.clone(), kind(own)?.to_owned())));
    known.collect()
}

/// What each service that is told anything is told; `directory` is the
/// project's.
pub(super) fn of(tree: &Tree, directory: &str, services: &[Service]) -> BTreeMap<String, Told> {
    let mut all = BTreeMap::new();
    for service in services {
        let mut told = Told::default();
        let image = service.build().and_then(|build| role::image_of(tree, directory, &build));
        told.names.extend(image.iter().flat_map(|(_, image)| of_image(image)));
        for (name, value) in of_project(tree, directory, service) {
            match turns_development_on(&name, &value) {
                true => {}
                false if value.is_empty() => told.open.push(name),
                false => told.by_project.push(name),
            }
        }
        for (path, required) in files(directory, service) {
            let sample = || sample(tree, directory, &path);
            let Some(text) = read(tree, &path).or_else(|| tree.text(&sample()?).map(str::to_owned))
            else {
                if required {
                    told.absent.push(path);
                }
                continue;
            };
            let pairs = dotenv::pairs(&text).into_iter();
            for (name, value) in pairs.filter(|(name, _)| !PLANNED.contains(&name.as_str())) {
                let names = match turns_development_on(&name, &value) {
                    true => &mut told.development,
                    false => &mut told.names,
                };
                names.push(name);
            }
        }
        if told != Told::default() {
            all.insert(service.name.clone(), told);
        }
    }
    all
}

/// What the project's `.env` says to a service that names it as its own. The sample
/// counts where there is one: it is the same on every machine.
fn of_project(tree: &Tree, directory: &str, service: &Service) -> Vec<(String, String)> {
    /// What programs that start containers read there.
    const OF_COMPOSE: [&str; 3] = ["COMPOSE_", "DOCKER_", "BUILDKIT_"];
    let Some(own) = join(directory, ".env") else { return Vec::new() };
    let is_named = |path: &String| join(directory, &defaults(path)).as_ref() == Some(&own);
    if !service.env_files().iter().any(is_named) {
        return Vec::new();
    }
    let of_sample = sample(tree, directory, &own).and_then(|path| tree.text(&path));
    let text = of_sample.map(str::to_owned).or_else(|| read(tree, &own)).unwrap_or_default();
    let mut pairs = dotenv::pairs(&text);
    pairs.retain(|(name, _)| {
        !PLANNED.contains(&name.as_str()) && !OF_COMPOSE.iter().any(|own| name.starts_with(own))
    });
    pairs
}

/// What the image of the application's Dockerfile tells it, where no compose
/// file builds that.
pub(in crate::detect) fn by_image(tree: &Tree, facts: &Facts) -> Vec<String> {
    let context = facts.build_context.value().map_or(".", String::as_str);
    let build = Build { context: ".".to_owned(), ..Build::default() };
    let image = role::image_of(tree, context, &build);
    image.iter().flat_map(|(_, image)| of_image(image)).collect()
}

/// Names that the ENV of an image gives a value.
fn of_image(image: &Image) -> impl Iterator<Item = String> {
    let given = image.env.iter().filter(|(name, set)| {
        let value = set.value.text.as_str();
        !value.is_empty() && !PLANNED.contains(&name.as_str()) && !turns_development_on(name, value)
    });
    given.map(|(name, _)| name.clone())
}

/// Variables that every process is told anyway: what they were is a fact of
/// its own.
const PLANNED: [&str; 4] = ["PYTHONUNBUFFERED", "DJANGO_SETTINGS_MODULE", "PATH", "PORT"];

/// Environment files that are not there and the sample beside each, by path.
pub(super) fn samples(
    tree: &Tree,
    directory: &str,
    services: &[Service],
) -> BTreeMap<String, String> {
    let named = services.iter().flat_map(|service| files(directory, service));
    let absent = named.map(|(path, _)| path).filter(|path| !tree.base().join(path).exists());
    absent.filter_map(|path| Some((path.clone(), sample(tree, directory, &path)?))).collect()
}

/// The environment files of a service, and whether each has to be there. The
/// `.env` that Compose itself reads is none of them: what is asked for is
/// written into that one.
fn files(directory: &str, service: &Service) -> Vec<(String, bool)> {
    let required = |path: &str| {
        let entries = service.item.get("env_file").map_or(&[][..], Item::items).iter();
        let mut of_path = entries
            .filter(|own| own.get("path").and_then(Item::scalar).is_some_and(|own| own == path));
        !of_path.any(|own| own.get("required").and_then(Item::truth) == Some(false))
    };
    let own = join(directory, ".env");
    let named = service.env_files();
    let named =
        named.iter().filter_map(|path| Some((join(directory, &defaults(path))?, required(path))));
    named.filter(|(path, _)| Some(path) != own.as_ref()).collect()
}

/// A file of the directory that git may leave out.
fn read(tree: &Tree, path: &str) -> Option<String> {
    tree.text(path).map(str::to_owned).or_else(|| text::of_file(&tree.base().join(path)))
}

/// The file from which one that is not there is made: it has the same name but
/// for a word that says what it is, or is the sample of the whole project, whose
/// directory is given.
#[must_use]
pub fn sample(tree: &Tree, directory: &str, path: &str) -> Option<String> {
    let (below, name) = path.rsplit_once('/').unwrap_or((".", path));
    let beside = |other: &&str| other.rsplit_once('/').map_or(".", |(own, _)| own) == below;
    let same = |other: &&str| {
        let other = other.rsplit('/').next().unwrap_or(other).to_ascii_lowercase();
        let without = SAMPLE_WORDS.iter().find(|word| other.contains(*word));
        without.is_some_and(|word| bare(&other.replacen(word, "", 1)) == bare(name))
    };
    let own = tree.paths().filter(beside).find(same).map(str::to_owned);
    let of_project = || {
        let places = [below, directory].into_iter();
        let mut paths =
            places.flat_map(|at| EXAMPLES.into_iter().filter_map(move |name| join(at, name)));
        paths.find(|path| tree.has(path))
    };
    own.or_else(of_project)
}

/// Words by which a file says that it is a sample.
const SAMPLE_WORDS: [&str; 6] = ["example", "sample", "template", "dist", "tmpl", "default"];

/// The letters and digits of a name.
fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
