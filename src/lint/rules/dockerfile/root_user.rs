//! A container that runs as root.

use crate::detect::writes::{self, Sign};
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{dropped, support, unprivileged};
use crate::lint::subject::{Build, Container, Program, Step, Subject};
use crate::schema::writable::HOME;
use crate::source::compose::Mount;
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "DF101",
    name: "root-user",
    severity: Severity::Warning,
    summary: "the application does not run as root",
    why: "Whoever breaks into the process is root in the container, may write to everything in it, and needs one fault of the kernel less to be root on the host.",
    example: "USER 10001:10001",
    source: "Docker, Building best practices: USER; CIS Docker Benchmark 4.1",
    fix: Some(Grade::Checked),
    check,
};

/// The user that an image is to run as.
struct Proposed {
    /// What USER says.
    user: String,
    /// What `install` says.
    owner: String,
}

impl Proposed {
    fn new(user: &str) -> Self {
        if user.chars().all(|c| c.is_ascii_digit()) {
            Self { user: format!("{user}:{user}"), owner: format!("-o {user} -g {user}") }
        } else {
            // What its group is called the image knows.
            Self { user: user.to_owned(), owner: format!("-o {user}") }
        }
    }

    /// The one that the image has already: a program of it gives its rights up to
    /// them, a line makes them, or files are theirs. Else a number of nobody's.
    fn of(subject: &Subject, build: &Build) -> Self {
        const NOBODY: &str = "65534";
        let number = |name: &str| match name {
            "nobody" | "nogroup" => NOBODY.to_owned(),
            other => other.to_owned(),
        };
        let dropped = support::runs_as(subject, build).find_map(|own| {
            let server = own.server.as_ref()?;
            option(&own.steps.get(server.step)?.argv, "--uid")
        });
        let runs = subject.runs(build);
        let commands = || runs.iter().flat_map(|run| &run.commands);
        let made = commands().rev().find_map(|command| {
            let words = support::bare(command);
            matches!(support::program(words), "useradd" | "adduser").then_some(())?;
            let uid = option(words, "--uid").or_else(|| option(words, "-u"));
            uid.or_else(|| words.last().cloned())
        });
        let given = commands().find_map(|command| {
            let words = support::bare(command);
            (support::program(words) == "chown").then_some(())?;
            words.iter().skip(1).find(|word| !word.starts_with('-')).cloned()
        });
        let is_plain = |name: &String| {
            let is_word = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
            !name.is_empty() && name.chars().all(is_word) && !matches!(name.as_str(), "root" | "0")
        };
        let bare = |own: String| own.split(':').next().unwrap_or_default().to_owned();
        let known = dropped.or(made).or(given).map(bare).filter(is_plain);
        Self::new(&known.map_or_else(|| "10001".to_owned(), |own| number(&own)))
    }
}

/// The value of an option, behind it or behind `=`.
fn option(words: &[String], name: &str) -> Option<String> {
    let at = words.iter().position(|word| {
        word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })?;
    match words[at].split_once('=') {
        Some((_, value)) => Some(value.to_owned()),
        None => words.get(at + 1).cloned(),
    }
}

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        if !support::is_service(subject, build)
            || support::runs_as(subject, build).any(|own| is_privileged(subject, own))
            || support::runs_as(subject, build).all(|own| dropped::is_dropped(subject, build, own))
        {
            continue;
        }
        let Some(user) = &build.image.user else {
            // An image that nobody here knows may set one.
            let base = build.image.base.known().filter(|base| support::is_plain(base));
            let Some(base) = base else { continue };
            let finding = findings.add(subject.from_of(build), "no USER is set: it runs as root");
            let proposed = Proposed::of(subject, build);
            let (user, owner) = (&proposed.user, &proposed.owner);
            let mut help = match given(subject, build) {
                Some(known) => {
                    format!("{}\nUSER {user}   (after the last RUN and COPY)", known.join(owner))
                }
                None if !hiding(subject, build).is_empty() => {
                    format!("USER {user}   (after the last RUN and COPY)")
                }
                None => format!(
                    "USER {user}   (after the last RUN and COPY; directories it writes to belong to that user: RUN install -d {owner} DIRECTORY)"
                ),
            };
            for (file, source, target) in hiding(subject, build) {
                help.push_str(&format!(
                    "\n({file} mounts {source} over {target}: what is written there belongs to the user on the host, chown -R {} {source})",
                    user.split(':').next().unwrap_or(user)
                ));
            }
            let doubts = doubts(subject, build);
            for doubt in &doubts {
                help.push_str(&format!("\n({doubt})"));
            }
            finding.about(base).help(help);
            if let Some(fix) = fix(subject, build, &proposed, doubts.is_empty()) {
                finding.fix(fix);
            }
            continue;
        };
        let Some(text) = user.value.known() else { continue };
        let name = text.split(':').next().unwrap_or_default();
        if !matches!(name, "root" | "0") {
            continue;
        }
        let earlier = subject.instructions(build).filter(|(at, own)| {
            own.keyword == Keyword::User
                && *at < user.at
                && !matches!(own.arguments.text.trim(), "root" | "0" | "0:0" | "root:root")
        });
        let earlier = earlier.last();
        let finding =
            findings.add(subject.instruction(build, user.at), format!("it runs as {name}"));
        finding.about(name);
        match earlier {
            Some((at, own)) => {
                let written = own.arguments.text.trim().to_owned();
                finding
                    .related(subject.instruction(build, at), "this USER is no longer the one")
                    .help(format!("USER {written}   (again, before CMD)"));
            }
            None => {
                finding.help(format!("USER {}", Proposed::of(subject, build).user));
            }
        }
    }
}

/// Whether a container is given all rights of the host: it needs to be root.
fn is_privileged(subject: &Subject, container: &Container) -> bool {
    let Some((_, service)) = subject.composed(container) else { return false };
    let has_engine = service
        .mounts()
        .iter()
        .any(|own| own.bind().is_some_and(|path| path.ends_with("/docker.sock")));
    service.is("privileged") || service.text("pid").as_deref() == Some("host") || has_engine
}

/// What an image is known to write to, as it is called there.
struct Written {
    directories: Vec<String>,
    files: Vec<String>,
}

impl Written {
    /// The lines that give it to a user.
    fn join(&self, owner: &str) -> String {
        let mut lines = Vec::new();
        if !self.directories.is_empty() {
            lines.push(format!("RUN install -d {owner} {}", self.directories.join(" ")));
        }
        for file in &self.files {
            lines.push(format!("RUN install {owner} /dev/null {file}"));
        }
        lines.join("\n")
    }
}

/// What the code of an image is known to write to; `None` where that is nothing.
fn given(subject: &Subject, build: &Build) -> Option<Written> {
    if !support::is_the_only(subject, build) && !support::shares_code(subject, build) {
        return None;
    }
    let mut written = Written { directories: Vec::new(), files: Vec::new() };
    for (own, _) in subject.facts.writable.iter().filter(|(own, _)| own.path != HOME) {
        let Some((path, there)) = placed(subject, build, &own.path) else { continue };
        if there.contains([' ', '$', '\''])
            || mounts(subject, build).iter().any(|(.., target)| is_below(&there, target))
        {
            continue;
        }
        let name = there.rsplit('/').next().unwrap_or_default();
        if own.purpose == "sqlite" || subject.tree.has(&path) {
            // A database has files beside it, and one that is there has content.
            continue;
        } else if name.contains('.') {
            written.files.push(there);
        } else {
            written.directories.push(there);
        }
    }
    (!written.directories.is_empty() || !written.files.is_empty()).then_some(written)
}

/// A path that the code writes to, in the repository and in the image; an absolute one
/// is the same in both.
fn placed(subject: &Subject, build: &Build, path: &str) -> Option<(String, String)> {
    if path.starts_with('/') {
        return Some((path.to_owned(), path.to_owned()));
    }
    let path = crate::detect::path::join(&build.context, path)?;
    let there = subject.in_image(build, &path)?;
    Some((path, there))
}

/// The directories of the host that services of an image have over a part of it: the
/// file that says so, the source as it is written, the target.
fn mounts(subject: &Subject, build: &Build) -> Vec<(String, String, String)> {
    let composed = support::runs_as(subject, build).filter_map(|own| subject.composed(own));
    let mut found: Vec<(String, String, String)> = composed
        .flat_map(|(deployment, service)| {
            let path = subject.path(subject.service(deployment, service).text).to_owned();
            service.mounts().into_iter().filter(|own| !is_read(own)).filter_map(move |own| {
                Some((path.clone(), own.bind()?.to_owned(), own.target.clone()))
            })
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Those of them that hide something that the code is known to write to: what a line of
/// the Dockerfile makes there is not seen.
fn hiding(subject: &Subject, build: &Build) -> Vec<(String, String, String)> {
    let written: Vec<String> = subject
        .facts
        .writable
        .iter()
        .filter_map(|(own, _)| Some(placed(subject, build, &own.path)?.1))
        .collect();
    let mut found = mounts(subject, build);
    found.retain(|(.., target)| written.iter().any(|path| is_below(path, target)));
    found
}

/// Whether a path is a directory, or below it.
fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What may not go on as another user: files out of its reach, and what is written
/// where nobody here knows whether it may.
fn doubts(subject: &Subject, build: &Build) -> Vec<String> {
    let mut found = out_of_reach(subject, build);
    found.extend(unprivileged::doubts(subject, build));
    found.extend(written_by_server(subject, build));
    if !support::is_the_only(subject, build) && !support::shares_code(subject, build) {
        return found;
    }
    let is_known = |sign: &Sign| {
        // Which directory the home of another user is, nobody knows.
        let known = subject.facts.writable.iter().filter(|(own, _)| own.path != HOME);
        known.flat_map(|(_, lines)| lines).any(|own| {
            let is_there = sign.is_setting || own.line == sign.evidence.line;
            own.path == sign.evidence.path && is_there
        })
    };
    let signs = writes::find(&subject.tree, &build.context);
    let mut places: Vec<String> =
        signs.iter().filter(|own| !is_known(own)).map(|own| own.evidence.place()).collect();
    places.dedup();
    if let [first, rest @ ..] = places.as_slice() {
        let more = match rest.len() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        found.push(format!(
            "it may write where this user may not, or start what does: {first}{more}"
        ));
    }
    found
}

/// Files that a server is told to write.
fn written_by_server(subject: &Subject, build: &Build) -> Option<String> {
    const FILES: [&str; 7] =
        ["pid", "pidfile", "accesslog", "errorlog", "logfile", "statedb", "uds"];
    let servers = subject.containers_with(build).filter_map(|own| own.server.as_ref());
    let mut files = servers.flat_map(|own| {
        let bind = own.get("bind").and_then(|(value, _)| value.text());
        let socket = bind.and_then(|own| own.strip_prefix("unix:").map(str::to_owned));
        let said = FILES.iter().filter_map(|name| own.get(name)).filter_map(|(own, _)| own.text());
        said.chain(socket).collect::<Vec<String>>()
    });
    let is_own = |path: &String| {
        let everybody = ["/dev/", "/tmp/", "/proc/"].iter().any(|own| path.starts_with(own));
        !everybody && !matches!(path.as_str(), "" | "-" | "None")
    };
    let path = files.find(is_own)?;
    Some(format!(
        "the server writes {path}, which that user may not: /dev/stdout for a log, /tmp for others"
    ))
}

/// What of an image another user than root cannot read or start.
fn out_of_reach(subject: &Subject, build: &Build) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let text: String = subject
        .instructions(build)
        .filter(|(_, own)| own.keyword != Keyword::Cmd)
        .map(|(_, own)| format!("{}\n", own.arguments.text))
        .collect();
    if text.contains("chmod u+x") {
        found.push("chmod u+x is for root alone: chmod a+rx".to_owned());
    }
    // What is set after the installation comes too late.
    let end = text.find("poetry install");
    let is_set = |own: &str| {
        [
            "virtualenvs.create false",
            "virtualenvs.in-project true",
            "virtualenvs.path",
            "POETRY_VIRTUALENVS",
        ]
        .iter()
        .any(|setting| own.contains(setting))
    };
    if end.is_some_and(|at| !is_set(&text[..at])) {
        found.push("Poetry's virtual environment is below /root, out of reach: ENV POETRY_VIRTUALENVS_IN_PROJECT=1 before it is made".to_owned());
    }
    // What runs the program installs first, and keeps what it downloads.
    let words = build.image.words().join(" ");
    if let Some(tool) = ["uv", "poetry", "pipenv"].into_iter().find(|tool| {
        words.split(['/', ' ']).collect::<Vec<_>>().windows(2).any(|own| own == [*tool, "run"])
    }) {
        let place =
            build.image.workdir.as_ref().and_then(|own| own.value.known()).unwrap_or("/app");
        found.push(format!("{tool} run writes to the home directory and the environment at every start, which that user may not: ENV PATH=\"{}/.venv/bin:$PATH\", and CMD without {tool} run", place.trim_end_matches('/')));
    }
    if text.contains("nltk") && !text.contains("NLTK_DATA") {
        found.push(if text.contains("nltk.downloader") {
            "NLTK's data is in /root/nltk_data, out of reach: python -m nltk.downloader -d /usr/local/share/nltk_data …".to_owned()
        } else {
            "NLTK's data is in /root/nltk_data, out of reach: ENV NLTK_DATA=/usr/local/share/nltk_data and RUN mkdir -p $NLTK_DATA, before it is downloaded".to_owned()
        });
    }
    // What tools keep in the home directory, and the variable that says another place.
    const KEPT: [(&str, &[&str], &str, &str); 5] = [
        (
            "Playwright's browsers are",
            &["playwright install"],
            "PLAYWRIGHT_BROWSERS_PATH",
            "/opt/playwright",
        ),
        (
            "what Hugging Face has is",
            &[
                "from_pretrained(",
                "snapshot_download(",
                "pipeline(",
                "SentenceTransformer(",
                "hf_hub_download(",
                "huggingface-cli download",
                "hf download",
            ],
            "HF_HOME",
            "/opt/huggingface",
        ),
        ("the models of torch.hub are", &["torch.hub"], "TORCH_HOME", "/opt/torch"),
        ("what pipx installs is", &["pipx install"], "PIPX_HOME", "/opt/pipx"),
        (
            "the Python that uv installs is",
            &["uv python install"],
            "UV_PYTHON_INSTALL_DIR",
            "/opt/python",
        ),
    ];
    for (what, words, variable, place) in KEPT {
        if words.iter().any(|word| text.contains(word)) && !text.contains(variable) {
            found.push(format!("{what} below /root, out of reach: ENV {variable}={place}, before"));
        }
    }
    let installs = ["pipenv install", "pipenv sync"].iter().any(|word| text.contains(word));
    if installs && !text.contains("--system") && !text.contains("PIPENV_VENV_IN_PROJECT") {
        found.push("Pipenv's virtual environment is below /root, out of reach: ENV PIPENV_VENV_IN_PROJECT=1 before it is made".to_owned());
    }
    let in_home = text.lines().any(|line| {
        ["~/", "$HOME", "${HOME"].iter().any(|home| line.contains(home))
            && !line.contains("--mount")
            || line.contains("/root/") && !line.contains("cache") && !line.contains("--mount")
            || line.split_whitespace().any(|word| word == "--user")
    });
    if in_home {
        found.push("what is in /root is out of reach for that user: it belongs elsewhere, /opt or /usr/local".to_owned());
    }
    found
}

/// The directories that the code is known to write to, as they are in the image;
/// `None` where one of them is not made by a line: a file, or one that the
/// repository has something in, which stays root's.
fn written(subject: &Subject, build: &Build) -> Option<Vec<String>> {
    let own = subject.facts.writable.iter().map(|(own, _)| own);
    let paths = own.map(|own| {
        let (path, there) = placed(subject, build, &own.path)?;
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_made = !name.contains('.')
            && name != HOME
            && !subject.tree.has(&path)
            && !subject.tree.has_directory(&path);
        (is_made && !there.contains([' ', '$', '\''])).then_some(there)
    });
    paths.collect()
}

/// USER after the last instruction that needs root, and before it what the code
/// is known to write to, where nothing lies below root's home. Suggested where there
/// are doubts.
fn fix(subject: &Subject, build: &Build, proposed: &Proposed, is_certain: bool) -> Option<Fix> {
    let facts = &subject.facts;
    let written = written(subject, build)?;
    let quiet = facts.framework.value().is_some()
        && facts.ml.value().is_none()
        && facts.database.value().is_none_or(|name| name != "sqlite")
        && build.image.volumes.is_empty();
    let base = support::python(build.image.base.known()?)?;
    let is_about = support::is_the_only(subject, build) || support::shares_code(subject, build);
    let known = is_about && support::is_seen_whole(subject, build);
    if !quiet || !base.is_official || !known {
        return None;
    }
    let served = |own: &Container| {
        let mounts =
            subject.composed(own).is_some_and(|(_, own)| !own.mounts().iter().all(is_read));
        let Some((last, before)) = own.steps.split_last() else { return false };
        let runs = before.iter().all(writes_nothing)
            && !matches!(last.program, Program::CeleryBeat | Program::Uwsgi)
            && own.server.as_ref().is_some_and(|server| {
                server.step + 1 == own.steps.len()
                    && !server.has("beat")
                    && server.port().is_none_or(|port| port >= 1024)
            });
        runs && !mounts
    };
    let words = build.image.words();
    let starts = [
        "gunicorn",
        "uvicorn",
        "daphne",
        "hypercorn",
        "celery",
        "fastapi",
        "sh",
        "/bin/sh",
        "waitress-serve",
    ];
    let first = words.first().map(String::as_str)?;
    // A script that is here is followed.
    let is_followed =
        subject.containers_with(build).all(|own| own.steps.iter().any(|own| own.script.is_some()));
    if !starts.contains(&first)
        && !first.starts_with("gunicorn ")
        && !first.starts_with("uvicorn ")
        && !is_followed
    {
        return None;
    }
    // Those of development too: they may write to the source that they mount.
    if !subject.containers_with(build).all(served) {
        return None;
    }
    let own_stage = *build.image.stages.last()?;
    let file = subject.file(build);
    let all: Vec<_> = subject.instructions(build).collect();
    // Packages of root's own home are out of reach for others.
    if all.iter().any(|(_, own)| {
        own.keyword != Keyword::Cmd
            && (own.arguments.text.contains("/root")
                || own.arguments.text.contains("--user")
                || own.arguments.text.contains("chmod u+")
                || own.arguments.text.contains("chmod 700")
                || own.arguments.text.contains("chmod 744")
                || own.flag("chmod").is_some_and(|mode| mode.ends_with('0')))
    }) {
        return None;
    }
    let needs_root = [
        Keyword::Run,
        Keyword::Copy,
        Keyword::Add,
        Keyword::Workdir,
        Keyword::Env,
        Keyword::Arg,
        Keyword::Volume,
    ];
    let (last, instruction) =
        file.of_stage(own_stage).filter(|(_, own)| needs_root.contains(&own.keyword)).last()?;
    let start = build.image.cmd.as_ref().or(build.image.entrypoint.as_ref())?.at;
    if start < last || !instruction.heredocs.is_empty() {
        return None;
    }
    let (lines, writes) = match written.as_slice() {
        [] => (
            format!("USER {}", proposed.user),
            "the code is not known to write any file".to_owned(),
        ),
        written => (
            format!(
                "RUN install -d {} {}\nUSER {}",
                proposed.owner,
                written.join(" "),
                proposed.user
            ),
            format!(
                "the code is known to write to {} alone",
                crate::lint::subject::listed(
                    &written.iter().map(String::as_str).collect::<Vec<_>>()
                )
            ),
        ),
    };
    let edit = edit::dockerfile::after(subject, build, last, &lines);
    let what = format!("runs it as user {}", proposed.user);
    let fix = if is_certain {
        Fix::new(Grade::Checked, what).condition(format!(
            "{writes}, the image has no volume and no mount, and the port is above 1023"
        ))
    } else {
        Fix::new(Grade::Suggested, what)
    };
    Some(fix.edit(edit.at, edit.text))
}

/// Whether a mount is there to be read: it says so, or it is what a proxy serves.
fn is_read(mount: &Mount) -> bool {
    let name = mount.target.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    mount.options.split(',').any(|own| own == "ro") || matches!(name, "static" | "staticfiles")
}

/// Whether a step before the server writes no file: a migration of a database that
/// is another container, or a word of the shell.
fn writes_nothing(step: &Step) -> bool {
    const WORDS: [&str; 11] =
        ["export", "set", "cd", "echo", "sleep", "nc", "[", "test", "done", "fi", "pg_isready"];
    let name = step.argv.first().map_or("", String::as_str);
    step.program == Program::Migrate || step.program == Program::Other && WORDS.contains(&name)
}
