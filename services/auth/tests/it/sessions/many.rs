//! Many sessions: pages of them, and more than an account may have.
use serde_json::json;

use super::*;

kit_db::on_each_backend!(
    one_session_too_many_ends_the_one_that_was_used_least_recently,
    a_forged_cursor_of_sessions_fails_nothing,
);

async fn one_session_too_many_ends_the_one_that_was_used_least_recently(backend: Backend) {
    let app = App::new(backend, "too_many").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    auth.registers("eve").await;
    let eve = auth.signs_in("eve").await;
    let mut sessions = vec![];
    for _ in 0..100 {
        sessions.push(auth.signs_in("ada").await);
        app.passes(1);
    }
    let first = auth.refreshes(&sessions[0].refresh_token).await.unwrap();
    let newest = auth.signs_in("ada").await;
    // Another replica hears of it, too.
    let other = app.replica().await;
    assert_eq!(refused(other.asks_with(&sessions[1]).await).1, "SESSION_ENDED");
    assert_eq!(refused(auth.asks_with(&sessions[1]).await).1, "SESSION_ENDED");
    for alive in [&first, &sessions[2], &newest, &eve] {
        auth.asks_with(alive).await.unwrap();
    }
    assert!(auth.refreshes(&sessions[1].refresh_token).await.is_err());
    let listed = lists(&auth, &newest, 200, "").await.unwrap();
    assert_eq!(listed.sessions.len(), 100);
}

async fn a_forged_cursor_of_sessions_fails_nothing(backend: Backend) {
    let app = App::new(backend, "forged").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let tokens = auth.signs_in("ada").await;
    for position in [
        json!(null),
        json!(7),
        json!(i64::MIN),
        json!(1e300),
        json!("x"),
        json!(["a\u{0}b"]),
        json!({ "Id": 1 }),
        json!("00000000-0000-0000-0000-000000000000"),
        json!("ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ] {
        let forged = kit_base::page::encode("sessions", &position);
        match lists(&auth, &tokens, 1, &forged).await {
            Ok(page) => assert!(page.sessions.len() <= 1, "{position}"),
            Err(status) => assert_eq!(refused::<()>(Err(status)).1, "INVALID_CURSOR", "{position}"),
        }
    }
}
