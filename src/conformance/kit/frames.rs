//! What follows an upgrade: frames of WebSocket (RFC 6455, section 5).

/// The messages of a client: what each is of, and its content.
const MESSAGES: [(FrameKind, &[u8]); 2] = [
    (FrameKind::Text, b"there and back"),
    (FrameKind::Binary, &[0, 1, 13, 10, 127, 128, 255]),
];

/// The key by which a client masks what it sends.
const MASK: [u8; 4] = [0x5a, 0x00, 0xc3, 0x17];

#[derive(Clone, Copy)]
enum FrameKind {
    Text = 1,
    Binary = 2,
}

/// What the client sends: each message in a frame, masked as a client has to.
pub(super) fn sent() -> Vec<u8> {
    framed(true)
}

/// Whether all of it came back: byte by byte, or message by message from a server, which masks nothing.
pub(super) fn came_back(bytes: &[u8]) -> bool {
    bytes == framed(true) || bytes == framed(false)
}

fn framed(is_masked: bool) -> Vec<u8> {
    /// The first bit: no frame of the message comes after this one. The same bit of the length says that it is masked.
    const HIGH_BIT: u8 = 0x80;
    let mut bytes = Vec::new();
    for (kind, content) in MESSAGES {
        // A length of more than 125 would be written in another way.
        let length = u8::try_from(content.len()).unwrap_or_default();
        bytes.push(HIGH_BIT | kind as u8);
        match is_masked {
            true => {
                bytes.push(HIGH_BIT | length);
                bytes.extend(MASK);
                let masked = content.iter().zip(MASK.iter().cycle());
                bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
            }
            false => {
                bytes.push(length);
                bytes.extend(content);
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_as_they_were_sent_or_as_a_server_sends_them() {
        let masked = sent();
        assert_eq!(masked[..6], [0x81, 0x80 | 14, 0x5a, 0x00, 0xc3, 0x17]);
        assert_eq!(masked[6..8], [b't' ^ 0x5a, b'h']);
        assert_eq!(masked.len(), 6 + 14 + 6 + 7);
        assert!(came_back(&masked));
        let of_server = b"\x81\x0ethere and back\x82\x07\x00\x01\x0d\x0a\x7f\x80\xff";
        assert!(came_back(of_server));
        assert!(!came_back(&masked[1..]) && !came_back(&of_server[..16]) && !came_back(b""));
    }
}
