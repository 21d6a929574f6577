//! Secrets whose values are in version control.

use super::support::add;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::cross::secret::is_placeholder;
use crate::lint::subject::Subject;
use crate::lint::subject::cluster::Object;
use crate::relpath;

pub static RULE: Rule = Rule {
    code: "KU119",
    name: "secret-in-repository",
    severity: Severity::Error,
    summary: "no Secret stands in the repository with its values",
    why: "base64 hides nothing: whoever can read the repository, now or in any clone of its past, has the password. Taking the file out later takes nothing back: the secret has to be changed.",
    example: "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: shop-secrets\nspec:\n  data:\n    - secretKey: DATABASE_URL\n      remoteRef:\n        key: shop/DATABASE_URL",
    source: "Kubernetes, Good practices for Secrets: avoid sharing Secret manifests",
    fix: None,
    check,
};

/// The annotation of what is good for nobody but who works on the application.
const MARK: &str = "local-only";

fn check(subject: &Subject, findings: &mut Findings) {
    for cluster in subject.clusters() {
        for secret in cluster.of_kind("Secret") {
            if is_local(secret) || !is_committed(subject, secret) {
                continue;
            }
            let spot = secret.spot();
            let by_sops = spot.has(&["sops", "mac"]);
            let encoded = spot.pairs(&["data"]).into_iter();
            let encoded = encoded.map(|(name, value)| (name, decoded(&value).unwrap_or(value)));
            let all: Vec<(String, String)> = encoded
                .chain(spot.pairs(&["stringData"]))
                .filter(|(_, value)| is_said(value))
                .filter(|(name, value)| !(by_sops && is_kept_by_sops(name, value)))
                .collect();
            let real: Vec<&str> = all
                .iter()
                .filter(|(_, value)| !is_placeholder(value))
                .map(|(name, _)| name.as_str())
                .collect();
            let names: Vec<&str> = match real.is_empty() {
                true => all.iter().map(|(name, _)| name.as_str()).collect(),
                false => real.clone(),
            };
            let Some(first) = names.first() else { continue };
            let place = ["data", "stringData"]
                .iter()
                .find_map(|key| spot.at(&[key, first]))
                .unwrap_or(spot);
            let verb = if names.len() == 1 { "is" } else { "are" };
            let message =
                format!("{}: {} {verb} in the repository", secret.label(), names.join(", "));
            let finding = add(findings, subject, cluster, place, message);
            finding.about(secret.label()).help(format!(
                "an ExternalSecret or a SealedSecret, or `kubectl create secret` outside of the repository; where it is good for one machine alone, the annotation {MARK}: \"true\""
            ));
            if real.is_empty() {
                let mild = finding.severity.min(Severity::Warning);
                finding.severity(mild);
            }
        }
    }
}

/// Whether an object says of itself that it is good for one machine alone.
pub(super) fn is_local(own: &Object) -> bool {
    own.annotation(MARK).is_some_and(|own| own == "true")
}

/// Whether SOPS has encrypted a value, which is there for nobody without its key, or was told by
/// its name that it is none to encrypt. What `encrypted_regex` leaves out stands there as it is.
fn is_kept_by_sops(name: &str, value: &str) -> bool {
    value.starts_with("ENC[") || name.ends_with("_unencrypted")
}

/// Whether there is a value, and none that somebody is to put in.
fn is_said(value: &str) -> bool {
    let lower = value.trim().to_ascii_lowercase();
    let open = ["change", "replace", "your", "todo", "<", "${", "{{", "placeholder"];
    !lower.is_empty() && !open.iter().any(|word| lower.contains(word))
}

/// Whether git has the values: a generator may read a file that it leaves out.
pub(super) fn is_committed(subject: &Subject, secret: &Object) -> bool {
    let Some(source) = secret.generator() else { return true };
    let directory = relpath::parent(subject.path(source.place(subject).text));
    let is_there = |key: &str| {
        let named = match source.text(&[key]) {
            Some(one) => vec![one],
            None => source.words(&[key]),
        };
        named.iter().any(|own| {
            let path = own.rsplit_once('=').map_or(own.as_str(), |(_, path)| path);
            relpath::join(directory, path).is_some_and(|path| subject.tree.has(&path))
        })
    };
    !source.words(&["literals"]).is_empty()
        || ["files", "envs", "env"].iter().any(|key| is_there(key))
}

/// What base64 stands for, where that is text.
fn decoded(text: &str) -> Option<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter(|own| !own.is_ascii_whitespace() && *own != b'=') {
        let value = LETTERS.iter().position(|own| *own == letter)?;
        held = held << 6 | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xFF).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}
