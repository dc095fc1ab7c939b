//! Brings a schema up to date from outside of a service.
use std::{io::Write as _, time::Duration};

use super::command::say;
use crate::waiting::CHECK_DELAYS;
use kit_base::{chance, error::Absent};

/// Runs `apply`, which brings the schema of `service` up to date, and says so. A database that is not there yet is waited for: it
/// is tried again after 1, 2, 4 and 8 s.
///
/// # Errors
/// When the database was there at none of the five tries, or when `apply` failed for another reason.
pub async fn migrate(
    service: &str,
    apply: impl AsyncFn() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut delays = CHECK_DELAYS.iter();
    loop {
        let error = match apply().await {
            Ok(()) => break,
            Err(error) => error,
        };
        let absent = error.chain().any(|cause| cause.is::<Absent>());
        let Some(seconds) = delays.next().filter(|_| absent) else {
            let tries = CHECK_DELAYS.len() + 1;
            return Err(error.context(match absent {
                true => format!("the database of {service} was not there at {tries} tries"),
                false => format!("the schema of {service} could not be brought up to date"),
            }));
        };
        let told = format!("{service}: {error:#}; it is tried again in {seconds} s");
        _ = writeln!(std::io::stderr(), "{told}");
        tokio::time::sleep(chance::around(Duration::from_secs(*seconds))).await;
    }
    say(&format!("{service}: the schema is up to date"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    fn absent() -> anyhow::Error {
        Absent::new(anyhow::anyhow!("connection refused")).into()
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_comes_late_is_migrated() {
        let tries = Cell::new(0);
        let apply = async || match tries.replace(tries.get() + 1) {
            0..3 => Err(absent()),
            _ => Ok(()),
        };
        migrate("test", apply).await.unwrap();
        assert_eq!(tries.get(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_never_comes_is_given_up_after_five_tries() {
        let (tries, begun) = (Cell::new(0), Instant::now());
        let apply = async || {
            tries.set(tries.get() + 1);
            Err(absent())
        };
        let said = format!("{:#}", migrate("test", apply).await.unwrap_err());
        assert!(said.starts_with("the database of test was not there at 5 tries: "), "{said}");
        assert!(said.ends_with("connection refused"), "{said}");
        // 1 + 2 + 4 + 8 s, each up to 20 % shorter or longer.
        assert!((12..=18).contains(&begun.elapsed().as_secs()) && tries.get() == 5);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waiting_does_not_mend_is_said_at_once() {
        let tries = Cell::new(0);
        let apply = async || {
            tries.set(tries.get() + 1);
            Err(anyhow::anyhow!("permission denied"))
        };
        let said = format!("{:#}", migrate("test", apply).await.unwrap_err());
        assert!(said.contains("permission denied") && tries.get() == 1, "{said}");
    }
}
