//! The switchboard: what an operator makes fail, or refuses, for a while. It says and takes one document, with times in seconds from now.
use std::time::Duration;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use kit_base::{
    Clock, Timestamp,
    switches::{self, Fault, Kind, Place, Switches},
};
use serde::{Deserialize, Serialize};

use super::entry::Entry;
use crate::peer::PeerAddress;

/// The longest that anything stays switched, in seconds: a day.
const LONGEST: u32 = 24 * 60 * 60;
/// The longest that a fault makes something take, in milliseconds.
const SLOWEST: u32 = 60_000;
/// The most faults at once.
const MOST: usize = 32;

/// All that is switched.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    /// Writes are refused as 503 `READ_ONLY`, reads go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_only: Option<Left>,
    /// `/readyz` says that the process takes no requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    unready: Option<Left>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Injected>,
}

/// How long something stays switched.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Left {
    seconds: u32,
}

/// A fault, at one of three kinds of places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Injected {
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dependency: Option<String>,
    kind: Name,
    /// How much longer it takes; of `latency` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u32>,
    #[serde(default = "always")]
    share: f64,
    seconds: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Name {
    Latency,
    Error,
    Abort,
    Down,
}

fn always() -> f64 {
    1.0
}

/// What is switched now.
pub(super) async fn get() -> Response {
    Json(shown(&switches::current().unwrap_or_default(), Clock::system().now())).into_response()
}

/// Switches what the document says, and nothing else.
pub(super) async fn put(
    State(entry): State<Entry>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    headers: HeaderMap,
    body: String,
) -> Response {
    if let Err(refusal) = entry.permit(peer, &headers) {
        return refusal.into_response();
    }
    let read = serde_json::from_str::<Document>(&body).map_err(|error| error.to_string());
    match read.and_then(|document| meant(document, Clock::system().now())) {
        Ok(switches) => {
            tracing::warn!(?switches, "an operator has switched this");
            switches::set(switches);
            get().await
        }
        Err(fault) => (StatusCode::BAD_REQUEST, format!("{fault}\n")).into_response(),
    }
}

/// Switches everything back.
pub(super) async fn delete(
    state: State<Entry>,
    peer: Extension<PeerAddress>,
    headers: HeaderMap,
) -> Response {
    put(state, peer, headers, "{}".to_owned()).await
}

fn meant(document: Document, now: Timestamp) -> Result<Switches, String> {
    let Document { read_only, unready, faults } = document;
    if faults.len() > MOST {
        return Err(format!("faults: at most {MOST}"));
    }
    let until = |name: &str, left: Option<Left>| match left {
        Some(left) => Ok(Some(end(name, left.seconds, now)?)),
        None => Ok::<_, String>(None),
    };
    Ok(Switches {
        read_only: until("read_only", read_only)?,
        unready: until("unready", unready)?,
        faults: faults.into_iter().map(|fault| injected(fault, now)).collect::<Result<_, _>>()?,
    })
}

/// Nothing stays switched for ever.
fn end(name: &str, seconds: u32, now: Timestamp) -> Result<Timestamp, String> {
    match (1..=LONGEST).contains(&seconds) {
        true => Ok(now.plus(Duration::from_secs(seconds.into()))),
        false => Err(format!(
            "{name}.seconds: a number from 1 to {LONGEST}, after which it ends by itself"
        )),
    }
}

fn injected(fault: Injected, now: Timestamp) -> Result<Fault, String> {
    let Injected { route, method, dependency, kind, milliseconds, share, seconds } = fault;
    let place = match (route, method, dependency) {
        (Some(route), None, None) => Place::Route(route),
        (None, Some(method), None) => Place::Method(method),
        (None, None, Some(dependency)) => Place::Dependency(dependency),
        _ => return Err("faults: each has one of route, method and dependency".to_owned()),
    };
    if let Some(known) = switches::instead_of(&place) {
        return Err(format!("faults: {place:?} stands for nothing here, but {}", known.join(", ")));
    }
    let at_dependency = matches!(place, Place::Dependency(_));
    let kind = match (kind, milliseconds) {
        (Name::Latency, Some(time)) if (1..=SLOWEST).contains(&time) => {
            Kind::Latency(Duration::from_millis(time.into()))
        }
        (Name::Latency, _) => {
            return Err(format!("faults: latency has milliseconds, from 1 to {SLOWEST}"));
        }
        (_, Some(_)) => return Err("faults: milliseconds are those of latency".to_owned()),
        (Name::Down, None) if at_dependency => Kind::Down,
        (Name::Error, None) if !at_dependency => Kind::Error,
        (Name::Abort, None) if !at_dependency => Kind::Abort,
        _ => {
            return Err(
                "faults: a dependency is down or slow, all else fails, breaks off or is slow"
                    .to_owned(),
            );
        }
    };
    if !(share > 0.0 && share <= 1.0) {
        return Err("faults: share is above 0 and at most 1".to_owned());
    }
    Ok(Fault { place, kind, share, until: end("faults", seconds, now)? })
}

fn shown(switches: &Switches, now: Timestamp) -> Document {
    let Switches { read_only, unready, faults } = switches;
    let left = |until: Timestamp| {
        let seconds = u32::try_from(until.as_seconds() - now.as_seconds()).unwrap_or(0);
        (until > now).then_some(Left { seconds: seconds.max(1) })
    };
    Document {
        read_only: read_only.and_then(left),
        unready: unready.and_then(left),
        faults: faults.iter().filter_map(|fault| Some(told(fault, left(fault.until)?))).collect(),
    }
}

fn told(fault: &Fault, Left { seconds }: Left) -> Injected {
    let Fault { place, kind, share, until: _ } = fault;
    let (mut route, mut method, mut dependency) = (None, None, None);
    match place {
        Place::Route(name) => route = Some(name.clone()),
        Place::Method(name) => method = Some(name.clone()),
        Place::Dependency(name) => dependency = Some(name.clone()),
    }
    let (kind, milliseconds) = match kind {
        Kind::Latency(time) => (Name::Latency, u32::try_from(time.as_millis()).ok()),
        Kind::Error => (Name::Error, None),
        Kind::Abort => (Name::Abort, None),
        Kind::Down => (Name::Down, None),
    };
    Injected { route, method, dependency, kind, milliseconds, share: *share, seconds }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Switches, String> {
        let now = Timestamp::from_seconds(1_000);
        let document = serde_json::from_str::<Document>(text).map_err(|error| error.to_string());
        document.and_then(|document| meant(document, now))
    }

    #[test]
    fn what_is_switched_is_told_with_what_is_left_of_it() {
        let text = r#"{"read_only":{"seconds":60},"unready":{"seconds":5},"faults":[{"route":"*","kind":"error","share":0.5,"seconds":30},{"method":"a.B/C","kind":"latency","milliseconds":250,"share":1.0,"seconds":30},{"dependency":"database","kind":"down","share":1.0,"seconds":30}]}"#;
        let switches = read(text).unwrap();
        let told =
            |now| serde_json::to_string(&shown(&switches, Timestamp::from_seconds(now))).unwrap();
        assert_eq!(told(1_000), text);
        let later =
            text.replace("30", "10").replace("60", "40").replace(r#""unready":{"seconds":5},"#, "");
        assert_eq!(told(1_020), later);
        assert_eq!(told(1_060), "{}");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_would() {
        for (text, fault) in [
            (r#"{"readonly":{"seconds":1}}"#, "unknown field `readonly`"),
            (r#"{"read_only":{}}"#, "missing field `seconds`"),
            (r#"{"read_only":{"seconds":0}}"#, "read_only.seconds: a number from 1 to 86400"),
            (r#"{"unready":{"seconds":86401}}"#, "unready.seconds: a number from 1 to 86400"),
            (r#"{"faults":[{"kind":"error","seconds":1}]}"#, "one of route, method and dependency"),
            (
                r#"{"faults":[{"route":"*","method":"*","kind":"error","seconds":1}]}"#,
                "one of route, method and dependency",
            ),
            (
                r#"{"faults":[{"route":"*","kind":"latency","seconds":1}]}"#,
                "latency has milliseconds",
            ),
            (
                r#"{"faults":[{"route":"*","kind":"latency","milliseconds":60001,"seconds":1}]}"#,
                "from 1 to 60000",
            ),
            (
                r#"{"faults":[{"route":"*","kind":"error","milliseconds":1,"seconds":1}]}"#,
                "milliseconds are those of latency",
            ),
            (
                r#"{"faults":[{"route":"*","kind":"down","seconds":1}]}"#,
                "a dependency is down or slow",
            ),
            (
                r#"{"faults":[{"dependency":"database","kind":"error","seconds":1}]}"#,
                "a dependency is down or slow",
            ),
            (r#"{"faults":[{"route":"*","kind":"burn","seconds":1}]}"#, "unknown variant `burn`"),
            (
                r#"{"faults":[{"route":"*","kind":"error","share":0,"seconds":1}]}"#,
                "share is above 0",
            ),
            (
                r#"{"faults":[{"route":"*","kind":"error","share":1.5,"seconds":1}]}"#,
                "share is above 0",
            ),
            (
                r#"{"faults":[{"route":"*","kind":"error","seconds":0}]}"#,
                "faults.seconds: a number",
            ),
            ("", "EOF"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains(fault), "{text}: {refused}");
        }
        let many = vec![r#"{"route":"*","kind":"error","seconds":1}"#; MOST + 1].join(",");
        assert_eq!(read(&format!(r#"{{"faults":[{many}]}}"#)).unwrap_err(), "faults: at most 32");
    }
}
