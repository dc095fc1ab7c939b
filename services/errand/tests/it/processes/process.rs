//! One process.
use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU16, Ordering::Relaxed},
    time::{Duration, Instant},
};

use kit_base::testing::eventually;

use crate::{discretion::indiscreet, http::Http, storage::Variables};

/// A binary of the workspace that runs, and is killed with this value.
pub(crate) struct Process {
    binary: PathBuf,
    variables: Variables,
    pub(crate) name: String,
    pub(crate) address: String,
    admin: Http,
    log: PathBuf,
    child: Child,
}

impl Process {
    /// Starts `binary` on free ports. Its log goes to a file beside `folder`.
    pub(crate) fn start(binary: &str, name: &str, folder: &Path, mut variables: Variables) -> Self {
        let (address, admin) = (free_address(), free_address());
        variables.push(("LISTEN", address.clone()));
        variables.push(("ADMIN_LISTEN", admin.clone()));
        let binary = path_of(binary);
        let log = folder.join(format!("{name}.log"));
        let child = spawn(&binary, &variables, &log);
        let (address, admin) = (format!("http://{address}"), Http::new(format!("http://{admin}")));
        Self { binary, variables, name: name.to_owned(), address, admin, log, child }
    }

    /// Starts it again where it was.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(&self.binary, &self.variables, &self.log);
    }

    /// Whether it says that it takes requests.
    pub(crate) async fn is_ready(&self) -> bool {
        self.admin.get("/readyz").attempt().await.is_ok_and(|reply| reply.status == 200)
    }

    pub(crate) async fn becomes_ready(&self) {
        let what = format!("{} is ready, see {}", self.name, self.log.display());
        eventually(&what, async || self.is_ready().await).await;
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("its log")
    }

    /// `host:port` of its probes.
    pub(crate) fn admin_address(&self) -> &str {
        self.admin.base.trim_start_matches("http://")
    }

    /// Waits until it has logged `text` that many times.
    pub(crate) async fn says(&self, text: &str, times: usize) {
        let what = format!("{} says {text:?}, see {}", self.name, self.log.display());
        eventually(&what, async || self.log().matches(text).count() >= times).await;
    }

    /// SIGKILL.
    pub(crate) fn is_killed(&mut self) {
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("its end");
    }

    /// Sends a signal by its name.
    pub(crate) fn gets(&self, signal: &str) {
        let sent = Command::new("sh")
            .arg("-c")
            .arg(format!("kill -{signal} {}", self.child.id()))
            .status();
        assert!(sent.expect("a shell").success(), "{signal} to {}", self.name);
    }

    /// SIGTERM, and how it ended, if it did so within `limit`.
    pub(crate) async fn is_told_to_stop(
        &mut self,
        limit: Duration,
    ) -> Option<(ExitStatus, Duration)> {
        self.gets("TERM");
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return Some((status, begun.elapsed()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
        // Whatever the test looked at: what its processes wrote tells nobody's secrets.
        if !std::thread::panicking() {
            assert_eq!(indiscreet(&self.log()), None, "{} tells what it must not", self.name);
        }
    }
}

fn spawn(binary: &Path, variables: &Variables, log: &Path) -> Child {
    let log = File::options().create(true).append(true).open(log).expect("a log");
    let mut command = Command::new(binary);
    command.env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(log.try_clone().expect("the log again")).stderr(log);
    command.spawn().unwrap_or_else(|error| {
        panic!("{}: {error}: build it with `cargo build --workspace`", binary.display())
    })
}

/// The binaries of the workspace lie beside each other.
pub(crate) fn path_of(binary: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_errand")).with_file_name(binary)
}

/// Below those that the system gives to whoever connects: nobody else takes one before the process does, or while it starts anew.
fn free_address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 12_000).expect("it is small");
    let next = || 18_000 + (first + NEXT.fetch_add(1, Relaxed)) % 14_000;
    let mut all = std::iter::repeat_with(|| format!("127.0.0.1:{}", next())).take(14_000);
    all.find(|address| TcpListener::bind(address).is_ok()).expect("a free port")
}
