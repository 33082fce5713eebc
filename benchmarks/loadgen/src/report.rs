//! Latencies and outcomes of a run as one line of JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

#[derive(Default)]
pub struct Report {
    latencies_us: Vec<u64>,
    /// Answers by code; "0" is success.
    codes: BTreeMap<String, u64>,
}

impl Report {
    pub fn add(&mut self, latency: Duration, code: &str) {
        self.latencies_us.push(latency.as_micros() as u64);
        match self.codes.get_mut(code) {
            Some(count) => *count += 1,
            None => {
                self.codes.insert(code.to_owned(), 1);
            }
        }
    }

    pub fn merge(&mut self, other: Report) {
        self.latencies_us.extend(other.latencies_us);
        for (code, count) in other.codes {
            *self.codes.entry(code).or_default() += count;
        }
    }

    pub fn line(mut self, elapsed: Duration) -> Value {
        self.latencies_us.sort_unstable();
        let all = &self.latencies_us;
        let at = |share: f64| {
            all.get((all.len() as f64 * share) as usize)
                .or(all.last())
                .copied()
                .unwrap_or(0)
        };
        json!({
            "requests": all.len(),
            "seconds": elapsed.as_secs_f64(),
            "per_second": all.len() as f64 / elapsed.as_secs_f64(),
            "p50_us": at(0.5),
            "p99_us": at(0.99),
            "p999_us": at(0.999),
            "max_us": at(1.0),
            "codes": self.codes,
        })
    }
}

/// The text of a JSON string field, found without decoding the whole answer.
pub fn field<'a>(answer: &'a str, name: &str) -> &'a str {
    let key = format!("\"{name}\":\"");
    answer
        .find(&key)
        .and_then(|start| answer[start + key.len()..].split('"').next())
        .unwrap_or("none")
}
