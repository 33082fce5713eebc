//! Goal: the fold keeps its promises on streams that nobody chose.
//!
//! Method: seeded random streams of every command kind (`stream`) run against what must always
//! hold (`conservation`), against a second, slow exchange (`oracle`), against themselves in other
//! batches (`splits`) and through snapshots (`snapshot_every_n`); hostile bytes and values
//! (`no_panic`); a recorded journal (`journal`). `FULLRESERVE_LONG=1` multiplies the lengths by 20.

mod conservation;
mod dice;
mod genesis;
mod journal;
mod no_panic;
mod oracle;
mod reach;
mod run;
mod snapshot_every_n;
mod splits;
mod stream;
mod stream_rare;
