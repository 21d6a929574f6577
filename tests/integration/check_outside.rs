//! Under a policy from outside, what would not be written and cannot be told to be
//! harmless fails. Each kind has edits that break it, and one that looks alike
//! and is right.

use std::fs;

use serde_json::Value;

use crate::team::Team;

const DJANGO: &str = "extends = [\"django-nginx\"]\n";
const POLICY: &str = "[locked]\ndeploy.hardening = \"strict\"\n\
    [floors]\npython = \"3.12\"\nimages.postgres = \"17\"\n\
    [[rule]]\nkey = \"web.workers\"\nmax = 8\nmessage = \"few\"\n\
    [[rule]]\nkey = \"web.gunicorn-timeout\"\nmax = 120\nmessage = \"soon\"\n\
    [[rule]]\nkey = \"web.memory\"\nmax = \"4GiB\"\nmessage = \"little\"\n\
    [[rule]]\nfile = \"compose.yaml\"\nrequire = 'max-size: '\nmessage = \"rotated\"\n\
    [[rule]]\nfile = \"Dockerfile\"\nforbid = '\\bnetcat\\b'\nmessage = \"no netcat\"\n\
    [[rule]]\nfile = \".dockerignore\"\nrequire = '\\.env'\nmessage = \"no secrets\"\n";

fn shop() -> Team {
    let team = Team::with_shop(DJANGO);
    team.release("9.0.0", POLICY);
    team
}

fn messages(report: &Value) -> String {
    let findings = report["policy"].as_array().unwrap();
    let messages: Vec<&str> = findings.iter().map(|f| f["message"].as_str().unwrap()).collect();
    messages.join("\n")
}

/// An edit: a file, what stands there (nothing: the file is new), what comes in its
/// place, and what is said; nothing for one that is right.
type Row = (&'static str, &'static str, &'static str, &'static str);

/// Makes each edit by itself, and takes it back.
#[track_caller]
fn each(rows: &[Row]) {
    let team = shop();
    team.checked(&["--policy", "./team"], 0);
    for &(path, from, to, said) in rows {
        let before = fs::read_to_string(team.shop().join(path)).ok();
        match &before {
            Some(_) if !from.is_empty() => team.edit(path, from, to),
            _ => {
                fs::create_dir_all(team.shop().join(path).parent().unwrap()).unwrap();
                team.write(path, to);
            }
        }
        let report = team.checked(&["--policy", "./team"], i32::from(!said.is_empty()));
        assert!(messages(&report).contains(said), "{path}: {to}: {report:#}");
        match before {
            Some(text) => team.write(path, &text),
            None => fs::remove_file(team.shop().join(path)).unwrap(),
        }
    }
}

const C: &str = "compose.yaml";
const D: &str = "Dockerfile";
const G: &str = "gunicorn.conf.py";
const WEB: &str = "\n  web:\n";
const E: &str = "entrypoint.sh";
const USER: &str = "\nUSER 10001:10001";

#[test]
fn a_preset_of_the_repositorys_own_is_not_what_it_is_held_against() {
    let team = shop();
    fs::create_dir_all(team.shop().join("mine/templates")).unwrap();
    let own = format!("name = \"mine\"\nversion = \"1.0.0\"\n{DJANGO}");
    team.write("mine/preset.toml", &own);
    let text = team.read("dockwright.toml");
    let line = text.lines().find(|line| line.starts_with("preset = ")).unwrap().to_owned();
    team.edit("dockwright.toml", &line, "preset = \"./mine\"");
    team.update(&[], 0);
    team.checked(&["--policy", "./team"], 0);
    let block = "{% block web_extra %}\n    privileged: true{% endblock web_extra %}\n";
    team.write("mine/templates/compose.yaml.tera", block);
    team.update(&["--fetch"], 0);
    assert!(team.read(C).contains("privileged: true"));
    team.checked(&[], 0);
    let report = team.checked(&["--policy", "./team"], 1);
    assert!(messages(&report).contains("privileged: true is root on the host"), "{report:#}");
}

#[test]
fn a_lock_that_leaves_files_out_and_names_of_services_hide_nothing() {
    let team = shop();
    team.edit(".dockwright/lock.toml", "version = 1\n", "version = 1\nonly = [\"image\"]\n");
    team.checked(&["--policy", "./team"], 0);
    team.edit(C, WEB, "\n  web:\n    read_only: false\n");
    let report = team.checked(&["--policy", "./team"], 1);
    assert!(messages(&report).contains("no longer read_only"), "{report:#}");
}

#[test]
fn a_service_is_what_it_does_and_not_what_it_is_called() {
    each(&[
        (
            C,
            "\nnetworks:\n",
            "\n  web2:\n    <<: *app\n    command: [gunicorn, -w, '64', 'config.wsgi']\n    networks: [edge]\n\nnetworks:\n",
            "web.workers is 64",
        ),
        (
            C,
            "\nnetworks:\n",
            "\n  x:\n    image: busybox:1\n    user: '1:1'\n\nnetworks:\n",
            "cap_drop: [ALL] is gone",
        ),
        (
            C,
            "\nnetworks:\n",
            "\n  x:\n    <<: *service\n    image: busybox:1\n\nnetworks:\n",
            "its user is gone",
        ),
        (C, "image: postgres:18-trixie", "image: postgis/postgis:9.6", "at least 17"),
        (
            C,
            "\nnetworks:\n",
            "\n  x:\n    <<: *service\n    image: busybox:1\n    user: '1:1'\n    networks: [backend]\n\nnetworks:\n",
            "",
        ),
    ]);
}

#[test]
fn files_that_git_ignores_or_that_have_names_of_their_own_count() {
    const EVIL: &str = "services:\n  web:\n    privileged: true\n";
    const ALONE: &str = "services:\n  x: {image: 'busybox:1', privileged: true}\n";
    let team = shop();
    let ignored = team.read(".gitignore");
    team.write(".gitignore", &format!("{ignored}*\n"));
    team.write("compose.override.yaml", EVIL);
    let report = team.checked(&["--policy", "./team"], 1);
    assert!(messages(&report).contains("web: privileged"), "{report:#}");
    fs::remove_file(team.shop().join("compose.override.yaml")).unwrap();
    fs::create_dir(team.shop().join("compose.override.yaml")).unwrap();
    let report = team.checked(&["--policy", "./team"], 1);
    assert!(messages(&report).contains("no plain file"), "{report:#}");
    each(&[
        ("deploy/compose.yaml", "", ALONE, "x: privileged"),
        ("stack.yml", "", ALONE, "x: privileged"),
        ("Compose.override.yaml", "", EVIL, "differ by case"),
        (C, "", "services: {}\n", "it has no services"),
        (".env", "", "COMPOSE_FILE=nothing.yml\n", "out of reach"),
        ("compose.dev.yaml", "\n  web:\n", "\n  web:\n    privileged: true\n", "web: privileged"),
        ("tests/docker-compose.yml", "", ALONE, ""),
        ("docs/stack.yml", "", ALONE, ""),
        ("mkdocs.yml", "", "services: [a]\n", ""),
    ]);
}

#[test]
fn a_limit_that_is_none_and_one_for_each_of_many_fail() {
    each(&[
        (C, "          memory: 616M", "          memory: 0m", "limit of memory is gone"),
        (C, "          memory: 616M", "          memory: '0.4b'", "limit of memory is gone"),
        (C, WEB, "\n  web:\n    mem_limit: 64g\n", "memory is 64g"),
        (C, WEB, "\n  web:\n    memswap_limit: -1\n", "swap without end"),
        (C, WEB, "\n  web:\n    scale: 100\n", "100 of it"),
        (C, WEB, "\n  web:\n    scale: 2\n", ""),
    ]);
}

#[test]
fn keys_of_a_service_that_nobody_knows_to_be_harmless_fail() {
    each(&[
        (
            C,
            WEB,
            "\n  web:\n    security_opt: ['no-new-privileges:true', 'no-new-privileges:0']\n",
            "no-new-privileges:0",
        ),
        (
            C,
            WEB,
            "\n  web:\n    security_opt: ['no-new-privileges:true', 'label:type:spc_t']\n",
            "label:type",
        ),
        (C, WEB, "\n  web:\n    provider: {type: ./evil}\n", "provider"),
        (C, WEB, "\n  web:\n    oom_kill_disable: true\n", "oom_kill_disable"),
        (C, WEB, "\n  web:\n    pid: service:db\n", "another container's"),
        (C, WEB, "\n  web:\n    user: '10001:0'\n", "group of root"),
        (C, WEB, "\n  web:\n    security_opt: [no-new-privileges=true]\n", ""),
        (C, WEB, "\n  web:\n    privileged: false\n    pid: ''\n    x-note: a\n", ""),
    ]);
}

/// Compose without the variable is what is judged; that it is one is said.
#[test]
fn a_default_of_a_variable_counts_and_is_noted() {
    let team = shop();
    team.edit(C, WEB, "\n  web:\n    privileged: ${PRV:-false}\n");
    let report = team.checked(&["--policy", "./team"], 0);
    let notes = report["notes"].to_string();
    assert!(notes.contains("`privileged` is the default of PRV"), "{report:#}");
    let env = team.read(".env");
    team.write(".env", &format!("{env}PRV=true\n"));
    team.checked(&["--policy", "./team"], 1);
}

#[test]
fn networks_are_bridges_of_the_engines_own() {
    each(&[
        (C, "  edge: {}", "  edge: {driver: macvlan}", "cannot be told"),
        (C, "  edge: {}", "  edge: {external: {name: host}}", "is the host's"),
        (C, "  edge: {}", "  edge: {external: true, name: docker_gwbridge}", "is the host's"),
        (C, "    internal: true", "    internal: false", "leads outside"),
        (C, "  edge: {}", "  edge: {external: true, name: traefik}", ""),
        (C, "  edge: {}", "  edge: {driver: bridge, labels: {a: b}}", ""),
    ]);
}

#[test]
fn mounts_are_of_the_project_or_of_the_engine() {
    const V: &str = "  media: {}";
    each(&[
        (C, "- media:/app/media", "- /var/log:/app/media", "outside of the project"),
        (C, "- media:/app/media", "- ./.env:/app/media", "holds secrets"),
        (C, "media:/srv/media:ro", "media:/srv/media", "no longer mounted read-only"),
        (C, "- media:/app/media", "- media:/app", "is mounted over"),
        (C, "- /tmp:size=64m", "- /tmp:size=64m\n      - /x:exec", "tmpfs: /x:exec"),
        (C, V, "  media: {driver: vieux/sshfs}", "driver vieux/sshfs"),
        (C, V, "  media: {driver_opts: {type: overlay, o: lowerdir=/}}", "cannot be told"),
        (C, V, "  media: {driver_opts: {type: tmpfs, o: bind, device: /}}", "the whole host"),
        (
            C,
            V,
            "  media: {driver_opts: {type: tmpfs, o: 'rw, rbind', device: /etc}}",
            "/etc is mounted",
        ),
        (C, V, "  media: {driver_opts: {type: tmpfs, o: 'exec,suid', device: x}}", "exec,suid"),
        (C, V, "  media: {external: true, name: other_db-data}", "a volume of others"),
        (C, V, "  media: {driver_opts: {type: tmpfs, o: size=64m, device: tmpfs}}", ""),
        (C, WEB, "\n  web:\n    env_file: [/etc/environment]\n", "outside of the project"),
        (C, "- media:/app/media", "- media:/app/media\n      - ./deploy:/x:ro", ""),
        (C, "- media:/app/media", "- more:/app/more", ""),
    ]);
}

#[cfg(unix)]
#[test]
fn a_mounted_link_out_of_the_project_fails() {
    let team = shop();
    std::os::unix::fs::symlink("/", team.shop().join("hostroot")).unwrap();
    team.edit(C, "- media:/app/media", "- ./hostroot:/host");
    let report = team.checked(&["--policy", "./team"], 1);
    assert!(messages(&report).contains("is a link out of the project"), "{report:#}");
}

#[test]
fn what_a_build_takes_in_beside_the_dockerfile_fails() {
    const T: &str = "      target: runtime\n";
    each(&[
        (C, T, "      target: runtime\n      args: {BUILDKIT_SYNTAX: evil/x}\n", "BUILDKIT_SYNTAX"),
        (
            C,
            T,
            "      target: runtime\n      additional_contexts: {builder: ./evil}\n",
            "additional_contexts",
        ),
        (C, T, "      target: runtime\n      ssh: [default]\n", "build.ssh"),
        (C, T, "      target: nothing\n", "has no nothing"),
        (C, T, "      target: runtime\n      dockerfile: ../../Dockerfile\n", "out of reach"),
        (D, USER, "\nRUN --security=insecure id\nUSER 10001:10001", "reaches the host"),
        (C, T, "      target: runtime\n      args: {GIT_SHA: abc}\n      labels: {a: b}\n", ""),
    ]);
}

#[test]
fn root_in_disguise_is_root() {
    each(&[
        (D, USER, "\nUSER -0", "runs as root"),
        (D, USER, "\nUSER 4294967296", "runs as root"),
        (D, USER, "\nRUN usermod -o -u 0 app\nUSER app", "makes a user root"),
        (D, USER, "\nRUN echo 'a:x:0:0::/:/bin/sh' >> /etc/passwd\nUSER a", "/etc/passwd"),
        (D, USER, "\nRUN chmod u+s /bin/sh\nUSER 10001:10001", "become who owns it"),
        (D, USER, "\nCOPY --chmod=4755 x /x\nUSER 10001:10001", "become who owns it"),
        (D, USER, "\nRUN apt-get install -y sudo\nUSER 10001:10001", "sudo"),
        (D, USER, "\nRUN chmod 0755 /bin/sh && useradd -u 10002 b\nUSER 10001:10001", ""),
        (D, USER, "\nUSER app", ""),
    ]);
}

#[test]
fn numbers_that_something_else_may_set_cannot_be_judged() {
    const W: &str = "\ntimeout = 60";
    each(&[
        (G, W, "\nworkers += 60\ntimeout = 60", "workers is only known when it runs"),
        (G, W, "\nglobals()['workers'] = 64\ntimeout = 60", "workers is only known when it runs"),
        (G, W, "\nos.environ['WEB_CONCURRENCY'] = '64'\ntimeout = 60", "only known when it runs"),
        (G, W, "\ntimeout = 0", "without end"),
        (
            C,
            WEB,
            "\n  web:\n    command: sh -c \"WEB_CONCURRENCY=64 gunicorn config.wsgi\"\n",
            "cannot be judged",
        ),
        (
            C,
            WEB,
            "\n  web:\n    command: [supervisord, -n]\n    entrypoint: []\n",
            "cannot be judged",
        ),
        (C, WEB, "\n  web:\n    working_dir: /app/other\n", "another file"),
        (D, USER, "\nRUN sed -i s/1/2/ gunicorn.conf.py\nUSER 10001:10001", "another file"),
        (
            "entrypoint.sh",
            "exec \"$@\"",
            "export WEB_CONCURRENCY=64\nexec \"$@\"",
            "cannot be judged",
        ),
        ("entrypoint.sh", "exec \"$@\"", "exec \"$@\" --workers 64", "cannot be judged"),
        (
            G,
            W,
            "\ntimeout = 61\n\n\ndef post_fork(server, worker):\n    server.log.info('x')\n",
            "",
        ),
        ("entrypoint.sh", "exec \"$@\"", "echo started\nexec \"$@\"", ""),
    ]);
    let team = shop();
    let text = team.read(G);
    let line = text.lines().find(|line| line.starts_with("workers = ")).unwrap();
    let value = line.strip_prefix("workers = ").unwrap();
    team.edit(G, line, &format!("workers = min(8, 2 * {value})"));
    team.checked(&["--policy", "./team"], 0);
    team.edit(G, "min(8,", "min(9,");
    team.checked(&["--policy", "./team"], 1);
}

#[test]
fn a_file_that_runs_as_its_owner_is_found_by_whatever_sets_or_brings_it() {
    const R: &str = "\nUSER 10001:10001";
    const SETS: &str = "become who owns it";
    each(&[
        (D, R, "\nRUN chmod 4755 /bin/sh\nUSER 10001:10001", SETS),
        (D, R, "\nRUN install -m 4755 /bin/sh /x\nUSER 10001:10001", SETS),
        (D, R, "\nRUN find / -name sh -exec chmod u+s {} +\nUSER 10001:10001", SETS),
        (D, R, "\nRUN sh -c 'chmod u+s /bin/sh'\nUSER 10001:10001", SETS),
        (D, R, "\nRUN [\"chmod\", \"u+s\", \"/bin/sh\"]\nUSER 10001:10001", SETS),
        (D, R, "\nRUN <<EOF\nchmod u+s /bin/sh\nEOF\nUSER 10001:10001", SETS),
        (D, R, "\nRUN python -c \"os.chmod('/x', 0o4755)\"\nUSER 10001:10001", SETS),
        (D, R, "\nRUN setcap cap_setuid+ep /x\nUSER 10001:10001", SETS),
        (D, R, "\nRUN M=4755; chmod $M /x\nUSER 10001:10001", "cannot be judged"),
        (D, R, "\nADD x.tar.gz /\nUSER 10001:10001", "what an archive unpacks to"),
        (D, R, "\nCOPY --from=evil/x:1 /bin/su /bin/su\nUSER 10001:10001", "evil/x:1 holds"),
        (
            D,
            R,
            "\nRUN --mount=type=bind,from=evil/x,target=/x /x/run\nUSER 10001:10001",
            "evil/x holds",
        ),
        (D, "WORKDIR /app\n", "WORKDIR /app\nRUN chmod u+s /opt/venv/bin/python\n", SETS),
        (D, R, "\nRUN install -d -m 0755 /x && chmod -R u=rwX,go=rX /x\nUSER 10001:10001", ""),
        (D, R, "\nCOPY --from=mirror.test/astral-sh/uv:1 /uv /bin/uv\nUSER 10001:10001", ""),
    ]);
}

/// Programs without number make somebody root: those that do not are listed, and each
/// other way of running something is one kind here.
#[test]
fn what_a_build_runs_and_nobody_can_judge_fails() {
    const R: &str = "\nUSER 10001:10001";
    const UNKNOWN: &str = "does cannot be judged";
    each(&[
        // Another program, one that only a variable names, and what shells read.
        (D, R, "\nRUN dpkg-statoverride --add root root 4755 /x\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN C=chmod; $C u+s /bin/sh\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN echo Y2g= | base64 -d | sh\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN cat m | xargs chmod\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN python -c \"import os; os.chmod('/x', 2541)\"\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN python <<EOF\nx\nEOF\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN <<EOF\n#!/usr/bin/perl\nx\nEOF\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN <<EOF\nset -e\nmake\nEOF\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN [\"sh\", \"-c\", \"useradd -o -u 0 boss\"]\nUSER 10001:10001", UNKNOWN),
        // Modes and accounts that are written another way.
        (D, R, "\nRUN chmod u-w+s /bin/sh\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN install -Dm4755 /bin/sh /x\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN useradd -oMu0 boss\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN usermod -aG root app\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN apt-get install -y opendoas\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN echo x >> /etc//passwd\nUSER 10001:10001", UNKNOWN),
        // Where it is run, and by what.
        (D, R, "\nWORKDIR /etc\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nSHELL [\"chmod\", \"u+s\"]\nRUN /bin/sh\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nENV PATH=/app/x:$PATH\nRUN pip install x\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nCOPY config/x /usr/bin/pip\nRUN pip install x\nUSER 10001:10001", UNKNOWN),
        (D, R, "\nRUN sh tools/none.sh\nUSER 10001:10001", UNKNOWN),
        (D, "COPY . .\n", "COPY . .\nRUN make\n", UNKNOWN),
        // What builds ordinarily do.
        (D, R, "\nRUN apt-get update && apt-get install -y curl\nUSER 10001:10001", ""),
        (D, R, "\nRUN pip install --no-cache-dir x\nUSER 10001:10001", ""),
        (D, R, "\nRUN DEBUG=1 python manage.py check\nUSER 10001:10001", ""),
        (D, R, "\nRUN mkdir -p /x && chown app /x && chmod 0755 /x\nUSER 10001:10001", ""),
        (D, R, "\nRUN <<EOF\nset -e\npip install x\nEOF\nUSER 10001:10001", ""),
        (D, R, "\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nUSER 10001:10001", ""),
        (D, R, "\nCOPY config/x /usr/local/bin/start\nUSER 10001:10001", ""),
    ]);
}

/// A script of the repository is judged by what it does, wherever it is called from.
#[test]
fn a_script_that_a_build_runs_is_judged_as_the_build_is() {
    const RUNS: [&str; 4] = [
        "RUN sh ./tools/mk.sh",
        "RUN --mount=type=bind,source=tools/mk.sh,target=/mk.sh sh /mk.sh",
        "COPY tools/mk.sh /mk.sh\nRUN /mk.sh",
        "RUN /app/tools/mk.sh",
    ];
    let team = shop();
    fs::create_dir(team.shop().join("tools")).unwrap();
    let before = team.read(D);
    for run in RUNS {
        team.write(D, &before);
        team.edit(D, USER, &format!("\n{run}{USER}"));
        for (script, code) in [
            ("#!/bin/sh\nset -e\nmkdir -p /x\npip install y\n", 0),
            ("#!/bin/sh\nmkdir -p /x\nperl -e x\n", 1),
            ("#!/usr/bin/perl\nmkdir x\n", 1),
        ] {
            team.write("tools/mk.sh", script);
            let report = team.checked(&["--policy", "./team"], code);
            let said = messages(&report).contains("does cannot be judged");
            assert_eq!(said, code == 1, "{run}: {script}: {report:#}");
        }
    }
    team.write("tools/mk.sh", "mkdir -p /x\n");
    team.write(D, &before);
    let run = "\nRUN cp config/x tools/mk.sh && sh tools/mk.sh";
    team.edit(D, USER, &format!("{run}{USER}"));
    team.checked(&["--policy", "./team"], 1);
}

#[test]
fn code_and_programs_of_an_image_are_not_replaced() {
    const M: &str = "- media:/app/media";
    const OVER: &str = "is mounted over";
    const S: &str = "\nservices:\n";
    each(&[
        (C, M, "- ./config:/app/config", OVER),
        (C, M, "- ./manage.py:/app/entrypoint.sh", OVER),
        (C, M, "- media:/opt/venv/lib", OVER),
        (C, M, "- ./manage.py:/usr/local/bin/python3", OVER),
        (C, M, "- ./manage.py:/etc/passwd", OVER),
        (C, M, "- ./manage.py:/etc/ld.so.conf.d/x.conf", OVER),
        (C, M, "- ./deploy:/etc", OVER),
        (C, M, "- ./deploy:/opt", OVER),
        // However a path is written.
        (C, M, "- ./config:/opt/../app/./config", OVER),
        (C, M, "- ./config:/app//config", OVER),
        (C, M, "- {type: bind, source: ./config, target: /etc/../etc/passwd}", OVER),
        (
            C,
            S,
            "\nsecrets: {g: {file: ./manage.py}}\n\nservices:\n  x:\n    <<: *service\n    image: busybox:1\n    user: '1:1'\n    networks: [backend]\n    secrets: [{source: g, target: ../../etc/passwd}]\n",
            OVER,
        ),
        (
            C,
            S,
            "\nconfigs: {g: {content: x}}\n\nservices:\n  x:\n    <<: *service\n    image: busybox:1\n    user: '1:1'\n    networks: [backend]\n    configs: [{source: g, target: /etc/passwd}]\n",
            OVER,
        ),
        (C, M, "- media:/app/media\n      - ./deploy:/app/notes:ro", ""),
        (
            C,
            S,
            "\nconfigs: {g: {content: x}}\n\nservices:\n  x:\n    <<: *service\n    image: busybox:1\n    user: '1:1'\n    networks: [backend]\n    configs: [{source: g, target: /etc/x.conf}]\n",
            "",
        ),
    ]);
}

#[test]
fn what_steers_a_start_beside_its_words_is_not_followed() {
    const X: &str = "exec \"$@\"";
    const W: &str = "\ntimeout = 60";
    const OTHER: &str = "may put something else in its server's place";
    each(&[
        (E, X, "set -- gunicorn -w 64 config.wsgi\nexec \"$@\"", "cannot be judged"),
        (E, X, "exec \"$@\" \\\n  --workers 64", "cannot be judged"),
        (E, X, "exec \"$@\" $EXTRA", "cannot be judged"),
        (E, X, "alias gunicorn='gunicorn -w 64'\nexec \"$@\"", "cannot be judged"),
        (E, X, "echo \"<<X\"\nexport WEB_CONCURRENCY=64\nexec \"$@\"", "cannot be judged"),
        (E, X, "true # <<X\nexport WEB_CONCURRENCY=64\nexec \"$@\"", "cannot be judged"),
        (E, X, "PATH=/tmp:$PATH\nexec \"$@\"", "cannot be judged"),
        (D, USER, "\nENV LD_PRELOAD=/tmp/x.so\nUSER 10001:10001", OTHER),
        (D, USER, "\nENV PATH=/tmp:$PATH\nUSER 10001:10001", OTHER),
        (C, "      SECURE_HSTS", "      PYTHONPATH: /tmp\n      SECURE_HSTS", OTHER),
        (G, W, "\non_starting = lambda s: s.ttin()\ntimeout = 60", "only known when it runs"),
        (G, W, "\ntimeout = 60\n\n\ndef when_ready(s):\n    s.ttin()\n", "only known when it runs"),
        (
            G,
            W,
            "\ntimeout = 60\n\n\ndef when_ready(s):\n    x = s\n    x.y = 1\n",
            "only known when it runs",
        ),
        (G, W, "\ntimeout = False", "without end"),
        // Modules of the repository are settings, too; one that is none is not there.
        (G, W, "\nfrom core.more import *\ntimeout = 60", "only known when it runs"),
        (C, "      SECURE_HSTS", "      PYTHONPATH: /app\n      SECURE_HSTS", ""),
        (E, X, "set -x\nexec \"$@\"", ""),
    ]);
}

#[test]
fn what_loosens_a_container_in_small_things_fails() {
    each(&[
        (C, WEB, "\n  web:\n    privileged: t\n", "cannot be judged"),
        (C, WEB, "\n  web:\n    oom_score_adj: -1000\n", "oom_score_adj"),
        (C, WEB, "\n  web:\n    sysctls: {kernel.core_pattern: x}\n", "kernel.core_pattern"),
        (C, WEB, "\n  web:\n    memswap_limit: 64g\n", "memswap_limit is 64g"),
        (C, WEB, "\n  web:\n    label_file: ../x\n", "outside of the project"),
        (C, WEB, "\n  web:\n    pull_policy: always\n", "is pulled and not built here"),
        (".env", "TAG=local", "TAG=local\nCOMPOSE_ENV_FILES=x", "COMPOSE_ENV_FILES"),
        (D, USER, "\nRUN [\"apt\", \"\\u006eetcat\"]\nUSER 10001:10001", "no netcat"),
        (".dockerignore", "", ".env\n!.e*\n", "no secrets"),
        (".dockerignore", "", ".env\n!**\n", "no secrets"),
        (C, WEB, "\n  web:\n    sysctls: [net.core.somaxconn=1024]\n", ""),
        (C, WEB, "\n  web:\n    memswap_limit: 1g\n", ""),
    ]);
}

#[test]
fn a_version_that_no_tag_tells_fails_a_floor() {
    const R: &str = "FROM python:3.14-slim-trixie AS runtime";
    each(&[
        (D, R, "FROM debian:13-slim AS runtime", "cannot be told"),
        (D, R, "FROM pypy:3.9-slim AS runtime", "at least 3.12"),
        (D, USER, "\nRUN uv venv --python 3.9 /v\nUSER 10001:10001", "asks for Python 3.9"),
        (D, R, "FROM python:3.13-slim AS runtime", ""),
    ]);
}

#[test]
fn a_rule_on_a_file_holds_for_what_is_read_in_its_place() {
    each(&[
        (D, USER, "\nRUN apt-get install net\\\ncat\nUSER 10001:10001", "no netcat"),
        (D, USER, "\nRUN apt-get install net''cat\nUSER 10001:10001", "no netcat"),
        (C, "    max-size: 10m\n", "    # max-size: 10m\n", "rotated"),
        (C, WEB, "\n  web:\n    logging: {driver: none}\n", "nothing in web matches"),
        (".dockerignore", "", "# .env\n", "no secrets"),
        (".dockerignore", "", ".env\n!.env\n", "no secrets"),
        ("Dockerfile.dockerignore", "", "# nothing\n", "no secrets"),
        (C, "    max-size: 10m\n", "    max-size: 20m\n", ""),
        (".dockerignore", "", ".env\n!README.md\n", ""),
        (D, USER, "\nRUN echo net cat\nUSER 10001:10001", ""),
    ]);
}
