//! Whether one request that takes long keeps others waiting.
//!
//! A request that never ends its head is one that takes long, whatever the application
//! is: a process or thread that does one thing at a time waits for the rest of it, a
//! server with an event loop does not. It is sent to the application itself, since a
//! proxy would keep it.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::verify::asked::Asked;
use crate::verify::client::{Call, Door};
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

const ID: &str = "load.hang";
/// What is never finished.
const BEGUN: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
/// Until a server has read it.
const READ: Duration = Duration::from_millis(700);
/// Others, at once and one round after the other.
const OTHERS: usize = 4;
const ROUNDS: usize = 5;
/// Opens a connection in the application's container, and holds it.
const HOLD: &str = "import socket, sys, time
own = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)
own.sendall(sys.argv[2].encode())
print('held', flush=True)
time.sleep(float(sys.argv[3]))";

/// Judges it.
pub async fn judge(run: &mut Run<'_>, door: &Door, asked: &[Asked]) -> Outcome {
    run.doing("asking beside a request that takes long");
    let Some(web) = run.case.web() else {
        let why = "which service is the application is not known";
        run.record(Finding::skipped(ID, why));
        return Ok(());
    };
    let limit = run.seconds("verify.slow-request");
    let held = limit + Duration::from_secs(4);
    let name = web.name.clone();
    let is_edge = run.case.edge.as_ref().is_some_and(|edge| edge.service == name);
    let holder = match (is_edge, web.port) {
        (true, _) => through(door, held).await,
        (false, Some(port)) => inside(run, &name, port, held).await?,
        (false, None) => Err("the port that the application listens on is not known".to_owned()),
    };
    let holder = match holder {
        Ok(holder) => holder,
        Err(why) => {
            run.record(Finding::skipped(ID, why));
            return Ok(());
        }
    };
    let call = others(run, asked);
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    let mut late = 0;
    for _ in 0..ROUNDS {
        let asking = (0..OTHERS).map(|_| async {
            let begun = Instant::now();
            (door.ask(&call, limit).await.is_ok(), begun.elapsed())
        });
        for (answered, took) in join_all(asking).await {
            slowest = slowest.max(took);
            late += usize::from(!answered);
        }
        if late > 0 {
            break;
        }
    }
    let still = !holder.is_finished();
    holder.abort();
    let slowest_ms = slowest.as_secs_f64() * 1000.0;
    let finding = if late > 0 {
        let said = format!(
            "while one request takes long, {late} of {OTHERS} others got no answer within {} s",
            limit.as_secs()
        );
        let log = match run.container(&name).await? {
            Some(container) => run.engine.logs(&container.id, 6).await?,
            None => Vec::new(),
        };
        Finding::failed(ID, said)
            .help("more processes or threads (tune.web.workers, tune.web.threads), or a server with an event loop")
            .log(log)
    } else if still {
        Finding::passed(
            ID,
            format!(
                "while one request takes long, others are answered after {} at most",
                Unit::Milliseconds.show(slowest_ms)
            ),
        )
    } else {
        let seconds = Unit::Seconds.show(begun.elapsed().as_secs_f64());
        Finding::skipped(
            ID,
            format!("the request that should take long was ended within {seconds}"),
        )
    };
    let finding = finding.measured("slowest", slowest_ms, Unit::Milliseconds);
    run.record(finding.of(name).by(run.limit("verify.slow-request")));
    Ok(())
}

/// What others ask: liveness, else the first of the load.
fn others(run: &Run<'_>, asked: &[Asked]) -> Call {
    match &run.case.live {
        Some(path) if asked.iter().any(|own| own.call.path == *path) => Call::get(path),
        _ => asked.first().map_or_else(|| Call::get("/"), |own| own.call.clone()),
    }
}

/// Holds a connection that is opened from here.
async fn through(door: &Door, held: Duration) -> Result<JoinHandle<()>, String> {
    let connecting = TcpStream::connect((door.address.as_str(), door.port));
    let mut stream = match timeout(Duration::from_secs(5), connecting).await {
        Ok(Ok(stream)) => stream,
        _ => return Err("the application takes no connection".to_owned()),
    };
    stream.write_all(BEGUN.as_bytes()).await.map_err(|error| error.to_string())?;
    sleep(READ).await;
    Ok(tokio::spawn(async move {
        sleep(held).await;
        drop(stream);
    }))
}

/// Holds one that is opened beside the application, in its container.
async fn inside(
    run: &Run<'_>,
    name: &str,
    port: u16,
    held: Duration,
) -> Outcome<Result<JoinHandle<()>, String>> {
    let Some(container) = run.container(name).await? else {
        return Ok(Err("the application does not run".to_owned()));
    };
    let (port, seconds) = (port.to_string(), held.as_secs().to_string());
    let limit = held + Duration::from_secs(5);
    for python in ["python3", "python"] {
        let there = run
            .engine
            .exec(&container.id, None, &[python, "-c", "pass"], Duration::from_secs(10))
            .await?;
        if !there.is_ok() {
            continue;
        }
        let (engine, id) = (run.engine.clone(), container.id.clone());
        let (own, port, seconds) = (port.clone(), port.clone(), seconds.clone());
        let holder = tokio::spawn(async move {
            let words = [python, "-c", HOLD, &port, BEGUN, &seconds];
            let _ = engine.exec(&id, None, &words, limit).await;
        });
        sleep(READ + Duration::from_millis(500)).await;
        return Ok(match holder.is_finished() {
            true => Err(format!("the application takes no connection on port {own}")),
            false => Ok(holder),
        });
    }
    Ok(Err("the application's image has no python to ask with".to_owned()))
}
