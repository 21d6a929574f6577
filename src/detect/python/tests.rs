//! What expressions are worth, over made-up repositories.

use assert_fs::TempDir;
use assert_fs::prelude::*;

use super::{Evaluator, Modules, Project, Value};
use crate::detect::tree::Tree;

/// The value of a name of `main.py`.
fn worth(files: &[(&str, &str)], name: &str) -> Value {
    let directory = TempDir::new().unwrap();
    for (path, text) in files {
        directory.child(path).write_str(text).unwrap();
    }
    let tree = Tree::read(directory.path()).unwrap();
    let graph = Modules::new(&tree);
    let project = Project { graph: &graph, modules: Vec::new(), settings: Vec::new() };
    let main = graph.module("main.py").unwrap();
    Evaluator::new(&project).global(main, name).unwrap_or_default()
}

fn text(main: &str) -> Option<String> {
    worth(&[("main.py", main)], "x").text()
}

#[test]
fn a_name_is_worth_what_the_lines_before_gave_it() {
    assert_eq!(text("a = 'one'\nx = a\na = 'two'\n").as_deref(), Some("one"));
    assert_eq!(text("x = 'one'\nx = x + '-two'\n").as_deref(), Some("one-two"));
    assert_eq!(text("def f():\n    return a\na = 'one'\nx = f()\n").as_deref(), Some("one"));
}

#[test]
fn a_change_that_may_happen_comes_after_what_it_changes() {
    let main = "x = 'one'\nif strict:\n    x = x + '/'\n";
    assert_eq!(text(main).as_deref(), Some("one"));
}

#[test]
fn what_a_script_gives_a_name_is_seen_by_the_script_alone() {
    let main = "if __name__ == '__main__':\n    a = 'one'\n    x = a\n";
    assert_eq!(text(main), None);
    let main = format!("{main}x = a\n");
    assert_eq!(text(&main), None);
}

#[test]
fn a_function_is_worth_what_it_returns_for_what_it_is_given() {
    let main = "def f(a, b='two'):\n    return f'{a}-{b}'\n";
    assert_eq!(text(&format!("{main}x = f('one')\n")).as_deref(), Some("one-two"));
    assert_eq!(text(&format!("{main}x = f(b='1', a='0')\n")).as_deref(), Some("0-1"));
    assert_eq!(text("def f(a):\n    return f(a)\nx = f('one')\n"), None);
}

#[test]
fn what_a_function_makes_empty_it_fills() {
    let main = "def f():\n    a = {}\n    a['k'] = 1\n    return a\nx = f()\n";
    assert_ne!(worth(&[("main.py", main)], "x"), Value::Dict(Vec::new()));
}

#[test]
fn attributes_are_followed_into_classes_instances_and_modules() {
    let class = "class C:\n    a = 'one'\n    def __init__(self):\n        self.b = 'two'\n    @property\n    def c(self):\n        return self.b\n    def d(self):\n        return self.a\n";
    for (name, expected) in [("a", "one"), ("b", "two"), ("c", "two"), ("d()", "one")] {
        let main = format!("from pkg import mod\nx = mod.C().{name}\n");
        let files = [("main.py", main.as_str()), ("pkg/mod.py", class)];
        assert_eq!(worth(&files, "x").text().as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn a_package_goes_before_a_module_of_its_name() {
    let files = [
        ("main.py", "from app import x\n"),
        ("app.py", "x = 'module'\n"),
        ("app/__init__.py", "x = 'package'\n"),
    ];
    assert_eq!(worth(&files, "x").text().as_deref(), Some("package"));
}

#[test]
fn values_that_need_each_other_have_none() {
    let files = [("main.py", "from other import x\n"), ("other.py", "from main import x\n")];
    assert_eq!(worth(&files, "x"), Value::Unknown);
}

/// Lists of lists, doubled with every line, have millions of parts.
#[test]
fn a_value_that_grows_without_end_is_unknown() {
    let mut main = "a0 = [1, 2]\n".to_owned();
    for line in 1..20 {
        main.push_str(&format!("a{line} = [a{0}, a{0}]\n", line - 1));
    }
    main.push_str("x = a19\n");
    assert!(!worth(&[("main.py", &main)], "x").is_larger_than(2_000));
}
