//! The secret behind tokens.

use std::fmt;

/// A secret key for AES-128: 16 bytes, as from the operating system's source of randomness or a Secret that all replicas read.
///
/// It does not show in `Debug`.
///
/// ```
/// use gwapi::backend::session::SessionKey;
///
/// assert_eq!(format!("{:?}", SessionKey::from([7; 16])), "SessionKey(..)");
/// ```
#[cfg_attr(
    not(feature = "sessions"),
    expect(dead_code, reason = "there is nothing to seal without the feature")
)]
pub struct SessionKey([u8; 16]);

impl SessionKey {
    #[cfg(feature = "sessions")]
    pub(super) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for SessionKey {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}
