use kit_base::error::Refusal;
use kit_db::testing::Backend;
use kit_rpc::VALIDATE_ONLY;
use proto::auth::v1::{ChangePasswordRequest, TokenSet};
use tonic::{Code, Request, Response, Status};

use crate::harness::{App, PASSWORD, Replica, by, email, faults, refused, with_key};

kit_db::on_each_backend!(
    every_fault_of_a_change_is_said_at_once,
    a_right_guess_beside_a_bad_new_password_is_no_failure,
    a_wrong_guess_counts_whatever_the_new_password_is,
    an_empty_guess_is_wrong_and_counts_nothing,
    of_two_changes_at_once_one_is_done_and_the_other_told,
    a_password_is_the_same_however_its_letters_are_composed,
    a_new_password_ends_the_other_sessions_at_once,
    the_current_password_cannot_be_guessed_through_a_change,
);

const NEW: &str = "another four words";

/// Asks for a change, or only for what is wrong with it.
async fn asks(
    auth: &Replica,
    tokens: &TokenSet,
    (current, new): (&str, &str),
    only_validates: bool,
) -> Result<(), Status> {
    let (current_password, new_password) = (current.to_owned(), new.to_owned());
    let mut request = by(tokens, ChangePasswordRequest { current_password, new_password });
    if only_validates {
        request.metadata_mut().insert(VALIDATE_ONLY, "true".parse().unwrap());
    }
    auth.accounts().change_password(request).await.map(drop)
}

async fn every_fault_of_a_change_is_said_at_once(backend: Backend) {
    let app = App::new(backend, "change_faults").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    for only_validates in [true, false] {
        for (current, new, expected) in [
            ("wrong", "short", &["current_password INCORRECT", "new_password TOO_SHORT"][..]),
            ("wrong", NEW, &["current_password INCORRECT"]),
            (PASSWORD, "short", &["new_password TOO_SHORT"]),
        ] {
            let told = faults(asks(&auth, &ada, (current, new), only_validates).await);
            let told: Vec<_> = told.iter().map(|(field, why)| format!("{field} {why}")).collect();
            assert_eq!(told, expected, "{current} {new} {only_validates}");
        }
    }
    assert_eq!(faults(asks(&auth, &ada, (PASSWORD, NEW), true).await), [], "it is only judged");
    assert!(auth.tries("ada", PASSWORD, Default::default()).await.is_ok());
}

async fn a_right_guess_beside_a_bad_new_password_is_no_failure(backend: Backend) {
    let app = App::new(backend, "change_right").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    for round in 0..6 {
        let told = faults(asks(&auth, &ada, (PASSWORD, "short"), round % 2 == 0).await);
        assert_eq!(told, [("new_password".to_owned(), "TOO_SHORT".to_owned())]);
        assert_eq!(faults(asks(&auth, &ada, (PASSWORD, NEW), true).await), []);
    }
    asks(&auth, &ada, (PASSWORD, NEW), false).await.unwrap();
}

async fn a_wrong_guess_counts_whatever_the_new_password_is(backend: Backend) {
    let app = App::new(backend, "change_wrong").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    for round in 0..5 {
        let told = faults(asks(&auth, &ada, ("wrong", "short"), round % 2 == 0).await);
        assert_eq!(told.len(), 2, "{told:?}");
    }
    for only_validates in [true, false] {
        let refusal = asks(&auth, &ada, (PASSWORD, NEW), only_validates).await;
        assert_eq!(refused(refusal).1, "TOO_MANY_ATTEMPTS");
    }
}

async fn an_empty_guess_is_wrong_and_counts_nothing(backend: Backend) {
    let app = App::new(backend, "change_empty").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    for _ in 0..6 {
        let told = faults(asks(&auth, &ada, ("", NEW), false).await);
        assert_eq!(told, [("current_password".to_owned(), "INCORRECT".to_owned())]);
    }
    asks(&auth, &ada, (PASSWORD, NEW), false).await.unwrap();
}

async fn of_two_changes_at_once_one_is_done_and_the_other_told(backend: Backend) {
    let app = App::new(backend, "change_race").await;
    let (one, other) = (app.replica().await, app.replica().await);
    one.registers("ada").await;
    let (here, there) = (one.signs_in("ada").await, one.signs_in("ada").await);
    app.passes(1);
    let (first, second) = tokio::join!(
        asks(&one, &here, (PASSWORD, NEW), false),
        asks(&other, &there, (PASSWORD, "a third of four words"), false),
    );
    let (new, old) = match (&first, &second) {
        (Ok(()), Err(_)) => (NEW, "a third of four words"),
        (Err(_), Ok(())) => ("a third of four words", NEW),
        both => panic!("{both:?}"),
    };
    let late = first.and(second).unwrap_err();
    let told = Refusal::from_status(&late).reason.unwrap_or_default();
    assert!(matches!(told.as_str(), "VALIDATION_FAILED" | "SESSION_ENDED"), "{late:?}");
    assert!(one.tries("ada", new, Default::default()).await.is_ok());
    for gone in [old, PASSWORD] {
        let refusal = one.tries("ada", gone, Default::default()).await;
        assert_eq!(refused(refusal).1, "CREDENTIALS_INVALID");
    }
}

async fn a_password_is_the_same_however_its_letters_are_composed(backend: Backend) {
    let app = App::new(backend, "composed").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    let (composed, apart) = ("fünf Wörter für Ada", "fu\u{308}nf Wo\u{308}rter fu\u{308}r Ada");
    asks(&auth, &ada, (PASSWORD, apart), false).await.unwrap();
    for password in [composed, apart] {
        assert!(auth.tries("ada", password, Default::default()).await.is_ok());
    }
    asks(&auth, &ada, (composed, NEW), false).await.unwrap();
    assert!(auth.tries("ada", NEW, Default::default()).await.is_ok());
}

async fn a_new_password_ends_the_other_sessions_at_once(backend: Backend) {
    let app = App::new(backend, "password").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    auth.registers("eve").await;
    let (here, there, eve) =
        (auth.signs_in("ada").await, auth.signs_in("ada").await, auth.signs_in("eve").await);
    let change = || {
        let (current_password, new_password) =
            (PASSWORD.to_owned(), "another four words".to_owned());
        with_key(by(&here, ChangePasswordRequest { current_password, new_password }), "key-1")
    };
    auth.accounts().change_password(change()).await.unwrap();
    auth.accounts().change_password(change()).await.expect("the same again is done already");
    assert_eq!(
        refused(auth.asks_with(&there).await),
        (Code::Unauthenticated, "SESSION_ENDED".to_owned())
    );
    assert_eq!(refused(auth.refreshes(&there.refresh_token).await).1, "REFRESH_TOKEN_INVALID");
    assert_eq!(auth.asks_with(&here).await.unwrap().email, email("ada"));
    assert!(
        auth.refreshes(&here.refresh_token).await.is_ok() && auth.asks_with(&eve).await.is_ok()
    );
    assert_eq!(
        refused(auth.tries("ada", PASSWORD, Default::default()).await).1,
        "CREDENTIALS_INVALID"
    );
    assert!(auth.tries("ada", "another four words", Default::default()).await.is_ok());
}

async fn the_current_password_cannot_be_guessed_through_a_change(backend: Backend) {
    let app = App::new(backend, "guess").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    let guess = |current: &str| {
        let new_password = "another four words".to_owned();
        changes(
            &auth,
            by(&ada, ChangePasswordRequest { current_password: current.to_owned(), new_password }),
        )
    };
    for _ in 0..5 {
        assert_eq!(
            faults(guess("wrong").await),
            [("current_password".to_owned(), "INCORRECT".to_owned())]
        );
    }
    assert_eq!(
        refused(guess(PASSWORD).await),
        (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS".to_owned())
    );
    assert!(
        auth.tries("ada", PASSWORD, Default::default()).await.is_ok(),
        "a login has its own counter"
    );
    app.passes(1);
    guess(PASSWORD).await.unwrap();
}

async fn changes(auth: &Replica, request: Request<ChangePasswordRequest>) -> Result<(), Status> {
    auth.accounts().change_password(request).await.map(Response::into_inner)
}
