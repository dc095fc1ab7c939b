//! One Secret of the cluster that this pod is in, by the API server.
use std::{collections::BTreeMap, fmt, fs, path::Path};

use anyhow::{Context as _, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use kit_process::{
    Settings,
    client::{Client, Reply},
    config::{Environment, load},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Where the API server is; Kubernetes announces it to every pod.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Announced {
    kubernetes_service_host: String,
    kubernetes_service_port: u16,
}

impl Settings for Announced {
    fn faults(&self) -> Vec<String> {
        let missing = self.kubernetes_service_host.is_empty() || self.kubernetes_service_port == 0;
        let fault = "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be set, as they are in every pod: run this in one";
        missing.then(|| fault.to_owned()).into_iter().collect()
    }
}

/// The Secret, found.
pub(super) struct Found {
    /// Every key, decoded.
    pub(super) values: BTreeMap<String, Vec<u8>>,
    resource_version: String,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Done,
    /// Someone else was faster.
    Conflict,
}

/// The Secret's place.
pub(super) struct Cluster {
    client: Client,
    authorization: String,
    namespace: String,
    name: String,
}

impl fmt::Display for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret {}/{}", self.namespace, self.name)
    }
}

impl Cluster {
    /// Speaks as the service account whose files lie in that folder.
    pub(super) fn of_this_pod(
        folder: &Path,
        namespace: Option<String>,
        name: String,
    ) -> anyhow::Result<Self> {
        let read = |file: &str| {
            let path = folder.join(file);
            fs::read_to_string(&path).with_context(|| {
                format!("{} (is the service account's token mounted?)", path.display())
            })
        };
        let Announced { kubernetes_service_host: host, kubernetes_service_port: port } =
            load(&Environment::process(), |reader| reader.read(""))?.settings;
        // An address of IPv6 is announced without brackets.
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let client =
            Client::trusting(&format!("https://{host}:{port}"), read("ca.crt")?.as_bytes())
                .context("the API server")?;
        let authorization = format!("Bearer {}", read("token")?.trim());
        let namespace = match namespace {
            Some(namespace) => namespace,
            None => read("namespace")?.trim().to_owned(),
        };
        let plain = |text: &str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
            !text.is_empty() && text.bytes().all(allowed)
        };
        ensure!(plain(&name) && plain(&namespace), "{namespace}/{name} names no Secret");
        Ok(Self { client, authorization, namespace, name })
    }

    /// The Secret as it is, none when there is none.
    pub(super) async fn read(&self) -> anyhow::Result<Option<Found>> {
        let reply = self.ask(Method::GET, "application/json", None).await?;
        match reply.status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => self.read_secret(&reply.json()).map(Some),
            _ => self.refused("read", &reply),
        }
    }

    /// Makes it.
    pub(super) async fn create(
        &self,
        values: &BTreeMap<String, String>,
        labels: &BTreeMap<String, String>,
    ) -> anyhow::Result<Written> {
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": { "name": self.name, "labels": labels },
            "data": encoded(values),
        });
        let reply = self.ask(Method::POST, "application/json", Some(&secret)).await?;
        match reply.status {
            StatusCode::CONFLICT => Ok(Written::Conflict),
            status if status.is_success() => Ok(Written::Done),
            _ => self.refused("create", &reply),
        }
    }

    /// Adds values to it, if it is still as it was found: the server compares the version.
    pub(super) async fn add(
        &self,
        values: &BTreeMap<String, String>,
        found: &Found,
    ) -> anyhow::Result<Written> {
        let patch = json!({
            "metadata": { "resourceVersion": found.resource_version },
            "data": encoded(values),
        });
        let reply = self.ask(Method::PATCH, "application/merge-patch+json", Some(&patch)).await?;
        match reply.status {
            // Or it is gone by now.
            StatusCode::CONFLICT | StatusCode::NOT_FOUND => Ok(Written::Conflict),
            status if status.is_success() => Ok(Written::Done),
            _ => self.refused("patch", &reply),
        }
    }

    async fn ask(
        &self,
        method: Method,
        content_type: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Reply> {
        let Self { client, authorization, namespace, name } = self;
        let all = format!("/api/v1/namespaces/{namespace}/secrets");
        let path = if method == Method::POST { all } else { format!("{all}/{name}") };
        let headers = [
            ("authorization", authorization.as_str()),
            ("accept", "application/json"),
            ("content-type", content_type),
        ];
        client.ask(method, &path, &headers, body).await.context("the API server")
    }

    fn read_secret(&self, secret: &Value) -> anyhow::Result<Found> {
        let absent = Map::new();
        let data = secret["data"].as_object().unwrap_or(&absent);
        let value = |(name, value): (&String, &Value)| {
            let value = value.as_str().and_then(|value| STANDARD.decode(value).ok());
            value.map(|value| (name.clone(), value))
        };
        let values: Option<_> = data.iter().map(value).collect();
        let version = secret["metadata"]["resourceVersion"].as_str();
        let (Some(values), Some(version)) = (values, version) else {
            bail!("{self}: the API server's answer is no Secret")
        };
        Ok(Found { values, resource_version: version.to_owned() })
    }

    /// What to do about a refusal.
    fn refused<T>(&self, verb: &str, reply: &Reply) -> anyhow::Result<T> {
        let (status, answer) = (reply.status, reply.json());
        let said = answer["message"].as_str().unwrap_or("it gave no reason");
        match status {
            StatusCode::FORBIDDEN => bail!(
                "{self}: this pod's service account may not {verb} it. It needs a Role with the verbs get and patch on this \
                 Secret, and create on secrets. The API server said: {said}"
            ),
            StatusCode::UNAUTHORIZED => {
                bail!("{self}: the API server does not accept the service account's token: {said}")
            }
            _ => bail!("{self}: the API server refused to {verb} it with {status}: {said}"),
        }
    }
}

fn encoded(values: &BTreeMap<String, String>) -> BTreeMap<&String, String> {
    values.iter().map(|(name, value)| (name, STANDARD.encode(value))).collect()
}
