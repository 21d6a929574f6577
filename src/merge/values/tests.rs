//! Which values are seen, and which hold.

use super::*;

/// What base, disk and new become: the same, where they are agreed on.
fn agreed(syntax: Syntax, base: &str, disk: &str, new: &str) -> [String; 3] {
    let Agreed { base, disk, new, .. } = agree(syntax, base, disk, new);
    [base, disk, new]
}

/// The one text that all three become.
fn holds(syntax: Syntax, [base, disk, new]: [&str; 3]) -> String {
    let [base, disk, new] = agreed(syntax, base, disk, new);
    assert_eq!([&base, &disk], [&new, &new]);
    new
}

#[test]
fn of_the_number_and_the_variant_of_a_tag_one_sides_value_holds_whole() {
    for (tags, expected) in [
        (["3.13-slim-trixie", "3.14-slim-trixie", "3.13.2-slim-trixie"], "3.14-slim-trixie"),
        (["3.14.1-slim", "3.14.2-slim", "3.14.3-slim-trixie"], "3.14.3-slim-trixie"),
        (["17-alpine3.20", "17.1-alpine3.22", "17-alpine3.21"], "17.1-alpine3.22"),
        (["v4", "v4.2", "v5"], "v5"),
        (["9.2", "10.0", "9.10"], "10.0"),
        (["trixie-20260101", "trixie-20260301", "trixie-20260201"], "trixie-20260301"),
        (["3.13", "3.14.0", "3.14"], "3.14.0"),
    ] {
        let files = tags.map(|tag| format!("FROM python:{tag} AS runtime\n"));
        let holding = holds(Syntax::Dockerfile, files.each_ref().map(String::as_str));
        assert_eq!(holding, format!("FROM python:{expected} AS runtime\n"));
        // Which side it is does not matter.
        let holding = holds(Syntax::Dockerfile, [&files[0], &files[2], &files[1]]);
        let expected = if expected == "3.14.0" { "3.14" } else { expected };
        assert_eq!(holding, format!("FROM python:{expected} AS runtime\n"));
    }
}

#[test]
fn two_other_variants_or_no_numbers_are_left_to_the_lines() {
    for tags in [
        ["3.14-slim-trixie", "3.14.1-slim-bookworm", "3.14.2-alpine"],
        ["stable", "latest", "edge"],
        ["3.14", "latest", "3.15"],
        // Together they would be what neither side wrote.
        ["18.1-trixie", "18.2-alpine", "18.3-trixie"],
        ["3.14-slim-trixie", "3.14-slim-bookworm", "3.14.2-slim-trixie"],
        ["3.14.1-slim", "3.14.3-slim", "3.14.2-slim-trixie"],
        ["17-alpine3.20", "17.1-alpine3.21", "17-alpine3.22"],
        // Not released yet.
        ["3.14", "3.15.0rc1", "3.14.9"],
        ["3.15.0rc1", "3.15.0rc2", "3.15.0"],
        // Lowered on purpose.
        ["3.14", "3.12", "3.14.2"],
        ["16", "17", "15"],
        ["3.14", "3.12", "3.13"],
        // Pinned on purpose, and another tag.
        ["3.13", "3.13@sha256:a", "3.14"],
    ] {
        let files = tags.map(|tag| format!("FROM python:{tag}\n"));
        let [base, disk, new] = files.each_ref().map(String::as_str);
        assert_eq!(agreed(Syntax::Dockerfile, base, disk, new), files);
    }
}

#[test]
fn a_digest_goes_with_its_tag() {
    for (values, expected) in [
        ([":3.13@sha256:a", ":3.14@sha256:b", ":3.13.2@sha256:c"], ":3.14@sha256:b"),
        ([":3.13@sha256:a", ":3.13.2@sha256:b", ":3.14@sha256:c"], ":3.14@sha256:c"),
        ([":3.13@sha256:a", ":3.13@sha256:b", ":3.13@sha256:c"], ":3.13@sha256:b"),
        ([":3.13", ":3.14", ":3.14@sha256:c"], ":3.14@sha256:c"),
        ([":3.13@sha256:a", ":3.13", ":3.14@sha256:c"], ":3.14"),
        (["@sha256:a", "@sha256:b", "@sha256:c"], "@sha256:b"),
    ] {
        let files = values.map(|value| format!("services:\n  web:\n    image: x/py{value}\n"));
        let holding = holds(Syntax::Yaml, files.each_ref().map(String::as_str));
        assert_eq!(holding, format!("services:\n  web:\n    image: x/py{expected}\n"));
    }
}

/// One that somebody pinned is not lost: the lines conflict, and a person says
/// what holds.
#[test]
fn a_pinned_digest_is_not_dropped() {
    for values in [
        [":3.13", ":3.13@sha256:b", ":3.14"],
        // Of a tag that neither side has, nobody knows the digest.
        [":3-a@sha256:a", ":3-b@sha256:b", ":4-a@sha256:c"],
    ] {
        let files = values.map(|value| format!("services:\n  web:\n    image: x/py{value}\n"));
        let [base, disk, new] = files.each_ref().map(String::as_str);
        assert_eq!(agreed(Syntax::Yaml, base, disk, new), files);
    }
}

#[test]
fn every_place_of_a_value_is_seen() {
    let cases: [(Syntax, &str); 27] = [
        (Syntax::Text, "%\n"),
        (Syntax::Dockerfile, "FROM --platform=$BUILDPLATFORM python:% AS a\n"),
        (Syntax::Dockerfile, "from reg.example:5000/a/python:%\n"),
        (Syntax::Dockerfile, "COPY --from=ghcr.io/astral-sh/uv:% /uv /bin/\n"),
        (Syntax::Dockerfile, "RUN --mount=from=a/uv:%,source=/uv,target=/bin/uv uv sync\n"),
        (Syntax::Dockerfile, "RUN --mount=type=bind,from=a/uv:% uv sync\n"),
        (Syntax::Dockerfile, "ARG UV_VERSION=%\n"),
        (Syntax::Dockerfile, "ARG UV_VERSION=\"%\"\n"),
        (Syntax::Dockerfile, "ENV A=b \\\n    POETRY_VERSION=% \\\n    C=d\n"),
        (Syntax::Dockerfile, "ARG BASE_IMAGE=python:%\n"),
        (Syntax::Dockerfile, "FROM python:${PYTHON_VERSION:-%} AS a\n"),
        (Syntax::Dockerfile, "RUN pip install uv==% poetry\n"),
        (Syntax::Yaml, "image: postgres:%\n"),
        (Syntax::Yaml, "  - image: \"postgres:%\"  # the database\n"),
        (Syntax::Yaml, "image: postgres:${PG_TAG:-%}\n"),
        (Syntax::Yaml, "image: ${PG_IMAGE:-postgres:%}\n"),
        (Syntax::Yaml, "image: ${REGISTRY:-docker.io/library}/postgres:%\n"),
        (Syntax::Yaml, "args:\n  UV_VERSION: \"%\"\n"),
        (Syntax::Yaml, "python-version: '%'\n"),
        (Syntax::Yaml, "- uses: actions/checkout@v%\n"),
        (Syntax::Yaml, "- uses: a/b/c@0123456789012345678901234567890123456789 # v%\n"),
        (Syntax::Text, "uvicorn[standard]==% ; python_version >= '3.9'\n"),
        (Syntax::Text, "Flask == %\n"),
        (Syntax::Text, "a==% \\\n    --hash=sha256:aa%aa \\\n    --hash=sha256:bb%\n    # via b\n"),
        (Syntax::Toml, "dependencies = [\"a==%\", \"b\"]\n"),
        (Syntax::Dotenv, "PG_TAG=%\n"),
        (Syntax::Dotenv, "export UV_VERSION=%\n"),
    ];
    for (syntax, line) in cases {
        let [base, disk, new] =
            ["1.9.0", "1.10.0", "1.9.5"].map(|version| line.replace('%', version));
        assert_eq!(holds(syntax, [&base, &disk, &new]), disk, "{line}");
        assert_eq!(holds(syntax, [&base, &new, &disk]), disk, "{line}");
    }
}

#[test]
fn what_is_no_version_is_left_alone() {
    for (syntax, line) in [
        (Syntax::Dockerfile, "EXPOSE #\n"),
        (Syntax::Dockerfile, "ARG PORT=#\n"),
        (Syntax::Dockerfile, "# FROM python:#\n"),
        (Syntax::Dockerfile, "COPY --from=builder /a# /b\n"),
        (Syntax::Yaml, "- 127.0.0.1:#:8000\n"),
        (Syntax::Yaml, "memory: #M\n"),
        (Syntax::Text, "a ; python_version==#\n"),
        (Syntax::Text, "1.#\nand more\n"),
        (Syntax::Text, "a ; sys_platform == '#'\n"),
        (Syntax::Python, "workers = a==#\n"),
        (Syntax::Markdown, "a==#\n"),
    ] {
        let files = ["1", "3", "2"].map(|version| {
            let (before, after) = line.rsplit_once('#').unwrap();
            format!("{before}{version}{after}")
        });
        let [base, disk, new] = files.each_ref().map(String::as_str);
        assert_eq!(agreed(syntax, base, disk, new), files, "{line}");
    }
}

#[test]
fn one_image_in_many_lines_is_one_value_also_where_lines_come_and_change() {
    let base = "FROM python:3.13 AS build\nRUN a\nFROM python:3.13 AS run\n";
    let disk = "FROM python:3.14 AS builder\nRUN a\nFROM python:3.14 AS run\n";
    let new = "FROM r/python:3.13.2 AS build\nRUN a\nFROM r/python:3.13.2 AS test\nFROM r/python:3.13.2 AS run\n";
    let [base, disk, new] = agreed(Syntax::Dockerfile, base, disk, new);
    assert_eq!(base, "FROM python:3.14 AS build\nRUN a\nFROM python:3.14 AS run\n");
    assert_eq!(disk, "FROM python:3.14 AS builder\nRUN a\nFROM python:3.14 AS run\n");
    assert_eq!(new.matches("r/python:3.14 ").count(), 3);
}

#[test]
fn what_the_user_added_keeps_its_version() {
    let base = "FROM python:3.13 AS run\n";
    let disk = "FROM python:3.13 AS tools\nRUN a\nFROM python:3.13 AS run\n";
    let [_, disk, _] = agreed(Syntax::Dockerfile, base, disk, "FROM python:3.14 AS run\n");
    assert_eq!(disk, "FROM python:3.13 AS tools\nRUN a\nFROM python:3.14 AS run\n");
}

#[test]
fn of_two_versions_of_one_thing_each_is_merged_with_its_own() {
    let file = |one: &str, other: &str| {
        format!("a=={one} ; python_version < '3.12'\na=={other} ; python_version >= '3.12'\n")
    };
    let [base, disk, new] = [file("1.0", "2.0"), file("1.2", "2.0"), file("1.1", "2.1")];
    assert_eq!(holds(Syntax::Text, [&base, &disk, &new]), file("1.2", "2.1"));
}

#[test]
fn letters_of_other_scripts_are_no_obstacle() {
    for syntax in [Syntax::Dockerfile, Syntax::Yaml, Syntax::Text, Syntax::Dotenv] {
        for line in [
            "é==1",
            "FROM é:ü",
            "image: é",
            "éVERSION=é1",
            "uses: é@é",
            "VERSION=\u{a0}1",
            "image: ${é:-é}",
            "from=é",
            "${",
            "image: ${a:-",
            "==",
        ] {
            let _ = agree(syntax, line, &format!("{line}1"), &format!("{line}2"));
        }
    }
}
