//! `include_dir!` does not tell cargo what it read; these lines do.

fn main() {
    for directory in ["templates", "presets", "src/plan/data"] {
        println!("cargo:rerun-if-changed={directory}");
    }
}
