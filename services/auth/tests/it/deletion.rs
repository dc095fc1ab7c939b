//! An account that is deleted, and the password that it takes.
use std::{collections::BTreeSet, time::Duration};

use kit_base::{Timestamp, testing::eventually};
use kit_db::testing::{Backend, contents, run_script, traces};
use prost_types::FieldMask;
use proto::auth::v1::{
    ChangePasswordRequest, DeleteMeRequest, ListDeletedAccountsRequest, TokenSet, UpdateMeRequest,
};
use tonic::{Code, Response, Status};

use crate::harness::{App, PASSWORD, Replica, by, email, faults, refused, with_key};

const OTHER: &str = "another horse, another staple";

kit_db::on_each_backend!(
    an_account_goes_with_all_that_is_kept_of_it_and_nothing_of_anothers,
    a_password_that_is_asked_for_cannot_be_guessed,
    a_deletion_that_is_sent_again_under_its_key_is_answered_again,
    a_deletion_beside_a_change_of_the_password_is_done_or_refused_and_never_half,
    who_keeps_something_of_deleted_accounts_learns_of_all_of_them,
);

async fn deletes(auth: &Replica, tokens: &TokenSet, password: &str) -> Result<(), Status> {
    let request = DeleteMeRequest { password: password.to_owned() };
    auth.accounts().delete_me(by(tokens, request)).await.map(tonic::Response::into_inner)
}

/// Signs in twice, writes under a key, and guesses wrong at a login and at a deletion.
async fn settles(auth: &Replica, name: &str) -> [TokenSet; 2] {
    let [one, two] = [auth.signs_in(name).await, auth.signs_in(name).await];
    let update_mask = Some(FieldMask { paths: vec!["name".to_owned()] });
    let renamed = Some(name.to_uppercase());
    let request = UpdateMeRequest { update_mask, name: renamed, time_zone: None, if_version: None };
    auth.accounts().update_me(with_key(by(&one, request), "settle")).await.unwrap();
    auth.tries(name, "wrong", Default::default()).await.unwrap_err();
    deletes(auth, &one, "wrong").await.unwrap_err();
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
    // For whoever has yet to erase what it keeps: an id, which names nobody now.
    assert_eq!(traces(&after, &ada.id).into_keys().collect::<Vec<_>>(), ["deletions"]);
    assert_eq!(traces(&after, &email("ada")), Default::default());
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
        eventually("every replica refuses", forgotten).await;
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
    for guess in ["wrong", "", "guess", "again", "once more", "at last"] {
        let told = faults(deletes(&auth, &ada, guess).await);
        assert_eq!(told, [("password".to_owned(), "INCORRECT".to_owned())], "{guess}");
    }
    let expected = (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS".to_owned());
    assert_eq!(refused(deletes(&auth, &ada, PASSWORD).await), expected);
    app.passes(1);
    auth.asks_with(&ada).await.unwrap();
    deletes(&auth, &ada, PASSWORD).await.unwrap();
}

async fn a_deletion_that_is_sent_again_under_its_key_is_answered_again(backend: Backend) {
    let app = App::new(backend, "again").await;
    let (auth, other) = (app.replica().await, app.replica().await);
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    let sends = async |replica: &Replica, password: &str, key| {
        let request = by(&ada, DeleteMeRequest { password: password.to_owned() });
        replica.accounts().delete_me(with_key(request, key)).await
    };
    let both = tokio::join!(sends(&auth, PASSWORD, "leave"), sends(&other, PASSWORD, "leave"));
    let replayed = |answer: &Response<()>| answer.metadata().contains_key("idempotency-replayed");
    let answers = [both.0.unwrap(), both.1.unwrap()];
    assert_eq!(answers.iter().filter(|answer| replayed(answer)).count(), 1);
    for replica in [&auth, &other] {
        assert!(replayed(&sends(replica, PASSWORD, "leave").await.unwrap()));
        for (password, key) in [("another", "leave"), (PASSWORD, "another")] {
            let outcome = sends(replica, password, key).await;
            assert_eq!(refused(outcome).0, Code::Unauthenticated, "{password} under {key}");
        }
    }
}

async fn a_deletion_beside_a_change_of_the_password_is_done_or_refused_and_never_half(
    backend: Backend,
) {
    let app = App::new(backend, "beside").await;
    let auth = app.replica().await;
    for round in 0..6 {
        let name = format!("ada{round}");
        auth.registers(&name).await;
        let (one, two) = (auth.signs_in(&name).await, auth.signs_in(&name).await);
        let next = auth.refreshes(&two.refresh_token).await.unwrap();
        let last = auth.refreshes(&next.refresh_token).await.unwrap();
        app.passes(1);
        let request = ChangePasswordRequest {
            current_password: PASSWORD.to_owned(),
            new_password: OTHER.to_owned(),
        };
        let mut accounts = auth.accounts();
        let changed = accounts.change_password(by(&two, request));
        let (deleted, changed) = tokio::join!(deletes(&auth, &one, PASSWORD), changed);
        assert_ne!(deleted.is_ok(), changed.is_ok(), "{deleted:?} {changed:?}");
        let password = if deleted.is_ok() { PASSWORD } else { OTHER };
        let known = auth.tries(&name, password, Default::default()).await;
        assert_eq!(known.is_ok(), changed.is_ok(), "{known:?}");
        // Whichever it was: a token that was used is still known as such, and its reuse ends the session.
        for token in [&two, &last] {
            let refusal = auth.refreshes(&token.refresh_token).await;
            assert_eq!(refused(refusal).1, "REFRESH_TOKEN_INVALID");
        }
    }
}

async fn who_keeps_something_of_deleted_accounts_learns_of_all_of_them(backend: Backend) {
    let app = App::new(backend, "learn").await;
    let auth = app.replica().await;
    let lists = async |since: Option<Timestamp>| {
        let since = since.map(|at| at.to_proto());
        let since = since.map(|(seconds, nanos)| prost_types::Timestamp { seconds, nanos });
        let (mut ids, mut cursor) = (vec![], String::new());
        loop {
            let request = ListDeletedAccountsRequest { since, cursor };
            let page = auth.trust().list_deleted_accounts(request).await.unwrap().into_inner();
            ids.extend(page.accounts.into_iter().map(|account| account.id));
            if page.next_cursor.is_empty() {
                return ids;
            }
            cursor = page.next_cursor;
        }
    };
    assert_eq!(lists(None).await, Vec::<String>::new());
    // All at one moment, so that the pages are told apart by the ids alone.
    let now = app.clock.now();
    let row = |number: u128| match backend {
        Backend::Sqlite => format!("(x'{number:032x}', {})", now.as_microseconds()),
        Backend::Postgres => format!("('{number:032x}', '{now}')"),
    };
    let rows: Vec<_> = (1..=1_200).map(row).collect();
    let script = format!("INSERT INTO deletions VALUES {}", rows.join(", "));
    run_script(&app.database.url, &script).await;
    app.passes(60);
    let ada = auth.registers("ada").await;
    let tokens = auth.signs_in("ada").await;
    deletes(&auth, &tokens, PASSWORD).await.unwrap();
    let all = lists(None).await;
    assert_eq!((all.len(), all.last()), (1_201, Some(&ada.id)));
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 1_201);
    assert_eq!(lists(Some(now.plus(Duration::from_secs(1)))).await, [ada.id]);
}
