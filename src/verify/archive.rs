//! Tar archives as the engine streams them: one entry after the other, without holding
//! more than is asked for.

use std::io::{self, Read};

use bollard::errors::Error;
use bytes::{Buf as _, Bytes};
use futures_util::{Stream, StreamExt as _};
use tar::{Archive, EntryType};
use tokio::sync::mpsc;

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
    /// Its content, where that is kept.
    pub head: Vec<u8>,
}

/// Reads an archive as it comes, until `found` wants no more; files of at most `keep`
/// bytes with their content.
///
/// # Errors
/// When the stream fails or breaks off, or is no archive.
pub async fn read(
    stream: impl Stream<Item = Result<Bytes, Error>>,
    keep: u64,
    mut found: impl FnMut(Entry) -> bool,
) -> Result<(), Error> {
    // The archive is read on a thread that may block; whichever side ends first, the
    // other's channel closes.
    let (pieces, received) = mpsc::channel::<Bytes>(4);
    let (read, mut entries) = mpsc::channel::<io::Result<Entry>>(64);
    tokio::task::spawn_blocking(move || {
        let pieces = Pieces { received, now: Bytes::new() };
        if let Err(error) = each(pieces, keep, |own| read.blocking_send(Ok(own)).is_ok()) {
            let _ = read.blocking_send(Err(error));
        }
    });
    let mut stream = Box::pin(stream);
    let feeding = async move {
        while let Some(part) = stream.next().await {
            if pieces.send(part?).await.is_err() {
                break;
            }
        }
        Ok(())
    };
    let taking = async move {
        while let Some(entry) = entries.recv().await {
            if !found(entry?) {
                break;
            }
        }
        Ok::<_, Error>(())
    };
    tokio::try_join!(feeding, taking).map(drop)
}

/// What has come of an archive.
struct Pieces {
    received: mpsc::Receiver<Bytes>,
    now: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.now.is_empty() {
            match self.received.blocking_recv() {
                Some(next) => self.now = next,
                None => return Ok(0),
            }
        }
        let count = into.len().min(self.now.len());
        self.now.copy_to_slice(&mut into[..count]);
        Ok(count)
    }
}

fn each(archive: impl Read, keep: u64, mut found: impl FnMut(Entry) -> bool) -> io::Result<()> {
    for entry in Archive::new(archive).entries()? {
        let mut entry = entry?;
        let header = entry.header();
        let form = match header.entry_type() {
            EntryType::XGlobalHeader => continue,
            EntryType::Regular | EntryType::Continuous | EntryType::Link | EntryType::GNUSparse => {
                Form::File
            }
            EntryType::Directory => Form::Directory,
            EntryType::Symlink => Form::Link,
            _ => Form::Other,
        };
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let target = entry.link_name_bytes();
        let target = target.map_or_else(String::new, |own| String::from_utf8_lossy(&own).into());
        let mut own = Entry {
            path: path.trim_start_matches("./").trim_matches('/').to_owned(),
            form,
            mode: header.mode()? & 0o7777,
            owner: header.uid()?,
            group: header.gid()?,
            size: entry.size(),
            target,
            head: Vec::new(),
        };
        if own.size <= keep {
            entry.read_to_end(&mut own.head)?;
        }
        if !found(own) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn archive() -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut add = |path: &str, kind: EntryType, content: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_mode(0o100_644);
            header.set_uid(10001);
            header.set_gid(0);
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, path, content).unwrap();
        };
        add("./app/", EntryType::Directory, b"");
        add("app/a.py", EntryType::Regular, b"short");
        add("app/b.py", EntryType::Regular, b"longer than what is kept");
        add(&format!("{}/x.py", "d".repeat(120)), EntryType::Regular, b"");
        builder.into_inner().unwrap()
    }

    async fn entries(bytes: &[u8], piece: usize, most: usize) -> Result<Vec<Entry>, Error> {
        let pieces: Vec<_> =
            bytes.chunks(piece).map(|own| Ok(Bytes::copy_from_slice(own))).collect();
        let mut found = Vec::new();
        let keep = |own| {
            found.push(own);
            found.len() < most
        };
        read(stream::iter(pieces), 8, keep).await.map(|()| found)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn entries_come_whole_whatever_the_pieces_are() {
        let bytes = archive();
        for piece in [1, 100, 511, 513, bytes.len()] {
            let found = entries(&bytes, piece, 10).await.unwrap();
            let paths: Vec<&str> = found.iter().map(|own| own.path.as_str()).collect();
            let long = format!("{}/x.py", "d".repeat(120));
            assert_eq!(paths, ["app", "app/a.py", "app/b.py", &long]);
            assert_eq!(found[0].form, Form::Directory);
            assert_eq!((found[1].mode, found[1].owner, found[1].size), (0o644, 10001, 5));
            assert_eq!(found[1].head, b"short");
            assert_eq!(found[2].head, b"");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn it_ends_with_whoever_wants_no_more_and_with_what_breaks_off() {
        let bytes = archive();
        assert_eq!(entries(&bytes, 512, 2).await.unwrap().len(), 2);
        assert!(entries(&bytes[..700], 512, 10).await.is_err());
    }
}
