//! Whether what a container starts gives root up by itself.

use crate::lint::subject::{Build, Container, Program, Subject};

/// Whether a container does not stay root: the service has a user, or what it
/// starts changes to one.
pub(super) fn is_dropped(subject: &Subject, build: &Build, container: &Container) -> bool {
    if let Some(user) = subject.composed(container).and_then(|(_, own)| own.text("user")) {
        return !matches!(user.split(':').next(), Some("0" | "root"));
    }
    const DROPS: [&str; 9] = [
        "gosu",
        "su-exec",
        "setpriv",
        "runuser",
        "setuidgid",
        "chroot --userspec",
        "su -",
        "sudo -u",
        "s6-applyuidgid",
    ];
    let drops = |text: &str| DROPS.iter().any(|word| text.contains(word));
    let of = |set: &Option<
        crate::source::dockerfile::Setting<crate::source::dockerfile::Command>,
    >| { set.as_ref().map(|own| own.value.line()).unwrap_or_default() };
    let own = format!("{} {}", of(&build.image.entrypoint), of(&build.image.cmd));
    let composed = subject.composed(container).map(|(_, own)| own.command()).unwrap_or_default();
    if drops(&own) || drops(&composed) {
        return true;
    }
    let words: Vec<String> = build.image.words();
    let unread = |word: &String| {
        let is_script =
            word.ends_with(".sh") || word.contains("entrypoint") || word.ends_with("start");
        let waits = is_waiting(word) && words.iter().any(|own| own == "--");
        is_script && !waits && container.steps.iter().all(|step| step.script.is_none())
    };
    // A script that is not here, or a supervisor, may do it.
    if words.iter().take(2).any(unread) || own.contains("supervisor") || own.contains("/init") {
        return true;
    }
    if container.scripts().iter().any(|script| drops(&subject.texts[*script].text)) {
        return true;
    }
    container.steps.iter().any(|step| {
        step.program == Program::Uwsgi && uwsgi_drops(subject, container, &step.argv)
            || step
                .argv
                .iter()
                .any(|word| word.starts_with("--uid") || word == "--user" || word == "-u")
    }) || container.server.as_ref().is_some_and(|server| {
        server.has("user")
            || server.config.is_some_and(|config| subject.gunicorn[config].get("user").is_some())
    })
}

/// Whether a word is a script that waits for another service, and then starts
/// what follows `--`.
fn is_waiting(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    let bare = name.trim_end_matches(".sh").replace('_', "-");
    matches!(bare.as_str(), "wait-for-it" | "wait-for" | "dockerize" | "wait")
}

/// Whether uWSGI changes to a user, or may: only where its settings are here,
/// and have none, it does not.
fn uwsgi_drops(subject: &Subject, container: &Container, argv: &[String]) -> bool {
    let is_told = |text: &str| {
        text.lines().map(str::trim).any(|line| {
            ["uid", "<uid", "gid", "include", "ini", "emperor", "if-env", "env"]
                .iter()
                .any(|own| line.starts_with(own))
        })
    };
    let is_set = container.env.keys().any(|name| name == "UWSGI_UID" || name == "UWSGI_INI");
    let is_option = argv.iter().any(|word| {
        word.starts_with("--uid") || word.starts_with("--emperor") || word.contains('$')
    });
    let is_file = |word: &&String| {
        [".ini", ".xml", ".yaml", ".yml", ".json", ".conf"].iter().any(|end| word.ends_with(end))
    };
    let named: Vec<&str> = argv
        .iter()
        .filter(is_file)
        .map(|word| word.rsplit(['/', '=']).next().unwrap_or(word))
        .collect();
    is_set
        || is_option
        || named.iter().any(|name| {
            let mut found =
                subject.tree.paths().filter(|path| path.rsplit('/').next() == Some(name));
            let only = found.next().filter(|_| found.next().is_none());
            only.and_then(|path| subject.tree.text(path))
                .is_none_or(|text| !name.ends_with(".ini") || is_told(text))
        })
}
