//! Two processes that have to prove to each other who they are.
mod replacement;
mod strangers;

use axum::{Router, routing::any};
use kit_process::{Service, serve};
use kit_rpc::{
    GrpcChannel,
    channel::{Limits, remote},
    tls::Guard,
};
use tonic::{Code, service::Routes};

use crate::{
    authority::{Authority, Folder},
    call::{call, code, grpc},
    serve::{Server, quick},
};

fn things() -> Routes {
    Router::new().route("/things.v1.ThingService/{rpc}", any(async || grpc(Code::Ok))).into()
}

/// A server that shows itself as `folder` says and lets `edge` in.
async fn guarded(folder: &Folder, limits: serve::Limits) -> Server {
    let guard = Guard::new(folder.identity().unwrap(), &["edge".to_owned()]);
    let service = Service::grpc("test", things(), None).guarded_by(guard);
    Server::serve(service, limits).await
}

/// The channel to `server` under the host name `localhost`, of a process that shows itself as `folder` says.
fn channel(server: &Server, folder: &Folder) -> GrpcChannel {
    let url = format!("https://localhost:{}", server.address.port());
    remote("things", &url, folder.identity(), Limits::default()).unwrap()
}

/// How many connections were refused for this reason, in all tests.
fn refused(reason: &str) -> u64 {
    counted(&format!("errand_tls_refusals_total{{reason=\"{reason}\"}}"))
}

fn counted(metric: &str) -> u64 {
    let text = kit_base::metrics::text();
    let value = text.lines().find_map(|line| line.strip_prefix(metric)).map(str::trim);
    value.map_or(0, |value| value.parse().unwrap())
}

#[tokio::test]
async fn a_client_on_the_list_is_served_under_the_name_of_the_url() {
    let authority = Authority::new("one");
    // For the name alone, not for the address that it is reached at.
    let own = Folder::holding(&authority.issues("localhost"), &[&authority]);
    let edge = Folder::holding(&authority.issues("edge"), &[&authority]);
    let server = guarded(&own, quick()).await;
    let channel = channel(&server, &edge);
    for _ in 0..3 {
        assert_eq!(code(&channel, "GetThing").await, Code::Ok);
    }
}

#[tokio::test]
async fn https_needs_an_identity_and_http_does_without_one_that_is_there() {
    assert!(remote("things", "http://a:1,https://b:2", None, Limits::default()).is_err());
    let authority = Authority::new("one");
    let edge = Folder::holding(&authority.issues("edge"), &[&authority]);
    let plain = Server::serve(Service::grpc("test", things(), None), quick()).await;
    let url = format!("http://{}", plain.address);
    let channel = remote("things", &url, edge.identity(), Limits::default()).unwrap();
    assert_eq!(code(&channel, "GetThing").await, Code::Ok);
}
