//! Repositories that are no web service of a kind dockwright writes for: said
//! plainly, and nothing is written.

use crate::catalog::Framework;
use crate::cli::init::layers::Layers;
use crate::detect::{Fact, path};
use crate::error::{Error, Problem};
use crate::plan::Plan;
use crate::schema::{ADOPTED_PYTHONS, Role};
use crate::source::compose::{Document, FILE_NAMES, Item, is_compose, yaml};
use crate::source::text;

/// Refuses a repository without a web application.
///
/// # Errors
/// What it is instead, and what to do where that is wrong.
pub fn check(layers: &Layers) -> Result<(), Error> {
    let facts = &layers.facts;
    if layers.made_by_new() {
        return Ok(());
    }
    python_to_come(layers)?;
    if let Some(app) = layers.explicit("project.app") {
        return named(layers, &app);
    }
    let dir = layers.dir.display();
    let open = matches!(facts.app, Fact::Ambiguous(_)) || matches!(facts.root, Fact::Ambiguous(_));
    if facts.app.is_known() || open {
        return Ok(());
    }
    let problem = match &facts.instead {
        Some(instead) => Problem::new(format!("no web application in {dir}: this is {instead}")),
        None => Problem::new(format!("no web application was found in {dir}")),
    };
    let mut problems = vec![problem.help(help(facts.instead.as_deref().unwrap_or_default()))];
    // What could not be read may be why nothing was found.
    for unreadable in &facts.unreadable {
        problems.push(Problem::new(unreadable.why.clone()).at(unreadable.path.clone()));
    }
    Err(Error::Input(problems))
}

/// Refuses a project whose Python nobody here knows an image of: an older one would not
/// install it.
fn python_to_come(layers: &Layers) -> Result<(), Error> {
    let Fact::Known(python, evidence) = &layers.facts.python else { return Ok(()) };
    let minor = |version: &str| version.strip_prefix("3.")?.parse::<u64>().ok();
    let newest = ADOPTED_PYTHONS.last().copied().unwrap_or_default();
    if minor(&python.version) <= minor(newest)
        || layers.explicit("project.python").is_some()
        || layers.image_stays()
    {
        return Ok(());
    }
    let stated = evidence.first().map_or("", |line| line.text.trim());
    let problem = Problem::new(format!(
        "the project takes Python {} or newer ({stated}), and {newest} is the newest that this version of dockwright has images of",
        python.version
    ));
    let place = evidence.first().map(crate::detect::Evidence::place).unwrap_or_default();
    let help = format!(
        "where the code runs on {newest}, lower the bound, or: --set project.python={newest}"
    );
    Err(Error::Input(vec![problem.at(place).help(help)]))
}

/// Refuses container files that cannot be read: what they do could neither be improved
/// nor carried on, and a database would be left behind.
///
/// # Errors
/// Each of them, and why.
pub fn unreadable(layers: &Layers) -> Result<(), Error> {
    let context = layers.facts.build_context.value().map_or(".", String::as_str);
    let dockerfile = path::join(context, "Dockerfile");
    let names = FILE_NAMES.into_iter().map(str::to_owned).chain(dockerfile);
    let mut problems = Vec::new();
    for name in names {
        let path = layers.dir.join(&name);
        let why = match text::bytes(&path) {
            Ok(bytes) => match str::from_utf8(&bytes) {
                Ok(text) if is_compose(&name) => {
                    yaml::read_strictly(text).err().or_else(|| Document::read(text).err())
                }
                Ok(_) => None,
                Err(error) => {
                    let line = bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
                    Some(format!("it is no UTF-8 in line {}", line + 1))
                }
            },
            Err(_) if path.is_dir() => Some("it is a directory".to_owned()),
            Err(_) => None,
        };
        problems.extend(why.map(|why| {
            let help = "correct it, or move it away: what it does would be lost";
            Problem::new(format!("it cannot be read: {why}")).at(name).help(help)
        }));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
}

/// Refuses an application by a module that is not there: nothing would start.
fn named(layers: &Layers, app: &str) -> Result<(), Error> {
    let root = match layers.explicit("project.root") {
        Some(root) => root,
        None => layers.facts.root.value().map_or_else(|| ".".to_owned(), Clone::clone),
    };
    let module = app.split(':').next().unwrap_or(app);
    let path = layers.dir.join(&root).join(module.replace('.', "/"));
    // Beside a package there may be only its directory.
    if path.with_extension("py").is_file() || path.is_dir() {
        return Ok(());
    }
    let message = format!("project.app = {app}: there is no module {module} below {root}");
    Err(Error::Input(vec![
        Problem::new(message)
            .help("name the directory it is imported from: --set project.root=DIRECTORY"),
    ]))
}

fn help(instead: &str) -> String {
    if instead.contains("empty") {
        return "`dockwright new` makes a new service".to_owned();
    }
    let titles: Vec<&str> = Framework::all().map(|it| it.row().title.as_str()).collect();
    let services = format!("dockwright writes container files for {} services", titles.join(", "));
    // No object of it would serve anything.
    if ["a bot", "a crawler", "a project template"].contains(&instead) {
        return services;
    }
    if instead.contains("without Python") {
        return format!("{services}; name the directory of yours: dockwright init DIRECTORY");
    }
    format!(
        "{services}; if this is one, name its object: --set project.app=MODULE:OBJECT, or the \
         file that starts its own server: --set project.app=MODULE:__main__, and the directory it \
         is imported from where that is another: --set project.root=DIRECTORY"
    )
}

/// Refuses to replace a compose file that says what the application is in another
/// file: what stands there would run beside what is written.
pub(super) fn split(plan: &Plan) -> Result<(), Error> {
    let Some(carry) = &plan.carry else { return Ok(()) };
    let document = &carry.document;
    let file = &carry.carried.file;
    let services = document.root.get("services").into_iter().flat_map(Item::entries);
    let extended = services.filter_map(|(name, own)| {
        let from = own.get("extends")?.get("file")?;
        Some((name.scalar()?, from.scalar()?, from.line))
    });
    let web = carry.services.get(&Role::Web).map(|own| own.name.as_str());
    // One of another program goes on as it stands.
    let mut of_application = extended.filter(|(name, ..)| web.is_none_or(|own| own == name));
    let message = match of_application.next() {
        Some((name, from, line)) => {
            let said = format!("{name} takes what it runs from {from}, which is not read");
            (format!("{file}:{line}"), said)
        }
        None => {
            let included = document.root.get("include").filter(|_| web.is_none());
            let Some(included) = included else { return Ok(()) };
            (
                format!("{file}:{}", included.line),
                "the services are in files that it includes".to_owned(),
            )
        }
    };
    let problem = Problem::new(format!("{}, so that it cannot be replaced", message.1));
    Err(Error::Input(vec![problem.at(message.0).help(
        "--adopt improves the files as they are; or `docker compose config --no-interpolate` writes all of it into one file",
    )]))
}
