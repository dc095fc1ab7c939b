use futures_util::future::{BoxFuture, try_join_all};

use super::{Connection, Error, connection::Backend};

/// A query that waits to be sent with others: made by [`statement!`](crate::statement!) or [`inserts!`](crate::inserts!).
pub type Statement<T = ()> =
    Box<dyn for<'c> FnOnce(Backend<'c>) -> BoxFuture<'c, Result<T, Error>> + Send>;

/// For [`statement!`](crate::statement!): says what kind of closure it is.
#[doc(hidden)]
pub fn statement<T, F>(run: F) -> Statement<T>
where
    F: for<'c> FnOnce(Backend<'c>) -> BoxFuture<'c, Result<T, Error>> + Send + 'static,
{
    Box::new(run)
}

impl Connection {
    /// Runs statements in their order, on PostgreSQL all in one trip, and gives what each found. None may depend on another: one
    /// that has to be prepared first falls behind.
    pub async fn send<T>(&mut self, statements: Vec<Statement<T>>) -> Result<Vec<T>, Error> {
        send(self.backend(), statements).await
    }
}

/// [`Connection::send`] for [`together!`](crate::together!).
#[doc(hidden)]
pub async fn send<T>(backend: Backend<'_>, statements: Vec<Statement<T>>) -> Result<Vec<T>, Error> {
    match backend {
        Backend::Postgres(shared) => {
            try_join_all(statements.into_iter().map(|run| run(Backend::Postgres(shared)))).await
        }
        Backend::Sqlite(lite) => {
            let mut found = Vec::with_capacity(statements.len());
            for run in statements {
                found.push(run(Backend::Sqlite(lite)).await?);
            }
            Ok(found)
        }
    }
}

/// Makes one query to be sent later: `statement!(conn => query.execute(conn).await)`. What it uses is moved into it.
#[macro_export]
macro_rules! statement {
    ($conn:ident => $query:expr) => {
        $crate::statement::statement(move |backend| {
            Box::pin(async move {
                match backend {
                    $crate::connection::Backend::Postgres(shared) => {
                        let $conn = &mut &*shared;
                        $query.map_err($crate::Error::from)
                    }
                    $crate::connection::Backend::Sqlite($conn) => {
                        $query.map_err($crate::Error::from)
                    }
                }
            })
        })
    };
}

/// Makes the statements that insert rows, on PostgreSQL many rows each: `inserts!(journal::table => changes)`.
#[macro_export]
macro_rules! inserts {
    ($table:expr => $rows:expr) => {
        $crate::statement::runs($rows)
            .into_iter()
            .map(|rows| {
                $crate::statement::statement(move |backend| {
                    Box::pin(async move {
                        match backend {
                            $crate::connection::Backend::Postgres(shared) => {
                                let insert = ::diesel::insert_into($table).values(&rows);
                                $crate::Cached(insert).execute(&mut &*shared).await.map(drop)
                            }
                            $crate::connection::Backend::Sqlite(lite) => {
                                async {
                                    for row in &rows {
                                        ::diesel::insert_into($table)
                                            .values(row)
                                            .execute(lite)
                                            .await?;
                                    }
                                    Ok(())
                                }
                                .await
                            }
                        }
                        .map_err($crate::Error::from)
                    })
                })
            })
            .collect::<Vec<$crate::Statement>>()
    };
}

/// Cuts rows into runs whose lengths are powers of two, at most 64: so few lengths that each statement stays prepared.
#[doc(hidden)]
pub fn runs<T>(mut rows: Vec<T>) -> Vec<Vec<T>> {
    let mut runs = vec![];
    while let Some(power) = rows.len().checked_ilog2() {
        let rest = rows.split_off(1 << power.min(6));
        runs.push(std::mem::replace(&mut rows, rest));
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn runs_keep_the_order_and_have_few_lengths() {
        let lengths = |count: u32| -> Vec<usize> {
            let runs = runs((0..count).collect());
            assert_eq!(runs.concat(), (0..count).collect::<Vec<_>>());
            runs.iter().map(Vec::len).collect()
        };
        assert_eq!(lengths(0), [0; 0]);
        assert_eq!(lengths(1), [1]);
        assert_eq!(lengths(7), [4, 2, 1]);
        assert_eq!(lengths(200), [64, 64, 64, 8]);
    }
}
