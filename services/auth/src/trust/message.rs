use kit_rpc::token;
use proto::auth::v1::{Revocation, SigningKey, TrustUpdate};

use proto::moment;

/// What changed, as who follows is told.
pub(super) fn message(update: token::TrustUpdate) -> TrustUpdate {
    let token::TrustUpdate { keys, revocations } = update;
    let key = |token::PublicKey { id, bytes }| SigningKey { id, public_key: bytes.to_vec() };
    let revocation = |token::Revocation { session_id, until }| Revocation {
        session_id: session_id.to_string(),
        until: Some(moment(until)),
    };
    TrustUpdate {
        keys: keys.into_iter().map(key).collect(),
        revocations: revocations.into_iter().map(revocation).collect(),
    }
}
