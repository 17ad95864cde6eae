//! Whatever a file holds, it is judged in bounded time and without a panic, and what is accepted can be decoded.
#![no_main]

#[path = "../../tests/support/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    hostile::judge(bytes);
});
