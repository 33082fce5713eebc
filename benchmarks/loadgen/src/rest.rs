//! Closed-loop REST clients over keep-alive connections: a request, its answer, the next.

use std::time::Instant;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::Failure;
use crate::options::Rest;
use crate::orders::Orders;
use crate::report::{Report, field};
use crate::sign::{Keys, timestamp};

pub async fn run(options: Rest) -> Result<Value, Failure> {
    let local = LocalSet::new();
    local
        .run_until(async move {
            let start = Instant::now();
            let clients: Vec<_> = (0..options.connections)
                .map(|_| {
                    let client = Client {
                        keys: options.keys.clone(),
                        target: options.target.clone(),
                        reads: options.reads,
                        address: options.address.clone(),
                        orders: options.orders.clone(),
                    };
                    tokio::task::spawn_local(client.run(start + options.duration))
                })
                .collect();
            let mut report = Report::default();
            for client in clients {
                report.merge(client.await??);
            }
            Ok(report.line(start.elapsed()))
        })
        .await
}

struct Client {
    keys: Option<Keys>,
    target: String,
    reads: bool,
    address: String,
    orders: Orders,
}

impl Client {
    async fn run(mut self, end: Instant) -> Result<Report, std::io::Error> {
        let mut report = Report::default();
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let mut buffer = Vec::with_capacity(4096);
        while Instant::now() < end {
            let request = self
                .request()
                .map_err(|e| std::io::Error::other(e.to_string()))?;
            let sent = Instant::now();
            stream.write_all(request.as_bytes()).await?;
            let length = read_answer(&mut stream, &mut buffer).await?;
            let answer = String::from_utf8_lossy(&buffer[..length]);
            report.add(sent.elapsed(), outcome(&answer));
        }
        Ok(report)
    }

    fn request(&mut self) -> Result<String, Failure> {
        let (method, body) = if self.reads {
            ("GET", String::new())
        } else {
            ("POST", self.orders.next())
        };
        let mut head = format!(
            "{method} {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n",
            self.target, self.address,
        );
        if !self.reads {
            head += &format!("content-length: {}\r\n", body.len());
        }
        if let Some(keys) = &self.keys {
            let stamp = timestamp()?;
            let signature = keys.sign(&[&stamp, method, &self.target, &body]);
            head += &format!(
                "OK-ACCESS-KEY: {}\r\nOK-ACCESS-PASSPHRASE: {}\r\nOK-ACCESS-TIMESTAMP: {stamp}\r\n\
                 OK-ACCESS-SIGN: {signature}\r\n",
                keys.key, keys.passphrase
            );
        }
        Ok(format!("{head}\r\n{body}"))
    }
}

/// The row's code where there is one, else the envelope's, else the HTTP status.
fn outcome(answer: &str) -> &str {
    match field(answer, "sCode") {
        "none" => match field(answer, "code") {
            "none" => answer.get(9..12).unwrap_or("none"),
            code => code,
        },
        code => code,
    }
}

async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(head) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length = text
            .split("\r\n")
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|value| value.trim().parse::<usize>().ok())
            .unwrap_or(0);
        let whole = head + 4 + length;
        if buffer.len() >= whole {
            return Ok(whole);
        }
    }
}
