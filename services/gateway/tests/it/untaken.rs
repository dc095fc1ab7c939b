//! Clients that take nothing of answers of any size, or send their bodies by and by: how much waits for one is bounded.
use http::Request;
use kit_process::config::Switch;
use proto::tasks::v1::Task;
use tokio::io::AsyncWriteExt as _;

use crate::{
    edge::{Edge, ID},
    peers::Outcome,
};

async fn behind_a_proxy() -> Edge {
    Edge::with(|config| {
        config.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
        config.rate_limit = Switch::Off;
    })
    .await
}

/// Asks again and again from one address and takes nothing; gives how many were answered with `status` before one was refused, and the
/// answers, so that they stay as they are.
async fn asks(
    edge: &Edge,
    count: usize,
    request: impl Fn() -> http::request::Builder,
    body: &'static str,
) -> (usize, Vec<http::Response<hyper::body::Incoming>>) {
    let from = || request().header("x-forwarded-for", "198.51.100.7");
    let answers = edge.untaken(count, from, body).await;
    let answered = answers.iter().take_while(|answer| answer.status() == 200).count();
    let refused = &answers[answered..];
    let is_refused = |answer: &http::Response<_>| answer.status() == 429;
    assert!(refused.iter().all(is_refused), "{answered} were answered: {refused:?}");
    (answered, answers)
}

async fn others_are_served(edge: &Edge) {
    edge.peers.forget();
    let bearer = format!("Bearer {}", edge.another());
    let headers = [("authorization", &*bearer), ("x-forwarded-for", "198.51.100.8")];
    assert_eq!(edge.anonymous("GET", "/v1/tasks", &headers, "").await.status, 200);
    assert_eq!(edge.anonymous("GET", "/openapi.json", &headers[1..], "").await.status, 200);
}

fn task_of(bytes: usize) -> Outcome {
    let description = "x".repeat(bytes);
    let task = Task { id: ID.to_owned(), status: 1, priority: 1, description, ..Task::default() };
    Outcome::Gives(Box::new(task))
}

#[tokio::test]
async fn who_takes_nothing_of_small_answers_gets_no_more_of_them() {
    let edge = behind_a_proxy().await;
    (0..400).for_each(|_| edge.peers.next(task_of(30_000)));
    let bearer = format!("Bearer {}", edge.token);
    let request = || {
        Request::get(format!("http://errand.test/v1/tasks/{ID}")).header("authorization", &*bearer)
    };
    let (answered, held) = asks(&edge, 400, request, "").await;
    // A fifth of 32 MiB, of 34 KiB each.
    assert!((150..=230).contains(&answered), "{answered}");
    others_are_served(&edge).await;
    drop(held);
}

#[tokio::test]
async fn who_takes_nothing_of_packed_answers_has_them_packed_no_more_often() {
    let edge = behind_a_proxy().await;
    let request =
        || Request::get("http://errand.test/openapi.json").header("accept-encoding", "gzip");
    let (answered, held) = asks(&edge, 400, request, "").await;
    assert_eq!(held[0].headers()["content-encoding"], "gzip");
    let size = held[0].headers()["content-length"].to_str().unwrap().parse::<usize>().unwrap();
    assert!(size < 40_000 && answered * size < 7 << 20, "{answered} of {size}");
    others_are_served(&edge).await;
    drop(held);
}

#[tokio::test]
async fn who_signs_in_from_an_address_where_much_waits_is_let_in_and_others_there_are_not() {
    let edge = behind_a_proxy().await;
    let request =
        || Request::get("http://errand.test/openapi.json").header("accept-encoding", "gzip");
    let (_, held) = asks(&edge, 400, request, "").await;
    let json = ("content-type", "application/json");
    let there = [("x-forwarded-for", "198.51.100.7"), json];
    assert_eq!(edge.anonymous("GET", "/openapi.json", &there, "").await.status, 429);
    for (path, body) in [
        ("/v1/auth/login", r#"{"email":"a@b.test","password":"a long password"}"#),
        ("/v1/auth/refresh", r#"{"refresh_token":"x"}"#),
    ] {
        let reply = edge.anonymous("POST", path, &there, body).await;
        assert_eq!(reply.status, 200, "{path}: {:?}", reply.body);
    }
    drop(held);
}

#[tokio::test]
async fn who_takes_nothing_of_what_was_written_writes_no_more() {
    let edge = behind_a_proxy().await;
    (0..16).for_each(|_| edge.peers.next(task_of(1_000_000)));
    let bearer = format!("Bearer {}", edge.token);
    let request = || {
        Request::patch(format!("http://errand.test/v1/tasks/{ID}"))
            .header("authorization", &*bearer)
            .header("content-type", "application/json")
    };
    let (answered, held) = asks(&edge, 16, request, r#"{"title":"x"}"#).await;
    assert!((6..=9).contains(&answered), "{answered}");
    others_are_served(&edge).await;
    drop(held);
}

#[tokio::test]
async fn who_sends_a_body_by_and_by_has_no_place_that_others_need() {
    let edge = Edge::with(|config| {
        config.max_in_flight = 8;
        config.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    })
    .await;
    let mut halves = vec![];
    for number in 0..32 {
        let mut stream = edge.connect().await;
        let request = format!(
            "POST /v1/tasks HTTP/1.1\r\nhost: errand.test\r\nx-forwarded-for: 198.51.100.{}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: 200\r\n\r\n{{\"title\":",
            number % 4,
            edge.token
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        halves.push(stream);
    }
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    others_are_served(&edge).await;
    drop(halves);
}

#[tokio::test]
async fn who_sends_many_bodies_by_and_by_is_refused_when_they_are_too_much() {
    let edge = behind_a_proxy().await;
    let mut halves = vec![];
    for number in 0..40 {
        let mut stream = edge.connect().await;
        // Half of them do not say how long they are.
        let (length, begin) = match number % 2 {
            0 => ("content-length: 250000", "{\"title\":".to_owned()),
            _ => ("transfer-encoding: chunked", format!("30d40\r\n{}\r\n", "x".repeat(200_000))),
        };
        let request = format!(
            "POST /v1/tasks HTTP/1.1\r\nhost: errand.test\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n{length}\r\n\r\n{begin}",
            edge.token
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        halves.push(stream);
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let mut refused = 0;
    for stream in &halves {
        let mut reply = [0; 12];
        let answered =
            tokio::time::timeout(std::time::Duration::from_millis(20), stream.readable());
        if answered.await.is_ok() && stream.try_read(&mut reply).is_ok() {
            assert_eq!(&reply, b"HTTP/1.1 429");
            refused += 1;
        }
    }
    // A fifth of 32 MiB waits.
    assert!((8..=24).contains(&refused), "{refused}");
    others_are_served(&edge).await;
    drop(halves);
}
