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

/// A moment as the contracts carry it: seconds and nanoseconds since 1970 (UTC).
#[must_use]
pub fn moment(moment: kit_base::Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = moment.to_proto();
    prost_types::Timestamp { seconds, nanos }
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

#[test]
fn a_moment_is_told_to_the_microsecond_before_1970_too() {
    for (microseconds, seconds, nanos) in [
        (0, 0, 0),
        (1, 0, 1_000),
        (-1, -1, 999_999_000),
        (1_500_000, 1, 500_000_000),
        (-1_500_000, -2, 500_000_000),
    ] {
        let told = moment(kit_base::Timestamp::from_microseconds(microseconds));
        assert_eq!(told, prost_types::Timestamp { seconds, nanos }, "{microseconds}");
    }
}
