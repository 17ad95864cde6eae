//! Short stand-ins for names, the same in every process, on every machine and in every release of this library.

use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// Sets the fingerprints of this library apart; not a secret.
const KEY: &[u8; 16] = b"gwapi.backend.v1";

/// The fingerprint of some parts, in their order. No two lists of parts are read as one: `ab`, `c` is not `a`, `bc`.
///
/// It tells apart what nobody makes alike on purpose. What an attacker must not be able to forge is authenticated by a
/// token's key, and never by this.
pub(super) fn of<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> u64 {
    let mut hasher = SipHasher13::new_with_key(KEY);
    for part in parts {
        // Not `write_u64`: its bytes are in the order of the machine.
        hasher.write(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.write(part);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::of;

    /// Tokens outlive a process and reach other replicas: the values may never change.
    #[test]
    fn fingerprints_are_the_same_everywhere() {
        assert_eq!(of([]), 0xc6f2_1f1d_d7a6_6c00);
        assert_eq!(of([&b"ab"[..], b"c"]), 0x5c7d_5202_8e91_b375);
        assert_ne!(of([&b"ab"[..], b"c"]), of([&b"a"[..], b"bc"]));
        assert_ne!(of([&b"a"[..]]), of([&b"a"[..], b""]));
    }
}
