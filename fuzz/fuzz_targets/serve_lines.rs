//! Whatever another program writes to `gwapi serve`, each line gets one reply, which is JSON. What the input repeats is written out first
//! (`written_out`), so that a few bytes can stand for a line that meets a bound.
#![no_main]

#[path = "../../cli/tests/cli/serve_law.rs"]
mod serve_law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    serve_law::one_reply_a_line(&serve_law::written_out(bytes));
});
