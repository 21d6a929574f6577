//! What a merge keeps, takes, and refuses.

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

#[test]
fn a_preset_that_changes_the_registry_and_a_bot_that_bumps_the_tag_do_not_conflict() {
    let base = "FROM python:3.13-slim AS build\nRUN a\n";
    let disk = "FROM python:3.14-slim AS build\nRUN a\n";
    let new = "FROM reg.example/python:3.13.2-slim AS build\nRUN a\n";
    assert_eq!(
        merged(base, disk, new, Syntax::Dockerfile),
        "FROM reg.example/python:3.14-slim AS build\nRUN a\n"
    );
}

#[test]
fn the_hashes_of_a_pin_are_those_of_the_version_that_holds() {
    let file = |version: &str, hash: &str| {
        format!(
            "a=={version} \\\n    --hash=sha256:{hash}1 \\\n    --hash=sha256:{hash}2\n    # via b\n"
        )
    };
    let (base, disk, new) = (file("1.0", "a"), file("1.2", "b"), file("1.1", "c"));
    let outcome = merge(base.as_bytes(), disk.as_bytes(), new.as_bytes(), Syntax::Text);
    assert_eq!(outcome, Outcome::Keep);
    assert_eq!(merged(&base, &new, &disk, Syntax::Text), disk);
}

#[test]
fn lines_that_look_like_markers_are_text() {
    let marked = "<<<<<<< on disk\nb\n||||||| as it was written\n=======\n>>>>>>> new\n";
    let base = format!("a\n{marked}z\n");
    assert_eq!(
        merged(&base, &format!("A\n{marked}z\n"), &format!("a\n{marked}Z\n"), Syntax::Text),
        format!("A\n{marked}Z\n")
    );
    // Also where the lines beside them conflict.
    let Outcome::Conflict { hunks, marked: written } =
        text(&base, &format!("one\n{marked}z\n"), &format!("two\n{marked}z\n"))
    else {
        panic!()
    };
    assert_eq!(hunks.len(), 1);
    assert_eq!(
        (hunks[0].line, hunks[0].disk.as_str(), hunks[0].new.as_str()),
        (1, "one\n", "two\n")
    );
    let own = "<<<<<<< on disk\none\n||||||| as it was written\na\n=======\ntwo\n>>>>>>> new\n";
    assert_eq!(String::from_utf8(written).unwrap(), format!("{own}{marked}z\n"));
}

#[test]
fn every_built_in_stack_is_right_in_its_languages() {
    use crate::answers::{Draft, Origin};
    for name in crate::preset::NAMES {
        let mut draft = Draft::of_preset(&crate::preset::find(name).unwrap()).unwrap();
        draft.set("project.name", "shop", Origin::Flag).unwrap();
        let plan = crate::plan::plan(&draft.resolve().unwrap(), &Default::default()).unwrap();
        for file in crate::render::render(&plan, &draft).unwrap() {
            let Ok(text) = std::str::from_utf8(&file.bytes) else { continue };
            let problem = syntax::parse(file.output.syntax, text);
            assert_eq!(problem, None, "{name}: {}", file.output.path);
        }
    }
}

mod random;

/// Without a bound this takes minutes.
#[test]
fn forty_thousand_lines_that_both_sides_moved_are_one_conflict() {
    let lines: Vec<String> = (0..40_000).map(|number| format!("line {number}\n")).collect();
    let shuffled = |mut state: u64| {
        let mut lines = lines.clone();
        for at in (1..lines.len()).rev() {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            lines.swap(at, (state >> 33) as usize % (at + 1));
        }
        lines.concat()
    };
    let reversed: String = lines.iter().rev().map(String::as_str).collect();
    let turned = [&lines[9_000..], &lines[..9_000]].concat().concat();
    for (disk, new) in
        [(shuffled(12_345), &reversed), (shuffled(12_345), &shuffled(54_321)), (turned, &reversed)]
    {
        let base = lines.concat();
        let outcome = merge(base.as_bytes(), disk.as_bytes(), new.as_bytes(), Syntax::Text);
        let Outcome::Conflict { hunks, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!((hunks.len(), hunks[0].line, &hunks[0].disk), (1, 1, &disk));
        assert!(hunks[0].why.as_ref().is_some_and(|why| why.contains("too many lines")));
    }
}
