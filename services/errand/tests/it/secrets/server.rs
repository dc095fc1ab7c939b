//! An API server over TLS that keeps one Secret, as Kubernetes' own would.
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

const ALL: &str = "/api/v1/namespaces/suite/secrets";
const ONE: &str = "/api/v1/namespaces/suite/secrets/errand-secrets";

/// What becomes of the next write.
pub(crate) enum Next {
    /// Another client writes this key before it.
    SomeoneWrites(&'static str, &'static str),
    Forbids,
}

#[derive(Default)]
struct State {
    secret: Option<Value>,
    version: u32,
    next: Option<Next>,
}

pub(crate) struct ApiServer {
    pub(crate) port: u16,
    /// The certificate that vouches for it, as PEM.
    pub(crate) authority: String,
    state: Arc<Mutex<State>>,
}

impl ApiServer {
    pub(crate) async fn start() -> Self {
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a key");
        let authority = own.cert.pem();
        let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.into()], key)
            .expect("a certificate");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let state = Arc::new(Mutex::new(State::default()));
        let served = state.clone();
        kit_base::work::detach(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that does not trust it leaves here.
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let answer = service_fn(|request| answer(served.clone(), request));
                _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
            }
        });
        Self { port, authority, state }
    }

    pub(crate) fn secret(&self) -> Option<Value> {
        self.state.lock().expect("the state").secret.clone()
    }

    pub(crate) fn next(&self, next: Next) {
        self.state.lock().expect("the state").next = Some(next);
    }

    /// Puts a value in, as someone else would.
    pub(crate) fn holds(&self, key: &str, value: &str) {
        self.state.lock().expect("the state").put(key, value);
    }
}

impl State {
    fn put(&mut self, key: &str, value: &str) {
        let data = json!({ key: STANDARD.encode(value) });
        let empty = json!({ "metadata": {}, "data": {} });
        self.secret.get_or_insert(empty);
        self.merge(data.as_object().expect("an object"));
    }

    fn merge(&mut self, data: &Map<String, Value>) {
        let secret = self.secret.as_mut().expect("a Secret");
        let all = secret["data"].as_object_mut().expect("its data");
        all.extend(data.clone());
        self.stamp();
    }

    fn stamp(&mut self) {
        self.version += 1;
        let version = self.version.to_string();
        self.secret.as_mut().expect("a Secret")["metadata"]["resourceVersion"] = version.into();
    }

    fn write(&mut self, request: &http::request::Parts, body: &Value) -> (u16, Value) {
        match self.next.take() {
            Some(Next::SomeoneWrites(key, value)) => self.put(key, value),
            Some(Next::Forbids) => return refused(403, "secrets is forbidden"),
            None => {}
        }
        let data = body["data"].as_object().expect("data");
        match (&request.method, request.uri.path(), &self.secret) {
            (&Method::POST, ALL, Some(_)) => refused(409, "it exists already"),
            (&Method::POST, ALL, None) => {
                self.secret = Some(body.clone());
                self.stamp();
                (201, body.clone())
            }
            (&Method::PATCH, ONE, Some(secret)) => {
                assert_eq!(request.headers["content-type"], "application/merge-patch+json");
                if body["metadata"]["resourceVersion"] != secret["metadata"]["resourceVersion"] {
                    return refused(409, "the object has been modified");
                }
                self.merge(data);
                (200, json!({}))
            }
            _ => refused(404, "not found"),
        }
    }
}

fn refused(code: u16, message: &str) -> (u16, Value) {
    (code, json!({ "kind": "Status", "code": code, "message": message }))
}

async fn answer(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (request, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let mut state = state.lock().expect("the state");
    let known = request.headers.get("authorization").is_some_and(|given| given == "Bearer t0ken");
    let (code, answer) = match (known, &request.method, &state.secret) {
        (false, ..) => refused(401, "Unauthorized"),
        (true, &Method::GET, Some(secret)) if request.uri.path() == ONE => (200, secret.clone()),
        (true, &Method::GET, _) => refused(404, "not found"),
        (true, ..) => {
            let body = serde_json::from_slice(&body).expect("JSON");
            state.write(&request, &body)
        }
    };
    let response = Response::builder().status(code).body(Full::from(answer.to_string()));
    Ok(response.expect("a response"))
}
