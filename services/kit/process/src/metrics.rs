//! What a process counts and times of itself and of the requests that it answers.
mod build;
pub(crate) mod catalogue;
mod config;
mod http;
mod load;
mod runtime;

pub(crate) use self::{
    build::begin,
    config::{config_in_effect, config_reload},
    http::http_client_request,
    runtime::watch_runtime,
};
pub use self::{
    build::build,
    catalogue::CATALOGUE,
    http::{ActiveRequest, http_active, http_body_sizes, http_request},
    load::{begin_load_shed, load_limit, load_shed},
};
