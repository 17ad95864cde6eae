//! The CA bundles that a configuration names.

use super::TrustStore;
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// The authorities that a listener or a policy names: bundles of certificates, PEM. They are read when the first chain is judged by
/// them, and not again for each handshake. A clone shares what was read.
#[derive(Clone, Default)]
pub struct CaBundles {
    bundles: Arc<[Arc<str>]>,
    trusted: Arc<OnceLock<TrustStore>>,
}

impl CaBundles {
    /// The authorities of these bundles, PEM.
    #[must_use]
    pub fn new(bundles: impl IntoIterator<Item = Arc<str>>) -> Self {
        Self {
            bundles: bundles.into_iter().collect(),
            trusted: Arc::default(),
        }
    }

    /// The bundles, PEM.
    #[must_use]
    pub fn bundles(&self) -> &[Arc<str>] {
        &self.bundles
    }

    /// What they vouch with. What cannot vouch for anybody is left out, as in [`TrustStore::of_pem`].
    pub fn trusted(&self) -> &TrustStore {
        self.trusted
            .get_or_init(|| TrustStore::of_pem(self.bundles.iter().map(|one| &**one)))
    }
}

impl PartialEq for CaBundles {
    fn eq(&self, other: &Self) -> bool {
        self.bundles == other.bundles
    }
}

impl Eq for CaBundles {}

impl fmt::Debug for CaBundles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CaBundles").field(&self.bundles).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_what_was_read_and_are_the_same_as_others_of_the_same_bundles() {
        let bundle: Arc<str> =
            include_str!("../../tests/fixtures/certificates/client-ca.crt").into();
        let one = CaBundles::new([bundle.clone()]);
        let clone = one.clone();
        assert!(std::ptr::eq(one.trusted(), clone.trusted()));
        let other = CaBundles::new([bundle]);
        assert_eq!(one, other);
        assert!(!std::ptr::eq(one.trusted(), other.trusted()));
        assert_ne!(one, CaBundles::default());
    }
}
