//! What a client keeps between its requests: cookies, and the headers that hold tokens of sessions.

mod cookies;
mod memory;

pub use cookies::{CookieFileError, CookieJar, RefusedCookie};
pub use memory::ClientMemory;
