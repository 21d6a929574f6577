//! Text that fits the terminal's width.

use console::{Alignment, measure_text_width, pad_str};

/// Text in which nothing controls a terminal: what comes from files and presets
/// is shown, and not obeyed. Line ends and tabs stay.
#[must_use]
pub fn visible(text: &str) -> std::borrow::Cow<'_, str> {
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_control) {
        return text.into();
    }
    text.chars()
        .map(|c| if is_control(c) { c.escape_default().to_string() } else { c.to_string() })
        .collect::<String>()
        .into()
}

/// Lines of at most `width` columns, broken between words.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + 1 + measure_text_width(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A paragraph of at most `width` columns: its first line behind `indent`,
/// the others two columns further in.
#[must_use]
pub fn paragraph(text: &str, width: usize, indent: &str) -> String {
    let mut paragraph = String::new();
    for (number, line) in wrap(text, width.saturating_sub(indent.len() + 2)).iter().enumerate() {
        let hanging = if number == 0 { "" } else { "  " };
        paragraph.push_str(&format!("{indent}{hanging}{line}\n"));
    }
    paragraph
}

/// Lines to write, of at most `width` columns where words allow it: each goes on as
/// far in as it began, a comment of its as a comment.
#[must_use]
pub fn snippet(text: &str, width: usize, first: &str, other: &str) -> String {
    let mut all = String::new();
    for (number, line) in text.lines().enumerate() {
        let lead = if number == 0 { first } else { other };
        let words = line.trim_start();
        let indent = &line[..line.len() - words.len()];
        let room = width.saturating_sub(measure_text_width(lead) + indent.len());
        if measure_text_width(words) <= room {
            all.push_str(&format!("{lead}{line}\n"));
            continue;
        }
        let (code, comment) = match words.split_once("  # ") {
            Some((code, comment)) if measure_text_width(code) <= room => (code, comment),
            _ => ("", words),
        };
        let hanging = if code.is_empty() { "  " } else { "  # " };
        if !code.is_empty() {
            all.push_str(&format!("{lead}{indent}{code}\n"));
        }
        for (at, part) in wrap(comment, room.saturating_sub(hanging.len())).iter().enumerate() {
            let is_first = at == 0 && code.is_empty();
            let lead = if is_first { lead } else { other };
            let hanging = if is_first { "" } else { hanging };
            all.push_str(&format!("{lead}{indent}{hanging}{part}\n"));
        }
    }
    all
}

/// Rows of cells in columns, `width` columns wide at most, behind `indent`.
/// Cells are broken between words, never inside of one: where a path is too
/// long for that, the last cell of each row goes below the others.
#[must_use]
pub fn table<const N: usize>(rows: &[[String; N]], width: usize, indent: &str) -> String {
    const GAP: usize = 2;
    let room = width.saturating_sub(indent.len() + GAP * (N - 1) + 1);
    let most = |column: usize, widest: fn(&str) -> usize| {
        rows.iter().map(|row| widest(&row[column])).max().unwrap_or(0)
    };
    let least: [usize; N] = std::array::from_fn(|column| most(column, widest_word));
    let mut widths: [usize; N] = std::array::from_fn(|column| most(column, widest_line));
    while widths.iter().sum::<usize>() > room {
        let can_shrink = (0..N).filter(|column| widths[*column] > least[*column]);
        let Some(widest) = can_shrink.max_by_key(|column| widths[*column]) else { break };
        widths[widest] -= 1;
    }
    let below = widths.iter().sum::<usize>() > room;
    let columns = if below { N - 1 } else { N };
    let mut text = String::new();
    for row in rows {
        let cells: Vec<Vec<String>> =
            (0..columns).map(|column| lines(&row[column], widths[column])).collect();
        for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0).max(1) {
            let mut whole = indent.to_owned();
            for (column, cell) in cells.iter().enumerate() {
                let part = cell.get(line).map_or("", String::as_str);
                whole.push_str(&pad_str(part, widths[column] + GAP, Alignment::Left, None));
            }
            text.push_str(whole.trim_end());
            text.push('\n');
        }
        if below {
            for line in lines(&row[N - 1], width.saturating_sub(indent.len() + 5)) {
                text.push_str(&format!("{indent}    {line}\n"));
            }
        }
    }
    text
}

/// The lines of a cell, its own line breaks kept.
fn lines(cell: &str, width: usize) -> Vec<String> {
    cell.lines().flat_map(|line| wrap(line, width)).collect()
}

fn widest_word(cell: &str) -> usize {
    cell.split_whitespace().map(measure_text_width).max().unwrap_or(0)
}

fn widest_line(cell: &str) -> usize {
    cell.lines().map(measure_text_width).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_none_is_lost() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("", 7), Vec::<String>::new());
        assert_eq!(wrap("incompressible", 7), ["incompressible"]);
    }

    #[test]
    fn what_is_to_be_written_stays_what_it_is_on_a_narrow_terminal() {
        let text = "db:\n  memory: 512M  # twice what it takes\nand a sentence of words";
        let shown = "→ db:\n    memory: 512M\n      # twice what it\n      # takes\n  and a sentence of\n    words\n";
        assert_eq!(snippet(text, 22, "→ ", "  "), shown);
        assert_eq!(snippet(text, 80, "", "").trim_end(), text);
    }

    fn row(cells: [&str; 3]) -> [String; 3] {
        cells.map(str::to_owned)
    }

    #[test]
    fn a_cell_that_is_too_long_goes_on_in_its_column() {
        let rows = [row(["web.workers", "2", "as many as there are CPUs"]), row(["db", "1", "x"])];
        assert_eq!(
            table(&rows, 33, "  "),
            "  web.workers  2  as many as\n                  there are CPUs\n  db           1  x\n"
        );
        assert_eq!(table(&rows, 80, "").lines().count(), 2);
    }

    #[test]
    fn a_path_is_never_broken() {
        let path = "a/very/long/path/of/a/file.py:12";
        let rows = [row([path, "what", path])];
        for width in [20, 40, 60, 80] {
            let text = table(&rows, width, "  ");
            assert_eq!(text.matches(path).count(), 2, "{width}: {text}");
        }
    }
}
