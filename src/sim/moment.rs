//! What a simulator has in the place of a clock and of randomness.

use super::random::Random;
use crate::{
    backend::session::{SessionKey, SessionKeys},
    certificate::TrustStore,
    proxy::Recalling,
};
use k8s_openapi::jiff::Timestamp;
use std::time::{Duration, SystemTime};

/// The time, and the secrets with which tokens of sessions are sealed.
#[derive(Debug)]
pub(super) struct Moment {
    /// None without the feature `sessions`.
    keys: Option<SessionKeys>,
    /// Always the same: of tokens of AES-GCM-SIV this shows whether two are equal (RFC 8452), so that the same request at the
    /// same time has the same answer.
    nonce: [u8; 12],
    pub(super) now: SystemTime,
    /// The authorities that the operating system trusts.
    pub(super) system: TrustStore,
}

/// Where the clock of a simulator begins: at the day of v1.1.0, 2024-05-09, 12:00 UTC.
const START: Duration = Duration::from_secs(1_715_256_000);

impl Moment {
    /// What follows from a seed. Whoever knows it can forge tokens.
    pub(super) fn of_seed(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let [key, nonce] = [(); 2].map(|()| random.sixteen_bytes());
        let [first @ .., _, _, _, _] = nonce;
        Self {
            keys: SessionKeys::if_available(SessionKey::from(key)),
            nonce: first,
            now: SystemTime::UNIX_EPOCH + START,
            system: TrustStore::default(),
        }
    }

    /// The time as certificates have it; the last one that they know where it is beyond.
    pub(super) fn timestamp(&self) -> Timestamp {
        Timestamp::try_from(self.now).unwrap_or(Timestamp::MAX)
    }

    /// What it takes to read the session of a request.
    pub(super) fn recalling(&self) -> Option<Recalling<'_>> {
        let now = self.now;
        let keys = self.keys.as_ref()?;
        Some(Recalling { keys, now })
    }

    /// The keys and the nonce.
    pub(super) fn issuing(&self) -> Option<(&SessionKeys, [u8; 12])> {
        Some((self.keys.as_ref()?, self.nonce))
    }
}

impl Default for Moment {
    fn default() -> Self {
        Self::of_seed(0)
    }
}
