//! Asks a running process whether it takes requests, for probes.
use std::{net::SocketAddr, process::ExitCode};

use http::Method;

use super::command::{command, say};
use crate::{
    client::{Client, Reply},
    config::{Environment, Listen, load, reachable},
};

/// The whole command: exit code 0 when the process takes requests, and 1 when it does not. `admin_url` is its admin port, the
/// one that `ADMIN_LISTEN` names when it is left out.
pub fn health(name: &str, admin_url: Option<&str>) -> ExitCode {
    command(name, async {
        let reply = health_of(admin_url).await?;
        say(reply.text().trim_end());
        Ok(if reply.status.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// What the process says of itself, check by check.
///
/// # Errors
/// When it does not answer.
pub async fn health_of(admin_url: Option<&str>) -> anyhow::Result<Reply> {
    let client = match admin_url {
        Some(url) => Client::new(url)?,
        None => {
            let listen: Listen = load(&Environment::process(), |reader| reader.read(""))?.settings;
            client(listen.admin_listen)?
        }
    };
    readiness(&client).await
}

/// Whether the process behind that admin port takes requests.
pub async fn is_ready(admin: SocketAddr) -> bool {
    let Ok(client) = client(admin) else { return false };
    readiness(&client).await.is_ok_and(|reply| reply.status.is_success())
}

fn client(admin: SocketAddr) -> anyhow::Result<Client> {
    Client::new(&format!("http://{}", reachable(admin)))
}

async fn readiness(client: &Client) -> anyhow::Result<Reply> {
    client.ask(Method::GET, "/readyz?verbose", &[], None).await
}
