//! Several processes that make up the suite.
use std::path::{Path, PathBuf};

use kit_db::testing::Backend;

use super::process::Process;
use crate::{http::Http, storage};

/// Processes, and the balancer in front of their edges.
pub(crate) struct Fleet {
    pub(crate) processes: Vec<Process>,
}

impl Fleet {
    /// Everything in one process, on SQLite.
    pub(crate) async fn in_one_process() -> Self {
        Self::in_one_process_with(vec![]).await
    }

    /// The same with more settings.
    pub(crate) async fn in_one_process_with(more: storage::Variables) -> Self {
        let mut variables = storage::variables(Backend::Sqlite).await;
        variables.extend(more);
        let folder = folder_of(&variables);
        variables.push(("DRAIN_DELAY", "0s".to_owned()));
        let fleet =
            Self { processes: vec![Process::start("errand", "errand", &folder, variables)] };
        fleet.becomes_ready().await;
        fleet
    }

    /// So many replicas of each service, on PostgreSQL.
    pub(crate) async fn split(auths: usize, tasks: usize, gateways: usize) -> Self {
        let shared = storage::variables(Backend::Postgres).await;
        Self::start_with(&shared, [auths, tasks, gateways], |_| vec![], addresses).await
    }

    /// The same with more settings for each service, and with the URLs under which it is called.
    pub(crate) async fn start_with(
        shared: &storage::Variables,
        [auths, tasks, gateways]: [usize; 3],
        more: impl Fn(&str) -> storage::Variables,
        urls: impl Fn(&[Process]) -> String,
    ) -> Self {
        let folder = folder_of(shared);
        let start = |service: &str,
                     count: usize,
                     peers: &[(&'static str, String)]|
         -> Vec<Process> {
            let mut variables = storage::for_service(service, shared);
            variables.extend(peers.iter().cloned().chain(more(service)));
            let replica = |number| {
                Process::start(service, &format!("{service}-{number}"), &folder, variables.clone())
            };
            (1..=count).map(replica).collect()
        };
        let mut processes = start("auth", auths, &[]);
        let auth = ("AUTH_URL", urls(&processes));
        let of_tasks = start("tasks", tasks, std::slice::from_ref(&auth));
        let tasks = ("TASKS_URL", urls(&of_tasks));
        processes.extend(of_tasks);
        processes.extend(start("gateway", gateways, &[auth, tasks]));
        let fleet = Self { processes };
        fleet.becomes_ready().await;
        fleet
    }

    pub(crate) async fn becomes_ready(&self) {
        for process in &self.processes {
            process.becomes_ready().await;
        }
    }

    /// The edges: what clients talk to.
    pub(crate) fn edges(&self) -> Vec<Http> {
        let edges = self
            .processes
            .iter()
            .filter(|process| process.name.starts_with("gateway") || process.name == "errand");
        edges.map(|process| Http::new(process.address.clone())).collect()
    }

    pub(crate) fn process(&mut self, name: &str) -> &mut Process {
        self.processes
            .iter_mut()
            .find(|process| process.name == name)
            .expect("a process of that name")
    }
}

pub(crate) fn addresses(processes: &[Process]) -> String {
    processes.iter().map(|process| process.address.as_str()).collect::<Vec<_>>().join(",")
}

pub(crate) fn folder_of(variables: &storage::Variables) -> PathBuf {
    let folder = variables.iter().find(|(name, _)| *name == "DATA_DIR");
    Path::new(&folder.expect("a folder for data").1).to_owned()
}
