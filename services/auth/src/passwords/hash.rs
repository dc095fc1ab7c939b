//! Password hashes as they are stored: PHC strings (<https://github.com/P-H-C/phc-string-format>) of Argon2id (RFC 9106).
use std::{fmt, str::FromStr};

use argon2::{
    ARGON2ID_IDENT, Params, PasswordHash, Version,
    password_hash::phc::{Output, ParamsString, Salt},
};

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

    /// As Argon2 takes it.
    pub(crate) fn params(self) -> Result<Params, argon2::Error> {
        let Self { memory, iterations, lanes } = self;
        Params::new(memory, iterations, lanes, Some(LENGTH))
    }
}

/// How long a hash is, in bytes.
pub(crate) const LENGTH: usize = 32;

/// A password hash. Whether two hashes are the same takes the same time wherever they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phc {
    pub(crate) profile: Profile,
    pub(crate) salt: [u8; 16],
    pub(crate) hash: Output,
}

impl fmt::Display for Phc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = self.profile.params().map_err(|_| fmt::Error)?;
        let text = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(params).map_err(|_| fmt::Error)?,
            salt: Some(Salt::new(&self.salt).map_err(|_| fmt::Error)?),
            hash: Some(self.hash),
        };
        text.fmt(f)
    }
}

/// Not a hash that is verified here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored password hash is not one that can be verified here")]
pub(crate) struct Unreadable;

impl FromStr for Phc {
    type Err = Unreadable;

    /// What would be written otherwise than it stands there is another algorithm, version or parameter than ours.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text)
            .filter(|phc| phc.profile.is_bearable() && phc.to_string() == text)
            .ok_or(Unreadable)
    }
}

fn read(text: &str) -> Option<Phc> {
    let PasswordHash { algorithm: _, version: _, params, salt, hash } =
        PasswordHash::new(text).ok()?;
    let (memory, iterations, lanes) =
        (params.get_decimal("m")?, params.get_decimal("t")?, params.get_decimal("p")?);
    let (profile, salt) = (Profile { memory, iterations, lanes }, salt?.as_ref().try_into().ok()?);
    let hash = hash.filter(|hash| hash.len() == LENGTH)?;
    Some(Phc { profile, salt, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: Profile = Profile { memory: 47_104, iterations: 1, lanes: 1 };

    fn phc(profile: Profile) -> Phc {
        Phc { profile, salt: [7; 16], hash: Output::new(&[9; LENGTH]).unwrap() }
    }

    /// As it has been stored since the first release.
    const STORED: &str = "$argon2id$v=19$m=47104,t=1,p=1$BwcHBwcHBwcHBwcHBwcHBw$CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk";

    #[test]
    fn a_hash_that_was_written_is_read_back() {
        let phc = phc(PROFILE);
        assert_eq!(phc.to_string(), STORED);
        assert_eq!(STORED.parse(), Ok(phc));
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
            let Profile { memory, iterations, lanes } = profile;
            let costs = format!("m={memory},t={iterations},p={lanes}");
            let text = STORED.replace("m=47104,t=1,p=1", &costs);
            assert_eq!(text.parse::<Phc>(), Err(Unreadable), "{text}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let good = phc(PROFILE).to_string();
        let (cut, bcrypt) = (&good[..good.len() - 1], "$2b$12$abcdefghijklmnopqrstuv");
        for text in [
            "",
            "$",
            bcrypt,
            cut,
            &format!("{good}$"),
            &good.replace("m=", "n="),
            &good.replace("v=19", "v=16"),
            &good.replace("$v=19", ""),
            &good.replace("argon2id", "argon2i"),
            &good.replace("m=47104,t=1", "t=1,m=47104"),
            &good.replace("p=1", "p=1,keyid=Bw"),
            &good[..good.len() - 20],
        ] {
            assert_eq!(text.parse::<Phc>(), Err(Unreadable), "{text}");
        }
    }
}
