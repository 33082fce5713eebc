//! Subscribers of a channel: how old a push is when it arrives, and whether one is missing.

use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::task::LocalSet;
use tokio::time::timeout_at;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::Failure;
use crate::options::Fanout;
use crate::report::field;
use crate::sign::unix_ms;

#[derive(Default)]
struct Seen {
    ages_ms: Vec<i128>,
    gaps: u64,
}

pub async fn run(options: Fanout) -> Result<Value, Failure> {
    let local = LocalSet::new();
    local
        .run_until(async move {
            let end = Instant::now() + options.duration;
            let mut tasks = Vec::new();
            for (channel, subscribers) in &options.groups {
                for _ in 0..*subscribers {
                    let (url, symbol) = (options.url.clone(), options.symbol.clone());
                    let task = subscribe(url, channel.clone(), symbol, end);
                    tasks.push((channel.clone(), tokio::task::spawn_local(task)));
                }
            }
            let mut lines = serde_json::Map::new();
            for (channel, subscribers) in &options.groups {
                let mut seen = Seen::default();
                for (_, task) in tasks.extract_if(.., |(name, _)| name == channel) {
                    let one = task.await?.map_err(|error| error.to_string())?;
                    seen.ages_ms.extend(one.ages_ms);
                    seen.gaps += one.gaps;
                }
                lines.insert(channel.clone(), seen.line(*subscribers));
            }
            Ok(Value::Object(lines))
        })
        .await
}

impl Seen {
    fn line(mut self, subscribers: usize) -> Value {
        self.ages_ms.sort_unstable();
        let all = &self.ages_ms;
        let at = |share: f64| {
            let index = (all.len() as f64 * share) as usize;
            all.get(index).or(all.last()).map_or(-1, |age| *age as i64)
        };
        json!({
            "subscribers": subscribers, "pushes": all.len(), "gaps": self.gaps,
            "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1.0),
        })
    }
}

async fn subscribe(
    url: String,
    channel: String,
    symbol: String,
    end: Instant,
) -> Result<Seen, String> {
    let (mut socket, _) = connect_async(url)
        .await
        .map_err(|error| error.to_string())?;
    let text = format!(
        "{{\"op\":\"subscribe\",\"args\":[{{\"channel\":\"{channel}\",\"instId\":\"{symbol}\"}}]}}"
    );
    socket
        .send(Message::text(text))
        .await
        .map_err(|error| error.to_string())?;
    let mut seen = Seen::default();
    let mut last: Option<i64> = None;
    while let Ok(Some(push)) = timeout_at(end.into(), socket.next()).await {
        let push = push.map_err(|error| error.to_string())?;
        let Ok(text) = push.to_text() else { continue };
        if !text.contains("\"data\"") {
            continue;
        }
        let Ok(sent) = field(text, "ts").parse::<i128>() else {
            continue;
        };
        seen.ages_ms.push(unix_ms() - sent);
        let (now, before) = (number(text, "seqId"), number(text, "prevSeqId"));
        if let (Some(last), Some(before)) = (last, before) {
            seen.gaps += u64::from(before != last);
        }
        last = now.or(last);
    }
    Ok(seen)
}

/// The value of an integer field.
fn number(text: &str, name: &str) -> Option<i64> {
    let key = format!("\"{name}\":");
    let rest = &text[text.find(&key)? + key.len()..];
    let end = rest
        .find(|c: char| c != '-' && !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}
