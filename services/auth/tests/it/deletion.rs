//! An account that is deleted, and the password that it takes.
use kit_db::testing::{Backend, contents, traces};
use prost_types::FieldMask;
use proto::auth::v1::{CheckPasswordRequest, DeleteMeRequest, TokenSet, UpdateMeRequest};
use tonic::{Code, Status};

use crate::harness::{App, PASSWORD, Replica, by, email, faults, refused, until, with_key};

kit_db::on_each_backend!(
    an_account_goes_with_all_that_is_kept_of_it_and_nothing_of_anothers,
    a_password_that_is_asked_for_cannot_be_guessed,
);

async fn deletes(auth: &Replica, tokens: &TokenSet, password: &str) -> Result<(), Status> {
    let request = DeleteMeRequest { password: password.to_owned() };
    auth.accounts().delete_me(by(tokens, request)).await.map(tonic::Response::into_inner)
}

async fn checks(auth: &Replica, tokens: &TokenSet, password: &str) -> Result<(), Status> {
    let request = CheckPasswordRequest { password: password.to_owned() };
    auth.accounts().check_password(by(tokens, request)).await.map(tonic::Response::into_inner)
}

/// Signs in twice, writes under a key, and guesses wrong at a login and at a check.
async fn settles(auth: &Replica, name: &str) -> [TokenSet; 2] {
    let [one, two] = [auth.signs_in(name).await, auth.signs_in(name).await];
    let update_mask = Some(FieldMask { paths: vec!["name".to_owned()] });
    let renamed = Some(name.to_uppercase());
    let request = UpdateMeRequest { update_mask, name: renamed, time_zone: None, if_version: None };
    auth.accounts().update_me(with_key(by(&one, request), "settle")).await.unwrap();
    auth.tries(name, "wrong", Default::default()).await.unwrap_err();
    checks(auth, &one, "wrong").await.unwrap_err();
    [one, two]
}

async fn an_account_goes_with_all_that_is_kept_of_it_and_nothing_of_anothers(backend: Backend) {
    let app = App::new(backend, "delete").await;
    let (auth, other) = (app.replica().await, app.replica().await);
    let (ada, bob) = (auth.registers("ada").await, auth.registers("bob").await);
    let of_bob = settles(&auth, "bob").await;
    let attempts = contents(&app.database.url).await["attempts"].len();
    let of_ada = settles(&auth, "ada").await;
    let before = contents(&app.database.url).await;
    let kept: Vec<_> = traces(&before, &ada.id).into_keys().collect();
    assert_eq!(kept, ["accounts", "addresses", "idempotency_keys", "refresh_tokens", "sessions"]);

    deletes(&auth, &of_ada[0], PASSWORD).await.unwrap();
    let after = contents(&app.database.url).await;
    for trace in [&ada.id, &email("ada")] {
        assert_eq!(traces(&after, trace), Default::default());
    }
    assert_eq!(after["attempts"].len(), attempts, "what counted guesses at it goes, too");
    assert_eq!(traces(&after, &bob.id), traces(&before, &bob.id));
    for tokens in &of_ada {
        assert_eq!(refused(auth.asks_with(tokens).await).0, Code::Unauthenticated);
        let forgotten = || async {
            other
                .asks_with(tokens)
                .await
                .is_err_and(|refusal| refusal.code() == Code::Unauthenticated)
        };
        until("every replica refuses", forgotten).await;
        assert_eq!(refused(auth.refreshes(&tokens.refresh_token).await).0, Code::Unauthenticated);
    }
    assert_eq!(refused(deletes(&auth, &of_ada[0], PASSWORD).await).0, Code::Unauthenticated);
    auth.asks_with(&of_bob[1]).await.unwrap();
    auth.registers("ada").await;
    auth.signs_in("ada").await;
}

async fn a_password_that_is_asked_for_cannot_be_guessed(backend: Backend) {
    let app = App::new(backend, "confirm").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    for outcome in [
        checks(&auth, &ada, "wrong").await,
        checks(&auth, &ada, "").await,
        deletes(&auth, &ada, "wrong").await,
        deletes(&auth, &ada, "guess").await,
        checks(&auth, &ada, "guess").await,
        deletes(&auth, &ada, "again").await,
    ] {
        assert_eq!(faults(outcome), [("password".to_owned(), "INCORRECT".to_owned())]);
    }
    for outcome in [checks(&auth, &ada, PASSWORD).await, deletes(&auth, &ada, PASSWORD).await] {
        let expected = (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS".to_owned());
        assert_eq!(refused(outcome), expected);
    }
    app.passes(1);
    auth.asks_with(&ada).await.unwrap();
    checks(&auth, &ada, PASSWORD).await.unwrap();
    deletes(&auth, &ada, PASSWORD).await.unwrap();
}
