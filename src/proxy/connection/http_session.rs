//! A connection over which a client sends requests, one after the other or at the same time.

use super::{
    bind::{Bind, BoundListener, Opening, Owner},
    in_force::PlanePort,
    mesh::MeshPort,
};
use crate::proxy::{
    Begun, Connection, JudgedRequest, ListenerKey, LocalAnswer, Recalling, Scheme, Table, Why,
    is_grpc, request::answer::Asker, settle,
};
use http::request;
use std::{borrow::Cow, sync::Arc};

/// A connection over which a client sends requests.
///
/// Each request finds its listener anew, by the host that it names: what belongs to another listener of the port than the
/// one that the client's server name chose is refused with 421, so that no request evades what that listener demands of
/// its clients. That goes for connections that a client reuses for another host, too (RFC 9113, section 9.1.1).
#[derive(Clone, Debug)]
pub struct HttpSession {
    place: SessionPlace,
    connection: Connection,
}

/// Where the requests are answered.
#[derive(Clone, Debug)]
enum SessionPlace {
    /// At the listeners of a port, in cleartext.
    Cleartext(Arc<Bind>),
    /// At the listener that the server name chose.
    OverTls {
        bind: Arc<Bind>,
        listener: Arc<BoundListener>,
    },
    /// At a port of a Service, as clients of some namespace see it.
    Mesh(MeshPort, Arc<Table>),
}

/// What becomes of a request, and which listener it belongs to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Received {
    /// The listener; none in a mesh, and where the request belongs to none.
    pub listener: Option<Arc<ListenerKey>>,
    /// What becomes of it.
    pub begun: Begun,
}

/// The listener, where there is one, and its table.
type FoundTable<'s> = (Option<&'s Arc<ListenerKey>>, &'s Arc<Table>);

impl HttpSession {
    pub(super) fn cleartext(bind: &Arc<Bind>) -> Self {
        let port = bind.key.port;
        Self {
            place: SessionPlace::Cleartext(bind.clone()),
            connection: Connection {
                scheme: Scheme::Http,
                port,
            },
        }
    }

    pub(super) fn over_tls(bind: &Arc<Bind>, listener: &Arc<BoundListener>) -> Self {
        let port = bind.key.port;
        Self {
            place: SessionPlace::OverTls {
                bind: bind.clone(),
                listener: listener.clone(),
            },
            connection: Connection {
                scheme: Scheme::Https,
                port,
            },
        }
    }

    fn mesh(port: MeshPort, table: Arc<Table>) -> Self {
        Self {
            connection: Connection {
                scheme: Scheme::Http,
                port: port.number(),
            },
            place: SessionPlace::Mesh(port, table),
        }
    }

    /// The port of a Service over which it was made; none at a Gateway.
    pub(in crate::proxy) fn mesh_port(&self) -> Option<&MeshPort> {
        match &self.place {
            SessionPlace::Mesh(port, _) => Some(port),
            SessionPlace::Cleartext(_) | SessionPlace::OverTls { .. } => None,
        }
    }

    /// The port of a Gateway over which it was made; none in a mesh.
    pub(in crate::proxy) fn bind(&self) -> Option<&Arc<Bind>> {
        match &self.place {
            SessionPlace::Cleartext(bind) | SessionPlace::OverTls { bind, .. } => Some(bind),
            SessionPlace::Mesh(..) => None,
        }
    }

    /// The same connection where the port is bound by another configuration; see
    /// [`DataPlane::continued`](crate::proxy::DataPlane::continued).
    pub(in crate::proxy) fn at(&self, next: &Arc<Bind>) -> Option<Self> {
        match &self.place {
            SessionPlace::Mesh(..) => None,
            SessionPlace::Cleartext(bind) | SessionPlace::OverTls { bind, .. }
                if Arc::ptr_eq(bind, next) =>
            {
                Some(self.clone())
            }
            SessionPlace::Cleartext(_) => match next.opening() {
                Opening::Request => Some(Self::cleartext(next)),
                Opening::Tls | Opening::Anything(_) => None,
            },
            SessionPlace::OverTls { bind, listener } => {
                let listener = bind.continued(listener, next)?;
                Some(Self::over_tls(next, listener))
            }
        }
    }

    /// The scheme, and the port.
    #[must_use]
    pub fn connection(&self) -> Connection {
        self.connection
    }

    /// Begins the exchange of a request; see [`Table::begin`].
    ///
    /// In cleartext, a host that no listener of the port serves gets 404, since somebody must have read the `Host` header.
    /// Over TLS a host that belongs to another listener of the port gets 421, and one that belongs to none 404 (Gateway
    /// `spec.listeners[].hostname`).
    ///
    /// The configuration is the one in force, whatever it was when the connection was made, at a Gateway or in a mesh: the last one
    /// that [`DataPlane::next`](crate::proxy::DataPlane::next) made. A connection that does not
    /// [go on](crate::proxy::DataPlane::continued) in it gets 421 for each request, so that the client makes another one, of
    /// which the listener demands what it demands today.
    #[must_use]
    pub fn begin(&self, head: request::Parts, recalling: Option<Recalling<'_>>) -> Received {
        match self.present() {
            Some(present) => present.begin_in_force(head, recalling),
            None => Received {
                listener: None,
                begun: Begun::Answer(LocalAnswer::of_http(Why::Drained)),
            },
        }
    }

    /// The same connection in the configuration in force. None if it comes to an end in that.
    fn present(&self) -> Option<Cow<'_, Self>> {
        if let Some(port) = self.mesh_port() {
            return match port.present()? {
                Cow::Borrowed(_) => Some(Cow::Borrowed(self)),
                Cow::Owned(present) => present.requests().map(Cow::Owned),
            };
        }
        let bind = self.bind()?;
        match bind.present()? {
            Cow::Borrowed(_) => Some(Cow::Borrowed(self)),
            Cow::Owned(next) => self.at(&next).map(Cow::Owned),
        }
    }

    fn begin_in_force(
        &self,
        mut head: request::Parts,
        recalling: Option<Recalling<'_>>,
    ) -> Received {
        let judged = settle(&mut head).and_then(|()| JudgedRequest::new(&head));
        let (listener, matched) = match judged {
            // A host that cannot be read belongs to whoever takes requests without one.
            Err(bad) => {
                let taken = self.find(None).ok().and_then(|(listener, _)| listener);
                (taken, Err(LocalAnswer::of_http(Why::Host(bad))))
            }
            Ok(judged) => match self.find(judged.host()) {
                Ok((listener, table)) => (listener, table.matched(&judged, recalling)),
                Err(Some(why)) => (None, Err(LocalAnswer::of_http(why))),
                // No route is attached for the host, which a call is told in its own form.
                Err(None) => {
                    let asker = Asker {
                        calls: is_grpc(&head.headers),
                        grpc_routes: self.has_grpc_routes(),
                    };
                    (None, Err(asker.error(None, Why::NoRule)))
                }
            },
        };
        Received {
            listener: listener.cloned(),
            begun: match matched {
                Ok(matched) => Begun::Exchange(matched.begin(head, self.connection)),
                Err(answer) => Begun::Answer(answer),
            },
        }
    }

    /// The table of the listener, or Service, to which a request for a host belongs; without a reason if it belongs to nobody.
    pub(crate) fn find(&self, host: Option<&[u8]>) -> Result<FoundTable<'_>, Option<Why>> {
        let (bind, chosen) = match &self.place {
            SessionPlace::Mesh(_, table) => return Ok((None, table)),
            SessionPlace::Cleartext(bind) => (bind, None),
            SessionPlace::OverTls { bind, listener } => (bind, Some(listener)),
        };
        match (bind.owner(host), chosen) {
            (Owner::Nobody, _) => Err(None),
            (Owner::Withheld(other), _) => Err(Some(Why::Misdirected(other.clone()))),
            (Owner::Listener(owner), Some(chosen)) if !Arc::ptr_eq(owner, chosen) => {
                Err(Some(Why::Misdirected(owner.key.clone())))
            }
            (Owner::Listener(owner), _) => Ok((Some(&owner.key), owner.table())),
        }
    }

    fn has_grpc_routes(&self) -> bool {
        match &self.place {
            SessionPlace::Mesh(_, table) => table.has_grpc_routes(),
            SessionPlace::Cleartext(bind) | SessionPlace::OverTls { bind, .. } => {
                bind.has_grpc_routes()
            }
        }
    }
}

impl MeshPort {
    /// A client that speaks HTTP in cleartext, where HTTPRoutes or GRPCRoutes govern the port. Of TLS nobody in a mesh sees
    /// the inside, so that these routes have no say then (GEP-1294).
    #[must_use]
    pub fn requests(&self) -> Option<HttpSession> {
        self.table()
            .map(|table| HttpSession::mesh(self.clone(), table))
    }
}
