//! Objects of all kinds, valid by construction: the schema says what there is, and each type whose
//! fields depend on each other has a function that keeps them in order.

use super::random::Random;
use gwapi::{
    meta::{Channel, Release},
    schema::{self, Installation, KindVersion, ListType, Schema, ValueType},
};
use serde_json::{Map, Value, json};

/// A kind and version that the release and channel serve, drawn at random.
pub(crate) fn kind(
    random: &mut Random,
    release: Release,
    channel: Channel,
) -> (&'static KindVersion, &'static Installation) {
    let served: Vec<_> = schema::installed(release, channel)
        .filter(|(_, installation)| installation.served)
        .collect();
    // Routes and Gateways have most of the rules.
    let wanted = *random.pick(&["", "", "", "HTTPRoute", "HTTPRoute", "Gateway", "GRPCRoute"]);
    let fitting: Vec<_> = served
        .iter()
        .filter(|(k, _)| wanted.is_empty() || k.kind == wanted)
        .collect();
    if fitting.is_empty() {
        return *random.pick(&served);
    }
    **random.pick(&fitting)
}

/// A valid object of a kind.
pub(crate) fn object(
    random: &mut Random,
    kind: &KindVersion,
    installation: &Installation,
    name: &str,
) -> Value {
    let mut metadata = json!({ "name": name });
    if kind.namespaced && random.chance(80) {
        metadata["namespace"] = json!(random.pick(NAMESPACES));
    }
    if random.chance(30) {
        metadata["labels"] = json!({ "app.example.com/name": "shop", "tier": "" });
    }
    if random.chance(20) {
        metadata["annotations"] = json!({ "example.com/note": "any text: ä" });
    }
    let mut object = json!({
        "apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata,
    });
    let mut maker = Maker { random, counter: 0 };
    for field in ["spec", "status"] {
        let Some(schema) = installation.schema().properties.get(field) else {
            continue;
        };
        let needed = installation.schema().required.iter().any(|r| r == field);
        let wanted = if field == "spec" { 95 } else { 20 };
        if needed || maker.random.chance(wanted) {
            object[field] = maker.value(schema, "");
        }
    }
    object
}

const NAMESPACES: &[&str] = &["default", "shop", "infra-1"];
const NAMES: &[&str] = &["a", "web", "shop-1", "api.v2", "x.y-z"];
const HOSTNAMES: &[&str] = &[
    "example.com",
    "*.example.com",
    "a.b-c.example.org",
    "localhost",
    "10.0.0.1",
];
const PATHS: &[&str] = &[
    "/",
    "/a",
    "/a/",
    "/a-b/c.d~e",
    "/v1/items;x=1,2",
    "/%20x",
    "/a/.b",
    "/a..b",
    "/@me:1/(x)!$&'*+=",
];
const EXPRESSIONS: &[&str] = &["/a.*", "a//b", "[a-z]+#", "", "^/x/(y|z)$", "no slash"];
const DURATIONS: &[&str] = &["0s", "10s", "1h30m", "500ms", "1m1m1m1m", "99999h"];
const IPS: &[&str] = &[
    "192.0.2.1",
    "2001:db8::1",
    "::ffff:192.0.2.7",
    "255.255.255.255",
    "::",
];
const CONTROLLERS: &[&str] = &["example.com/gw", "a.b.example.org/x/y_z~1%20"];

struct Maker<'a> {
    random: &'a mut Random,
    counter: usize,
}

impl Maker<'_> {
    fn fresh(&mut self) -> usize {
        self.counter += 1;
        self.counter
    }

    /// A value of a schema, for the field of this name.
    fn value(&mut self, schema: &Schema, field: &str) -> Value {
        if let Some(made) = self.special(schema) {
            return made;
        }
        if !schema.enumeration.is_empty() {
            return self.random.pick(&schema.enumeration).clone();
        }
        match schema.value_type {
            Some(ValueType::Object) => self.object(schema),
            Some(ValueType::Array) => self.list(schema, field),
            Some(ValueType::Integer) => {
                let low = schema.minimum.unwrap_or(0);
                let high = schema.maximum.unwrap_or(100);
                match self.random.below(6) {
                    0 => json!(low),
                    1 => json!(high),
                    n => json!(low + (high - low).min(8000) * n as i64 / 6),
                }
            }
            Some(ValueType::Boolean) => json!(self.random.chance(50)),
            Some(ValueType::String) | None => json!(self.text(schema, field)),
        }
    }

    fn text(&mut self, schema: &Schema, field: &str) -> String {
        if schema.format.as_deref() == Some("date-time") {
            return self
                .random
                .pick(&["2024-05-01T12:00:00Z", "1970-01-01T00:00:00.5+01:00"])
                .to_string();
        }
        let pattern = schema.pattern.as_ref().map_or("", |p| p.as_str());
        let fits = |text: &str| {
            schema.pattern.as_ref().is_none_or(|p| p.is_match(text))
                && schema
                    .min_length
                    .is_none_or(|n| text.chars().count() as u64 >= n)
                && schema
                    .max_length
                    .is_none_or(|n| text.chars().count() as u64 <= n)
        };
        let pool: &[&str] = match field {
            "group" => &["", "example.com", "gateway.networking.k8s.io", "a-1.b"],
            "kind" => &["Service", "Gateway", "Other", "x-Y1"],
            "namespace" => NAMESPACES,
            "controllerName" => CONTROLLERS,
            "hostname" | "hostnames" => HOSTNAMES,
            "protocol" => &["example.com/foo", "X"],
            "type" => &["Accepted", "example.com/Thing"],
            "reason" => &["Pending", "A_b:c"],
            "message" | "description" | "sessionName" => &["", "any text: ä€😀", "x"],
            _ if pattern.contains("h|m|s|ms") => DURATIONS,
            _ => NAMES,
        };
        if schema.max_length.is_some() && self.random.chance(4) {
            // As long as allowed, in characters of several bytes where the form lets them.
            let most = usize::try_from(schema.max_length.unwrap_or(1)).unwrap_or(1);
            for letter in ["é", "a"] {
                let long = letter.repeat(most);
                if fits(&long) {
                    return long;
                }
            }
        }
        let fitting: Vec<_> = pool.iter().filter(|text| fits(text)).collect();
        if fitting.is_empty() {
            "a".to_owned()
        } else {
            (**self.random.pick(&fitting)).to_owned()
        }
    }

    fn object(&mut self, schema: &Schema) -> Value {
        if let Some(values) = &schema.additional_properties {
            let count = self.random.below(3);
            let entries =
                (0..count).map(|n| (format!("example.com/key-{n}"), self.value(values, "")));
            return Value::Object(entries.collect());
        }
        let mut made = Map::new();
        for (name, property) in &schema.properties {
            if schema.required.contains(name) || self.random.chance(45) {
                made.insert(name.clone(), self.value(property, name));
            }
        }
        Value::Object(made)
    }

    fn list(&mut self, schema: &Schema, field: &str) -> Value {
        let Some(items) = &schema.items else {
            return json!([]);
        };
        let least = usize::try_from(schema.min_items.unwrap_or(0)).unwrap_or(0);
        let most = usize::try_from(schema.max_items.unwrap_or(4)).unwrap_or(4);
        let count = if self.random.chance(1) {
            most
        } else {
            self.random.between(least, most.min(3).max(least))
        };
        let mut made: Vec<Value> = Vec::new();
        for _ in 0..count {
            let mut element = self.value(items, field);
            match &schema.list_type {
                Some(ListType::Set) => element = json!(format!("x-{}", self.fresh())),
                Some(ListType::Map(keys)) => {
                    for key in keys {
                        if key == "name" || key == "type" {
                            element[key] = json!(format!("x{}", self.fresh()));
                        }
                    }
                }
                _ => {}
            }
            made.push(element);
        }
        Value::Array(made)
    }

    /// Types whose fields depend on each other.
    fn special(&mut self, schema: &Schema) -> Option<Value> {
        let made = match schema.type_name()? {
            "HttpRouteRule" => self.http_rule(schema),
            "GrpcRouteRule" => {
                let mut rule = self.object(schema);
                self.filters(&mut rule, schema, false);
                rule
            }
            "HttpRouteFilter" | "GrpcRouteFilter" | "HttpPathModifier" | "ListenerFilter" => {
                let types = &schema.properties["type"].enumeration;
                let kind = self.random.pick(types).clone();
                self.union(schema, kind.as_str()?)
            }
            "HttpPathMatch" => match self.random.below(4) {
                0 => json!({ "type": "RegularExpression", "value": self.random.pick(EXPRESSIONS) }),
                1 => json!({ "type": "Exact", "value": self.random.pick(PATHS) }),
                2 => json!({ "value": self.random.pick(PATHS) }),
                _ => json!({}),
            },
            "GrpcMethodMatch" => {
                let mut made = match self.random.below(3) {
                    0 => json!({ "service": "shop.v1.Cart" }),
                    1 => json!({ "method": "Add_1" }),
                    _ => json!({ "service": ".a._B2", "method": "_x", "type": "Exact" }),
                };
                if self.random.chance(30) {
                    made["type"] = json!("RegularExpression");
                    made["method"] = json!("Get.*|");
                }
                made
            }
            "HttpBackendRef" | "GrpcBackendRef" | "BackendRef" | "BackendObjectReference" => {
                let mut backend = self.object(schema);
                backend["port"] = json!(self.random.between(1, 65535));
                if self.random.chance(10) {
                    backend["kind"] = json!("Other");
                    backend.as_object_mut()?.remove("port");
                }
                self.filters(&mut backend, schema, false);
                backend
            }
            "HttpRouteTimeouts" => self
                .random
                .pick(&[
                    json!({}),
                    json!({ "request": "10s", "backendRequest": "10s" }),
                    json!({ "request": "1h", "backendRequest": "59m60s" }),
                    json!({ "request": "0s", "backendRequest": "5m" }),
                    json!({ "backendRequest": "1500ms" }),
                ])
                .clone(),
            "SessionPersistence" => {
                let mut session = self.object(schema);
                if self.random.chance(50) {
                    session["absoluteTimeout"] = json!("1h");
                } else if session.get("absoluteTimeout").is_none()
                    && schema.properties.contains_key("cookieConfig")
                {
                    session["cookieConfig"] = self
                        .random
                        .pick(&[json!({}), json!({ "lifetimeType": "Session" })])
                        .clone();
                }
                session
            }
            "BackendTlsPolicyValidation" => {
                let mut made = json!({ "hostname": "backend.example.com" });
                if self.random.chance(50) {
                    made["wellKnownCACertificates"] = json!("System");
                } else {
                    made["caCertificateRefs"] =
                        json!([{ "group": "", "kind": "ConfigMap", "name": "ca" }]);
                }
                made
            }
            "GatewaySpecAddress" | "GatewayStatusAddress" => {
                let number = self.fresh();
                match self.random.below(4) {
                    0 => {
                        json!({ "type": "IPAddress", "value": format!("192.0.2.{}", number % 250) })
                    }
                    1 => {
                        json!({ "value": format!("{}:{number}", self.random.pick(&["2001:db8:", "fe80:"])) })
                    }
                    2 => json!({ "type": "Hostname", "value": format!("h{number}.example.com") }),
                    _ if !schema.required.iter().any(|name| name == "value")
                        && self.random.chance(50) =>
                    {
                        json!({ "type": self.random.pick(&["example.com/pool", "IPAddress"]) })
                    }
                    _ => json!({ "type": "example.com/pool", "value": "any text: ä" }),
                }
            }
            "ParentReference" => {
                let mut parent = self.object(schema);
                let number = self.fresh();
                parent["name"] = json!(format!("gw-{number}"));
                parent
            }
            "Listener" => self.listener(schema),
            "GatewaySpec" => {
                let mut spec = self.object(schema);
                // Listeners of one port may differ in hostname alone.
                if self.random.chance(30) {
                    spec["listeners"] = json!([
                        { "name": "a", "port": 80, "protocol": "HTTP" },
                        { "name": "b", "port": 80, "protocol": "HTTP", "hostname": "b.example.com" },
                        { "name": "c", "port": 80, "protocol": "TCP" },
                    ]);
                }
                if let Some(ip) = self.random.chance(20).then(|| self.random.pick(IPS)) {
                    spec["addresses"] =
                        json!([{ "value": ip }, { "type": "Hostname", "value": "*.a.b" }]);
                }
                spec
            }
            name if name.ends_with("RouteSpec") => self.route_spec(schema),
            _ => return None,
        };
        Some(made)
    }

    fn union(&mut self, schema: &Schema, kind: &str) -> Value {
        let member = schema
            .properties
            .keys()
            .find(|name| name.eq_ignore_ascii_case(kind))
            .cloned()
            .unwrap_or_default();
        let mut made = json!({ "type": kind });
        made[&member] = self.value(&schema.properties[&member], &member);
        made
    }

    /// Filters of different types, no redirect beside a rewrite, prefixes replaced only where allowed.
    fn filters(&mut self, holder: &mut Value, schema: &Schema, prefix: bool) {
        let Some(list) = schema.properties.get("filters") else {
            return;
        };
        let Some(filter) = &list.items else { return };
        let has_backends = holder
            .get("backendRefs")
            .and_then(Value::as_array)
            .is_some_and(|b| !b.is_empty());
        let mut made: Vec<Value> = Vec::new();
        for kind in &filter.properties["type"].enumeration {
            let Some(kind) = kind.as_str() else { continue };
            let excluded = match kind {
                "RequestRedirect" => has_backends || made.iter().any(|f| f["type"] == "URLRewrite"),
                "URLRewrite" => made.iter().any(|f| f["type"] == "RequestRedirect"),
                _ => false,
            };
            if excluded || !self.random.chance(25) {
                continue;
            }
            let mut filter = self.union(filter, kind);
            for member in ["requestRedirect", "urlRewrite"] {
                let replaces = filter
                    .pointer(&format!("/{member}/path/replacePrefixMatch"))
                    .is_some();
                if replaces && !prefix {
                    filter[member]["path"] =
                        json!({ "type": "ReplaceFullPath", "replaceFullPath": "/x" });
                }
            }
            made.push(filter);
        }
        if made.is_empty() && self.random.chance(70) {
            if let Some(fields) = holder.as_object_mut() {
                fields.remove("filters");
            }
        } else {
            holder["filters"] = json!(made);
        }
    }

    fn http_rule(&mut self, schema: &Schema) -> Value {
        let mut rule = self.object(schema);
        let prefix = self.random.chance(30);
        if prefix {
            rule["matches"] = json!([{ "path": { "type": "PathPrefix", "value": "/p" } }]);
        }
        self.filters(&mut rule, schema, prefix);
        rule
    }

    fn listener(&mut self, schema: &Schema) -> Value {
        let mut listener = self.object(schema);
        let number = self.fresh();
        listener["name"] = json!(format!("l{number}"));
        listener["port"] = json!(number * 7 % 65535 + 1);
        let protocol =
            *self
                .random
                .pick(&["HTTP", "HTTPS", "TLS", "TCP", "UDP", "example.com/own"]);
        listener["protocol"] = json!(protocol);
        let remove = |listener: &mut Value, field: &str| {
            if let Some(fields) = listener.as_object_mut() {
                fields.remove(field);
            }
        };
        if matches!(protocol, "TCP" | "UDP") {
            remove(&mut listener, "hostname");
        }
        remove(&mut listener, "tls");
        if !matches!(protocol, "HTTP" | "TCP" | "UDP") && self.random.chance(80) {
            let mut tls = self.object(&schema.properties["tls"]);
            if protocol == "HTTPS" {
                remove(&mut tls, "mode");
            }
            if tls.get("mode").is_none_or(|mode| mode == "Terminate") {
                tls["certificateRefs"] = json!([{ "name": "cert" }]);
            }
            listener["tls"] = tls;
        }
        listener
    }

    fn route_spec(&mut self, schema: &Schema) -> Value {
        let mut spec = self.object(schema);
        // Several references to one parent, told apart by section.
        if self.random.chance(20) {
            spec["parentRefs"] = json!([
                { "name": "gw", "sectionName": "a" },
                { "name": "gw", "sectionName": "b", "namespace": "shop" },
                { "name": "gw", "sectionName": "b" },
                { "name": "gw", "kind": "Other" },
            ]);
        }
        spec
    }
}
