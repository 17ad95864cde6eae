//! EndpointSlices and Endpoints that no Service has.

use crate::{
    attachment::{Resolver, import_of, service_of},
    lint::found::FindingsByObject,
    meta::{MULTICLUSTER_GROUP, NamespacedName, ObjectRef},
    rules::set as rules,
    schema::nearest_name,
};

/// Looks at each EndpointSlice, and at Endpoints. They have no status that could say it.
pub(super) fn check(resolver: &Resolver, found: &mut FindingsByObject) {
    let snapshot = resolver.snapshot();
    for (place, slice) in snapshot.endpoint_slices() {
        let object = ObjectRef {
            group: "discovery.k8s.io".to_owned(),
            ..core("EndpointSlice", place)
        };
        let (label, owner) = match (service_of(slice), import_of(slice)) {
            (Some(service), _) => ("kubernetes.io/service-name", core("Service", &service)),
            (None, Some(import)) => (
                "multicluster.kubernetes.io/service-name",
                ObjectRef {
                    group: MULTICLUSTER_GROUP.to_owned(),
                    ..core("ServiceImport", &import)
                },
            ),
            (None, None) => {
                let message = "no label `kubernetes.io/service-name` says whose endpoints these are: no Service has them";
                let (rule, path) = (&rules::SLICE_SERVICE_EXISTS, "metadata.labels".to_owned());
                found.push(&object, rule, path, message.to_owned());
                continue;
            }
        };
        let path = format!("metadata.labels[{label}]");
        nobodys(resolver, (&object, &owner), path, found);
    }
    for place in snapshot.endpoints().keys() {
        let names = (&core("Endpoints", place), &core("Service", place));
        nobodys(resolver, names, "metadata.name".to_owned(), found);
    }
}

fn core(kind: &str, place: &NamespacedName) -> ObjectRef {
    ObjectRef {
        group: String::new(),
        kind: kind.to_owned(),
        namespace: place.namespace.clone(),
        name: place.name.clone(),
    }
}

/// Says that an object has endpoints for one that is not there.
fn nobodys(
    resolver: &Resolver,
    (object, owner): (&ObjectRef, &ObjectRef),
    path: String,
    found: &mut FindingsByObject,
) {
    let snapshot = resolver.snapshot();
    if snapshot.contains(owner) {
        return;
    }
    let absent = snapshot.absent(owner).of_set();
    let message = format!("{absent}: nobody has the endpoints");
    let services = snapshot.services().keys();
    let here = services.filter(|place| place.namespace == owner.namespace);
    let names = here.map(|place| place.name.as_str());
    let near = nearest_name(&owner.name, names).filter(|_| owner.kind == "Service");
    let rule = &rules::SLICE_SERVICE_EXISTS;
    match near {
        Some(near) => {
            let help = format!("did you mean Service `{near}`?");
            found.push_with_help(object, rule, path, message, help);
        }
        None => found.push(object, rule, path, message),
    }
}
