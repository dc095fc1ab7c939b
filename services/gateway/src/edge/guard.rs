//! What every request passes before it reaches its handler, and every reply on its way back. One function a side, read from top to
//! bottom; the reason stands above each step. It is one service and not a tower of ten, since each would cost every request a box.
use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::Route,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use kit_base::request::{self, RequestContext};
use tokio::time::{Instant, timeout_at};
use tower::{Layer, Service};

use super::{
    access::Access,
    admission::Usual,
    client, compression, head, headers, holding, host,
    record::Record,
    switched, terms,
    untaken::{self, Counted},
    user,
    visit::Visit,
};
use crate::{
    body,
    problem::{Occurrence, Problem},
    shared::Gateway,
};

/// Puts the edge around the routes of one access.
pub(crate) fn around(
    gateway: &Gateway,
    access: Access,
) -> impl Layer<Route, Service = Edge> + Clone + use<> {
    let gateway = gateway.clone();
    tower::layer::layer_fn(move |route: Route| Edge {
        gateway: gateway.clone(),
        access,
        usual: Arc::default(),
        route,
    })
}

/// See [`around`].
#[derive(Clone)]
pub(crate) struct Edge {
    gateway: Gateway,
    access: Access,
    /// How long the operation usually takes.
    usual: Arc<Usual>,
    route: Route,
}

impl Service<Request> for Edge {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let edge = self.clone();
        Box::pin(async move { Ok(edge.answer(request).await) })
    }
}

impl Edge {
    /// From the first look at a request to the last at its reply.
    async fn answer(mut self, mut request: Request) -> Response {
        self.access = self.access_of(&request);
        // The address of the client, not of our own proxy: limits and the list of sessions go by it.
        let visit = Arc::new(client::visit(self.access, &request, &self.gateway.proxies));
        // Before all else, so that whatever is said about the request below can be found by its id and trace.
        let record = Record::begin(&request, Arc::clone(&visit), &self.gateway);
        let deadline = Instant::now() + self.access.budget(request.method());
        let context = RequestContext {
            request_id: record.request_id.clone(),
            trace: record.trace(),
            steps: record.steps(),
            deadline,
        };
        request.extensions_mut().insert(visit.clone());
        let cors = self.gateway.cors.load_full();
        let origin = cors.origin(request.headers());
        let gateway = self.gateway.clone();
        request::scope(context, async move {
            // Whatever breaks below costs its own request and no other.
            let outcome = AssertUnwindSafe(self.admitted(request, &visit)).catch_unwind().await;
            let outcome = outcome
                .unwrap_or_else(|_| Err(Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR)));
            let outcome = match visit.found.get() {
                Some(found) => Err(found.clone().completed_by(refusal(outcome))),
                None => outcome,
            };
            let mut response = written(outcome, &record, &gateway);
            // Every reply, refusals too, tells the browser what it may do with it.
            headers::secure(response.headers_mut(), visit.secure);
            cors.allow(response.headers_mut(), origin);
            if let Some(quota) = visit.quota.get() {
                quota.write(response.headers_mut());
            }
            // Last, so that it sees the reply as the client does.
            record.end(&mut response);
            gateway.untaken.answer(visit.whose(), response)
        })
        .await
    }

    /// Who may come: what a path does not offer is for anyone. A browser that asks whether it may ask guesses at no password.
    fn access_of(&self, request: &Request) -> Access {
        match self.access {
            Access::SignIn | Access::Confirmed | Access::Refresh
                if self.gateway.document.reads(request).is_none() =>
            {
                Access::Anyone
            }
            access => access,
        }
    }

    /// What may turn a request away before its handler is asked, the cheapest first.
    async fn admitted(self, mut request: Request, visit: &Visit) -> Result<Response, Problem> {
        let Self { gateway, access, usual, route } = self;
        // Users are told when they are known. Who is refused here would be signed out, or could not sign in.
        if access == Access::Anyone {
            gateway.untaken.admit(visit.subscriber())?;
        }
        // One address must not use up what is there for all; guesses at passwords get much less.
        gateway.rates.address(access, visit)?;
        // What names no host, or two, may be meant for someone else.
        host::named(&request)?;
        head::fits(&request)?;
        head::is_clear(&request)?;
        // Who sends slowly has no place among those that are worked on.
        let counted = |headers: &HeaderMap, bytes| sender(access, headers, bytes, visit, &gateway);
        request = body::whole(request, gateway.config.body_limit, counted).await?;
        // More work at once than this only makes everyone wait: the excess is told so at once.
        let _place = gateway.admission.enter(access, visit)?;
        // A browser asks first whether it may ask; that needs no handler and no user.
        if let Some(preflight) = gateway.cors.load().preflight(&request) {
            return Ok(preflight);
        }
        // What no operation reads is a mistake that its sender would not notice.
        if let Err(refusal) = terms::accept(&mut request, &gateway.document, visit) {
            // Who is not known is told so, and nothing else.
            if !access.is_open() {
                user::verified_caller(request.headers(), &gateway)?;
            }
            return Err(refusal);
        }
        let work = gateway.admission.begin(&usual, visit);
        // Boxed: it has most of what a request needs room for, which would be moved about with all that is around it, and for those, too, who
        // were refused above.
        let outcome = Box::pin(in_time(route, request, &gateway, visit)).await;
        work.end(outcome.as_ref().map_or_else(Problem::status, Response::status));
        outcome
    }
}

/// Counts a body that is to come, as far as is known for whom.
fn sender(
    access: Access,
    headers: &HeaderMap,
    bytes: usize,
    visit: &Visit,
    gateway: &Gateway,
) -> Counted {
    let client = match access {
        // Beside what else waits for the address: whoever has not taken their answers there, its others sign in.
        Access::SignIn | Access::Refresh => !visit.subscriber(),
        Access::Anyone => visit.subscriber(),
        Access::Users | Access::Confirmed | Access::Listeners => {
            user::verified_caller(headers, gateway)
                .map_or_else(|_| visit.subscriber(), |caller| caller.user_id.as_u128())
        }
    };
    gateway.untaken.count(client, untaken::BESIDES + head::size(headers) + bytes)
}

/// What the operation says. Nobody waits for ever; what is still under way is dropped, and the services are told by their own deadline.
async fn in_time(
    route: Route,
    request: Request,
    gateway: &Gateway,
    visit: &Visit,
) -> Result<Response, Problem> {
    let deadline = request::with_current(|context| context.deadline).expect("inside of the scope");
    let holding =
        tower::service_fn(|request| holding::answer(route.clone(), request, gateway, visit));
    let switched = switched::meet(&request, visit.access);
    let answering = async {
        // What an operator refuses for a while, or makes fail.
        if let Some(answer) = switched.await? {
            return Ok(answer);
        }
        let Ok(reply) = compression::answer(holding, request).await;
        Ok(reply)
    };
    match timeout_at(deadline, answering).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "DEADLINE_EXCEEDED",
            "this took too long; try again",
        )),
    }
}

/// What the operation refused, if it did.
fn refusal(outcome: Result<Response, Problem>) -> Option<Problem> {
    outcome.map_or_else(Some, |mut response| response.extensions_mut().remove())
}

/// The reply as it is sent: every refusal, whoever it comes from, becomes a problem document here.
pub(super) fn written(
    outcome: Result<Response, Problem>,
    record: &Record,
    gateway: &Gateway,
) -> Response {
    let mut response = outcome.unwrap_or_else(Problem::into_response);
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem =
        response.extensions_mut().remove::<Problem>().unwrap_or_else(|| Problem::of_status(status));
    let occurrence = Occurrence {
        request_id: &record.request_id,
        trace_id: record.trace().trace_id_hex(),
        at: gateway.clock.now(),
    };
    // A refusal that axum makes may bring headers of its own, as `Allow`.
    let allow = response.headers_mut().remove(axum::http::header::ALLOW);
    let mut written = problem.write(occurrence);
    written.headers_mut().extend(allow.map(|allow| (axum::http::header::ALLOW, allow)));
    written
}
