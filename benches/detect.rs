//! How long detection takes over a large repository: 50,000 files of which
//! 25,000 are Python, one Python file in fifty with a marker. And over a
//! usual one: 400 files of which 200 are Python, one in four with a marker.
//!
//! `cargo bench --bench detect` prints walk, read, parse and total, the
//! median of several runs.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use dockwright::detect::tree::Tree;
use dockwright::detect::{Wishes, detect};

const RUNS: usize = 7;

fn main() {
    println!("{:<22} {:>9} {:>9} {:>9} {:>9}", "files (Python)", "walk", "read", "parse", "total");
    measure(400, 4);
    measure(50_000, 50);
}

/// A repository of `files` files, half of them Python, one in `rarity` of
/// those with a marker.
fn measure(files: usize, rarity: usize) {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path(), files, rarity);
    let mut walk = Vec::new();
    let mut read = Vec::new();
    let mut parse = Vec::new();
    let mut total = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let facts = detect(directory.path(), &Wishes::default()).unwrap();
        total.push(start.elapsed());
        assert_eq!(facts.app.value().map(String::as_str), Some("main:app"));
        let timings = Tree::read(directory.path()).unwrap().timings();
        walk.push(timings.walk);
        read.push(timings.read);
        parse.push(timings.parse);
    }
    let label = format!("{files} ({})", files / 2);
    print!("{label:<22}");
    for times in [&mut walk, &mut read, &mut parse, &mut total] {
        print!(" {:>6.1} ms", median(times).as_secs_f64() * 1000.0);
    }
    println!();
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn make(base: &Path, files: usize, rarity: usize) {
    const PER_DIRECTORY: usize = 100;
    let write = |path: &str, text: &str| fs::write(base.join(path), text).unwrap();
    write("main.py", "from fastapi import FastAPI\n\napp = FastAPI()\n");
    write("requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\n");
    let body =
        "def add(one, other):\n    \"\"\"Adds two numbers.\"\"\"\n    return one + other\n\n\n"
            .repeat(24);
    for number in 0..files / 2 {
        let directory = format!("package{}", number / PER_DIRECTORY);
        fs::create_dir_all(base.join(&directory)).unwrap();
        let head = match number % rarity {
            0 => "import os\n\nNAME = os.environ.get(\"NAME\", \"none\")\n\n\n",
            _ => "import math\n\n\n",
        };
        write(&format!("{directory}/module{number}.py"), &format!("{head}{body}"));
        write(&format!("{directory}/style{number}.css"), "body { margin: 0; }\n");
    }
}
