//! Cutting three texts where all of them have the same line, and have it only
//! once: what is between two such places is merged for itself, so that the
//! same edit on both sides is seen as the same wherever else they differ.

use std::collections::HashMap;

/// The texts between two cuts, in all three; at a cut all are the same line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub base: &'a str,
    pub disk: &'a str,
    pub new: &'a str,
}

/// Cuts the texts; together the segments are the texts again.
pub(super) fn cut<'a>(base: &'a str, disk: &'a str, new: &'a str) -> Vec<Segment<'a>> {
    let (of_disk, of_new) = (once(disk), once(new));
    let mut cuts: Vec<[Line<'a>; 3]> = once(base)
        .into_values()
        .flatten()
        .filter_map(|line| {
            let at = |side: &HashMap<&str, Option<Line<'a>>>| side.get(line.text).copied()?;
            Some([line, at(&of_disk)?, at(&of_new)?])
        })
        .collect();
    cuts.sort_unstable_by_key(|[base, ..]| base.start);
    for side in [1, 2] {
        cuts = longest_rising(&cuts, |cut| cut[side].start);
    }
    let mut segments = Vec::with_capacity(2 * cuts.len() + 1);
    let mut done = [0; 3];
    for cut in &cuts {
        let [base_at, disk_at, new_at] = cut.map(|line| line.start);
        segments.push(Segment {
            base: &base[done[0]..base_at],
            disk: &disk[done[1]..disk_at],
            new: &new[done[2]..new_at],
        });
        let line = cut[0].text;
        segments.push(Segment { base: line, disk: line, new: line });
        done = cut.map(|line| line.start + line.text.len());
    }
    segments.push(Segment { base: &base[done[0]..], disk: &disk[done[1]..], new: &new[done[2]..] });
    segments
}

#[derive(Clone, Copy)]
struct Line<'a> {
    start: usize,
    text: &'a str,
}

/// Every line of a text; none for one that is there more than once.
fn once(text: &str) -> HashMap<&str, Option<Line<'_>>> {
    let mut lines = HashMap::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        lines
            .entry(line)
            .and_modify(|once| *once = None)
            .or_insert(Some(Line { start, text: line }));
        start += line.len();
    }
    lines
}

/// The longest part of a list, in its order, in which the keys rise.
fn longest_rising<T: Copy>(list: &[T], key: impl Fn(&T) -> usize) -> Vec<T> {
    // Of every length, the part that ends lowest; of each entry, the one
    // before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(list.len());
    for (at, one) in list.iter().enumerate() {
        let length = ends.partition_point(|end| key(&list[*end]) < key(one));
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut longest = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(at) = next {
        longest.push(list[at]);
        next = before[at];
    }
    longest.reverse();
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_the_segments_are_the_texts() {
        let (base, disk, new) = ("a\nx\nb\nx\nc\n", "c\na\nx\nb\n", "a\nb\nx\nc\n");
        let segments = cut(base, disk, new);
        let joined =
            |side: fn(&Segment<'_>) -> String| segments.iter().map(side).collect::<String>();
        assert_eq!(joined(|segment| segment.base.to_owned()), base);
        assert_eq!(joined(|segment| segment.disk.to_owned()), disk);
        assert_eq!(joined(|segment| segment.new.to_owned()), new);
        let shared = segments
            .iter()
            .filter(|segment| segment.base == segment.disk && segment.base == segment.new);
        let shared: Vec<&str> =
            shared.map(|segment| segment.base).filter(|text| !text.is_empty()).collect();
        assert_eq!(shared, ["a\n", "b\n"]);
    }

    #[test]
    fn the_longest_rising_part_is_found() {
        for (list, expected) in [
            (vec![3, 1, 2, 5, 4], vec![1, 2, 4]),
            (vec![2, 1], vec![1]),
            (vec![], vec![]),
            (vec![1, 2, 3], vec![1, 2, 3]),
        ] {
            assert_eq!(longest_rising(&list, |one| *one), expected);
        }
    }
}
