//! More sessions than an account may have.
use super::*;

kit_db::on_each_backend!(one_session_too_many_ends_the_one_that_was_used_least_recently);

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
