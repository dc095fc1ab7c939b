//! The contracts between the services, as compiled from `auth/` and `tasks/`.

pub mod trust;

/// Accounts, sessions, and what peers need to check a token.
pub mod auth {
    pub mod v1 {
        /// How much a field may hold: the services check it, the edge documents it.
        pub mod limits {
            include!(concat!(env!("OUT_DIR"), "/auth.v1.limits.rs"));
        }

        tonic::include_proto!("auth.v1");
    }
}

/// Tasks, projects, trash and the change feed.
pub mod tasks {
    pub mod v1 {
        /// How much a field may hold: the services check it, the edge documents it.
        pub mod limits {
            include!(concat!(env!("OUT_DIR"), "/tasks.v1.limits.rs"));
        }

        tonic::include_proto!("tasks.v1");
    }
}

/// All contracts as an encoded `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

include!(concat!(env!("OUT_DIR"), "/methods.rs"));

#[test]
fn the_methods_that_only_read_and_those_that_stream_are_known() {
    for read in ["/tasks.v1.TaskService/GetTask", "/auth.v1.TrustService/WatchTrust"] {
        assert!(READS.contains(&read), "{read} is not in {READS:?}");
    }
    assert!(!READS.iter().any(|path| path.contains("/Update") || path.ends_with("/Refresh")));
    assert_eq!(
        STREAMS,
        ["/auth.v1.TrustService/WatchTrust", "/tasks.v1.ChangeService/WatchChanges"]
    );
}
