//! Which access tokens to believe: auth tells, this service follows.
use std::sync::Arc;

use futures_util::StreamExt as _;
use kit_base::{Stop, Timestamp};
use kit_rpc::{
    GrpcChannel,
    token::{PublicKey, Revocation, TrustUpdate, Verifier, follow},
};
use proto::auth::v1::{self, WatchTrustRequest, trust_service_client::TrustServiceClient};

/// Waits until tokens can be checked.
pub(crate) async fn wait_for_keys(verifier: Arc<Verifier>) -> Result<(), String> {
    verifier.wait_for_keys().await;
    Ok(())
}

/// Keeps keys and revocations up to date.
pub(crate) async fn keep_up(verifier: Arc<Verifier>, auth: GrpcChannel, stop: Stop) {
    let client = TrustServiceClient::new(auth);
    follow(&verifier, &stop, || {
        let mut client = client.clone();
        async move {
            let updates = client.watch_trust(WatchTrustRequest {}).await?.into_inner();
            Ok(updates.map(|update| update.map(trust)))
        }
    })
    .await;
}

fn trust(v1::TrustUpdate { snapshot, keys, revocations }: v1::TrustUpdate) -> TrustUpdate {
    let key = |v1::SigningKey { id, public_key }| {
        Some(PublicKey { id, bytes: public_key.try_into().ok()? })
    };
    let revocation = |v1::Revocation { session_id, until }| {
        let until = until.map(|until| Timestamp::from_proto(until.seconds, until.nanos))?;
        Some(Revocation { session_id: session_id.parse().ok()?, until })
    };
    TrustUpdate {
        snapshot,
        keys: keys.into_iter().filter_map(key).collect(),
        revocations: revocations.into_iter().filter_map(revocation).collect(),
    }
}
