//! A whole process, from its environment to its exit code.
mod reload;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use http::Request;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kit_base::request::TraceContext;
use kit_rpc::channel::Limits;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
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
        let address = |field: &str| listening[field].as_str().unwrap().parse().unwrap();
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
fn a_process_that_cannot_be_configured_names_every_fault_and_exits_64() {
    let bad =
        [("TEST_SIZE", "big"), ("LISTEN", "here"), ("DRAIN_DELAY", "5"), ("LOG_FORMAT", "xml")];
    for mode in ["check", "serve"] {
        let (_, said) = output(&[&bad[..], &[("MODE", mode)]].concat());
        for name in [
            "5 faults",
            "TEST_KEY must",
            "TEST_SIZE is",
            "LISTEN is",
            "DRAIN_DELAY is",
            "LOG_FORMAT is",
            "exit code 64",
        ] {
            assert!(said.contains(name), "{name} is not in {said}");
        }
    }
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

#[test]
fn a_good_configuration_is_shown_without_its_secrets() {
    let good = [("KEY", "hunter2"), ("MODE", "print"), ("PORT", "3000")];
    let (shown, said) = output(&good);
    assert!(said.contains("exit code 0"), "{said}");
    for line in [
        "KEY=[redacted]",
        "TEST_SIZE=3",
        "PORT=3000",
        "ADMIN_LISTEN=0.0.0.0:9090",
        "DRAIN_DELAY=5s",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} is not in {shown}");
    }
    assert!(!shown.contains("hunter2"));
}

#[test]
fn a_guard_without_files_or_names_is_a_fault() {
    let (_, said) = output(&[
        ("TEST_KEY", "x"),
        ("TLS_DIR", "/nowhere"),
        ("TLS_CLIENTS", ""),
        ("MODE", "check"),
    ]);
    for fault in
        ["TLS_DIR is \"/nowhere\"", "tls.crt cannot be read", "TLS_CLIENTS must", "code 64"]
    {
        assert!(said.contains(fault), "{fault} is not in {said}");
    }
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
    while !process.probe("/metrics").contains("errand_tls_refusals_total{reason=\"name\"}") {}
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

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_collector_that_is_gone_slows_neither_a_request_nor_the_end() {
    // It accepts, and never answers.
    let black_hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", black_hole.local_addr().unwrap());
    let traced = [("DRAIN_DELAY", "0s"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)];
    let process = Process::start(&traced);
    let mut client = process.client().await;
    let begun = Instant::now();
    for _ in 0..2000 {
        assert_eq!(client.send_request(get_request("/")).await.unwrap().status(), 200);
    }
    // One that waited for the collector would take its 2 s alone.
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    process.terminate();
    let (status, taken) = process.wait();
    assert!(status.success() && taken < Duration::from_secs(10), "{status} {taken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_collector_gets_the_spans_with_the_trace_of_their_caller() {
    let collector = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let process =
        Process::start(&[("DRAIN_DELAY", "0s"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let trace = TraceContext::random(true);
    let mut request = get_request("/");
    request.headers_mut().insert("traceparent", trace.header());
    assert_eq!(process.client().await.send_request(request).await.unwrap().status(), 200);
    process.terminate();
    let export = async {
        let (mut stream, _) = collector.accept().await.unwrap();
        let mut received = vec![];
        while !contains(&received, &trace.trace_id) {
            assert!(
                stream.read_buf(&mut received).await.unwrap() > 0,
                "{:?}",
                String::from_utf8_lossy(&received)
            );
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        received
    };
    let received = tokio::time::timeout(Duration::from_secs(5), export).await.unwrap();
    assert!(
        contains(&received, b"POST /v1/traces HTTP/1.1") && contains(&received, &trace.span_id)
    );
    assert!(process.wait().0.success());
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn get_request(path: &str) -> Request<String> {
    Request::get(format!("http://test{path}")).body(String::new()).unwrap()
}
