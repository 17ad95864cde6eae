//! The keys of tokens: sealing with the first, opening with any.
//!
//! A token is, before it is written in the URL-safe Base64 of RFC 4648, section 5, without padding:
//!
//! ```text
//! 1 version | 3 name of the key | 12 nonce | 32 encrypted: created, last used, backend, endpoint | 16 tag
//! ```
//!
//! The tag authenticates the version and the binding as well (AES-128-GCM-SIV, RFC 8452). All tokens have the same length.

use super::{
    cookie::Cookies,
    parent::Binding,
    recall::TokenRefusal,
    session_key::SessionKey,
    token::{self, Token},
};
use aes_gcm_siv::{
    AeadInOut, AesGcmSiv, KeyInit, Nonce, Tag, aead::inout::InOutBuf, aes::Aes128Enc,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt;

/// The form of tokens; another one will have another number.
const VERSION: u8 = 1;
const KEY_NAME: usize = 3;
const NONCE: usize = 12;
const TAG: usize = 16;
const LENGTH: usize = 1 + KEY_NAME + NONCE + token::LENGTH + TAG;
/// The characters of a token.
pub(super) const TEXT: usize = LENGTH.div_ceil(3) * 4 - (3 - LENGTH % 3) % 3;

/// The keys with which tokens are sealed and opened; every replica of a data plane has the same ones.
///
/// Keys rotate: [`rotate`](Self::rotate) puts a new one in the first place. Tokens of the older keys are still opened, and
/// the next response replaces them by one of the first key. Once a key is dropped, its tokens select nothing. Where several
/// replicas rotate one after the other, let them all know the new key first, by [`and_old`](Self::and_old).
///
/// Needs the feature `sessions`. Without it there is the type, but no value of it can be made.
///
/// ```
/// use gwapi::backend::session::{SessionKey, SessionKeys};
///
/// let mut keys = SessionKeys::new(SessionKey::from([1; 16])).and_old(SessionKey::from([0; 16]));
/// keys.rotate(SessionKey::from([2; 16]), 1);
/// assert_eq!(keys.len(), 2);
/// ```
pub struct SessionKeys {
    first: Sealer,
    older: Vec<Sealer>,
}

impl SessionKeys {
    /// One key, for sealing and opening.
    #[must_use]
    pub fn new(first: SessionKey) -> Self {
        Self {
            first: Sealer::new(&first),
            older: Vec::new(),
        }
    }

    /// As [`new`](Self::new), where the feature `sessions` is there.
    pub(crate) fn if_available(first: SessionKey) -> Option<Self> {
        Some(Self::new(first))
    }

    /// These keys and one more, for opening alone.
    #[must_use]
    pub fn and_old(mut self, key: SessionKey) -> Self {
        self.older.push(Sealer::new(&key));
        self
    }

    /// Seals with a new key from now on. Of the others, the first one and those before it, the `keep` newest are kept for
    /// opening; with 0 every present session ends.
    pub fn rotate(&mut self, first: SessionKey, keep: usize) {
        let before = std::mem::replace(&mut self.first, Sealer::new(&first));
        self.older.insert(0, before);
        self.older.truncate(keep);
    }

    /// How many keys there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always a first key")]
    pub fn len(&self) -> usize {
        1 + self.older.len()
    }

    /// Where there are keys, there are cookies.
    #[expect(
        clippy::unused_self,
        reason = "without keys there is nothing to call this on"
    )]
    pub(super) fn cookies(&self) -> Cookies {
        Cookies
    }

    /// The text of a token.
    pub(super) fn seal(
        &self,
        token: Token,
        binding: &Binding,
        nonce: [u8; NONCE],
    ) -> Option<String> {
        let sealed = self.first.seal(token, binding, nonce)?;
        Some(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What a text says as a token, and whether one of the older keys sealed it.
    pub(super) fn open(
        &self,
        text: &[u8],
        binding: &Binding,
    ) -> Result<(Token, bool), TokenRefusal> {
        if text.len() > TEXT {
            return Err(TokenRefusal::Oversized);
        }
        // What could be decoded from so long a text fits.
        let mut bytes = [0; LENGTH + 2];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(LENGTH) => {}
            _ => return Err(TokenRefusal::Malformed),
        }
        let parts = TokenParts::of(&bytes).ok_or(TokenRefusal::Malformed)?;
        if parts.version != VERSION {
            return Err(TokenRefusal::Malformed);
        }
        let all =
            std::iter::once((&self.first, false)).chain(self.older.iter().map(|key| (key, true)));
        let mut refusal = TokenRefusal::UnknownKey;
        for (key, old) in all.filter(|(key, _)| key.name == parts.key) {
            match key.open(&parts, binding) {
                Some(token) => return Ok((token, old)),
                None => refusal = TokenRefusal::NotAuthentic,
            }
        }
        Err(refusal)
    }
}

impl fmt::Debug for SessionKeys {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKeys")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The parts of a sealed token.
struct TokenParts {
    version: u8,
    key: [u8; KEY_NAME],
    nonce: [u8; NONCE],
    encrypted: [u8; token::LENGTH],
    tag: [u8; TAG],
}

impl TokenParts {
    fn of(bytes: &[u8]) -> Option<Self> {
        let ([version], rest) = bytes.split_first_chunk()?;
        let (key, rest) = rest.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (encrypted, rest) = rest.split_first_chunk()?;
        let (tag, _) = rest.split_first_chunk()?;
        Some(Self {
            version: *version,
            key: *key,
            nonce: *nonce,
            encrypted: *encrypted,
            tag: *tag,
        })
    }
}

/// One key.
struct Sealer {
    name: [u8; KEY_NAME],
    cipher: AesGcmSiv<Aes128Enc>,
}

impl Sealer {
    fn new(key: &SessionKey) -> Self {
        let cipher = AesGcmSiv::<Aes128Enc>::new(key.as_bytes().into());
        // A few bytes that follow from the key and tell nothing of it: the tag of no message.
        let mut name = [0; KEY_NAME];
        let tag = cipher.encrypt_inout_detached(
            &Nonce::default(),
            b"gwapi session key",
            InOutBuf::from(&mut [][..]),
        );
        if let Ok(tag) = tag {
            name.iter_mut().zip(tag).for_each(|(to, from)| *to = from);
        }
        Self { name, cipher }
    }

    fn seal(&self, token: Token, binding: &Binding, nonce: [u8; NONCE]) -> Option<[u8; LENGTH]> {
        let mut encrypted = token.to_bytes();
        let sealed = self.cipher.encrypt_inout_detached(
            &Nonce::from(nonce),
            binding.as_bytes(),
            InOutBuf::from(&mut encrypted[..]),
        );
        let tag = sealed.ok()?;
        let parts = [&[VERSION][..], &self.name, &nonce, &encrypted, &tag];
        let mut bytes = [0; LENGTH];
        let places = bytes.iter_mut();
        places
            .zip(parts.into_iter().flatten())
            .for_each(|(to, from)| *to = *from);
        Some(bytes)
    }

    fn open(&self, parts: &TokenParts, binding: &Binding) -> Option<Token> {
        let mut bytes = parts.encrypted;
        let opened = self.cipher.decrypt_inout_detached(
            &Nonce::from(parts.nonce),
            binding.as_bytes(),
            InOutBuf::from(&mut bytes[..]),
            &Tag::from(parts.tag),
        );
        opened.ok().map(|()| Token::from_bytes(bytes))
    }
}
