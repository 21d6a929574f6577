//! How what `break` watches is broken on purpose.

use serde_json::{Value, json};

use crate::lint::subject::Kind;
use crate::verify::arm::{Arm, How};
use crate::verify::case::Case;
use crate::verify::model::Model;
use crate::verify::steps::sabotage::{self, kind, named, unrestricted};

/// One for each check at least.
pub const ARMS: &[Arm] = &[
    arm("break.worker", "the supervisor of the server hangs, and nothing is restarted", hanging),
    arm("break.container", "no service has a restart policy", unrestarted),
    arm("break.database-stop", "readiness asks another database than the one that goes away", twin),
    arm(
        "break.database-pause",
        "readiness asks another database than the one that goes away",
        twin,
    ),
    arm("break.dns", "readiness asks another database than the one that goes away", twin),
    arm("break.broker", "the broker keeps its queues in memory", forgetful),
    arm("break.eviction", "the broker evicts", evicting),
    arm("break.task", "a task is acknowledged before it has been run", early),
    arm("break.memory", "the application has no memory limit", unlimited),
    arm("break.disk", "the database hangs once its disk was full", stuck),
    arm("break.migrations", "every start of the application migrates", migrating),
    arm("break.forwarded", "whoever asks is a trusted proxy", trusting),
    Arm {
        check: "break.forwarded",
        breaks: "nginx trusts every address",
        how: How::Copy(trusting_nginx),
        alone: false,
    },
];

const fn arm(check: &'static str, breaks: &'static str, how: fn(&Case, &mut Model) -> bool) -> Arm {
    Arm { check, breaks, how: How::Project(how), alone: true }
}

/// Halts the process that has had children for a while, in a call that keeps Python's
/// lock: it starts no new ones. A first process takes no SIGSTOP.
const HANG: &str = "
import ctypes, os, signal, threading, time
def children():
    own = str(os.getpid())
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open('/proc/%s/stat' % entry) as file:
                    if file.read().rsplit(')', 1)[1].split()[1] == own:
                        yield entry
            except OSError:
                pass
def hang():
    since = None
    while True:
        time.sleep(0.5)
        since = (since or time.monotonic()) if list(children()) else None
        if since and time.monotonic() - since > 1:
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            ctypes.PyDLL(None).sleep(100000)
if os.getpid() == 1 or os.getppid() == 1:
    threading.Thread(target=hang, daemon=True).start()
";

fn hanging(case: &Case, model: &mut Model) -> bool {
    let Some(web) = kind(case, |kind| kind == Kind::Web) else { return false };
    unrestarted(case, model);
    sabotage::python(model, &web, HANG)
}

fn unrestarted(_: &Case, model: &mut Model) -> bool {
    for name in named(model) {
        if let Some(service) = model.service_mut(&name).as_object_mut() {
            service.insert("restart".into(), json!("no"));
            if let Some(deploy) = service.get_mut("deploy").and_then(|own| own.as_object_mut()) {
                deploy.remove("restart_policy");
            }
        }
    }
    true
}

/// The application gets a database of its own beside the one that is looked at.
fn twin(case: &Case, model: &mut Model) -> bool {
    let Some(database) = kind(case, Kind::is_database) else { return false };
    let twin = format!("{database}-twin");
    let mut service = model.service(&database).clone();
    for mount in service.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        if mount["type"] == "volume" {
            let volume = format!("{}-twin", mount["source"].as_str().unwrap_or_default());
            let own = mount["source"].as_str().map(|own| model.0["volumes"][own].clone());
            mount["source"] = json!(volume);
            model.0["volumes"][volume] = own.unwrap_or_else(|| json!({}));
        }
    }
    if let Some(service) = service.as_object_mut() {
        service.remove("ports");
        service.remove("hostname");
    }
    let mut any = false;
    for name in named(model) {
        if !case.service(&name).is_some_and(|own| own.is_application()) {
            continue;
        }
        let own = model.service_mut(&name);
        let values =
            own.get_mut("environment").and_then(Value::as_object_mut).into_iter().flatten();
        for (_, value) in values {
            let Some(text) = value.as_str() else { continue };
            let other = match text == database {
                true => twin.clone(),
                false => text
                    .replace(&format!("@{database}:"), &format!("@{twin}:"))
                    .replace(&format!("@{database}/"), &format!("@{twin}/")),
            };
            if other != text {
                *value = json!(other);
                any = true;
            }
        }
        let waits = own.get_mut("depends_on").and_then(Value::as_object_mut);
        if let Some(waits) = waits
            && let Some(wait) = waits.get(&database).cloned()
        {
            waits.insert(twin.clone(), wait);
        }
    }
    *model.service_mut(&twin) = service;
    any
}

fn forgetful(case: &Case, model: &mut Model) -> bool {
    case.first(Kind::Worker).is_some()
        && kind(case, |kind| matches!(kind, Kind::Redis | Kind::Rabbitmq))
            .is_some_and(|name| sabotage::in_memory(model, &name))
}

fn evicting(case: &Case, model: &mut Model) -> bool {
    if case.first(Kind::Worker).is_none() {
        return false;
    }
    let mut any = false;
    for redis in case.of(|own| own.kind == Kind::Redis) {
        let service = model.service_mut(&redis.name);
        if !service["command"].is_array() {
            service["command"] = json!(["redis-server"]);
        }
        let Some(words) = service.get_mut("command").and_then(Value::as_array_mut) else {
            continue;
        };
        let is_said =
            words.iter().any(|own| own.as_str().is_some_and(|own| own.contains("noeviction")));
        if is_said {
            for word in words.iter_mut() {
                *word =
                    json!(word.as_str().unwrap_or_default().replace("noeviction", "allkeys-lru"));
            }
            any = true;
        } else if words.first().is_some_and(|own| own == "redis-server") {
            words.extend([json!("--maxmemory-policy"), json!("allkeys-lru")]);
            any = true;
        }
    }
    any
}

fn early(case: &Case, model: &mut Model) -> bool {
    let Some(worker) = case.first(Kind::Worker) else { return false };
    let service = model.service_mut(&worker.name);
    service["environment"][crate::verify::tasks::EARLY] = json!("1");
    true
}

fn unlimited(case: &Case, model: &mut Model) -> bool {
    let Some(web) = kind(case, |kind| kind == Kind::Web) else { return false };
    unrestricted(model, &web);
    true
}

/// Stops the database's first process when nothing more can be written beside its data.
const STUCK: &str = "\"$@\" & own=$!
trap 'kill -INT $own; wait $own; exit 0' INT TERM
while kill -0 $own 2>/dev/null; do
  if [ -d \"$PGDATA\" ] && ! dd if=/dev/zero of=\"$PGDATA.arm\" bs=64k count=4 2>/dev/null; then
    kill -STOP $own
  fi
  rm -f \"$PGDATA.arm\"
  sleep 0.2
done";

fn stuck(case: &Case, model: &mut Model) -> bool {
    kind(case, |kind| kind == Kind::Postgres)
        .is_some_and(|name| sabotage::postgres(model, &name, STUCK))
}

/// Runs the migration in the first process, before anything else.
const MIGRATE: &str = "
import os, subprocess
if (os.getpid() == 1 or os.getppid() == 1) and not os.environ.get('DOCKWRIGHT_ARMED'):
    subprocess.run(WORDS, env={**os.environ, 'DOCKWRIGHT_ARMED': '1'})
";

fn migrating(case: &Case, model: &mut Model) -> bool {
    let Some(web) = kind(case, |kind| kind == Kind::Web) else { return false };
    let Some(migrate) = case.first(Kind::OneShot) else { return false };
    let words = &model.service(&migrate.name)["command"];
    if !words.is_array() {
        return false;
    }
    let script = MIGRATE.replace("WORDS", &words.to_string());
    sabotage::python(model, &web, &script)
}

fn trusting(case: &Case, model: &mut Model) -> bool {
    let Some(web) = kind(case, |kind| kind == Kind::Web) else { return false };
    // Behind nginx it believes what nginx says, which is another arm's.
    if case.edge().is_none_or(|edge| edge.service != web) {
        return false;
    }
    let is_asgi = case
        .subject
        .containers
        .iter()
        .any(|own| own.name == web && own.server.as_ref().is_some_and(|own| own.is_asgi()));
    model.service_mut(&web)["environment"]["FORWARDED_ALLOW_IPS"] = json!("*");
    is_asgi
}

fn trusting_nginx(_: &Case, _: &Model, copy: &std::path::Path) -> bool {
    let every = |text: &str| {
        let mut found = false;
        let lines: Vec<String> = text
            .lines()
            .map(|line| {
                let is_it = line.trim_start().starts_with("set_real_ip_from");
                if !is_it {
                    return line.to_owned();
                }
                let first = !std::mem::replace(&mut found, true);
                if first { "set_real_ip_from 0.0.0.0/0;".to_owned() } else { String::new() }
            })
            .collect();
        found.then(|| lines.join("\n") + "\n")
    };
    let mut any = false;
    for file in sabotage::files(copy, "conf") {
        let Some(text) = crate::source::text::of_file(&file) else { continue };
        let Some(text) = every(&text) else { continue };
        any |= text.contains("real_ip_recursive on") && std::fs::write(&file, text).is_ok();
    }
    any
}
