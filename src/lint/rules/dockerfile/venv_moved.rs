//! A virtual environment at another path than it was made at.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::dockerfile::Transfer;
use crate::source::dockerfile::{Arguments, Keyword};

pub static RULE: Rule = Rule {
    code: "DF130",
    name: "venv-moved",
    severity: Severity::Error,
    summary: "a virtual environment is copied to the path it was made at",
    why: "The programs in its bin directory begin with the absolute path of its Python. At another path that Python is not there: `exec: gunicorn: no such file or directory`.",
    example: "COPY --from=builder /opt/venv /opt/venv",
    source: "Python, venv: environments are inherently non-portable; measured",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let file = subject.file(build);
        let runs = subject.built_runs(build);
        let words = build.image.words();
        // Python itself finds its packages wherever it lies.
        let by_python = words.first().is_none_or(|word| {
            let name = word.rsplit('/').next().unwrap_or(word);
            name.starts_with("python") || word.ends_with(".sh") || name == "sh" || name == "bash"
        });
        if by_python {
            continue;
        }
        for (at, instruction) in subject.instructions(build) {
            let Some(from) =
                instruction.flag("from").filter(|_| instruction.keyword == Keyword::Copy)
            else {
                continue;
            };
            let own = file.stage_of(at).unwrap_or(0);
            let Some(stage) = file.stage_named(from, own) else { continue };
            let Some(copied) = Transfer::of(instruction, file.escape) else { continue };
            let [source] = copied.sources.as_slice() else { continue };
            let source = source.trim_end_matches('/');
            let image = file.image(stage, &Arguments::new());
            let chain = &image.stages;
            let workdir =
                image.workdir.as_ref().and_then(|own| own.value.known()).unwrap_or("/").to_owned();
            let of_stage = runs.iter().filter(|run| chain.contains(&run.stage));
            let made = of_stage.flat_map(|run| &run.commands).find_map(|command| {
                let words = support::bare(command);
                if words.iter().any(|word| word == "--relocatable") {
                    return None;
                }
                let module = words.windows(2).any(|pair| {
                    pair[0] == "-m" && matches!(pair[1].as_str(), "venv" | "virtualenv")
                });
                let tool = support::program(words) == "virtualenv"
                    || (support::program(words) == "uv"
                        && words.get(1).is_some_and(|own| own == "venv"));
                let path =
                    words.last().filter(|path| !path.starts_with('-') && !path.contains('$'))?;
                (module || tool).then(|| match path.strip_prefix("./").unwrap_or(path) {
                    own if own.starts_with('/') => own.trim_end_matches('/').to_owned(),
                    own => {
                        format!("{}/{}", workdir.trim_end_matches('/'), own.trim_end_matches('/'))
                    }
                })
            });
            let Some(made) = made.filter(|made| made == source) else { continue };
            let own_workdir =
                build.image.workdir.as_ref().and_then(|own| own.value.known()).unwrap_or("/");
            let target = match copied.target.trim_end_matches('/') {
                own if own.starts_with('/') => own.to_owned(),
                own if own.contains('$') => continue,
                "." | "" => own_workdir.to_owned(),
                own => format!(
                    "{}/{}",
                    own_workdir.trim_end_matches('/'),
                    own.trim_start_matches("./")
                ),
            };
            if target == made {
                continue;
            }
            findings
                .add(
                    subject.instruction(build, at),
                    format!("the virtual environment was made at {made} and is copied to {target}: its programs do not start there"),
                )
                .about(&made)
                .help(format!("make it at {target} in the stage before, or COPY --from={from} {made} {made} and ENV PATH={made}/bin:$PATH"));
        }
    }
}
