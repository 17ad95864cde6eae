//! What backends do with the traffic that they get.

use super::{
    BackendBehaviour, EndpointTls, Request, SimulatedStep, moment::Moment, visit::Visit,
    visit::VisitTraffic,
};
use crate::{meta::ObjectRef, proxy::Failure};

/// What backends do with the traffic that they get; a closure is one, of which it is not known what it does in TLS.
///
/// They are asked for all traffic that reaches an endpoint, whatever led there: requests through a route, copies for mirrors,
/// requests to a Service or to an endpoint that no route governs, connections, and datagrams.
pub trait Backends {
    /// What an endpoint does with this traffic. Of what it does with a connection or a datagram, the delay counts.
    ///
    /// # Errors
    ///
    /// Why there is no response: then the data plane tries another endpoint, or answers by itself. A connection that is
    /// passed on as it is ends.
    fn reply(&mut self, visit: &Visit<'_>) -> Result<BackendBehaviour, Failure>;

    /// What an endpoint of a backend does in TLS.
    fn tls(&mut self, _visit: &Visit<'_>) -> EndpointTls {
        EndpointTls::Assumed
    }

    /// Whether it is only assumed what the endpoints of this backend answer, as [a request](Request::backend) says, and nobody
    /// decided it. An answer [says so](super::Answer::not_simulated).
    fn is_assumed(&self, _backend: &ObjectRef) -> bool {
        false
    }

    /// Hears that an endpoint was not reached, since TLS did not come about as it was to.
    fn not_reached(&mut self, _visit: &Visit<'_>, _failure: &Failure) {}

    /// Hears what the data plane does before and between the visits.
    fn saw(&mut self, _step: &SimulatedStep<'_>) {}
}

impl EndpointTls {
    /// Whether an endpoint takes the traffic as it comes, over TLS if a policy asks for it. Returns whether anything was
    /// verified.
    fn takes(&self, visit: &Visit<'_>, moment: &Moment) -> Result<bool, Failure> {
        match (visit.tls, self) {
            (Some(_), Self::Assumed) => Ok(false),
            (Some(_), Self::Cleartext) => Err(Failure::Tls),
            (Some(asked), Self::Shows(chain)) => asked
                .verify(chain, &moment.system, moment.timestamp())
                .map(|()| true)
                .map_err(|error| Failure::Certificate(error.into())),
            // The client's own handshake gets no answer.
            (None, Self::Cleartext) if matches!(visit.traffic, VisitTraffic::Sealed(_)) => {
                Err(Failure::Tls)
            }
            // What it sends is an alert of TLS.
            (None, Self::Shows(_)) if visit.is_cleartext() => Err(Failure::Malformed),
            (None, _) => Ok(false),
        }
    }
}

/// What came of traffic at an endpoint.
pub(super) struct Visited {
    /// Whether the endpoint could read what came: TLS came about where it was to, and only there.
    pub(super) read: bool,
    /// Whether the endpoint proved who it is.
    pub(super) verified: bool,
    pub(super) reply: Result<BackendBehaviour, Failure>,
}

impl Visited {
    /// Whether the endpoint got anything of the request.
    pub(super) fn is_sent(&self) -> bool {
        !matches!(&self.reply, Err(failure) if failure.is_before_sending())
    }
}

/// Takes traffic to an endpoint: TLS first, where a policy asks for it, then what the backend does. All traffic goes this
/// way.
pub(super) fn visited(visit: &Visit<'_>, backends: &mut dyn Backends, moment: &Moment) -> Visited {
    match backends.tls(visit).takes(visit, moment) {
        Ok(verified) => Visited {
            read: true,
            verified,
            reply: backends.reply(visit),
        },
        Err(failure) => {
            backends.not_reached(visit, &failure);
            Visited {
                read: false,
                verified: false,
                reply: Err(failure),
            }
        }
    }
}

impl<F> Backends for F
where
    F: FnMut(&Visit<'_>) -> Result<BackendBehaviour, Failure>,
{
    fn reply(&mut self, visit: &Visit<'_>) -> Result<BackendBehaviour, Failure> {
        self(visit)
    }
}

/// Backends that all do what a request says.
pub(super) struct AllAlike<'r>(pub(super) &'r Request);

impl Backends for AllAlike<'_> {
    fn reply(&mut self, _: &Visit<'_>) -> Result<BackendBehaviour, Failure> {
        Ok(self.0.backend.clone())
    }

    fn is_assumed(&self, _: &ObjectRef) -> bool {
        true
    }

    fn tls(&mut self, visit: &Visit<'_>) -> EndpointTls {
        tls_of_request(self.0, visit)
    }
}

/// What an endpoint does in TLS as a request says: that of a Service which the request names, and else, where a policy asks
/// for TLS, that of all backends. Where a request says that, backends without a policy speak cleartext unless they are named.
pub(super) fn tls_of_request(request: &Request, visit: &Visit<'_>) -> EndpointTls {
    let named = match request.backend_tls.is_empty() {
        true => None,
        false => request.backend_tls.get(&visit.backend.namespaced_name()),
    };
    match (named, visit.tls) {
        (Some(named), _) => named.clone(),
        (None, Some(_)) => request.backend.tls.clone(),
        (None, None) => match &request.backend.tls {
            EndpointTls::Assumed => EndpointTls::Assumed,
            EndpointTls::Cleartext | EndpointTls::Shows(_) => EndpointTls::Cleartext,
        },
    }
}
