//! Files that may lie beside this repository, and what is said where they do not.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

/// A folder of upstream's definitions and examples (`v1.1.0/examples`, `.` for all), where it is there: below the folder of
/// releases that `GWAPI_REFERENCE` names, or else beside this repository. Says where it is not.
pub(crate) fn upstream(folder: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/upstream");
    let root = std::env::var_os("GWAPI_REFERENCE").map_or_else(beside, PathBuf::from);
    let found = root.join(folder);
    if !found.is_dir() {
        let place = found.display();
        say(&format!(
            "skipped: {place} is not there; GWAPI_REFERENCE names a folder of releases in place of ../shared/upstream"
        ));
        return None;
    }
    Some(found)
}

/// Says something on stderr that is seen of a test that passes, too: what `eprintln!` writes is not.
fn say(what: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or_default();
    let line = format!("{test}: {what}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
