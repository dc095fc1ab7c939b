//! Reports as they are written, and as chats take them, or do not.
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use clap::ValueEnum as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{
    page::{Row, Section},
    picture::Bar,
    *,
};
use crate::command::figures;

fn example() -> Page {
    let mut page = Page::new(&period::parse("1d").unwrap(), Timestamp::from_seconds(1_800_000_000));
    page.sections = vec![
        Section {
            title: "Requests",
            rows: vec![
                Row::new("requests", 1_234_567.0, figures::number(1_234_567.0), false),
                Row::new("failed", 0.0123, figures::percent(0.0123), true),
                Row::new("GET /v1/<tasks>|x", 0.25, figures::time(0.25), false),
                Row::unknown("the next certificate ends in"),
            ],
        },
        Section { title: "Routes that fail most", rows: vec![] },
    ];
    page.bars = vec![Bar { all: 100.0, bad: 0.0 }, Bar { all: 50.0, bad: 25.0 }];
    page
}

/// As someone compares it by eye: `UPDATE_SNAPSHOTS=1 cargo test -p errand --bin errand` writes it anew.
#[test]
fn each_format_is_what_its_snapshot_says() {
    for format in Format::value_variants() {
        let name = format!("{format:?}").to_lowercase();
        let place =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("src/command/report/snapshots").join(&name);
        let written = written(&example(), *format);
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|update| update == "1") {
            fs::write(&place, &written).unwrap();
        }
        assert_eq!(fs::read_to_string(&place).unwrap_or_default(), written, "{name}");
    }
}

#[test]
fn what_is_told_is_short_enough_to_be_read() {
    let told = [
        figures::number(0.4),
        figures::number(999.0),
        figures::number(-1_000.0),
        figures::time(0.0004),
        figures::time(0.999),
        figures::time(90.0),
        figures::time(7_200.0),
        figures::time(864_000.0),
        figures::percent(1.0),
    ];
    assert_eq!(
        told,
        ["0", "999", "-1,000", "0 ms", "999 ms", "90.0 s", "2.0 h", "10 days", "100.00 %"]
    );
}

/// A chat that answers so, and how often it was asked.
async fn chat(answers: &'static [&'static str]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks/secret", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    drop(kit_base::work::detach(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let number = count.fetch_add(1, Ordering::SeqCst);
            let mut head = vec![];
            while !head.ends_with(b"}") {
                assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0, "a whole request");
            }
            assert!(head.starts_with(b"POST /hooks/secret HTTP/1.1\r\n"));
            let answer = answers[number.min(answers.len() - 1)];
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }));
    (url, asked)
}

async fn sent(answers: &'static [&'static str]) -> (Result<(), String>, usize) {
    let (url, asked) = chat(answers).await;
    let outcome =
        send::send(&example(), Format::Feishu, &url, None, Timestamp::from_seconds(0)).await;
    (outcome.map_err(|error| format!("{error:#}")), asked.load(Ordering::SeqCst))
}

const TAKEN: &str =
    "HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\n{\"code\":0}";
const REFUSED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 33\r\nconnection: close\r\n\r\n{\"code\":19021,\"msg\":\"sign match\"}";
const AWAY: &str =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbusy";

#[tokio::test(start_paused = true)]
async fn a_chat_is_asked_again_until_it_takes_the_report_or_has_refused_it_four_times() {
    assert_eq!(sent(&[TAKEN]).await, (Ok(()), 1));
    assert_eq!(sent(&[AWAY, AWAY, TAKEN]).await, (Ok(()), 3));
    let (outcome, asked) = sent(&[AWAY]).await;
    let said = outcome.unwrap_err();
    assert_eq!(asked, 4, "{said}");
    assert!(said.contains("has not taken the report") && said.contains("busy"), "{said}");
    assert!(!said.contains("secret"), "the address of a hook is as good as a password: {said}");
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_says_no_with_200_has_said_no() {
    let (outcome, asked) = sent(&[REFUSED]).await;
    assert_eq!(asked, 4);
    assert!(outcome.unwrap_err().contains("sign match"));
}
