//! What the edge finds out about a request, for the handlers and for its own log.
use std::{net::IpAddr, sync::OnceLock};

use uuid::Uuid;

use super::quota::Quota;
use crate::problem::{Fault, Problem};

/// One request's visitor; an extension of the request.
#[derive(Debug)]
pub(crate) struct Visit {
    /// The client's address as the nearest proxy that we do not run saw it.
    pub(crate) address: IpAddr,
    /// Whether the client came by https.
    pub(crate) secure: bool,
    /// The user, once the token was checked.
    pub(crate) user_id: OnceLock<Uuid>,
    /// What is left of the rate that was spent from last.
    pub(crate) quota: OnceLock<Quota>,
    /// What the edge has found wrong with the head of a request with a body, which is told with what is wrong there.
    pub(crate) refusal: OnceLock<Problem>,
    /// What the edge has found wrong with the body, where the service was asked about the rest.
    pub(crate) faults: OnceLock<Vec<Fault>>,
}
