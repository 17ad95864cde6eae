//! Where an input is read from, once or more often.

use std::{
    borrow::Cow,
    fs,
    io::{self, Read, Write},
    path::PathBuf,
    sync::Arc,
};
use tempfile::NamedTempFile;

/// How much of stdin or a pipe is kept in memory to be read again; more than that goes to a temporary file.
const MOST_KEPT: usize = 32 << 20;

/// Where the text of an input is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Stdin, which can be read once.
    Stdin,
    /// A file, or a pipe that can be read once.
    File(PathBuf),
    /// What could be read once only, in memory.
    Kept(Arc<[u8]>),
    /// What could be read once only, in a file that goes away with the last of these.
    Spooled(Arc<NamedTempFile>),
}

impl Place {
    /// All of it, from the beginning.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::Stdin => Box::new(io::stdin().lock()),
            Self::File(path) => Box::new(fs::File::open(path)?),
            Self::Kept(text) => Box::new(&**text),
            Self::Spooled(file) => Box::new(file.reopen()?),
        })
    }

    /// All of it.
    pub(super) fn text(&self) -> io::Result<Cow<'_, [u8]>> {
        if let Self::Kept(text) = self {
            return Ok(Cow::Borrowed(text));
        }
        let mut text = Vec::new();
        self.open()?.read_to_end(&mut text)?;
        Ok(text.into())
    }

    /// A place of the same text that can be read as often as need be. Of what can be read once only, that is a copy of at most
    /// `most` bytes.
    pub(super) fn repeatable(&self, most: usize) -> io::Result<Self> {
        let once = match self {
            Self::Stdin => true,
            Self::File(path) => !fs::metadata(path)?.is_file(),
            Self::Kept(_) | Self::Spooled(_) => false,
        };
        if once {
            copy(self.open()?.take(most as u64), MOST_KEPT)
        } else {
            Ok(self.clone())
        }
    }
}

/// A copy of what is read: in memory up to a length, and beyond it in a file.
fn copy(mut from: impl Read, most_kept: usize) -> io::Result<Place> {
    let mut kept = Vec::new();
    // One byte more than is kept, so that more is seen to be there.
    from.by_ref()
        .take(most_kept as u64 + 1)
        .read_to_end(&mut kept)?;
    if kept.len() <= most_kept {
        return Ok(Place::Kept(kept.into()));
    }
    let mut file = NamedTempFile::new()?;
    file.write_all(&kept)?;
    drop(kept);
    io::copy(&mut from, &mut file)?;
    file.flush()?;
    Ok(Place::Spooled(Arc::new(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_once_is_copied_whole_in_memory_or_to_a_file() {
        let text: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        for (most, in_memory) in [(1_000, true), (999, false), (0, false)] {
            let place = copy(text.as_slice(), most).unwrap();
            assert_eq!(matches!(place, Place::Kept(_)), in_memory, "{most}");
            // As often as need be, by several at once.
            let (mut one, mut two) = (Vec::new(), [0; 10]);
            let mut first = place.open().unwrap();
            first.read_exact(&mut two).unwrap();
            place.open().unwrap().read_to_end(&mut one).unwrap();
            assert_eq!(one, text);
            assert_eq!(two, text[..10]);
            assert_eq!(*place.text().unwrap(), *text);
            if let Place::Spooled(file) = &place {
                let path = file.path().to_owned();
                assert!(path.exists());
                drop(first);
                drop(place);
                assert!(!path.exists());
            }
        }
    }
}
