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

    /// Two structs may share a variable; its fault is said once, whatever else each suggests.
    fn fault(&mut self, fault: String) {
        let trouble = |fault: &str| fault.split(SUGGESTION).next().map(str::to_owned);
        if self.faults.iter().all(|said| trouble(said) != trouble(&fault)) {
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

/// What stands between what is wrong and what would be right.
const SUGGESTION: &str = "; such as ";

/// Says what is wrong with a value in the operator's terms.
fn explain(name: &str, value: &str, error: &str, default: &str) -> String {
    // envy says the value and its key once more.
    let error = error.split(" while parsing value").next().unwrap_or(error);
    let shown: String = value.chars().take(80).collect();
    let example = if default.is_empty() { String::new() } else { format!("{SUGGESTION}{default}") };
    format!("{name} is {shown:?}: {error}{example}")
}

#[cfg(test)]
mod tests;
