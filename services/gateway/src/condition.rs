//! Conditional requests (RFC 9110, 13): an ETag is the version in quotes.
mod tag;

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
};
use tonic::{Code, Response, Status};

pub(crate) use self::tag::{etag, packed};

use self::tag::Tag;
use crate::problem::Problem;

/// A client that knows more versions than this does not know which it means.
const MOST: usize = 16;

/// `If-Match`: the versions that the client would change, the latest first; none when it does not care.
#[derive(Debug)]
pub(crate) struct IfMatch(Option<Vec<i64>>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        versions(&parts.headers).map(Self)
    }
}

impl IfMatch {
    /// Sends a write that is to change one of these versions. The contracts name one version, so that each is tried until one is
    /// there. A key under which one of them was written before answers for that one alone: a retry finds it again.
    pub(crate) async fn ask<T, F>(
        self,
        mut send: impl FnMut(Option<i64>) -> F,
    ) -> Result<Response<T>, Status>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let Some(versions) = self.0 else { return send(None).await };
        let mut refusal = None;
        for version in versions {
            match send(Some(version)).await {
                Err(status) if is_of_another_version(&status) => _ = refusal.get_or_insert(status),
                other => return other,
            }
        }
        Err(refusal.unwrap_or_else(|| {
            kit_base::error::refuse(Code::Aborted, "VERSION_MISMATCH", "it has another version")
        }))
    }
}

fn is_of_another_version(status: &Status) -> bool {
    let reason = kit_base::error::Refusal::of(status).reason;
    matches!(reason.as_deref(), Some("VERSION_MISMATCH" | "IDEMPOTENCY_KEY_REUSED"))
}

fn versions(headers: &HeaderMap) -> Result<Option<Vec<i64>>, Problem> {
    let malformed = || {
        let message = "If-Match is `*` or up to 16 ETags, as \"7\"";
        Problem::bad_header("If-Match", "INVALID_IF_MATCH", message)
    };
    let lines = lines(headers, header::IF_MATCH).map_err(|()| malformed())?;
    match lines.as_slice() {
        [] => return Ok(None),
        [one] if *one == "*" => return Ok(None),
        _ => {}
    }
    let tags = tag::list(lines).filter(|tags| (1..=MOST).contains(&tags.len()));
    // A tag that is not one of ours cannot match, nor can a weak one.
    let mut versions: Vec<_> =
        tags.ok_or_else(malformed)?.iter().filter_map(Tag::version).collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    versions.dedup();
    if versions.is_empty() {
        return Err(Problem::of_status(StatusCode::PRECONDITION_FAILED));
    }
    Ok(Some(versions))
}

/// All lines of a header; an error when one of them is no text.
fn lines(headers: &HeaderMap, name: HeaderName) -> Result<Vec<&str>, ()> {
    let lines = headers.get_all(name).into_iter();
    lines.map(|line| line.to_str().map(str::trim).map_err(|_| ())).collect()
}

/// `If-None-Match`: what the client already has.
#[derive(Debug)]
pub(crate) struct IfNoneMatch(Vec<HeaderValue>);

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get_all(header::IF_NONE_MATCH).into_iter().cloned().collect()))
    }
}

impl IfNoneMatch {
    /// The ETag by which the client has what `etag` stands for, in whatever encoding. The comparison is weak, as it has to be here.
    pub(crate) fn has(&self, etag: &HeaderValue) -> Option<HeaderValue> {
        let lines: Vec<_> = self.0.iter().filter_map(|line| line.to_str().ok()).collect();
        if lines.iter().any(|line| line.trim() == "*") {
            return Some(etag.clone());
        }
        let own = etag.to_str().ok()?.trim_matches('"');
        let same = tag::list(lines)?.into_iter().find(|tag| tag.plain() == own)?;
        Some(if same.is_packed() { packed(etag)? } else { etag.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn if_match(value: &str) -> Result<Option<Vec<i64>>, u16> {
        let headers =
            HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_str(value).unwrap())]);
        versions(&headers).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_version_is_read_from_its_etag() {
        assert_eq!(if_match("\"7\""), Ok(Some(vec![7])));
        assert_eq!(if_match("*"), Ok(None));
        assert_eq!(versions(&HeaderMap::new()).unwrap(), None);
        assert_eq!(if_match("\"7-gzip\""), Ok(Some(vec![7])), "as it was packed");
    }

    #[test]
    fn a_list_names_all_that_would_do() {
        assert_eq!(if_match("\"7\", \"9\" ,, W/\"8\",\"a,b\", \"7-gzip\""), Ok(Some(vec![9, 7])));
        let lines = ["\"1\"", "\"3\", \"2\""].map(HeaderValue::from_static);
        let mut headers = HeaderMap::new();
        lines.into_iter().for_each(|line| _ = headers.append(header::IF_MATCH, line));
        assert_eq!(versions(&headers).unwrap(), Some(vec![3, 2, 1]));
        let many = (0..17).map(|version| format!("\"{version}\"")).collect::<Vec<_>>().join(",");
        assert_eq!(if_match(&many), Err(400));
    }

    #[test]
    fn an_etag_that_is_not_ours_cannot_match() {
        for value in ["W/\"7\"", "\"abc\"", "\"\"", "\"-7\"", "\"+7\"", "\"99999999999999999999\""]
        {
            assert_eq!(if_match(value), Err(412), "{value}");
        }
    }

    #[test]
    fn what_is_no_etag_is_malformed() {
        for value in
            ["", ",", "7", "\"7", "7\"", "\"7\" \"8\"", "\"7\"\"", "**", "*, \"7\"", "w/\"7\""]
        {
            assert_eq!(if_match(value), Err(400), "{value}");
        }
    }

    #[test]
    fn what_the_client_has_is_compared_weakly() {
        let has = |list: &'static str| {
            let has = IfNoneMatch(vec![HeaderValue::from_static(list)]).has(&etag(7));
            has.map(|etag| etag.to_str().unwrap().to_owned())
        };
        for list in ["\"7\"", "W/\"7\"", "*", "\"6\", \"7\"", "\"a,b\",\"7\""] {
            assert_eq!(has(list).as_deref(), Some("\"7\""), "{list}");
        }
        assert_eq!(has("\"7-gzip\"").as_deref(), Some("\"7-gzip\""));
        for list in ["\"8\"", "7", "", "\"a,\"7\"", "\"7-br\""] {
            assert_eq!(has(list), None, "{list}");
        }
    }

    #[tokio::test]
    async fn each_version_is_tried_until_one_is_there() {
        let mismatch = || kit_base::error::refuse(Code::Aborted, "VERSION_MISMATCH", "");
        let reused =
            || kit_base::error::refuse(Code::FailedPrecondition, "IDEMPOTENCY_KEY_REUSED", "");
        let ask = async |versions: &[i64], answers: Vec<Result<(), Status>>| {
            let (mut asked, mut answers) = (vec![], answers.into_iter());
            let send = |version: Option<i64>| {
                asked.extend(version);
                std::future::ready(answers.next().unwrap().map(Response::new))
            };
            let answer = IfMatch(Some(versions.to_vec())).ask(send).await;
            (asked, answer.map_err(|status| status.code()))
        };
        let (asked, answer) = ask(&[9, 7], vec![Err(mismatch()), Ok(())]).await;
        assert!(asked == [9, 7] && answer.is_ok());
        let (asked, answer) = ask(&[9, 7], vec![Err(reused()), Ok(())]).await;
        assert!(asked == [9, 7] && answer.is_ok(), "it was written as 7 before");
        let (asked, answer) = ask(&[9, 7], vec![Err(Status::not_found(""))]).await;
        assert_eq!((asked, answer.unwrap_err()), (vec![9], Code::NotFound));
        let (_, answer) = ask(&[9, 7], vec![Err(mismatch()), Err(mismatch())]).await;
        assert_eq!(answer.unwrap_err(), Code::Aborted);
    }
}
