//! `errand secrets`
mod cluster;
mod key;

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use anyhow::bail;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::{Args, Subcommand};
use ring::rand::{SecureRandom as _, SystemRandom};

use self::{
    cluster::{Cluster, Written},
    key::Key,
};
use super::{block_on, say};

/// What to do with secrets.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make the keys of a Kubernetes Secret that are not there yet, from inside a pod. What is there is never changed.
    Ensure(Options),
}

/// Which Secret, and what it has to hold.
#[derive(Args)]
pub(crate) struct Options {
    /// The name of the Secret; it is made when there is none.
    #[arg(long, value_name = "NAME")]
    secret: String,
    /// Its namespace; the pod's own by default.
    #[arg(long)]
    namespace: Option<String>,
    /// NAME=random, or NAME=text:TEXT where {OTHER} stands for the value of another key as a URL has it; may be repeated.
    #[arg(long = "key", value_name = "NAME=VALUE", required = true)]
    keys: Vec<Key>,
    /// A label for a Secret that is made; may be repeated.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// Where the token, the namespace and the API server's authority are.
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = "/var/run/secrets/kubernetes.io/serviceaccount"
    )]
    service_account: PathBuf,
}

/// How often it is begun anew when someone else has written meanwhile.
const TRIES: u32 = 5;

pub(crate) fn run(command: Command) -> ExitCode {
    let Command::Ensure(options) = command;
    block_on(async {
        let Options { secret, namespace, keys, labels, service_account } = options;
        let cluster = Cluster::of_this_pod(&service_account, namespace, secret)?;
        ensure(&cluster, &keys, &labels.into_iter().collect()).await?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn ensure(
    cluster: &Cluster,
    keys: &[Key],
    labels: &BTreeMap<String, String>,
) -> anyhow::Result<()> {
    for _ in 0..TRIES {
        let found = cluster.read().await?;
        let absent = BTreeMap::new();
        let present = found.as_ref().map_or(&absent, |found| &found.values);
        let made = key::absent(keys, present, random)?;
        let names = made.keys().cloned().collect::<Vec<_>>().join(", ");
        let (written, told) = match &found {
            Some(_) if made.is_empty() => (Written::Done, "it holds every key already".to_owned()),
            Some(found) => (cluster.add(&made, found).await?, format!("added {names}")),
            None => (cluster.create(&made, labels).await?, format!("made with {names}")),
        };
        if written == Written::Done {
            say(&format!("{cluster}: {told}"));
            return Ok(());
        }
        say(&format!("{cluster}: someone else has written it meanwhile; reading it again"));
    }
    bail!("{cluster}: others have written it {TRIES} times meanwhile")
}

/// A value that nobody can guess, which needs no escape in a URL, and which is a KEK.
fn random() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).expect("the system's generator does not fail");
    URL_SAFE_NO_PAD.encode(bytes)
}

fn label(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("a label is written NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
