//! Edits that change nothing of what a policy is about: comments, orders, forms and
//! formatting, each by itself, against two stacks. `check --policy` says nothing.

use std::fs;

use serde_json::{Map, Value, json};

use crate::team::Team;

const POLICY: &str = "[locked]\ndeploy.hardening = \"strict\"\ndeploy.bind = \"127.0.0.1\"\n\
    project.python = \"3.14\"\n[floors]\nimages.postgres = \"17\"\n\
    [[rule]]\nkey = \"web.workers\"\nmax = 8\nmessage = \"few\"\n\
    [[rule]]\nkey = \"web.memory\"\nmax = \"4GiB\"\nmessage = \"little\"\n\
    [[rule]]\nkey = \"db.memory\"\nmax = \"4GiB\"\nmessage = \"little\"\n\
    [[rule]]\nkey = \"web.gunicorn-timeout\"\nmax = 120\nmessage = \"soon\"\n\
    [[rule]]\nkey = \"worker.concurrency\"\nmax = 8\nmessage = \"few\"\n\
    [[rule]]\nfile = \"compose.yaml\"\nrequire = 'max-size: '\nmessage = \"rotated\"\n\
    [[rule]]\nfile = \"Dockerfile\"\nforbid = '\\bnetcat\\b'\nmessage = \"no netcat\"\n\
    [[rule]]\nfile = \".dockerignore\"\nrequire = '\\.env'\nmessage = \"no secrets\"\n";

/// An edit: a file, and what its text becomes. One that finds nothing to change in a
/// stack is none there.
type Edit = (&'static str, fn(&str) -> String);

const C: &str = "compose.yaml";
const D: &str = "Dockerfile";
const G: &str = "gunicorn.conf.py";
const N: &str = "nginx/nginx.conf";
const E: &str = "entrypoint.sh";
const V: &str = ".env";
const I: &str = ".dockerignore";

const EDITS: &[Edit] = &[
    // Comments, line ends, blanks and marks.
    (C, |text| format!("# privileged: true\n# user: root\n{text}")),
    (C, |text| text.replace("\n  web:\n", "\n  web:  # user: root\n    # privileged: true\n")),
    (C, |text| text.replace('\n', "\r\n")),
    (C, |text| format!("\u{feff}{text}")),
    (C, |text| text.replace('\n', "  \n")),
    (C, |text| text.replacen("---\n", "", 1)),
    (C, |text| format!("{text}...\n")),
    (C, |text| text.replace("\n    ", "\n\n    ")),
    (C, |text| text.trim_end().to_owned()),
    (D, |text| text.replacen("\n\n", "\n\n# USER root\n# RUN netcat\n", 1)),
    (D, |text| text.replace('\n', "\r\n")),
    (D, |text| format!("\u{feff}{text}")),
    (G, |text| text.replace("\ntimeout", "\n# workers = 64\ntimeout")),
    (G, |text| text.replace('\n', "\r\n")),
    (N, |text| format!("# user root;\n{text}")),
    (N, |text| text.replace("    ", "\t")),
    (E, |text| text.replace("set -eu\n", "# export WEB_CONCURRENCY=64\nset -eu\n")),
    (V, |text| text.replace("LOG_LEVEL=info", "LOG_LEVEL=info # chatty: debug")),
    (V, |text| text.replace('\n', "\r\n")),
    (I, |text| format!("# .env\n{text}")),
    (I, |text| text.replace('\n', "\r\n")),
    // Quotes.
    (C, |text| text.replace("\"10001:10001\"", "'10001:10001'").replace("\"no\"", "'no'")),
    (C, |text| text.replace("image: postgres:18-trixie", "image: >-\n      postgres:18-trixie")),
    (C, |text| text.replace("\n    build:", "\n    \"build\":")),
    (V, |text| text.replace("LOG_LEVEL=info", "export LOG_LEVEL='info'")),
    (E, |text| text.replace("complete=true", "complete='true'")),
    // Orders.
    (C, services_last),
    (V, |text| text.lines().rev().map(|line| format!("{line}\n")).collect()),
    (N, |text| {
        text.replace("sendfile on;\n    tcp_nopush on;", "tcp_nopush on;\n    sendfile on;")
    }),
    (G, |text| format!("{}backlog = 2048\n", text.replace("\nbacklog = 2048\n", "\n"))),
    // Another form of the whole: anchors taken apart, braces and brackets, long forms.
    (C, |text| expanded(text, |_| ())),
    (C, |text| expanded(text, environment_listed)),
    (C, |text| expanded(text, long_forms)),
    (C, |text| expanded(text, health_shortened)),
    (C, |text| expanded(text, commands_turned)),
    (C, |text| expanded(text, limits_of_old)),
    (C, |text| expanded(text, words_for_lists)),
    (C, |text| {
        text.replace("[edge, backend]", "&both [edge, backend]").replacen(
            "&both [edge, backend]\n    tmpfs",
            "[edge, backend]\n    tmpfs",
            1,
        )
    }),
    (C, |text| text.replace("read_only: true", "read_only: \"true\"").replace(": {}\n", ":\n")),
    (C, |text| memory(text, |own| format!("{}", own << 20))),
    (C, |text| memory(text, |own| format!("\"{own}m\""))),
    (C, |text| memory(text, |own| format!("{own}MB"))),
    (C, |text| memory(text, |own| format!("{}kb", own << 10))),
    (C, |text| text.replace("user: \"10001:10001\"", "user: 10001")),
    (C, |text| text.replace("context: .\n", "context: ./\n      dockerfile: ./Dockerfile\n")),
    // What is put in and is nobody's business.
    (C, |text| text.replacen("services:\n", "x-note:\n  privileged: true\n\nservices:\n", 1)),
    (C, |text| text.replace("\n  web:\n", "\n  web:\n    labels: {note: \"user: root\"}\n")),
    (C, |text| text.replace("\n  web:\n", "\n  web:\n    container_name: shop-web\n")),
    (D, before_the_last_user),
    (D, |text| before(text, "RUN <<EOF\nUSER root\nEOF\n")),
    (D, |text| before(text, "RUN echo $((1<<2)) && x=$(( 1 << 3 ))\n")),
    (D, |text| before(text, "RUN cat <<'USER root'\nUSER root\nUSER root\n")),
    (D, |text| before(text, "USER root\nRUN chmod 0755 /srv && install -d -m 0755 /x\n")),
    (D, |text| before(text, "LABEL a=\"USER root\" b='c'\n")),
    (D, |text| {
        before(text, "ARG APP=10001\nUSER ${APP}:${APP}\n").replace("\nUSER 10001:10001", "")
    }),
    (D, |text| format!("# syntax=docker/dockerfile:1\n{text}")),
    (D, |text| text.replace("python:3.14-slim-trixie", "python:3.14.1-slim-bookworm")),
    (D, |text| text.replace("COPY --from=builder", "COPY --link --from=Builder")),
    (D, |text| {
        text.replace(
            "\nCOPY --from=builder /opt/venv /opt/venv",
            "\nCOPY \\\n  --from=builder \\\n  # the environment\n  /opt/venv \\\n\n  /opt/venv",
        )
    }),
    (D, |text| {
        text.replace("\nUSER ", "\nuser   ").replace("\nRUN ", "\nrun ").replace("\nENV ", "\nenv ")
    }),
    (D, |text| text.replace("PYTHONUNBUFFERED=1", "PYTHONUNBUFFERED=\"1\"")),
    (D, |text| text.replace("CMD [\"", "CMD [ \"").replace("\", \"", "\" ,  \"")),
    (G, |text| text.replace("timeout = 60\n", "MINUTE = 60\ntimeout = 1 * MINUTE\n")),
    (G, |text| text.replace("\nthreads = ", "\nthreads: int = ")),
    (G, |text| {
        text.replace("import os\n", "from os import environ\n").replace("os.environ", "environ")
    }),
    (G, |text| {
        format!(
            "{text}\n\ndef post_fork(server, worker):\n    \"\"\"Say so.\"\"\"\n    server.log.info(\"forked %s\", worker.pid)\n"
        )
    }),
    (N, |text| text.replace("server_name _;", "server_name \"_\";")),
    (E, |text| text.replace("set -eu\n", "set -e\nset -u\n")),
    (E, |text| text.replace("exec \"$@\"", "echo \"starting: $*\" >&2\nexec \"$@\"")),
    (E, |text| {
        text.replace(
            "exec \"$@\"",
            "cat <<EOF >&2\nexport WEB_CONCURRENCY=64 raises it\nEOF\nexec \"$@\"",
        )
    }),
    (V, |text| format!("{text}MORE=1\n")),
    (I, |text| format!("{text}*.bak\n!README.md\n")),
];

/// Before the last USER.
fn before(text: &str, more: &str) -> String {
    let at = text.rfind("USER 10001:10001").unwrap();
    format!("{}{more}{}", &text[..at], &text[at..])
}

fn before_the_last_user(text: &str) -> String {
    before(text, "RUN echo \\\n# USER root\n  done\n")
}

fn services_last(text: &str) -> String {
    let from = text.find("\nservices:\n").unwrap();
    let to = text.find("\nnetworks:\n").unwrap();
    format!("{}{}\n{}", &text[..from], text[to..].trim_end(), &text[from..to])
}

fn memory(text: &str, write: fn(u64) -> String) -> String {
    let of = |line: &str| {
        let (key, number) = line.split_once("memory: ")?;
        Some(format!("{key}memory: {}", write(number.strip_suffix('M')?.parse().ok()?)))
    };
    text.lines().map(|line| of(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

/// The file as another program writes it, JSON being YAML.
fn expanded(text: &str, change: fn(&mut Map<String, Value>)) -> String {
    let mut whole: Value = serde_saphyr::from_str(text).unwrap();
    for service in whole["services"].as_object_mut().unwrap().values_mut() {
        change(service.as_object_mut().unwrap());
    }
    serde_json::to_string_pretty(&whole).unwrap()
}

fn environment_listed(service: &mut Map<String, Value>) {
    let Some(Value::Object(named)) = service.get("environment") else { return };
    let entries = named.iter().map(|(name, value)| match value {
        Value::Null => name.clone(),
        value => format!("{name}={}", value.as_str().unwrap()),
    });
    let list: Vec<String> = entries.collect();
    service.insert("environment".into(), json!(list));
}

fn long_forms(service: &mut Map<String, Value>) {
    let of_port = |own: &Value| {
        let parts: Vec<&str> = own.as_str().unwrap().split(':').collect();
        let target: u16 = parts[2].parse().unwrap();
        json!({ "host_ip": parts[0], "published": parts[1], "target": target })
    };
    let of_volume = |own: &Value| {
        let parts: Vec<&str> = own.as_str().unwrap().split(':').collect();
        let read_only = parts.len() > 2;
        let (source, target) = (parts[0], parts[1]);
        json!({ "type": "volume", "source": source, "target": target, "read_only": read_only })
    };
    for (key, of) in [("ports", &of_port as &dyn Fn(&Value) -> Value), ("volumes", &of_volume)] {
        if let Some(Value::Array(list)) = service.get_mut(key) {
            *list = list.iter().map(of).collect();
        }
    }
    if let Some(Value::Array(list)) = service.get("networks") {
        let named = list.iter().map(|own| (own.as_str().unwrap().to_owned(), Value::Null));
        let named: Map<String, Value> = named.collect();
        service.insert("networks".into(), named.into());
    }
    if let Some(Value::Object(all)) = service.get_mut("depends_on") {
        all.values_mut().for_each(|own| own["required"] = json!(true));
    }
}

fn health_shortened(service: &mut Map<String, Value>) {
    service.insert("stop_grace_period".into(), json!("1m"));
    let Some(health) = service.get_mut("healthcheck") else { return };
    if health["disable"] == true {
        *health = json!({ "test": ["NONE"] });
        return;
    }
    health["interval"] = json!("0.5m");
    health["timeout"] = json!("5000ms");
    let words = health["test"].as_array().unwrap().iter().skip(1).map(|own| own.as_str().unwrap());
    let words: Vec<&str> = words.collect();
    if words[0] == "pg_isready" {
        health["test"] = json!(words.join(" "));
    } else if words[0] == "redis-cli" {
        health["test"] = json!(["CMD-SHELL", words.join(" ")]);
    }
}

fn commands_turned(service: &mut Map<String, Value>) {
    let turned = match service.get("command") {
        Some(Value::String(text)) => json!(text.split_whitespace().collect::<Vec<_>>()),
        Some(Value::Array(words)) if words[0] != "sh" => {
            json!(words.iter().map(|own| own.as_str().unwrap()).collect::<Vec<_>>().join(" "))
        }
        _ => return,
    };
    service.insert("command".into(), turned);
}

fn limits_of_old(service: &mut Map<String, Value>) {
    let resources = service.remove("deploy").unwrap()["resources"].take();
    service.insert("mem_limit".into(), resources["limits"]["memory"].clone());
    service.insert("pids_limit".into(), resources["limits"]["pids"].clone());
    service.insert("mem_reservation".into(), resources["reservations"]["memory"].clone());
}

fn words_for_lists(service: &mut Map<String, Value>) {
    service.insert("cap_drop".into(), json!(["all"]));
    service.insert("security_opt".into(), json!(["no-new-privileges"]));
    if let Some(Value::Array(list)) = service.get("tmpfs")
        && let [only] = list.as_slice()
    {
        let only = only.clone();
        service.insert("tmpfs".into(), only);
    }
}

/// Makes each edit by itself, and takes it back; says how many there were.
fn silent(stack: &str) -> usize {
    let team = Team::with_shop(&format!("extends = [\"{stack}\"]\n"));
    team.release("9.0.0", POLICY);
    team.checked(&["--policy", "./team"], 0);
    let mut made = 0;
    for (number, (path, edit)) in EDITS.iter().enumerate() {
        let whole = team.shop().join(path);
        let Ok(before) = fs::read_to_string(&whole) else { continue };
        let after = edit(&before);
        if after == before {
            continue;
        }
        fs::write(&whole, &after).unwrap();
        let output = crate::support::dockwright()
            .current_dir(&team.top)
            .args(["check", "shop", "--policy", "./team", "--format", "json"])
            .output()
            .unwrap();
        let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let report = report["repositories"][0].take();
        let is_silent = report["policy"].as_array().is_some_and(Vec::is_empty);
        let code = output.status.code();
        assert!(is_silent && code == Some(0), "{number} {path}: {report:#}\n{after}");
        fs::write(&whole, before).unwrap();
        made += 1;
    }
    made
}

#[test]
fn harmless_edits_of_django_behind_nginx_are_silent() {
    let made = silent("django-nginx");
    assert!(made >= 60, "{made}");
}

#[test]
fn harmless_edits_of_workers_with_a_broker_are_silent() {
    let made = silent("celery-postgres-redis");
    assert!(made >= 44, "{made}");
}
