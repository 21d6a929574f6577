//! `dockwright update` with a preset in git.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_fs::TempDir;

use crate::support::{directory, dockwright};
use crate::team::{said, tree};

/// A preset's repository, and where presets are cached.
struct Hub {
    top: TempDir,
}

pub fn git(directory: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(["-c", "user.name=t", "-c", "user.email=t@t.test", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?} {}", String::from_utf8_lossy(&output.stderr));
}

impl Hub {
    fn new() -> Self {
        let hub = Self { top: directory() };
        fs::create_dir_all(hub.presets().join("web")).unwrap();
        fs::create_dir_all(hub.presets().join("base")).unwrap();
        git(&hub.presets(), &["init", "--quiet"]);
        hub.release("1.0.0", "1792MiB");
        hub
    }

    fn presets(&self) -> PathBuf {
        self.top.path().join("presets")
    }

    fn release(&self, version: &str, memory: &str) {
        let base = format!(
            "name = \"base\"\nversion = \"{version}\"\n[defaults]\ntune.web.memory = \"{memory}\"\n"
        );
        let web = format!(
            "name = \"web\"\nversion = \"{version}\"\nextends = [\"fastapi-gunicorn\", \"../base\"]\n"
        );
        fs::write(self.presets().join("base/preset.toml"), base).unwrap();
        fs::write(self.presets().join("web/preset.toml"), web).unwrap();
        git(&self.presets(), &["add", "."]);
        git(&self.presets(), &["commit", "--quiet", "-m", version]);
        git(&self.presets(), &["tag", &format!("v{version}")]);
    }

    fn reference(&self, revision: &str) -> String {
        format!("git+file://{}#{revision}:web", self.presets().display())
    }

    fn run(&self, directory: &str, arguments: &[&str], code: i32) -> String {
        let output = dockwright()
            .current_dir(self.top.path().join(directory))
            .env("DOCKWRIGHT_CACHE", self.top.path().join("cache"))
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}", said(&output));
        said(&output)
    }

    fn shop(&self, revision: &str) -> PathBuf {
        self.run("", &["new", "shop", "--yes", "--preset", &self.reference(revision)], 0);
        self.top.path().join("shop")
    }
}

fn read(shop: &Path, path: &str) -> String {
    fs::read_to_string(shop.join(path)).unwrap()
}

#[test]
fn the_lock_pins_the_commit_and_every_file_of_every_layer() {
    let hub = Hub::new();
    let shop = hub.shop("v1.0.0");
    let lock: toml::Table = read(&shop, ".dockwright/lock.toml").parse().unwrap();
    let layers = lock["preset"].as_array().unwrap();
    let names: Vec<&str> = layers.iter().map(|layer| layer["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["fastapi-gunicorn", "base", "web"]);
    for layer in &layers[1..] {
        assert_eq!(layer["commit"].as_str().unwrap().len(), 40);
        assert!(layer["files"].as_table().unwrap().contains_key("preset.toml"));
    }
    assert!(!read(&shop, ".dockwright/lock.toml").contains(&format!("\"{}", shop.display())));
}

#[test]
fn without_news_no_git_runs_and_a_clone_needs_neither_network_nor_cache() {
    let hub = Hub::new();
    let shop = hub.shop("v1.0.0");
    let before = tree(&shop);
    fs::rename(hub.presets(), hub.top.path().join("gone")).unwrap();
    fs::remove_dir_all(hub.top.path().join("cache")).unwrap();
    let output = dockwright().current_dir(&shop).env("PATH", "/nowhere").arg("update").output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("Up to date"));
    assert_eq!(tree(&shop), before);
}

#[test]
fn another_revision_is_taken_where_it_is_named() {
    let hub = Hub::new();
    let shop = hub.shop("v1.0.0");
    hub.release("2.0.0", "3680MiB");
    assert!(hub.run("shop", &["update"], 0).contains("Up to date"));
    let text = read(&shop, "dockwright.toml").replace("#v1.0.0", "#v2.0.0");
    fs::write(shop.join("dockwright.toml"), text).unwrap();
    assert!(hub.run("shop", &["update"], 0).contains("web 1.0.0 → 2.0.0"));
    assert!(read(&shop, "compose.yaml").contains("3680M"));
}

#[test]
fn the_newest_tag_is_found_and_written_down() {
    let hub = Hub::new();
    let shop = hub.shop("v1.0.0");
    let url = format!("file://{}", hub.presets().display());
    let table = format!(
        "# The team's.\npreset = {{ git = \"{url}\", rev = \"v1.0.0\", path = \"web\" }} # pinned\n"
    );
    let text = read(&shop, "dockwright.toml");
    let line = text.lines().find(|line| line.starts_with("preset = ")).unwrap();
    fs::write(shop.join("dockwright.toml"), text.replace(&format!("{line}\n"), &table)).unwrap();
    assert!(hub.run("shop", &["update"], 0).contains("Up to date"), "the same preset in a table");
    hub.release("2.0.0", "3680MiB");
    hub.release("10.0.0", "3000MiB");
    hub.run("shop", &["update", "--latest"], 0);
    let text = read(&shop, "dockwright.toml");
    assert!(text.contains(&table.replace("v1.0.0", "v10.0.0")), "{text}");
    assert!(hub.run("shop", &["update", "--latest"], 0).contains("Up to date"));
}

#[test]
fn a_branch_moves_only_when_it_is_asked_for_again() {
    let hub = Hub::new();
    let shop = hub.shop("main");
    hub.release("2.0.0", "3680MiB");
    assert!(hub.run("shop", &["update"], 0).contains("Up to date"));
    hub.run("shop", &["update", "--fetch"], 0);
    assert!(read(&shop, "compose.yaml").contains("3680M"));
}

#[test]
fn a_tag_that_was_moved_changes_nothing_unasked() {
    let hub = Hub::new();
    let shop = hub.shop("v1.0.0");
    let before = tree(&shop);
    hub.release("2.0.0", "3680MiB");
    git(&hub.presets(), &["tag", "--force", "v1.0.0"]);
    fs::remove_dir_all(hub.top.path().join("cache")).unwrap();
    assert!(hub.run("shop", &["update"], 0).contains("Up to date"));
    assert_eq!(tree(&shop), before);
}

#[test]
fn a_kept_layer_that_was_changed_is_named_by_its_file() {
    let hub = Hub::new();
    let shop = hub.shop("v1.0.0");
    let kept = fs::read_dir(shop.join(".dockwright/preset")).unwrap();
    for layer in kept {
        let manifest = layer.unwrap().path().join("preset.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        fs::write(&manifest, text.replace("1792MiB", "3000MiB")).unwrap();
    }
    let report = hub.run("shop", &["update"], 2);
    assert!(report.contains("preset.toml is not what the lock pins"), "{report}");
}
