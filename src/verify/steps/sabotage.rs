//! What arms do to services of a project, whatever they run.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::lint::subject::Kind;
use crate::verify::case::Case;
use crate::verify::model::Model;

/// Where what is mounted lies in the copy: no image is built from it.
const PLACE: &str = ".dockwright-arm";

/// The first service of a kind, by name.
pub fn kind(case: &Case, is: impl Fn(Kind) -> bool) -> Option<String> {
    case.services.iter().find(|own| is(own.kind)).map(|own| own.name.clone())
}

/// The services by their names.
pub fn named(model: &Model) -> Vec<String> {
    model.services().into_iter().map(str::to_owned).collect()
}

/// Takes the limits of memory from a service.
pub fn unrestricted(model: &mut Model, name: &str) {
    let Some(service) = model.service_mut(name).as_object_mut() else { return };
    for key in ["mem_limit", "memswap_limit", "mem_reservation"] {
        service.remove(key);
    }
    for part in ["limits", "reservations"] {
        let own = service.get_mut("deploy").and_then(|own| own.get_mut("resources"));
        if let Some(own) = own.and_then(|own| own.get_mut(part)).and_then(Value::as_object_mut) {
            own.remove("memory");
        }
    }
}

/// Puts memory in the place of every volume of a service; `false` where it has none.
pub fn in_memory(model: &mut Model, name: &str) -> bool {
    let service = model.service_mut(name);
    let user = service["user"].as_str().unwrap_or_default().to_owned();
    let mut ids = user.split(':').map(|own| own.parse::<u32>().ok());
    let options = match (ids.next().flatten(), ids.next().flatten()) {
        (Some(uid), gid) => format!("uid={uid},gid={},mode=0700", gid.unwrap_or(uid)),
        // Its entry point is root, and makes it its own.
        _ => "mode=0777".to_owned(),
    };
    let Some(mounts) = service.get_mut("volumes").and_then(Value::as_array_mut) else {
        return false;
    };
    let (volumes, others): (Vec<Value>, Vec<Value>) =
        mounts.drain(..).partition(|own| own["type"] == "volume");
    *mounts = others;
    if !service["tmpfs"].is_array() {
        service["tmpfs"] = json!([]);
    }
    if let Some(list) = service.get_mut("tmpfs").and_then(Value::as_array_mut) {
        let target = |own: &Value| Some(own["target"].as_str()?.to_owned());
        list.extend(volumes.iter().filter_map(target).map(|own| json!(format!("{own}:{options}"))));
    }
    !volumes.is_empty()
}

/// The directory of the copy that something of the stack is built from.
fn copy(model: &Model) -> Option<PathBuf> {
    let contexts = model.services().into_iter().filter_map(|name| {
        let context = model.service(name)["build"]["context"].as_str()?;
        Path::new(context).is_dir().then(|| PathBuf::from(context))
    });
    contexts.min_by_key(|own| own.components().count())
}

/// Mounts a directory with one file into a service; `false` where nothing of the
/// stack is built here, so that there is no place for it.
fn mount(model: &mut Model, name: &str, file: &str, text: &str, target: &str, whole: bool) -> bool {
    let Some(copy) = copy(model) else { return false };
    let directory = copy.join(PLACE).join(name);
    let path = directory.join(file);
    let written = std::fs::create_dir_all(&directory).and_then(|()| std::fs::write(&path, text));
    if written.is_err() {
        return false;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for own in [&directory, &path] {
            let _ = std::fs::set_permissions(own, std::fs::Permissions::from_mode(0o755));
        }
    }
    let source = if whole { directory } else { path };
    let mount = json!({ "type": "bind", "source": source, "target": target, "read_only": true });
    model.mount(name, mount);
    true
}

/// Runs a script in every Python of a service before its own code.
pub fn python(model: &mut Model, name: &str, script: &str) -> bool {
    const TARGET: &str = "/dockwright-arm";
    if !mount(model, name, "sitecustomize.py", script, TARGET, true) {
        return false;
    }
    model.python_path(name, TARGET);
    true
}

/// Puts a program into a service.
pub fn program(model: &mut Model, name: &str, target: &str, script: &str) -> bool {
    let file = target.rsplit('/').next().unwrap_or(target).to_owned();
    mount(model, name, &file, script, target, false)
}

/// Puts a script before what the official image of PostgreSQL runs, which it gets as
/// its arguments; `false` for another entry point.
pub fn postgres(model: &mut Model, name: &str, script: &str) -> bool {
    let service = model.service_mut(name);
    let own = service["entrypoint"].as_array().is_some_and(|own| !own.is_empty());
    if own {
        return false;
    }
    // Compose would put its own values in the place of the shell's.
    let script = script.replace('$', "$$");
    service["entrypoint"] = json!(["sh", "-c", script, "sh", "docker-entrypoint.sh"]);
    if !service["command"].is_array() {
        service["command"] = json!(["postgres"]);
    }
    true
}

/// The files below a directory with this ending.
pub fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(kind) if kind.is_file() && path.extension().is_some_and(|own| own == ending) => {
                    found.push(path);
                }
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_becomes_memory_of_who_writes_there() {
        let mut model = Model(json!({ "services": { "db": { "user": "999:998", "volumes": [
            { "type": "volume", "source": "data", "target": "/data" },
            { "type": "bind", "source": "/x", "target": "/x" },
        ] } } }));
        assert!(in_memory(&mut model, "db"));
        assert_eq!(model.service("db")["tmpfs"][0], "/data:uid=999,gid=998,mode=0700");
        assert_eq!(model.mounts("db").len(), 1);
        assert!(!in_memory(&mut model, "db"));
    }

    #[test]
    fn a_limit_is_taken_wherever_it_stands() {
        let mut model = Model(json!({ "services": { "web": { "mem_limit": "1", "deploy": {
            "resources": { "limits": { "memory": "2", "pids": 3 } } } } } }));
        unrestricted(&mut model, "web");
        assert_eq!(
            model.service("web"),
            &json!({ "deploy": { "resources": { "limits": { "pids": 3 } } } })
        );
    }
}
