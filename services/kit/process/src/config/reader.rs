//! Reads struct after struct, and says what is wrong with all of them at once.
use std::{borrow::Cow, error::Error, fmt};

use serde::Serialize;
use serde_json::Value;

use super::{environment::Environment, settings::Settings};

/// What a process exits with when its configuration cannot be used: `EX_USAGE` of sysexits.h.
pub const EXIT_CODE: u8 = 64;

/// Everything that is wrong with a configuration.
#[derive(Debug, PartialEq, Eq)]
pub struct Faults(Vec<String>);

impl Faults {
    /// One line for each.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "the configuration has {count} fault{}", if count == 1 { "" } else { "s" })?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl Error for Faults {}

/// What was read, and under which names.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The settings.
    pub settings: T,
    /// Every variable with the value in effect, secrets redacted, in the order of reading.
    pub values: Vec<(String, String)>,
    /// The variables that take effect without a restart.
    pub reloaded: Vec<String>,
}

/// Reads all parts of a configuration.
///
/// # Errors
/// Every fault of every part.
pub fn load<T>(
    environment: &Environment,
    read: impl FnOnce(&mut Reader<'_>) -> T,
) -> Result<Loaded<T>, Faults> {
    let mut reader = Reader {
        environment: Cow::Borrowed(environment),
        faults: environment.faults().to_vec(),
        values: vec![],
        reloaded: vec![],
    };
    let settings = read(&mut reader);
    let Reader { environment: _, faults, values, reloaded } = reader;
    if faults.is_empty() { Ok(Loaded { settings, values, reloaded }) } else { Err(Faults(faults)) }
}

/// Reads struct after struct and gathers what is wrong.
#[derive(Debug)]
pub struct Reader<'a> {
    environment: Cow<'a, Environment>,
    faults: Vec<String>,
    values: Vec<(String, String)>,
    reloaded: Vec<String>,
}

impl Reader<'_> {
    /// Gives the variable `name` a value for what is read after, unless it or its file is set.
    pub fn assume(&mut self, name: &str, value: impl Into<String>) {
        if !self.environment.is_set(name) {
            self.environment.to_mut().insert(name, value.into());
        }
    }

    /// Reads one struct. With a prefix, as `AUTH_`, a variable that is not set under the prefixed name is read under its own.
    pub fn read<S: Settings>(&mut self, prefix: &str) -> S {
        let mut accepted = vec![];
        let mut refused = vec![];
        for (field, default) in fields(&S::default()) {
            let name = self.environment.name_in_use(prefix, &field.to_uppercase());
            match self.accept::<S>(&name, &field, &default) {
                Ok(value) => accepted.extend(value.map(|value| (field, value))),
                Err(fault) => {
                    refused.push(field.to_uppercase());
                    self.fault(fault);
                }
            }
        }
        let settings = envy::from_iter(accepted).unwrap_or_else(|error| {
            self.fault(error.to_string());
            S::default()
        });
        self.check(prefix, &settings, &refused);
        settings
    }

    fn accept<S: Settings>(
        &self,
        name: &str,
        field: &str,
        default: &str,
    ) -> Result<Option<String>, String> {
        let Some(value) = self.environment.value(name)? else { return Ok(None) };
        match envy::from_iter::<_, S>([(field.to_owned(), value.clone())]) {
            Ok(_) => Ok(Some(value)),
            Err(error) => Err(explain(name, &value, &error.to_string(), default)),
        }
    }

    /// Adds what the struct itself objects to, unless the value was refused already, and notes the values in effect.
    fn check<S: Settings>(&mut self, prefix: &str, settings: &S, refused: &[String]) {
        for fault in settings.faults() {
            let (name, rest) = fault.split_once(' ').unwrap_or((&fault, ""));
            if !refused.iter().any(|refused| refused == name) {
                let name = self.environment.name_in_use(prefix, name);
                self.fault(format!("{name} {rest}"));
            }
        }
        let reloaded = S::RELOADED.iter().map(|name| self.environment.name_in_use(prefix, name));
        self.reloaded.extend(reloaded);
        for (field, value) in fields(settings) {
            let name = self.environment.name_in_use(prefix, &field.to_uppercase());
            if self.values.iter().all(|(known, _)| *known != name) {
                self.values.push((name, value));
            }
        }
    }

    /// Two structs may share a variable; its fault is said once.
    fn fault(&mut self, fault: String) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// The fields of a flat struct as they would be written in the environment.
fn fields<S: Serialize>(settings: &S) -> Vec<(String, String)> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => {
            fields.iter().map(|(name, value)| (name.clone(), text(value))).collect()
        }
        other => unreachable!("settings are flat structs with plain fields, not {other:?}"),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Says what is wrong with a value in the operator's terms.
fn explain(name: &str, value: &str, error: &str, default: &str) -> String {
    // envy says the value and its key once more.
    let error = error.split(" while parsing value").next().unwrap_or(error);
    let shown: String = value.chars().take(80).collect();
    let example = if default.is_empty() { String::new() } else { format!("; such as {default}") };
    format!("{name} is {shown:?}: {error}{example}")
}

#[cfg(test)]
mod tests {
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
            faults.extend(
                missing.then(|| "DATABASE_URL must be set, as in sqlite:errand.db".to_owned()),
            );
            faults
                .extend((self.pool_size > 100).then(|| "POOL_SIZE must be at most 100".to_owned()));
            faults
        }
    }

    fn read(values: &[(&str, &str)], prefix: &str) -> Result<Loaded<Store>, Faults> {
        load(&Environment::from_iter(values.iter().copied()), |reader| reader.read(prefix))
    }

    #[test]
    fn values_are_read_by_type_and_an_empty_one_is_the_default() {
        let values = [
            ("DATABASE_URL", "sqlite:x"),
            ("POOL_SIZE", ""),
            ("TIMEOUT", "250ms"),
            ("HOSTS", "a,b"),
        ];
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
        let shared =
            [("DATABASE_URL", "sqlite:shared"), ("POOL_SIZE", "3"), ("AUTH_POOL_SIZE", "4")];
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
        for (values, name) in [
            (&[("RATE", "1")][..], "RATE"),
            (&[("EDGE_RATE", "1")], "EDGE_RATE"),
            (&[], "EDGE_RATE"),
        ] {
            let environment = Environment::from_iter(values.iter().copied());
            let loaded = load(&environment, |reader| reader.read::<Rates>("EDGE_")).unwrap();
            assert_eq!(loaded.reloaded, [name]);
            assert_eq!(loaded.settings.rate, values.len() as u32);
        }
    }
}
