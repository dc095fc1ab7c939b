//! Clients that work all the time and forgive nothing.
use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use kit_base::testing::{Random, eventually};
use serde_json::json;

use crate::{
    http::{Ask, Http, Reply},
    user::{User, path_of, text},
};

const CLIENTS: u64 = 6;

/// What the clients saw.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) requests: usize,
    pub(crate) failures: Vec<String>,
    pub(crate) slowest: Duration,
}

/// The edges that the balancer in front of them knows to be ready.
pub(crate) type Edges = Mutex<Vec<Http>>;

/// Runs `disturbance` while clients work, and gives what they saw. No request is sent again by a client.
pub(crate) async fn during(
    user: &User,
    edges: &Edges,
    disturbance: impl AsyncFnOnce(&Mutex<Seen>),
) -> Seen {
    let (seen, done) = (Mutex::new(Seen::default()), AtomicBool::new(false));
    let work = join_all((0..CLIENTS).map(|client| client_works(client, user, edges, &seen, &done)));
    let disturbed = async {
        disturbance(&seen).await;
        done.store(true, Ordering::Relaxed);
    };
    let (created, ()) = tokio::join!(work, disturbed);
    let mut created: Vec<String> = created.into_iter().flatten().collect();
    created.sort();
    let user = at_some_edge(user, edges, &mut Random::new(0));
    let mut listed: Vec<String> = user
        .reads_all("/v1/tasks?limit=200")
        .await
        .iter()
        .map(|task| text(&task["title"]).to_owned())
        .collect();
    listed.sort();
    let seen = seen.into_inner().expect("no client panicked");
    assert_eq!(listed, created, "what was acknowledged is there, once: {:?}", seen.failures);
    seen
}

/// Waits until the clients have had so many more answers.
pub(crate) async fn goes_on(seen: &Mutex<Seen>, requests: usize) {
    let count = || seen.lock().expect("no client panicked").requests;
    let enough = count() + requests;
    eventually("the clients go on", async || count() >= enough).await;
}

/// Gives the titles of the tasks whose creation was acknowledged.
async fn client_works(
    client: u64,
    user: &User,
    edges: &Edges,
    seen: &Mutex<Seen>,
    done: &AtomicBool,
) -> Vec<String> {
    let (mut random, mut created, mut path) = (Random::new(client), vec![], None::<String>);
    for number in 0_usize.. {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let user = at_some_edge(user, edges, &mut random);
        let title = format!("{client}.{number}");
        match (random.below(10), &path) {
            (0..=2, _) | (_, None) => {
                let reply = counted(user.post("/v1/tasks", &json!({ "title": title })), seen).await;
                if let Some(reply) = reply.filter(|reply| reply.status == 201) {
                    path = Some(path_of(&reply.json()));
                    created.push(title);
                }
            }
            (3 | 4, Some(path)) => {
                let patch = json!({ "description": format!("changed in round {number}") });
                counted(user.patch(path, &patch), seen).await;
            }
            (5, _) => drop(counted(user.get("/v1/me"), seen).await),
            (6, _) => drop(counted(user.get("/v1/tasks?limit=20"), seen).await),
            (_, Some(path)) => drop(counted(user.get(path), seen).await),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    created
}

fn at_some_edge(user: &User, edges: &Edges, random: &mut Random) -> User {
    let edges = edges.lock().expect("no client panicked");
    User { http: random.one_of(&edges).clone(), ..user.clone() }
}

async fn counted(ask: Ask, seen: &Mutex<Seen>) -> Option<Reply> {
    let (begun, asked) = (Instant::now(), ask.line());
    let outcome = ask.attempt().await;
    let mut seen = seen.lock().expect("no client panicked");
    seen.requests += 1;
    seen.slowest = seen.slowest.max(begun.elapsed());
    match outcome {
        Ok(reply) if reply.status.is_success() => return Some(reply),
        Ok(reply) => {
            let body = String::from_utf8_lossy(&reply.body);
            seen.failures.push(format!("{asked}: {} {body}", reply.status));
        }
        Err(error) => seen.failures.push(format!("{asked}: {error}")),
    }
    None
}
