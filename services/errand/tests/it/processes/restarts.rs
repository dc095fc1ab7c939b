//! A new release: every process is told to stop, and started again.
use std::{sync::Mutex, time::Duration};

use tokio::time::timeout;

use kit_db::testing::Backend;

use super::{
    fleet::{Fleet, folder_of},
    heavy, load,
    process::Process,
};
use crate::{storage, stream::Stream, user::User};

/// How late the balancer learns that an edge is not ready any more; processes go on serving for longer than that.
const LAG: Duration = Duration::from_secs(1);

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn no_client_sees_a_rolling_restart() {
    heavy(async { rolls(Fleet::split(2, 2, 2).await).await });
}

async fn rolls(mut fleet: Fleet) {
    let all = fleet.edges();
    let user = User::joins(&all[0], "alice").await;
    let edges = Mutex::new(all.clone());
    let names: Vec<String> = fleet.processes.iter().map(|process| process.name.clone()).collect();
    let seen = load::during(&user, &edges, async |_| {
        for name in names {
            restarts(&mut fleet, &name, &user, &edges).await;
        }
    })
    .await;
    eprintln!(
        "{} requests, {} failures, slowest {:?}",
        seen.requests,
        seen.failures.len(),
        seen.slowest
    );
    assert_eq!(seen.failures, Vec::<String>::new(), "of {} requests", seen.requests);
    assert!(seen.requests > 1_000, "only {} requests", seen.requests);
}

/// One process, as a deployment does it: told to stop, out of the balancer a while later, and back when it is ready again.
async fn restarts(fleet: &mut Fleet, name: &str, user: &User, edges: &load::Edges) {
    let process = fleet.process(name);
    let edge = process.address.clone();
    let is_edge = name.starts_with("gateway");
    let streams = if is_edge { open_streams(user, &edge).await } else { vec![] };
    let leaves_balancer = async {
        tokio::time::sleep(LAG).await;
        edges.lock().expect("no client panicked").retain(|known| known.base != edge);
    };
    let (stopped, ()) =
        tokio::join!(process.is_told_to_stop(Duration::from_secs(30)), leaves_balancer);
    let (status, took) = stopped.unwrap_or_else(|| panic!("{name} is not gone after 30 s"));
    eprintln!("{name} was gone after {took:?} with {status}");
    assert!(status.success(), "{name} ended with {status}");
    for mut stream in streams {
        let ends = async { while stream.next().await.is_some() {} };
        timeout(Duration::from_secs(30), ends).await.expect("a stream ends with its process");
    }
    process.start_again();
    process.becomes_ready().await;
    if is_edge {
        edges.lock().expect("no client panicked").push(crate::http::Http::new(edge));
    }
}

async fn open_streams(user: &User, edge: &str) -> Vec<Stream> {
    let user = User { http: crate::http::Http::new(edge), ..user.clone() };
    vec![Stream::open(&user, None).await, Stream::open(&user, None).await]
}

#[test]
fn who_stops_a_process_that_still_waits_has_not_to_wait() {
    heavy(async {
        let mut variables = storage::variables(Backend::Sqlite).await;
        let folder = folder_of(&variables);
        let nowhere = "postgres://nobody@127.0.0.1:1/nothing".to_owned();
        let set = [("DATABASE_URL", nowhere), ("LOG_FORMAT", "pretty".to_owned())];
        let set = set.into_iter().chain([("DRAIN_DELAY", "0s".to_owned())]);
        variables.retain(|(name, _)| !["DATABASE_URL", "LOG_FORMAT", "DRAIN_DELAY"].contains(name));
        variables.extend(set);
        let mut process = Process::start("errand", "waiting", &folder, variables);
        process.says("the database is waited for", 1).await;
        let ended = process.is_told_to_stop(Duration::from_secs(15)).await;
        let (status, took) = ended.expect("it ends");
        assert!(status.success() && took < Duration::from_secs(8), "{status} after {took:?}");
    });
}
