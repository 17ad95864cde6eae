//! What a scenario needs of a subject, beyond that it routes requests.

use super::scenario::{Expected, Scenario, ScenarioStep};
use std::{collections::BTreeSet, fmt};

/// What a scenario needs of a subject, beyond that it finds a backend for a request or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Need {
    /// Statuses of objects.
    Statuses,
    /// Responses: status codes, headers, redirects.
    Responses,
    /// Requests as backends get them: filters, protocols.
    ForwardedRequests,
    /// What is spoken to backends.
    BackendProtocols,
    /// Copies for mirrors.
    Mirrors,
    /// Shares of backends.
    Shares,
    /// Which endpoint of a Service is reached.
    Endpoints,
    /// Connections: TLS, TCP, UDP.
    Connections,
    /// Certificates of clients.
    ClientCertificates,
    /// TLS to backends, with certificates. No scenario needs it yet.
    BackendTls,
    /// Clients in a mesh.
    Mesh,
    /// Objects that change.
    Changes,
    /// A clock that can be moved.
    Clock,
    /// Responses that come after longer than a rule allows.
    Timeouts,
    /// What follows the switch of a connection to another protocol.
    Upgrades,
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Statuses,
        Self::Responses,
        Self::ForwardedRequests,
        Self::BackendProtocols,
        Self::Mirrors,
        Self::Shares,
        Self::Endpoints,
        Self::Connections,
        Self::ClientCertificates,
        Self::BackendTls,
        Self::Mesh,
        Self::Changes,
        Self::Clock,
        Self::Timeouts,
        Self::Upgrades,
    ];

    /// What a scenario needs.
    #[must_use]
    pub fn of(scenario: &Scenario) -> BTreeSet<Self> {
        let mut needs = BTreeSet::new();
        for (index, step) in scenario.steps().iter().enumerate() {
            of_step(step, index, &mut needs);
        }
        needs
    }
}

fn of_step(step: &ScenarioStep, index: usize, needs: &mut BTreeSet<Need>) {
    let mut add = |is_needed: bool, need: Need| {
        if is_needed {
            needs.insert(need);
        }
    };
    add(!step.status.is_empty(), Need::Statuses);
    add(step.pass.is_some(), Need::Clock);
    let changes = !step.apply.is_empty() || !step.delete.is_empty();
    add(changes && index > 0, Need::Changes);
    let Some(ask) = &step.ask else {
        return;
    };
    let Expected {
        status,
        location,
        grpc_status,
        request,
        copy,
        response,
        has,
        mirrors,
        split,
        refused,
        same_as,
        not_as,
        cookies,
        backend: _,
    } = &ask.expect;
    add(ask.from.is_some(), Need::Mesh);
    add(ask.shows.is_some(), Need::ClientCertificates);
    let scheme = ask.url.split("://").next().unwrap_or_default();
    add(scheme != "http" || *refused, Need::Connections);
    let with_headers =
        !(response.is_empty() && has.is_empty() && ask.echo.is_empty() && cookies.is_empty());
    let other_status = status.is_some_and(|status| status != 404);
    add(
        with_headers || other_status || location.is_some() || grpc_status.is_some(),
        Need::Responses,
    );
    add(ask.client.is_some(), Need::Responses);
    let places = [&ask.remember, same_as, not_as];
    add(places.into_iter().any(Option::is_some), Need::Endpoints);
    add(request.is_some() || copy.is_some(), Need::ForwardedRequests);
    let mut forwarded = [request, copy].into_iter().flatten();
    let names_protocol = forwarded.any(|wanted| wanted.protocol.is_some());
    add(names_protocol, Need::BackendProtocols);
    add(!mirrors.is_empty(), Need::Mirrors);
    add(!split.is_empty(), Need::Shares);
    add(ask.backend.delay.is_some(), Need::Timeouts);
    let is_switched = status.or(ask.backend.status) == Some(101);
    add(is_switched, Need::Upgrades);
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Statuses => "statuses of objects",
            Self::Responses => "responses",
            Self::ForwardedRequests => "requests as backends get them",
            Self::BackendProtocols => "what is spoken to backends",
            Self::Mirrors => "copies for mirrors",
            Self::Shares => "shares of backends",
            Self::Endpoints => "which endpoint of a Service is reached",
            Self::Connections => "connections",
            Self::ClientCertificates => "certificates of clients",
            Self::BackendTls => "TLS to backends",
            Self::Mesh => "clients in a mesh",
            Self::Changes => "objects that change",
            Self::Clock => "a clock that can be moved",
            Self::Timeouts => "responses that come late",
            Self::Upgrades => "what follows an upgrade",
        })
    }
}
