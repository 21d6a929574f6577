//! An HTTP/1.1 client that tells apart what a tidy one hides: whether a request was
//! refused, never answered, or answered in part.

use std::convert::Infallible;
use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The body of a request: whole, or in parts that are sent when they come.
type Body = BoxBody<Bytes, Infallible>;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Headers beside `Host`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Call {
    /// A GET.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET".into(), path: path.into(), headers: Vec::new(), body: Bytes::new() }
    }

    /// A POST of JSON.
    #[must_use]
    pub fn post(path: impl Into<String>, body: &serde_json::Value) -> Self {
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Self { method: "POST".into(), path: path.into(), headers, body: body.to_string().into() }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Bytes,
    /// From the first byte that was sent to the last that was received.
    pub took: Duration,
}

impl Answer {
    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether it is neither an error of the client's nor of the server's.
    #[must_use]
    pub const fn is_fine(&self) -> bool {
        self.status < 400
    }
}

/// Why there is no complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection, or it ended before the first byte of an answer.
    Unanswered(String),
    /// An answer began and did not end as it announced.
    BrokenOff(String),
    /// What came is another protocol's.
    NotHttp(String),
    /// Not a byte of an answer within the limit.
    TooLate(Duration),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unanswered(why) => write!(f, "not answered ({why})"),
            Self::BrokenOff(why) => write!(f, "answered in part ({why})"),
            Self::NotHttp(why) => write!(f, "answered with something else than HTTP ({why})"),
            Self::TooLate(limit) => write!(f, "not answered within {:.0} s", limit.as_secs_f64()),
        }
    }
}

/// Longest that a request of which half is sent is kept.
const HALF: Duration = Duration::from_secs(600);

/// What becomes of a request.
pub type Result<T> = std::result::Result<T, Failure>;

/// The way in: an address, and what every request says beside its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// Where connections go.
    pub address: String,
    /// The port there.
    pub port: u16,
    /// The `Host` that is asked for.
    pub host: String,
    /// Headers of every request.
    pub headers: Vec<(String, String)>,
}

impl Door {
    /// A way in that says nothing special.
    #[must_use]
    pub fn new(address: &str, port: u16) -> Self {
        Self {
            address: address.to_owned(),
            port,
            host: format!("localhost:{port}"),
            headers: Vec::new(),
        }
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// When nobody takes it.
    pub async fn connect(&self, limit: Duration) -> Result<Connection> {
        let connecting = TcpStream::connect((self.address.as_str(), self.port));
        let stream = match timeout(limit, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Failure::Unanswered(error.to_string())),
            Err(_) => return Err(Failure::TooLate(limit)),
        };
        let _ = stream.set_nodelay(true);
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Failure::Unanswered(error.to_string()))?;
        // It ends with the connection; what it says is said by each request too.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Connection { sender, door: self.clone() })
    }

    /// Asks on a connection of its own.
    ///
    /// # Errors
    /// When there is no complete answer within the limit.
    pub async fn ask(&self, call: &Call, limit: Duration) -> Result<Answer> {
        self.connect(limit).await?.ask(call, limit).await
    }

    /// The status with which an answer begins, whenever it ends: a stream of events
    /// does not.
    ///
    /// # Errors
    /// When none begins within the limit.
    pub async fn status(&self, path: &str, limit: Duration) -> Result<u16> {
        let asking = async {
            let mut connection = self.connect(limit).await?;
            let body = Full::new(Bytes::new()).boxed();
            let request = connection.request(&Call::get(path), body, None)?;
            let sending = connection.sender.send_request(request);
            let head = sending.await.map_err(|error| Failure::Unanswered(error.to_string()))?;
            Ok(head.status().as_u16())
        };
        asking.await
    }

    /// Gets a path on a connection of its own.
    ///
    /// # Errors
    /// See [`Door::ask`].
    pub async fn get(&self, path: &str, limit: Duration) -> Result<Answer> {
        self.ask(&Call::get(path), limit).await
    }
}

/// An open connection, on which one request follows the other.
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<Body>,
    door: Door,
}

impl Connection {
    /// Whether another request can be sent on it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Asks, and waits for the whole answer.
    ///
    /// # Errors
    /// When there is none within the limit.
    pub async fn ask(&mut self, call: &Call, limit: Duration) -> Result<Answer> {
        let body = Full::new(call.body.clone()).boxed();
        let request = self.request(call, body, None)?;
        let begun = Instant::now();
        if self.sender.ready().await.is_err() {
            return Err(Failure::Unanswered("the connection was closed".into()));
        }
        answer(self.sender.send_request(request), begun, limit).await
    }

    /// Sends a request and the first half of its body; the rest is sent when it is
    /// finished.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub async fn half(mut self, call: &Call) -> Result<Half> {
        let middle = call.body.len() / 2;
        let (parts, rest) = mpsc::unbounded_channel();
        let stream =
            futures_util::stream::unfold(rest, |mut rest: mpsc::UnboundedReceiver<Bytes>| async {
                let part = rest.recv().await?;
                Some((Ok(Frame::data(part)), rest))
            });
        let body = StreamBody::new(stream).boxed();
        let request = self.request(call, body, Some(call.body.len()))?;
        self.sender.ready().await.map_err(|error| Failure::Unanswered(error.to_string()))?;
        let _ = parts.send(call.body.slice(..middle));
        let answering =
            tokio::spawn(answer(self.sender.send_request(request), Instant::now(), HALF));
        Ok(Half { parts, rest: call.body.slice(middle..), answering, _sender: self.sender })
    }

    fn request(
        &self,
        call: &Call,
        body: Body,
        length: Option<usize>,
    ) -> Result<hyper::Request<Body>> {
        let mut request =
            hyper::Request::builder().method(call.method.as_str()).uri(call.path.as_str());
        let own = call.headers.iter();
        let says_host = own.clone().any(|(name, _)| name.eq_ignore_ascii_case("host"));
        if !says_host {
            request = request.header("Host", &self.door.host);
        }
        if let Some(length) = length {
            request = request.header("Content-Length", length);
        }
        for (name, value) in self.door.headers.iter().chain(own) {
            request = request.header(name, value);
        }
        request.body(body).map_err(|error| Failure::Unanswered(error.to_string()))
    }
}

/// A request of which only half is sent.
#[derive(Debug)]
pub struct Half {
    parts: mpsc::UnboundedSender<Bytes>,
    rest: Bytes,
    answering: tokio::task::JoinHandle<Result<Answer>>,
    _sender: SendRequest<Body>,
}

impl Half {
    /// Sends the rest, and waits for the answer.
    ///
    /// # Errors
    /// When there is none within the limit.
    pub async fn finish(self, limit: Duration) -> Result<Answer> {
        let _ = self.parts.send(self.rest);
        drop(self.parts);
        match timeout(limit, self.answering).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Err(Failure::Unanswered(error.to_string())),
            Err(_) => Err(Failure::TooLate(limit)),
        }
    }
}

async fn answer(
    sending: impl Future<Output = hyper::Result<hyper::Response<hyper::body::Incoming>>>,
    begun: Instant,
    limit: Duration,
) -> Result<Answer> {
    let response = timeout(limit, sending).await.map_err(|_| Failure::TooLate(limit))?;
    let response = response.map_err(|error| {
        use std::error::Error as _;
        let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        if error.is_parse() {
            return Failure::NotHttp(cause);
        }
        match error.is_incomplete_message()
            || error.is_canceled()
            || error.is_closed()
            || error.source().is_some()
        {
            true => Failure::Unanswered(cause),
            false => Failure::BrokenOff(cause),
        }
    })?;
    let status = response.status().as_u16();
    let text =
        |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect();
    // What has begun and does not end is another thing than what never came.
    let body = timeout(limit.saturating_sub(begun.elapsed()), response.into_body().collect()).await;
    let body = body
        .map_err(|_| Failure::BrokenOff("it did not end in time".into()))?
        .map_err(|error| Failure::BrokenOff(error.to_string()))?;
    Ok(Answer { status, headers, body: body.to_bytes(), took: begun.elapsed() })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    /// A server that reads something, says this, and closes.
    async fn saying(text: &'static str) -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = [0; 1024];
            let _ = stream.read(&mut read).await;
            stream.write_all(text.as_bytes()).await.unwrap();
        });
        Door::new("127.0.0.1", port)
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_not_one_that_never_came() {
        let whole = saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        assert_eq!(whole.get("/", LIMIT).await.unwrap().text(), "ok");
        let none = saying("").await;
        assert!(matches!(none.get("/", LIMIT).await, Err(Failure::Unanswered(_))));
        let half = saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok").await;
        assert!(matches!(half.get("/", LIMIT).await, Err(Failure::BrokenOff(_))));
        let nobody = Door::new("127.0.0.1", 1);
        assert!(matches!(nobody.get("/", LIMIT).await, Err(Failure::Unanswered(_))));
    }

    #[tokio::test]
    async fn the_second_half_of_a_body_is_sent_when_it_is_asked_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = Door::new("127.0.0.1", listener.local_addr().unwrap().port());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut text = String::new();
            let mut read = [0; 1024];
            while !text.ends_with("0123456789") {
                let count = stream.read(&mut read).await.unwrap();
                text.push_str(&String::from_utf8_lossy(&read[..count]));
            }
            stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").await.unwrap();
            text
        });
        let call = Call { body: "0123456789".into(), ..Call::get("/items") };
        let half = door.connect(LIMIT).await.unwrap().half(&call).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!server.is_finished());
        assert_eq!(half.finish(LIMIT).await.unwrap().status, 201);
        assert!(server.await.unwrap().contains("content-length: 10"));
    }
}
