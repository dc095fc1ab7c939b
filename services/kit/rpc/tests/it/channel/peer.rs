//! A gRPC server that can be killed, recycled and cut.
use std::{
    future::Future,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use http::{HeaderMap, Response};
use hyper::server::conn::http2::Builder;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Notify,
    task::JoinSet,
    time::timeout,
};
use tonic::Code;

/// A server on a loopback port; dropping it closes the port and all connections.
pub(crate) struct Peer {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
    recycle: Arc<Notify>,
    cut: Arc<Notify>,
    tasks: JoinSet<()>,
}

impl Peer {
    pub(crate) async fn start<F, A>(answer: F) -> Self
    where
        F: Fn(HeaderMap) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response<Body>> + Send + 'static,
    {
        Self::start_at("127.0.0.1:0".parse().unwrap(), answer).await
    }

    pub(crate) async fn start_at<F, A>(address: SocketAddr, answer: F) -> Self
    where
        F: Fn(HeaderMap) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response<Body>> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.unwrap();
        let mut peer = Self::closed(listener.local_addr().unwrap());
        let counter = peer.calls.clone();
        let router = Router::new().fallback(move |headers: HeaderMap| {
            counter.fetch_add(1, Ordering::Relaxed);
            answer(headers)
        });
        peer.tasks.spawn(accept(listener, router, peer.recycle.clone(), peer.cut.clone()));
        peer
    }

    /// One that accepts connections and says nothing.
    pub(crate) async fn silent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = Self::closed(listener.local_addr().unwrap());
        peer.tasks.spawn(async move {
            let mut held = vec![];
            while let Ok((stream, _)) = listener.accept().await {
                held.push(stream);
            }
        });
        peer
    }

    /// One that refuses the first `count` streams unread, and answers the others well.
    pub(crate) async fn refusing(count: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = Self::closed(listener.local_addr().unwrap());
        let calls = peer.calls.clone();
        peer.tasks.spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                if calls.fetch_add(1, Ordering::Relaxed) < count {
                    respond.send_reset(h2::Reason::REFUSED_STREAM);
                } else {
                    respond.send_response(grpc(Code::Ok).map(drop), true).unwrap();
                }
            }
        });
        peer
    }

    /// One whose host does not even complete connections: they stay unanswered, as behind a broken route.
    pub(crate) async fn unreachable() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let mut peer = Self::closed(listener.local_addr().unwrap());
        let mut held = vec![];
        // Until the queue of those that wait to be accepted is full.
        let patience = Duration::from_millis(50);
        while let Ok(stream) = timeout(patience, TcpStream::connect(peer.address)).await {
            held.push(stream.unwrap());
        }
        peer.tasks.spawn(async move {
            std::future::pending::<()>().await;
            drop((listener, held));
        });
        peer
    }

    /// An address that nobody listens on.
    pub(crate) async fn dead() -> Self {
        Self::closed(Self::silent().await.address)
    }

    fn closed(address: SocketAddr) -> Self {
        Self {
            address,
            calls: Arc::default(),
            recycle: Arc::default(),
            cut: Arc::default(),
            tasks: JoinSet::new(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many calls were seen.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Tells all connections that no further call is taken on them (GOAWAY).
    pub(crate) fn recycle(&self) {
        self.recycle.notify_waiters();
    }

    /// Breaks all connections off.
    pub(crate) fn cut(&self) {
        self.cut.notify_waiters();
    }
}

async fn accept(listener: TcpListener, router: Router, recycle: Arc<Notify>, cut: Arc<Notify>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (serving, cut) = (serve(stream, router.clone(), recycle.clone()), cut.clone());
        connections.spawn(async move {
            tokio::select! {
                () = serving => {}
                () = cut.notified() => {}
            }
        });
    }
}

async fn serve(stream: TcpStream, router: Router, recycle: Arc<Notify>) {
    stream.set_nodelay(true).unwrap();
    let service = TowerToHyperService::new(router);
    let connection =
        Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        () = recycle.notified() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// An answer without a message.
pub(crate) fn grpc(code: Code) -> Response<Body> {
    let status = (code as i32).to_string();
    let response = Response::builder()
        .header("content-type", "application/grpc")
        .header("grpc-status", status);
    response.body(Body::empty()).unwrap()
}
