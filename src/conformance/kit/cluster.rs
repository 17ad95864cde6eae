//! The objects of a scenario as they change, and what stands behind its Services.

use super::{
    catalogue::base,
    error::SubjectError,
    scenario::{Scenario, ScenarioCertificate, ScenarioStep},
};
use crate::{
    meta::{Channel, NamespacedName, Release},
    sim::world::{IssuedCertificate, Usage, WorldAuthority},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// The objects that are to be in force, and the endpoints that have to be there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Setup {
    /// Whether a scenario begins: nothing of the one before is left.
    pub begins: bool,
    /// All objects, EndpointSlices, Secrets and ConfigMaps among them.
    pub objects: Vec<Value>,
    /// The endpoints of all Services. What is asked of them is in [`Ask`](super::Ask).
    pub endpoints: Vec<KitEndpoint>,
    /// IP addresses that a Gateway may ask for and that cannot be bound.
    pub unusable_addresses: Vec<String>,
    /// The release whose rules count.
    pub release: Release,
    /// The channel of the CRDs.
    pub channel: Channel,
}

/// An endpoint of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KitEndpoint {
    /// The Service.
    pub service: NamespacedName,
    /// The address in its EndpointSlice. Nobody has it: a subject over sockets leads it elsewhere.
    pub address: String,
    /// The port.
    pub port: u16,
}

impl KitEndpoint {
    /// `address:port`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.address, self.port)
    }
}

/// The seed of all certificates.
const SEED: u64 = 17;

/// The time from which certificates are valid: that at which the clock of a simulator begins, less a day.
fn valid_from() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_715_169_600)
}

/// What was made once: the same names always make the same certificates, and making them takes most of the time of a scenario.
struct Made {
    authorities: BTreeMap<String, WorldAuthority>,
    certificates: BTreeMap<(String, Vec<String>, bool), IssuedCertificate>,
}

static MADE: Mutex<Made> = Mutex::new(Made {
    authorities: BTreeMap::new(),
    certificates: BTreeMap::new(),
});

/// An authority by its name.
pub(super) fn authority(name: &str) -> Result<WorldAuthority, SubjectError> {
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = made.authorities.get(name) {
        return Ok(known.clone());
    }
    let own = WorldAuthority::new(SEED, name, valid_from()).map_err(SubjectError::new)?;
    made.authorities.insert(name.to_owned(), own.clone());
    Ok(own)
}

/// A certificate by an authority, of a client or a server.
fn certificate(
    by: &str,
    names: &[String],
    usage: Usage,
) -> Result<IssuedCertificate, SubjectError> {
    let signer = authority(by)?;
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (by.to_owned(), names.to_vec(), usage == Usage::Client);
    if let Some(known) = made.certificates.get(&key) {
        return Ok(known.clone());
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let own = signer.issue(&names, usage).map_err(SubjectError::new)?;
    made.certificates.insert(key, own.clone());
    Ok(own)
}

/// A certificate of a client.
pub(super) fn identity(by: &str, names: &[String]) -> Result<IssuedCertificate, SubjectError> {
    certificate(by, names, Usage::Client)
}

/// The objects of a scenario, as they change.
pub(super) struct Cluster<'s> {
    scenario: &'s Scenario,
    objects: BTreeMap<ObjectKey, Value>,
    setup: Setup,
}

/// Kind, namespace and name.
type ObjectKey = (String, String, String);

/// The key of an object.
fn key(object: &Value) -> ObjectKey {
    let text = |pointer: &str| {
        let text = object.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    (
        text("/kind"),
        text("/metadata/namespace"),
        text("/metadata/name"),
    )
}

/// The key that `Kind namespace/name` names.
pub(super) fn key_of(text: &str) -> Option<ObjectKey> {
    let (kind, place) = text.split_once(' ')?;
    let (namespace, name) = place.split_once('/').unwrap_or(("", place));
    Some((kind.to_owned(), namespace.to_owned(), name.to_owned()))
}

impl<'s> Cluster<'s> {
    /// The objects with which a scenario begins.
    pub(super) fn new(
        scenario: &'s Scenario,
        release: Release,
        channel: Channel,
    ) -> Result<Self, SubjectError> {
        let mut cluster = Self {
            scenario,
            objects: BTreeMap::new(),
            setup: Setup {
                begins: true,
                objects: Vec::new(),
                endpoints: Vec::new(),
                unusable_addresses: scenario.unusable_addresses().to_vec(),
                release,
                channel,
            },
        };
        let own: BTreeSet<ObjectKey> = scenario.objects().iter().map(key).collect();
        // What a scenario has in the place of a common object was never another one.
        let common = base().iter().filter(|object| !own.contains(&key(object)));
        for object in common.chain(scenario.objects()) {
            cluster.put(object.clone());
        }
        for issued in scenario.certificates() {
            for object in held(issued)? {
                cluster.put(object);
            }
        }
        Ok(cluster)
    }

    /// Does what a step does to objects. Returns whether any changed.
    pub(super) fn step(&mut self, step: &ScenarioStep) -> Result<bool, SubjectError> {
        for object in &step.apply {
            self.put(object.clone());
        }
        for deleted in &step.delete {
            let key = key_of(deleted);
            let gone = key.and_then(|key| self.objects.remove(&key));
            if gone.is_none() {
                return Err(SubjectError::new(format!("no object is `{deleted}`")));
            }
        }
        self.setup.begins = false;
        Ok(!step.apply.is_empty() || !step.delete.is_empty())
    }

    /// Puts an object in its place, as a server would: its generation grows with each change of what it asks for.
    fn put(&mut self, mut object: Value) {
        let key = key(&object);
        let before = self.objects.get(&key);
        let generation = |object: &Value| {
            let number = object
                .pointer("/metadata/generation")
                .and_then(Value::as_i64);
            number.unwrap_or(1)
        };
        let number = match before {
            Some(before) if before.get("spec") != object.get("spec") => generation(before) + 1,
            Some(before) => generation(before),
            None => generation(&object),
        };
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("generation".to_owned(), number.into());
        }
        self.objects.insert(key, object);
    }

    /// What is to be in force now.
    pub(super) fn setup(&mut self) -> &Setup {
        let mut objects: Vec<Value> = self.objects.values().cloned().collect();
        let mut endpoints = Vec::new();
        let services = self
            .objects
            .iter()
            .filter(|((kind, ..), _)| kind == "Service");
        for (index, ((_, namespace, name), service)) in services.enumerate() {
            let place = format!("{namespace}/{name}");
            let count = self.scenario.endpoints().get(&place);
            let count = count.map_or(1, |endpoints| endpoints.count);
            let addresses: Vec<String> = (1..=count)
                .map(|number| format!("10.7.{}.{number}", index + 1))
                .collect();
            let ports = service.pointer("/spec/ports").and_then(Value::as_array);
            let ports = ports.map(Vec::as_slice).unwrap_or_default();
            for address in &addresses {
                for port in ports {
                    let target = port.get("targetPort").or(port.get("port"));
                    let number = target.and_then(Value::as_u64).unwrap_or_default();
                    endpoints.push(KitEndpoint {
                        service: NamespacedName::new(namespace.as_str(), name.as_str()),
                        address: address.clone(),
                        port: u16::try_from(number).unwrap_or_default(),
                    });
                }
            }
            objects.push(slice(namespace, name, ports, &addresses));
        }
        self.setup.objects = objects;
        self.setup.endpoints = endpoints;
        &self.setup
    }

    /// The generation of an object.
    pub(super) fn generation(&self, object: &str) -> Option<i64> {
        let object = self.object(object)?;
        object
            .pointer("/metadata/generation")
            .and_then(Value::as_i64)
    }

    /// An object as it was applied last.
    pub(super) fn object(&self, object: &str) -> Option<&Value> {
        self.objects.get(&key_of(object)?)
    }

    /// The controller of the GatewayClass.
    pub(super) fn controller(&self) -> Option<&str> {
        let class = self.object("GatewayClass kit")?;
        class.pointer("/spec/controllerName")?.as_str()
    }

    /// The Service behind an endpoint.
    pub(super) fn service(&self, endpoint: &str) -> String {
        let endpoints = self.setup.endpoints.iter();
        let mut of = endpoints.filter(|known| known.place() == endpoint);
        of.next()
            .map_or_else(|| endpoint.to_owned(), |known| known.service.to_string())
    }
}

/// The EndpointSlice of a Service.
fn slice(namespace: &str, name: &str, ports: &[Value], addresses: &[String]) -> Value {
    let ports: Vec<Value> = ports
        .iter()
        .map(|port| {
            let target = port.get("targetPort").or(port.get("port"));
            let mut entry = json!({"port": target});
            for field in ["name", "protocol", "appProtocol"] {
                if let (Some(value), Some(entry)) = (port.get(field), entry.as_object_mut()) {
                    entry.insert(field.to_owned(), value.clone());
                }
            }
            entry
        })
        .collect();
    let endpoints: Vec<Value> = addresses
        .iter()
        .map(|address| json!({"addresses": [address], "conditions": {"ready": true}}))
        .collect();
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": namespace, "name": name, "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "ports": ports,
        "endpoints": endpoints,
    })
}

/// The objects that hold a certificate, or an authority.
fn held(issued: &ScenarioCertificate) -> Result<Vec<Value>, SubjectError> {
    let place = |text: &str| {
        let parts = text.split_once('/');
        let parts = parts.map(|(namespace, name)| (namespace.to_owned(), name.to_owned()));
        parts.ok_or_else(|| SubjectError::new(format!("`{text}` is not `namespace/name`")))
    };
    let mut objects = Vec::new();
    if let Some(secret) = &issued.secret {
        let (namespace, name) = place(secret)?;
        let own = certificate(&issued.authority, &issued.names, Usage::Server)?;
        let secret = serde_json::to_value(own.secret(&namespace, &name));
        objects.push(secret.map_err(SubjectError::new)?);
    }
    if let Some(map) = &issued.config_map {
        let (namespace, name) = place(map)?;
        let by = authority(&issued.authority)?;
        let map = serde_json::to_value(by.config_map(&namespace, &name));
        objects.push(map.map_err(SubjectError::new)?);
    }
    Ok(objects)
}

/// The time at which a client shows its certificate: that at which the clock of a simulator begins.
pub(super) fn shown_at() -> k8s_openapi::jiff::Timestamp {
    let time = valid_from() + Duration::from_secs(36 * 60 * 60);
    k8s_openapi::jiff::Timestamp::try_from(time).unwrap_or_default()
}
