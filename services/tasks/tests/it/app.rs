use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use diesel_async::SimpleAsyncConnection as _;
use futures_util::{Stream, stream};
use kit_base::{Clock, Stop, Timestamp, error::Refusal, testing::eventually};
use kit_db::{
    Db, on,
    testing::{Backend, Database},
};
use kit_process::{Secret, config::Period, serve::Limits};
use kit_rpc::{
    GrpcChannel,
    channel::local,
    token::{Claims, SigningKey},
};
use proto::{
    auth::v1::{
        self, DeletedAccount, ListDeletedAccountsRequest, ListDeletedAccountsResponse, TrustUpdate,
        WatchTrustRequest,
        trust_service_server::{TrustService, TrustServiceServer},
    },
    tasks::v1::{
        CreateTaskRequest, Task, TaskFields, change_service_client::ChangeServiceClient,
        project_service_client::ProjectServiceClient, task_service_client::TaskServiceClient,
        trash_service_client::TrashServiceClient, usage_service_client::UsageServiceClient,
    },
};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status, service::Routes};
use uuid::Uuid;

/// An auth service that only tells its key, and which accounts are gone.
struct Trust {
    key: [u8; 32],
    deleted: Deleted,
}

type Deleted = Arc<Mutex<Vec<DeletedAccount>>>;

#[tonic::async_trait]
impl TrustService for Trust {
    type WatchTrustStream =
        std::pin::Pin<Box<dyn Stream<Item = Result<TrustUpdate, Status>> + Send>>;

    async fn watch_trust(
        &self,
        _: Request<WatchTrustRequest>,
    ) -> Result<Response<Self::WatchTrustStream>, Status> {
        let key = v1::SigningKey { id: "k".to_owned(), public_key: self.key.to_vec() };
        let update = TrustUpdate { keys: vec![key], revocations: vec![] };
        Ok(Response::new(Box::pin(stream::unfold(Some(update), |update| async move {
            let heartbeat = TrustUpdate { keys: vec![], revocations: vec![] };
            if update.is_none() {
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            Some((Ok(update.unwrap_or(heartbeat)), None))
        }))))
    }

    async fn list_deleted_accounts(
        &self,
        _: Request<ListDeletedAccountsRequest>,
    ) -> Result<Response<ListDeletedAccountsResponse>, Status> {
        let accounts = self.deleted.lock().unwrap().clone();
        Ok(Response::new(ListDeletedAccountsResponse { accounts, next_cursor: String::new() }))
    }
}

/// The service with a database of its own.
pub(crate) struct App {
    clock: Clock,
    key: Arc<SigningKey>,
    channel: GrpcChannel,
    auth: GrpcChannel,
    stop: Stop,
    pub(crate) database: Database,
    deleted: Deleted,
    set: fn(&mut tasks::Config),
}

/// Another process on the database of an [`App`].
pub(crate) struct Replica(GrpcChannel);

impl Replica {
    /// The same user, who asks this one.
    pub(crate) fn same(&self, user: &User) -> User {
        User { token: user.token.clone(), channel: self.0.clone() }
    }
}

impl App {
    pub(crate) async fn new(backend: Backend) -> Self {
        Self::start(backend, Clock::system(), |_| {}).await
    }

    /// The same by a clock of the test's.
    pub(crate) async fn with_clock(backend: Backend, clock: Clock) -> Self {
        Self::start(backend, clock, |_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn with(backend: Backend, set: fn(&mut tasks::Config)) -> Self {
        Self::start(backend, Clock::system(), set).await
    }

    async fn start(backend: Backend, clock: Clock, set: fn(&mut tasks::Config)) -> Self {
        let database = Database::new(backend, "tasks").await;
        let (pkcs8, public) = SigningKey::generate();
        let deleted = Deleted::default();
        let trust = Trust { key: public, deleted: deleted.clone() };
        let auth = local(Routes::new(TrustServiceServer::new(trust)).into_axum_router());
        let (key, stop) = (Arc::new(SigningKey::new("k".to_owned(), &pkcs8).unwrap()), Stop::new());
        let channel = start(&database, clock.clone(), auth.clone(), &stop, set).await;
        let app = Self { clock, channel, auth, key, stop, database, deleted, set };
        app.user(0).is_let_in().await;
        app
    }

    /// Another process, that stops with this one.
    pub(crate) async fn replica(&self) -> Replica {
        let (clock, auth) = (self.clock.clone(), self.auth.clone());
        let replica = Replica(start(&self.database, clock, auth, &self.stop, self.set).await);
        replica.same(&self.user(0)).is_let_in().await;
        replica
    }

    /// Lets auth tell that the account of this user is gone.
    pub(crate) fn deletes(&self, number: u128) {
        let (seconds, nanos) = Clock::system().now().to_proto();
        let deleted_at = Some(prost_types::Timestamp { seconds, nanos });
        let id = Uuid::from_u128(number + 1).to_string();
        self.deleted.lock().unwrap().push(DeletedAccount { id, deleted_at });
    }

    /// Tells the service to stop, as SIGTERM does.
    pub(crate) fn stops(&self) {
        self.stop.cancel();
    }

    /// Runs a statement on the database, beside the service.
    pub(crate) async fn runs(&self, statement: String) {
        let db = Db::open(&self.database.url, &kit_db::Limits::default()).unwrap();
        let done = db.write("test", move |connection| {
            Box::pin(async move { on!(connection, conn => conn.batch_execute(&statement).await) })
        });
        done.await.unwrap();
    }

    /// A user, told from others by a number.
    pub(crate) fn user(&self, number: u128) -> User {
        let (sub, sid, jti) = (Uuid::from_u128(number + 1), Uuid::from_u128(7), Uuid::from_u128(8));
        let claims = Claims::new(sub, sid, jti, Clock::system().now());
        User {
            token: format!("Bearer {}", self.key.sign(&claims).unwrap()),
            channel: self.channel.clone(),
        }
    }
}

async fn start(
    database: &Database,
    clock: Clock,
    auth: GrpcChannel,
    stop: &Stop,
    set: fn(&mut tasks::Config),
) -> GrpcChannel {
    let mut config = tasks::Config {
        database_url: Secret::from(database.url.clone()),
        auto_migrate: Some(true),
        ..tasks::Config::default()
    };
    set(&mut config);
    let service = tasks::build(config, clock, tasks::Peers { auth }).await.unwrap();
    let (channel, stop) = (service.channel(), stop.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // No balancer has to learn of the end of a test.
    let limits = Limits { drain_delay: Period::from_secs(0), ..Limits::default() };
    kit_base::work::detach(async move {
        kit_process::serve::serve(service, listener, &limits, stop).await
    });
    channel
}

impl Drop for App {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Somebody who asks.
#[derive(Clone)]
pub(crate) struct User {
    token: String,
    channel: GrpcChannel,
}

impl User {
    /// Waits until the service is ready.
    async fn is_let_in(&self) {
        eventually("the service is ready", async || {
            self.tasks().list_tasks(self.asks(Default::default())).await.is_ok()
        })
        .await;
    }

    pub(crate) fn tasks(&self) -> TaskServiceClient<GrpcChannel> {
        TaskServiceClient::new(self.channel.clone())
    }

    pub(crate) fn projects(&self) -> ProjectServiceClient<GrpcChannel> {
        ProjectServiceClient::new(self.channel.clone())
    }

    pub(crate) fn trash(&self) -> TrashServiceClient<GrpcChannel> {
        TrashServiceClient::new(self.channel.clone())
    }

    pub(crate) fn usage(&self) -> UsageServiceClient<GrpcChannel> {
        UsageServiceClient::new(self.channel.clone())
    }

    pub(crate) fn changes(&self) -> ChangeServiceClient<GrpcChannel> {
        ChangeServiceClient::new(self.channel.clone())
    }

    /// A request in the user's name.
    pub(crate) fn asks<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.token.parse().unwrap());
        request
    }

    /// The same under an idempotency key.
    pub(crate) fn asks_once<M>(&self, key: &str, message: M) -> Request<M> {
        let mut request = self.asks(message);
        request.metadata_mut().insert("idempotency-key", key.parse().unwrap());
        request
    }

    pub(crate) async fn creates(&self, title: &str) -> Task {
        self.creates_with(fields(title), None).await
    }

    pub(crate) async fn creates_under(&self, parent: &Task, title: &str) -> Task {
        self.creates_with(fields(title), Some(parent.id.clone())).await
    }

    pub(crate) async fn creates_with(&self, fields: TaskFields, parent_id: Option<String>) -> Task {
        let message =
            CreateTaskRequest { fields: Some(fields), parent_id, ..CreateTaskRequest::default() };
        self.tasks().create_task(self.asks(message)).await.unwrap().into_inner()
    }
}

pub(crate) fn fields(title: &str) -> TaskFields {
    TaskFields { title: Some(title.to_owned()), ..TaskFields::default() }
}

/// The reason of a refusal.
#[track_caller]
pub(crate) fn reason<T: std::fmt::Debug>(outcome: Result<Response<T>, Status>) -> String {
    Refusal::from_status(&outcome.unwrap_err()).reason.unwrap_or_default()
}

/// The fields that were refused, and why.
#[track_caller]
pub(crate) fn faults<T: std::fmt::Debug>(
    outcome: Result<Response<T>, Status>,
) -> Vec<(String, String)> {
    let violations = Refusal::from_status(&outcome.unwrap_err()).violations;
    violations.into_iter().map(|violation| (violation.field, violation.reason)).collect()
}

/// A moment as messages carry it.
pub(crate) fn moment(text: &str) -> prost_types::Timestamp {
    let (seconds, nanos) = text.parse::<Timestamp>().unwrap().to_proto();
    prost_types::Timestamp { seconds, nanos }
}
