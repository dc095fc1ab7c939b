use std::time::Duration;

use diesel::{QueryableByName, sql_query, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use kit_base::{Clock, error::Refusal, testing::eventually};
use kit_db::{Db, testing::Backend};
use proto::auth::v1::{ChangePasswordRequest, Device, TokenSet};
use tonic::{Code, Status};

use crate::harness::{App, PASSWORD, Replica, by, faults, from_address, refused};

kit_db::on_each_backend!(
    after_five_failures_the_next_attempt_has_to_wait,
    attempts_at_once_through_several_replicas_do_not_slip_through,
    an_attack_does_not_lock_out_an_owner_whose_device_is_known,
    an_address_that_tries_account_after_account_has_to_wait_too,
    an_attackers_own_success_opens_nothing_for_the_next_guess,
    failures_are_forgotten_after_a_day_and_not_before,
    who_began_a_moment_before_another_was_counted_has_not_to_wait,
);

async fn after_five_failures_the_next_attempt_has_to_wait(backend: Backend) {
    let app = App::new(backend, "throttle").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    // Whether there is such an account makes no difference.
    for name in ["ada", "nobody"] {
        let guess = || auth.tries(name, "not her password", Device::default());
        for _ in 0..5 {
            assert_eq!(refused(guess().await).1, "CREDENTIALS_INVALID");
        }
        for pause in [1, 2, 4, 8] {
            let began = std::time::Instant::now();
            let status = guess().await.unwrap_err();
            let took = began.elapsed();
            assert!(took < Duration::from_millis(900), "who has to wait is told so: {took:?}");
            let Refusal { reason, retry_after, .. } = Refusal::from_status(&status);
            assert_eq!(
                (status.code(), reason.as_deref()),
                (Code::ResourceExhausted, Some("TOO_MANY_ATTEMPTS"))
            );
            assert_eq!(retry_after, Some(Duration::from_secs(pause)));
            app.passes(pause);
            assert_eq!(refused(guess().await).1, "CREDENTIALS_INVALID");
        }
    }
    app.passes(16);
    auth.tries("ada", PASSWORD, Device::default()).await.unwrap();
    assert_eq!(
        refused(auth.tries("ada", "wrong", Device::default()).await).1,
        "CREDENTIALS_INVALID",
        "success resets"
    );
    assert!(auth.tries("ada", PASSWORD, Device::default()).await.is_ok());
}

async fn attempts_at_once_through_several_replicas_do_not_slip_through(backend: Backend) {
    let app = App::new(backend, "slip").await;
    let (one, other) = (app.replica().await, app.replica().await);
    one.registers("ada").await;
    let attempts = (0..20).map(|number| {
        (if number % 2 == 0 { &one } else { &other }).tries("ada", "wrong", Device::default())
    });
    let reasons: Vec<_> =
        join_all(attempts).await.into_iter().map(|outcome| refused(outcome).1).collect();
    let count = |reason: &str| reasons.iter().filter(|found| *found == reason).count();
    assert_eq!((count("CREDENTIALS_INVALID"), count("TOO_MANY_ATTEMPTS")), (5, 15), "{reasons:?}");
}

async fn an_attack_does_not_lock_out_an_owner_whose_device_is_known(backend: Backend) {
    let app = App::new(backend, "device").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    auth.registers("eve").await;
    let (ada, eve) = (auth.signs_in("ada").await, auth.signs_in("eve").await);
    for _ in 0..6 {
        _ = auth.tries("ada", "not her password", from_address("198.51.100.1")).await;
    }
    assert_eq!(
        refused(auth.tries("ada", PASSWORD, from_address("192.0.2.1")).await).1,
        "TOO_MANY_ATTEMPTS"
    );
    let owner = Device { token: ada.device_token, ..from_address("192.0.2.1") };
    let foreign = Device { token: eve.device_token, ..from_address("192.0.2.1") };
    let again = auth.tries("ada", PASSWORD, owner.clone()).await.unwrap();
    assert_eq!(refused(auth.tries("ada", PASSWORD, foreign).await).1, "TOO_MANY_ATTEMPTS");
    // A device that was stolen is no way around the limit either, and neither is its next token.
    for token in [owner.token, again.device_token].iter().cycle().take(5) {
        let stolen = Device { token: token.clone(), ..from_address("198.51.100.1") };
        assert_eq!(
            refused(auth.tries("ada", "not her password", stolen).await).1,
            "CREDENTIALS_INVALID"
        );
    }
    let stolen =
        Device { token: auth.signs_in("eve").await.device_token, ..from_address("198.51.100.1") };
    assert_eq!(refused(auth.tries("ada", PASSWORD, stolen).await).1, "TOO_MANY_ATTEMPTS");
}

async fn an_address_that_tries_account_after_account_has_to_wait_too(backend: Backend) {
    let app = App::new(backend, "spray").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    for number in 0..50 {
        // The same network of 64 bits.
        let address = from_address(&format!("2001:db8::{number:x}"));
        assert_eq!(
            refused(auth.tries(&format!("user{number}"), "guess", address).await).1,
            "CREDENTIALS_INVALID"
        );
    }
    assert_eq!(
        refused(auth.tries("ada", PASSWORD, from_address("2001:db8::ffff")).await).1,
        "TOO_MANY_ATTEMPTS"
    );
    assert!(auth.tries("ada", PASSWORD, from_address("2001:db8:0:1::1")).await.is_ok());
    app.passes(1);
    assert!(auth.tries("ada", PASSWORD, from_address("2001:db8::ffff")).await.is_ok());
}

async fn an_attackers_own_success_opens_nothing_for_the_next_guess(backend: Backend) {
    let app = App::new(backend, "own_success").await;
    let auth = app.replica().await;
    auth.registers("eve").await;
    let from = || from_address("198.51.100.1");
    let own = || auth.tries("eve", PASSWORD, from());
    for number in 0..49 {
        let guess = auth.tries(&format!("user{number}"), "guess", from()).await;
        assert_eq!(refused(guess).1, "CREDENTIALS_INVALID");
    }
    own().await.unwrap();
    assert_eq!(refused(auth.tries("a", "guess", from()).await).1, "CREDENTIALS_INVALID");
    // The fiftieth failure, however often it succeeded between.
    for pause in [1, 2, 4] {
        let status = own().await.unwrap_err();
        let Refusal { reason, retry_after, .. } = Refusal::from_status(&status);
        let wait = Some(Duration::from_secs(pause));
        assert_eq!((reason.as_deref(), retry_after), (Some("TOO_MANY_ATTEMPTS"), wait));
        app.passes(pause);
        own().await.unwrap();
        let guess = auth.tries(&format!("after{pause}"), "guess", from()).await;
        assert_eq!(refused(guess).1, "CREDENTIALS_INVALID");
    }
}

async fn failures_are_forgotten_after_a_day_and_not_before(backend: Backend) {
    let app = App::new(backend, "forgotten").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let guess = || auth.tries("ada", "guess", Device::default());
    for _ in 0..5 {
        assert_eq!(refused(guess().await).1, "CREDENTIALS_INVALID");
    }
    app.passes(24 * 3600 - 10);
    // It tidies when it starts.
    let _early = app.replica().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(refused(guess().await).1, "CREDENTIALS_INVALID");
    assert_eq!(refused(guess().await).1, "TOO_MANY_ATTEMPTS", "five of them are a day old");
    app.passes(24 * 3600 + 10);
    let _late = app.replica().await;
    let db = Db::open(&app.database.url, &kit_db::Limits::default()).unwrap();
    db.up().await.unwrap();
    eventually("it is forgotten", async || {
        let count = kit_db::read!(&db, "test", conn =>
            sql_query("SELECT count(*) AS count FROM attempts").get_result::<Count>(conn).await);
        count.unwrap().count == 0
    })
    .await;
    for _ in 0..5 {
        assert_eq!(refused(guess().await).1, "CREDENTIALS_INVALID", "they are free again");
    }
}

async fn who_began_a_moment_before_another_was_counted_has_not_to_wait(backend: Backend) {
    let mut app = App::new(backend, "moment").await;
    let later = app.replica().await;
    app.clock = Clock::fixed(app.clock.now().minus(Duration::from_millis(1)));
    let earlier = app.replica().await;
    later.registers("ada").await;
    let from = || from_address("192.0.2.1");
    // Counted as a failure, as one whose outcome is not known yet is.
    let guess = later.tries("ada", "not her password", from()).await;
    assert_eq!(refused(guess).1, "CREDENTIALS_INVALID");
    earlier.tries("ada", PASSWORD, from()).await.expect("beside one that is counted");
    let ada = later.tries("ada", PASSWORD, from()).await.unwrap();
    earlier.tries("ada", PASSWORD, from()).await.expect("beside one that is settled");
    let new = "another four words";
    let taken_back = changes(&later, &ada, "short").await;
    assert_eq!(faults(taken_back), [("new_password".to_owned(), "TOO_SHORT".to_owned())]);
    changes(&earlier, &ada, new).await.expect("beside one that is taken back");
}

async fn changes(auth: &Replica, tokens: &TokenSet, new: &str) -> Result<(), Status> {
    let (current_password, new_password) = (PASSWORD.to_owned(), new.to_owned());
    let request = by(tokens, ChangePasswordRequest { current_password, new_password });
    auth.accounts().change_password(request).await.map(drop)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}
