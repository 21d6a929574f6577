//! Text that fits the terminal's width.

use console::{Alignment, measure_text_width, pad_str, truncate_str};

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

/// Rows of three cells. The last has at least `least` columns, and is cut
/// where the line ends.
#[must_use]
pub fn table(rows: &[(String, String, String)], least: usize, width: usize) -> String {
    let widest = |cells: &mut dyn Iterator<Item = &String>| {
        cells.map(|cell| measure_text_width(cell)).max().unwrap_or(0)
    };
    let first = widest(&mut rows.iter().map(|row| &row.0));
    let second = widest(&mut rows.iter().map(|row| &row.1))
        .min(width.saturating_sub(7 + first + least))
        .max(8);
    let mut text = String::new();
    for (name, value, why) in rows {
        let line = format!(
            "  {}  {}  {why}",
            pad_str(name, first, Alignment::Left, None),
            pad_str(value, second, Alignment::Left, Some("…")),
        );
        text.push_str(&cut(line.trim_end(), width - 1));
        text.push('\n');
    }
    text
}

/// A line that is too long, cut between two words.
#[must_use]
pub fn cut(line: &str, width: usize) -> String {
    if measure_text_width(line) <= width {
        return line.to_owned();
    }
    let cut = truncate_str(line, width.saturating_sub(2), "");
    let cut = cut.rsplit_once(' ').map_or(cut.as_ref(), |(whole, _)| whole);
    format!("{} …", cut.trim_end_matches([',', ';', ':']))
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
    fn a_long_line_is_cut_between_words() {
        assert_eq!(cut("one two, three", 20), "one two, three");
        assert_eq!(cut("one two, three", 12), "one two …");
    }
}
