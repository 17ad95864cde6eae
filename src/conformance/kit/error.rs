//! Why something could not be tried.

use std::{error::Error, fmt};

/// Why something could not be tried.
#[derive(Debug)]
pub struct SubjectError(Box<dyn Error + Send + Sync>);

impl SubjectError {
    /// For this reason.
    pub fn new(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for SubjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for SubjectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
