//! The `request` of `gwapi serve`, as it is read.

use gwapi::{
    certificate::CertificateChain,
    meta::{Duration, NamespacedName},
    sim::{BackendBehaviour, Client, Protocol, Request},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use k8s_openapi::jiff::Timestamp;
use serde::Deserialize;
use std::net::IpAddr;

/// A request as a client makes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Ask {
    method: Option<String>,
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    gateway: Option<String>,
    port: Option<u16>,
    address: Option<IpAddr>,
    from: Option<String>,
    sni: Option<String>,
    client_certificate: Option<String>,
    protocol: Option<String>,
    #[serde(default)]
    backend: Backend,
}

/// What the backend would answer.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Backend {
    status: Option<u16>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    delay: Option<String>,
}

impl Ask {
    /// The request for the simulator, at this time.
    pub(super) fn request(self, now: Timestamp) -> Result<Request, String> {
        let mut request = Request::get(&self.url).map_err(|error| error.to_string())?;
        if let Some(method) = &self.method {
            request.method = Method::from_bytes(method.as_bytes())
                .map_err(|_| format!("`{method}` is not an HTTP method"))?;
        }
        request.headers = headers(&self.headers)?;
        if let Some(gateway) = &self.gateway {
            let (namespace, name) = gateway
                .split_once('/')
                .ok_or_else(|| format!("`gateway`: expected `NAMESPACE/NAME`, not `{gateway}`"))?;
            request.gateway = Some(NamespacedName::new(namespace, name));
        }
        if let Some(from) = &self.from {
            let client: Client = from
                .parse()
                .map_err(|error: gwapi::sim::ClientError| error.to_string())?;
            request.client = Some(client);
        }
        if let Some(protocol) = &self.protocol {
            let protocol: Protocol = protocol
                .parse()
                .map_err(|error: gwapi::sim::RequestError| error.to_string())?;
            request.protocol = protocol;
        }
        if let Some(text) = &self.client_certificate {
            let chain = CertificateChain::read(text.as_bytes())
                .map_err(|error| format!("`clientCertificate`: {error}"))?;
            request.client_certificate = Some((chain, now));
        }
        request.port = self.port;
        request.address = self.address;
        request.sni = self.sni;
        request.backend = self.backend.behaviour()?;
        Ok(request)
    }
}

impl Backend {
    fn behaviour(self) -> Result<BackendBehaviour, String> {
        let mut behaviour = BackendBehaviour {
            headers: headers(&self.headers)?,
            ..BackendBehaviour::default()
        };
        if let Some(status) = self.status {
            behaviour.status = StatusCode::from_u16(status)
                .map_err(|_| format!("{status} is not an HTTP status code"))?;
        }
        if let Some(delay) = &self.delay {
            let delay: Duration = delay
                .parse()
                .map_err(|error: gwapi::meta::DurationError| error.to_string())?;
            behaviour.delay = delay;
        }
        Ok(behaviour)
    }
}

fn headers(list: &[(String, String)]) -> Result<HeaderMap, String> {
    let parsed = list.iter().map(|(name, value)| {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("`{name}` is not a header name"))?;
        let value = HeaderValue::from_str(value)
            .map_err(|_| format!("`{value}` is not the value of header `{name}`"))?;
        Ok((parsed, value))
    });
    let lines = parsed.collect::<Result<Vec<_>, String>>()?;
    Request::header_lines(lines).map_err(|error| error.to_string())
}
