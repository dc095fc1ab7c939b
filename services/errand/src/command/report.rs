//! `errand report`: how the suite has been, by what Prometheus has counted.
use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::ensure;
use clap::Args;
use kit_base::{Clock, Timestamp};

use self::{format::Format, page::Page};
use super::{block_on, period, prometheus::Source, read, say, scope::Scope};

mod chat;
mod collect;
mod format;
mod page;
mod picture;
mod releases;
mod send;
#[cfg(test)]
mod tests;

/// What to report, and where to.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    source: Source,
    /// The time that is reported on, until now.
    #[arg(long, default_value = "1d", value_parser = period::parse)]
    window: period::Period,
    /// Of each release instead: how many requests, how many of them failed, how long they took, and the trace of the slowest.
    #[arg(long)]
    by_version: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Where to send it, in the format of that chat, besides printing it.
    #[arg(long)]
    send_to: Option<String>,
    /// A file with that address, which is as good as a password.
    #[arg(long, conflicts_with = "send_to")]
    send_to_file: Option<PathBuf>,
    /// A file with the secret by which Feishu and DingTalk know who sends. One that is empty, or not there, is none.
    #[arg(long)]
    secret_file: Option<PathBuf>,
}

/// What the command ends with where Prometheus has nothing, or nothing that can be read.
const NO_REPORT: u8 = 2;

pub(crate) fn run(options: &Options) -> ExitCode {
    block_on(async {
        let now = Clock::system().now();
        let page = match build_page(options, now).await {
            Ok(page) => page,
            Err(error) => {
                say(&format!("There is no report: {error:#}"));
                return Ok(ExitCode::from(NO_REPORT));
            }
        };
        say(written(&page, options.format).trim_end());
        if let Some(url) = address(options)? {
            let secret =
                options.secret_file.as_ref().and_then(|path| fs::read_to_string(path).ok());
            let secret = secret.as_deref().map(str::trim).filter(|secret| !secret.is_empty());
            send::send(&page, options.format, url.trim(), secret, now).await?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn address(options: &Options) -> anyhow::Result<Option<String>> {
    let Some(path) = &options.send_to_file else { return Ok(options.send_to.clone()) };
    read(path).map(Some)
}

async fn build_page(options: &Options, now: Timestamp) -> anyhow::Result<Page> {
    let prometheus = options.source.open()?;
    let scope = Scope::new(&options.source.matcher(), None, &options.window);
    let window = &scope.window;
    let known =
        format!("count(last_over_time({}[{window}]))", scope.series("errand_build_info", ""));
    let processes = prometheus.number(&known).await?;
    ensure!(
        processes.is_some(),
        "this Prometheus has seen no process of Errand within {window}; is it scraped, and is --namespace right?"
    );
    let mut page = Page::new(window, now);
    if options.by_version {
        page.sections.push(releases::section(&prometheus, &scope, now).await?);
        return Ok(page);
    }
    page.sections = collect::sections(&prometheus, &scope).await?;
    page.bars = picture::bars(&prometheus, &scope, now).await?;
    Ok(page)
}

fn written(page: &Page, format: Format) -> String {
    match format {
        Format::Text => page.text(),
        Format::Markdown => page.markdown(),
        Format::Json => page.json(),
        Format::Html => page.html(),
        Format::Slack | Format::Feishu | Format::Dingtalk | Format::Wecom | Format::Teams => {
            chat::body(page, format).to_string()
        }
    }
}
