//! Rules on the lines of a file.

use crate::lint::diagnostic::{At, Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::{SOURCE, by_each};
use crate::lint::subject::Comparison;
use crate::policy::{Constraint, Requirement};

pub static RULE: Rule = Rule {
    code: "PO111",
    name: "standard-lines",
    severity: Severity::Error,
    summary: "a file has the lines that the standard requires, and none that it forbids",
    why: "A team writes such a rule where no key says what it means: a header that a scanner looks for, a setting that an incident was about.",
    example: "[[rule]]\nfile = \"gunicorn.conf.py\"\nrequire = '^preload_app = False$'",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    let Constraint::Lines { path, require, .. } = &requirement.constraint else {
        return Vec::new();
    };
    let standard = compared.standard;
    let path = standard.on_disk(path);
    let counted = standard.counted.iter().find(|own| compared.now.path(own.text) == path);
    let Some(counted) = counted else { return Vec::new() };
    let whole = At::file(counted.text);
    if !counted.is_there {
        let is_unread = standard.unread.iter().any(|own| own.path == path);
        if is_unread || require.is_none() {
            return Vec::new();
        }
        // What the repository's own answers leave out would be there without them.
        let left_out =
            standard.draft.text(&format!("files.{path}")) == "off" || standard.is_partial;
        let planned =
            left_out || standard.plan.outputs.iter().any(|output| output.path.as_str() == path);
        let mut found = Diagnostic::new(whole, ": the file is not there");
        if !planned {
            found = Diagnostic::new(whole, ": there is no such file to judge");
            found.severity(Severity::Advice);
        }
        return vec![found];
    }
    let text = &compared.now.texts[counted.text];
    let (forbidden, missing) = requirement.in_lines(&text.text);
    let lines = forbidden
        .iter()
        .map(|(number, _)| Diagnostic::new(At::new(counted.text, text.line_span(*number)), ""));
    let missing =
        missing.map(|pattern| Diagnostic::new(whole, format!(": no line matches `{pattern}`")));
    lines.chain(missing).collect()
}
