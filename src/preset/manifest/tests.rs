use semver::Version;

use super::*;

const WHOLE: &str = r#"
name = "acme-django"
version = "3.1.0"
requires = ">=0.1"
extends = ["django-nginx", "../base", { git = "https://example.com/p.git", rev = "v2", path = "web" }]
[defaults]
project.python = 3.13
stack.cache = "redis"
[locked]
deploy.hardening = "strict"
[floors]
python = "3.12"
images.postgres = "17"
[[rule]]
key = "web.memory"
max = "1GiB"
message = "a web container has at most 1 GiB"
warn-until = "2027-03-01"
[[rule]]
file = "Dockerfile"
forbid = '^USER root'
message = "nothing runs as root"
[files."deploy/probe.sh"]
template = "probe.sh.tera"
mode = "0755"
ownership = "managed"
[files."DEPLOY.md"]
off = true
[[migration]]
before = "3.0.0"
rename = { from = "stack.queue", to = "stack.broker" }
"#;

#[test]
fn everything_a_layer_may_say_is_read() {
    let manifest = read("acme/preset.toml", WHOLE).unwrap();
    assert_eq!(manifest.version, Version::new(3, 1, 0));
    assert_eq!(manifest.extends.len(), 3);
    assert_eq!(manifest.defaults[0].text, "3.13");
    assert_eq!(manifest.locked[0].place.line, 10);
    assert_eq!(manifest.floors[1].subject, "images.postgres");
    assert_eq!(manifest.rules.len(), 2);
    assert_eq!(manifest.rules[0].warn_until.as_deref(), Some("2027-03-01"));
    let probe = &manifest.files[&RelPath::new("deploy/probe.sh").unwrap()];
    assert_eq!((probe.mode, probe.ownership), (Some(0o755), Some(Ownership::Managed)));
    assert!(
        matches!(&manifest.migrations[0].step, Step::Rename { to, .. } if to == "stack.broker")
    );
}

#[test]
fn all_mistakes_come_together_each_with_its_line() {
    let text = WHOLE
        .replace("stack.cache", "stack.cach")
        .replace("max = \"1GiB\"\n", "")
        .replace("\"0755\"", "\"rwx\"")
        .replace("\"3.1.0\"", "\"3\"");
    let problems = read("p.toml", &text).unwrap_err();
    let places: Vec<&str> = problems.iter().map(|problem| problem.at.as_deref().unwrap()).collect();
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(places.contains(&"p.toml:8:14"), "{places:?}");
    assert!(problems.iter().any(|p| p.help.as_deref() == Some("did you mean `stack.cache`?")));
}

#[test]
fn an_unknown_table_is_refused() {
    let problems =
        read("p.toml", "name = \"a\"\nversion = \"1.0.0\"\n[hooks]\npost = \"x\"\n").unwrap_err();
    assert!(problems[0].message.contains("hooks"), "{problems:?}");
}

fn mistakes(body: &str) -> Vec<String> {
    let text = format!("name = \"a\"\nversion = \"2.0.0\"\n{body}");
    match read("p.toml", &text) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn each_mistake_is_named_with_its_place_and_what_to_do() {
    for (body, start, help) in [
        (
            "[floors]\npyhton = \"3.12\"",
            "p.toml:4:10: no floor is known for `pyhton`",
            "did you mean `python`?",
        ),
        (
            "[floors]\nimages.postgress = \"17\"",
            "p.toml:4:20: no floor",
            "did you mean `images.postgres`?",
        ),
        ("[floors]\npython = \"new\"", "p.toml:4:10: python: `new` is no version", "like 3.12"),
        (
            "[[rule]]\nkey = \"web.memroy\"\nmax = \"1GiB\"\nmessage = \"m\"",
            "p.toml:3:1: a rule on `web.memroy`",
            "did you mean `web.memory`?",
        ),
        (
            "[[rule]]\nkey = \"stack.databse\"\nequals = \"none\"\nmessage = \"m\"",
            "p.toml:3:1: a rule on `stack.databse`",
            "did you mean `stack.database`?",
        ),
        (
            "[[rule]]\nkey = \"web.memory\"\nmax = \"lots\"\nmessage = \"m\"",
            "p.toml:3:1: max: ",
            "",
        ),
        (
            "[[rule]]\nkey = \"stack.database\"\nequals = \"oracle\"\nmessage = \"m\"",
            "p.toml:3:1: stack.database: `oracle`",
            "",
        ),
        (
            "[[rule]]\nkey = \"stack.database\"\nmin = \"none\"\nmessage = \"m\"",
            "p.toml:3:1: stack.database is no amount",
            "equals or one-of",
        ),
        (
            "[[rule]]\nkey = \"web.memory\"\nmin = \"2GiB\"\nmax = \"1GiB\"\nmessage = \"m\"",
            "p.toml:3:1: nothing is at least 2GiB and at most 1GiB",
            "",
        ),
        (
            "[[rule]]\nkey = \"web.workers\"\nmax = 2\nmessage = \"m\"\n\
             [[rule]]\nkey = \"tune.web.workers\"\nmax = 3\nmessage = \"n\"",
            "p.toml:7:1: it tests what the rule at line 3 tests",
            "make one rule",
        ),
        (
            "[[rule]]\nkey = \"web.workers\"\nmax = 2\nmessage = \"m\"\nwarn-until = \"soon\"",
            "p.toml:7:14: `soon` is no day",
            "like 2027-03-01",
        ),
        (
            "[[rule]]\nkey = \"web.workers\"\nmax = 2\nmessage = \"m\"\nwarn-until = \"2024-02-30\"",
            "p.toml:7:14: `2024-02-30` is no day",
            "like 2027-03-01",
        ),
        ("extends = [\"./\"]", "p.toml:3:12: the preset extends itself", ""),
        (
            "[defaults]\nstack.proxy = \"none\"\n[locked]\nstack.proxy = \"nginx\"",
            "p.toml:4:15: stack.proxy = none: it is locked to nginx at p.toml:6:15",
            "leave this line out",
        ),
        (
            "[[migration]]\nbefore = \"2.1.0\"\nremove = \"stack.queue\"",
            "p.toml:3:1: before = 2.1.0: this is version 2.0.0",
            "first version that has the change",
        ),
        (
            "[[migration]]\nbefore = \"2.0.0\"\nremove = \"stack.queue\"\n\
             [[migration]]\nbefore = \"1.0.0\"\nremove = \"stack.bus\"",
            "p.toml:6:1: before = 1.0.0 stands after a later version",
            "the oldest first",
        ),
        (
            "[[migration]]\nbefore = \"2.0.0\"\nrename = { from = \"stack.queue\", to = \"stack.brokr\" }",
            "p.toml:3:1: unknown key `stack.brokr`",
            "did you mean `stack.broker`?",
        ),
        ("[files.\"a\"]\noff = true\nmode = \"0644\"", "p.toml:3:1: a is left out", "stands alone"),
        ("[files.\"a\"]\nmode = 755", "p.toml:4:8: invalid type: integer", ""),
        (
            "[[rule]]\nkey = \"web.workers\"\nmax = 2\nforbid = \"x\"\nmessage = \"m\"",
            "p.toml:3:1: a rule has a key",
            "",
        ),
    ] {
        let said = mistakes(body);
        assert_eq!(said.len(), 1, "{body}\n{said:#?}");
        assert!(said[0].starts_with(start) && said[0].contains(help), "{body}\n{}", said[0]);
    }
}

#[test]
fn what_is_right_is_taken_as_it_is() {
    for body in [
        "[floors]\npython = 3.10\nimages.redis = \"8\"\ntools.uv = \"0.5\"",
        "[[rule]]\nkey = \"project.python\"\none-of = [3.10, \"3.11\"]\nmessage = \"m\"",
        "[[rule]]\nkey = \"web.workers\"\nmin = 1\nmessage = \"m\"\n\
         [[rule]]\nkey = \"web.workers\"\nmax = 3\nmessage = \"n\"",
        "[[rule]]\nkey = \"web.workers\"\nmin = 1\nmessage = \"m\"\nwarn-until = 2027-03-01",
        "[defaults]\nstack.proxy = \"nginx\"\n[locked]\nstack.proxy = \"nginx\"",
        "[[migration]]\nbefore = \"1.0.0\"\nrename = { from = \"stack.queue\", to = \"stack.bus\" }\n\
         [[migration]]\nbefore = \"2.0.0\"\nrename = { from = \"stack.bus\", to = \"stack.broker\" }",
        "[[migration]]\nbefore = \"2.0.0\"\nrename = { from = \"files.a.sh\", to = \"files.ops/a.sh\" }",
    ] {
        assert_eq!(mistakes(body), Vec::<String>::new(), "{body}");
    }
    let text = "name = \"a\"\nversion = \"1.0.0\"\n\
                [[rule]]\nkey = \"project.python\"\nmin = 3.10\nmessage = \"m\"";
    let manifest = read("p.toml", text).unwrap();
    let crate::preset::rule::Constraint::Within { min, .. } = &manifest.rules[0].constraint else {
        panic!()
    };
    assert_eq!(min.as_deref(), Some("3.10"));
}
