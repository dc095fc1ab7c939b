//! The secrets of an installation, made from inside a pod by an API server.
mod server;

use std::{fs, process::Output};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kit_db::testing::Backend;

use self::server::{ApiServer, Next};
use crate::{
    app::alone,
    commands::{errand, said, succeeds},
    storage,
};

const KEYS: [&str; 3] = [
    "kek=random",
    "postgres-password=random",
    "auth-database-url=text:postgres://errand:{postgres-password}@db:5432/auth",
];

/// A pod with a service account beside the server.
struct Pod {
    server: ApiServer,
    variables: storage::Variables,
    folder: String,
}

impl Pod {
    async fn start() -> Self {
        let mut variables = storage::variables(Backend::Sqlite).await;
        let folder = variables.iter().find(|(name, _)| *name == "DATA_DIR").expect("a folder");
        let folder = folder.1.clone();
        let server = ApiServer::start().await;
        for (file, content) in
            [("token", "t0ken\n"), ("namespace", "suite"), ("ca.crt", server.authority.as_str())]
        {
            fs::write(format!("{folder}/{file}"), content).expect("a file of the account");
        }
        variables.push(("KUBERNETES_SERVICE_HOST", "127.0.0.1".to_owned()));
        variables.push(("KUBERNETES_SERVICE_PORT", server.port.to_string()));
        Self { server, variables, folder }
    }

    /// `errand secrets ensure` with these keys.
    fn ensures(&self, keys: &[&str]) -> Output {
        let account = ["--service-account", &self.folder, "--label", "app=errand"];
        let keys = keys.iter().flat_map(|key| ["--key", key]);
        let arguments = ["secrets", "ensure", "--secret", "errand-secrets"].into_iter();
        let arguments: Vec<_> = arguments.chain(account).chain(keys).collect();
        errand(&arguments, &self.variables)
    }

    fn value(&self, key: &str) -> String {
        let secret = self.server.secret().expect("a Secret");
        let value = secret["data"][key].as_str().expect("a value");
        String::from_utf8(STANDARD.decode(value).expect("base64")).expect("text")
    }
}

#[test]
fn a_secret_is_made_whole_and_left_alone_after() {
    alone(async {
        let pod = Pod::start().await;
        let output = succeeds(&pod.ensures(&KEYS));
        assert!(output.contains("suite/errand-secrets: made with auth-database-url, kek"));
        let secret = pod.server.secret().expect("a Secret");
        assert_eq!(
            (&secret["type"], &secret["metadata"]["labels"]["app"]),
            (&"Opaque".into(), &"errand".into())
        );
        let (kek, password) = (pod.value("kek"), pod.value("postgres-password"));
        assert_eq!(
            pod.value("auth-database-url"),
            format!("postgres://errand:{password}@db:5432/auth")
        );
        assert!(!output.contains(&kek) && !output.contains(&password) && kek != password);
        assert!(succeeds(&pod.ensures(&KEYS)).contains("it holds every key already"));
        assert_eq!(pod.server.secret(), Some(secret));

        let mut variables = pod.variables.clone();
        variables.retain(|(name, _)| *name != "KEK");
        variables.push(("KEK", kek));
        succeeds(&errand(&["serve", "--check-config"], &variables));
    });
}

#[test]
fn only_keys_that_are_absent_are_added() {
    alone(async {
        let pod = Pod::start().await;
        pod.server.holds("postgres-password", "p@ss");
        assert!(succeeds(&pod.ensures(&KEYS)).contains("added auth-database-url, kek\n"));
        assert_eq!(pod.value("postgres-password"), "p@ss");
        assert_eq!(pod.value("auth-database-url"), "postgres://errand:p%40ss@db:5432/auth");
        let kek = pod.value("kek");
        succeeds(&pod.ensures(&["kek=random", "more=text:x"]));
        assert_eq!((pod.value("kek"), pod.value("more")), (kek, "x".to_owned()));
    });
}

#[test]
fn whoever_was_faster_is_not_overwritten() {
    alone(async {
        for there_before in [false, true] {
            let pod = Pod::start().await;
            if there_before {
                pod.server.holds("other", "x");
            }
            pod.server.next(Next::SomeoneWrites("kek", "theirs"));
            let output = succeeds(&pod.ensures(&KEYS));
            assert!(output.contains("reading it again") && output.contains("added "), "{output}");
            assert_eq!(pod.value("kek"), "theirs");
            assert_eq!(pod.value("postgres-password").len(), 43);
        }
    });
}

#[test]
fn a_service_account_that_may_not_is_told_what_it_needs() {
    alone(async {
        let pod = Pod::start().await;
        pod.server.next(Next::Forbids);
        let output = pod.ensures(&KEYS);
        assert_eq!((output.status.code(), pod.server.secret()), (Some(1), None));
        let said = said(&output);
        assert!(said.contains("verbs get and patch on this Secret, and create"), "{said}");
        fs::write(format!("{}/token", pod.folder), "other").expect("a token");
        let output = pod.ensures(&KEYS);
        assert!(output.status.code() == Some(1) && pod.server.secret().is_none());
    });
}

#[test]
fn a_server_that_another_authority_vouches_for_is_not_spoken_to() {
    alone(async {
        let pod = Pod::start().await;
        let other = ApiServer::start().await;
        fs::write(format!("{}/ca.crt", pod.folder), &other.authority).expect("a certificate");
        let output = pod.ensures(&KEYS);
        assert!(output.status.code() == Some(1) && said(&output).contains("no TLS with"));
        assert_eq!(pod.server.secret(), None);
    });
}

#[test]
fn outside_of_a_pod_it_says_so() {
    let output = errand(&["secrets", "ensure", "--secret", "x", "--key", "k=random"], &vec![]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("KUBERNETES_SERVICE_HOST"), "{}", said(&output));
}
