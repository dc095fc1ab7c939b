//! What an operator may set.
use std::{path::PathBuf, time::Duration};

use kit_db::Db;
use kit_process::{Secret, Settings, config::Period};
use serde::{Deserialize, Serialize};

use crate::{
    passwords::{hash::Profile, hashing::Hasher, rules as password},
    secrets,
};

/// The settings of the auth service. Each field is an environment variable of that name in capitals.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `DATABASE_URL`: `postgres://user:password@host/name` or `sqlite:path`.
    pub database_url: Secret,
    /// `DATABASE_CONNECTIONS`: how many connections this process may hold for writing.
    pub database_connections: usize,
    /// `AUTO_MIGRATE`: whether the schema is brought up to date at the start; by default with SQLite only.
    pub auto_migrate: Option<bool>,
    /// `KEK`: the key that encrypts signing keys and from which others are derived, 32 bytes in base64. With SQLite one is made
    /// beside the database file when it is left out.
    pub kek: Secret,
    /// `KEY_ROTATION`: how long a signing key signs.
    pub key_rotation: Period,
    /// `HASH_WORKERS`: how many passwords are hashed at once; as many as there are cores by default, 2 at most.
    pub hash_workers: Option<usize>,
    /// `HASH_MEMORY_KIB`: what one hash takes of memory, in KiB.
    pub hash_memory_kib: u32,
    /// `HASH_ITERATIONS`: how often one hash passes over its memory.
    pub hash_iterations: u32,
    /// `PASSWORD_MINIMUM`: the fewest characters of a password, 8 to 64.
    pub password_minimum: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database_url: Secret::default(),
            database_connections: 6,
            auto_migrate: None,
            kek: Secret::default(),
            key_rotation: Period::from_secs(30 * 24 * 3600),
            hash_workers: None,
            hash_memory_kib: 46 * 1024,
            hash_iterations: 1,
            password_minimum: password::MINIMUM,
        }
    }
}

impl Settings for Config {
    fn faults(&self) -> Vec<String> {
        let (lowest, advice) = (password::LOWEST_MINIMUM, secrets::ADVICE);
        let url = self.database_url.expose();
        let database = Db::fault("DATABASE_URL", url);
        let kek = self.kek.expose();
        let kek_fault = if kek.is_empty() {
            database.is_none() && self.sqlite_file().is_none()
        } else {
            secrets::parse(kek).is_none()
        };
        let faults = [
            (kek_fault, format!("KEK must be set (or KEK_FILE) to {advice}")),
            (self.database_connections == 0, "DATABASE_CONNECTIONS must be at least 1".to_owned()),
            (self.hash_workers == Some(0), "HASH_WORKERS must be at least 1".to_owned()),
            (
                !self.profile().is_bearable(),
                "HASH_MEMORY_KIB must be 8 to 131072, and HASH_ITERATIONS 1 to 10".to_owned(),
            ),
            (
                !(lowest..=64).contains(&self.password_minimum),
                format!(
                    "PASSWORD_MINIMUM must be {lowest} to 64; 15 is right where the password is all there is"
                ),
            ),
            (
                self.key_rotation() < Duration::from_secs(1),
                "KEY_ROTATION must be at least 1s, and should be days".to_owned(),
            ),
        ];
        let others = faults.into_iter().filter(|(wrong, _)| *wrong).map(|(_, fault)| fault);
        database.into_iter().chain(others).collect()
    }
}

impl Config {
    /// The file of an SQLite database.
    pub(crate) fn sqlite_file(&self) -> Option<PathBuf> {
        let path = self.database_url.expose().strip_prefix("sqlite:")?;
        Some(PathBuf::from(path.trim_start_matches("//")))
    }

    /// Whether the schema is brought up to date at the start.
    pub(crate) fn migrates(&self) -> bool {
        self.auto_migrate.unwrap_or_else(|| self.sqlite_file().is_some())
    }

    /// What a new hash costs.
    pub(crate) fn profile(&self) -> Profile {
        Profile { memory: self.hash_memory_kib, iterations: self.hash_iterations, lanes: 1 }
    }

    /// How many passwords are hashed at once.
    pub(crate) fn workers(&self) -> usize {
        self.hash_workers.unwrap_or_else(Hasher::default_workers)
    }

    /// How long a signing key signs.
    pub(crate) fn key_rotation(&self) -> Duration {
        self.key_rotation.duration()
    }

    /// The configured KEK, or the one beside an SQLite database.
    pub(crate) fn kek(&self) -> anyhow::Result<[u8; 32]> {
        match (self.kek.expose(), self.sqlite_file()) {
            ("", Some(file)) => secrets::beside(&file),
            (kek, _) => secrets::parse(kek)
                .ok_or_else(|| anyhow::anyhow!("KEK must be {}", secrets::ADVICE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str) -> Config {
        Config { database_url: url.into(), ..Config::default() }
    }

    #[test]
    fn sqlite_needs_no_more_than_a_path() {
        assert_eq!(config("sqlite:auth.db").faults(), Vec::<String>::new());
        assert!(config("sqlite:auth.db").migrates());
    }

    #[test]
    fn postgresql_needs_a_kek_and_the_fault_says_how_to_make_one() {
        let faults = config("postgres://auth@db/auth").faults();
        assert!(faults.len() == 1 && faults[0].starts_with("KEK must be set"), "{faults:?}");
        assert!(faults[0].contains("openssl rand -base64 32"), "{faults:?}");
        let config = Config {
            kek: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into(),
            ..config("postgres://auth@db/auth")
        };
        assert_eq!(config.faults(), Vec::<String>::new());
        assert!(!config.migrates());
    }

    #[test]
    fn every_value_out_of_range_is_named() {
        let config = Config {
            database_connections: 0,
            kek: "short".into(),
            key_rotation: Period::from_millis(1),
            hash_workers: Some(0),
            hash_memory_kib: 1 << 20,
            password_minimum: 7,
            ..Config::default()
        };
        let said = config.faults();
        let names: Vec<_> = said.iter().map(|fault| fault.split(' ').next().unwrap()).collect();
        let expected = [
            "DATABASE_URL",
            "KEK",
            "DATABASE_CONNECTIONS",
            "HASH_WORKERS",
            "HASH_MEMORY_KIB",
            "PASSWORD_MINIMUM",
            "KEY_ROTATION",
        ];
        assert_eq!(names, expected);
    }

    /// The variables that are at fault where else all is well.
    fn named(configure: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = config("sqlite:auth.db");
        configure(&mut config);
        config.faults().iter().map(|fault| fault.split(' ').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_value_at_a_bound_is_taken_and_one_beyond_is_not() {
        let hash = "HASH_MEMORY_KIB";
        let (password, rotation) = ("PASSWORD_MINIMUM", "KEY_ROTATION");
        type Change = fn(&mut Config);
        let all: [(Change, Option<&str>); 14] = [
            (|config| config.hash_memory_kib = 8, None),
            (|config| config.hash_memory_kib = 7, Some(hash)),
            (|config| config.hash_memory_kib = 131_072, None),
            (|config| config.hash_memory_kib = 131_073, Some(hash)),
            (|config| config.hash_iterations = 10, None),
            (|config| config.hash_iterations = 11, Some(hash)),
            (|config| config.hash_iterations = 0, Some(hash)),
            (|config| config.password_minimum = 8, None),
            (|config| config.password_minimum = 64, None),
            (|config| config.password_minimum = 65, Some(password)),
            (|config| config.key_rotation = Period::from_secs(1), None),
            (|config| config.key_rotation = Period::from_millis(999), Some(rotation)),
            (|config| config.hash_workers = Some(1), None),
            (|config| config.database_connections = 1, None),
        ];
        for (number, (change, fault)) in all.into_iter().enumerate() {
            assert_eq!(named(change), fault.into_iter().collect::<Vec<_>>(), "{number}");
        }
    }

    #[test]
    fn a_database_is_named_by_its_url() {
        for (url, file) in [
            ("sqlite:auth.db", Some("auth.db")),
            ("sqlite:/var/lib/auth.db", Some("/var/lib/auth.db")),
            ("sqlite://auth.db", Some("auth.db")),
            ("postgres://u@h/auth", None),
            ("postgresql://u@h/auth", None),
        ] {
            let config = Config {
                kek: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into(),
                ..config(url)
            };
            assert_eq!(config.faults(), Vec::<String>::new(), "{url}");
            assert_eq!(config.sqlite_file(), file.map(PathBuf::from), "{url}");
            assert_eq!(config.migrates(), file.is_some(), "{url}");
            for wanted in [true, false] {
                assert_eq!(
                    Config { auto_migrate: Some(wanted), ..config.clone() }.migrates(),
                    wanted
                );
            }
            assert_eq!(config.kek().unwrap(), [0; 32]);
        }
        for url in ["", "auth.db", "mysql://h/auth", "sqlite", "POSTGRES://h/auth"] {
            assert_eq!(named(|config| config.database_url = url.into()), ["DATABASE_URL"], "{url}");
        }
        assert_eq!(named(|config| config.kek = "c2hvcnQ=".into()), ["KEK"]);
        assert!(Config { kek: "short".into(), ..config("sqlite:auth.db") }.kek().is_err());
    }
}
