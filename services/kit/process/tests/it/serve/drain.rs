use super::*;

#[tokio::test]
async fn an_idle_server_goes_once_every_balancer_knows() {
    let server = Server::start(Limits { drain_delay: Period::from_millis(200), ..quick() }).await;
    let _idle = server.known().await;
    let taken = server.stop().await;
    assert!((600..5000).contains(&taken.as_millis()), "{taken:?}");
}

#[tokio::test]
async fn a_request_that_was_on_its_way_to_an_idle_connection_is_answered() {
    let server = Server::start(Limits { drain_delay: Period::from_millis(400), ..quick() }).await;
    let mut idle = server.known().await;
    server.stop.cancel();
    sleep(Duration::from_millis(700)).await;
    assert!(TcpStream::connect(server.address).await.is_err(), "it still accepts");
    ask(&mut idle, "/").await;
    assert!(read_until(&mut idle, "hello").await.contains("connection: close"));
    timeout(LONG, server.served).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stopping_server_still_answers_and_asks_to_come_to_another() {
    let server = Server::start(Limits { drain_delay: Period::from_millis(400), ..quick() }).await;
    let known = server.known().await;
    server.stop.cancel();
    sleep(Duration::from_millis(100)).await;
    for mut stream in [known, server.connect().await] {
        ask(&mut stream, "/").await;
        assert!(read_until(&mut stream, "hello").await.contains("connection: close"));
        closed(&mut stream).await;
    }
    timeout(LONG, server.served).await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_request_under_way_is_answered() {
    let server = Server::start(quick()).await;
    let mut http1 = server.connect().await;
    ask(&mut http1, "/slow").await;
    let (mut client, _) = http2(&server).await;
    let answer = kit_base::work::detach(async move { get_http2(&mut client, "/slow").await });
    sleep(Duration::from_millis(100)).await;
    let taken = server.stop().await;
    assert!((150..1000).contains(&taken.as_millis()), "{taken:?}");
    read_until(&mut http1, "slow").await;
    assert_eq!(answer.await.unwrap().unwrap(), "slow");
}

#[tokio::test]
async fn a_stream_is_sent_to_its_end_and_an_endless_one_is_cut_when_time_is_up() {
    let server =
        Server::start(Limits { drain_timeout: Period::from_millis(1000), ..quick() }).await;
    let (mut stream, mut endless) = (server.connect().await, server.connect().await);
    ask(&mut stream, "/ticks").await;
    ask(&mut endless, "/for-ever").await;
    read_until(&mut stream, "0;").await;
    read_until(&mut endless, "0;").await;
    let taken = server.stop().await;
    assert!((1000..2000).contains(&taken.as_millis()), "{taken:?}");
    read_until(&mut stream, "9;").await;
    closed(&mut endless).await;
}

#[tokio::test]
async fn jobs_are_told_to_stop_and_waited_for() {
    let (ended, mut end) = tokio::sync::mpsc::channel(2);
    let job = |name: &'static str| {
        let ended = ended.clone();
        move |stop: Stop| async move {
            stop.cancelled().await;
            sleep(Duration::from_millis(100)).await;
            ended.send(name).await.unwrap();
        }
    };
    let peer = Service::http("peer", Router::new()).job("theirs", job("theirs"));
    let service = Service::http("test", router()).job("ours", job("ours")).together_with([peer]);
    let server = Server::serve(service, quick()).await;
    sleep(Duration::from_millis(50)).await;
    assert!(end.try_recv().is_err());
    server.stop().await;
    let mut names = [end.try_recv().unwrap(), end.try_recv().unwrap()];
    names.sort_unstable();
    assert_eq!(names, ["ours", "theirs"]);
}

#[tokio::test]
async fn a_client_that_has_vanished_does_not_hold_the_server() {
    let server = Server::start(Limits { drain_timeout: Period::from_secs(6), ..quick() }).await;
    let mut vanished = server.connect().await;
    let empty_settings = b"\0\0\0\x04\0\0\0\0\0";
    vanished.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    vanished.write_all(empty_settings).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let taken = server.stop().await;
    assert!(taken < Duration::from_secs(4), "{taken:?}");
}
