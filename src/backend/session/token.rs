//! What a token says, and what the cookie around it says.

use super::{recall::Millis, rule::SameSite};

/// What a token says: which endpoint of which backend, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) created: Millis,
    pub(super) last_used: Millis,
    /// The key of the backend.
    pub(super) backend: u64,
    /// The key of the endpoint.
    pub(super) endpoint: u64,
}

/// The length of what a token says: the same for all, so that it tells a client nothing.
#[cfg(feature = "sessions")]
pub(super) const LENGTH: usize = 32;

#[cfg(feature = "sessions")]
impl Token {
    pub(super) fn to_bytes(self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let numbers = [
            self.created.0,
            self.last_used.0,
            self.backend,
            self.endpoint,
        ];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        let mut numbers = [0; 4];
        for (number, place) in numbers.iter_mut().zip(bytes.chunks_exact(8)) {
            let mut of = [0; 8];
            of.copy_from_slice(place);
            *number = u64::from_le_bytes(of);
        }
        let [created, last_used, backend, endpoint] = numbers;
        Self {
            created: Millis(created),
            last_used: Millis(last_used),
            backend,
            endpoint,
        }
    }
}

/// What a `Cookie` header has for a name.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "sessions"),
    expect(
        dead_code,
        reason = "cookies are read and written with the feature alone"
    )
)]
pub(super) enum SentToken<'c> {
    /// A value, without the quotes around it.
    Value(&'c str),
    /// The name without a value.
    Malformed,
}

/// What a `Set-Cookie` header says beside name and value.
#[cfg_attr(
    not(feature = "sessions"),
    expect(
        dead_code,
        reason = "cookies are read and written with the feature alone"
    )
)]
pub(super) struct Attributes<'p> {
    pub(super) path: Option<&'p str>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
    /// How many milliseconds a permanent cookie lasts, and until when, in milliseconds since the Unix epoch.
    pub(super) lasts: Option<(u64, u64)>,
}
