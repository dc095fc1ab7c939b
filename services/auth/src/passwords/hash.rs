//! Password hashes as they are stored: PHC strings (<https://github.com/P-H-C/phc-string-format>) of Argon2id (RFC 9106).
use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

/// What a hash may cost at most: a stored hash is data, and may not order gigabytes.
const MAX_MEMORY_KIB: u32 = 128 * 1024;
const MAX_ITERATIONS: u32 = 10;
const MAX_LANES: u32 = 4;

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    /// Memory, in KiB.
    pub(crate) memory: u32,
    /// Passes over it.
    pub(crate) iterations: u32,
    /// Lanes.
    pub(crate) lanes: u32,
}

impl Profile {
    /// Whether it is within what one hash may cost.
    pub(crate) fn is_bearable(&self) -> bool {
        let Self { memory, iterations, lanes } = *self;
        let lanes_fit = (1..=MAX_LANES).contains(&lanes);
        lanes_fit
            && (8 * lanes..=MAX_MEMORY_KIB).contains(&memory)
            && (1..=MAX_ITERATIONS).contains(&iterations)
    }
}

/// A password hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phc {
    pub(crate) profile: Profile,
    pub(crate) salt: [u8; 16],
    pub(crate) hash: [u8; 32],
}

impl fmt::Display for Phc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Profile { memory, iterations, lanes } = self.profile;
        let (salt, hash) = (STANDARD_NO_PAD.encode(self.salt), STANDARD_NO_PAD.encode(self.hash));
        write!(f, "$argon2id$v=19$m={memory},t={iterations},p={lanes}${salt}${hash}")
    }
}

/// Not a hash that is verified here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored password hash is not one that can be verified here")]
pub(crate) struct Unreadable;

impl FromStr for Phc {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).filter(|phc| phc.profile.is_bearable()).ok_or(Unreadable)
    }
}

fn read(text: &str) -> Option<Phc> {
    let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
    let (costs, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let mut costs = costs.split(',');
    let mut cost = |name: &str| costs.next()?.strip_prefix(name)?.strip_prefix('=')?.parse().ok();
    let profile = Profile { memory: cost("m")?, iterations: cost("t")?, lanes: cost("p")? };
    let salt = STANDARD_NO_PAD.decode(salt).ok()?.try_into().ok()?;
    let hash = STANDARD_NO_PAD.decode(hash).ok()?.try_into().ok()?;
    (parts.next().is_none() && costs.next().is_none()).then_some(Phc { profile, salt, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: Profile = Profile { memory: 47_104, iterations: 1, lanes: 1 };

    #[test]
    fn a_hash_that_was_written_is_read_back() {
        let phc = Phc { profile: PROFILE, salt: [7; 16], hash: [9; 32] };
        assert_eq!(phc.to_string().parse(), Ok(phc));
    }

    #[test]
    fn a_hash_beyond_the_ceilings_is_not_computed() {
        for profile in [
            Profile { memory: MAX_MEMORY_KIB + 1, ..PROFILE },
            Profile { memory: 7, ..PROFILE },
            Profile { iterations: MAX_ITERATIONS + 1, ..PROFILE },
            Profile { iterations: 0, ..PROFILE },
            Profile { lanes: MAX_LANES + 1, ..PROFILE },
            Profile { lanes: 0, ..PROFILE },
        ] {
            let text = Phc { profile, salt: [7; 16], hash: [9; 32] }.to_string();
            assert_eq!(text.parse::<Phc>(), Err(Unreadable), "{text}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let good = Phc { profile: PROFILE, salt: [7; 16], hash: [9; 32] }.to_string();
        let (cut, bcrypt) = (&good[..good.len() - 1], "$2b$12$abcdefghijklmnopqrstuv");
        for text in [
            "",
            "$",
            bcrypt,
            cut,
            &format!("{good}$"),
            &good.replace("m=", "n="),
            &good.replace("v=19", "v=16"),
        ] {
            assert_eq!(text.parse::<Phc>(), Err(Unreadable), "{text}");
        }
    }
}
