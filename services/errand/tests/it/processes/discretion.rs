//! What a log never tells, at whatever level: neither we nor the libraries whose lines get there.
use kit_db::testing::Backend;
use serde_json::json;

use super::{
    fleet::{Fleet, addresses},
    heavy,
};
use crate::{
    storage,
    user::{PASSWORD, User},
};

/// As loud as there is, the libraries too.
const LOUD: &str =
    "trace,h2=trace,hyper=trace,hyper_util=trace,tower=trace,rustls=trace,tokio_postgres=trace";

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn no_level_of_the_log_tells_a_password_or_a_token() {
    heavy(async {
        let shared = storage::variables(Backend::Postgres).await;
        let loud = |_: &str| vec![("LOG_LEVEL", LOUD.to_owned())];
        let fleet = Fleet::start_with(&shared, [1, 1, 1], loud, addresses).await;
        let alice = User::joins(&fleet.edges()[0], "alice").await;
        alice.creates("Ship it").await;
        let next = alice.refreshes().await;
        let new_password = "a canary in the coal mine";
        let change = json!({ "current_password": PASSWORD, "new_password": new_password });
        next.put("/v1/me/password", &change).await.expect(204);
        let secrets = [
            ("a password", PASSWORD),
            ("a new password", new_password),
            ("an access token", alice.access_token.as_str()),
            ("another access token", next.access_token.as_str()),
            ("a refresh token", alice.refresh_token.as_str()),
            ("another refresh token", next.refresh_token.as_str()),
        ];
        for process in &fleet.processes {
            let log = process.log();
            assert!(log.contains("\"severity_text\":\"DEBUG\""), "{} is not loud", process.name);
            for (what, secret) in secrets {
                let told = log.lines().find(|line| line.contains(secret));
                assert_eq!(told, None, "{} tells {what}", process.name);
            }
            let hash = log.lines().find(|line| line.contains("$argon2id$"));
            assert_eq!(hash, None, "{} tells a hash of a password", process.name);
        }
    });
}
