//! API keys and signatures: Base64(HMAC-SHA256(secret, text)).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::Failure;

#[derive(Clone)]
pub struct Keys {
    pub key: String,
    pub passphrase: String,
    secret: Hmac<Sha256>,
}

impl Keys {
    /// Reads entry `account` of a `demo-keys.json`.
    pub fn read(file: &str, account: usize) -> Result<Self, Failure> {
        let list: serde_json::Value = serde_json::from_slice(&std::fs::read(file)?)?;
        let entry = &list[account];
        let field = |name: &str| -> Result<String, Failure> {
            Ok(entry[name]
                .as_str()
                .ok_or(format!("{file}: no {name}"))?
                .to_owned())
        };
        Ok(Self {
            key: field("apiKey")?,
            passphrase: field("passphrase")?,
            secret: Hmac::new_from_slice(field("secret")?.as_bytes())?,
        })
    }

    pub fn sign(&self, parts: &[&str]) -> String {
        let mut code = self.secret.clone();
        for part in parts {
            code.update(part.as_bytes());
        }
        STANDARD.encode(code.finalize().into_bytes())
    }
}

/// Wall time as OKX writes it: UTC with milliseconds and Z.
pub fn timestamp() -> Result<String, Failure> {
    let form =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    Ok(OffsetDateTime::now_utc().format(form)?)
}

pub fn unix_ms() -> i128 {
    OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000
}
