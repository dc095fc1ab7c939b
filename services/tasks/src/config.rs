use kit_process::{Secret, Settings};
use serde::{Deserialize, Serialize};

/// What an operator may set. Each field is an environment variable of that name in capitals.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `postgres://…` or `sqlite:path`. Required.
    pub database_url: Secret,
    /// Connections for writes.
    pub database_connections: usize,
    /// Whether the service brings the schema up to date itself. By default only on SQLite.
    pub auto_migrate: Option<bool>,
    /// Where the auth service is: `http://host:port`, or `https://host:port` with `tls_dir`.
    pub auth_url: String,
    /// The folder with `tls.crt`, `tls.key` and `ca.crt`: who this process is to the auth service.
    pub tls_dir: String,
    /// Days that deleted things stay in the trash.
    pub trash_days: u32,
    /// Days that the change feed reaches back.
    pub feed_days: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database_url: Secret::default(),
            database_connections: 8,
            auto_migrate: None,
            auth_url: "http://localhost:50051".to_owned(),
            tls_dir: String::new(),
            trash_days: 30,
            feed_days: 30,
        }
    }
}

impl Settings for Config {
    fn faults(&self) -> Vec<String> {
        let mut faults = kit_rpc::tls::faults(&self.tls_dir, &[("AUTH_URL", &self.auth_url)]);
        if self.database_url.expose().is_empty() {
            faults.push(
                "DATABASE_URL is missing: postgres://user@host/name or sqlite:path".to_owned(),
            );
        }
        if self.database_connections == 0 {
            faults.push("DATABASE_CONNECTIONS is 0: at least 1".to_owned());
        }
        faults
    }
}
