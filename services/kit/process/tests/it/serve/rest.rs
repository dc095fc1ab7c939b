//! A request may be answered before its body is there; the next one on the connection is answered too, or the client is told to go.
use http::StatusCode;
use kit_base::testing::eventually;

use super::*;

const HEAD: &str = "HTTP/1.1\r\nhost: test\r\ncontent-type: text/plain";

async fn server() -> Server {
    let routes = router()
        .route("/refuses", axum::routing::post(async || StatusCode::UNAUTHORIZED))
        .route("/reads", axum::routing::post(async |body: String| format!("{} bytes", body.len())));
    Server::serve(
        Service::http("test", routes).refusing_unread(|_, _| Response::new(Body::empty())),
        quick(),
    )
    .await
}

async fn connect(server: &Server) -> TcpStream {
    let stream = server.connect().await;
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads one answer with a length; gives its head.
async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = vec![];
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(timeout(LONG, stream.read_u8()).await.unwrap().expect("an answer"));
    }
    let head = String::from_utf8(bytes).unwrap().to_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.unwrap();
    head
}

/// Sends a head, and its body later; gives the head of the answer.
async fn sends_late(stream: &mut TcpStream, head: &str, body: &str) -> String {
    stream.write_all(format!("{head}\r\n\r\n").as_bytes()).await.unwrap();
    sleep(Duration::from_millis(5)).await;
    stream.write_all(body.as_bytes()).await.unwrap();
    answer(stream).await
}

#[tokio::test]
async fn the_request_after_a_refusal_is_not_lost() {
    let server = server().await;
    for (line, status) in [("POST /refuses", "401"), ("POST /nothing", "404"), ("POST /", "405")] {
        for (framing, body) in [
            ("content-length: 5", "hello"),
            ("transfer-encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
        ] {
            let mut stream = connect(&server).await;
            for _ in 0..20 {
                let told =
                    sends_late(&mut stream, &format!("{line} {HEAD}\r\n{framing}"), body).await;
                assert!(told.starts_with(&format!("http/1.1 {status} ")), "{told}");
                assert!(!told.contains("connection: close"), "{line} {framing}: {told}");
            }
            ask(&mut stream, "/").await;
            read_until(&mut stream, "hello").await;
        }
    }
}

#[tokio::test]
async fn what_is_not_sent_in_time_or_not_at_all_ends_the_connection_and_that_is_said() {
    let server = server().await;
    for more in [
        "content-length: 5",
        "transfer-encoding: chunked",
        "content-length: 99999999",
        "content-length: 5\r\nexpect: 100-continue",
    ] {
        let mut stream = connect(&server).await;
        let told = sends_late(&mut stream, &format!("POST /refuses {HEAD}\r\n{more}"), "").await;
        assert!(told.starts_with("http/1.1 401 "), "{more}: {told}");
        assert!(told.contains("connection: close"), "{more}: {told}");
    }
}

#[tokio::test]
async fn who_still_sends_when_told_to_go_sees_the_answer() {
    let server = server().await;
    let mut stream = connect(&server).await;
    let head = format!("POST /refuses {HEAD}\r\ncontent-length: 99999999");
    let told = sends_late(&mut stream, &head, "").await;
    assert!(told.contains("connection: close"), "{told}");
    for _ in 0..5 {
        stream.write_all(&[b'x'; 4096]).await.expect("it is still listened to");
        sleep(Duration::from_millis(5)).await;
    }
    eventually("it is cut off", async || stream.write_all(b"more").await.is_err()).await;
}

#[tokio::test]
async fn a_body_that_is_read_comes_whole_and_leaves_nothing() {
    let server = server().await;
    let mut stream = connect(&server).await;
    for (framing, body) in
        [("content-length: 5", "hello"), ("transfer-encoding: chunked", "5\r\nhello\r\n0\r\n\r\n")]
    {
        let head = format!("POST /reads {HEAD}\r\n{framing}");
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
        assert!(!read_until(&mut stream, "5 bytes").await.contains("connection: close"));
    }
}
