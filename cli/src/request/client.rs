//! Who asks in `gwapi request`, and what the backend would say: arguments, and the files that they name.

use crate::write;
use clap::Args;
use gwapi::{
    attachment::effective::Effective,
    certificate::{CertificateChain, CertificateError, TrustStore},
    meta::{Duration, NamespacedName},
    sim::{ClientMemory, CookieFileError, EndpointTls, Protocol, Request, RequestError, Simulator},
};
use http::{HeaderName, HeaderValue, StatusCode};
use k8s_openapi::jiff::Timestamp;
use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// What the client is beside its place.
#[derive(Debug, Args)]
pub(super) struct ClientArgs {
    /// What the client speaks: http/1.1, h2, h2c or websocket
    #[arg(long, value_name = "PROTOCOL", default_value = "http/1.1")]
    protocol: Protocol,
    /// The server name (SNI) that the client sends, where it is not the host of the URL
    #[arg(long, value_name = "NAME")]
    sni: Option<String>,
    /// The certificates that the client shows, as PEM: its own first, then those that vouch for it
    #[arg(long, value_name = "FILE")]
    client_cert: Option<PathBuf>,
    /// A file of cookies, as the `cookies.txt` of curl: the client sends those, and writes there those that it gets
    #[arg(long, value_name = "FILE", conflicts_with = "count")]
    cookie_jar: Option<PathBuf>,
    /// Send so many requests, 1 to 10000, one after the other as one client, which sends the cookies and session headers that it
    /// got
    #[arg(long, value_name = "N", conflicts_with = "count", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(super) repeat: Option<u64>,
    /// How much time passes between two requests of --repeat, as in 5m
    #[arg(long, value_name = "DURATION", requires = "repeat")]
    pub(super) advance: Option<Duration>,
    /// The time of the request, as in 2024-05-09T12:00:00Z; the present time unless it is named
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<Timestamp>,
}

/// What the backend would say.
#[derive(Debug, Args)]
pub(super) struct BackendArgs {
    /// The status code with which the backend answers
    #[arg(long, value_name = "CODE", default_value = "200")]
    backend_status: StatusCode,
    /// A header of the backend's answer, as in 'x-version: 2'; may be given several times
    #[arg(long = "backend-header", value_name = "NAME: VALUE", value_parser = header)]
    backend_headers: Vec<(HeaderName, HeaderValue)>,
    /// How long the backend takes, as in 2s: it is compared with the timeouts of the rule
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    backend_delay: Duration,
    /// The certificates that backends show in TLS, as PEM: the backend's own first, then those that vouch for it. They are verified
    /// as its BackendTLSPolicy says; without this it is assumed that they are right. FILE alone is for all backends that have
    /// such a policy: others speak cleartext. With the name of a Service before it, as in shop/web=web.crt, it is for that
    /// Service, policy or not; may be given several times
    #[arg(long, value_name = "[NS/NAME=]FILE", value_parser = shown)]
    backend_cert: Vec<ShownFile>,
}

/// Certificates that backends show.
#[derive(Clone, Debug)]
struct ShownFile {
    /// The Service that shows them; none for all that have a policy.
    service: Option<NamespacedName>,
    file: PathBuf,
}

/// A file of certificates, perhaps with the Service that shows them. What is before a `=` names a Service if it may be the name
/// of one; a file whose path looks so is given as `./…`.
fn shown(text: &str) -> Result<ShownFile, String> {
    let named = text.split_once('=').and_then(|(name, file)| {
        let (namespace, name) = name.split_once('/')?;
        let is_name = |text: &str| {
            let bytes = text.bytes();
            !text.is_empty()
                && bytes
                    .into_iter()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        (is_name(namespace) && is_name(name)).then(|| (NamespacedName::new(namespace, name), file))
    });
    let (service, file) = match named {
        Some((service, file)) => (Some(service), file),
        None => (None, text),
    };
    if file.is_empty() {
        return Err("expected a file, or NAMESPACE/NAME=FILE".to_owned());
    }
    Ok(ShownFile {
        service,
        file: file.into(),
    })
}

/// Why the client cannot be as it was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientArgsError {
    #[error("`{option}` says nothing for {scheme}: it is for {wanted}")]
    Scheme {
        option: &'static str,
        scheme: String,
        wanted: String,
    },
    #[error("cannot read `{}`: {error}", .path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("`{}` is too long: `{option}` reads no more than {MOST_READ} bytes", .path.display())]
    TooLong { path: PathBuf, option: &'static str },
    #[error("`{}` has no certificates of a {whose}: {error}", .path.display())]
    Certificate {
        path: PathBuf,
        whose: &'static str,
        error: CertificateError,
    },
    #[error("`--backend-cert` is given twice for {}", whose(.service.as_ref()))]
    Twice { service: Option<NamespacedName> },
    #[error("`{}` is no file of cookies: {error}", .path.display())]
    Cookies {
        path: PathBuf,
        error: CookieFileError,
    },
    #[error(transparent)]
    Request(#[from] RequestError),
}

fn whose(service: Option<&NamespacedName>) -> String {
    match service {
        Some(service) => format!("Service {service}"),
        None => {
            "all backends: name the Service before the file, as in `shop/web=web.crt`".to_owned()
        }
    }
}

impl ClientArgs {
    /// Makes the request that of this client, at this time.
    pub(super) fn apply(
        &self,
        request: &mut Request,
        now: Timestamp,
    ) -> Result<(), ClientArgsError> {
        request.protocol = self.protocol.clone();
        request.sni.clone_from(&self.sni);
        if let Some(path) = &self.client_cert {
            let text = read(path, "--client-cert")?;
            let chain = CertificateChain::read(&text).map_err(|error| {
                let (path, whose) = (path.clone(), "client");
                ClientArgsError::Certificate { path, whose, error }
            })?;
            request.client_certificate = Some((chain, now));
        }
        check_scheme(request, OVER_TLS, "--sni", self.sni.is_some())?;
        check_scheme(
            request,
            OVER_TLS,
            "--client-cert",
            self.client_cert.is_some(),
        )?;
        check_scheme(
            request,
            OVER_HTTP,
            "--cookie-jar",
            self.cookie_jar.is_some(),
        )?;
        let other_protocol = self.protocol != Protocol::Http1;
        check_scheme(request, OVER_HTTP, "--protocol", other_protocol)
    }

    /// What the client has from requests before. A file that is not there has no cookies.
    pub(super) fn memory(&self) -> Result<ClientMemory, ClientArgsError> {
        let Some(path) = &self.cookie_jar else {
            return Ok(ClientMemory::default());
        };
        let bytes = match read(path, "--cookie-jar") {
            Err(ClientArgsError::Unreadable { error, .. })
                if error.kind() == io::ErrorKind::NotFound =>
            {
                Vec::new()
            }
            read => read?,
        };
        let cookies = String::from_utf8_lossy(&bytes).parse();
        let cookies = cookies.map_err(|error| {
            let path = path.clone();
            ClientArgsError::Cookies { path, error }
        })?;
        Ok(ClientMemory::with_cookies(cookies))
    }

    /// Writes the cookies that the client has now.
    pub(super) fn keep(&self, memory: &ClientMemory) -> Result<(), write::WriteError> {
        let Some(path) = &self.cookie_jar else {
            return Ok(());
        };
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = (name.into_owned(), memory.cookies.to_string());
        write::files(folder.unwrap_or(Path::new(".")), &[file])
    }
}

impl BackendArgs {
    /// Lets the simulator trust the authorities that this system trusts, for policies that refer to them. They are read where a
    /// certificate is to be verified.
    pub(super) fn trust(&self, simulator: &mut Simulator) {
        if !self.backend_cert.is_empty() {
            let found = rustls_native_certs::load_native_certs().certs;
            let authorities = found.into_iter().map(|one| one.to_vec());
            simulator.set_system_authorities(TrustStore::of_der(authorities));
        }
    }

    /// A Service that shows certificates and is not there, if one is named.
    pub(super) fn missing(&self, effective: &Effective) -> Option<&NamespacedName> {
        let mut named = self
            .backend_cert
            .iter()
            .filter_map(|shown| shown.service.as_ref());
        named.find(|name| {
            !effective.services.contains_key(name) && !effective.imports.contains_key(name)
        })
    }

    pub(super) fn apply(&self, request: &mut Request) -> Result<(), ClientArgsError> {
        let backend = &mut request.backend;
        backend.status = self.backend_status;
        backend.headers = Request::header_lines(self.backend_headers.iter().cloned())?;
        backend.delay = self.backend_delay;
        for ShownFile { service, file } in &self.backend_cert {
            let text = read(file, "--backend-cert")?;
            let chain = CertificateChain::read(&text).map_err(|error| {
                let (path, whose) = (file.clone(), "backend");
                ClientArgsError::Certificate { path, whose, error }
            })?;
            let shows = EndpointTls::Shows(chain);
            let twice = match service {
                Some(service) => request.backend_tls.insert(service.clone(), shows).is_some(),
                None => std::mem::replace(&mut backend.tls, shows) != EndpointTls::Assumed,
            };
            if twice {
                return Err(ClientArgsError::Twice {
                    service: service.clone(),
                });
            }
        }
        let given = [
            ("--backend-status", self.backend_status != StatusCode::OK),
            ("--backend-header", !self.backend_headers.is_empty()),
            ("--backend-delay", !self.backend_delay.is_zero()),
        ];
        let mut given = given.into_iter();
        given.try_for_each(|(option, given)| check_scheme(request, OVER_HTTP, option, given))?;
        let option = "--backend-cert";
        check_scheme(
            request,
            OVER_CONNECTIONS,
            option,
            !self.backend_cert.is_empty(),
        )
    }
}

/// The schemes for which an option says something.
type Schemes = &'static [&'static str];

const OVER_TLS: Schemes = &["https", "tls"];
const OVER_HTTP: Schemes = &["http", "https"];
const OVER_CONNECTIONS: Schemes = &["http", "https", "tls", "tcp"];

/// Refuses an option that is given and says nothing for the scheme of the request.
fn check_scheme(
    request: &Request,
    schemes: Schemes,
    option: &'static str,
    given: bool,
) -> Result<(), ClientArgsError> {
    let scheme = request.uri.scheme_str().unwrap_or_default();
    if !given || schemes.contains(&scheme) {
        return Ok(());
    }
    Err(ClientArgsError::Scheme {
        option,
        scheme: scheme.to_owned(),
        wanted: match schemes {
            [others @ .., last] if !others.is_empty() => {
                format!("{} and {last}", others.join(", "))
            }
            all => all.concat(),
        },
    })
}

/// So long may the file of an option be: 16 MiB.
const MOST_READ: u64 = 16 << 20;

/// Reads the file of an option. A pipe or a device may never end, so that no more is read than a file may have.
fn read(path: &Path, option: &'static str) -> Result<Vec<u8>, ClientArgsError> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| {
        let mut file = file.take(MOST_READ + 1);
        file.read_to_end(&mut bytes)
    });
    let path = path.to_owned();
    match read {
        Err(error) => Err(ClientArgsError::Unreadable { path, error }),
        Ok(read) if read as u64 > MOST_READ => Err(ClientArgsError::TooLong { path, option }),
        Ok(_) => Ok(bytes),
    }
}

pub(super) fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or_else(|| format!("expected `name: value`, not `{text}`"))?;
    let name = HeaderName::from_bytes(name.trim().as_bytes())
        .map_err(|_| format!("`{name}` is not a header name"))?;
    let value = HeaderValue::from_str(value.trim())
        .map_err(|_| format!("`{}` is not a header value", value.trim()))?;
    Ok((name, value))
}
