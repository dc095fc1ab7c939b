//! Connections that are kept for the next request.
use std::{
    cell::RefCell,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// Addresses that connections come from, so that what is bounded by address is bounded as in the world.
const SOURCES: usize = 250;
const LARGEST_HEAD: usize = 32 * 1024;

/// See the module.
pub(crate) struct Client {
    address: SocketAddr,
    patience: Duration,
    idle: RefCell<Vec<TcpStream>>,
}

/// The head of an answer.
struct Head {
    status: u16,
    /// Of the head and of the body.
    length: usize,
    stays: bool,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, patience: Duration) -> Self {
        Self { address, patience, idle: RefCell::default() }
    }

    /// Sends a request; the status of its answer, none when there came none in time.
    pub(crate) async fn send(&self, number: usize, request: &[u8]) -> Option<u16> {
        let answered = timeout(self.patience, self.exchange(number, request)).await;
        answered.ok()?.ok()
    }

    async fn exchange(&self, number: usize, request: &[u8]) -> anyhow::Result<u16> {
        let kept = self.idle.borrow_mut().pop();
        let mut stream = match kept {
            Some(stream) => stream,
            None => self.connect(number).await?,
        };
        stream.write_all(request).await?;
        let head = answer(&mut stream).await?;
        if head.stays {
            self.idle.borrow_mut().push(stream);
        }
        Ok(head.status)
    }

    async fn connect(&self, number: usize) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if self.address.ip().is_loopback() {
            let last = u8::try_from(1 + number % SOURCES).unwrap_or(1);
            socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 3, 0, last)), 0))?;
        }
        let stream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Reads an answer to its end.
async fn answer(stream: &mut TcpStream) -> anyhow::Result<Head> {
    let mut read = Vec::with_capacity(4096);
    let head = loop {
        anyhow::ensure!(stream.read_buf(&mut read).await? > 0, "the connection ended");
        if let Some(head) = head(&read)? {
            break head;
        }
        anyhow::ensure!(read.len() < LARGEST_HEAD, "the head has no end");
    };
    let mut left = head.length.saturating_sub(read.len());
    while left > 0 {
        read.clear();
        let more = stream.read_buf(&mut read).await?;
        anyhow::ensure!(more > 0, "the connection ended");
        left = left.saturating_sub(more);
    }
    Ok(head)
}

fn head(read: &[u8]) -> anyhow::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(end) = response.parse(read)? else { return Ok(None) };
    let header = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let body: usize = header("content-length").map_or(Ok(0), str::parse)?;
    let stays = header("connection").is_none_or(|value| !value.eq_ignore_ascii_case("close"));
    let status = response.code.context("an answer without a status")?;
    Ok(Some(Head { status, length: end + body, stays }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_how_long_the_answer_is() {
        let read = |text: &str| head(text.as_bytes()).unwrap();
        assert!(read("HTTP/1.1 200 OK\r\nContent-Le").is_none());
        for (text, status, length, stays) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", 200, 41, true),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, 27, true),
            ("HTTP/1.1 503 X\r\nconnection: close\r\n\r\n", 503, 37, false),
        ] {
            let head = read(text).unwrap();
            assert_eq!((head.status, head.length, head.stays), (status, length, stays), "{text}");
        }
        assert!(head(b"SSH-2.0\r\n\r\n").is_err());
    }
}
