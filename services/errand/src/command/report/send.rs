//! Sends a report to a chat, signed where the chat wants that.
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Method;
use kit_base::Timestamp;
use kit_process::client::{Client, Reply};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;
use serde_json::{Value, json};

use super::{chat, format::Format, page::Page};
use crate::command::say;

/// How long after one that failed it tries again.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(10)];

/// # Errors
/// The chat's own words, when it does not take it.
pub(super) async fn send(
    page: &Page,
    format: Format,
    url: &str,
    secret: Option<&str>,
    now: Timestamp,
) -> anyhow::Result<()> {
    let (host, path) = split(url)?;
    let client = Client::new(host)?;
    let mut body = chat::body(page, format);
    let path = signed(format, path, &mut body, secret, now);
    let mut pauses = PAUSES.into_iter();
    loop {
        let outcome = client
            .ask(Method::POST, &path, &[], Some(&body))
            .await
            .and_then(|reply| check_accepted(&reply));
        let Err(error) = outcome else { return Ok(()) };
        match pauses.next() {
            Some(pause) => {
                say(&format!(
                    "{host} has not taken the report, and is asked again in {} s: {error:#}",
                    pause.as_secs()
                ));
                tokio::time::sleep(pause).await;
            }
            None => return Err(error).with_context(|| format!("{host} has not taken the report")),
        }
    }
}

/// Where it is, and the rest: what stands there is as good as a password, and shown to nobody.
fn split(url: &str) -> anyhow::Result<(&str, &str)> {
    let begins = url.find("://").context("--send-to is no URL")? + 3;
    let end = url[begins..].find(['/', '?', '#']).map_or(url.len(), |end| begins + end);
    let (host, path) = url.split_at(end);
    ensure!(!host.contains('@'), "--send-to with a user is not taken");
    ensure!(
        path.is_empty() || path.starts_with('/'),
        "--send-to has no path: write https://host/?…"
    );
    Ok((host, if path.is_empty() { "/" } else { path }))
}

/// The path with what the chat knows its sender by, or the body.
fn signed(
    format: Format,
    path: &str,
    body: &mut Value,
    secret: Option<&str>,
    now: Timestamp,
) -> String {
    let Some(secret) = secret else { return path.to_owned() };
    match format {
        // The key is what is to be signed, and nothing is signed with it.
        Format::Feishu => {
            let seconds = now.as_seconds().to_string();
            let key = format!("{seconds}\n{secret}");
            body["sign"] = json!(signature(&key, ""));
            body["timestamp"] = json!(seconds);
            path.to_owned()
        }
        Format::Dingtalk => {
            let milliseconds = now.as_microseconds() / 1_000;
            let signature = signature(secret, &format!("{milliseconds}\n{secret}"));
            let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC);
            let joint = if path.contains('?') { '&' } else { '?' };
            format!("{path}{joint}timestamp={milliseconds}&sign={signature}")
        }
        _ => path.to_owned(),
    }
}

fn signature(key: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

/// Chats say no with 200, too: by a code that is not 0.
fn check_accepted(reply: &Reply) -> anyhow::Result<()> {
    let said = reply.json();
    let code = ["errcode", "code", "StatusCode"].iter().find_map(|name| said[*name].as_i64());
    if reply.status.is_success() && code.unwrap_or_default() == 0 {
        return Ok(());
    }
    let words: String = reply.text().chars().take(300).collect();
    bail!("{} {words}", reply.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_that_wants_to_know_who_sends_is_told_as_it_wants() {
        let now = Timestamp::from_seconds(1_599_360_473);
        let mut body = json!({});
        let path = signed(Format::Feishu, "/hook", &mut body, Some("demo"), now);
        // HMAC-SHA256 of nothing, by "1599360473\ndemo".
        let expected = signature("1599360473\ndemo", "");
        assert_eq!(
            (&*path, &body),
            ("/hook", &json!({ "sign": expected, "timestamp": "1599360473" }))
        );
        let mut body = json!({});
        let path =
            signed(Format::Dingtalk, "/robot/send?access_token=a", &mut body, Some("SEC"), now);
        assert!(
            path.starts_with("/robot/send?access_token=a&timestamp=1599360473000&sign="),
            "{path}"
        );
        assert!(!path.contains('+') && body == json!({}), "{path}");
        assert_eq!(signed(Format::Dingtalk, "/x", &mut body, None, now), "/x");
        assert_eq!(signed(Format::Slack, "/x", &mut body, Some("SEC"), now), "/x");
    }

    #[test]
    fn what_is_behind_the_host_of_a_hook_is_kept_apart() {
        for (url, host, path) in [
            (
                "https://chat.example.org/hooks/secret?x=1",
                "https://chat.example.org",
                "/hooks/secret?x=1",
            ),
            ("http://127.0.0.1:9", "http://127.0.0.1:9", "/"),
        ] {
            assert_eq!(split(url).unwrap(), (host, path));
        }
        for url in [
            "chat.example.org/hooks",
            "https://chat.example.org?key=secret",
            "https://me:secret@chat.example.org/x",
        ] {
            let said = format!("{:#}", split(url).unwrap_err());
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
