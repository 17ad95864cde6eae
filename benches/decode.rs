//! Decoding and encoding a large list of HTTPRoutes, beside the `gateway-api` crate in the same run.
//!
//! `cargo bench --bench decode`. Every iteration checks that all routes are there.
#![expect(clippy::unwrap_used, reason = "benches")]

use divan::{Bencher, counter::BytesCount};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn main() {
    divan::main();
}

/// A list as the API server returns it, the same for both: what differs is the type of the items.
#[derive(Deserialize, Serialize)]
struct List<T> {
    items: Vec<T>,
}

type Ours = List<gwapi::v1::HttpRoute>;
type Theirs = List<gateway_api::apis::standard::httproutes::HttpRoute>;

const SIZES: [usize; 2] = [100, 5_000];

/// Routes with what routes have: several rules, matches, filters, weighted backends, metadata and a status.
fn routes(count: usize) -> Value {
    let rule = |index: usize| {
        json!({
            "matches": [
                {
                    "path": {"type": "PathPrefix", "value": format!("/shop/{index}")},
                    "headers": [{"type": "Exact", "name": "X-Canary", "value": "always"}],
                    "queryParams": [{"type": "Exact", "name": "page", "value": "1"}],
                    "method": "GET",
                },
                {"path": {"type": "Exact", "value": "/"}},
            ],
            "filters": [
                {
                    "type": "RequestHeaderModifier",
                    "requestHeaderModifier": {
                        "set": [{"name": "X-Set", "value": "a"}], "add": [{"name": "X-Add", "value": "b"}],
                        "remove": ["X-Remove"],
                    },
                },
                {
                    "type": "URLRewrite",
                    "urlRewrite": {
                        "hostname": "inner.example.com",
                        "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"},
                    },
                },
            ],
            "backendRefs": [
                {"group": "", "kind": "Service", "name": "cart", "namespace": "shop", "port": 8080, "weight": 9},
                {"group": "", "kind": "Service", "name": "cart-next", "port": 8080, "weight": 1},
            ],
            "timeouts": {"request": "10s", "backendRequest": "2s"},
        })
    };
    let items: Vec<_> = (0..count)
        .map(|number| {
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "HTTPRoute",
                "metadata": {
                    "name": format!("route-{number}"), "namespace": "shop", "generation": 3,
                    "uid": "0b5c7d52-3f0f-4a52-9c0b-2f2d8d2f7f10", "resourceVersion": "123456",
                    "creationTimestamp": "2024-05-09T12:00:00Z",
                    "labels": {"app": "shop", "tier": "edge"},
                },
                "spec": {
                    "parentRefs": [{
                        "group": "gateway.networking.k8s.io", "kind": "Gateway",
                        "name": "edge", "namespace": "edge", "sectionName": "https",
                    }],
                    "hostnames": ["shop.example.com", "*.shop.example.com"],
                    "rules": (0..4).map(rule).collect::<Vec<_>>(),
                },
                "status": {"parents": [{
                    "parentRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"},
                    "controllerName": "example.com/controller",
                    "conditions": [{
                        "type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
                        "observedGeneration": 3, "lastTransitionTime": "2024-05-09T12:00:01Z",
                    }],
                }]},
            })
        })
        .collect();
    json!({ "items": items })
}

fn text(count: usize) -> String {
    routes(count).to_string()
}

macro_rules! benches {
    ($module:ident, $list:ty) => {
        mod $module {
            use super::*;

            #[divan::bench(args = SIZES)]
            fn decode(bencher: Bencher<'_, '_>, count: usize) {
                let text = text(count);
                bencher.counter(BytesCount::of_str(&text)).bench(|| {
                    let list: $list = serde_json::from_str(divan::black_box(&text)).unwrap();
                    assert_eq!(list.items.len(), count);
                    list
                });
            }

            #[divan::bench(args = SIZES)]
            fn encode(bencher: Bencher<'_, '_>, count: usize) {
                let text = text(count);
                let list: $list = serde_json::from_str(&text).unwrap();
                bencher.counter(BytesCount::of_str(&text)).bench(|| {
                    let written = serde_json::to_vec(divan::black_box(&list)).unwrap();
                    assert_eq!(written.len(), text.len());
                    written
                });
            }
        }
    };
}

benches!(gwapi_crate, Ours);
benches!(gateway_api_crate, Theirs);

/// Reading a manifest with the position of every field, which no other reader offers.
#[divan::bench(args = SIZES)]
fn read_with_positions(bencher: Bencher<'_, '_>, count: usize) {
    let mut list = routes(count);
    let object = list.as_object_mut().unwrap();
    object.insert(
        "apiVersion".to_owned(),
        "gateway.networking.k8s.io/v1".into(),
    );
    object.insert("kind".to_owned(), "HTTPRouteList".into());
    let text = list.to_string();
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let options = gwapi::manifest::ReadOptions::default();
        let (objects, errors) = gwapi::manifest::read(text.as_bytes(), &options).decode();
        assert_eq!((objects.len(), errors.len()), (count, 0));
        objects
    });
}
