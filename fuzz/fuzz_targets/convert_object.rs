//! Whatever an object is, converting it to any version says why not, or gives an object of that version that can be read.
#![no_main]

#[path = "../../tests/support/convert_law.rs"]
mod convert_law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    convert_law::check(bytes);
});
