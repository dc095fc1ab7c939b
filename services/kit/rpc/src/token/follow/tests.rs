use std::sync::Mutex;

use futures_util::stream;
use kit_base::{Clock, Timestamp};
use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn an_authority_that_is_gone_is_told_of_now_and_again_until_it_is_back() {
    let (log, _guard) = kit_base::testing::log();
    let verifier = Verifier::new("tasks", Clock::system());
    let (stop, began) = (Stop::new(), Instant::now());
    let open = async || {
        if began.elapsed() < Duration::from_secs(600) {
            return Err(Status::unavailable("refused"));
        }
        let update = TrustUpdate { keys: vec![], revocations: vec![] };
        stop.cancel();
        Ok(stream::iter([Ok(update)]).chain(stream::pending()))
    };
    follow(&verifier, &stop, open).await;
    let text = log.text();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    // While the pauses grow, and then after 1, 3 and 7 minutes.
    let cannot = r#"WARN keys and revocations cannot be followed code=Unavailable fault="refused""#;
    assert_eq!(lines.iter().filter(|line| line.starts_with(cannot)).count(), 4 + 3, "{text}");
    let back = "INFO keys and revocations are followed again waited_seconds=600";
    assert!(lines.len() == 8 && lines[7].starts_with(&back[..back.len() - 1]), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_falls_silent_or_ends_is_opened_anew() {
    let verifier = Verifier::new("tasks", Clock::system());
    let (stop, began, opened) = (Stop::new(), Instant::now(), Mutex::new(vec![]));
    let heartbeat = || stream::iter([Ok(TrustUpdate::default())]);
    let open = async || {
        let mut opened = opened.lock().unwrap();
        opened.push(began.elapsed().as_secs());
        match opened.len() {
            1 => Ok(heartbeat().chain(stream::pending()).boxed()),
            2 => Ok(heartbeat().boxed()),
            3 => Ok(stream::iter([Err(Status::internal("lost"))]).boxed()),
            _ => {
                stop.cancel();
                Err(Status::unavailable("over"))
            }
        }
    };
    follow(&verifier, &stop, open).await;
    assert_eq!(*opened.lock().unwrap(), [0, 12, 12, 12]);
}

#[tokio::test(start_paused = true)]
async fn a_check_for_keys_that_do_not_come_says_what_keeps_them_away() {
    let clock = Clock::system();
    let verifier = Verifier::new("tasks", clock);
    assert_eq!(verifier.ready().await, Err("no keys have been announced".to_owned()));
    let open = async || {
        let mut status = Status::unavailable("auth cannot be reached");
        let cause: Box<dyn std::error::Error + Send + Sync> = "10.0.0.1:1: refused".into();
        status.set_source(cause.into());
        Err::<stream::Pending<_>, _>(status)
    };
    let stop = Stop::new();
    let checked = async {
        let outcome = verifier.ready().await;
        stop.cancel();
        outcome
    };
    let (outcome, ()) = tokio::join!(checked, follow(&verifier, &stop, open));
    assert_eq!(outcome, Err("auth cannot be reached: 10.0.0.1:1: refused".to_owned()));
}

#[test]
fn how_long_auth_was_silent_is_told_from_its_first_word_on() {
    let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
    let verifier = Verifier::new("aged", clock.clone());
    let told = || {
        let text = kit_base::metrics::text();
        let line = text.lines().find(|line| line.contains("jwks_age_seconds{audience=\"aged\"}"));
        line.map(|line| line.rsplit(' ').next().unwrap().to_owned())
    };
    verifier.tell_age();
    assert_eq!(told(), None, "nothing was ever heard");
    verifier.apply(TrustUpdate::default());
    assert_eq!(told().as_deref(), Some("0"));
    clock.advance(Duration::from_secs(31));
    assert_eq!(told().as_deref(), Some("31"));
}
