//! An HTTP/1.1 client on loopback that tells apart what a tidy one hides: whether a request
//! was refused, never answered, or answered in part.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A request; always for this machine.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub body: Vec<u8>,
    headers: Vec<(&'static str, String)>,
}

impl Request {
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), body: Vec::new(), headers: Vec::new() }
    }

    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        let json = ("Content-Type", "application/json".to_owned());
        let body = body.to_string().into_bytes();
        Self { method: "POST", path: path.into(), body, headers: vec![json] }
    }

    /// A form with one file in it, as a browser sends it.
    pub fn upload(path: impl Into<String>, field: &str, name: &str, file: &[u8]) -> Self {
        const BOUNDARY: &str = "no-file-of-these-tests-has-this-line";
        let mut body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(file);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let form = ("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"));
        Self { method: "POST", path: path.into(), body, headers: vec![form] }
    }

    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Everything before the body.
    pub fn head(&self, port: u16) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if self.headers.iter().all(|(name, _)| *name != "Host") {
            head += &format!("Host: localhost:{port}\r\n");
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !self.body.is_empty() {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        (head + "\r\n").into_bytes()
    }
}

/// A complete answer.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Response {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in the {} answer {}", self.status, self.text()))
    }

    /// This answer, if it has the status.
    ///
    /// # Panics
    /// When it has another one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "the answer: {}", self.text());
        self
    }
}

/// Why there is no complete answer.
#[derive(Debug)]
pub enum Failure {
    /// No connection, or it ended before the first byte of an answer.
    Unanswered(io::Error),
    /// An answer began and did not end as it announced.
    BrokenOff(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unanswered(error) => write!(formatter, "unanswered: {error}"),
            Self::BrokenOff(error) => write!(formatter, "answered in part: {error}"),
        }
    }
}

/// One connection; it is kept open between requests unless the server says otherwise.
pub struct Connection {
    stream: BufReader<TcpStream>,
    port: u16,
}

impl Connection {
    /// Connects; every later wait for the server is limited as well.
    pub fn open(port: u16, limit: Duration) -> Result<Self, Failure> {
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into();
        let stream = TcpStream::connect_timeout(&address, limit).map_err(Failure::Unanswered)?;
        let prepare = || {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(limit))?;
            stream.set_write_timeout(Some(limit))
        };
        prepare().map_err(Failure::Unanswered)?;
        Ok(Self { stream: BufReader::new(stream), port })
    }

    /// Sends a whole request and waits for its answer.
    pub fn exchange(&mut self, request: &Request) -> Result<Response, Failure> {
        let mut bytes = request.head(self.port);
        bytes.extend_from_slice(&request.body);
        self.send(&bytes)?;
        self.receive()
    }

    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream.get_mut().write_all(bytes).map_err(Failure::Unanswered)
    }

    /// The next answer.
    pub fn receive(&mut self) -> Result<Response, Failure> {
        let begun =
            self.stream.fill_buf().map(|bytes| !bytes.is_empty()).map_err(Failure::Unanswered)?;
        if !begun {
            return Err(Failure::Unanswered(io::ErrorKind::UnexpectedEof.into()));
        }
        self.read_answer().map_err(Failure::BrokenOff)
    }

    fn read_answer(&mut self) -> io::Result<Response> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.ok_or_else(|| invalid(&first))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| invalid(&line))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut response = Response { status, headers, body: Vec::new() };
        response.body = self.read_body(&response)?;
        Ok(response)
    }

    fn read_body(&mut self, response: &Response) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if let Some(length) = response.header("content-length") {
            let length = length.parse().map_err(|_| invalid(length))?;
            self.read_exactly(length, &mut body)?;
        } else if response.header("transfer-encoding") == Some("chunked") {
            loop {
                let line = self.line()?;
                let length = usize::from_str_radix(&line, 16).map_err(|_| invalid(&line))?;
                self.read_exactly(length, &mut body)?;
                self.line()?;
                if length == 0 {
                    break;
                }
            }
        } else if response.status != 204 && response.status != 304 {
            self.stream.read_to_end(&mut body)?;
        }
        Ok(body)
    }

    fn read_exactly(&mut self, length: usize, body: &mut Vec<u8>) -> io::Result<()> {
        let start = body.len();
        body.resize(start + length, 0);
        self.stream.read_exact(&mut body[start..])
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not HTTP: {text}"))
}
