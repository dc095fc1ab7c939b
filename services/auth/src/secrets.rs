//! The key encryption key (KEK) and what is derived from it: the one secret that an operator has to keep.
use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::Context as _;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac,
    rand::{SecureRandom as _, SystemRandom},
};

/// How to make a KEK, for whoever has none.
pub(crate) const ADVICE: &str = "32 bytes in base64: make them with `openssl rand -base64 32`, keep them safe, and give the same to every replica";

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the system's generator does not fail");
    bytes
}

/// The keys that are derived from the KEK (HKDF, RFC 5869), one a purpose.
pub(crate) struct Secrets {
    wrapping: LessSafeKey,
    /// Makes the successor of a refresh token.
    pub(crate) successors: hmac::Key,
    /// Signs device tokens.
    pub(crate) devices: hmac::Key,
    /// Hides what attempts are counted by.
    pub(crate) attempts: hmac::Key,
    /// Hides what a write said that was sent under an idempotency key.
    pub(crate) fingerprints: hmac::Key,
}

impl Secrets {
    /// Derives all keys from the KEK.
    pub(crate) fn new(kek: &[u8; 32]) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"errand/auth").extract(kek);
        let derive = |purpose: &'static str| {
            hmac::Key::from(expand(&root, &[purpose.as_bytes()], hmac::HMAC_SHA256))
        };
        let wrapping = UnboundKey::from(expand(&root, &[b"signing keys"], &AES_256_GCM));
        Self {
            wrapping: LessSafeKey::new(wrapping),
            successors: derive("refresh successors"),
            devices: derive("device tokens"),
            attempts: derive("attempts"),
            fingerprints: derive("fingerprints"),
        }
    }

    /// Encrypts a private key that is called `name` (AES-256-GCM): a random nonce, then the text with its tag.
    pub(crate) fn seal(&self, name: &str, secret: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random();
        let mut sealed = secret.to_vec();
        let nonce_once = Nonce::assume_unique_for_key(nonce);
        let name = Aad::from(name.as_bytes());
        self.wrapping
            .seal_in_place_append_tag(nonce_once, name, &mut sealed)
            .expect("a key is not that long");
        [&nonce[..], &sealed].concat()
    }

    /// Decrypts what [`Self::seal`] made; none when it was made with another KEK or name, or was changed.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let (nonce, mut text) = (Nonce::try_assume_unique_for_key(nonce).ok()?, text.to_vec());
        let length =
            self.wrapping.open_in_place(nonce, Aad::from(name.as_bytes()), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

/// A key of the kind from the root, for the purpose.
fn expand<'a, L: hkdf::KeyType>(
    root: &'a hkdf::Prk,
    purpose: &'a [&'a [u8]],
    kind: L,
) -> hkdf::Okm<'a, L> {
    root.expand(purpose, kind).expect("one key is not that long")
}

/// Reads a KEK as it is configured, in either base64 of RFC 4648, padded or not; none when it is not 32 bytes.
pub(crate) fn parse(text: &str) -> Option<[u8; 32]> {
    let standard = text.trim().trim_end_matches('=').replace('-', "+").replace('_', "/");
    STANDARD_NO_PAD.decode(standard).ok()?.try_into().ok()
}

/// The KEK beside an SQLite database, made when there is none yet, for its owner's eyes only.
pub(crate) fn beside(database: &Path) -> anyhow::Result<[u8; 32]> {
    let path = database.with_added_extension("kek");
    if !path.exists() {
        create(&path)
            .with_context(|| format!("a key file {} could not be made", path.display()))?;
    }
    let text =
        fs::read_to_string(&path).with_context(|| format!("the key file {}", path.display()))?;
    parse(&text).with_context(|| format!("the key file {} does not hold {ADVICE}", path.display()))
}

/// Makes a key file that is whole from the first moment it is seen, and leaves one that another process made meanwhile.
fn create(path: &Path) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_added_extension(format!("{}", std::process::id()));
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", STANDARD.encode(random::<32>()))?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => {
            tracing::info!(path = %path.display(), "a key file was made: keep it with the database, it is useless without");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn a_sealed_key_opens_only_with_its_kek_and_name() {
        let (ours, theirs) = (Secrets::new(&[1; 32]), Secrets::new(&[2; 32]));
        let sealed = ours.seal("k1", b"private");
        assert_eq!(ours.open("k1", &sealed).as_deref(), Some(&b"private"[..]));
        assert_eq!(theirs.open("k1", &sealed), None);
        assert_eq!(ours.open("k2", &sealed), None);
        assert_eq!(ours.open("k1", &sealed[..11]), None);
        assert!(!sealed.windows(7).any(|window| window == b"private"));
    }

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_only() {
        let folder = std::env::temp_dir().join(format!("errand-kek-{}", std::process::id()));
        let database = folder.join("auth.db");
        let kek = beside(&database).unwrap();
        assert_eq!(beside(&database).unwrap(), kek);
        let mode = fs::metadata(folder.join("auth.db.kek")).unwrap().permissions().mode();
        assert_eq!((mode & 0o777, fs::read_dir(&folder).unwrap().count()), (0o600, 1));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_kek_may_be_written_as_in_a_url() {
        let kek = [0xfb; 32];
        assert_eq!(parse(&STANDARD.encode(kek)), Some(kek));
        assert_eq!(parse(&URL_SAFE_NO_PAD.encode(kek)), Some(kek));
    }

    #[test]
    fn what_is_not_32_bytes_is_no_kek() {
        assert_eq!(parse(&format!("{}\n", STANDARD.encode([7; 32]))), Some([7; 32]));
        for text in ["", "short", &STANDARD.encode([7; 31]), &STANDARD.encode([7; 33])] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
