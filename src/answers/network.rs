//! The network that images are built and run in: where packages come from,
//! what leads out, and whom to trust.

use crate::relpath::RelPath;
use crate::schema::value::Value;

/// What a corporate network asks of builds and of the application. Empty
/// where there is nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// In place of PyPI.
    pub index: String,
    /// Asked before it.
    pub extra_index: Vec<String>,
    /// Whether a netrc file is mounted while packages are fetched.
    pub index_secret: bool,
    /// For `http://`.
    pub http_proxy: String,
    /// For `https://`.
    pub https_proxy: String,
    /// Reached without a proxy.
    pub no_proxy: Vec<String>,
    /// Certificate authorities, in the repository.
    pub ca: Option<RelPath>,
    /// In place of the host of Debian packages; no slash at its end.
    pub apt_mirror: String,
}

impl Network {
    /// The answers; `value` gives each key's.
    #[must_use]
    pub fn of(value: &dyn Fn(&str) -> Value) -> Self {
        let text = |key: &str| value(key).text();
        let list = |key: &str| match value(key) {
            Value::List(items) => items,
            _ => Vec::new(),
        };
        Self {
            index: text("network.index"),
            extra_index: list("network.extra-index"),
            index_secret: text("network.index-auth") == "secret",
            http_proxy: text("network.http-proxy"),
            https_proxy: text("network.https-proxy"),
            no_proxy: list("network.no-proxy"),
            ca: RelPath::new(&text("network.ca")).ok(),
            apt_mirror: text("network.apt-mirror").trim_end_matches('/').to_owned(),
        }
    }

    /// Whether packages come from elsewhere than PyPI alone.
    #[must_use]
    pub const fn has_index(&self) -> bool {
        !self.index.is_empty() || !self.extra_index.is_empty()
    }

    /// Whether anything leads through a proxy.
    #[must_use]
    pub const fn has_proxy(&self) -> bool {
        !self.http_proxy.is_empty() || !self.https_proxy.is_empty()
    }

    /// The host that a login is for; empty where the lock alone names it.
    #[must_use]
    pub fn index_host(&self) -> &str {
        let address = [&self.index].into_iter().chain(&self.extra_index);
        let rest = address.filter_map(|address| address.split_once("://")).map(|(_, rest)| rest);
        let authority = rest.filter_map(|rest| rest.split('/').next()).next().unwrap_or_default();
        match authority.rsplit_once(':') {
            Some((host, _)) if !authority.ends_with(']') => host,
            _ => authority,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_for_the_host_of_the_first_index() {
        let host = |index: &str, extra: &[&str]| {
            let extra_index = extra.iter().map(|address| (*address).to_owned()).collect();
            let network = Network { index: index.into(), extra_index, ..Network::default() };
            network.index_host().to_owned()
        };
        assert_eq!(host("https://pypi.example.com/simple", &[]), "pypi.example.com");
        assert_eq!(host("https://pypi.example.com:8443", &["https://b/x"]), "pypi.example.com");
        assert_eq!(host("", &["http://b/x"]), "b");
        assert_eq!(host("", &[]), "");
    }
}
