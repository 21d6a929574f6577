//! Which containers read a configuration.

use crate::detect::path;
use crate::lint::subject::{Kind, Member, Proxy, Subject};
use crate::source::dockerfile::Keyword;

/// The nginx services that read a configuration, each with the path that it
/// has there.
pub(super) fn owners<'s>(subject: &'s Subject, proxy: &Proxy) -> Vec<(Member<'s>, String)> {
    let file = subject.path(proxy.text);
    let below = |directory: &str, target: &str| {
        if directory == file {
            return Some(target.to_owned());
        }
        let inside = directory == "." || path::is_below(file, directory);
        let rest = if directory == "." { file } else { file.get(directory.len() + 1..)? };
        inside.then(|| format!("{}/{rest}", target.trim_end_matches('/')))
    };
    let mut found = Vec::new();
    for own in subject.production_members().into_iter().flatten() {
        if own.kind() != Kind::Nginx {
            continue;
        }
        for mount in own.service.mounts() {
            let source = mount.bind().and_then(|written| own.deployment.project.path(written));
            if let Some(target) = source.and_then(|source| below(&source, &mount.target)) {
                found.push((own, target));
            }
        }
        let Some(build) = subject.build_of(own.container) else { continue };
        for (_, copy) in subject.instructions(build) {
            let copies = matches!(copy.keyword, Keyword::Copy | Keyword::Add);
            if !copies || copy.flag("from").is_some() {
                continue;
            }
            let words: Vec<&str> = copy.arguments.text.split_whitespace().collect();
            let Some((target, sources)) = words.split_last() else { continue };
            for source in sources {
                let Some(source) = path::join(&build.context, source) else { continue };
                if let Some(mut target) = below(&source, target) {
                    if target.ends_with('/') {
                        target.push_str(path::file_name(file));
                    }
                    found.push((own, target));
                }
            }
        }
    }
    found
}
