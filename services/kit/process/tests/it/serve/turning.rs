//! Requests that the service turns away before they are read, among others on the same connection.
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use kit_process::serve::whole;

use super::*;

/// A server that turns away what asks for `/turned`, which its routes count.
async fn server(idle: Duration) -> (Server, &'static AtomicUsize) {
    let read: &AtomicUsize = Box::leak(Box::default());
    let routes = Router::new()
        .route("/slow", get(async || sleep(Duration::from_millis(300)).await))
        .route("/other", get(async || "other."))
        .route(
            "/turned",
            get(async || {
                read.fetch_add(1, Relaxed);
                "read."
            }),
        );
    let service = Service::http("test", routes).turning_away(|bytes, peer| {
        assert!(peer.ip().is_loopback());
        whole(bytes).filter(|request| request.uri().path() == "/turned")?;
        Some(Response::new(Body::from("turned.")))
    });
    let idle_timeout = Period::from_millis(u64::try_from(idle.as_millis()).unwrap());
    let limits = Limits { idle_timeout, ..quick() };
    (Server::serve(service, limits).await, read)
}

/// Sends these bytes; gives what comes back up to the next full stop.
async fn told(stream: &mut TcpStream, bytes: &str) -> String {
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = vec![];
    while answer.last() != Some(&b'.') {
        let read = timeout(LONG, stream.read_buf(&mut answer)).await.unwrap().unwrap();
        assert_ne!(read, 0, "closed after {:?}", String::from_utf8_lossy(&answer));
    }
    String::from_utf8(answer).unwrap()
}

const TURNED: &str = "GET /turned HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test]
async fn what_looks_like_a_request_inside_of_another_is_read_as_a_part_of_it() {
    let (server, read) = server(Duration::from_secs(30)).await;
    let mut stream = server.connect().await;
    assert!(told(&mut stream, "GET /other HTTP/1.1\r\nhost: a\r\n\r\n").await.ends_with("other."));
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(100)).await;
    // The head of the next begins while this one is worked on, and ends behind its answer.
    stream.write_all(b"GET /other HTTP/1.1\r\nhost: a\r\nx: ").await.unwrap();
    let mut slow = vec![0; 512];
    let length = timeout(LONG, stream.read(&mut slow)).await.unwrap().unwrap();
    assert!(slow[..length].starts_with(b"HTTP/1.1 200"));
    let answer = told(&mut stream, TURNED).await;
    assert!(answer.ends_with("other."), "{answer}");
    assert!(told(&mut stream, TURNED).await.ends_with("turned."), "and the next is one of its own");
    assert_eq!(read.load(Relaxed), 0);
}

#[tokio::test]
async fn a_connection_that_is_only_turned_away_lives_and_rests_for_its_time() {
    let idle = Duration::from_millis(1_600);
    let (server, read) = server(idle).await;
    let mut stream = server.connect().await;
    let began = tokio::time::Instant::now();
    let mut turned = 0;
    while began.elapsed() < 2 * idle {
        turned += usize::from(told(&mut stream, TURNED).await.ends_with("turned."));
        sleep(Duration::from_millis(20)).await;
    }
    assert!(turned > 40, "{turned}");
    assert!(read.load(Relaxed) > 4, "now and then one is read: {}", read.load(Relaxed));
    sleep(idle * 3 / 4).await;
    told(&mut stream, TURNED).await;
}
