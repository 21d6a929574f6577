//! Shell scripts, wherever they stand.

use super::Place;
use super::paths;
use super::walker::{Setting, Walker};

/// Largest file without an extension that is opened to see whether it is a
/// script, in bytes.
const LARGEST: u64 = 32 * 1024;

/// Reads every shell script.
pub fn read(walker: &mut Walker<'_>) {
    let tree = walker.tree;
    for path in tree.counted() {
        let name = paths::name(path);
        let plain = !name.contains('.') && tree.size(path).is_some_and(|size| size <= LARGEST);
        let is_script = name.ends_with(".sh") || (plain && tree.text(path).is_some_and(is_shell));
        if is_script {
            walker.script(Place::Script, &Setting::default(), path, 0);
        }
    }
}

fn is_shell(text: &str) -> bool {
    let first = text.lines().next().unwrap_or("");
    first.starts_with("#!") && first.ends_with("sh")
}
