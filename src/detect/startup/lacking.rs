//! What settings of a Django project lack to serve anybody: a module that is
//! not in the repository, a secret key, host names; and what of them is not
//! meant for users.

use ruff_python_ast::{Expr, Stmt};

use super::settings;
use crate::detect::fact::Evidence;
use crate::detect::facts::Doubt;
use crate::detect::path::parent;
use crate::detect::python::modules::Modules;
use crate::detect::python::{self, Module};
use crate::detect::tree::Tree;

/// The key of the doubts.
const KEY: &str = "settings";

/// What a settings module lacks.
#[derive(Debug, Default)]
pub(super) struct Lacking {
    /// Modules that it imports and that are not there, with their lines.
    pub(super) modules: Vec<(String, Evidence)>,
    /// Whether it has no `SECRET_KEY`: Django does not start.
    pub(super) key: bool,
    /// Whether it has no `ALLOWED_HOSTS` and no debug mode: every request is
    /// answered with 400.
    pub(super) hosts: bool,
}

impl Lacking {
    /// Whether nobody is served with these settings.
    pub(super) fn serves_nobody(&self) -> bool {
        !self.modules.is_empty() || self.key || self.hosts
    }

    /// What is lacking, as a list.
    fn listed(&self) -> String {
        let modules = self.modules.iter();
        let modules = modules.map(|(name, line)| format!("{name}, which {} imports", line.place()));
        let names = [(self.key, "SECRET_KEY"), (self.hosts, "ALLOWED_HOSTS")];
        let names = names.into_iter().filter(|(lacks, _)| *lacks).map(|(_, name)| name.to_owned());
        modules.chain(names).collect::<Vec<_>>().join(", ")
    }

    /// The lines that give what is lacking.
    fn lines(&self) -> String {
        let key = self.key.then_some("SECRET_KEY = os.environ[\"SECRET_KEY\"]");
        let hosts = self.hosts.then_some(
            "ALLOWED_HOSTS = os.environ.get(\"ALLOWED_HOSTS\", \"localhost\").split(\",\")",
        );
        let lines: Vec<&str> = key.into_iter().chain(hosts).collect();
        match lines.is_empty() {
            true => "commit it, or import it in a try that goes on without it".to_owned(),
            false => format!("give it `import os`, `{}`", lines.join("`, `")),
        }
    }
}

/// What a settings module lacks; nothing where it is made in a way that cannot
/// be read.
pub(super) fn of(modules: &Modules<'_>, root: &str, name: &str) -> Lacking {
    let files = settings::files(modules, root, name);
    let read: Vec<(&String, &Module)> =
        files.iter().filter_map(|file| Some((file, modules.module(file)?))).collect();
    if read.is_empty() || read.iter().any(|(_, module)| is_made(module.text())) {
        return Lacking::default();
    }
    let mut lacking = Lacking::default();
    for (file, module) in &read {
        for (statement, guarded) in imports(module) {
            let Stmt::ImportFrom(import) = statement else { continue };
            let dotted = import.module.as_ref().map_or("", |name| name.as_str());
            let level = import.level;
            if modules.resolve(file, level, dotted).is_some() {
                continue;
            }
            let first = dotted.split('.').next().unwrap_or(dotted);
            let local = level > 0 || modules.below(root, first).is_some();
            let star = import.names.iter().any(|alias| alias.name.as_str() == "*");
            // Packages, and files that git leaves out, may hold anything.
            if star && !local || local && on_disk(modules.tree, file, level, root, dotted) {
                return Lacking::default();
            }
            if local && !guarded {
                let name = format!("{}{dotted}", ".".repeat(level as usize));
                lacking.modules.push((name, module.evidence(statement)));
            }
        }
    }
    let has = |name: &str| read.iter().any(|(_, module)| sets(module, name));
    lacking.key = !has("SECRET_KEY");
    lacking.hosts = !has("ALLOWED_HOSTS") && debug(modules, &files).is_none();
    lacking
}

/// Whether settings come to be in a way that no assignment shows.
fn is_made(text: &str) -> bool {
    const WAYS: [&str; 8] = [
        "globals()",
        "locals()",
        "exec(",
        "include(",
        "setattr(",
        "Configuration)",
        "dynaconf",
        "import_module",
    ];
    WAYS.iter().any(|way| text.contains(way))
}

/// Imports of a module, each with whether it goes on without.
fn imports(module: &Module) -> Vec<(&Stmt, bool)> {
    let direct =
        |statement: &&Stmt| module.ast.body.iter().any(|own| std::ptr::eq(own, *statement));
    let mut all = Vec::new();
    python::flatten(&module.ast.body, &mut all);
    let own = all.into_iter().filter(|own| matches!(own, Stmt::ImportFrom(_)));
    own.map(|statement| (statement, !direct(&statement))).collect()
}

/// Whether a module is on this machine, though git leaves it out.
fn on_disk(tree: &Tree, file: &str, level: u32, root: &str, dotted: &str) -> bool {
    let mut directory = if level == 0 { root.to_owned() } else { parent(file).to_owned() };
    for _ in 1..level {
        directory = parent(&directory).to_owned();
    }
    let path = tree.base().join(directory).join(dotted.replace('.', "/"));
    path.with_extension("py").is_file() || path.join("__init__.py").is_file()
}

/// Whether a module gives a name a value, in any branch.
fn sets(module: &Module, name: &str) -> bool {
    let mut all = Vec::new();
    python::flatten(&module.ast.body, &mut all);
    all.into_iter().any(|statement| match statement {
        Stmt::ImportFrom(import) => import
            .names
            .iter()
            .any(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str() == name),
        Stmt::AugAssign(own) => matches!(&*own.target, Expr::Name(it) if it.id.as_str() == name),
        _ => python::assignments(statement).iter().any(|(own, _)| *own == name),
    })
}

/// The last value that a settings module gives a name by itself.
fn last<'a>(
    modules: &Modules<'a>,
    files: &[String],
    name: &str,
) -> Option<(&'a Module, &'a Stmt, &'a Expr)> {
    files.iter().find_map(|file| {
        let module = modules.module(file)?;
        module.ast.body.iter().rev().find_map(|statement| {
            let found = python::assignments(statement).into_iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (module, statement, value))
        })
    })
}

/// The line that turns debug mode on, whatever the environment says.
fn debug(modules: &Modules<'_>, files: &[String]) -> Option<Evidence> {
    let (module, statement, value) = last(modules, files, "DEBUG")?;
    matches!(value, Expr::BooleanLiteral(own) if own.value).then(|| module.evidence(statement))
}

/// What is doubtful about the settings that were chosen.
pub fn doubts(tree: &Tree, root: &str, chosen: &str) -> Vec<Doubt> {
    let modules = Modules::rooted(tree, root);
    let doubt = |message: String, help: String| Doubt { key: KEY.to_owned(), message, help };
    let files = settings::files(&modules, root, chosen);
    let mut doubts = Vec::new();
    let own = of(&modules, root, chosen);
    if own.serves_nobody() {
        let message = format!("{chosen} lacks {}: it serves nobody as it is", own.listed());
        doubts.push(doubt(message, own.lines()));
    }
    if let Some((name, other)) = settings::given_up(&modules, root, chosen) {
        let message = format!(
            "{name} lacks {}: nobody would be served with it, so {chosen} is taken, which starts the project today",
            other.listed()
        );
        let help = format!("{}; then --set project.settings={name}", other.lines());
        doubts.push(doubt(message, help));
    }
    if let Some(line) = debug(&modules, &files) {
        let message = format!(
            "{}: DEBUG is on whatever the environment says: errors show code and settings to everybody",
            line.place()
        );
        let help = "DEBUG = os.environ.get(\"DEBUG\") == \"1\", and import os".to_owned();
        doubts.push(doubt(message, help));
    }
    if let Some((module, statement, value)) = last(&modules, &files, "SECURE_SSL_REDIRECT")
        && is_fixed(value)
    {
        let message = format!(
            "{}: plain HTTP is redirected to HTTPS, which nothing here serves: http://localhost answers with a redirect alone",
            module.evidence(statement).place()
        );
        let help = "SECURE_SSL_REDIRECT = os.environ.get(\"SECURE_SSL_REDIRECT\") == \"1\" lets .env decide; or put a proxy that ends TLS in front, and SECURE_PROXY_SSL_HEADER".to_owned();
        doubts.push(doubt(message, help));
    }
    doubts
}

/// Whether a value is on in production and no variable turns it off.
fn is_fixed(value: &Expr) -> bool {
    match value {
        Expr::BooleanLiteral(own) => own.value,
        Expr::UnaryOp(_) | Expr::Name(_) => true,
        _ => false,
    }
}
