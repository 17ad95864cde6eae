//! A TLS handshake with a client: who takes it, which certificate the client sees, and which one it has to show.

use super::{
    bind::{Bind, BoundListener, Opening, Owner, host_of},
    http_session::HttpSession,
    in_force::PlanePort,
    stream::Stream,
};
use crate::{
    attachment::effective::{Certificate, ClientValidation},
    certificate::CertificateChain,
    proxy::{ListenerKey, Why},
    v1::{FrontendValidationModeType, ProtocolType, TlsModeType},
};
use k8s_openapi::jiff::Timestamp;
use std::sync::Arc;

/// A connection whose client has to begin with TLS.
#[derive(Clone, Debug)]
pub struct Hello {
    bind: Arc<Bind>,
}

impl Hello {
    pub(super) fn new(bind: &Arc<Bind>) -> Self {
        Self { bind: bind.clone() }
    }

    /// What becomes of a client that says this in its first message (TLS `ClientHello`). `server_name` is its SNI.
    ///
    /// The listener with the most specific hostname of those that cover the name takes it; without a name that is one without
    /// a hostname (Gateway `spec.listeners`).
    ///
    /// The listeners are those in force when this is called, and not those of the time at which the client connected: whoever
    /// connects and waits is served by no earlier configuration.
    #[must_use]
    pub fn client_hello(&self, server_name: Option<&str>) -> ClientHello {
        let host = server_name.map(host_of);
        let Some(bind) = self.bind.present() else {
            return ClientHello::Refuse(Why::Drained);
        };
        if !matches!(bind.opening(), Opening::Tls) {
            return ClientHello::Refuse(Why::Drained);
        }
        match bind.owner(host.map(str::as_bytes)) {
            Owner::Listener(listener) => {
                let passes = listener
                    .effective
                    .tls
                    .as_ref()
                    .is_some_and(|tls| tls.mode == TlsModeType::Passthrough);
                if passes {
                    ClientHello::Passthrough(Stream::by_server_name(&bind, listener, host))
                } else {
                    ClientHello::Terminate(TlsSettings::new(&bind, listener, host))
                }
            }
            Owner::Withheld(listener) => ClientHello::Refuse(Why::Withheld(listener.clone())),
            Owner::Nobody => ClientHello::Refuse(Why::NoServerName),
        }
    }
}

/// What becomes of a client that begins with TLS.
#[derive(Clone, Debug)]
pub enum ClientHello {
    /// TLS ends here: the handshake goes on with these settings.
    Terminate(TlsSettings),
    /// TLS goes on to a backend as it is, its first message included.
    Passthrough(Stream),
    /// The handshake is refused: no listener of the port is for the name (alert `unrecognized_name`), or the port is no longer
    /// one for TLS.
    Refuse(Why),
}

/// How a handshake goes on, and what follows it.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    bind: Arc<Bind>,
    listener: Arc<BoundListener>,
    server_name: Option<String>,
    /// The place of the certificate among those of the listener.
    certificate: Option<usize>,
}

/// What a client speaks inside of TLS.
#[derive(Clone, Debug)]
pub enum Authenticated {
    /// HTTP, at a listener of protocol HTTPS.
    Session(HttpSession),
    /// All that the client sends goes on to a backend, at a listener of protocol TLS.
    Stream(Stream),
}

impl TlsSettings {
    fn new(bind: &Arc<Bind>, listener: &Arc<BoundListener>, server_name: Option<&str>) -> Self {
        let tls = listener.effective.tls.as_ref();
        let certificates = tls.map(|tls| &*tls.certificates).unwrap_or_default();
        Self {
            bind: bind.clone(),
            listener: listener.clone(),
            server_name: server_name.map(str::to_owned),
            certificate: best(certificates, server_name),
        }
    }

    /// The listener.
    #[must_use]
    pub fn listener(&self) -> &Arc<ListenerKey> {
        &self.listener.key
    }

    /// The certificate that the client sees: of those of the listener the one with the longest name that fits the server
    /// name ("The GatewayClass MUST use the longest matching SNI out of all available certificates", Gateway
    /// `spec.listeners[].tls`), else the first. None where the listener has none, and its `options` stand for them.
    #[must_use]
    pub fn certificate(&self) -> Option<&Arc<Certificate>> {
        let tls = self.listener.effective.tls.as_ref()?;
        tls.certificates.get(self.certificate?)
    }

    /// The protocols to offer by ALPN, the preferred one first. Empty where it is not known what is spoken inside.
    #[must_use]
    pub fn protocols(&self) -> &'static [&'static [u8]] {
        match self.listener.effective.protocol {
            ProtocolType::Https => &[b"h2", b"http/1.1"],
            _ => &[],
        }
    }

    /// Which certificates clients have to show; none where they need not show any.
    #[must_use]
    pub fn client_validation(&self) -> Option<&ClientValidation> {
        let tls = self.listener.effective.tls.as_ref()?;
        tls.client_validation.as_ref()
    }

    /// Whether a client is refused that has no valid certificate (Gateway `tls.frontendValidation`, GEP-91).
    #[must_use]
    pub fn needs_certificate(&self) -> bool {
        self.client_validation().is_some_and(|validation| {
            validation.mode != FrontendValidationModeType::AllowInsecureFallback
        })
    }

    /// Judges what the client shows, and goes on to what it speaks inside of TLS.
    ///
    /// # Errors
    ///
    /// Why the handshake fails, where the listener demands a certificate: there is none, or it is not valid.
    pub fn authenticated(
        &self,
        shown: Option<&CertificateChain>,
        now: Timestamp,
    ) -> Result<Authenticated, Why> {
        if let Some(validation) = self
            .client_validation()
            .filter(|_| self.needs_certificate())
        {
            match shown {
                None => return Err(Why::NoClientCertificate),
                Some(shown) => shown
                    .verify_as_client(validation.authorities.trusted(), now)
                    .map_err(|error| Why::ClientCertificate(Arc::new(error)))?,
            }
        }
        Ok(self.trusted())
    }

    /// As [`authenticated`](Self::authenticated), where the TLS library has verified the client by these settings.
    ///
    /// It is for whoever drives the data plane to hold a client to [`client_validation`](Self::client_validation) of these very
    /// settings. What a library of TLS keeps, such as its own settings of an earlier handshake, may be of another configuration:
    /// who keeps any asks [`authenticated`](Self::authenticated).
    #[must_use]
    pub fn trusted(&self) -> Authenticated {
        match self.listener.effective.protocol {
            ProtocolType::Https => {
                Authenticated::Session(HttpSession::over_tls(&self.bind, &self.listener))
            }
            _ => Authenticated::Stream(Stream::by_server_name(
                &self.bind,
                &self.listener,
                self.server_name.as_deref(),
            )),
        }
    }
}

/// The place of the certificate with the longest name that fits a server name, else that of the first.
fn best(certificates: &[Arc<Certificate>], server_name: Option<&str>) -> Option<usize> {
    // A name that is longer than another one that fits has no wildcard, or a narrower one.
    let fits = |name: &str, wanted: &str| match name.strip_prefix("*.") {
        None => name.eq_ignore_ascii_case(wanted),
        Some(below) => wanted
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(below)),
    };
    let length = |certificate: &Certificate| {
        let names = certificate.pair.names().iter();
        let fitting = names.filter(|name| server_name.is_some_and(|wanted| fits(name, wanted)));
        // An exact name goes before a wildcard of any length.
        let ranks = fitting.map(|name| (!name.starts_with('*'), name.len()));
        ranks.max()
    };
    let mut found = None;
    for (index, certificate) in certificates.iter().enumerate() {
        let rank = length(certificate);
        match &found {
            Some((_, best)) if rank <= *best => {}
            _ => found = Some((index, rank)),
        }
    }
    found.map(|(index, _)| index)
}
