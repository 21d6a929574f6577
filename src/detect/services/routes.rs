//! Liveness and readiness routes, with their full paths.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use crate::detect::fact::{Evidence, Fact};
use crate::detect::python::Scope;
use crate::detect::python::join;
use crate::detect::python::{Module, Value, assignments, dotted, string};
use crate::detect::services::Evidences;

/// Last parts of paths that tell whether the process lives, best first.
const HEALTH: [&str; 14] = [
    "health",
    "healthz",
    "healthcheck",
    "healthy",
    "livez",
    "live",
    "liveness",
    "alive",
    "ping",
    // Dockerflow's: the other one asks what the service needs as well.
    "lbheartbeat",
    "heartbeat",
    "up",
    "status",
    "statuscheck",
];
/// Last parts of paths that tell whether it can serve.
const READY: [&str; 4] = ["ready", "readyz", "readiness", "readinesscheck"];

/// Words that below a part of the application speak of that part.
const VAGUE: [&str; 6] = ["live", "alive", "ping", "heartbeat", "up", "status"];
/// Parts of a path that speak of the whole service.
const OF_THE_SERVICE: [&str; 13] = [
    "api",
    "health",
    "healthcheck",
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
    let mut routes = fixed(evidences);
    let guards = guards(evidences);
    routes.retain(|route| guards.iter().all(|guard| guard.lets_through(&route.path)));
    // What is below it asks who is there, wherever that is written.
    routes.retain(|route| !route.path.split('/').any(|part| spelled(part) == "admin"));
    (named(&routes, &HEALTH), named(&routes, &READY))
}

/// Paths that `GET` reaches without a parameter, each once.
pub(super) fn paths(evidences: &Evidences<'_, '_>) -> Vec<String> {
    let mut paths: Vec<String> = fixed(evidences).into_iter().map(|route| route.path).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Routes without parameters in their paths.
fn fixed(evidences: &Evidences<'_, '_>) -> Vec<Route> {
    let mut routes = if evidences.project.settings.is_empty() {
        decorated(evidences)
    } else {
        let mut routes = Vec::new();
        django(evidences, &mut routes);
        routes
    };
    routes.retain(|route| !route.path.contains(['{', '<', '^', '(', '*']));
    routes
}

/// What stands before every route and refuses some who ask.
struct Guard<'a> {
    module: &'a Module,
    source: &'a str,
}

impl Guard<'_> {
    /// Whether it names a path, or its module does beside the route itself: what it
    /// leaves out.
    fn lets_through(&self, path: &str) -> bool {
        let quoted = [format!("\"{path}\""), format!("'{path}'")];
        let names = |text: &str| quoted.iter().any(|own| text.contains(own));
        let mut lines = self.module.text().lines().map(str::trim_start);
        names(self.source) || lines.any(|line| !line.starts_with('@') && names(line))
    }
}

/// Middlewares that refuse, functions that are called before every request and do, and
/// the list of host names where none of them is this machine's own.
fn guards<'a>(evidences: &Evidences<'_, 'a>) -> Vec<Guard<'a>> {
    const MARKS: [&str; 3] = ["middleware", "Middleware", "before_"];
    const REFUSES: [&str; 8] =
        ["400", "401", "403", "422", "HTTPException", "abort(", "redirect(", "Unauthorized"];
    let mut found = Vec::new();
    for module in &evidences.project.modules {
        if !MARKS.iter().any(|mark| module.text().contains(mark)) {
            continue;
        }
        let mut own = Functions::default();
        own.visit_body(&module.ast.body);
        let is_before = |function: &&&StmtFunctionDef| {
            function.decorator_list.iter().any(|it| {
                [".middleware(", ".before_request", ".before_app_request"]
                    .iter()
                    .any(|mark| module.source(it).contains(mark))
            })
        };
        let classes = own.2.iter().filter(|it| it.name.as_str().ends_with("Middleware"));
        let sources = own.0.iter().filter(is_before).map(|it| module.source(*it));
        let sources = sources.chain(classes.map(|it| module.source(*it)));
        let refuses = |source: &&str| REFUSES.iter().any(|word| source.contains(word));
        found.extend(sources.filter(refuses).map(|source| Guard { module, source }));
        let by_host = own.1.into_iter().map(|call| module.source(call)).filter(|source| {
            source.contains("TrustedHostMiddleware,")
                && !["\"*\"", "'*'", "localhost", "127.0.0.1"]
                    .iter()
                    .any(|own| source.contains(own))
        });
        found.extend(by_host.map(|source| Guard { module, source }));
    }
    found
}

/// The route whose last part comes first in `names`; of equals the shortest.
fn named(routes: &[Route], names: &[&str]) -> Fact<String> {
    let best = routes
        .iter()
        .filter_map(|route| {
            let last = route.path.trim_matches('/').rsplit('/').next().unwrap_or_default();
            let last = spelled(last);
            let at = names.iter().position(|name| *name == last)?;
            let parts = route.path.trim_matches('/').matches('/').count();
            let vague = VAGUE.contains(&names[at]) && parts > 1 && !is_of_the_service(&route.path);
            (!vague).then_some((parts, at, route))
        })
        .min_by_key(|(parts, at, _)| (*at, *parts));
    best.map_or(Fact::Unknown, |(_, _, route)| {
        Fact::known(route.path.clone(), route.evidence.clone())
    })
}

/// A part of a path without what only decorates it: `__heartbeat__`,
/// `health-check`, `HealthCheck`.
fn spelled(part: &str) -> String {
    let letters = part.chars().filter(|c| !matches!(c, '_' | '-' | '.'));
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether every part of a path before its last speaks of the whole service.
fn is_of_the_service(path: &str) -> bool {
    let (above, _) = path.trim_matches('/').rsplit_once('/').unwrap_or_default();
    above.split('/').filter(|part| !spelled(part).is_empty()).all(|part| {
        let version = part.strip_prefix('v').is_some_and(|number| {
            !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.')
        });
        version || OF_THE_SERVICE.contains(&spelled(part).as_str())
    })
}

/// Routes of FastAPI, Starlette, Flask and their like: decorators of
/// functions and calls that add them.
fn decorated(evidences: &Evidences<'_, '_>) -> Vec<Route> {
    let mut routes = Vec::new();
    let groups = groups(evidences);
    for module in &evidences.project.modules {
        let mut functions = Functions::default();
        functions.visit_body(&module.ast.body);
        for function in functions.0 {
            if needs_login(module, function) || needs_more(module, function) {
                continue;
            }
            for decorator in &function.decorator_list {
                if let Expr::Call(call) = &decorator.expression {
                    let Some(method) = of_litestar(evidences, module, call) else {
                        route(evidences, module, call, &mut routes);
                        continue;
                    };
                    if matches!(method.as_str(), "get" | "head" | "route") {
                        let class =
                            functions.2.iter().find(|it| it.range().contains_range(call.range()));
                        let class = class.copied();
                        handler(evidences, module, call, function, class, &groups, &mut routes);
                    }
                }
            }
        }
        for call in functions.1 {
            added(evidences, module, call, &groups, &mut routes);
        }
    }
    routes
}

/// Routes that stand together below a path: what a call of Starlette's
/// `Mount` or Litestar's `Router` says.
struct Group<'a> {
    module: &'a Module,
    call: &'a ExprCall,
    path: String,
    /// Another module's or variable's list that is taken.
    list: Option<(&'a str, TextRange)>,
}

fn groups<'a>(evidences: &Evidences<'_, 'a>) -> Vec<Group<'a>> {
    let mut groups = Vec::new();
    for module in &evidences.project.modules {
        if !module.text().contains("Mount(") && !module.text().contains("Router(") {
            continue;
        }
        let mut functions = Functions::default();
        functions.visit_body(&module.ast.body);
        for call in functions.1 {
            let name = dotted(&call.func).unwrap_or_default();
            if !matches!(name.rsplit('.').next(), Some("Mount" | "Router")) {
                continue;
            }
            let Some(path) = path_argument(evidences, module, call) else { continue };
            let routes = call.arguments.find_keyword("routes").map(|it| &it.value);
            let routes = routes.or_else(|| call.arguments.find_positional(1));
            let list = routes.and_then(dotted).and_then(|name| {
                let (path, object) = origin(evidences, module, &name, DEEPEST)?;
                let source = evidences.project.modules.iter().find(|it| it.path == path)?;
                let names = evidences.project.graph.names(source);
                let (_, value) = names.get(object.as_str())?.first()?;
                Some((path, value.range()))
            });
            groups.push(Group { module, call, path, list });
        }
    }
    groups
}

/// The path of the groups around a place, the outermost first.
fn around(groups: &[Group<'_>], module: &Module, place: TextRange, depth: u8) -> String {
    let Some(depth) = depth.checked_sub(1) else { return String::new() };
    let inner = groups.iter().filter(|group| {
        let here = group.module.path == module.path && group.call.range().contains_range(place);
        let listed = group
            .list
            .is_some_and(|(path, list)| path == module.path && list.contains_range(place));
        (here && group.call.range() != place) || listed
    });
    // The nearest one: the others are around it.
    let Some(nearest) = inner.min_by_key(|group| group.call.range().len()) else {
        return String::new();
    };
    let outer = around(groups, nearest.module, nearest.call.range(), depth);
    format!("{outer}{}", nearest.path.trim_end_matches('/'))
}

/// Which of Litestar's decorators this is, by the module's imports.
fn of_litestar<'a>(
    evidences: &Evidences<'_, 'a>,
    module: &'a Module,
    call: &ExprCall,
) -> Option<String> {
    let name = dotted(&call.func)?;
    let imports = evidences.project.graph.imports(module);
    let (first, rest) = name.split_once('.').unwrap_or((&name, ""));
    let import = imports.get(first)?;
    let full = join(&join(&import.module, &import.name), rest);
    let inside = full.split('.').next() == Some("litestar");
    inside.then(|| full.rsplit('.').next().unwrap_or_default().to_owned())
}

/// Litestar's `@get("/health")`: a function, or a method of a controller with
/// a path, which a router may put below another.
fn handler<'a>(
    evidences: &Evidences<'_, 'a>,
    module: &'a Module,
    call: &'a ExprCall,
    function: &StmtFunctionDef,
    class: Option<&'a StmtClassDef>,
    groups: &[Group<'a>],
    into: &mut Vec<Route>,
) {
    // Without one the handler is at the top of what it is in.
    let own = match call.arguments.is_empty() {
        true => String::new(),
        false => match path_argument(evidences, module, call) {
            Some(own) => own,
            None => return,
        },
    };
    let attribute = class.and_then(|class| {
        class.body.iter().flat_map(assignments).find(|(name, _)| *name == "path")
    });
    let own = match attribute.and_then(|(_, value)| string(value)) {
        Some(path) => whole(path, &own),
        None => own,
    };
    let object = class.map_or(function.name.as_str(), |class| class.name.as_str());
    let listed = groups.iter().find(|group| {
        let handlers = group.call.arguments.find_keyword("route_handlers");
        let Some(Expr::List(handlers)) = handlers.map(|it| &it.value) else { return false };
        handlers.elts.iter().any(|it| is_object(evidences, group.module, it, module, object))
    });
    let prefix = listed.map_or("", |group| group.path.as_str());
    into.push(Route { path: whole(prefix, &own), evidence: module.evidence(call) });
}

/// Whether only somebody who logged in gets an answer.
fn needs_login(module: &Module, function: &StmtFunctionDef) -> bool {
    let decorators = function.decorator_list.iter().map(|it| module.source(it));
    let parameters = module.source(&*function.parameters);
    decorators.chain([parameters]).any(is_guarded)
}

/// Whether FastAPI refuses who asks without a parameter, a header or a body.
fn needs_more(module: &Module, function: &StmtFunctionDef) -> bool {
    const PLAIN: [&str; 11] = [
        "str", "int", "float", "bool", "bytes", "dict", "list", "UUID", "datetime", "date",
        "Decimal",
    ];
    const GIVEN: [&str; 5] = ["Header(", "Query(", "Cookie(", "Body(", "Form("];
    if !module.text().contains("fastapi") && !module.text().contains("APIRouter") {
        return false;
    }
    function.parameters.iter_non_variadic_params().any(|own| {
        let name = own.parameter.name.as_str();
        if let Some(default) = &own.default {
            let source = module.source(&**default);
            let inner = GIVEN.iter().find_map(|word| source.strip_prefix(word));
            let first = inner.and_then(|inner| inner.split([',', ')']).next()).map(str::trim);
            return first.is_some_and(|first| {
                first == "..."
                    || !source.contains("default") && (first.is_empty() || first.contains('='))
            });
        }
        let Some(annotation) = &own.parameter.annotation else {
            return !matches!(name, "self" | "cls" | "request" | "req" | "response");
        };
        let source = module.source(&**annotation);
        match source.contains("Annotated[") {
            true => GIVEN.iter().any(|word| source.contains(word)),
            false => source.split(|c: char| !c.is_alphanumeric()).any(|word| PLAIN.contains(&word)),
        }
    })
}

/// Whether what stands around a route says that not everybody may ask.
fn is_guarded(text: &str) -> bool {
    const WORDS: [&str; 15] = [
        "admin_required",
        "api_key",
        "auth_required",
        "current_user",
        "httpbasic",
        "httpbearer",
        "jwt_required",
        "login_required",
        "oauth2",
        "permission_required",
        "requires_auth",
        "security(",
        "staff_member_required",
        "token_required",
        "user_passes_test",
    ];
    let text = text.to_ascii_lowercase();
    let asks = |words: &[&str]| {
        text.split("depends(").skip(1).any(|given| {
            let given = given.split([')', ',']).next().unwrap_or_default();
            words.iter().any(|word| given.contains(word))
        })
    };
    WORDS.iter().any(|word| text.contains(word))
        || asks(&["admin", "auth", "login", "permission", "token", "verify"])
}

/// Whether a dependency of an application or router asks who is there.
fn is_closed(module: &Module, call: &ExprCall) -> bool {
    let dependencies = call.arguments.find_keyword("dependencies");
    dependencies.is_some_and(|it| is_guarded(module.source(&it.value)))
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
/// `Route("/health", …)`, which may be in a `Mount`.
fn added<'a>(
    evidences: &Evidences<'_, 'a>,
    module: &'a Module,
    call: &'a ExprCall,
    groups: &[Group<'a>],
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
    let prefixes = owner.map_or_else(
        || vec![around(groups, module, call.range(), DEEPEST)],
        |owner| prefixes(evidences, module, &owner, DEEPEST),
    );
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
    // One that another module makes, as a package makes the blueprint of its parts.
    if !name.contains('.')
        && let Some((path, object)) = origin(evidences, module, name, DEEPEST)
        && path != module.path
        && let Some(source) = evidences.project.modules.iter().find(|own| own.path == path)
    {
        return prefixes(evidences, source, &object, depth);
    }
    let own = match own_prefix(evidences, module, name) {
        Own::Router(prefix) => prefix,
        Own::Closed => return Vec::new(),
        Own::Application => return mounted(evidences, module, name, depth),
    };
    let mut found = Vec::new();
    for including in &evidences.project.modules {
        for call in inclusions(including) {
            let Some(first) = call.arguments.args.first() else { continue };
            if !is_object(evidences, including, first, module, name) || is_closed(including, call) {
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

/// Under which prefixes an application is reached: those of the ones that
/// mount it, otherwise none.
fn mounted<'a>(
    evidences: &Evidences<'_, 'a>,
    module: &'a Module,
    name: &str,
    depth: u8,
) -> Vec<String> {
    let mut found = Vec::new();
    for outer in &evidences.project.modules {
        if !outer.text().contains(".mount(") {
            continue;
        }
        let mut functions = Functions::default();
        functions.visit_body(&outer.ast.body);
        for call in functions.1 {
            let Expr::Attribute(attribute) = &*call.func else { continue };
            let app = call.arguments.find_keyword("app").map(|it| &it.value);
            let app = app.or_else(|| call.arguments.find_positional(1));
            let is_it = attribute.attr.as_str() == "mount"
                && app.is_some_and(|app| is_object(evidences, outer, app, module, name));
            if !is_it {
                continue;
            }
            let (Some(path), Some(owner)) =
                (path_argument(evidences, outer, call), dotted(&attribute.value))
            else {
                // Somewhere that cannot be read.
                return Vec::new();
            };
            let around = prefixes(evidences, outer, &owner, depth).into_iter();
            found.extend(around.map(|before| whole(&before, &path)));
        }
    }
    if found.is_empty() { vec![String::new()] } else { found }
}

/// What a name is that has routes.
enum Own {
    /// The whole, or something that stands for it.
    Application,
    /// A part with a prefix, which has to be included in something.
    Router(String),
    /// One whose routes not everybody may ask.
    Closed,
}

fn own_prefix<'a>(evidences: &Evidences<'_, 'a>, module: &'a Module, name: &str) -> Own {
    let names = evidences.project.graph.names(module);
    let call = names.get(name).into_iter().flatten().find_map(|(_, value)| match value {
        Expr::Call(call) => Some(call),
        _ => None,
    });
    let Some(call) = call else { return Own::Application };
    if is_closed(module, call) {
        return Own::Closed;
    }
    let Some(made) = dotted(&call.func) else { return Own::Application };
    let last = made.rsplit('.').next().unwrap_or(&made);
    let nested = last.ends_with("Router") || last.ends_with("Blueprint") || last == "Namespace";
    if !nested {
        // Whatever every route depends on may refuse.
        let depends = call.arguments.find_keyword("dependencies").is_some();
        return if depends { Own::Closed } else { Own::Application };
    }
    let keyword =
        call.arguments.find_keyword("prefix").or_else(|| call.arguments.find_keyword("url_prefix"));
    let prefix =
        keyword.and_then(|it| evidences.evaluator.value(Scope::top(module), &it.value).text());
    Own::Router(prefix.unwrap_or_default())
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
    let is_it = |from: &'a Module, dotted: &str| {
        dotted == name && from.path == module.path
            || origin(evidences, from, dotted, DEEPEST)
                .is_some_and(|(path, object)| path == module.path && object == name)
    };
    is_it(from, &dotted)
        || in_turn(evidences, from, &dotted).iter().any(|(from, dotted)| is_it(from, dotted))
}

/// What a dotted name stands for where it begins with the name of a loop: the same of
/// each of the objects that are gone through, with the module that lists them.
fn in_turn<'a>(
    evidences: &Evidences<'_, 'a>,
    from: &'a Module,
    whole: &str,
) -> Vec<(&'a Module, String)> {
    let (first, rest) = whole.split_once('.').unwrap_or((whole, ""));
    let mut loops = Loops(first, Vec::new());
    loops.visit_body(&from.ast.body);
    let mut found = Vec::new();
    for over in loops.1 {
        let named = dotted(over).and_then(|name| origin(evidences, from, &name, DEEPEST));
        let lists: Vec<(&'a Module, &'a Expr)> = match named {
            Some((path, object)) => {
                let source = evidences.project.modules.iter().find(|own| own.path == path);
                let given = source.into_iter().copied().flat_map(|own| {
                    let names = evidences.project.graph.names(own);
                    let values = names.get(object.as_str()).cloned().unwrap_or_default();
                    values.into_iter().map(move |(_, value)| (own, value))
                });
                given.collect()
            }
            None => vec![(from, over)],
        };
        for (module, list) in lists {
            let elements = match list {
                Expr::Tuple(own) => &own.elts,
                Expr::List(own) => &own.elts,
                _ => continue,
            };
            let names = elements.iter().filter_map(dotted);
            found.extend(names.map(|name| (module, join(&name, rest))));
        }
    }
    found
}

/// What loops over a name go through.
struct Loops<'n, 'a>(&'n str, Vec<&'a Expr>);

impl<'a> Visitor<'a> for Loops<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::For(own) = statement
            && matches!(&*own.target, Expr::Name(name) if name.id.as_str() == self.0)
        {
            self.1.push(&own.iter);
        }
        visitor::walk_stmt(self, statement);
    }
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
    let imports = project.graph.imports(from);
    let (first, rest) = dotted.split_once('.').unwrap_or((dotted, ""));
    let Some(import) = imports.get(first) else {
        return rest.is_empty().then(|| (from.path.as_str(), first.to_owned()));
    };
    if rest.is_empty() {
        let source = project.graph.locate(&from.path, import.level, &import.module)?;
        return origin(evidences, source, &import.name, depth);
    }
    let (inner, object) = rest.rsplit_once('.').unwrap_or(("", rest));
    let base = join(&import.module, &import.name);
    // `import a.b` binds `a`, and the rest names its modules.
    let whole = join(&base, inner);
    if let Some(source) = project.graph.locate(&from.path, import.level, &whole) {
        return origin(evidences, source, object, depth);
    }
    let source = project.graph.locate(&from.path, import.level, &base)?;
    origin(evidences, source, rest, depth)
}

fn inclusions(module: &Module) -> Vec<&ExprCall> {
    if !module.text().contains("include_router") && !module.text().contains("register_blueprint") {
        return Vec::new();
    }
    let mut functions = Functions::default();
    functions.visit_body(&module.ast.body);
    let includes = |call: &&ExprCall| matches!(&*call.func, Expr::Attribute(it) if matches!(it.attr.as_str(), "include_router" | "register_blueprint"));
    functions.1.into_iter().filter(includes).collect()
}

/// Functions, calls and classes of a module.
#[derive(Default)]
struct Functions<'a>(Vec<&'a StmtFunctionDef>, Vec<&'a ExprCall>, Vec<&'a StmtClassDef>);

impl<'a> Visitor<'a> for Functions<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.0.push(function),
            Stmt::ClassDef(class) => self.2.push(class),
            _ => {}
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
    let Some(urls) = root.and_then(|name| evidences.project.graph.locate("", 0, &name)) else {
        return;
    };
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
    let mut functions = Functions::default();
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
                if let Some(next) = evidences.project.graph.locate(&module.path, 0, target) {
                    patterns(evidences, next, &path, depth, into);
                } else if target.starts_with("health_check.") {
                    into.push(Route { path: whole("", &path), evidence: module.evidence(call) });
                }
            }
            None if asks_who(evidences, module, view) => {}
            None => into.push(Route { path: whole("", &path), evidence: module.evidence(call) }),
        }
    }
}

/// Whether a view of Django answers only who is logged in: by what is around
/// it in the pattern, or where it is written.
fn asks_who<'a>(evidences: &Evidences<'_, 'a>, module: &'a Module, view: &Expr) -> bool {
    if is_guarded(module.source(view)) {
        return true;
    }
    let name = match view {
        // `Health.as_view()`.
        Expr::Call(call) => dotted(&call.func),
        other => dotted(other),
    };
    let name = name.as_deref().map(|name| name.trim_end_matches(".as_view"));
    let found = name.and_then(|name| origin(evidences, module, name, DEEPEST));
    let Some((path, object)) = found else { return false };
    let source = evidences.project.modules.iter().find(|own| own.path == path);
    let Some(source) = source else { return false };
    let mut own = Functions::default();
    own.visit_body(&source.ast.body);
    own.0.iter().any(|it| it.name.as_str() == object && needs_login(source, it))
        || own.2.iter().any(|class| {
            class.name.as_str() == object
                && class.bases().iter().filter_map(dotted).any(|base| {
                    ["LoginRequiredMixin", "PermissionRequiredMixin", "UserPassesTestMixin"]
                        .iter()
                        .any(|mixin| base.ends_with(mixin))
                })
        })
}

/// Host names that Django's settings answer to by themselves.
pub(super) fn allowed_hosts(evidences: &Evidences<'_, '_>) -> Vec<String> {
    let bound = evidences.live().filter(|it| it.in_settings && it.first() == "ALLOWED_HOSTS");
    let texts = bound.flat_map(|it| it.value.parts()).filter_map(|part| match part {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    });
    texts.filter(|text| !text.is_empty()).collect()
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

    fn health(main: &str) -> Option<String> {
        let main = format!("from fastapi import APIRouter, Depends, FastAPI\n{main}");
        value(&Repository::fastapi(&main, &[]).find().health).map(str::to_owned)
    }

    #[test]
    fn a_route_is_known_however_its_name_is_decorated() {
        for path in [
            "/__heartbeat__",
            "/__lbheartbeat__",
            "/_status",
            "/-/healthy",
            "/healthz/",
            "/health-check",
            "/api/v1/Health_Check",
            "/_health",
        ] {
            let main = format!("app = FastAPI()\n@app.get('{path}')\ndef f(): ...\n");
            assert_eq!(health(&main).as_deref(), Some(path));
        }
    }

    #[test]
    fn an_application_that_is_mounted_has_the_prefix() {
        for (mount, expected) in [
            ("app.mount('/api/v2', sub)", Some("/api/v2/health")),
            ("app.mount('/api', app=sub)", Some("/api/health")),
            ("app.mount(unknown, sub)", None),
            ("", Some("/health")),
        ] {
            let main = format!(
                "app = FastAPI()\nsub = FastAPI()\n@sub.get('/health')\ndef f(): ...\n{mount}\n"
            );
            assert_eq!(health(&main).as_deref(), expected, "{mount}");
        }
        let factory = "def make():\n    app = FastAPI()\n    sub = FastAPI()\n    @sub.get('/health')\n    def f(): ...\n    app.mount('/inner', sub)\n    return app\napp = make()\n";
        assert_eq!(health(factory).as_deref(), Some("/inner/health"));
    }

    #[test]
    fn a_route_that_asks_who_is_there_is_none() {
        for code in [
            "app = FastAPI()\n@app.get('/health')\ndef f(who=Depends(get_current_user)): ...\n",
            "app = FastAPI()\n@app.get('/health', dependencies=[Depends(verify_token)])\ndef f(): ...\n",
            "app = FastAPI(dependencies=[Depends(auth)])\n@app.get('/health')\ndef f(): ...\n",
            "app = FastAPI()\nr = APIRouter(dependencies=[Depends(check_admin)])\n@r.get('/health')\ndef f(): ...\napp.include_router(r)\n",
            "app = FastAPI()\nr = APIRouter()\n@r.get('/health')\ndef f(): ...\napp.include_router(r, dependencies=[Depends(login)])\n",
            "app = FastAPI()\n@app.get('/admin/health')\ndef f(): ...\n",
        ] {
            assert_eq!(health(code), None, "{code}");
        }
        let open = "app = FastAPI()\n@app.get('/health')\ndef f(db=Depends(get_db)): ...\n";
        assert_eq!(health(open).as_deref(), Some("/health"));
    }

    #[test]
    fn a_view_of_django_that_asks_who_is_there_is_none() {
        let views = "from django.contrib.auth.decorators import login_required\n@login_required\ndef closed(request): ...\ndef open(request): ...\n";
        for (view, expected) in [
            ("views.closed", None),
            ("login_required(views.open)", None),
            ("views.open", Some("/health")),
        ] {
            let urls = format!(
                "from django.urls import path\nfrom config import views\nurlpatterns = [path('health', {view})]\n"
            );
            let files = [("config/urls.py", urls.as_str()), ("config/views.py", views)];
            let found = Repository::django("ROOT_URLCONF = 'config.urls'\n", &files).find();
            assert_eq!(value(&found.health), expected, "{view}");
        }
    }

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
    fn a_route_that_not_every_request_reaches_is_none_for_checks() {
        let app = "from fastapi import Depends, FastAPI, Header, Query, Request\nfrom starlette.middleware.trustedhost import TrustedHostMiddleware\napp = FastAPI()\n";
        let route = "@app.get('/health')\ndef f(): ...\n";
        let guard = "@app.middleware('http')\nasync def ask(request, call_next):\n    if request.headers['k'] != 'x':\n        return JSONResponse({}, status_code=401)\n    return await call_next(request)\n";
        let of = |text: &str| {
            let found = Repository::fastapi(&format!("{app}{text}"), &[]).find();
            found.health.is_known()
        };
        for parameters in [
            "tenant: str",
            "tenant",
            "deep: bool | None",
            "key: str = Header()",
            "key: str = Header(...)",
            "key: str = Header(alias='k')",
            "key: Annotated[str, Query()]",
        ] {
            assert!(!of(&route.replace("f()", &format!("f({parameters})"))), "{parameters}");
        }
        for parameters in [
            "deep: bool = False",
            "request: Request",
            "key: str = Header(None)",
            "key: str = Header(default='x')",
            "session: SessionDep",
            "session: Annotated[Session, Depends(opened)]",
        ] {
            assert!(of(&route.replace("f()", &format!("f({parameters})"))), "{parameters}");
        }
        let hosts = |list: &str| {
            format!("app.add_middleware(TrustedHostMiddleware, allowed_hosts=[{list}])\n{route}")
        };
        assert!(!of(&hosts("'shop.example'")));
        assert!(of(&hosts("'shop.example', 'localhost'")));
        assert!(!of(&format!("{guard}{route}")));
        let timing = guard.replace("status_code=401", "status_code=500");
        assert!(of(&format!("{timing}{route}")));
        let open = guard.replace("if ", "if request.url.path != '/health' and ");
        assert!(of(&format!("{open}{route}")));
        let class = "class Ask(BaseHTTPMiddleware): ...\nclass AskMiddleware(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next):\n        raise HTTPException(403)\n";
        assert!(!of(&format!("{class}{route}")));
        let depends = app.replace("FastAPI()", "FastAPI(dependencies=[Depends(known)])");
        let found = Repository::fastapi(&format!("{depends}{route}"), &[]).find();
        assert!(!found.health.is_known());
    }

    #[test]
    fn a_blueprint_of_another_module_has_its_prefix() {
        let found = Repository::fastapi(
            "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    from api import api_bp\n    app.register_blueprint(api_bp, url_prefix='/api/v1')\n    return app\napp = create_app()\n",
            &[
                ("api/__init__.py", "from flask import Blueprint\napi_bp = Blueprint('api', __name__)\nfrom . import checks\n"),
                ("api/checks.py", "from . import api_bp\n@api_bp.route('/health')\ndef live(): ...\n"),
            ],
        )
        .find();
        assert_eq!(value(&found.health), Some("/api/v1/health"));
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
    fn routers_that_are_included_in_a_loop_are_included() {
        let checks = "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/health')\ndef f(): ...\n";
        for (start, listed) in [
            (
                "from api import checks\nfor part in (checks,):\n    app.include_router(part.router, prefix='/api')\n",
                "",
            ),
            (
                "from api.checks import router\nfor own in [router]:\n    app.include_router(own, prefix='/api')\n",
                "",
            ),
            (
                "from api.checks import router\nALL = [router]\ndef add(app):\n    for own in ALL:\n        app.include_router(own, prefix='/api')\n",
                "",
            ),
            (
                "from api import ALL\nfor own in ALL:\n    app.include_router(own, prefix='/api')\n",
                "from .checks import router\nALL = (router,)\n",
            ),
        ] {
            let main = format!("from fastapi import FastAPI\napp = FastAPI()\n{start}");
            let files = [("api/__init__.py", listed), ("api/checks.py", checks)];
            let found = Repository::fastapi(&main, &files).find();
            assert_eq!(value(&found.health), Some("/api/health"), "{start}");
        }
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
    fn a_route_of_starlette_stands_below_what_it_is_mounted_in() {
        let main = "from starlette.applications import Starlette\nfrom starlette.routing import Mount, Route\nfrom checks import routes\napp = Starlette(routes=[Mount('/api', routes=[Mount('/ops', routes=routes), Route('/ready', f)])])\n";
        let checks = "from starlette.routing import Route\nroutes = [Route('/healthz', f)]\n";
        let found = Repository::new(&[("main.py", main), ("checks.py", checks)])
            .starts("starlette", "main:app")
            .find();
        assert_eq!(value(&found.health), Some("/api/ops/healthz"));
        assert_eq!(value(&found.ready), Some("/api/ready"));
        let plain = main.replace(
            "[Mount('/api', routes=[Mount('/ops', routes=routes), Route('/ready', f)])]",
            "[*routes]",
        );
        let found = Repository::new(&[("main.py", &plain), ("checks.py", checks)])
            .starts("starlette", "main:app")
            .find();
        assert_eq!(value(&found.health), Some("/healthz"));
    }

    #[test]
    fn a_handler_of_litestar_is_a_function_or_a_controllers_method() {
        let main = "from litestar import Litestar, Router, get\nfrom ops import live, Ops\n@get('/ready')\nasync def ready() -> None: ...\napp = Litestar([ready, Ops, Router('/sys', route_handlers=[live])])\n";
        let ops = "import litestar\nfrom litestar import Controller, get, post\n@get('/livez')\ndef live() -> None: ...\nclass Ops(Controller):\n    path = '/internal'\n    @litestar.get('/health')\n    def health(self) -> None: ...\n    @post('/healthz')\n    def change(self) -> None: ...\n";
        let found = Repository::new(&[("main.py", main), ("ops.py", ops)])
            .starts("litestar", "main:app")
            .find();
        assert_eq!(value(&found.health), Some("/internal/health"));
        assert_eq!(value(&found.ready), Some("/ready"));
        let without = ops.replace("@litestar.get('/health')", "@post('/health')");
        let found = Repository::new(&[("main.py", main), ("ops.py", &without)])
            .starts("litestar", "main:app")
            .find();
        assert_eq!(value(&found.health), Some("/sys/livez"));
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
