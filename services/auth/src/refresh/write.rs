//! The exchange of a refresh token for the next (RFC 9700, 4.14.2).
use super::{
    error::Error as RefreshError,
    metrics,
    row::KnownToken,
    rules::{RefreshToken, Verdict, judge, judge_used},
    store::{self, Rotated, Rotation},
};
use crate::{
    authority::Authority,
    error::Error,
    sessions::{
        metrics::token_issued,
        rules::{Origin, Tokens},
        write::{End, end},
    },
    throttle::error as throttle,
};

/// The successor of the token, and an access token. Of callers that race all get the same successor, and so does one who comes
/// again because the answer was lost; one who comes when the successor was used ends the session, since two parties hold the token.
pub(crate) async fn refresh(
    authority: &Authority,
    text: &str,
    origin: Origin,
) -> Result<Tokens, Error> {
    let token = RefreshToken::read(text).ok_or_else(refused)?;
    let _turn = authority.refreshes.begin(token.hash()).await;
    let mut known = store::find(&authority.db, &token).await?.ok_or_else(refused)?;
    let mut verdict = judge(&known.life(), authority.clock.now());
    let successor = token.successor(&authority.secrets.successors);
    if verdict == Verdict::Fresh {
        let spent = authority.rotations.spend(known.account_id, &authority.clock);
        spent.map_err(|pause| throttle::Error::TooManyAttempts { pause })?;
        match rotate(authority, &token, &known, &successor, origin).await? {
            Rotated::Done => return successor_again(authority, &known, &successor, "rotated"),
            Rotated::Ended => return Err(refused()),
            Rotated::Lost => {
                known = store::find(&authority.db, &token).await?.ok_or_else(refused)?;
                verdict = judge(&known.life(), authority.clock.now());
            }
        }
    }
    if verdict == Verdict::Used {
        let next = store::find(&authority.db, &successor).await?;
        verdict = judge_used(next.map(|next| next.life()).as_ref());
    }
    match verdict {
        Verdict::Again => successor_again(authority, &known, &successor, "repeated"),
        Verdict::Reused => Err(reused(authority, &known).await?),
        Verdict::Fresh | Verdict::Used | Verdict::Dead => Err(refused()),
    }
}

async fn rotate(
    authority: &Authority,
    token: &RefreshToken,
    known: &KnownToken,
    successor: &RefreshToken,
    origin: Origin,
) -> Result<Rotated, Error> {
    let (token, known, successor, now) =
        (token.clone(), known.clone(), successor.clone(), authority.clock.now());
    store::rotate(&authority.db, Rotation { token, known, successor, origin, now }).await
}

fn successor_again(
    authority: &Authority,
    known: &KnownToken,
    successor: &RefreshToken,
    result: &str,
) -> Result<Tokens, Error> {
    let access =
        authority.keyring.access_token(known.account_id, known.session_id, &authority.clock)?;
    metrics::refreshed(result);
    token_issued("refresh");
    Ok(Tokens { access, refresh: successor.clone(), device: String::new() })
}

fn refused() -> Error {
    metrics::refreshed("refused");
    RefreshError::TokenInvalid.into()
}

/// Ends the session of a token that came back, and gives what its bearer is told: no more than for any other token.
async fn reused(authority: &Authority, known: &KnownToken) -> Result<Error, Error> {
    let KnownToken { account_id, session_id, .. } = known;
    metrics::refreshed("reused");
    tracing::warn!(
        target: "audit",
        { account.id = %account_id, session.id = %session_id },
        "a used refresh token came back: its session is ended"
    );
    let (account, session) = (*account_id, *session_id);
    end(authority, End { account, session, must_live: false, key: None }).await?;
    Ok(RefreshError::TokenInvalid.into())
}
