//! Evidence shows lines of the repository; a password in one is not shown.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Longest text of a line of evidence, in characters.
const LONGEST: usize = 160;

/// Words in a name whose value is not shown.
const SECRET_WORDS: [&str; 9] =
    ["secret", "password", "passwd", "token", "api_key", "apikey", "private", "credential", "dsn"];

static SECRET_FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = AhoCorasick::builder().ascii_case_insensitive(true).build(SECRET_WORDS);
    words.expect("the words are plain text")
});

/// A line as evidence shows it: trimmed, shortened, secrets replaced by `…`.
#[must_use]
pub fn line(text: &str) -> String {
    let mut shown = without_secrets(text.trim());
    if shown.chars().count() > LONGEST {
        shown = shown.chars().take(LONGEST - 1).collect();
        shown.push('…');
    }
    shown
}

/// A text without its secrets, however long it is.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    credentials(&assigned(text))
}

/// `SECRET_KEY = "abc"` keeps its name alone. Values that are calls, names or
/// variables (`os.environ["SECRET_KEY"]`, `${TOKEN}`) give nothing away.
fn assigned(text: &str) -> String {
    let Some(at) = text.find(['=', ':']) else { return text.to_owned() };
    let (name, value) = text.split_at(at);
    if name.contains('(') || !SECRET_FINDER.is_match(name) {
        return text.to_owned();
    }
    let operator_end = value.find(|c| !matches!(c, '=' | ':' | ' ')).unwrap_or(value.len());
    let (operator, value) = value.split_at(operator_end);
    let quoted = value.starts_with(['"', '\'']);
    let bare_literal = !value.contains(['(', '$', '[', '{']) && !value.trim().is_empty();
    if quoted || bare_literal { format!("{name}{operator}…") } else { text.to_owned() }
}

/// `scheme://user:password@host` and `scheme://:password@host` lose the
/// password, unless it is a variable.
fn credentials(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let end = after.find(['/', '"', '\'', ' ', '?']).unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((user, host)) => {
                let (name, password) = user.split_once(':').unwrap_or((user, ""));
                let keep = password.is_empty() || password.starts_with(['$', '{', '%']);
                shown.push_str(name);
                if user.contains(':') {
                    shown.push(':');
                    shown.push_str(if keep { password } else { "…" });
                }
                shown.push('@');
                shown.push_str(host);
            }
            None => shown.push_str(authority),
        }
        rest = tail;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_secret_in_a_line_of_evidence_is_not_shown() {
        assert_eq!(line("  SECRET_KEY = 'django-insecure-abc'"), "SECRET_KEY = …");
        assert_eq!(line("POSTGRES_PASSWORD: hunter2"), "POSTGRES_PASSWORD: …");
        assert_eq!(line("url = 'postgres://me:pw@db/x'"), "url = 'postgres://me:…@db/x'");
        assert_eq!(line("redis://:hush@redis:6379/0"), "redis://:…@redis:6379/0");
    }

    #[test]
    fn a_line_that_only_names_a_secret_is_shown_whole() {
        for text in [
            "SECRET_KEY = os.environ[\"SECRET_KEY\"]",
            "DATABASE_URL: postgresql://app:${POSTGRES_PASSWORD}@db/app",
            "app = FastAPI()",
        ] {
            assert_eq!(line(text), text);
        }
    }
}
