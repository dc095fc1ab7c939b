//! What the log lets through, which can be changed while the process runs.
use std::sync::OnceLock;

use anyhow::{Context as _, ensure};
use tracing_subscriber::{
    Registry,
    filter::{LevelFilter, Targets},
    reload,
};

/// What the log of this process lets through; none when it keeps no log.
static FILTER: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// Libraries that describe each frame they move; whoever wants that says so.
const QUIET: &str = "h2=info,hyper=info,hyper_util=info,tower=info,rustls=info,tokio_postgres=info";

/// Libraries that carry what nobody may read, the parameters of statements and the heads of requests, with the finest level at which
/// they are let through. As they are built today they tell none of it, or do not get here; that is not ours to rely on.
const DISCREET: [(&str, LevelFilter); 6] = [
    ("tokio_postgres", LevelFilter::INFO),
    ("h2", LevelFilter::DEBUG),
    ("hyper", LevelFilter::DEBUG),
    ("hyper_util", LevelFilter::DEBUG),
    ("tonic", LevelFilter::DEBUG),
    ("rustls", LevelFilter::DEBUG),
];

/// From now on the filter can be changed.
pub(super) fn keep_filter(handle: reload::Handle<Targets, Registry>) {
    _ = FILTER.set(handle);
}

/// The filter of the log, as it was last set.
pub(crate) fn current() -> Option<String> {
    FILTER.get()?.with_current(ToString::to_string).ok()
}

/// Replaces the filter of the log.
pub(crate) fn replace(directives: &str) -> anyhow::Result<()> {
    let handle = FILTER.get().context("this process keeps no log")?;
    handle.reload(filter_of(directives)?)?;
    tracing::info!(target: "audit", directives, "what the log lets through was changed");
    Ok(())
}

pub(super) fn filter_of(directives: &str) -> anyhow::Result<Targets> {
    let refused = || format!("{directives:?} is no log filter");
    // The parser takes a level that it does not know for a target.
    ensure!(directives.split(',').all(names_a_level), refused());
    let asked: Targets = format!("{QUIET},{directives}").parse().with_context(refused)?;
    let everywhere = asked.default_level().unwrap_or(LevelFilter::OFF);
    let discreet = DISCREET.map(|(library, most)| (library, everywhere.min(most)));
    let named = asked.iter().map(|(target, level)| (target, level.min(finest(target))));
    Ok(Targets::new().with_default(everywhere).with_targets(discreet).with_targets(named))
}

/// The finest level at which something of this name tells nothing that it should not.
fn finest(target: &str) -> LevelFilter {
    let known = DISCREET.iter().find(|(library, _)| target.starts_with(library));
    known.map_or(LevelFilter::TRACE, |(_, most)| *most)
}

fn names_a_level(directive: &str) -> bool {
    let (target, level) = directive.rsplit_once('=').unwrap_or(("all", directive));
    !target.is_empty() && !level.is_empty() && level.parse::<LevelFilter>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_level_or_levels_by_target_and_keeps_libraries_quiet() {
        for directives in ["info", "DEBUG", "off", "info,tasks=debug", "tasks=trace,warn"] {
            assert!(filter_of(directives).is_ok(), "{directives}");
        }
        for directives in ["", "verbose", "tasks", "=debug", "info,loud", "tasks=debug=trace=x"] {
            assert!(filter_of(directives).is_err(), "{directives}");
        }
        let lets = |directives: &str, target: &str, level| {
            filter_of(directives).unwrap().would_enable(target, &level)
        };
        use tracing::Level;
        assert!(lets("info", "tasks", Level::INFO) && !lets("info", "tasks", Level::DEBUG));
        assert!(lets("info,tasks=debug", "tasks::rpc", Level::DEBUG));
        assert!(!lets("debug", "h2::codec", Level::DEBUG), "each frame would be a line");
        assert!(lets("debug,h2=debug", "h2::codec", Level::DEBUG), "whoever wants it says so");
        for loud in
            ["trace", "h2=trace,tonic=trace", "h2::codec=trace,tokio_postgres:=trace,tonic=trace"]
        {
            for library in ["h2::codec", "h2::codec::read", "tonic", "tokio_postgres::query"] {
                assert!(
                    !lets(loud, library, Level::TRACE),
                    "{loud}: {library} would say what it carries"
                );
            }
            assert!(!lets(loud, "tokio_postgres::query", Level::DEBUG), "{loud}");
        }
        assert!(lets("trace", "tasks::rpc", Level::TRACE));
    }
}
