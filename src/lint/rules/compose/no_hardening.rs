//! An application that may gain rights it was not started with.

use super::together;
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Build, Kind, Member, Subject};

pub static RULE: Rule = Rule {
    code: "CO103",
    name: "no-hardening",
    severity: Severity::Advice,
    summary: "the application cannot gain rights: no-new-privileges, cap_drop",
    why: "Who breaks into the process may use any set-uid program of the image, and has 14 capabilities that a web service needs none of. Two lines take both away.",
    example: "security_opt: [\"no-new-privileges:true\"]\ncap_drop: [ALL]",
    source: "OWASP Docker Security Cheat Sheet, rules 3 and 4; CIS Docker Benchmark 5.3, 5.25",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        let has = |own: &Member<'_>, key: &str| own.service.item.get(key).is_some();
        let is_hardened = |own: &Member<'_>| {
            has(own, "security_opt") || has(own, "cap_drop") || own.service.is("privileged")
        };
        let soft: Vec<Member<'_>> = members
            .into_iter()
            .filter(|own| matches!(own.kind(), Kind::Web | Kind::Worker | Kind::Beat))
            .filter(|own| !is_hardened(own))
            .collect();
        for soft in findings.apart(subject, soft, Member::at) {
            let it = if soft.len() == 1 { "it was" } else { "they were" };
            let lacks = format!(
                "can gain rights {it} not started with: neither no-new-privileges nor cap_drop is set"
            );
            let Some(finding) = together::lack(findings, &soft, &lacks) else { continue };
            let needs_some = soft.iter().any(may_need_capabilities);
            let drop = if needs_some { "" } else { "\ncap_drop: [ALL]" };
            // A stack of Swarm's leaves security_opt out.
            if soft.iter().any(is_of_swarm) {
                finding.help(
                "cap_drop: [ALL]   (with what the image's start needs in cap_add; docker stack deploy reads no security_opt)",
            );
                continue;
            }
            finding.help(format!("security_opt: [\"no-new-privileges:true\"]{drop}"));
            let gains = soft.iter().any(may_gain_rights);
            // Who is not root has none of the capabilities that are dropped.
            let all_users = soft.iter().all(|own| is_user(own));
            let what = if all_users {
                "sets no-new-privileges and drops the capabilities"
            } else {
                "sets no-new-privileges"
            };
            let fix = together::fix(&soft, Grade::Safe, what, |own| {
                let mut edit = own.put(&["security_opt"], "[\"no-new-privileges:true\"]")?;
                if all_users {
                    edit.text.push_str(&own.put(&["cap_drop"], "[ALL]")?.text);
                }
                Some(edit)
            });
            if let Some(fix) = fix.filter(|_| !gains) {
                finding.fix(fix);
            }
        }
    }
}

/// Whether something of it works by gaining rights, as sudo and su do: the command or a
/// script names it, or the image has it for somebody.
fn may_gain_rights(own: &Member<'_>) -> bool {
    const WORDS: [&str; 5] = ["sudo", "su", "doas", "pkexec", "runuser"];
    let names = |text: &str| {
        let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        words.any(|word| WORDS.contains(&word))
    };
    let scripts = own.container.scripts();
    let build = own.subject.build_of(own.container);
    let is_installed = |build: &Build| {
        let runs = own.subject.runs(build);
        runs.iter().flat_map(|run| &run.commands).any(|command| {
            let words = &command.words;
            words.iter().any(|word| word == "install" || word == "add")
                && words.iter().any(|word| word == "sudo" || word == "doas")
        })
    };
    names(&own.service.command())
        || scripts.iter().any(|script| names(&own.subject.texts[*script].text))
        || build.is_some_and(|build| names(&build.image.words().join(" ")) || is_installed(build))
}

/// Whether only Swarm reads what it says of its deployment.
fn is_of_swarm(own: &Member<'_>) -> bool {
    let deploy = own.service.item.get("deploy");
    ["update_config", "rollback_config", "placement"]
        .iter()
        .any(|key| deploy.is_some_and(|deploy| deploy.get(key).is_some()))
}

/// Whether it may start as root and need more of root than its number: files of the
/// host that belong to others, another user to become, an owner to set.
fn may_need_capabilities(own: &Member<'_>) -> bool {
    const WORDS: [&str; 8] =
        ["supervisord", "nginx", "su", "gosu", "su-exec", "setpriv", "chown", "s6-setuidgid"];
    let build = own.subject.build_of(own.container);
    let binds = || {
        own.service
            .mounts()
            .iter()
            .any(|own| own.bind().is_some() && !own.options.split(',').any(|own| own == "ro"))
    };
    let is_word = |word: &str| WORDS.contains(&word.rsplit('/').next().unwrap_or(word));
    let becomes = || {
        own.container.steps.iter().flat_map(|step| &step.argv).any(|word| is_word(word))
            || build.is_some_and(|build| {
                let runs = own.subject.runs(build);
                runs.iter().flat_map(|run| &run.commands).any(|command| {
                    let installs = ["install", "add"];
                    let words = &command.words;
                    let is_install = words.iter().any(|word| installs.contains(&word.as_str()));
                    is_install && words.iter().any(|word| word != "su" && is_word(word))
                })
            })
    };
    !is_user(own) && (binds() || becomes())
}

/// Whether a service runs as a user that is known not to be root.
fn is_user(member: &Member<'_>) -> bool {
    let of_image = || {
        let user = member.subject.build_of(member.container)?.image.user.as_ref()?;
        user.value.known().map(str::to_owned)
    };
    let user = member.service.text("user").or_else(of_image);
    user.is_some_and(|own| !matches!(own.split(':').next(), Some("" | "0" | "root")))
}
