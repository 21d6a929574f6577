//! What a merge keeps, takes, and refuses.

use proptest::prelude::*;

use super::*;

fn text(base: &str, disk: &str, new: &str) -> Outcome {
    merge(base.as_bytes(), disk.as_bytes(), new.as_bytes(), Syntax::Text)
}

fn merged(base: &str, disk: &str, new: &str, syntax: Syntax) -> String {
    match merge(base.as_bytes(), disk.as_bytes(), new.as_bytes(), syntax) {
        Outcome::Merged(bytes) | Outcome::Take(bytes) => String::from_utf8(bytes).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unedited_file_takes_the_new_render_and_an_unchanged_render_keeps_the_edit() {
    assert_eq!(text("a\n", "a\n", "b\n"), Outcome::Take(b"b\n".to_vec()));
    assert_eq!(text("a\n", "mine\n", "a\n"), Outcome::Keep);
    assert_eq!(text("a\n", "b\n", "b\n"), Outcome::Keep);
}

#[test]
fn edits_in_different_places_are_both_kept() {
    let base = "one\ntwo\nthree\nfour\nfive\n";
    assert_eq!(
        merged(
            base,
            "ONE\ntwo\nthree\nfour\nfive\n",
            "one\ntwo\nthree\nfour\nFIVE\n",
            Syntax::Text
        ),
        "ONE\ntwo\nthree\nfour\nFIVE\n"
    );
}

#[test]
fn edits_of_the_same_line_conflict_and_are_shown_with_their_line() {
    let Outcome::Conflict { hunks, marked } = text("a\nb\nc\n", "a\nmine\nc\n", "a\ntheirs\nc\n")
    else {
        panic!()
    };
    assert_eq!(hunks.len(), 1);
    assert_eq!(
        (hunks[0].line, hunks[0].disk.as_str(), hunks[0].new.as_str()),
        (2, "mine\n", "theirs\n")
    );
    let marked = String::from_utf8(marked).unwrap();
    assert_eq!(
        marked,
        "a\n<<<<<<< on disk\nmine\n||||||| as it was written\nb\n=======\ntheirs\n>>>>>>> new\nc\n"
    );
}

#[test]
fn bumps_of_one_image_on_both_sides_do_not_conflict_and_the_higher_wins() {
    let file = |tag: &str, user: &str| format!("FROM python:{tag} AS runtime\nUSER {user}\n");
    let base = file("3.13-slim-trixie", "1000");
    for (disk, new, expected) in [
        ("3.14-slim-trixie", "3.13.2-slim-trixie", "3.14-slim-trixie"),
        ("3.13.2-slim-trixie", "3.14-slim-trixie", "3.14-slim-trixie"),
        ("3.14@sha256:ab", "3.14-slim-trixie", "3.14@sha256:ab"),
    ] {
        // The line beside it changes as well: still no conflict.
        let result = merged(&base, &file(disk, "1000"), &file(new, "2000"), Syntax::Dockerfile);
        assert_eq!(result, file(expected, "2000"));
    }
}

#[test]
fn a_lower_pin_of_the_user_stays_while_the_render_did_not_change_it() {
    let base = "fastapi==0.165.0\nredis==8.1.0\n";
    let result = merged(
        base,
        "fastapi==0.150.0\nredis==8.1.0\n",
        "fastapi==0.165.0\nredis==8.2.0\n",
        Syntax::Text,
    );
    assert_eq!(result, "fastapi==0.150.0\nredis==8.2.0\n");
}

#[test]
fn ports_are_no_versions() {
    let file = |port: &str| format!("ports:\n  - 127.0.0.1:{port}:8000\n");
    let outcome = merge(
        file("8000").as_bytes(),
        file("8001").as_bytes(),
        file("9000").as_bytes(),
        Syntax::Yaml,
    );
    assert!(matches!(outcome, Outcome::Conflict { .. }), "{outcome:?}");
}

#[test]
fn line_ends_and_a_missing_last_newline_stay_as_on_disk() {
    let outcome = text("a\nb\nc\nd\n", "a\r\nb\r\nc\r\nd", "A\nb\nc\nd\n");
    assert_eq!(outcome, Outcome::Take(b"A\r\nb\r\nc\r\nd".to_vec()));
    let outcome = text("a\nb\nc\nd\n", "a\r\nb\r\nc\r\nmine", "A\nb\nc\nd\n");
    assert_eq!(outcome, Outcome::Merged(b"A\r\nb\r\nc\r\nmine".to_vec()));
}

#[test]
fn a_clean_merge_that_sets_a_key_twice_is_a_conflict() {
    let base = "services:\n  a: {}\n  b: {}\n  c: {}\n";
    let disk = "services:\n  cache: {}\n  a: {}\n  b: {}\n  c: {}\n";
    let new = "services:\n  a: {}\n  b: {}\n  c: {}\n  cache: {}\n";
    let outcome = merge(base.as_bytes(), disk.as_bytes(), new.as_bytes(), Syntax::Yaml);
    assert!(matches!(outcome, Outcome::Conflict { .. }), "{outcome:?}");
}

proptest! {
    /// Edits of the disk in its first half and of the render in its second,
    /// with a line between them, are both in the result.
    #[test]
    fn edits_that_are_not_adjacent_are_both_kept(
        above in prop::collection::vec("[a-z]{0,4}", 1..6),
        below in prop::collection::vec("[a-z]{0,4}", 1..6),
        disk_edit in "[A-Z]{1,4}",
        new_edit in "[A-Z]{1,4}",
        at_disk in 0_usize..6,
        at_new in 0_usize..6,
        crlf in any::<bool>(),
    ) {
        let (at_disk, at_new) = (at_disk % above.len(), at_new % below.len());
        let join = |above: &[String], below: &[String]| {
            format!("{}\n-- middle --\n-- middle --\n{}\n", above.join("\n"), below.join("\n"))
        };
        let base = join(&above, &below);
        let (mut edited_above, mut edited_below) = (above.clone(), below.clone());
        edited_above[at_disk] = disk_edit;
        edited_below[at_new] = new_edit;
        let mut disk = join(&edited_above, &below);
        let mut expected = join(&edited_above, &edited_below);
        if crlf {
            disk = disk.replace('\n', "\r\n");
            expected = expected.replace('\n', "\r\n");
        }
        let new = join(&above, &edited_below);
        let outcome = merge(base.as_bytes(), disk.as_bytes(), new.as_bytes(), Syntax::Text);
        prop_assert_eq!(outcome, Outcome::Merged(expected.into_bytes()));
    }
}
