use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::Instant,
};

use super::{super::unfinished::Unfinished, *};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn sees_http2(reads: &[&[u8]]) -> bool {
    let activity = Activity::new();
    let mut watched =
        Watched::new((), Arc::clone(&activity), None, None, Unfinished::new().part(HERE));
    reads.iter().for_each(|bytes| watched.bytes_came(bytes));
    activity.is_http2()
}

#[test]
fn http2_is_known_by_its_whole_preface_however_it_arrives() {
    assert!(sees_http2(&[PREFACE]));
    assert!(sees_http2(&[b"PRI", b"", &PREFACE[3..], b"frame"]));
    assert!(!sees_http2(&[b"PRI * HTTP/2.0\r\n"]));
    assert!(!sees_http2(&[b"PRICE / HTTP/1.1\r\n", PREFACE]));
    assert!(!sees_http2(&[b"GET / HTTP/1.1\r\n", PREFACE]));
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_a_head_runs_only_while_one_arrives() {
    let (activity, limit) = (Activity::new(), Duration::from_secs(10));
    let mut watched =
        Watched::new((), Arc::clone(&activity), None, None, Unfinished::new().part(HERE));
    let request = activity.request();
    let hour = tokio::time::timeout(Duration::from_secs(3600), activity.overdue_head(limit));
    assert!(hour.await.is_err(), "a request under way is no head");
    watched.bytes_came(b"body");
    drop(request);
    let hour = tokio::time::timeout(Duration::from_secs(3600), activity.overdue_head(limit));
    assert!(hour.await.is_err(), "an idle connection has no head");
    watched.bytes_came(b"GET");
    let began = Instant::now();
    activity.overdue_head(limit).await;
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_connection_ends_where_there_is_no_room_for_what_is_not_whole() {
    let all = Unfinished::new();
    let head = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(30_000));
    let mut open = vec![];
    let refused = loop {
        let (mut client, stream) = tokio::io::duplex(64 * 1024);
        let activity = Activity::new();
        let mut watched = Watched::new(stream, Arc::clone(&activity), None, None, all.part(HERE));
        client.write_all(head.as_bytes()).await.unwrap();
        let mut read = vec![0; head.len()];
        let end = watched.read_exact(&mut read).await;
        open.push((client, activity, watched));
        if let Err(error) = end {
            break error;
        }
    };
    assert_eq!(refused.kind(), io::ErrorKind::QuotaExceeded);
    assert!((90..110).contains(&open.len()), "{}", open.len());
    let [(client, _, watched), (other, activity, answering), ..] = &mut open[..] else {
        unreachable!("there are many")
    };
    client.write_all(b"\r\n\r\n").await.unwrap();
    let end = watched.read_exact(&mut [0; 4]).await.unwrap_err();
    assert_eq!(end.kind(), io::ErrorKind::QuotaExceeded, "others have it");
    drop(activity.request());
    answering.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    other.write_all(head.as_bytes()).await.unwrap();
    answering.read_exact(&mut vec![0; 8 * 1024]).await.unwrap();
}

#[tokio::test]
async fn over_http1_no_more_is_read_at_once_than_nobody_counts() {
    for (is_http2, read) in [(false, FREE), (true, 30_000)] {
        let (mut client, stream) = tokio::io::duplex(64 * 1024);
        let activity = Activity::new();
        if is_http2 {
            activity.speaks_http2();
        }
        let part = Unfinished::new().part(HERE);
        let mut watched = Watched::new(stream, activity, None, None, part);
        client.write_all(&[b'x'; 30_000]).await.unwrap();
        assert_eq!(watched.read(&mut vec![0; 32 * 1024]).await.unwrap(), read);
    }
}
