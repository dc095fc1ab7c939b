//! Folds anew what a release wrote that folds otherwise or not at all, so that it is found: once at the start, and once more when
//! a rolling update is over.
use std::time::Duration;

use kit_base::Stop;
use kit_db::Db;

use super::store;
use crate::Error;

/// Between the passes.
const UPDATE: Duration = Duration::from_secs(900);
/// Between the steps of a pass, so that nobody notices it.
const PAUSE: Duration = Duration::from_millis(20);
/// Tasks that a step looks at.
const STEP: i64 = 500;

/// Both passes, until `stop`.
pub(crate) async fn run(db: Db, stop: Stop) {
    for wait in [Duration::from_secs(1), UPDATE] {
        if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
            return;
        }
        match pass(&db, &stop).await {
            Ok(0) => {}
            Ok(folded) => tracing::info!(folded, "tasks were folded anew, so that they are found"),
            Err(error) => tracing::warn!(%error, "some tasks may not be found by their words yet"),
        }
    }
    stop.cancelled().await;
}

async fn pass(db: &Db, stop: &Stop) -> Result<usize, Error> {
    let (mut after, mut folded) = (None, 0);
    loop {
        let step = store::foldings(db, after, STEP).await?;
        after = step.last().map(|folding| (folding.scope_id, folding.id));
        for alike in step.chunk_by(|one, other| one.scope_id == other.scope_id) {
            let stale: Vec<_> = alike
                .iter()
                .filter(|folding| folding.version != folding.folded_version)
                .map(|folding| folding.id)
                .collect();
            if !stale.is_empty() {
                folded += store::fold_anew(db, alike[0].scope_id, stale).await?;
            }
        }
        if after.is_none() || stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
            return Ok(folded);
        }
    }
}
