use argon2::{Algorithm, Argon2, Block, Version, password_hash::phc::Output};

use crate::passwords::hash::{LENGTH, Profile};

/// Memory to hash in, kept from one hash to the next: fresh pages would cost more than the hash itself.
#[derive(Default)]
pub(super) struct Arena(Vec<Block>);

impl Arena {
    /// Whether it holds no memory.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Argon2id (RFC 9106) of the password.
    pub(super) fn hash(
        &mut self,
        password: &[u8],
        profile: Profile,
        salt: [u8; 16],
    ) -> Result<Output, argon2::Error> {
        let params = profile.params()?;
        if self.0.len() < params.block_count() {
            self.0 = vec![Block::new(); params.block_count()];
        }
        let mut hash = [0; LENGTH];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into_with_memory(password, &salt, &mut hash, &mut self.0[..])?;
        Ok(Output::new(&hash).expect("within what an output may be long"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_does_not_depend_on_what_the_memory_held_before() {
        let profile = Profile { memory: 64, iterations: 2, lanes: 1 };
        let (mut used, mut fresh) = (Arena::default(), Arena::default());
        used.hash(b"another", Profile { memory: 256, ..profile }, [1; 16]).unwrap();
        assert_eq!(
            used.hash(b"password", profile, [2; 16]).unwrap(),
            fresh.hash(b"password", profile, [2; 16]).unwrap()
        );
    }
}
