//! A call that is on its way.
use std::sync::Arc;

use super::{call::Length, endpoint::Endpoint, link::Link};

/// A call on its way: it counts at its endpoint until this is dropped.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) link: Arc<Link>,
    length: Length,
}

impl Flight {
    pub(super) fn board(endpoint: &Arc<Endpoint>, length: Length) -> Option<Self> {
        let link = endpoint.enter(length)?;
        Some(Self { endpoint: endpoint.clone(), link, length })
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.link.leave();
        self.endpoint.peer.vacancies.for_length(self.length).notify_one();
    }
}
