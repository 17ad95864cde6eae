//! The `options` of `configure`, as they are read.

use super::members::meant;
use crate::given::choices::{Choices, member};
use gwapi::{
    attachment::{AddressPool, DEFAULT_CONTROLLER, Options},
    meta::{Channel, FeatureName, Hostname, Release},
    schema::nearest_name,
    v1::{AddressType, GatewayStatusAddress},
};
use serde::Deserialize;
use std::net::IpAddr;

/// The options of `configure`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Configuration {
    controller_name: Option<String>,
    features: Option<Vec<String>>,
    channel: Option<String>,
    release: Option<String>,
    #[serde(default)]
    addresses: Vec<Address>,
    #[serde(default)]
    unusable_addresses: Vec<Address>,
    regex_rank: Option<String>,
    hostname_rank: Option<String>,
    hostname_fallback: Option<String>,
    repeated_header: Option<String>,
    isolation: Option<String>,
    paths: Option<String>,
}

/// An address of a Gateway.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    r#type: Option<AddressType>,
    value: String,
}

impl Configuration {
    /// What the data plane decides where the specification leaves it open.
    ///
    /// # Errors
    ///
    /// A value is none of its kind; the message names the member, the value and those that there are.
    pub(super) fn choices(&self) -> Result<Choices, String> {
        let given = [
            ("regex-rank", &self.regex_rank),
            ("hostname-rank", &self.hostname_rank),
            ("hostname-fallback", &self.hostname_fallback),
            ("repeated-header", &self.repeated_header),
            ("isolation", &self.isolation),
            ("paths", &self.paths),
        ];
        let mut choices = Choices::default();
        for (name, value) in given {
            let set = value.iter().try_for_each(|value| choices.set(name, value));
            set.map_err(|error| format!("`{}`: {error}", member(name)))?;
        }
        Ok(choices)
    }

    /// The options for a resolver.
    ///
    /// # Errors
    ///
    /// A value is none of its kind; the message names the member and the value.
    pub(super) fn options(self) -> Result<Options, String> {
        let hostname_rank = self.choices()?.routing.hostname_rank();
        let mut options = Options::for_simulator(
            self.controller_name
                .as_deref()
                .unwrap_or(DEFAULT_CONTROLLER),
        );
        if let Some(channel) = self.channel {
            options.channel = channel
                .parse::<Channel>()
                .map_err(|error| error.to_string())?;
        }
        if let Some(release) = self.release {
            let release = release
                .parse::<Release>()
                .map_err(|error| error.to_string())?;
            options = options.with_release(release);
        }
        options.features = match self.features {
            Some(names) => Some(names.into_iter().map(feature).collect::<Result<_, _>>()?),
            None => None,
        };
        let addresses = all("addresses", self.addresses)?;
        if !addresses.is_empty() {
            let listed = addresses
                .into_iter()
                .map(|(kind, value)| GatewayStatusAddress {
                    r#type: Some(kind),
                    value,
                    ..Default::default()
                });
            options.addresses = AddressPool::Listed(listed.collect());
        }
        options.hostname_rank = hostname_rank;
        let unusable = all("unusableAddresses", self.unusable_addresses)?;
        options.unusable_addresses = unusable.into_iter().collect();
        Ok(options)
    }
}

impl Address {
    /// Its type, `IPAddress` unless it is named, and its text.
    ///
    /// # Errors
    ///
    /// The text is no address of the type, or the type is none.
    fn parts(self) -> Result<(AddressType, String), String> {
        let kind = self.r#type.unwrap_or(AddressType::IpAddress);
        let value = self.value;
        let prefixed = kind.as_str().split_once('/');
        let is_prefixed = prefixed
            .is_some_and(|(domain, name)| domain.parse::<Hostname>().is_ok() && !name.is_empty());
        let (fits, what) = match &kind {
            AddressType::IpAddress => (value.parse::<IpAddr>().is_ok(), "an IP address"),
            AddressType::Hostname => (value.parse::<Hostname>().is_ok(), "a hostname"),
            kind if kind.is_known() || is_prefixed => (!value.is_empty(), "an address"),
            kind => {
                let near = nearest_name(kind.as_str(), AddressType::KNOWN.iter().copied());
                return Err(format!(
                    "there is no type of address `{kind}`{}",
                    meant(near)
                ));
            }
        };
        match fits {
            true => Ok((kind, value)),
            false => Err(format!("`{value}` is not {what}")),
        }
    }
}

/// The addresses of a member.
fn all(member: &str, addresses: Vec<Address>) -> Result<Vec<(AddressType, String)>, String> {
    let parts = addresses.into_iter().enumerate().map(|(index, address)| {
        let parts = address.parts();
        parts.map_err(|error| format!("`{member}[{index}]`: {error}"))
    });
    parts.collect()
}

/// A feature by its name.
///
/// # Errors
///
/// There is none of this name.
fn feature(name: String) -> Result<FeatureName, String> {
    let feature = FeatureName::from(name);
    if feature.is_known() {
        return Ok(feature);
    }
    let name = feature.as_str();
    let near = nearest_name(name, FeatureName::KNOWN.iter().copied());
    Err(format!(
        "`features`: there is no feature `{name}`{}",
        meant(near)
    ))
}
