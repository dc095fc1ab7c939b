//! The life of a process: configure, assemble, serve, drain, gone.
mod chassis;
mod command;
mod files;
mod health;
mod life;
mod migrate;
mod mode;
mod port;
mod reload;

use std::{
    future::{Future, Ready},
    io::Write as _,
    process::ExitCode,
};

pub use self::{
    chassis::Chassis,
    command::{command, say},
    health::{health, health_of, is_ready},
    life::stop_signal,
    migrate::migrate,
    mode::Mode,
    port::Port,
};
use self::{mode::Asked, reload::Reload};
use crate::{
    config::{self, Environment, Live, Loaded, Reader, Settings, Source},
    service::Service,
};
use kit_base::clock::Clock;

/// What a process is started with that keeps nothing.
type NoSchema<C> = fn(&C) -> Ready<anyhow::Result<()>>;

/// The whole life of a process of one service: `fn main() -> ExitCode { kit::run("gateway", 8080, gateway::build) }`.
pub fn run<C, F>(
    name: &'static str,
    port: impl Into<Port>,
    build: impl FnOnce(Live<C>, Clock) -> F,
) -> ExitCode
where
    C: Settings + Clone + Send + Sync + 'static,
    F: Future<Output = anyhow::Result<Service>>,
{
    as_asked(name, port, build, None::<NoSchema<C>>)
}

/// The same for a service that keeps its own in a database, with what brings the schema there up to date.
pub fn run_with_schema<C, F>(
    name: &'static str,
    port: impl Into<Port>,
    build: impl FnOnce(Live<C>, Clock) -> F,
    apply: impl AsyncFn(&C) -> anyhow::Result<()>,
) -> ExitCode
where
    C: Settings + Clone + Send + Sync + 'static,
    F: Future<Output = anyhow::Result<Service>>,
{
    as_asked(name, port, build, Some(apply))
}

fn as_asked<C, F>(
    name: &'static str,
    port: impl Into<Port>,
    build: impl FnOnce(Live<C>, Clock) -> F,
    apply: Option<impl AsyncFn(&C) -> anyhow::Result<()>>,
) -> ExitCode
where
    C: Settings + Clone + Send + Sync + 'static,
    F: Future<Output = anyhow::Result<Service>>,
{
    match (mode::from_arguments(name, apply.is_some()), apply) {
        (Err(code), _) => code,
        (Ok(Asked::Health(admin_url)), _) => health(name, admin_url.as_deref()),
        (Ok(Asked::Migrate), Some(apply)) => {
            match config::load(&Environment::process(), |reader| reader.read("")) {
                Ok(Loaded { settings, .. }) => command(name, async {
                    migrate(name, async || apply(&settings).await).await?;
                    Ok(ExitCode::SUCCESS)
                }),
                Err(faults) => refuse(name, &faults),
            }
        }
        (Ok(Asked::Migrate), None) => unreachable!("it was asked with a schema alone"),
        (Ok(Asked::Process(mode)), _) => process(name, port, mode, |reader| reader.read(""), build),
    }
}

/// The same for a process whose settings come in several parts, and which has read its own arguments. `read` is called again
/// whenever the configuration file changes.
pub fn process<C, F>(
    name: &'static str,
    port: impl Into<Port>,
    mode: Mode,
    read: impl Fn(&mut Reader<'_>) -> C + Send + 'static,
    build: impl FnOnce(Live<C>, Clock) -> F,
) -> ExitCode
where
    C: Clone + Send + Sync + 'static,
    F: Future<Output = anyhow::Result<Service>>,
{
    let port = port.into();
    let read = move |reader: &mut Reader<'_>| (chassis(reader, port), read(reader));
    let source = Source::of_process();
    let environment = source.environment();
    let Loaded { settings: (chassis, settings), values, reloaded } =
        match config::load(&environment, &read) {
            Ok(loaded) => loaded,
            Err(faults) => return refuse(name, &faults),
        };
    match mode {
        Mode::Serve => {
            let (publisher, settings) = Live::published(settings);
            let log_level = chassis.telemetry.log_level.clone();
            let reload =
                Reload { source, environment, values, reloaded, log_level, read, publisher };
            let build = |clock| build(settings, clock);
            life::start(name, port.number(), &chassis, build, reload.follow())
        }
        Mode::CheckConfig => ExitCode::SUCCESS,
        Mode::PrintConfig => print(&values),
    }
}

fn chassis(reader: &mut Reader<'_>, port: Port) -> Chassis {
    Chassis {
        listen: reader.read(""),
        limits: reader.read(""),
        telemetry: reader.read(""),
        entry: reader.read(""),
        admission: port.is_grpc().then(|| reader.read("")),
    }
}

/// Says on standard error why a process cannot start with its configuration.
pub fn refuse(name: &str, faults: &config::Faults) -> ExitCode {
    _ = writeln!(std::io::stderr(), "{name}: {faults}");
    ExitCode::from(config::EXIT_CODE)
}

fn print(values: &[(String, String)]) -> ExitCode {
    let lines: String = values.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    match std::io::stdout().write_all(lines.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
