//! Liveness and readiness routes, with their full paths.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};

use crate::detect::fact::{Evidence, Fact};
use crate::detect::python::{Module, dotted, string};
use crate::detect::services::Evidences;
use crate::detect::services::evaluate::Scope;
use crate::detect::services::project::join;

/// Last parts of paths that tell whether the process lives, best first.
const HEALTH: [&str; 14] = [
    "health",
    "healthz",
    "healthcheck",
    "health-check",
    "health_check",
    "_health",
    "livez",
    "live",
    "liveness",
    "alive",
    "ping",
    "heartbeat",
    "up",
    "status",
];
/// Last parts of paths that tell whether it can serve.
const READY: [&str; 5] = ["ready", "readyz", "readiness", "readiness-check", "readiness_check"];

/// Words that below a part of the application speak of that part.
const VAGUE: [&str; 6] = ["live", "alive", "ping", "heartbeat", "up", "status"];
/// Parts of a path that speak of the whole service.
const OF_THE_SERVICE: [&str; 14] = [
    "api",
    "health",
    "healthcheck",
    "health-check",
    "probe",
    "probes",
    "system",
    "internal",
    "monitoring",
    "utils",
    "common",
    "core",
    "service",
    "server",
];

/// Deepest nesting of routers that is followed.
const DEEPEST: u8 = 6;

/// A route that `GET` reaches.
struct Route {
    path: String,
    evidence: Evidence,
}

/// Paths of a liveness and of a readiness route.
pub(super) fn find(evidences: &Evidences<'_, '_>) -> (Fact<String>, Fact<String>) {
    let mut routes = if evidences.project.settings.is_empty() {
        decorated(evidences)
    } else {
        let mut routes = Vec::new();
        django(evidences, &mut routes);
        routes
    };
    routes.retain(|route| !route.path.contains(['{', '<', '^', '(', '*']));
    (named(&routes, &HEALTH), named(&routes, &READY))
}

/// The route whose last part comes first in `names`; of equals the shortest.
fn named(routes: &[Route], names: &[&str]) -> Fact<String> {
    let best = routes
        .iter()
        .filter_map(|route| {
            let last = route.path.trim_matches('/').rsplit('/').next().unwrap_or_default();
            let at = names.iter().position(|name| name.eq_ignore_ascii_case(last))?;
            let parts = route.path.trim_matches('/').matches('/').count();
            let vague = VAGUE.contains(&names[at]) && parts > 1 && !is_of_the_service(&route.path);
            (!vague).then_some((parts, at, route))
        })
        .min_by_key(|(parts, at, _)| (*at, *parts));
    best.map_or(Fact::Unknown, |(_, _, route)| {
        Fact::known(route.path.clone(), route.evidence.clone())
    })
}

/// Whether every part of a path before its last speaks of the whole service.
fn is_of_the_service(path: &str) -> bool {
    let (above, _) = path.trim_matches('/').rsplit_once('/').unwrap_or_default();
    above.split('/').filter(|part| !part.is_empty()).all(|part| {
        let version = part.strip_prefix('v').is_some_and(|number| {
            !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.')
        });
        version || OF_THE_SERVICE.contains(&part.to_ascii_lowercase().as_str())
    })
}

/// Routes of FastAPI, Starlette, Flask and their like: decorators of
/// functions and calls that add them.
fn decorated(evidences: &Evidences<'_, '_>) -> Vec<Route> {
    let mut routes = Vec::new();
    for module in &evidences.project.modules {
        let mut functions = Functions(Vec::new(), Vec::new());
        functions.visit_body(&module.ast.body);
        for function in functions.0 {
            if needs_login(module, function) {
                continue;
            }
            for decorator in &function.decorator_list {
                if let Expr::Call(call) = &decorator.expression {
                    route(evidences, module, call, &mut routes);
                }
            }
        }
        for call in functions.1 {
            added(evidences, module, call, &mut routes);
        }
    }
    routes
}

/// Whether only somebody who logged in gets an answer.
fn needs_login(module: &Module, function: &StmtFunctionDef) -> bool {
    let decorators = function.decorator_list.iter().map(|it| module.source(it));
    let parameters = module.source(&*function.parameters);
    decorators.chain([parameters]).any(|text| {
        ["login_required", "jwt_required", "current_user", "Security(", "api_key"]
            .iter()
            .any(|word| text.contains(word))
    })
}

/// `@router.get("/health")`, `@app.route("/health", methods=["GET"])`.
fn route<'a>(
    evidences: &Evidences<'_, 'a>,
    module: &'a Module,
    call: &'a ExprCall,
    into: &mut Vec<Route>,
) {
    let Expr::Attribute(attribute) = &*call.func else { return };
    if !matches!(attribute.attr.as_str(), "get" | "route" | "api_route" | "head") {
        return;
    }
    if let Some(methods) = call.arguments.find_keyword("methods")
        && !module.source(&methods.value).to_ascii_uppercase().contains("GET")
    {
        return;
    }
    let Some(own) = path_argument(evidences, module, call) else { return };
    let Some(owner) = dotted(&attribute.value) else { return };
    let prefixes = prefixes(evidences, module, &owner, DEEPEST);
    into.extend(
        prefixes
            .into_iter()
            .map(|prefix| Route { path: whole(&prefix, &own), evidence: module.evidence(call) }),
    );
}

/// `app.add_api_route("/health", …)`, `app.add_url_rule(…)`,
/// `Route("/health", …)`, `Mount`ed ones left out.
fn added<'a>(
    evidences: &Evidences<'_, 'a>,
    module: &'a Module,
    call: &'a ExprCall,
    into: &mut Vec<Route>,
) {
    let (owner, method) = match &*call.func {
        Expr::Attribute(attribute) => (dotted(&attribute.value), attribute.attr.as_str()),
        Expr::Name(name) => (None, name.id.as_str()),
        _ => return,
    };
    if !matches!(method, "add_api_route" | "add_url_rule" | "add_route" | "add_get" | "Route") {
        return;
    }
    let Some(own) = path_argument(evidences, module, call) else { return };
    let prefixes = owner
        .map_or_else(|| vec![String::new()], |owner| prefixes(evidences, module, &owner, DEEPEST));
    into.extend(
        prefixes
            .into_iter()
            .map(|prefix| Route { path: whole(&prefix, &own), evidence: module.evidence(call) }),
    );
}

fn path_argument<'a>(
    evidences: &Evidences<'_, 'a>,
    module: &'a Module,
    call: &'a ExprCall,
) -> Option<String> {
    let argument = call.arguments.find_positional(0).or_else(|| {
        ["path", "rule", "uri"]
            .iter()
            .find_map(|it| call.arguments.find_keyword(it))
            .map(|it| &it.value)
    })?;
    evidences.evaluator.value(Scope::top(module), argument).text()
}

fn whole(prefix: &str, own: &str) -> String {
    let path = format!("{}/{}", prefix.trim_end_matches('/'), own.trim_start_matches('/'));
    if path.starts_with('/') { path } else { format!("/{path}") }
}

/// Under which prefixes a router or blueprint is reached: its own, before it
/// those of what includes it. The application itself has the empty one.
fn prefixes<'a>(
    evidences: &Evidences<'_, 'a>,
    module: &'a Module,
    name: &str,
    depth: u8,
) -> Vec<String> {
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    let own = own_prefix(evidences, module, name);
    let Some((own, nested)) = own else { return vec![String::new()] };
    if !nested {
        return vec![String::new()];
    }
    let mut found = Vec::new();
    for including in &evidences.project.modules {
        for call in inclusions(including) {
            let Some(first) = call.arguments.args.first() else { continue };
            if !is_object(evidences, including, first, module, name) {
                continue;
            }
            let Expr::Attribute(attribute) = &*call.func else { continue };
            let keyword = call
                .arguments
                .find_keyword("prefix")
                .or_else(|| call.arguments.find_keyword("url_prefix"))
                .or_else(|| call.arguments.find_keyword("blueprint"));
            let given = keyword
                .map(|it| evidences.evaluator.value(Scope::top(including), &it.value).text());
            let flask = attribute.attr.as_str() == "register_blueprint";
            let between = match given {
                // A blueprint's prefix is replaced, a router's is added.
                Some(Some(prefix)) if flask => prefix,
                Some(Some(prefix)) => format!("{}{own}", prefix.trim_end_matches('/')),
                // A prefix that cannot be read.
                Some(None) => continue,
                None => own.clone(),
            };
            let Some(owner) = dotted(&attribute.value) else { continue };
            for outer in prefixes(evidences, including, &owner, depth) {
                found.push(format!("{}{between}", outer.trim_end_matches('/')));
            }
        }
    }
    found
}

/// A router's own prefix, and whether it has to be included in something.
fn own_prefix<'a>(
    evidences: &Evidences<'_, 'a>,
    module: &'a Module,
    name: &str,
) -> Option<(String, bool)> {
    let names = evidences.project.names(module);
    let call = names.get(name)?.iter().find_map(|(_, value)| match value {
        Expr::Call(call) => Some(call),
        _ => None,
    })?;
    let made = dotted(&call.func)?;
    let last = made.rsplit('.').next().unwrap_or(&made);
    let nested = last.ends_with("Router") || last.ends_with("Blueprint") || last == "Namespace";
    let keyword =
        call.arguments.find_keyword("prefix").or_else(|| call.arguments.find_keyword("url_prefix"));
    let prefix =
        keyword.and_then(|it| evidences.evaluator.value(Scope::top(module), &it.value).text());
    Some((prefix.unwrap_or_default(), nested))
}

/// Whether an expression in a module is the object `name` of another.
fn is_object<'a>(
    evidences: &Evidences<'_, 'a>,
    from: &'a Module,
    expr: &Expr,
    module: &Module,
    name: &str,
) -> bool {
    let Some(dotted) = dotted(expr) else { return false };
    if dotted == name && from.path == module.path {
        return true;
    }
    origin(evidences, from, &dotted, DEEPEST)
        .is_some_and(|(path, object)| path == module.path && object == name)
}

/// The module and name that a dotted name of a module leads to.
fn origin<'a>(
    evidences: &Evidences<'_, 'a>,
    from: &'a Module,
    dotted: &str,
    depth: u8,
) -> Option<(&'a str, String)> {
    let depth = depth.checked_sub(1)?;
    let project = evidences.project;
    let imports = project.imports(from);
    let (first, rest) = dotted.split_once('.').unwrap_or((dotted, ""));
    let Some(import) = imports.get(first) else {
        return rest.is_empty().then(|| (from.path.as_str(), first.to_owned()));
    };
    if rest.is_empty() {
        let source = project.locate(&from.path, import.level, &import.module)?;
        return origin(evidences, source, &import.name, depth);
    }
    let (inner, object) = rest.rsplit_once('.').unwrap_or(("", rest));
    let base = join(&import.module, &import.name);
    // `import a.b` binds `a`, and the rest names its modules.
    let whole = join(&base, inner);
    if let Some(source) = project.locate(&from.path, import.level, &whole) {
        return origin(evidences, source, object, depth);
    }
    let source = project.locate(&from.path, import.level, &base)?;
    origin(evidences, source, rest, depth)
}

fn inclusions(module: &Module) -> Vec<&ExprCall> {
    if !module.text().contains("include_router") && !module.text().contains("register_blueprint") {
        return Vec::new();
    }
    let mut functions = Functions(Vec::new(), Vec::new());
    functions.visit_body(&module.ast.body);
    let includes = |call: &&ExprCall| matches!(&*call.func, Expr::Attribute(it) if matches!(it.attr.as_str(), "include_router" | "register_blueprint"));
    functions.1.into_iter().filter(includes).collect()
}

/// Functions and calls of a module.
struct Functions<'a>(Vec<&'a StmtFunctionDef>, Vec<&'a ExprCall>);

impl<'a> Visitor<'a> for Functions<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::FunctionDef(function) = statement {
            self.0.push(function);
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr {
            self.1.push(call);
        }
        visitor::walk_expr(self, expr);
    }
}

/// Routes of Django, from `ROOT_URLCONF` through what it includes.
fn django(evidences: &Evidences<'_, '_>, into: &mut Vec<Route>) {
    let named = evidences.live().find(|it| it.in_settings && it.path == ["ROOT_URLCONF"]);
    let root = named.and_then(|it| it.value.text());
    let Some(urls) = root.and_then(|name| evidences.project.locate("", 0, &name)) else { return };
    patterns(evidences, urls, "", DEEPEST, into);
}

fn patterns<'a>(
    evidences: &Evidences<'_, 'a>,
    module: &'a Module,
    prefix: &str,
    depth: u8,
    into: &mut Vec<Route>,
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let mut functions = Functions(Vec::new(), Vec::new());
    functions.visit_body(&module.ast.body);
    for call in functions.1 {
        let Some(name) = dotted(&call.func) else { continue };
        let regular = matches!(name.as_str(), "re_path" | "url");
        if !regular && name != "path" {
            continue;
        }
        let [pattern, view, ..] = &*call.arguments.args else { continue };
        let Some(text) = string(pattern) else { continue };
        let text = if regular {
            text.trim_start_matches('^').trim_end_matches('$').trim_end_matches("/?")
        } else {
            text
        };
        let path = format!("{prefix}{text}");
        match included(view) {
            Some(target) => {
                if let Some(next) = evidences.project.locate(&module.path, 0, target) {
                    patterns(evidences, next, &path, depth, into);
                } else if target.starts_with("health_check.") {
                    into.push(Route { path: whole("", &path), evidence: module.evidence(call) });
                }
            }
            None => into.push(Route { path: whole("", &path), evidence: module.evidence(call) }),
        }
    }
}

/// The module that `include("shop.urls")` names.
fn included(view: &Expr) -> Option<&str> {
    let Expr::Call(call) = view else { return None };
    if dotted(&call.func)? != "include" {
        return None;
    }
    match call.arguments.args.first()? {
        Expr::Tuple(tuple) => tuple.elts.first().and_then(string),
        first => string(first),
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::services::fixture::{Repository, value};

    #[test]
    fn a_route_of_the_application_itself() {
        for route in [
            "@app.get('/healthz')\nasync def f(): ...\n",
            "@app.api_route('/healthz', methods=['GET', 'HEAD'])\ndef f(): ...\n",
            "app.add_api_route('/healthz', f)\n",
        ] {
            let main = format!("from fastapi import FastAPI\napp = FastAPI()\n{route}");
            let found = Repository::fastapi(&main, &[]).find();
            assert_eq!(value(&found.health), Some("/healthz"), "{route}");
            assert!(!found.ready.is_known());
        }
    }

    #[test]
    fn prefixes_of_routers_are_put_together() {
        let found = Repository::fastapi(
            "from fastapi import FastAPI\nfrom api import router as api_router\nfrom core import PREFIX\napp = FastAPI()\napp.include_router(api_router, prefix=PREFIX)\n",
            &[
                ("core.py", "PREFIX = '/api/v1'\n"),
                ("api/__init__.py", "from fastapi import APIRouter\nfrom api import checks\nrouter = APIRouter()\nrouter.include_router(checks.router, prefix='/internal')\n"),
                ("api/checks.py", "from fastapi import APIRouter\nrouter = APIRouter(prefix='/sys')\n@router.get('/health')\ndef live(): ...\n@router.get('/readiness/')\ndef ready(): ...\n@router.post('/ping')\ndef ping(): ...\n"),
            ],
        )
        .find();
        assert_eq!(value(&found.health), Some("/api/v1/internal/sys/health"));
        assert_eq!(value(&found.ready), Some("/api/v1/internal/sys/readiness/"));
    }

    #[test]
    fn a_router_that_nothing_includes_serves_nothing() {
        let found = Repository::fastapi(
            "from fastapi import FastAPI\nimport spare\napp = FastAPI()\n",
            &[("spare.py", "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/health')\ndef f(): ...\n")],
        )
        .find();
        assert!(!found.health.is_known());
    }

    #[test]
    fn a_blueprints_prefix_is_its_own_or_the_registered_one() {
        let main = "from flask import Flask\ndef create_app():\n    from views import bp\n    app = Flask(__name__)\n    app.register_blueprint(bp)\n    return app\n";
        let views = "from flask import Blueprint\nbp = Blueprint('x', __name__, url_prefix='/ops')\n@bp.route('/status')\ndef f(): ...\n";
        let found = Repository::new(&[("main.py", main), ("views.py", views)])
            .starts("flask", "main:create_app")
            .find();
        assert_eq!(value(&found.health), Some("/ops/status"));
        let main = main.replace("(bp)", "(bp, url_prefix='/other')");
        let found = Repository::new(&[("main.py", &main), ("views.py", views)])
            .starts("flask", "main:create_app")
            .find();
        assert_eq!(value(&found.health), Some("/other/status"));
    }

    #[test]
    fn django_patterns_are_followed_through_includes() {
        let found = Repository::django(
            "ROOT_URLCONF = 'config.urls'\n",
            &[
                ("config/urls.py", "from django.urls import include, path, re_path\nurlpatterns = [path('ops/', include('ops.urls')), re_path(r'^ready/$', ready)]\n"),
                ("ops/urls.py", "from django.urls import path\nurlpatterns = [path('<int:pk>/health/', x), path('health/', x)]\n"),
                ("ops/__init__.py", ""),
            ],
        )
        .find();
        assert_eq!(value(&found.health), Some("/ops/health/"));
        assert_eq!(value(&found.ready), Some("/ready/"));
    }

    #[test]
    fn posts_parameters_and_other_paths_are_no_health_routes() {
        let main = "from fastapi import FastAPI\napp = FastAPI()\n@app.post('/health')\ndef a(): ...\n@app.get('/jobs/{id}/status')\ndef b(): ...\n@app.get('/healthy-food')\ndef c(): ...\n";
        assert!(!Repository::fastapi(main, &[]).find().health.is_known());
    }
}
