//! What the command line says.

use std::time::Duration;

use pico_args::Arguments;

use crate::Failure;
use crate::orders::Orders;
use crate::sign::Keys;

pub struct Rest {
    pub address: String,
    pub duration: Duration,
    pub connections: usize,
    pub keys: Option<Keys>,
    pub target: String,
    /// Reads the target instead of placing orders there.
    pub reads: bool,
    pub orders: Orders,
}

pub struct Ws {
    pub url: String,
    pub duration: Duration,
    pub connections: usize,
    pub in_flight: usize,
    pub keys: Option<Keys>,
    pub orders: Orders,
}

pub struct Fanout {
    pub url: String,
    pub duration: Duration,
    /// Channel and number of subscribers, each on a connection of its own.
    pub groups: Vec<(String, usize)>,
    pub symbol: String,
}

fn seconds(arguments: &mut Arguments) -> Result<Duration, Failure> {
    Ok(Duration::from_secs_f64(
        arguments.value_from_str("--seconds")?,
    ))
}

fn keys(arguments: &mut Arguments) -> Result<Option<Keys>, Failure> {
    let file: Option<String> = arguments.opt_value_from_str("--keys")?;
    let account: usize = arguments.opt_value_from_str("--account")?.unwrap_or(0);
    file.map(|file| Keys::read(&file, account)).transpose()
}

impl Rest {
    pub fn read(arguments: &mut Arguments) -> Result<Self, Failure> {
        Ok(Self {
            address: arguments.value_from_str("--address")?,
            duration: seconds(arguments)?,
            connections: arguments.value_from_str("--connections")?,
            keys: keys(arguments)?,
            target: arguments
                .opt_value_from_str("--target")?
                .unwrap_or_else(|| "/api/v5/trade/order".into()),
            reads: arguments.contains("--reads"),
            orders: Orders::read(arguments)?,
        })
    }
}

impl Ws {
    pub fn read(arguments: &mut Arguments) -> Result<Self, Failure> {
        Ok(Self {
            url: arguments.value_from_str("--url")?,
            duration: seconds(arguments)?,
            connections: arguments.value_from_str("--connections")?,
            in_flight: arguments.value_from_str("--in-flight")?,
            keys: keys(arguments)?,
            orders: Orders::read(arguments)?,
        })
    }
}

impl Fanout {
    pub fn read(arguments: &mut Arguments) -> Result<Self, Failure> {
        let mut groups = vec![(
            arguments.value_from_str("--channel")?,
            arguments.value_from_str("--subscribers")?,
        )];
        if let Some(channel) = arguments.opt_value_from_str("--second-channel")? {
            groups.push((channel, arguments.value_from_str("--second-subscribers")?));
        }
        Ok(Self {
            url: arguments.value_from_str("--url")?,
            duration: seconds(arguments)?,
            groups,
            symbol: arguments.value_from_str("--symbol")?,
        })
    }
}
