//! A slow data plane on the oracle of the matcher: everything else is done one step after the other on the JSON of the objects.
//! It knows HTTP in cleartext at Gateways. With the data plane of the library it shares what is attached to what, and the entries of
//! routing tables (`http_entries`, `grpc_entries`) of which the oracle takes one.

use gwapi::{
    attachment::effective::{Effective, EffectiveListener},
    conformance::{
        Ask, Ended, KitEndpoint, Need, Observed, Reached, SeenRequest, Setup, SimulatorSubject,
        SubjectError, TestSubject,
    },
    meta::{FeatureName, NamespacedName, Transport},
    proxy::{grpc_entries, http_entries},
    routing::{Oracle, RouterOptions, View},
    sim::Protocol,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use serde_json::Value;
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Slow {
    resolved: SimulatorSubject,
    objects: Vec<Value>,
    endpoints: Vec<KitEndpoint>,
    now: Duration,
}

/// Kind and name of a route, and the indices of a rule and a match.
type Found = (&'static str, NamespacedName, usize, usize);

const LACKS: &[Need] = &[
    Need::ClientCertificates,
    Need::Connections,
    Need::Mesh,
    Need::Statuses,
];

fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn time(value: &Value, pointer: &str) -> Option<Duration> {
    let time: gwapi::meta::Duration = text(value, pointer)?.parse().unwrap();
    Some(time.into())
}

/// The request on its way.
struct Sent {
    host: String,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
}

impl Sent {
    fn target(&self) -> String {
        let query = self.query.as_ref().map(|query| format!("?{query}"));
        self.path.clone() + &query.unwrap_or_default()
    }

    fn seen(&self, ask: &Ask, protocol: &str) -> SeenRequest {
        SeenRequest {
            method: ask.request.method.to_string(),
            host: self.host.clone(),
            path: self.target(),
            protocol: protocol.to_owned(),
            headers: self.headers.clone(),
        }
    }
}

fn modify(headers: &mut HeaderMap, modifier: &Value) {
    let name = |entry: &Value| -> HeaderName { text(entry, "/name").unwrap().parse().unwrap() };
    let value = |entry: &Value| text(entry, "/value").unwrap().parse().unwrap();
    // Of entries for one header the first counts.
    let firsts = |field: &str| {
        let mut firsts: Vec<(HeaderName, HeaderValue)> = Vec::new();
        for entry in list(modifier, field) {
            if firsts.iter().all(|(own, _)| *own != name(entry)) {
                firsts.push((name(entry), value(entry)));
            }
        }
        firsts
    };
    for (name, value) in firsts("/set") {
        headers.insert(name, value);
    }
    for (name, value) in firsts("/add") {
        headers.append(name, value);
    }
    for entry in list(modifier, "/remove") {
        headers.remove(entry.as_str().unwrap());
    }
}

/// The path with its modifier, and the prefix that matched.
fn modified(path: &str, modifier: &Value, prefix: &str) -> String {
    if let Some(full) = text(modifier, "/replaceFullPath") {
        return full.to_owned();
    }
    let Some(new) = text(modifier, "/replacePrefixMatch") else {
        return path.to_owned();
    };
    let rest = path.strip_prefix(prefix.trim_end_matches('/')).unwrap();
    let joined = format!("{}{rest}", new.trim_end_matches('/'));
    if joined.is_empty() {
        "/".to_owned()
    } else {
        joined
    }
}

fn answer(status: u16, headers: HeaderMap) -> Ended {
    let mut response = Response::builder().status(status).body(()).unwrap();
    *response.headers_mut() = headers;
    Ended::Response(response.into_parts().0)
}

/// An answer of the data plane itself, in the form that the client understands.
fn own(status: u16, grpc: Option<&str>) -> Ended {
    let mut headers = HeaderMap::new();
    match grpc {
        None => answer(status, headers),
        Some(code) => {
            headers.insert("grpc-status", code.parse().unwrap());
            answer(200, headers)
        }
    }
}

impl TestSubject for Slow {
    fn name(&self) -> String {
        "the oracle with a slow data plane".to_owned()
    }

    fn supports(&self, feature: &FeatureName) -> bool {
        self.resolved.supports(feature)
    }

    fn lacks(&self) -> &[Need] {
        LACKS
    }

    fn draws_as_told(&self) -> bool {
        true
    }

    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError> {
        self.objects.clone_from(&setup.objects);
        self.endpoints.clone_from(&setup.endpoints);
        if setup.begins {
            self.now = Duration::ZERO;
        }
        self.resolved.configure(setup)
    }

    fn advance(&mut self, by: Duration) {
        self.now += by;
    }

    fn send(&mut self, ask: &Ask) -> Result<Observed, SubjectError> {
        let mut reached = Vec::new();
        let ended = self.answered(ask, &mut reached);
        let is_switched = matches!(&ended, Ended::Response(head) if head.status == 101);
        let echoed = if is_switched {
            ask.frames.clone()
        } else {
            Vec::new()
        };
        Ok(Observed::new(ended, reached).with_echo(echoed))
    }
}

impl Slow {
    fn object(&self, kind: &str, name: &NamespacedName) -> Option<&Value> {
        self.objects.iter().find(|object| {
            text(object, "/kind") == Some(kind)
                && text(object, "/metadata/namespace") == Some(&name.namespace)
                && text(object, "/metadata/name") == Some(&name.name)
        })
    }

    fn answered(&self, ask: &Ask, reached: &mut Vec<Reached>) -> Ended {
        let effective = self.resolved.effective();
        let request = &ask.request;
        let port = request.uri.port_u16().unwrap_or(80);
        let authority = request.uri.authority().unwrap().as_str();
        let host = request
            .headers
            .get("host")
            .map_or(authority, |host| host.to_str().unwrap());
        let is_grpc = request
            .headers
            .get("content-type")
            .is_some_and(|of| of == "application/grpc");
        let Some(gateway) = effective.gateways.get(request.gateway.as_ref().unwrap()) else {
            return Ended::Refused;
        };
        if gateway.listeners_at(Transport::Tcp, port).next().is_none() {
            return Ended::Refused;
        }
        let Some(listener) = gateway.listener(Transport::Tcp, port, Some(host)) else {
            return own(404, None);
        };
        if listener.http.is_empty() && listener.grpc.is_empty() {
            return own(404, None);
        }
        let Some(found) = self.found(listener, ask, host) else {
            return own(404, is_grpc.then_some("12"));
        };
        self.by_rule(&found, listener, ask, host, reached)
    }

    fn found(&self, listener: &EffectiveListener, ask: &Ask, host: &str) -> Option<Found> {
        let mut all = Vec::new();
        for attached in &listener.http {
            let name = attached.route.reference.clone();
            let (entries, _) = http_entries(&attached.route, &attached.hostnames, |rule| {
                let (name, rule) = (name.clone(), rule.index);
                move |index, _| -> Found { ("HTTPRoute", name.clone(), rule, index) }
            });
            all.extend(entries);
        }
        for attached in &listener.grpc {
            let name = attached.route.reference.clone();
            let (entries, _) = grpc_entries(&attached.route, &attached.hostnames, |rule| {
                let (name, rule) = (name.clone(), rule.index);
                move |index, _| -> Found { ("GRPCRoute", name.clone(), rule, index) }
            });
            all.extend(entries);
        }
        let request = &ask.request;
        let lines = request.headers.iter();
        let headers: Vec<_> = lines
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let view = View {
            method: request.method.as_str(),
            host: host.as_bytes(),
            path: request.uri.path(),
            query: request.uri.query(),
            headers: &headers,
        };
        Oracle::new(RouterOptions::default(), all)
            .find(&view)
            .cloned()
    }

    fn by_rule(
        &self,
        (kind, name, rule_index, match_index): &Found,
        listener: &EffectiveListener,
        ask: &Ask,
        host: &str,
        reached: &mut Vec<Reached>,
    ) -> Ended {
        let request = &ask.request;
        let is_grpc = *kind == "GRPCRoute";
        let route = self.object(kind, name).unwrap();
        let rule = &route["spec"]["rules"][*rule_index];
        let one = rule
            .pointer(&format!("/matches/{match_index}"))
            .unwrap_or(&Value::Null);
        let prefix = text(one, "/path/value").unwrap_or("/");
        let mut sent = Sent {
            host: host.to_owned(),
            path: request.uri.path().to_owned(),
            query: request.uri.query().map(str::to_owned),
            headers: request.headers.clone(),
        };
        let mut mirrors = Vec::new();
        for filter in list(rule, "/filters") {
            if let Some(redirect) = filter.get("requestRedirect") {
                return redirected(redirect, &sent, prefix, listener.port);
            }
            self.filter(filter, &mut sent, prefix, &mut mirrors);
        }
        let backends = list(rule, "/backendRefs");
        let weight = |backend: &Value| {
            backend
                .get("weight")
                .map_or(1, |weight| weight.as_u64().unwrap())
        };
        let total: u64 = backends.iter().map(weight).sum();
        let mut left = ask.draw.checked_rem(total).unwrap_or_default();
        let failing = || own(500, is_grpc.then_some("14"));
        let mut chosen = None;
        for (index, backend) in backends.iter().enumerate() {
            if left < weight(backend) {
                chosen = Some(index);
                break;
            }
            left -= weight(backend);
        }
        let session = rule.get("sessionPersistence");
        let key = format!("{name}/{rule_index}");
        let kept = session.and_then(|session| self.kept(session, &key, ask));
        let (kept, issued) = kept.unzip();
        if let Some(place) = &kept {
            let of_place = |backend: &Value| self.places(route, backend).contains(place);
            chosen = backends.iter().position(of_place).or(chosen);
        }
        let Some(chosen) = chosen else {
            return failing();
        };
        if !self.is_valid(kind, name, *rule_index, chosen) {
            return failing();
        }
        let backend = &backends[chosen];
        let places = self.places(route, backend);
        let Some(place) = kept.filter(|kept| places.contains(kept)).or_else(|| {
            let length = u64::try_from(places.len()).unwrap();
            let at = ask.draw.checked_rem(length)?;
            places.get(usize::try_from(at).unwrap()).cloned()
        }) else {
            return failing();
        };
        let copy = sent.seen(ask, "");
        for filter in list(backend, "/filters") {
            self.filter(filter, &mut sent, prefix, &mut mirrors);
        }
        let protocol = match self.protocol(route, backend) {
            "websocket" if !matches!(request.protocol, Protocol::WebSocket) => "http/1.1",
            protocol => protocol,
        };
        reached.push(Reached {
            endpoint: place.clone(),
            request: Some(sent.seen(ask, protocol)),
        });
        for mirror in mirrors {
            if !self.is_granted(kind, name, &mirror) {
                continue;
            }
            if let Some(place) = self.places(route, &mirror).first() {
                reached.push(Reached {
                    endpoint: place.clone(),
                    request: Some(copy.clone()),
                });
            }
        }
        let limits = ["/timeouts/request", "/timeouts/backendRequest"];
        let limits = limits.into_iter().filter_map(|limit| time(rule, limit));
        let limit = limits.filter(|limit| !limit.is_zero()).min();
        if limit.is_some_and(|limit| Duration::from(request.backend.delay) > limit) {
            return own(504, is_grpc.then_some("4"));
        }
        let mut headers = request.backend.headers.clone();
        for filter in list(backend, "/filters")
            .iter()
            .chain(list(rule, "/filters"))
        {
            if let Some(modifier) = filter.get("responseHeaderModifier") {
                modify(&mut headers, modifier);
            }
        }
        let is_told = |session: &&Value| issued.is_none() || session.get("idleTimeout").is_some();
        if let Some(session) = session.filter(is_told) {
            let name = text(session, "/sessionName").unwrap();
            let now = self.now.as_secs();
            let token = format!("{key}|{place}|{}|{now}", issued.unwrap_or(now));
            match text(session, "/type") {
                Some("Header") => headers.insert(
                    HeaderName::from_bytes(name.as_bytes()).unwrap(),
                    token.parse().unwrap(),
                ),
                _ => {
                    let lifetime = text(session, "/cookieConfig/lifetimeType");
                    let lasts = time(session, "/absoluteTimeout");
                    let lasts = lasts.filter(|_| lifetime == Some("Permanent"));
                    let lasts = lasts.map(|time| format!("; Max-Age={}", time.as_secs()));
                    let cookie = format!(
                        "{name}={token}; HttpOnly; SameSite=Strict{}",
                        lasts.unwrap_or_default()
                    );
                    headers.insert("set-cookie", cookie.parse().unwrap())
                }
            };
        }
        answer(request.backend.status.as_u16(), headers)
    }

    fn filter(&self, filter: &Value, sent: &mut Sent, prefix: &str, mirrors: &mut Vec<Value>) {
        if let Some(modifier) = filter.get("requestHeaderModifier") {
            modify(&mut sent.headers, modifier);
        }
        if let Some(rewrite) = filter.get("urlRewrite") {
            if let Some(hostname) = text(rewrite, "/hostname") {
                sent.host = hostname.to_owned();
            }
            if let Some(path) = rewrite.get("path") {
                sent.path = modified(&sent.path, path, prefix);
            }
        }
        if let Some(mirror) = filter.pointer("/requestMirror/backendRef") {
            mirrors.push(mirror.clone());
        }
    }

    /// The endpoint of the session that a request belongs to, and when the session began.
    fn kept(&self, session: &Value, key: &str, ask: &Ask) -> Option<(String, u64)> {
        let name = text(session, "/sessionName").unwrap();
        let headers = &ask.request.headers;
        let token = match text(session, "/type") {
            Some("Header") => headers.get(name)?.to_str().ok()?.to_owned(),
            _ => {
                let cookies = headers.get("cookie")?.to_str().ok()?;
                let mut pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
                pairs.find(|(own, _)| *own == name)?.1.to_owned()
            }
        };
        let parts: Vec<&str> = token.split('|').collect();
        let [of, place, issued, used] = parts[..] else {
            return None;
        };
        let issued: u64 = issued.parse().ok()?;
        let is_over = |limit, since: u64| {
            let age = self.now.as_secs() - since;
            time(session, limit).is_some_and(|most| age > most.as_secs())
        };
        let is_over =
            is_over("/absoluteTimeout", issued) || is_over("/idleTimeout", used.parse().ok()?);
        (of == key && !is_over).then(|| (place.to_owned(), issued))
    }

    /// Whether a Service may be referred to: in the namespace of the route, or by a grant.
    fn is_granted(&self, kind: &str, route: &NamespacedName, to: &Value) -> bool {
        let namespace = text(to, "/namespace").unwrap_or(&route.namespace);
        let grants = self.objects.iter().filter(|object| {
            text(object, "/kind") == Some("ReferenceGrant")
                && text(object, "/metadata/namespace") == Some(namespace)
        });
        let mut grants = grants.filter(|grant| {
            list(grant, "/spec/from").iter().any(|from| {
                text(from, "/kind") == Some(kind)
                    && text(from, "/namespace") == Some(&route.namespace)
            })
        });
        namespace == route.namespace
            || grants.any(|grant| {
                list(grant, "/spec/to").iter().any(|own| {
                    text(own, "/kind") == Some("Service")
                        && text(own, "/name").is_none_or(|name| text(to, "/name") == Some(name))
                })
            })
    }

    /// The port of the Service of a backend.
    fn port(&self, route: &Value, backend: &Value) -> Option<(NamespacedName, &Value)> {
        let namespace = text(backend, "/namespace").or(text(route, "/metadata/namespace"))?;
        let name = NamespacedName::new(namespace, text(backend, "/name")?);
        let service = self.object("Service", &name)?;
        let ports = list(service, "/spec/ports").iter();
        let mut ports = ports.filter(|port| port["port"] == backend["port"]);
        ports.next().map(|port| (name, port))
    }

    /// The endpoints of a backend.
    fn places(&self, route: &Value, backend: &Value) -> Vec<String> {
        let Some((service, port)) = self.port(route, backend) else {
            return Vec::new();
        };
        let target = port.get("targetPort").unwrap_or(&port["port"]);
        let endpoints = self.endpoints.iter();
        let own = endpoints.filter(|one| one.service == service && *target == one.port);
        own.map(KitEndpoint::place).collect()
    }

    fn protocol(&self, route: &Value, backend: &Value) -> &'static str {
        let port = self.port(route, backend);
        match port.and_then(|(_, port)| text(port, "/appProtocol")) {
            Some("kubernetes.io/h2c") => "h2c",
            Some("kubernetes.io/ws") => "websocket",
            _ => "http/1.1",
        }
    }

    /// Whether a backend is there for the route: what attachment says.
    fn is_valid(&self, kind: &str, name: &NamespacedName, rule: usize, backend: usize) -> bool {
        let effective: &Effective = self.resolved.effective();
        let listeners = effective
            .gateways
            .values()
            .flat_map(|gateway| &gateway.listeners);
        for listener in listeners {
            if kind == "HTTPRoute" {
                let mut attached = listener.http.iter();
                if let Some(attached) = attached.find(|one| one.route.reference == *name) {
                    let own = attached
                        .route
                        .rules
                        .iter()
                        .find(|own| own.index == rule)
                        .unwrap();
                    return own.problem.is_none() && own.backends[backend].problem().is_none();
                }
            } else {
                let mut attached = listener.grpc.iter();
                if let Some(attached) = attached.find(|one| one.route.reference == *name) {
                    let own = attached
                        .route
                        .rules
                        .iter()
                        .find(|own| own.index == rule)
                        .unwrap();
                    return own.problem.is_none() && own.backends[backend].problem().is_none();
                }
            }
        }
        false
    }
}

fn redirected(redirect: &Value, sent: &Sent, prefix: &str, listener: u16) -> Ended {
    let scheme = text(redirect, "/scheme");
    let well_known = |scheme: &str| if scheme == "https" { 443 } else { 80 };
    let port = redirect.get("port").map(|port| port.as_u64().unwrap());
    let port = port.unwrap_or_else(|| scheme.map_or(u64::from(listener), well_known));
    let scheme = scheme.unwrap_or("http");
    let name = sent.host.split(':').next().unwrap();
    let name = text(redirect, "/hostname").unwrap_or(name);
    let port = if port == well_known(scheme) {
        String::new()
    } else {
        format!(":{port}")
    };
    let path = redirect.get("path").map_or_else(
        || sent.path.clone(),
        |path| modified(&sent.path, path, prefix),
    );
    let query = sent
        .query
        .as_ref()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let status = redirect
        .get("statusCode")
        .map_or(302, |status| status.as_u64().unwrap());
    let mut headers = HeaderMap::new();
    headers.insert(
        "location",
        format!("{scheme}://{name}{port}{path}{query}")
            .parse()
            .unwrap(),
    );
    answer(u16::try_from(status).unwrap(), headers)
}
