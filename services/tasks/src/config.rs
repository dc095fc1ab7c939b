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
    /// Tasks that an account may keep, those in the trash too. A quota of 0 is none.
    pub quota_tasks: u32,
    /// Projects that an account may keep, those in the trash too.
    pub quota_projects: u32,
    /// About how many bytes they may take.
    pub quota_bytes: u64,
    /// About how many bytes an account may write in a day (UTC); deleting goes on.
    pub quota_bytes_per_day: u64,
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
            quota_tasks: 100_000,
            quota_projects: 1_000,
            quota_bytes: 256 << 20,
            quota_bytes_per_day: 128 << 20,
        }
    }
}

impl Settings for Config {
    fn faults(&self) -> Vec<String> {
        let mut faults = kit_rpc::tls::faults(&self.tls_dir, &[("AUTH_URL", &self.auth_url)]);
        faults.extend(kit_rpc::channel::faults("AUTH_URL", &self.auth_url));
        faults.extend(kit_db::Db::fault("DATABASE_URL", self.database_url.expose()));
        if self.database_connections == 0 {
            faults.push("DATABASE_CONNECTIONS is 0: at least 1".to_owned());
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_names_nothing_is_refused() {
        let config = |auth_url: &str, database_url: &str| Config {
            auth_url: auth_url.to_owned(),
            database_url: database_url.into(),
            ..Config::default()
        };
        assert_eq!(config("http://auth:1", "sqlite:tasks.db").faults(), Vec::<String>::new());
        let told = config("auth:1", "sqlite:").faults();
        let names: Vec<_> = told.iter().map(|fault| fault.split(' ').next().unwrap()).collect();
        assert_eq!(names, ["AUTH_URL", "DATABASE_URL"]);
    }
}
