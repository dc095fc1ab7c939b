//! What auth announces to those who check tokens, and how they follow it.
use std::sync::Arc;

use futures_util::StreamExt as _;
use kit_base::{Stop, Timestamp};
use kit_rpc::{
    GrpcChannel,
    token::{self, PublicKey, Revocation, TrustUpdate, Verifier},
};

use crate::auth::v1::{self, TrustServicePeer, WatchTrustRequest};

/// Keeps `verifier` up to date with what `auth` announces, until `stop`.
pub async fn follow(verifier: &Verifier, auth: GrpcChannel, stop: &Stop) {
    let auth = TrustServicePeer::new(&auth);
    let open = || async {
        let updates = auth.watch_trust(WatchTrustRequest {}).await?.into_inner();
        Ok(updates.map(|update| update.map(TrustUpdate::from)))
    };
    token::follow(verifier, stop, open).await;
}

/// Waits until `verifier` knows keys, as a check of readiness.
///
/// # Errors
/// What keeps them away.
pub async fn wait_for_keys(verifier: Arc<Verifier>) -> Result<(), String> {
    verifier.ready().await
}

impl From<v1::TrustUpdate> for TrustUpdate {
    /// What cannot be read is left out: a key that is no key signs nothing.
    fn from(v1::TrustUpdate { keys, revocations }: v1::TrustUpdate) -> Self {
        let key = |v1::SigningKey { id, public_key }| {
            Some(PublicKey { id, bytes: public_key.try_into().ok()? })
        };
        let revocation = |v1::Revocation { session_id, until }| {
            let until = until.map(|until| Timestamp::from_proto(until.seconds, until.nanos))?;
            Some(Revocation { session_id: session_id.parse().ok()?, until })
        };
        Self {
            keys: keys.into_iter().filter_map(key).collect(),
            revocations: revocations.into_iter().filter_map(revocation).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_of_an_announcement_is_left_out_and_the_rest_counts() {
        let session = uuid::Uuid::from_u128(7);
        let key =
            |id: &str, length| v1::SigningKey { id: id.to_owned(), public_key: vec![1; length] };
        let until = v1::Revocation {
            session_id: session.to_string(),
            until: Some(std::time::SystemTime::UNIX_EPOCH.into()),
        };
        let nobody = v1::Revocation { session_id: "nobody".to_owned(), ..until.clone() };
        let timeless = v1::Revocation { until: None, ..until.clone() };
        let update = TrustUpdate::from(v1::TrustUpdate {
            keys: vec![key("short", 31), key("good", 32), key("long", 33)],
            revocations: vec![nobody, timeless, until],
        });
        assert_eq!(update.keys, [PublicKey { id: "good".to_owned(), bytes: [1; 32] }]);
        let ended: Vec<_> = update.revocations.iter().map(|ended| ended.session_id).collect();
        assert_eq!(ended, [session]);
    }
}
