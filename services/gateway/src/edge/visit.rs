//! What the edge finds out about a request, for the handlers and for its own log.
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, OnceLock},
};

use axum::http::Extensions;
use uuid::Uuid;

use super::{access::Access, places::Place, quota::Quota};
use crate::problem::Problem;

/// One request's visitor; an extension of the request.
#[derive(Debug)]
pub(crate) struct Visit {
    /// Who may come there.
    pub(crate) access: Access,
    /// The client's address as the nearest proxy that we do not run saw it.
    pub(crate) address: IpAddr,
    /// Whether the client came by https.
    pub(crate) secure: bool,
    /// Whether it came by a proxy that is ours, whose word is believed.
    pub(crate) by_proxy: bool,
    /// The user, once the token was checked.
    pub(crate) user_id: OnceLock<Uuid>,
    /// The place of the user's, kept until the request is answered.
    pub(crate) place: OnceLock<Place>,
    /// What is left of the rate that was spent from last.
    pub(crate) quota: OnceLock<Quota>,
    /// What the edge has found wrong with the head of a request, which is told with what is wrong with its query or its body.
    pub(crate) refusal: OnceLock<Problem>,
    /// What the edge has found wrong where the service is asked about the rest, so that one answer tells of all.
    pub(crate) found: OnceLock<Problem>,
}

impl Visit {
    /// One of whom nothing else is known yet.
    pub(super) fn new(access: Access, address: IpAddr, secure: bool) -> Self {
        let (user_id, place, quota, refusal, found) = Default::default();
        let by_proxy = false;
        Self { access, address, secure, by_proxy, user_id, place, quota, refusal, found }
    }

    /// What is wrong with the head of a request with these extensions, as far as the edge has found.
    pub(crate) fn refusal(extensions: &Extensions) -> Option<Problem> {
        extensions.get::<Arc<Self>>()?.refusal.get().cloned()
    }

    /// Whose request it is, as far as is known: the user's, or that of the address.
    pub(super) fn whose(&self) -> u128 {
        self.user_id.get().map_or_else(|| self.subscriber(), Uuid::as_u128)
    }

    /// Whom the address stands for: one subscriber of an IPv6 provider has a whole /64.
    pub(crate) fn subscriber(&self) -> u128 {
        match self.address {
            IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
            IpAddr::V6(address) => Ipv6Addr::to_bits(address) >> 64 << 64,
        }
    }
}

#[cfg(test)]
impl Visit {
    /// One from there.
    pub(super) fn of_address(address: &str) -> Self {
        Self::new(Access::Users, address.parse().unwrap(), false)
    }
}
