//! Settings that change in the configuration file take effect without a restart where that is safe.
use std::{collections::BTreeSet, time::Duration};

use super::Chassis;
use crate::{
    config::{Environment, Faults, Loaded, Publisher, Reader, Source, load},
    metrics, telemetry,
};

/// How often the file is looked at. A mounted ConfigMap is swapped by links, which tell of nothing.
const PERIOD: Duration = Duration::from_secs(2);

/// What is in effect.
pub(super) struct Reload<C, R> {
    pub(super) source: Source,
    pub(super) environment: Environment,
    pub(super) values: Vec<(String, String)>,
    pub(super) reloaded: Vec<String>,
    pub(super) log_level: String,
    pub(super) read: R,
    pub(super) publisher: Publisher<C>,
}

impl<C, R> Reload<C, R>
where
    R: Fn(&mut Reader<'_>) -> (Chassis, C),
{
    /// Looks at the file until the process ends; returns at once when there is none.
    pub(super) async fn follow(mut self) {
        if !self.source.has_file() {
            return;
        }
        metrics::config_in_effect();
        loop {
            tokio::time::sleep(PERIOD).await;
            if self.source.has_changed() {
                let outcome = self.take_over();
                metrics::config_reload(outcome.is_ok());
                if let Err(faults) = outcome {
                    let faults = faults.lines().join("; ");
                    tracing::error!(
                        faults,
                        "the configuration file is refused; what was in effect stays"
                    );
                }
            }
        }
    }

    /// Puts the file into effect, all of it or nothing.
    fn take_over(&mut self) -> Result<(), Faults> {
        let environment = self.source.environment();
        let Loaded { settings: (chassis, settings), values, reloaded } =
            load(&environment, &self.read)?;
        let level = chassis.telemetry.log_level;
        if level != self.log_level {
            if let Err(error) = telemetry::filter::replace(&level) {
                tracing::warn!(%error, "the log goes on as it was");
            }
            self.log_level = level;
        }
        self.log_changes(&environment.changed_since(&self.environment), &values, &reloaded);
        self.publisher.publish(settings);
        (self.environment, self.values, self.reloaded) = (environment, values, reloaded);
        Ok(())
    }

    /// Says which of the variables that changed are in effect, and which will be. A file may hold other services' too.
    fn log_changes(&self, changed: &[&str], values: &[(String, String)], reloaded: &[String]) {
        let known = |name: &&str| self.values.iter().chain(values).any(|(known, _)| known == name);
        let changed: BTreeSet<&str> = changed
            .iter()
            .map(|name| name.strip_suffix("_FILE").unwrap_or(name))
            .filter(known)
            .collect();
        let (now, later): (Vec<&str>, Vec<&str>) = changed
            .into_iter()
            .partition(|name| self.reloaded.iter().chain(reloaded).any(|known| known == name));
        tracing::info!(names = now.join(", "), "the configuration file was read again");
        if !later.is_empty() {
            tracing::warn!(
                names = later.join(", "),
                "settings have changed that take effect at the next start"
            );
        }
    }
}
