use super::*;

#[tokio::test]
async fn requests_of_both_protocols_are_answered_on_one_port() {
    let server = Server::start(quick()).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        ask(&mut stream, "/").await;
        assert!(read_until(&mut stream, "hello").await.starts_with("HTTP/1.1 200 OK"));
    }
    let (mut http2, _) = http2(&server).await;
    assert_eq!(get_http2(&mut http2, "/").await.unwrap(), "hello");
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let server = Server::start(quick()).await;
    let taken = closed(&mut server.connect().await).await;
    assert!((300..1500).contains(&taken.as_millis()), "{taken:?}");
}

#[tokio::test]
async fn half_a_head_is_not_waited_for() {
    let server = Server::start(quick()).await;
    for half in ["G", "GET / HTTP/1.1\r\nhost: te", "PRI * HTTP/2.0\r\n"] {
        let mut stream = server.connect().await;
        stream.write_all(half.as_bytes()).await.unwrap();
        let taken = closed(&mut stream).await;
        assert!((250..10_000).contains(&taken.as_millis()), "{half:?}: {taken:?}");
    }
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off_in_time() {
    let server = Server::start(quick()).await;
    let (mut reader, mut writer) = server.connect().await.into_split();
    writer.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let dripping = kit_base::work::detach(async move {
        while writer.write_all(b"x: y\r\n").await.is_ok() {
            sleep(Duration::from_millis(50)).await
        }
    });
    let begun = Instant::now();
    _ = timeout(LONG, reader.read_to_end(&mut vec![])).await.unwrap();
    assert!((250..10_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    dripping.await.unwrap();
}

#[tokio::test]
async fn the_second_head_of_a_connection_is_not_waited_for_either() {
    let server = Server::start(quick()).await;
    let mut stream = server.connect().await;
    ask(&mut stream, "/").await;
    read_until(&mut stream, "hello").await;
    sleep(Duration::from_millis(500)).await;
    stream.write_all(b"GET / HT").await.unwrap();
    let taken = closed(&mut stream).await;
    assert!((250..10_000).contains(&taken.as_millis()), "{taken:?}");
}

#[tokio::test]
async fn an_answer_that_takes_longer_than_a_head_may_is_not_cut_off() {
    let server = Server::start(quick()).await;
    let mut stream = server.connect().await;
    ask(&mut stream, "/ticks").await;
    read_until(&mut stream, "9;").await;
}

#[tokio::test]
async fn one_address_gets_no_more_than_its_share() {
    let server = Server::start(Limits { max_connections_per_ip: 2, ..quick() }).await;
    let (mut first, mut second, mut third) =
        (server.connect().await, server.connect().await, server.connect().await);
    assert!(closed(&mut third).await.as_millis() < 200);
    for stream in [&mut first, &mut second] {
        ask(stream, "/").await;
        read_until(stream, "hello").await;
    }
    drop(first);
    sleep(Duration::from_millis(100)).await;
    let mut again = server.connect().await;
    ask(&mut again, "/").await;
    read_until(&mut again, "hello").await;
}

#[tokio::test]
async fn an_old_http2_connection_is_replaced_without_a_lost_request() {
    let limits = Limits { max_connection_age: Period::from_millis(150), ..quick() };
    let server = Server::start(limits).await;
    let (mut connections, mut answered) = (0, 0);
    while connections < 4 {
        let (mut client, driver) = http2(&server).await;
        connections += 1;
        while client.ready().await.is_ok() {
            match client.try_send_request(to(&server, "/slow")).await {
                Ok(response) => {
                    assert_eq!(text(response).await, "slow");
                    answered += 1;
                }
                // It was not sent, and comes back to be sent on the next connection.
                Err(mut unsent) => assert!(unsent.take_message().is_some(), "a request was lost"),
            }
        }
        timeout(LONG, driver).await.unwrap().unwrap();
    }
    assert!(answered >= 3, "{answered}");
}

#[tokio::test]
async fn an_old_http1_connection_ends_with_an_answer_that_says_so() {
    let server =
        Server::start(Limits { max_connection_age: Period::from_millis(150), ..quick() }).await;
    let mut stream = server.connect().await;
    ask(&mut stream, "/").await;
    assert!(!read_until(&mut stream, "hello").await.contains("connection: close"));
    sleep(Duration::from_millis(300)).await;
    ask(&mut stream, "/").await;
    assert!(read_until(&mut stream, "hello").await.contains("connection: close"));
    assert!(closed(&mut stream).await.as_millis() < 200);
}

#[tokio::test]
async fn what_is_left_of_an_old_connection_has_an_end() {
    let limits = Limits {
        max_connection_age: Period::from_millis(100),
        connection_age_grace: Period::from_millis(200),
        ..quick()
    };
    let server = Server::start(limits).await;
    let mut stream = server.connect().await;
    ask(&mut stream, "/for-ever").await;
    assert!((200..1500).contains(&closed(&mut stream).await.as_millis()));
}

#[tokio::test]
async fn a_stream_of_events_ends_by_its_own_rule_and_its_old_connection_with_it() {
    let limits = Limits {
        max_connection_age: Period::from_millis(100),
        connection_age_grace: Period::from_millis(100),
        ..quick()
    };
    let server = Server::start(limits).await;
    let mut stream = server.connect().await;
    let begun = Instant::now();
    ask(&mut stream, "/events").await;
    read_until(&mut stream, "19;").await;
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(closed(&mut stream).await.as_millis() < 1500);
}

/// By a clock that leaps to whatever comes next.
#[tokio::test]
async fn a_stream_without_an_end_is_waited_for_forty_minutes() {
    let server = Server::start(quick()).await;
    let mut stream = server.connect().await;
    ask(&mut stream, "/endless-events").await;
    read_until(&mut stream, "0;").await;
    tokio::time::pause();
    let begun = Instant::now();
    _ = stream.read_to_end(&mut vec![]).await;
    let minutes = begun.elapsed().as_secs() / 60;
    assert!((40..42).contains(&minutes), "{minutes}");
}

#[tokio::test]
async fn a_stream_over_http2_goes_on_when_its_connection_takes_no_more_requests() {
    let limits = Limits {
        max_connection_age: Period::from_millis(100),
        connection_age_grace: Period::from_millis(100),
        ..quick()
    };
    let server = Server::start(limits).await;
    for path in ["/events", "/messages"] {
        let (mut client, driver) = http2(&server).await;
        let begun = Instant::now();
        let told = get_http2(&mut client, path).await.unwrap();
        assert!(
            told.ends_with("19;") && begun.elapsed() >= Duration::from_secs(1),
            "{path}: {told}"
        );
        assert!(client.ready().await.is_err(), "{path}: it was told to go elsewhere");
        timeout(LONG, driver).await.unwrap().unwrap();
    }
    let (mut client, _) = http2(&server).await;
    let endless = client.send_request(to(&server, "/for-ever")).await.unwrap().into_body();
    let ended = timeout(LONG, endless.collect()).await.unwrap();
    assert!(ended.is_err(), "what is no stream has an end");
}

#[tokio::test]
async fn a_grpc_port_speaks_nothing_else() {
    let service = Service::grpc("test", tonic::service::Routes::from(router()), None);
    let server = Server::serve(service, quick()).await;
    let (mut client, _) = http2(&server).await;
    assert_eq!(get_http2(&mut client, "/").await.unwrap(), "hello");
    let mut stream = server.connect().await;
    ask(&mut stream, "/").await;
    assert!(closed(&mut stream).await.as_millis() < 1500);
}
