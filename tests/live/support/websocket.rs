//! A WebSocket client on loopback, as much of RFC 6455 as short texts need.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use serde_json::Value;

use crate::support::stack::ANSWER_LIMIT;

const TEXT: u8 = 0x81;
const MASKED: u8 = 0x80;

/// An open connection.
pub struct WebSocket(BufReader<TcpStream>);

impl WebSocket {
    /// Connects as a page of the same site does.
    ///
    /// # Panics
    /// When the server does not take the upgrade.
    #[track_caller]
    pub fn open(port: u16, path: &str) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
        stream.set_read_timeout(Some(ANSWER_LIMIT)).expect("a limit");
        let mut socket = Self(BufReader::new(stream));
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n\
             Upgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        socket.0.get_mut().write_all(head.as_bytes()).expect("a request is sent");
        let mut answer = String::new();
        while !answer.ends_with("\r\n\r\n") {
            let read = socket.0.read_line(&mut answer).expect("an answer to the upgrade");
            assert_ne!(read, 0, "the answer to {path} broke off: {answer}");
        }
        assert!(answer.starts_with("HTTP/1.1 101"), "{path} is not upgraded: {answer}");
        socket
    }

    /// Sends a text of fewer than 126 bytes.
    pub fn send(&mut self, text: &str) {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 126);
        // A mask of zeros is a mask.
        let mut frame = vec![TEXT, MASKED | length.expect("a short text"), 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        self.0.get_mut().write_all(&frame).expect("a frame is sent");
    }

    /// The next text.
    ///
    /// # Panics
    /// When something else comes, or nothing.
    #[track_caller]
    pub fn receive(&mut self) -> String {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).expect("a frame");
        assert_eq!(head[0], TEXT, "a frame of another kind");
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.0.read_exact(&mut length).expect("a length");
                usize::from(u16::from_be_bytes(length))
            }
            length => {
                assert!(length < 126, "a long frame, or a masked one");
                usize::from(length)
            }
        };
        let mut text = vec![0; length];
        self.0.read_exact(&mut text).expect("a text");
        String::from_utf8(text).expect("a text is UTF-8")
    }

    /// The next text, as JSON.
    #[track_caller]
    pub fn receive_json(&mut self) -> Value {
        let text = self.receive();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }
}
