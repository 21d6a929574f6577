//! Templates that never end, or want everything: each is stopped within
//! seconds, and named.

use std::time::{Duration, Instant};

use assert_fs::prelude::*;

use crate::support::{directory, dockwright};

/// What `new` says of a preset with this template, which it names.
fn refused(template: &str, more: &[(&str, &str)]) -> String {
    let error = said_of(template, more);
    assert!(error.contains("evil 1.0.0, templates/"), "{error}");
    error
}

/// What `new` says of a preset with this template.
fn said_of(template: &str, more: &[(&str, &str)]) -> String {
    let directory = directory();
    let manifest = "name = \"evil\"\nversion = \"1.0.0\"\nextends = [\"fastapi-uvicorn\"]\n\
                    [files.\"a.txt\"]\ntemplate = \"a.tera\"\n";
    directory.child("evil/preset.toml").write_str(manifest).unwrap();
    directory.child("evil/templates/a.tera").write_str(template).unwrap();
    for (path, text) in more {
        directory.child(format!("evil/templates/{path}")).write_str(text).unwrap();
    }
    let begun = Instant::now();
    let output = dockwright()
        .current_dir(&directory)
        .args(["new", "shop", "--preset", "./evil", "--yes"])
        .timeout(Duration::from_secs(60))
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    // A machine that is busy with other tests gives the child less than a CPU.
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}: {error}", begun.elapsed());
    assert!(!directory.child("shop").exists());
    error
}

fn doublings(count: usize) -> String {
    let mut text = "{% set a = \"aaaaaaaaaaaaaaaa\" %}".to_owned();
    text.push_str(&"{% set a = a ~ a %}".repeat(count));
    text + "{{ a }}"
}

#[test]
fn loops_in_loops_end() {
    let open = "{% for a in range(end=100000) %}{% for b in range(end=100000) %}{% for c in range(end=100000) %}";
    let error = refused(&format!("{open}{{% endfor %}}{{% endfor %}}{{% endfor %}}"), &[]);
    assert!(
        error.contains("templates/a.tera: the preset's templates did not end within"),
        "{error}"
    );
}

#[test]
fn strings_that_double_end_in_a_line_and_in_a_loop() {
    for text in [
        doublings(60),
        "{% set a = \"aa\" %}{% for i in range(end=100) %}{% set_global a = a ~ a %}{% endfor %}{{ a }}".to_owned(),
        format!("{{{{ \"aa\"{} }}}}", " | replace(from=\"a\", to=\"aa\")".repeat(100)),
        format!("{{% set a = \"{}\" %}}{{{{ a | replace(from=\"\", to=a) | replace(from=\"a\", to=a) }}}}", "a".repeat(100_000)),
    ] {
        let error = refused(&text, &[]);
        assert!(error.contains("memory") || error.contains("did not end"), "{error}");
    }
}

#[test]
fn endless_output_ends() {
    let text = format!(
        "{{% for a in range(end=100000) %}}{{% for b in range(end=100000) %}}{}{{% endfor %}}{{% endfor %}}",
        "x".repeat(10_000)
    );
    let error = refused(&text, &[]);
    assert!(error.contains("memory") || error.contains("16 MiB"), "{error}");
    let text = format!("{{% for a in range(end=2000) %}}{}{{% endfor %}}", "x".repeat(10_000));
    let error = refused(&text, &[]);
    assert!(error.contains("16 MiB"), "{error}");
}

#[test]
fn templates_and_components_that_call_themselves_end() {
    refused("{% include \"a.tera\" %}", &[]);
    refused("{% include \"b.tera\" %}", &[("b.tera", "{% include \"a.tera\" %}")]);
    refused("{% extends \"b.tera\" %}", &[("b.tera", "{% extends \"a.tera\" %}")]);
    refused("{% component c() %}{{ <c /> }}{{ <c /> }}{% endcomponent c %}{{ <c /> }}", &[]);
}

#[test]
fn a_parser_that_is_led_deep_ends() {
    let deep = 50_000;
    refused(&format!("{{{{ {}1{} }}}}", "(".repeat(deep), ")".repeat(deep)), &[]);
    refused(&format!("{{{{ {}1 }}}}", "not ".repeat(deep)), &[]);
    refused(&format!("{{{{ {}1{} }}}}", "[".repeat(deep), "]".repeat(deep)), &[]);
    refused(&format!("{{{{ 1{} }}}}", "+1".repeat(deep)), &[]);
    refused(&format!("{}{}", "{% if true %}".repeat(9_000), "{% endif %}".repeat(9_000)), &[]);
    refused(&format!("{{{{ a{} }}}}", ".a".repeat(deep)), &[]);
}

#[test]
fn huge_ranges_and_numbers_are_refused() {
    for expression in [
        "range(end=99999999999999)",
        "[1] * 999999999999",
        "9999999999999999999999999999999999999999999",
    ] {
        refused(&format!("{{% for a in {expression} %}}{{% endfor %}}{{{{ 1 / 0 }}}}"), &[]);
    }
    refused("{{ 170141183460469231731687303715884105727 ** 99999 }}{{ 1 / 0 }}", &[]);
}

#[test]
fn nothing_of_the_machine_is_there_to_read() {
    for text in [
        "{{ get_env(name=\"HOME\") }}",
        "{{ now() }}",
        "{{ load(path=\"/etc/passwd\") }}",
        "{% include \"/etc/passwd\" %}",
        "{% include \"../preset.toml\" %}",
        "{% extends \"../preset.toml\" %}",
    ] {
        refused(text, &[]);
    }
}

#[test]
fn names_and_files_without_measure_are_refused_before_anything_is_rendered() {
    let long = "a".repeat(100_000);
    refused(&format!("{{% set {long}b = 1 %}}{{% if {long}c %}}{{% endif %}}"), &[]);
    let names: String = (0..20_000).map(|n| format!("{{{{ a{n} }}}}")).collect();
    let error = refused(&names, &[]);
    assert_eq!(error.matches("is not defined").count(), 20, "{error}");
    let large = "x".repeat(250 << 10);
    let more: Vec<String> = (0..20).map(|n| format!("{n}.tera")).collect();
    let more: Vec<(&str, &str)> = more.iter().map(|path| (path.as_str(), large.as_str())).collect();
    let error = said_of("x", &more);
    assert!(error.contains("more than 4 MiB"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_rendering_process_ends_with_the_one_that_started_it() {
    for signal in ["INT", "KILL"] {
        let directory = directory();
        let manifest = "name = \"evil\"\nversion = \"1.0.0\"\nextends = [\"fastapi-uvicorn\"]\n\
                        [files.\"a.txt\"]\ntemplate = \"a.tera\"\n";
        directory.child("evil/preset.toml").write_str(manifest).unwrap();
        let range = "range(end=100000)";
        let endless =
            format!("{{% for a in {range} %}}{{% for b in {range} %}}{{% endfor %}}{{% endfor %}}");
        directory.child("evil/templates/a.tera").write_str(&endless).unwrap();
        let mut parent = std::process::Command::new(env!("CARGO_BIN_EXE_dockwright"))
            .current_dir(&directory)
            .args(["new", "shop", "--preset", "./evil", "--yes"])
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let renders = || children(parent.id()).into_iter().find(|child| is_rendering(*child));
        let child = wait_for(renders).expect("a rendering process");
        let killed = std::process::Command::new("kill")
            .args(["-s", signal, &parent.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        let status = parent.wait().unwrap();
        assert_eq!(status.code(), (signal == "INT").then_some(130));
        let gone = wait_for(|| (!is_rendering(child)).then_some(()));
        assert!(gone.is_some(), "the rendering process outlives SIG{signal} of its parent");
        assert!(!directory.child("shop").exists());
    }
}

/// The processes that any thread of a process has started.
#[cfg(target_os = "linux")]
fn children(process: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    threads
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|id| id.parse().ok())
        .collect()
}

#[cfg(target_os = "linux")]
fn is_rendering(process: u32) -> bool {
    // A process that has ended and was not waited for has no command line.
    let line = std::fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
    line.contains("__render")
}

#[cfg(target_os = "linux")]
fn wait_for<T>(mut there: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        if let Some(found) = there() {
            return Some(found);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}
