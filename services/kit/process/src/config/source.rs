use std::{collections::BTreeMap, fs};

use super::Environment;

/// The variable that names the file.
const FILE: &str = "CONFIG_FILE";

/// Where a process has its settings from: its environment, and beneath it the file that `CONFIG_FILE` names.
pub(crate) struct Source {
    own: Environment,
    path: Option<String>,
    /// The file as it was last seen, or why it could not be read.
    seen: Result<String, String>,
}

impl Source {
    /// That of this process.
    pub(crate) fn of_process() -> Self {
        Self::over(Environment::own())
    }

    fn over(own: Environment) -> Self {
        let path = own.set(FILE).map(str::to_owned);
        let seen = path.as_deref().map_or_else(|| Ok(String::new()), read);
        Self { own, path, seen }
    }

    /// Whether there is a file that may change.
    pub(crate) fn has_file(&self) -> bool {
        self.path.is_some()
    }

    /// Looks at the file again: true when it is not as it was seen last.
    pub(crate) fn has_changed(&mut self) -> bool {
        let Some(path) = &self.path else { return false };
        let seen = read(path);
        let changed = seen != self.seen;
        self.seen = seen;
        changed
    }

    /// All variables, as the file was last seen.
    pub(crate) fn environment(&self) -> Environment {
        let path = self.path.as_deref().unwrap_or_default();
        let (variables, faults) = match &self.seen {
            Ok(text) => variables(text),
            Err(error) => (BTreeMap::new(), vec![error.clone()]),
        };
        let named = |fault: String| format!("{FILE} is {path:?}: {fault}");
        self.own.over(variables).with_faults(faults.into_iter().map(named).collect())
    }
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("it cannot be read: {error}"))
}

/// Reads lines of `NAME=value`, and tells which are none; those that are empty or begin with `#` say nothing. A fault shows no value: it
/// may be a secret.
fn variables(text: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut variables, mut faults) = (BTreeMap::new(), vec![]);
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once('=').filter(|(name, _)| is_name(name)) {
            None => faults.push(format!("line {number} is not NAME=value")),
            Some((name, value)) => {
                if variables.insert(name.to_owned(), value.to_owned()).is_some() {
                    faults.push(format!("line {number} names {name} once more"));
                }
            }
        }
    }
    (variables, faults)
}

fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    begins && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Environment {
    /// The variables of this process, and beneath them those of its configuration file.
    pub fn process() -> Self {
        Source::of_process().environment()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(own: &[(&str, &str)], file: &str) -> Environment {
        let own = Environment::from_iter(own.iter().copied());
        Source { own, path: Some("f".to_owned()), seen: Ok(file.to_owned()) }.environment()
    }

    #[test]
    fn what_the_environment_says_wins_over_the_file() {
        let own = [("A", "own"), ("B_FILE", "/dev/null"), ("C", "")];
        let both =
            environment(&own, "A=file\nB=file\nC=file\n\n  # said\nD = a = b \nA_FILE=/none\n");
        assert!(both.faults().len() == 1, "a name ends where '=' begins");
        assert_eq!(
            both.value("C").unwrap().as_deref(),
            Some("file"),
            "what can be read is looked at, too"
        );
        let both = environment(&own, "A=file\nB=file\nC=file\n# said\nD=a = b \nA_FILE=/none\n");
        let value = |name| both.value(name).unwrap();
        assert_eq!(value("A").as_deref(), Some("own"));
        assert_eq!(value("B").as_deref(), Some(""));
        assert_eq!(value("C").as_deref(), Some("file"));
        assert_eq!(value("D").as_deref(), Some("a = b"));
    }

    #[test]
    fn a_line_that_is_no_setting_is_a_fault_that_shows_no_value() {
        let faults = environment(&[], "KEY=x\nhunter2\n2=hunter2\nKEY=hunter2\n").faults().to_vec();
        assert_eq!(
            faults,
            ["line 2 is not NAME=value", "line 3 is not NAME=value", "line 4 names KEY once more"]
                .map(|fault| format!("CONFIG_FILE is \"f\": {fault}"))
        );
    }

    #[test]
    fn a_file_has_changed_when_its_content_has() {
        let path = std::env::temp_dir().join(format!("kit-source-{}", std::process::id()));
        let path = path.to_str().unwrap();
        fs::write(path, "A=1\n").unwrap();
        let mut source = Source::over(Environment::from_iter([(FILE, path)]));
        fs::write(path, "A=1\n").unwrap();
        assert!(source.has_file() && !source.has_changed());
        fs::write(path, "A=2\n").unwrap();
        assert_eq!((source.has_changed(), source.has_changed()), (true, false));
        fs::remove_file(path).unwrap();
        assert_eq!((source.has_changed(), source.has_changed()), (true, false));
        assert_eq!(source.environment().faults().len(), 1);
    }
}
