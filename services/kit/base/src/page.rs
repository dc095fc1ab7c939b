//! Pages of a list: how long one is, and an opaque cursor that says where the next begins.
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use tonic::Code;

use crate::Fault;

/// The length of a page when none is asked for.
pub const DEFAULT_LIMIT: i64 = 50;
/// The longest page.
pub const MAX_LIMIT: i64 = 200;
/// The largest page, in bytes: as much as a connection gives without others on it having to wait for long. One item is a page, however large it is.
pub const MAX_BYTES: usize = 256 << 10;
/// Pages that are likely to be this large, in bytes, are read apart: among brief reads they would stand in the way of others.
pub const LARGE: usize = 64 << 10;

/// Why a page cannot be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Not a cursor that we gave out.
    #[error("the cursor is not one that was given out here; start again without it")]
    Cursor,
    /// A cursor of another list, or of the same with other filters.
    #[error(
        "the cursor belongs to another query; keep filters and order the same from page to page"
    )]
    Mismatch,
    /// Out of bounds.
    #[error("a limit is between 1 and {MAX_LIMIT}")]
    Limit,
}

impl Fault for PageError {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::Cursor => (Code::InvalidArgument, "INVALID_CURSOR"),
            Self::Mismatch => (Code::InvalidArgument, "CURSOR_MISMATCH"),
            Self::Limit => (Code::InvalidArgument, "INVALID_LIMIT"),
        }
    }
}

/// The number of items a page may have: what was asked for, or the default when that is 0.
pub fn limit(asked: i32) -> Result<i64, PageError> {
    match i64::from(asked) {
        0 => Ok(DEFAULT_LIMIT),
        asked if (1..=MAX_LIMIT).contains(&asked) => Ok(asked),
        _ => Err(PageError::Limit),
    }
}

/// Writes a cursor: `position` in the list that `query` (its filters and order) describes.
pub fn encode<P: Serialize>(query: &str, position: &P) -> String {
    let json = serde_json::to_vec(&(checksum(query), position)).expect("positions are plain data");
    URL_SAFE_NO_PAD.encode(json)
}

/// Reads a cursor of the list that `query` describes; none when it is empty, which means the beginning.
pub fn decode<P: DeserializeOwned>(query: &str, cursor: &str) -> Result<Option<P>, PageError> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let json = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| PageError::Cursor)?;
    let (check, position): (u32, serde_json::Value) =
        serde_json::from_slice(&json).map_err(|_| PageError::Cursor)?;
    if check != checksum(query) {
        return Err(PageError::Mismatch);
    }
    if holds_nul(&position) {
        return Err(PageError::Cursor);
    }
    serde_json::from_value(position).map(Some).map_err(|_| PageError::Cursor)
}

/// Whether a NUL character is in it: no text that is kept holds one, and PostgreSQL cannot be asked for one.
fn holds_nul(position: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Bool, Null, Number, Object, String};
    match position {
        String(text) => text.contains('\0'),
        Array(items) => items.iter().any(holds_nul),
        Object(fields) => fields.values().any(holds_nul),
        Null | Bool(_) | Number(_) => false,
    }
}

/// Cuts a page of at most `limit` items and [`MAX_BYTES`] from rows of which one more was asked for, and gives the cursor to the next where
/// there is one. `bytes` is about how many an item takes.
pub fn cut<T>(
    mut rows: Vec<T>,
    limit: i64,
    bytes: impl Fn(&T) -> usize,
    cursor: impl FnOnce(&T) -> String,
) -> (Vec<T>, String) {
    let limit = usize::try_from(limit).expect("a limit is positive");
    let mut sum = 0;
    let fit = rows.iter().take(limit).take_while(|row| {
        sum += bytes(row);
        sum <= MAX_BYTES
    });
    let fit = fit.count().max(1);
    let more = rows.len() > fit;
    rows.truncate(fit);
    let next = if more { rows.last().map(cursor) } else { None };
    (rows, next.unwrap_or_default())
}

/// FNV-1a: tells two queries apart by accident, not against malice: a cursor opens nothing its holder may not read.
fn checksum(query: &str) -> u32 {
    query.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_only_by_its_own_query() {
        let cursor = encode("tasks?status=open", &("a", 7));
        assert_eq!(decode("tasks?status=open", &cursor), Ok(Some(("a".to_owned(), 7))));
        assert_eq!(decode::<(String, i32)>("tasks", &cursor), Err(PageError::Mismatch));
        assert_eq!(decode::<String>("tasks?status=open", &cursor), Err(PageError::Cursor));
        assert_eq!(decode::<String>("tasks", "no cursor"), Err(PageError::Cursor));
        assert_eq!(decode::<String>("tasks", ""), Ok(None));
    }

    #[test]
    fn a_cursor_that_holds_a_nul_is_none_of_ours() {
        for text in ["\0", "a\0b"] {
            assert_eq!(decode::<String>("tasks", &encode("tasks", &text)), Err(PageError::Cursor));
            let pair = encode("tasks", &(text, 7));
            assert_eq!(decode::<(String, i32)>("tasks", &pair), Err(PageError::Cursor));
        }
    }

    #[test]
    fn a_page_names_its_next_only_where_there_is_one() {
        let cut = |rows| cut(rows, 2, |_| 0, ToString::to_string);
        assert_eq!(cut(vec![1, 2, 3]), (vec![1, 2], "2".to_owned()));
        assert_eq!(cut(vec![1, 2]), (vec![1, 2], String::new()));
        assert_eq!(cut(vec![]), (vec![], String::new()));
    }

    #[test]
    fn a_page_has_no_more_bytes_than_fit_and_at_least_one_item() {
        for (rows, page, more) in [
            (vec![MAX_BYTES], 1, false),
            (vec![MAX_BYTES - 1, 1], 2, false),
            (vec![MAX_BYTES, 1], 1, true),
            (vec![MAX_BYTES * 9, 1, 1], 1, true),
            (vec![1, MAX_BYTES * 9, 1], 1, true),
            (vec![1, MAX_BYTES - 2, 2], 2, true),
        ] {
            let (cut, next) = cut(rows.clone(), 200, |bytes| *bytes, |_| "more".to_owned());
            assert_eq!((cut.len(), !next.is_empty()), (page, more), "{rows:?}");
        }
    }

    #[test]
    fn a_limit_out_of_bounds_is_refused() {
        assert_eq!([limit(0), limit(1), limit(200)], [Ok(50), Ok(1), Ok(200)]);
        assert_eq!([limit(-1), limit(201)], [Err(PageError::Limit); 2]);
    }

    #[test]
    fn a_cursor_of_a_former_release_is_read() {
        let given_out = "WzI5MDU0OTE2NjEsWyJhIiw3XV0";
        assert_eq!(encode("tasks", &("a", 7)), given_out);
        assert_eq!(decode("tasks", given_out), Ok(Some(("a".to_owned(), 7))));
    }

    #[test]
    fn what_a_client_has_made_of_a_cursor_is_refused() {
        let cursor = encode("tasks", &("a", 7));
        let json = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for made in [
            format!("{cursor}="),
            format!("{cursor}A"),
            cursor[1..].to_owned(),
            cursor[..cursor.len() - 1].to_owned(),
            json("[]"),
            json("7"),
            json(r#"[-1,["a",7]]"#),
            json(r#"{"0":2905491661,"1":["a",7]}"#),
        ] {
            assert_eq!(decode::<(String, i32)>("tasks", &made), Err(PageError::Cursor), "{made}");
        }
    }

    #[test]
    fn a_nul_is_found_however_deep_it_lies() {
        for (position, holds) in [
            (serde_json::json!({"at": [{"name": "a\0"}]}), true),
            (serde_json::json!([[["\0"]]]), true),
            (serde_json::json!({"at": [{"name": "a"}, 0, null, true]}), false),
        ] {
            assert_eq!(holds_nul(&position), holds, "{position}");
        }
    }

    #[test]
    fn all_pages_together_are_the_list() {
        for length in [0, 1, 2, 3, 6, 7] {
            let list: Vec<usize> = (1..=length).collect();
            let (mut read, mut after) = (vec![], 0);
            loop {
                let rows = list.iter().copied().filter(|row| *row > after).take(3).collect();
                let (page, next) = cut(rows, 2, |_| 0, |last| encode("list", last));
                assert!(page.len() <= 2);
                read.extend(page);
                match decode("list", &next).unwrap() {
                    Some(position) => after = position,
                    None => break,
                }
            }
            assert_eq!(read, list);
        }
    }
}
