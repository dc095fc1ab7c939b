//! On which terms a request comes: its parameters, its key and its conditions, before any service is asked.
use axum::{
    extract::Request,
    http::{HeaderName, header},
};

use super::{
    idempotency::{self, IDEMPOTENCY_KEY},
    visit::Visit,
};
use crate::{condition, openapi::Document, problem::Problem, query::Query};

const NAMES: [HeaderName; 3] = [IDEMPOTENCY_KEY, header::IF_MATCH, header::IF_NONE_MATCH];

/// Refuses what the operation does not read, or could not: parameters where it has none, a key that is none, conditions that cannot
/// be read. All of it is told at once; only then whether the conditions can hold.
pub(super) fn accept(
    request: &mut Request,
    document: &Document,
    visit: &Visit,
) -> Result<(), Problem> {
    let (headers, query) = (request.headers(), request.uri().query());
    if query.is_none() && !NAMES.iter().any(|name| headers.contains_key(name)) {
        return Ok(());
    }
    let Some(reads) = document.reads(request) else { return Ok(()) };
    let writes = !request.method().is_safe();
    let query = query.filter(|_| !reads.query).map(|query| Query::parse(query).end());
    let key = reads.key.then(|| idempotency::key_of_client(headers).map(drop));
    let known = query.into_iter().chain(key).filter_map(Result::err);
    let found = known.chain(condition::unreadable(headers, writes)).reduce(Problem::and);
    match found {
        // Who reads the query or the body tells of both, and does nothing: what is refused already is out of the way.
        Some(problem) if reads.query || writes => keep(problem, request, visit),
        Some(problem) => Err(problem),
        // A condition that cannot hold counts where nothing else is wrong but the content (RFC 9110, 13.2.1).
        None => match condition::refuse(headers, writes, reads.version) {
            Err(problem) if reads.query && !writes => keep(problem, request, visit),
            outcome => outcome,
        },
    }
}

/// Keeps what is wrong with the head for who finds what is wrong with the rest.
fn keep(problem: Problem, request: &mut Request, visit: &Visit) -> Result<(), Problem> {
    _ = visit.refusal.set(problem);
    NAMES.into_iter().for_each(|name| _ = request.headers_mut().remove(name));
    Ok(())
}
