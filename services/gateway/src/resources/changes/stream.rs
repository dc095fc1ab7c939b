//! Changes as they happen: server-sent events (HTML standard, 9.2).
use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{
        IntoResponse as _,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, stream};
use kit_base::{Stop, room::Room};
use prost::Message as _;
use proto::tasks::v1::{ChangeBatch, ChangeServicePeer, WatchChangesRequest};
use tokio::time::{Instant, Interval, MissedTickBehavior, timeout};
use tonic::{Code, Status, Streaming};
use uuid::Uuid;

use super::shape::Change;
use crate::{
    edge::{holding::Holder, streams::Place, user::User, visit::Visit},
    problem::Problem,
    reply::Reply,
    shared::{Gateway, Shared},
};

/// Proxies close what is silent for longer.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a stream lives, give or take a tenth: so that listeners spread over new replicas.
const LIFE_SECONDS: u64 = 30 * 60;
/// How soon the end of a session ends its streams and polls.
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// How long opening may take.
const OPENING: Duration = Duration::from_secs(2);

/// Follow changes
///
/// Server-sent events: a `change` for each change, and now and then a `bookmark` that only moves the cursor. `id` is the cursor:
/// with `Last-Event-ID` a stream goes on behind it, without it begins now.
#[utoipa::path(get, path = "/v1/changes/stream", operation_id = "follow_changes",
    responses((status = 200, description = "Events without end", body = String, content_type = "text/event-stream")))]
pub(crate) async fn stream(
    State(gateway): State<Gateway>,
    user: User,
    Extension(visit): Extension<Arc<Visit>>,
    headers: HeaderMap,
) -> Reply {
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or("?").to_owned());
    let (holder, session_id) = (user.holder(), user.caller.session_id);
    let place = gateway.streams.open(holder.user_id, &visit)?;
    let mut request = user.asks(WatchChangesRequest { cursor: last.unwrap_or_default() });
    request.set_timeout(OPENING);
    let batches = ChangeServicePeer::new(&gateway.peers.tasks)
        .watch_changes(request)
        .await
        .map_err(Problem::of_stream)?
        .into_inner();
    let listener = Listener::new(gateway, (holder, session_id), batches, place);
    let events = Sse::new(listener.events())
        .keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here"));
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // nginx would gather events until it has enough of them.
        (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, events).into_response())
}

/// One client that listens.
struct Listener {
    gateway: Arc<Shared>,
    holder: Holder,
    session_id: Uuid,
    batches: Streaming<ChangeBatch>,
    waiting: VecDeque<Event>,
    /// For what waits.
    room: Option<Room>,
    leaves: Stop,
    until: Instant,
    look: Interval,
    _place: Place,
}

impl Listener {
    fn new(
        gateway: Gateway,
        (holder, session_id): (Holder, Uuid),
        batches: Streaming<ChangeBatch>,
        place: Place,
    ) -> Self {
        let life = Duration::from_secs(LIFE_SECONDS * 9 / 10 + spread(LIFE_SECONDS / 5));
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let leaves = gateway.streams.ended();
        let (waiting, until) = (VecDeque::new(), Instant::now() + life);
        let room = None;
        Self {
            gateway,
            holder,
            session_id,
            batches,
            waiting,
            room,
            leaves,
            until,
            look,
            _place: place,
        }
    }

    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(Some(self), |listener| async {
            let mut listener = listener?;
            match listener.next().await {
                Some(event) => Some((Ok(event), Some(listener))),
                // It says when to come back, so that not all that are sent away come at once.
                None => Some((
                    Ok(Event::default().retry(Duration::from_millis(500 + spread(2_500)))),
                    None,
                )),
            }
        })
    }

    /// The next event; none when the client has to go, or auth or tasks have gone.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            self.room = None;
            tokio::select! {
                biased;
                () = self.leaves.cancelled() => return None,
                () = tokio::time::sleep_until(self.until) => return None,
                _ = self.look.tick() => if self.gateway.verifier.has_ended(self.session_id) { return None },
                batch = self.batches.message() => match batch {
                    Ok(batch) => {
                        let batch = batch?;
                        self.room = self.room(batch.encoded_len()).await?;
                        self.waiting = events(batch);
                    }
                    Err(status) => {
                        broke_off(&status);
                        return None;
                    }
                },
            }
        }
    }
}

impl Listener {
    /// Room for so many bytes, until the client has taken them; none where they are next to nothing. Nothing when there is none in time: the
    /// client has to go, and finds what it has not taken when it comes back.
    async fn room(&self, bytes: usize) -> Option<Option<Room>> {
        if bytes < LEAST {
            return Some(None);
        }
        let rooms = &self.gateway.rooms;
        let Holder { user_id, subscriber } = self.holder;
        let held =
            async { rooms.hold(rooms.begin_for(user_id, subscriber, bytes).await, bytes).await };
        timeout(PATIENCE, held).await.ok().map(Some)
    }
}

/// What a batch has to have, in bytes, to need room: five thousand that are smaller have little together.
const LEAST: usize = 1024;
/// How long a batch waits for room.
const PATIENCE: Duration = Duration::from_secs(5);

/// The client comes back. Where a replica has gone it finds another; where a batch cannot be had it comes to the same end again, which
/// nobody would see.
fn broke_off(status: &Status) {
    let (code, fault) = (status.code(), kit_base::error::told(status));
    if code == Code::Unavailable {
        tracing::debug!(?code, fault, "a stream of changes broke off");
    } else {
        tracing::warn!(?code, fault, "a stream of changes broke off");
    }
}

fn events(ChangeBatch { changes, cursor }: ChangeBatch) -> VecDeque<Event> {
    if changes.is_empty() {
        return VecDeque::from([Event::default().id(cursor).event("bookmark").data("{}")]);
    }
    let event = |change: proto::tasks::v1::Change| {
        let id = change.cursor.clone();
        let data = serde_json::to_string(&Change::from(change)).expect("plain data");
        Event::default().id(id).event("change").data(data)
    };
    changes.into_iter().map(event).collect()
}

/// Somewhere from 0 to below `range`.
fn spread(range: u64) -> u64 {
    let [first, second, ..] = kit_base::trace::TraceContext::random(false).span_id;
    u64::from(u16::from_be_bytes([first, second])) * range / 65_536
}
