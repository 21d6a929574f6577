//! Static files that nobody serves.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject, Value};

pub static RULE: Rule = Rule {
    code: "PY117",
    name: "static-nowhere",
    severity: Severity::Warning,
    summary: "something serves Django's static files",
    why: "With DEBUG off Django serves no static files, and `static()` in urls.py gives none: the admin has no style, every script is 404.",
    example: "MIDDLEWARE = [\n    \"django.middleware.security.SecurityMiddleware\",\n    \"whitenoise.middleware.WhiteNoiseMiddleware\",\n]",
    source: "Django, How to deploy static files; WhiteNoise, Using WhiteNoise with Django",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let facts = &subject.facts;
    let Some((Value::Bool(false), debug)) = subject.setting("DEBUG") else { return };
    let elsewhere = [
        "whitenoise",
        "django-storages",
        "dj-static",
        "django-webpack-loader",
        "cloudinary",
        "servestatic",
    ];
    let served = elsewhere.iter().any(|name| facts.installs(name))
        || !subject.proxies.is_empty()
        || subject.containers.iter().any(|own| matches!(own.kind, Kind::Nginx | Kind::Proxy))
        || subject.tree.paths().any(|path| {
            let lower = path.to_ascii_lowercase();
            [
                "nginx",
                "caddy",
                "apache",
                "traefik",
                "haproxy",
                "k8s",
                "kube",
                "helm",
                "terraform",
                "ansible",
            ]
            .iter()
            .any(|word| lower.contains(word))
        });
    let url = subject.setting("STATIC_URL").and_then(|(value, _)| value.text());
    if served || url.is_none_or(|own| own.contains("://")) {
        return;
    }
    // An interface alone has none, but the admin does.
    let text = |needle: &str| {
        subject.settings.iter().any(|own| subject.texts[own.text].text.contains(needle))
    };
    if !text("django.contrib.admin") || text("whitenoise") {
        return;
    }
    let serves_itself =
        subject.tree.counted().filter(|path| path.ends_with("urls.py")).any(|path| {
            subject
                .tree
                .text(path)
                .is_some_and(|own| own.contains("views.static") || own.contains("serve("))
        });
    let web = subject.production_containers().find(|own| {
        let server = own.server.as_ref().is_some_and(|own| !own.program.is_development());
        server && own.kind == Kind::Web && subject.runs_detected(own)
    });
    let Some((container, (_, service))) =
        web.and_then(|own| Some((own, subject.composed(own)?))).filter(|_| !serves_itself)
    else {
        return;
    };
    // A proxy on the host reads what is mounted.
    if service.ports().is_empty()
        || service.mounts().iter().any(|own| own.target.contains("static"))
    {
        return;
    }
    findings
        .add(subject.container_at(container), format!("{}: nothing serves its static files: DEBUG is off, and neither WhiteNoise nor a proxy is here", container.name))
        .about(&container.name)
        .related(debug, "DEBUG is off")
        .help("whitenoise, and \"whitenoise.middleware.WhiteNoiseMiddleware\" after SecurityMiddleware");
}
