//! Sends requests when they are due, whether or not those before were answered, and prints what came of them as one line of JSON.
//!
//! How long an answer took is counted from when its request was due, so that what waits for a slow server is not left out. With a small
//! `--at-once` and a rate that nothing reaches it is a closed loop: the next goes when one of those before was answered.
mod client;
mod report;

use std::{
    cell::RefCell, io::Write as _, net::SocketAddr, path::PathBuf, rc::Rc, sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use clap::Parser;
use tokio::{
    sync::Semaphore,
    task::{LocalSet, yield_now},
    time::{Instant, sleep_until},
};

use self::{
    client::Client,
    report::{Outcome, Report},
};

/// The clock of the runtime is no finer; closer to its time a request is waited for awake.
const TICK: Duration = Duration::from_millis(2);

/// Sends requests when they are due, over HTTP/1.1 from addresses of the loopback network, and says what came of them.
#[derive(Parser)]
struct Arguments {
    /// Where the server listens.
    #[arg(long)]
    address: SocketAddr,
    /// The requests, sent in turn: of each a line with its length in bytes, and the bytes.
    #[arg(long)]
    requests: PathBuf,
    /// Requests a second; they come by chance (exponentially distributed gaps).
    #[arg(long)]
    rate: f64,
    /// How long, in seconds.
    #[arg(long)]
    seconds: f64,
    /// The most that are under way at once. One that is due meanwhile waits, and goes when there is a place.
    #[arg(long, default_value_t = 4096)]
    at_once: usize,
    /// How long an answer is waited for, in seconds.
    #[arg(long, default_value_t = 10.0)]
    patience: f64,
}

/// The requests of a file, as [`Arguments::requests`] says.
fn requests(mut text: &[u8]) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut requests = vec![];
    while !text.is_empty() {
        let end = text.iter().position(|byte| *byte == b'\n').context("a length without an end")?;
        let length: usize = std::str::from_utf8(&text[..end])?.trim().parse()?;
        let request = text.get(end + 1..end + 1 + length).context("a request is cut short")?;
        requests.push(request.to_vec());
        text = &text[end + 1 + length..];
    }
    anyhow::ensure!(!requests.is_empty(), "there are no requests");
    Ok(requests)
}

/// Waits for a moment to within some microseconds.
async fn until(due: Instant) {
    if due > Instant::now() + TICK {
        sleep_until(due - TICK).await;
    }
    while Instant::now() < due {
        yield_now().await;
    }
}

async fn load(arguments: &Arguments, requests: Vec<Vec<u8>>) -> Report {
    let patience = Duration::from_secs_f64(arguments.patience);
    let client = Rc::new(Client::new(arguments.address, patience));
    let (report, places) =
        (Rc::new(RefCell::new(Report::default())), Arc::new(Semaphore::new(arguments.at_once)));
    let (began, requests) = (Instant::now(), Rc::new(requests));
    let (mut due, mut under_way) = (began, tokio::task::JoinSet::new());
    for number in 0.. {
        due += Duration::from_secs_f64(-(1.0 - fastrand::f64()).ln() / arguments.rate);
        if due.duration_since(began).as_secs_f64() >= arguments.seconds {
            break;
        }
        until(due).await;
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        if began.elapsed().as_secs_f64() >= arguments.seconds {
            break;
        }
        let (client, requests, report) = (client.clone(), requests.clone(), report.clone());
        under_way.spawn_local(async move {
            let status = client.send(number, &requests[number % requests.len()]).await;
            let at = due.duration_since(began);
            report.borrow_mut().add(Outcome { at, status, took: due.elapsed() });
            drop(place);
        });
        while under_way.try_join_next().is_some() {}
    }
    while under_way.join_next().await.is_some() {}
    Rc::try_unwrap(report).map(RefCell::into_inner).unwrap_or_default()
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let requests = requests(&std::fs::read(&arguments.requests)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = LocalSet::new().block_on(&runtime, load(&arguments, requests));
    let told = serde_json::to_string(&report.summary(arguments.seconds))?;
    writeln!(std::io::stdout(), "{told}")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_with_their_lengths() {
        assert_eq!(requests(b"3\nabc2\n\n\n").unwrap(), [b"abc".to_vec(), b"\n\n".to_vec()]);
        for wrong in [&b""[..], b"3\nab", b"x\nabc", b"3"] {
            assert!(requests(wrong).is_err(), "{wrong:?}");
        }
    }
}
