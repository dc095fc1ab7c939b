//! Clients that ask for much and take it as they like.
use super::*;

/// More than the buffers of both kernels hold.
const WHOLE: usize = 64 << 20;

/// A head without a body, of which some thousands are as much.
const HEAD: usize = 4 << 10;

/// A server with a large answer, and one that is a head alone, which waits 300 ms for a client that takes nothing.
async fn server() -> Server {
    let large = get(async || vec![b'.'; WHOLE]);
    let head = get(async || [("x-filler", ".".repeat(HEAD))]);
    let limits = Limits { send_timeout: Period::from_millis(300), ..quick() };
    let reset = get(async || axum::Extension(kit_process::serve::Reset));
    let router = Router::new().route("/large", large).route("/head", head).route("/reset", reset);
    Server::serve(Service::http("test", router), limits).await
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_is_let_go() {
    let server = server().await;
    let mut stream = server.connect().await;
    ask(&mut stream, "/large").await;
    sleep(Duration::from_secs(2)).await;
    let mut got = vec![];
    _ = timeout(LONG, stream.read_to_end(&mut got)).await.unwrap();
    assert!((1..WHOLE).contains(&got.len()), "{}", got.len());
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_heads_alone_is_let_go() {
    let server = server().await;
    let (mut reads, mut writes) = server.connect().await.into_split();
    let asked = WHOLE / HEAD;
    let asking = kit_base::work::detach(async move {
        let request = "GET /head HTTP/1.1\r\nhost: test\r\n\r\n".repeat(asked);
        writes.write_all(request.as_bytes()).await
    });
    sleep(Duration::from_secs(2)).await;
    let mut got = vec![];
    _ = timeout(LONG, reads.read_to_end(&mut got)).await.expect("the connection ends");
    assert!((1..WHOLE).contains(&got.len()), "{}", got.len());
    drop(asking);
}

#[tokio::test]
async fn a_client_that_takes_nothing_over_http2_is_let_go() {
    let server = server().await;
    let io = TokioIo::new(server.connect().await);
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), io);
    let (mut client, driver) = handshake.await.unwrap();
    let driven = kit_base::work::detach(driver);
    let answer = client.send_request(to(&server, "/large")).await.unwrap();
    let end = timeout(LONG, driven).await.expect("the connection ends");
    assert!(answer.into_body().collect().await.is_err(), "{end:?}");
}

#[tokio::test]
async fn an_answer_that_is_not_to_be_sent_ends_its_stream_alone_or_the_connection() {
    let server = server().await;
    let io = TokioIo::new(server.connect().await);
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), io);
    let (mut client, driver) = handshake.await.unwrap();
    drop(kit_base::work::detach(driver));
    for _ in 0..3 {
        let error = client.send_request(to(&server, "/reset")).await.unwrap_err();
        let reason = std::error::Error::source(&error).unwrap().to_string();
        assert!(reason.contains("detected excessive load generating behavior"), "{reason}");
    }
    let goes_on = client.send_request(to(&server, "/head")).await.unwrap();
    assert_eq!(goes_on.headers()["x-filler"].len(), HEAD);
    let mut stream = server.connect().await;
    ask(&mut stream, "/reset").await;
    let mut got = vec![];
    timeout(LONG, stream.read_to_end(&mut got)).await.unwrap().unwrap();
    assert_eq!(got, b"");
}

#[tokio::test]
async fn a_client_that_takes_a_little_all_the_time_gets_all() {
    let server = server().await;
    let mut stream = server.connect().await;
    ask(&mut stream, "/large").await;
    let (mut got, mut buffer) = (0, vec![0; 4 << 20]);
    while got < WHOLE {
        sleep(Duration::from_millis(100)).await;
        let read = timeout(LONG, stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(read > 0, "it ended after {got}");
        got += read;
    }
}
