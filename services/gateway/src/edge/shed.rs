//! What is refused to protect the others, each kind under a name of its own.
use kit_process::metrics;

/// What there was no place or room for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shed {
    /// A request, among all that are worked on.
    InFlight,
    /// A request, among those of its address.
    InFlightOfAddress,
    /// A request, among those of its user.
    InFlightOfUser,
    /// A page, among those of its user.
    PagesOfUser,
    /// A large answer, among all that wait for their clients.
    LargeAnswers,
    /// A request, of an address for which so much waits.
    Untaken,
    /// A stream or a poll, among all.
    Streams,
    /// A stream, among those of its user.
    StreamsOfUser,
    /// A poll, among those of its user.
    PollsOfUser,
    /// A stream or a poll, among those of its address.
    ListenersOfAddress,
}

impl Shed {
    const ALL: [Self; 10] = [
        Self::InFlight,
        Self::InFlightOfAddress,
        Self::InFlightOfUser,
        Self::PagesOfUser,
        Self::LargeAnswers,
        Self::Untaken,
        Self::Streams,
        Self::StreamsOfUser,
        Self::PollsOfUser,
        Self::ListenersOfAddress,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::InFlight => "in_flight",
            Self::InFlightOfAddress => "in_flight_of_address",
            Self::InFlightOfUser => "in_flight_of_user",
            Self::PagesOfUser => "pages_of_user",
            Self::LargeAnswers => "large_answers",
            Self::Untaken => "untaken",
            Self::Streams => "streams",
            Self::StreamsOfUser => "streams_of_user",
            Self::PollsOfUser => "polls_of_user",
            Self::ListenersOfAddress => "listeners_of_address",
        }
    }

    /// Counts one more.
    pub(crate) fn count(self) {
        metrics::load_shed(self.name());
    }
}

/// Begins every count at 0.
pub(crate) fn start() {
    Shed::ALL.into_iter().for_each(|shed| metrics::begin_load_shed(shed.name()));
}
