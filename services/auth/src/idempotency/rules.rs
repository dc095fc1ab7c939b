//! What tells one write from another that was sent under the same key.
use ring::hmac;

/// The key that a write was sent under, and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) key: String,
    /// A keyed hash of the method and the message: passwords are among what it is made of.
    pub(crate) fingerprint: Vec<u8>,
}

impl Key {
    /// That of a message to a method.
    pub(crate) fn new(
        text: &str,
        method: &'static str,
        message: &[u8],
        hiding: &hmac::Key,
    ) -> Self {
        let content = [method.as_bytes(), &[0], message].concat();
        let fingerprint = hmac::sign(hiding, &content).as_ref().to_vec();
        Self { key: text.to_owned(), fingerprint }
    }
}

/// What a write came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Done<R> {
    /// The reply of one that was carried out now.
    Fresh(R),
    /// The reply, encoded, of one that was carried out before under the same key.
    Replayed(Vec<u8>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hiding(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    fn key(text: &str, method: &'static str, message: &[u8]) -> Key {
        Key::new(text, method, message, &hiding(1))
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
