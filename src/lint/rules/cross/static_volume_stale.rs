//! Static files in a volume that is filled once.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::proxy::owner::owners;
use crate::lint::subject::{Kind, Program, Subject};
use crate::source::compose::{Item, Mount};

pub static RULE: Rule = Rule {
    code: "XF122",
    name: "static-volume-stale",
    severity: Severity::Warning,
    summary: "static files reach the proxy anew with every image",
    why: "Docker fills an empty volume from the image once. After the next deployment the proxy still serves the old style sheets and scripts: pages ask for hashed names that are not there, and look broken until somebody deletes the volume.",
    example: "# In the proxy's image, from the one that collected them:\nCOPY --from=app /app/staticfiles /srv/static",
    source: "Docker, Volumes: Populate a volume using a container",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers().filter(|own| own.kind == Kind::Web) {
        let (Some((deployment, service)), Some(build)) =
            (subject.composed(container), subject.build_of(container))
        else {
            continue;
        };
        let is_collect = |words: &[String]| words.iter().any(|own| own == "collectstatic");
        let at_build = subject
            .runs(build)
            .iter()
            .find(|run| run.commands.iter().any(|own| is_collect(&own.words)))
            .map(|run| run.at);
        // Any container that collects at its start writes into the volume.
        let at_start = subject.containers_of(deployment).any(|own| {
            own.steps
                .iter()
                .any(|step| step.program == Program::Collectstatic || is_collect(&step.argv))
        });
        let Some(collected) = at_build.filter(|_| !at_start) else { continue };
        let Some(root) = subject.facts.static_files.value().and_then(|own| own.root.clone()) else {
            continue;
        };
        let Some(place) = subject.in_image(build, &root) else { continue };
        let items = service.item.get("volumes").map_or(&[][..], Item::items);
        for item in items {
            let Some(mount) = Mount::read(item) else { continue };
            let Some(volume) = mount.volume().filter(|_| mount.target == place) else { continue };
            let proxy = subject.containers_of(deployment).find(|own| {
                matches!(own.kind, Kind::Nginx | Kind::Proxy)
                    && subject.composed(own).is_some_and(|(_, service)| {
                        service.mounts().iter().any(|own| own.volume() == Some(volume))
                    })
            });
            let Some(proxy) = proxy else { continue };
            // Its configurations are here, and it reads none of them: it serves nothing.
            let reads = subject.proxies.is_empty()
                || proxy.kind != Kind::Nginx
                || subject
                    .proxies
                    .iter()
                    .flat_map(|own| owners(subject, own))
                    .any(|(own, _)| std::ptr::eq(own.container, proxy));
            if !reads {
                continue;
            }
            findings
                .add(
                    subject.item(deployment, item),
                    format!("{}: {volume} keeps the static files of the first image: {} never sees newer ones", container.name, proxy.name),
                )
                .about(volume)
                .related(subject.instruction(build, collected), "they are collected when the image is built")
                .related(subject.container_at(proxy), format!("{} serves them from {volume}", proxy.name))
                .help(format!("copy {place} of this image into the image of {}, or collectstatic at the start of {}", proxy.name, container.name));
        }
    }
}
