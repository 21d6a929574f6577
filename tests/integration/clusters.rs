//! What is written for Kubernetes and ECS holds together, over every combination: names
//! that are named are there, one process in a pod, limits that the platforms have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use dockwright::answers::{Draft, Origin, Sources};
use dockwright::plan::workloads::{Kind, Probe, Value, Workload, sizes};
use dockwright::plan::{self, Plan, Role};
use dockwright::schema::numbers::rows;
use dockwright::{preset, render};
use serde_json::Value as Json;

use crate::combinations::combinations;
use crate::support::{directory, dockwright};

/// Every combination that makes sense, on both platforms; those with a model have what it
/// needs.
fn drafts() -> impl Iterator<Item = Draft> {
    combinations().into_iter().map(|mut draft| {
        let set = [
            ("deploy.cpus", "4"),
            ("deploy.memory", "16GiB"),
            ("deploy.target", "compose,kubernetes,ecs"),
        ];
        for (key, value) in set {
            draft.set(key, value, Origin::Flag).unwrap();
        }
        draft
    })
}

#[test]
fn what_no_host_runs_needs_no_host_that_holds_it() {
    for (targets, budget, fits) in [
        ("kubernetes", "host", true),
        ("ecs", "task", true),
        ("[\"kubernetes\", \"ecs\"]", "host", true),
        ("compose,kubernetes", "host", false),
        ("compose,ecs", "task", false),
    ] {
        let preset = preset::find("celery-postgres-redis").unwrap();
        let mut draft = Sources::of(&preset).assemble().unwrap().draft;
        let set = [("deploy.cpus", "0.1"), ("deploy.memory", "64MiB"), ("deploy.budget", budget)];
        let more = [("deploy.target", targets), ("project.name", "shop")];
        for (key, value) in set.into_iter().chain(more) {
            draft.set(key, value, Origin::Flag).unwrap();
        }
        let plan = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new());
        assert_eq!(plan.is_ok(), fits, "{targets} {budget}: {:?}", plan.err());
    }
}

fn plan_of(draft: &Draft) -> Plan {
    plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap()
}

fn secrets(workload: &Workload) -> impl Iterator<Item = &str> {
    workload.env.iter().filter_map(|given| match &given.value {
        Value::Secret { key, .. } => Some(key.as_str()),
        Value::Literal(_) => None,
    })
}

#[test]
fn every_name_of_a_workload_is_there_and_no_secret_is_written_down() {
    for draft in drafts() {
        let plan = plan_of(&draft);
        let all = &plan.workloads;
        assert!(!all.workloads.is_empty());
        for workload in &all.workloads {
            let mut names = BTreeSet::new();
            for given in &workload.env {
                assert!(names.insert(&given.name), "{} is told {} twice", workload.id, given.name);
                let is_setting = all.settings.iter().any(|(name, _)| *name == given.name);
                assert!(!is_setting, "{} stands in the settings as well", given.name);
                if let Value::Literal(value) = &given.value {
                    assert!(!value.contains("${"), "{}: {value} is Compose's", given.name);
                }
            }
            for key in secrets(workload) {
                assert!(all.secrets.iter().any(|secret| secret.name == key), "{key}");
            }
            let mut targets = BTreeSet::new();
            for volume in &workload.volumes {
                assert!(targets.insert(&volume.target), "{} is mounted twice", volume.target);
                if let Kind::Claim { .. } = volume.kind {
                    assert!(all.claims.iter().any(|claim| claim.name == volume.name));
                }
            }
            // What is told to a container of the host is told to a pod.
            let service = plan.topology.of_kind(workload.role).unwrap();
            for variable in &service.env {
                let told = names.contains(&variable.name)
                    || all.settings.iter().any(|(name, _)| *name == variable.name);
                assert!(told, "{} is not told {}", workload.id, variable.name);
            }
        }
        // Of what a person has to make, the development overlay has a value.
        for secret in &all.secrets {
            let is_url = plan.flags.is("external_db") && secret.name == "DATABASE_URL";
            assert!(secret.development.is_some() || is_url, "{}", secret.name);
        }
    }
}

#[test]
fn a_pod_is_one_process_that_has_time_to_end() {
    for draft in drafts() {
        let plan = plan_of(&draft);
        let n = &plan.decisions;
        for workload in &plan.workloads.workloads {
            let role = workload.role;
            let told = |name: &str| {
                let found = workload.env.iter().find(|given| given.name == name);
                found.map(|given| given.value.clone())
            };
            if role == Role::Web {
                assert_eq!(told("WEB_CONCURRENCY"), Some(Value::Literal("1".into())));
                let ends = n.get(rows::GRACEFUL_TIMEOUT, role).0 + workload.pre_stop.unwrap().0 + 5;
                assert!(workload.grace.0 >= ends);
                assert!(workload.replicas.unwrap().count >= 2);
                assert!(matches!(workload.probe, Probe::Http { .. }));
            }
            if role == Role::Worker {
                let words = format!("{:?}", workload.command);
                assert!(words.contains("--concurrency=1"), "{words}");
                // Never by asking the broker.
                assert!(!words.contains("inspect"), "{words}");
                assert!(workload.grace > n.get(rows::SOFT_SHUTDOWN_TIMEOUT, role));
                assert!(matches!(workload.probe, Probe::Command(_)));
            }
            if role == Role::Beat {
                let replicas = workload.replicas.unwrap();
                assert_eq!((replicas.count, replicas.most, replicas.overlap), (1, 1, false));
            }
            assert_eq!(workload.replicas.is_none(), role == Role::Migrate);
            assert!(
                workload.writable.is_none() && workload.unprivileged && workload.user.is_some()
            );
            // ECS and Fargate.
            assert!(n.get(rows::TASK_STOP, role).0 <= 120);
            let (_, least, most, _) = sizes::fargate(n.get(rows::TASK_CPUS, role)).unwrap();
            let memory = n.get(rows::TASK_MEMORY, role);
            assert!((*least..=*most).contains(&memory) && memory >= workload.memory);
        }
    }
}

/// Every YAML and JSON document of a rendered plan, by path.
fn documents(draft: &Draft) -> BTreeMap<String, Vec<Json>> {
    let files = render::render(&plan_of(draft), draft).unwrap();
    let read = |file: render::Rendered| {
        let path = file.output.path.to_string();
        if !path.starts_with("deploy/") {
            return None;
        }
        let text = String::from_utf8(file.bytes).unwrap();
        let documents = match path.rsplit('.').next() {
            Some("json") => vec![serde_json::from_str(&text).expect(&path)],
            // CloudFormation's tags are no YAML of everybody's.
            Some("yaml") if !path.starts_with("deploy/ecs") => {
                serde_saphyr::from_multiple(&text).expect(&path)
            }
            _ => return None,
        };
        Some((path, documents))
    };
    files.into_iter().filter_map(read).collect()
}

fn text<'a>(value: &'a Json, path: &str) -> &'a str {
    value.pointer(path).and_then(Json::as_str).unwrap_or_default()
}

/// The pods of a document.
fn pod(document: &Json) -> Option<&Json> {
    ["Deployment", "StatefulSet", "Job"]
        .contains(&text(document, "/kind"))
        .then(|| &document["spec"]["template"]["spec"])
}

/// That a pod is let in by the restricted standard, and takes and shows no more than it
/// has to.
fn is_restricted(pod: &Json) {
    let security = &pod["securityContext"];
    assert_eq!(security["runAsNonRoot"], true);
    assert!(security["runAsUser"].as_u64().is_some_and(|user| user > 0));
    assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault");
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["enableServiceLinks"], false);
    for container in pod["containers"].as_array().unwrap() {
        let own = &container["securityContext"];
        assert_eq!(own["allowPrivilegeEscalation"], false);
        assert_eq!(own["readOnlyRootFilesystem"], true);
        assert_eq!(own["capabilities"]["drop"][0], "ALL");
        let resources = &container["resources"];
        for name in ["memory", "ephemeral-storage"] {
            assert_eq!(resources["requests"][name], resources["limits"][name]);
            assert!(resources["limits"][name].is_string());
        }
        assert!(resources["requests"]["cpu"].is_string());
        assert!(resources["limits"]["cpu"].is_null(), "a limit of CPU throttles");
    }
}

#[test]
fn every_pod_is_one_that_the_restricted_standard_lets_in() {
    // What a combination adds to a pod, few of them show; all of them take minutes.
    for draft in drafts().step_by(41) {
        let files = documents(&draft);
        let pods = files.values().flatten().filter_map(pod);
        let mut seen = 0;
        for pod in pods {
            seen += 1;
            is_restricted(pod);
            for volume in pod["volumes"].as_array().into_iter().flatten() {
                let scratch = &volume["emptyDir"];
                assert!(scratch.is_null() || scratch["sizeLimit"].is_string(), "{volume}");
            }
        }
        assert!(seen >= 1);
    }
}

#[test]
fn every_resource_that_a_kustomization_names_is_written_and_every_file_is_named() {
    for draft in drafts().step_by(41) {
        let files = documents(&draft);
        let mut named = BTreeSet::new();
        for (path, documents) in &files {
            let Some(directory) = path.strip_suffix("/kustomization.yaml") else { continue };
            for list in ["resources", "components", "configurations"] {
                for own in documents[0][list].as_array().into_iter().flatten() {
                    let own = own.as_str().unwrap();
                    let full = Path::new(directory).join(own);
                    let mut parts: Vec<&str> = Vec::new();
                    for part in full.to_str().unwrap().split('/') {
                        match part {
                            ".." => _ = parts.pop(),
                            part => parts.push(part),
                        }
                    }
                    let full = parts.join("/");
                    let is_there = files.contains_key(&full)
                        || files.contains_key(&format!("{full}/kustomization.yaml"));
                    assert!(is_there, "{path} names {own}");
                    named.insert(full);
                }
            }
        }
        for path in files.keys().filter(|path| path.starts_with("deploy/kubernetes/")) {
            let own = path.ends_with("kustomization.yaml") || named.contains(path);
            assert!(own, "nothing names {path}");
        }
    }
}

fn new(arguments: &[&str]) -> assert_fs::TempDir {
    let directory = directory();
    let mut all = vec!["new", "shop", "--yes"];
    all.extend(arguments);
    let run = dockwright().args(&all).current_dir(directory.path()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    directory
}

#[test]
fn without_compose_there_is_nothing_of_it() {
    let directory = new(&["--preset", "django-nginx", "--set", "deploy.target=kubernetes"]);
    let shop = directory.path().join("shop");
    for gone in ["compose.yaml", "compose.dev.yaml", ".env", ".env.example", "nginx", "deploy/ecs"]
    {
        assert!(!shop.join(gone).exists(), "{gone}");
    }
    let settings = fs::read_to_string(shop.join("config/settings.py")).unwrap();
    assert!(settings.contains("WhiteNoiseMiddleware"), "nothing else serves static files");
    let requirements = fs::read_to_string(shop.join("requirements.in")).unwrap();
    assert!(requirements.contains("whitenoise"), "{requirements}");
    let said = fs::read_to_string(shop.join("DEPLOY.md")).unwrap();
    assert!(!said.contains("docker compose"), "{said}");
}

#[test]
fn beside_compose_nginx_stays_on_the_host_and_that_is_said() {
    let directory = directory();
    let run = dockwright()
        .args(["new", "shop", "--yes", "--preset", "django-nginx", "--format", "json"])
        .args(["--set", "deploy.targets=compose,kubernetes"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    let json: Json = serde_json::from_slice(&run.stdout).unwrap();
    let warnings = json["plan"]["warnings"].to_string();
    assert!(warnings.contains("the compose service `nginx` stays on the host"), "{warnings}");
    assert!(directory.path().join("shop/nginx/nginx.conf").is_file());
    let settings = fs::read_to_string(directory.path().join("shop/config/settings.py")).unwrap();
    assert!(settings.contains("WhiteNoiseMiddleware"));
}

#[test]
fn both_spellings_are_one_key_and_a_target_that_is_none_is_named() {
    let directory = new(&["--preset", "fastapi-uvicorn", "--set", "deploy.targets=ecs,compose"]);
    let toml = fs::read_to_string(directory.path().join("shop/dockwright.toml")).unwrap();
    assert!(toml.contains("target = [\"compose\", \"ecs\"]"), "{toml}");
    let both = format!("{toml}targets = [\"compose\"]\n");
    fs::write(directory.path().join("shop/dockwright.toml"), both).unwrap();
    let run = dockwright().args(["plan", "shop"]).current_dir(directory.path()).output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&run.stderr).contains("other spelling"));

    let run = dockwright()
        .args(["new", "other", "--yes", "--set", "deploy.target=kubernets"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&run.stderr).contains("did you mean `kubernetes`?"));
}

#[test]
fn an_update_keeps_the_tag_that_a_release_wrote_and_changes_the_numbers() {
    let target = ["--set", "deploy.target=kubernetes"];
    let directory = new(&[&["--preset", "fastapi-uvicorn"], &target[..]].concat());
    let shop = directory.path().join("shop");
    let overlay = shop.join("deploy/kubernetes/overlays/production/kustomization.yaml");
    let text = fs::read_to_string(&overlay).unwrap();
    fs::write(&overlay, text.replace("newTag: 1.0.0", "newTag: 4e5f6a7")).unwrap();
    let run = dockwright()
        .args(["update", "--yes", "--set", "deploy.load=500"])
        .current_dir(&shop)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(fs::read_to_string(&overlay).unwrap().contains("newTag: 4e5f6a7"));
    let scaling = shop.join("deploy/kubernetes/components/autoscaling/web.yaml");
    let scaling = fs::read_to_string(scaling).unwrap();
    // 500 a second × 20 ms / (0.5 CPU × 0.7), and three times as many.
    assert!(
        scaling.contains("minReplicas: 29") && scaling.contains("maxReplicas: 87"),
        "{scaling}"
    );
}

#[test]
fn a_target_that_goes_leaves_what_is_kept_and_says_what_of_the_users_needs_it() {
    let directory = new(&["--preset", "fastapi-uvicorn", "--set", "deploy.target=kubernetes"]);
    let shop = directory.path().join("shop");
    let write = |path: &str, text: &str| {
        let path = shop.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let update = |arguments: &[&str]| {
        let run = dockwright().arg("update").args(arguments).current_dir(&shop).output().unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    write("deploy/kubernetes/overlays/staging/kustomization.yaml", "resources: [../../base]\n");
    let kept = "deploy/kubernetes/base/web.yaml";
    let said = update(&["--set", "deploy.target=compose", "--keep", kept]);
    assert!(shop.join(kept).is_file() && said.contains("no output any more; yours stays"));
    assert!(!shop.join("deploy/kubernetes/base/kustomization.yaml").exists());
    let needs = "note: deploy/kubernetes/overlays/staging/kustomization.yaml is yours and stays, and it needs deploy/kubernetes/base, which goes";
    assert!(said.contains(needs), "{said}");

    write("compose.prod.yaml", "include: [compose.yaml]\n");
    let said = update(&["--set", "deploy.target=kubernetes"]);
    let needs = "compose.prod.yaml is yours and stays, and it needs compose.yaml, which goes";
    assert!(said.contains(needs) && !said.contains("staging/kustomization.yaml is"), "{said}");
}

#[test]
fn what_goes_on_under_a_projects_old_name_is_said() {
    let target = ["--set", "deploy.target=compose,kubernetes,ecs"];
    let directory = new(&[&["--preset", "celery-postgres-redis"], &target[..]].concat());
    let update = |name: &str| {
        let set = format!("project.name={name}");
        let mut command = dockwright();
        command.args(["update", "--set", &set]).current_dir(directory.path().join("shop"));
        let run = command.output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let staging = directory.path().join("shop/deploy/kubernetes/overlays/staging");
    fs::create_dir(&staging).unwrap();
    let own = "resources: [../production]\npatches:\n- path: size.yaml\n- target: {kind: Deployment, name: shop-web}\n  patch: |-\n    - {op: remove, path: /spec/minReadySeconds}\n";
    fs::write(staging.join("kustomization.yaml"), own).unwrap();
    // A name that is only part of another is none of them.
    let size = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop-config\n  labels: {of: big-shop-web}\n";
    fs::write(staging.join("size.yaml"), size).unwrap();
    let said = update("store");
    for part in [
        "the data stays in shop_db-data",
        "--project-name shop down",
        "--namespace shop --selector app.kubernetes.io/part-of=shop",
        "deploy/kubernetes/overlays/staging/kustomization.yaml names shop-web (now store-web): put",
        "deploy/kubernetes/overlays/staging/size.yaml names shop-config (now store-config): put",
        "delete-stack --stack-name shop",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!update("store").contains("goes from"));
}

#[test]
fn only_kubernetes_writes_its_files_alone() {
    let directory = new(&["--only", "kubernetes", "--set", "deploy.target=compose,kubernetes,ecs"]);
    let shop = directory.path().join("shop");
    assert!(shop.join("deploy/kubernetes/base/web.yaml").is_file());
    assert!(!shop.join("deploy/ecs").exists() && !shop.join("compose.yaml").exists());
}

/// What stood in a compose file, as a pod is told it.
#[test]
fn what_a_compose_file_says_is_told_as_it_stands() {
    let directory = directory();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("main.py", "from fastapi import FastAPI\n\napp = FastAPI()\n");
    write("requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\n");
    write(
        "Dockerfile",
        "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
    );
    write(
        "compose.yaml",
        "services:\n  web:\n    build: .\n    ports: ['127.0.0.1:8000:8000']\n    environment:\n      GREETING: hello big world\n      KEEP: a$$HOME\n      LEVEL: ${LEVEL:-very low}\n",
    );
    let run = dockwright()
        .args(["init", "--yes", "--rewrite", "--set", "deploy.target=kubernetes,ecs"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(!said.contains("KU101"), "every file that an overlay names is written: {said}");
    let read = |path: &str| fs::read_to_string(directory.path().join(path)).unwrap();
    let base = read("deploy/kubernetes/base/web.yaml")
        + &read("deploy/kubernetes/base/kustomization.yaml");
    for told in ["hello big world", "a$HOME", "very low"] {
        assert!(base.contains(told), "{told}: {base}");
        assert!(read("deploy/ecs/web.task.json").contains(told), "{told}");
    }
}

#[test]
fn an_image_that_is_called_like_a_stores_is_not_put_in_its_place() {
    let directory = directory();
    let run = dockwright()
        .args(["new", "redis", "--yes", "--preset", "celery-postgres-redis"])
        .args(["--set", "deploy.target=kubernetes"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert!(run.status.success());
    let read = |path: &str| fs::read_to_string(directory.path().join("redis").join(path)).unwrap();
    assert!(read("deploy/kubernetes/base/web.yaml").contains("image: redis-app\n"));
    let overlay = read("deploy/kubernetes/overlays/dev/kustomization.yaml");
    assert!(overlay.contains("- name: redis-app\n  newName: redis\n"), "{overlay}");
}

#[test]
fn numbers_that_a_platform_does_not_have_are_refused() {
    let cases = [
        ("tune.web.task-stop=200", "ECS allows 120 s"),
        ("tune.web.task-cpus=3", "no size that Fargate has"),
        ("tune.web.pod-memory=64MiB", "it needs"),
        ("tune.web.pod-grace=20", "does not hold web.pre-stop"),
        ("tune.web.max-replicas=1", "scaling would start with more"),
        ("deploy.pod-memory=64MiB", "a pod of web needs"),
        ("tune.web.cpu-target=0", "it is a percentage"),
        ("tune.web.liveness-failures=0", "there must be at least 1"),
        ("tune.web.pod-disk=1MiB", "evicted before its volume is full"),
        ("tune.web.task-interval=1", "ECS takes 5 to 300 s"),
    ];
    let directory = directory();
    for (set, said) in cases {
        let run = dockwright()
            .args(["new", "shop", "--yes", "--dry-run", "--set", "deploy.target=kubernetes,ecs"])
            .args(["--preset", "fastapi-uvicorn", "--set", set])
            .current_dir(directory.path())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{set}: {error}");
        assert!(error.contains(said), "{set}: {error}");
    }
}

/// The text of a file of a rendered plan.
fn written(preset: &str, set: &[(&str, &str)], path: &str) -> String {
    let mut draft = Draft::of_preset(&preset::find(preset).unwrap()).unwrap();
    draft.set("project.name", "shop", Origin::Flag).unwrap();
    for (key, value) in set {
        draft.set(key, value, Origin::Flag).unwrap();
    }
    let files = render::render(&plan_of(&draft), &draft).unwrap();
    let found = files.into_iter().find(|file| file.output.path.as_str() == path);
    String::from_utf8(found.unwrap_or_else(|| panic!("there is no {path}")).bytes).unwrap()
}

#[test]
fn a_registry_that_is_not_amazons_may_ask_every_task_for_a_login() {
    for (repository, asks) in [
        ("registry.example.com/team/shop", true),
        ("ghcr.io/team/shop", true),
        ("123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop", false),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/shop", false),
        ("public.ecr.aws/team/shop", false),
        ("", false),
    ] {
        let mut set = vec![("deploy.target", "ecs")];
        if !repository.is_empty() {
            set.push(("images.repository", repository));
        }
        let read = |path: &str| written("celery-postgres-redis", &set, path);
        for task in ["web", "worker", "beat", "migrate"] {
            let text = read(&format!("deploy/ecs/{task}.task.json"));
            let json: Json = serde_json::from_str(&text).unwrap();
            let login = &json["containerDefinitions"][0]["repositoryCredentials"];
            let told = login["credentialsParameter"] == "${REGISTRY_CREDENTIALS_ARN}";
            assert_eq!(told, asks, "{repository}, {task}");
            // Where it is empty, the run-book drops the line, and JSON has to bear that.
            let without: Vec<&str> =
                text.lines().filter(|line| !line.contains("\"credentialsParameter\": ")).collect();
            serde_json::from_str::<Json>(&without.join("\n")).unwrap();
        }
        let stack = read("deploy/ecs/stack.yaml");
        let named = stack.matches("RepositoryCredentials: !If\n").count();
        // The migration is registered apart, with what the stack says of the login.
        assert_eq!(named, if asks { 3 } else { 0 }, "{repository}");
        assert_eq!(stack.contains("\n  RegistryLogin:\n"), asks, "{repository}");
        assert_eq!(stack.contains("secretsmanager:GetSecretValue"), asks, "{repository}");
        let said = read("deploy/ecs/README.md");
        assert_eq!(said.contains("RegistryCredentials=arn:"), asks, "{repository}");
        assert_eq!(said.contains("$(output RegistryLogin)"), asks, "{repository}");
        // Everything that stands open in the migration's definition is put in.
        let text = read("deploy/ecs/migrate.task.json");
        let open = text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
        for name in open {
            assert!(said.contains(&format!("s|\\${{{name}}}|$")), "{repository}, {name}: {said}");
        }
        assert_eq!(said.contains("$REGISTRY_CREDENTIALS_ARN"), asks, "{repository}");
        assert_eq!(said.contains("aws ecr get-login-password"), !asks, "{repository}");
    }
}

/// The rules of what goes out, by workload.
fn egress(text: &str) -> BTreeMap<String, Json> {
    let documents: Vec<Json> = serde_saphyr::from_multiple(text).unwrap();
    let own = documents.into_iter().map(|own| {
        let name = text_of(&own["metadata"]["name"]).trim_start_matches("shop-").to_owned();
        (name, own["spec"]["egress"].clone())
    });
    own.collect()
}

fn text_of(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}

/// The ports of a policy's rule for its stores, and whether another rule lets it out.
fn ports(rules: &Json) -> (Vec<u64>, bool) {
    let rules: Vec<&Json> = rules.as_array().into_iter().flatten().collect();
    let stores = rules.iter().filter(|rule| rule["to"].is_null());
    let ports = stores.flat_map(|rule| rule["ports"].as_array().unwrap());
    let out = rules.iter().any(|rule| rule["to"][0]["ipBlock"]["cidr"] == "0.0.0.0/0");
    (ports.map(|port| port["port"].as_u64().unwrap()).collect(), out)
}

#[test]
fn every_workload_reaches_the_ports_that_its_variables_say() {
    let path = "deploy/kubernetes/base/network-policies.yaml";
    let preset = "celery-postgres-redis";
    let text = written(preset, &[("deploy.target", "kubernetes")], path);
    let own = egress(&text);
    assert_eq!(ports(&own["migrate"]), (vec![5432], false));
    assert_eq!(ports(&own["beat"]), (vec![6379], false));
    assert_eq!(ports(&own["web"]), (vec![5432, 6379], true));
    assert_eq!(ports(&own["worker"]), (vec![5432, 6379], true));
    // Their addresses are secrets, which may say another port.
    let (_, beat) = text.split_once("name: shop-beat\n").unwrap();
    assert!(beat.contains("    # CELERY_BROKER_URL\n"), "{beat}");

    let set = [("deploy.target", "kubernetes"), ("stack.database", "external")];
    let own = egress(&written(preset, &set, path));
    assert_eq!(ports(&own["migrate"]), (vec![5432], false));
    // What leads out of the network.
    let set = [("deploy.target", "kubernetes"), ("network.http-proxy", "http://proxy:3128")];
    let own = egress(&written(preset, &set, path));
    assert_eq!(ports(&own["beat"]), (vec![3128, 6379], false));
}

/// The policies of code that was there before.
fn policies(app: &str, requirements: &str, compose: &str, arguments: &[&str]) -> String {
    let directory = directory();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    let head = "import os\nfrom fastapi import FastAPI\n\napp = FastAPI()\n";
    write("app.py", &format!("{head}{app}"));
    write("requirements.txt", &format!("fastapi==0.115.0\nuvicorn==0.30.0\n{requirements}"));
    write(
        "Dockerfile",
        "FROM python:3.12-slim\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"uvicorn\", \"app:app\", \"--host\", \"0.0.0.0\"]\n",
    );
    write("alembic.ini", "[alembic]\nscript_location = migrations\n");
    fs::create_dir(directory.path().join("migrations")).unwrap();
    write("migrations/env.py", "import os\n");
    write("compose.yaml", compose);
    let run = dockwright()
        .args(["init", "--yes", "--set", "project.name=shop"])
        .args(["--set", "deploy.target=kubernetes"])
        .args(arguments)
        .current_dir(directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    let path = directory.path().join("deploy/kubernetes/base/network-policies.yaml");
    fs::read_to_string(path).unwrap()
}

#[test]
fn stores_of_other_kinds_and_ports_are_reached() {
    // The first is a secret, of which the driver says the kind; TLS has another port.
    let compose = "services:
  web:
    build: .
    ports: ['127.0.0.1:8000:8000']
    environment: &env
      DATABASE_URL: mysql+pymysql://app:secret@db.example.com:3399/app
      REPORTS_URL: mysql+pymysql://reports@reports.example.com:3307/reports
      CELERY_BROKER_URL: ${BROKER:-amqps://mq.example.com//}
      LEDGER_DB_HOST: ledger.example.com
      LEDGER_DB_PORT: '3310'
      LOGS_MONGO_HOST: ${LOGS_HOST}
      LOGS_MONGO_PORT: ${LOGS_PORT}
  beat:
    build: .
    command: celery -A app.celery beat
    environment: *env
    depends_on: [queue]
  queue:
    image: rabbitmq:4
";
    let app = "from celery import Celery\nURL = os.environ['DATABASE_URL']\ncelery = Celery('app', broker=os.environ['CELERY_BROKER_URL'])\n";
    let text = policies(app, "celery==5.4.0\npymysql==1.1.1\n", compose, &["--rewrite"]);
    let (of_beat, _) = ports(&egress(&text)["beat"]);
    assert_eq!(of_beat, [3306, 3307, 3310, 5671, 5672, 27017], "{text}");
    let (_, beat) = text.split_once("name: shop-beat\n").unwrap();
    for (name, is_secret) in [("DATABASE_URL", true), ("LEDGER_DB_HOST", false)] {
        assert_eq!(beat.contains(&format!("    # {name}\n")), is_secret, "{name}: {beat}");
    }
}

#[test]
fn where_no_port_is_known_a_policy_lets_out_and_says_so() {
    let compose = "services:
  web:
    build: .
    ports: ['127.0.0.1:8000:8000']
    environment: &env
      DATABASE_URL: postgresql://app@db/app
BROKER
    depends_on: [db]
  migrate:
    build: .
    command: alembic upgrade head
    environment: *env
    depends_on: [db]
  db:
    image: postgres:17
    environment: {POSTGRES_USER: app, POSTGRES_HOST_AUTH_METHOD: trust}
";
    let app = "from sqlalchemy import create_engine\nengine = create_engine(os.environ['DATABASE_URL'])\n";
    let packages = "alembic==1.14.0\npsycopg2==2.9.10\nsqlalchemy==2.0.36\n";
    for (line, is_open) in [("", false), ("      BROKER_URL: ${BROKER_URL}", true)] {
        let text = policies(app, packages, &compose.replace("BROKER\n", &format!("{line}\n")), &[]);
        assert_eq!(ports(&egress(&text)["migrate"]), (vec![5432], is_open), "{text}");
        let said = text.contains("# The port behind BROKER_URL is not known here");
        assert_eq!(said, is_open, "{text}");
    }
}

#[test]
fn what_is_reached_without_a_proxy_is_what_the_platform_has() {
    let set = [
        ("deploy.target", "compose,kubernetes,ecs"),
        ("network.http-proxy", "http://proxy.example.com:3128"),
        ("network.no-proxy", ".example.com,10.0.0.0/8"),
    ];
    let direct = |path: &str| {
        let text = written("celery-postgres-redis", &set, path);
        let found = text.lines().find_map(|line| {
            let line = line.trim().trim_start_matches("- ").replace('\'', "");
            line.strip_prefix("NO_PROXY=").map(str::to_owned)
        });
        found.unwrap_or_else(|| panic!("{text}")).split(',').map(str::to_owned).collect::<Vec<_>>()
    };
    let own = ["localhost", "127.0.0.1", "::1", ".example.com", "10.0.0.0/8"];
    let cluster = [".svc", ".svc.cluster.local", "shop-web"];
    let base = direct("deploy/kubernetes/base/kustomization.yaml");
    assert_eq!(base, [&own[..], &cluster].concat());
    let dev = direct("deploy/kubernetes/overlays/dev/kustomization.yaml");
    assert_eq!(dev, [&own[..], &cluster, &["db", "redis"]].concat());
    let task: Json =
        serde_json::from_str(&written("celery-postgres-redis", &set, "deploy/ecs/web.task.json"))
            .unwrap();
    let told = task["containerDefinitions"][0]["environment"].as_array().unwrap();
    let told = told.iter().find(|own| own["name"] == "NO_PROXY").unwrap();
    let of_task = [&own[..], &["169.254.170.2", "169.254.169.254"]].concat().join(",");
    assert_eq!(told["value"], of_task);
}

#[test]
fn who_asks_by_address_is_answered_or_it_is_said_what_the_code_has_to_read() {
    let monitoring = "deploy/kubernetes/components/monitoring/kustomization.yaml";
    let set = [("deploy.target", "kubernetes,ecs")];
    // New code lets load balancers and Prometheus in, also where hosts are looked at.
    for preset in ["django-nginx", "fastapi-uvicorn"] {
        let stack = written(preset, &set, "deploy/ecs/stack.yaml");
        assert!(stack.contains("HttpCode: \"200-299\""), "{preset}: {stack}");
        assert!(!written(preset, &set, monitoring).contains("POD_IP"), "{preset}");
    }
    let settings = written("django-nginx", &set, "config/settings.py");
    let (_, first) = settings.split_once("MIDDLEWARE = [\n").unwrap();
    assert!(first.starts_with("    \"core.middleware.AnswerByAddress\""), "{first}");

    // Code that was there cannot be changed, so it is told its address.
    let directory = directory();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "manage.py",
        "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'desk.settings')\n",
    );
    write("desk/__init__.py", "");
    write(
        "desk/wsgi.py",
        "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
    );
    write(
        "desk/settings.py",
        "import os\nSECRET_KEY = os.environ['SECRET_KEY']\nALLOWED_HOSTS = os.environ['ALLOWED_HOSTS'].split(',')\nROOT_URLCONF = 'desk.urls'\nMIDDLEWARE = ['django.middleware.common.CommonMiddleware']\n",
    );
    write(
        "desk/urls.py",
        "from django.http import HttpResponse\nfrom django.urls import path\nurlpatterns = [path('health', lambda request: HttpResponse('ok'))]\n",
    );
    write("requirements.txt", "django==5.2.1\ngunicorn==23.0.0\n");
    let run = dockwright()
        .args(["init", "--yes", "--set", "deploy.target=kubernetes,ecs"])
        .args(["--set", "project.name=desk"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let read = |path: &str| fs::read_to_string(directory.path().join(path)).unwrap();
    let own: Json = serde_saphyr::from_str(&read(monitoring)).unwrap();
    let patch: Json = serde_saphyr::from_str(text_of(&own["patches"][0]["patch"])).unwrap();
    let container = &patch["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["name"], "web");
    assert_eq!(container["env"][0]["valueFrom"]["fieldRef"]["fieldPath"], "status.podIP");
    assert!(read(monitoring).contains("ALLOWED_HOSTS.append"));
    assert!(read("deploy/ecs/stack.yaml").contains("HttpCode: \"200-499\""));
}

/// What a page has between two lines.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} in {text}")).0
}

#[test]
fn a_mounted_model_gets_into_its_claim_and_is_exchanged() {
    let target = "deploy.target=kubernetes,ecs";
    let mount = "model.delivery=mount";
    let directory = new(&["--preset", "ml-server", "--set", mount, "--set", target]);
    let shop = directory.path().join("shop");
    let read = |path: &str| fs::read_to_string(shop.join(path)).unwrap();
    let said = read("deploy/kubernetes/README.md");
    let pod: Json = serde_saphyr::from_str(between(&said, "<<'END'\n", "END\n")).unwrap();
    is_restricted(&pod["spec"]);
    // The same claim, which it may write, and nothing of the policies' but the denial.
    let web: Vec<Json> =
        serde_saphyr::from_multiple(&read("deploy/kubernetes/base/web.yaml")).unwrap();
    let claim = web.iter().find(|own| own["kind"] == "PersistentVolumeClaim").unwrap();
    let volume = &pod["spec"]["volumes"][0];
    assert_eq!(volume["persistentVolumeClaim"]["claimName"], claim["metadata"]["name"]);
    assert!(pod["spec"]["containers"][0]["volumeMounts"][0]["readOnly"].is_null());
    assert_eq!(claim["spec"]["accessModes"][0], "ReadWriteMany", "who fills it writes");
    let labels = pod["metadata"]["labels"].as_object().unwrap();
    assert_eq!(labels.keys().collect::<Vec<_>>(), ["app.kubernetes.io/part-of"]);
    let web = web.iter().find(|own| own["kind"] == "Deployment").unwrap();
    let own = &web["spec"]["template"]["spec"];
    assert_eq!(pod["spec"]["securityContext"], own["securityContext"]);
    let mounts = &own["containers"][0]["volumeMounts"];
    let mounts = mounts.as_array().unwrap().iter().find(|mount| mount["name"] == "models");
    assert_eq!(mounts.unwrap()["readOnly"], true);

    // The patch of the run-book rolls the pods, and touches nothing else.
    let overlay = shop.join("deploy/kubernetes/overlays/production");
    let built = || {
        let run = Command::new("kubectl").arg("kustomize").arg(&overlay).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).unwrap()
    };
    let before = built();
    let patch = between(&said, "```yaml\n", "```\n");
    let file = overlay.join("kustomization.yaml");
    fs::write(&file, fs::read_to_string(&file).unwrap() + patch).unwrap();
    assert!(before.contains("value: /models/model.onnx\n"), "{before}");
    // In another order: what is patched comes first.
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(|line| line.replace("- ", "  ")).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(lines(&built()), lines(&before.replace("/models/model.onnx", "/models/NEW")));

    let said = read("deploy/ecs/README.md");
    assert!(said.contains("sudo cp --recursive models/model.onnx /mnt/"), "{said}");
    // A model in the image has nothing to fill.
    let set = [("deploy.target", "kubernetes,ecs"), ("model.delivery", "bake")];
    for page in ["deploy/kubernetes/README.md", "deploy/ecs/README.md"] {
        assert!(!written("ml-server", &set, page).contains("fills it"), "{page}");
    }
}
