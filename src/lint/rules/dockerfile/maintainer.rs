//! MAINTAINER.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Purpose, Subject};
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "DF154",
    name: "maintainer",
    severity: Severity::Style,
    summary: "who looks after an image stands in a label",
    why: "MAINTAINER has been deprecated since 2017, and BuildKit warns about it at every build; what lists images reads the label.",
    example: "LABEL org.opencontainers.image.authors=\"team@example.com\"",
    source: "Dockerfile reference: MAINTAINER (deprecated); BuildKit check MaintainerDeprecated",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for recipe in subject.recipes.iter().filter(|own| own.purpose == Purpose::Production) {
        for own in &recipe.file.instructions {
            if own.keyword != Keyword::Maintainer {
                continue;
            }
            let name = own.arguments.text.trim().trim_matches(['"', '\'']);
            let line = format!("LABEL org.opencontainers.image.authors=\"{name}\"");
            let at = At::new(recipe.text, own.span);
            let finding = findings.add(at, "MAINTAINER is deprecated");
            finding.about("MAINTAINER").help(line.as_str());
            let is_plain = !name.contains(['"', '\'', '\\', '$', '`']) && !name.is_empty();
            if is_plain && !subject.slice(at).contains('\n') {
                finding.fix(Fix::new(Grade::Safe, "writes it as a label").edit(at, line));
            }
        }
    }
}
