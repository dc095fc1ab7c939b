use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt as _;

use super::*;
use crate::admin::Phase;

/// A check of a database that fails `failures` times, and how often it was tried.
fn database(failures: u32) -> (Check, Arc<AtomicU32>) {
    let tries = Arc::new(AtomicU32::new(0));
    let tried = tries.clone();
    let check = Check::new("database", move || {
        let there = tried.fetch_add(1, Ordering::SeqCst) >= failures;
        async move { if there { Ok(()) } else { Err("refused".to_owned()) } }.boxed()
    });
    (check, tries)
}

#[tokio::test(start_paused = true)]
async fn a_dependency_that_comes_late_is_waited_for() {
    let ((check, tries), health) = (database(6), Health::new());
    let waiting = kit_base::work::detach(wait_for(vec![check], health.clone(), Duration::ZERO));
    // Six tries fail: 1 + 2 + 4 + 8 + 8 + 8 s, each up to 20 % shorter or longer.
    tokio::time::sleep(Duration::from_secs(24)).await;
    assert_eq!(health.phase(), Phase::Starting);
    assert_eq!(health.checks()["database"], Err("refused".to_owned()));
    tokio::time::sleep(Duration::from_secs(14)).await;
    waiting.await.unwrap().unwrap();
    assert_eq!((health.phase(), tries.load(Ordering::SeqCst)), (Phase::Ready, 7));
    assert_eq!(health.checks()["database"], Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_counts_as_failed() {
    let health = Health::new();
    let check = Check::new("peer", || std::future::pending().boxed());
    drop(kit_base::work::detach(wait_for(vec![check], health.clone(), Duration::ZERO)));
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(health.checks()["peer"], Err("no answer in 5 s".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_come_is_waited_for_in_vain_and_named_with_its_cause() {
    let (health, began) = (Health::new(), tokio::time::Instant::now());
    let checks =
        vec![database(0).0, Check::new("peer", || async { Err("gone".to_owned()) }.boxed())];
    let outcome = wait_for(checks, health.clone(), Duration::from_secs(300)).await;
    assert_eq!(outcome.unwrap_err().to_string(), "not ready within 300 s: peer: gone");
    assert_eq!((began.elapsed().as_secs(), health.phase()), (300, Phase::Starting));
}

#[tokio::test(start_paused = true)]
async fn a_check_that_is_under_way_says_what_is_known_and_else_that_nothing_is() {
    let (known, unknown, health) = ("database", "peer", Health::new());
    let slow = |name| {
        let slow = || tokio::time::sleep(Duration::from_secs(3)).map(|()| Err("late".to_owned()));
        Check::new(name, move || slow().boxed())
    };
    let checks = vec![slow(known).told_by(|| Some("db:5432: refused".to_owned())), slow(unknown)];
    let in_vain = wait_for(checks, health.clone(), Duration::from_secs(1)).await.unwrap_err();
    let expected = "not ready within 1 s: database: db:5432: refused; peer: no answer yet";
    assert_eq!(in_vain.to_string(), expected);
    assert_eq!(health.checks()[known], Err("db:5432: refused".to_owned()));
}

/// What an operator reads of a wait for a database that fails so often, from level `info` on.
async fn log_of(failures: u32) -> Vec<String> {
    let (log, _guard) = kit_base::testing::log();
    wait_for(vec![database(failures).0], Health::new(), Duration::ZERO).await.unwrap();
    let text = log.text();
    text.lines().map(|line| line.trim().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_try_at_start_is_told_of_with_what_failed_and_what_comes_next() {
    let log = log_of(5).await;
    let [first, .., fourth, fifth, last] = log.as_slice() else { panic!("{log:#?}") };
    assert_eq!(log.len(), 6, "{log:#?}");
    let begins = r#"WARN not ready yet check="database" fault="refused" attempt=1 tries=5 retry_in_seconds="#;
    assert!(first.starts_with(begins), "{first}");
    let pause: f64 = first[begins.len()..].parse().unwrap();
    assert!((0.8..=1.2).contains(&pause), "{first}");
    assert!(fourth.contains("attempt=4"), "{fourth}");
    assert!(fifth.contains("goes on waiting") && fifth.contains("attempt=5"), "{fifth}");
    assert!(last.starts_with(r#"INFO it was waited for, and is there check="database""#), "{last}");
    // 1 + 2 + 4 + 8 + 8 s, each up to 20 % shorter or longer.
    let waited: u64 = last.rsplit('=').next().unwrap().parse().unwrap();
    assert!((18..=28).contains(&waited), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_neither_silent_nor_a_flood() {
    // Half an hour at least, with a try each 8 s.
    let log = log_of(300).await;
    let reminders: Vec<_> = log.iter().filter(|line| line.contains("still not ready")).collect();
    // After 1, 3, 7, 15 and 31 minutes.
    assert!((4..=5).contains(&reminders.len()), "{log:#?}");
    assert_eq!(log.len(), 5 + reminders.len() + 1, "{log:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_there_at_once_is_not_told_of() {
    assert_eq!(log_of(0).await, Vec::<String>::new());
}
