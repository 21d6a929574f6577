//! Published ports, in Compose's short and long form.

use crate::source::compose::interpolate;
use crate::source::compose::yaml::{Item, Node};

/// One entry of `ports`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Address and port on the host as they are written, such as
    /// `127.0.0.1:8000`; empty where the host's port is left to the engine.
    pub host: String,
    /// The container's port as it is written.
    pub container: String,
    /// `tcp` or `udp`; empty where nothing is said.
    pub protocol: String,
    /// Its line.
    pub line: usize,
}

impl Port {
    /// Reads one entry; `None` where it is neither form.
    #[must_use]
    pub fn read(item: &Item) -> Option<Self> {
        if let Node::Map(_) = item.node {
            return Self::long(item);
        }
        Self::parse(&item.scalar()?, item.line)
    }

    /// Reads the short form, as it is written or with its variables' values.
    #[must_use]
    pub fn parse(text: &str, line: usize) -> Option<Self> {
        let (address, protocol) = match text.rsplit_once('/') {
            Some((address, protocol @ ("tcp" | "udp"))) => (address, protocol),
            _ => (text, ""),
        };
        let parts = interpolate::split(address, ':');
        let (container, host) = parts.split_last()?;
        Some(Self {
            host: host.join(":"),
            container: (*container).to_owned(),
            protocol: protocol.to_owned(),
            line,
        })
    }

    fn long(item: &Item) -> Option<Self> {
        let text = |key: &str| item.get(key).and_then(Item::scalar).unwrap_or_default();
        let (address, published) = (text("host_ip"), text("published"));
        let address = if address.contains(':') { format!("[{address}]") } else { address };
        Some(Self {
            host: [address, published]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(":"),
            container: item.get("target")?.scalar()?,
            protocol: text("protocol"),
            line: item.line,
        })
    }

    /// Whether anybody who reaches the host reaches the port.
    #[must_use]
    pub fn is_open_to_the_world(&self) -> bool {
        let host = interpolate::defaults(&self.host);
        let parts = interpolate::split(&host, ':');
        match parts.as_slice() {
            [address, _, ..] => !address.starts_with("127.") && *address != "[::1]",
            _ => true,
        }
    }

    /// The container's port as a number, variables at their defaults.
    #[must_use]
    pub fn container_number(&self) -> Option<u16> {
        interpolate::defaults(&self.container).parse().ok()
    }

    /// The host's port as a number, variables at their defaults.
    #[must_use]
    pub fn host_number(&self) -> Option<u16> {
        let host = interpolate::defaults(&self.host);
        host.rsplit(':').next()?.parse().ok()
    }

    /// The short form, with another port in the container.
    #[must_use]
    pub fn to(&self, container: &str) -> String {
        let protocol =
            if self.protocol.is_empty() { String::new() } else { format!("/{}", self.protocol) };
        if self.host.is_empty() {
            format!("{container}{protocol}")
        } else {
            format!("{}:{container}{protocol}", self.host)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::compose::yaml;

    fn ports(text: &str) -> Vec<Port> {
        yaml::read(text).unwrap().items().iter().filter_map(Port::read).collect()
    }

    #[test]
    fn every_way_to_publish_a_port_is_read() {
        let ports = ports(
            "- 8000\n- 8001:80\n- '127.0.0.1:5432:5432'\n- '[::1]:53:53/udp'\n\
             - ${BIND:-127.0.0.1:8000}:${PORT:-8000}\n\
             - {target: 80, published: '8080', host_ip: 10.0.0.1, protocol: tcp}\n\
             - 9000-9001:9000-9001\n",
        );
        let read: Vec<(&str, &str)> =
            ports.iter().map(|port| (port.host.as_str(), port.container.as_str())).collect();
        assert_eq!(
            read,
            [
                ("", "8000"),
                ("8001", "80"),
                ("127.0.0.1:5432", "5432"),
                ("[::1]:53", "53"),
                ("${BIND:-127.0.0.1:8000}", "${PORT:-8000}"),
                ("10.0.0.1:8080", "80"),
                ("9000-9001", "9000-9001"),
            ]
        );
        assert_eq!(ports[4].container_number(), Some(8000));
        assert_eq!(ports[4].host_number(), Some(8000));
        let open: Vec<bool> = ports.iter().map(Port::is_open_to_the_world).collect();
        assert_eq!(open, [true, true, false, false, false, true, true]);
    }

    #[test]
    fn the_host_side_stays_when_the_container_side_changes() {
        let ports = ports("- 127.0.0.1:80:8000\n- '53:53/udp'\n- 8000\n");
        let moved: Vec<String> = ports.iter().map(|port| port.to("9000")).collect();
        assert_eq!(moved, ["127.0.0.1:80:9000", "53:9000/udp", "9000"]);
    }
}
