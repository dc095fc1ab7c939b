//! Large answers hold room until their clients have taken them: so much in all, of each address, and of each user. Who reads slowly is in
//! the way of nobody else, and takes the memory of none.
use std::{convert::Infallible, time::Duration};

use axum::{
    body::HttpBody as _,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::Route,
};
use kit_base::room::{Room, Turn};
use tokio::time::timeout;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::{
    sent::{self, HasRoom},
    shed::Shed,
    visit::Visit,
};
use crate::{problem::Problem, shared::Gateway};

/// What is smaller than this, in bytes, is written without asking for room first: it is counted alone, as all answers are.
pub(crate) const LARGE: usize = 32 * 1024;

/// How long one waits for a turn.
const LONGEST_TURN: Duration = Duration::from_secs(1);
/// How long a large answer waits for room. Who reads slowly holds it for long: the others are told so, and do not wait here in any
/// number.
const PATIENCE: Duration = Duration::from_millis(300);

/// Whose room it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder {
    pub(crate) user_id: Uuid,
    /// See [`Visit::subscriber`].
    pub(crate) subscriber: u128,
}

/// Waits for a turn of the user's to read what may be large. Who takes what was read before too slowly is told so, and does not wait
/// here in any number: all who wait have places that others need.
pub(crate) async fn turn(gateway: &Gateway, holder: Holder) -> Result<Turn, Problem> {
    in_turn(gateway.rooms.begin(holder.user_id, holder.subscriber)).await
}

async fn in_turn(turn: impl Future<Output = Turn>) -> Result<Turn, Problem> {
    timeout(LONGEST_TURN, turn).await.map_err(|_| {
        Shed::PagesOfUser.count();
        let message =
            "so many of your answers are worked on, or wait for you to read them; try again soon";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_AT_ONCE", message)
    })
}

/// Waits for room for a large answer, which is written when it is there: what is likely to be small may be large all the same, as often
/// as a user asks.
pub(crate) async fn room(gateway: &Gateway, turn: Turn, size: usize) -> Result<Room, Problem> {
    let turn = in_turn(gateway.rooms.grow(turn, size)).await?;
    timeout(PATIENCE, gateway.rooms.hold(turn, size)).await.map_err(|_| {
        Shed::LargeAnswers.count();
        let message = "too many large answers wait for their clients; try again soon";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "SHED", message)
    })
}

/// The answer with its room, until its client has taken it.
pub(crate) fn holding_room(answer: Response, room: Room) -> Response {
    let mut answer = answer.map(|body| sent::keeping(room, body));
    answer.extensions_mut().insert(HasRoom);
    answer
}

/// What `route` answers, with room for it where it is large and somebody's.
pub(super) async fn answer(
    route: Route,
    request: Request,
    gateway: &Gateway,
    visit: &Visit,
) -> Result<Response, Infallible> {
    let reads = request.method().is_safe();
    let reply = route.oneshot(request).await?;
    let has_room = reply.extensions().get::<HasRoom>().is_some();
    let size = reply.body().size_hint().exact().and_then(|size| usize::try_from(size).ok());
    let (Some(&user_id), Some(size)) = (visit.user_id.get(), size.filter(|size| *size >= LARGE))
    else {
        return Ok(reply);
    };
    gateway.rates.takes(user_id, size);
    if has_room {
        return Ok(reply);
    }
    let room = async {
        let turn = turn(gateway, Holder { user_id, subscriber: visit.subscriber() }).await?;
        turn.was(size);
        room(gateway, turn, size).await
    };
    Ok(match room.await {
        Ok(room) => holding_room(reply, room),
        // What is written already is told all the same.
        Err(_) if !reads => reply,
        Err(problem) => problem.into_response(),
    })
}
