//! The form of a scenario.

use crate::meta::{Channel, Duration, FeatureName, Release, When};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use std::{collections::BTreeMap, net::IpAddr};

/// A scenario: objects, what happens to them, what clients ask, and what the specification says of that.
///
/// Each is about one rule, after which it is named.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    api_version: String,
    kind: String,
    metadata: ScenarioName,
    spec: Spec,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioName {
    name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spec {
    says: String,
    at: String,
    features: Vec<FeatureName>,
    since: Option<FeaturesSince>,
    beyond: Option<String>,
    #[serde(default, deserialize_with = "releases")]
    when: Option<When>,
    #[serde(default)]
    upstream: Vec<String>,
    #[serde(default)]
    certificates: Vec<ScenarioCertificate>,
    #[serde(default)]
    endpoints: BTreeMap<String, EndpointCount>,
    #[serde(default)]
    unusable_addresses: Vec<String>,
    #[serde(default)]
    objects: Vec<Value>,
    steps: Vec<ScenarioStep>,
}

/// The features as other releases name them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeaturesSince {
    #[serde(deserialize_with = "marked")]
    when: When,
    features: Vec<FeatureName>,
}

fn marked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<When, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

fn releases<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<When>, D::Error> {
    marked(deserializer).map(Some)
}

impl Scenario {
    /// The `kind` of a scenario in a file.
    pub const KIND: &'static str = "Scenario";

    /// Its name: the rule that it is about, in a few words.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// What the specification says, in our words.
    #[must_use]
    pub fn says(&self) -> &str {
        &self.spec.says
    }

    /// Where it says so.
    #[must_use]
    pub fn at(&self) -> &str {
        &self.spec.at
    }

    /// The features without which it cannot be asked, as v1.1.0 names them.
    #[must_use]
    pub fn features(&self) -> &[FeatureName] {
        &self.spec.features
    }

    /// The features without which it cannot be asked, as a release names them: later ones have names of their own for what counts
    /// for other features before.
    #[must_use]
    pub fn features_in(&self, release: Release) -> &[FeatureName] {
        match &self.spec.since {
            Some(since) if since.when.contains(release, Channel::Experimental) => &since.features,
            _ => &self.spec.features,
        }
    }

    /// For what is part of no feature: the proposal (GEP) that it comes from. It counts for no profile.
    #[must_use]
    pub fn beyond(&self) -> Option<&str> {
        self.spec.beyond.as_deref()
    }

    /// The releases of which it is true; all that have its features unless it says so.
    #[must_use]
    pub fn when(&self) -> Option<When> {
        self.spec.when
    }

    /// The tests of upstream's suite of v1.1.0 that ask the same.
    #[must_use]
    pub fn upstream(&self) -> &[String] {
        &self.spec.upstream
    }

    /// The certificates that are made for it.
    #[must_use]
    pub fn certificates(&self) -> &[ScenarioCertificate] {
        &self.spec.certificates
    }

    /// How many endpoints its Services have, where that is not one.
    #[must_use]
    pub fn endpoints(&self) -> &BTreeMap<String, EndpointCount> {
        &self.spec.endpoints
    }

    /// IP addresses that a Gateway may ask for and that cannot be bound.
    #[must_use]
    pub fn unusable_addresses(&self) -> &[String] {
        &self.spec.unusable_addresses
    }

    /// Its objects, beside those that all scenarios have.
    #[must_use]
    pub fn objects(&self) -> &[Value] {
        &self.spec.objects
    }

    /// What happens, in its order.
    #[must_use]
    pub fn steps(&self) -> &[ScenarioStep] {
        &self.spec.steps
    }

    /// Whether it has a step in which its features do what they are for.
    #[must_use]
    pub fn has_good_case(&self) -> bool {
        self.spec.steps.iter().any(ScenarioStep::is_good)
    }

    /// Whether it has a step in which something is refused, or its features must leave something as it is.
    #[must_use]
    pub fn has_bad_case(&self) -> bool {
        self.spec.steps.iter().any(ScenarioStep::is_bad)
    }

    /// What it calls itself.
    pub(super) fn api(&self) -> (&str, &str) {
        (&self.api_version, &self.kind)
    }
}

/// A certificate, or an authority, that an object of a scenario holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScenarioCertificate {
    /// The Secret that gets the certificate and its key, as `namespace/name`.
    pub secret: Option<String>,
    /// The ConfigMap that gets the authority's own certificate, as `namespace/name`.
    pub config_map: Option<String>,
    /// The names that the certificate bears.
    #[serde(default)]
    pub names: Vec<String>,
    /// Who signs it.
    #[serde(default = "servers")]
    pub authority: String,
}

fn servers() -> String {
    "servers".to_owned()
}

/// The endpoints of a Service.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointCount {
    /// How many there are.
    pub count: usize,
}

/// Something that happens in a scenario: objects change, time passes, statuses are looked at, or a client asks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScenarioStep {
    /// Objects that are applied.
    #[serde(default)]
    pub apply: Vec<Value>,
    /// Objects that are deleted, as `Kind namespace/name`.
    #[serde(default)]
    pub delete: Vec<String>,
    /// How much time passes.
    #[serde(default, deserialize_with = "duration")]
    pub pass: Option<Duration>,
    /// What statuses say.
    #[serde(default)]
    pub status: Vec<ExpectedStatus>,
    /// What a client asks.
    pub ask: Option<Box<AskStep>>,
    /// Whether the features of the scenario must leave something as it is here. Where something is expected to be refused, that
    /// need not be said.
    #[serde(default)]
    pub bad: bool,
}

impl ScenarioStep {
    fn is_bad(&self) -> bool {
        self.bad
            || self.ask.as_ref().is_some_and(|ask| ask.expect.is_refusal())
            || self.status.iter().any(ExpectedStatus::is_refusal)
    }

    fn is_good(&self) -> bool {
        let asks = self.ask.as_ref();
        !self.bad
            && (asks.is_some_and(|ask| !ask.expect.is_refusal())
                || self.status.iter().any(|status| !status.is_refusal()))
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|error| D::Error::custom(format!("{error}")))
}

/// What a client asks, and what is expected of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskStep {
    /// An absolute URL; `tls://SNI:PORT`, `tcp://HOST:PORT` and `udp://HOST:PORT` for what is below HTTP.
    pub url: String,
    /// The method, `GET` unless it says another.
    pub method: Option<String>,
    /// The headers.
    #[serde(default)]
    pub headers: BTreeMap<String, FieldLines>,
    /// The Gateway, as `namespace/name`: `shop/edge` for clients outside unless it says another.
    pub gateway: Option<String>,
    /// The namespace of the client in a mesh.
    pub from: Option<String>,
    /// The address to which the client connects.
    pub address: Option<IpAddr>,
    /// The port to which the client connects, where that is not the URL's.
    pub port: Option<u16>,
    /// The server name in TLS, where that is not the URL's host.
    pub sni: Option<String>,
    /// `http/1.1`, `h2` or `websocket`.
    pub protocol: Option<String>,
    /// Whether it is a call of gRPC: `POST` over HTTP/2, with the content type.
    #[serde(default)]
    pub grpc: bool,
    /// Whether the target of the request is the whole URL.
    #[serde(default)]
    pub absolute_form: bool,
    /// A client that keeps cookies, by its name; without one nothing is kept.
    pub client: Option<String>,
    /// The response headers that the client sends again, as it got them last.
    #[serde(default)]
    pub echo: Vec<String>,
    /// The certificate that the client shows.
    pub shows: Option<ClientIdentity>,
    /// What backends do.
    #[serde(default)]
    pub backend: Answers,
    /// The number that is drawn where something is chosen: it stands for a random one. Where what is expected depends on it, a
    /// step has to say it, 0 included.
    pub draw: Option<u64>,
    /// A name for the endpoint that is reached.
    pub remember: Option<String>,
    /// What is expected.
    pub expect: Expected,
}

/// The certificate that a client shows.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientIdentity {
    /// Who signed it.
    pub authority: String,
    /// The names that it bears.
    pub names: Vec<String>,
}

/// What backends do.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answers {
    /// The status code, 200 unless it says another.
    pub status: Option<u16>,
    /// The headers.
    #[serde(default)]
    pub headers: BTreeMap<String, FieldLines>,
    /// How long it takes.
    #[serde(default, deserialize_with = "duration")]
    pub delay: Option<Duration>,
}

/// One line of a header, or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum FieldLines {
    /// One.
    One(String),
    /// Several, in their order.
    Several(Vec<String>),
}

impl FieldLines {
    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        match self {
            Self::One(line) => std::slice::from_ref(line),
            Self::Several(lines) => lines,
        }
    }
}

/// What is expected of a request, or of a connection. What it does not speak of is not looked at, but for backends and mirrors:
/// those that it does not name must get nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expected {
    /// The Service that gets it, as `namespace/name`.
    pub backend: Option<String>,
    /// The status code. With a backend it is that of the backend unless it says another.
    pub status: Option<u16>,
    /// Whether the client gets nothing of HTTP: no connection, no TLS, or a connection that is closed.
    #[serde(default)]
    pub refused: bool,
    /// Where a redirect leads: a whole URL. Other spellings of the same place are as good.
    pub location: Option<String>,
    /// The status of a call of gRPC.
    pub grpc_status: Option<u8>,
    /// The request as the backend gets it.
    pub request: Option<ExpectedRequest>,
    /// The request as each mirror gets it.
    pub copy: Option<ExpectedRequest>,
    /// Headers of the response: all lines of each that is named; an empty list is none.
    #[serde(default)]
    pub response: BTreeMap<String, FieldLines>,
    /// Headers of the response of which only it matters that they are there.
    #[serde(default)]
    pub has: Vec<String>,
    /// The Services that get a copy.
    #[serde(default)]
    pub mirrors: Vec<String>,
    /// How many of as many requests as these numbers sum up to reach each Service, or get each status code.
    #[serde(default)]
    pub split: BTreeMap<String, u32>,
    /// The endpoint that must be reached: one that was remembered.
    pub same_as: Option<String>,
    /// The endpoint that must not be reached: one that was remembered.
    pub not_as: Option<String>,
    /// The cookies that the client gets, by their names.
    #[serde(default)]
    pub cookies: BTreeMap<String, ExpectedCookie>,
}

impl Expected {
    /// Whether the client is to be refused, whoever does it.
    fn is_refusal(&self) -> bool {
        self.refused
            || self.status.is_some_and(|status| status >= 400)
            || self.grpc_status.is_some_and(|status| status != 0)
            || self.split.keys().any(|end| end.parse::<u16>().is_ok())
            || self.not_as.is_some()
    }
}

/// A cookie that the client gets. Names and values of attributes are compared without regard to case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectedCookie {
    /// The attributes that it has: `HttpOnly` whatever its value is, `SameSite=Strict` with that value.
    #[serde(default)]
    pub with: Vec<String>,
    /// The attributes that it has not.
    #[serde(default)]
    pub without: Vec<String>,
    /// How long the client keeps it, by its `Max-Age`, a minute more or less; or it has an `Expires`.
    #[serde(default, deserialize_with = "duration")]
    pub lasts: Option<Duration>,
}

/// The request as a backend gets it. What it does not speak of is not looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectedRequest {
    /// The method.
    pub method: Option<String>,
    /// The host, with a port where there is one.
    pub host: Option<String>,
    /// The path with the query.
    pub path: Option<String>,
    /// What is spoken to the backend: `http/1.1`, `h2`, `h2c` or `websocket`.
    pub protocol: Option<String>,
    /// All lines of each header that is named; an empty list is none.
    #[serde(default)]
    pub headers: BTreeMap<String, FieldLines>,
}

/// What the status of an object says. A condition is `True`, `False`, or with its reason `False NoMatchingParent`; `absent` is none,
/// `not True` anything but that, none included, and `any ListenersNotValid` is one of that reason, whatever its status is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectedStatus {
    /// The object, as `Kind namespace/name`.
    pub of: String,
    /// Its conditions. Whatever is expected, each of an object stands once, and names the generation that it is about.
    #[serde(default)]
    pub conditions: BTreeMap<String, String>,
    /// The listeners of a Gateway, by their names.
    #[serde(default)]
    pub listeners: BTreeMap<String, ListenerExpected>,
    /// The conditions at the parents of a route, by `name`, `name/section`, or `name:port`.
    #[serde(default)]
    pub parents: BTreeMap<String, BTreeMap<String, String>>,
    /// How many parents the status names.
    pub parent_count: Option<usize>,
    /// The addresses of a Gateway: `IPAddress 192.0.2.7` is one that it has, `not 192.0.2.66` one that it has not, and `any` is some
    /// IP address or name of a host.
    #[serde(default)]
    pub addresses: Vec<String>,
}

impl ExpectedStatus {
    /// Whether it says of something that it is refused or not there.
    fn is_refusal(&self) -> bool {
        let listeners = self.listeners.values();
        let all = self.parents.values().chain([&self.conditions]);
        let mut all = all.chain(listeners.map(|listener| &listener.conditions));
        let is_no = |text: &String| {
            text.starts_with("False") || text.starts_with("not ") || text == "absent"
        };
        all.any(|conditions| conditions.values().any(is_no))
    }
}

/// What the status of a listener says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListenerExpected {
    /// How many routes are attached.
    pub attached_routes: Option<i64>,
    /// The kinds of routes that it takes, in any order.
    pub supported_kinds: Option<Vec<String>>,
    /// Its conditions.
    #[serde(default)]
    pub conditions: BTreeMap<String, String>,
}
