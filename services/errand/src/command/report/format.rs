//! How a report is written.
use clap::ValueEnum;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Markdown,
    Json,
    Html,
    /// The bodies that chats take.
    Slack,
    Feishu,
    Dingtalk,
    Wecom,
    Teams,
}
