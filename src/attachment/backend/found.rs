//! The endpoints of a Service by the ports that they serve.

use crate::{
    attachment::{
        effective::{BackendAddress, EndpointList, shared},
        objects::object,
    },
    meta::ObjectRef,
};
use k8s_openapi::api::{
    core::v1::{Endpoints, ObjectReference as TargetReference},
    discovery::v1::EndpointSlice,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// The name of a port, and its protocol where the objects say it.
type PortKey<'a> = (&'a str, Option<&'a str>);

/// All endpoints of a Service, each list of addresses kept once, however many ports it serves.
#[derive(Debug, Default)]
pub(super) struct ServiceEndpoints<'a> {
    lists: Vec<Arc<[BackendAddress]>>,
    /// For each name and protocol of a port: the lists that serve it, each with the port of the endpoints.
    ports: HashMap<PortKey<'a>, Vec<(u16, usize)>>,
    /// Lists that were made of several others.
    merged: HashMap<Vec<usize>, Arc<[BackendAddress]>>,
    /// How many more addresses may be copied to make one list of several.
    spare: usize,
}

impl<'a> ServiceEndpoints<'a> {
    /// From EndpointSlices, which name ports as the Service does.
    pub(super) fn of_slices(slices: &[&'a EndpointSlice]) -> Self {
        let mut found = Self::default();
        for slice in slices {
            let namespace = object::namespace(&slice.metadata);
            let addresses = slice.endpoints.iter().flat_map(|endpoint| {
                // What a slice leaves open has a meaning (EndpointSlice `endpoints[].conditions`): ready, serving as far
                // as it is ready, and not terminating.
                let conditions = endpoint.conditions.as_ref();
                let ready = conditions.and_then(|c| c.ready).unwrap_or(true);
                let serving = conditions.and_then(|c| c.serving).unwrap_or(ready);
                let terminating = conditions.and_then(|c| c.terminating).unwrap_or(false);
                endpoint
                    .addresses
                    .iter()
                    .map(move |address| BackendAddress {
                        address: address.clone(),
                        ready,
                        serving,
                        terminating,
                        target_ref: target_ref(endpoint.target_ref.as_ref(), namespace),
                    })
            });
            let ports = slice.ports.iter().flatten().filter_map(|port| {
                let name = port.name.as_deref().unwrap_or_default();
                let protocol = port.protocol.as_deref().unwrap_or("TCP");
                Some(((name, Some(protocol)), u16::try_from(port.port?).ok()?))
            });
            found.add(addresses.collect(), ports);
        }
        found
    }

    /// From the older Endpoints, whose ports are told apart by their names alone.
    pub(super) fn of_endpoints(endpoints: &'a Endpoints, namespace: &str) -> Self {
        let mut found = Self::default();
        for subset in endpoints.subsets.iter().flatten() {
            let ready = subset.addresses.iter().flatten().map(|a| (a, true));
            let not_ready = subset.not_ready_addresses.iter().flatten();
            let addresses = ready
                .chain(not_ready.map(|a| (a, false)))
                .map(|(address, ready)| BackendAddress {
                    target_ref: target_ref(address.target_ref.as_ref(), namespace),
                    ..BackendAddress::new(&address.ip, ready)
                });
            let ports = subset.ports.iter().flatten().filter_map(|port| {
                let name = port.name.as_deref().unwrap_or_default();
                Some(((name, None), u16::try_from(port.port).ok()?))
            });
            found.add(addresses.collect(), ports);
        }
        found
    }

    fn add(
        &mut self,
        addresses: Vec<BackendAddress>,
        ports: impl Iterator<Item = (PortKey<'a>, u16)>,
    ) {
        let list = self.lists.len();
        for (key, port) in ports {
            self.ports.entry(key).or_default().push((port, list));
        }
        let addresses = shared(addresses);
        self.spare += 2 * addresses.len();
        self.lists.push(addresses);
    }

    /// The endpoints of a port of the Service.
    pub(super) fn port(&mut self, name: Option<&str>, protocol: Option<&str>) -> EndpointList {
        let name = name.unwrap_or_default();
        let protocol = protocol.unwrap_or("TCP");
        let mut lists: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
        for key in [(name, Some(protocol)), (name, None)] {
            for (port, list) in self.ports.get(&key).into_iter().flatten() {
                lists.entry(*port).or_default().push(*list);
            }
        }
        let mut parts = Vec::new();
        for (port, mut of_port) in lists {
            of_port.dedup();
            if let Some(merged) = self.merge(&of_port) {
                parts.push((port, merged));
            } else {
                let lists = of_port.iter().filter_map(|list| self.lists.get(*list));
                parts.extend(lists.map(|list| (port, list.clone())));
            }
        }
        EndpointList::of_parts(parts)
    }

    /// One list of several; nothing where too many have been made already. Slices of one Service mostly serve the same
    /// ports, so that one list is enough for all.
    fn merge(&mut self, lists: &[usize]) -> Option<Arc<[BackendAddress]>> {
        if let [list] = lists {
            return self.lists.get(*list).cloned();
        }
        if let Some(merged) = self.merged.get(lists) {
            return Some(merged.clone());
        }
        let parts = || lists.iter().filter_map(|list| self.lists.get(*list));
        self.spare = self
            .spare
            .checked_sub(parts().map(|part| part.len()).sum())?;
        let all = parts().flat_map(|part| part.iter().cloned()).collect();
        let merged = shared(all);
        self.merged.insert(lists.to_vec(), merged.clone());
        Some(merged)
    }
}

fn target_ref(target: Option<&TargetReference>, namespace: &str) -> Option<ObjectRef> {
    let target = target?;
    let api_version = target.api_version.as_deref().unwrap_or_default();
    Some(ObjectRef {
        group: api_version
            .split_once('/')
            .map(|(group, _)| group.to_owned())
            .unwrap_or_default(),
        kind: target.kind.clone().unwrap_or_default(),
        namespace: target
            .namespace
            .clone()
            .unwrap_or_else(|| namespace.to_owned()),
        name: target.name.clone().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn slice(addresses: Value, ports: Value) -> EndpointSlice {
        serde_json::from_value(json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "s", "namespace": "shop"},
            "endpoints": [{"addresses": addresses}], "ports": ports,
        }))
        .unwrap()
    }

    fn at(endpoints: &EndpointList) -> Vec<(u16, &str)> {
        endpoints.iter().map(|e| (e.port, e.address)).collect()
    }

    #[test]
    fn an_endpoint_of_two_slices_is_one_endpoint() {
        let ports = json!([{"name": "http", "port": 80}]);
        let one = slice(json!(["192.0.2.2", "192.0.2.1"]), ports.clone());
        let two = slice(json!(["192.0.2.2", "192.0.2.3"]), ports);
        let mut found = ServiceEndpoints::of_slices(&[&one, &two]);
        let endpoints = found.port(Some("http"), None);
        let wanted = [(80, "192.0.2.1"), (80, "192.0.2.2"), (80, "192.0.2.3")];
        assert_eq!(at(&endpoints), wanted);
        // The same where nothing may be copied any more.
        let mut found = ServiceEndpoints::of_slices(&[&one, &two]);
        found.spare = 0;
        assert_eq!(at(&found.port(Some("http"), None)), wanted);
        assert!(found.port(Some("http"), Some("UDP")).is_empty());
        assert!(found.port(None, None).is_empty());
    }

    /// EndpointSlice `endpoints[].conditions`: what is left open is ready, serving as far as ready, and not terminating.
    #[test]
    fn conditions_that_are_left_open_have_a_meaning() {
        for (conditions, expected) in [
            (json!(null), (true, true, false)),
            (json!({}), (true, true, false)),
            (json!({"ready": false}), (false, false, false)),
            (
                json!({"ready": false, "terminating": true}),
                (false, false, true),
            ),
            (
                json!({"ready": false, "serving": true, "terminating": true}),
                (false, true, true),
            ),
            (
                json!({"ready": true, "serving": false}),
                (true, false, false),
            ),
        ] {
            let mut slice = slice(json!(["192.0.2.1"]), json!([{"port": 80}]));
            slice.endpoints[0].conditions = serde_json::from_value(conditions.clone()).unwrap();
            let mut found = ServiceEndpoints::of_slices(&[&slice]);
            let endpoints = found.port(None, None);
            let states: Vec<_> = endpoints
                .iter()
                .map(|e| (e.ready, e.serving, e.terminating))
                .collect();
            assert_eq!(states, [expected], "{conditions}");
        }
    }

    #[test]
    fn memory_follows_the_sum_of_ports_and_endpoints() {
        let names: Vec<String> = (0..500).map(|n| format!("p{n}")).collect();
        let ports = |names: &[String]| {
            let port = |(name, n): (&String, u16)| json!({"name": name, "port": n});
            json!(names.iter().zip(1..).map(port).collect::<Vec<_>>())
        };
        let many: Vec<String> = (0..1_000)
            .map(|n| format!("10.0.{}.{}", n / 250, n % 250))
            .collect();
        let big = slice(json!(many), ports(&names));
        // Each port has a slice of its own too, so that no two ports have the same slices.
        let small: Vec<EndpointSlice> = names
            .iter()
            .zip(1_u16..)
            .map(|(name, n)| {
                slice(
                    json!([format!("10.1.0.{n}")]),
                    json!([{"name": name, "port": n}]),
                )
            })
            .collect();
        let slices: Vec<&EndpointSlice> = std::iter::once(&big).chain(&small).collect();
        let mut found = ServiceEndpoints::of_slices(&slices);
        let endpoints: Vec<EndpointList> =
            names.iter().map(|n| found.port(Some(n), None)).collect();
        for endpoints in &endpoints {
            assert_eq!(endpoints.iter().count(), 1_001);
        }
        let copied: usize = found.merged.values().map(|list| list.len()).sum();
        assert!(copied <= 2 * 1_500, "{copied}");
    }
}
