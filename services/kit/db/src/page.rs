use std::pin::pin;

use diesel::QueryResult;
use futures_util::{Stream, TryStreamExt as _};
use kit_base::page::MAX_BYTES;

/// The rows of a page, one by one as they come: no more than fit into [`MAX_BYTES`], one at least, and the one behind them, which says that
/// there are more.
/// On PostgreSQL the others never reach the memory of the process. `bytes` is about how many a row takes:
/// `page(query.load_stream(conn).await, Task::bytes).await`.
pub async fn page<T>(
    rows: QueryResult<impl Stream<Item = QueryResult<T>>>,
    bytes: impl Fn(&T) -> usize,
) -> QueryResult<Vec<T>> {
    let (mut rows, mut found, mut sum) = (pin!(rows?), vec![], 0);
    // One that is larger by itself is a page; what is behind it says that there are more.
    while (sum <= MAX_BYTES || found.len() < 2)
        && let Some(row) = rows.try_next().await?
    {
        sum += bytes(&row);
        found.push(row);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use diesel::result::Error;
    use futures_util::{FutureExt as _, stream};

    use super::*;

    fn read(rows: Vec<QueryResult<usize>>) -> QueryResult<Vec<usize>> {
        page(Ok(stream::iter(rows)), |row| *row).now_or_never().unwrap()
    }

    #[test]
    fn what_does_not_fit_is_not_read_but_for_the_first_of_it() {
        let unread = || Err(Error::RollbackTransaction);
        for (rows, read) in [
            (vec![1, 2], 2),
            (vec![MAX_BYTES, 1, 1], 2),
            (vec![MAX_BYTES - 1, 1, 1, 1], 3),
            (vec![MAX_BYTES + 1, 1, 1], 2),
            (vec![MAX_BYTES + 1], 1),
        ] {
            let all: Vec<_> = rows.iter().copied().map(Ok).collect();
            assert_eq!(self::read(all), Ok(rows[..read].to_vec()), "{rows:?}");
            let all = rows.iter().enumerate().map(
                |(at, row)| {
                    if at < read { Ok(*row) } else { unread() }
                },
            );
            assert_eq!(self::read(all.collect()), Ok(rows[..read].to_vec()), "{rows:?}");
        }
    }

    #[test]
    fn a_row_that_cannot_be_read_is_told() {
        assert_eq!(read(vec![Ok(1), Err(Error::NotFound), Ok(1)]), Err(Error::NotFound));
        let none = page(Err::<stream::Empty<QueryResult<usize>>, _>(Error::NotFound), |row| *row);
        assert_eq!(none.now_or_never().unwrap(), Err(Error::NotFound));
    }
}
