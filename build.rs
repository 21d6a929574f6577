//! `include_dir!` does not tell cargo what it read; these lines do.

fn main() {
    for directory in
        ["templates", "presets", "src/plan/data", "src/catalog/data", "src/preset_test/scaffold"]
    {
        println!("cargo:rerun-if-changed={directory}");
    }
}
