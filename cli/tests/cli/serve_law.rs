//! What must hold of any conversation with `gwapi serve`: shared by the fuzz target `serve_lines` and the test that replays
//! its corpus.
#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::panic,
    reason = "shared by a test and a fuzz target"
)]

use serde_json::Value;

/// How long an input may become that is written out.
const LONGEST: usize = 2 << 20;

/// Writes out what an input says in short: `\x01NUMBER\x02TEXT\x03` stands for TEXT so many times, each time with its own
/// number in place of every `\x04`. Anything else stands for itself.
pub(crate) fn written_out(short: &[u8]) -> Vec<u8> {
    let mut long = Vec::new();
    let mut rest = short;
    while let Some(at) = rest.iter().position(|byte| *byte == 1) {
        let (before, repeated) = rest.split_at(at);
        long.extend_from_slice(before);
        let Some((times, text, after)) = repetition(repeated) else {
            long.extend_from_slice(repeated.get(..1).unwrap_or_default());
            rest = repeated.get(1..).unwrap_or_default();
            continue;
        };
        for number in 0..times {
            if long.len() > LONGEST {
                break;
            }
            for byte in text {
                match byte {
                    4 => long.extend_from_slice(number.to_string().as_bytes()),
                    byte => long.push(*byte),
                }
            }
        }
        rest = after;
    }
    long.extend_from_slice(rest);
    long
}

/// The number and the text of a repetition at the beginning of these bytes, and what follows it.
fn repetition(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let inside = bytes.get(1..)?;
    let text = inside.iter().position(|byte| *byte == 2)?;
    let end = inside.iter().position(|byte| *byte == 3)?;
    let number = std::str::from_utf8(inside.get(..text)?).ok()?;
    let text = inside.get(text + 1..end)?;
    Some((number.parse().ok()?, text, inside.get(end + 1..)?))
}

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
