//! The registry that the application's image is in, by its name: where it is, and who may
//! pull from it.

/// The registry of names that have no host in them.
const DEFAULT_HOST: &str = "docker.io";

/// The registry that a name is in: its first component where that is a host,
/// as Docker tells it from a user of its Hub.
#[must_use]
pub fn host(repository: &str) -> &str {
    match repository.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => DEFAULT_HOST,
    }
}

/// The region of Amazon's registry, whose logins last for hours and come from a role; empty
/// for any other.
#[must_use]
pub fn amazon(repository: &str) -> &str {
    match host(repository).split('.').collect::<Vec<_>>()[..] {
        [_, "dkr", "ecr", region, "amazonaws", "com"]
        | [_, "dkr", "ecr", region, "amazonaws", "com", "cn"] => region,
        _ => "",
    }
}

/// Whether a task's role alone may not pull from it: it is not Amazon's, and who is let in
/// without a login is not known.
#[must_use]
pub fn may_want_login(repository: &str) -> bool {
    !repository.is_empty() && amazon(repository).is_empty() && host(repository) != "public.ecr.aws"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_of_a_name_is_its_first_component_where_that_is_a_host() {
        assert_eq!(host("registry.example.com/team/shop"), "registry.example.com");
        assert_eq!(host("localhost:5000/shop"), "localhost:5000");
        assert_eq!(host("team/shop"), "docker.io");
        assert_eq!(host("shop"), "docker.io");
    }

    #[test]
    fn amazons_registry_is_told_by_its_host() {
        assert_eq!(amazon("123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop"), "eu-central-1");
        assert_eq!(amazon("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/shop"), "cn-north-1");
        assert_eq!(amazon("ghcr.io/team/shop"), "");
        assert_eq!(amazon("amazonaws.com.example.com/shop"), "");
    }

    #[test]
    fn a_login_is_for_registries_that_are_not_amazons() {
        for own in ["", "public.ecr.aws/team/shop", "1.dkr.ecr.eu-west-1.amazonaws.com/shop"] {
            assert!(!may_want_login(own), "{own}");
        }
        for other in ["team/shop", "ghcr.io/team/shop", "registry.example.com:5000/shop"] {
            assert!(may_want_login(other), "{other}");
        }
    }
}
