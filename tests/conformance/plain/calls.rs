//! A plain matcher of calls that ranks by an order of criteria, with other orders as faults. It knows GRPCRoutes at Gateways whose one
//! listener takes every host.

use super::{Entries, kind, list, specificity, text};
use gwapi::{
    conformance::{Ask, RouteMatcher, Setup, SubjectError},
    meta::{FeatureName, NamespacedName},
};
use serde_json::Value;

/// What ranks a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Criterion {
    Host,
    Service,
    Method,
    Headers,
    Age,
    Name,
    /// Namespace and name, each for itself.
    Pair,
    Rule,
}

use Criterion::{Age, Headers, Host, Method, Name, Pair, Rule, Service};

/// The order of GRPCRoute `spec.rules[].matches`.
pub(crate) const RIGHT: &[Criterion] = &[Host, Service, Method, Headers, Age, Name, Rule];

/// The matcher.
pub(crate) struct Calls {
    order: &'static [Criterion],
    entries: Entries,
    objects: Vec<Value>,
}

impl Calls {
    pub(crate) fn new(order: &'static [Criterion]) -> Self {
        Self {
            order,
            entries: Entries::First,
            objects: Vec::new(),
        }
    }

    const fn with_entries(mut self, entries: Entries) -> Self {
        self.entries = entries;
        self
    }
}

impl RouteMatcher for Calls {
    fn name(&self) -> String {
        format!("a plain matcher of calls ({:?})", self.order)
    }

    fn supports(&self, feature: &FeatureName) -> bool {
        [FeatureName::Gateway, FeatureName::GrpcRoute].contains(feature)
    }

    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError> {
        self.objects.clone_from(&setup.objects);
        Ok(())
    }

    fn find(&mut self, ask: &Ask) -> Result<Option<(String, NamespacedName, usize)>, SubjectError> {
        let host = ask.request.uri.host().unwrap();
        let mut found = Vec::new();
        for route in kind(&self.objects, "GRPCRoute") {
            let metadata = |field: &str| text(&route["metadata"], field).unwrap_or_default();
            let name = NamespacedName::new(metadata("/namespace"), metadata("/name"));
            let mut hostnames: Vec<&str> = list(route, "/spec/hostnames")
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| is_of(name, host))
                .collect();
            hostnames.sort_by_key(|name| specificity(Some(name)));
            let own = hostnames.first().copied();
            if own.is_none() && !list(route, "/spec/hostnames").is_empty() {
                continue;
            }
            for (index, rule) in list(route, "/spec/rules").iter().enumerate() {
                let everything = [Value::Null];
                let matches = match list(rule, "/matches") {
                    [] => &everything,
                    matches => matches,
                };
                for one in matches.iter().filter(|one| self.fits(one, ask)) {
                    let rank = |criterion: &Criterion| match criterion {
                        Host => specificity_text(own),
                        Service => descending(text(one, "/method/service").map_or(0, str::len)),
                        Method => descending(text(one, "/method/method").map_or(0, str::len)),
                        Headers => descending(list(one, "/headers").len()),
                        Age => metadata("/creationTimestamp").to_owned(),
                        Name => name.to_string(),
                        Pair => format!("{}\0{}", name.namespace, name.name),
                        Rule => format!("{index:04}"),
                    };
                    let place: Vec<String> = self.order.iter().map(rank).collect();
                    found.push((place, name.clone(), index));
                }
            }
        }
        found.sort();
        let first = found.into_iter().next();
        Ok(first.map(|(_, route, rule)| ("GRPCRoute".to_owned(), route, rule)))
    }
}

impl Calls {
    fn fits(&self, one: &Value, ask: &Ask) -> bool {
        let path = ask.request.uri.path();
        let Some((service, method)) = path.trim_start_matches('/').split_once('/') else {
            return false;
        };
        let header = |asked: &Value| {
            let own = ask.request.headers.get(text(asked, "/name").unwrap());
            own.is_some_and(|own| Some(own.to_str().unwrap()) == text(asked, "/value"))
        };
        let mut headers = self.entries.of(list(one, "/headers")).into_iter();
        text(one, "/method/service").is_none_or(|own| own == service)
            && text(one, "/method/method").is_none_or(|own| own == method)
            && headers.all(header)
    }
}

fn is_of(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(domain) => host.len() > domain.len() && host.ends_with(domain),
        None => pattern == host,
    }
}

/// A number as a text, the larger first.
fn descending(number: usize) -> String {
    format!("{:04}", 9_999 - number)
}

/// The rank of a hostname as a text: exact ones, then wildcards by their length, then none.
fn specificity_text(own: Option<&str>) -> String {
    let (is_wide, length) = specificity(own);
    format!("{is_wide}{}", descending(length.0))
}

/// A fault of the matcher: its name, the matcher that has it, and the scenarios that find it.
pub(crate) type CallFault = (&'static str, fn() -> Calls, &'static [&'static str]);

/// The faults, each with the scenarios that find it, the one that names its rule first.
pub(crate) const CALL_FAULTS: &[CallFault] = &[
    (
        "headers before the method",
        || Calls::new(&[Host, Service, Headers, Method, Age, Name, Rule]),
        &["grpc-method-goes-before-headers"],
    ),
    (
        "headers before the service",
        || Calls::new(&[Host, Headers, Service, Method, Age, Name, Rule]),
        &[
            "grpc-service-goes-before-headers",
            "grpc-method-goes-before-headers",
        ],
    ),
    (
        "the method before the service",
        || Calls::new(&[Host, Method, Service, Headers, Age, Name, Rule]),
        &[
            "grpc-service-goes-before-method",
            "grpc-service-goes-before-age",
        ],
    ),
    (
        "the host after the matches",
        || Calls::new(&[Service, Method, Headers, Host, Age, Name, Rule]),
        &["grpc-host-goes-before-service"],
    ),
    (
        "age before the host",
        || Calls::new(&[Age, Host, Service, Method, Headers, Name, Rule]),
        &[
            "grpc-host-goes-before-age",
            "grpc-service-goes-before-age",
            "grpc-method-goes-before-age",
            "grpc-headers-go-before-age",
        ],
    ),
    (
        "age before the service",
        || Calls::new(&[Host, Age, Service, Method, Headers, Name, Rule]),
        &[
            "grpc-service-goes-before-age",
            "grpc-method-goes-before-age",
            "grpc-headers-go-before-age",
        ],
    ),
    (
        "age before the method",
        || Calls::new(&[Host, Service, Age, Method, Headers, Name, Rule]),
        &["grpc-method-goes-before-age", "grpc-headers-go-before-age"],
    ),
    (
        "age before headers",
        || Calls::new(&[Host, Service, Method, Age, Headers, Name, Rule]),
        &["grpc-headers-go-before-age"],
    ),
    (
        "a route as a whole before the matches of others",
        || Calls::new(&[Host, Age, Name, Service, Method, Headers, Rule]),
        &[
            "grpc-service-goes-before-age",
            "grpc-method-goes-before-age",
            "grpc-headers-go-before-age",
        ],
    ),
    (
        "the name before age",
        || Calls::new(&[Host, Service, Method, Headers, Name, Age, Rule]),
        &["grpc-older-route-goes-first"],
    ),
    (
        "the rule before all but the host",
        || Calls::new(&[Host, Rule, Service, Method, Headers, Age, Name]),
        &[
            "grpc-service-goes-before-method",
            "grpc-service-goes-before-headers",
            "grpc-method-goes-before-headers",
            "grpc-method-goes-before-service",
            "grpc-older-route-goes-first",
            "grpc-first-name-goes-first",
        ],
    ),
    (
        "the rule before age",
        || Calls::new(&[Host, Service, Method, Headers, Rule, Age, Name]),
        &["grpc-older-route-goes-first", "grpc-first-name-goes-first"],
    ),
    (
        "the rule before the name",
        || Calls::new(&[Host, Service, Method, Headers, Age, Rule, Name]),
        &["grpc-first-name-goes-first"],
    ),
    (
        "the namespace by itself before the name",
        || Calls::new(&[Host, Service, Method, Headers, Age, Pair, Rule]),
        &["grpc-first-name-goes-first"],
    ),
    (
        "the last entry of a header counts",
        || Calls::new(RIGHT).with_entries(Entries::Last),
        &["grpc-first-entry-of-a-header-matches"],
    ),
    (
        "every entry of a header counts",
        || Calls::new(RIGHT).with_entries(Entries::Every),
        &["grpc-first-entry-of-a-header-matches"],
    ),
];
