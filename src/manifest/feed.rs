//! Bytes from a reader, kept only as long as they are needed.

use super::Position;
use std::io::{self, Read};

/// A window on a stream. It begins after what has been consumed and grows where more is asked for.
pub(super) struct Feed<R> {
    from: R,
    /// What has been read, and room for more.
    buffer: Vec<u8>,
    /// Where the window begins in the buffer, and where it ends.
    begin: usize,
    filled: usize,
    /// The place of the window's first byte in the stream.
    position: Position,
    /// How many bytes may be read altogether, and how many still may.
    most: usize,
    left: usize,
    ended: Option<EndOfFeed>,
}

/// Why there is no more to read.
#[derive(Debug)]
pub(super) enum EndOfFeed {
    /// The stream is at its end.
    Whole,
    /// It is longer than it may be.
    TooLong,
    /// It cannot be read further.
    Failed(io::Error),
}

impl<R: Read> Feed<R> {
    pub(super) fn new(from: R, most: usize) -> Self {
        Self {
            from,
            buffer: Vec::new(),
            begin: 0,
            filled: 0,
            position: Position { line: 1, column: 1 },
            most,
            left: most,
            ended: None,
        }
    }

    /// The window.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.begin..self.filled).unwrap_or_default()
    }

    /// The first bytes of the window.
    pub(super) fn first(&self, length: usize) -> &[u8] {
        self.bytes().get(..length).unwrap_or_default()
    }

    /// The place of the window's first byte.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// Why the stream ended, once it has.
    pub(super) fn end(&self) -> Option<&EndOfFeed> {
        self.ended.as_ref()
    }

    /// The byte at an offset in the window, which grows to reach it; nothing after the end.
    pub(super) fn get(&mut self, at: usize) -> Option<u8> {
        loop {
            if let Some(byte) = self.bytes().get(at) {
                return Some(*byte);
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// Whether the window, from this offset on, begins with these bytes.
    pub(super) fn has(&mut self, at: usize, bytes: &[u8]) -> bool {
        (at..)
            .zip(bytes)
            .all(|(at, byte)| self.get(at) == Some(*byte))
    }

    /// The offset after the line end that comes first from this offset on; the end of the stream without one.
    /// Looks at no more than `most` bytes, and then says nothing.
    pub(super) fn line_end(&mut self, from: usize, most: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let rest = self.bytes().get(at..).unwrap_or_default();
            if let Some(end) = memchr::memchr(b'\n', rest) {
                return Some(at + end + 1);
            }
            at = self.bytes().len();
            if at - from > most {
                return None;
            }
            if !self.more() {
                return Some(at);
            }
        }
    }

    /// Lets the window grow; says whether it did.
    fn more(&mut self) -> bool {
        const CHUNK: usize = 64 << 10;
        if self.ended.is_some() {
            return false;
        }
        // What has been consumed goes when it is the larger part, so that moving costs no more than reading.
        if self.begin > self.filled / 2 {
            self.buffer.copy_within(self.begin..self.filled, 0);
            self.filled -= self.begin;
            self.begin = 0;
        }
        if self.filled == self.buffer.len() {
            // Long documents are read in long steps.
            let step = CHUNK.max(self.filled / 2);
            self.buffer.resize(self.filled + step, 0);
        }
        // One byte more than allowed shows that there is too much.
        let end = self
            .filled
            .saturating_add(self.left)
            .saturating_add(1)
            .min(self.buffer.len());
        let room = self.buffer.get_mut(self.filled..end).unwrap_or_default();
        let read = loop {
            match self.from.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let read = match read {
            Ok(0) => {
                self.ended = Some(EndOfFeed::Whole);
                0
            }
            Ok(read) if read > self.left => {
                self.ended = Some(EndOfFeed::TooLong);
                self.left
            }
            Ok(read) => read,
            Err(error) => {
                self.ended = Some(EndOfFeed::Failed(error));
                0
            }
        };
        self.left -= read;
        self.filled += read;
        read > 0
    }

    /// How many bytes may be read altogether.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Moves the beginning of the window without counting what is before it into the position: a byte order mark.
    pub(super) fn consume_unseen(&mut self, length: usize) {
        let position = self.position;
        self.consume(length);
        self.position = position;
    }

    /// Moves the beginning of the window.
    pub(super) fn consume(&mut self, length: usize) {
        let length = length.min(self.bytes().len());
        self.position = self.position.after(self.first(length));
        self.begin += length;
        if self.begin == self.filled {
            (self.begin, self.filled) = (0, 0);
            // The room of one long document is not kept for all that follow.
            const KEPT: usize = 1 << 20;
            if self.buffer.len() > KEPT {
                self.buffer.truncate(KEPT);
                self.buffer.shrink_to_fit();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let length = room.len().min(1);
            let (given, rest) = self.0.split_at(length.min(self.0.len()));
            room[..given.len()].copy_from_slice(given);
            self.0 = rest;
            Ok(given.len())
        }
    }

    #[test]
    fn the_window_grows_and_moves() {
        let mut feed = Feed::new(Drops("é\nab\ncd".as_bytes()), 100);
        assert_eq!(feed.get(1), Some(0xA9));
        assert_eq!(feed.line_end(0, 100), Some(3));
        feed.consume(3);
        assert_eq!(feed.position(), Position { line: 2, column: 1 });
        assert!(feed.has(0, b"ab\nc") && !feed.has(1, b"bc"));
        feed.consume(1);
        assert_eq!(feed.position(), Position { line: 2, column: 2 });
        assert_eq!(feed.line_end(2, 100), Some(4));
        assert_eq!((feed.get(4), feed.bytes()), (None, &b"b\ncd"[..]));
        assert!(matches!(feed.end(), Some(EndOfFeed::Whole)));
    }

    #[test]
    fn no_more_is_read_than_may_be() {
        for (most, whole) in [(5, true), (4, false)] {
            let mut feed = Feed::new(&b"12345"[..], most);
            assert_eq!(feed.get(10), None);
            assert_eq!(feed.bytes().len(), most);
            assert_eq!(matches!(feed.end(), Some(EndOfFeed::Whole)), whole);
        }
    }

    #[test]
    fn a_line_is_sought_so_far_and_no_farther() {
        let text = "x".repeat(1 << 20);
        let mut feed = Feed::new(text.as_bytes(), 2 << 20);
        assert_eq!(feed.line_end(0, 1_000), None);
        assert!(feed.bytes().len() < 200_000);
        assert_eq!(feed.line_end(0, 2 << 20), Some(1 << 20));
    }
}
