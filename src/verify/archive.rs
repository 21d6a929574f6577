//! Tar archives as the engine streams them: one entry after the other, whatever
//! pieces they come in, without holding more than is asked for.

/// Size of a block.
const BLOCK: usize = 512;
/// Longest name or set of attributes that is read.
const LONGEST: usize = 1 << 20;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// A plain file, or a second name of one.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a pipe.
    Other,
}

/// An entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path without a slash at either end.
    pub path: String,
    /// What it is.
    pub form: Form,
    /// Its mode: the lower twelve bits.
    pub mode: u32,
    /// Its owner.
    pub owner: u64,
    /// Its group.
    pub group: u64,
    /// Its size.
    pub size: u64,
    /// Where a link leads.
    pub target: String,
    /// What it begins with, as far as that is kept.
    pub head: Vec<u8>,
}

/// What follows.
#[derive(Debug)]
enum State {
    /// A header.
    Header,
    /// Content: of an entry, or a name that is too long for the header after it.
    Content { about: About, left: u64, padding: usize },
}

#[derive(Debug)]
enum About {
    Entry(Box<Entry>),
    Name(Vec<u8>),
    Target(Vec<u8>),
    Attributes(Vec<u8>),
    Nothing,
}

/// Reads an archive.
#[derive(Debug)]
pub struct Reader {
    keep: usize,
    state: State,
    block: Vec<u8>,
    name: Option<String>,
    target: Option<String>,
    size: Option<u64>,
}

impl Reader {
    /// A reader that keeps the content of files of at most so many bytes.
    #[must_use]
    pub const fn new(keep: usize) -> Self {
        Self { keep, state: State::Header, block: Vec::new(), name: None, target: None, size: None }
    }

    /// Takes the next piece; gives what was completed with it.
    pub fn push(&mut self, mut bytes: &[u8], mut found: impl FnMut(Entry)) {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Header => {
                    let wanted = (BLOCK - self.block.len()).min(bytes.len());
                    self.block.extend_from_slice(&bytes[..wanted]);
                    bytes = &bytes[wanted..];
                    if self.block.len() == BLOCK {
                        let block = std::mem::take(&mut self.block);
                        self.header(&block);
                        self.completed(&mut found);
                    }
                }
                State::Content { about, left, padding } => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    let part = &bytes[..taken];
                    match about {
                        About::Entry(entry) if entry.size <= self.keep as u64 => {
                            entry.head.extend_from_slice(part);
                        }
                        About::Name(text) | About::Target(text) | About::Attributes(text)
                            if text.len() + taken <= LONGEST =>
                        {
                            text.extend_from_slice(part);
                        }
                        _ => {}
                    }
                    *left -= taken as u64;
                    bytes = &bytes[taken..];
                    let skipped = if *left == 0 { (*padding).min(bytes.len()) } else { 0 };
                    *padding -= skipped;
                    bytes = &bytes[skipped..];
                    self.completed(&mut found);
                }
            }
        }
    }

    /// Ends what has come to its end.
    fn completed(&mut self, found: &mut impl FnMut(Entry)) {
        if !matches!(self.state, State::Content { left: 0, padding: 0, .. }) {
            return;
        }
        let State::Content { about, .. } = std::mem::replace(&mut self.state, State::Header) else {
            return;
        };
        let text =
            |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches(['\0', '\n']).to_owned();
        match about {
            About::Entry(entry) => found(*entry),
            About::Name(name) => self.name = Some(text(&name)),
            About::Target(target) => self.target = Some(text(&target)),
            About::Attributes(all) => {
                for (key, value) in attributes(&all) {
                    match key.as_str() {
                        "path" => self.name = Some(value),
                        "linkpath" => self.target = Some(value),
                        "size" => self.size = value.parse().ok(),
                        _ => {}
                    }
                }
            }
            About::Nothing => {}
        }
    }

    fn header(&mut self, block: &[u8]) {
        if block.iter().all(|byte| *byte == 0) {
            return;
        }
        let written = number(&block[124..136]);
        let mut size = written;
        let about = match block[156] {
            b'L' => About::Name(Vec::new()),
            b'K' => About::Target(Vec::new()),
            b'x' => About::Attributes(Vec::new()),
            b'g' => About::Nothing,
            kind => {
                size = self.size.take().unwrap_or(written);
                let form = match kind {
                    0 | b'0' | b'1' | b'7' => Form::File,
                    b'5' => Form::Directory,
                    b'2' => Form::Link,
                    _ => Form::Other,
                };
                // A second name has no content of its own.
                if kind == b'1' {
                    size = 0;
                }
                let name = self.name.take().unwrap_or_else(|| name(block));
                About::Entry(Box::new(Entry {
                    path: name.trim_start_matches("./").trim_matches('/').to_owned(),
                    form,
                    mode: (number(&block[100..108]) & 0o7777) as u32,
                    owner: number(&block[108..116]),
                    group: number(&block[116..124]),
                    size,
                    target: self.target.take().unwrap_or_else(|| text(&block[157..257])),
                    head: Vec::new(),
                }))
            }
        };
        let padding = (BLOCK - (size % BLOCK as u64) as usize) % BLOCK;
        self.state = State::Content { about, left: size, padding };
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn name(block: &[u8]) -> String {
    let own = text(&block[..100]);
    let is_posix = &block[257..263] == b"ustar\0";
    match text(&block[345..500]) {
        before if is_posix && !before.is_empty() => format!("{before}/{own}"),
        _ => own,
    }
}

/// A number in octal digits, or as it is where the first bit says so.
fn number(field: &[u8]) -> u64 {
    if field[0] & 0x80 != 0 {
        return field[1..].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    }
    text(field)
        .trim()
        .bytes()
        .take_while(u8::is_ascii_digit)
        .fold(0, |sum, digit| sum << 3 | u64::from(digit - b'0'))
}

/// `25 path=some/file\n`, one after the other.
fn attributes(all: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = all;
    while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
        let Some(length) = text(&rest[..space]).parse::<usize>().ok() else { break };
        if length <= space + 1 || length > rest.len() {
            break;
        }
        let line = String::from_utf8_lossy(&rest[space + 1..length - 1]).into_owned();
        if let Some((key, value)) = line.split_once('=') {
            found.push((key.to_owned(), value.to_owned()));
        }
        rest = &rest[length..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, kind: u8, content: &[u8]) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        let short = &path.as_bytes()[..path.len().min(100)];
        block[..short.len()].copy_from_slice(short);
        block[100..107].copy_from_slice(b"0000644");
        block[108..115].copy_from_slice(b"0023421");
        block[116..123].copy_from_slice(b"0000000");
        block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        block[156] = kind;
        block[257..263].copy_from_slice(b"ustar\0");
        block.extend_from_slice(content);
        block.resize(block.len().div_ceil(BLOCK) * BLOCK, 0);
        block
    }

    fn read(bytes: &[u8], piece: usize) -> Vec<Entry> {
        let mut reader = Reader::new(8);
        let mut found = Vec::new();
        for part in bytes.chunks(piece) {
            reader.push(part, |own| found.push(own));
        }
        found
    }

    #[test]
    fn entries_come_whole_whatever_the_pieces_are() {
        let long = format!("{}/x.py", "d".repeat(120));
        let attribute = format!("path={long}\n");
        let length = attribute.len() + 4;
        let bytes = [
            entry("app/", b'5', b""),
            entry("app/a.py", b'0', b"short"),
            entry("app/b.py", b'0', b"longer than what is kept"),
            entry("pax", b'x', format!("{length} {attribute}").as_bytes()),
            entry(&long, b'0', b""),
            entry("name", b'L', format!("{long}2\0").as_bytes()),
            entry(&long, b'0', b"1"),
            vec![0; 2 * BLOCK],
        ]
        .concat();
        for piece in [1, 100, 511, 513, bytes.len()] {
            let found = read(&bytes, piece);
            let paths: Vec<&str> = found.iter().map(|own| own.path.as_str()).collect();
            assert_eq!(paths, ["app", "app/a.py", "app/b.py", &long, &format!("{long}2")]);
            assert_eq!(found[0].form, Form::Directory);
            assert_eq!((found[1].mode, found[1].owner, found[1].size), (0o644, 10001, 5));
            assert_eq!(found[1].head, b"short");
            assert_eq!(found[2].head, b"");
        }
    }
}
