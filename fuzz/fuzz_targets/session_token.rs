//! Whatever bytes come as a session's header, only a token that was sealed selects an endpoint.
#![no_main]

#[path = "../../tests/support/session_law.rs"]
mod session_law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    session_law::check(bytes);
});
