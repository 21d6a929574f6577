//! Detection says the same every time: no answer hangs on the order of a hash map.

use std::path::{Path, PathBuf};

use dockwright::detect::{self, Wishes};

use crate::support::directory;

fn said(dir: &Path) -> String {
    let facts = detect::detect(dir, &Wishes::default()).unwrap();
    detect::report::json(&facts).to_string()
}

/// Each map of a process has an order of its own, so that repeating is enough.
fn is_the_same_fifty_times(dir: &Path) {
    let first = said(dir);
    for _ in 0..49 {
        assert_eq!(said(dir), first, "{}", dir.display());
    }
}

#[test]
fn the_examples_are_detected_the_same_every_time() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = std::fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path());
    let dirs: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    assert!(!dirs.is_empty());
    dirs.iter().for_each(|dir| is_the_same_fifty_times(dir));
}

/// More names than a capped search looks at, and two ways to the same application.
#[test]
fn many_names_in_one_module_make_no_difference() {
    let dir = directory();
    let write = |path: &str, text: &str| {
        let target = dir.path().join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, text).unwrap();
    };
    let modules: Vec<String> = (0..20).map(|number| format!("part{number}")).collect();
    for name in &modules {
        write(&format!("pkg/{name}.py"), "from fastapi import APIRouter\nrouter = APIRouter()\n");
    }
    let imports: String =
        modules.iter().map(|name| format!("from pkg.{name} import router as {name}\n")).collect();
    let main = format!(
        "from fastapi import FastAPI\n{imports}def make():\n    return FastAPI()\napp = make()\n"
    );
    write("pkg/__init__.py", "");
    write("pkg/main.py", &main);
    write("main.py", "from pkg.main import *\nfrom pkg.main import app\n");
    write("requirements.txt", "fastapi\nuvicorn\n");
    is_the_same_fifty_times(dir.path());
}
