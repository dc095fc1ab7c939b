//! A configuration file that changes under a process.
use std::{fs, path::PathBuf};

use kit_base::testing::eventually;

use super::{Process, output};

/// A file of settings that is gone with this value.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: &str) -> Self {
        let file = Self(std::env::temp_dir().join(format!("kit-{name}-{}", std::process::id())));
        file.becomes(content);
        file
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    /// At once, as a mounted ConfigMap is swapped.
    fn becomes(&self, content: &str) {
        let draft = self.0.with_extension("draft");
        fs::write(&draft, content).unwrap();
        fs::rename(draft, &self.0).unwrap();
    }
}

impl Drop for File {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

async fn comes_to_say(process: &Process, path: &str, expected: &str) {
    eventually(expected, async || process.probe(path).contains(expected)).await;
}

const RELOADS: &str = "errand_config_reloads_total";
const SUCCESSFUL: &str = "errand_config_last_reload_successful";

#[tokio::test]
async fn a_changed_file_takes_effect_and_a_broken_one_does_not() {
    let file = File::new("changed", "LOG_LEVEL=warn,kit=info\nDRAIN_DELAY=0s\nOF_ANOTHER=1\n");
    let process = Process::start(&[("CONFIG_FILE", file.path())]);
    assert!(process.probe("/loglevel").contains("kit=info"));
    let begins = process.probe("/metrics");
    assert!(begins.contains(&format!("{SUCCESSFUL} 1\n")), "{begins}");
    assert!(begins.contains("errand_config_last_reload_success_timestamp_seconds 1"), "{begins}");

    file.becomes("LOG_LEVEL=warn,kit=debug\nDRAIN_DELAY=0s\nOF_ANOTHER=2\nTEST_SIZE=5\n");
    comes_to_say(&process, "/metrics", &format!("{RELOADS}{{result=\"success\"}} 1\n")).await;
    assert!(process.probe("/loglevel").contains("kit=debug"));

    for broken in ["LOG_LEVEL=info\nhunter2\n", "LOG_LEVEL=info\nTEST_SIZE=big\n"] {
        file.becomes(broken);
        comes_to_say(&process, "/metrics", &format!("{SUCCESSFUL} 0\n")).await;
        assert!(process.probe("/loglevel").contains("kit=debug"), "what was in effect stays");
        file.becomes("LOG_LEVEL=warn,kit=trace\nDRAIN_DELAY=0s\n");
        comes_to_say(&process, "/metrics", &format!("{SUCCESSFUL} 1\n")).await;
        file.becomes("LOG_LEVEL=warn,kit=debug\nDRAIN_DELAY=0s\n");
        comes_to_say(&process, "/loglevel", "kit=debug").await;
    }
    let counted = process.probe("/metrics");
    assert!(counted.contains(&format!("{RELOADS}{{result=\"failure\"}} 2\n")), "{counted}");

    let log = process.log();
    assert_eq!(log.matches("is refused; what was in effect stays").count(), 2, "{log}");
    assert!(log.contains("line 2 is not NAME=value") && !log.contains("hunter2"), "{log}");
    let later: Vec<_> = log.lines().filter(|line| line.contains("at the next start")).collect();
    assert!(later[0].contains("\"errand.names\":\"TEST_SIZE\""), "{later:?}");
    assert!(!log.contains("OF_ANOTHER"), "{log}");
    process.terminate();
    assert!(process.wait().0.success());
}

#[test]
fn a_process_does_not_start_with_a_broken_file() {
    let file = File::new("broken", "DRAIN_DELAY=soon\nnonsense\n");
    let start = [("CONFIG_FILE", file.path()), ("TEST_KEY", "x"), ("MODE", "check")];
    let (_, said) = output(&start);
    assert!(said.contains("line 2 is not NAME=value") && said.contains("exit code 64"), "{said}");
    file.becomes("TEST_SIZE=7\nDRAIN_DELAY=7s\n");
    let (shown, said) = output(&[start[0], start[1], ("MODE", "print"), ("DRAIN_DELAY", "1s")]);
    assert!(shown.contains("TEST_SIZE=7\n") && shown.contains("DRAIN_DELAY=1s\n"), "{shown}{said}");
}
