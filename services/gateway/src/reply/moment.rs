use kit_base::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A moment, as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-09-01T09:00:00Z")]
pub(crate) struct Moment(Timestamp);

impl Moment {
    /// As the contracts carry it, where they do.
    pub(crate) fn maybe(moment: Option<prost_types::Timestamp>) -> Option<Self> {
        moment.map(|prost_types::Timestamp { seconds, nanos }| {
            Self(Timestamp::from_proto(seconds, nanos))
        })
    }

    /// As the contracts carry it always.
    pub(crate) fn from_contract(moment: Option<prost_types::Timestamp>) -> Self {
        Self::maybe(moment).unwrap_or(Self(Timestamp::from_microseconds(0)))
    }
}
