//! The whole suite on a free port, in each of the ways it can be run.
use std::{future::Future, sync::LazyLock, time::Duration};

use kit_base::{Clock, Stop};
use kit_process::{
    Service,
    config::{Environment, Live},
    serve::Limits,
};
use kit_rpc::channel;
use tokio::{
    net::TcpListener,
    runtime::{self, Runtime},
    sync::OnceCell,
};

use crate::{
    discretion,
    http::Http,
    storage::{self, Variables},
    user::User,
};

/// How the three services are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topology {
    /// One process, no sockets between them.
    OneProcess,
    /// Each behind a socket of its own.
    Split,
}

use kit_db::testing::Backend;

/// Serves every app of this test binary; a test only waits on it.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    discretion::listen();
    runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime")
});

/// Makes of `async fn sentence(app: &App)` a test on each topology and backend, all of which share four apps.
macro_rules! everywhere {
    ($($sentence:ident),+ $(,)?) => {$(
        mod $sentence {
            mod in_one_process {
                kit_db::on_each_backend!(by crate::app::in_one_process, super::super::$sentence);
            }
            mod split {
                kit_db::on_each_backend!(by crate::app::split, super::super::$sentence);
            }
        }
    )+};
}
pub(crate) use everywhere;

/// Runs a test on the app that is one process.
pub(crate) fn in_one_process<F>(backend: Backend, test: impl FnOnce(&'static App) -> F)
where
    F: Future<Output = ()>,
{
    run_on(Topology::OneProcess, backend, test);
}

/// Runs a test on the app whose services are apart.
pub(crate) fn split<F>(backend: Backend, test: impl FnOnce(&'static App) -> F)
where
    F: Future<Output = ()>,
{
    run_on(Topology::Split, backend, test);
}

fn run_on<F>(topology: Topology, backend: Backend, test: impl FnOnce(&'static App) -> F)
where
    F: Future<Output = ()>,
{
    static APPS: [OnceCell<App>; 4] = [const { OnceCell::const_new() }; 4];
    let index =
        usize::from(topology == Topology::Split) + 2 * usize::from(backend == Backend::Postgres);
    RUNTIME.block_on(async {
        test(APPS[index].get_or_init(|| App::start(topology, backend, Clock::system())).await).await
    });
    discretion::hold();
}

/// Runs a test that starts what it needs by itself.
pub(crate) fn alone(test: impl Future<Output = ()>) {
    RUNTIME.block_on(test);
    discretion::hold();
}

/// The suite, served.
pub(crate) struct App {
    pub(crate) http: Http,
    /// Where auth and tasks keep what they know.
    pub(crate) databases: [String; 2],
}

/// A machine that does much else may take longer for a step than a transaction may be idle.
async fn migrated(apply: impl AsyncFn() -> anyhow::Result<()>) {
    for _ in 0..2 {
        if apply().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    apply().await.expect("the schema");
}

impl App {
    async fn start(topology: Topology, backend: Backend, clock: Clock) -> Self {
        Self::start_on(topology, storage::variables(backend).await, clock).await
    }

    /// The same on storage that may hold something already.
    pub(crate) async fn start_on(topology: Topology, variables: Variables, clock: Clock) -> Self {
        let config = configured(variables);
        // Nobody asks before the schema is there: a balancer waits for readiness, a test does not.
        migrated(async || auth::migrate(&config.auth).await).await;
        migrated(async || tasks::migrate(&config.tasks).await).await;
        let databases = [&config.auth.database_url, &config.tasks.database_url]
            .map(|url| url.expose().to_owned());
        let address = match topology {
            Topology::OneProcess => joined(config, clock).await,
            Topology::Split => apart(config, clock).await,
        };
        Self { http: Http::new(address), databases }
    }

    /// Someone new, signed in.
    pub(crate) async fn user(&self, name: &str) -> User {
        User::joins(&self.http, name).await
    }
}

fn configured(variables: Variables) -> errand::Config {
    let loaded =
        kit_process::config::load(&Environment::from_iter(variables), errand::Config::read);
    loaded.unwrap_or_else(|faults| panic!("{faults}")).settings
}

async fn joined(config: errand::Config, clock: Clock) -> String {
    serve(errand::build(Live::fixed(config), clock).await.expect("the suite")).await
}

async fn apart(config: errand::Config, clock: Clock) -> String {
    let errand::Config { auth, tasks, gateway } = config;
    let auth = remote("auth", auth::build(auth, clock.clone()).await.expect("auth")).await;
    let tasks = tasks::build(tasks, clock.clone(), tasks::Peers { auth: auth.clone() })
        .await
        .expect("tasks");
    let tasks = remote("tasks", tasks).await;
    serve(
        gateway::build(Live::fixed(gateway), clock, gateway::Peers { auth, tasks })
            .expect("the gateway"),
    )
    .await
}

async fn remote(name: &'static str, service: Service) -> kit_rpc::GrpcChannel {
    let address = serve(service).await;
    let methods = channel::Methods { reads: proto::READS, streams: proto::STREAMS };
    let limits = channel::Limits { methods, ..channel::Limits::default() };
    channel::remote(name, &address, None, limits).expect("an address")
}

/// Serves on a free port until the tests are over.
async fn serve(service: Service) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    let limits = Limits { max_connections_per_ip: 0, ..Limits::default() };
    kit_base::work::detach(async move {
        kit_process::serve::serve(service, listener, &limits, Stop::new()).await
    });
    format!("http://{address}")
}
