//! Merges of random texts: what is kept, and that git says the same.

use proptest::prelude::*;

use super::*;

/// Few lines, so that many are the same; some blank, some like markers.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ab]{1,2}",
        2 => Just(String::new()),
        1 => Just("    ".to_owned()),
        1 => prop::sample::select(vec![
            "<<<<<<< ours", "||||||| original", "=======", ">>>>>>> theirs", "<<<<<<< on disk",
            ">>>>>>> new", "========",
        ])
        .prop_map(str::to_owned),
    ]
}

fn lines(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(line(), 0..most)
}

/// What happens to one region of a text.
#[derive(Clone, Debug)]
enum Edit {
    None,
    Disk(Vec<String>),
    New(Vec<String>),
    /// The same on both sides.
    Both(Vec<String>),
}

/// A region and its edit: replaced, emptied, filled, or grown at either end.
fn region() -> impl Strategy<Value = (Vec<String>, Edit)> {
    (lines(6), lines(5), 0..5_usize, 0..4_usize).prop_map(|(region, edit, how, side)| {
        let changed = match how {
            0 => edit,
            1 => Vec::new(),
            2 => [region.clone(), edit].concat(),
            3 => [edit, region.clone()].concat(),
            _ => {
                let middle = region.len() / 2;
                [region[..middle].to_vec(), edit, region[middle..].to_vec()].concat()
            }
        };
        let edit = match side {
            0 => Edit::None,
            1 => Edit::Disk(changed),
            2 => Edit::New(changed),
            _ => Edit::Both(changed),
        };
        (region, edit)
    })
}

/// Regions with lines between each two that stand nowhere else.
fn joined(regions: impl Iterator<Item = Vec<String>>, between: usize) -> String {
    let mut text = String::new();
    for (number, region) in regions.enumerate() {
        if number > 0 {
            text.extend((0..between).map(|line| format!("-- {number}.{line} --\n")));
        }
        text.extend(region.iter().flat_map(|line| [line.as_str(), "\n"]));
    }
    text
}

/// How a file ends and how its lines do.
fn shaped(text: &str, crlf: bool, cut: bool) -> String {
    let cut = cut && text.ends_with('\n') && !text.ends_with("\n\n") && text != "\n";
    let text = if cut { &text[..text.len() - 1] } else { text };
    if crlf { text.replace('\n', "\r\n") } else { text.to_owned() }
}

/// Merges what the edits make of the regions.
fn all_are_kept(
    regions: &[(Vec<String>, Edit)],
    between: usize,
    crlf: bool,
    cut: [bool; 3],
) -> Result<(), TestCaseError> {
    let of = |side: fn(&(Vec<String>, Edit)) -> &Vec<String>| {
        joined(regions.iter().map(|region| side(region).clone()), between)
    };
    let base = of(|(region, _)| region);
    let disk = of(|(region, edit)| match edit {
        Edit::Disk(edit) | Edit::Both(edit) => edit,
        Edit::None | Edit::New(_) => region,
    });
    let new = of(|(region, edit)| match edit {
        Edit::New(edit) | Edit::Both(edit) => edit,
        Edit::None | Edit::Disk(_) => region,
    });
    let both = of(|(region, edit)| match edit {
        Edit::New(edit) | Edit::Disk(edit) | Edit::Both(edit) => edit,
        Edit::None => region,
    });
    let on_disk = shaped(&disk, crlf, cut[1]);
    let outcome = merge(
        shaped(&base, false, cut[0]).as_bytes(),
        on_disk.as_bytes(),
        shaped(&new, false, cut[2]).as_bytes(),
        Syntax::Text,
    );
    let result = match outcome {
        Outcome::Keep => on_disk.clone().into_bytes(),
        Outcome::Take(bytes) | Outcome::Merged(bytes) => bytes,
        Outcome::Conflict { marked, .. } => {
            return Err(TestCaseError::fail(String::from_utf8(marked).unwrap()));
        }
    };
    let has_crlf = on_disk.contains("\r\n");
    let mut expected = if has_crlf { both.replace('\n', "\r\n") } else { both };
    if !on_disk.is_empty() && !on_disk.ends_with('\n') && expected.ends_with('\n') {
        expected.pop();
        expected.truncate(expected.strip_suffix('\r').unwrap_or(&expected).len());
    }
    prop_assert_eq!(String::from_utf8(result).unwrap(), expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// However many edits on both sides. What is between two of them is longer
    /// than they are, so that there is only one way to see what was edited.
    #[test]
    fn edits_that_are_not_adjacent_are_all_kept(
        regions in prop::collection::vec(region(), 1..7),
        crlf in any::<bool>(),
        cut in any::<[bool; 3]>(),
    ) {
        all_are_kept(&regions, 12, crlf, cut)?;
    }

    /// One line between them is enough: one edit of each side, wherever they
    /// are.
    #[test]
    fn two_edits_with_one_line_between_them_are_both_kept(
        regions in prop::collection::vec(lines(5), 2..5),
        edits in any::<[prop::sample::Index; 2]>(),
        texts in [lines(5), lines(5)],
        cut in any::<[bool; 3]>(),
    ) {
        let mut regions: Vec<_> = regions.into_iter().map(|region| (region, Edit::None)).collect();
        let of_disk = edits[0].index(regions.len());
        let of_new = (of_disk + 1 + edits[1].index(regions.len() - 1)) % regions.len();
        let [disk, new] = texts;
        regions[of_disk].1 = Edit::Disk(disk);
        regions[of_new].1 = Edit::New(new);
        all_are_kept(&regions, 1, false, cut)?;
    }

    /// From a conflict, each side can be had again.
    #[test]
    fn a_conflict_shows_each_side_as_it_is(
        base in lines(12),
        disk in lines(12),
        new in lines(12),
    ) {
        let plain = |lines: &[String]| -> Vec<String> {
            lines.iter().map(|line| line.replace(['<', '|', '=', '>'], "m")).collect()
        };
        let [base, disk, new] = [base, disk, new].map(|lines| joined([plain(&lines)].into_iter(), 0));
        let outcome = text(&base, &disk, &new);
        let Outcome::Conflict { hunks, marked } = outcome else { return Ok(()) };
        let marked = String::from_utf8(marked).unwrap();
        prop_assert!(has_markers(&marked, &base));
        let on_disk: Vec<&str> = disk.lines().collect();
        for hunk in &hunks {
            let lines: Vec<&str> = hunk.disk.lines().collect();
            prop_assert!(marked.contains(&hunk.disk) && marked.contains(&hunk.new));
            // Clean edits above a hunk move it by as much as they add.
            prop_assert!(lines.is_empty() || on_disk.windows(lines.len()).any(|there| there == lines));
        }
    }
}

/// Whether and what git merges; `None` where there is a conflict.
fn git(base: &str, disk: &str, new: &str) -> Option<String> {
    let directory = tempfile::tempdir().unwrap();
    let paths = [("disk", disk), ("base", base), ("new", new)].map(|(name, text)| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    });
    let output = std::process::Command::new("git")
        .args(["merge-file", "--diff3", "--stdout"])
        .args(&paths)
        .output()
        .expect("git is there");
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// How often git and a merge by line come to something else.
#[derive(Debug, Default)]
struct Counts {
    clean: usize,
    conflicts: usize,
    /// Both merge, and not to the same.
    other: usize,
    only_git: usize,
    only_ours: usize,
}

fn compared(line: impl Strategy<Value = String> + 'static, times: usize) -> Counts {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut counts = Counts::default();
    let line = line.boxed();
    let base = prop::collection::vec(line.clone(), 0..14);
    let edits = || prop::collection::vec((0..14_usize, 0..3_usize, line.clone()), 0..5);
    let texts = (base, edits(), edits());
    for _ in 0..times {
        let (base, of_disk, of_new) = texts.new_tree(&mut runner).unwrap().current();
        let (disk, new) = (edited(&base, &of_disk), edited(&base, &of_new));
        let base = edited(&base, &[]);
        let (ours, theirs) = (lines::merge(&base, &disk, &new).ok(), git(&base, &disk, &new));
        *match (&ours, &theirs) {
            (Some(ours), Some(theirs)) if ours == theirs => &mut counts.clean,
            (None, None) => &mut counts.conflicts,
            (Some(_), Some(_)) => &mut counts.other,
            (None, Some(_)) => &mut counts.only_git,
            (Some(_), None) => &mut counts.only_ours,
        } += 1;
    }
    counts
}

fn edited(base: &[String], edits: &[(usize, usize, String)]) -> String {
    let mut lines = base.to_vec();
    for (at, how, line) in edits {
        let at = at % (lines.len() + 1);
        match how {
            0 => lines.insert(at, line.clone()),
            1 if at < lines.len() => drop(lines.remove(at)),
            _ if at < lines.len() => lines[at].clone_from(line),
            _ => lines.push(line.clone()),
        }
    }
    joined([lines].into_iter(), 0)
}

/// A few thousand processes: `cargo test --lib merge -- --ignored`.
#[test]
#[ignore = "starts git a few thousand times"]
fn git_merges_and_refuses_the_same() {
    // As in files that people write: most lines stand there once.
    let usual = prop_oneof![6 => "[a-z]{3}", 1 => Just(String::new()), 1 => "[})]"];
    let counts = compared(usual, 3000);
    println!("usual lines: {counts:?}");
    assert_eq!((counts.other, counts.only_git), (0, 0), "{counts:?}");
    assert!(counts.only_ours < 30, "{counts:?}");
    // The same few lines over and over: what was edited can be seen in
    // several ways.
    let counts = compared(line(), 3000);
    println!("few lines: {counts:?}");
    assert!(counts.other + counts.only_git < 30 && counts.only_ours < 120, "{counts:?}");
}
