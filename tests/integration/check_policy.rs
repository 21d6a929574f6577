//! `check --policy` cannot be talked out of it: each of these was a way to have
//! what a policy forbids, and an exit code of 0.

use serde_json::Value;

use crate::check::found;
use crate::team::Team;

const DJANGO: &str = "extends = [\"django-nginx\"]\n";
const STRICT: &str = "[locked]\ndeploy.hardening = \"strict\"\n";

fn shop() -> Team {
    Team::with_shop(DJANGO)
}

fn by(team: &Team, policy: &str, code: i32) -> Value {
    team.release("9.0.0", policy);
    team.checked(&["--policy", "./team"], code)
}

fn messages(report: &Value) -> String {
    let findings = report["policy"].as_array().unwrap();
    let messages: Vec<&str> = findings.iter().map(|f| f["message"].as_str().unwrap()).collect();
    messages.join("\n")
}

/// What a change of the compose file leads to.
#[track_caller]
fn caught(policy: &str, change: impl Fn(&Team), said: &str) {
    let team = shop();
    by(&team, policy, 0);
    change(&team);
    let report = by(&team, policy, 1);
    assert!(messages(&report).contains(said), "{said}: {report:#}");
}

/// Lays lines over a service, in the file that Compose takes by itself.
fn in_service(service: &'static str, lines: &'static str) -> impl Fn(&Team) {
    move |team: &Team| {
        team.write("compose.override.yaml", &format!("services:\n  {service}:\n{lines}\n"));
    }
}

#[test]
fn privileges_are_found_however_they_are_written() {
    for (lines, said) in [
        ("    privileged: yes", "privileged: yes is root on the host"),
        ("    privileged: \"true\"", "is root on the host"),
        ("    privileged: ${P:-true}", "is root on the host"),
        ("    privileged: ${P}", "cannot be judged"),
        ("    user: ${WHO}", "cannot be judged"),
        ("    network_mode: ${MODE}", "cannot be judged"),
        ("    network_mode: \"container:other\"", "shares another container's"),
        ("    group_add: [docker]", "group_add: docker"),
        ("    devices: [\"/dev/mem:/dev/mem\"]", "devices: /dev/mem"),
        ("    device_cgroup_rules: [\"a *:* rwm\"]", "device_cgroup_rules"),
        ("    use_api_socket: true", "use_api_socket"),
        ("    post_start: [{command: id, user: root}]", "post_start runs as root"),
        ("    post_start: [{command: id, privileged: true}]", "post_start runs as root"),
        ("    cgroup_parent: /", "cgroup_parent"),
        ("    volumes_from: [\"db\"]", "volumes_from"),
    ] {
        caught(STRICT, in_service("web", lines), said);
    }
}

#[test]
fn mounts_of_the_host_are_found_through_every_door() {
    for (lines, said) in [
        ("    volumes: [\"/:/host\"]", "the whole host"),
        ("    volumes: [\"/etc:/x:ro\"]", "which is the host's"),
        ("    volumes: [\"/proc:/p\"]", "which is the host's"),
        ("    volumes: [\"~/.ssh:/s\"]", "home directory"),
        ("    volumes: [\"/srv/../etc:/x\"]", "which is the host's"),
        (
            "    volumes: [{type: bind, source: /var/run/docker.sock, target: /s}]",
            "root on the host",
        ),
        ("    volumes: [\"${SRC}:/x\"]", "cannot be judged"),
        ("    volumes: [\"../..:/x\"]", "outside of the project"),
    ] {
        caught(STRICT, in_service("nginx", lines), said);
    }
    caught(
        STRICT,
        |team| {
            in_service("nginx", "    volumes: [\"h:/host\"]")(team);
            let text = team.read("compose.yaml");
            let volume = "  h: {driver_opts: {type: none, o: bind, device: /}}\n";
            team.write(
                "compose.yaml",
                &text.replacen("\nvolumes:\n", &format!("\nvolumes:\n{volume}"), 1),
            );
        },
        "the whole host",
    );
}

#[test]
fn another_file_than_the_written_one_is_judged() {
    // Compose takes an override by itself, and what it resets is gone.
    for (text, said) in [
        ("services:\n  web:\n    privileged: true\n", "privileged"),
        ("services:\n  web:\n    cap_drop: !reset []\n", "cap_drop: [ALL] is gone"),
        ("services:\n  web:\n    read_only: !reset null\n", "read_only"),
        ("services:\n  web:\n    security_opt: !override []\n", "no-new-privileges:true is gone"),
        ("services:\n  evil:\n    image: busybox:1\n    user: \"1\"\n    pid: host\n", "pid: host"),
    ] {
        caught(STRICT, |team| team.write("compose.override.yaml", text), said);
    }
    // What it includes and extends is judged, and what is out of reach fails.
    caught(
        STRICT,
        |team| {
            team.write("more.yaml", "services:\n  evil: {image: busybox:1, privileged: true}\n");
            let text = team.read("compose.yaml");
            let with = text.replacen("services:\n", "include: [more.yaml]\nservices:\n", 1);
            team.write("compose.yaml", &with);
        },
        "evil: privileged",
    );
    caught(
        STRICT,
        |team| {
            let text = team.read("compose.yaml");
            let with = text.replacen("services:\n", "include: [../more.yaml]\nservices:\n", 1);
            team.write("compose.yaml", &with);
        },
        "could not be judged",
    );
    caught(
        STRICT,
        |team| {
            team.write("base.yaml", "services:\n  base: {privileged: true}\n");
            in_service("web", "    extends: {file: base.yaml, service: base}")(team);
        },
        "privileged",
    );
    // COMPOSE_FILE in .env names others.
    caught(
        STRICT,
        |team| {
            team.write(
                "other.compose.yaml",
                "services:\n  evil: {image: busybox:1, privileged: true}\n",
            );
            let env = team.read(".env");
            team.write(".env", &format!("{env}COMPOSE_FILE=other.compose.yaml\n"));
        },
        "evil: privileged",
    );
}

#[test]
fn the_image_that_is_really_built_is_judged() {
    let other = "FROM python:3.14-slim-trixie\nUSER root\nCMD [\"python\"]\n";
    caught(
        STRICT,
        |team| {
            team.write("other.Dockerfile", other);
            in_service("web", "    build: {dockerfile: other.Dockerfile, target: !reset null}")(
                team,
            );
        },
        "USER root",
    );
    caught(
        STRICT,
        in_service("web", "    build: {dockerfile_inline: \"FROM python:3.14\\nUSER root\"}"),
        "dockerfile_inline",
    );
    caught(
        STRICT,
        |team| {
            std::fs::create_dir(team.shop().join("sub")).unwrap();
            team.write("sub/Dockerfile", other);
            in_service("web", "    build: !override ./sub")(team);
        },
        "USER root",
    );
    for context in ["https://example.com/x.git", "../elsewhere", "${WHERE}"] {
        caught(
            STRICT,
            |team| {
                let text = format!("services: {{web: {{build: !override '{context}'}}}}\n");
                team.write("compose.override.yaml", &text);
            },
            "out of reach",
        );
    }
    caught(STRICT, in_service("web", "    build: {network: host}"), "build.network: host");
    caught(
        STRICT,
        |team| {
            let text = team.read("Dockerfile");
            let last = text.rfind("USER 10001:10001").unwrap();
            let (before, after) = text.split_at(last);
            let after = after.replacen("USER 10001:10001", "ARG WHO=10001\nUSER $WHO", 1);
            team.write("Dockerfile", &format!("{before}{after}"));
            in_service("web", "    build: {args: {WHO: root}}")(team);
        },
        "USER root",
    );
    // Only known when it is built.
    caught(
        STRICT,
        |team| {
            let text = team.read("Dockerfile");
            let last = text.rfind("USER 10001:10001").unwrap();
            let (before, after) = text.split_at(last);
            team.write(
                "Dockerfile",
                &format!("{before}{}", after.replacen("USER 10001:10001", "USER $WHO", 1)),
            );
        },
        "cannot be judged",
    );
}

#[test]
fn numbers_are_judged_wherever_they_are_said_last() {
    let rule = "[[rule]]\nkey = \"web.workers\"\nmax = 16\nmessage = \"few\"\n";
    for lines in [
        "    environment: {GUNICORN_CMD_ARGS: \"--workers 64\"}",
        "    environment: [\"GUNICORN_CMD_ARGS=-w 64\"]",
        "    command: gunicorn --workers=64 config.wsgi",
        "    entrypoint: [sh, -c, \"exec gunicorn -w 64 config.wsgi\"]",
        "    environment: {WEB_CONCURRENCY: 64}",
    ] {
        caught(rule, in_service("web", lines), "web.workers is 64");
    }
    let memory = "[[rule]]\nkey = \"web.memory\"\nmax = \"8GiB\"\nmessage = \"no more\"\n";
    // A service that is renamed does the same work, and has the same limits.
    caught(
        memory,
        |team| {
            let text = team.read("compose.yaml");
            let at = text.find("\n  web:\n").unwrap();
            let (before, after) = text.split_at(at);
            let after = after.replacen("\n  web:\n", "\n  app:\n", 1);
            let line = after.lines().find(|line| line.contains("memory:")).unwrap().to_owned();
            let after = after.replacen(&line, "          memory: 9000M", 1);
            team.write(
                "compose.yaml",
                &format!("{before}{after}").replace("      web:\n", "      app:\n"),
            );
        },
        "memory is 9000M",
    );
}

#[test]
fn versions_that_say_nothing_fail_a_floor() {
    for image in ["postgres:latest", "postgres", "postgres@sha256:0123", "postgres:${V}"] {
        let team = shop();
        team.edit("compose.yaml", "image: postgres:18-trixie", &format!("image: {image}"));
        let report = by(&team, "[floors]\nimages.postgres = \"17\"\n", 1);
        assert!(
            found(&report, "policy").iter().any(|own| own.starts_with("images.postgres")),
            "{image}"
        );
    }
}

#[test]
fn what_cannot_be_read_fails_under_a_policy_and_is_a_note_without() {
    let second = |team: &Team| {
        let text = team.read("compose.yaml");
        team.write("compose.yaml", &format!("{text}---\nservices: {{}}\n"));
    };
    caught(STRICT, second, "could not be judged");
    caught(
        STRICT,
        |team| std::fs::write(team.shop().join("compose.yaml"), b"services: {} # \xff\n").unwrap(),
        "not UTF-8",
    );
    #[cfg(unix)]
    caught(
        STRICT,
        |team| {
            std::fs::rename(team.shop().join("Dockerfile"), team.shop().join("real")).unwrap();
            std::os::unix::fs::symlink("real", team.shop().join("Dockerfile")).unwrap();
        },
        "could not be judged",
    );
    let deep = format!("x: {}{}\nservices: {{}}\n", "[".repeat(5000), "]".repeat(5000));
    caught(STRICT, |team| team.write("compose.yaml", &deep), "could not be judged");
}

#[test]
fn networks_of_the_host_are_found() {
    for network in
        ["{external: true, name: host}", "{driver: host}", "{external: true, name: bridge}"]
    {
        caught(
            STRICT,
            |team| {
                let text = format!(
                    "services: {{migrate: {{networks: [out]}}}}\nnetworks: {{out: {network}}}\n"
                );
                team.write("compose.override.yaml", &text);
            },
            "network out is the host's",
        );
    }
}

/// A base with a fitting hash hid what was edited.
#[test]
fn a_forged_base_hides_nothing() {
    let team = shop();
    by(&team, STRICT, 0);
    in_service("web", "    privileged: true")(&team);
    let text = team.read("compose.yaml");
    let base = dockwright::digest::hash(text.as_bytes());
    team.write(&format!(".dockwright/base/{base}"), &text);
    let lock = team.read(".dockwright/lock.toml");
    let at = lock.find("path = \"compose.yaml\"").unwrap();
    let (before, after) = lock.split_at(at);
    let line = after.lines().find(|line| line.starts_with("base = ")).unwrap().to_owned();
    team.write(
        ".dockwright/lock.toml",
        &format!("{before}{}", after.replacen(&line, &format!("base = \"{base}\""), 1)),
    );
    let report = by(&team, STRICT, 1);
    assert!(messages(&report).contains("privileged"), "{report:#}");
}

/// Prettier, comments and other orders change nothing that counts.
#[test]
fn harmless_edits_stay_silent() {
    let policy = format!(
        "{STRICT}deploy.bind = \"127.0.0.1\"\n[floors]\npython = \"3.12\"\nimages.postgres = \"17\"\n\
         [[rule]]\nkey = \"web.workers\"\nmax = 16\nmessage = \"few\"\n"
    );
    for (path, from, to) in [
        ("compose.yaml", "services:\n", "# privileged: true\nservices:\n"),
        ("compose.yaml", "\n  db:\n", "\n\n  # pid: host\n  db:\n"),
        ("compose.yaml", "image: postgres:18-trixie", "image: \"postgres:18-trixie\" # USER root"),
        ("compose.yaml", "\n  web:\n", "\n  web:\n    labels: {note: \"privileged: true\"}\n"),
        ("compose.yaml", "\n  web:\n", "\n  web:\n    hostname: web\n"),
        ("Dockerfile", "FROM ", "# USER root\nFROM "),
        ("Dockerfile", "# USER root", "# USER root"),
    ] {
        let team = shop();
        if !team.read(path).contains(from) {
            continue;
        }
        team.edit(path, from, to);
        by(&team, &policy, 0);
    }
    let team = shop();
    let text = team.read("Dockerfile");
    let last = text.rfind("USER 10001:10001").unwrap();
    let (before, after) = text.split_at(last);
    for run in [
        "RUN echo $((1<<2))\n",
        "RUN <<EOF\nUSER root\nEOF\n",
        "RUN cat <<'USER root'\nUSER root\nUSER root\n",
        "RUN echo \\\n# USER root\n  done\n",
        "USER root\nRUN true\n",
        "LABEL a=\"USER root\"\n",
    ] {
        team.write("Dockerfile", &format!("{before}{run}{after}"));
        by(&team, &policy, 0);
    }
    team.write("Dockerfile", &text.replace("\nUSER 10001:10001", "\nuser   10001:10001"));
    by(&team, &policy, 0);
}
