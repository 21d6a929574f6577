//! What the code that production runs is set to: Django's settings, and
//! Celery's wherever they stand.

use std::sync::Arc;

use ruff_python_ast::{Expr, Stmt};

use super::{Build, Container, Subject, Value};
use crate::detect::gunicorn::{self, place, value};
use crate::detect::path::is_below;
use crate::detect::python::{self, Module};
use crate::detect::python::{When, reached};
use crate::lint::diagnostic::At;
use crate::source::text::Text;

/// A setting, what it is worth, and where it is set.
pub type Setting = (String, Value, At);

/// A file of settings: gunicorn's, or Django's.
#[derive(Clone, Debug)]
pub struct Config {
    /// The number of its text.
    pub text: usize,
    /// Each setting that it assigns, the last one of a name last.
    pub settings: Vec<Setting>,
}

impl Config {
    /// Reads a file of gunicorn's.
    #[must_use]
    pub fn read(number: usize, text: &Text) -> Self {
        let settings = gunicorn::read(text).into_iter();
        let at = |(name, value, span)| (name, value, At::new(number, span));
        Self { text: number, settings: settings.map(at).collect() }
    }

    /// A setting and where it is assigned.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<(&Value, At)> {
        self.settings.iter().rfind(|(own, ..)| own == name).map(|(_, value, at)| (value, *at))
    }

    /// Reads a module of settings. What only some surroundings set is not known.
    #[must_use]
    pub fn of_settings(number: usize, text: &Text) -> Self {
        let module = Module::parse(&text.path, Arc::from(text.text.as_str()));
        let mut settings: Vec<Setting> = Vec::new();
        for (when, statement) in reached(&module.ast.body, When::Always) {
            if when == When::Never {
                continue;
            }
            for (name, expression) in python::assignments(statement) {
                let known = if when == When::Always {
                    value(expression, &settings)
                } else {
                    Value::Unknown
                };
                settings.push((name.to_owned(), known, At::new(number, place(statement))));
            }
        }
        Self { text: number, settings }
    }
}

impl Subject {
    /// A setting of Django's, by its name: what the nearest module of settings says.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<(&Value, At)> {
        self.settings.iter().find_map(|module| module.get(name))
    }

    /// A setting of Celery's by its own name: `task_time_limit`, and
    /// `visibility_timeout` of the broker's options.
    #[must_use]
    pub fn celery(&self, name: &str) -> Option<(&Value, At)> {
        let own = self.celery.iter().rfind(|(own, ..)| own == name);
        own.map(|(_, value, at)| (value, *at))
    }

    /// A line of a file that was read.
    #[must_use]
    pub fn line_of(&self, path: &str, line: usize) -> Option<At> {
        let text = self.text_of(path)?;
        Some(if line == 0 { At::file(text) } else { self.line_at(text, line) })
    }

    /// Whether an image holds the application that `facts` are about: a
    /// repository may have several.
    #[must_use]
    pub fn is_detected(&self, build: &Build) -> bool {
        let Some(root) = self.facts.root.value().filter(|_| build.is_python) else { return false };
        let fits = |own: &Build| is_below(root, &own.context) || is_below(&own.context, root);
        // The nearest context is its own.
        let depth = |own: &Build| if own.context == "." { 0 } else { own.context.len() };
        let others = self.builds.iter().filter(|own| own.is_python && fits(own));
        let nearest = others.map(depth).max();
        fits(build) && nearest == Some(depth(build))
    }

    /// Whether a container runs the application that `facts` are about.
    #[must_use]
    pub fn runs_detected(&self, container: &Container) -> bool {
        let Some(build) = self.build_of(container) else { return false };
        let started = container.server.as_ref().filter(|own| own.program.serves());
        let app = started.and_then(|own| own.app.as_deref());
        match (app, self.facts.app.value()) {
            (Some(app), Some(detected)) => {
                // gunicorn takes a module alone for its `application`.
                let bare = |app: &str| {
                    let app = app.trim_end_matches("()");
                    if app.contains(':') { app.to_owned() } else { format!("{app}:application") }
                };
                let (app, detected) = (bare(app), bare(detected));
                app == detected
                    || app.ends_with(&format!(".{detected}"))
                    || detected.ends_with(&format!(".{app}"))
            }
            _ => self.is_detected(build),
        }
    }
}

/// Celery's settings in a module: `CELERY_…`, `app.conf.… = …`, `app.conf.update(…)`.
pub(super) fn celery(number: usize, text: &Text) -> Vec<Setting> {
    let module = Module::parse(&text.path, Arc::from(text.text.as_str()));
    let mut found = Vec::new();
    for (when, statement) in reached(&module.ast.body, When::Always) {
        if when == When::Never {
            continue;
        }
        let at = At::new(number, place(statement));
        let mut note = |name: &str, expression: &Expr| {
            let name = name.to_ascii_lowercase();
            if name == "broker_transport_options"
                && let Expr::Dict(options) = expression
            {
                for item in &options.items {
                    if let Some(key) = item.key.as_ref().and_then(python::string) {
                        found.push((key.to_owned(), gunicorn::literal(&item.value), at));
                    }
                }
            }
            let known =
                if when == When::Always { gunicorn::literal(expression) } else { Value::Unknown };
            found.push((name, known, at));
        };
        match statement {
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    let Some(name) = python::dotted(target) else { continue };
                    if let Some((_, own)) = name.rsplit_once(".conf.") {
                        note(own, &assign.value);
                    } else if let Some(own) = name.strip_prefix("CELERY_") {
                        note(own, &assign.value);
                    }
                }
            }
            Stmt::Expr(expression) => {
                let Expr::Call(call) = &*expression.value else { continue };
                if python::dotted(&call.func).is_some_and(|name| name.ends_with(".conf.update")) {
                    for keyword in &call.arguments.keywords {
                        if let Some(name) = &keyword.arg {
                            note(name.as_str(), &keyword.value);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    found
}
