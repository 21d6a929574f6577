//! Downloads from whoever answers.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::dockerfile::Keyword;
use crate::source::shell::Simple;
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "DF152",
    name: "certificates-not-checked",
    severity: Severity::Warning,
    summary: "downloads check certificates and signatures",
    why: "Whoever stands between the build and the server hands over any package, and its set-up runs as root in the build. That is a proxy, a public network, a taken name.",
    example: "RUN pip install -r requirements.txt",
    source: "pip, --trusted-host; curl, --insecure; apt-secure(8); Python, PEP 476",
    fix: Some(Grade::Suggested),
    check,
};

/// Indexes and mirrors that everybody has, whose certificates are right.
const PUBLIC: [&str; 14] = [
    "pypi.org",
    "pythonhosted.org",
    "pypi.python.org",
    "pytorch.org",
    "aliyun.com",
    "tsinghua.edu.cn",
    "douban.com",
    "doubanio.com",
    "ustc.edu.cn",
    "tencent.com",
    "huaweicloud.com",
    "baidu.com",
    "163.com",
    "nvidia.com",
];
/// Variables that turn checks off for every later command.
const VARIABLES: [(&str, &[&str]); 4] = [
    ("PYTHONHTTPSVERIFY", &["0"]),
    ("NODE_TLS_REJECT_UNAUTHORIZED", &["0"]),
    ("GIT_SSL_NO_VERIFY", &["1", "true"]),
    ("UV_INSECURE_HOST", &["pypi.org", "files.pythonhosted.org"]),
];

static TRUSTED: LazyLock<Regex> =
    LazyLock::new(|| support::regex(r"\s--trusted-host[= ]\s*([A-Za-z0-9.-]+)"));
static CURL: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\s(?:--insecure|-k)\b"));
static WGET: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\s--no-check-certificate\b"));
static APT: LazyLock<Regex> =
    LazyLock::new(|| support::regex(r"\s(?:--allow-unauthenticated|--force-yes)\b"));
static HOST: LazyLock<Regex> =
    LazyLock::new(|| support::regex(r"https?://(?:[^@/\s]*@)?([A-Za-z0-9.-]+)"));

/// What a command does not check: its option, what to say, and where the option is.
struct Open {
    option: &'static str,
    what: String,
    places: Option<&'static Regex>,
}

fn check(subject: &Subject, findings: &mut Findings) {
    let mut said: Vec<At> = Vec::new();
    for build in subject.production_builds() {
        let recipe = &subject.recipes[build.recipe];
        let file = &recipe.file;
        for (number, own) in subject.built(build) {
            if own.keyword == Keyword::Env {
                for (name, value, span) in own.pairs(file.escape) {
                    let value = value.unwrap_or_default();
                    let value = value.trim_matches(['"', '\'']);
                    let at = At::new(recipe.text, span);
                    let is = VARIABLES.iter().any(|(own, values)| {
                        *own == name && values.contains(&value.to_ascii_lowercase().as_str())
                    });
                    if is && !said.contains(&at) {
                        said.push(at);
                        findings
                            .add(at, format!("{name}={value} turns the check of certificates off"))
                            .about(&name)
                            .help(format!("Take {name} out; a company's own authority belongs into /usr/local/share/ca-certificates."));
                    }
                }
            }
            let Some(run) = subject.run(build, number) else { continue };
            let mut options: Vec<&str> = Vec::new();
            for command in &run.commands {
                let Some(open) = of(command) else { continue };
                if options.contains(&open.option) {
                    continue;
                }
                options.push(open.option);
                let needle = open.option;
                let at = match open.places {
                    Some(places) => support::place(subject, build, number, places),
                    None => subject.within(build, number, needle),
                };
                if said.contains(&at) {
                    continue;
                }
                said.push(at);
                let is_idle = open.what.ends_with("any more");
                let finding = findings.add(at, open.what);
                if is_idle {
                    finding.severity(Severity::Advice);
                }
                finding.about(needle).help(format!(
                    "Take {needle} out; where the certificate is a company's own, its authority belongs into /usr/local/share/ca-certificates, and apt's key into /etc/apt/keyrings."
                ));
                let Some(places) = open.places.filter(|_| own.json.is_none()) else { continue };
                let text = &own.arguments.text;
                let mut fix = Fix::new(Grade::Suggested, format!("takes {needle} out"));
                for found in places.find_iter(text) {
                    let is_public = TRUSTED
                        .captures(found.as_str())
                        .is_none_or(|found| is_public_host(&found[1]));
                    if is_public {
                        // The blank before it goes with it.
                        let span = own.arguments.span(found.start() + 1, found.end());
                        let start = span.start - 1;
                        let here = recipe_slice(subject, recipe.text, start);
                        let start = if here { start } else { span.start };
                        fix = fix.edit(At::new(recipe.text, Span::new(start, span.end)), "");
                    }
                }
                if !fix.edits.is_empty() {
                    finding.fix(fix);
                }
            }
        }
    }
}

/// Whether the byte at a place is a blank of the same line.
fn recipe_slice(subject: &Subject, text: usize, at: usize) -> bool {
    matches!(subject.texts[text].text.as_bytes().get(at), Some(b' ' | b'\t'))
}

fn of(command: &Simple) -> Option<Open> {
    let words = support::bare(command);
    let has = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    let made = |option: &'static str, what: &str, places| {
        Some(Open { option, what: what.to_owned(), places })
    };
    if let Some(words) = support::pip_install(command)
        .or_else(|| support::after_pip(command, "download"))
        .or_else(|| support::after_pip(command, "wheel"))
    {
        let host = words.iter().enumerate().find_map(|(at, word)| {
            let host = word.strip_prefix("--trusted-host=").map(str::to_owned);
            let host =
                host.or_else(|| (word == "--trusted-host").then(|| words.get(at + 1).cloned())?);
            host.filter(|host| is_public_host(host))
        })?;
        return Some(Open {
            option: "--trusted-host",
            what: match host.as_str() {
                // The address that the index had until 2018.
                "pypi.python.org" => {
                    format!("pip trusts {host} unseen, and asks it for nothing any more")
                }
                _ => format!("pip installs what comes in the name of {host}, whoever sends it"),
            },
            places: Some(&TRUSTED),
        });
    }
    match support::program(words) {
        "curl" if reaches_out(words) && curl_is_open(words) => {
            let alone = has(&["-k", "--insecure"]);
            let what = "curl takes what comes, whoever sends it";
            made("-k", what, alone.then_some(&*CURL))
        }
        "wget" if reaches_out(words) && has(&["--no-check-certificate"]) => {
            made("--no-check-certificate", "wget takes what comes, whoever sends it", Some(&WGET))
        }
        "apt-get" | "apt" if has(&["--allow-unauthenticated", "--force-yes"]) => {
            let is_forced = has(&["--force-yes"]) && !has(&["--allow-unauthenticated"]);
            let option = if is_forced { "--force-yes" } else { "--allow-unauthenticated" };
            made(option, "apt installs packages that nobody has signed", Some(&APT))
        }
        "git"
            if words.iter().any(|word| word.eq_ignore_ascii_case("http.sslVerify=false"))
                || words.windows(2).any(|pair| {
                    pair[0].eq_ignore_ascii_case("http.sslVerify")
                        && matches!(pair[1].to_ascii_lowercase().as_str(), "false" | "0")
                }) =>
        {
            made("http.sslVerify", "git takes code from whoever answers", None)
        }
        "npm" | "yarn"
            if has(&["--strict-ssl=false", "strict-ssl=false"])
                || words
                    .windows(2)
                    .any(|pair| pair[0].ends_with("strict-ssl") && pair[1] == "false") =>
        {
            made("strict-ssl", "packages come from whoever answers", None)
        }
        _ => None,
    }
}

fn is_public_host(host: &str) -> bool {
    PUBLIC
        .iter()
        .any(|own| host == *own || host.strip_suffix(own).is_some_and(|rest| rest.ends_with('.')))
}

/// Whether a command asks a host that is not this one, nor one of a network of its own.
fn reaches_out(words: &[String]) -> bool {
    words.iter().filter_map(|word| HOST.captures(word)).any(|found| {
        let host = found[1].to_ascii_lowercase();
        let own = [".local", ".internal", ".corp", ".lan", ".intra", ".localdomain"];
        let is_number = host.chars().all(|c| c.is_ascii_digit() || c == '.');
        host.contains('.') && !is_number && !own.iter().any(|end| host.ends_with(end))
    })
}

/// Whether curl is told not to check: `-k`, `--insecure`, `-fsSLk`.
fn curl_is_open(words: &[String]) -> bool {
    /// Options of one letter whose value follows in the same word.
    const WITH_VALUE: &str = "oHdAuxeFTXmbcCDEKPQrtUwyYzh";
    words.iter().skip(1).any(|word| {
        word == "--insecure"
            || word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).is_some_and(|rest| {
                rest.chars().take_while(|c| !WITH_VALUE.contains(*c)).any(|c| c == 'k')
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::shell;

    #[test]
    fn options_are_those_of_their_programs() {
        let of = |text: &str| of(&shell::split(text)[0]).map(|own| own.option);
        assert_eq!(of("curl -fsSLk https://example.com/x"), Some("-k"));
        assert_eq!(of("curl -okey https://example.com/x"), None);
        assert_eq!(of("curl -k https://localhost/x"), None);
        assert_eq!(of("curl -k https://artifacts.corp/x"), None);
        assert_eq!(of("pip install --trusted-host pypi.org x"), Some("--trusted-host"));
        assert_eq!(of("pip install --trusted-host=pypi.acme.com x"), None);
        assert_eq!(of("git config --global http.sslVerify false"), Some("http.sslVerify"));
        assert_eq!(of("git config --global http.sslVerify true"), None);
        assert_eq!(of("npm config set strict-ssl false"), Some("strict-ssl"));
        assert_eq!(of("grep -k https://example.com"), None);
    }
}
