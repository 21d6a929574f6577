//! What pods and tasks reach without a proxy: themselves and what their platform has, not
//! the services of a compose file.

use crate::answers::stack::Target;
use crate::plan::network::OWN;
use crate::plan::topology::{EnvValue, Variable};
use crate::plan::workloads::Workloads;

/// The variable that names hosts which no proxy is asked for.
pub const NO_PROXY: &str = "NO_PROXY";

/// The ends of every Service's name in a cluster, as DNS has them:
/// <https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/>.
const IN_CLUSTER: [&str; 2] = [".svc", ".svc.cluster.local"];
/// Where a task asks for its credentials and metadata, and a host of EC2 has its own:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/http_proxy_config.html>.
const IN_TASK: [&str; 2] = ["169.254.170.2", "169.254.169.254"];

/// Whether a variable is the one that is written here, not one of an existing file.
pub(super) fn is_ours(variable: &Variable) -> bool {
    variable.name == NO_PROXY && matches!(variable.value, EnvValue::List { .. })
}

/// What every container reaches without a proxy, and what the answers name.
pub(super) fn everywhere(variable: &Variable) -> Option<String> {
    match &variable.value {
        EnvValue::List { default, .. } if is_ours(variable) => {
            let named = default.split(',').filter(|host| !host.is_empty());
            Some(OWN.into_iter().chain(named).collect::<Vec<_>>().join(","))
        }
        _ => None,
    }
}

impl Workloads {
    /// The settings on a platform, where the project's objects are called so.
    #[must_use]
    pub fn settings_on(&self, target: Target, project: &str) -> Vec<(String, String)> {
        self.settings.iter().map(|own| self.on(own, target, project)).collect()
    }

    /// What the development overlay says otherwise: there the stores have Services.
    #[must_use]
    pub fn settings_beside_stores(&self, project: &str) -> Vec<(String, String)> {
        let mut local = self.local_settings.clone();
        if let Some(own) = self.settings.iter().find(|(name, _)| self.is_direct(name))
            && !self.stores.is_empty()
        {
            let (name, hosts) = self.on(own, Target::Kubernetes, project);
            let stores = self.stores.iter().map(|store| store.id.clone());
            let all: Vec<String> = [hosts].into_iter().chain(stores).collect();
            local.push((name, all.join(",")));
        }
        local
    }

    fn is_direct(&self, name: &str) -> bool {
        self.direct && name == NO_PROXY
    }

    fn on(
        &self,
        (name, value): &(String, String),
        target: Target,
        project: &str,
    ) -> (String, String) {
        let mut hosts = vec![value.clone()];
        if self.is_direct(name) {
            match target {
                Target::Compose => {}
                Target::Kubernetes => {
                    hosts.extend(IN_CLUSTER.map(str::to_owned));
                    hosts.push(format!("{project}-web"));
                }
                Target::Ecs => hosts.extend(IN_TASK.map(str::to_owned)),
            }
        }
        (name.clone(), hosts.join(","))
    }
}
