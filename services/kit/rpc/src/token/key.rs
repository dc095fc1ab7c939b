//! The private half of a key.
use jsonwebtoken::{EncodingKey, Header};

use super::{
    claims::{Claims, TYPE},
    ed25519,
};

/// A private key and its name.
pub struct SigningKey {
    id: String,
    key: EncodingKey,
}

impl SigningKey {
    /// A key from its PKCS#8 document (RFC 8410); an error when it is none.
    pub fn new(id: String, pkcs8: &[u8]) -> anyhow::Result<Self> {
        ed25519::public_key(pkcs8)?;
        Ok(Self { id, key: EncodingKey::from_ed_der(pkcs8) })
    }

    /// A new private key as a PKCS#8 document, and its public half.
    pub fn generate() -> (Vec<u8>, [u8; 32]) {
        ed25519::generate()
    }

    /// The token that says `claims`.
    pub fn sign(&self, claims: &Claims) -> anyhow::Result<String> {
        ed25519::install();
        let mut header = Header::new(jsonwebtoken::Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.id.clone());
        Ok(jsonwebtoken::encode(&header, claims, &self.key)?)
    }
}
