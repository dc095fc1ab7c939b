use kit_rpc::token::ACCESS_TOKEN_LIFETIME;
use proto::auth::v1::{self, Device, TokenSet};

use super::{
    row::Session,
    rules::{Origin, Tokens},
};
use crate::ids::SessionId;
use proto::moment;

impl From<Tokens> for TokenSet {
    fn from(Tokens { access, refresh, device }: Tokens) -> Self {
        let expires_in = i64::try_from(ACCESS_TOKEN_LIFETIME.as_secs()).expect("minutes");
        let refresh_token = refresh.text();
        Self { access_token: access, expires_in, refresh_token, device_token: device }
    }
}

/// Where the request comes from, as the edge saw it.
pub(super) fn origin(device: Option<&Device>) -> Origin {
    device.map_or_else(
        || Origin::new("", ""),
        |device| Origin::new(&device.address, &device.user_agent),
    )
}

/// A session as it is shown to one who asks through `current`.
pub(super) fn message(session: Session, current: SessionId) -> v1::Session {
    let Session {
        account_id: _,
        id,
        address,
        user_agent,
        created_at,
        last_seen_at,
        expires_at,
        ended_at: _,
    } = session;
    v1::Session {
        id: id.to_string(),
        address,
        user_agent,
        created_at: Some(moment(created_at)),
        last_seen_at: Some(moment(last_seen_at)),
        expires_at: Some(moment(expires_at)),
        current: id == current,
    }
}
