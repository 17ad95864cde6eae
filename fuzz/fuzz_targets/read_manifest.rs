//! Whatever a file holds, it is read in bounded time and without a panic, every place lies inside it, and what is
//! decoded is written back as it was.
#![no_main]

#[path = "../../tests/kinds/law.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    law::readable(bytes);
});
