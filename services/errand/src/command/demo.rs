//! `errand demo`
mod script;

use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, bail};
use clap::Args;
use http::Method;
use kit_base::{Clock, Timestamp};
use kit_process::client::{Client, Reply};
use serde_json::{Value, json};
use uuid::Uuid;

use self::script::Step;
use super::{block_on, say};

/// Where, and for whom.
#[derive(Args)]
pub(crate) struct Options {
    /// The running process.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The user to make.
    #[arg(long, default_value = "demo@example.com")]
    email: String,
    /// The user's password; one is made up and shown when it is left out.
    #[arg(long)]
    password: Option<String>,
}

pub(crate) fn run(options: Options) -> ExitCode {
    block_on(async {
        let Options { url, email, password } = options;
        let password = password.unwrap_or_else(|| format!("demo-{}", Uuid::now_v7().simple()));
        let client = Client::new(&url)?;
        let token = sign_in(&client, &email, &password).await?;
        let demo = Demo { client, token, now: Clock::system().now() };
        let tasks = demo.seed().await?;
        say(&format!(
            "{email} has a project with {tasks} tasks; the password is\n\n  {password}\n"
        ));
        say(&format!(
            "Look at them:\n\n  curl {url}/v1/tasks -H 'authorization: Bearer {}'\n",
            demo.token
        ));
        say(&format!("or try the API at {url}/docs. The token is good for ten minutes."));
        Ok(ExitCode::SUCCESS)
    })
}

/// Makes the account unless it is there, and gives an access token.
async fn sign_in(client: &Client, email: &str, password: &str) -> anyhow::Result<String> {
    let account = json!({ "email": email, "password": password, "name": "Demo" });
    let registered = client.ask(Method::POST, "/v1/auth/register", &[], Some(&account)).await?;
    if !registered.status.is_success() && registered.status != 409 {
        bail!("the account could not be made: {}", registered.text());
    }
    let credentials = json!({ "email": email, "password": password });
    let reply = client.ask(Method::POST, "/v1/auth/login", &[], Some(&credentials)).await?;
    if reply.status == 401 {
        bail!("{email} is there already: give its password by --password, or another --email");
    }
    let token =
        reply.succeeded()?["access_token"].as_str().context("the login gave no token")?.to_owned();
    Ok(token)
}

/// Someone signed in, who seeds.
struct Demo {
    client: Client,
    token: String,
    now: Timestamp,
}

impl Demo {
    /// Makes what is not there yet and gives the number of tasks. What is there from an earlier run is left as it is.
    async fn seed(&self) -> anyhow::Result<usize> {
        let steps = script::steps();
        let project = id_of(0);
        self.creates("/v1/projects", &json!({ "id": project, "name": script::PROJECT })).await?;
        for (index, step) in steps.iter().enumerate() {
            let id = id_of(index + 1);
            let made = self.creates("/v1/tasks", &self.task(step, id, project)).await?;
            if made && step.done {
                let complete = format!("/v1/tasks/{id}/complete");
                self.asks(&complete, &format!("{id}-done"), None).await?.succeeded()?;
            }
        }
        Ok(steps.len())
    }

    fn task(&self, step: &Step, id: Uuid, project: Uuid) -> Value {
        let Step { title, description, priority, labels, due_in_days, at, below, done: _ } = step;
        let mut task = json!({ "id": id, "title": title, "description": description, "priority": priority, "labels": labels });
        match below {
            Some(parent) => task["parent_id"] = json!(id_of(parent + 1)),
            None => task["project_id"] = json!(project),
        }
        if let Some(days) = due_in_days {
            let day = self.day(*days);
            task["due"] = match at {
                Some(time) => json!({ "datetime": format!("{day}T{time}:00") }),
                None => json!({ "date": day }),
            };
        }
        task
    }

    /// The date so many days from now, in UTC.
    fn day(&self, days: u64) -> String {
        let moment = self.now.plus(Duration::from_secs(days * 24 * 3600)).to_string();
        moment.chars().take(10).collect()
    }

    /// True when it was made, false when it is there already.
    async fn creates(&self, path: &str, object: &Value) -> anyhow::Result<bool> {
        let key = object["id"].as_str().unwrap_or_default();
        let reply = self.asks(path, key, Some(object)).await?;
        let taken = reply.status == 409 && reply.json()["code"] == "ID_TAKEN";
        let used = reply.json()["code"] == "IDEMPOTENCY_KEY_REUSED";
        if taken || used {
            return Ok(false);
        }
        reply.succeeded().with_context(|| format!("{object}")).map(|_| true)
    }

    async fn asks(&self, path: &str, key: &str, body: Option<&Value>) -> anyhow::Result<Reply> {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        self.client.ask(Method::POST, path, &headers, body).await
    }
}

/// The same in every run, so that a second one finds what the first one made: a UUIDv7 (RFC 9562) of a fixed moment.
fn id_of(index: usize) -> Uuid {
    const MOMENT: u128 = 1_767_225_600_000;
    let index = u128::try_from(index).expect("a script has few steps");
    Uuid::from_u128((MOMENT << 80) | (0x7 << 76) | (0b10 << 62) | index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_version_7_and_differ() {
        assert_eq!(
            (id_of(1).get_version_num(), id_of(1).get_variant()),
            (7, uuid::Variant::RFC4122)
        );
        assert_ne!(id_of(1), id_of(2));
    }

    #[test]
    fn a_subtask_comes_after_what_it_is_part_of() {
        for (index, step) in script::steps().iter().enumerate() {
            assert!(step.below.is_none_or(|parent| parent < index), "{}", step.title);
        }
        assert!(script::steps().len() >= 20);
    }
}
