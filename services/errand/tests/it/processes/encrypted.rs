//! Services that prove to each other who they are.
use std::{
    fs,
    path::{Path, PathBuf},
};

use kit_base::testing::eventually;
use kit_db::testing::Backend;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::json;

use super::{
    fleet::{Fleet, folder_of},
    heavy,
    process::Process,
};
use crate::{
    feed::Copy,
    storage::{self, Variables},
    user::{User, path_of},
};

/// An authority, and the folder in which it leaves what it issues.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    fn new(folder: &Path) -> Self {
        let mut params = CertificateParams::new(vec![]).expect("no names");
        params.distinguished_name.push(DnType::CommonName, "authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        Self { issuer, folder: folder.to_owned() }
    }

    /// The folder with a certificate of that service, whose host is this machine.
    fn issues(&self, service: &str) -> String {
        let folder = self.folder.join(format!("{service}-tls"));
        let names = vec![format!("errand-{service}"), "localhost".to_owned()];
        let (params, key) = (CertificateParams::new(names), KeyPair::generate().expect("a key"));
        let signed = params.expect("names").signed_by(&key, &self.issuer).expect("a certificate");
        fs::create_dir_all(&folder).expect("a folder");
        let files = [
            ("tls.crt", signed.pem()),
            ("tls.key", key.serialize_pem()),
            ("ca.crt", self.issuer.pem()),
        ];
        for (name, content) in files {
            fs::write(folder.join(name), content).expect("a file");
        }
        folder.display().to_string()
    }

    /// The settings of a service that shows itself with such a certificate.
    fn settings(&self, service: &str) -> Variables {
        let clients = "errand-gateway,errand-tasks".to_owned();
        vec![("TLS_DIR", self.issues(service)), ("TLS_CLIENTS", clients)]
    }
}

/// The URL of the first of them, by the name that is in its certificate.
fn encrypted(processes: &[Process]) -> String {
    processes[0].address.replace("http://127.0.0.1", "https://localhost")
}

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn services_that_know_each_other_serve_and_a_stranger_gets_nothing() {
    heavy(async {
        let shared = storage::variables(Backend::Postgres).await;
        let folder = folder_of(&shared);
        let authority = Authority::new(&folder);
        let fleet =
            Fleet::start_with(&shared, [1, 1, 1], |service| authority.settings(service), encrypted)
                .await;
        a_session_works(&fleet).await;
        let auth = &fleet.processes[0];
        let known = authority.settings("stranger");
        let strangers = [("name", encrypted(&fleet.processes)), ("protocol", auth.address.clone())];
        for (reason, url) in strangers {
            let mut variables = storage::for_service("gateway", &shared);
            variables.extend([("AUTH_URL", url), ("TASKS_URL", "http://127.0.0.1:1".to_owned())]);
            variables.extend(known.clone());
            let stranger =
                Process::start("gateway", &format!("stranger-{reason}"), &folder, variables);
            is_refused(auth, reason).await;
            assert!(!stranger.is_ready().await, "it has got keys: {reason}");
        }
        a_session_works(&fleet).await;
    });
}

async fn a_session_works(fleet: &Fleet) {
    let user = User::joins(&fleet.edges()[0], "alice").await;
    let task = user.creates("Ship it").await;
    user.patch(&path_of(&task), &json!({ "title": "Shipped" })).await.expect(200);
    assert_eq!(user.reads(&path_of(&task)).await["title"], "Shipped");
    assert_eq!(user.reads_all("/v1/tasks").await.len(), 1);
    let mut copy = Copy::default();
    copy.catches_up(&user).await;
    copy.equals_what(&user).await;
}

/// Waits until the process says that it refused somebody for this reason.
async fn is_refused(process: &Process, reason: &str) {
    let reason = format!("\"errand.reason\":\"{reason}\"");
    let said = |line: &str| line.contains("a connection was refused") && line.contains(&reason);
    eventually(&reason, async || process.log().lines().any(said)).await;
}
