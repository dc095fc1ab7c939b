//! Folds anew what a release wrote that folds otherwise or not at all, so that it is found. The database notes what that is, as long as
//! such a release writes beside this one or after it; where there is nothing, a pass is two short queries.
use std::time::Duration;

use kit_base::Stop;
use kit_db::Db;
use uuid::Uuid;

use super::store;
use crate::{
    Error,
    ids::{ScopeId, TaskId},
};

/// Before the first pass.
const BEGINNING: Duration = Duration::from_secs(1);
/// Between the passes.
const PERIOD: Duration = Duration::from_secs(60);
/// Between the steps of a pass, so that nobody notices it.
const PAUSE: Duration = Duration::from_millis(20);
/// Tasks that a step looks at, and may hold: with the largest there are, 7 MiB.
const STEP: i64 = 100;
/// Stands for all tasks that were there before the database took notes.
const ALL: (ScopeId, TaskId) = (ScopeId(Uuid::nil()), TaskId(Uuid::nil()));

/// One pass after the other, until `stop`.
pub(crate) async fn run(db: Db, stop: Stop) {
    let mut wait = BEGINNING;
    while stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
        match pass(&db, &stop).await {
            Ok(0) => {}
            Ok(folded) => tracing::info!(folded, "tasks were folded anew, so that they are found"),
            Err(error) => tracing::warn!(%error, "some tasks may not be found by their words yet"),
        }
        wait = PERIOD;
    }
}

/// Folds what is noted; how many tasks that were.
async fn pass(db: &Db, stop: &Stop) -> Result<usize, Error> {
    let all = store::unfolded(db, None, 1).await? == [ALL];
    let mut folded = if all { fold_all(db, stop).await? } else { 0 };
    let mut after = Some(ALL);
    while goes_on(stop).await {
        let step = store::unfolded(db, after, STEP).await?;
        folded += fold(db, &step).await?;
        after = step.last().copied();
        if after.is_none() {
            break;
        }
    }
    Ok(folded)
}

/// Looks at every task that there is, once and for all.
async fn fold_all(db: &Db, stop: &Stop) -> Result<usize, Error> {
    let (mut after, mut folded) = (None, 0);
    loop {
        let step = store::foldings(db, after, STEP).await?;
        after = step.last().map(|folding| (folding.scope_id, folding.id));
        let stale = step.iter().filter(|folding| folding.version != folding.folded_version);
        let stale: Vec<_> = stale.map(|folding| (folding.scope_id, folding.id)).collect();
        folded += fold(db, &stale).await?;
        if after.is_none() {
            fold(db, &[ALL]).await?;
            return Ok(folded);
        }
        if !goes_on(stop).await {
            return Ok(folded);
        }
    }
}

async fn fold(db: &Db, tasks: &[(ScopeId, TaskId)]) -> Result<usize, Error> {
    let mut folded = 0;
    for alike in tasks.chunk_by(|(one, _), (other, _)| one == other) {
        let ids = alike.iter().map(|(_, id)| *id).collect();
        folded += store::fold_anew(db, alike[0].0, ids).await?;
    }
    Ok(folded)
}

async fn goes_on(stop: &Stop) -> bool {
    stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_some()
}

#[cfg(test)]
mod tests {
    use kit_base::Timestamp;
    use kit_db::testing::Backend;

    use super::*;
    use crate::{
        journal::{rows::Difference, stored::Stored},
        migrations::tests::Store,
        tasks::{
            row::{Task, labels::Labels, tests::example},
            store::{Filter, Order},
        },
    };

    kit_db::on_each_backend!(
        what_was_there_before_is_folded_once_and_for_all,
        what_a_release_without_words_writes_is_noted_and_folded,
        what_is_written_on_a_stale_task_leaves_it_stale,
        what_is_changed_with_its_words_stays_folded,
        what_is_gone_is_forgotten,
    );

    struct Tasks(Store);

    impl Tasks {
        async fn new(backend: Backend) -> Self {
            Self(Store::new(backend).await)
        }

        async fn writes(&self, difference: Difference<Task>) {
            let written = self.0.db.write("test", |connection| {
                Box::pin(async move {
                    let scope = example().scope_id;
                    connection.send(Task::clear(scope, std::slice::from_ref(&difference))).await?;
                    connection.send(<Task as Stored>::write(scope, vec![difference])).await
                })
            });
            written.await.unwrap();
        }

        async fn runs(&self, statement: &'static str) {
            self.0.runs(statement).await;
        }

        async fn passes(&self) -> usize {
            pass(&self.0.db, &Stop::new()).await.unwrap()
        }

        async fn noted(&self) -> Vec<(ScopeId, TaskId)> {
            store::unfolded(&self.0.db, None, 9).await.unwrap()
        }

        /// How many tasks are found by a word, and by a label.
        async fn finds(&self, word: &str, label: &str) -> [usize; 2] {
            let words = Filter { words: vec![word.to_owned()], ..Filter::default() };
            let labels = Filter { labels: vec![label.to_owned()], ..Filter::default() };
            let mut found = [0; 2];
            for (found, filter) in found.iter_mut().zip([words, labels]) {
                let order = Order::Created { descending: false, after: None };
                let tasks =
                    store::list(&self.0.db, example().scope_id, &filter, &order, 9, false).await;
                *found = tasks.unwrap().len();
            }
            found
        }
    }

    fn labelled() -> Task {
        Task { labels: Labels(vec!["B\u{dc}RO".to_owned()]), ..example() }
    }

    /// As a release without words inserts.
    const AS_BEFORE: &str =
        "UPDATE tasks SET folded = '', folded_version = 0; DELETE FROM task_labels";
    const FORGET: &str = "DELETE FROM unfolded WHERE task_id = (SELECT id FROM tasks)";
    const RENAMED: &str = "UPDATE tasks SET title = '\u{c4}rger', version = version + 1";

    async fn what_was_there_before_is_folded_once_and_for_all(backend: Backend) {
        let store = Tasks::new(backend).await;
        assert_eq!(store.noted().await, [ALL]);
        store.writes(Difference::Made(labelled())).await;
        store.runs(AS_BEFORE).await;
        store.runs(FORGET).await;
        assert_eq!(
            (store.noted().await, store.finds("ship", "b\u{fc}ro").await),
            (vec![ALL], [0, 0])
        );
        assert_eq!(store.passes().await, 1);
        assert_eq!((store.noted().await, store.finds("ship", "b\u{fc}ro").await), (vec![], [1, 1]));
        assert_eq!(store.passes().await, 0);
    }

    async fn what_a_release_without_words_writes_is_noted_and_folded(backend: Backend) {
        let store = Tasks::new(backend).await;
        store.passes().await;
        store.writes(Difference::Made(labelled())).await;
        assert_eq!(store.noted().await, [], "who folds leaves no note");
        store.runs(RENAMED).await;
        store.runs(RENAMED).await;
        assert_eq!(store.noted().await, [(example().scope_id, example().id)]);
        assert_eq!(store.finds("\u{e4}rger", "b\u{fc}ro").await, [0, 1]);
        assert_eq!(store.passes().await, 1);
        assert_eq!((store.noted().await, store.passes().await), (vec![], 0));
        assert_eq!(store.finds("\u{e4}rger", "b\u{fc}ro").await, [1, 1]);
    }

    async fn what_is_written_on_a_stale_task_leaves_it_stale(backend: Backend) {
        let store = Tasks::new(backend).await;
        store.writes(Difference::Made(labelled())).await;
        store.runs(AS_BEFORE).await;
        store.runs(FORGET).await;
        let to = Task { version: 2, updated_at: Timestamp::from_seconds(1), ..labelled() };
        store.writes(Difference::Changed { from: labelled(), to: to.clone() }).await;
        let from = to.clone();
        let to = Task { version: 3, title: "Sail it".to_owned(), ..to };
        store.writes(Difference::Changed { from, to }).await;
        assert_eq!(store.finds("sail", "b\u{fc}ro").await, [1, 0]);
        assert_eq!(store.passes().await, 1);
        assert_eq!(store.finds("sail", "b\u{fc}ro").await, [1, 1]);
    }

    async fn what_is_changed_with_its_words_stays_folded(backend: Backend) {
        let store = Tasks::new(backend).await;
        store.writes(Difference::Made(labelled())).await;
        let to = Task { version: 2, title: "Sail it".to_owned(), ..labelled() };
        store.writes(Difference::Changed { from: labelled(), to: to.clone() }).await;
        let from = to.clone();
        store.writes(Difference::Changed { from, to: Task { version: 3, ..to } }).await;
        assert_eq!((store.noted().await, store.passes().await), (vec![ALL], 0));
        assert_eq!(store.finds("sail", "b\u{fc}ro").await, [1, 1]);
    }

    async fn what_is_gone_is_forgotten(backend: Backend) {
        let store = Tasks::new(backend).await;
        store.passes().await;
        store.writes(Difference::Made(labelled())).await;
        store.runs(RENAMED).await;
        store.writes(Difference::Gone(labelled())).await;
        assert_eq!(store.noted().await.len(), 1);
        assert_eq!(store.passes().await, 0);
        assert_eq!(store.noted().await, []);
    }
}
