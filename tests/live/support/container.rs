//! One container, as the engine and its own /proc describe it.

use serde_json::Value;

use crate::support::docker::docker;

/// A container of a stack; what it says is of the moment it was inspected.
pub struct Container {
    pub service: String,
    pub id: String,
    facts: Value,
}

impl Container {
    /// The containers with these ids.
    pub fn inspect(ids: &[&str]) -> Vec<Self> {
        let text = docker(&[&["container", "inspect"], ids].concat());
        let list: Vec<Value> = serde_json::from_str(&text).expect("docker inspect gives JSON");
        list.into_iter()
            .map(|facts| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let service = text(&facts["Config"]["Labels"]["com.docker.compose.service"]);
                Self { service, id: text(&facts["Id"]), facts }
            })
            .collect()
    }

    /// A fact by its path in `docker inspect`, such as `/HostConfig/Memory`; null where there is none.
    pub fn fact(&self, pointer: &str) -> &Value {
        self.facts.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub fn is_running(&self) -> bool {
        self.fact("/State/Running") == true
    }

    pub fn exit_code(&self) -> i64 {
        self.fact("/State/ExitCode").as_i64().expect("every container has one")
    }

    /// Where its ports can be reached on this machine, as `address:port`.
    pub fn published(&self) -> Vec<String> {
        let bindings = self.fact("/HostConfig/PortBindings").as_object();
        let places = bindings.into_iter().flat_map(|bindings| bindings.values());
        places
            .flat_map(|places| places.as_array().into_iter().flatten())
            .map(|place| {
                let text = |key: &str| place[key].as_str().unwrap_or_default().to_owned();
                format!("{}:{}", text("HostIp"), text("HostPort"))
            })
            .collect()
    }
}
