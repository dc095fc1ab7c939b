//! The figures of a channel.
use std::time::Duration;

/// The largest message that a service reads, in bytes: as tonic has it.
pub const MESSAGE: usize = 4 << 20;

/// What the contracts of a peer say of its methods. Paths are `/package.Service/Method`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Methods {
    /// Those without side effects: they may be sent again, and are answered soon.
    pub reads: &'static [&'static str],
    /// Those that answer with a stream.
    pub streams: &'static [&'static str],
}

/// How a channel treats its peer. The defaults suit services of one cluster.
#[derive(Clone, Debug)]
pub struct Limits {
    /// What its contracts say. What they do not name counts as a write.
    pub methods: Methods,
    /// How long a connection may take to open.
    pub connect: Duration,
    /// How long the TLS handshake may take after that, and the peer to say that it lets this process in.
    pub handshake: Duration,
    /// How long one attempt of a read may wait for its answer. A call with a `grpc-timeout` of its own waits that long.
    pub read: Duration,
    /// The same for a write.
    pub write: Duration,
    /// How long a connection may be quiet before it is pinged.
    pub ping_after: Duration,
    /// How long the answer to a ping may take before the connection counts as lost.
    pub ping_answer: Duration,
    /// How long looked-up addresses are used before they are looked up again, give or take a fifth.
    pub resolve: Duration,
    /// How many calls an endpoint works on at once, and how many streams share a connection. Below the 128 streams that
    /// servers allow: what is above waits here, where it is seen, and not inside HTTP/2 (gRFC A105).
    pub in_flight: usize,
    /// How many connections an endpoint may have for streams of answers.
    pub stream_connections: usize,
    /// How many calls in a row may be lost on an endpoint before it is ejected.
    pub losses: u32,
    /// How many calls in a row may go unanswered before it is ejected.
    pub silences: u32,
    /// How long an ejection lasts, give or take a fifth; doubles each time the endpoint fails again soon after.
    pub ejection: Duration,
    /// The longest ejection.
    pub longest_ejection: Duration,
    /// For how long an endpoint that is new or back gets less than its share.
    pub slow_start: Duration,
    /// How long a slow answer is held against an endpoint.
    pub decay: Duration,
    /// How many of the calls may be sent again, as a share.
    pub retry_share: f32,
    /// How many may be sent again each second besides that.
    pub retries_per_second: u32,
    /// The largest message, in bytes.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            methods: Methods::default(),
            connect: Duration::from_millis(500),
            handshake: Duration::from_secs(1),
            read: Duration::from_secs(1),
            write: Duration::from_secs(2),
            ping_after: Duration::from_secs(10),
            ping_answer: Duration::from_secs(3),
            resolve: Duration::from_secs(5),
            in_flight: 96,
            stream_connections: 32,
            losses: 5,
            silences: 2,
            ejection: Duration::from_secs(1),
            longest_ejection: Duration::from_secs(30),
            slow_start: Duration::from_secs(4),
            decay: Duration::from_secs(3),
            retry_share: 0.2,
            retries_per_second: 10,
            message: MESSAGE,
        }
    }
}
