//! `images.digests`: what is asked of registries, and where the answers stand. A
//! `docker` on PATH says what a registry would.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_fs::TempDir;
use serde_json::Value;

use crate::pins::{docker, run, service};

/// Says another digest for each reference, and for each day.
const REGISTRY: &str = r#"
case "$*" in
    *imagetools*) ;;
    *) exit 0 ;;
esac
for reference in "$@"; do :; done
digest=$(printf '%s' "$reference $(cat "$(dirname "$0")/day")" | sha256sum | cut -d ' ' -f 1)
printf '{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:%s","size":1609}\n' "$digest"
"#;

/// A service beside a registry.
struct Shop {
    top: TempDir,
    log: PathBuf,
    path: String,
}

impl Shop {
    fn new(preset: &str, set: &[&str]) -> Self {
        let top = service(preset, set);
        let (log, path) = docker(top.path(), REGISTRY);
        let shop = Self { top, log, path };
        shop.on("monday");
        shop
    }

    /// From this day on the tags name other images.
    fn on(&self, day: &str) {
        fs::write(self.top.path().join("tools/day"), day).unwrap();
    }

    fn run(&self, code: i32, arguments: &[&str]) -> String {
        let env = [("DOCKWRIGHT_NO_DOCKER", ""), ("PATH", self.path.as_str())];
        run(self.top.path(), code, arguments, &env).0.replace("\n  ", " ")
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.top.path().join("shop").join(path)).unwrap()
    }

    /// The references that a registry was asked for.
    fn asked(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines = log.lines().filter(|line| line.contains("imagetools"));
        let mut asked: Vec<String> =
            lines.map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect();
        asked.sort();
        let _ = fs::remove_file(&self.log);
        asked
    }

    fn findings(&self, field: &str) -> Vec<String> {
        let env = [("DOCKWRIGHT_NO_DOCKER", ""), ("PATH", self.path.as_str())];
        let (_, text) = run(self.top.path(), 0, &["check", "shop", "--format", "json"], &env);
        let report: Value = serde_json::from_str(&text).unwrap();
        let found = report["repositories"][0][field].as_array().unwrap().clone();
        found.iter().map(|own| own["message"].as_str().unwrap().to_owned()).collect()
    }
}

/// The images that container files of a directory name, without those built here.
fn named(dir: &Path) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for file in ["Dockerfile", "compose.yaml", "compose.dev.yaml"] {
        let Ok(text) = fs::read_to_string(dir.join(file)) else { continue };
        for line in text.lines().map(str::trim) {
            let of_file = line.strip_prefix("FROM ").or_else(|| line.strip_prefix("image: "));
            let Some(reference) = of_file.and_then(|own| own.split(' ').next()) else { continue };
            // Stages have no tag, and what is built here has a variable in it.
            if reference.contains(':') && !reference.contains('$') {
                named.insert(reference.to_owned());
            }
        }
    }
    named
}

#[test]
fn digests_are_asked_for_on_request_and_written_beside_their_tags() {
    let shop = Shop::new("django-nginx", &["images.digests=true"]);
    let before = named(&shop.top.path().join("shop"));
    assert!(before.iter().all(|own| !own.contains('@')), "{before:?}");
    assert!(shop.asked().is_empty());
    let outdated = shop.findings("outdated");
    assert_eq!(outdated.len(), before.len(), "{outdated:?}");
    assert!(outdated[0].contains("no digest of") && outdated[0].contains("is known yet"));
    // Without a network nothing changes, and what is missing is said.
    let said = shop.run(0, &["update", "shop"]);
    assert!(said.contains("Up to date"), "{said}");
    assert!(shop.asked().is_empty());
    let said = shop.run(0, &["plan", "shop"]);
    assert!(said.contains("`dockwright update --fetch` asks the registry"), "{said}");

    let said = shop.run(0, &["update", "shop", "--fetch"]);
    assert!(!said.contains("no digest"), "{said}");
    assert_eq!(shop.asked(), before.iter().cloned().collect::<Vec<_>>(), "each once");
    let after = named(&shop.top.path().join("shop"));
    assert_eq!(after.len(), before.len());
    for reference in &after {
        let (tag, digest) =
            reference.split_once("@sha256:").unwrap_or_else(|| panic!("{reference}"));
        assert!(before.contains(tag) && digest.len() == 64, "{reference}");
    }
    let dockerfile = shop.read("Dockerfile");
    assert!(dockerfile.contains("\nFROM python:3.14-slim-trixie@sha256:"));
    assert!(dockerfile.lines().all(|line| !line.starts_with("FROM $") && !line.starts_with("ARG")));
    assert!(shop.read("compose.yaml").contains("    image: postgres:18-trixie@sha256:"));
    assert!(shop.read(".dockwright/lock.toml").contains("\"postgres:18-trixie\" = \"sha256:"));
    assert!(shop.findings("outdated").is_empty() && shop.findings("notes").is_empty());

    let plan: Value = serde_json::from_str(&{
        let (_, text) = run(&shop.top.path().join("shop"), 0, &["plan", "--format", "json"], &[]);
        text
    })
    .unwrap();
    let images = plan["images"].as_array().unwrap();
    assert_eq!(images.len(), before.len());
    assert!(images.iter().all(|own| own["digest"].as_str().unwrap().starts_with("sha256:")));

    // Nobody is asked again, and the same is written.
    shop.asked();
    shop.run(0, &["update", "shop"]);
    assert!(shop.asked().is_empty());
    assert_eq!(named(&shop.top.path().join("shop")), after);
    // Once more, and nothing has moved.
    shop.run(0, &["update", "shop", "--fetch"]);
    assert_eq!(named(&shop.top.path().join("shop")), after);
    shop.on("tuesday");
    shop.run(0, &["update", "shop", "--fetch"]);
    let moved = named(&shop.top.path().join("shop"));
    assert!(moved.is_disjoint(&after) && moved.len() == after.len());

    shop.run(0, &["update", "shop", "--set", "images.digests=false"]);
    assert_eq!(named(&shop.top.path().join("shop")), before);
    assert!(!shop.read(".dockwright/lock.toml").contains("sha256:\""));
    assert!(!shop.read(".dockwright/lock.toml").contains("[digest]"));
}

#[test]
fn a_bots_digest_stays_and_a_tag_that_moved_on_has_none_until_it_is_asked_for() {
    let shop = Shop::new("celery-postgres-redis", &["images.digests=true"]);
    shop.run(0, &["update", "shop", "--fetch"]);
    let text = shop.read("compose.yaml");
    let line = |text: &str| {
        text.lines().find(|line| line.contains("image: postgres:")).unwrap().trim().to_owned()
    };
    let ours = line(&text);
    // A bot takes the digest of today.
    let bots = format!("image: postgres:18-trixie@sha256:{}", "c0".repeat(32));
    fs::write(shop.top.path().join("shop/compose.yaml"), text.replace(&ours, &bots)).unwrap();
    shop.run(0, &["update", "shop"]);
    assert_eq!(line(&shop.read("compose.yaml")), bots);
    assert!(shop.findings("notes").is_empty());

    // Another tag, and the digest of the old one left beside it.
    let wrong = ours.replace(":18-", ":19-");
    fs::write(shop.top.path().join("shop/compose.yaml"), text.replace(&ours, &wrong)).unwrap();
    let notes = shop.findings("notes");
    assert!(
        notes[0].contains("postgres:19-trixie has the digest of postgres:18-trixie"),
        "{notes:?}"
    );
    fs::write(shop.top.path().join("shop/compose.yaml"), &text).unwrap();

    let set = "images.postgres=postgres:19-trixie";
    let said = shop.run(0, &["update", "shop", "--set", set]);
    assert!(said.contains("no digest is known yet of postgres:19-trixie"), "{said}");
    assert_eq!(line(&shop.read("compose.yaml")), "image: postgres:19-trixie");
    let outdated = shop.findings("outdated");
    assert_eq!(outdated.len(), 1, "{outdated:?}");
    shop.run(0, &["update", "shop", "--fetch"]);
    assert!(line(&shop.read("compose.yaml")).starts_with("image: postgres:19-trixie@sha256:"));
    assert!(shop.findings("outdated").is_empty());
}

#[test]
fn a_registry_that_does_not_answer_leaves_everything_as_it_is() {
    let shop = Shop::new("fastapi-uvicorn", &["images.digests=true"]);
    shop.run(0, &["update", "shop", "--fetch"]);
    let before = crate::team::tree(&shop.top.path().join("shop"));
    let refuses = "case \"$*\" in *uv:*) echo 'ERROR: ghcr.io: 403 Forbidden' >&2; exit 1 ;; esac";
    let (_, path) = docker(shop.top.path(), &format!("{refuses}\n{REGISTRY}"));
    let shop = Shop { path, ..shop };
    shop.on("tuesday");
    let said = shop.run(3, &["update", "shop", "--fetch"]);
    assert!(
        said.contains("403 Forbidden") && said.contains("imagetools inspect ghcr.io"),
        "{said}"
    );
    assert!(!said.contains("of python"), "{said}");
    assert_eq!(crate::team::tree(&shop.top.path().join("shop")), before);
    shop.run(0, &["update", "shop"]);
    // An answer that is none.
    let (_, path) = docker(shop.top.path(), "echo '{\"digest\": \"sha256:0\"}'");
    let shop = Shop { path, ..shop };
    let said = shop.run(3, &["update", "shop", "--fetch"]);
    assert!(said.contains("gave no digest"), "{said}");
}

#[test]
fn audit_policy_and_a_locked_key_take_digests_as_the_pins_that_they_are() {
    let shop = Shop::new("django-nginx", &["images.digests=true"]);
    let audit = |shop: &Shop| {
        let env = [("PATH", shop.path.as_str())];
        let arguments = ["audit", "shop", "--format", "json", "--fail-on", "never"];
        let (_, text) = run(shop.top.path(), 0, &arguments, &env);
        let report: Value = serde_json::from_str(&text).unwrap();
        report["findings"].as_array().map_or(0, Vec::len)
    };
    let before = audit(&shop);
    shop.run(0, &["update", "shop", "--fetch"]);
    assert_eq!(audit(&shop), before);
    fs::create_dir_all(shop.top.path().join("team")).unwrap();
    let body = "name = \"acme\"\nversion = \"1.0.0\"\nextends = [\"django-nginx\"]\n\
        [locked]\nimages.digests = true\nimages.postgres = \"postgres:18-trixie\"\n\
        [floors]\nimages.nginx = \"1.30\"\n";
    fs::write(shop.top.path().join("team/preset.toml"), body).unwrap();
    run(shop.top.path(), 0, &["check", "shop", "--policy", "./team"], &[]);
    let text = shop.read("compose.yaml").replace("postgres:18-", "postgres:17-");
    fs::write(shop.top.path().join("shop/compose.yaml"), text).unwrap();
    let (said, _) = run(shop.top.path(), 1, &["check", "shop", "--policy", "./team"], &[]);
    assert!(said.contains("locked to postgres:18-trixie"), "{said}");
}

#[test]
fn what_a_plan_says_that_its_files_name_is_what_they_name() {
    let mirror = "images.registry=registry.example.com/mirror";
    let sets = [
        ("fastapi-uvicorn", ""),
        ("fastapi-uvicorn", "stack.database=external"),
        ("fastapi-uvicorn", "stack.cache=redis"),
        ("fastapi-gunicorn", "images.python=python:3.14.1-slim"),
        ("django-nginx", ""),
        ("django-nginx", "images.dockerfile-syntax=docker/dockerfile:1"),
        ("celery-postgres-redis", mirror),
        ("ml-server", ""),
    ];
    for (preset, set) in sets {
        let set: &[&str] = if set.is_empty() { &[] } else { &[set] };
        let top = service(preset, set);
        let dir = top.path().join("shop");
        let (_, text) = run(&dir, 0, &["plan", "--format", "json"], &[]);
        let plan: Value = serde_json::from_str(&text).unwrap();
        let planned = plan["images"].as_array().unwrap().iter();
        let mut planned: BTreeSet<String> =
            planned.map(|own| own["reference"].as_str().unwrap().to_owned()).collect();
        let syntax = fs::read_to_string(dir.join("Dockerfile")).unwrap();
        if let Some(frontend) = syntax.lines().find_map(|own| own.strip_prefix("# syntax=")) {
            assert!(planned.remove(frontend), "{frontend}");
        }
        assert_eq!(planned, named(&dir), "{preset} {set:?}");
    }
}
