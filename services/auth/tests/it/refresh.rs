use std::collections::HashSet;

use futures_util::future::join_all;
use kit_db::testing::Backend;
use tonic::Code;

use crate::harness::{App, refused};

kit_db::on_each_backend!(
    fifty_refreshes_at_once_go_on_with_one_chain,
    a_used_token_that_comes_back_behind_a_used_successor_ends_its_own_session_alone,
    a_refresh_whose_answer_was_lost_gives_the_unused_successor_however_late,
    a_token_gives_nothing_after_its_own_life_and_ends_nothing_either,
    a_session_lasts_14_days_unused_and_30_days_in_use,
    what_is_no_token_is_refused_like_one_that_is_over,
    an_account_has_so_many_refreshes_an_hour_whatever_its_sessions,
);

const DAY: u64 = 24 * 3600;

async fn fifty_refreshes_at_once_go_on_with_one_chain(backend: Backend) {
    let app = App::new(backend, "parallel").await;
    let (one, other) = (app.replica().await, app.replica().await);
    one.registers("ada").await;
    let mut token = one.signs_in("ada").await.refresh_token;
    for _ in 0..4 {
        let attempts =
            (0..50).map(|number| (if number % 2 == 0 { &one } else { &other }).refreshes(&token));
        let answers: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
        let successors: HashSet<_> =
            answers.iter().map(|answer| answer.refresh_token.clone()).collect();
        assert_eq!(successors.len(), 1);
        for answer in &answers {
            assert!(one.asks_with(answer).await.is_ok() && answer.device_token.is_empty());
        }
        token = successors.into_iter().next().unwrap();
        app.passes(600);
    }
}

async fn an_account_has_so_many_refreshes_an_hour_whatever_its_sessions(backend: Backend) {
    let app = App::new(backend, "ration").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    auth.registers("bob").await;
    let (mut one, other) = (auth.signs_in("ada").await, auth.signs_in("ada").await);
    let bob = auth.signs_in("bob").await;
    let mut refreshed = 0;
    let refusal = loop {
        match auth.refreshes(&one.refresh_token).await {
            Ok(next) => (one, refreshed) = (next, refreshed + 1),
            Err(refusal) => break refusal,
        }
        assert!(refreshed <= 600, "what is kept of them has no bound");
    };
    let pause = kit_base::error::Refusal::from_status(&refusal).retry_after.unwrap();
    assert!(pause.as_secs() <= 3600, "{pause:?}");
    let expected = (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS".to_owned());
    assert_eq!((refreshed, refused::<()>(Err(refusal))), (600, expected.clone()));
    assert_eq!(refused(auth.refreshes(&other.refresh_token).await), expected);
    assert!(auth.refreshes(&bob.refresh_token).await.is_ok(), "another account's");
    app.passes(3600);
    assert!(auth.refreshes(&one.refresh_token).await.is_ok());
}

async fn a_used_token_that_comes_back_behind_a_used_successor_ends_its_own_session_alone(
    backend: Backend,
) {
    let app = App::new(backend, "reuse").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let (stolen, other) = (auth.signs_in("ada").await, auth.signs_in("ada").await);
    let successor = auth.refreshes(&stolen.refresh_token).await.unwrap();
    app.passes(10);
    let again = auth.refreshes(&stolen.refresh_token).await.unwrap();
    assert_eq!(again.refresh_token, successor.refresh_token);
    let last = auth.refreshes(&successor.refresh_token).await.unwrap();
    let behind = auth.refreshes(&stolen.refresh_token).await;
    assert_eq!(refused(behind), (Code::Unauthenticated, "REFRESH_TOKEN_INVALID".to_owned()));
    assert_eq!(refused(auth.refreshes(&last.refresh_token).await).1, "REFRESH_TOKEN_INVALID");
    assert_eq!(refused(auth.asks_with(&successor).await).1, "SESSION_ENDED");
    assert!(
        auth.asks_with(&other).await.is_ok() && auth.refreshes(&other.refresh_token).await.is_ok()
    );
    let reuse = kit_base::metrics::text();
    let count = reuse
        .lines()
        .find_map(|line| line.strip_prefix("errand_auth_refresh_reuse_detected_total "));
    assert!(count.unwrap().parse::<u32>().unwrap() >= 1);
}

async fn a_refresh_whose_answer_was_lost_gives_the_unused_successor_however_late(backend: Backend) {
    let app = App::new(backend, "lost_answer").await;
    let (one, other) = (app.replica().await, app.replica().await);
    one.registers("ada").await;
    let first = one.signs_in("ada").await.refresh_token;
    let lost = one.refreshes(&first).await.unwrap().refresh_token;
    for seconds in [11, 600, DAY, 12 * DAY] {
        app.passes(seconds);
        let again = other.refreshes(&first).await.unwrap();
        assert_eq!(again.refresh_token, lost, "{backend:?}: {seconds} s later");
        assert_eq!(other.asks_with(&again).await.unwrap().email, "ada@example.com");
    }
    let next = one.refreshes(&lost).await.unwrap().refresh_token;
    assert_ne!(next, lost);
    assert!(other.refreshes(&lost).await.is_ok(), "{backend:?}: a race");
    app.passes(11);
    assert_eq!(other.refreshes(&lost).await.unwrap().refresh_token, next, "{backend:?}");
    assert_eq!(refused(other.refreshes(&first).await).1, "REFRESH_TOKEN_INVALID");
    let ended = refused(one.refreshes(&next).await).1;
    assert_eq!(ended, "REFRESH_TOKEN_INVALID", "{backend:?}: the family has ended");
}

async fn a_token_gives_nothing_after_its_own_life_and_ends_nothing_either(backend: Backend) {
    let app = App::new(backend, "own_life").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let first = auth.signs_in("ada").await.refresh_token;
    app.passes(13 * DAY);
    let next = auth.refreshes(&first).await.unwrap().refresh_token;
    app.passes(DAY);
    assert_eq!(refused(auth.refreshes(&first).await).1, "REFRESH_TOKEN_INVALID");
    assert!(auth.refreshes(&next).await.is_ok(), "{backend:?}");
}

async fn a_session_lasts_14_days_unused_and_30_days_in_use(backend: Backend) {
    let app = App::new(backend, "expiry").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let (idle, mut used) = (auth.signs_in("ada").await, auth.signs_in("ada").await);
    app.passes(13 * DAY);
    used = auth.refreshes(&used.refresh_token).await.unwrap();
    app.passes(DAY);
    assert_eq!(refused(auth.refreshes(&idle.refresh_token).await).1, "REFRESH_TOKEN_INVALID");
    app.passes(12 * DAY);
    used = auth.refreshes(&used.refresh_token).await.unwrap();
    app.passes(4 * DAY);
    assert_eq!(refused(auth.refreshes(&used.refresh_token).await).1, "REFRESH_TOKEN_INVALID");
}

async fn what_is_no_token_is_refused_like_one_that_is_over(backend: Backend) {
    let app = App::new(backend, "malformed").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let tokens = auth.signs_in("ada").await;
    let unknown = format!("er_{}", "A".repeat(43));
    for token in ["", "er_", &unknown, &tokens.access_token, &tokens.device_token] {
        let answer = auth.refreshes(token).await;
        assert_eq!(
            refused(answer),
            (Code::Unauthenticated, "REFRESH_TOKEN_INVALID".to_owned()),
            "{token}"
        );
    }
}
