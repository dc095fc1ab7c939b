//! The crates of the chassis under one name.
pub use kit_base::{
    Clock, Fault, Stop, Timestamp, Violation, clock, error, page, request, status, text, time, work,
};
pub use kit_db::{self as db, Db, for_each, id, inserts, names, on, read, statement, together};
#[cfg(feature = "testing")]
pub use kit_db::{on_each_backend, testing};
pub use kit_process::{Secret, Service, Settings, admin, client, config, run, serve, service};
pub use kit_rpc::{Caller, GrpcChannel, channel, layers, tls, token};

/// Who is asking.
pub mod caller {
    pub use kit_rpc::{Authenticate, Authenticated, Caller, VALIDATE_ONLY, only_validates};
}

/// Names of things.
pub mod id {
    pub use kit_base::id::*;
}

/// What a process counts and times.
pub mod metrics {
    pub use kit_base::metrics::*;
    pub use kit_db::metrics::{Pool, PoolState, database_operation};
    pub use kit_process::metrics::{
        ActiveRequest, http_active, http_body_sizes, http_request, load_shed,
    };

    /// What metrics are made of.
    pub mod catalogue {
        pub use kit_base::metrics::DURATION_BUCKETS;
    }
}

/// Logs and traces.
pub mod telemetry {
    pub use kit_process::telemetry::*;
    pub use kit_rpc::span;
}
