//! The form of a routing fixture.

use gwapi::{
    meta::NamespacedName,
    sim::{BackendBehaviour, Request},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::{collections::BTreeMap, net::IpAddr};

/// A file: one subject.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// The Gateway that is asked where a case names neither one nor a client of the mesh, as `namespace/name`.
    pub(crate) gateway: Option<String>,
    /// The objects, as in a manifest.
    pub(crate) resources: Vec<Value>,
    pub(crate) cases: Vec<Case>,
}

/// A request and what is expected of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// Unique within the file.
    pub(crate) name: String,
    /// Where the specification stands, and what it says there.
    pub(crate) because: String,
    /// The release whose behaviour is asked for, where it is not the default.
    pub(crate) release: Option<String>,
    /// Why the case is not run.
    pub(crate) skip: Option<String>,
    pub(crate) request: Asked,
    pub(crate) expect: Expect,
}

/// A request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    method: Option<String>,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, Lines>,
    /// The Gateway, as `namespace/name`.
    gateway: Option<String>,
    /// The client of the mesh: its namespace, and perhaps labels.
    from: Option<String>,
    /// The address to connect to, whatever the host is.
    address: Option<IpAddr>,
    /// The port to connect to, where it is not that of the URL.
    port: Option<u16>,
    sni: Option<String>,
    protocol: Option<String>,
    /// Whether the whole URL is the target of the request.
    #[serde(default, rename = "absoluteForm")]
    absolute_form: bool,
    #[serde(default)]
    backend: Backend,
}

/// What the backend does.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Backend {
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, Lines>,
    /// How long it takes, as a GEP-2257 duration.
    delay: Option<String>,
}

/// One field line of a header, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Lines {
    One(String),
    Several(Vec<String>),
}

impl Lines {
    pub(crate) fn to_vec(&self) -> Vec<String> {
        match self {
            Self::One(line) => vec![line.clone()],
            Self::Several(lines) => lines.clone(),
        }
    }
}

/// What is expected. `status` and `route` are always said; null is none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// `forwarded`, `redirected`, `answered` or `refused`.
    pub(crate) outcome: String,
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) status: Option<u16>,
    /// `namespace/name`, with the kind before it where it is no HTTPRoute.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) route: Option<String>,
    pub(crate) rule: Option<usize>,
    pub(crate) r#match: Option<usize>,
    /// `namespace/gateway/listener`.
    pub(crate) listener: Option<String>,
    /// `namespace/name`.
    pub(crate) service: Option<String>,
    /// `namespace/name:port`; null is none, absent is not looked at.
    #[serde(default, deserialize_with = "said")]
    pub(crate) backend: Option<Option<String>>,
    /// `address:port`.
    pub(crate) endpoint: Option<String>,
    pub(crate) forwarded: Option<Forwarded>,
    pub(crate) response: Option<Response>,
    /// The backends that get a copy, in order.
    #[serde(default)]
    pub(crate) mirrors: Vec<String>,
    /// The exact shares, in the order of the backends.
    pub(crate) split: Option<Vec<Row>>,
}

/// The request as the backend gets it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forwarded {
    pub(crate) method: Option<String>,
    pub(crate) scheme: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) protocol: Option<String>,
    /// Every line of each header that is named; null is none.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Option<Lines>>,
}

/// The response as the client gets it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Response {
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Option<Lines>>,
}

/// A share of requests.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) backend: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) share: String,
}

/// Tells null from absent.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Asked {
    /// The request of the simulator.
    pub(crate) fn build(&self, gateway: Option<&str>) -> Result<Request, String> {
        let mut request = Request::get(&self.url).map_err(|e| e.to_string())?;
        if let Some(method) = &self.method {
            request.method = Method::from_bytes(method.as_bytes()).map_err(|e| e.to_string())?;
        }
        request.headers = headers(&self.headers)?;
        let mesh = self.from.is_some() || self.address.is_some();
        let gateway = self.gateway.as_deref().or(gateway.filter(|_| !mesh));
        request.gateway = gateway.map(place).transpose()?;
        if let Some(from) = &self.from {
            request.client = Some(from.parse().map_err(|e| format!("{e}"))?);
        }
        request.address = self.address;
        request.port = self.port;
        request.sni.clone_from(&self.sni);
        request.absolute_form = self.absolute_form;
        if let Some(protocol) = &self.protocol {
            request.protocol = protocol.parse().map_err(|e| format!("{e}"))?;
        }
        request.backend = BackendBehaviour {
            headers: headers(&self.backend.headers)?,
            ..BackendBehaviour::default()
        };
        if let Some(status) = self.backend.status {
            request.backend.status = StatusCode::from_u16(status).map_err(|e| e.to_string())?;
        }
        if let Some(delay) = &self.backend.delay {
            request.backend.delay = delay.parse().map_err(|e| format!("{e}"))?;
        }
        Ok(request)
    }
}

fn place(text: &str) -> Result<NamespacedName, String> {
    let (namespace, name) = text
        .split_once('/')
        .ok_or_else(|| format!("`{text}` is not `namespace/name`"))?;
    Ok(NamespacedName::new(namespace, name))
}

fn headers(written: &BTreeMap<String, Lines>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, lines) in written {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| format!("`{name}`: {e}"))?;
        for line in lines.to_vec() {
            let value = HeaderValue::from_str(&line).map_err(|e| format!("`{line}`: {e}"))?;
            headers.append(name.clone(), value);
        }
    }
    Ok(headers)
}
