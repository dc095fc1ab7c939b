use crate::{
    admin::Entry, admission::Admission, config::Listen, serve::Limits, telemetry::Telemetry,
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
    /// What an operator may do by its admin port.
    pub entry: Entry,
    /// Whom it lets in, if it serves gRPC.
    pub admission: Option<Admission>,
}
