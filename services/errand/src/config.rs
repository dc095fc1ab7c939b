//! The settings of all three services, under one roof.
use kit_process::{Secret, Settings, config::Reader};
use serde::{Deserialize, Serialize};

/// What an operator may set: the variables of each service, with `AUTH_`, `TASKS_` or `GATEWAY_` in front where they differ.
#[derive(Clone, Debug)]
pub struct Config {
    /// `AUTH_…`
    pub auth: auth::Config,
    /// `TASKS_…`
    pub tasks: tasks::Config,
    /// `GATEWAY_…`
    pub gateway: gateway::Config,
}

/// Where the services keep what they have to keep, unless `AUTH_DATABASE_URL` and `TASKS_DATABASE_URL` say it for each.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
struct Storage {
    /// `DATABASE_URL`: one PostgreSQL database for both; each has a schema of its own there, which migrating makes.
    database_url: Secret,
    /// `DATA_DIR`: the folder of the SQLite files when there is no `DATABASE_URL`.
    data_dir: String,
}

impl Default for Storage {
    fn default() -> Self {
        Self { database_url: Secret::default(), data_dir: "data".to_owned() }
    }
}

impl Settings for Storage {
    fn faults(&self) -> Vec<String> {
        let url = self.database_url.expose();
        let shared =
            url.is_empty() || url.starts_with("postgres://") || url.starts_with("postgresql://");
        let fault = "DATABASE_URL must be postgres://…: SQLite files are named by DATA_DIR, or one by one by \
                     AUTH_DATABASE_URL and TASKS_DATABASE_URL";
        (!shared).then(|| fault.to_owned()).into_iter().collect()
    }
}

impl Storage {
    /// Where the service of that name keeps its own.
    fn url_of(&self, service: &str) -> String {
        match self.database_url.expose() {
            "" => format!("sqlite:{}/{service}.db", self.data_dir.trim_end_matches('/')),
            url => {
                let separator = if url.contains('?') { '&' } else { '?' };
                format!("{url}{separator}options=-c%20search_path%3D{service}")
            }
        }
    }
}

impl Config {
    /// Reads the settings of all services.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let storage: Storage = reader.read("");
        reader.assume("AUTH_DATABASE_URL", storage.url_of("auth"));
        reader.assume("TASKS_DATABASE_URL", storage.url_of("tasks"));
        Self {
            auth: reader.read("AUTH_"),
            tasks: reader.read("TASKS_"),
            gateway: reader.read("GATEWAY_"),
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_process::config::{Environment, Faults, load};

    use super::*;

    const KEK: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn read(variables: &[(&str, &str)]) -> Result<Config, Faults> {
        load(&Environment::from_iter(variables.iter().copied()), Config::read)
            .map(|loaded| loaded.settings)
    }

    fn urls(variables: &[(&str, &str)]) -> [String; 2] {
        let Config { auth, tasks, gateway: _ } = read(variables).unwrap();
        [auth.database_url.expose().to_owned(), tasks.database_url.expose().to_owned()]
    }

    #[test]
    fn nothing_has_to_be_set() {
        assert_eq!(urls(&[]), ["sqlite:data/auth.db", "sqlite:data/tasks.db"]);
        assert_eq!(urls(&[("DATA_DIR", "/var/lib/errand/")])[1], "sqlite:/var/lib/errand/tasks.db");
    }

    #[test]
    fn one_database_is_shared_schema_by_schema() {
        let [auth, tasks] =
            urls(&[("DATABASE_URL", "postgres://u@h/errand?sslmode=require"), ("KEK", KEK)]);
        assert_eq!(auth, "postgres://u@h/errand?sslmode=require&options=-c%20search_path%3Dauth");
        assert_eq!(tasks, "postgres://u@h/errand?sslmode=require&options=-c%20search_path%3Dtasks");
    }

    #[test]
    fn a_service_may_have_a_database_of_its_own() {
        let variables = [
            ("DATABASE_URL", "postgres://u@h/errand"),
            ("AUTH_DATABASE_URL", "sqlite:a.db"),
            ("AUTH_KEK", KEK),
        ];
        assert_eq!(
            urls(&variables),
            ["sqlite:a.db", "postgres://u@h/errand?options=-c%20search_path%3Dtasks"]
        );
    }

    #[test]
    fn the_faults_of_all_services_are_said_at_once() {
        let variables = [
            ("DATABASE_URL", "sqlite:x.db"),
            ("HASH_WORKERS", "0"),
            ("GATEWAY_BODY_LIMIT", "much"),
        ];
        let said = read(&variables).unwrap_err().to_string();
        for name in ["DATABASE_URL must be postgres", "HASH_WORKERS", "GATEWAY_BODY_LIMIT"] {
            assert!(said.contains(name), "{name} is not in {said}");
        }
    }

    #[test]
    fn a_fault_that_two_services_find_is_said_once_whatever_each_suggests() {
        let faults = read(&[("KEK", KEK), ("DATABASE_CONNECTIONS", "none")]).unwrap_err();
        assert_eq!(faults.lines().len(), 1, "{faults}");
    }
}
