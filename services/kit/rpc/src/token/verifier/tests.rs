use std::sync::{Arc, Mutex};

use futures_util::stream;
use tokio::time::Instant;

use super::*;
use crate::token::SigningKey;

fn claims(clock: &Clock) -> Claims {
    let now = clock.now().as_seconds();
    let aud = vec!["tasks".to_owned()];
    let (sub, sid, jti) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
    Claims { iss: ISSUER.to_owned(), aud, sub, sid, jti, iat: now, nbf: now, exp: now + 600 }
}

fn setting() -> (Verifier, SigningKey, Clock) {
    let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
    let (pkcs8, bytes) = SigningKey::generate();
    let verifier = Verifier::new("tasks", clock.clone());
    let key = PublicKey { id: "k1".to_owned(), bytes };
    verifier.apply(TrustUpdate { keys: vec![key], revocations: vec![] });
    (verifier, SigningKey::new("k1".to_owned(), &pkcs8).unwrap(), clock)
}

fn segment(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

#[test]
fn a_token_speaks_for_its_user_until_it_expires() {
    let (verifier, key, clock) = setting();
    let token = key.sign(&claims(&clock)).unwrap();
    let caller = Caller { user_id: Uuid::from_u128(1), session_id: Uuid::from_u128(2) };
    assert_eq!(verifier.verify(&token), Ok(caller.clone()));
    clock.advance(Duration::from_secs(609));
    assert_eq!(verifier.verify(&token), Ok(caller));
    clock.advance(Duration::from_secs(1));
    assert_eq!(verifier.verify(&token), Err(TokenError::Expired));
}

#[test]
fn a_revoked_session_ends_its_remembered_tokens() {
    let (verifier, key, clock) = setting();
    let token = key.sign(&claims(&clock)).unwrap();
    assert!(verifier.verify(&token).is_ok());
    let until = clock.now().plus(Duration::from_secs(620));
    let revocations = vec![Revocation { session_id: Uuid::from_u128(2), until }];
    verifier.apply(TrustUpdate { keys: vec![], revocations });
    assert_eq!(verifier.verify(&token), Err(TokenError::Revoked));
}

#[test]
fn a_withdrawn_key_ends_its_remembered_tokens() {
    let (verifier, key, clock) = setting();
    let token = key.sign(&claims(&clock)).unwrap();
    assert!(verifier.verify(&token).is_ok());
    let other = PublicKey { id: "k2".to_owned(), bytes: SigningKey::generate().1 };
    verifier.apply(TrustUpdate { keys: vec![other], revocations: vec![] });
    assert_eq!(verifier.verify(&token), Err(TokenError::Invalid));
}

#[test]
fn a_token_that_is_looked_at_while_its_key_is_withdrawn_is_not_remembered() {
    for microseconds in (0..1000).step_by(20) {
        let (verifier, key, clock) = setting();
        let token = key.sign(&claims(&clock)).unwrap();
        let other = PublicKey { id: "k2".to_owned(), bytes: SigningKey::generate().1 };
        let both_begin = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                both_begin.wait();
                verifier.verify(&token)
            });
            both_begin.wait();
            let begun = std::time::Instant::now();
            while begun.elapsed() < Duration::from_micros(microseconds) {
                std::hint::spin_loop();
            }
            verifier.apply(TrustUpdate { keys: vec![other], revocations: vec![] });
        });
        assert_eq!(verifier.verify(&token), Err(TokenError::Invalid), "{microseconds} us");
    }
}

#[test]
fn claims_that_do_not_fit_are_refused() {
    let (verifier, key, clock) = setting();
    let changes: [fn(&mut Claims); 4] = [
        |claims| claims.aud = vec!["gateway".to_owned()],
        |claims| claims.aud = vec![],
        |claims| claims.iss = "someone".to_owned(),
        |claims| claims.nbf += 11,
    ];
    for change in changes {
        let mut claims = claims(&clock);
        change(&mut claims);
        assert_eq!(
            verifier.verify(&key.sign(&claims).unwrap()),
            Err(TokenError::Invalid),
            "{claims:?}"
        );
    }
}

#[test]
fn a_header_that_is_not_exactly_ours_is_refused() {
    let (verifier, key, clock) = setting();
    let token = key.sign(&claims(&clock)).unwrap();
    let (_, rest) = token.split_once('.').unwrap();
    for header in [
        r#"{"alg":"none","typ":"at+jwt","kid":"k1"}"#,
        r#"{"alg":"HS256","typ":"at+jwt","kid":"k1"}"#,
        r#"{"alg":"EdDSA","typ":"JWT","kid":"k1"}"#,
        r#"{"alg":"EdDSA","typ":"at+jwt"}"#,
        r#"{"alg":"EdDSA","typ":"at+jwt","kid":null}"#,
        r#"{"alg":"EdDSA","typ":"at+jwt","kid":"../../etc/passwd"}"#,
        r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k1","kid":"k1"}"#,
        r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k1","jku":"http://evil"}"#,
        r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k1","crit":["exp"]}"#,
        r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k1","b64":false}"#,
        r#"{"alg":"EdDSA","typ":"at+jwt", "kid":"k1"}"#,
    ] {
        let forged = format!("{}.{rest}", segment(header));
        assert_eq!(verifier.verify(&forged), Err(TokenError::Invalid), "{header}");
    }
}

#[test]
fn a_token_that_was_touched_is_refused() {
    let (verifier, key, clock) = setting();
    let token = key.sign(&claims(&clock)).unwrap();
    let other = SigningKey::new("k1".to_owned(), &SigningKey::generate().0).unwrap();
    let (signed, _) = token.rsplit_once('.').unwrap();
    let forged = [
        other.sign(&claims(&clock)).unwrap(),
        format!("{signed}."),
        signed.to_owned(),
        format!("{token}="),
        format!("{token}.{token}"),
        format!(" {token}"),
        format!("{token}A"),
        token.replace('.', ".."),
        String::new(),
        "..".to_owned(),
        "a".repeat(MAX_LENGTH + 1),
    ];
    for forged in forged {
        assert_eq!(verifier.verify(&forged), Err(TokenError::Invalid), "{forged}");
    }
}

#[test]
fn nothing_passes_before_keys_are_known() {
    let (_, key, clock) = setting();
    let verifier = Verifier::new("tasks", clock.clone());
    assert_eq!(verifier.verify(&key.sign(&claims(&clock)).unwrap()), Err(TokenError::Unready));
    assert_eq!(verifier.heard_lately(), Err(TokenError::Stale));
}

#[tokio::test(start_paused = true)]
async fn an_authority_that_is_gone_is_told_of_now_and_again_until_it_is_back() {
    let ((log, _guard), (verifier, ..)) = (kit_base::testing::log(), setting());
    let (stop, began) = (Stop::new(), Instant::now());
    let open = async || {
        if began.elapsed() < Duration::from_secs(600) {
            return Err(Status::unavailable("refused"));
        }
        let update = TrustUpdate { keys: vec![], revocations: vec![] };
        stop.cancel();
        Ok(stream::iter([Ok(update)]).chain(stream::pending()))
    };
    follow(&verifier, &stop, open).await;
    let text = log.text();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    // While the pauses grow, and then after 1, 3 and 7 minutes.
    let cannot = r#"WARN keys and revocations cannot be followed code=Unavailable fault="refused""#;
    assert_eq!(lines.iter().filter(|line| line.starts_with(cannot)).count(), 4 + 3, "{text}");
    let back = "INFO keys and revocations are followed again waited_seconds=600";
    assert!(lines.len() == 8 && lines[7].starts_with(&back[..back.len() - 1]), "{text}");
}

#[test]
fn a_token_that_is_not_yet_good_is_refused_beyond_what_clocks_differ() {
    let (verifier, key, clock) = setting();
    for (ahead, verdict) in [(LEEWAY, None), (LEEWAY + 1, Some(TokenError::Invalid))] {
        let mut claims = claims(&clock);
        (claims.nbf, claims.jti) =
            (claims.nbf + ahead, Uuid::from_u128(ahead.unsigned_abs().into()));
        assert_eq!(verifier.verify(&key.sign(&claims).unwrap()).err(), verdict, "{ahead}");
    }
}

#[test]
fn the_end_of_a_session_is_forgotten_with_its_last_token_and_not_before() {
    let (verifier, _, clock) = setting();
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let ended = |session_id, seconds| Revocation {
        session_id,
        until: clock.now().plus(Duration::from_secs(seconds)),
    };
    let told = |revocations| {
        verifier.apply(TrustUpdate { keys: vec![], revocations });
        [verifier.has_ended(one), verifier.has_ended(other)]
    };
    assert_eq!(told(vec![ended(one, 10)]), [true, false]);
    assert_eq!(told(vec![ended(other, 20)]), [true, true], "an update adds");
    clock.advance(Duration::from_secs(9));
    assert_eq!(told(vec![]), [true, true]);
    clock.advance(Duration::from_secs(1));
    assert_eq!(told(vec![]), [false, true]);
    let keys = verifier.keys();
    verifier.apply(TrustUpdate { keys, revocations: vec![] });
    assert!(verifier.has_ended(other), "who tells all it knows may not know of this one");
    assert_eq!(verifier.keys().len(), 1, "what says nothing of keys leaves them");
}

#[test]
fn half_a_minute_without_a_word_is_too_long() {
    let (verifier, _, clock) = setting();
    for (more, heard) in [(0, Ok(())), (30, Ok(())), (1, Err(TokenError::Stale))] {
        clock.advance(Duration::from_secs(more));
        assert_eq!(verifier.heard_lately(), heard);
    }
    verifier.apply(TrustUpdate::default());
    assert_eq!(verifier.heard_lately(), Ok(()), "a heartbeat says enough");
    clock.set(clock.now().minus(Duration::from_secs(600)));
    assert_eq!(verifier.heard_lately(), Err(TokenError::Stale), "a clock that was set back");
    verifier.apply(TrustUpdate::default());
    assert_eq!(verifier.heard_lately(), Ok(()));
}

#[test]
fn a_token_is_checked_by_the_key_that_it_names_and_by_no_other() {
    let (verifier, key, clock) = setting();
    let (pkcs8, bytes) = SigningKey::generate();
    let first = verifier.keys().remove(0);
    let second = PublicKey { id: "k2".to_owned(), bytes };
    verifier.apply(TrustUpdate { keys: vec![first, second], revocations: vec![] });
    let named = |name: &str, pkcs8: &[u8]| {
        let key = SigningKey::new(name.to_owned(), pkcs8).unwrap();
        verifier.verify(&key.sign(&claims(&clock)).unwrap()).is_ok()
    };
    assert!(verifier.verify(&key.sign(&claims(&clock)).unwrap()).is_ok() && named("k2", &pkcs8));
    assert!(!named("k1", &pkcs8) && !named("k3", &pkcs8));
}

#[test]
fn what_is_no_private_key_signs_nothing() {
    let (pkcs8, _) = SigningKey::generate();
    for document in [&[][..], b"key", &pkcs8[1..], &pkcs8[..pkcs8.len() - 1]] {
        assert!(SigningKey::new("k".to_owned(), document).is_err(), "{} bytes", document.len());
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_keys_goes_on_with_the_first() {
    let (ready, ..) = setting();
    ready.wait_for_keys().await;
    let verifier = Arc::new(Verifier::new("tasks", Clock::system()));
    let waits = verifier.clone();
    let waiting = kit_base::work::detach(async move { waits.wait_for_keys().await });
    verifier.apply(TrustUpdate::default());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished(), "a heartbeat brings none");
    verifier.apply(TrustUpdate { keys: ready.keys(), ..TrustUpdate::default() });
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_falls_silent_or_ends_is_opened_anew() {
    let (verifier, ..) = setting();
    let (stop, began, opened) = (Stop::new(), Instant::now(), Mutex::new(vec![]));
    let heartbeat = || stream::iter([Ok(TrustUpdate::default())]);
    let open = async || {
        let mut opened = opened.lock().unwrap();
        opened.push(began.elapsed().as_secs());
        match opened.len() {
            1 => Ok(heartbeat().chain(stream::pending()).boxed()),
            2 => Ok(heartbeat().boxed()),
            3 => Ok(stream::iter([Err(Status::internal("lost"))]).boxed()),
            _ => {
                stop.cancel();
                Err(Status::unavailable("over"))
            }
        }
    };
    follow(&verifier, &stop, open).await;
    assert_eq!(*opened.lock().unwrap(), [0, 12, 12, 12]);
}

#[tokio::test(start_paused = true)]
async fn a_check_for_keys_that_do_not_come_says_what_keeps_them_away() {
    let clock = Clock::system();
    let verifier = Verifier::new("tasks", clock);
    assert_eq!(verifier.ready().await, Err("no keys have been announced".to_owned()));
    let open = async || {
        let mut status = Status::unavailable("auth cannot be reached");
        let cause: Box<dyn std::error::Error + Send + Sync> = "10.0.0.1:1: refused".into();
        status.set_source(cause.into());
        Err::<stream::Pending<_>, _>(status)
    };
    let stop = Stop::new();
    let checked = async {
        let outcome = verifier.ready().await;
        stop.cancel();
        outcome
    };
    let (outcome, ()) = tokio::join!(checked, follow(&verifier, &stop, open));
    assert_eq!(outcome, Err("auth cannot be reached: 10.0.0.1:1: refused".to_owned()));
}
