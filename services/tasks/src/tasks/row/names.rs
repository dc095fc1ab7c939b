//! Closed sets of names, as they stand in the database and in JSON.
kit_db::names! {
    /// How far a task has come (RFC 5545, VTODO).
    Status { NeedsAction = "needs_action", InProcess = "in_process", Completed = "completed", Cancelled = "cancelled" }
}

kit_db::names! {
    /// How pressing a task is. Names, since every product counts the other way round.
    Priority { None = "none", Low = "low", Medium = "medium", High = "high", Urgent = "urgent" }
}

impl Status {
    /// Whether there is still something to do.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::NeedsAction | Self::InProcess)
    }
}
