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
use crate::problem::{Fault, Problem};

/// A client that knows more versions than this does not know which it means.
pub(crate) const MOST: usize = 16;

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
    let reason = kit_base::error::Refusal::from_status(status).reason;
    matches!(reason.as_deref(), Some("VERSION_MISMATCH" | "IDEMPOTENCY_KEY_REUSED"))
}

fn versions(headers: &HeaderMap) -> Result<Option<Vec<i64>>, Problem> {
    let Said::Tags(tags) = if_match(headers)? else { return Ok(None) };
    // A tag that is not one of ours cannot match, nor can a weak one.
    let mut versions: Vec<_> = tags.iter().filter_map(Tag::version).collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    versions.dedup();
    if versions.is_empty() {
        return Err(Problem::of_status(StatusCode::PRECONDITION_FAILED));
    }
    Ok(Some(versions))
}

/// What one of the two headers says.
enum Said<'h> {
    /// It is not there.
    Nothing,
    /// `*`
    Any,
    /// One ETag or more.
    Tags(Vec<Tag<'h>>),
}

/// What the header `name` says in all its lines; none when it cannot be read.
fn condition_in(headers: &HeaderMap, name: HeaderName) -> Option<Said<'_>> {
    let lines = headers.get_all(name).into_iter();
    let lines: Option<Vec<_>> = lines.map(|line| line.to_str().ok().map(str::trim)).collect();
    let lines = lines?;
    match lines.as_slice() {
        [] => Some(Said::Nothing),
        ["*"] => Some(Said::Any),
        _ => tag::list(lines).filter(|tags| !tags.is_empty()).map(Said::Tags),
    }
}

fn if_match(headers: &HeaderMap) -> Result<Said<'_>, Problem> {
    let few = |said: &Said<'_>| !matches!(said, Said::Tags(tags) if tags.len() > MOST);
    let message = "If-Match is `*` or up to 16 ETags, as \"7\"";
    let malformed = || Problem::bad_header("If-Match", "INVALID_IF_MATCH", message);
    condition_in(headers, header::IF_MATCH).filter(few).ok_or_else(malformed)
}

fn if_none_match(headers: &HeaderMap) -> Result<Said<'_>, Problem> {
    let message = "If-None-Match is `*` or ETags, as \"7\"";
    let malformed = || Problem::bad_header("If-None-Match", "INVALID_IF_NONE_MATCH", message);
    condition_in(headers, header::IF_NONE_MATCH).ok_or_else(malformed)
}

/// What of a request's conditions cannot be read, or not be asked: no service changes whatever is at another version than one.
pub(crate) fn unreadable(headers: &HeaderMap, writes: bool) -> impl Iterator<Item = Problem> {
    let none_match = match if_none_match(headers) {
        Ok(Said::Tags(_)) if writes => {
            let message = "a write names the versions that it is for by If-Match";
            Some(Problem::bad_header("If-None-Match", "INVALID_IF_NONE_MATCH", message))
        }
        other => other.err(),
    };
    if_match(headers).err().into_iter().chain(none_match)
}

/// Refuses conditions that cannot hold, whatever the service says (RFC 9110, 13.1): that of what has no version none matches, and
/// that a write is for what is not there, since nothing is written at a path that names nothing.
pub(crate) fn refuse(headers: &HeaderMap, writes: bool, versioned: bool) -> Result<(), Problem> {
    let failed = |name, message| {
        let (status, code) = (StatusCode::PRECONDITION_FAILED, "VERSION_MISMATCH");
        Err(Problem::new(status, code, message)
            .with_faults(vec![Fault::header(name, code, message)]))
    };
    if !versioned && matches!(if_match(headers)?, Said::Tags(_)) {
        return failed("If-Match", "this has no version, so that no ETag can match");
    }
    if writes && matches!(if_none_match(headers)?, Said::Any) {
        return failed(
            "If-None-Match",
            "a write is for what is there, and this asks that nothing is",
        );
    }
    Ok(())
}

/// The conditions of a read: which version the client asks for, and which it has.
#[derive(Debug)]
pub(crate) struct Wanted(HeaderMap);

impl<S: Sync> FromRequestParts<S> for Wanted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let conditions = [header::IF_MATCH, header::IF_NONE_MATCH].into_iter().flat_map(|name| {
            let lines = parts.headers.get_all(&name).into_iter();
            lines.map(|line| (name.clone(), line.clone())).collect::<Vec<_>>()
        });
        Ok(Self(conditions.collect()))
    }
}

impl Wanted {
    /// The ETag by which the client has what `etag` stands for, in whatever encoding; none when it has not. Refuses what is another
    /// than the client asks for. The first comparison is weak, the second strong, as they have to be.
    pub(crate) fn had(&self, etag: &HeaderValue) -> Result<Option<HeaderValue>, Problem> {
        let own = etag.to_str().unwrap_or_default().trim_matches('"');
        if let Said::Tags(tags) = if_match(&self.0)?
            && !tags.iter().any(|tag| tag.is_strong() && tag.plain() == own)
        {
            return Err(Problem::of_status(StatusCode::PRECONDITION_FAILED));
        }
        Ok(match if_none_match(&self.0)? {
            Said::Nothing => None,
            Said::Any => Some(etag.clone()),
            Said::Tags(tags) => {
                let same = tags.iter().find(|tag| tag.plain() == own);
                same.and_then(|tag| if tag.is_packed() { packed(etag) } else { Some(etag.clone()) })
            }
        })
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
        for value in [
            "W/\"7\"",
            "\"abc\"",
            "\"\"",
            "\"-7\"",
            "\"+7\"",
            "\"07\"",
            "\"00\"",
            "\"7-gzip-gzip\"",
            "\"99999999999999999999\"",
        ] {
            assert_eq!(if_match(value), Err(412), "{value}");
        }
    }

    #[test]
    fn what_is_no_etag_is_malformed() {
        for value in [
            "",
            ",",
            "7",
            "\"7",
            "7\"",
            "\"7\" \"8\"",
            "\"7\"\"",
            "**",
            "*, \"7\"",
            "w/\"7\"",
            "\"a b\"",
        ] {
            assert_eq!(if_match(value), Err(400), "{value}");
        }
    }

    fn had(name: HeaderName, list: &'static str) -> Result<Option<String>, u16> {
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(list))]);
        let had = Wanted(headers).had(&etag(7)).map_err(|problem| problem.status().as_u16())?;
        Ok(had.map(|etag| etag.to_str().unwrap().to_owned()))
    }

    #[test]
    fn what_the_client_has_is_compared_weakly() {
        let has = |list| had(header::IF_NONE_MATCH, list);
        for list in ["\"7\"", "W/\"7\"", "*", "\"6\", \"7\"", "\"a,b\",\"7\""] {
            assert_eq!(has(list), Ok(Some("\"7\"".to_owned())), "{list}");
        }
        assert_eq!(has("\"7-gzip\""), Ok(Some("\"7-gzip\"".to_owned())));
        for list in ["\"8\"", "\"07\"", "\"7-br\""] {
            assert_eq!(has(list), Ok(None), "{list}");
        }
        for list in ["7", "", ",", "\"a,\"7\"", "*, \"7\""] {
            assert_eq!(has(list), Err(400), "{list}");
        }
    }

    #[test]
    fn what_the_client_asks_for_is_compared_strongly() {
        for list in ["\"7\"", "*", "\"6\", \"7\"", "\"7-gzip\""] {
            assert_eq!(had(header::IF_MATCH, list), Ok(None), "{list}");
        }
        for list in ["\"8\"", "W/\"7\"", "\"07\"", "\"theirs\""] {
            assert_eq!(had(header::IF_MATCH, list), Err(412), "{list}");
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
