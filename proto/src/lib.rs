//! The contracts between the services, as compiled from `auth/` and `tasks/`.

/// Accounts, sessions, and what peers need to check a token.
pub mod auth {
    pub mod v1 {
        pub mod limits;

        tonic::include_proto!("auth.v1");
    }
}

/// Tasks, projects, trash and the change feed.
pub mod tasks {
    pub mod v1 {
        pub mod limits;

        tonic::include_proto!("tasks.v1");
    }
}

/// All contracts as an encoded `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
