//! A server of a few lines that stands for the application, for `--arm`: it runs in
//! the application's own image, and does one thing wrong.

use serde_json::json;

use super::case::Case;
use super::model::Model;

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Every answer is a 503.
    Refuses,
    /// Readiness says that no model is loaded.
    NoModel,
    /// Its page names a style sheet that is not there.
    NoStyle,
    /// Every tenth answer is a 500.
    Fails,
    /// It does one thing at a time.
    Alone,
    /// Each of its processes does one thing at a time, and takes a moment for it.
    Slow,
    /// Its second container fails, and its health check does not see it.
    Second,
}

impl Wrong {
    const fn name(self) -> &'static str {
        match self {
            Self::Refuses => "refuses",
            Self::NoModel => "no-model",
            Self::NoStyle => "no-style",
            Self::Fails => "fails",
            Self::Alone => "alone",
            Self::Slow => "slow",
            Self::Second => "second",
        }
    }
}

const SERVER: &str = r#"
import http.server, itertools, os, signal, socket, sys, time
wrong, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
number = itertools.count(1)
try:
    second = wrong == "second" and len(socket.gethostbyname_ex(name)[2]) > 1
except OSError:
    second = False
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, kind, body = 200, "application/json", b'{"status": "ready", "checks": {"database": "ok", "cache": "ok", "broker": "ok", "model": "no"}, "model_loaded": false}'
        if wrong == "slow":
            time.sleep(0.02)
        if second or wrong == "refuses" or wrong == "fails" and next(number) % 10 == 0:
            status = 503 if wrong == "refuses" else 500
        if wrong == "no-style":
            if self.path.endswith(".css"):
                status, kind, body = 404, "text/plain", b"no"
            else:
                kind, body = "text/html", b'<link rel="stylesheet" href="/static/not-there.css">'
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if wrong in ("alone", "slow"):
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer
    def log_message(self, *words): pass
kind = http.server.HTTPServer if wrong in ("alone", "slow") else http.server.ThreadingHTTPServer
kind.request_queue_size = 128
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = kind(("0.0.0.0", port), Handler)
if wrong == "slow":
    for _ in range(int(os.environ.get("WEB_CONCURRENCY") or 1) - 1):
        if os.fork() == 0:
            break
server.serve_forever()
"#;

/// Puts it in the place of the application that serves HTTP; `false` where there is
/// none whose port is known.
pub fn stands_in(case: &Case, model: &mut Model, wrong: Wrong) -> bool {
    let Some((name, port)) = web(case) else { return false };
    let service = model.service_mut(&name);
    service["entrypoint"] = json!(["python3", "-u", "-c", SERVER.replace('$', "$$")]);
    service["command"] = json!([wrong.name(), port.to_string(), name]);
    // It answers, and what it answers is not the question here; others wait for it.
    service["healthcheck"] = json!({
        "test": ["CMD", "python3", "-c", format!("import socket; socket.create_connection(('127.0.0.1', {port}), 2)")],
        "interval": "1s", "timeout": "3s", "retries": 30, "start_period": "30s",
    });
    true
}

/// The application that serves HTTP, and its port in the container.
fn web(case: &Case) -> Option<(String, u16)> {
    let web = case.web()?;
    let edge = case.edge().filter(|edge| edge.service == web.name).map(|edge| edge.target);
    Some((web.name.clone(), web.port.or(edge)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_in_the_server() {
        for wrong in
            [Wrong::Refuses, Wrong::NoStyle, Wrong::Fails, Wrong::Alone, Wrong::Slow, Wrong::Second]
        {
            assert!(SERVER.contains(&format!("\"{}\"", wrong.name())), "{wrong:?}");
        }
    }
}
