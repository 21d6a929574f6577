//! `dockwright plan`: every number with its reason, or one of them explained.

use std::path::Path;

use serde_json::{Value, json};

use crate::answers::{Origin, Sources, document};
use crate::apply::bookkeeping::Lock;
use crate::cli::{Choices, Format, input, report};
use crate::error::{Error, Problem, nearest};
use crate::plan::{Decided, Plan, images};
use crate::project;

/// Shows the plan of a directory's `dockwright.toml`, or of flags alone.
///
/// # Errors
/// Wrong input; a key that no decision has.
pub fn run(dir: &Path, choices: &Choices, explain: Option<&str>) -> Result<(), Error> {
    let entries = input::document(dir)?;
    if entries.is_none() && choices.preset.is_none() {
        return Err(Error::input(
            Problem::new(format!("{} has no {}", dir.display(), document::FILE))
                .help("`dockwright init --dry-run` plans for the code that is there; --preset django-nginx for a new service"),
        ));
    }
    let entries = entries.unwrap_or_default();
    let lock = Lock::read(dir)?;
    let lock = lock.as_ref();
    let preset = match input::named_preset(choices, &entries, dir, lock)? {
        Some(preset) => preset,
        None => input::preset(input::DEFAULT_PRESET, dir, lock)?,
    };
    let sources = project::sources(&preset, lock, &entries);
    let sources = Sources { name: input::name_source(dir), set: &choices.set, ..sources };
    let mut draft = sources.assemble().map_err(Error::Input)?.draft;
    // A plan needs no usable name; only files do.
    draft.set("project.name", "service", Origin::Builtin).map_err(Error::input)?;
    let written = lock.map(|lock| lock.only.clone()).unwrap_or_default();
    let only = match choices.only.is_empty() {
        true => written,
        false => choices.only.iter().copied().collect(),
    };
    let mut plan = project::plan(&draft, &only)?;
    plan.warnings.extend(project::missing(&plan, dir));
    match (explain, choices.format) {
        (Some(key), format) => explained(&plan, key, format),
        (None, Format::Json) => report::json(&json(&plan)),
        (None, Format::Human) => report::print(&report::plan(&plan)),
    }
}

/// The plan in its documented JSON shape.
#[must_use]
pub fn json(plan: &Plan) -> Value {
    let stack = &plan.answers.stack;
    let application = stack.application();
    let digests = images::known(plan);
    let word = |there: bool, word: &'static str| if there { word } else { "none" };
    json!({
        "stack": {
            "name": plan.answers.name,
            "preset": plan.answers.preset,
            "python": plan.answers.python,
            "framework": application.framework.word(),
            "server": application.server.word(),
            "proxy": stack.proxy.word(),
            "database": stack.database.word(),
            "cache": word(stack.cache, "redis"),
            "broker": stack.broker.word(),
            "worker": word(application.celery.is_some(), "celery"),
            "beat": application.celery.is_some_and(|celery| celery.beat),
            "model": application.model.as_ref().map_or("none", |model| model.runtime.word()),
        },
        "services": plan.services.iter().map(|role| json!({
            "role": role,
            "name": plan.answers.services[role],
            "memory": plan.decision(&format!("{}.memory", role.name())).map(|d| d.value.json()),
            "cpus": plan.decision(&format!("{}.cpus", role.name())).map(|d| d.value.json()),
            "one_shot": role.is_one_shot(),
        })).collect::<Vec<_>>(),
        "images": images::used(plan).into_iter().map(|reference| json!({
            "reference": reference,
            "digest": digests.get(&reference),
        })).collect::<Vec<_>>(),
        "decisions": plan.decisions.iter().map(decision_json).collect::<Vec<_>>(),
        "files": plan.outputs.iter().map(|output| json!({
            "path": output.path,
            "mode": format!("{:04o}", output.mode),
            "ownership": output.ownership.word(),
        })).collect::<Vec<_>>(),
        "warnings": plan.warnings,
    })
}

fn decision_json(decision: &Decided) -> Value {
    json!({
        "key": decision.key.name(),
        "value": decision.value.json(),
        "unit": decision.value.unit(),
        "reason": decision.reason(),
        "source": decision.origin,
    })
}

fn explained(plan: &Plan, key: &str, format: Format) -> Result<(), Error> {
    let key = key.strip_prefix("tune.").unwrap_or(key);
    let Some(decision) = plan.decision(key) else {
        let names: Vec<String> = plan.decisions.iter().map(|d| d.key.name()).collect();
        let help = match nearest(key, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`dockwright plan` lists the numbers of this stack".into(),
        };
        let problem = Problem::new(format!("this plan has no number `{key}`"));
        return Err(Error::input(problem.at("--explain").help(help)));
    };
    if format == Format::Json {
        let mut value = decision_json(decision);
        value["doc"] = json!(decision.key.row.doc);
        value["uses"] = json!(
            decision
                .uses()
                .into_iter()
                .filter_map(|key| plan.decision(key))
                .map(decision_json)
                .collect::<Vec<_>>()
        );
        return report::json(&value);
    }
    report::print(&report::explanation(plan, decision))
}
