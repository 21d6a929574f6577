//! Which servers run under gunicorn, and edits that give a server one more option.

use crate::lint::diagnostic::{At, Edit};
use crate::lint::subject::{Container, Program, Server, Subject};
use crate::source::text::Span;

/// The containers in which gunicorn serves users, without a reloader: one with it
/// is for who works on the code. Of one without any word, application included,
/// somebody else says all of it: `ENTRYPOINT ["gunicorn"]`.
pub fn gunicorns(subject: &Subject) -> impl Iterator<Item = (&Container, &Server)> {
    subject.production_containers().filter_map(|container| {
        let server = container.server.as_ref()?;
        let names_application = |config: usize| subject.gunicorn[config].get("wsgi_app").is_some();
        let is_said = server.config.is_some_and(names_application)
            || container.env.contains_key("GUNICORN_CMD_ARGS")
            || container.steps.get(server.step).is_some_and(|step| step.argv.len() > 1);
        let serves = server.program == Program::Gunicorn && !server.reloads() && is_said;
        serves.then_some((container, server))
    })
}

/// Puts settings into gunicorn's file where it has one, else options behind
/// the program's name, where that stands as one word. Each is the name of a
/// setting and its value as Python has it.
pub fn gunicorn(subject: &Subject, server: &Server, settings: &[(&str, &str)]) -> Option<Edit> {
    if let Some(config) = server.config {
        let number = subject.gunicorn[config].text;
        let text = &subject.texts[number].text;
        let before = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        // What is under a comment of its own is not what that is about.
        let last = text.lines().rev().take_while(|line| !line.trim().is_empty()).last();
        let gap = if last.is_some_and(|line| line.starts_with('#')) { "\n" } else { "" };
        let lines: Vec<String> =
            settings.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        let at = At::new(number, Span::new(text.len(), text.len()));
        return Some(Edit { at, text: format!("{before}{gap}{}", lines.concat()) });
    }
    if server.has("config") {
        return None;
    }
    behind(subject, server, "gunicorn", &options_of(settings))
}

/// Settings as they are written for a server: lines of gunicorn's file where it has
/// one, else options of its command.
pub fn written(server: &Server, settings: &[(&str, &str)]) -> String {
    in_form(server.config.is_some(), settings)
}

/// A setting as it is written where it stands already: in gunicorn's file, or among
/// the options of its command.
pub fn written_at(subject: &Subject, server: &Server, at: At, setting: (&str, &str)) -> String {
    in_form(is_in_file(subject, server, at), &[setting])
}

/// Whether something of a server stands in gunicorn's file.
pub fn is_in_file(subject: &Subject, server: &Server, at: At) -> bool {
    server.config.is_some_and(|own| subject.gunicorn[own].text == at.text)
}

fn in_form(is_in_file: bool, settings: &[(&str, &str)]) -> String {
    if is_in_file {
        let lines = settings.iter().map(|(name, value)| format!("{name} = {value}"));
        return lines.collect::<Vec<String>>().join("\n");
    }
    options_of(settings).join(" ")
}

/// Settings as options of gunicorn's command.
fn options_of(settings: &[(&str, &str)]) -> Vec<String> {
    let words = settings.iter().flat_map(|(name, value)| {
        [format!("--{}", name.replace('_', "-")), value.trim_matches('"').to_owned()]
    });
    words.collect()
}

/// Puts options behind a word of what a server is started with, where that stands
/// there once.
pub fn behind(subject: &Subject, server: &Server, word: &str, options: &[String]) -> Option<Edit> {
    let written = subject.slice(server.at);
    // A list of a compose file, a substitution, a tab: other ways to write it.
    let mut places = written.match_indices(word).filter(|(at, _)| {
        let before = written[..*at].chars().next_back();
        let after = written[at + word.len()..].chars().next();
        let is_quoted = before == Some('"') && after == Some('"');
        let is_word = before.is_none_or(|c| c == ' ' || c == '/')
            && (after == Some(' ') || after.is_none() && *at > 0);
        is_quoted || is_word
    });
    let (at, _) = places.next()?;
    // What is said about it, and what is run.
    if places.next().is_some() {
        return None;
    }
    let end = at + word.len();
    let is_quoted = written[end..].starts_with('"');
    let (place, text) = if is_quoted {
        let words: Vec<String> = options.iter().map(|word| format!(", \"{word}\"")).collect();
        (end + 1, words.concat())
    } else {
        (end, beside(subject, server, &written[end..], options))
    };
    let place = server.at.span.start + place;
    Some(Edit { at: At::new(server.at.text, Span::new(place, place)), text })
}

/// Options as the others are written: behind the word, or each on a line of its own
/// where the word stands on a line that goes on in the next.
fn beside(subject: &Subject, server: &Server, rest: &str, options: &[String]) -> String {
    if rest.trim() != "\\" {
        return format!(" {}", options.join(" "));
    }
    let text = &subject.texts[server.at.text];
    let next = text.line_text(text.line(server.at.span.start) + 1);
    let indent = &next[..next.len() - next.trim_start().len()];
    let separated = options.iter().map(|word| {
        if word.starts_with('-') { format!(" \\\n{indent}{word}") } else { format!(" {word}") }
    });
    separated.collect()
}

/// How many workers gunicorn has: `None` where that is not known.
pub fn workers(server: &Server) -> Option<i64> {
    match server.get("workers") {
        Some((value, _)) => value.int(),
        None => Some(1),
    }
}

/// Whether settings that are not here may say more.
pub fn is_hidden(server: &Server) -> bool {
    server.has("config") && server.config.is_none()
}
