//! Celery: the object its commands take, and whether anything is scheduled.

use ruff_python_ast::{Expr, ExprCall, Stmt};

use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::Celery;
use crate::detect::python::Value;
use crate::detect::python::join;
use crate::detect::python::returns;
use crate::detect::python::{Module, assignments, dotted, string};
use crate::detect::services::Evidences;
use crate::environments::is_for_another;

/// An object that is, or may be, the Celery application.
struct Candidate<'a> {
    module: &'a Module,
    dotted: String,
    name: String,
    evidence: Evidence,
}

/// Celery's application and whether it has a schedule.
pub(super) fn find(evidences: &Evidences<'_, '_>) -> Fact<Celery> {
    let candidates = candidates(evidences);
    let Some((app, mut lines)) =
        commanded(evidences, &candidates).or_else(|| best(evidences, &candidates))
    else {
        return Fact::Unknown;
    };
    let beat = schedule(evidences);
    let scheduled = beat.is_some();
    lines.extend(beat);
    Fact::Known(Celery { app, beat: scheduled }, lines)
}

/// Top-level names of production code that are made by `Celery(...)`.
fn candidates<'a>(evidences: &Evidences<'_, 'a>) -> Vec<Candidate<'a>> {
    let mut modules: Vec<&'a Module> = evidences.project.modules.clone();
    let root = evidences.context.startup.root();
    let below: Vec<&str> = evidences.context.tree.below(root).collect();
    for module in evidences.context.tree.modules() {
        let inside = below.binary_search(&module.path.as_str()).is_ok();
        if inside && !modules.iter().any(|known| known.path == module.path) {
            modules.push(module);
        }
    }
    let mut found = Vec::new();
    for module in modules {
        let Some(dotted) = dotted_below(&module.path, root) else { continue };
        for statement in module.top_level() {
            for (name, value) in assignments(statement) {
                if is_celery(evidences, module, value) {
                    found.push(Candidate {
                        module,
                        dotted: dotted.clone(),
                        name: name.to_owned(),
                        evidence: module.evidence(statement),
                    });
                }
            }
        }
    }
    found
}

/// `backend/shop/worker.py` below `backend` is `shop.worker`.
pub(super) fn dotted_below(path: &str, root: &str) -> Option<String> {
    let path = if root == "." { path } else { path.strip_prefix(root)?.strip_prefix('/')? };
    let path = path.strip_suffix(".py")?;
    let path = path.strip_suffix("/__init__").unwrap_or(path);
    Some(path.replace('/', "."))
}

/// Whether an expression makes a Celery application: directly, by a function
/// that does, or by taking it out of a Flask application's extensions.
fn is_celery<'a>(evidences: &Evidences<'_, 'a>, module: &'a Module, value: &'a Expr) -> bool {
    match value {
        Expr::Call(call) => is_celery_call(evidences, module, call, 4),
        Expr::Subscript(subscript) => {
            string(&subscript.slice) == Some("celery")
                && dotted(&subscript.value).is_some_and(|name| name.ends_with("extensions"))
        }
        _ => false,
    }
}

fn is_celery_call<'a>(
    evidences: &Evidences<'_, 'a>,
    module: &'a Module,
    call: &'a ExprCall,
    depth: u8,
) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let imports = evidences.project.graph.imports(module);
    match imports.resolve(&call.func).as_deref() {
        Some("celery.Celery" | "celery.app.Celery" | "celery.app.base.Celery") => return true,
        None => return false,
        Some(_) => {}
    }
    let Some(name) = dotted(&call.func) else { return false };
    if let Some((source, class)) = evidences.project.graph.class(module, &name) {
        let imports = evidences.project.graph.imports(source);
        return class
            .bases()
            .iter()
            .any(|base| imports.resolve(base).as_deref() == Some("celery.Celery"));
    }
    let Some((source, function)) = evidences.project.graph.function(module, &name) else {
        return false;
    };
    let annotated = function
        .returns
        .as_deref()
        .and_then(|it| evidences.project.graph.imports(source).resolve(it));
    if annotated.as_deref() == Some("celery.Celery") {
        return true;
    }
    let locals = crate::detect::python::names(&function.body);
    returns(function).into_iter().any(|returned| match returned {
        Expr::Call(call) => is_celery_call(evidences, source, call, depth),
        Expr::Name(name) => locals.get(name.id.as_str()).is_some_and(|values| {
            values.iter().any(|(_, value)| match value {
                Expr::Call(call) => is_celery_call(evidences, source, call, depth),
                _ => false,
            })
        }),
        _ => false,
    })
}

/// The application that a command names.
fn commanded(
    evidences: &Evidences<'_, '_>,
    candidates: &[Candidate<'_>],
) -> Option<(String, Vec<Evidence>)> {
    for command in evidences.context.commands.iter().filter(|it| it.program() == "celery") {
        let Some(named) = application_argument(&command.argv) else { continue };
        if let Some(candidate) = named_by(&named, candidates) {
            let app = format!("{}:{}", candidate.dotted, candidate.name);
            return Some((app, vec![candidate.evidence.clone(), command.evidence.clone()]));
        }
        // A module that takes the object from elsewhere.
        let (module, object) = split(&named);
        let located = evidences.project.graph.locate("", 0, &module);
        if let Some(source) = located {
            let imports = evidences.project.graph.imports(source);
            let object = object.or_else(|| {
                ["app", "celery", "celery_app"]
                    .into_iter()
                    .find(|name| imports.get(name).is_some())
                    .map(str::to_owned)
            });
            if let Some(object) =
                object.filter(|name| imports.get(name).is_some() || has_name(source, name))
            {
                return Some((format!("{module}:{object}"), vec![command.evidence.clone()]));
            }
        }
    }
    None
}

fn has_name(module: &Module, name: &str) -> bool {
    module.top_level().iter().flat_map(|it| assignments(it)).any(|(known, _)| known == name)
}

/// What `-A` takes.
fn application_argument(argv: &[String]) -> Option<String> {
    let at = argv.iter().position(|it| matches!(it.as_str(), "-A" | "--app"));
    let following = at.and_then(|at| argv.get(at + 1)).cloned();
    following.or_else(|| {
        argv.iter().find_map(|it| {
            it.strip_prefix("--app=").or_else(|| it.strip_prefix("-A=")).map(str::to_owned)
        })
    })
}

fn split(named: &str) -> (String, Option<String>) {
    match named.split_once(':') {
        Some((module, object)) => (module.replace('/', "."), Some(object.to_owned())),
        None => (named.trim_end_matches(".py").replace('/', "."), None),
    }
}

/// The candidate that `config`, `config.celery`, `config.celery:app` or
/// `config.celery.app` names.
fn named_by<'c, 'a>(named: &str, candidates: &'c [Candidate<'a>]) -> Option<&'c Candidate<'a>> {
    let (module, object) = split(named);
    let exact = |candidate: &&Candidate<'_>| {
        let whole = format!("{}.{}", candidate.dotted, candidate.name);
        whole == join(&module, object.as_deref().unwrap_or_default())
    };
    let in_module = |candidate: &&Candidate<'_>| object.is_none() && candidate.dotted == module;
    let in_package = |candidate: &&Candidate<'_>| {
        object.is_none() && candidate.dotted == format!("{module}.celery")
    };
    let usual = |candidate: &&Candidate<'_>| matches!(candidate.name.as_str(), "app" | "celery");
    candidates
        .iter()
        .find(exact)
        .or_else(|| candidates.iter().filter(in_module).find(usual))
        .or_else(|| candidates.iter().find(in_module))
        .or_else(|| candidates.iter().filter(in_package).find(usual))
        .or_else(|| candidates.iter().find(in_package))
}

/// The candidate that production reaches, in the module named most like it,
/// nearest to the root.
fn best(
    evidences: &Evidences<'_, '_>,
    candidates: &[Candidate<'_>],
) -> Option<(String, Vec<Evidence>)> {
    let reached = |candidate: &Candidate<'_>| {
        evidences.project.modules.iter().any(|module| module.path == candidate.module.path)
    };
    let named = |candidate: &Candidate<'_>| {
        let last = candidate.dotted.rsplit('.').next().unwrap_or_default();
        !(last.contains("celery") || last.contains("worker"))
    };
    candidates
        .iter()
        .filter(|candidate| !is_for_another(&candidate.dotted))
        .min_by_key(|candidate| {
            (!reached(candidate), named(candidate), candidate.dotted.matches('.').count())
        })
        .map(|candidate| {
            (format!("{}:{}", candidate.dotted, candidate.name), vec![candidate.evidence.clone()])
        })
}

/// The line that schedules something.
fn schedule(evidences: &Evidences<'_, '_>) -> Option<Evidence> {
    let scheduled = evidences.live().find(|binding| {
        let last = binding.last().to_ascii_lowercase();
        let named = matches!(
            last.as_str(),
            "beat_schedule" | "celery_beat_schedule" | "celerybeat_schedule"
        );
        let filled = !matches!(&binding.value, Value::Dict(items) if items.is_empty())
            && !matches!(&binding.value, Value::None | Value::Bool(_));
        let scheduler = last.ends_with("beat_scheduler");
        (named && filled) || scheduler || binding.called().ends_with("add_periodic_task")
    });
    if let Some(binding) = scheduled {
        return Some(binding.evidence.clone());
    }
    let decorated = evidences.project.modules.iter().find_map(|module| {
        module.top_level().into_iter().find_map(|statement| match statement {
            Stmt::FunctionDef(function) => function
                .decorator_list
                .iter()
                .find(|it| {
                    let func = match &it.expression {
                        Expr::Call(call) => dotted(&call.func),
                        other => dotted(other),
                    };
                    func.is_some_and(|name| {
                        name == "periodic_task" || name.ends_with(".periodic_task")
                    })
                })
                .map(|it| module.evidence(it)),
            _ => None,
        })
    });
    if decorated.is_some() {
        return decorated;
    }
    let installed = evidences.live().find(|binding| {
        binding.in_settings
            && binding.first().ends_with("APPS")
            && binding
                .value
                .parts()
                .iter()
                .any(|it| it.text().as_deref() == Some("django_celery_beat"))
    });
    if let Some(binding) = installed {
        return Some(binding.evidence.clone());
    }
    let command = evidences.context.commands.iter().find(|command| {
        command.program() == "celery"
            && command.argv.iter().any(|it| matches!(it.as_str(), "beat" | "-B" | "--beat"))
    });
    command.map(|command| command.evidence.clone())
}

#[cfg(test)]
mod tests {
    use crate::detect::services::fixture::Repository;

    fn app(repository: Repository) -> Option<(String, bool)> {
        repository.find().celery.value().map(|it| (it.app.clone(), it.beat))
    }

    fn is(name: &str, beat: bool) -> Option<(String, bool)> {
        Some((name.to_owned(), beat))
    }

    #[test]
    fn a_module_called_tasks_is_not_celery() {
        let main = "from fastapi import FastAPI\nfrom tasks import send\napp = FastAPI()\n";
        assert_eq!(
            app(Repository::fastapi(main, &[("tasks.py", "def send():\n    pass\n")])),
            None
        );
        let invoke = "from invoke import task\n@task\ndef build(c):\n    pass\n";
        assert_eq!(app(Repository::fastapi(main, &[("tasks.py", invoke)])), None);
    }

    #[test]
    fn shared_tasks_alone_have_no_application() {
        let tasks = "from celery import shared_task\n@shared_task\ndef send():\n    pass\n";
        assert_eq!(
            app(Repository::django(
                "INSTALLED_APPS = ['shop']\n",
                &[("shop/__init__.py", ""), ("shop/tasks.py", tasks)]
            )),
            None
        );
    }

    #[test]
    fn the_application_is_named_relative_to_the_root() {
        let files =
            [("backend/pkg/worker.py", "from celery import Celery\ncelery = Celery('x')\n")];
        assert_eq!(app(Repository::new(&files).root("backend")), is("pkg.worker:celery", false));
    }

    #[test]
    fn factories_and_extensions_make_the_application() {
        let factory = "from celery import Celery, Task\ndef make(app):\n    c = Celery(app.name)\n    return c\n";
        let main = "from flask import Flask\nfrom factory import make\napp = Flask(__name__)\nqueue = make(app)\n";
        assert_eq!(
            app(Repository::new(&[("factory.py", factory), ("main.py", main)])
                .starts("flask", "main:app")),
            is("main:queue", false)
        );
        let annotated = "from celery import Celery\ndef init() -> Celery:\n    return build()\n";
        let main = "from setup_celery import init\ncelery_app = init()\n";
        assert_eq!(
            app(Repository::new(&[
                ("setup_celery.py", annotated),
                ("run.py", main),
                ("x.py", "import environ")
            ])
            .starts("flask", "run:app")),
            is("run:celery_app", false)
        );
        let extension = "from shop import create_app\nflask_app = create_app()\ncelery_app = flask_app.extensions['celery']\n";
        assert_eq!(
            app(Repository::new(&[("make_celery.py", extension)])),
            is("make_celery:celery_app", false)
        );
    }

    #[test]
    fn a_command_chooses_among_several_and_is_completed() {
        let files = [
            ("shop/__init__.py", "from .celery import app\n"),
            ("shop/celery.py", "from celery import Celery\napp = Celery('shop')\n"),
            ("old/celery.py", "from celery import Celery\napp = Celery('old')\n"),
        ];
        for command in [
            "celery -A shop worker",
            "celery --app=shop.celery worker -l info",
            "celery -A shop.celery:app worker",
            "celery -A shop.celery.app worker",
        ] {
            assert_eq!(
                app(Repository::new(&files).runs(command)),
                is("shop.celery:app", false),
                "{command}"
            );
        }
        assert_eq!(
            app(Repository::new(&files).runs("celery -A old.celery worker")),
            is("old.celery:app", false)
        );
    }

    #[test]
    fn each_way_to_schedule_means_beat() {
        let worker = "from celery import Celery\napp = Celery('x')\n";
        for more in [
            "app.conf.beat_schedule = {'a': {'task': 't', 'schedule': 5}}\n",
            "app.conf.update(beat_schedule={'a': 1})\n",
            "@app.on_after_configure.connect\ndef setup(sender, **kwargs):\n    sender.add_periodic_task(10.0, t.s())\n",
        ] {
            assert_eq!(
                app(Repository::new(&[("worker.py", &format!("{worker}{more}"))])),
                is("worker:app", true),
                "{more}"
            );
        }
        let command = Repository::new(&[("worker.py", worker)]).runs("celery -A worker worker -B");
        assert_eq!(app(command), is("worker:app", true));
        let command = Repository::new(&[("worker.py", worker)]).runs("celery -A worker beat");
        assert_eq!(app(command), is("worker:app", true));
        for settings in [
            "CELERY_BEAT_SCHEDULE = {'a': {'task': 't'}}\n",
            "INSTALLED_APPS = ['django_celery_beat']\n",
        ] {
            assert_eq!(
                app(Repository::django(settings, &[("config/celery.py", worker)])),
                is("config.celery:app", true)
            );
        }
    }

    #[test]
    fn an_empty_schedule_or_an_unused_package_is_no_beat() {
        let worker = "from celery import Celery\napp = Celery('x')\napp.conf.beat_schedule = {}\n";
        let repository =
            Repository::new(&[("worker.py", worker)]).installs(&["django-celery-beat"]);
        assert_eq!(app(repository), is("worker:app", false));
    }
}
