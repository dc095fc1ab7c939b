//! Queries that stand once and run on either backend.

/// Runs one reading query: `read!(db, "task.get", conn => query.first(conn).await)` gives `Result<_, kit_db::Error>`.
/// A boxed query names its backend: `read!(db, "task.list", conn: Backend => query.into_boxed::<Backend>()…)`.
#[macro_export]
macro_rules! read {
    ($db:expr, $name:literal, $conn:ident => $query:expr) => {
        $crate::read!($db, $name, $conn: _Backend => $query)
    };
    ($db:expr, $name:literal, $conn:ident: $backend:ident => $query:expr) => {{
        let db: &$crate::Db = $db;
        $crate::metrics::measured(db.system(), $name, async {
            match db {
                $crate::Db::Postgres(postgres) => {
                    type $backend = ::diesel::pg::Pg;
                    let lane = postgres.lane().await?;
                    let $conn = &mut &*lane;
                    $query.map_err($crate::Error::from)
                }
                $crate::Db::Sqlite(sqlite) => {
                    type $backend = ::diesel::sqlite::Sqlite;
                    let mut reader = sqlite.reader().await?;
                    let $conn = &mut *reader;
                    $query.map_err($crate::Error::from)
                }
            }
        })
        .await
    }};
}

/// Runs one reading query of which nobody knows how long it takes, as [`read!`](crate::read!) but on one of few connections of its own: it
/// holds up other searches at most, has less time than a statement, and is given up with its caller.
#[macro_export]
macro_rules! search {
    ($db:expr, $name:literal, $conn:ident => $query:expr) => {
        $crate::search!($db, $name, $conn: _Backend => $query)
    };
    ($db:expr, $name:literal, $conn:ident: $backend:ident => $query:expr) => {{
        let db: &$crate::Db = $db;
        $crate::metrics::measured(db.system(), $name, async {
            let mut searcher = db.searcher().await?;
            let found = $crate::on!(searcher, $conn: $backend => $query);
            searcher.settle();
            found
        })
        .await
    }};
}

/// Runs one query on an exclusive connection: `on!(connection, conn => query.execute(conn).await)`.
#[macro_export]
macro_rules! on {
    ($connection:expr, $conn:ident => $query:expr) => {
        $crate::on!($connection, $conn: _Backend => $query)
    };
    ($connection:expr, $conn:ident: $backend:ident => $query:expr) => {
        match $connection.backend() {
            $crate::connection::Backend::Postgres(shared) => {
                type $backend = ::diesel::pg::Pg;
                let $conn = &mut &*shared;
                $query.map_err($crate::Error::from)
            }
            $crate::connection::Backend::Sqlite($conn) => {
                type $backend = ::diesel::sqlite::Sqlite;
                $query.map_err($crate::Error::from)
            }
        }
    };
}

/// Runs several queries on an exclusive connection, in their order and, on PostgreSQL, in one trip:
/// `together!(connection, conn => first.execute(conn).await, second.load(conn).await)` gives a result of a tuple. Statements that
/// were made before can go along, `together!(connection, conn => first.execute(conn).await; statements)`: then it is a pair.
/// For up to a handful: what has to come last for sure (COMMIT) is sent when these have answered.
#[macro_export]
macro_rules! together {
    ($connection:expr, $conn:ident => $($query:expr),+ $(,)?) => {
        $crate::together!($connection, $conn => $($query),+; Vec::<$crate::Statement>::new()).map(|(found, _)| found)
    };
    ($connection:expr, $conn:ident => $($query:expr),+; $statements:expr) => {
        match $connection.backend() {
            $crate::connection::Backend::Postgres(shared) => {
                ::futures_util::try_join!(
                    async {
                        ::futures_util::try_join!($(async {
                            let $conn = &mut &*shared;
                            $query.map_err($crate::Error::from)
                        }),+)
                    },
                    $crate::statement::send($crate::connection::Backend::Postgres(shared), $statements),
                )
            }
            $crate::connection::Backend::Sqlite(lite) => async {
                let found = ($({
                    let $conn = &mut *lite;
                    $query.map_err($crate::Error::from)?
                },)+);
                let sent = $crate::statement::send($crate::connection::Backend::Sqlite(lite), $statements).await?;
                Ok::<_, $crate::Error>((found, sent))
            }
            .await,
        }
    };
}
