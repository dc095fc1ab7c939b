//! The built binaries as processes of their own: killed, stopped and restarted while clients work.
mod crashes;
mod discretion;
mod encrypted;
pub(crate) mod fleet;
mod lines;
mod load;
pub(crate) mod process;
mod replicas;
mod restarts;
mod switches;
mod traces;

use std::{future::Future, sync::Mutex};

use crate::app::alone;

/// Runs one such test at a time: each is heavy.
pub(crate) fn heavy(test: impl Future<Output = ()>) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    alone(test);
}
