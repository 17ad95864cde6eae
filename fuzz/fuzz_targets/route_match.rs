//! Whatever routes and requests the bytes choose, the engine answers as the oracle does.
#![no_main]

#[path = "../../tests/support/routing/mod.rs"]
mod cases;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(difference) = cases::check(&mut cases::Bytes(bytes), 4) {
        panic!("{difference}");
    }
});
