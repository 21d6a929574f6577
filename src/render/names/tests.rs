use serde_json::json;

use super::*;

fn found(text: &str) -> Vec<String> {
    let context = json!({
        "has": { "nginx": true, "database": false },
        "project": { "name": "shop", "kind": null },
        "env": [{ "name": "A" }],
        "n": { "web": { "workers": 3 }, "worker": {} },
        "why": { "web.workers": "pinned" },
    });
    let faults = faults("a.tera", text, &context, &made([text, "{% set below = 1 %}"]));
    let place = |fault: &Fault| fault.place.map(|(line, column)| format!("{line}:{column} "));
    faults.iter().map(|fault| format!("{}{}", place(fault).unwrap(), fault.message)).collect()
}

#[test]
fn a_misspelt_name_is_found_wherever_it_is_read() {
    for (text, wanted) in [
        ("\n{% if has.ngnix %}x{% endif %}", "2:7 `has.ngnix` is not defined"),
        ("{%- if not hass.nginx -%}{% endif %}", "1:12 `hass` is not defined"),
        ("{{ project.nam | upper }}", "1:4 `project.nam` is not defined"),
        (
            "{% if true %}{% elif project.name == projct %}{% endif %}",
            "1:38 `projct` is not defined",
        ),
        ("{% for a in envs %}{% endfor %}", "1:13 `envs` is not defined"),
        ("{% set a = has.x %}", "1:12 `has.x` is not defined"),
        ("{{ f(a=has.x) }}", "1:8 `has.x` is not defined"),
        ("{{ a.b[has.x] }}{% set a = 1 %}", "1:8 `has.x` is not defined"),
        ("{{ <c word={has.x} /> }}", "1:13 `has.x` is not defined"),
        ("{% if 1 < has.x %}{% endif %}", "1:11 `has.x` is not defined"),
        (
            "{% component c(word) %}{% if has.nginx %}{% endif %}{% endcomponent c %}",
            "1:30 `has` is no argument of the component",
        ),
        ("{% if n.web.workrs %}{% endif %}", "1:7 `n.web.workrs` is not defined"),
    ] {
        assert_eq!(found(text), [wanted], "{text}");
    }
}

#[test]
fn names_that_templates_make_and_words_that_are_no_names_are_left_alone() {
    for text in [
        "{% set a = 1 %}{{ a.b }}{% set_global c = [a] %}{{ c }}",
        "{% for k, v in project %}{{ k }}{{ v.x }}{{ loop.index }}{% endfor %}",
        "{% if below %}{% endif %}",
        "{% block lables %}{{ super() }}{% endblock lables %}",
        "{% component c(word: String, other=\"x\", ...rest) %}{{ word }}{{ other }}{{ rest }}{{ body }}{% endcomponent c %}",
        "{{ <c word={has.nginx} other=\"}} x\" flag /> }}{% <c word=\"a\"> %}{% </c> %}",
        "{{ project.name | replace(from=\"a\", to='has.x') | upper }}",
        "{% if project.name is starting_with(pat=\"a\") and env is not string %}{% endif %}",
        "{% if nothing is defined or has.x is not undefined %}{% endif %}{{ has.y | default(value=1) }}",
        "{{ project.kind.deeper }}{{ why[\"web.workers\"] }}{{ has?.x }}",
        "{% raw %}{{ nothing }}{% endraw %}{# {{ nothing }} #}",
        "{{ [x.name for x in env if x.name] }}",
        "{% filter upper %}{% endfilter %}{% include \"a.tera\" %}",
        "{% if n.worker.concurrency > 2 %}{% endif %}",
        "{{ {\"a\": has.nginx} }}{{ range(end=3) }}{{ \"a\" if has.nginx else \"b\" }}",
        "{{ __tera_context }}{{ none }}{{ True }}",
    ] {
        assert_eq!(found(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn tags_that_never_close_are_the_engines_to_report() {
    for text in [
        "{{",
        "{%",
        "{{ \"a",
        "{% if ",
        "{#",
        "{% raw %}",
        "{{ a ? }",
        "ä{{ 'ü",
        "{{ ü }}",
        "{% é",
        "{{-",
        "{{ -ü-}}",
    ] {
        let _ = found(text);
    }
}
