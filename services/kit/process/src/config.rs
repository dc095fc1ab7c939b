//! Configuration: environment variables, each also as `NAME_FILE`, and beneath them the lines of one file, read into one flat
//! struct a concern.
//!
//! Every value has a name, a type and a default; what is wrong is said for all of them at once.
mod environment;
mod listen;
mod live;
mod period;
mod reader;
mod secret;
mod settings;
mod source;
mod switch;

pub use self::{
    environment::Environment,
    listen::{Listen, reachable},
    live::{Live, Publisher},
    period::Period,
    reader::{EXIT_CODE, Faults, Loaded, Reader, load},
    secret::Secret,
    settings::Settings,
    switch::Switch,
};

pub(crate) use self::source::Source;
