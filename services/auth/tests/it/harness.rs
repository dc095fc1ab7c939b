//! A service to talk to, its database, and the people who use it.
use std::time::Duration;

use auth::Config;
use kit_base::{Clock, Stop, Timestamp, error::Refusal};
use kit_db::testing::{Backend, Database};
use kit_process::config::Period;
use kit_rpc::GrpcChannel;
use proto::auth::v1::{
    Device, GetMeRequest, LoginRequest, RefreshRequest, RegisterRequest, TokenSet, User,
    account_service_client::AccountServiceClient, session_service_client::SessionServiceClient,
    trust_service_client::TrustServiceClient,
};
use tokio::net::TcpListener;
use tonic::{Code, Request, Status};

pub(crate) const PASSWORD: &str = "four words and a bit";

/// A database and the clock that everyone goes by.
pub(crate) struct App {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) config: Config,
}

/// A process of the service.
pub(crate) struct Replica {
    pub(crate) channel: GrpcChannel,
    pub(crate) stop: Stop,
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl App {
    pub(crate) async fn new(backend: Backend, purpose: &str) -> Self {
        let database = Database::new(backend, &format!("auth_{purpose}")).await;
        let config = Config {
            database_url: database.url.as_str().into(),
            auto_migrate: Some(true),
            kek: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into(),
            hash_memory_kib: 64,
            ..Config::default()
        };
        Self { database, clock: Clock::fixed(Timestamp::from_seconds(1_800_000_000)), config }
    }

    /// A process that runs until it is dropped.
    pub(crate) async fn replica(&self) -> Replica {
        self.replica_with(|_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn replica_with(&self, change: impl FnOnce(&mut Config)) -> Replica {
        let mut config = self.config.clone();
        change(&mut config);
        let service = auth::build(config, self.clock.clone()).await.expect("a service");
        let (channel, stop) = (service.channel(), Stop::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let until = stop.clone();
        drop(kit_base::work::detach(async move {
            let limits = kit_process::serve::Limits {
                drain_delay: Period::from_millis(0),
                ..kit_process::serve::Limits::default()
            };
            kit_process::serve::serve(service, listener, &limits, until).await.unwrap();
        }));
        Replica { channel, stop }
    }

    pub(crate) fn passes(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

impl Replica {
    pub(crate) fn accounts(&self) -> AccountServiceClient<GrpcChannel> {
        AccountServiceClient::new(self.channel.clone())
    }

    pub(crate) fn sessions(&self) -> SessionServiceClient<GrpcChannel> {
        SessionServiceClient::new(self.channel.clone())
    }

    pub(crate) fn trust(&self) -> TrustServiceClient<GrpcChannel> {
        TrustServiceClient::new(self.channel.clone())
    }

    pub(crate) async fn registers(&self, name: &str) -> User {
        let request = RegisterRequest {
            email: email(name),
            password: PASSWORD.to_owned(),
            name: None,
            time_zone: None,
        };
        self.accounts().register(request).await.expect("an account").into_inner()
    }

    pub(crate) async fn tries(
        &self,
        name: &str,
        password: &str,
        device: Device,
    ) -> Result<TokenSet, Status> {
        let request = LoginRequest {
            email: email(name),
            password: password.to_owned(),
            device: Some(device),
        };
        self.sessions().login(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn signs_in(&self, name: &str) -> TokenSet {
        self.tries(name, PASSWORD, from_address("192.0.2.1")).await.expect("a session")
    }

    pub(crate) async fn refreshes(&self, token: &str) -> Result<TokenSet, Status> {
        let request = RefreshRequest {
            refresh_token: token.to_owned(),
            device: Some(from_address("192.0.2.2")),
        };
        self.sessions().refresh(request).await.map(tonic::Response::into_inner)
    }

    /// What becomes of a request with this access token.
    pub(crate) async fn asks_with(&self, tokens: &TokenSet) -> Result<User, Status> {
        self.accounts().get_me(by(tokens, GetMeRequest {})).await.map(tonic::Response::into_inner)
    }
}

pub(crate) fn email(name: &str) -> String {
    format!("{name}@example.com")
}

pub(crate) fn from_address(address: &str) -> Device {
    Device { address: address.to_owned(), user_agent: "it/1".to_owned(), token: String::new() }
}

/// A request by the holder of the tokens.
pub(crate) fn by<T>(tokens: &TokenSet, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let header = format!("Bearer {}", tokens.access_token).parse().unwrap();
    request.metadata_mut().insert("authorization", header);
    request
}

/// A request that may be sent again.
pub(crate) fn with_key<T>(mut request: Request<T>, key: &'static str) -> Request<T> {
    request.metadata_mut().insert("idempotency-key", key.parse().unwrap());
    request
}

/// The code and the reason of a refusal.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>) -> (Code, String) {
    let status = outcome.expect_err("a refusal");
    (status.code(), Refusal::from_status(&status).reason.unwrap_or_default())
}

/// The fields that are at fault, with their reasons.
#[track_caller]
pub(crate) fn faults<T: std::fmt::Debug>(outcome: Result<T, Status>) -> Vec<(String, String)> {
    let status = outcome.expect_err("a refusal");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    Refusal::from_status(&status)
        .violations
        .into_iter()
        .map(|fault| (fault.field, fault.reason))
        .collect()
}
