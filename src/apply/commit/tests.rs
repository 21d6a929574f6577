//! What a commit refuses, keeps and puts back.

use std::fs;

use super::*;
use crate::relpath::RelPath;

fn change(root: &Path, path: &str, text: &str) -> Change {
    let path = RelPath::new(path).unwrap();
    let expect = disk::look(root, &path).unwrap();
    Change::write(path, expect, text.into(), 0o644)
}

fn held(root: &Path) -> Held {
    Held::take(root, &mut || {}).unwrap()
}

fn names(root: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_that_changed_meanwhile_stops_everything() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("b"), "old").unwrap();
    let changes = [change(root.path(), "a", "new"), change(root.path(), "b", "new")];
    fs::write(root.path().join("b"), "edited").unwrap();
    let error = commit(&held(root.path()), &changes).unwrap_err();
    assert!(error.to_string().contains("b changed"), "{error}");
    assert_eq!(names(root.path()), ["b"]);
}

#[test]
fn a_failure_in_the_middle_puts_everything_back() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("a"), "old").unwrap();
    let mut last = change(root.path(), "z", "new");
    // A name no file system takes makes the last rename fail.
    last.path = RelPath::new(&"z".repeat(300)).unwrap();
    last.expect = DiskState::Absent;
    let changes = [change(root.path(), "a", "new"), change(root.path(), "deep/er/b", "new"), last];
    let writing: Vec<&Change> = changes.iter().collect();
    let staging = Staging::inside(root.path()).unwrap();
    for (number, change) in writing.iter().enumerate() {
        stage(&staging, number, change).unwrap();
        save(root.path(), &staging, number, change).unwrap();
    }
    let mut undo = Vec::new();
    assert!(place_all(root.path(), &staging, &writing, &mut undo).is_err());
    assert_eq!(fs::read_to_string(root.path().join("a")).unwrap(), "new");
    roll_back(undo).unwrap();
    drop(staging);
    assert_eq!(fs::read_to_string(root.path().join("a")).unwrap(), "old");
    assert_eq!(names(root.path()), ["a"]);
}

/// A repository in which a run was killed after it had replaced `a`, removed
/// `b` and made `c`.
fn killed() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs::write(root.path().join(name), "old").unwrap();
    }
    let changes = [
        change(root.path(), "a", "new"),
        Change { action: Action::Remove, ..change(root.path(), "b", "") },
        change(root.path(), "c", "new"),
    ];
    let writing: Vec<&Change> = changes.iter().collect();
    let staging = Staging::inside(root.path()).unwrap();
    for (number, change) in writing.iter().enumerate() {
        stage(&staging, number, change).unwrap();
        save(root.path(), &staging, number, change).unwrap();
    }
    journal::open(root.path(), &staging, &writing, Vec::new()).unwrap();
    for (number, change) in writing.iter().enumerate() {
        place(root.path(), &staging, number, change, &mut Vec::new()).unwrap();
    }
    staging.leave();
    root
}

#[test]
fn what_was_edited_after_a_kill_stays_and_nothing_is_lost() {
    let root = killed();
    for name in ["a", "b", "c"] {
        fs::write(root.path().join(name), "edited").unwrap();
    }
    let recovered = journal::recover(&held(root.path())).unwrap();
    assert_eq!(recovered.edited, ["a", "b", "c"]);
    let message = recovered.message().unwrap();
    assert!(message.contains("stay as they are") && message.contains("a, b, c"), "{message}");
    let found = names(root.path());
    assert_eq!(found, ["a", "a.before-dockwright", "b", "b.before-dockwright", "c"]);
    for name in found {
        let expected = if name.len() == 1 { "edited" } else { "old" };
        assert_eq!(fs::read_to_string(root.path().join(&name)).unwrap(), expected, "{name}");
    }
}

#[test]
fn what_was_removed_after_a_kill_is_put_back_where_it_was_there_before() {
    let root = killed();
    for name in ["a", "c"] {
        fs::remove_file(root.path().join(name)).unwrap();
    }
    let recovered = journal::recover(&held(root.path())).unwrap();
    assert_eq!(recovered.undone, ["a", "b"]);
    assert_eq!(names(root.path()), ["a", "b"]);
}

#[cfg(unix)]
mod modes {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn script(mode: u32) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("entrypoint.sh");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        root
    }

    fn mode(root: &Path) -> u32 {
        fs::metadata(root.join("entrypoint.sh")).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_replaced_file_keeps_its_mode() {
        let root = script(0o755);
        commit(&held(root.path()), &[change(root.path(), "entrypoint.sh", "new")]).unwrap();
        assert_eq!(mode(root.path()), 0o755);
        assert_eq!(fs::read_to_string(root.path().join("entrypoint.sh")).unwrap(), "new");
        assert_eq!(names(root.path()), ["entrypoint.sh"]);
    }

    #[test]
    fn a_mode_that_is_asked_for_is_set_also_where_the_content_stays() {
        for (text, expected) in [("new", "new"), ("old", "old")] {
            let root = script(0o644);
            let change = change(root.path(), "entrypoint.sh", text).with_mode(0o755);
            assert_eq!(change.action, Action::Replace);
            commit(&held(root.path()), &[change]).unwrap();
            assert_eq!(mode(root.path()), 0o755);
            assert_eq!(fs::read_to_string(root.path().join("entrypoint.sh")).unwrap(), expected);
        }
        let root = script(0o644);
        let path = RelPath::new("entrypoint.sh").unwrap();
        let kept = Change::keep(path.clone(), disk::look(root.path(), &path).unwrap(), "theirs");
        assert_eq!(kept.clone().with_mode(0o644), Change { mode: 0o644, ..kept.clone() });
        commit(&held(root.path()), &[kept.with_mode(0o755)]).unwrap();
        assert_eq!(mode(root.path()), 0o755);
        assert_eq!(fs::read_to_string(root.path().join("entrypoint.sh")).unwrap(), "old");
    }
}
