//! Fields and ports of objects, as people find them.

use gwapi::{
    attachment::{RouteId, RouteKind, Snapshot, service_of},
    meta::ObjectRef,
    sim::BackendName,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// A field of an object as people find it: a listener by its name, a rule with its name.
pub(crate) fn place(snapshot: &Snapshot, object: &ObjectRef, path: &str) -> String {
    if let Some(kind) = RouteKind::from_kind(&object.kind) {
        let route = RouteId::new(kind, object.namespaced_name());
        return snapshot.field_with_rule(&route, path);
    }
    let listener = || {
        let (index, rest) = path.strip_prefix("spec.listeners[")?.split_once(']')?;
        let gateway = snapshot.gateways().get(&object.namespaced_name())?;
        let listener = gateway.spec.listeners.get(index.parse::<usize>().ok()?)?;
        let rest = rest.strip_prefix('.').map(|rest| format!(", {rest}"));
        let rest = rest.unwrap_or_default();
        Some(format!("listener `{}`{rest}", listener.name))
    };
    let listener = (object.kind == "Gateway").then(listener).flatten();
    listener.unwrap_or_else(|| path.to_owned())
}

/// The name that a Service gives for the port of its pods, where no endpoint says which number that is.
pub(super) fn unknown_port<'s>(snapshot: &'s Snapshot, backend: &BackendName) -> Option<&'s str> {
    let place = backend.reference.namespaced_name();
    let service = snapshot.services().get(&place)?;
    let mut ports = service.spec.as_ref()?.ports.iter().flatten();
    let port = ports.find(|port| Some(port.port) == backend.port.map(i32::from))?;
    let Some(IntOrString::String(name)) = &port.target_port else {
        return None;
    };
    let mut slices = snapshot.endpoint_slices().values();
    let has_slice = slices.any(|slice| service_of(slice).as_ref() == Some(&place));
    let known = has_slice || snapshot.endpoints().contains_key(&place);
    (backend.reference.kind == "Service" && !known).then_some(name)
}
