mod listed;
mod many;

use kit_base::testing::eventually;
use kit_db::testing::Backend;
use proto::auth::v1::{
    GetMeRequest, ListSessionsRequest, ListSessionsResponse, LogoutRequest, RevokeSessionRequest,
    TokenSet,
};
use tonic::{Code, Status};

use crate::harness::{App, PASSWORD, Replica, by, email, from_address, refused, with_key};

kit_db::on_each_backend!(
    a_login_gives_tokens_that_speak_for_its_user,
    whether_there_is_an_account_does_not_show,
    a_foreign_session_is_as_missing_as_one_that_never_was,
    a_logout_ends_the_session_it_comes_from,
    a_logout_that_is_sent_again_answers_as_before_and_lets_nothing_else_through,
    the_end_of_a_session_that_is_sent_again_answers_as_before,
    what_only_asks_for_faults_begins_and_uses_up_nothing,
    a_refresh_shows_where_its_session_was_last_used,
    a_session_that_is_over_is_neither_listed_nor_ended,
);

async fn lists(
    auth: &Replica,
    tokens: &TokenSet,
    limit: i32,
    cursor: &str,
) -> Result<ListSessionsResponse, Status> {
    let request = ListSessionsRequest { limit, cursor: cursor.to_owned() };
    auth.sessions().list_sessions(by(tokens, request)).await.map(tonic::Response::into_inner)
}

async fn revokes(auth: &Replica, tokens: &TokenSet, id: &str) -> Result<(), Status> {
    let request = RevokeSessionRequest { id: id.to_owned() };
    auth.sessions().revoke_session(by(tokens, request)).await.map(tonic::Response::into_inner)
}

async fn a_login_gives_tokens_that_speak_for_its_user(backend: Backend) {
    let app = App::new(backend, "login").await;
    let auth = app.replica().await;
    let user = auth.registers("ada").await;
    let tokens = auth.tries("ADA", PASSWORD, from_address("192.0.2.1")).await.unwrap();
    assert_eq!(auth.asks_with(&tokens).await.unwrap(), user);
    assert_eq!(tokens.expires_in, 600);
    assert!(tokens.refresh_token.starts_with("er_") && tokens.device_token.starts_with("ed_"));
    let anonymous = auth.accounts().get_me(GetMeRequest {}).await;
    assert_eq!(refused(anonymous), (Code::Unauthenticated, "TOKEN_MISSING".to_owned()));
    app.passes(610);
    assert_eq!(refused(auth.asks_with(&tokens).await).1, "TOKEN_EXPIRED");
}

async fn whether_there_is_an_account_does_not_show(backend: Backend) {
    let app = App::new(backend, "enumeration").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let wrong = auth.tries("ada", "not her password", from_address("192.0.2.1")).await.unwrap_err();
    let unknown =
        auth.tries("eve", "not her password", from_address("192.0.2.1")).await.unwrap_err();
    let malformed =
        auth.tries("@@@", "not her password", from_address("192.0.2.1")).await.unwrap_err();
    let endless =
        auth.tries("ada", &"x".repeat(5000), from_address("192.0.2.1")).await.unwrap_err();
    assert_eq!(
        refused::<()>(Err(wrong.clone())),
        (Code::Unauthenticated, "CREDENTIALS_INVALID".to_owned())
    );
    let shown =
        |status: &Status| (status.code(), status.message().to_owned(), status.details().to_vec());
    for other in [unknown, malformed, endless] {
        assert_eq!(shown(&other), shown(&wrong));
        assert_eq!(format!("{:?}", other.metadata()), format!("{:?}", wrong.metadata()));
    }
}

async fn a_foreign_session_is_as_missing_as_one_that_never_was(backend: Backend) {
    let app = App::new(backend, "revoke").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    auth.registers("eve").await;
    let (here, there, eve) =
        (auth.signs_in("ada").await, auth.signs_in("ada").await, auth.signs_in("eve").await);
    let id = lists(&auth, &there, 0, "")
        .await
        .unwrap()
        .sessions
        .into_iter()
        .find(|s| s.current)
        .unwrap()
        .id;
    let foreign = revokes(&auth, &eve, &id).await.unwrap_err();
    let missing = revokes(&auth, &eve, "01890000-0000-7000-8000-000000000000").await.unwrap_err();
    let nonsense = revokes(&auth, &eve, "nonsense").await.unwrap_err();
    assert_eq!(
        refused::<()>(Err(foreign.clone())),
        (Code::NotFound, "SESSION_NOT_FOUND".to_owned())
    );
    for other in [missing, nonsense] {
        assert_eq!((other.message(), other.details()), (foreign.message(), foreign.details()));
    }
    revokes(&auth, &here, &id).await.unwrap();
    assert_eq!(refused(auth.asks_with(&there).await).1, "SESSION_ENDED");
    assert_eq!(refused(revokes(&auth, &here, &id).await).1, "SESSION_NOT_FOUND");
    assert_eq!(lists(&auth, &here, 0, "").await.unwrap().sessions.len(), 1);
}

async fn a_logout_ends_the_session_it_comes_from(backend: Backend) {
    let app = App::new(backend, "logout").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let (here, there) = (auth.signs_in("ada").await, auth.signs_in("ada").await);
    auth.sessions().logout(by(&here, LogoutRequest {})).await.unwrap();
    assert_eq!(refused(auth.asks_with(&here).await).1, "SESSION_ENDED");
    assert_eq!(refused(auth.refreshes(&here.refresh_token).await).1, "REFRESH_TOKEN_INVALID");
    assert_eq!(auth.asks_with(&there).await.unwrap().email, email("ada"));
}

async fn logs_out(auth: &Replica, tokens: &TokenSet, key: &'static str) -> Result<bool, Status> {
    let request = with_key(by(tokens, LogoutRequest {}), key);
    let answer = auth.sessions().logout(request).await?;
    Ok(answer.metadata().contains_key("idempotency-replayed"))
}

async fn revokes_under(
    auth: &Replica,
    tokens: &TokenSet,
    id: &str,
    key: &'static str,
) -> Result<bool, Status> {
    let request = with_key(by(tokens, RevokeSessionRequest { id: id.to_owned() }), key);
    let answer = auth.sessions().revoke_session(request).await?;
    Ok(answer.metadata().contains_key("idempotency-replayed"))
}

async fn current(auth: &Replica, tokens: &TokenSet) -> String {
    let sessions = lists(auth, tokens, 0, "").await.unwrap().sessions;
    sessions.into_iter().find(|session| session.current).unwrap().id
}

async fn a_logout_that_is_sent_again_answers_as_before_and_lets_nothing_else_through(
    backend: Backend,
) {
    let app = App::new(backend, "logout_again").await;
    let (auth, other) = (app.replica().await, app.replica().await);
    auth.registers("ada").await;
    let (here, there) = (auth.signs_in("ada").await, auth.signs_in("ada").await);
    assert!(!logs_out(&auth, &here, "out").await.unwrap(), "{backend:?}");
    eventually("the other replica knows", async || other.asks_with(&here).await.is_err()).await;
    for replica in [&auth, &other] {
        assert!(logs_out(replica, &here, "out").await.unwrap(), "{backend:?}");
        let ended = (Code::Unauthenticated, "SESSION_ENDED".to_owned());
        assert_eq!(refused(logs_out(replica, &here, "another").await), ended, "{backend:?}");
        let unkeyed = replica.sessions().logout(by(&here, LogoutRequest {})).await;
        assert_eq!(refused(unkeyed), ended, "{backend:?}");
        let id = current(&auth, &there).await;
        assert_eq!(refused(revokes_under(replica, &here, &id, "out").await), ended);
        assert_eq!(refused(replica.asks_with(&here).await), ended, "{backend:?}");
    }
    let reused = refused(logs_out(&auth, &there, "out").await).1;
    assert_eq!(reused, "IDEMPOTENCY_KEY_REUSED", "another session is another request");
    assert!(auth.asks_with(&there).await.is_ok(), "{backend:?}");
    app.passes(610);
    assert_eq!(refused(logs_out(&auth, &here, "out").await).1, "TOKEN_EXPIRED", "{backend:?}");
}

async fn the_end_of_a_session_that_is_sent_again_answers_as_before(backend: Backend) {
    let app = App::new(backend, "revoke_again").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let (here, there) = (auth.signs_in("ada").await, auth.signs_in("ada").await);
    let (own, theirs) = (current(&auth, &here).await, current(&auth, &there).await);
    assert!(!revokes_under(&auth, &here, &theirs, "theirs").await.unwrap());
    assert!(revokes_under(&auth, &here, &theirs, "theirs").await.unwrap(), "{backend:?}");
    let missing = refused(revokes_under(&auth, &here, &theirs, "anew").await).1;
    assert_eq!(missing, "SESSION_NOT_FOUND", "{backend:?}");
    let reused = refused(revokes_under(&auth, &here, &own, "theirs").await).1;
    assert_eq!(reused, "IDEMPOTENCY_KEY_REUSED", "{backend:?}");
    assert!(!revokes_under(&auth, &here, &own, "own").await.unwrap(), "{backend:?}");
    assert!(revokes_under(&auth, &here, &own, "own").await.unwrap(), "{backend:?}");
    assert_eq!(refused(auth.asks_with(&here).await).1, "SESSION_ENDED", "{backend:?}");
}

#[tokio::test]
async fn a_token_that_was_changed_is_told_nothing_of_what_was_answered() {
    let app = App::new(kit_db::testing::Backend::Sqlite, "forged").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let mut ada = auth.signs_in("ada").await;
    logs_out(&auth, &ada, "out").await.unwrap();
    let (body, signature) = ada.access_token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    ada.access_token = format!("{body}.{other}{}", &signature[1..]);
    assert_eq!(refused(logs_out(&auth, &ada, "out").await).1, "TOKEN_INVALID");
}

async fn what_only_asks_for_faults_begins_and_uses_up_nothing(backend: Backend) {
    let app = App::new(backend, "validate").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    let validating = |mut metadata: tonic::metadata::MetadataMap| {
        metadata.insert(kit_rpc::VALIDATE_ONLY, "true".parse().unwrap());
        metadata
    };
    let login = proto::auth::v1::LoginRequest {
        email: email("ada"),
        password: PASSWORD.to_owned(),
        device: None,
    };
    let mut login = tonic::Request::new(login);
    *login.metadata_mut() = validating(Default::default());
    assert_eq!(crate::harness::faults(auth.sessions().login(login).await), []);
    let refresh =
        proto::auth::v1::RefreshRequest { refresh_token: ada.refresh_token.clone(), device: None };
    let mut refresh = tonic::Request::new(refresh);
    *refresh.metadata_mut() = validating(Default::default());
    assert_eq!(crate::harness::faults(auth.sessions().refresh(refresh).await), []);
    let sessions = lists(&auth, &ada, 0, "").await.unwrap().sessions;
    assert_eq!((sessions.len(), sessions[0].address.as_str()), (1, "192.0.2.1"), "{backend:?}");
}

async fn a_refresh_shows_where_its_session_was_last_used(backend: Backend) {
    let app = App::new(backend, "last_used").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    let begun = lists(&auth, &ada, 0, "").await.unwrap().sessions.remove(0);
    app.passes(300);
    let ada = auth.refreshes(&ada.refresh_token).await.unwrap();
    let used = lists(&auth, &ada, 0, "").await.unwrap().sessions.remove(0);
    assert_eq!((used.id, used.created_at), (begun.id, begun.created_at), "{backend:?}");
    assert_eq!((begun.address.as_str(), used.address.as_str()), ("192.0.2.1", "192.0.2.2"));
    let seconds = |moment: Option<prost_types::Timestamp>| moment.unwrap().seconds;
    assert_eq!(seconds(used.last_seen_at) - seconds(begun.last_seen_at), 300, "{backend:?}");
    assert_eq!(seconds(used.expires_at) - seconds(begun.expires_at), 300, "{backend:?}");
}

async fn a_session_that_is_over_is_neither_listed_nor_ended(backend: Backend) {
    let app = App::new(backend, "over").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let forgotten = auth.signs_in("ada").await;
    let id = current(&auth, &forgotten).await;
    app.passes(14 * 24 * 3600 - 1);
    let here = auth.signs_in("ada").await;
    assert_eq!(lists(&auth, &here, 0, "").await.unwrap().sessions.len(), 2, "{backend:?}");
    app.passes(1);
    assert_eq!(lists(&auth, &here, 0, "").await.unwrap().sessions.len(), 1, "{backend:?}");
    assert_eq!(refused(revokes(&auth, &here, &id).await).1, "SESSION_NOT_FOUND", "{backend:?}");
    assert_eq!(refused(auth.refreshes(&forgotten.refresh_token).await).1, "REFRESH_TOKEN_INVALID");
}
