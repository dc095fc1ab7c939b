//! `errand smoke`
use std::{future::Future, process::ExitCode, time::Duration};

use anyhow::{Context as _, anyhow, ensure};
use clap::Args;
use http::{Method, StatusCode};
use kit_process::{client::Client, run::stop_signal};
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::{block_on, say};

/// How long it waits in all where it asks too often; as long again for the deletion, so that a user is not left behind.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to try.
#[derive(Args)]
pub(crate) struct Options {
    /// The edge.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    block_on(async {
        let (mut visitor, stopped) = (Visitor::new(&options.url)?, stop_signal()?);
        // However far it came: a registration whose answer was lost has made a user, too.
        let walked = tokio::select! {
            walked = visitor.walk() => walked,
            () = stopped => Err(anyhow!("it was told to stop")),
        };
        let outcomes = [walked, step("delete the user", visitor.leaves()).await];
        for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            say(&format!("FAILED  {error:#}"));
        }
        let well = outcomes.iter().all(Result::is_ok);
        Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// Someone new, who tries what everyone does.
struct Visitor {
    client: Client,
    credentials: Value,
    authorization: String,
    /// Until when it comes again where it asked too often.
    patient_until: Instant,
}

impl Visitor {
    fn new(url: &str) -> anyhow::Result<Self> {
        // Half of it is random: nobody guesses it while the user is there.
        let [name, password] = [(); 2].map(|()| Uuid::now_v7().simple());
        let email = format!("smoke-{name}@example.com");
        let credentials = json!({ "email": email, "password": format!("smoke-{password}") });
        let (client, authorization) = (Client::new(url)?, String::new());
        Ok(Self { client, credentials, authorization, patient_until: Instant::now() + PATIENCE })
    }

    async fn walk(&mut self) -> anyhow::Result<()> {
        step("register a user", self.registers()).await?;
        self.authorization = step("sign in", self.signs_in()).await?;
        let id = step("create a task", self.creates()).await?;
        let path = format!("/v1/tasks/{id}");
        step("read the task", self.reads(&path)).await?;
        step("list tasks", self.lists(&id)).await?;
        step("complete the task", self.completes(&path)).await?;
        step("delete the task", self.asks(Method::DELETE, &path, None)).await?;
        step("read the change feed", self.follows(&id)).await?;
        step("sign out", self.asks(Method::POST, "/v1/auth/logout", None)).await?;
        Ok(())
    }

    async fn registers(&self) -> anyhow::Result<()> {
        let mut account = self.credentials.clone();
        account["name"] = json!("Smoke");
        self.asks(Method::POST, "/v1/auth/register", Some(&account)).await.map(drop)
    }

    async fn signs_in(&self) -> anyhow::Result<String> {
        let tokens = self.asks(Method::POST, "/v1/auth/login", Some(&self.credentials)).await?;
        let token = tokens["access_token"].as_str().context("there is no access token")?;
        Ok(format!("Bearer {token}"))
    }

    /// Through a session of its own: the first has ended, or never began.
    async fn leaves(&mut self) -> anyhow::Result<()> {
        self.authorization.clear();
        self.patient_until += PATIENCE;
        self.authorization = self.signs_in().await?;
        let password = json!({ "password": self.credentials["password"] });
        self.asks(Method::DELETE, "/v1/me", Some(&password)).await.map(drop)
    }

    /// The new task's id.
    async fn creates(&self) -> anyhow::Result<String> {
        let task = json!({ "title": "See smoke" });
        let task = self.asks(Method::POST, "/v1/tasks", Some(&task)).await?;
        Ok(task["id"].as_str().context("it has no id")?.to_owned())
    }

    async fn reads(&self, path: &str) -> anyhow::Result<()> {
        let task = self.asks(Method::GET, path, None).await?;
        ensure!(task["title"] == "See smoke", "it is not what was created: {task}");
        Ok(())
    }

    async fn lists(&self, id: &str) -> anyhow::Result<()> {
        let page = self.asks(Method::GET, "/v1/tasks", None).await?;
        let mut listed = page["items"].as_array().into_iter().flatten();
        ensure!(listed.any(|task| task["id"] == id), "it is not in the list: {page}");
        Ok(())
    }

    async fn completes(&self, path: &str) -> anyhow::Result<()> {
        let task = self.asks(Method::POST, &format!("{path}/complete"), None).await?;
        ensure!(task["status"] == "completed", "it is not completed: {task}");
        Ok(())
    }

    async fn follows(&self, id: &str) -> anyhow::Result<()> {
        let page = self.asks(Method::GET, "/v1/changes?limit=100", None).await?;
        let changes = page["items"].as_array().into_iter().flatten();
        let operations: Vec<_> = changes
            .filter(|change| change["object_id"] == id)
            .filter_map(|change| change["operation"].as_str())
            .collect();
        ensure!(
            operations == ["create", "complete", "delete"],
            "it does not tell what happened: {page}"
        );
        Ok(())
    }

    async fn asks(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let authorization = ("authorization", self.authorization.as_str());
        let headers = if self.authorization.is_empty() { &[][..] } else { &[authorization][..] };
        loop {
            let reply = self.client.ask(method.clone(), path, headers, body).await?;
            // Nothing was done then: what is sent again is done once.
            let refused = reply.status == StatusCode::TOO_MANY_REQUESTS;
            match reply.retry_after.filter(|_| refused) {
                Some(pause) if Instant::now() + pause <= self.patient_until => {
                    tokio::time::sleep(pause).await;
                }
                _ => return reply.succeeded(),
            }
        }
    }
}

async fn step<T>(
    what: &'static str,
    doing: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let outcome = doing.await.context(what)?;
    say(&format!("ok      {what}"));
    Ok(outcome)
}
