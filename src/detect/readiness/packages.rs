//! The server that runs the application, among its dependencies.

use crate::catalog::releases;
use crate::catalog::servers::lacks_for_websockets;
use crate::detect::facts::{Facts, Interface};
use crate::detect::readiness::Lack;
use crate::detect::tree::Tree;

/// The server, and the library by which it speaks WebSockets, where they are
/// not among the dependencies.
pub fn server(tree: &Tree, facts: &Facts) -> Vec<Lack> {
    let (server, library) = match facts.interface.value() {
        // gunicorn's uvicorn workers need uvicorn all the same.
        Some(Interface::Asgi) => ("uvicorn", lacks_for_websockets(&facts.packages)),
        Some(Interface::Wsgi) => ("gunicorn", None),
        None => return Vec::new(),
    };
    let library = library.filter(|_| facts.websockets.is_known());
    let missing = (!facts.installs(server)).then_some(server).into_iter().chain(library);
    missing.filter_map(|package| lack(tree, facts, package)).collect()
}

/// A package of the server that is not among the dependencies: the image then
/// installs a pinned one of its own.
fn lack(tree: &Tree, facts: &Facts, server: &str) -> Option<Lack> {
    let python = facts.python.value().map_or("3.14", |python| python.version.as_str());
    let version = releases::version(server, python)?;
    let manager = facts.package_manager.value()?;
    let files = facts.dependency_files.value()?;
    let command = match manager.as_str() {
        "uv" => format!("uv add {server}"),
        "poetry" => format!("poetry add {server}"),
        "pdm" => format!("pdm add {server}"),
        "pipenv" => format!("pipenv install {server}"),
        "pip" => return requirement(tree, files, server, version),
        _ => {
            let path = files.first()?;
            let message = format!(
                "{server} is not among the dependencies: the image installs {server} {version} in a layer of its own; name it in {path} to choose its version yourself"
            );
            return Some(Lack::new("server-missing", path, 0, message));
        }
    };
    let message = format!(
        "{server} is not among the dependencies: the image installs {server} {version} in a layer of its own; `{command}` makes it one"
    );
    Some(Lack::new("server-missing", files.last()?, 0, message))
}

/// A requirements file takes a line; one with hashes would then refuse
/// everything that has none.
fn requirement(tree: &Tree, files: &[String], server: &str, version: &str) -> Option<Lack> {
    let path = files.first()?;
    let hashed = tree.text(path)?.contains("--hash=");
    let mut message = format!(
        "{server} is not among the dependencies: the image installs {server} {version} in a layer of its own"
    );
    if hashed {
        message.push_str("; compile it into the hashed requirements to make it one");
        return Some(Lack::new("server-missing", path, 0, message));
    }
    message.push_str("; this line makes it one");
    let mut lack =
        Lack::new("server-missing", path, 0, message).adding([format!("{server}=={version}")]);
    lack.safe = true;
    Some(lack)
}
