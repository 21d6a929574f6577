use std::collections::BTreeMap;

use super::*;

fn project(paths: &[&str], files: &[(&str, &str)]) -> Project {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    Project::load(".", &paths, &|path| Ok(files.get(path).map(|text| (*text).to_owned())))
}

fn service(project: &Project, name: &str) -> Service {
    project.services().into_iter().find(|service| service.name == name).unwrap()
}

#[test]
fn files_are_laid_over_each_other_by_composes_rules() {
    let base = "services:\n  web:\n    image: a\n    command: [one, two]\n    environment: [A=1, B=2]\n    ports: ['80:80', '81:81']\n    volumes: ['data:/data', './x:/x']\n    privileged: true\n    cap_add: [A]\n    build: .\n    networks: [one]\n";
    let over = "services:\n  web:\n    command: [three]\n    environment:\n      B: 3\n      C: 4\n    ports: !override\n      - '127.0.0.1:80:80'\n    volumes: ['./other:/x']\n    privileged: !reset null\n    cap_add: [B]\n    build: {target: prod}\n  extra: {image: b, tty: !reset true}\n";
    let project = project(&["a.yml", "b.yml"], &[("a.yml", base), ("b.yml", over)]);
    assert_eq!(project.faults, []);
    let web = service(&project, "web");
    assert_eq!(web.command(), "three");
    let environment: Vec<String> = web
        .environment()
        .into_iter()
        .map(|(name, value)| format!("{name}={}", value.unwrap_or_default()))
        .collect();
    assert_eq!(environment, ["A=1", "B=3", "C=4"]);
    assert_eq!(web.ports().len(), 1);
    let mounts: Vec<String> = web.mounts().into_iter().map(|mount| mount.target).collect();
    assert_eq!(mounts, ["/data", "/x"]);
    assert_eq!(web.item.get("privileged"), None);
    assert_eq!(web.item.get("cap_add").unwrap().scalars(), ["A", "B"]);
    assert_eq!(web.build().unwrap().target, "prod");
    assert_eq!(web.build().unwrap().context, ".");
    let port = &web.item.get("ports").unwrap().items()[0];
    assert_eq!((port.file, port.line), (1, 8));
    assert_eq!(service(&project, "extra").item.get("tty"), None);
}

#[test]
fn extends_and_include_reach_other_files() {
    let project = project(
        &["compose.yaml"],
        &[
            (
                "compose.yaml",
                "include:\n  - infra/db.yaml\nservices:\n  web:\n    extends: {file: common.yaml, service: base}\n    image: own\n  two:\n    extends: web\n",
            ),
            ("common.yaml", "services:\n  base: {image: a, restart: always}\n"),
            ("infra/db.yaml", "services:\n  db: {image: 'postgres:${PG}'}\n"),
            ("infra/.env", "PG=17\n"),
        ],
    );
    assert_eq!(project.faults, []);
    let web = service(&project, "web");
    assert_eq!(web.image().as_deref(), Some("own"));
    let restart = web.item.get("restart").unwrap();
    assert_eq!(project.files[restart.file].path, "common.yaml");
    assert_eq!(service(&project, "two").text("restart").as_deref(), Some("always"));
    assert_eq!(service(&project, "db").image().as_deref(), Some("postgres:17"));
}

#[test]
fn variables_come_from_env_and_defaults_and_the_rest_is_named() {
    let project = project(
        &["compose.yaml"],
        &[
            (
                "compose.yaml",
                "services:\n  web:\n    image: a:${TAG}\n    user: ${U:?set it}\n    ports: ['${P:-80}:80', '${Q:+1}']\n    command: echo $$HOME\n",
            ),
            (".env", "TAG=3\n"),
        ],
    );
    let web = service(&project, "web");
    assert_eq!(web.image().as_deref(), Some("a:3"));
    assert_eq!(web.ports()[0].host, "80");
    assert_eq!(web.command(), "echo $HOME");
    assert_eq!(project.unset, [Unset { name: "U".into(), required: true, file: 0, line: 4 }]);
}

#[test]
fn what_is_out_of_reach_is_a_fault() {
    for text in [
        "include: ['../x.yaml']\n",
        "include: [there-is-none.yaml]\n",
        "services: {a: {extends: {file: none.yaml, service: b}}}\n",
        "services: {a: {extends: b}, b: {extends: a}}\n",
        "a: 1\n---\nb: 2\n",
        "- a\n",
        "a: [\n",
        "include: [compose.yaml]\n",
    ] {
        let project = project(&["compose.yaml"], &[("compose.yaml", text)]);
        assert!(!project.faults.is_empty(), "{text}");
    }
}

#[test]
fn paths_of_other_files_are_seen_from_the_project() {
    let api = "services:\n  api:\n    build: {dockerfile: prod.Dockerfile}\n    env_file: [.env, {path: ../x.env}]\n    volumes: ['./data:/data', 'named:/n', '/etc:/e']\nsecrets:\n  key: {file: ./key}\n";
    let base = "services:\n  base:\n    build: ./img\n    volumes: [{type: bind, source: ../up, target: /u}]\n";
    let top = "include: ['api/docker-compose.${T:-prod}.yml']\nservices:\n  web:\n    extends: {file: common/base.yml, service: base}\n    build: {args: {A: '1'}}\n";
    let project = project(
        &["compose.yaml"],
        &[("compose.yaml", top), ("api/docker-compose.prod.yml", api), ("common/base.yml", base)],
    );
    assert_eq!(project.faults, []);
    let api = service(&project, "api");
    assert_eq!(api.build().unwrap().context, "./api");
    let files = api.item.get("env_file").unwrap();
    assert_eq!(files.items()[0].scalar().as_deref(), Some("./api/.env"));
    assert_eq!(files.items()[1].get("path").unwrap().scalar().as_deref(), Some("./x.env"));
    let mounts = api.item.get("volumes").unwrap().scalars();
    assert_eq!(mounts, ["./api/data:/data", "named:/n", "/etc:/e"]);
    let secret = project.root.get("secrets").unwrap().get("key").unwrap();
    assert_eq!(secret.get("file").unwrap().scalar().as_deref(), Some("./api/key"));
    let web = service(&project, "web");
    let build = web.build().unwrap();
    assert_eq!(build.context, "./common/img");
    let mount = &web.item.get("volumes").unwrap().items()[0];
    assert_eq!(mount.get("source").unwrap().scalar().as_deref(), Some("./up"));
}

#[test]
fn many_comments_in_a_row_are_read() {
    let comments = "    # x: y\n".repeat(200);
    let text = format!("services:\n  web: {{image: a}}\nvolumes:\n  data:\n{comments}");
    assert_eq!(project(&["a.yml"], &[("a.yml", &text)]).faults, []);
}

#[test]
fn a_tag_is_one_and_no_word_in_a_comment_or_a_text() {
    let base = "services:\n  web:\n    privileged: # !reset\n      true\n    cap_drop: [!reset ALL, KILL]\n    tty: !<!reset> true\n    init: !reset true\n";
    let over = "services:\n  web: # !reset\n    privileged: true\n    cap_drop: !override # !reset\n      - NET_RAW\n";
    let one = project(&["a.yml"], &[("a.yml", base)]);
    let web = service(&one, "web");
    assert_eq!(web.text("privileged").as_deref(), Some("true"));
    assert_eq!(web.item.get("cap_drop").unwrap().scalars(), ["KILL"]);
    assert_eq!((web.item.get("tty"), web.item.get("init")), (None, None));
    let both = project(&["a.yml", "b.yml"], &[("a.yml", base), ("b.yml", over)]);
    let web = service(&both, "web");
    assert_eq!(web.text("privileged").as_deref(), Some("true"));
    assert_eq!(web.item.get("cap_drop").unwrap().scalars(), ["NET_RAW"]);
}

#[test]
fn env_files_are_read_as_compose_reads_them() {
    let top = "include:\n  - {path: inc/x.yml, env_file: inc/my.env}\nservices:\n  web: {image: '${A}-${B}-${C}-${D}'}\n";
    let project = project(
        &["compose.yaml"],
        &[
            ("compose.yaml", top),
            (".env", "A=1\nA=2\nB=${A}x\nC='${A}'\nD=${NONE:-d}\n"),
            ("inc/x.yml", "services:\n  more: {image: 'i:${PR}'}\n"),
            ("inc/.env", "PR=no\n"),
            ("inc/my.env", "PR=yes\n"),
        ],
    );
    assert_eq!(service(&project, "web").image().as_deref(), Some("2-2x-${A}-d"));
    assert_eq!(service(&project, "more").image().as_deref(), Some("i:yes"));
}

#[test]
fn what_other_readers_of_yaml_see_otherwise_is_said() {
    let text = "services:\n  web:\n    image: a # note\u{85}    privileged: true\n";
    let project = project(&["a.yml"], &[("a.yml", text)]);
    assert_eq!(project.faults[0].line, 3);
}

#[test]
fn files_that_include_two_each_end_in_a_fault() {
    let texts: Vec<(String, String)> = (0..15)
        .map(|own| {
            let next = own + 1;
            (
                format!("{own}.yaml"),
                format!("include: [{next}.yaml, {next}.yaml]\nservices: {{}}\n"),
            )
        })
        .chain([("15.yaml".to_owned(), "services: {}\n".to_owned())])
        .collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let project = project(&["0.yaml"], &texts);
    let said: Vec<&str> = project.faults.iter().map(|own| own.message.as_str()).collect();
    assert_eq!(said, ["more than 256 files are included"]);
}

#[test]
fn aliases_of_aliases_end_in_a_fault() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let below = format!("*a{}, ", level - 1).repeat(9);
        text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    assert!(!project(&["a.yml"], &[("a.yml", &text)]).faults.is_empty());
}
