//! Shell text taken apart into simple commands: chains, groups and control
//! words fall away, quoting is undone, redirections are dropped. Variables
//! stay as they are written.

/// One simple command of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simple {
    /// Its line within the text, from 0.
    pub line: usize,
    /// Its words, unquoted.
    pub words: Vec<String>,
}

/// Control words after which a command may follow.
const CONTROL: [&str; 10] = ["if", "then", "else", "elif", "do", "while", "until", "!", "{", "("];

/// The simple commands of `text`, in order.
#[must_use]
pub fn split(text: &str) -> Vec<Simple> {
    let mut commands = Vec::new();
    for (line, piece) in pieces(text) {
        let Ok(words) = shell_words::split(&piece) else { continue };
        let words = without_redirections(words);
        let start = words.iter().take_while(|word| is_control(word)).count();
        let words = words[start..].to_vec();
        if !words.is_empty() {
            commands.push(Simple { line, words });
        }
    }
    commands
}

fn is_control(word: &str) -> bool {
    CONTROL.contains(&word) || word.ends_with("()")
}

/// Text between operators outside of quotes, with the line it begins on.
fn pieces(text: &str) -> Vec<(usize, String)> {
    let mut cutter = Cutter::default();
    let mut heredoc: Option<String> = None;
    let mut continued = String::new();
    let mut first = 0;
    for (number, line) in text.lines().enumerate() {
        if let Some(end) = &heredoc {
            if line.trim() == end {
                heredoc = None;
            }
            continue;
        }
        if continued.is_empty() && !cutter.open() {
            first = number;
        }
        if let Some(rest) = line.strip_suffix('\\') {
            // A comment does not go on.
            if !(continued.is_empty() && rest.trim_start().starts_with('#')) {
                continued.push_str(rest);
                continued.push(' ');
            }
            continue;
        }
        continued.push_str(line);
        cutter.feed(&continued, first);
        heredoc = cutter.heredoc.take();
        continued.clear();
    }
    if !continued.is_empty() {
        cutter.feed(&continued, first);
    }
    cutter.finish()
}

/// A quotation or a here-document that goes on to the end of a text: the line that it
/// begins on, from 0, and what it is.
#[must_use]
pub fn unended(text: &str) -> Option<(usize, &'static str)> {
    let mut cutter = Cutter::default();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        if let Some((_, end)) = &open {
            if line.trim() == end {
                open = None;
            }
            continue;
        }
        let was_open = cutter.quote.is_some();
        cutter.feed(line, if was_open { cutter.line } else { number });
        open = cutter.heredoc.take().map(|end| (number, end));
    }
    if let Some((line, _)) = open {
        return Some((line, "a here-document"));
    }
    cutter.quote.is_some().then_some((cutter.line, "a quotation"))
}

/// The word that ends a here-document begun by `<<` at `at`; `None` where `<<` is
/// something else: a here-string, or a shift in `$((1<<2))`.
fn heredoc_end(characters: &[char], at: usize) -> Option<String> {
    let before: String = characters[..at].iter().collect();
    let shifts = before.rfind("((").is_some_and(|open| !before[open..].contains("))"));
    let after: String = characters[at + 2..].iter().collect();
    if shifts || after.starts_with('<') {
        return None;
    }
    let word = after.trim_start_matches('-').split_whitespace().next()?;
    let word = word.split([';', '|', '&', ')', '>']).next()?.trim_matches(['"', '\'', '\\']);
    let named = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    named.then(|| word.to_owned())
}

/// Cuts a stream of lines at operators.
#[derive(Default)]
struct Cutter {
    done: Vec<(usize, String)>,
    piece: String,
    line: usize,
    quote: Option<char>,
    depth: usize,
    /// The word that ends a here-document, once its line ends.
    heredoc: Option<String>,
}

impl Cutter {
    /// Whether a quotation or substitution goes on in the next line.
    fn open(&self) -> bool {
        self.quote.is_some() || self.depth > 0
    }

    fn cut(&mut self, line: usize) {
        let piece = std::mem::take(&mut self.piece);
        if !piece.trim().is_empty() {
            self.done.push((self.line, piece));
        }
        self.line = line;
    }

    fn feed(&mut self, text: &str, line: usize) {
        if !self.open() {
            self.line = line;
        }
        let characters: Vec<char> = text.chars().collect();
        let mut at = 0;
        while at < characters.len() {
            at += self.take(&characters, at, line);
        }
        if self.open() {
            self.piece.push('\n');
        } else {
            self.cut(line + 1);
        }
    }

    /// Takes what stands at `at` and gives how many characters that was.
    fn take(&mut self, characters: &[char], at: usize, line: usize) -> usize {
        let c = characters[at];
        let next = characters.get(at + 1).copied();
        let before = at.checked_sub(1).map(|at| characters[at]);
        if let Some(quote) = self.quote {
            self.piece.push(c);
            if c == '\\' && quote == '"' {
                if let Some(next) = next {
                    self.piece.push(next);
                }
                return 2;
            }
            if c == quote {
                self.quote = None;
            }
            return 1;
        }
        match c {
            '\\' => {
                self.piece.push(c);
                if let Some(next) = next {
                    self.piece.push(next);
                }
                return 2;
            }
            '\'' | '"' => {
                self.quote = Some(c);
                self.piece.push(c);
            }
            '$' if matches!(next, Some('(' | '{')) => {
                self.depth += 1;
                self.piece.extend([c, next.unwrap_or_default()]);
                return 2;
            }
            '<' if next == Some('<') => {
                self.heredoc = self.heredoc.take().or_else(|| heredoc_end(characters, at));
                // A here-string's third sign belongs to it.
                let signs = 2 + usize::from(characters.get(at + 2) == Some(&'<'));
                self.piece.extend(&characters[at..at + signs]);
                return signs;
            }
            ')' | '}' if self.depth > 0 => {
                self.depth -= 1;
                self.piece.push(c);
            }
            _ if self.depth > 0 => self.piece.push(c),
            '#' if before.is_none_or(char::is_whitespace) => return characters.len() - at,
            '&' if before == Some('>') || next == Some('>') => self.piece.push(c),
            ';' | '|' | '&' => self.cut(line),
            ')' => {
                // A pattern of `case` or the end of a group.
                if before == Some('(') {
                    self.piece.push(c);
                } else {
                    self.cut(line);
                }
            }
            '(' if self.piece.trim().is_empty() => self.cut(line),
            '{' if self.piece.trim_end().ends_with("()") => self.cut(line),
            _ => self.piece.push(c),
        }
        1
    }

    fn finish(mut self) -> Vec<(usize, String)> {
        self.cut(0);
        self.done
    }
}

/// Words without `> file`, `2>&1` and their like.
fn without_redirections(words: Vec<String>) -> Vec<String> {
    let mut kept = Vec::with_capacity(words.len());
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let bare = word.trim_start_matches(|c: char| c.is_ascii_digit());
        if !(bare.starts_with(['>', '<']) || bare.starts_with("&>")) {
            kept.push(word);
            continue;
        }
        // The file is the next word where the operator stands alone.
        if bare.trim_start_matches(['>', '<', '&', '|', '-']).is_empty() {
            words.next();
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        split(text).into_iter().map(|simple| simple.words.join(" ")).collect()
    }

    #[test]
    fn chains_and_groups_give_each_command() {
        let text = "cd src && (alembic upgrade head; gunicorn x:app 2>&1 | tee log) &";
        assert_eq!(lines(text), ["cd src", "alembic upgrade head", "gunicorn x:app", "tee log"]);
    }

    #[test]
    fn quotes_comments_and_continued_lines_are_understood() {
        let text = "# start; now\nexec gunicorn \\\n  --bind \"0.0.0.0:${PORT:-80}\" \\\n  'shop:create_app()' # web\n";
        let commands = split(text);
        assert_eq!(commands.len(), 1);
        assert_eq!(commands[0].line, 1);
        assert_eq!(
            commands[0].words,
            ["exec", "gunicorn", "--bind", "0.0.0.0:${PORT:-80}", "shop:create_app()"]
        );
    }

    #[test]
    fn control_words_functions_and_here_documents_do_not_hide_commands() {
        let text = "if [ -z \"$X\" ]; then\n  flask run\nfi\nserve() {\n  daphne x:y\n}\ncat <<EOF > f\nnot a command\nEOF\nwhile true; do rq worker; done\n";
        let found = lines(text);
        for command in ["flask run", "daphne x:y", "rq worker"] {
            assert!(found.contains(&command.to_string()), "{command}: {found:?}");
        }
        assert!(!found.iter().any(|line| line.starts_with("not")), "{found:?}");
    }

    /// What looks like one hides none of the lines below it.
    #[test]
    fn a_here_document_begins_where_the_shell_sees_one() {
        for first in [
            "echo \"<<EOF\"",
            "echo '<<EOF'",
            "true # <<EOF",
            "echo $((1<<EOF))",
            "echo $(( 1 << EOF ))",
            "cat <<< EOF",
            "cat <<<EOF",
            "echo \\<<EOF > x\nEOF",
        ] {
            let found = lines(&format!("{first}\nexec gunicorn\n"));
            assert!(found.iter().any(|line| line == "exec gunicorn"), "{first}: {found:?}");
        }
        for first in ["cat <<EOF", "cat <<-'EOF' >&2", "x=$(cat <<EOF", "cat <<EOF | tee x"] {
            let found = lines(&format!("{first}\nexport A=1\nEOF\n)\n"));
            assert!(!found.iter().any(|line| line.contains("export")), "{first}: {found:?}");
        }
    }

    #[test]
    fn unbalanced_text_gives_what_can_be_read() {
        for text in ["'", "a && \"", "$(", "\\", "x <<", ")", "a )( b", "\u{0}", "é'ü"] {
            let _ = split(text);
        }
    }
}
