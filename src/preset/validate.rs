//! A preset held against itself: whether its own defaults satisfy what it
//! demands, and whether every template of it is used.

use crate::answers::{Draft, Origin};
use crate::error::{Error, Problem, nearest};
use crate::preset::cases::{Made, Outcome};
use crate::preset::policy::Breach;
use crate::preset::rule::Test;
use crate::preset::{Layer, Preset, Source, templates};
use crate::{plan, project, render};

/// Everything that is wrong with a preset, whatever a repository answers.
///
/// # Errors
/// A template that cannot be rendered for another reason than the preset's.
pub fn problems(preset: &Preset) -> Result<Vec<Problem>, Error> {
    let mut problems = unused(preset);
    match defaults(preset) {
        Ok(breaches) => problems.extend(breaches),
        Err(Error::Input(more)) => problems.extend(more),
        Err(error) => return Err(error),
    }
    Ok(problems)
}

/// Demands that the preset's own defaults break; those that only warn yet are
/// left out.
fn defaults(preset: &Preset) -> Result<Vec<Problem>, Error> {
    let mut draft = Draft::of_preset(preset).map_err(Error::Input)?;
    if draft.said("project.name").is_none() {
        let named = draft.set("project.name", "service", Origin::Found("a name".into()));
        named.map_err(Error::input)?;
    }
    let answers = draft.resolve().map_err(Error::Input)?;
    let plan = plan::plan(&answers, &Default::default()).map_err(Error::Input)?;
    let today = project::today();
    let broken = draft.policy().broken_demands(&draft, &plan, &today);
    render::render(&plan, &draft)?;
    let told = |breach: &Breach| {
        breach.problem().help("its own defaults have to satisfy what a preset demands")
    };
    Ok(broken.iter().filter(|breach| breach.warn_until.is_none()).map(told).collect())
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
        for (path, _) in layer.templates().filter(|(path, _)| !templates::is_own(path)) {
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
    let today = project::today();
    let mut problems = Vec::new();
    for layer in &preset.layers {
        for rule in &layer.manifest.rules {
            let Test::Text { path, require, forbid } = &rule.test else { continue };
            let over = rule.warn_until.as_ref().is_none_or(|day| *day < today);
            let Some(golden) = files.get(path).filter(|_| over) else { continue };
            let text = String::from_utf8_lossy(&golden.bytes);
            let breach = |what: String| {
                Problem::new(format!("{}: {what}", rule.message)).at(format!(
                    "{}, {}",
                    layer.label(),
                    rule.place
                ))
            };
            if let Some(forbid) = forbid
                && let Some((number, line)) =
                    text.lines().enumerate().find(|(_, line)| forbid.is_match(line))
            {
                problems.push(breach(format!("{path}:{} is `{}`", number + 1, line.trim())));
            }
            if let Some(require) = require
                && !text.lines().any(|line| require.is_match(line))
            {
                problems.push(breach(format!("no line of {path} matches `{require}`")));
            }
        }
    }
    problems
}
