//! A moment as the contracts carry it.
use kit_base::Timestamp;

/// Seconds and nanoseconds since 1970.
pub(crate) fn moment(timestamp: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = timestamp.to_proto();
    prost_types::Timestamp { seconds, nanos }
}
