use std::sync::Arc;

use super::*;
use crate::token::SigningKey;

fn claims(clock: &Clock) -> Claims {
    Claims::new(Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3), clock.now())
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
fn whose_a_token_was_is_told_where_its_session_has_ended_and_nothing_else_is_wrong_with_it() {
    let (verifier, key, clock) = setting();
    let token = key.sign(&claims(&clock)).unwrap();
    assert_eq!(verifier.former(&token), None, "its session lives");
    let until = clock.now().plus(Duration::from_secs(3_600));
    let revocations = vec![Revocation { session_id: Uuid::from_u128(2), until }];
    verifier.apply(TrustUpdate { keys: vec![], revocations });
    let former = Caller { user_id: Uuid::from_u128(1), session_id: Uuid::from_u128(2) };
    assert_eq!(verifier.former(&token), Some(former));
    assert_eq!(verifier.former(&format!("{token}x")), None, "it is forged");
    clock.advance(Duration::from_secs(610));
    assert_eq!(verifier.former(&token), None, "it has expired");
}

#[test]
fn a_withdrawn_key_ends_its_remembered_tokens() {
    let (verifier, key, clock) = setting();
    let token = key.sign(&claims(&clock)).unwrap();
    assert!(verifier.verify(&token).is_ok());
    let other = PublicKey { id: "k2".to_owned(), bytes: SigningKey::generate().1 };
    verifier.apply(TrustUpdate { keys: vec![other], revocations: vec![] });
    assert_eq!(verifier.verify(&token), Err(TokenError::Invalid(Flaw::UnknownKey)));
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
        assert_eq!(
            verifier.verify(&token),
            Err(TokenError::Invalid(Flaw::UnknownKey)),
            "{microseconds} us"
        );
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
        let refused = verifier.verify(&key.sign(&claims).unwrap());
        assert_eq!(refused, Err(TokenError::Invalid(Flaw::Claims)), "{claims:?}");
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
        let refused = verifier.verify(&forged);
        assert!(matches!(refused, Err(TokenError::Invalid(_))), "{header}: {refused:?}");
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
    assert_eq!(verifier.verify(&forged[0]), Err(TokenError::Invalid(Flaw::Signature)));
    assert_eq!(verifier.verify(&forged[1]), Err(TokenError::Invalid(Flaw::Signature)));
    assert_eq!(verifier.verify(&forged[2]), Err(TokenError::Invalid(Flaw::Malformed)));
    for forged in forged {
        let refused = verifier.verify(&forged);
        assert!(matches!(refused, Err(TokenError::Invalid(_))), "{forged}: {refused:?}");
    }
}

#[test]
fn nothing_passes_before_keys_are_known() {
    let (_, key, clock) = setting();
    let verifier = Verifier::new("tasks", clock.clone());
    assert_eq!(verifier.verify(&key.sign(&claims(&clock)).unwrap()), Err(TokenError::Unready));
    assert_eq!(verifier.heard_lately(), Err(TokenError::Stale));
}

#[test]
fn a_token_that_is_not_yet_good_is_refused_beyond_what_clocks_differ() {
    let (verifier, key, clock) = setting();
    for (ahead, verdict) in [(LEEWAY, None), (LEEWAY + 1, Some(TokenError::Invalid(Flaw::Claims)))]
    {
        let mut claims = claims(&clock);
        (claims.nbf, claims.jti) =
            (claims.nbf + ahead, Uuid::from_u128(ahead.unsigned_abs().into()));
        assert_eq!(verifier.verify(&key.sign(&claims).unwrap()).err(), verdict, "{ahead}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_session_is_forgotten_with_its_last_token_and_not_before() {
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
    let passes = async |seconds| {
        clock.advance(Duration::from_secs(seconds));
        tokio::time::advance(Duration::from_secs(seconds)).await;
    };
    assert_eq!(told(vec![ended(one, 700)]), [true, false]);
    passes(100).await;
    assert_eq!(told(vec![ended(other, 700)]), [true, true], "an update adds");
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(told(vec![]), [true, true], "the clock was set ahead");
    clock.set(clock.now().minus(Duration::from_secs(3_600)));
    passes(599).await;
    assert_eq!(told(vec![]), [true, true]);
    passes(1).await;
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
