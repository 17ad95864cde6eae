//! Settings of rustls, as the data plane asks for them.

use crate::{Error, proxy::Clock};
use gwapi::{
    attachment::effective::{EffectiveBackendTls, TrustedAuthorities},
    certificate::{CertificateChain, KeyPair, ServerCertificateError, TrustStore},
    proxy::{Failure, ListenerKey, TlsSettings, Why},
};
use k8s_openapi::jiff::Timestamp;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error as TlsError,
    OtherError, ServerConfig, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::danger::{ClientCertVerified, ClientCertVerifier},
    time_provider::TimeProvider,
};
use std::{
    collections::HashMap,
    fmt, io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::SystemTime,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// The algorithms, which are put together once.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER
        .get_or_init(|| Arc::new(ring::default_provider()))
        .clone()
}

/// The clock of the network for rustls, which shows it to verifiers.
struct Time(Arc<Clock>);

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let since = (self.0)().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(UnixTime::since_unix_epoch(since))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Time")
    }
}

/// Settings of a server: the listener, and the place of the certificate that its client sees.
type ServerKey = (Arc<ListenerKey>, usize);

/// Settings for handshakes with clients, each made once a configuration. They save work, and decide nothing: what a client has
/// shown is judged by [`TlsSettings::authenticated`] once the handshake is done.
#[derive(Default)]
pub(crate) struct ServerConfigs {
    made: Mutex<HashMap<ServerKey, Arc<ServerConfig>>>,
}

impl ServerConfigs {
    /// The settings for a handshake. Certificates of clients are judged by this clock.
    pub(crate) fn of(
        &self,
        settings: &TlsSettings,
        now: &Arc<Clock>,
    ) -> Result<Arc<ServerConfig>, Error> {
        let certificate = settings
            .certificate()
            .ok_or("the listener has no certificate")?;
        let address = Arc::as_ptr(certificate).addr();
        let key = (settings.listener().clone(), address);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = made.get(&key) {
            return Ok(config.clone());
        }
        let config = Arc::new(server_config(settings, &certificate.pair, now)?);
        made.insert(key, config.clone());
        Ok(config)
    }
}

fn server_config(
    settings: &TlsSettings,
    pair: &KeyPair,
    now: &Arc<Clock>,
) -> Result<ServerConfig, Error> {
    let builder = ServerConfig::builder_with_details(provider(), Arc::new(Time(now.clone())))
        .with_safe_default_protocol_versions()?;
    let builder = match settings.client_validation() {
        None => builder.with_no_client_auth(),
        Some(_) => builder.with_client_cert_verifier(Arc::new(Clients {
            settings: settings.clone(),
        })),
    };
    let (chain, key) = identity(pair)?;
    let mut config = builder.with_single_cert(chain, key)?;
    let protocols = settings.protocols().iter();
    config.alpn_protocols = protocols.map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

/// What is shown to the other side.
fn identity(
    pair: &KeyPair,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Error> {
    let chain = CertificateDer::pem_slice_iter(pair.chain()).collect::<Result<_, _>>()?;
    Ok((chain, PrivateKeyDer::from_pem_slice(pair.key().pem())?))
}

/// The methods of a verifier that check the signature in a handshake, whoever has made it: a client or a backend.
macro_rules! signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, TlsError> {
            let known = provider().signature_verification_algorithms;
            rustls::crypto::verify_tls12_signature(message, certificate, signature, &known)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, TlsError> {
            let known = provider().signature_verification_algorithms;
            rustls::crypto::verify_tls13_signature(message, certificate, signature, &known)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            provider()
                .signature_verification_algorithms
                .supported_schemes()
        }
    };
}

/// Judges clients as the data plane does.
#[derive(Debug)]
struct Clients {
    settings: TlsSettings,
}

impl ClientCertVerifier for Clients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        self.settings.needs_certificate()
    }

    fn verify_client_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        let all = std::iter::once(shown).chain(intermediates);
        let chain = CertificateChain::of_der(all.map(|one| one.to_vec()).collect());
        match self.settings.authenticated(Some(&chain), time(now)) {
            Ok(_) => Ok(ClientCertVerified::assertion()),
            Err(why) => Err(refused(&why)),
        }
    }

    signatures!();
}

/// Certificates, the one of the other side first.
pub(crate) fn chain(shown: &[CertificateDer<'_>]) -> CertificateChain {
    CertificateChain::of_der(shown.iter().map(|one| one.to_vec()).collect())
}

fn time(now: UnixTime) -> Timestamp {
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

/// The alert says that the certificate is not valid, and the error why.
fn refused(why: &Why) -> TlsError {
    let why: Error = why.to_string().into();
    let why: Arc<dyn std::error::Error + Send + Sync> = Arc::from(why);
    TlsError::InvalidCertificate(CertificateError::Other(OtherError(why)))
}

/// Settings for a connection to a backend that speaks these protocols, whose certificate is judged by this clock.
pub(crate) fn client_config(
    asked: &Arc<EffectiveBackendTls>,
    protocols: &[&[u8]],
    now: &Arc<Clock>,
) -> Result<Arc<ClientConfig>, Error> {
    let builder = ClientConfig::builder_with_details(provider(), Arc::new(Time(now.clone())))
        .with_safe_default_protocol_versions()?;
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Backends {
            asked: asked.clone(),
            system: match asked.authorities {
                TrustedAuthorities::System => system(),
                TrustedAuthorities::Certificates(_) => TrustStore::default(),
            },
        }))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|one| one.to_vec()).collect();
    Ok(Arc::new(config))
}

/// The authorities that the operating system trusts.
fn system() -> TrustStore {
    let found = rustls_native_certs::load_native_certs().certs;
    TrustStore::of_der(found.into_iter().map(|one| one.to_vec()))
}

/// Judges backends as the policy says.
#[derive(Debug)]
struct Backends {
    asked: Arc<EffectiveBackendTls>,
    system: TrustStore,
}

impl ServerCertVerifier for Backends {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let all = std::iter::once(shown).chain(intermediates);
        let chain = CertificateChain::of_der(all.map(|one| one.to_vec()).collect());
        match self.asked.verify(&chain, &self.system, time(now)) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(error) => Err(TlsError::InvalidCertificate(CertificateError::Other(
                OtherError(Arc::new(error)),
            ))),
        }
    }

    signatures!();
}

/// Speaks TLS with a backend.
pub(crate) async fn connect(
    config: Arc<ClientConfig>,
    asked: &EffectiveBackendTls,
    backend: TcpStream,
) -> Result<TlsStream<TcpStream>, Failure> {
    let name = ServerName::try_from(asked.hostname.clone()).map_err(|_| Failure::Tls)?;
    let connected = TlsConnector::from(config).connect(name, backend).await;
    connected.map_err(|error| failure(&error).unwrap_or(Failure::Tls))
}

/// Why the certificate of a backend was refused, if it was.
fn failure(error: &io::Error) -> Option<Failure> {
    match error.get_ref()?.downcast_ref()? {
        TlsError::InvalidCertificate(CertificateError::Other(OtherError(why))) => {
            let why: &ServerCertificateError = why.downcast_ref()?;
            Some(Failure::Certificate(Arc::new(why.clone())))
        }
        _ => None,
    }
}

/// Whether the two ends of a connection can be read and written, whatever carries it.
pub(crate) trait Carrier: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Carrier for T {}
