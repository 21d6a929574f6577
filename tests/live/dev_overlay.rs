//! The overlay for development: a change is seen without a restart, and what a container writes
//! belongs to the person at the keyboard.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use crate::support::stack::Stack;
use crate::support::wait;
use crate::work;

/// A person's id where the tests run as root: one that no account and no image has.
const SOMEBODY: u32 = 12_345;
const SEEN_WITHIN: Duration = Duration::from_secs(20);

/// The overlay publishes the database on the port that it has everywhere.
fn alone() -> MutexGuard<'static, ()> {
    static DATABASE_PORT: Mutex<()> = Mutex::new(());
    DATABASE_PORT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stack in a directory of somebody who is not root; their id.
fn owned(stack: Stack) -> (Stack, u32) {
    let root = stack.path("");
    let mut owner = fs::metadata(&root).expect("the stack is there").uid();
    if owner == 0 {
        owner = SOMEBODY;
        for path in everything(&root) {
            chown(&path, Some(owner), Some(owner)).expect("root may do this");
        }
    }
    stack.edit(".env", |text| {
        let lines = text.lines().filter(|line| !line.starts_with("HOST_"));
        let lines: Vec<&str> = lines.collect();
        format!("{}\nHOST_UID={owner}\nHOST_GID={owner}\n", lines.join("\n"))
    });
    (stack.with_overlay("compose.dev.yaml"), owner)
}

fn everything(root: &Path) -> Vec<PathBuf> {
    let mut found = vec![root.to_path_buf()];
    for entry in fs::read_dir(root).expect("a directory that can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(everything(&path)) } else { found.push(path) }
    }
    found
}

/// The one file in `directory` whose name contains `name`; it has to belong to `owner`.
#[track_caller]
fn belongs_to(stack: &Stack, directory: &str, name: &str, owner: u32) -> PathBuf {
    let files = everything(&stack.path(directory));
    let named = |path: &&PathBuf| {
        path.file_name().is_some_and(|file| file.to_string_lossy().contains(name))
    };
    let found: Vec<&PathBuf> = files
        .iter()
        .filter(named)
        .filter(|path| path.extension() != Some("pyc".as_ref()))
        .collect();
    let [file] = found[..] else { panic!("{found:?} among {files:?}") };
    assert_eq!(fs::metadata(file).expect("a file").uid(), owner, "{}", file.display());
    file.clone()
}

/// A reloader, a debugger and two processes are not what production's limit is for.
#[track_caller]
fn has_no_limit(stack: &Stack, service: &str) {
    let container = stack.container(service);
    for limit in ["/HostConfig/Memory", "/HostConfig/NanoCpus"] {
        assert_eq!(container.fact(limit), &json!(0), "{service}: {limit}");
    }
}

#[track_caller]
fn sees_a_change(stack: &Stack, file: &str) {
    assert_eq!(stack.get("/health").expect(200).json()["status"], "alive");
    stack.edit(file, |code| code.replace("alive", "wide awake"));
    wait::until("the change to be seen", SEEN_WITHIN, || {
        // While it reloads nobody may answer.
        let answer = stack.try_request(&crate::support::http::Request::get("/health")).ok()?;
        (answer.status == 200 && answer.json()["status"] == "wide awake").then_some(())
    });
}

#[test]
fn fastapi_reloads_and_a_migration_belongs_to_its_author() {
    let _alone = alone();
    let (stack, owner) =
        owned(Stack::of("fastapi-gunicorn").set("stack.database", "postgres").create());
    stack.up();
    work::is_ready(&stack, &["database"]);
    has_no_limit(&stack, "web");
    sees_a_change(&stack, "app/routes/health.py");

    stack.edit("app/models.py", |code| {
        code + "    colour: Mapped[str | None] = mapped_column(String(20))\n"
    });
    let message = "colour of an item";
    stack.compose(&[
        "run",
        "--rm",
        "migrate",
        "alembic",
        "revision",
        "--autogenerate",
        "-m",
        message,
    ]);
    let migration = belongs_to(&stack, "migrations/versions", "colour", owner);
    let migration = fs::read_to_string(migration).expect("a file that can be read");
    assert!(migration.contains("add_column"), "{migration}");
    stack.compose(&["run", "--rm", "migrate"]);
    work::writes_and_reads_a_row(&stack);
}

#[test]
fn django_reloads_and_a_migration_belongs_to_its_author() {
    let _alone = alone();
    let (stack, owner) = owned(Stack::of("django-nginx").create());
    stack.up();
    work::is_ready(&stack, &["database"]);
    has_no_limit(&stack, "web");
    sees_a_change(&stack, "core/views/health.py");
    let page = stack.get("/admin/login/").expect(200).text();
    let sheet = page.split('"').find(|link| link.ends_with("base.css")).expect("a style sheet");
    stack.get(sheet).expect(200);

    stack.edit("core/models.py", |code| {
        code.replace(
            "    name = ",
            "    colour = models.CharField(max_length=20, blank=True)\n    name = ",
        )
    });
    stack.compose(&[
        "run",
        "--rm",
        "web",
        "python",
        "manage.py",
        "makemigrations",
        "--name",
        "colour",
    ]);
    belongs_to(&stack, "core/migrations", "colour", owner);
    stack.compose(&["run", "--rm", "migrate"]);
    work::writes_and_reads_a_row(&stack);
}

#[test]
fn flask_reloads() {
    let _alone = alone();
    let flask = Stack::of("fastapi-gunicorn")
        .set("stack.framework", "flask")
        .set("stack.server", "gunicorn")
        .set("stack.cache", "redis");
    let (stack, _) = owned(flask.create());
    stack.up();
    work::is_ready(&stack, &["cache"]);
    sees_a_change(&stack, "app/routes/health.py");
}

/// Celery has no reloader: the overlay says that its worker has to be restarted, and no more.
#[test]
fn a_restarted_celery_worker_runs_the_changed_task() {
    let _alone = alone();
    let (stack, _) = owned(Stack::of("celery-postgres-redis").create());
    stack.up();
    work::runs_a_task(&stack);
    has_no_limit(&stack, "worker");
    stack.edit("app/tasks.py", |code| code.replace("return a + b", "return a * b"));
    stack.compose(&["restart", "worker"]);
    let task = work::queues_a_task(&stack, 6, 7);
    work::gets_the_result(&stack, &task, &json!(42));
    assert!(stack.container("beat").is_running());
}
