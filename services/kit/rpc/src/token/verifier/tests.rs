use std::{
    io,
    sync::{Arc, Mutex},
};

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
    verifier.apply(TrustUpdate { snapshot: true, keys: vec![key], revocations: vec![] });
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
    verifier.apply(TrustUpdate { snapshot: false, keys: vec![], revocations });
    assert_eq!(verifier.verify(&token), Err(TokenError::Revoked));
}

#[test]
fn a_withdrawn_key_ends_its_remembered_tokens() {
    let (verifier, key, clock) = setting();
    let token = key.sign(&claims(&clock)).unwrap();
    assert!(verifier.verify(&token).is_ok());
    let other = PublicKey { id: "k2".to_owned(), bytes: SigningKey::generate().1 };
    verifier.apply(TrustUpdate { snapshot: false, keys: vec![other], revocations: vec![] });
    assert_eq!(verifier.verify(&token), Err(TokenError::Invalid));
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
    assert_eq!(verifier.silence(), None);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn an_authority_that_is_gone_is_told_of_now_and_again_until_it_is_back() {
    let (log, (verifier, ..)) = (Log::default(), setting());
    let output = log.clone();
    let subscriber = tracing_subscriber::fmt().without_time().with_ansi(false).with_target(false);
    let subscriber = subscriber.with_writer(move || output.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (stop, began) = (Stop::new(), Instant::now());
    let open = async || {
        if began.elapsed() < Duration::from_secs(600) {
            return Err(Status::unavailable("refused"));
        }
        let update = TrustUpdate { snapshot: false, keys: vec![], revocations: vec![] };
        stop.cancel();
        Ok(stream::iter([Ok(update)]).chain(stream::pending()))
    };
    follow(&verifier, &stop, open).await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    // While the pauses grow, and then after 1, 3 and 7 minutes.
    let cannot = r#"WARN keys and revocations cannot be followed code=Unavailable fault="refused""#;
    assert_eq!(lines.iter().filter(|line| line.starts_with(cannot)).count(), 4 + 3, "{text}");
    let back = "INFO keys and revocations are followed again waited_seconds=600";
    assert!(lines.len() == 8 && lines[7].starts_with(&back[..back.len() - 1]), "{text}");
}
