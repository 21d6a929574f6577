//! Programs of a build whose effect is known: they make nobody root, and give no file
//! away to be run as its owner. Every other one may.

use crate::lint::rules::policy::setuid::is_setuid;
use crate::lint::rules::policy::source::normalised;
use crate::relpath::file_name;
use crate::source::dockerfile::Keyword;
use crate::source::shell;

/// Variables that decide which program is started, and what it loads first.
const STEERS: [&str; 8] =
    ["PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "BASH_ENV", "ENV", "IFS", "PYTHONHOME"];

/// Programs that only read, or write what nobody runs or logs in by.
const HARMLESS: &[&str] = &[
    "!",
    ":",
    "[",
    "[[",
    "alembic",
    "basename",
    "break",
    "case",
    "cat",
    "chgrp",
    "chown",
    "continue",
    "corepack",
    "cut",
    "date",
    "deluser",
    "df",
    "dirname",
    "done",
    "du",
    "echo",
    "esac",
    "exit",
    "false",
    "fi",
    "for",
    "grep",
    "groupdel",
    "head",
    "hostname",
    "id",
    "in",
    "ldconfig",
    "ls",
    "nproc",
    "printf",
    "pwd",
    "readlink",
    "return",
    "rm",
    "rmdir",
    "set",
    "sha256sum",
    "shift",
    "sleep",
    "sort",
    "stat",
    "sync",
    "tail",
    "test",
    "touch",
    "tr",
    "true",
    "umask",
    "uname",
    "uniq",
    "unset",
    "update-ca-certificates",
    "userdel",
    "wait",
    "wc",
    "which",
    "whoami",
    "}",
    ")",
];

/// Programs that install packages and do what their own words say.
const INSTALLERS: &[&str] = &[
    "apk", "apt", "apt-get", "bundle", "dnf", "microdnf", "npm", "pdm", "pip", "pip3", "pipenv",
    "pnpm", "poetry", "tdnf", "uv", "yarn", "yum",
];

/// Groups whose members are as good as root.
const GROUPS: [&str; 9] =
    ["root", "sudo", "wheel", "admin", "shadow", "disk", "docker", "adm", "staff"];

/// Packages by which whoever runs them becomes root.
const ROOTS: [&str; 9] =
    ["sudo", "sudo-rs", "doas", "opendoas", "policykit-1", "polkit", "polkitd", "pkexec", "super"];

/// Whether a name says which programs are run.
#[must_use]
pub fn steers(name: &str) -> bool {
    STEERS.contains(&name)
}

/// Whether a program is one whose effect is taken as known by its name.
#[must_use]
pub fn is_relied_on(name: &str) -> bool {
    const MORE: [&str; 20] = [
        "chmod",
        "install",
        "mkdir",
        "find",
        "cp",
        "mv",
        "ln",
        "tee",
        "useradd",
        "groupadd",
        "adduser",
        "addgroup",
        "usermod",
        "groupmod",
        "python",
        "python3",
        "flask",
        "sh",
        "bash",
        "django-admin",
    ];
    HARMLESS.contains(&name)
        || INSTALLERS.contains(&name)
        || MORE.contains(&name)
        || is_instruction(name)
}

/// Whether a directory is one that programs are looked for in.
#[must_use]
pub fn is_program_directory(path: &str) -> bool {
    let path = normalised(path);
    let is_environment = ["venv", ".venv", ".local", "node_modules"].iter().any(|own| {
        path.ends_with(&format!("/{own}/bin")) || path.ends_with(&format!("/{own}/.bin"))
    });
    is_environment
        || matches!(
            path.as_str(),
            "/bin" | "/sbin" | "/usr/bin" | "/usr/sbin" | "/usr/local/bin" | "/usr/local/sbin"
        )
}

/// Whether a value of PATH names directories of programs alone.
#[must_use]
pub fn is_path_of_programs(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    value.split(':').all(|own| {
        matches!(own, "$PATH" | "${PATH}")
            || is_program_directory(own)
            || own.starts_with("/opt/") && own.ends_with("/bin")
    })
}

/// Whether a command does only what is known to be harmless. `inner` judges a text for
/// a shell, `called` a script by its path.
#[must_use]
pub fn is_known(
    words: &[String],
    inner: &dyn Fn(&str) -> bool,
    called: &dyn Fn(&str) -> bool,
) -> bool {
    let (words, files) = shell::redirected(words.to_vec());
    let mut words = words.as_slice();
    while let Some(word) = words.first() {
        let Some((name, _)) = word.split_once('=').filter(|(name, _)| is_name(name)) else { break };
        if steers(name) {
            return false;
        }
        words = &words[1..];
    }
    let stands = words.iter().all(|word| written(word).is_none_or(is_own));
    let Some((first, rest)) = words.split_first() else {
        return files.iter().all(|own| is_own(own));
    };
    let program = match first.rsplit_once('/') {
        Some((directory, name)) if is_program_directory(directory) => name,
        _ => first,
    };
    let is_first = || program.contains('/') || program.ends_with(".sh");
    stands
        && files.iter().all(|own| is_own(own))
        && match program {
            "sh" | "bash" | "ash" | "dash" => of_shell(rest, &files, inner, called),
            "." | "source" => rest.first().is_some_and(|own| !is_open(own) && called(own)),
            "exec" | "command" | "time" => match rest.first().map(String::as_str) {
                Some("-v" | "-V") => program == "command",
                Some(_) => is_known(rest, inner, called),
                None => true,
            },
            "python" | "python3" => of_python(rest),
            "export" | "readonly" | "local" => !rest
                .iter()
                .any(|own| own.starts_with('-') || steers(own.split('=').next().unwrap_or(own))),
            "cd" => rest.first().is_none_or(|own| is_own(own)),
            "chmod" => of_chmod(rest),
            "mkdir" => of_mode(rest, &["m"], &["mode"], &["parents", "verbose"]).is_some(),
            "install" => of_install(rest),
            "cp" | "mv" | "ln" | "tee" => of_files(program, rest),
            "find" => of_find(rest, inner, called),
            "useradd" | "groupadd" | "adduser" | "addgroup" | "usermod" | "groupmod" => {
                of_user(rest)
            }
            "flask" | "django-admin" => is_managed(rest),
            _ if is_managing(program) => is_managed(rest),
            _ if INSTALLERS.contains(&program) => of_installer(program, rest, inner, called),
            _ if is_first() => !is_open(program) && called(program),
            // An instruction that stands in a here-document is no program.
            _ => HARMLESS.contains(&program) || is_instruction(program),
        }
}

fn is_instruction(word: &str) -> bool {
    Keyword::of(word).is_some_and(|own| own.word() == word)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether only the run shows what a word is.
fn is_open(word: &str) -> bool {
    word.contains(['$', '`', '*', '?', '[', '{'])
}

/// The file that a word writes which holds a redirection: `x>/y`.
fn written(word: &str) -> Option<&str> {
    let (_, file) = word.rsplit_once('>')?;
    (!file.contains(' ')).then_some(file)
}

/// Whether a path is none of those that say who somebody is, and what is loaded first.
#[must_use]
pub fn is_own(path: &str) -> bool {
    const KNOWN: [&str; 4] =
        ["/etc/localtime", "/etc/timezone", "/etc/pip.conf", "/etc/apt/sources.list"];
    const BELOW: [&str; 3] = ["/etc/apt/sources.list.d/", "/etc/apt/keyrings/", "/etc/ssl/"];
    let path = path.trim_matches(['"', '\'']);
    let (head, tail) = match path.find(['$', '`', '*', '?', '[', '{']) {
        Some(at) => {
            let end = path[..at].rfind('/').map_or(0, |own| own + 1);
            (&path[..end], &path[end..])
        }
        None => (path, ""),
    };
    let whole = normalised(head);
    // Files beside each other, by a pattern of their names.
    let is_beside = whole.is_empty() && !path.starts_with('/') && !tail.contains(['/', '$', '`']);
    if !tail.is_empty() && !is_beside && (whole.is_empty() || whole == "/" || tail.contains("..")) {
        return false;
    }
    let below = |own: &&str| format!("{whole}/").starts_with(*own) && whole.len() >= own.len();
    let is_root = whole == "/" && !path.is_empty();
    let is_account = whole == "/etc" || whole.starts_with("/etc/");
    // Where it begins may be the top.
    let is_near = ["etc/", "..", "/proc/"].iter().any(|own| format!("{whole}/").starts_with(own));
    KNOWN.contains(&whole.as_str())
        || BELOW.iter().any(below)
        || !(is_account || is_root || is_near)
}

fn of_shell(
    rest: &[String],
    files: &[String],
    inner: &dyn Fn(&str) -> bool,
    called: &dyn Fn(&str) -> bool,
) -> bool {
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        let Some(flags) = word.strip_prefix('-') else {
            return !is_open(word) && called(word);
        };
        if flags.ends_with('c') {
            // Words after the text are what its `$1` is.
            return rest.next().is_some_and(|text| inner(text)) && rest.next().is_none();
        }
        if flags == "o" && rest.next().is_none_or(|own| own != "pipefail") {
            return false;
        }
        if !flags.chars().all(|flag| "euxso".contains(flag)) {
            return false;
        }
    }
    // What it reads is a here-document, which is judged as a text of its own.
    !files.is_empty()
}

fn of_python(rest: &[String]) -> bool {
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let rest = &rest[rest
        .iter()
        .take_while(|own| matches!(**own, "-u" | "-B" | "-O" | "-I" | "-E" | "-s"))
        .count()..];
    let more: Vec<String> = rest.iter().skip(1).map(|own| (*own).to_owned()).collect();
    match rest {
        ["-V" | "--version"] => true,
        ["-m", module, ..] if INSTALLERS.contains(module) => {
            of_installer(module, &more[1..], &|_| false, &|_| false)
        }
        ["-m", "compileall" | "venv" | "ensurepip" | "virtualenv" | "build", ..] => true,
        ["-m", "django" | "flask", ..] => is_managed(&more[1..]),
        [script, ..] if is_managing(script) => is_managed(&more),
        _ => false,
    }
}

fn is_managing(program: &str) -> bool {
    file_name(program) == "manage.py" && !is_open(program)
}

/// A command of the framework, and none by which it runs any text.
fn is_managed(rest: &[String]) -> bool {
    const ANY: [&str; 5] = ["shell", "shell_plus", "runscript", "dbshell", "run"];
    rest.iter().all(|own| !ANY.contains(&own.as_str()))
        && rest.first().is_some_and(|own| !is_open(own))
}

fn of_chmod(rest: &[String]) -> bool {
    let mut mode = None;
    for word in rest {
        let is_flag = matches!(
            word.as_str(),
            "--recursive" | "--verbose" | "--changes" | "--silent" | "--quiet" | "--"
        ) || word
            .strip_prefix('-')
            .is_some_and(|own| !own.is_empty() && own.chars().all(|flag| "Rcfv".contains(flag)));
        if word.starts_with("--") && !is_flag || word.starts_with(['$', '`']) {
            return false;
        }
        if !is_flag && mode.is_none() {
            mode = Some(word);
        }
    }
    mode.is_some_and(|own| is_mode(own))
}

/// Whether a mode can be read, and lets nobody become who owns a file.
fn is_mode(mode: &str) -> bool {
    let digits = !mode.is_empty() && mode.len() < 6 && mode.chars().all(|own| own.is_digit(8));
    let symbols =
        mode.contains(['+', '-', '=']) && mode.chars().all(|own| "ugoa+-=rwxXt,".contains(own));
    (digits || symbols) && !is_setuid(mode)
}

/// The words that are no options, where each mode is harmless and each option known:
/// single letters `with` a value, of which `m` is the mode; long names.
fn of_mode(rest: &[String], with: &[&str], named: &[&str], long: &[&str]) -> Option<Vec<String>> {
    let mut own = Vec::new();
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        if let Some(option) = word.strip_prefix("--").filter(|own| !own.is_empty()) {
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None if named.contains(&option) => (option, rest.next().cloned()),
                None => (option, None),
            };
            let is_known = named.contains(&name) && value.is_some() || long.contains(&name);
            if !is_known || name == "mode" && !value.is_some_and(|own| is_mode(&own)) {
                return None;
            }
        } else if let Some(flags) = word.strip_prefix('-').filter(|own| !own.is_empty()) {
            for (at, flag) in flags.char_indices() {
                let flag = flag.to_string();
                if !with.contains(&flag.as_str()) {
                    continue;
                }
                let value = match &flags[at + 1..] {
                    "" => rest.next()?.clone(),
                    value => value.to_owned(),
                };
                if flag == "m" && !is_mode(&value) {
                    return None;
                }
                break;
            }
        } else if word.starts_with(['$', '`']) && with.contains(&"o") {
            return None;
        } else {
            own.push(word.clone());
        }
    }
    Some(own)
}

fn of_install(rest: &[String]) -> bool {
    const NAMED: [&str; 4] = ["mode", "owner", "group", "target-directory"];
    let found =
        of_mode(rest, &["m", "o", "g", "t", "S"], &NAMED, &["directory", "verbose", "compare"]);
    found.is_some() && rest.iter().all(|own| own.starts_with('-') || is_own(own))
}

/// Files are moved, copied and linked by whatever name: none is of the system's
/// accounts, and a copy keeps no mode of a program's.
fn of_files(program: &str, rest: &[String]) -> bool {
    let keeps = |own: &String| {
        own.starts_with("--preserve")
            || own.starts_with("--arch")
            || own
                .strip_prefix('-')
                .is_some_and(|flags| !flags.starts_with('-') && flags.contains(['a', 'p']))
    };
    let paths: Vec<&String> = rest.iter().filter(|own| !own.starts_with('-')).collect();
    let is_system = |own: &&&String| {
        let own = normalised(own);
        ["/bin", "/sbin", "/usr", "/lib"].iter().any(|top| own.starts_with(top)) || is_open(&own)
    };
    let modes = program == "cp" && rest.iter().any(keeps);
    let is_valued = |own: &String| own.starts_with("-t") || own.starts_with("--target");
    paths.iter().all(|own| is_own(own))
        && !(modes && paths.iter().rev().skip(1).any(|own| is_system(&own)))
        && !rest.iter().any(is_valued)
}

fn of_find(rest: &[String], inner: &dyn Fn(&str) -> bool, called: &dyn Fn(&str) -> bool) -> bool {
    let mut at = 0;
    while let Some(word) = rest.get(at) {
        at += 1;
        match word.as_str() {
            "-exec" | "-execdir" => {
                let Some(end) = rest[at..].iter().position(|own| own == ";" || own == "+") else {
                    return false;
                };
                let command: Vec<String> = rest[at..at + end].to_vec();
                if command.is_empty() || !is_known(&command, inner, called) {
                    return false;
                }
                at += end + 1;
            }
            own if own.starts_with("-ok")
                || own.starts_with("-f") && own != "-follow" && own != "-false" =>
            {
                return false;
            }
            own if own.starts_with('$') => return false,
            _ => {}
        }
    }
    true
}

/// Users and groups with numbers that can be read, and that are nobody's yet.
fn of_user(rest: &[String]) -> bool {
    const WITH: &str = "ugGdscbekhf";
    const NAMED: [&str; 12] = [
        "uid",
        "gid",
        "groups",
        "home-dir",
        "home",
        "shell",
        "comment",
        "gecos",
        "ingroup",
        "base-dir",
        "expiredate",
        "inactive",
    ];
    const LONG: [&str; 12] = [
        "system",
        "create-home",
        "no-create-home",
        "no-log-init",
        "user-group",
        "no-user-group",
        "disabled-password",
        "disabled-login",
        "append",
        "force",
        "group",
        "quiet",
    ];
    let is_nobody = |own: &str| {
        let number = own.parse::<i64>();
        number.map_or(!is_open(own), |own| (1..65_536 * 1024).contains(&own))
            && !own.starts_with(['+', '-'])
            && !own.split(',').any(|name| GROUPS.contains(&name) || name == "0")
    };
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        if let Some(option) = word.strip_prefix("--") {
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None if NAMED.contains(&option) => (option, rest.next().cloned()),
                None => (option, None),
            };
            let known = match &value {
                Some(value) => NAMED.contains(&name) && is_nobody(value),
                None => LONG.contains(&name),
            };
            if !known && !matches!((name, value.as_deref()), ("gecos" | "comment", Some(""))) {
                return false;
            }
        } else if let Some(flags) = word.strip_prefix('-') {
            for (at, flag) in flags.char_indices() {
                if WITH.contains(flag) {
                    let value = match &flags[at + 1..] {
                        "" => rest.next().cloned().unwrap_or_default(),
                        value => value.to_owned(),
                    };
                    if !is_nobody(&value) {
                        return false;
                    }
                    break;
                }
                if !"rmMlNUDHSa".contains(flag) {
                    return false;
                }
            }
        } else if !is_nobody(word) {
            return false;
        }
    }
    true
}

fn of_installer(
    program: &str,
    rest: &[String],
    inner: &dyn Fn(&str) -> bool,
    called: &dyn Fn(&str) -> bool,
) -> bool {
    let words: Vec<&str> = rest.iter().map(String::as_str).collect();
    let is_system =
        matches!(program, "apk" | "apt" | "apt-get" | "dnf" | "microdnf" | "tdnf" | "yum");
    if is_system {
        return of_packages(rest);
    }
    // Beyond packages, they run whatever they are told to.
    match words.as_slice() {
        ["run", ..] if matches!(program, "uv" | "poetry" | "pdm" | "pipenv") => {
            is_known(&rest[1..], inner, called)
        }
        ["exec" | "dlx" | "tool" | "x" | "shell" | "node", ..] => false,
        _ => true,
    }
}

/// Packages of the distribution, by names that can be read and from where it has them.
fn of_packages(rest: &[String]) -> bool {
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        let name = word.split(['=', ':']).next().unwrap_or(word);
        let is_file = word.starts_with(['/', '.'])
            || [".deb", ".rpm", ".apk"].iter().any(|end| word.ends_with(end));
        let sets = word == "-o" || word == "--option";
        let harmless = |own: &String| own.starts_with("Acquire::") && !is_open(own);
        if sets && !rest.next().is_some_and(harmless) {
            return false;
        }
        let other = !sets
            && (word.starts_with("-o")
                || word.starts_with("-c")
                || word.starts_with("--config")
                || word.starts_with("--option"));
        if other
            || is_open(name)
            || word.contains(['$', '`'])
            || is_file && !word.starts_with(".")
            || ROOTS.contains(&name)
            || word.starts_with("./")
        {
            return false;
        }
        if word == "--root" || word.starts_with("--allow-untrusted") {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{is_known, is_own};
    use crate::source::shell;

    fn known(text: &str) -> bool {
        let Some(commands) = shell::whole(text) else { return false };
        commands.iter().all(|words| is_known(words, &known, &|path| path == "./ok.sh"))
    }

    #[test]
    fn what_a_build_ordinarily_does_is_known() {
        for text in [
            "apt-get update && apt-get install -y --no-install-recommends curl libpq5=15.* || true; rm -rf /var/lib/apt/lists/*",
            "apt-get -o Acquire::Retries=3 update",
            "apk add --no-cache --virtual .build gcc musl-dev",
            "pip install --no-cache-dir -r requirements.txt && pip install \"$EXTRA\"",
            "uv sync --frozen --no-dev && uv run python manage.py collectstatic --noinput",
            "poetry config virtualenvs.create false && poetry install",
            "npm ci && npm run build",
            "SECRET_KEY=x python -u manage.py compilemessages > /dev/null 2>&1",
            "python -m pip install -U pip && python3 -m compileall -q .",
            "mkdir -p /app/media \"$HOME/x\" && chown -R app:app /app && chmod -R u=rwX,go=rX .",
            "chmod +x *.sh && chmod 0755 /srv && chmod 1777 /tmp",
            "install -d -m 0755 -o app -g app /x && install -Dm755 a /usr/local/bin/a",
            "ln -sf /usr/share/zoneinfo/UTC /etc/localtime && echo \"$TZ\" > /etc/timezone",
            "cp -a config /app/config && mv x y && ln -s /app/media /srv/media",
            "groupadd -r app -g 1000 && useradd -r -u 1000 -g app -ms /bin/sh app",
            "addgroup --system app && adduser --system --ingroup app --disabled-password --gecos '' app",
            "find . -name '*.pyc' -delete && find /x -type f -exec chmod 644 {} +",
            "if [ \"$DEV\" = 1 ]; then pip install x; else true; fi",
            "for i in a b; do mkdir \"$i\"; done",
            "sh -c 'mkdir x && true' && ./ok.sh && sh ./ok.sh",
            "set -eux; export A=1; cd /app; echo $((1<<2)) && x=$(( 1 << 3 ))",
        ] {
            assert!(known(text), "{text}");
        }
    }

    #[test]
    fn what_may_do_anything_is_not_known() {
        for text in [
            "C=chmod; $C u+s /bin/sh",
            "/bin/chm?d u+s /bin/sh",
            "chmod${IFS}u+s${IFS}/bin/sh",
            "chmod u-w+s /bin/sh",
            "chmod u+x+s /bin/sh",
            "chmod \"$M\" /bin/sh",
            "chmod 755 --reference=/bin/su /bin/sh",
            "echo x | sh",
            "echo x | base64 -d | bash",
            "echo u+s /bin/sh | xargs chmod",
            "eval x",
            "python -c x",
            "python - <<< x",
            "python tools/mk.py",
            "perl -e x",
            "sed -i s/1/0/ x",
            "tar -xpf x.tar -C /",
            "filecap /bin/sh setuid",
            "rsync --chmod=u+s /bin/sh /x",
            "make",
            "sh other.sh",
            "./other.sh",
            "sh -c \"$X\"",
            "env chmod u+s /bin/sh",
            "find /bin -exec chmod {} \\;",
            "find /bin -exec sh -c 'chmod u+s $0' {} \\;",
            "find / -fprint /etc/passwd",
            "install -Dm4755 /bin/sh /x",
            "install -pm 4755 /bin/sh /x",
            "install --mo=4755 /bin/sh /x",
            "cp --preserve=mode /usr/bin/su /app/su",
            "cp x /etc/passwd",
            "cp x /etc//./passwd",
            "cp x /e?c/passwd",
            "ln -s /etc /x",
            "ln -s / /x",
            "echo x>/etc/passwd",
            "echo x >> \"/etc/$F\"",
            "tee -a /etc/passwd",
            "cd /etc",
            "cd \"$D\"",
            "PATH=/x pip install y",
            "export LD_PRELOAD=/x",
            "useradd -o -u 0 boss",
            "useradd -oMu0 boss",
            "useradd --ui 0 --non-uniq boss",
            "useradd -u 4294967296 boss",
            "usermod -aG root app",
            "adduser app sudo",
            "apt-get install -y sudo-rs",
            "apt-get install -y \"$P\"",
            "apt-get install ./x.deb",
            "apt-get -o APT::Update::Pre-Invoke::=x update",
            "python manage.py shell -c x",
            "uv run python x.py",
            "npm exec x",
            "chmod() { true; }",
            "mkdir $(x)",
        ] {
            assert!(!known(text), "{text}");
        }
    }

    #[test]
    fn a_path_is_of_the_accounts_however_it_is_written() {
        for path in ["/etc/passwd", "/etc/./x", "/x/../etc/x", "/", "/e*/x", "$X", "etc/x", "../x"]
        {
            assert!(!is_own(path), "{path}");
        }
        for path in
            ["/app/x", "x", "/app/$X", "./*.py", "/etc/localtime", "/dev/null", "/etcetera/x"]
        {
            assert!(is_own(path), "{path}");
        }
    }
}
