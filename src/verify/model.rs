//! The compose project as Compose resolves it, and what is changed in it so that
//! it runs beside everything else: a name, ports, volumes and images of its own.

mod own;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::lint::subject::amount::exact_seconds;

pub use own::{Ground, LABEL, own};

/// A compose project as `docker compose config --format json` prints it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model(pub Value);

/// What a service waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The other service.
    pub service: String,
    /// `service_started`, `service_healthy` or `service_completed_successfully`.
    pub condition: String,
}

/// A port that a service publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The host's address; empty for all of them.
    pub address: String,
    /// The host's port; 0 for any.
    pub port: u16,
    /// The container's.
    pub target: u16,
    /// Whether it is TCP.
    pub is_tcp: bool,
}

/// A mount of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// `volume`, `bind` or `tmpfs`.
    pub kind: String,
    /// A volume's name or a path of the host; empty for an anonymous volume.
    pub source: String,
    /// Where.
    pub target: String,
    /// Whether it is only read there.
    pub read_only: bool,
}

impl Model {
    /// The names of its services, sorted.
    #[must_use]
    pub fn services(&self) -> Vec<&str> {
        let services = self.0["services"].as_object();
        services.into_iter().flat_map(|own| own.keys().map(String::as_str)).collect()
    }

    /// What it says of a service; null where there is none.
    #[must_use]
    pub fn service(&self, name: &str) -> &Value {
        &self.0["services"][name]
    }

    /// The same, to be changed. A service that is not there is made.
    pub fn service_mut(&mut self, name: &str) -> &mut Value {
        &mut self.0["services"][name]
    }

    /// What a service waits for.
    #[must_use]
    pub fn waits(&self, name: &str) -> Vec<Wait> {
        let waits = self.service(name)["depends_on"].as_object();
        let wait = |(service, own): (&String, &Value)| Wait {
            service: service.clone(),
            condition: own["condition"].as_str().unwrap_or("service_started").to_owned(),
        };
        waits.into_iter().flatten().map(wait).collect()
    }

    /// The ports that a service publishes.
    #[must_use]
    pub fn ports(&self, name: &str) -> Vec<Published> {
        let ports = self.service(name)["ports"].as_array();
        let number = |value: &Value| match value {
            Value::String(text) => text.split('-').next().and_then(|first| first.parse().ok()),
            other => other.as_u64().and_then(|own| u16::try_from(own).ok()),
        };
        let port = |own: &Value| {
            Some(Published {
                address: own["host_ip"].as_str().unwrap_or_default().to_owned(),
                port: number(&own["published"]).unwrap_or(0),
                target: number(&own["target"])?,
                is_tcp: own["protocol"].as_str().is_none_or(|own| own == "tcp"),
            })
        };
        ports.into_iter().flatten().filter_map(port).collect()
    }

    /// What a service mounts.
    #[must_use]
    pub fn mounts(&self, name: &str) -> Vec<Mounted> {
        let mounts = self.service(name)["volumes"].as_array();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mount = |own: &Value| Mounted {
            kind: text(&own["type"]),
            source: text(&own["source"]),
            target: text(&own["target"]),
            read_only: own["read_only"] == true,
        };
        mounts.into_iter().flatten().map(mount).collect()
    }

    /// The environment of a service; `None` for what the shell would give.
    #[must_use]
    pub fn environment(&self, name: &str) -> BTreeMap<&str, Option<&str>> {
        let own = self.service(name)["environment"].as_object();
        own.into_iter().flatten().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// The image of a service, as it is run.
    #[must_use]
    pub fn image(&self, name: &str) -> &str {
        self.service(name)["image"].as_str().unwrap_or_default()
    }

    /// Whether a service is built here.
    #[must_use]
    pub fn is_built(&self, name: &str) -> bool {
        self.service(name)["build"].is_object()
    }

    /// The services that are built here.
    #[must_use]
    pub fn built(&self) -> Vec<&str> {
        self.services().into_iter().filter(|name| self.is_built(name)).collect()
    }

    /// The images that are built here, each once.
    #[must_use]
    pub fn images(&self) -> Vec<&str> {
        let mut images: Vec<&str> = self.built().into_iter().map(|own| self.image(own)).collect();
        images.sort_unstable();
        images.dedup();
        images
    }

    /// Mounts one more thing into a service.
    pub fn mount(&mut self, name: &str, mount: Value) {
        let service = self.service_mut(name);
        if !service["volumes"].is_array() {
            service["volumes"] = json!([]);
        }
        if let Some(mounts) = service.get_mut("volumes").and_then(Value::as_array_mut) {
            mounts.push(mount);
        }
    }

    /// Has every Python of a service look for modules in a place first.
    pub fn python_path(&mut self, name: &str, place: &str) {
        let service = self.service_mut(name);
        if !service["environment"].is_object() {
            service["environment"] = json!({});
        }
        let path = match service["environment"]["PYTHONPATH"].as_str() {
            None | Some("") => place.to_owned(),
            Some(before) => format!("{place}:{before}"),
        };
        service["environment"]["PYTHONPATH"] = json!(path);
    }

    /// The networks of a service, by their names in the file.
    #[must_use]
    pub fn networks(&self, name: &str) -> Vec<&str> {
        let own = self.service(name)["networks"].as_object();
        own.into_iter().flat_map(|own| own.keys().map(String::as_str)).collect()
    }

    /// The name that a network has at the engine.
    #[must_use]
    pub fn network(&self, name: &str) -> String {
        let named = self.0["networks"][name]["name"].as_str();
        named.map_or_else(|| format!("{}_{name}", self.name()), str::to_owned)
    }

    /// The name that a volume has at the engine.
    #[must_use]
    pub fn volume(&self, name: &str) -> String {
        let named = self.0["volumes"][name]["name"].as_str();
        named.map_or_else(|| format!("{}_{name}", self.name()), str::to_owned)
    }

    /// The name of the project.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0["name"].as_str().unwrap_or_default()
    }

    /// Seconds until a service is killed when it is stopped.
    #[must_use]
    pub fn grace(&self, name: &str) -> f64 {
        self.service(name)["stop_grace_period"].as_str().and_then(exact_seconds).unwrap_or(10.0)
    }

    /// A time of a service's health check, in seconds.
    #[must_use]
    pub fn probe_time(&self, name: &str, key: &str) -> Option<f64> {
        self.service(name)["healthcheck"][key].as_str().and_then(exact_seconds)
    }
}
