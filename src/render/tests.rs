use std::collections::BTreeSet;

use super::*;
use crate::answers::Origin;
use crate::preset;

fn plan_of(preset: &str, set: &[(&str, &str)]) -> (Plan, Draft) {
    let mut draft = Draft::of_preset(&preset::find(preset).unwrap()).unwrap();
    draft.set("project.name", "shop", Origin::Flag).unwrap();
    for (key, value) in set {
        draft.set(key, value, Origin::Flag).unwrap();
    }
    let answers = draft.resolve().unwrap();
    (crate::plan::plan(&answers, &BTreeSet::new()).unwrap(), draft)
}

/// Every service and every branch there is, so that its context has every
/// name a template may read.
fn everything() -> Vec<serde_json::Value> {
    let base: &[(&str, &str)] = &[
        ("stack.proxy", "nginx"),
        ("stack.cache", "redis"),
        ("stack.database", "postgres"),
        ("stack.worker", "celery"),
        ("stack.broker", "redis"),
        ("stack.beat", "true"),
        ("model.runtime", "onnxruntime"),
        ("deploy.target", "compose,kubernetes,ecs"),
        ("deploy.cpus", "8"),
        ("deploy.memory", "16GiB"),
    ];
    ["fastapi-uvicorn", "fastapi-gunicorn", "django-nginx"]
        .iter()
        .map(|preset| context::of(&plan_of(preset, base).0))
        .collect()
}

/// Dotted names inside `{{ }}` and `{% %}` that start at a top-level name of
/// the context. Tera reports an undefined name that is printed, but takes it
/// for false in a condition: this catches both.
#[test]
fn templates_read_only_names_that_the_context_has() {
    let contexts = everything();
    let tops: BTreeSet<&str> =
        contexts[0].as_object().unwrap().keys().map(String::as_str).collect();
    let mut unknown = Vec::new();
    for file in all_templates(&TEMPLATES) {
        let name = file.path().display().to_string();
        for tag in tags(file.contents_utf8().unwrap()) {
            for path in dotted(tag) {
                let first = path.split('.').next().unwrap();
                if tops.contains(first) && !contexts.iter().any(|c| resolves(c, &path)) {
                    unknown.push(format!("{name}: {path}"));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// What layers' templates are held against holds for dockwright's own.
#[test]
fn the_check_of_layers_finds_nothing_in_templates_that_are_right() {
    let contexts = everything();
    let files = all_templates(&TEMPLATES);
    let made = names::made(files.iter().map(|file| file.contents_utf8().unwrap()));
    for file in &files {
        let name = file.path().display().to_string();
        for context in &contexts {
            let faults = names::faults(&name, file.contents_utf8().unwrap(), context, &made);
            assert!(faults.is_empty(), "{faults:#?}");
        }
    }
}

#[test]
fn the_name_check_sees_a_misspelt_condition() {
    let context = &everything()[0];
    let paths = dotted(" if has.databse and n.web.workers > 1 ");
    assert_eq!(paths, ["has.databse", "n.web.workers"]);
    assert!(!resolves(context, "has.databse"));
    assert!(resolves(context, "n.web.workers"));
}

fn all_templates(
    dir: &'static include_dir::Dir<'static>,
) -> Vec<&'static include_dir::File<'static>> {
    let here = dir.files().filter(|file| file.path().extension().is_some_and(|e| e == "tera"));
    here.chain(dir.dirs().flat_map(all_templates)).collect()
}

fn tags(text: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let close = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        let Some(end) = rest[start..].find(close) else { break };
        tags.push(&rest[start + 2..start + end]);
        rest = &rest[start + end + 2..];
    }
    tags
}

fn dotted(tag: &str) -> Vec<String> {
    let mut text = String::new();
    // Words inside quotes are no names.
    for (index, part) in tag.split('"').enumerate() {
        text.push_str(if index % 2 == 0 { part } else { " " });
    }
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
        .filter(|word| word.contains('.') && !word.starts_with(|c: char| c.is_ascii_digit()))
        .map(|word| word.trim_matches('.').to_owned())
        .collect()
}

fn resolves(context: &serde_json::Value, path: &str) -> bool {
    path.split('.').try_fold(context, |value, part| value.get(part)).is_some()
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    for preset in preset::NAMES {
        let (plan, draft) = plan_of(preset, &[]);
        assert_eq!(render(&plan, &draft).unwrap(), render(&plan, &draft).unwrap());
    }
}

#[test]
fn no_render_holds_a_secret() {
    for preset in preset::NAMES {
        let (plan, draft) = plan_of(preset, &[]);
        for file in render(&plan, &draft).unwrap() {
            let marked = file.bytes.contains(&0);
            let binary = file.output.syntax == crate::plan::outputs::Syntax::Binary;
            assert!(
                !marked || binary || file.output.path.as_str() == ".env",
                "{}",
                file.output.path
            );
        }
    }
}

/// A flag that nothing reads is a decision that nobody takes.
#[test]
fn every_flag_is_read_by_a_template_or_a_row() {
    let outputs = concat!(
        include_str!("../plan/data/outputs.containers.toml"),
        include_str!("../plan/data/skeleton.toml"),
        include_str!("../catalog/data/requirements.toml"),
    );
    let context = &everything()[0];
    let templates: String =
        all_templates(&TEMPLATES).iter().filter_map(|file| file.contents_utf8()).collect();
    let read = |flag: &str| {
        if crate::catalog::Framework::all().any(|framework| framework.word() == flag) {
            return true;
        }
        let row =
            outputs.contains(&format!("\"{flag}\"")) || outputs.contains(&format!("\"!{flag}\""));
        row || tags(&templates).iter().any(|tag| dotted(tag).contains(&format!("has.{flag}")))
    };
    let unread: Vec<&String> =
        context["has"].as_object().unwrap().keys().filter(|flag| !read(flag)).collect();
    assert!(unread.is_empty(), "{unread:?}");
}
