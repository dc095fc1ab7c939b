use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

/// Environment variables: those of the process, or a test's own.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// What is wrong with the file beneath.
    faults: Vec<String>,
}

impl Environment {
    /// The variables of this process alone that are text.
    pub(super) fn own() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        std::env::vars_os().filter_map(text).collect()
    }

    /// The same over other variables: those that are set here, as a value or a file, stay.
    pub(super) fn over(&self, beneath: BTreeMap<String, String>) -> Self {
        let mut both = self.clone();
        for (name, value) in beneath {
            if !self.is_set(name.strip_suffix("_FILE").unwrap_or(&name)) {
                both.insert(&name, value);
            }
        }
        both
    }

    /// The same, which cannot be used for these reasons.
    pub(super) fn with_faults(&self, faults: Vec<String>) -> Self {
        Self { faults, ..self.clone() }
    }

    pub(super) fn faults(&self) -> &[String] {
        &self.faults
    }

    /// The variables that are not as they were.
    pub(crate) fn changed_since<'a>(&'a self, before: &'a Self) -> Vec<&'a str> {
        let names: BTreeSet<_> = self.variables.keys().chain(before.variables.keys()).collect();
        let changed = |name: &&String| self.variables.get(*name) != before.variables.get(*name);
        names.into_iter().filter(changed).map(String::as_str).collect()
    }

    /// The value of `name`, or the content of the file that `{name}_FILE` points to, without one trailing line break.
    pub(super) fn value(&self, name: &str) -> Result<Option<String>, String> {
        let file = format!("{name}_FILE");
        match (self.set(name), self.set(&file)) {
            (Some(_), Some(_)) => Err(format!("{name} and {file} are both set: keep one of them")),
            (Some(value), None) => Ok(Some(value.to_owned())),
            (None, Some(path)) => match fs::read_to_string(path) {
                Ok(content) => Ok(Some(without_line_break(&content).to_owned())),
                Err(error) => Err(format!("{file} is {path:?}, which cannot be read: {error}")),
            },
            (None, None) => Ok(None),
        }
    }

    /// The prefixed name, unless only the bare one is set.
    pub(super) fn name_in_use(&self, prefix: &str, name: &str) -> String {
        let prefixed = format!("{prefix}{name}");
        if !self.is_set(&prefixed) && self.is_set(name) { name.to_owned() } else { prefixed }
    }

    /// Whether the variable has a value or a file.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.set(name).is_some() || self.set(&format!("{name}_FILE")).is_some()
    }

    pub(super) fn insert(&mut self, name: &str, value: String) {
        self.variables.insert(name.to_owned(), value);
    }

    pub(super) fn set(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?.as_str();
        // Kubernetes announces a Service `tasks` as TASKS_PORT=tcp://10.0.0.1:50052.
        let service_link = name.ends_with("PORT") && value.starts_with("tcp://");
        (!value.is_empty() && !service_link).then_some(value)
    }
}

impl std::fmt::Debug for Environment {
    /// Names only: any value may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        let variables =
            values.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables, faults: vec![] }
    }
}

fn without_line_break(content: &str) -> &str {
    let content = content.strip_suffix('\n').unwrap_or(content);
    content.strip_suffix('\r').unwrap_or(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_the_value_without_its_last_line_break() {
        let path = std::env::temp_dir().join(format!("kit-environment-{}", std::process::id()));
        fs::write(&path, "two\nlines\n").unwrap();
        let environment = Environment::from_iter([("KEY_FILE", path.to_str().unwrap())]);
        assert_eq!(environment.value("KEY"), Ok(Some("two\nlines".to_owned())));
        fs::remove_file(&path).unwrap();
        assert!(environment.value("KEY").unwrap_err().starts_with("KEY_FILE is"));
    }

    #[test]
    fn a_value_and_a_file_together_are_a_fault() {
        let environment = Environment::from_iter([("KEY", "x"), ("KEY_FILE", "/dev/null")]);
        assert_eq!(
            environment.value("KEY").unwrap_err(),
            "KEY and KEY_FILE are both set: keep one of them"
        );
    }

    #[test]
    fn what_lies_beneath_is_hidden_by_what_is_set_here_and_by_nothing_else() {
        let beneath = ["KEY", "KEY_FILE", "OTHER", "OTHER_FILE"]
            .map(|name| (name.to_owned(), "x".to_owned()));
        let both = Environment::from_iter([("KEY", "y")]).over(beneath.into());
        assert_eq!(both.value("KEY"), Ok(Some("y".to_owned())));
        assert!(
            both.value("OTHER").unwrap_err().contains("both set"),
            "neither is dropped in silence"
        );
    }

    #[test]
    fn an_announcement_of_kubernetes_is_not_a_port() {
        let environment =
            Environment::from_iter([("TASKS_PORT", "tcp://10.0.0.1:50052"), ("PORT", "8080")]);
        assert_eq!(environment.value("TASKS_PORT"), Ok(None));
        assert_eq!(environment.name_in_use("TASKS_", "PORT"), "PORT");
    }

    #[test]
    fn an_environment_shows_no_value() {
        assert!(!format!("{:?}", Environment::from_iter([("KEY", "hunter2")])).contains("hunter2"));
    }

    fn environment(values: &[(&str, &str)]) -> Environment {
        values.iter().copied().collect()
    }

    #[test]
    fn of_a_files_content_one_line_break_is_none_of_its_own() {
        let path = std::env::temp_dir().join(format!("kit-line-break-{}", std::process::id()));
        for (content, value) in [
            ("x", "x"),
            ("x\n", "x"),
            ("x\r\n", "x"),
            ("x\n\n", "x\n"),
            (" x \n", " x "),
            ("x\r", "x"),
            ("\n", ""),
            ("", ""),
        ] {
            fs::write(&path, content).unwrap();
            let environment = environment(&[("KEY_FILE", path.to_str().unwrap())]);
            assert_eq!(environment.value("KEY"), Ok(Some(value.to_owned())), "{content:?}");
        }
        fs::write(&path, b"\xff").unwrap();
        assert!(
            environment(&[("KEY_FILE", path.to_str().unwrap())]).value("KEY").is_err(),
            "it is no text"
        );
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn the_prefixed_name_is_used_unless_only_the_bare_one_is_set() {
        for (values, name) in [
            (&[][..], "AUTH_KEK"),
            (&[("KEK", "x")], "KEK"),
            (&[("KEK_FILE", "x")], "KEK"),
            (&[("KEK", "x"), ("AUTH_KEK", "y")], "AUTH_KEK"),
            (&[("KEK", "x"), ("AUTH_KEK_FILE", "y")], "AUTH_KEK"),
            (&[("KEK", "x"), ("AUTH_KEK", "")], "KEK"),
        ] {
            assert_eq!(environment(values).name_in_use("AUTH_", "KEK"), name, "{values:?}");
        }
    }

    #[test]
    fn what_changed_is_what_came_went_or_is_another() {
        let before = environment(&[("A", "1"), ("B", "1"), ("C", "1")]);
        let after = environment(&[("A", "1"), ("B", "2"), ("D", "1")]);
        assert_eq!(after.changed_since(&before), ["B", "C", "D"]);
        assert_eq!(after.changed_since(&after), [""; 0]);
    }

    #[test]
    fn what_kubernetes_announces_is_no_value_and_a_value_like_it_is() {
        for (name, value, is_set) in [
            ("TASKS_PORT", "tcp://10.0.0.1:50052", false),
            ("TASKS_PORT", "50052", true),
            ("TASKS_URL", "tcp://10.0.0.1:50052", true),
            ("TASKS_PORT", "", false),
        ] {
            assert_eq!(environment(&[(name, value)]).is_set(name), is_set, "{name}={value}");
        }
    }
}
