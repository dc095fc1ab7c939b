//! What cannot be read is answered by the service, once, and the client gets to see it.
use std::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use kit_base::testing::eventually;
use kit_process::serve::Unread;

use super::*;

/// A server whose refusals tell what they are of, and how often one was asked for.
async fn server() -> (Server, &'static AtomicUsize) {
    let refused: &AtomicUsize = Box::leak(Box::default());
    let routes = router().route("/400", get(async || (StatusCode::BAD_REQUEST, "of the route")));
    let service = Service::http("test", routes).refusing_unread(|unread, peer| {
        refused.fetch_add(1, Ordering::Relaxed);
        assert!(peer.ip().is_loopback());
        let status = match unread {
            Unread::Malformed | Unread::EndedByHttp2 => StatusCode::BAD_REQUEST,
            Unread::TargetTooLong => StatusCode::URI_TOO_LONG,
            Unread::HeadersTooLong => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        };
        let answer = Response::builder().status(status).header("x-of", "the service");
        answer.body(Body::from(format!("{unread:?}."))).unwrap()
    });
    (Server::serve(service, quick()).await, refused)
}

/// All that comes back for `request`, to the end of the connection.
async fn answers(server: &Server, request: &[u8]) -> String {
    let (mut reader, mut writer) = server.connect().await.into_split();
    let request = request.to_owned();
    let writing = kit_base::work::detach(async move {
        _ = writer.write_all(&request).await;
        writer
    });
    let mut text = String::new();
    timeout(LONG, reader.read_to_string(&mut text)).await.unwrap().unwrap();
    drop(timeout(LONG, writing).await.unwrap().unwrap());
    text
}

#[tokio::test]
async fn what_cannot_be_read_is_answered_by_the_service() {
    let (server, refused) = server().await;
    let long = "x".repeat(40_000);
    let cases = [
        ("\0\u{1}\u{2}\r\n\r\n".to_owned(), "400", "Malformed."),
        ("GET / HTTP/1.1\r\nhost test\r\n\r\n".to_owned(), "400", "Malformed."),
        ("GET / HTTP/1.1\r\ncontent-length: two\r\n\r\n".to_owned(), "400", "Malformed."),
        (format!("GET /{long} HTTP/1.1\r\n\r\n"), "414", "TargetTooLong."),
        (format!("GET / HTTP/1.1\r\nx: {long}\r\n\r\n"), "431", "HeadersTooLong."),
        (format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(65)), "431", "HeadersTooLong."),
    ];
    let count = cases.len();
    for (request, status, body) in cases {
        let answer = answers(&server, request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{answer}");
        for header in ["x-of: the service", "connection: close", "date: "] {
            assert!(answer.contains(&format!("\r\n{header}")), "{header} in {answer}");
        }
        assert!(answer.contains(&format!("content-length: {}\r\n", body.len())), "{answer}");
    }
    assert_eq!(refused.load(Ordering::Relaxed), count);
}

#[tokio::test]
async fn the_answers_before_it_are_whole() {
    let (server, refused) = server().await;
    for path in ["/", "/slow", "/ticks", "/400"] {
        let good = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
        let answer = answers(&server, format!("{good}{good}no request\r\n\r\n").as_bytes()).await;
        let heads: Vec<_> = answer.match_indices("HTTP/1.1 ").collect();
        assert_eq!(heads.len(), 3, "{answer}");
        let (before, refusal) = answer.split_at(heads[2].0);
        let expected = [
            ("/", 2, "hello"),
            ("/slow", 2, "slow"),
            ("/ticks", 2, "9;"),
            ("/400", 2, "of the route"),
        ];
        let (_, times, body) = expected.into_iter().find(|(of, ..)| *of == path).unwrap();
        assert_eq!(before.matches(body).count(), times, "{before}");
        assert!(
            refusal.starts_with("HTTP/1.1 400 ") && refusal.ends_with("Malformed."),
            "{answer}"
        );
    }
    assert_eq!(refused.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_refusal_of_a_route_is_its_own() {
    let (server, refused) = server().await;
    let mut stream = server.connect().await;
    for _ in 0..2 {
        ask(&mut stream, "/400").await;
        read_until(&mut stream, "of the route").await;
    }
    stream
        .write_all(b"\r\nPOST / HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut stream, "405 Method Not Allowed").await;
    assert_eq!(refused.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn who_sends_on_after_a_refusal_is_cut_off_in_time() {
    let (server, _) = server().await;
    let mut stream = server.connect().await;
    ask(&mut stream, "/").await;
    read_until(&mut stream, "hello").await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost test\r\n\r\n").await.unwrap();
    read_until(&mut stream, "Malformed.").await;
    let begun = Instant::now();
    let cut_off = eventually("it is cut off", async || stream.write_all(b"more").await.is_err());
    timeout(LONG, cut_off).await.expect("in time");
    assert!(begun.elapsed() > Duration::from_millis(100), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn http2_knows_a_protocol_error_and_nothing_else() {
    let (server, refused) = server().await;
    let (mut reader, mut writer) = server.connect().await.into_split();
    writer
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nHTTP/1.1 400 no frame\r\n\r\n")
        .await
        .unwrap();
    let mut bytes = vec![];
    _ = timeout(LONG, reader.read_to_end(&mut bytes)).await.unwrap();
    assert!(!bytes.is_empty() && !bytes.starts_with(b"HTTP"), "{bytes:?}");
    assert_eq!(refused.load(Ordering::Relaxed), 0);
}

/// A frame of HTTP/2 (RFC 9113, 4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short one");
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

#[tokio::test]
async fn what_http2_itself_refuses_is_told_to_the_service_when_the_connection_ends() {
    let (server, refused) = server().await;
    let get = [0x82, 0x84, 0x86]; // GET, /, http (RFC 7541, appendix A)
    let forbidden = [&get[..], b"\x00\x0aconnection\x01x"].concat();
    let ended = 0x05;
    let mut stream = server.connect().await;
    let sent = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(4, 0, 0, &[]),
        frame(1, ended, 1, &forbidden),
        frame(1, ended, 3, &get),
        frame(1, ended, 5, &forbidden),
    ];
    stream.write_all(&sent.concat()).await.unwrap();
    let mut come = Vec::new();
    let resets = |come: &[u8]| {
        [1, 5].iter().all(|stream| {
            let reset = frame(3, 0, *stream, &[0, 0, 0, 1]);
            come.windows(reset.len()).any(|bytes| bytes == reset)
        })
    };
    while !resets(&come) {
        assert_ne!(
            timeout(LONG, stream.read_buf(&mut come)).await.unwrap().unwrap(),
            0,
            "{come:?}"
        );
    }
    assert_eq!(refused.load(Ordering::Relaxed), 0, "it may be on its way");
    drop(stream);
    eventually("its end", async || refused.load(Ordering::Relaxed) == 2).await;
    sleep(Duration::from_millis(50)).await;
    assert_eq!(refused.load(Ordering::Relaxed), 2, "the third was a request");
}

/// Whether a request is answered that comes behind many that were taken back before anybody had seen them.
async fn is_answered_behind_those_taken_back(service: Service) -> bool {
    let get = [0x82, 0x84, 0x86]; // GET, /, http (RFC 7541, appendix A)
    let server = Server::serve(service, quick()).await;
    let mut stream = server.connect().await;
    let mut sent = vec![b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &[])];
    for taken_back in (1..127).step_by(2) {
        sent.push(frame(1, 0x05, taken_back, &get));
        sent.push(frame(3, 0, taken_back, &[0, 0, 0, 8]));
    }
    sent.push(frame(1, 0x05, 127, &get));
    stream.write_all(&sent.concat()).await.unwrap();
    let mut come = Vec::new();
    while !come.windows(5).any(|bytes| bytes == b"hello") {
        match timeout(LONG, stream.read_buf(&mut come)).await.unwrap() {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
    }
    true
}

#[tokio::test]
async fn calls_that_a_gateways_clients_take_back_together_take_no_other_along() {
    let grpc = Service::grpc("test", tonic::service::Routes::from(router()), None);
    assert!(is_answered_behind_those_taken_back(grpc).await);
    let one_clients = Service::http("test", router());
    assert!(
        !is_answered_behind_those_taken_back(one_clients).await,
        "who does so alone is cut off"
    );
}
