//! The proxy and the services that run the application's own image.

use crate::answers::stack::{Delivery, Hardening};
use crate::detect::compose::role::names_host;
use crate::plan::Plan;
use crate::plan::flags::MEDIA;
use crate::plan::topology::sizes::Sizes;
use crate::plan::topology::{
    APPLICATION_USER, BACKEND, Build, Command, Condition, Dependency, EDGE, EnvValue, Image, Mount,
    Port, Probe, Runbook, Security, Service, Stop, Test, Variable, Word, commands, environment,
    existing,
};
use crate::schema::Role;
use crate::schema::numbers::rows;
use crate::units::MiB;

/// The user of nginx's image.
const PROXY_USER: &str = "101:101";
/// The port that nginx listens on: one that needs no privilege.
const PROXY_PORT: u16 = 8080;
/// Where beat keeps its schedule.
const SCHEDULE: &str = "/var/lib/beat";

/// The application's image, without a tag.
pub(super) fn image(plan: &Plan, build: bool) -> Image {
    Image::Own {
        name: name(plan).to_owned(),
        pulled: plan.flags.is("repository"),
        build: build.then(|| built(plan, "runtime")),
    }
}

/// What the application's image is called, without a tag.
fn name(plan: &Plan) -> &str {
    match plan.answers.repository() {
        "" => &plan.answers.name,
        repository => repository,
    }
}

fn built(plan: &Plan, target: &'static str) -> Build {
    if let Some(image) = plan.answers.own_image() {
        let context = match image.context.as_str() {
            "." => ".".to_owned(),
            below => format!("./{below}"),
        };
        return Build {
            context,
            dockerfile: (image.dockerfile != "Dockerfile").then(|| image.dockerfile.clone()),
            target: None,
            proxies: plan.answers.network.has_proxy(),
            arguments: Vec::new(),
            index_secret: false,
            ssh: false,
        };
    }
    // The proxy's stage fetches packages only for the static files of the code.
    let fetches = target == "runtime" || plan.flags.is("static");
    let dockerfile = &plan.file_names["dockerfile"];
    Build {
        context: plan.context(),
        dockerfile: (dockerfile != "Dockerfile").then(|| dockerfile.clone()),
        target: Some(target),
        proxies: plan.answers.network.has_proxy(),
        arguments: arguments(plan),
        index_secret: plan.answers.network.index_secret && fetches,
        ssh: plan.code.install.ssh && fetches,
    }
}

/// What all services that run the application have in common.
pub(super) fn base(plan: &Plan, role: Role) -> Service {
    let n = Sizes::of(&plan.decisions, role);
    let env = match role.runs_application() {
        true => environment::of(plan, role),
        false => Vec::new(),
    };
    Service {
        id: plan.answers.services[&role].clone(),
        kind: Some(role),
        about: String::new(),
        image: image(plan, false),
        command: None,
        working_dir: String::new(),
        ports: Vec::new(),
        mounts: mounts(plan, role),
        networks: networks(plan, role, &env),
        env,
        depends_on: depends_on(plan, role),
        probe: Probe { test: Test::Disabled, times: None, why: "" },
        resources: Some(n.resources()),
        security: security(plan),
        one_shot: role.is_one_shot(),
        stop: Some(Stop { signal: None, grace: n.get(rows::STOP_GRACE_PERIOD) }),
        runbook: Runbook::default(),
        kept: plan.carry.as_ref().and_then(|carry| existing::kept(plan, carry, role)),
    }
}

/// What the application may do.
pub(super) fn security(plan: &Plan) -> Security {
    if let Some(image) = plan.answers.own_image() {
        return Security {
            writable: Some("where the image writes is its own"),
            init: true,
            keeps_capabilities: !image.is_unprivileged,
            ..Security::default()
        };
    }
    let safe = plan.answers.deploy.hardening == Hardening::Safe;
    Security {
        user: Some(format!("{APPLICATION_USER}:{APPLICATION_USER}")),
        writable: safe.then_some("made true by deploy.hardening = \"strict\""),
        init: true,
        ..Security::default()
    }
}

/// Arguments that the build had, where a stage that goes on declares them.
fn arguments(plan: &Plan) -> Vec<(String, String)> {
    let web = plan.carry.as_ref().and_then(|carry| carry.services.get(&Role::Web));
    let stages = plan.code.old_stages.iter().flat_map(|text| text.lines());
    let lines = stages.chain(plan.code.front_end.arguments.iter().map(String::as_str));
    let declared: Vec<&str> = lines
        .filter_map(|line| line.trim().strip_prefix("ARG "))
        .filter_map(|own| own.trim().split('=').next())
        .collect();
    let given = web.map(crate::source::compose::Service::build_arguments).unwrap_or_default();
    let given = given.into_iter().filter(|(name, _)| declared.contains(&name.as_str()));
    given
        .map(|(name, value)| {
            let value = value.map_or("null".to_owned(), |value| format!("{value:?}"));
            (name, value)
        })
        .collect()
}

/// nginx.
pub(super) fn proxy(plan: &Plan) -> Service {
    let role = Role::Nginx;
    let n = Sizes::of(&plan.decisions, role);
    Service {
        image: Image::Own {
            name: format!("{}-nginx", name(plan)),
            pulled: plan.flags.is("repository"),
            build: Some(built(plan, "proxy")),
        },
        ports: published(plan, role, PROXY_PORT),
        mounts: uploads(plan).into_iter().chain(served(plan)).chain([bodies(plan, n)]).collect(),
        depends_on: {
            let web = plan.answers.services[&Role::Web].clone();
            let web = Dependency { service: web, condition: Condition::Healthy };
            // A location that goes on may pass to another service.
            let was =
                plan.carry.as_ref().and_then(|carry| Some((carry, carry.services.get(&role)?)));
            let others = was.map(|(carry, own)| existing::depends_on(plan, carry, own));
            [web].into_iter().chain(others.into_iter().flatten()).collect()
        },
        probe: of_image(n),
        security: Security { user: Some(PROXY_USER.to_owned()), ..Security::default() },
        stop: Some(Stop { signal: Some("SIGQUIT"), grace: n.get(rows::STOP_GRACE_PERIOD) }),
        ..base(plan, role)
    }
}

/// What an existing proxy mounts and a location that goes on serves, as it is mounted.
fn served(plan: &Plan) -> Vec<Mount> {
    let was = plan.carry.as_ref().and_then(|carry| carry.services.get(&Role::Nginx));
    let mounts = was.map(existing::all_mounts).unwrap_or_default();
    let text: Vec<&String> =
        [&plan.code.proxy.locations, &plan.code.proxy.server].into_iter().flatten().collect();
    let directories = || plan.code.proxy.files.iter().map(|own| own.trim_end_matches('/'));
    let is_served = |mount: &Mount| {
        let target = mount.target().trim_end_matches('/').to_owned();
        let is_below = |directory: &str| {
            target.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
        };
        !target.starts_with("/etc/nginx")
            && (text.iter().any(|own| own.contains(&target)) || directories().any(is_below))
    };
    mounts.into_iter().filter(is_served).collect()
}

/// What users have sent, where nginx serves it from.
fn uploads(plan: &Plan) -> Option<Mount> {
    let volumes = &plan.code.storage.volumes;
    let media = volumes.iter().find(|volume| volume.target == format!("/app/{MEDIA}"));
    media.filter(|_| plan.flags.is("media")).map(|volume| Mount::Volume {
        name: volume.name.clone(),
        target: format!("/srv/{MEDIA}"),
        read_only: true,
    })
}

/// The web application.
pub(super) fn web(plan: &Plan) -> Service {
    let role = Role::Web;
    let n = Sizes::of(&plan.decisions, role);
    let mut service = base(plan, role);
    service.image = image(plan, true);
    service.probe = match plan.answers.own_image() {
        Some(image) if !image.has_health_check => asked(plan, image.port, n),
        _ => of_image(n),
    };
    service.ports = match plan.flags.is("nginx") {
        true => Vec::new(),
        false => published(plan, role, plan.container_port),
    };
    as_it_was(plan, role, &mut service);
    // uvicorn re-raises the signal it got: an init would report that as 143.
    service.security.init = !plan.flags.is("uvicorn");
    service
}

/// What a service of an image that stays was told to run, in place of ours.
fn as_it_was(plan: &Plan, role: Role, service: &mut Service) {
    let kept = plan.carry.as_ref().and_then(|carry| carry.services.get(&role));
    let (Some(_), Some(own)) = (plan.answers.own_image(), kept) else { return };
    let said = commands::of_service(own, "command");
    // Without either the image starts what it always does: of a worker that is not it.
    if role == Role::Web || said.is_some() || own.item.get("entrypoint").is_some() {
        service.command = said;
    }
    service.working_dir = own.text("working_dir").unwrap_or_default();
}

/// What migrates the database.
pub(super) fn migrate(plan: &Plan) -> Service {
    let mut service = base(plan, Role::Migrate);
    service.about = "Runs to its end before the application starts.".to_owned();
    let was =
        plan.carry.as_ref().and_then(|carry| Some((carry, carry.services.get(&Role::Migrate)?)));
    let more = was.and_then(|(carry, own)| commands::once(plan, carry, own));
    match (&plan.answers.adopted, more) {
        (Some(_), Some((command, directory))) => {
            service.command = Some(command);
            service.working_dir = directory;
        }
        (Some(_), None) => {
            service.command = Some(Command::of(&plan.code.migrate.words));
            service.working_dir = plan.code.migrate.directory.clone();
        }
        (None, _) => {
            let orm = plan.answers.stack.application().framework.orm;
            service.command = Some(Command::of(orm.migrate().iter().copied()));
        }
    }
    service
}

/// Celery's worker.
pub(super) fn worker(plan: &Plan) -> Service {
    let n = Sizes::of(&plan.decisions, Role::Worker);
    let mut service = base(plan, Role::Worker);
    let mut command = celery(plan, "worker");
    let kept = &plan.code.kept;
    let processes = plan.answers.adopted.is_none() || kept.pool_of_processes;
    // Other pools have no children to replace or to kill.
    let of_children = [
        ("--max-tasks-per-child", n.get(rows::MAX_TASKS_PER_CHILD)),
        ("--max-memory-per-child", n.get(rows::MAX_MEMORY_PER_CHILD).0),
        ("--time-limit", n.get(rows::TIME_LIMIT).0.into()),
        ("--soft-time-limit", n.get(rows::SOFT_TIME_LIMIT).0.into()),
    ];
    let mut ours = vec![
        format!("--concurrency={}", n.get(rows::CONCURRENCY)),
        format!("--prefetch-multiplier={}", n.get(rows::PREFETCH_MULTIPLIER)),
    ];
    let of_children = of_children.iter().filter(|_| processes);
    ours.extend(of_children.map(|(flag, number)| format!("{flag}={number}")));
    ours.extend(["--without-gossip".to_owned(), "--without-mingle".to_owned()]);
    for word in ours {
        let flag = word.split('=').next().unwrap_or(&word);
        let says_so = |own: &Vec<String>| own[0].split('=').next() == Some(flag);
        if !kept.worker.iter().any(says_so) {
            command.push(word);
        }
    }
    further(&mut command, &kept.worker);
    if plan.answers.adopted.is_none() {
        command.push("--");
        let timeout = n.get(rows::SOFT_SHUTDOWN_TIMEOUT).0;
        command.push(format!("worker.soft_shutdown_timeout={timeout}"));
    }
    service.command = Some(command);
    service.probe = Probe {
        test: match plan.answers.adopted.is_none() {
            true => heartbeat("/tmp/worker-heartbeat", n),
            false => Test::Shell(vec![
                format!("celery --app={} inspect ping", plan.celery_app()),
                match kept.worker_name.as_str() {
                    "" => "--destination=\"celery@$HOSTNAME\"".to_owned(),
                    name => format!("--destination=\"{name}\""),
                },
            ]),
        },
        times: Some(n.times()),
        why: "",
    };
    as_it_was(plan, Role::Worker, &mut service);
    service
}

/// Celery's beat.
pub(super) fn beat(plan: &Plan) -> Service {
    let n = Sizes::of(&plan.decisions, Role::Beat);
    let mut service = base(plan, Role::Beat);
    service.about = "Exactly one: a second one would send every scheduled task twice.".to_owned();
    let mut command = celery(plan, "beat");
    if !plan.scheduler().is_empty() {
        command.push(format!("--scheduler={}", plan.scheduler()));
    }
    command.push(format!("--schedule={SCHEDULE}/schedule"));
    command.push(format!("--max-interval={}", n.get(rows::MAX_LOOP_INTERVAL).0));
    command.push("--pidfile=");
    further(&mut command, &plan.code.kept.beat);
    service.command = Some(command);
    let (test, why) = if plan.answers.adopted.is_none() {
        (heartbeat("/tmp/beat-heartbeat", n), "")
    } else if plan.code.schedule_file {
        (newest_file(SCHEDULE, n), "Beat writes its schedule every three minutes.")
    } else {
        (alive(), "Its schedule is in a database: it runs, and nothing shows more than that.")
    };
    service.probe = Probe { test, times: Some(n.times()), why };
    as_it_was(plan, Role::Beat, &mut service);
    service
}

/// Adds options that the command had before ours.
fn further(command: &mut Command, options: &[Vec<String>]) {
    for option in options {
        command.0.push(option.iter().cloned().map(Word::Literal).collect());
    }
}

/// The start of a command of Celery.
fn celery(plan: &Plan, what: &str) -> Command {
    let mut command = Command::of(["celery", &format!("--app={}", plan.celery_app()), what]);
    let level = match plan.answers.adopted {
        Some(_) => Word::Literal("--loglevel=info".to_owned()),
        None => Word::Setting {
            prefix: "--loglevel=",
            name: "LOG_LEVEL".to_owned(),
            default: "info".to_owned(),
        },
    };
    let kept = if what == "beat" { &plan.code.kept.beat } else { &plan.code.kept.worker };
    let is_level = |own: &Vec<String>| {
        ["-l", "--loglevel", "--log-level"]
            .iter()
            .any(|flag| own[0].split('=').next() == Some(flag))
    };
    if !kept.iter().any(is_level) {
        command.0.push(vec![level]);
    }
    command
}

/// The test that is in the image.
fn of_image(n: Sizes) -> Probe {
    Probe { test: Test::OfImage, times: Some(n.times()), why: "the test is the image's own" }
}

/// The application itself, asked with the image's own Python: its health route, or
/// any answer below 500.
fn asked(plan: &Plan, port: u16, n: Sizes) -> Probe {
    let probe = &plan.code.probe;
    let limit = if probe.weak { 500 } else { 300 };
    let times = n.times();
    let script = format!(
        "import http.client, sys\nc = http.client.HTTPConnection(\"127.0.0.1\", {port}, timeout={})\nc.request(\"GET\", \"{}\", headers={{\"Host\": \"{}\"}})\nsys.exit(c.getresponse().status >= {limit})\n",
        times.timeout.0, probe.path, probe.host
    );
    Probe { test: python(&script), times: Some(times), why: "" }
}

/// A process without a port: healthy while it keeps touching a file.
fn heartbeat(file: &str, n: Sizes) -> Test {
    let age = n.get(rows::HEARTBEAT_MAX_AGE).0;
    python(&format!(
        "import os, sys, time\nsys.exit(time.time() - os.path.getmtime(\"{file}\") > {age})\n"
    ))
}

/// That it runs, where nothing shows more. Compose waits for a container
/// whose test is turned off until it gives up.
pub(super) fn alive() -> Test {
    Test::Command(Command::of(["true"]))
}

/// The same by any file of a directory: a database keeps its newest writes in
/// a second one.
fn newest_file(directory: &str, n: Sizes) -> Test {
    let age = n.get(rows::HEARTBEAT_MAX_AGE).0;
    python(&format!(
        "import os, sys, time\nnewest = max(f.stat().st_mtime for f in os.scandir(\"{directory}\"))\nsys.exit(time.time() - newest > {age})\n"
    ))
}

fn python(script: &str) -> Test {
    Test::Command(Command::of(["python", "-c", script]))
}

/// The ports of the service that clients reach.
fn published(plan: &Plan, role: Role, target: u16) -> Vec<Port> {
    let kept = plan.carry.as_ref().and_then(|carry| existing::ports(plan, carry, role));
    kept.unwrap_or_else(|| {
        vec![Port::Published {
            address: plan.answers.deploy.bind.clone(),
            published: plan.answers.port,
            target,
        }]
    })
}

/// What a service waits for: the stores that its code connects to, and the
/// schema they have to have.
fn depends_on(plan: &Plan, role: Role) -> Vec<Dependency> {
    let wanted: &[(Role, Condition)] = match role {
        Role::Web | Role::Worker => &[
            (Role::Migrate, Condition::Completed),
            (Role::Db, Condition::Healthy),
            (Role::Redis, Condition::Healthy),
            (Role::Cache, Condition::Healthy),
        ],
        Role::Beat => &[(Role::Migrate, Condition::Completed), (Role::Redis, Condition::Healthy)],
        _ => &[(Role::Db, Condition::Healthy)],
    };
    let mut dependencies: Vec<Dependency> = wanted
        .iter()
        .filter(|(role, _)| plan.services.contains(role))
        .map(|(role, condition)| Dependency {
            service: plan.answers.services[role].clone(),
            condition: condition.clone(),
        })
        .collect();
    if let Some(carry) = &plan.carry {
        let own = carry.services.get(&role).filter(|_| role != Role::Migrate);
        let stores = existing::stores(plan, carry, role);
        let there = own.map(|service| existing::depends_on(plan, carry, service));
        for dependency in there.into_iter().flatten().chain(stores) {
            if dependencies.iter().all(|known| known.service != dependency.service) {
                dependencies.push(dependency);
            }
        }
        if role == Role::Web {
            dependencies.extend(existing::awaited(plan, carry, &dependencies));
        }
    }
    dependencies
}

/// Whether what runs once does more than to migrate.
fn runs_more(plan: &Plan) -> bool {
    let was =
        plan.carry.as_ref().and_then(|carry| Some((carry, carry.services.get(&Role::Migrate)?)));
    !plan.code.kept.steps.is_empty()
        || was.is_some_and(|(carry, own)| commands::once(plan, carry, own).is_some())
}

/// The networks of a service: where clients and the world are, and where the
/// data is.
fn networks(plan: &Plan, role: Role, env: &[Variable]) -> Vec<String> {
    let stores = plan.has_backend();
    let adopted = plan.answers.adopted.is_some();
    let database = plan.services.contains(&Role::Db);
    let is_store = |role: &Role| matches!(role, Role::Db | Role::Redis | Role::Cache);
    let hosts: Vec<&str> = plan
        .services
        .iter()
        .filter(|role| is_store(role))
        .map(|role| plan.answers.services[role].as_str())
        .collect();
    let is_told = |variable: &Variable| match &variable.value {
        EnvValue::Url { .. } => true,
        EnvValue::Kept(Some(text)) => hosts.iter().any(|host| names_host(text, host)),
        _ => false,
    };
    let (edge, backend) = match role {
        Role::Nginx => (true, false),
        // It migrates a database; what else it is told of, it can reach.
        // Of what else it runs, nobody knows what that asks for.
        Role::Migrate => {
            let more = runs_more(plan);
            (!database || more, database || env.iter().any(is_told) || more && stores)
        }
        // What is scheduled needs the broker alone; code that was there may
        // ask for more.
        Role::Beat => (adopted, stores || !adopted),
        _ => (true, stores),
    };
    let mut networks: Vec<String> = Vec::new();
    networks.extend(edge.then(|| EDGE.to_owned()));
    networks.extend(backend.then(|| BACKEND.to_owned()));
    if let Some(carry) = &plan.carry {
        networks.extend(existing::networks(carry, role));
    }
    networks
}

/// What a service of the application mounts.
fn mounts(plan: &Plan, role: Role) -> Vec<Mount> {
    let n = Sizes::of(&plan.decisions, role);
    let mut mounts = Vec::new();
    if role == Role::Beat {
        mounts.push(Mount::volume(&plan.volumes.beat, SCHEDULE));
    }
    if let Some(carry) = &plan.carry
        && let Some(source) = carry.source(role)
    {
        mounts.extend(existing::data_mounts(carry, source));
    }
    let storage = &plan.code.storage;
    let volumes = storage.volumes.iter();
    mounts.extend(volumes.map(|volume| Mount::volume(&volume.name, &volume.target)));
    let loads = role == Role::Web || role == Role::Worker && plan.answers.adopted.is_none();
    if loads {
        mounts.extend(model(plan));
    }
    if plan.answers.own_image().is_some() {
        // Its `/tmp` stays what it was: the disk.
        return mounts;
    }
    match n.get(rows::TMPFS) {
        // The container's own disk, where that can be written to.
        MiB(0) if plan.answers.deploy.hardening == Hardening::Safe => {}
        MiB(0) => mounts.push(Mount::volume(&plan.volumes.uploads, "/tmp")),
        _ => mounts.push(scratch("/tmp", n, None)),
    }
    // Where the root can be written to, so can these.
    let strict = plan.answers.deploy.hardening == Hardening::Strict;
    if strict && matches!(role, Role::Web | Role::Worker) {
        let owner = Some(APPLICATION_USER);
        mounts.extend(storage.scratch.iter().map(|path| scratch(path, n, owner)));
    }
    mounts
}

/// The model, where it is not part of the image.
fn model(plan: &Plan) -> Option<Mount> {
    let model = plan.answers.stack.application().model.as_ref()?;
    if model.delivery != Delivery::Mount {
        return None;
    }
    Some(match plan.answers.adopted {
        Some(_) => Mount::ReadOnly {
            source: format!("./{}", plan.code.model),
            target: format!("/app/{}", plan.code.model),
        },
        None => Mount::ReadOnly {
            source: format!("./{}", model.path.parent()),
            target: "/models".to_owned(),
        },
    })
}

/// Where bodies wait that nginx has not passed on yet.
fn bodies(plan: &Plan, n: Sizes) -> Mount {
    match n.get(rows::TMPFS) {
        MiB(0) => Mount::volume(&plan.volumes.bodies, "/tmp"),
        _ => scratch("/tmp", n, None),
    }
}

fn scratch(target: &str, n: Sizes, owner: Option<u32>) -> Mount {
    Mount::Memory { target: target.to_owned(), size: n.get(rows::TMPFS), owner }
}
