//! Accounts and sessions: who may come in, and for how long.
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kit_base::testing::eventually;
use serde_json::json;

use crate::{
    app::{App, everywhere},
    user::{PASSWORD, User, text},
};

everywhere!(
    an_account_can_be_made_once,
    a_wrong_password_is_not_told_from_an_unknown_user,
    a_refresh_gives_a_new_pair_and_keeps_the_session,
    fifty_refreshes_at_once_sign_nobody_out,
    a_logout_ends_the_session,
    a_new_password_ends_the_other_sessions_within_a_second,
    a_revoked_session_cannot_read_or_write_within_a_second,
    a_user_changes_what_is_shown_of_them,
    a_forged_token_is_refused,
    a_long_text_is_refused_by_the_rule_for_it,
);

async fn a_long_text_is_refused_by_the_rule_for_it(app: &App) {
    let alice = app.user("alice").await;
    let (email, long) = (alice.email.as_str(), "a".repeat(70_000));
    let cases = [
        ("POST", "/v1/auth/register", json!({ "email": long, "password": PASSWORD }), 422),
        ("POST", "/v1/auth/register", json!({ "email": "b@example.com", "password": long }), 422),
        ("POST", "/v1/auth/login", json!({ "email": long, "password": PASSWORD }), 401),
        ("POST", "/v1/auth/login", json!({ "email": email, "password": long }), 401),
        ("POST", "/v1/auth/refresh", json!({ "refresh_token": long }), 401),
        ("PATCH", "/v1/me", json!({ "name": long }), 422),
        ("PATCH", "/v1/me", json!({ "time_zone": long }), 422),
        (
            "PUT",
            "/v1/me/password",
            json!({ "current_password": PASSWORD, "new_password": long }),
            422,
        ),
        (
            "PUT",
            "/v1/me/password",
            json!({ "current_password": long, "new_password": "Another 8 battery" }),
            422,
        ),
        ("DELETE", "/v1/me", json!({ "password": long }), 422),
    ];
    for (method, path, body, status) in cases {
        let method = method.parse().expect("a method");
        let reply = alice.ask(method, path).json(&body).await;
        assert_eq!(reply.status, status, "{path}: {:.300}", reply.json().to_string());
    }
    alice.reads("/v1/me").await;
}

async fn an_account_can_be_made_once(app: &App) {
    let alice = app.user("alice").await;
    let again = json!({ "email": alice.email.to_uppercase(), "password": PASSWORD });
    let problem = app.http.post("/v1/auth/register", &again).await;
    assert_eq!(problem.status, 409, "{problem:?}");

    let me = alice.reads("/v1/me").await;
    assert_eq!(me["email"], alice.email.as_str());
    assert!(me.get("password").is_none() && me.get("password_hash").is_none(), "{me}");
}

async fn a_wrong_password_is_not_told_from_an_unknown_user(app: &App) {
    let alice = app.user("alice").await;
    let ask = |email: &str| {
        app.http
            .post("/v1/auth/login", &json!({ "email": email, "password": "not the one, surely" }))
    };
    let mut wrong = ask(&alice.email).await.expect(401);
    let mut unknown = ask("nobody-at-all@example.com").await.expect(401);
    for problem in [&mut wrong, &mut unknown] {
        let fields = problem.as_object_mut().expect("a problem");
        fields.retain(|name, _| {
            !["traceId", "timestamp", "instance", "requestId"].contains(&name.as_str())
        });
    }
    assert_eq!(wrong, unknown);
}

async fn a_refresh_gives_a_new_pair_and_keeps_the_session(app: &App) {
    let alice = app.user("alice").await;
    let refreshed = alice.refreshes().await;
    assert_ne!(refreshed.refresh_token, alice.refresh_token);
    let sessions = refreshed.reads_all("/v1/sessions").await;
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert_eq!(sessions[0]["current"], true);
}

async fn fifty_refreshes_at_once_sign_nobody_out(app: &App) {
    let alice = app.user("alice").await;
    let pairs = join_all((0..50).map(|_| alice.refreshes())).await;
    let successors: std::collections::BTreeSet<_> =
        pairs.iter().map(|pair| pair.refresh_token.as_str()).collect();
    assert_eq!(successors.len(), 1, "one chain");
    pairs[0].refreshes().await.reads("/v1/me").await;
}

async fn a_logout_ends_the_session(app: &App) {
    let alice = app.user("alice").await;
    let elsewhere = alice.signs_in_again().await;
    alice.does("/v1/auth/logout").await.expect(204);
    is_signed_out_soon(&alice).await;
    let refresh =
        app.http.post("/v1/auth/refresh", &json!({ "refresh_token": alice.refresh_token })).await;
    assert_eq!(refresh.status, 401);
    elsewhere.reads("/v1/tasks").await;
}

async fn a_new_password_ends_the_other_sessions_within_a_second(app: &App) {
    let alice = app.user("alice").await;
    let elsewhere = alice.signs_in_again().await;
    elsewhere.reads("/v1/tasks").await;
    let change = json!({ "current_password": PASSWORD, "new_password": "another Horse 8 battery" });
    alice.put("/v1/me/password", &change).await.expect(204);

    is_signed_out_soon(&elsewhere).await;
    alice.reads("/v1/tasks").await;
    User::signs_in(&app.http, &alice.email, "another Horse 8 battery").await;
}

async fn a_revoked_session_cannot_read_or_write_within_a_second(app: &App) {
    let alice = app.user("alice").await;
    let elsewhere = alice.signs_in_again().await;
    let sessions = alice.reads_all("/v1/sessions").await;
    let other =
        sessions.iter().find(|session| session["current"] == false).expect("the other session");
    alice.delete(&format!("/v1/sessions/{}", text(&other["id"]))).await.expect(204);
    is_signed_out_soon(&elsewhere).await;
    let write = elsewhere.post("/v1/tasks", &json!({ "title": "too late" })).await;
    assert_eq!(write.status, 401);
}

async fn a_user_changes_what_is_shown_of_them(app: &App) {
    let alice = app.user("alice").await;
    let me = alice.patch("/v1/me", &json!({ "time_zone": "Europe/Berlin" })).await.expect(200);
    assert_eq!((text(&me["time_zone"]), text(&me["name"])), ("Europe/Berlin", "alice"));
    let problem =
        alice.patch("/v1/me", &json!({ "time_zone": "Europe/Atlantis" })).await.expect(422);
    assert_eq!(problem["errors"][0]["pointer"], "/time_zone", "{problem}");
}

async fn a_forged_token_is_refused(app: &App) {
    let alice = app.user("alice").await;
    let (rest, signature) = alice.access_token.rsplit_once('.').expect("three parts");
    let turned: String = signature.chars().rev().collect();
    let none = "eyJhbGciOiJub25lIn0";
    let payload = rest.split('.').nth(1).expect("a payload");
    for forged in
        [format!("{rest}.{turned}"), rest.to_owned(), format!("{none}.{payload}."), "x".to_owned()]
    {
        let reply =
            app.http.get("/v1/tasks").with("authorization", format!("Bearer {forged}")).await;
        assert_eq!(reply.status, 401, "{forged}");
        assert!(reply.header("www-authenticate").starts_with("Bearer"), "{reply:?}");
    }
}

/// The gateway and the tasks service both refuse the token: within a second, or a few on a machine with much else to do.
pub(crate) async fn is_signed_out_soon(user: &User) {
    let begun = Instant::now();
    for path in ["/v1/tasks", "/v1/me"] {
        let what = format!("{path} refuses the token");
        eventually(&what, async || user.get(path).await.status == 401).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
