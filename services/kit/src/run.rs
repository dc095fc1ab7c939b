//! The life of a process: configure, assemble, serve, drain, gone.
mod life;
mod mode;
mod port;

use std::{future::Future, io::Write as _, process::ExitCode};

pub use self::{mode::Mode, port::Port};
use crate::{
    clock::Clock,
    config::{self, Environment, Listen, Loaded, Reader, Settings},
    serve::Limits,
    service::Service,
    telemetry::Telemetry,
    tls::Admission,
};

/// What every process reads beside the settings of its service.
#[derive(Clone, Debug)]
pub struct Chassis {
    /// Where it listens.
    pub listen: Listen,
    /// Its clocks and bounds.
    pub limits: Limits,
    /// What it tells about itself.
    pub telemetry: Telemetry,
    /// Whom it lets in, if it serves gRPC.
    pub admission: Option<Admission>,
}

/// The whole life of a process of one service: `fn main() -> ExitCode { kit::run("tasks", Port::grpc(50052), tasks::build) }`.
pub fn run<C, F>(
    name: &'static str,
    port: impl Into<Port>,
    build: impl FnOnce(C, Clock) -> F,
) -> ExitCode
where
    C: Settings,
    F: Future<Output = anyhow::Result<Service>>,
{
    match mode::from_arguments(name) {
        Ok(mode) => process(name, port, mode, |reader| reader.read(""), build),
        Err(code) => code,
    }
}

/// The same for a process whose settings come in several parts, and which has read its own arguments.
pub fn process<C, F>(
    name: &'static str,
    port: impl Into<Port>,
    mode: Mode,
    read: impl FnOnce(&mut Reader<'_>) -> C,
    build: impl FnOnce(C, Clock) -> F,
) -> ExitCode
where
    F: Future<Output = anyhow::Result<Service>>,
{
    let port = port.into();
    let loaded = config::load(&Environment::process(), |reader| {
        let chassis = Chassis {
            listen: reader.read(""),
            limits: reader.read(""),
            telemetry: reader.read(""),
            admission: port.is_grpc().then(|| reader.read("")),
        };
        (chassis, read(reader))
    });
    let Loaded { settings: (chassis, settings), values } = match loaded {
        Ok(loaded) => loaded,
        Err(faults) => return refuse(name, &faults),
    };
    match mode {
        Mode::Serve => life::start(name, port.number(), &chassis, |clock| build(settings, clock)),
        Mode::CheckConfig => ExitCode::SUCCESS,
        Mode::PrintConfig => print(&values),
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
