//! `dockwright new` with flags alone.

use std::fs;
use std::path::Path;

use predicates::prelude::*;

use crate::support::{directory, dockwright};

fn new(directory: &Path, flags: &[&str]) {
    dockwright()
        .current_dir(directory)
        .args(["new", "shop", "--yes"])
        .args(flags)
        .assert()
        .success();
}

fn read(directory: &Path, path: &str) -> String {
    fs::read_to_string(directory.join("shop").join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_preset_writes_what_its_plan_lists_and_nothing_else() {
    for preset in dockwright::preset::NAMES {
        let directory = directory();
        let output = dockwright()
            .current_dir(&directory)
            .args(["new", "shop", "--yes", "--preset", preset, "--format", "json"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{preset}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut listed: Vec<String> = report["written"]
            .as_array()
            .unwrap()
            .iter()
            .map(|path| path.as_str().unwrap().to_owned())
            .collect();
        listed.sort();
        let mut found = files(&directory.path().join("shop"), "");
        found.retain(|path| !path.starts_with(".dockwright/"));
        found.sort();
        assert_eq!(listed, found, "{preset}");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "nothing beside the target");
    }
}

fn files(directory: &Path, prefix: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            paths.extend(files(&entry.path(), &format!("{name}/")));
        } else {
            paths.push(name);
        }
    }
    paths
}

#[cfg(unix)]
#[test]
fn env_is_for_its_owner_alone_and_differs_between_two_services() {
    use std::os::unix::fs::PermissionsExt;
    let one = directory();
    let two = directory();
    for directory in [&one, &two] {
        new(directory.path(), &["--preset", "django-nginx"]);
        let mode = fs::metadata(directory.path().join("shop/.env")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let env = read(one.path(), ".env");
    for name in ["SECRET_KEY", "POSTGRES_PASSWORD"] {
        let value = env.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap();
        assert!(
            value.len() >= 40 && value.bytes().all(|b| b.is_ascii_alphanumeric()),
            "{name}={value}"
        );
        for file in files(&one.path().join("shop"), "").iter().filter(|path| *path != ".env") {
            let bytes = fs::read(one.path().join("shop").join(file)).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains(value), "{name} is in {file}");
        }
    }
    assert_ne!(env, read(two.path(), ".env"));
}

#[cfg(unix)]
#[test]
fn modes_do_not_depend_on_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let directory = directory();
    let binary = env!("CARGO_BIN_EXE_dockwright");
    let status = std::process::Command::new("sh")
        .args([
            "-c",
            &format!("umask 077; '{binary}' new shop --yes --preset django-nginx >/dev/null"),
        ])
        .current_dir(&directory)
        .status()
        .unwrap();
    assert!(status.success());
    let mode = |path: &str| {
        fs::metadata(directory.path().join("shop").join(path)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode("Dockerfile"), mode("entrypoint.sh"), mode(".env")), (0o644, 0o755, 0o600));
}

#[test]
fn the_intent_holds_what_was_chosen_and_no_default() {
    let directory = directory();
    new(directory.path(), &["--preset", "django-nginx", "--set", "deploy.memory=8GiB"]);
    let intent = read(directory.path(), "dockwright.toml");
    assert!(intent.contains("preset = \"django-nginx\""), "{intent}");
    assert!(intent.contains("memory = \"8GiB\"") && intent.contains("name = \"shop\""), "{intent}");
    assert!(!intent.contains("postgres") && !intent.contains("cpus"), "{intent}");
}

#[test]
fn the_written_intent_plans_the_same() {
    let directory = directory();
    let flags = [
        "--preset",
        "celery-postgres-redis",
        "--set",
        "stack.cache=redis",
        "--set",
        "tune.worker.concurrency=2",
    ];
    new(directory.path(), &flags);
    let plan = |arguments: &[&str]| {
        let output = dockwright()
            .current_dir(&directory)
            .arg("plan")
            .args(arguments)
            .args(["--format", "json"])
            .output()
            .unwrap();
        let mut value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        for decision in value["decisions"].as_array_mut().unwrap() {
            decision["source"] = serde_json::Value::Null;
        }
        value
    };
    let mut named: Vec<&str> = flags.to_vec();
    named.extend(["--set", "project.name=shop"]);
    assert_eq!(plan(&["shop"]), plan(&named));
}

#[test]
fn every_base_is_named_by_its_hash_and_in_the_lock() {
    let directory = directory();
    new(directory.path(), &["--preset", "django-nginx"]);
    let lock = read(directory.path(), ".dockwright/lock.toml");
    assert!(!lock.contains(directory.path().to_str().unwrap()), "no absolute path in the lock");
    let bases = fs::read_dir(directory.path().join("shop/.dockwright/base")).unwrap();
    let mut count = 0;
    for base in bases {
        let base = base.unwrap();
        let name = base.file_name().into_string().unwrap();
        let bytes = fs::read(base.path()).unwrap();
        assert_eq!(dockwright::digest::hash(&bytes), name);
        assert!(lock.contains(&name), "{name}");
        count += 1;
    }
    assert!(count >= 8, "{count}");
    let dockerfile = fs::read(directory.path().join("shop/Dockerfile")).unwrap();
    assert!(lock.contains(&dockwright::digest::hash(&dockerfile)));
}

#[test]
fn a_directory_with_only_git_is_filled() {
    let directory = directory();
    fs::create_dir_all(directory.path().join("shop/.git")).unwrap();
    fs::write(directory.path().join("shop/.git/HEAD"), "ref: refs/heads/main\n").unwrap();
    new(directory.path(), &[]);
    assert_eq!(read(directory.path(), ".git/HEAD"), "ref: refs/heads/main\n");
    assert!(directory.path().join("shop/Dockerfile").exists());
}

#[test]
fn missing_parents_are_made() {
    let directory = directory();
    dockwright().current_dir(&directory).args(["new", "a/b/shop", "--yes"]).assert().success();
    assert!(directory.path().join("a/b/shop/compose.yaml").exists());
}

#[test]
fn only_image_writes_what_an_image_is_made_of_and_later_commands_know_it() {
    let directory = directory();
    new(directory.path(), &["--preset", "django-nginx", "--only", "image"]);
    let shop = directory.path().join("shop");
    let found = files(&shop, "");
    for path in ["Dockerfile", ".dockerignore", "requirements.txt", "manage.py", "dockwright.toml"]
    {
        assert!(found.iter().any(|there| there == path), "{path} is not in {found:?}");
    }
    let others = ["compose", "nginx/", "gunicorn.conf.py", "entrypoint.sh", ".env", "DEPLOY.md"];
    for path in found.iter().filter(|path| !path.starts_with(".dockwright/")) {
        assert!(!others.iter().any(|other| path.starts_with(other)), "{path}");
    }
    let dockerfile = read(directory.path(), "Dockerfile");
    assert!(
        !dockerfile.contains("gunicorn.conf.py") && !dockerfile.contains("entrypoint.sh"),
        "{dockerfile}"
    );
    for (command, said) in [
        (&["plan"][..], "Dockerfile"),
        (&["check"], "follows"),
        (&["update"], "Up to date"),
        (&["update", "--set", "deploy.memory=8GiB"], "dockwright.toml"),
        (&["check"], "follows"),
    ] {
        let run = dockwright().current_dir(&shop).args(command).assert().success();
        let run = run.stdout(predicate::str::contains(said));
        run.stdout(predicate::str::contains("compose.yaml").not());
    }
}

#[test]
fn a_file_that_another_one_names_is_not_left_out_alone() {
    for (preset, set, said) in [
        ("django-nginx", "Dockerfile", "compose.yaml builds from it"),
        ("django-nginx", "nginx/nginx.conf", "Dockerfile copies it"),
        ("django-nginx", "compose.yaml", "compose.dev.yaml lies on it"),
        ("django-nginx", "manage.py", "Dockerfile builds the image from it"),
        ("fastapi-uvicorn", "requirements.txt", "Dockerfile builds the image from it"),
    ] {
        let directory = directory();
        dockwright()
            .current_dir(&directory)
            .args(["new", "shop", "--yes", "--preset", preset])
            .args(["--set", &format!("files.{set}=off")])
            .assert()
            .code(2)
            .stderr(predicate::str::contains(said));
        assert!(!directory.path().join("shop").exists());
    }
}

#[test]
fn what_a_part_of_the_files_waits_for_is_said() {
    for (only, said, next) in [
        ("compose", "compose.yaml builds from Dockerfile: --only leaves", "dockwright plan"),
        ("image,compose", "builds the image from config/", "dockwright plan"),
        ("image,compose,server,proxy,skeleton,env", "Wrote", "docker compose up"),
    ] {
        let directory = directory();
        dockwright()
            .current_dir(&directory)
            .args(["new", "shop", "--yes", "--preset", "django-nginx", "--only", only])
            .assert()
            .success()
            .stdout(predicate::str::contains(said))
            .stdout(predicate::str::contains(format!("Next: cd shop && {next}")));
    }
}

#[test]
fn an_image_goes_without_entry_point_and_settings_file() {
    let directory = directory();
    let off = ["files.entrypoint.sh=off", "--set", "files.gunicorn.conf.py=off"];
    new(directory.path(), &[&["--preset", "django-nginx", "--set"][..], &off].concat());
    let dockerfile = read(directory.path(), "Dockerfile");
    assert!(!dockerfile.contains("ENTRYPOINT") && !dockerfile.contains("entrypoint.sh"));
    assert!(!dockerfile.contains("gunicorn.conf.py"), "{dockerfile}");
    // Then nothing else says how many processes there are.
    assert!(dockerfile.contains("WEB_CONCURRENCY=3"), "{dockerfile}");
    let compose = read(directory.path(), "compose.yaml");
    assert!(compose.contains("WEB_CONCURRENCY: ${WEB_CONCURRENCY:-3}"), "{compose}");
    assert!(
        dockerfile.contains("CMD [\"gunicorn\", \"config.wsgi:application\", \\\n     \"--bind\"")
    );
}

#[test]
fn a_dry_run_lists_the_files_and_writes_none() {
    let directory = directory();
    dockwright()
        .current_dir(&directory)
        .args(["new", "shop", "--yes", "--dry-run"])
        .assert()
        .success()
        .stdout(
            predicate::str::contains("Would write").and(predicate::str::contains("Dockerfile")),
        );
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
}

#[test]
fn the_report_ends_with_the_next_command() {
    let directory = directory();
    dockwright()
        .current_dir(&directory)
        .args(["new", "shop", "--yes"])
        .assert()
        .success()
        .stdout(predicate::str::ends_with("Next: cd shop && docker compose up --build --wait\n"));
}

#[test]
fn a_file_can_be_left_out_and_a_service_renamed() {
    let directory = directory();
    new(
        directory.path(),
        &[
            "--preset",
            "django-nginx",
            "--set",
            "files.DEPLOY.md=off",
            "--set",
            "services.db=postgres",
        ],
    );
    assert!(!directory.path().join("shop/DEPLOY.md").exists());
    let compose = read(directory.path(), "compose.yaml");
    assert!(compose.contains("\n  postgres:\n") && compose.contains("@postgres:5432"), "{compose}");
    assert!(!compose.contains("\n  db:\n"), "{compose}");
}

#[test]
fn a_registry_prefixes_every_image() {
    let directory = directory();
    new(
        directory.path(),
        &[
            "--preset",
            "celery-postgres-redis",
            "--set",
            "images.registry=registry.example.com/mirror",
        ],
    );
    for (file, word) in [("Dockerfile", "FROM "), ("compose.yaml", "image: ")] {
        for line in
            read(directory.path(), file).lines().filter(|line| line.trim_start().starts_with(word))
        {
            let named = line.trim_start().trim_start_matches(word);
            let own = named.starts_with("shop") || !named.contains(':');
            assert!(own || named.starts_with("registry.example.com/mirror/"), "{file}: {line}");
        }
    }
}

#[test]
fn another_python_has_its_image_and_its_packages() {
    let directory = directory();
    new(directory.path(), &["--preset", "django-nginx", "--set", "project.python=3.11"]);
    assert!(read(directory.path(), "Dockerfile").contains("FROM python:3.11-slim-trixie"));
    assert!(read(directory.path(), "requirements.txt").contains("\ndjango==5.2"));
}

#[test]
fn a_dockerfile_frontend_is_the_first_line() {
    let directory = directory();
    new(directory.path(), &["--set", "images.dockerfile-syntax=docker/dockerfile:1.19"]);
    let dockerfile = read(directory.path(), "Dockerfile");
    assert!(
        dockerfile.starts_with("# syntax=docker/dockerfile:1.19\n# check=error=true\n"),
        "{dockerfile}"
    );
    new_without_frontend(&directory);
}

fn new_without_frontend(directory: &assert_fs::TempDir) {
    fs::remove_dir_all(directory.path().join("shop")).unwrap();
    new(directory.path(), &[]);
    assert!(read(directory.path(), "Dockerfile").starts_with("# check=error=true\n"));
}

#[test]
fn a_baked_model_has_its_checksum_beside_it_wherever_it_is() {
    let directory = directory();
    let flags = [
        "--preset",
        "ml-server",
        "--set",
        "model.delivery=bake",
        "--set",
        "model.path=data/scores.onnx",
    ];
    new(directory.path(), &flags);
    let model = fs::read(directory.path().join("shop/data/scores.onnx")).unwrap();
    let sum = read(directory.path(), "data/scores.onnx.sha256");
    assert_eq!(sum, format!("{}  scores.onnx\n", dockwright::digest::hash(&model)));
    let ignored = read(directory.path(), ".dockerignore");
    assert!(!ignored.lines().any(|line| line == "data" || line == "data/"), "{ignored}");
}

#[test]
fn in_the_directory_itself_the_next_command_needs_no_cd() {
    let directory = directory();
    fs::create_dir(directory.path().join("shop")).unwrap();
    dockwright()
        .current_dir(directory.path().join("shop"))
        .args(["new", ".", "--yes"])
        .assert()
        .success()
        .stdout(predicate::str::contains("shop: fastapi on uvicorn"))
        .stdout(predicate::str::ends_with("\nNext: docker compose up --build --wait\n"));
}

#[test]
fn dumps_stay_out_of_image_and_history_and_what_runs_has_lf() {
    let directory = directory();
    new(directory.path(), &["--preset", "django-nginx"]);
    let lines = |path: &str| -> Vec<String> {
        read(directory.path(), path).lines().map(str::to_owned).collect()
    };
    for (path, wanted) in [
        (".dockerignore", ["**/*.dump", "**/*.sql.gz", "/backups"].as_slice()),
        (".gitignore", &["*.dump", "*.sql.gz", "/backups/"]),
        (".gitattributes", &["*.sh text eol=lf", "manage.py text eol=lf"]),
    ] {
        for line in wanted {
            assert!(lines(path).iter().any(|there| there == line), "{line} is not in {path}");
        }
    }
}

#[test]
fn code_that_does_not_compile_builds_nothing() {
    let directory = directory();
    new(directory.path(), &[]);
    let dockerfile = read(directory.path(), "Dockerfile");
    assert!(dockerfile.contains("    python -m compileall -q .\n"), "{dockerfile}");
    assert!(!dockerfile.contains("||"), "{dockerfile}");
    assert!(dockerfile.contains("UV_HTTP_TIMEOUT=300"));
}

#[test]
fn every_command_has_a_page_of_the_manual() {
    let directory = directory();
    dockwright().args(["man", "--all"]).arg(directory.path()).assert().success();
    let pages = files(directory.path(), "");
    let main = fs::read_to_string(directory.path().join("dockwright.1")).unwrap();
    let named = main.lines().filter_map(|line| line.strip_prefix("dockwright\\-"));
    let mut count = 0;
    for name in named.filter_map(|line| line.strip_suffix("(1)")) {
        let page = format!("dockwright-{}.1", name.replace("\\-", "-"));
        assert!(pages.contains(&page), "{page} is not in {pages:?}");
        count += 1;
    }
    assert!(count >= 8, "{main}");
    for (words, title) in [(&["init"][..], "dockwright\\-init"), (&["preset", "show"], "show")] {
        dockwright()
            .arg("man")
            .args(words)
            .assert()
            .success()
            .stdout(predicate::str::contains(title));
    }
    dockwright()
        .args(["man", "innit"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("did you mean `init`?"));
}

#[test]
fn the_summary_names_what_runs() {
    let directory = directory();
    let flask = [
        "new",
        "shop",
        "--yes",
        "--preset",
        "fastapi-gunicorn",
        "--set",
        "stack.framework=flask",
        "--set",
        "stack.server=gunicorn",
    ];
    let run = dockwright().current_dir(&directory).args(flask).assert().success();
    let text = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    assert!(text.starts_with("shop: flask on gunicorn, "), "{text}");
    assert!(!text.contains("fastapi") && !text.contains('\u{2026}'), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}
