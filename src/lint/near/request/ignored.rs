//! Objects that were given, are left out, and would have taken a request.

use super::{super::Near, Around};
use crate::{
    attachment::{SnapshotObject, admit::Ignored},
    meta::Hostname,
    routing::RouterOptions,
    sim::{Answer, Request, Simulator},
};

/// How many objects are tried, each by resolving the set with it. Trying takes as long as the set is large.
const MOST_TRIED: usize = 8;

impl Near<'_> {
    /// Objects that are left out and would have taken a request that nobody took.
    pub(super) fn ignored(&self, request: &Request, answer: &Answer, around: &mut Around) {
        for ignored in self.takers(request, answer) {
            around.why.push(untold(ignored));
            around.help.extend(remedies(ignored));
        }
    }

    /// Objects that are left out and would have taken a request that another route took.
    pub(super) fn instead(&self, request: &Request, answer: &Answer, why: &mut Vec<String>) {
        why.extend(self.takers(request, answer).into_iter().map(untold));
    }

    /// The routes that are left out and would take a request: each is put among the others and asked.
    fn takers(&self, request: &Request, answer: &Answer) -> Vec<&Ignored> {
        let host = super::host_of(request);
        let snapshot = self.resolver.snapshot();
        let candidates = self.ignored.iter().filter_map(|ignored| {
            let meant = ignored.meant.as_ref()?;
            let hostnames = hostnames(meant)?;
            let covers = |name: &String| {
                let name = name.parse::<Hostname>();
                name.is_ok_and(|name| host.as_deref().is_some_and(|host| name.matches(host)))
            };
            let fits = hostnames.is_empty() || hostnames.iter().any(covers);
            // What replaces another object is told apart from it by no answer.
            (fits && !snapshot.contains(&meant.reference())).then_some((ignored, meant))
        });
        let mut takers = Vec::new();
        let mut resolver = None;
        for (ignored, meant) in candidates.take(MOST_TRIED) {
            let resolver = resolver.get_or_insert_with(|| self.resolver.clone());
            let reference = meant.reference();
            resolver.insert(meant.clone());
            resolver.update();
            let effective = resolver.resolution().effective.clone();
            let mut simulator = Simulator::new(effective, RouterOptions::default());
            let mut asked = request.clone();
            if let (None, Some(gateway)) = (&asked.gateway, &answer.gateway) {
                asked.gateway = Some(gateway.namespaced_name());
            }
            let answered = simulator.request(&asked, &mut |_| 0);
            let takes = answered.is_ok_and(|answer| {
                let route = answer.route.as_ref();
                route.is_some_and(|route| route.route == reference)
            });
            if takes {
                takers.push(ignored);
            }
            resolver.remove(&reference);
        }
        takers
    }
}

/// That an object would have taken a request.
fn untold(ignored: &Ignored) -> String {
    let (given, meant) = (ignored.object.to_string(), ignored.reference().to_string());
    let subject = match given == meant {
        true => given,
        false => format!("{given}, read as {meant},"),
    };
    format!(
        "{subject} would take the request, but is left out: {}",
        ignored.message
    )
}

/// What an object needs so that an API server takes it.
pub(super) fn remedies(ignored: &Ignored) -> Vec<String> {
    let object = &ignored.object;
    let own = ignored.help.iter();
    let own = own.map(|help| format!("{object}: {help}"));
    let fields = ignored.findings.iter().filter_map(|finding| {
        let help = finding.help()?;
        Some(format!("{object}: {}: {help}", finding.path()))
    });
    own.chain(fields).take(super::SHOWN).collect()
}

/// The hostnames of a route; nothing for other objects.
fn hostnames(object: &SnapshotObject) -> Option<&[String]> {
    Some(match object {
        SnapshotObject::HttpRoute(route) => &route.spec.hostnames,
        SnapshotObject::GrpcRoute(route) => match &route.spec {
            Some(spec) => &spec.hostnames,
            None => &[],
        },
        SnapshotObject::TlsRoute(route) => &route.spec.hostnames,
        SnapshotObject::TcpRoute(_) | SnapshotObject::UdpRoute(_) => &[],
        _ => return None,
    })
}
