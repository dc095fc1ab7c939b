//! What tells one write from another that was sent under the same key.
use std::time::Duration;

use ring::hmac;

/// Keys are kept this long.
pub(crate) const KEPT: Duration = Duration::from_secs(24 * 3600);
/// The longest key, in characters.
const MAX_KEY: usize = 128;

/// The key that a write was sent under, and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) key: String,
    /// A keyed hash of the method and the message: passwords are among what it is made of.
    pub(crate) fingerprint: Vec<u8>,
}

impl Key {
    /// None when the text is no key: 1 to 128 ASCII characters.
    pub(crate) fn new(
        text: &str,
        method: &'static str,
        message: &[u8],
        hiding: &hmac::Key,
    ) -> Option<Self> {
        let fits = (1..=MAX_KEY).contains(&text.len()) && text.is_ascii();
        let fingerprint = || {
            let content = [method.as_bytes(), &[0], message].concat();
            hmac::sign(hiding, &content).as_ref().to_vec()
        };
        fits.then(|| Self { key: text.to_owned(), fingerprint: fingerprint() })
    }
}

/// What a write came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// The reply, encoded.
    pub(crate) reply: Vec<u8>,
    /// Whether it was carried out before, under the same key.
    pub(crate) replayed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hiding(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    fn key(text: &str, method: &'static str, message: &[u8]) -> Option<Key> {
        Key::new(text, method, message, &hiding(1))
    }

    #[test]
    fn a_key_has_1_to_128_ascii_characters() {
        let longest = "k".repeat(128);
        for text in ["k", "8e03978e-40d5-43e8-bc93-6894a57f9324", &longest] {
            assert_eq!(key(text, "M", b"").map(|key| key.key).as_deref(), Some(text));
        }
        for text in ["", "schlüssel", &format!("{longest}k")] {
            assert_eq!(key(text, "M", b""), None, "{text}");
        }
    }

    #[test]
    fn a_fingerprint_tells_methods_contents_and_secrets_apart() {
        let one = key("k", "Change", b"old new");
        assert_eq!(key("k", "Change", b"old new"), one);
        for other in [
            key("k", "Change", b"old newer"),
            key("k", "Update", b"old new"),
            // What ends the method begins the message: neither can take a letter from the other.
            key("k", "Changeo", b"ld new"),
            Key::new("k", "Change", b"old new", &hiding(2)),
        ] {
            assert_ne!(other, one);
        }
    }
}
