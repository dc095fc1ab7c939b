//! What no line that a test makes may tell, whichever test it is: passwords, their hashes, tokens, and addresses of people.
use std::{
    io,
    sync::{LazyLock, Mutex, PoisonError},
};

use fancy_regex::Regex;
use tracing_subscriber::filter::LevelFilter;

use crate::user::PASSWORD;

/// Access tokens, refresh tokens and those of devices, hashes of passwords, addresses; passwords besides.
static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    let password = fancy_regex::escape(PASSWORD);
    let pattern = format!(
        r"eyJ[\w-]{{8,}}\.|\ber_[\w-]{{43}}|\bed_[\w-]{{40,}}|\$argon2|@example\.|{password}"
    );
    Regex::new(&pattern).expect("a pattern")
});

/// The lines of the apps in this process that told something.
static TOLD: Mutex<Vec<String>> = Mutex::new(vec![]);

/// The line of a log that tells what it must not.
pub(crate) fn indiscreet(log: &str) -> Option<&str> {
    log.lines().find(|line| SECRET.is_match(line).expect("a pattern that ends"))
}

/// Reads from now on what the apps of this process log.
pub(crate) fn listen() {
    let lines = tracing_subscriber::fmt().without_time().with_ansi(false);
    let lines = lines.with_max_level(LevelFilter::DEBUG).with_writer(|| Listener).finish();
    tracing::subscriber::set_global_default(lines).expect("nobody else listens");
}

/// Fails where one of them told something.
pub(crate) fn hold() {
    let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(*told, Vec::<String>::new(), "a log tells what it must not");
}

/// Is written each line as a whole.
struct Listener;

impl io::Write for Listener {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let told = indiscreet(&String::from_utf8_lossy(bytes)).map(str::to_owned);
        TOLD.lock().unwrap_or_else(PoisonError::into_inner).extend(told);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_that_tells_a_secret_is_found_and_one_that_tells_none_is_not() {
    let token = "x".repeat(43);
    for line in [
        &*format!("signed in with {PASSWORD}"),
        "Authorization: Bearer eyJhbGciOiJFZERTQSJ9.e30.c2ln",
        &format!("er_{token}"),
        "$argon2id$v=19$m=47104",
        "somebody-7@example.com is here",
    ] {
        assert_eq!(indiscreet(&format!("fine\n{line}\nfine")), Some(line));
    }
    for line in ["", "the user 0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b22", "er_short", "a@b"] {
        assert_eq!(indiscreet(line), None, "{line}");
    }
}
