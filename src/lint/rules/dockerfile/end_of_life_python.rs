//! A Python without security fixes.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "DF106",
    name: "end-of-life-python",
    severity: Severity::Warning,
    summary: "the image runs a Python that still gets security fixes",
    why: "After its end of life a Python gets no fix at all, its image is not built again, so that the packages of the system below age with it, and libraries stop releasing for it.",
    example: "FROM python:3.14-slim-trixie",
    source: "Python Developer's Guide: Status of Python versions",
    fix: None,
    check,
};

/// Minor versions of Python 3 whose support is over, and the month it ended.
const ENDED: [(u32, &str); 11] = [
    (0, "June 2009"),
    (1, "April 2012"),
    (2, "February 2016"),
    (3, "September 2017"),
    (4, "March 2019"),
    (5, "September 2020"),
    (6, "December 2021"),
    (7, "June 2023"),
    (8, "October 2024"),
    (9, "October 2025"),
    (10, "October 2026"),
];

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let Some(reference) = build.image.base.known() else { continue };
        let Some(python) = support::python(reference) else { continue };
        let (name, ended) = match python.version {
            Some((2, minor)) => {
                (minor.map_or("2".to_owned(), |minor| format!("2.{minor}")), "January 2020")
            }
            Some((3, Some(minor))) => match ENDED.iter().find(|(own, _)| *own == minor) {
                Some((_, ended)) => (format!("3.{minor}"), *ended),
                None => continue,
            },
            _ => continue,
        };
        let recipe = &subject.recipes[build.recipe];
        let Some(stage) = build.image.stages.first().map(|own| &recipe.file.stages[*own]) else {
            continue;
        };
        let at = crate::lint::diagnostic::At::new(recipe.text, stage.from_span);
        findings
            .add(at, format!("Python {name} has had no security fixes since {ended}"))
            .about(reference)
            .help("FROM python:3.14-slim-trixie   (after the tests have passed on it; what the lock pins may have to move too)");
    }
}
