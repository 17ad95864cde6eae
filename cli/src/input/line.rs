//! Reading line by line, of which none may be too long.

use std::io::{self, BufRead};

/// What came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line.
    Whole,
    /// A line that is longer than the bound. It was read over, not kept.
    TooLong,
    /// Nothing: the input has ended.
    End,
}

/// Reads the next line into `line`, which is emptied first.
pub(crate) fn read(input: &mut impl BufRead, line: &mut Vec<u8>, most: usize) -> io::Result<Line> {
    /// What is kept of the room of a long line, for those to come.
    const KEPT: usize = 1 << 20;
    line.clear();
    line.shrink_to(KEPT);
    let mut found = Line::End;
    loop {
        let bytes = match input.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        let (length, used) = (part.len(), part.len() + usize::from(end.is_some()));
        if used == 0 {
            return Ok(found);
        }
        if found != Line::TooLong {
            if line.len() + length > most {
                found = Line::TooLong;
                line.clear();
            } else {
                found = Line::Whole;
                line.extend_from_slice(part);
            }
        }
        input.consume(used);
        if end.is_some() {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lines of a text, read through a buffer of this size.
    fn lines(text: &[u8], buffer: usize) -> Vec<(Line, Vec<u8>)> {
        let mut input = io::BufReader::with_capacity(buffer, text);
        let (mut line, mut lines) = (Vec::new(), Vec::new());
        loop {
            let found = read(&mut input, &mut line, 8).unwrap();
            if found == Line::End {
                return lines;
            }
            lines.push((found, line.clone()));
        }
    }

    #[test]
    fn a_line_beyond_the_bound_is_read_over_and_the_next_one_is_read() {
        let text = b"12345678\n\n123456789\nab\n1234567890123456789012345678901234567890\nend";
        for buffer in [1, 2, 3, 7, 8, 9, 64] {
            let whole = |text: &[u8]| (Line::Whole, text.to_vec());
            assert_eq!(
                lines(text, buffer),
                [
                    whole(b"12345678"),
                    whole(b""),
                    (Line::TooLong, Vec::new()),
                    whole(b"ab"),
                    (Line::TooLong, Vec::new()),
                    whole(b"end"),
                ],
                "{buffer}"
            );
        }
    }
}
