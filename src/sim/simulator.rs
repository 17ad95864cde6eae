//! The simulator: a configuration with its compiled tables.

use super::{
    Answer, Backends, Request, RequestError,
    answering::{
        asked::{Answerer, Asked},
        http::AtTable,
        stream::AtConnection,
    },
    backends::AllAlike,
    destination::{self, Destination, Taken},
    moment::Moment,
};
use crate::{
    attachment::effective::Effective,
    certificate::TrustStore,
    proxy::{DataPlane, DataPlaneOptions},
    v1::TlsModeType,
};
use std::time::{Duration, SystemTime};

#[cfg(test)]
crate::counter::counter!(
    /// How often another configuration is put in force.
    pub(in crate::sim) UPDATES
);

/// Answers requests under an effective configuration.
///
/// Tables are compiled when they are first asked for and kept as long as the listener or Service is the
/// same: [`update`](Self::update) drops only those that changed.
///
/// Its clock stands still until it is [moved](Self::advance), and the keys of session tokens follow from a
/// [seed](Self::with_seed). So the same request at the same time has the same answer.
#[derive(Debug, Default)]
pub struct Simulator {
    plane: DataPlane,
    moment: Moment,
}

impl Simulator {
    /// A simulator of this configuration, with the choices that the specification leaves open.
    #[must_use]
    pub fn new(effective: Effective, options: impl Into<DataPlaneOptions>) -> Self {
        Self {
            plane: DataPlane::new(effective, options),
            moment: Moment::default(),
        }
    }

    /// The same with the session keys of a seed. Tokens of one seed mean nothing to another; whoever knows the seed can make
    /// tokens, so that these are for simulations alone.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        let mut moment = Moment::of_seed(seed);
        moment.now = self.moment.now;
        moment.system = self.moment.system;
        Self { moment, ..self }
    }

    /// Says which authorities the operating system trusts, for policies that refer to them (BackendTLSPolicy
    /// `wellKnownCACertificates`). There are none at first.
    pub fn set_system_authorities(&mut self, authorities: TrustStore) {
        self.moment.system = authorities;
    }

    /// The time, by which sessions end. It begins at noon of 2024-05-09, UTC.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.moment.now
    }

    /// Sets the clock.
    pub fn set_now(&mut self, now: SystemTime) {
        self.moment.now = now;
    }

    /// Moves the clock on. At the end of what a clock can tell it stands still.
    pub fn advance(&mut self, by: Duration) {
        if let Some(now) = self.moment.now.checked_add(by) {
            self.moment.now = now;
        }
    }

    /// Puts another configuration in force.
    pub fn update(&mut self, effective: Effective) {
        #[cfg(test)]
        UPDATES.add(1);
        self.plane = self.plane.next(effective).0;
    }

    /// The configuration in force.
    #[must_use]
    pub fn effective(&self) -> &Effective {
        self.plane.effective()
    }

    /// The data plane that answers.
    #[must_use]
    pub fn plane(&self) -> &DataPlane {
        &self.plane
    }

    /// Answers a request. `draw(n)` returns a number below `n`.
    ///
    /// # Errors
    ///
    /// When the request cannot be tried at all: its URL is none, it has too many headers, or it is not clear which Gateway
    /// is meant.
    pub fn request(
        &mut self,
        request: &Request,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> Result<Answer, RequestError> {
        let mut alike = AllAlike(request);
        self.request_with(request, draw, &mut alike)
    }

    /// Answers a request, with backends that decide themselves what they do with it; [`Request::backend`] and
    /// [`Request::backend_tls`] do not count. Where an
    /// endpoint fails, another attempt is made if the rule allows it, as a data plane does.
    ///
    /// # Errors
    ///
    /// As with [`request`](Self::request).
    pub fn request_with(
        &mut self,
        request: &Request,
        draw: &mut dyn FnMut(u64) -> u64,
        backends: &mut dyn Backends,
    ) -> Result<Answer, RequestError> {
        Ok(self.ask(request)?.answer(draw, backends))
    }

    /// Finds where a request is answered.
    pub(super) fn ask<'e>(&'e self, request: &'e Request) -> Result<Asked<'e>, RequestError> {
        request.check_headers()?;
        let (plane, moment) = (&self.plane, &self.moment);
        let mut why = Vec::new();
        let destination = destination::find(plane, request, &mut why)?;
        let at_table = |session| Answerer::Table(AtTable::new(request, session, moment));
        let place = match &destination {
            Destination::Nobody { .. } => Answerer::Nowhere,
            Destination::Endpoint { service, endpoint } => {
                let backend = service.reference();
                let asked = AtConnection::at_endpoint(request, (backend, *endpoint), moment);
                Answerer::Connection(asked)
            }
            Destination::Gateway {
                taken, listener, ..
            } => match taken {
                Taken::Session(session) => at_table(session.clone()),
                Taken::Stream(stream) => {
                    let tls = listener.and_then(|listener| listener.tls.as_ref());
                    let ends = tls.is_some_and(|tls| tls.mode != TlsModeType::Passthrough);
                    let asked = AtConnection::new(request, stream.clone(), moment);
                    Answerer::Connection(asked.tls_ends(ends))
                }
            },
            Destination::Service { port, .. } => {
                let session = port.requests();
                match (session, request.scheme()) {
                    (Some(session), "http") => at_table(session),
                    (session, scheme) => {
                        let over_tls = matches!(scheme, "tls" | "https");
                        let asked = AtConnection::new(request, port.stream(over_tls), moment);
                        Answerer::Connection(asked.sealed(scheme == "https" && session.is_some()))
                    }
                }
            }
        };
        Ok(Asked {
            plane,
            effective: plane.effective(),
            request,
            destination,
            why,
            place,
        })
    }
}
