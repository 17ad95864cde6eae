//! A status that has to be written, and how it is sent.

use super::{Omitted, StatusPart, turned};
use crate::{
    attachment::{InstalledCrd, Status},
    meta::{Channel, Condition, ObjectRef, Release},
    schema::{self, KindVersion},
};
use k8s_openapi::api::core::v1::ObjectReference;
use kube_core::ApiResource;
use serde_json::{Map, Value, json};

/// A status that has to be written now, from [`Resolver::due`](crate::attachment::Resolver::due).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StatusWrite {
    /// The object.
    pub reference: ObjectRef,
    /// The `metadata.uid` that the object has.
    pub uid: Option<String>,
    /// The `metadata.resourceVersion` of the object to which the status belongs. A server refuses a write with another one
    /// (409), so that nothing is overwritten that was not seen.
    pub resource_version: Option<String>,
    /// The version of the kind under which the object is written, such as `v1`.
    pub version: &'static str,
    /// The name of the kind in URLs, such as `httproutes`.
    pub plural: &'static str,
    /// The whole status: the present one, with our part in it as it ought to be.
    pub status: Status,
    /// What of the wanted status is not in it, for want of room.
    pub omitted: Vec<Omitted>,
    present: Option<Status>,
    /// What we own of the status, for kinds of which a server knows whose which part is.
    own: Option<Status>,
}

/// What a write is made of.
pub(in crate::attachment) struct Written<'w> {
    pub(in crate::attachment) reference: &'w ObjectRef,
    pub(in crate::attachment) uid: Option<&'w String>,
    pub(in crate::attachment) resource_version: Option<&'w String>,
    pub(in crate::attachment) present: Option<Status>,
    pub(in crate::attachment) wanted: &'w Status,
    pub(in crate::attachment) next: Status,
    pub(in crate::attachment) omitted: Vec<Omitted>,
}

impl StatusWrite {
    /// A write under a version of the kind.
    pub(in crate::attachment) fn new(written: Written<'_>, kind: &KindVersion) -> Self {
        Self {
            reference: written.reference.clone(),
            uid: written.uid.cloned(),
            resource_version: written.resource_version.cloned(),
            version: kind.version,
            plural: kind.plural,
            own: own(&written.next, written.wanted),
            status: written.next,
            omitted: written.omitted,
            present: written.present,
        }
    }

    /// Group and version, as in `gateway.networking.k8s.io/v1`.
    #[must_use]
    pub fn api_version(&self) -> String {
        format!("{}/{}", self.reference.group, self.version)
    }

    /// The resource under which the object is written, as kube knows it (`kube::Api::all_with`, `namespaced_with`).
    #[must_use]
    pub fn api_resource(&self) -> ApiResource {
        api_resource(&self.reference, self.version, self.plural)
    }

    /// The reference to the object that an Event about it carries (`regarding`).
    #[must_use]
    pub fn object_reference(&self) -> ObjectReference {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        ObjectReference {
            api_version: Some(self.api_version()),
            kind: Some(self.reference.kind.clone()),
            name: Some(self.reference.name.clone()),
            namespace: text(&self.reference.namespace),
            uid: self.uid.clone(),
            ..Default::default()
        }
    }

    /// The conditions that the write adds, or gives another status or reason, and the part of the status that each is of: what
    /// there is to tell people in an Event.
    ///
    /// ```
    /// # use gwapi::{attachment::{Options, Resolver, StatusPart}, v1::{GatewayClass, GatewayClassSpec}};
    /// # use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
    /// # let controller_name = String::from("example.com/controller");
    /// # let spec = GatewayClassSpec { controller_name, ..Default::default() };
    /// let mut resolver = Resolver::new(Options::new("example.com/controller"));
    /// resolver.insert(GatewayClass::new("example", spec));
    /// resolver.update();
    /// let due = resolver.due(&Time(Timestamp::UNIX_EPOCH));
    /// let (part, condition) = &due[0].turned()[0];
    /// assert_eq!((part, condition.reason.as_str()), (&StatusPart::Object, "Accepted"));
    /// ```
    #[must_use]
    pub fn turned(&self) -> Vec<(StatusPart, &Condition)> {
        turned::between(self.present.as_ref(), &self.status)
    }

    /// A JSON merge patch (RFC 7386) for the endpoint `status` of the object. It names the
    /// [`resource_version`](Self::resource_version), so that a server refuses it (409) if somebody else has written in between:
    /// then the write is due again once the object has been seen.
    ///
    /// Right for every kind: in the statuses of routes and policies, where several controllers write into one list, it is the
    /// only way to lose no entry, since a server replaces such a list as a whole.
    #[must_use]
    pub fn merge_patch(&self) -> Value {
        let mut patch = json!({});
        if let Some(version) = &self.resource_version {
            patch = json!({ "metadata": { "resourceVersion": version } });
        }
        let present = self.present.as_ref().map_or(Value::Null, json_of);
        if let (Some(status), Value::Object(patch)) =
            (difference(&present, &json_of(&self.status)), &mut patch)
        {
            patch.insert("status".to_owned(), status);
        }
        patch
    }

    /// An object for server-side apply at the endpoint `status`, with our part of the status and nothing else. It needs no
    /// resourceVersion, since what others own stays. It names the [`uid`](Self::uid), so that a server refuses it for another object
    /// that has come under the name. It has to be
    /// sent with `force`: what a merge patch has written belongs to another field manager, and a server refuses to change it
    /// otherwise (409).
    ///
    /// For Gateways and GatewayClasses, whose lists of conditions and listeners are maps to a server. Nothing for other
    /// kinds: the list of entries in their statuses has one owner, which would take it away from other controllers. It only
    /// ever adds and changes: there is none where something of ours has to go, or where a new listener stands before one that is there.
    /// Then the [`merge_patch`](Self::merge_patch) is the way.
    #[must_use]
    pub fn apply_patch(&self) -> Option<Value> {
        let own = json_of(self.own.as_ref()?);
        let mut reached = self.present.as_ref().map_or(Value::Null, json_of);
        apply(&mut reached, &own);
        if reached != json_of(&self.status) {
            return None;
        }
        let namespace = Some(&self.reference.namespace).filter(|namespace| !namespace.is_empty());
        let metadata = [
            ("name", Some(&self.reference.name)),
            ("namespace", namespace),
            ("uid", self.uid.as_ref()),
        ];
        let metadata = metadata.into_iter().filter_map(|(field, text)| {
            let text = text?.as_str();
            Some((field.to_owned(), Value::from(text)))
        });
        Some(json!({
            "apiVersion": self.api_version(),
            "kind": self.reference.kind,
            "metadata": metadata.collect::<Map<_, _>>(),
            "status": own,
        }))
    }
}

/// A resource of a kind under one of its versions, as kube knows it.
pub(in crate::attachment) fn api_resource(
    reference: &ObjectRef,
    version: &str,
    plural: &str,
) -> ApiResource {
    ApiResource {
        group: reference.group.clone(),
        version: version.to_owned(),
        api_version: format!("{}/{version}", reference.group),
        kind: reference.kind.clone(),
        plural: plural.to_owned(),
    }
}

/// The version of a kind under which it is written: one that the installed definition serves, if there is one. Of these the one
/// that the release and channel store, else another one that they serve, else the last that there is.
pub(in crate::attachment) fn version_of<'c>(
    reference: &ObjectRef,
    (release, channel): (Release, Channel),
    installed: impl FnOnce(&str) -> Option<&'c InstalledCrd>,
) -> Option<&'static KindVersion> {
    let newest_first = schema::KINDS.iter().rev();
    let all =
        newest_first.filter(|kind| kind.group == reference.group && kind.kind == reference.kind);
    let all: Vec<&KindVersion> = all.collect();
    let installed = installed(all.first()?.plural);
    let is_installed = |kind: &KindVersion| {
        installed.is_none_or(|crd| crd.served.is_empty() || crd.serves(kind.version))
    };
    let served = schema::versions_of(&reference.kind, release, channel)
        .filter(|(kind, of)| kind.group == reference.group && of.served && is_installed(kind));
    let best = served.max_by_key(|(_, of)| of.stored);
    let any = || all.iter().find(|kind| is_installed(kind)).or(all.first());
    best.map(|(kind, _)| kind).or_else(|| any().copied())
}

fn json_of(status: &Status) -> Value {
    serde_json::to_value(status).unwrap_or_default()
}

/// What of a status is ours, where a server can tell: the fields that we set, and the conditions that are wanted.
fn own(next: &Status, wanted: &Status) -> Option<Status> {
    let mut own = next.clone();
    match (&mut own, wanted) {
        (Status::GatewayClass(own), Status::GatewayClass(wanted)) => {
            keep_wanted(&mut own.conditions, &wanted.conditions);
        }
        (Status::Gateway(own), Status::Gateway(wanted)) => {
            keep_wanted(&mut own.conditions, &wanted.conditions);
            for listener in &mut own.listeners {
                let mut of_name = wanted.listeners.iter();
                let of_name = of_name.find(|wanted| wanted.name == listener.name);
                let wanted = of_name.map(|wanted| wanted.conditions.as_slice());
                keep_wanted(&mut listener.conditions, wanted.unwrap_or_default());
            }
        }
        _ => return None,
    }
    Some(own)
}

/// Applies a part of a status to all of it as a server does where everything that is there has another owner too: nothing goes.
fn apply(status: &mut Value, own: &Value) {
    let Value::Object(own) = own else {
        status.clone_from(own);
        return;
    };
    if !status.is_object() {
        *status = json!({});
    }
    let Value::Object(status) = status else {
        return;
    };
    for (field, own) in own {
        let present = status.entry(field.clone()).or_insert(Value::Null);
        let (Value::Array(items), Some(key)) = (own, key_of(field)) else {
            apply(present, own);
            continue;
        };
        if !present.is_array() {
            *present = json!([]);
        }
        for item in items {
            let Value::Array(present) = &mut *present else {
                continue;
            };
            match present.iter_mut().find(|one| key(one) == key(item)) {
                Some(one) => apply(one, item),
                None => present.push(item.clone()),
            }
        }
    }
}

/// What tells the items of a list in a status apart, where a server merges them.
fn key_of(field: &str) -> Option<fn(&Value) -> &Value> {
    match field {
        "conditions" => Some(|item| item.get("type").unwrap_or(item)),
        "listeners" => Some(|item| item.get("name").unwrap_or(item)),
        "supportedFeatures" => Some(|item| item),
        _ => None,
    }
}

fn keep_wanted(conditions: &mut Vec<Condition>, wanted: &[Condition]) {
    conditions.retain(|one| wanted.iter().any(|wanted| wanted.type_ == one.type_));
}

/// What a merge patch has to say to make one value of the other; nothing if they are the same.
fn difference(present: &Value, next: &Value) -> Option<Value> {
    if present == next {
        return None;
    }
    let Value::Object(next) = next else {
        return Some(next.clone());
    };
    let none = Map::new();
    let present = present.as_object().unwrap_or(&none);
    let gone = present.keys().filter(|key| !next.contains_key(*key));
    let gone = gone.map(|key| (key.clone(), Value::Null));
    let changed = next.iter().filter_map(|(key, value)| {
        let before = present.get(key).unwrap_or(&Value::Null);
        Some((key.clone(), difference(before, value)?))
    });
    Some(gone.chain(changed).collect::<Map<_, _>>().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7386, section 2: null takes a member out, objects are merged, all else is replaced.
    #[test]
    fn a_merge_patch_says_what_is_different_and_no_more() {
        let present =
            json!({"same": [1], "gone": 1, "list": [1, 2], "deep": {"same": 1, "other": 1}});
        let next =
            json!({"same": [1], "list": [2], "deep": {"same": 1, "other": 2}, "new": {"a": 1}});
        assert_eq!(
            difference(&present, &next),
            Some(json!({"gone": null, "list": [2], "deep": {"other": 2}, "new": {"a": 1}}))
        );
        assert_eq!(difference(&next, &next), None);
        assert_eq!(difference(&Value::Null, &json!({})), Some(json!({})));
    }
}
