//! What every other crate of the chassis stands on: ids and times, failures and pages, and what travels with a request. It knows
//! neither a socket nor a database.
pub mod chance;
pub mod clock;
pub mod error;
pub mod form;
pub mod id;
pub mod keyed;
pub mod method;
pub mod metrics;
pub mod outage;
pub mod page;
pub mod ration;
pub mod request;
pub mod room;
#[cfg(feature = "diesel")]
pub mod sql;
pub mod steps;
pub mod switches;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod time;
pub mod trace;
pub mod turns;
pub mod underway;
pub mod work;
pub mod zone;

pub use clock::Clock;
pub use error::{Fault, Violation, status};
pub use time::Timestamp;
pub use work::Stop;
