//! Where comments are: what stands behind a `#` that begins one, and not what is
//! in a quoted word, or in a text of several lines.

use crate::source::dockerfile::{Dockerfile, Keyword};
use crate::source::dotenv;

/// How a file marks what is a comment in it.
#[derive(Clone, Copy, Debug)]
pub enum Format<'a> {
    /// A Dockerfile that was read.
    Dockerfile(&'a Dockerfile),
    /// YAML.
    Yaml,
    /// nginx's configuration.
    Nginx,
    /// Lines of `NAME=value`.
    Dotenv,
    /// A shell's script, and what is written like one: TOML, lists of packages.
    Shell,
}

/// Whether a place of a text is in a comment.
#[must_use]
pub fn holds(format: Format<'_>, text: &str, at: usize) -> bool {
    match format {
        Format::Dockerfile(file) => {
            // The shell that reads these takes the rest of a line for a comment.
            let shells = [Keyword::Run, Keyword::Cmd, Keyword::Entrypoint, Keyword::Healthcheck];
            let own =
                file.instructions.iter().find(|own| own.span.start <= at && at < own.span.end);
            file.comments.iter().any(|own| own.start <= at && at < own.end)
                || own.is_some_and(|own| {
                    let start = own.span.start;
                    shells.contains(&own.keyword)
                        && of_words(&text[start..own.span.end], at - start, true)
                })
        }
        Format::Yaml => of_yaml(text, at),
        Format::Nginx => of_words(text, at, false),
        Format::Dotenv => {
            dotenv::read(text).iter().all(|own| !(own.span.start..own.span.end).contains(&at))
        }
        Format::Shell => of_words(text, at, true),
    }
}

/// Comments between words. A quote opens a word, or, as in a shell, any part of one.
fn of_words(text: &str, at: usize, quotes_anywhere: bool) -> bool {
    let mut quote = None;
    let (mut begins, mut is_comment, mut is_escaped) = (true, false, false);
    for c in text.char_indices().take_while(|(here, _)| *here <= at).map(|(_, c)| c) {
        match (quote, c) {
            _ if is_comment => is_comment = c != '\n',
            _ if is_escaped => is_escaped = false,
            (Some(open), c) if c == open => quote = None,
            (Some('\''), _) if quotes_anywhere => {}
            (_, '\\') => is_escaped = true,
            (Some(_), _) => {}
            (None, '"' | '\'') if begins || quotes_anywhere => quote = Some(c),
            (None, '#') => is_comment = begins,
            (None, _) => {}
        }
        begins = c.is_whitespace() || matches!(c, ';' | '{' | '}' | '(' | ')' | '&' | '|');
    }
    is_comment
}

/// Comments of YAML, which neither quoted values nor blocks of text hold.
fn of_yaml(text: &str, at: usize) -> bool {
    let (mut quote, mut flows) = (None, 0_usize);
    // The least indentation of a block of text; `None` where its first line says it.
    let mut block: Option<(usize, Option<usize>)> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let (first, end) = (start, start + line.len());
        start = end;
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some((above, least)) = block {
            let is_blank = line.trim().is_empty();
            let least = least.or((!is_blank && indent > above).then_some(indent));
            if is_blank || least.is_some_and(|least| indent >= least) {
                block = Some((above, least));
                if at < end {
                    return false;
                }
                continue;
            }
            block = None;
        }
        // Whether a value or a key may begin here.
        let (mut begins, mut before) = (true, ' ');
        let mut is_skipped = false;
        for (here, c) in line.char_indices() {
            let is_apart = before.is_whitespace();
            let last = std::mem::replace(&mut before, c);
            if std::mem::take(&mut is_skipped) {
                continue;
            }
            match (quote, c) {
                (Some('"'), '\\') => is_skipped = true,
                (Some(open), c) if c == open => {
                    // A doubled one stands for itself.
                    if open == '\'' && line[here + 1..].starts_with('\'') {
                        is_skipped = true;
                    } else {
                        (quote, begins) = (None, false);
                    }
                }
                (Some(_), _) => {}
                (None, '#') if is_apart => {
                    if at < end {
                        return at >= first + here;
                    }
                    break;
                }
                (None, '"' | '\'') if begins => quote = Some(c),
                (None, '|' | '>') if begins && flows == 0 => {
                    let header = line[here + 1..].trim_start_matches(['+', '-']);
                    let least = header.starts_with(|c: char| c.is_ascii_digit());
                    block = Some((indent, least.then_some(indent + 1)));
                    begins = false;
                }
                (None, '[' | '{') if begins => flows += 1,
                (None, ']' | '}') => flows = flows.saturating_sub(1),
                (None, ',') if flows > 0 => begins = true,
                (None, c) if c.is_whitespace() => {
                    begins |= matches!(last, ':' | '-' | '?') || matches!(last, '&' | '!');
                }
                (None, '&' | '!') if begins => {}
                (None, _) => begins = begins && (last == '&' || last == '!'),
            }
        }
        if at < end {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{Format, holds};
    use crate::source::dockerfile::Dockerfile;

    /// Whether each `#` that an `!` follows is one of a comment, and no other.
    #[track_caller]
    fn are_right(format: Format<'_>, text: &str) {
        for (at, _) in text.match_indices('#') {
            let is_one = text[at + 1..].starts_with('!');
            assert_eq!(holds(format, text, at), is_one, "{:?} of {text}", &text[at..]);
        }
    }

    #[test]
    fn a_comment_of_yaml_is_in_no_value() {
        let text = "#! a\na: 'x # it''s # y' #! b\nb: \"x \\\" # y\" #! c\nc: it's #! d\n\
                    d: x#y\ne: echo \"a #! plain\nf: [a, \"# b\", 'c # d'] #! e\n\
                    g: | #! f\n  text # no\n\n  # no\n #! after\nh: >-\n  # no\n#! g\n\
                    - - \"# no\"\n- \"k # no\": {x: \"# no\", y: &a \"# no\"} #! h\n\
                    i: !tag \"# no\"\nj: \"over\n  # no\n  lines\" #! i\nk: |2\n    a\n  # no\n#! j\n\
                    l: |\nm: x #! k\n";
        are_right(Format::Yaml, text);
        are_right(Format::Yaml, &text.replace('\n', "\r\n"));
    }

    #[test]
    fn a_comment_of_a_dockerfile_is_a_line_of_its_own_or_a_shell_s() {
        let text = "#! a\nFROM a # no\nENV A=\"b # no\"\nLABEL a='# no' b=# no\n  #! b\n\
                    RUN a \\\n  #! c it's\n  b '# no' && c #! d\nRUN <<E\n#! e\n'# no'\nE\n\
                    COPY <<E /a\n# no\nE\nCMD [\"a\", \"# no\"]\n#! f\n";
        are_right(Format::Dockerfile(&Dockerfile::read(text)), text);
    }

    #[test]
    fn a_comment_of_other_files_is_in_no_quotes() {
        are_right(Format::Shell, "#! a\na='it # no' #! b\nb=\"\\\" # no\" c#d; #! c\n");
        are_right(
            Format::Nginx,
            "#! a\nlog_format x '# \\' # no'; #! b\nlocation it's { #! c\n}\n",
        );
        are_right(Format::Dotenv, "#! a\nA=\"b # no\"\nB='x\n# no\n' #! b\nC=d #! c\nD=a#b\n");
    }
}
