//! A whole process, from its environment to its exit code.
mod config;
mod reload;
mod telemetry;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use http::Request;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kit_base::testing::eventually;
use kit_rpc::channel::Limits;
use serde_json::Value;
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::authority::{Authority, Folder};

/// The process that the tests start: the example, which cargo builds before it runs them. Its environment is what they give it.
fn command(environment: &[(&str, &str)]) -> Command {
    let tests = std::env::current_exe().unwrap();
    let example = tests.ancestors().nth(2).unwrap().join("examples/service");
    let mut command = Command::new(example);
    command.env_clear().envs(environment.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What it shows, and what it says with the code that it ends with.
fn output(environment: &[(&str, &str)]) -> (String, String) {
    let Output { status, stdout, stderr } = command(environment).output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    (String::from_utf8(stdout).unwrap(), format!("{said}\nexit code {}\n", status.code().unwrap()))
}

/// A process that is ready.
struct Process {
    child: Child,
    address: SocketAddr,
    admin: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Process {
    fn start(environment: &[(&str, &str)]) -> Self {
        let base =
            [("TEST_KEY", "hunter2"), ("LISTEN", "127.0.0.1:0"), ("ADMIN_LISTEN", "127.0.0.1:0")];
        let mut child = command(&[&base, environment].concat()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening =
            lines.find_map(|line| serde_json::from_str::<Value>(&line.unwrap()).ok()).unwrap();
        let address = |field: &str| {
            listening["attributes"][format!("errand.{field}")].as_str().unwrap().parse().unwrap()
        };
        let (address, admin, log) = (address("address"), address("admin"), Arc::default());
        let process = Self { child, address, admin, log };
        let kept = process.log.clone();
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| *kept.lock().unwrap() += &(line + "\n"));
        });
        while !process.probe("/readyz").starts_with("HTTP/1.1 200") {}
        process
    }

    fn probe(&self, path: &str) -> String {
        exchange(
            self.admin,
            &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
        )
    }

    async fn client(&self) -> SendRequest<String> {
        let io = TokioIo::new(tokio::net::TcpStream::connect(self.address).await.unwrap());
        let (client, driver) = handshake(TokioExecutor::new(), io).await.unwrap();
        drop(kit_base::work::detach(driver));
        client
    }

    /// What it has said since it listens.
    fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    fn wait(mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        (self.child.wait().unwrap(), begun.elapsed())
    }
}

/// A test that fails leaves nobody behind.
impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_process_that_waits_in_vain_says_for_what_and_exits_69() {
    let variables = [
        ("KEY", "hunter2"),
        ("LISTEN", "127.0.0.1:0"),
        ("ADMIN_LISTEN", "127.0.0.1:0"),
        ("TEST_ABSENT", "db:5432: refused"),
        ("STARTUP_TIMEOUT", "1s"),
    ];
    let (log, said) = output(&variables);
    assert!(said.contains("exit code 69"), "{said}\n{log}");
    assert!(log.contains("not ready within 1 s: what it needs: db:5432: refused"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_guarded_process_tells_when_its_certificate_ends_and_lets_only_its_clients_in() {
    let authority = Authority::new("one");
    let own = Folder::holding(&authority.issues("localhost"), &[&authority]);
    let guarded = [("TLS_DIR", own.path()), ("TLS_CLIENTS", "other,edge"), ("DRAIN_DELAY", "0s")];
    let process = Process::start(&guarded);
    let metrics = process.probe("/metrics");
    for line in [
        "errand_tls_certificate_not_before_timestamp_seconds 1577836800",
        "errand_tls_certificate_not_after_timestamp_seconds 4102444800",
        "errand_tls_reloads_total{result=\"failure\"} 0",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    let url = format!("https://localhost:{}", process.address.port());
    for (name, expected) in [("edge", Code::Unimplemented), ("stranger", Code::Unavailable)] {
        let client = Folder::holding(&authority.issues(name), &[&authority]);
        let channel =
            kit_rpc::channel::remote("test", &url, client.identity(), Limits::default()).unwrap();
        let outcome = HealthClient::new(channel).check(HealthCheckRequest::default()).await;
        assert_eq!(outcome.unwrap_err().code(), expected, "{name}");
    }
    let counted = "errand_tls_refusals_total{reason=\"name\"}";
    eventually(counted, async || process.probe("/metrics").contains(counted)).await;
}

#[test]
fn a_process_tells_how_it_is_and_leaves_when_told() {
    let process = Process::start(&[("DRAIN_DELAY", "500ms")]);
    assert!(process.probe("/livez").starts_with("HTTP/1.1 200"));
    assert!(process.probe("/startupz").starts_with("HTTP/1.1 200"));
    let metrics = process.probe("/metrics");
    for name in
        ["errand_build_info{", "process_resident_memory_bytes", "errand_runtime_tokio_workers"]
    {
        assert!(metrics.contains(name), "{name} is not in {metrics}");
    }
    process.terminate();
    while process.probe("/readyz").starts_with("HTTP/1.1 200") {}
    assert!(process.probe("/readyz").starts_with("HTTP/1.1 503"));
    process.terminate();
    assert!(process.probe("/livez").starts_with("HTTP/1.1 200"));
    let (status, taken) = process.wait();
    assert!(status.success() && (300..2000).contains(&taken.as_millis()), "{status} {taken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_request_that_hangs_does_not_hold_the_process() {
    let process = Process::start(&[("DRAIN_DELAY", "0s"), ("DRAIN_TIMEOUT", "300ms")]);
    let mut client = process.client().await;
    drop(kit_base::work::detach(async move { client.send_request(get_request("/slow")).await }));
    tokio::time::sleep(Duration::from_millis(100)).await;
    process.terminate();
    let (status, taken) = process.wait();
    assert!(status.success() && (300..2000).contains(&taken.as_millis()), "{status} {taken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn grpc_asks_for_health_on_the_admin_port_too() {
    let process = Process::start(&[("DRAIN_DELAY", "300ms")]);
    let url = format!("http://{}", process.admin);
    let channel = kit_rpc::channel::remote("test", &url, None, Limits::default()).unwrap();
    let mut client = HealthClient::new(channel);
    let request = |name: &str| HealthCheckRequest { service: name.to_owned() };
    assert_eq!(client.check(request("")).await.unwrap().get_ref().status(), ServingStatus::Serving);
    assert_eq!(client.check(request("other")).await.unwrap_err().code(), Code::NotFound);
    let mut watched = client.watch(request("test")).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    process.terminate();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
}

#[test]
fn the_log_level_changes_while_the_process_runs() {
    let process = Process::start(&[("DRAIN_DELAY", "0s")]);
    let put = |level: &str| {
        let length = level.len();
        let head = format!(
            "PUT /loglevel HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        exchange(process.admin, &(head + level))
    };
    assert!(put("debug,kit=trace").starts_with("HTTP/1.1 200"));
    assert!(process.probe("/loglevel").contains("kit=trace"));
    assert!(put("kit=loud").starts_with("HTTP/1.1 400"));
    assert!(process.probe("/loglevel").contains("kit=trace"));
    process.terminate();
    assert!(process.wait().0.success());
}

fn get_request(path: &str) -> Request<String> {
    Request::get(format!("http://test{path}")).body(String::new()).unwrap()
}
