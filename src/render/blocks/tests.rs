use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::answers::{Draft, Origin, Sources};
use crate::detect::facts::SystemPackages;
use crate::detect::{Evidence, Fact, Facts};
use crate::merge::syntax;
use crate::plan::Plan;
use crate::plan::outputs::{Content, Syntax};
use crate::render::{self, context};

/// Stands before a block's content, and behind it.
const MARKS: (char, char) = ('\u{1}', '\u{2}');

/// Stacks that between them have every block.
fn stacks() -> Vec<Plan> {
    let all: &[(&str, &str)] = &[
        ("stack.proxy", "nginx"),
        ("stack.cache", "redis"),
        ("stack.database", "postgres"),
        ("stack.worker", "celery"),
        ("stack.beat", "true"),
        ("deploy.cpus", "8"),
        ("deploy.memory", "16GiB"),
    ];
    let baked = &[("model.runtime", "onnxruntime"), ("model.delivery", "bake")];
    let external = &[("stack.database", "external")];
    let plan = |preset: &str, set: &[(&str, &str)]| {
        let mut draft = Draft::of_preset(&crate::preset::find(preset).unwrap()).unwrap();
        draft.set("project.name", "shop", Origin::Flag).unwrap();
        for (key, value) in set {
            draft.set(key, value, Origin::Flag).unwrap();
        }
        crate::plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap()
    };
    let mut stacks: Vec<Plan> =
        crate::preset::NAMES.iter().map(|preset| plan(preset, &[])).collect();
    stacks.push(plan("django-nginx", all));
    stacks.push(plan("fastapi-uvicorn", &[("deploy.target", "kubernetes,ecs")]));
    for ci in ["github", "gitlab"] {
        let set = [("images.repository", "team/shop"), ("deploy.ci", ci)];
        stacks.push(plan("fastapi-uvicorn", &set));
    }
    stacks.push(plan("fastapi-gunicorn", baked));
    stacks.push(plan("django-nginx", external));
    stacks.push(plan("django-nginx", NETWORK));
    stacks.push(adopted());
    stacks
}

/// What fills the blocks that are empty otherwise.
const NETWORK: &[(&str, &str)] = &[
    ("network.index", "https://pypi.example.com/simple"),
    ("network.index-auth", "secret"),
    ("network.https-proxy", "http://proxy.example.com:3128"),
    ("network.ca", "certs/own.pem"),
];

/// Code that was there before, with packages of Debian and files it writes.
fn adopted() -> Plan {
    let known = |text: &str| Fact::known(text.to_owned(), Evidence::line("main.py", 1, "a line"));
    let system = SystemPackages { build: vec!["gcc".into()], runtime: vec!["libpq5".into()] };
    let facts = Facts {
        app: known("shop.wsgi:application"),
        framework: known("django"),
        settings: known("shop.settings"),
        package_manager: known("uv"),
        system_packages: Fact::known(system, Evidence::line("uv.lock", 1, "psycopg2")),
        ..Facts::default()
    };
    let preset = crate::preset::find("django-nginx").unwrap();
    let set: Vec<String> = NETWORK.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let name = Some(("shop".to_owned(), Origin::Builtin));
    let sources = Sources { name, facts: Some(&facts), set: &set, ..Sources::of(&preset) };
    let draft = sources.assemble().unwrap().draft;
    crate::plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap()
}

/// A template that overrides one block, as an overlay does.
fn overriding(block: &Block, body: &str) -> String {
    let Block { template, name, .. } = block;
    format!("{{% extends \"{template}\" %}}{{% block {name} %}}{body}{{% endblock {name} %}}")
}

/// One block in one stack.
struct Overridden {
    block: &'static Block,
    syntax: Syntax,
    /// Without an override, and with each of the bodies.
    usual: String,
    by_body: Vec<String>,
}

/// Every block of every file of every stack, overridden by each of `bodies`.
fn overridden(bodies: &[&str]) -> Vec<Overridden> {
    stacks().iter().flat_map(|plan| overridden_in(plan, bodies)).collect()
}

fn overridden_in(plan: &Plan, bodies: &[&str]) -> Vec<Overridden> {
    let there = |block: &&'static Block| {
        let syntax = plan.outputs.iter().find_map(|output| match &output.content {
            Content::Template(name) if *name == block.template => Some(output.syntax),
            _ => None,
        });
        syntax.map(|syntax| (*block, syntax))
    };
    let there: Vec<(&'static Block, Syntax)> =
        blocks().iter().filter_map(|block| there(&block)).collect();
    let name = |block: &Block, body: usize| format!("{} {} {body}", block.template, block.name);
    let overlays = there.iter().flat_map(|(block, _)| {
        bodies.iter().enumerate().map(|(n, body)| (name(block, n), overriding(block, body)))
    });
    let mut engine = render::engine(plan).unwrap();
    engine.add_raw_templates(overlays.collect::<Vec<_>>()).unwrap();
    let context = tera::Context::from_serialize(&context::of(plan)).unwrap();
    let render = |name: &str| engine.render(name, &context).unwrap();
    there
        .into_iter()
        .map(|(block, syntax)| Overridden {
            block,
            syntax,
            usual: render(&block.template),
            by_body: (0..bodies.len()).map(|body| render(&name(block, body))).collect(),
        })
        .collect()
}

/// The blocks of a template in their order, each with what it stands in.
fn blocks_of(template: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut open: Vec<String> = Vec::new();
    for tag in template.split("{%").skip(1) {
        let tag = tag.split("%}").next().unwrap().trim_matches(['-', ' ', '\n']);
        let mut words = tag.split_whitespace();
        match words.next() {
            Some("block") => {
                found.push((words.next().unwrap().to_owned(), open.clone()));
                open.push("block".to_owned());
            }
            Some(word @ ("for" | "if" | "component")) => open.push(word.to_owned()),
            Some("endblock" | "endfor" | "endif" | "endcomponent") => {
                open.pop();
            }
            _ => {}
        }
    }
    assert_eq!(open, Vec::<String>::new(), "every tag is closed");
    found
}

fn templates() -> BTreeMap<String, &'static str> {
    fn collect(
        dir: &'static include_dir::Dir<'static>,
        found: &mut BTreeMap<String, &'static str>,
    ) {
        for file in dir.files().filter(|file| file.path().extension().is_some_and(|e| e == "tera"))
        {
            found.insert(file.path().display().to_string(), file.contents_utf8().unwrap());
        }
        dir.dirs().for_each(|dir| collect(dir, found));
    }
    let mut found = BTreeMap::new();
    collect(&render::TEMPLATES, &mut found);
    found
}

#[test]
fn every_block_is_documented_and_every_documented_block_is_there() {
    for (template, text) in templates() {
        let there: Vec<String> = blocks_of(text).into_iter().map(|(name, _)| name).collect();
        let documented: Vec<String> = blocks()
            .iter()
            .filter(|block| block.template == template)
            .map(|block| block.name.clone())
            .collect();
        assert_eq!(there, documented, "{template}, in this order");
    }
    let known = templates();
    for block in blocks() {
        assert!(known.contains_key(&block.template), "{}: no such template", block.template);
        assert!(block.doc.ends_with('.'), "{}: {}", block.template, block.name);
    }
}

#[test]
fn every_need_of_a_team_has_a_block() {
    for need in Need::ALL {
        assert!(blocks().iter().any(|block| block.need == Some(need)), "{need:?}");
    }
}

#[test]
fn no_block_stands_where_it_cannot_be_overridden() {
    for (template, text) in templates() {
        for (name, around) in blocks_of(text) {
            let reachable = around.iter().all(|tag| tag == "if");
            assert!(reachable, "{template}: {name} stands in {around:?}");
            assert!(!template.starts_with("partials/"), "{template} is included: {name}");
        }
    }
}

#[test]
fn an_override_stands_exactly_where_its_block_is() {
    let (before, behind) = MARKS;
    let around = format!("{before}{{{{ super() }}}}{behind}");
    let mut reached = BTreeSet::new();
    for Overridden { block, usual, by_body, .. } in overridden(&[&around, "x"]) {
        let said = format!("{} {}", block.template, block.name);
        let [marked, replaced] = by_body.as_slice() else { unreachable!("two bodies") };
        assert_eq!(marked.replace([before, behind], ""), usual, "{said}: super() is the block");
        let Some((head, rest)) = marked.split_once(before) else {
            assert_eq!(*replaced, usual, "{said} is not in this stack");
            continue;
        };
        let (_, tail) = rest.split_once(behind).unwrap();
        assert!(!tail.contains(before), "{said} stands in it twice");
        assert_eq!(*replaced, format!("{head}x{tail}"), "{said}");
        reached.insert(said);
    }
    assert_eq!(reached.len(), blocks().len(), "each is in one of the stacks: {reached:?}");
}

#[test]
fn a_block_can_be_left_out_unless_the_file_refers_to_it() {
    let mut refers = BTreeSet::new();
    for Overridden { block, syntax, usual, by_body } in overridden(&[""]) {
        assert_eq!(problem(syntax, &usual), None);
        if let Some(problem) = problem(syntax, &by_body[0]) {
            assert!(block.keep, "{block:?}: {problem}");
            refers.insert((&block.template, &block.name));
        }
    }
    for block in blocks().iter().filter(|block| block.keep) {
        assert!(refers.contains(&(&block.template, &block.name)), "{block:?} can be left out");
    }
}

/// What is wrong with a file, its stages included.
fn problem(syntax: Syntax, text: &str) -> Option<String> {
    if let Some(problem) = syntax::parse(syntax, text) {
        return Some(problem);
    }
    match syntax {
        Syntax::Dockerfile => stage_problem(text),
        // The overlay's names are in the file it lies over.
        Syntax::Yaml if text.contains("\nx-service:") => name_problem(text),
        _ => None,
    }
}

/// A volume or a secret of a build that a service names and the file lacks.
fn name_problem(text: &str) -> Option<String> {
    let compose: serde_json::Value = serde_saphyr::from_str(text).unwrap();
    let named = |value: &serde_json::Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten().filter_map(|item| item.as_str());
        items.map(|item| item.split(':').next().unwrap().to_owned()).collect()
    };
    let services = compose["services"].as_object().unwrap().values();
    let used = services.flat_map(|service| {
        let secrets = named(&service["build"]["secrets"]).into_iter().map(|name| ("secrets", name));
        secrets.chain(named(&service["volumes"]).into_iter().map(|name| ("volumes", name)))
    });
    let missing = |(kind, name): &(&str, String)| compose[*kind].get(name).is_none();
    used.filter(missing).map(|(kind, name)| format!("no {name} among {kind}")).next()
}

fn stage_problem(text: &str) -> Option<String> {
    let code = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let code: Vec<&str> = code.collect();
    if !code.first().is_some_and(|line| line.starts_with("FROM ")) {
        return Some("does not start with FROM".to_owned());
    }
    let stages: Vec<&str> =
        code.iter().filter_map(|line| line.strip_prefix("FROM ")?.split(" AS ").nth(1)).collect();
    let targets = ["runtime", "proxy"].into_iter().filter(|target| {
        // compose.yaml builds them by these names.
        *target == "runtime" || text.contains("nginx.conf")
    });
    let used = code.iter().filter_map(|line| line.split("--from=").nth(1)?.split(' ').next());
    let missing: Vec<&str> = used.chain(targets).filter(|name| !stages.contains(name)).collect();
    (!missing.is_empty()).then(|| format!("no stage {missing:?}"))
}
