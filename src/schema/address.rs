//! Addresses of a corporate network as answers: package indexes, mirrors,
//! proxies, and hosts that are reached without one.
//!
//! They end up in Dockerfiles and compose files as they stand, so that only
//! characters pass that mean nothing there. None may hold credentials: files
//! in a repository are no place for them.

use std::net::IpAddr;

use crate::relpath::RelPath;
use crate::schema::value::Value;

/// What an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// An index of Python packages.
    Index,
    /// A proxy.
    Proxy,
    /// A mirror of Debian packages.
    Mirror,
}

impl Use {
    const fn schemes(self) -> &'static [&'static str] {
        match self {
            Self::Index | Self::Mirror => &["https", "http"],
            Self::Proxy => &["http", "https", "socks5", "socks5h"],
        }
    }

    /// Where credentials go.
    const fn instead(self) -> &'static str {
        match self {
            Self::Index => {
                "leave them out; network.index-auth = \"secret\" takes them from a netrc file outside of the repository"
            }
            Self::Proxy => "leave them out here, and put the whole address into .env",
            Self::Mirror => "a mirror takes none",
        }
    }
}

/// An address without credentials, or nothing.
pub(super) fn url(text: &str, of: Use) -> Result<Value, String> {
    if !text.is_empty() {
        check(text, of)?;
    }
    Ok(Value::Text(text.to_owned()))
}

/// Addresses between commas.
pub(super) fn urls(text: &str, of: Use) -> Result<Value, String> {
    let items: Vec<&str> = items(text).collect();
    items.iter().try_for_each(|item| check(item, of))?;
    Ok(Value::List(items.into_iter().map(str::to_owned).collect()))
}

/// Hosts, domains (`.example.com`), addresses and networks between commas.
pub(super) fn hosts(text: &str) -> Result<Value, String> {
    let items: Vec<&str> = items(text).collect();
    let part = |c: char| c.is_ascii_alphanumeric() || ".-_:/[]*".contains(c);
    match items.iter().find(|item| !item.chars().all(part)) {
        Some(item) => Err(format!(
            "`{item}` is no host; write example.com, .example.com, 10.0.0.0/8 or an address"
        )),
        None => Ok(Value::List(items.into_iter().map(str::to_owned).collect())),
    }
}

/// `none`, `host`, or addresses and networks between commas.
pub(super) fn proxies(text: &str) -> Result<Value, String> {
    if matches!(text, "none" | "host") {
        return Ok(Value::Text(text.to_owned()));
    }
    let items: Vec<&str> = items(text).collect();
    match items.iter().find_map(|item| network_problem(item)) {
        Some(problem) => Err(problem),
        None if items.is_empty() => Err("nobody is named; write none, host, or networks".into()),
        None => Ok(Value::List(items.into_iter().map(str::to_owned).collect())),
    }
}

/// What is wrong with an address or a network (CIDR), if anything is.
fn network_problem(text: &str) -> Option<String> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return Some(format!(
            "`{text}` is no address or network; write none, host, or networks like 10.0.0.0/8 and 2001:db8::/32"
        ));
    };
    let (bits, value) = match address {
        IpAddr::V4(address) => (32, u128::from(u32::from(address)) << 96),
        IpAddr::V6(address) => (128, u128::from(address)),
    };
    let length = match length.map(str::parse::<u32>) {
        None => bits,
        Some(Ok(length)) if length <= bits => length,
        Some(_) => return Some(format!("`{text}` has no length from 0 to {bits} after its slash")),
    };
    // What the servers that read it refuse: gunicorn would not start.
    let host = value.checked_shl(length).unwrap_or(0);
    (host != 0).then(|| {
        let network = value & !(u128::MAX.checked_shr(length).unwrap_or(0));
        let network = match address {
            IpAddr::V4(_) => IpAddr::from(((network >> 96) as u32).to_be_bytes()),
            IpAddr::V6(_) => IpAddr::from(network.to_be_bytes()),
        };
        format!("`{text}` has address bits behind its length; the network is {network}/{length}")
    })
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn check(text: &str, of: Use) -> Result<(), String> {
    let shown = redacted(text);
    let expected = || {
        let schemes: Vec<String> =
            of.schemes().iter().map(|scheme| format!("{scheme}://")).collect();
        format!("`{shown}` is no address that starts with {}", schemes.join(", "))
    };
    let (scheme, rest) = text.split_once("://").ok_or_else(expected)?;
    if !of.schemes().contains(&scheme) {
        return Err(expected());
    }
    if rest.contains('@') {
        return Err(format!("`{shown}` holds credentials: {}", of.instead()));
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => {
            port.parse::<u16>().map_err(|_| format!("`{shown}` has no port after its host"))?;
            host
        }
        _ => authority,
    };
    let in_host = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(in_host),
    };
    let in_path = |c: char| c.is_ascii_alphanumeric() || "/.-_~%+:=".contains(c);
    if is_host && path.chars().all(in_path) { Ok(()) } else { Err(expected()) }
}

/// A file of the repository that a Dockerfile copies, or nothing.
pub(super) fn file(text: &str) -> Result<Value, String> {
    if text.is_empty() {
        return Ok(Value::Text(String::new()));
    }
    let path = RelPath::new(text)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/.-_+".contains(c);
    match text.chars().all(plain) {
        true => Ok(Value::Text(path.to_string())),
        false => Err(format!(
            "the path `{text}` has characters that mean something in a Dockerfile: letters, digits and . - _ + are none"
        )),
    }
}

/// A text in which no address shows its credentials.
#[must_use]
pub fn redacted(text: &str) -> String {
    let hidden = |part: &str| match (part.split_once("://"), part.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        // A login before a registry; a digest stands behind an image.
        (None, Some((login, host))) if login.contains(':') && !host.starts_with("sha256:") => {
            format!("…@{host}")
        }
        _ => part.to_owned(),
    };
    text.split(',').map(hidden).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(text: &str) -> Result<Value, String> {
        url(text, Use::Index)
    }

    #[test]
    fn an_address_is_taken_as_it_stands() {
        for good in [
            "",
            "https://pypi.example.com/simple",
            "https://pkgs.example.com:8443/acme/_packaging/feed%40local/pypi/simple/",
            "http://10.1.2.3:3141/root/pypi/+simple/",
            "https://[2001:db8::1]:8080/simple",
            "https://index/simple",
        ] {
            assert_eq!(index(good), Ok(Value::Text(good.into())), "{good}");
        }
    }

    #[test]
    fn nothing_passes_that_means_something_in_a_dockerfile_or_a_compose_file() {
        for bad in [
            "pypi.example.com/simple",
            "ftp://pypi.example.com/simple",
            "https://",
            "https:///simple",
            "https://a.example/simple\nRUN evil",
            "https://a.example/simple RUN",
            "https://a.example/$(id)",
            "https://a.example/${HOME}",
            "https://a.example/\"x",
            "https://a.example/'x",
            "https://a.example/`id`",
            "https://a.example/a\\b",
            "https://a.example/a#b",
            "https://a.example/a|b",
            "https://a.example/a&b",
            "https://a.example:port/",
            "https://a b/",
            "https://[::zz]/",
        ] {
            assert!(index(bad).is_err(), "{bad}");
        }
        assert!(urls("https://a.example/x,https://b.example/$x", Use::Index).is_err());
        for bad in ["certs/a b.pem", "certs/$CA.pem", "../ca.pem", "/etc/ca.pem", "certs/*.pem"] {
            assert!(file(bad).is_err(), "{bad}");
        }
        for bad in ["a b", "a\nb", "$HOME", "a;b", "\"a\""] {
            assert!(hosts(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn credentials_are_refused_told_where_to_go_and_not_shown() {
        let message = index("https://ann:hunter2@pypi.example.com/simple").unwrap_err();
        assert!(message.contains("a netrc file outside"), "{message}");
        assert!(message.contains("https://…@pypi.example.com/simple"), "{message}");
        let scheme = index("ftp://ann:hunter2@pypi.example.com/simple").unwrap_err();
        let slash = index("https://ann:9/hunter2@pypi.example.com/simple").unwrap_err();
        let list = urls("https://a.example/x,https://ann:hunter2@b.example", Use::Index);
        for message in [message, scheme, slash, list.unwrap_err()] {
            assert!(!message.contains("hunter2") && !message.contains("ann"), "{message}");
        }
    }

    #[test]
    fn trusted_proxies_are_a_word_or_networks_and_the_bad_one_is_named() {
        for word in ["none", "host"] {
            assert_eq!(proxies(word), Ok(Value::Text(word.into())));
        }
        assert_eq!(
            proxies("10.0.0.0/8, 192.0.2.7,2001:db8::/32"),
            Ok(Value::List(vec!["10.0.0.0/8".into(), "192.0.2.7".into(), "2001:db8::/32".into()]))
        );
        for (text, named) in [
            ("10.0.0.0/8,lb.example.com", "`lb.example.com` is no address"),
            ("10.0.0.0/8,host", "`host` is no address"),
            ("10.0.0.0/33", "`10.0.0.0/33` has no length from 0 to 32"),
            ("10.0.0.0/", "`10.0.0.0/` has no length"),
            ("10.1.2.3/8", "the network is 10.0.0.0/8"),
            ("2001:db8::1/32", "the network is 2001:db8::/32"),
            ("*", "`*` is no address"),
            ("", "nobody is named"),
        ] {
            let message = proxies(text).unwrap_err();
            assert!(message.contains(named), "{message}");
        }
    }

    #[test]
    fn lists_are_trimmed_and_may_be_empty() {
        let list = |items: &[&str]| Value::List(items.iter().map(|item| (*item).into()).collect());
        assert_eq!(
            urls("https://a.example/x, https://b.example/y", Use::Index),
            Ok(list(&["https://a.example/x", "https://b.example/y"]))
        );
        assert_eq!(
            hosts(".example.com, 10.0.0.0/8,*"),
            Ok(list(&[".example.com", "10.0.0.0/8", "*"]))
        );
        assert_eq!(hosts(""), Ok(list(&[])));
    }
}
