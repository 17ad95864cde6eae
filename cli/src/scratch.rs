//! A folder for one test, which goes away with it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
};

pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// An empty folder; the name tells the tests of one run apart.
    pub(crate) fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("gwapi-{}-{name}", process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(fs::canonicalize(path).unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
