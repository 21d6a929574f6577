//! Where code writes: volumes for what has to stay, memory for the
//! rest, links for single files.

use serde::Serialize;

use crate::answers::adopted::{Adopted, Writable};
use crate::plan::code::caches::{self, Cache};
use crate::plan::code::{in_image, parent};
use crate::plan::shape::Shape;
use crate::schema::writable::{HOME_OF_IMAGE, is_shared};

/// Directory of single files that are kept. SQLite follows the link and puts
/// its journal beside the file, so the directory has to be kept with it.
const DATA: &str = "/data";

/// A named volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Volume {
    /// Its name in the compose file.
    pub name: String,
    /// Where it is mounted.
    pub target: String,
}

/// A file that is written elsewhere than where the code thinks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Where the code opens it.
    pub path: String,
    /// The directory of that.
    pub directory: String,
    /// Where it is.
    pub target: String,
}

/// Where the code writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Storage {
    /// Directories that belong to the service's user, with all that is in them.
    pub directories: Vec<String>,
    /// Directories of the code in which it may make others, and files.
    pub open: Vec<String>,
    /// Every other directory that has to be there.
    pub made: Vec<String>,
    /// Directories of caches, which everybody may fill and nobody may clear of
    /// others' files, as in `/tmp`: development runs as another user.
    pub caches: Vec<String>,
    /// Files that are links.
    pub links: Vec<Link>,
    /// What outlives containers.
    pub volumes: Vec<Volume>,
    /// What does not, and needs memory where the root is read-only.
    pub scratch: Vec<String>,
    /// Paths of the build context that the image must not hold.
    pub ignored: Vec<String>,
}

impl Storage {
    /// `open` are directories that the code may write into beside what is known.
    pub(super) fn of(top: &str, writable: &[Writable], open: Vec<String>) -> Self {
        let mut storage = Self { open, ..Self::default() };
        for writable in writable {
            storage.add(top, writable);
        }
        storage.directories.sort();
        storage.directories.dedup();
        if !storage.open.is_empty() {
            let of_links = storage.links.iter().map(|link| link.directory.as_str());
            let places = of_links.chain(storage.directories.iter().map(|own| parent(own)));
            let inside = |path: &&str| path.starts_with(&format!("{top}/")) || !is_shared(path);
            let places: Vec<String> = places
                .filter(inside)
                .filter(|path| path.starts_with(top))
                .map(str::to_owned)
                .collect();
            storage.open.extend(places);
            storage.open.retain(|path| !storage.directories.contains(path));
            // One that holds another is made first.
            storage.open.sort();
            storage.open.dedup();
        }
        let of_links = storage.links.iter().map(|link| link.directory.clone());
        let mut made: Vec<String> = of_links.filter(|path| !storage.open.contains(path)).collect();
        made.extend(storage.directories.iter().cloned());
        made.sort();
        made.dedup();
        storage.made = made;
        storage
    }

    /// Leaves to an existing compose file what it mounts already, and keeps
    /// out of the way of its names.
    pub(in crate::plan) fn beside(&mut self, mounted: &[String], names: &[String]) {
        let covers = |target: &str, path: &str| {
            path == target || path.strip_prefix(target).is_some_and(|rest| rest.starts_with('/'))
        };
        let free = |path: &str| !mounted.iter().any(|target| covers(target, path));
        self.volumes.retain(|volume| free(&volume.target));
        self.scratch.retain(|path| free(path));
        // A mount hides the link that is in the image.
        self.links.retain(|link| free(&link.path));
        for volume in self.volumes.iter_mut().filter(|volume| names.contains(&volume.name)) {
            volume.name = format!("dockwright-{}", volume.name);
        }
    }

    /// A volume for what hubs' libraries fetch.
    pub(super) fn caches(&mut self, caches: &[Cache]) {
        self.caches = caches.iter().map(|cache| cache.path.clone()).collect();
        self.caches.sort();
        if !caches.is_empty() {
            self.volume("hub-cache", caches::DIRECTORY);
        }
    }

    fn add(&mut self, top: &str, writable: &Writable) {
        let path = writable.path.as_str();
        let is_absolute = path.starts_with('/');
        let at = |path: &str| match is_absolute {
            true => {
                if path.is_empty() {
                    "/".to_owned()
                } else {
                    path.to_owned()
                }
            }
            false => in_image(top, path),
        };
        let place = at(path);
        if writable.file {
            let name = path.rsplit('/').next().unwrap_or(path);
            let home = if writable.keep { DATA } else { "/tmp" };
            let directory = at(parent(path));
            self.links.push(Link { path: place, directory, target: format!("{home}/{name}") });
            if !is_absolute {
                self.ignored.push(path.to_owned());
            }
            if writable.keep {
                self.directories.push(DATA.to_owned());
                self.volume("data", DATA);
            }
            return;
        }
        self.directories.push(place.clone());
        if writable.keep {
            self.volume(&volume_name(path), &place);
        } else {
            self.scratch.push(place);
        }
    }

    fn volume(&mut self, name: &str, target: &str) {
        if self.volumes.iter().any(|volume| volume.target == target) {
            return;
        }
        let mut name = name.to_owned();
        // `a/b` and `a-b` are two directories.
        while self.volumes.iter().any(|volume| volume.name == name) {
            name.push_str("-2");
        }
        self.volumes.push(Volume { name, target: target.to_owned() });
    }
}

/// A written path as the image has it.
pub(super) fn place(top: &str, path: &str) -> String {
    match path {
        path if path.starts_with('/') => path.to_owned(),
        path => in_image(top, path),
    }
}

/// What an image that stays cannot keep on a volume as it is.
pub(super) fn unmounted(shape: &Shape, adopted: &Adopted) -> Vec<String> {
    let Some(image) = adopted.image() else { return Vec::new() };
    let kept = shape.answers.writable.iter().filter(|own| own.keep && own.path != HOME_OF_IMAGE);
    kept.filter_map(|own| {
        let place = place(adopted.top(), &own.path);
        let user = &image.user;
        if own.file {
            return Some(format!(
                "the code writes the file {place}, which is lost with its container: a volume holds directories, so let it write to one of its own"
            ));
        }
        (!image.may_write(&place)).then(|| {
            format!(
                "what the code writes to {place} is lost with its container, and a volume there would be root's: add to {} before USER: RUN install --directory --owner={user} {place}",
                image.dockerfile
            )
        })
    })
    .collect()
}

/// `backend/media` as the name of a volume.
fn volume_name(path: &str) -> String {
    let part = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = path.chars().map(part).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "files".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(paths: &[(&str, bool)]) -> Storage {
        let mut storage = Storage::default();
        for (path, keep) in paths {
            storage.add("/app", &Writable { keep: *keep, ..Writable::read(path).unwrap() });
        }
        storage
    }

    #[test]
    fn a_database_file_is_linked_into_a_volume_of_its_own() {
        let storage = storage(&[("backend/db.sqlite3", true)]);
        assert_eq!(storage.links[0].path, "/app/backend/db.sqlite3");
        assert_eq!(storage.links[0].target, "/data/db.sqlite3");
        assert_eq!(storage.volumes, [Volume { name: "data".into(), target: "/data".into() }]);
        assert_eq!(storage.ignored, ["backend/db.sqlite3"]);
    }

    #[test]
    fn uploads_get_a_volume_and_caches_memory() {
        let storage = storage(&[("media", true), ("var/cache", false)]);
        assert_eq!(storage.volumes[0].target, "/app/media");
        assert_eq!(storage.scratch, ["/app/var/cache"]);
        assert_eq!(storage.directories, ["/app/media", "/app/var/cache"]);
    }

    #[test]
    fn what_an_existing_file_mounts_is_left_to_it() {
        let mut storage = storage(&[("media", true), ("data/app.db", true), ("logs", true)]);
        storage.beside(&["/app/media".into(), "/app/data".into()], &["logs".into()]);
        assert!(storage.links.is_empty());
        let names: Vec<&str> = storage.volumes.iter().map(|volume| volume.name.as_str()).collect();
        assert_eq!(names, ["data", "dockwright-logs"]);
    }

    #[test]
    fn two_directories_never_share_a_volume() {
        let storage = storage(&[("a/b", true), ("a-b", true), ("a.b/", true)]);
        let names: Vec<&str> = storage.volumes.iter().map(|volume| volume.name.as_str()).collect();
        assert_eq!(names, ["a-b", "a-b-2", "a-b-2-2"]);
    }
}
