//! Which access tokens to believe: auth tells, the edge follows.
use futures_util::StreamExt as _;
use kit_base::{Stop, Timestamp};
use kit_rpc::{
    GrpcChannel,
    token::{self, PublicKey, Revocation, Verifier},
};
use proto::auth::v1::{self, WatchTrustRequest, trust_service_client::TrustServiceClient};

/// Keeps `verifier` up to date until `stop`.
pub(crate) async fn follow(
    verifier: &Verifier,
    client: TrustServiceClient<GrpcChannel>,
    stop: &Stop,
) {
    let open = || {
        let mut client = client.clone();
        async move {
            let updates = client.watch_trust(WatchTrustRequest {}).await?.into_inner();
            Ok(updates.map(|update| update.map(read)))
        }
    };
    token::follow(verifier, stop, open).await;
}

/// What cannot be read is left out: a key that is no key signs nothing.
fn read(v1::TrustUpdate { snapshot, keys, revocations }: v1::TrustUpdate) -> token::TrustUpdate {
    let key = |v1::SigningKey { id, public_key }: v1::SigningKey| {
        let bytes = public_key.as_slice().try_into().ok()?;
        Some(PublicKey { id, bytes })
    };
    let revocation = |v1::Revocation { session_id, until }: v1::Revocation| {
        let until = until.map(|until| Timestamp::from_proto(until.seconds, until.nanos))?;
        Some(Revocation { session_id: session_id.parse().ok()?, until })
    };
    token::TrustUpdate {
        snapshot,
        keys: keys.into_iter().filter_map(key).collect(),
        revocations: revocations.into_iter().filter_map(revocation).collect(),
    }
}
