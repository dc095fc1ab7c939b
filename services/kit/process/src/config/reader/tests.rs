use serde::Deserialize;

use super::*;
use crate::config::{Period, Secret};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Store {
    database_url: Secret,
    pool_size: u32,
    timeout: Period,
    hosts: Vec<String>,
    replica: Option<u16>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            database_url: Secret::default(),
            pool_size: 8,
            timeout: Period::from_secs(5),
            hosts: vec![],
            replica: None,
        }
    }
}

impl Settings for Store {
    fn faults(&self) -> Vec<String> {
        let missing = self.database_url.expose().is_empty();
        let mut faults = vec![];
        faults
            .extend(missing.then(|| "DATABASE_URL must be set, as in sqlite:errand.db".to_owned()));
        faults.extend((self.pool_size > 100).then(|| "POOL_SIZE must be at most 100".to_owned()));
        faults
    }
}

fn read(values: &[(&str, &str)], prefix: &str) -> Result<Loaded<Store>, Faults> {
    load(&Environment::from_iter(values.iter().copied()), |reader| reader.read(prefix))
}

#[test]
fn values_are_read_by_type_and_an_empty_one_is_the_default() {
    let values =
        [("DATABASE_URL", "sqlite:x"), ("POOL_SIZE", ""), ("TIMEOUT", "250ms"), ("HOSTS", "a,b")];
    let store = read(&values, "").unwrap().settings;
    assert_eq!(store.database_url.expose(), "sqlite:x");
    assert_eq!((store.pool_size, store.timeout), (8, Period::from_millis(250)));
    assert_eq!((store.hosts, store.replica), (vec!["a".to_owned(), "b".to_owned()], None));
}

#[test]
fn every_fault_of_every_struct_is_named_at_once() {
    let environment = Environment::from_iter([
        ("AUTH_POOL_SIZE", "many"),
        ("AUTH_TIMEOUT", "5 parsecs"),
        ("TASKS_DATABASE_URL", "sqlite:x"),
        ("TASKS_POOL_SIZE", "101"),
        ("TASKS_REPLICA", "-1"),
    ]);
    let faults = load(&environment, |reader| {
        (reader.read::<Store>("AUTH_"), reader.read::<Store>("TASKS_"))
    });
    let said = faults.unwrap_err().to_string();
    for expected in [
        "5 faults",
        "AUTH_POOL_SIZE is \"many\": invalid digit found in string; such as 8",
        "AUTH_TIMEOUT is \"5 parsecs\": ",
        "AUTH_DATABASE_URL must be set",
        "TASKS_POOL_SIZE must be at most 100",
        "TASKS_REPLICA is \"-1\"",
    ] {
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
}

#[test]
fn a_prefixed_name_wins_over_the_shared_one() {
    let shared = [("DATABASE_URL", "sqlite:shared"), ("POOL_SIZE", "3"), ("AUTH_POOL_SIZE", "4")];
    let store = read(&shared, "AUTH_").unwrap().settings;
    assert_eq!((store.database_url.expose(), store.pool_size), ("sqlite:shared", 4));
    let bad = read(&[("DATABASE_URL", "x"), ("POOL_SIZE", "x")], "AUTH_").unwrap_err();
    assert!(bad.lines()[0].starts_with("POOL_SIZE is"), "{bad}");
}

#[test]
fn what_is_shown_of_a_configuration_holds_no_secret() {
    let loaded =
        read(&[("DATABASE_URL", "postgres://u:hunter2@db"), ("HOSTS", "a,b")], "").unwrap();
    let shown = format!("{:?} {:?}", loaded.values, loaded.settings);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(
        loaded.values.contains(&("DATABASE_URL".to_owned(), "[redacted]".to_owned())),
        "{shown}"
    );
    assert!(loaded.values.contains(&("HOSTS".to_owned(), "a,b".to_owned())), "{shown}");
}

#[test]
fn what_is_assumed_gives_way_to_whatever_is_set() {
    let assumed = |values: &[(&str, &str)]| {
        let environment = Environment::from_iter(values.iter().copied());
        let loaded = load(&environment, |reader| {
            reader.assume("DATABASE_URL", "sqlite:assumed");
            reader.read::<Store>("")
        });
        loaded.map(|loaded| loaded.settings.database_url.expose().to_owned())
    };
    assert_eq!(assumed(&[]).as_deref(), Ok("sqlite:assumed"));
    assert_eq!(assumed(&[("DATABASE_URL", "")]).as_deref(), Ok("sqlite:assumed"));
    assert_eq!(assumed(&[("DATABASE_URL", "sqlite:own")]).as_deref(), Ok("sqlite:own"));
    let file = assumed(&[("DATABASE_URL_FILE", "/nowhere")]).unwrap_err();
    assert!(file.to_string().contains("DATABASE_URL_FILE is \"/nowhere\""), "{file}");
}

#[test]
fn a_fault_is_said_once_however_many_read_the_variable() {
    let environment = Environment::from_iter([("DATABASE_URL", "x"), ("POOL_SIZE", "many")]);
    let twice =
        load(&environment, |reader| (reader.read::<Store>("A_"), reader.read::<Store>("B_")));
    let faults = twice.unwrap_err();
    assert_eq!(faults.lines().len(), 1, "{faults}");
    assert!(faults.to_string().starts_with("the configuration has 1 fault\n"), "{faults}");
}

#[test]
fn a_value_that_is_refused_is_told_and_not_at_any_length() {
    let long = "9".repeat(1_000);
    let faults = read(&[("DATABASE_URL", "x"), ("POOL_SIZE", &long)], "").unwrap_err();
    assert!(faults.to_string().len() < 300, "{faults}");
    let faults = read(&[("DATABASE_URL", "x"), ("POOL_SIZE", "200")], "").unwrap_err();
    assert_eq!(faults.lines(), ["POOL_SIZE must be at most 100"]);
}

#[test]
fn what_takes_effect_without_a_restart_is_called_as_it_is_set() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(default)]
    struct Rates {
        rate: u32,
        size: u32,
    }
    impl Settings for Rates {
        const RELOADED: &'static [&'static str] = &["RATE"];
    }
    for (values, name) in
        [(&[("RATE", "1")][..], "RATE"), (&[("EDGE_RATE", "1")], "EDGE_RATE"), (&[], "EDGE_RATE")]
    {
        let environment = Environment::from_iter(values.iter().copied());
        let loaded = load(&environment, |reader| reader.read::<Rates>("EDGE_")).unwrap();
        assert_eq!(loaded.reloaded, [name]);
        assert_eq!(loaded.settings.rate, values.len() as u32);
    }
}
