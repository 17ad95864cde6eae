//! Prints what is read of manifests, a JSON object a line: `{"value": …}` for each object, `{"error": …}` for what cannot be read.
//!
//! `conformance/judge` compares it with what kubectl's own code reads.

use gwapi::manifest::{self, ReadOptions};
use serde_json::json;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    for file in env::args().skip(1) {
        let text = fs::read(&file)?;
        for next in manifest::stream(text.as_slice(), &ReadOptions::default().with_whole_lists()) {
            println!(
                "{}",
                match next {
                    Ok(entry) =>
                        json!({"file": file, "value": entry.value, "duplicates": entry.duplicates.len()}),
                    Err(error) => json!({"file": file, "error": error.to_string()}),
                }
            );
        }
    }
    Ok(())
}
