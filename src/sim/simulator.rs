//! The simulator: a configuration with its compiled tables.

use super::{
    Answer, Request, RequestError,
    asked::{Asked, Place},
    destination::{self, Destination, Taken},
    http::AtTable,
    stream::AtConnection,
};
use crate::{attachment::effective::Effective, proxy::DataPlane, routing};

/// Answers requests under an effective configuration.
///
/// Tables are compiled when they are first asked for and kept as long as the listener or Service is the
/// same: [`update`](Self::update) drops only those that changed.
#[derive(Debug, Default)]
pub struct Simulator {
    plane: DataPlane,
}

impl Simulator {
    /// A simulator of this configuration, with the choices that the specification leaves open.
    #[must_use]
    pub fn new(effective: Effective, options: routing::RouterOptions) -> Self {
        Self {
            plane: DataPlane::new(effective, options),
        }
    }

    /// Puts another configuration in force.
    pub fn update(&mut self, effective: Effective) {
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
        Ok(ask(&self.plane, request)?.answer(draw))
    }
}

/// Finds where a request is answered.
pub(super) fn ask<'e>(
    plane: &'e DataPlane,
    request: &'e Request,
) -> Result<Asked<'e>, RequestError> {
    request.check_headers()?;
    let mut why = Vec::new();
    let destination = destination::find(plane, request, &mut why)?;
    let place = match &destination {
        Destination::Nobody { .. } => Place::Nowhere,
        Destination::Endpoint { endpoint } => {
            Place::Connection(AtConnection::at_endpoint(request, *endpoint))
        }
        Destination::Gateway { taken, .. } => match taken {
            Taken::Session(session) => Place::Table(AtTable::new(request, session.clone())),
            Taken::Stream(stream) => Place::Connection(AtConnection::new(request, stream.clone())),
        },
        Destination::Service { port, .. } => {
            let session = port.requests();
            match (session, request.scheme()) {
                (Some(session), "http") => Place::Table(AtTable::new(request, session)),
                (session, scheme) => {
                    let over_tls = matches!(scheme, "tls" | "https");
                    let asked = AtConnection::new(request, port.stream(over_tls));
                    Place::Connection(asked.sealed(scheme == "https" && session.is_some()))
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
