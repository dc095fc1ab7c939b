use std::sync::Arc;

use futures_util::future::join_all;
use kit_base::testing::eventually;
use kit_process::config::Period;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;
use tonic_types::StatusExt as _;

use super::*;
use crate::serve::closed;

#[tokio::test]
async fn a_good_certificate_for_another_name_is_refused() {
    let authority = Authority::new("one");
    let own = Folder::holding(&authority.issues("localhost"), &[&authority]);
    let server = guarded(&own, quick()).await;
    for name in ["stranger", "*.edge", "edge.example.org"] {
        let before = refused("name");
        let stranger = Folder::holding(&authority.issues(name), &[&authority]);
        let status = call(&channel(&server, &stranger), "GetThing").await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{name}");
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "PEER_UNAVAILABLE");
        assert!(refused("name") > before, "{name}");
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let (authority, other) = (Authority::new("one"), Authority::new("other"));
    let own = Folder::holding(&authority.issues("localhost"), &[&authority]);
    let server = guarded(&own, quick()).await;
    let before = refused("certificate");
    let forged = Folder::holding(&other.issues("edge"), &[&authority]);
    assert_eq!(code(&channel(&server, &forged), "GetThing").await, Code::Unavailable);
    assert!(refused("certificate") > before);
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let authority = Authority::new("one");
    let certificate = authority.issues("localhost");
    let own = Folder::holding(&certificate, &[&authority]);
    let server = guarded(&own, quick()).await;
    let mut roots = RootCertStore::empty();
    let trusted = std::fs::read(format!("{}/ca.crt", own.path())).unwrap();
    roots.add(CertificateDer::from_pem_slice(&trusted).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let before = refused("certificate");
    let mut stream = connector.connect(name, server.connect().await).await.unwrap();
    let error = stream.read(&mut [0]).await.unwrap_err();
    assert!(error.to_string().contains("CertificateRequired"), "{error}");
    assert!(refused("certificate") > before);
}

#[tokio::test]
async fn plain_text_is_refused() {
    let authority = Authority::new("one");
    let own = Folder::holding(&authority.issues("localhost"), &[&authority]);
    let server = guarded(&own, quick()).await;
    let before = refused("protocol");
    let url = format!("http://{}", server.address);
    let plain = remote("things", &url, None, Limits::default()).unwrap();
    assert_eq!(code(&plain, "GetThing").await, Code::Unavailable);
    assert!(refused("protocol") > before);
}

#[tokio::test]
async fn a_server_that_is_not_the_host_of_the_url_is_refused_by_its_client() {
    let authority = Authority::new("one");
    let edge = Folder::holding(&authority.issues("edge"), &[&authority]);
    for (issuer, name) in [(&authority, "other.host"), (&Authority::new("other"), "localhost")] {
        let own = Folder::holding(&issuer.issues(name), &[&authority]);
        let server = guarded(&own, quick()).await;
        let before = refused("client");
        assert_eq!(code(&channel(&server, &edge), "GetThing").await, Code::Unavailable);
        eventually("the refusal is counted", async || refused("client") > before).await;
    }
}

#[tokio::test]
async fn a_handshake_that_stalls_holds_nobody_up_and_has_an_end() {
    let authority = Authority::new("one");
    let own = Folder::holding(&authority.issues("localhost"), &[&authority]);
    let edge = Folder::holding(&authority.issues("edge"), &[&authority]);
    // Long enough that the others are served meanwhile.
    let limits = serve::Limits { first_byte_timeout: Period::from_secs(2), ..quick() };
    let server = guarded(&own, limits).await;
    let mut stalled = join_all((0..50).map(|_| server.connect())).await;
    for stream in &mut stalled {
        // How the record of a ClientHello begins.
        stream.write_all(&[0x16, 3, 1]).await.unwrap();
    }
    let before = refused("time");
    assert_eq!(code(&channel(&server, &edge), "GetThing").await, Code::Ok);
    assert_eq!(refused("time"), before, "it waited for those that stall");
    join_all(stalled.iter_mut().map(closed)).await;
    assert!(refused("time") >= before + 50);
}
