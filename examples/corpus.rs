//! Writes objects of all kinds and versions that a release and channel serve, one JSON object a line: some valid by
//! construction, the others broken in one place, which the annotation `gwapi.test/broken` names.
//!
//! ```text
//! cargo run -q --example corpus -- --release v1.7.0 --channel experimental --count 10000 --seed 1
//! ```
//!
//! The same seed gives the same objects of a release; v1.1.0 where none is named.
#![allow(
    clippy::allow_attributes,
    clippy::indexing_slicing,
    reason = "the generator walks schemas of this crate, whose fields are known"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use gwapi::meta::{Channel, Release};
use std::{
    error::Error,
    io::{self, BufWriter, Write},
};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut channel, mut count, mut seed) = (Channel::Standard, 100_u64, 0_u64);
    let mut release = Release::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments
            .next()
            .ok_or_else(|| format!("`{name}` needs a value"))?;
        match name.as_str() {
            "--channel" => channel = value.parse()?,
            "--count" => count = value.parse()?,
            "--release" => release = value.parse()?,
            "--seed" => seed = value.parse()?,
            _ => {
                let usage = "expected `--channel`, `--count`, `--release` or `--seed`";
                return Err(format!("unknown argument `{name}`: {usage}").into());
            }
        }
    }
    let mut out = BufWriter::new(io::stdout().lock());
    for index in 0..count {
        serde_json::to_writer(&mut out, &support::object_of(seed, index, release, channel))?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}
