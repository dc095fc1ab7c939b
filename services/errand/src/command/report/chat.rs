//! The bodies that chats take.
use serde_json::{Value, json};

use super::{format::Format, page::Page};

/// WeCom takes no more bytes of Markdown; the others more.
const LONGEST: usize = 4_000;

pub(super) fn body(page: &Page, format: Format) -> Value {
    let headline = page.headline();
    match format {
        // Slack's own markup has one asterisk for bold.
        Format::Slack => {
            let text = format!("*{headline}*\n{}", page.lines(|text| format!("*{text}*")));
            json!({ "text": cut(&without_control(&text)) })
        }
        Format::Teams => card(&headline, &cut(&markdown(page))),
        Format::Feishu => json!({
            "msg_type": "interactive",
            "card": {
                "header": { "title": { "tag": "plain_text", "content": headline } },
                "elements": [{ "tag": "markdown", "content": cut(&markdown(page)) }],
            },
        }),
        Format::Dingtalk => json!({
            "msgtype": "markdown",
            "markdown": { "title": headline, "text": cut(&format!("### {headline}\n{}", markdown(page))) },
        }),
        Format::Wecom => json!({
            "msgtype": "markdown",
            "markdown": { "content": cut(&format!("### {headline}\n{}", markdown(page))) },
        }),
        Format::Text | Format::Markdown | Format::Json | Format::Html => {
            json!({ "text": page.text() })
        }
    }
}

/// A card of Teams, which takes no Markdown alone.
fn card(headline: &str, text: &str) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [
                    { "type": "TextBlock", "size": "Large", "weight": "Bolder", "text": headline, "wrap": true },
                    { "type": "TextBlock", "text": text, "wrap": true },
                ],
            },
        }],
    })
}

fn markdown(page: &Page) -> String {
    page.lines(|text| format!("**{text}**"))
}

/// Text in which Slack finds no mention and no link (<https://docs.slack.dev/messaging/formatting-message-text/#escaping>).
fn without_control(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// As many whole lines as a chat takes.
fn cut(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let mut kept = String::new();
    for line in text.split_inclusive('\n') {
        if kept.len() + line.len() > LONGEST - 10 {
            break;
        }
        kept += line;
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_chat_does_not_take_is_left_out_by_whole_lines() {
        assert_eq!(cut("short\n"), "short\n");
        let long = cut(&"twenty characters..\n".repeat(1_000));
        assert!(long.len() <= LONGEST && long.ends_with("..\n…"), "{}", long.len());
    }

    #[test]
    fn nobody_is_called_by_what_a_route_or_a_version_is_named() {
        assert_eq!(without_control("<!channel> & &lt;"), "&lt;!channel&gt; &amp; &amp;lt;");
    }
}
