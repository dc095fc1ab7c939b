use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use hyper_util::{rt::TokioExecutor, server::conn::auto};
use kit_rpc::tls::Guard;
use tokio_util::sync::CancellationToken;

use super::{Limits, unfinished::Unfinished};
use crate::{
    protocol::Protocol,
    unread::{Refuse, TurnAway},
};

/// What all connections of a server share.
pub(super) struct Shared {
    pub(super) router: axum::Router,
    pub(super) guard: Option<Guard>,
    pub(super) refuse: Option<Refuse>,
    pub(super) turn_away: Option<TurnAway>,
    pub(super) protocol: Protocol,
    pub(super) builder: auto::Builder<TokioExecutor>,
    pub(super) limits: Limits,
    pub(super) unfinished: Arc<Unfinished>,
    pub(super) draining: AtomicBool,
    pub(super) goaway: CancellationToken,
    pub(super) cut: CancellationToken,
}

impl Shared {
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
