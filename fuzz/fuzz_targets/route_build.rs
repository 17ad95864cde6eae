//! Whatever texts hostnames, paths, patterns and names are, a table is built and asked without a panic, and answers as the
//! oracle does.
#![no_main]

#[path = "../../tests/support/routing/build.rs"]
mod build;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    build::check(bytes);
});
