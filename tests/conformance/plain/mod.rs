//! A plain matcher that anyone can check by eye, with faults that can be planted in it. It knows HTTPRoutes at Gateways.

mod calls;
mod found;

pub(crate) use calls::{CALL_FAULTS, Calls, RIGHT};
pub(crate) use found::FAULTS;

use gwapi::{
    conformance::{Ask, RouteMatcher, Setup, SubjectError},
    meta::{FeatureName, NamespacedName},
};
use serde_json::Value;
use std::cmp::Reverse;

/// What is wrong with a matcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    PrefixesAsTexts,
    PrefixesAnywhere,
    SlashAtTheEndCounts,
    ExactAsPrefix,
    ExactWithoutCase,
    ExactBehindPrefix,
    LongerTextBeforeExact,
    ShorterPrefixFirst,
    ListOrderBeforeAll,
    HeadersBeforePath,
    MethodBeforePath,
    QueryBeforePath,
    FewerHeadersFirst,
    HeadersBeforeMethod,
    QueryBeforeHeaders,
    FewerParametersFirst,
    HeaderValueWithoutCase,
    HeaderValueAsPrefix,
    AnyHeaderOfAMatch,
    LastEntryOfAHeaderCounts,
    EveryEntryOfAHeaderCounts,
    FirstMatchOfARuleAlone,
    NoMatchesIsTheRootAlone,
    QueryNameWithoutCase,
    AnyParameterOfAMatch,
    MethodIgnored,
    YoungerFirst,
    AgeIgnored,
    AgeBeforeHost,
    AgeBeforePath,
    AgeBeforeMethod,
    AgeBeforeHeaders,
    AgeBeforeQuery,
    RuleBeforeAge,
    RuleBeforeName,
    LastNameFirst,
    NameBeforeNamespace,
    NamespaceAsAWhole,
    LastRuleFirst,
    FirstRouteOfAHostAlone,
    HostAfterPath,
    WildcardOfOneLabel,
    WildcardTakesItsDomain,
    PortIsPartOfTheHost,
    PortIsPartOfTheHostForListeners,
    ListenerHostnameIgnored,
    SectionIgnored,
    ParentPortIgnored,
    DestinationPortIgnored,
    IsolationOff,
    RouteHostnamesEndIsolation,
    WidestListenerFirst,
    OneListenerAPort,
    Stale,
}

pub(crate) struct Plain {
    pub(crate) fault: Fault,
    objects: Vec<Value>,
}

impl Plain {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            objects: Vec::new(),
        }
    }
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn kind<'v>(objects: &'v [Value], kind: &'v str) -> impl Iterator<Item = &'v Value> {
    objects
        .iter()
        .filter(move |object| text(object, "/kind") == Some(kind))
}

/// Which entries of a list of headers count where their names differ in case alone.
#[derive(Clone, Copy)]
enum Entries {
    First,
    Last,
    Every,
}

impl Entries {
    fn of(self, entries: &[Value]) -> Vec<&Value> {
        let name = |entry: &Value| text(entry, "/name").map(str::to_ascii_lowercase);
        let mut kept: Vec<&Value> = Vec::new();
        for entry in entries {
            let same = kept.iter().position(|own| name(own) == name(entry));
            match (self, same) {
                (Self::First, Some(_)) => {}
                (Self::Last, Some(place)) => kept[place] = entry,
                (Self::Every, _) | (_, None) => kept.push(entry),
            }
        }
        kept
    }
}

/// A listener: its name, port and hostname, all of it, and the name of its Gateway.
struct Listener<'v>(&'v str, u64, Option<&'v str>, &'v Value, &'v str);

/// What ranks a match: the smaller goes first. Beside each of the first criteria stands the age of the route where a fault looks at
/// it before that one.
type Place = (
    (String, (bool, Reverse<usize>)),
    (String, (bool, Reverse<usize>)),
    (String, bool),
    (String, Reverse<usize>),
    (String, Reverse<usize>),
    String,
    String,
    usize,
);

impl RouteMatcher for Plain {
    fn name(&self) -> String {
        format!("a plain matcher ({:?})", self.fault)
    }

    fn supports(&self, feature: &FeatureName) -> bool {
        if *feature == FeatureName::GatewayHttpListenerIsolation {
            return self.fault != Fault::WidestListenerFirst;
        }
        [
            FeatureName::Gateway,
            FeatureName::GatewayPort8080,
            FeatureName::HttpRoute,
            FeatureName::HttpRouteDestinationPortMatching,
            FeatureName::HttpRouteMethodMatching,
            FeatureName::HttpRouteParentRefPort,
            FeatureName::HttpRouteQueryParamMatching,
        ]
        .contains(feature)
    }

    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError> {
        if setup.begins || self.fault != Fault::Stale {
            self.objects.clone_from(&setup.objects);
        }
        Ok(())
    }

    fn find(&mut self, ask: &Ask) -> Result<Option<(String, NamespacedName, usize)>, SubjectError> {
        let request = &ask.request;
        let in_header = request
            .headers
            .get("host")
            .map(|host| host.to_str().unwrap());
        let named = in_header.unwrap_or(request.uri.authority().unwrap().as_str());
        let host = match named.split_once(':') {
            Some((host, _)) if self.fault != Fault::PortIsPartOfTheHost => host,
            _ => named,
        };
        let host = host.to_ascii_lowercase();
        let at_listeners = match self.fault {
            Fault::PortIsPartOfTheHostForListeners => named.to_ascii_lowercase(),
            _ => host.clone(),
        };
        let own = request.gateway.as_ref().unwrap();
        let port = u64::from(request.uri.port_u16().unwrap_or(80));
        let gateways = kind(&self.objects, "Gateway");
        let gateway = gateways.filter(|one| text(one, "/metadata/name") == Some(&own.name));
        let listeners = gateway.flat_map(|gateway| list(gateway, "/spec/listeners"));
        let mut listeners: Vec<Listener<'_>> = listeners
            .map(|one| {
                let port = one.pointer("/port").and_then(Value::as_u64).unwrap();
                Listener(
                    text(one, "/name").unwrap(),
                    port,
                    text(one, "/hostname"),
                    one,
                    &own.name,
                )
            })
            .collect();
        if self.fault == Fault::OneListenerAPort {
            let mut seen = Vec::new();
            listeners.retain(|one| {
                !seen.contains(&one.1) && {
                    seen.push(one.1);
                    true
                }
            });
        }
        if self.fault != Fault::DestinationPortIgnored {
            listeners.retain(|one| one.1 == port);
        }
        if self.fault != Fault::ListenerHostnameIgnored {
            listeners.retain(|one| one.2.is_none_or(|name| self.is_host(name, &at_listeners)));
        }
        // The most specific listener for the host alone.
        listeners.sort_by_key(|one| specificity(one.2));
        match self.fault {
            Fault::IsolationOff | Fault::RouteHostnamesEndIsolation => {}
            Fault::WidestListenerFirst => listeners.reverse(),
            _ => listeners.truncate(1),
        }
        for (index, listener) in listeners.iter().enumerate() {
            let mut found: Vec<(Place, NamespacedName, usize)> = Vec::new();
            for route in kind(&self.objects, "HTTPRoute") {
                if self.fault == Fault::RouteHostnamesEndIsolation
                    && index > 0
                    && list(route, "/spec/hostnames").is_empty()
                {
                    continue;
                }
                self.route(route, listener, &host, ask, &mut found);
            }
            if self.fault == Fault::FirstRouteOfAHostAlone {
                let mut routes = kind(&self.objects, "HTTPRoute");
                let first = routes.find(|route| self.serves(route, listener, &host).is_some());
                let first = first.and_then(|route| text(route, "/metadata/name"));
                found.retain(|(_, route, _)| Some(&*route.name) == first);
            }
            found.sort();
            if let Some((_, route, rule)) = found.into_iter().next() {
                return Ok(Some(("HTTPRoute".to_owned(), route, rule)));
            }
        }
        Ok(None)
    }
}

/// Exact names, then wildcards by their length, then none.
fn specificity(hostname: Option<&str>) -> (bool, Reverse<usize>) {
    let name = hostname.unwrap_or_default();
    let is_exact = !name.is_empty() && !name.starts_with("*.");
    (!is_exact, Reverse(name.len()))
}

impl Plain {
    fn is_host(&self, pattern: &str, host: &str) -> bool {
        let Some(domain) = pattern.strip_prefix('*') else {
            return pattern == host;
        };
        if self.fault == Fault::WildcardTakesItsDomain && domain.strip_prefix('.') == Some(host) {
            return true;
        }
        host.strip_suffix(domain).is_some_and(|labels| {
            let is_one = !labels.contains('.');
            !labels.is_empty() && (is_one || self.fault != Fault::WildcardOfOneLabel)
        })
    }

    fn is_parent(&self, parent: &Value, listener: &Listener<'_>) -> bool {
        let section = text(parent, "/sectionName");
        let port = parent.pointer("/port").and_then(Value::as_u64);
        text(parent, "/name") == Some(listener.4)
            && (self.fault == Fault::SectionIgnored
                || section.is_none_or(|name| name == listener.0))
            && (self.fault == Fault::ParentPortIgnored
                || port.is_none_or(|port| port == listener.1))
    }

    /// Whether a listener takes routes of this namespace and kind.
    fn allows(&self, listener: &Listener<'_>, route: &Value) -> bool {
        let namespace = text(route, "/metadata/namespace").unwrap();
        let from = text(listener.3, "/allowedRoutes/namespaces/from").unwrap_or("Same");
        let kinds = list(listener.3, "/allowedRoutes/kinds");
        let by_namespace = match from {
            "All" => true,
            "Same" => namespace == "shop",
            _ => {
                let labels = listener
                    .3
                    .pointer("/allowedRoutes/namespaces/selector/matchLabels");
                let mut labels = labels.and_then(Value::as_object).unwrap().iter();
                let mut all = kind(&self.objects, "Namespace");
                let own = all.find(|one| text(one, "/metadata/name") == Some(namespace));
                labels.all(|(key, value)| {
                    own.is_some_and(|own| own["metadata"]["labels"][key] == *value)
                })
            }
        };
        let mut kinds_of = kinds.iter().map(|kind| text(kind, "/kind"));
        by_namespace && (kinds.is_empty() || kinds_of.any(|kind| kind == Some("HTTPRoute")))
    }

    /// The most specific hostname of a route for a host, where the route serves that at a listener; nothing within if it names
    /// none.
    fn serves<'v>(
        &self,
        route: &'v Value,
        listener: &Listener<'_>,
        host: &str,
    ) -> Option<Option<&'v str>> {
        let mut parents = list(route, "/spec/parentRefs").iter();
        if !self.allows(listener, route) || !parents.any(|one| self.is_parent(one, listener)) {
            return None;
        }
        let all = list(route, "/spec/hostnames").iter();
        let mut hostnames: Vec<&str> = all.map(|name| name.as_str().unwrap()).collect();
        if hostnames.is_empty() {
            return Some(None);
        }
        hostnames.retain(|name| self.is_host(name, host));
        hostnames.sort_by_key(|name| specificity(Some(name)));
        hostnames.first().copied().map(Some)
    }

    fn route(
        &self,
        route: &Value,
        listener: &Listener<'_>,
        host: &str,
        ask: &Ask,
        found: &mut Vec<(Place, NamespacedName, usize)>,
    ) {
        let Some(own) = self.serves(route, listener, host) else {
            return;
        };
        let name = |pointer: &str| text(route, pointer).unwrap_or_default();
        let route_name = NamespacedName::new(name("/metadata/namespace"), name("/metadata/name"));
        let mut everything = [Value::Object(serde_json::Map::new())];
        if self.fault == Fault::NoMatchesIsTheRootAlone {
            everything[0]["path"] = serde_json::json!({"type": "Exact", "value": "/"});
        }
        for (index, rule) in list(route, "/spec/rules").iter().enumerate() {
            let mut matches = list(rule, "/matches");
            if matches.is_empty() {
                matches = &everything;
            }
            if self.fault == Fault::FirstMatchOfARuleAlone {
                matches = &matches[..1];
            }
            for one in matches {
                if self.fits(one, ask) {
                    let age = name("/metadata/creationTimestamp").to_owned();
                    let place = self.place(one, own, age, route_name.to_string(), index);
                    found.push((place, route_name.clone(), index));
                }
            }
        }
    }

    fn place(
        &self,
        one: &Value,
        own: Option<&str>,
        age: String,
        route: String,
        rule: usize,
    ) -> Place {
        let path = text(one, "/path/value").unwrap_or("/");
        let is_exact = text(one, "/path/type") == Some("Exact");
        let length = path.strip_suffix('/').unwrap_or(path).len();
        let mut host = specificity(own);
        let mut by_path = (!is_exact, Reverse(length));
        let mut method = text(one, "/method").is_none();
        let mut headers = Reverse(list(one, "/headers").len());
        let mut query = Reverse(list(one, "/queryParams").len());
        let (mut age, mut route, mut rule) = (age, route, rule);
        // Texts the other way round.
        let reversed = |text: &str| text.bytes().map(|byte| char::from(127 - byte)).collect();
        match self.fault {
            Fault::ExactBehindPrefix => by_path.0 = is_exact,
            Fault::LongerTextBeforeExact => {
                by_path = (false, Reverse(path.len() * 2 + usize::from(is_exact)));
            }
            Fault::ShorterPrefixFirst => by_path.1 = Reverse(1_000 - length),
            Fault::ListOrderBeforeAll => by_path = (false, Reverse(1_000 - rule)),
            Fault::HeadersBeforePath => host.1 = Reverse(host.1.0 * 100 + headers.0),
            Fault::MethodBeforePath => {
                host.1 = Reverse(host.1.0 * 100 + usize::from(!method));
            }
            Fault::QueryBeforePath => host.1 = Reverse(host.1.0 * 100 + query.0),
            Fault::FewerHeadersFirst => headers = Reverse(1_000 - headers.0),
            Fault::HeadersBeforeMethod => {
                headers = Reverse(headers.0 * 2 + usize::from(!method));
                method = false;
            }
            Fault::FewerParametersFirst => query = Reverse(1_000 - query.0),
            Fault::QueryBeforeHeaders => (headers, query) = (query, headers),
            Fault::YoungerFirst => age = reversed(&age),
            Fault::AgeIgnored => age.clear(),
            Fault::RuleBeforeAge => age = format!("{rule:04}{age}"),
            Fault::RuleBeforeName => route = format!("{rule:04}{route}"),
            Fault::NamespaceAsAWhole => route = route.replacen('/', "\0", 1),
            Fault::LastNameFirst => route = reversed(&route),
            Fault::NameBeforeNamespace => {
                let (namespace, name) = route.split_once('/').unwrap();
                route = format!("{name}/{namespace}");
            }
            Fault::LastRuleFirst => rule = 1_000 - rule,
            Fault::HostAfterPath => host = (false, Reverse(0)),
            _ => {}
        }
        let older = |fault: Fault| match self.fault == fault {
            true => age.clone(),
            false => String::new(),
        };
        (
            (older(Fault::AgeBeforeHost), host),
            (older(Fault::AgeBeforePath), by_path),
            (older(Fault::AgeBeforeMethod), method),
            (older(Fault::AgeBeforeHeaders), headers),
            (older(Fault::AgeBeforeQuery), query),
            age,
            route,
            rule,
        )
    }

    fn fits(&self, one: &Value, ask: &Ask) -> bool {
        let request = &ask.request;
        let fits_path = self.fits_path(one, request.uri.path());
        let method = text(one, "/method");
        let fits_method = self.fault == Fault::MethodIgnored
            || method.is_none_or(|method| request.method == method);
        let header = |asked: &Value| {
            let name = text(asked, "/name").unwrap().to_ascii_lowercase();
            let wanted = text(asked, "/value").unwrap();
            let value = request
                .headers
                .get(&name)
                .map(|value| value.to_str().unwrap());
            value.is_some_and(|value| match self.fault {
                Fault::HeaderValueWithoutCase => value.eq_ignore_ascii_case(wanted),
                Fault::HeaderValueAsPrefix => value.starts_with(wanted),
                _ => value == wanted,
            })
        };
        let which = match self.fault {
            Fault::LastEntryOfAHeaderCounts => Entries::Last,
            Fault::EveryEntryOfAHeaderCounts => Entries::Every,
            _ => Entries::First,
        };
        let headers = which.of(list(one, "/headers"));
        let fits_headers = match self.fault {
            Fault::AnyHeaderOfAMatch => headers.is_empty() || headers.into_iter().any(header),
            _ => headers.into_iter().all(header),
        };
        let query = request.uri.query().unwrap_or_default();
        let parameter = |asked: &Value| {
            let (name, wanted) = (
                text(asked, "/name").unwrap(),
                text(asked, "/value").unwrap(),
            );
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let own = pairs.find(|(own, _)| match self.fault {
                Fault::QueryNameWithoutCase => own.eq_ignore_ascii_case(name),
                _ => *own == name,
            });
            own.is_some_and(|(_, value)| value == wanted)
        };
        let parameters = list(one, "/queryParams");
        let fits_query = match self.fault {
            Fault::AnyParameterOfAMatch => {
                parameters.is_empty() || parameters.iter().any(parameter)
            }
            _ => parameters.iter().all(parameter),
        };
        fits_path && fits_method && fits_headers && fits_query
    }

    fn fits_path(&self, one: &Value, path: &str) -> bool {
        let wanted = text(one, "/path/value").unwrap_or("/");
        if text(one, "/path/type") == Some("Exact") {
            return match self.fault {
                Fault::ExactAsPrefix => path.starts_with(wanted),
                Fault::ExactWithoutCase => path.eq_ignore_ascii_case(wanted),
                _ => path == wanted,
            };
        }
        let prefix = match self.fault {
            Fault::SlashAtTheEndCounts => wanted,
            _ => wanted.strip_suffix('/').unwrap_or(wanted),
        };
        if self.fault == Fault::PrefixesAnywhere {
            return format!("{path}/").contains(&format!("{prefix}/"));
        }
        path.strip_prefix(prefix).is_some_and(|rest| {
            self.fault == Fault::PrefixesAsTexts
                || rest.is_empty()
                || rest.starts_with('/')
                || prefix.ends_with('/')
        })
    }
}
