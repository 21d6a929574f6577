//! A preset held against itself: whether its own defaults satisfy what it
//! demands, and whether every template of it is used.

use crate::answers::{Origin, Sources};
use crate::error::{Error, Problem, nearest};
use crate::policy::{Constraint, Policy};
use crate::preset::{Layer, Preset, Source};
use crate::preset_test::cases::{Made, Outcome};
use crate::project;
use crate::render;

/// Everything that is wrong with a preset, whatever a repository answers.
///
/// # Errors
/// A template that cannot be rendered for another reason than the preset's.
pub fn problems(preset: &Preset) -> Result<Vec<Problem>, Error> {
    let mut problems = unused(preset);
    match defaults(preset) {
        Ok(violations) => problems.extend(violations),
        Err(Error::Input(more)) => problems.extend(more),
        Err(error) => return Err(error),
    }
    Ok(problems)
}

/// What the preset's own defaults break of what it requires, but for what only
/// warns yet.
fn defaults(preset: &Preset) -> Result<Vec<Problem>, Error> {
    let name = Some(("service".to_owned(), Origin::Found("a name".into())));
    let sources = Sources { name, ..Sources::of(preset) };
    let draft = sources.assemble().map_err(Error::Input)?.draft;
    let judged = project::judge(&draft, &Default::default()).map_err(Error::Input)?;
    render::render(&judged.plan, &draft)?;
    let help = "its own defaults have to satisfy what a preset demands";
    let hard = judged.violations.iter().filter(|violation| !violation.only_warns());
    Ok(hard.map(|violation| violation.problem().help(help)).collect())
}

/// Templates that no output, no include and no template of dockwright's has
/// the name of.
fn unused(preset: &Preset) -> Vec<Problem> {
    let own = || preset.layers.iter().filter(|layer| layer.source != Source::Builtin);
    let named = |path: &str| {
        let as_output = own().any(|layer| {
            layer.manifest.files.values().any(|rule| rule.template.as_deref() == Some(path))
        });
        let in_text = own().flat_map(Layer::templates).any(|(other, bytes)| {
            other != path && String::from_utf8_lossy(bytes).contains(&format!("\"{path}\""))
        });
        as_output || in_text || defines_component(preset, path)
    };
    let mut problems = Vec::new();
    for layer in own() {
        for (path, _) in layer.templates().filter(|(path, _)| !render::has_template(path)) {
            if named(path) {
                continue;
            }
            let names = render::blocks().iter().map(|block| block.template.as_str());
            let help = match nearest(path, names) {
                Some(near) => format!("did you mean `{near}`, whose blocks it would override?"),
                None => {
                    format!("[files.\"PATH\"] with template = \"{path}\" makes an output of it")
                }
            };
            let problem = Problem::new("nothing uses this template");
            problems.push(problem.at(format!("{}, templates/{path}", layer.label())).help(help));
        }
    }
    problems
}

/// Whether a template is there for its components, which are called by names
/// of their own.
fn defines_component(preset: &Preset, path: &str) -> bool {
    let layers = preset.layers.iter().flat_map(Layer::templates);
    layers.filter(|(known, _)| *known == path).any(|(_, bytes)| {
        let text = String::from_utf8_lossy(bytes);
        text.split("{%")
            .any(|tag| tag.trim_start_matches('-').trim_start().starts_with("component"))
    })
}

/// Rules on files that a render breaks.
#[must_use]
pub fn broken_by(preset: &Preset, made: &Made) -> Vec<Problem> {
    let Outcome::Files(files) = &made.outcome else { return Vec::new() };
    let mut problems = Vec::new();
    for rule in Policy::of(preset, &project::today()).0 {
        let Constraint::Lines { path, .. } = &rule.constraint else { continue };
        let Some(golden) = files.get(path).filter(|_| rule.warn_until.is_none()) else { continue };
        let text = String::from_utf8_lossy(&golden.bytes);
        let problem = |what: String| {
            Problem::new(rule.say(&format!(": {what}")))
                .at(format!("{}, {}", rule.layer, rule.place))
        };
        let (forbidden, missing) = rule.in_lines(&text);
        let first = forbidden.first();
        problems
            .extend(first.map(|(at, line)| problem(format!("{path}:{at} is `{}`", line.trim()))));
        problems.extend(missing.map(|p| problem(format!("no line of {path} matches `{p}`"))));
    }
    problems
}
