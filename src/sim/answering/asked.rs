//! A request where it is answered: found once, then drawn as often as one likes.

use super::{end::DrawEnd, http::AtTable, stream::AtConnection};
use crate::{
    attachment::effective::Effective,
    meta::ObjectRef,
    proxy::DataPlane,
    sim::{
        Answer, Backends, ListenerName, Outcome, Refusal, Request, SimulatedStep, assumed,
        destination::{self, Destination, unheard},
        head::named_host,
        idle,
    },
};
use http::{Uri, header::LOCATION};
use std::fmt;

/// A request with everything that does not depend on a draw.
pub(in crate::sim) struct Asked<'e> {
    pub(in crate::sim) plane: &'e DataPlane,
    pub(in crate::sim) effective: &'e Effective,
    pub(in crate::sim) request: &'e Request,
    pub(in crate::sim) destination: Destination<'e>,
    /// How the destination was found.
    pub(in crate::sim) why: Vec<String>,
    pub(in crate::sim) place: Answerer<'e>,
}

/// What answers a request.
pub(in crate::sim) enum Answerer<'e> {
    /// Routes that look at requests.
    Table(AtTable<'e>),
    /// What is passed on as it is.
    Connection(AtConnection<'e>),
    /// Nobody.
    Nowhere,
}

impl Asked<'_> {
    /// Where a draw ends; nothing where every draw ends in one way.
    pub(in crate::sim) fn end(
        &self,
        draw: &mut dyn FnMut(u64) -> u64,
        backends: &mut dyn Backends,
    ) -> Option<DrawEnd> {
        match &self.place {
            Answerer::Connection(connection) if connection.is_certain() => None,
            Answerer::Nowhere => None,
            Answerer::Table(_) | Answerer::Connection(_) => Some(self.sent(draw, backends)),
        }
    }

    /// Where the request ends in one draw.
    pub(in crate::sim) fn sent(
        &self,
        draw: &mut dyn FnMut(u64) -> u64,
        backends: &mut dyn Backends,
    ) -> DrawEnd {
        match &self.place {
            Answerer::Table(table) => table.end(draw, backends),
            Answerer::Connection(connection) => connection.end(draw, backends),
            Answerer::Nowhere => DrawEnd::default(),
        }
    }

    /// What becomes of the request in one draw, and why. This names all that was in the running: of many draws, one is
    /// explained.
    pub(in crate::sim) fn answer(
        &self,
        draw: &mut dyn FnMut(u64) -> u64,
        backends: &mut dyn Backends,
    ) -> Answer {
        #[cfg(test)]
        EXPLAINED.add(1);
        let listener_name = self.destination.listener_name();
        self.arrives(listener_name.as_ref(), backends);
        let mut why = self.why.clone();
        let mut answer = match (&self.place, &self.destination) {
            (Answerer::Table(table), _) => table.answer(why, draw, backends),
            (Answerer::Connection(connection), _) => connection.answer(why, draw, backends),
            (
                Answerer::Nowhere,
                Destination::Nobody {
                    refusal,
                    why: reason,
                    ..
                },
            ) => {
                why.push(reason.clone());
                Answer::refused(*refusal, why)
            }
            (Answerer::Nowhere, _) => Answer::refused(Refusal::NoListener, why),
        };
        let gateway = self.destination.gateway();
        answer.gateway = gateway.map(|name| ObjectRef::gateway_api("Gateway", name));
        let mut taken = None;
        match &self.destination {
            Destination::Gateway {
                gateway, listener, ..
            } => {
                if let Some(listener) = listener {
                    taken = Some((&gateway.name, &***listener));
                    answer.listener = listener_name;
                }
            }
            Destination::Service { service, .. } => answer.service = Some(service.reference()),
            Destination::Nobody { service, .. } => {
                answer.service = service.map(|service| service.reference());
            }
            Destination::Endpoint { .. } => {}
        }
        let inside = matches!(
            self.destination,
            Destination::Service { .. } | Destination::Endpoint { .. }
        );
        if !inside && answer.route.is_none() && self.request.client.is_none() {
            idle::say(self.effective, self.request, taken, &mut answer.why);
        }
        answer.why.extend(self.led_nowhere(&answer));
        let listener = taken.map(|(_, listener)| listener);
        let reached = match &self.destination {
            Destination::Endpoint { service, .. } => Some(service.reference()),
            _ => answer.backend.as_ref().map(|name| name.reference.clone()),
        };
        let reached = reached.as_ref();
        answer.not_simulated =
            assumed::assumed(self.request, &answer, listener, reached, &*backends);
        answer
    }

    /// How the request comes to where it is answered: the client's hello, and the listener or Service.
    fn arrives(&self, listener: Option<&ListenerName>, backends: &mut dyn Backends) {
        if matches!(self.request.scheme(), "https" | "tls") {
            let server_name = destination::listener_host(self.request);
            backends.saw(&SimulatedStep::Hello {
                server_name: server_name.as_deref(),
            });
        }
        if let Some(listener) = listener {
            backends.saw(&SimulatedStep::Listener(listener));
        }
        if let Destination::Service { service, .. } = &self.destination
            && let Ok(port) = self.request.destination_port()
        {
            backends.saw(&SimulatedStep::Service {
                service: &service.reference(),
                port,
            });
        }
    }

    /// That a redirect leads back to this Gateway, where nobody takes the request, if it does.
    fn led_nowhere(&self, answer: &Answer) -> Option<String> {
        let next = redirected(self.request, answer)?;
        // The host may lead to another Gateway that listens there.
        let (own, port) = (next.gateway.as_ref(), next.destination_port().ok()?);
        let mut others = self.effective.gateways.values();
        let listens = others.any(|other| {
            Some(&other.name) != own && other.listeners.iter().any(|one| one.port == port)
        });
        if listens {
            return None;
        }
        let nobody = |why: &dyn fmt::Display| {
            Some(format!("nobody answers the client at {}: {why}", next.uri))
        };
        let found = destination::find(self.plane, &next, &mut Vec::new());
        let host = next.authority().ok()?;
        match found.ok()? {
            Destination::Gateway {
                gateway,
                listener: Some(listener),
                ..
            } if let Some(why) = unheard(listener, next.scheme(), host.host()) => {
                let name = &gateway.name;
                nobody(&format_args!(
                    "listener `{}` of Gateway {name} {why}",
                    listener.name
                ))
            }
            Destination::Nobody { why, .. }
            | Destination::Gateway {
                unserved: Some(why),
                ..
            } => nobody(&why),
            _ => None,
        }
    }
}

/// What a client asks for next that is redirected to the same host, at the same Gateway. Nothing where it is redirected to
/// another host, or not at all: where another host is to be found, no configuration says.
fn redirected(request: &Request, answer: &Answer) -> Option<Request> {
    let response = answer.response.as_ref();
    let response = response.filter(|_| answer.outcome == Outcome::Redirected)?;
    let gateway = answer.gateway.as_ref()?;
    let location = response.headers.get(LOCATION)?.to_str().ok()?;
    let uri: Uri = location.parse().ok()?;
    let mut next = Request {
        uri,
        gateway: Some(gateway.namespaced_name()),
        port: None,
        sni: None,
        ..request.clone()
    };
    next.headers.remove(http::header::HOST);
    let asked = named_host(request)?;
    (next.authority().ok()?.host() == asked.host()).then_some(next)
}

#[cfg(test)]
crate::counter::counter!(
    /// How many answers are explained: a count of draws does not show what it costs.
    pub(in crate::sim) EXPLAINED
);
