//! WebSocket clients that keep a fixed number of orders in flight on each connection.

use std::collections::VecDeque;
use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::Failure;
use crate::options::Ws;
use crate::orders::Orders;
use crate::report::{Report, field};
use crate::sign::{Keys, unix_ms};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub async fn run(options: Ws) -> Result<Value, Failure> {
    let local = LocalSet::new();
    local
        .run_until(async move {
            let mut sockets = Vec::new();
            for _ in 0..options.connections {
                sockets.push(open(&options.url, options.keys.as_ref()).await?);
            }
            let start = Instant::now();
            let clients: Vec<_> = sockets
                .into_iter()
                .map(|socket| {
                    let orders = options.orders.clone();
                    let end = start + options.duration;
                    tokio::task::spawn_local(trade(socket, orders, options.in_flight, end))
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

async fn open(url: &str, keys: Option<&Keys>) -> Result<Socket, Failure> {
    let (mut socket, _) = connect_async(url).await?;
    let Some(keys) = keys else { return Ok(socket) };
    let seconds = (unix_ms() / 1000).to_string();
    let signature = keys.sign(&[&seconds, "GET", "/users/self/verify"]);
    let login = format!(
        "{{\"op\":\"login\",\"args\":[{{\"apiKey\":\"{}\",\"passphrase\":\"{}\",\
         \"timestamp\":\"{seconds}\",\"sign\":\"{signature}\"}}]}}",
        keys.key, keys.passphrase
    );
    socket.send(Message::text(login)).await?;
    match socket.next().await {
        Some(Ok(answer)) if answer.to_text()?.contains("\"event\":\"login\"") => Ok(socket),
        other => Err(format!("login refused: {other:?}").into()),
    }
}

async fn trade(
    mut socket: Socket,
    mut orders: Orders,
    in_flight: usize,
    end: Instant,
) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut sent: VecDeque<Instant> = VecDeque::new();
    let mut number = 0_u64;
    loop {
        while sent.len() < in_flight && Instant::now() < end {
            number += 1;
            let (operation, argument) = orders.request();
            let text =
                format!("{{\"id\":\"{number}\",\"op\":\"{operation}\",\"args\":[{argument}]}}");
            sent.push_back(Instant::now());
            socket.feed(Message::text(text)).await?;
        }
        socket.flush().await?;
        // Answers of one connection come in the order of its requests.
        let Some(first) = sent.pop_front() else {
            return Ok(report);
        };
        match socket.next().await {
            Some(answer) => {
                let answer = answer?;
                let text = answer.to_text()?;
                let code = match field(text, "sCode") {
                    "none" => field(text, "code"),
                    code => code,
                };
                report.add(first.elapsed(), code);
            }
            None => return Err(Error::ConnectionClosed),
        }
    }
}
