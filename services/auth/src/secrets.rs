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
    // Not named after the process: in two containers that share the folder both are number 1.
    let draft = path.with_added_extension(format!("{:x}", u64::from_le_bytes(random())));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", STANDARD.encode(random::<32>()))?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => {
            tracing::info!(file = %path.display(), "a key file was made: keep it with the database, it is useless without");
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

    /// What a key signs, in hexadecimal digits.
    fn signed(key: &hmac::Key) -> String {
        hmac::sign(key, b"message").as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Computed by Python's hmac, not by us: another derivation would sign all users out and lose every signing key.
    #[test]
    fn what_is_derived_from_a_kek_stays_as_it_was_in_the_first_release() {
        let secrets = Secrets::new(&[1; 32]);
        for (key, expected) in [
            (
                &secrets.successors,
                "9c28bcb577eb609bc69b2e2829fec453168ac13abcd63d449ce4a9998f1a6f32",
            ),
            (&secrets.devices, "beafe2ad7f23ba38e08c1355b929cd6520161822cd8ee953a88069a5e86a8920"),
            (&secrets.attempts, "3bde767ba36a00cd32118efe7a494626e440ed2da1f76131ae85cadb1db963ab"),
            (
                &secrets.fingerprints,
                "3f541d1952bfb2ced699e431019c00e43c734ed5c444e1b92b55e5071c525fe6",
            ),
        ] {
            assert_eq!(signed(key), expected);
        }
        let nonce: Vec<u8> = (0..12).collect();
        let text = [
            0x32, 0x0f, 0xc3, 0x83, 0xf2, 0x1f, 0xb5, 0x34, 0xe0, 0x99, 0xca, 0x80, 0x2e, 0x7d,
            0xda, 0x9d, 0x75, 0xa1, 0x9b, 0x61, 0x2a, 0xd0, 0x69,
        ];
        let sealed = [&nonce[..], &text].concat();
        assert_eq!(secrets.open("k1", &sealed).as_deref(), Some(&b"private"[..]));
    }

    #[test]
    fn a_sealed_key_that_was_touched_anywhere_does_not_open() {
        let secrets = Secrets::new(&[1; 32]);
        let sealed = secrets.seal("k1", b"private");
        for place in 0..sealed.len() {
            let mut touched = sealed.clone();
            touched[place] ^= 1;
            assert_eq!(secrets.open("k1", &touched), None, "byte {place}");
            assert_eq!(secrets.open("k1", &sealed[..place]), None, "cut at {place}");
        }
        assert_eq!(secrets.open("k1", &[&sealed[..], &[0]].concat()), None);
        assert_ne!(sealed, secrets.seal("k1", b"private"), "a nonce is used once");
    }

    #[test]
    fn whoever_starts_at_once_agrees_on_one_key_file() {
        let folder = std::env::temp_dir().join(format!("errand-kek-race-{}", std::process::id()));
        let database = folder.join("auth.db");
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let database = database.clone();
                std::thread::spawn(move || beside(&database))
            })
            .collect();
        let keys: Vec<_> =
            threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect();
        assert!(keys.iter().all(|key| *key == beside(&database).unwrap()));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no draft is left");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_key_file_that_holds_no_key_is_told_and_left_as_it_is() {
        let folder = std::env::temp_dir().join(format!("errand-kek-bad-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (database, file) = (folder.join("auth.db"), folder.join("auth.db.kek"));
        for content in ["", "not a key\n", "c2hvcnQ="] {
            fs::write(&file, content).unwrap();
            let fault = beside(&database).unwrap_err().to_string();
            assert!(fault.contains("auth.db.kek does not hold 32 bytes in base64"), "{fault}");
            assert_eq!(fs::read_to_string(&file).unwrap(), content);
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
