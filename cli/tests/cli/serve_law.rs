//! What must hold of any conversation with `gwapi serve`: shared by the fuzz target `serve_lines` and the test that replays
//! its corpus.
#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::panic,
    reason = "shared by a test and a fuzz target"
)]

use serde_json::Value;

/// Each line gets one reply, in order: an object with `ok`, and an error with a message where that is false. Returns how
/// many replies there were.
pub(crate) fn one_reply_a_line(lines: &[u8]) -> usize {
    let output = gwapi_cli::serve(lines);
    let asked = lines.split_inclusive(|byte| *byte == b'\n').count();
    let replies: Vec<Value> = serde_json::Deserializer::from_slice(&output)
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("each reply is JSON");
    assert_eq!(replies.len(), asked, "one reply a line");
    for reply in &replies {
        match reply.get("ok") {
            Some(Value::Bool(true)) => assert!(reply.get("error").is_none(), "{reply}"),
            Some(Value::Bool(false)) => {
                let message = reply.pointer("/error/message").and_then(Value::as_str);
                assert!(message.is_some_and(|text| !text.is_empty()), "{reply}");
            }
            _ => panic!("a reply without `ok`: {reply}"),
        }
    }
    let lines = output.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines, asked, "each reply is one line");
    replies.len()
}
