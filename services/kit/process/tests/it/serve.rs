//! The server loop against clients that behave and clients that do not.
mod clients;
mod drain;
mod rest;
mod taking;
mod turning;
mod unread;

use std::{net::SocketAddr, time::Duration};

use axum::{Router, body::Body, routing::get};
use futures_util::stream;
use http::{Request, Response, header::CONTENT_TYPE};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use kit_base::Stop;
use kit_process::{Service, config::Period, serve::Limits};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

/// Longer than anything here may take.
const LONG: Duration = Duration::from_secs(8);

/// A server of its own for one test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Stop,
    served: JoinHandle<()>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        Self::serve(Service::http("test", router()), limits).await
    }

    pub(crate) async fn serve(service: Service, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), Stop::new());
        let stopped = stop.clone();
        let served = kit_base::work::detach(async move {
            kit_process::serve::serve(service, listener, &limits, stopped).await.unwrap()
        });
        Self { address, stop, served }
    }

    /// A connection that has had an answer.
    async fn known(&self) -> TcpStream {
        let mut stream = self.connect().await;
        ask(&mut stream, "/").await;
        assert!(!read_until(&mut stream, "hello").await.contains("connection: close"));
        stream
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Tells it to stop, and gives how long that took.
    async fn stop(self) -> Duration {
        let begun = Instant::now();
        self.stop.cancel();
        timeout(LONG, self.served).await.unwrap().unwrap();
        begun.elapsed()
    }
}

fn router() -> Router {
    let slow = async || {
        sleep(Duration::from_millis(300)).await;
        "slow"
    };
    let ticks = |count: u32| async move {
        let next = move |tick: u32| async move {
            sleep(Duration::from_millis(50)).await;
            (tick < count).then(|| (Ok::<_, std::io::Error>(format!("{tick};")), tick + 1))
        };
        Body::from_stream(stream::unfold(0, next))
    };
    Router::new()
        .route("/", get(async || "hello"))
        .route("/slow", get(slow))
        .route("/ticks", get(move || ticks(10)))
        .route("/for-ever", get(move || ticks(u32::MAX)))
        .route(
            "/events",
            get(move || async move { ([(CONTENT_TYPE, "text/event-stream")], ticks(20).await) }),
        )
        .route(
            "/endless-events",
            get(move || async move { ([(CONTENT_TYPE, "text/event-stream")], ticks(u32::MAX).await) }),
        )
        .route(
            "/messages",
            get(move || async move { ([(CONTENT_TYPE, "application/grpc")], ticks(20).await) }),
        )
}

/// Limits of milliseconds, where the product has seconds.
pub(crate) fn quick() -> Limits {
    Limits {
        first_byte_timeout: Period::from_millis(300),
        header_timeout: Period::from_millis(300),
        drain_delay: Period::from_millis(0),
        drain_timeout: Period::from_secs(2),
        ..Limits::default()
    }
}

async fn ask(stream: &mut TcpStream, path: &str) {
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n").as_bytes())
        .await
        .unwrap();
}

/// Reads until `end` has come; panics if the connection ends before.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 1024]);
    while !text.contains(end) {
        let read = timeout(LONG, stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(read > 0, "the connection ended after {text:?}");
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    text
}

/// Waits until the server closes the connection; gives how long that took.
pub(crate) async fn closed(stream: &mut TcpStream) -> Duration {
    let (begun, mut rest) = (Instant::now(), vec![]);
    // Whether by FIN or by RST does not matter here.
    _ = timeout(LONG, stream.read_to_end(&mut rest)).await.unwrap();
    begun.elapsed()
}

type Http2 = hyper::client::conn::http2::SendRequest<String>;

async fn http2(server: &Server) -> (Http2, JoinHandle<()>) {
    let io = TokioIo::new(server.connect().await);
    let (client, driver) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    (client, kit_base::work::detach(async move { driver.await.unwrap() }))
}

fn to(server: &Server, path: &str) -> Request<String> {
    Request::get(format!("http://{}{path}", server.address)).body(String::new()).unwrap()
}

async fn text(response: Response<Incoming>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().into()).unwrap()
}

async fn get_http2(client: &mut Http2, path: &str) -> hyper::Result<String> {
    let request = Request::get(format!("http://test{path}")).body(String::new()).unwrap();
    Ok(text(client.send_request(request).await?).await)
}
