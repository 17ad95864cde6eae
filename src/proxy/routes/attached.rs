//! Tables out of attached routes.

use crate::{
    attachment::effective::{
        AttachedRoute, ConnectionRouteRules, EffectiveHostname, GrpcRouteRules, GrpcRule,
        HttpRouteRules, HttpRule,
    },
    meta::{Age, Hostname, NamespacedName, RoutePatterns},
    routing::{
        Entry, GrpcMatch, HeaderMatch, HostPattern, HostnameRank, HttpMatch, Match, PathMatch,
        Pattern, QueryMatch, Rank, SniTable, ValueMatch,
    },
    v1::{
        GrpcMethodMatch, GrpcMethodMatchType, GrpcRouteMatch, HeaderMatchType, HttpRouteMatch,
        PathMatchType, QueryParamMatchType,
    },
};
use http::{HeaderName, Method};
use std::sync::Arc;

/// A match of a route that cannot be made into an entry of a table.
///
/// An API server refuses most of them; a route that came by another way may still have one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule}, match {index} of {route}: {problem}")]
pub struct MatchError {
    route: NamespacedName,
    rule: usize,
    index: usize,
    problem: String,
}

impl MatchError {
    /// The route.
    #[must_use]
    pub fn route(&self) -> &NamespacedName {
        &self.route
    }

    /// The place of the match: the index of the rule in the route, and of the match in the rule.
    #[must_use]
    pub fn place(&self) -> (usize, usize) {
        (self.rule, self.index)
    }
}

/// Where a route's entries stand in a table, and how they rank.
struct RouteSite<'a> {
    route: &'a NamespacedName,
    key: Arc<str>,
    age: Age,
    hostnames: &'a [EffectiveHostname],
}

impl<'a> RouteSite<'a> {
    fn new(route: &'a NamespacedName, age: Age, hostnames: &'a [EffectiveHostname]) -> Self {
        Self {
            route,
            key: route.to_string().into(),
            age,
            hostnames,
        }
    }

    fn rank(&self, rule: usize, index: usize) -> Rank {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Rank {
            age: self.age,
            route: self.key.clone(),
            rule: number(rule),
            index: number(index),
        }
    }

    /// One entry a hostname.
    fn entries<T: Clone>(
        &self,
        rule: usize,
        index: usize,
        matching: &Match,
        payload: &T,
        entries: &mut Vec<Entry<T>>,
    ) -> Result<(), String> {
        let rank = self.rank(rule, index);
        for hostname in self.hostnames {
            let answers_to = host_pattern(hostname.hostname.as_ref())?;
            let mut entry = Entry::new(matching.clone(), rank.clone(), payload.clone());
            let own = host_pattern(hostname.own.as_ref())?;
            entry.own_hostname = (own != answers_to).then_some(own);
            entries.push(entry.on(answers_to));
        }
        Ok(())
    }

    /// The entries of one rule, or what is wrong with its matches.
    fn rule<T: Clone, M>(
        &self,
        rule: usize,
        matches: &[M],
        compile: impl Fn(&M) -> Result<Match, String>,
        mut payload: impl FnMut(usize, &M) -> T,
        (entries, errors): &mut (Vec<Entry<T>>, Vec<MatchError>),
    ) {
        for (index, written) in matches.iter().enumerate() {
            let made = compile(written).and_then(|matching| {
                self.entries(rule, index, &matching, &payload(index, written), entries)
            });
            if let Err(problem) = made {
                let route = self.route.clone();
                errors.push(MatchError {
                    route,
                    rule,
                    index,
                    problem,
                });
            }
        }
    }
}

/// The entries of an HTTPRoute at a listener or a Service, with a payload made for each match.
///
/// `payload` is asked once for each rule, and what it returns once for each match with its place in the rule.
/// Errors stand beside the entries: one bad match never hides the others.
pub fn http_entries<T: Clone, F: FnMut(usize, &HttpRouteMatch) -> T>(
    route: &HttpRouteRules,
    hostnames: &[EffectiveHostname],
    mut payload: impl FnMut(&HttpRule) -> F,
) -> (Vec<Entry<T>>, Vec<MatchError>) {
    let site = RouteSite::new(&route.reference, route.age, hostnames);
    let mut made = (Vec::new(), Vec::new());
    for rule in &route.rules {
        let compile =
            |written: &HttpRouteMatch| http_match(written, &route.patterns).map(Match::Http);
        site.rule(rule.index, &rule.matches, compile, payload(rule), &mut made);
    }
    made
}

/// The entries of a GRPCRoute at a listener or a Service, as with [`http_entries`].
pub fn grpc_entries<T: Clone, F: FnMut(usize, &GrpcRouteMatch) -> T>(
    route: &GrpcRouteRules,
    hostnames: &[EffectiveHostname],
    mut payload: impl FnMut(&GrpcRule) -> F,
) -> (Vec<Entry<T>>, Vec<MatchError>) {
    let site = RouteSite::new(&route.reference, route.age, hostnames);
    let mut made = (Vec::new(), Vec::new());
    for rule in &route.rules {
        let compile =
            |written: &GrpcRouteMatch| grpc_match(written, &route.patterns).map(Match::Grpc);
        site.rule(rule.index, &rule.matches, compile, payload(rule), &mut made);
    }
    made
}

/// The table of the TLSRoutes at a listener, with a payload made for each of them.
///
/// A TLSRoute's rules have no matches: the first of them takes every connection.
pub fn sni_table<'r, T: Clone>(
    routes: impl IntoIterator<Item = &'r AttachedRoute<ConnectionRouteRules>>,
    hostname_rank: HostnameRank,
    mut payload: impl FnMut(&'r ConnectionRouteRules) -> T,
) -> SniTable<T> {
    let mut table = SniTable::new(hostname_rank);
    for AttachedRoute { route, hostnames } in routes {
        let rank = RouteSite::new(&route.reference, route.age, hostnames).rank(0, 0);
        let made = payload(route);
        for hostname in hostnames.iter() {
            // What attachment read as a hostname is one here too.
            let (answers_to, own) = (hostname.hostname.as_ref(), hostname.own.as_ref());
            if let (Ok(answers_to), Ok(own)) = (host_pattern(answers_to), host_pattern(own)) {
                table.insert_named(answers_to, &own, rank.clone(), made.clone());
            }
        }
    }
    table
}

fn host_pattern(name: Option<&Hostname>) -> Result<HostPattern, String> {
    name.map_or(Ok(HostPattern::Any), |name| {
        HostPattern::parse(name.as_str()).map_err(|error| error.to_string())
    })
}

/// The pattern that attachment has made, or a new one for rules that were put together by hand.
fn pattern(source: &str, known: &RoutePatterns) -> Result<Pattern, String> {
    match known.get(source) {
        Some(Ok(pattern)) => Ok(pattern.clone()),
        Some(Err(error)) => Err(error.to_string()),
        None => Pattern::new(source).map_err(|error| error.to_string()),
    }
}

fn unknown(what: &str, text: &str) -> String {
    format!("`{text}` is not a known type of {what}")
}

fn header(
    name: &str,
    kind: &HeaderMatchType,
    value: &str,
    known: &RoutePatterns,
) -> Result<HeaderMatch, String> {
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{name}` is not a header name"))?;
    let value = match kind {
        HeaderMatchType::Exact => ValueMatch::exact(value),
        HeaderMatchType::RegularExpression => ValueMatch::RegularExpression(pattern(value, known)?),
        HeaderMatchType::Unknown(text) => return Err(unknown("header match", text)),
    };
    Ok(HeaderMatch::new(name, value))
}

fn http_match(written: &HttpRouteMatch, known: &RoutePatterns) -> Result<HttpMatch, String> {
    let path = match written.path_type() {
        PathMatchType::Exact => PathMatch::exact(written.path_value()),
        PathMatchType::PathPrefix => PathMatch::prefix(written.path_value()),
        PathMatchType::RegularExpression => {
            PathMatch::RegularExpression(pattern(written.path_value(), known)?)
        }
        PathMatchType::Unknown(text) => return Err(unknown("path match", &text)),
    };
    let method = match &written.method {
        None => None,
        Some(method) => Some(
            Method::from_bytes(method.as_str().as_bytes())
                .map_err(|_| format!("`{method}` is not a method"))?,
        ),
    };
    let headers = written
        .headers
        .iter()
        .map(|h| header(&h.name, &h.match_type(), &h.value, known))
        .collect::<Result<_, _>>()?;
    let query = written
        .query_params
        .iter()
        .map(|parameter| {
            let value = match parameter.match_type() {
                QueryParamMatchType::Exact => ValueMatch::exact(&parameter.value),
                QueryParamMatchType::RegularExpression => {
                    ValueMatch::RegularExpression(pattern(&parameter.value, known)?)
                }
                QueryParamMatchType::Unknown(text) => {
                    return Err(unknown("query parameter match", &text));
                }
            };
            Ok(QueryMatch {
                name: parameter.name.as_str().into(),
                value,
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(HttpMatch {
        path,
        method,
        headers,
        query,
    })
}

fn grpc_match(written: &GrpcRouteMatch, known: &RoutePatterns) -> Result<GrpcMatch, String> {
    let none = GrpcMethodMatch::default();
    let call = written.method.as_ref().unwrap_or(&none);
    let part = |text: &Option<String>| -> Result<Option<ValueMatch>, String> {
        // An empty text is no condition, as with the API's own types.
        let Some(text) = text.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        match call.match_type() {
            GrpcMethodMatchType::Exact => Ok(Some(ValueMatch::exact(text))),
            GrpcMethodMatchType::RegularExpression => {
                Ok(Some(ValueMatch::RegularExpression(pattern(text, known)?)))
            }
            GrpcMethodMatchType::Unknown(kind) => Err(unknown("method match", &kind)),
        }
    };
    let headers = written
        .headers
        .iter()
        .map(|h| header(&h.name, &h.match_type(), &h.value, known))
        .collect::<Result<_, _>>()?;
    Ok(GrpcMatch {
        service: part(&call.service)?,
        method: part(&call.method)?,
        headers,
    })
}
