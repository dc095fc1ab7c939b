use std::time::Duration;

use futures_util::future::join_all;
use kit_db::testing::Backend;
use prost_types::FieldMask;
use proto::auth::v1::{LoginRequest, RegisterRequest, UpdateMeRequest};
use tonic::{Code, Request};

use crate::harness::{App, PASSWORD, by, faults, from_address, refused, with_key};

kit_db::on_each_backend!(
    an_address_has_one_account_however_it_is_written,
    an_address_has_one_account_in_every_script_and_domain,
    a_registration_that_is_sent_again_gives_the_same_account,
    every_fault_of_a_registration_is_said_at_once,
    a_change_touches_what_its_mask_names,
    what_people_say_of_themselves_is_stored_in_one_form_which_the_answer_shows,
    a_name_that_shows_nothing_is_refused_like_an_empty_one,
    a_change_that_changes_nothing_makes_no_version,
    a_change_that_is_sent_again_is_done_once,
);

/// Each of its writes takes so long here that no two of the pool's connections would be free in time.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: scripts/test"]
async fn writes_of_one_account_leave_connections_to_others() {
    let app = App::new(Backend::Postgres, "own_writes").await;
    let auth = app.replica_with(|config| config.database_connections = 2).await;
    auth.registers("ada").await;
    auth.registers("bob").await;
    let (ada, bob) = (auth.signs_in("ada").await, auth.signs_in("bob").await);
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
        'BEGIN IF NEW.name LIKE ''slow%'' THEN PERFORM pg_sleep(0.3); END IF; RETURN NEW; END'; \
        CREATE TRIGGER slow BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION slow()";
    kit_db::testing::run_script(&app.database.url, slow).await;
    let renames = async |tokens: &_, name: String| {
        let request = update(&["name"], Some(&name), None, None);
        auth.accounts().update_me(by(tokens, request)).await.map(drop)
    };
    let many = join_all((0..6).map(|number| renames(&ada, format!("slow {number}"))));
    let others = async {
        for number in 0..8 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            renames(&bob, format!("Bob {number}")).await.unwrap();
        }
    };
    let (outcomes, ()) = tokio::join!(many, others);
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

pub(crate) fn registration(email: &str) -> RegisterRequest {
    RegisterRequest {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        name: None,
        time_zone: None,
    }
}

fn update(
    paths: &[&str],
    name: Option<&str>,
    time_zone: Option<&str>,
    if_version: Option<i64>,
) -> UpdateMeRequest {
    let update_mask =
        Some(FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() });
    UpdateMeRequest {
        update_mask,
        name: name.map(str::to_owned),
        time_zone: time_zone.map(str::to_owned),
        if_version,
    }
}

async fn an_address_has_one_account_however_it_is_written(backend: Backend) {
    let app = App::new(backend, "register").await;
    let auth = app.replica().await;
    let user =
        auth.accounts().register(registration(" Ada@Example.com ")).await.unwrap().into_inner();
    assert_eq!(
        (user.email.as_str(), user.name.as_str(), user.time_zone.as_str()),
        ("ada@example.com", "ada", "UTC")
    );
    assert_eq!((user.version, user.created_at.unwrap().seconds), (1, 1_800_000_000));
    let again = auth.accounts().register(registration("ADA@example.com")).await;
    assert_eq!(refused(again), (Code::AlreadyExists, "EMAIL_TAKEN".to_owned()));
}

async fn an_address_has_one_account_in_every_script_and_domain(backend: Backend) {
    let app = App::new(backend, "addresses").await;
    let auth = app.replica().await;
    for (address, shown, others) in [
        ("οδυσσεύς@a.de", "οδυσσεύς@a.de", ["ΟΔΥΣΣΕΎΣ@a.de", "οδυσσεύσ@ａ.de"]),
        ("GROSSE@a.de", "grosse@a.de", ["große@a.de", "GROẞE@A.DE"]),
        ("Ada@BÜCHER.de", "ada@bücher.de", ["ada@xn--bcher-kva.de", "ADA@bu\u{308}cher.de"]),
        ("u@हिन्दी.भारत", "u@हिन्दी.भारत", ["U@xn--j2bd4cyah0f.xn--h2brj9c", " u@हिन्दी。भारत"]),
    ] {
        let user = auth.accounts().register(registration(address)).await.unwrap().into_inner();
        assert_eq!(user.email, shown, "{backend:?}");
        for way in others.into_iter().chain([address]) {
            let again = auth.accounts().register(registration(way)).await;
            assert_eq!(refused(again).1, "EMAIL_TAKEN", "{backend:?}: {way}");
            let login = LoginRequest {
                email: way.to_owned(),
                password: PASSWORD.to_owned(),
                device: Some(from_address("192.0.2.1")),
            };
            let tokens = auth.sessions().login(login).await.unwrap().into_inner();
            assert_eq!(auth.asks_with(&tokens).await.unwrap(), user, "{backend:?}: {way}");
        }
    }
    let other = auth.accounts().register(registration("grosse@große.de")).await;
    assert!(other.is_ok(), "{backend:?}: another domain");
}

async fn a_registration_that_is_sent_again_gives_the_same_account(backend: Backend) {
    let app = App::new(backend, "register_again").await;
    let auth = app.replica().await;
    let send = |request| async {
        auth.accounts().register(with_key(Request::new(request), "key-1")).await
    };
    let first = send(registration("ada@example.com")).await.unwrap().into_inner();
    assert_eq!(send(registration("ada@example.com")).await.unwrap().into_inner(), first);
    let guess = RegisterRequest {
        password: "another four words".to_owned(),
        ..registration("ada@example.com")
    };
    assert_eq!(refused(send(guess).await).1, "EMAIL_TAKEN");
}

async fn every_fault_of_a_registration_is_said_at_once(backend: Backend) {
    let app = App::new(backend, "faults").await;
    let auth = app.replica().await;
    let request = RegisterRequest {
        email: "nobody".to_owned(),
        password: "short".to_owned(),
        name: Some(String::new()),
        time_zone: Some("Nowhere".to_owned()),
    };
    let expected = [
        ("email", "INVALID"),
        ("password", "TOO_SHORT"),
        ("name", "REQUIRED"),
        ("time_zone", "TIME_ZONE"),
    ];
    assert_eq!(
        faults(auth.accounts().register(request).await),
        expected.map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
    let common = RegisterRequest {
        password: "password12345678".to_owned(),
        ..registration("ada@example.com")
    };
    assert_eq!(faults(auth.accounts().register(common).await)[0].1, "TOO_COMMON");
}

async fn a_change_touches_what_its_mask_names(backend: Backend) {
    let app = App::new(backend, "update").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    let change = |request| async {
        auth.accounts().update_me(by(&ada, request)).await.map(|user| user.into_inner())
    };
    let user =
        change(update(&["name"], Some(" Ada L. "), Some("Europe/Berlin"), None)).await.unwrap();
    assert_eq!((user.name.as_str(), user.time_zone.as_str(), user.version), ("Ada L.", "UTC", 2));
    let user =
        change(update(&["name", "time_zone"], None, Some("europe/berlin"), Some(2))).await.unwrap();
    assert_eq!(
        (user.name.as_str(), user.time_zone.as_str(), user.version),
        ("ada", "Europe/Berlin", 3)
    );
    let stale = change(update(&["name"], Some("Ada"), None, Some(2))).await;
    assert_eq!(refused(stale), (Code::Aborted, "VERSION_MISMATCH".to_owned()));
    let unknown = change(update(&["email", "name"], Some(""), None, None)).await;
    let expected = [("email", "UNKNOWN_FIELD"), ("name", "REQUIRED")];
    assert_eq!(faults(unknown), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    assert_eq!(auth.asks_with(&ada).await.unwrap(), user);
}

async fn what_people_say_of_themselves_is_stored_in_one_form_which_the_answer_shows(
    backend: Backend,
) {
    let app = App::new(backend, "one_form").await;
    let auth = app.replica().await;
    let request = RegisterRequest {
        name: Some("\u{a0}Ju\u{308}rgen ".to_owned()),
        time_zone: Some("europe/BERLIN".to_owned()),
        ..registration("JU\u{308}RGEN@Example.COM\n")
    };
    let user = auth.accounts().register(request).await.unwrap().into_inner();
    let shown = (user.email.as_str(), user.name.as_str(), user.time_zone.as_str());
    assert_eq!(shown, ("jürgen@example.com", "Jürgen", "Europe/Berlin"), "{backend:?}");
    let again = auth.accounts().register(registration("Jürgen@example.com")).await;
    assert_eq!(refused(again).1, "EMAIL_TAKEN", "{backend:?}");
    for address in ["JÜRGEN", "ju\u{308}rgen", " Jürgen"] {
        let tokens = auth.tries(address, PASSWORD, Default::default()).await.unwrap();
        assert_eq!(auth.asks_with(&tokens).await.unwrap(), user, "{backend:?}: {address}");
    }
}

async fn a_name_that_shows_nothing_is_refused_like_an_empty_one(backend: Backend) {
    let app = App::new(backend, "unseen").await;
    let auth = app.replica().await;
    let required = [("name".to_owned(), "REQUIRED".to_owned())];
    for name in ["", "  ", "\u{200b}", "\u{2060}\u{feff}", "\u{3164}", "\u{7f}"] {
        let request =
            RegisterRequest { name: Some(name.to_owned()), ..registration("ada@example.com") };
        let outcome = auth.accounts().register(request).await;
        assert_eq!(faults(outcome), required, "{backend:?}: {name:?}");
    }
    let before = auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    for name in ["", "\u{200b}\u{200d}", "\u{ad}"] {
        let request = by(&ada, update(&["name"], Some(name), None, None));
        let outcome = auth.accounts().update_me(request).await;
        assert_eq!(faults(outcome), required, "{backend:?}: {name:?}");
    }
    assert_eq!(auth.asks_with(&ada).await.unwrap(), before, "{backend:?}");
}

async fn a_change_that_changes_nothing_makes_no_version(backend: Backend) {
    let app = App::new(backend, "nothing").await;
    let auth = app.replica().await;
    let before = auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    app.passes(60);
    let change = |request| async {
        auth.accounts().update_me(by(&ada, request)).await.map(|user| user.into_inner())
    };
    for request in [
        update(&[], Some("Eve"), Some("Europe/Berlin"), None),
        update(&["name"], Some(" ada "), None, Some(1)),
        update(&["name"], None, None, None),
        update(&["time_zone", "name"], Some("ada"), Some("utc"), None),
    ] {
        assert_eq!(change(request.clone()).await.unwrap(), before, "{backend:?}: {request:?}");
    }
    assert_eq!(auth.asks_with(&ada).await.unwrap(), before, "{backend:?}");
    let stale = change(update(&["name"], Some("ada"), None, Some(2))).await;
    assert_eq!(refused(stale).1, "VERSION_MISMATCH", "{backend:?}");
}

async fn a_change_that_is_sent_again_is_done_once(backend: Backend) {
    let app = App::new(backend, "update_again").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    let send = || async {
        let request = with_key(by(&ada, update(&["name"], Some("Ada"), None, Some(1))), "key-1");
        auth.accounts().update_me(request).await.unwrap().into_inner()
    };
    assert_eq!((send().await.version, send().await.version), (2, 2));
}
