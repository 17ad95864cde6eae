//! Requests that a route should answer, made up from its matches.

use gwapi::{
    attachment::{
        RouteKind,
        effective::{EffectiveHostname, GrpcRouteRules, HttpRouteRules},
    },
    meta::Hostname,
    sim::Request,
    v1::{
        GrpcMethodMatchType, HeaderMatchType, HttpRouteMatch, PathMatchType, QueryParamMatchType,
    },
};
use http::{HeaderName, Method};

/// A place of a match: rule and match.
pub(crate) type Place = (usize, usize);

/// What one match asks for, in several spellings: more than one, since other matches may take some of them.
#[derive(Clone, Debug, Default)]
struct Asked {
    methods: Vec<Method>,
    paths: Vec<String>,
    headers: Vec<(HeaderName, Vec<&'static str>)>,
    query: Vec<String>,
}

/// The texts that stand for each of the regular expressions of the generated sets.
fn samples(pattern: &str) -> &'static [&'static str] {
    match pattern {
        "/.*" => &["/zz", "/zz/zz", "/"],
        "/a/.*" => &["/a/zz", "/a/zz/zz", "/a/", "/a/b/zz"],
        "/a(/.*)?" => &["/a/zz", "/a", "/a/b/zz"],
        "/item/[0-9]+" => &["/item/7", "/item/123"],
        "(?i)/A.*" => &["/Azz", "/a/zz", "/a", "/A"],
        "^/a" => &["/a"],
        // No request has what they ask for: a path without a slash, or with a space; a line break; text behind the end; a slash in
        // a name.
        "item" | "/a b" | "\\n" | "a$b" | "a/b" => &[],
        "[0-9]+" => &["7", "12345"],
        "[a-z]+" => &["zz"],
        "s\\..*" => &["s.zz", "s.S"],
        "[A-Z]" => &["Z", "M"],
        other => panic!("no samples of `{other}`"),
    }
}

fn known(text: &str) -> &'static str {
    ["1", "2", "7", "y.x.test", "other.org:80"]
        .into_iter()
        .find(|known| *known == text)
        .expect("a value of the sets")
}

impl Asked {
    fn http(one: &HttpRouteMatch) -> Self {
        let path = one.path_value();
        let bare = path.strip_suffix('/').unwrap_or(path);
        let paths = match one.path_type() {
            PathMatchType::Exact => vec![path.to_owned()],
            PathMatchType::PathPrefix => ["/zz", "/zz/yy", "/", "", "/b/zz"]
                .iter()
                .map(|end| format!("{bare}{end}"))
                .filter(|path| !path.is_empty())
                .collect(),
            PathMatchType::RegularExpression => samples(path)
                .iter()
                .map(|text| (*text).to_owned())
                .collect(),
            PathMatchType::Unknown(kind) => panic!("{kind}"),
        };
        let methods = match &one.method {
            Some(method) => vec![method.as_str().parse().unwrap()],
            None => vec![Method::PATCH, Method::GET, Method::POST],
        };
        let headers = one.headers.iter().map(|header| {
            let values = match header.match_type() {
                HeaderMatchType::RegularExpression => samples(&header.value).to_vec(),
                _ => vec![known(&header.value)],
            };
            (header.name.parse().unwrap(), values)
        });
        let query = match one.query_params.first() {
            None => vec![String::new(), "?zz=1".to_owned()],
            Some(parameter) => match parameter.match_type() {
                QueryParamMatchType::RegularExpression => samples(&parameter.value)
                    .iter()
                    .map(|v| format!("?{}={v}", parameter.name))
                    .collect(),
                _ => vec![format!("?{}={}", parameter.name, parameter.value)],
            },
        };
        Self {
            methods,
            paths,
            headers: headers.collect(),
            query,
        }
    }

    fn requests(&self, base: &str, grpc: bool) -> Vec<Request> {
        let mut made = Vec::new();
        for method in &self.methods {
            for path in &self.paths {
                for query in &self.query {
                    let mut request = Request::get(&format!("{base}{path}{query}")).unwrap();
                    request.method = method.clone();
                    if grpc {
                        request
                            .headers
                            .insert("content-type", "application/grpc".parse().unwrap());
                    }
                    let mut further = vec![request];
                    for (name, values) in &self.headers {
                        further = further
                            .iter()
                            .flat_map(|request| {
                                values.iter().map(|value| {
                                    let mut request = request.clone();
                                    request
                                        .headers
                                        .entry(name)
                                        .or_insert(value.parse().unwrap());
                                    request
                                })
                            })
                            .collect();
                    }
                    made.append(&mut further);
                }
            }
        }
        made
    }
}

/// Hosts of a hostname: any will do, and another match may have taken some.
pub(crate) fn hosts(hostnames: &[EffectiveHostname]) -> Vec<String> {
    let of = |name: &Option<Hostname>| match name {
        None => vec!["zz.zz".to_owned(), "x.test".to_owned()],
        Some(name) => match name.wildcard_suffix() {
            Some(suffix) => vec![format!("zz{suffix}"), format!("yy.zz{suffix}")],
            None => vec![name.as_str().to_owned()],
        },
    };
    hostnames
        .iter()
        .flat_map(|hostname| of(&hostname.hostname))
        .collect()
}

/// Requests for every match of an HTTPRoute, to these places such as `http://host:80`.
pub(crate) fn http(rules: &HttpRouteRules, bases: &[String]) -> Vec<(Place, Request)> {
    let mut made = Vec::new();
    for rule in &rules.rules {
        for (index, one) in rule.matches.iter().enumerate() {
            let asked = Asked::http(one);
            for base in bases {
                let requests = asked.requests(base, false);
                made.extend(
                    requests
                        .into_iter()
                        .map(|request| ((rule.index, index), request)),
                );
            }
        }
    }
    made
}

/// Calls for every match of a GRPCRoute.
pub(crate) fn grpc(rules: &GrpcRouteRules, bases: &[String]) -> Vec<(Place, Request)> {
    let mut made = Vec::new();
    for rule in &rules.rules {
        for (index, one) in rule.matches.iter().enumerate() {
            let call = one.method.clone().unwrap_or_default();
            let part = |text: &Option<String>| -> Vec<String> {
                match (text, call.match_type()) {
                    (None, _) => vec!["zz".to_owned(), "yy.zz".to_owned()],
                    (Some(text), GrpcMethodMatchType::RegularExpression) => samples(text)
                        .iter()
                        .map(|text| (*text).to_owned())
                        .collect(),
                    (Some(text), _) => vec![text.clone()],
                }
            };
            let (services, methods) = (part(&call.service), part(&call.method));
            let paths = services.iter().flat_map(|service| {
                methods
                    .iter()
                    .map(move |method| format!("/{service}/{method}"))
            });
            let headers = one.headers.iter().map(|header| {
                let values = match header.match_type() {
                    HeaderMatchType::RegularExpression => samples(&header.value).to_vec(),
                    _ => vec![known(&header.value)],
                };
                (header.name.parse().unwrap(), values)
            });
            let asked = Asked {
                methods: vec![Method::POST],
                paths: paths.collect(),
                headers: headers.collect(),
                query: vec![String::new()],
            };
            for base in bases {
                let requests = asked.requests(base, true);
                made.extend(
                    requests
                        .into_iter()
                        .map(|request| ((rule.index, index), request)),
                );
            }
        }
    }
    made
}

/// Connections of which no more is known than where they go, and for TLS the server name.
pub(crate) fn connections(
    kind: RouteKind,
    hostnames: &[EffectiveHostname],
    port: u16,
) -> Vec<Request> {
    let scheme = match kind {
        RouteKind::Tls => "tls",
        RouteKind::Tcp => "tcp",
        _ => "udp",
    };
    let hosts = match kind {
        RouteKind::Tls => hosts(hostnames),
        _ => vec!["zz.zz".to_owned()],
    };
    hosts
        .iter()
        .map(|host| Request::get(&format!("{scheme}://{host}:{port}")).unwrap())
        .collect()
}
