//! Faults of what goes through: requests as they are, HTTP/2, what follows an upgrade, and hosts that are no names.

use super::{FaultRow, parts::*};
use crate::faults::{Fault, is};
use gwapi::{
    conformance::{Ended, Observed, SeenRequest},
    sim::Protocol,
};
use http::{HeaderValue, Method};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The requests as backends get them.
fn requests(seen: &mut Observed, change: impl Fn(&mut SeenRequest)) {
    let reached = seen.reached.iter_mut();
    reached
        .filter_map(|one| one.request.as_mut())
        .for_each(change);
}

/// The faults, in the same form.
pub(super) fn through() -> Vec<FaultRow> {
    use Fault::{Answered, Asked, Objects, Served};
    vec![
        (
            "HTTP/2 without TLS is understood for calls alone",
            Answered(|ask, seen| {
                let request = &ask.request;
                let is_cleartext = request.uri.scheme_str() == Some("http");
                let is_call = request.headers.contains_key("te");
                if request.protocol == Protocol::Http2 && is_cleartext && !is_call {
                    seen.reached.clear();
                    seen.ended = Ended::Refused;
                }
            }),
            &["h2c-backend"],
        ),
        (
            "what follows an upgrade is lost",
            Answered(|_, seen| seen.echoed.clear()),
            &["websocket-backend"],
        ),
        (
            "what follows an upgrade is cut off",
            Answered(|_, seen| seen.echoed.truncate(20)),
            &["websocket-backend"],
        ),
        (
            "backends hear nothing of an upgrade",
            Answered(|_, seen| {
                requests(seen, |own| {
                    if own.protocol == "websocket" {
                        own.protocol = "http/1.1".to_owned();
                    }
                });
            }),
            &["websocket-backend", "websocket-backend-may-decline"],
        ),
        (
            "an upgrade that its backend declines is an error",
            Answered(|ask, seen| {
                if ask.request.protocol == Protocol::WebSocket {
                    status(seen, 403, 502);
                }
            }),
            &["websocket-backend-may-decline"],
        ),
        (
            "a Service without routes takes nothing",
            Served(|objects| {
                let routed = objects.iter().flat_map(|object| {
                    let parents = object["spec"]["parentRefs"]
                        .as_array()
                        .into_iter()
                        .flatten();
                    let parents = parents.filter(|parent| parent["kind"] == "Service");
                    parents.map(|parent| parent["name"].clone())
                });
                let routed: Vec<Value> = routed.collect();
                let services = objects.iter().filter(|object| is(object, "Service"));
                let names = services.map(|object| &object["metadata"]);
                let idle = names.filter(|own| !routed.contains(&own["name"]));
                let failing = idle.map(|own| {
                    let parent = json!({"group": "", "kind": "Service", "name": own["name"]});
                    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                        "metadata": {"name": own["name"], "namespace": own["namespace"]},
                        "spec": {"parentRefs": [parent], "rules": [{}]}})
                });
                let failing: Vec<Value> = failing.collect();
                objects.extend(failing);
            }),
            &[
                "service-without-routes-gets-its-requests",
                "mesh-cluster-ip-is-the-service",
                "mesh-grpc-cluster-ip",
                "mesh-response-headers",
                "route-of-a-service-takes-its-requests",
            ],
        ),
        (
            "every request becomes a GET",
            Answered(|_, seen| requests(seen, |own| own.method = "GET".to_owned())),
            &[
                "request-reaches-the-backend-as-it-is",
                "grpc-call-reaches-the-backend-as-it-is",
            ],
        ),
        (
            "the port of a host is lost on the way",
            Answered(|_, seen| {
                requests(seen, |own| {
                    own.host = own.host.split(':').next().unwrap().to_owned();
                });
            }),
            &["request-reaches-the-backend-as-it-is"],
        ),
        (
            "the method of a call is lost on the way",
            Answered(|ask, seen| {
                if ask.request.headers.contains_key("te") {
                    requests(seen, |own| {
                        own.path = own.path.rsplit_once('/').unwrap().0.to_owned();
                    });
                }
            }),
            &["grpc-call-reaches-the-backend-as-it-is"],
        ),
        (
            "of several lines of a header the first alone goes through",
            Answered(|_, seen| {
                requests(seen, |own| {
                    if let Some(first) = own.headers.get("x-own").cloned() {
                        own.headers.insert("x-own", first);
                    }
                });
            }),
            &[
                "request-reaches-the-backend-as-it-is",
                "grpc-call-reaches-the-backend-as-it-is",
            ],
        ),
        (
            "HEAD is GET for matches",
            Asked(|ask| {
                if ask.request.method == Method::HEAD {
                    ask.request.method = Method::GET;
                }
            }),
            &["method-is-the-very-text"],
        ),
        (
            "what filters change is matched anew",
            Asked(|ask| {
                let headers = &mut ask.request.headers;
                headers.insert("x-changed", HeaderValue::from_static("1"));
            }),
            &["matching-comes-before-filters"],
        ),
        (
            "a rule that changes responses changes no requests",
            Served(|objects| {
                filters(objects, |filters| {
                    let of = |kind: &str| filters.iter().any(|filter| filter["type"] == kind);
                    if of("ResponseHeaderModifier") {
                        filters.retain(|filter| filter["type"] != "RequestHeaderModifier");
                    }
                });
            }),
            &["response-headers-are-set-added-removed"],
        ),
        (
            "an EndpointSlice without endpoints stands for its Service",
            Objects(|objects| {
                let service = |object: &Value| {
                    let labels = &object["metadata"]["labels"];
                    labels["kubernetes.io/service-name"]
                        .as_str()
                        .map(str::to_owned)
                };
                let slices = objects.iter().filter(|object| is(object, "EndpointSlice"));
                let empty =
                    slices.filter(|slice| slice["endpoints"].as_array().unwrap().is_empty());
                let empty: BTreeSet<_> = empty.filter_map(service).collect();
                for object in objects
                    .iter_mut()
                    .filter(|object| is(object, "EndpointSlice"))
                {
                    if service(object).is_some_and(|service| empty.contains(&service)) {
                        object["endpoints"] = json!([]);
                        object["metadata"]["labels"]["is-empty"] = "true".into();
                    }
                }
            }),
            &["service-types"],
        ),
        (
            "a consumer's route is for all where the producer has none",
            Served(|objects| {
                let producers = objects.iter().filter(|route| !is_of_consumer(route));
                let services = producers
                    .filter_map(|route| route["spec"]["parentRefs"][0]["name"].as_str())
                    .map(str::to_owned);
                let services: BTreeSet<String> = services.collect();
                to_producers(objects, |route| {
                    let service = route["spec"]["parentRefs"][0]["name"].as_str();
                    !services.contains(service.unwrap())
                });
            }),
            &[
                "consumer-route-is-for-its-namespace",
                "mesh-grpc-consumer-route",
            ],
        ),
        (
            "a host that names a Service counts before the cluster IP",
            Asked(|ask| {
                if ask
                    .request
                    .uri
                    .host()
                    .is_some_and(|host| host.ends_with(".shop"))
                {
                    ask.request.address = None;
                }
            }),
            &["mesh-cluster-ip-is-the-service", "mesh-grpc-cluster-ip"],
        ),
    ]
}
