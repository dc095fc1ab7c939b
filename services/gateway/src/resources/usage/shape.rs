//! The usage as JSON.
use proto::tasks::v1;
use serde::Serialize;
use utoipa::ToSchema;

/// How much you keep, and may keep. A write for which there is no room is refused as `QUOTA_EXCEEDED`; what deletes goes on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// Tasks, those in the trash too.
    tasks: Quota,
    /// Projects, those in the trash too.
    projects: Quota,
    /// About how many bytes they take.
    bytes: Quota,
    /// About how many bytes were written today (UTC).
    bytes_today: Quota,
}

/// How much of something there is, and may be.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Quota {
    /// What there is.
    used: i64,
    /// What there may be; null where there is no limit.
    #[schema(required)]
    limit: Option<i64>,
}

impl From<v1::Usage> for Usage {
    fn from(v1::Usage { tasks, projects, bytes, bytes_today }: v1::Usage) -> Self {
        let quota = |quota: Option<v1::Quota>| quota.map(Quota::from).unwrap_or_default();
        Self {
            tasks: quota(tasks),
            projects: quota(projects),
            bytes: quota(bytes),
            bytes_today: quota(bytes_today),
        }
    }
}

impl From<v1::Quota> for Quota {
    fn from(v1::Quota { used, limit }: v1::Quota) -> Self {
        Self { used, limit }
    }
}
