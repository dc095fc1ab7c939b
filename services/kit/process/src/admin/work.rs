//! What is being worked on now, and what each waits for: where something hangs, this says where.
use axum::{
    Extension, Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use kit_base::underway::{self, Work};
use serde::Serialize;

use super::entry::Entry;
use crate::peer::PeerAddress;

/// So much is shown, the oldest of it.
const MOST: usize = 1_000;

/// All that is being worked on.
#[derive(Serialize)]
struct Document {
    /// How much that is, also where not all of it is shown.
    count: usize,
    work: Vec<Entered>,
}

/// A request or a job.
#[derive(Serialize)]
struct Entered {
    what: String,
    seconds: f64,
    waits_for: Vec<Wait>,
    request_id: String,
    trace_id: String,
}

/// Something that has begun and not ended.
#[derive(Serialize)]
struct Wait {
    what: String,
    seconds: f64,
}

/// Tells it to whom the switchboard obeys: ids of requests are for nobody else.
pub(super) async fn get(
    State(entry): State<Entry>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = entry.permit(peer, &headers) {
        return refusal.into_response();
    }
    let (work, count) = underway::list(MOST);
    Json(Document { count, work: work.into_iter().map(entered).collect() }).into_response()
}

fn entered(work: Work) -> Entered {
    let waits = work.waits_for().into_iter();
    Entered {
        seconds: work.lasts().as_secs_f64(),
        waits_for: waits.map(|(what, lasts)| Wait { what, seconds: lasts.as_secs_f64() }).collect(),
        request_id: work.request_id.to_string(),
        trace_id: work.trace.trace_id_hex(),
        what: work.what,
    }
}
