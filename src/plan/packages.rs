//! The locked set of Python packages a stack installs: its roots' closure in
//! a resolution made ahead, with the hashes of every file.
//!
//! `catalog/data/requirements.toml` says which roots a stack has;
//! `catalog/data/packages.json`
//! holds one resolution of all of them per Python minor version, made by
//! `tests/tools/lock_packages.py`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::catalog::Framework;
use crate::plan::flags::Flags;

#[derive(Deserialize)]
struct Rows {
    package: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: Option<String>,
    of: Option<Of>,
    #[serde(default)]
    when: Vec<String>,
    #[serde(default)]
    dev: bool,
    marker: Option<String>,
}

/// Packages that the framework's own row names.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Of {
    Framework,
    FrameworkTests,
    FrameworkStubs,
}

/// What a service names itself.
struct Root {
    /// With extras.
    name: &'static str,
    dev: bool,
    marker: Option<&'static str>,
}

impl Row {
    fn roots(&'static self, framework: Framework) -> impl Iterator<Item = Root> {
        let named = match self.of {
            None => self.name.as_slice(),
            Some(Of::Framework) => framework.row().packages.as_slice(),
            Some(Of::FrameworkTests) => framework.row().test_packages.as_slice(),
            Some(Of::FrameworkStubs) => framework.row().stubs.as_slice(),
        };
        let marker = self.marker.as_deref();
        named.iter().map(move |name| Root { name, dev: self.dev, marker })
    }
}

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(borrow)]
    files: BTreeMap<&'a str, Vec<&'a str>>,
    /// Left unread until one of them is needed: reading all costs more than
    /// planning.
    #[serde(borrow)]
    graphs: BTreeMap<&'a str, &'a RawValue>,
}

/// One resolution: every package by its name.
type Graph = BTreeMap<&'static str, Package<'static>>;

#[derive(Deserialize)]
struct Package<'a> {
    version: &'a str,
    #[serde(borrow, default)]
    needs: Vec<Need<'a>>,
    #[serde(borrow, default)]
    extras: BTreeMap<&'a str, Vec<Need<'a>>>,
}

#[derive(Deserialize)]
struct Need<'a> {
    name: &'a str,
    #[serde(borrow, default)]
    extras: Vec<&'a str>,
    #[serde(borrow, default)]
    marker: Option<std::borrow::Cow<'a, str>>,
}

static ROWS: LazyLock<Rows> = LazyLock::new(|| {
    toml::from_str(include_str!("../catalog/data/requirements.toml")).expect("a unit test reads it")
});
static LOCK: LazyLock<Lock<'static>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../catalog/data/packages.json"))
        .expect("a unit test reads it")
});

/// The resolution for a Python minor version.
fn graph(python: &str) -> Graph {
    let text: &'static str = LOCK.graphs[python].get();
    serde_json::from_str(text).expect("a unit test reads it")
}

/// The bodies of a service's requirement files.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Requirements {
    /// What the application names itself, pinned: `fastapi==0.165.0`.
    pub roots: Vec<String>,
    /// The same for tests and linters.
    pub dev_roots: Vec<String>,
    /// Everything that is installed, with hashes.
    pub locked: String,
    /// Everything the tests need beyond that, with hashes.
    pub dev_locked: String,
}

/// Under which conditions a package is installed: `None` always.
type Reached = BTreeMap<&'static str, Option<Vec<String>>>;

/// The packages of a stack on a Python minor version.
#[must_use]
pub fn resolve(flags: &Flags, framework: Framework, python: &str) -> Requirements {
    let graph = &graph(python);
    let (dev, roots): (Vec<Root>, Vec<Root>) = ROWS
        .package
        .iter()
        .filter(|row| flags.all(row.when.iter().map(String::as_str)))
        .flat_map(|row| row.roots(framework))
        .partition(|root| root.dev);
    let reach = |roots: &[Root], reached: &mut Reached| {
        for root in roots {
            let (name, extras) = split(root.name);
            visit(graph, name, &extras, root.marker, reached);
        }
    };
    let mut reached = Reached::new();
    reach(&roots, &mut reached);
    let mut with_dev = reached.clone();
    reach(&dev, &mut with_dev);
    let pinned = |root: &Root| {
        let (name, _) = split(root.name);
        let marker = root.marker.map(|marker| format!(" ; {marker}")).unwrap_or_default();
        format!("{}=={}{marker}", root.name, graph[name].version)
    };
    let dev_only: Reached =
        with_dev.into_iter().filter(|(name, _)| !reached.contains_key(name)).collect();
    Requirements {
        roots: roots.iter().map(pinned).collect(),
        dev_roots: dev.iter().map(pinned).collect(),
        locked: lines(graph, &reached),
        dev_locked: lines(graph, &dev_only),
    }
}

fn split(requirement: &str) -> (&str, Vec<&str>) {
    match requirement.split_once('[') {
        Some((name, extras)) => {
            (name, extras.trim_end_matches(']').split(',').map(str::trim).collect())
        }
        None => (requirement, Vec::new()),
    }
}

/// Reaches a package and what it needs. Markers add up along a path; a second
/// path to a package is an alternative; a path without markers ends the
/// matter.
fn visit(graph: &Graph, name: &str, extras: &[&str], marker: Option<&str>, reached: &mut Reached) {
    let (name, package) = graph.get_key_value(name).unwrap_or_else(|| {
        panic!("`{name}` is not in packages.json; run tests/tools/lock_packages.py")
    });
    let known = reached.get(name).cloned();
    let changed = match (&known, marker) {
        (None, None) => {
            reached.insert(name, None);
            true
        }
        (None, Some(marker)) => {
            reached.insert(name, Some(vec![marker.to_owned()]));
            true
        }
        (Some(None), _) => false,
        (Some(Some(_)), None) => {
            reached.insert(name, None);
            true
        }
        (Some(Some(alternatives)), Some(marker)) => {
            let fresh = !alternatives.iter().any(|known| known == marker);
            if fresh {
                let mut alternatives = alternatives.clone();
                alternatives.push(marker.to_owned());
                reached.insert(name, Some(alternatives));
            }
            fresh
        }
    };
    let wanted = extras.iter().filter_map(|extra| package.extras.get(extra)).flatten();
    let needs: Vec<&Need> =
        if changed { package.needs.iter().chain(wanted).collect() } else { wanted.collect() };
    for need in needs {
        let joined = match (marker, need.marker.as_deref()) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
            (Some(one), Some(other)) if one == other => Some(one.to_owned()),
            (Some(one), Some(other)) => Some(format!("({one}) and ({other})")),
        };
        visit(graph, need.name, &need.extras, joined.as_deref(), reached);
    }
}

fn lines(graph: &Graph, reached: &Reached) -> String {
    let mut text = String::new();
    for (name, markers) in reached {
        let pinned = format!("{name}=={}", graph[name].version);
        text.push_str(&pinned);
        if let Some(alternatives) = markers {
            text.push_str(&format!(" ; {}", alternatives.join(" or ")));
        }
        for hash in &LOCK.files[pinned.as_str()] {
            text.push_str(&format!(" \\\n    --hash=sha256:{hash}"));
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::PYTHONS;

    #[test]
    fn the_lock_holds_every_root_on_every_python() {
        for python in PYTHONS {
            let graph = graph(python);
            let roots = Framework::all()
                .flat_map(|one| ROWS.package.iter().flat_map(move |row| row.roots(one)));
            for root in roots {
                let (name, extras) = split(root.name);
                let package = graph.get(name).unwrap_or_else(|| panic!("{name} on {python}"));
                for extra in extras {
                    let known = package.extras.contains_key(extra);
                    assert!(known, "{name}[{extra}] on {python}");
                }
            }
        }
    }

    #[test]
    fn every_package_of_every_graph_has_its_hashes_or_a_reason() {
        for python in LOCK.graphs.keys() {
            for (name, package) in graph(python) {
                let pinned = format!("{name}=={}", package.version);
                let hashes = LOCK.files.get(pinned.as_str());
                let hashes = hashes.unwrap_or_else(|| panic!("{pinned} on {python}"));
                // The CPU builds of these are on an index of their own.
                let unhashed = ["torch", "torchvision"].contains(&name);
                assert_eq!(hashes.is_empty(), unhashed, "{pinned}");
                assert!(hashes.iter().all(|hash| hash.len() == 64));
            }
        }
    }
}
