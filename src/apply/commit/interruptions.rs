//! Wherever a run stops, the tree is wholly old or wholly new: every step of
//! random sets of changes is tried.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;

use super::*;
use crate::apply::system::fault::{Fault, after, counted};
use crate::relpath::RelPath;

/// None of them is a directory of another.
const PATHS: [&str; 7] = ["a", "b.sh", "one/a", "one/b", "one/two/a", "three/four/five", ".env"];

/// A directory that is there before, and is empty.
const EMPTY: &str = "three";

const MODES: [u32; 4] = [0o644, 0o755, 0o600, 0o640];

/// What a path has, and gets.
#[derive(Clone, Debug)]
struct Case {
    there: Option<(String, u32)>,
    to: To,
}

#[derive(Clone, Debug)]
enum To {
    Stay,
    Remove,
    Write(String, u32),
    SetMode(u32),
    WriteWithMode(String, u32),
}

fn cases() -> impl Strategy<Value = Vec<Case>> {
    let mode = || prop::sample::select(MODES.to_vec());
    let text = || "[a-c\n]{0,6}";
    let to = prop_oneof![
        1 => Just(To::Stay),
        2 => Just(To::Remove),
        4 => (text(), mode()).prop_map(|(text, mode)| To::Write(text, mode)),
        1 => mode().prop_map(To::SetMode),
        1 => (text(), mode()).prop_map(|(text, mode)| To::WriteWithMode(text, mode)),
    ];
    let case = (prop::option::of((text(), mode())), to).prop_map(|(there, to)| Case { there, to });
    prop::collection::vec(case, PATHS.len())
}

/// Every path: a file's content and mode, nothing for a directory.
type Tree = BTreeMap<String, Option<(Vec<u8>, u32)>>;

struct Repository(tempfile::TempDir);

impl Repository {
    fn of(cases: &[Case]) -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(EMPTY)).unwrap();
        for (path, case) in PATHS.iter().zip(cases) {
            let Some((text, mode)) = &case.there else { continue };
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            set_mode(&path, *mode);
        }
        Self(root)
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn held(&self) -> Held {
        Held::take(self.root(), &mut || {}).unwrap()
    }

    fn changes(&self, cases: &[Case]) -> Vec<Change> {
        let of = |(path, case): (&&str, &Case)| {
            let path = RelPath::new(path).unwrap();
            let expect = disk::look(self.root(), &path).unwrap();
            let is_there = expect.bytes().is_some();
            match &case.to {
                To::Remove if is_there => {
                    Change { action: Action::Remove, ..Change::keep(path, expect, "") }
                }
                To::SetMode(mode) if is_there => Change::keep(path, expect, "").with_mode(*mode),
                To::Stay | To::Remove | To::SetMode(_) => Change::keep(path, expect, ""),
                To::Write(text, mode) => {
                    Change::write(path, expect, text.clone().into_bytes(), *mode)
                }
                To::WriteWithMode(text, mode) => {
                    Change::write(path, expect, text.clone().into_bytes(), 0o600).with_mode(*mode)
                }
            }
        };
        PATHS.iter().zip(cases).map(of).collect()
    }

    fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        walk(self.root(), self.root(), &mut tree);
        tree
    }

    /// Recovers, killed twice on the way.
    fn recover(&self, kills: [usize; 2]) {
        for steps in kills {
            let _ = after(steps, Fault::Kill, || journal::recover(&self.held()));
        }
        journal::recover(&self.held()).unwrap();
    }
}

fn walk(root: &Path, directory: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            tree.insert(name, None);
            walk(root, &path, tree);
        } else {
            tree.insert(name, Some((fs::read(&path).unwrap(), mode(&path))));
        }
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn mode(_: &Path) -> u32 {
    0
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

/// The tree before, the tree after, and the number of steps between them.
fn ends(cases: &[Case]) -> (Tree, Tree, usize) {
    let repository = Repository::of(cases);
    let old = repository.tree();
    let changes = repository.changes(cases);
    let (done, steps) = counted(|| commit(&repository.held(), &changes));
    let paths = done.unwrap();
    let new = repository.tree();
    for path in PATHS.iter().filter(|path| old.get(**path) != new.get(**path)) {
        assert!(paths.iter().any(|done| done == path), "{path} is not named");
    }
    for (path, case) in PATHS.iter().zip(cases) {
        let expected = match (&case.to, &case.there) {
            (To::Stay, there) => there.clone(),
            (To::Remove, _) | (To::SetMode(_), None) => None,
            (To::Write(text, _), Some((_, mode))) => Some((text.clone(), *mode)),
            (To::Write(text, mode) | To::WriteWithMode(text, mode), _) => {
                Some((text.clone(), *mode))
            }
            (To::SetMode(mode), Some((text, _))) => Some((text.clone(), *mode)),
        };
        let found = new.get(*path).cloned().flatten();
        let found = found.map(|(bytes, mode)| (String::from_utf8(bytes).unwrap(), mode));
        if cfg!(unix) {
            assert_eq!(found, expected, "{path}");
        }
    }
    (old, new, steps)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_kill_at_any_step_and_two_more_while_recovering(
        cases in cases(),
        kills in prop::collection::vec((0_usize..20, 0_usize..20), 1..4),
    ) {
        let (old, new, steps) = ends(&cases);
        for step in 0..=steps {
            let repository = Repository::of(&cases);
            let changes = repository.changes(&cases);
            let done = after(step, Fault::Kill, || commit(&repository.held(), &changes));
            let (one, other) = kills[step % kills.len()];
            repository.recover([one, other]);
            let left = repository.tree();
            prop_assert!(left == old || left == new, "{step}: {left:#?}\n{old:#?}\n{new:#?}");
            // Whoever was told that it is done finds it done.
            prop_assert!(done.is_err() || left == new, "{}", step);
        }
    }

    /// The errors themselves put everything back: nothing is left to recover.
    #[test]
    fn a_call_that_fails_at_any_step(cases in cases()) {
        let (old, new, steps) = ends(&cases);
        for step in 0..=steps {
            let repository = Repository::of(&cases);
            let changes = repository.changes(&cases);
            let done = after(step, Fault::Times(1), || commit(&repository.held(), &changes));
            let is_clean = |tree: &Tree| !tree.keys().any(|path| path.contains(".dockwright-"));
            let mut left = repository.tree();
            if !is_clean(&left) {
                // The last call of all removes what was staged.
                repository.recover([0, 0]);
                left = repository.tree();
            }
            prop_assert!(is_clean(&left));
            prop_assert_eq!(&left, if done.is_ok() { &new } else { &old }, "{}", step);
        }
    }

    /// What could not be put back at once is put back by the next run.
    #[test]
    fn calls_that_fail_while_the_first_failure_is_put_right(cases in cases(), times in 2_usize..6) {
        let (old, new, steps) = ends(&cases);
        for step in 0..=steps {
            let repository = Repository::of(&cases);
            let changes = repository.changes(&cases);
            let fault = Fault::Times(times);
            let done = after(step, fault, || commit(&repository.held(), &changes));
            repository.recover([0, 0]);
            let left = repository.tree();
            prop_assert_eq!(&left, if done.is_ok() { &new } else { &old }, "{}", step);
        }
    }

    #[test]
    fn a_disk_that_is_full_from_any_step_on(cases in cases()) {
        let (old, new, steps) = ends(&cases);
        for step in 0..=steps {
            let repository = Repository::of(&cases);
            let changes = repository.changes(&cases);
            let done = after(step, Fault::Full, || commit(&repository.held(), &changes));
            let left = repository.tree();
            prop_assert_eq!(&left, if done.is_ok() { &new } else { &old }, "{}", step);
        }
    }
}
