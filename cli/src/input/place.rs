//! Where an input is read from, once or more often.

use std::{
    borrow::Cow,
    fmt, fs,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// How much of stdin or a pipe is kept in memory to be read again; more than that goes to a temporary file.
const MOST_KEPT: usize = 32 << 20;

/// Where the text of an input is.
#[derive(Clone, Debug, Default)]
pub(super) enum Place {
    /// Stdin, which can be read once.
    #[default]
    Stdin,
    /// A file, or a pipe that can be read once.
    File(PathBuf),
    /// What could be read once only, in memory.
    Kept(Arc<[u8]>),
    /// What could be read once only, in a file.
    Spooled(Arc<Spool>),
}

/// A file without a name. Nothing of it stays behind, however the process ends.
#[derive(Debug)]
pub(super) struct Spool(Mutex<fs::File>);

/// Reads a spool from the beginning, beside others that do.
struct FromStart<'s> {
    spool: &'s Spool,
    at: u64,
}

impl Read for FromStart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = self.spool.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(buffer)?;
        self.at = self.at.saturating_add(read as u64);
        Ok(read)
    }
}

/// Why what can be read once only could not be copied.
#[derive(Debug)]
pub(super) enum CopyError {
    /// It cannot be read.
    Read(io::Error),
    /// The copy cannot be written to this folder.
    Write(PathBuf, io::Error),
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Write(folder, error) => write!(
                f,
                "a copy of it, which is read more than once, cannot be written to the folder `{}`: {error}; the \
                 environment variable `TMPDIR` names another folder, and files that are named are not copied",
                folder.display()
            ),
        }
    }
}

impl From<io::Error> for CopyError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl Place {
    /// All of it, from the beginning.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::Stdin => Box::new(io::stdin().lock()),
            Self::File(path) => Box::new(fs::File::open(path)?),
            Self::Kept(text) => Box::new(&**text),
            Self::Spooled(spool) => Box::new(FromStart { spool, at: 0 }),
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
    pub(super) fn repeatable(&self, most: usize) -> Result<Self, CopyError> {
        let once = match self {
            Self::Stdin => true,
            Self::File(path) => !fs::metadata(path)?.is_file(),
            Self::Kept(_) | Self::Spooled(_) => false,
        };
        if once {
            let from = self.open()?.take(most as u64);
            copy(from, MOST_KEPT, &std::env::temp_dir())
        } else {
            Ok(self.clone())
        }
    }
}

/// A copy of what is read: in memory up to a length, and beyond it in a file of this folder.
fn copy(mut from: impl Read, most_kept: usize, folder: &Path) -> Result<Place, CopyError> {
    let mut kept = Vec::new();
    // One byte more than is kept, so that more is seen to be there.
    from.by_ref()
        .take(most_kept as u64 + 1)
        .read_to_end(&mut kept)?;
    if kept.len() <= most_kept {
        return Ok(Place::Kept(kept.into()));
    }
    let write = |error| CopyError::Write(folder.to_owned(), error);
    let mut file = tempfile::tempfile_in(folder).map_err(write)?;
    while !kept.is_empty() {
        file.write_all(&kept).map_err(write)?;
        kept.clear();
        from.by_ref()
            .take(PIECE)
            .read_to_end(&mut kept)
            .map_err(CopyError::Read)?;
    }
    file.flush().map_err(write)?;
    Ok(Place::Spooled(Arc::new(Spool(Mutex::new(file)))))
}

/// How much is copied at a time.
const PIECE: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn what_can_be_read_once_is_copied_whole_in_memory_or_to_a_file_without_a_name() {
        let scratch = Scratch::new("spool");
        let text: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
        for (most, in_memory) in [(3_000_000, true), (2_999_999, false), (0, false)] {
            let place = copy(text.as_slice(), most, scratch.path()).unwrap();
            assert_eq!(matches!(place, Place::Kept(_)), in_memory, "{most}");
            // As often as need be, by several at once.
            let (mut one, mut two) = (Vec::new(), [0; 10]);
            let mut first = place.open().unwrap();
            first.read_exact(&mut two).unwrap();
            place.open().unwrap().read_to_end(&mut one).unwrap();
            assert!(one == text);
            assert_eq!(two, text[..10]);
            first.read_exact(&mut two).unwrap();
            assert_eq!(two, text[10..20]);
            assert!(*place.text().unwrap() == *text);
            // Whatever ends the process leaves nothing behind.
            let left = fs::read_dir(scratch.path()).unwrap().count();
            assert_eq!(left, 0);
        }
    }

    #[test]
    fn a_copy_that_cannot_be_written_names_the_folder_and_how_to_choose_another() {
        let folder = Path::new("/nowhere/to/be/found");
        let error = copy(&b"text"[..], 1, folder).unwrap_err().to_string();
        assert!(error.contains("`/nowhere/to/be/found`"), "{error}");
        assert!(error.contains("`TMPDIR`"), "{error}");
    }
}
