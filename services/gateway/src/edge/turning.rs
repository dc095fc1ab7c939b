//! What there is no place for is refused before it is read: thousands of refusals a second cost what is done beside them little.
use std::{net::SocketAddr, sync::Arc};

use axum::{extract::Request, http::Method, response::Response};
use kit_base::{ration::Ration, switches};
use kit_process::serve::{PeerAddress, whole};

use super::{access::Access, admission, route::Route, unread};
use crate::{openapi::methods::http_method, operations::Operations, shared::Gateway};

/// So many such refusals a second have a line in the log; all are counted.
const LINES_A_SECOND: u32 = 10;

/// What decides who is turned away: the operations by path, which axum's router knows and does not tell, and the lines of this second.
pub(crate) struct Turning {
    routes: matchit::Router<Offer>,
    lines: Ration,
}

/// A path, and what is offered there.
struct Offer {
    template: Arc<str>,
    offered: Vec<(Method, Access)>,
}

impl Turning {
    /// Of all that the resources offer.
    pub(crate) fn new(resources: &[Operations]) -> Self {
        let mut routes = matchit::Router::<Offer>::new();
        for operation in resources.iter().flat_map(|resource| &resource.list) {
            let path = &*operation.path;
            let offered = (http_method(&operation.method), operation.traits.access);
            match routes.at_mut(path) {
                Ok(found) if *found.value.template == *path => found.value.offered.push(offered),
                _ => {
                    let offer = Offer { template: Arc::from(path), offered: vec![offered] };
                    routes.insert(path, offer).expect("axum has taken it, too");
                }
            }
        }
        Self { routes, lines: Ration::new(LINES_A_SECOND) }
    }

    /// Who may come for what a request asks for, and the template of its path.
    fn find(&self, request: &Request) -> Option<(Access, Arc<str>)> {
        let Offer { template, offered } = self.routes.at(request.uri().path()).ok()?.value;
        let (_, access) = offered.iter().find(|(method, _)| method == request.method())?;
        Some((*access, Arc::clone(template)))
    }
}

/// Where an operator can make something fail here.
pub(crate) fn places(resources: &[Operations]) -> Vec<switches::Place> {
    let mut routes = vec!["*".to_owned()];
    for resource in resources {
        let pages = resource.pages.iter().map(|(path, _)| format!("GET {path}"));
        let operations = resource.list.iter();
        routes.extend(operations.map(|it| format!("{} {}", http_method(&it.method), it.path)));
        routes.extend(pages);
    }
    routes.into_iter().map(switches::Place::Route).collect()
}

/// The answer where these bytes are a request that there is no place for, and that is refused as any other of its kind; else nothing.
pub(crate) fn turn_away(
    bytes: &[u8],
    peer: SocketAddr,
    turning: &Turning,
    gateway: &Gateway,
) -> Option<Response> {
    if !gateway.admission.is_full() {
        return None;
    }
    let mut request = whole(bytes)?;
    let (access, route) = turning.find(&request)?;
    // The others have places of their own, or more of these.
    if !matches!(access, Access::Users | Access::Anyone) {
        return None;
    }
    request.extensions_mut().insert(PeerAddress(peer));
    request.extensions_mut().insert(Route::Known(route));
    let is_written = turning.lines.spend(&gateway.clock);
    Some(unread::refusal(&request, access, admission::refuse(), is_written, gateway))
}
