//! In place of keys and cookies, without the feature `sessions`.

use super::{
    parent::Binding,
    recall::TokenRefusal,
    session_key::SessionKey,
    token::{Attributes, SentToken, Token},
};
use std::convert::Infallible;

/// The keys with which tokens are sealed and opened. Needs the feature `sessions`: without it no value of this type can be
/// made.
#[derive(Debug)]
pub struct SessionKeys(Infallible);

/// Reads and writes cookies.
pub(super) struct Cookies(Infallible);

impl SessionKeys {
    /// None: there are no keys.
    pub(crate) fn if_available(_: SessionKey) -> Option<Self> {
        None
    }

    pub(super) fn cookies(&self) -> Cookies {
        match self.0 {}
    }

    pub(super) fn seal(&self, _: Token, _: &Binding, _: [u8; 12]) -> Option<String> {
        match self.0 {}
    }

    pub(super) fn open(&self, _: &[u8], _: &Binding) -> Result<(Token, bool), TokenRefusal> {
        match self.0 {}
    }
}

impl Cookies {
    pub(super) fn find<T>(
        &self,
        _: &[u8],
        _: &str,
        _: impl FnMut(SentToken<'_>) -> Option<T>,
    ) -> Option<T> {
        match self.0 {}
    }

    pub(super) fn write(&self, _: &str, _: &str, _: &Attributes<'_>) -> String {
        match self.0 {}
    }
}
