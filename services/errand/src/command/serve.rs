//! `errand serve`
use std::{net::SocketAddr, process::ExitCode, time::Duration};

use clap::Args;
use errand::Config;
use kit_base::Stop;
use kit_process::{
    Service,
    config::{Listen, Reader, reachable},
    run::Mode,
    telemetry::Format,
    telemetry::Telemetry,
};

use super::say;

const PORT: u16 = 8080;

/// What to do instead of serving.
#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct Options {
    /// Say whether the configuration can be used: exit code 0 or 64.
    #[arg(long)]
    check_config: bool,
    /// Show the configuration in effect, without secrets.
    #[arg(long)]
    print_config: bool,
}

impl Options {
    pub(crate) fn mode(&self) -> Mode {
        match (self.check_config, self.print_config) {
            (true, _) => Mode::CheckConfig,
            (_, true) => Mode::PrintConfig,
            _ => Mode::Serve,
        }
    }
}

pub(crate) fn run(mode: Mode) -> ExitCode {
    kit_process::run::process("errand", PORT, mode, read, |settings, clock| async move {
        let service = errand::build(settings.map(|(config, _)| config), clock).await?;
        let (_, front) = settings.now();
        Ok(match front {
            Some(front) => welcoming(service, front),
            None => service,
        })
    })
}

/// The settings, and where people find the service if it is people who read its log.
fn read(reader: &mut Reader<'_>) -> (Config, Option<Listen>) {
    let config = Config::read(reader);
    let (listen, telemetry): (Listen, Telemetry) = (reader.read(""), reader.read(""));
    (config, (telemetry.log_format == Format::Pretty).then_some(listen))
}

/// Says what to try next, once it can be tried.
fn welcoming(service: Service, front: Listen) -> Service {
    service.job("welcome", |stop: Stop| async move {
        let ready = async {
            while !kit_process::run::is_ready(front.admin_listen).await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        // Who stops it before has not to wait until it would have been ready.
        if stop.run_until_cancelled(ready).await.is_some() {
            say(&welcome(reachable(front.address(PORT))));
            stop.cancelled().await;
        }
    })
}

fn welcome(address: SocketAddr) -> String {
    let this = std::env::args().next().unwrap_or_else(|| "errand".to_owned());
    format!(
        r#"
Errand is ready at http://{address} — the API can be read and tried at http://{address}/docs

Next, in another terminal: a user with a project and twenty tasks,

  {this} demo --url http://{address}

or an account of your own:

  curl http://{address}/v1/auth/register -H 'content-type: application/json' \
    -d '{{"email": "you@example.com", "password": "correct horse battery staple"}}'
  curl http://{address}/v1/auth/login -H 'content-type: application/json' \
    -d '{{"email": "you@example.com", "password": "correct horse battery staple"}}'

README.md goes on from there. Ctrl-C stops it.
"#
    )
}
