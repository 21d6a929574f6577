//! Which containers read a configuration.

use crate::detect::path;
use crate::lint::subject::{Kind, Member, Proxy, Subject};
use crate::source::dockerfile::Keyword;

/// The nginx services that read a configuration, each with the path that it
/// has there.
pub(crate) fn owners<'s>(subject: &'s Subject, proxy: &Proxy) -> Vec<(Member<'s>, String)> {
    // Many rules ask, of every configuration and every container.
    let all = subject.owners.get_or_init(|| {
        let members = subject.production_members().into_iter().flatten();
        let nginx: Vec<Member<'_>> = members.filter(|own| own.kind() == Kind::Nginx).collect();
        subject.proxies.iter().map(|proxy| find(subject, proxy, &nginx)).collect()
    });
    let number = subject.proxies.iter().position(|own| own.text == proxy.text);
    let own = number.and_then(|number| all.get(number)).into_iter().flatten();
    own.filter_map(|(container, target)| {
        Some((subject.member(&subject.containers[*container])?, target.clone()))
    })
    .collect()
}

/// The containers among these that read a configuration, by their numbers.
fn find<'s>(subject: &'s Subject, proxy: &Proxy, nginx: &[Member<'s>]) -> Vec<(usize, String)> {
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
    for own in nginx {
        for mount in own.service.mounts() {
            let source = mount.bind().and_then(|written| own.deployment.project.path(written));
            if let Some(target) = source.and_then(|source| below(&source, &mount.target)) {
                found.push((own, target));
            }
        }
        let Some(build) = subject.build_of(own.container) else { continue };
        for copy in subject.copied(build) {
            if !build.image.stages.contains(&copy.stage) {
                continue;
            }
            for source in &copy.sources {
                let Some(source) = path::join(&build.context, source) else { continue };
                if let Some(mut target) = below(&source, &copy.target) {
                    if target.ends_with('/') {
                        target.push_str(path::file_name(file));
                    }
                    found.push((own, target));
                }
            }
        }
    }
    found.retain(|(own, target): &(&Member<'_>, String)| is_read(subject, own, target));
    let number = |own: &Member<'_>| {
        subject.containers.iter().position(|one| std::ptr::eq(one, own.container))
    };
    found.into_iter().filter_map(|(own, target)| Some((number(own)?, target))).collect()
}

/// Whether nginx looks there: in its own directories, or where something that
/// runs names the file.
fn is_read(subject: &Subject, own: &Member<'_>, target: &str) -> bool {
    let usual = ["/etc/nginx/", "/etc/openresty/", "/config/nginx/"];
    if usual.iter().any(|directory| target.starts_with(directory)) || target.contains("/nginx/conf")
    {
        return true;
    }
    let name = path::file_name(target);
    let names = |text: &str| text.contains(name);
    let runs =
        |keyword: Keyword| matches!(keyword, Keyword::Run | Keyword::Cmd | Keyword::Entrypoint);
    let by_image = subject.build_of(own.container).is_some_and(|build| {
        subject.instructions(build).any(|(_, one)| runs(one.keyword) && names(&one.arguments.text))
    });
    by_image
        || own.container.steps.iter().any(|step| step.argv.iter().any(|word| names(word)))
        || ["command", "entrypoint", "configs"]
            .iter()
            .filter_map(|key| own.service.item.get(key))
            .any(|item| names(own.written(item)))
}
