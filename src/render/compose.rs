//! Compose's syntax for what a topology says: what the compose templates read
//! as `compose`.

use serde_json::{Map, Value, json};

use crate::plan::topology::{
    Command, Condition, Dependency, Development, EnvValue, Group, Image, Mount, Port, Service,
    Test, Topology, Variable, Word,
};
use crate::render::scalars::{flow_scalar, indented, quoted, scalar};
use crate::source::compose::yaml::{self, Item, Node};
use crate::units::MilliCpu;

/// The column that a list in one line does not reach.
const WIDTH: usize = 72;
/// No line is longer, where it can be broken.
const LONGEST: usize = 80;

/// What the templates read.
#[must_use]
pub fn context(topology: &Topology) -> Value {
    let application = |service: &&Service| service.runs_application();
    let builder = topology.services.iter().find(|service| {
        service.runs_application() && matches!(&service.image, Image::Own { build: Some(_), .. })
    });
    let groups = groups(topology);
    let entries_of = |wanted: &Group| {
        let found = groups.iter().find(|(group, _)| *group == wanted);
        found.map(|(_, variables)| entries(variables, 2)).unwrap_or_default()
    };
    let anchored = groups.iter().filter(|(group, _)| !apart(group));
    json!({
        "application": builder.map(|service| json!({
            "image": own_image(service),
            "pulled": matches!(&service.image, Image::Own { pulled: true, .. }),
            "builder": service.id,
            "shared": topology.services.iter().filter(application).count() > 1,
            "user": service.security.user,
            "writable": service.security.writable,
            "keeps_capabilities": service.security.keeps_capabilities,
        })),
        "proxies": entries_of(&Group::Proxies),
        "environment": entries_of(&Group::Application),
        "groups": anchored.map(|(group, variables)| json!({
            "anchor": anchor(group),
            "about": match group {
                Group::Existing(name) => format!("What {name} was told before."),
                _ => String::new(),
            },
            "variables": entries(variables, 2),
        })).collect::<Vec<_>>(),
        "services": topology.services.iter().map(service).collect::<Vec<_>>(),
        "by_kind": topology.services.iter()
            .filter_map(|one| Some((one.kind?.name().to_owned(), service(one))))
            .collect::<Map<_, _>>(),
        "networks": topology.networks.iter().map(|network| json!({
            "name": network.name,
            "text": network.kept.as_ref().map(|item| value(item, 2)),
            "internal": network.internal,
        })).collect::<Vec<_>>(),
        "volumes": topology.volumes.iter().map(|volume| json!({
            "name": volume.name,
            "text": volume.kept.as_ref().map(|item| value(item, 2)),
        })).collect::<Vec<_>>(),
        "secrets": topology.secrets.iter().map(|secret| json!({
            "name": secret.name,
            "text": secret.kept.as_ref().map(|item| value(item, 2)),
            "file": format!("${{{}:-{}}}", secret.file.0, secret.file.1),
        })).collect::<Vec<_>>(),
        "kept": topology.kept.iter()
            .map(|(key, item)| format!("\n{}", entry(key, item, 0)))
            .collect::<String>(),
    })
}

/// What the development overlay reads as `development`.
#[must_use]
pub fn development(development: &Development) -> Value {
    let all: Vec<&Variable> = development.database.iter().collect();
    json!({
        "database": entries(&all, 2),
        "overrides": development.overrides.iter().map(|change| {
            let own: Vec<&Variable> =
                change.env.iter().filter(|variable| variable.group == Group::Own).collect();
            json!({
                "id": change.id,
                "about": change.about,
                "mounted": change.mounted,
                "command": change.command.as_ref().map(|words| command(words, 4, "command")),
                "database": change.env.iter().any(|variable| variable.group != Group::Own),
                "variables": entries(&own, 6),
                "ports": change.ports.iter().map(port).collect::<Vec<_>>(),
                "networks": change.networks,
                "depends_on": change.depends_on.iter().map(dependency).collect::<Vec<_>>(),
                "off": change.off,
            })
        }).collect::<Vec<_>>(),
        "services": development.services.iter().map(service).collect::<Vec<_>>(),
        "volumes": development.services.iter().flat_map(|service| &service.mounts)
            .filter_map(|mount| match mount {
                Mount::Volume { name, .. } => Some(name),
                _ => None,
            })
            .collect::<Vec<_>>(),
    })
}

/// What a service waits for.
fn dependency(dependency: &Dependency) -> Value {
    json!({
        "service": dependency.service,
        "text": match &dependency.condition {
            Condition::Started => "\n        condition: service_started".to_owned(),
            Condition::Healthy => "\n        condition: service_healthy".to_owned(),
            Condition::Completed => {
                "\n        condition: service_completed_successfully".to_owned()
            }
            Condition::Kept(item) => value(item, 6),
        },
    })
}

/// Groups that have a place of their own in the file.
const fn apart(group: &Group) -> bool {
    matches!(group, Group::Own | Group::Proxies | Group::Application)
}

/// The variables of each group, once for all services that share them.
fn groups(topology: &Topology) -> Vec<(&Group, Vec<&Variable>)> {
    let mut groups: Vec<(&Group, Vec<&Variable>)> = Vec::new();
    for variable in topology.services.iter().flat_map(|service| &service.env) {
        match groups.iter_mut().find(|(group, _)| **group == variable.group) {
            Some((_, known)) if known.iter().any(|other| other.name == variable.name) => {}
            Some((_, known)) => known.push(variable),
            None => groups.push((&variable.group, vec![variable])),
        }
    }
    groups.sort_by_key(|(group, _)| *group);
    groups
}

/// The anchor of a group.
fn anchor(group: &Group) -> String {
    match group {
        Group::Own => String::new(),
        Group::Proxies => "proxy".to_owned(),
        Group::Application => "environment".to_owned(),
        Group::Existing(service) => {
            let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
            format!("carried-{}", service.chars().map(plain).collect::<String>())
        }
        Group::Database => "database".to_owned(),
        Group::Cache => "cache".to_owned(),
        Group::Broker => "celery".to_owned(),
    }
}

/// One service.
fn service(service: &Service) -> Value {
    let kept = service.kept.as_ref();
    let keeps = |key: &str| kept.is_some_and(|kept| kept.keys.iter().any(|(own, _)| own == key));
    if let Some(text) = kept.and_then(|kept| kept.text.as_ref()) {
        return json!({
            "id": service.id, "kind": "", "text": indented(text, 2),
            "networks": service.networks,
        });
    }
    let own: Vec<&Variable> =
        service.env.iter().filter(|variable| variable.group == Group::Own).collect();
    let mut merged: Vec<&Group> = Vec::new();
    for variable in &service.env {
        let named = !matches!(variable.group, Group::Own | Group::Proxies);
        if named && !merged.contains(&&variable.group) {
            merged.push(&variable.group);
        }
    }
    // What was told before knows the data that is there.
    merged.sort_by_key(|group| (!matches!(group, Group::Existing(_)), *group));
    let volumes: Vec<String> =
        service.mounts.iter().filter(|_| !keeps("volumes")).filter_map(mount).collect();
    let security = &service.security;
    json!({
        "id": service.id,
        "kind": service.kind.map_or("", |kind| kind.name()),
        "about": service.about.lines().collect::<Vec<_>>(),
        "text": null,
        "application": service.runs_application(),
        "own_image": own_image(service),
        "pulled": matches!(&service.image, Image::Own { pulled: true, .. }),
        "image": match &service.image {
            Image::Fetched(image) if !keeps("image") => Some(image),
            _ => None,
        },
        "build": match &service.image {
            Image::Own { build, .. } => build.as_ref(),
            _ => None,
        },
        "user": security.user.as_ref().filter(|_| !keeps("user")),
        "user_why": security.user_why,
        "cap_add": security.cap_add,
        "writable": security.writable,
        "init": security.init,
        "kept": kept.map(|kept| {
            kept.keys.iter().map(|(key, item)| entry(key, item, 4)).collect::<String>()
        }),
        "command": service.command.as_ref().map(|words| command(words, 4, "command")),
        "working_dir": service.working_dir,
        // One that goes on with keys of its own may say it already.
        "one_shot": service.one_shot && !keeps("restart"),
        "depends_on": service.depends_on.iter().filter(|_| !keeps("depends_on"))
            .map(dependency).collect::<Vec<_>>(),
        "merged": merged.iter().map(|group| format!("*{}", anchor(group))).collect::<Vec<_>>(),
        "variables": if keeps("environment") { Vec::new() } else { entries(&own, 6) },
        "ports": service.ports.iter().filter(|_| !keeps("ports")).map(port).collect::<Vec<_>>(),
        "networks": service.networks,
        "volumes": volumes,
        "tmpfs": service.mounts.iter().filter_map(memory).collect::<Vec<_>>(),
        "shm": service.resources.and_then(|resources| resources.shm).map(|size| size.0),
        "probe": probe(service),
        "stop": service.stop.map(|stop| json!({ "signal": stop.signal, "grace": stop.grace })),
        "resources": service.resources.map(|resources| json!({
            "memory": resources.memory.0,
            "memory_reservation": resources.memory_reservation.0,
            "cpu_shares": resources.cpu_shares,
            "cpus": resources.cpus.map(MilliCpu::compose),
            "pids": resources.pids,
            "devices": kept.and_then(|kept| kept.devices.as_ref())
                .map(|devices| entry("devices", devices, 10)),
        })),
    })
}

fn own_image(service: &Service) -> Option<String> {
    match &service.image {
        Image::Own { name, .. } => Some(format!("{name}:${{TAG:-local}}")),
        _ => None,
    }
}

/// Variables with their values at an indentation.
fn entries(variables: &[&Variable], indent: usize) -> Vec<Value> {
    let known = |name: &str| variables.iter().any(|variable| variable.name == name);
    let entry = |variable: &&Variable| {
        let value = match &variable.value {
            // Said to be missing where it has its own name.
            EnvValue::Secret(secret) if *secret != variable.name && known(secret) => {
                format!("${{{secret}}}")
            }
            value => env_value(value, indent, variable.name.len()),
        };
        json!({ "name": variable.name, "value": value, "why": variable.why })
    };
    variables.iter().map(entry).collect()
}

/// `${NAME}`, refused while it is not set.
fn required(name: &str) -> String {
    format!("${{{name}:?set it in .env}}")
}

/// A list with a comma after each item, broken where a line would be too long.
fn folded(list: &str, next: &str, indent: usize) -> String {
    let (mut text, mut width) = (String::new(), indent);
    for item in list.split_inclusive(',') {
        if width > indent && width + item.len() >= LONGEST {
            text.push_str(next);
            width = indent;
        }
        text.push_str(item);
        width += item.len();
    }
    text
}

/// The value of a variable, as it stands behind its name of so many letters.
fn env_value(value: &EnvValue, indent: usize, name: usize) -> String {
    let next = format!("\\\n{}", " ".repeat(indent + 2));
    match value {
        EnvValue::Literal(text) => scalar(&text.replace('$', "$$")),
        EnvValue::Variable { name, default: None } | EnvValue::Secret(name) => required(name),
        EnvValue::Variable { name: variable, default: Some(default) } => {
            let text = format!("${{{variable}:-{default}}}");
            match indent + name + ": ".len() + text.len() <= LONGEST {
                true => scalar(&text),
                false => format!("\"{next}{}\"", folded(&text, &next, indent + 2)),
            }
        }
        EnvValue::Url { scheme, user, secret: Some(secret), host, port, path } => {
            let end = format!("{}@{host}:{port}/{path}", required(secret));
            let start = format!("{scheme}://{user}:");
            let next = if indent + name + start.len() + end.len() <= WIDTH { "" } else { &next };
            format!("\"{start}{next}{end}\"")
        }
        EnvValue::Url { scheme, user, secret: None, host, port, path } => {
            let user = if user.is_empty() { String::new() } else { format!("{user}@") };
            format!("{scheme}://{user}{host}:{port}/{path}")
        }
        EnvValue::List { fixed, name, default } => {
            let fixed = fixed.join(",");
            match default.as_str() {
                "" => format!("\"{next}{fixed}{next}${{{name}:+,${name}}}\""),
                default => format!("\"{next}{fixed},{next}${{{name}:-{default}}}\""),
            }
        }
        EnvValue::Kept(Some(text)) => quoted(text),
        EnvValue::Kept(None) => "null".to_owned(),
    }
}

fn port(port: &Port) -> String {
    match port {
        Port::Published { address, published, target } => {
            // IPv6 stands in brackets in the short form.
            let address = match address.contains(':') {
                true => format!("[{address}]"),
                false => address.clone(),
            };
            quoted(&format!("{address}:{published}:{target}"))
        }
        Port::Kept(port) => quoted(&port.to(&port.container)),
    }
}

/// A mount as an entry of `volumes`; `None` for memory.
fn mount(mount: &Mount) -> Option<String> {
    Some(match mount {
        Mount::Volume { name, target, read_only } => {
            let mode = if *read_only { ":ro" } else { "" };
            format!("\n      - {name}:{target}{mode}")
        }
        Mount::ReadOnly { source, target } => format!(
            "\n      - type: bind\n        source: {source}\n        target: {target}\n        \
             read_only: true\n        bind:\n          create_host_path: false"
        ),
        Mount::Kept { item, .. } => match &item.node {
            Node::Map(_) => indented(&yaml::write(&Node::List(vec![item.clone()])), 6),
            _ => format!("\n      - {}", quoted(&item.scalar().unwrap_or_default())),
        },
        Mount::Memory { .. } => return None,
    })
}

/// Memory as an entry of `tmpfs`.
fn memory(mount: &Mount) -> Option<String> {
    let Mount::Memory { target, size, owner } = mount else { return None };
    let owner = owner.map(|id| format!(",uid={id},gid={id}")).unwrap_or_default();
    Some(format!("{target}:size={}m{owner}", size.0))
}

/// A health check; nothing where the image's own is left as it is. An image
/// that is built here has test and times in one place, its Dockerfile, and is
/// checked by them wherever it runs.
fn probe(service: &Service) -> Value {
    let probe = &service.probe;
    let own = matches!(service.image, Image::Own { .. });
    let test = match &probe.test {
        Test::OfImage if own || probe.times.is_none() => return Value::Null,
        Test::OfImage | Test::Disabled => None,
        Test::Command(words) => {
            let mut all = Command::of(["CMD"]);
            all.0.extend(words.0.iter().flatten().map(|word| vec![word.clone()]));
            Some(format!("test:{}", command(&all, 6, "test")))
        }
        Test::Shell(lines) => {
            let lines: String =
                lines.iter().map(|line| format!("\n        {}", line.replace('$', "$$"))).collect();
            Some(format!("test: >-{lines}"))
        }
        Test::Kept(item) => Some(entry("test", item, 6).trim_start().to_owned()),
    };
    json!({
        "disabled": probe.test == Test::Disabled,
        "test": test,
        "times": probe.times,
        "why": probe.why,
    })
}

/// Words behind a key that is indented: in one line where they fit, options
/// with their values line by line, otherwise a list.
fn command(command: &Command, indent: usize, key: &str) -> String {
    let space = " ".repeat(indent + 2);
    if command.0.iter().any(|group| group.len() > 1) {
        let line = |group: &Vec<Word>| {
            let words: Vec<String> = group.iter().map(shell_word).collect();
            format!("\n{space}{}", words.join(" "))
        };
        return format!(" >-{}", command.0.iter().map(line).collect::<String>());
    }
    let words: Vec<String> = command.0.iter().flatten().map(composed).collect();
    let flow: Vec<String> = words.iter().map(|word| flow_scalar(word)).collect();
    let flow = format!(" [{}]", flow.join(", "));
    let fits = indent + key.len() + 1 + flow.len() <= WIDTH;
    if fits && !words.iter().any(|word| word.contains('\n')) {
        return flow;
    }
    let item = |word: &String| match word.strip_suffix('\n') {
        Some(lines) => {
            let lines = indented(lines, indent + 4);
            format!("\n{space}- |{lines}")
        }
        None => format!("\n{space}- {}", scalar(word)),
    };
    words.iter().map(item).collect()
}

/// A word in Compose's syntax.
fn composed(word: &Word) -> String {
    match word {
        Word::Literal(text) => text.replace('$', "$$"),
        Word::Setting { prefix, name, default } => format!("{prefix}${{{name}:-{default}}}"),
        Word::Kept(text) => text.clone(),
    }
}

/// The same for Compose's own shell, which takes a string apart.
fn shell_word(word: &Word) -> String {
    let text = composed(word);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.=/:,${}".contains(c);
    if text.chars().all(plain) { text } else { shell_words::quote(&text).into_owned() }
}

/// A key and its value as a block, each line indented and begun with a line
/// break.
fn entry(key: &str, value: &Item, indent: usize) -> String {
    indented(&yaml::write(&Node::Map(vec![(Item::text(key), value.clone())])), indent)
}

/// A value behind the colon of a key that is indented.
fn value(value: &Item, indent: usize) -> String {
    match &value.node {
        Node::Null => " {}".to_owned(),
        _ => {
            let whole = entry("k", value, indent);
            let whole = whole.trim_start().to_owned();
            whole.strip_prefix("k:").unwrap_or_default().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_sign_is_the_containers_and_not_composes() {
        let words = Command::of(["sh", "-c", "echo $HOME"]);
        assert_eq!(command(&words, 4, "command"), " [sh, -c, echo $$HOME]");
        assert_eq!(env_value(&EnvValue::literal("pa$$"), 2, 1), "pa$$$$");
        assert_eq!(env_value(&EnvValue::Kept(Some("${A}".into())), 2, 1), "\"${A}\"");
    }

    #[test]
    fn options_stand_with_their_values() {
        let pair = |a: &str, b: &str| vec![Word::Literal(a.into()), Word::Literal(b.into())];
        let mut words = Command::of(["postgres"]);
        words.0.push(pair("-c", "a=b"));
        words.0.push(pair("-c", "shared_preload_libraries=a, b"));
        assert_eq!(
            command(&words, 4, "command"),
            " >-\n      postgres\n      -c a=b\n      -c 'shared_preload_libraries=a, b'"
        );
    }
}
