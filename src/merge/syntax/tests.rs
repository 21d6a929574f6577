//! What a clean merge must not bring about.

use super::*;

/// The problem of a merge of two sides that have none.
fn brings(syntax: Syntax, merged: &str, disk: &str, new: &str) -> Option<String> {
    assert_eq!(problem(syntax, disk, disk, new), None);
    assert_eq!(problem(syntax, new, disk, new), None);
    problem(syntax, merged, disk, new)
}

#[track_caller]
fn is_refused(syntax: Syntax, one: &str, other: &str, why: &str) {
    let merged = format!("{one}{other}");
    let problem = brings(syntax, &merged, one, other).expect(&merged);
    assert!(problem.contains(why), "{problem}");
    // What a side had before is its own affair.
    assert_eq!(super::problem(syntax, &merged, &merged, other), None);
}

#[test]
fn a_name_that_both_sides_set_is_there_twice() {
    is_refused(Syntax::Dotenv, "A=1\n", "export A=2\n", "A is set twice");
    is_refused(Syntax::Toml, "a = 1\n", "a = 2\n", "duplicate key");
    is_refused(Syntax::Yaml, "a: 1\n", "a: 2\n", "duplicate");
    is_refused(Syntax::Python, "workers = 2\n", "workers: int = 3\n", "workers is set twice");
    is_refused(Syntax::Python, "def f(): ...\n", "def f(): ...\n", "f is set twice");
    is_refused(Syntax::Dockerfile, "FROM a AS x\n", "FROM b AS X\n", "two stages are named x");
    is_refused(Syntax::Nginx, "gzip on;\n", "gzip off;\n", "`gzip` is there twice");
}

#[test]
fn values_that_are_computed_from_each_other_are_no_repeat() {
    let text = "workers = 2\nworkers += 1\nif workers:\n    threads = 2\nelse:\n    threads = 3\n";
    assert!(examine(Syntax::Python, text).unwrap().is_empty());
    assert!(examine(Syntax::Dotenv, "# A=1\nA=2\nB='\nA=3\n'\n").unwrap().is_empty());
}

#[test]
fn services_and_lists_of_names_are_looked_into() {
    let file = |services: &str| format!("services:\n{services}");
    let cache = "  cache: {image: a}\n";
    let db = "  db: {image: b}\n";
    let merged = file(&format!("{cache}{db}{cache}"));
    let problem = brings(Syntax::Yaml, &merged, &file(cache), &file(db)).unwrap();
    assert!(problem.contains("cache"), "{problem}");
    let web = |entries: &str| format!("services:\n  web:\n    environment:\n{entries}");
    let (one, other) = ("      - A=1\n", "      - A=2\n      - B\n");
    let merged = web(&format!("{one}{other}"));
    let problem = brings(Syntax::Yaml, &merged, &web(one), &web(other)).unwrap();
    assert!(problem.contains("services.web.environment sets A twice"), "{problem}");
}

#[test]
fn a_stage_has_one_command_and_is_there_where_it_is_copied_from() {
    let file = |rest: &str| format!("FROM a AS build\nFROM b\n{rest}");
    let (one, other) = ("CMD [\"a\"]\nUSER a\n", "USER a\nCMD [\"b\"]\n");
    let merged = file("CMD [\"a\"]\nUSER a\nCMD [\"b\"]\n");
    let problem = brings(Syntax::Dockerfile, &merged, &file(one), &file(other)).unwrap();
    assert!(problem.contains("CMD is twice in the stage 1"), "{problem}");
    let disk = "FROM a AS build\nFROM b\nCOPY --from=build /a /a\nCOPY --from=build /b /b\n";
    let new = "FROM a AS builder\nFROM b\nCOPY --from=builder /a /a\n";
    let merged = "FROM a AS builder\nFROM b\nCOPY --from=builder /a /a\nCOPY --from=build /b /b\n";
    let problem = brings(Syntax::Dockerfile, merged, disk, new).unwrap();
    assert!(problem.contains("no stage build"), "{problem}");
    for source in ["0", "python:3.14", "docker.io/nginx", "${STAGE}"] {
        let text = file(&format!("COPY --from={source} /a /a\n"));
        assert_eq!(examine(Syntax::Dockerfile, &text), Ok(BTreeSet::new()), "{source}");
    }
}

#[test]
fn nginx_has_one_location_of_a_path_and_one_server_of_a_name() {
    let server = |rest: &str| format!("http {{ server {{ listen 80; {rest} }} }}\n");
    for (one, other, why) in [
        ("location /a { return 1; }", "location /a { return 2; }", "`location /a` is twice"),
        ("add_header A b;", "add_header A c;", "`add_header A` is twice"),
        ("client_max_body_size 1m;", "client_max_body_size 2m;", "`client_max_body_size` is twice"),
    ] {
        let merged = server(&format!("{one} {other}"));
        let problem = brings(Syntax::Nginx, &merged, &server(one), &server(other)).unwrap();
        assert!(problem.contains(why), "{problem}");
    }
    let [one, other] = ["root /a;", "root /b;"]
        .map(|rest| format!("server {{ listen 80; server_name a.example; {rest} }}\n"));
    is_refused(Syntax::Nginx, &one, &other, "two servers are named a.example at 80");
}

#[test]
fn what_nginx_lets_stand_twice_is_no_repeat() {
    let text = r#"
        server {
            listen 80; listen [::]:80;
            server_name a.example;
            location /a { add_header A b; proxy_set_header A "b { c"; }
            location ^~ /a { add_header A b; set $a '}'; set $b 2; }
            if ($a) { return 301; }
            rewrite "^/a{2}$" /b; # }
            error_page 404 /a; error_page 500 /b;
        }
        server { listen 443; server_name a.example; access_log "/a${b};" main; }
        map $a $b { default 1; a 2; b 2; }
        upstream u { server a; server b; }
    "#;
    assert_eq!(examine(Syntax::Nginx, text), Ok(BTreeSet::new()));
    assert!(examine(Syntax::Nginx, "a { b;").is_err());
    // Without quotes nginx takes the brace for a block.
    assert!(examine(Syntax::Nginx, "server { rewrite ^/a{2}$ /b; }").is_err());
    let line = examine(Syntax::Nginx, "a 'b\n';\n}\n").unwrap_err();
    assert!(line.contains("line 3"), "{line}");
}

#[test]
fn what_was_broken_before_is_not_the_merges_fault() {
    assert_eq!(problem(Syntax::Yaml, "a: [\nb\n", "a: [\n", "b: 1\n"), None);
    let problem = problem(Syntax::Yaml, "a: [\nb\n", "a: 1\n", "b: 1\n").unwrap();
    assert!(problem.contains("no longer parses"), "{problem}");
}
