//! Device tokens: what a client keeps from its last login, so that someone else's guesses cannot shut its owner out.
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kit_base::Timestamp;
use ring::hmac;
use uuid::Uuid;

use crate::ids::AccountId;

/// How long a device is known.
const LIFETIME: Duration = Duration::from_secs(180 * 24 * 3600);
/// What a device token begins with, for people and secret scanners.
const PREFIX: &str = "ed_";
/// The id and the time of issue, before the signature.
const CONTENT: usize = 16 + 8;

/// The token of a device that someone has just signed in with.
pub(crate) fn issue(key: &hmac::Key, account: AccountId, device: Uuid, now: Timestamp) -> String {
    let content = [&device.as_bytes()[..], &now.as_microseconds().to_be_bytes()].concat();
    let signature = hmac::sign(key, &signed(account, &content));
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&content, signature.as_ref()].concat()))
}

/// The device that the token names, when it was issued to this account and is not too old.
pub(crate) fn read(
    key: &hmac::Key,
    account: AccountId,
    token: &str,
    now: Timestamp,
) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
    let (content, signature) = bytes.split_at_checked(CONTENT)?;
    hmac::verify(key, &signed(account, content), signature).ok()?;
    let (device, issued) = content.split_at(16);
    let issued = Timestamp::from_microseconds(i64::from_be_bytes(issued.try_into().ok()?));
    (now.since(issued) < LIFETIME).then(|| Uuid::from_slice(device).ok())?
}

fn signed(account: AccountId, content: &[u8]) -> Vec<u8> {
    [account.0.as_bytes(), content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_known_to_its_own_account_for_180_days() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
        let (ada, eve, device) =
            (AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)), Uuid::from_u128(3));
        let now = Timestamp::from_seconds(1_800_000_000);
        let token = issue(&key, ada, device, now);
        let (last, after) = (now.plus(LIFETIME - Duration::from_secs(1)), now.plus(LIFETIME));
        assert_eq!(
            [read(&key, ada, &token, last), read(&key, ada, &token, after)],
            [Some(device), None]
        );
        assert_eq!(read(&key, eve, &token, now), None);
        let other = hmac::Key::new(hmac::HMAC_SHA256, &[2; 32]);
        assert_eq!(read(&other, ada, &token, now), None);
        for broken in ["", "ed_", &token[..40], &token.replacen("ed_", "er_", 1)] {
            assert_eq!(read(&key, ada, broken, now), None, "{broken}");
        }
    }

    /// It was kept in a cookie by the first release, for half a year.
    const KEPT: &str =
        "ed_AAAAAAAAAAAAAAAAAAAAAwAGZRcomIAA6uLywsYA3wojGARgM3CS1rZ_vldAE82K3SIAAaYJU-Q";

    fn read_of(token: &str) -> Option<Uuid> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
        read(&key, AccountId(Uuid::from_u128(1)), token, Timestamp::from_seconds(1_800_000_000))
    }

    #[test]
    fn a_device_of_the_first_release_is_known() {
        assert_eq!(read_of(KEPT), Some(Uuid::from_u128(3)));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
        let now = Timestamp::from_seconds(1_800_000_000);
        assert_eq!(issue(&key, AccountId(Uuid::from_u128(1)), Uuid::from_u128(3), now), KEPT);
    }

    #[test]
    fn a_token_that_was_touched_anywhere_names_no_device() {
        for place in PREFIX.len()..KEPT.len() - 1 {
            let other = if KEPT.as_bytes()[place] == b'A' { "B" } else { "A" };
            let touched = format!("{}{other}{}", &KEPT[..place], &KEPT[place + 1..]);
            assert_eq!(read_of(&touched), None, "{touched}");
            assert_eq!(read_of(&KEPT[..place]), None, "cut at {place}");
        }
        for token in
            [format!("{KEPT}="), format!("{KEPT}AAAA"), format!(" {KEPT}"), KEPT.to_lowercase()]
        {
            assert_eq!(read_of(&token), None, "{token}");
        }
    }
}
