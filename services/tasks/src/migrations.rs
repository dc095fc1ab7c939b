//! The steps of the schema. They only expand: the release before goes on working on the schema after.
use kit_base::error::chain;
use kit_db::{
    Db, Migration,
    migrate::{self, Index},
};

/// All of them, in order.
pub const ALL: &[Migration] = &[
    Migration {
        version: 1,
        name: "tasks",
        postgres: include_str!("../migrations/0001_tasks/postgres.sql"),
        sqlite: include_str!("../migrations/0001_tasks/sqlite.sql"),
        indexes: &[],
    },
    Migration {
        version: 2,
        name: "words and order",
        postgres: include_str!("../migrations/0002_words_and_order/postgres.sql"),
        sqlite: include_str!("../migrations/0002_words_and_order/sqlite.sql"),
        indexes: &[
            Index {
                name: "tasks_deleted",
                on: "tasks (scope_id, trashed_at, id) WHERE trash_id = id",
                replaces: None,
            },
            Index {
                name: "projects_deleted",
                on: "projects (scope_id, trashed_at, id) WHERE trash_id = id",
                replaces: None,
            },
        ],
    },
    Migration {
        version: 3,
        name: "estimates",
        postgres: include_str!("../migrations/0003_estimates/both.sql"),
        sqlite: include_str!("../migrations/0003_estimates/both.sql"),
        indexes: &[],
    },
    Migration {
        version: 4,
        name: "unfolded",
        postgres: include_str!("../migrations/0004_unfolded/postgres.sql"),
        sqlite: include_str!("../migrations/0004_unfolded/sqlite.sql"),
        indexes: &[],
    },
    Migration {
        version: 5,
        name: "erased",
        postgres: include_str!("../migrations/0005_erased/postgres.sql"),
        sqlite: include_str!("../migrations/0005_erased/sqlite.sql"),
        indexes: &[Index {
            name: "scopes_erased",
            on: "scopes (erased_at) WHERE erased_at IS NOT NULL",
            replaces: None,
        }],
    },
    Migration {
        version: 6,
        name: "usage",
        postgres: include_str!("../migrations/0006_usage/postgres.sql"),
        sqlite: include_str!("../migrations/0006_usage/sqlite.sql"),
        indexes: &[],
    },
    Migration {
        version: 7,
        name: "ages",
        postgres: include_str!("../migrations/0007_ages/postgres.sql"),
        sqlite: include_str!("../migrations/0007_ages/sqlite.sql"),
        indexes: &[
            Index { name: "journal_age", on: "journal (at)", replaces: None },
            Index {
                name: "idempotency_keys_old",
                on: "idempotency_keys (created_at)",
                replaces: None,
            },
        ],
    },
    Migration {
        version: 8,
        name: "live",
        postgres: include_str!("../migrations/0008_live/both.sql"),
        sqlite: include_str!("../migrations/0008_live/both.sql"),
        indexes: &[
            Index {
                name: "tasks_live",
                on: "tasks (scope_id, created_at, id) WHERE trashed_at IS NULL",
                replaces: Some("tasks_created"),
            },
            Index {
                name: "tasks_live_rank",
                on: "tasks (scope_id, project_id, rank, id) WHERE trashed_at IS NULL",
                replaces: Some("tasks_rank"),
            },
            Index {
                name: "tasks_live_due",
                on: "tasks (scope_id, due_at, id) WHERE trashed_at IS NULL AND due_at IS NOT NULL",
                replaces: Some("tasks_due"),
            },
            Index {
                name: "tasks_never_due",
                on: "tasks (scope_id, created_at, id) WHERE trashed_at IS NULL AND due_at IS NULL",
                replaces: None,
            },
        ],
    },
    Migration {
        version: 9,
        name: "leases",
        postgres: include_str!("../migrations/0009_leases/postgres.sql"),
        sqlite: include_str!("../migrations/0009_leases/sqlite.sql"),
        indexes: &[],
    },
];

/// Whether the schema is the one this release needs, which it is brought to where that is wanted.
pub(crate) async fn ready(db: Db, migrating: bool) -> Result<(), String> {
    db.up().await.map_err(|error| chain(&error))?;
    if migrating {
        migrate::apply(&db, ALL)
            .await
            .map_err(|error| format!("the schema could not be migrated: {}", chain(&error)))?;
    }
    let version = migrate::check(&db, ALL).await?;
    kit_db::metrics::migrations_applied("tasks", version);
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{sync::Arc, time::Duration};

    use diesel_async::SimpleAsyncConnection as _;
    use kit_base::{Clock, Timestamp};
    use kit_db::{
        Limits, on,
        testing::{Backend, Database},
    };
    use tokio::time::Instant;
    use uuid::Uuid;

    use super::*;
    use crate::{
        Error, access,
        ids::{ScopeId, SessionId, UserId},
        journal::{
            bounds::Bounds,
            change::Actor,
            command::Command,
            feed::Feed,
            writer::{
                Writer,
                submission::{Done, Key, Submission},
            },
        },
        projects,
    };

    /// All is counted, nothing bounded.
    pub(crate) fn bounds() -> Arc<Bounds> {
        Arc::new(Bounds { kinds: crate::kinds(), ..Bounds::default() })
    }

    /// A database with the schema of today, a scope with an Inbox in it, and who writes there.
    pub(crate) struct Store {
        pub(crate) db: Db,
        pub(crate) clock: Clock,
        pub(crate) writer: Writer,
        pub(crate) scope: ScopeId,
        _database: Database,
    }

    impl Store {
        pub(crate) async fn new(backend: Backend) -> Self {
            let database = Database::new(backend, "store").await;
            let db = Db::open(&database.url, &Limits::default()).unwrap();
            db.up().await.unwrap();
            migrate::apply(&db, ALL).await.unwrap();
            let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
            let writer = Writer::new(db.clone(), clock.clone(), Feed::default(), bounds());
            let user = UserId(Uuid::from_u128(7));
            let scope = access::store::create(&db, &clock, user).await.unwrap();
            let store = Self { db, clock, writer, scope, _database: database };
            store.carries_out(projects::write::Write::CreateInbox).await.unwrap();
            store
        }

        /// A write that is wanted for a minute.
        pub(crate) fn submission(&self, command: impl Command + 'static) -> Submission {
            let (user_id, session_id) = (UserId(self.scope.0), SessionId(Uuid::from_u128(8)));
            let (request_id, trace_id) = Default::default();
            let actor = Actor { user_id, session_id, request_id, trace_id };
            let deadline = Instant::now() + Duration::from_secs(60);
            Submission { actor, key: None, command: Box::new(command), bytes: 0, deadline }
        }

        pub(crate) async fn carries_out(
            &self,
            command: impl Command + 'static,
        ) -> Result<Done, Error> {
            self.writer.submit(self.scope, self.submission(command)).await
        }

        /// The same under an idempotency key.
        pub(crate) async fn carries_out_once(&self, key: &str, command: impl Command + 'static) {
            let key = Some(Key { key: key.to_owned(), fingerprint: vec![7] });
            let submission = Submission { key, ..self.submission(command) };
            self.writer.submit(self.scope, submission).await.unwrap();
        }

        /// A statement, as another release sends it.
        pub(crate) async fn runs(&self, statement: impl Into<String>) {
            let statement = statement.into();
            let done = self.db.write("test", move |connection| {
                Box::pin(
                    async move { on!(connection, conn => conn.batch_execute(&statement).await) },
                )
            });
            done.await.unwrap();
        }
    }
}
