//! A backup, object by object, to the versions that a release stores.

use super::{
    ConversionError, ConversionProblem, ConversionProblemKind, ConversionRemark, ConvertedName,
    FieldMove, convert_to_release, convert_value, kinds, moves::Moves, value,
};
use crate::{
    manifest,
    meta::{Channel, GROUP, ObjectRef, Release},
    schema::{self, KindVersion},
    validation::{Finding, ValidationOptions},
};
use serde_json::{Map, Value};

/// The members of `metadata` that a server sets, and that it refuses or ignores when an object is created
/// anew.
pub const SERVER_METADATA: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The annotation in which `kubectl apply` keeps the object as it was applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// How objects of a backup (`kubectl get -o yaml`) are brought to another version, to be applied again.
///
/// Objects of other groups are left as they are; one that seems to be meant for the Gateway API, such as one of its group's former
/// name, is an error. An object of the Gateway API that its own version's type
/// cannot read is an error even where nothing about it would change: a backup that holds it is broken. Of Gateway API objects, what the server sets is taken
/// off unless it is to be kept: [`SERVER_METADATA`], `status`, and the annotation of `kubectl apply`, which
/// writes it anew. Owner references, finalizers, labels and other annotations stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// The API version to lead to, group and version; objects of kinds without it stay in theirs. Unless
    /// set, each kind goes to the version that release v1.1.0 stores.
    pub to: Option<String>,
    /// The release and channel to whose forms objects are brought ([`convert_to_release`]); `to` does not count then.
    pub release: Option<(Release, Channel)>,
    /// Whether to keep what the server has set. The annotation of `kubectl apply` then holds an object of
    /// the new version too.
    pub keep_metadata: bool,
    /// Whether to leave out of lists what is not converted: objects of other groups, those that are in their form already, and
    /// those that cannot be converted. Of a document that is no list, [`Migrated::converted`] says it.
    pub only_converted: bool,
}

/// What became of a document.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Migrated {
    /// The document. An object that could not be converted stands in it as it was.
    pub value: Value,
    /// Whether the document is another than it was.
    pub changed: bool,
    /// How many objects of the Gateway API there are.
    pub objects: usize,
    /// How many of them are now in another version.
    pub converted: usize,
    /// The objects that could not be converted, and why.
    pub errors: Vec<ConversionError>,
    /// What there is to know of those that were converted to the forms of a release.
    pub remarks: Vec<ConversionRemark>,
    /// Objects with owner references. These name their owners by uid: where an owner was created anew too,
    /// the garbage collector takes such an object away, and the reference must be corrected first.
    pub owned: Vec<ObjectRef>,
    /// What stands in another place of the document than before.
    pub moves: Vec<FieldMove>,
    /// What the objects of the Gateway API are called before and after it, those among them that stay as they are. Objects of
    /// several documents can become one: [`ConvertedNames`](super::ConvertedNames) finds them.
    pub names: Vec<ConvertedName>,
}

impl Migration {
    /// Migrates a document: an object, or a list of objects of any depth, order kept.
    #[must_use]
    pub fn migrate(&self, document: Value) -> Migrated {
        let mut done = Migrated::default();
        let value = self.document(document, &mut done);
        Migrated { value, ..done }
    }

    /// Whether the migration looks into an object or list at all: it does not into one of other groups than the Gateway API's,
    /// unless its type looks like a mistake for one of them.
    #[must_use]
    pub fn concerns(&self, document: &Value) -> bool {
        let is = |key: &str, text: &str| document.get(key).is_some_and(|value| value == text);
        is("apiVersion", "v1") && is("kind", "List")
            || value::is_own(document)
            || self.misnamed(document).is_some()
    }

    /// What is wrong with the type of an object of another group that seems to be meant for the Gateway API: no server takes it.
    fn misnamed(&self, object: &Value) -> Option<Finding> {
        let (release, channel) = self
            .release
            .unwrap_or((Release::V1_1_0, Channel::Experimental));
        value::misnamed(object, &ValidationOptions::of(release, channel))
    }

    fn document(&self, document: Value, done: &mut Migrated) -> Value {
        if !self.concerns(&document) {
            return document;
        }
        let text = |key: &str| {
            document
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        if (api_version, kind) == ("v1", "List") {
            return self.list(document, done);
        }
        match kinds::find(api_version, kind) {
            Some((of, true)) => {
                let (to, list_kind) = self.target_of_list(of);
                let errors = done.errors.len();
                let Value::Object(mut list) = self.list(document, done) else {
                    return Value::Null;
                };
                // With an item that stayed behind, each item says its version, and the list keeps its own.
                if to != of.api_version && done.errors.len() == errors {
                    list.insert("apiVersion".to_owned(), to.into());
                    list.insert("kind".to_owned(), list_kind.into());
                    done.changed = true;
                }
                Value::Object(list)
            }
            _ => self.object(document, done),
        }
    }

    fn list(&self, mut list: Value, done: &mut Migrated) -> Value {
        let text = |key: &str| list.get(key).and_then(Value::as_str).unwrap_or_default();
        let of = kinds::find(text("apiVersion"), text("kind")).map(|(of, _)| of);
        let Some(Value::Array(items)) = list.get_mut("items") else {
            return list;
        };
        let mut kept = Vec::with_capacity(items.len());
        for (index, taken) in std::mem::take(items).into_iter().enumerate() {
            let (converted, moves) = (done.converted, done.moves.len());
            let before = taken.get("kind").is_some();
            let taken = match of {
                Some(of) => value::named(taken, of),
                None => taken,
            };
            done.changed |= !before && taken.get("kind").is_some();
            let item = self.document(taken, done);
            if self.only_converted && done.converted == converted {
                done.changed = true;
                continue;
            }
            let new_index = kept.len();
            for moved in done.moves.iter_mut().skip(moves) {
                moved.from = format!("items[{index}].{}", moved.from);
                moved.to = format!("items[{new_index}].{}", moved.to);
            }
            kept.push(item);
        }
        *items = kept;
        list
    }

    fn object(&self, object: Value, done: &mut Migrated) -> Value {
        let new = self.converted(&object, done);
        let after = new.as_ref().unwrap_or(&object);
        done.names.push(ConvertedName::of(&object, after));
        new.unwrap_or(object)
    }

    /// The object in its new form; nothing where it cannot be converted.
    fn converted(&self, object: &Value, done: &mut Migrated) -> Option<Value> {
        done.objects += 1;
        if let Some(finding) = self.misnamed(object) {
            let kind = ConversionProblemKind::OtherGroup {
                message: finding.message().to_owned(),
                help: finding.help().unwrap_or("correct it").to_owned(),
            };
            let problem = ConversionProblem::new(finding.path(), kind);
            let to = self.release.map(|(release, _)| release.as_str());
            let to = to.or(self.to.as_deref()).unwrap_or(GROUP);
            let error = ConversionError::new(value::identify(object), to, vec![problem]);
            done.errors.push(error);
            return None;
        }
        if object
            .pointer("/metadata/ownerReferences")
            .and_then(Value::as_array)
            .is_some_and(|owners| !owners.is_empty())
        {
            done.owned.push(value::identify(object));
        }
        let mut new = object.clone();
        if !self.keep_metadata
            && let Some(new) = new.as_object_mut()
        {
            strip(new);
        }
        let converted = match self.release {
            Some((release, channel)) => self.to_release(&new, release, channel),
            None => self.to_version(&new),
        };
        let unreadable = unreadable(object);
        let (new, remarks, moves) = match (converted, unreadable) {
            (Ok(converted), None) => converted,
            (Ok((new, ..)), Some(problem)) => {
                let to = text(&new, "apiVersion");
                done.errors.push(ConversionError::new(
                    value::identify(object),
                    to,
                    vec![problem],
                ));
                return None;
            }
            (Err(error), problem) => {
                done.errors.push(match problem {
                    Some(problem) => error.and(problem),
                    None => error,
                });
                return None;
            }
        };
        done.remarks.extend(remarks);
        done.moves.extend(moves);
        let of = |value: &Value| -> (String, String) {
            (
                text(value, "apiVersion").to_owned(),
                text(value, "kind").to_owned(),
            )
        };
        done.converted += usize::from(of(&new) != of(object) || is_reshaped(object, &new));
        done.changed |= new != *object;
        Some(new)
    }

    /// The object in the version in which it is wanted.
    fn to_version(&self, object: &Value) -> Result<Converted, ConversionError> {
        let (from, kind) = (text(object, "apiVersion"), text(object, "kind"));
        let to = match (kinds::find(from, kind), self.target(from, kind)) {
            (Some(_), Some(to)) => (to != from).then_some(to),
            (Some(_), None) => None,
            // Not known: the conversion says so.
            (None, to) => Some(to.unwrap_or(from)),
        };
        let Some(to) = to else {
            return Ok((object.clone(), Vec::new(), Vec::new()));
        };
        let mut moves = Moves::default();
        let mut new = value::convert(object, to, &mut moves)?;
        self.convert_last_applied(&mut new, |applied| convert_value(applied, to))?;
        Ok((new, Vec::new(), moves.into_vec()))
    }

    /// The object in the forms of a release.
    fn to_release(
        &self,
        object: &Value,
        release: Release,
        channel: Channel,
    ) -> Result<Converted, ConversionError> {
        let mut new = convert_to_release(object, release, channel)?;
        self.convert_last_applied(&mut new.object, |applied| {
            Ok(convert_to_release(applied, release, channel)?.object)
        })?;
        Ok((new.object, new.remarks, new.moves))
    }

    /// The version, and the kind, of a list of objects of this kind.
    fn target_of_list(&self, of: &'static KindVersion) -> (String, &'static str) {
        let to = match self.release {
            Some((release, channel)) => {
                kinds::in_release(of, release, channel).map(|to| (to.api_version, to.list_kind))
            }
            None => self
                .target(of.api_version, of.kind)
                .map(|to| (to, of.list_kind)),
        };
        let (version, kind) = to.unwrap_or((of.api_version, of.list_kind));
        (version.to_owned(), kind)
    }

    /// Converts the object in the annotation of `kubectl apply`, or the next `kubectl apply` would compare with
    /// fields of the old version. An annotation that holds no object is left alone.
    fn convert_last_applied(
        &self,
        object: &mut Value,
        convert: impl Fn(&Value) -> Result<Value, ConversionError>,
    ) -> Result<(), ConversionError> {
        let Some(Value::String(text)) = object
            .get_mut("metadata")
            .and_then(|metadata| metadata.get_mut("annotations"))
            .and_then(|annotations| annotations.get_mut(LAST_APPLIED))
            .filter(|_| self.keep_metadata)
        else {
            return Ok(());
        };
        let Ok(applied @ Value::Object(_)) = serde_json::from_str(text) else {
            return Ok(());
        };
        // kubectl ends the text with a line feed.
        let end = if text.ends_with('\n') { "\n" } else { "" };
        *text = format!("{}{end}", convert(&applied)?);
        Ok(())
    }

    /// The version in which objects of a kind are wanted; nothing where they stay in theirs, as those do that are written
    /// in the version of a later release.
    fn target(&self, from: &str, kind: &str) -> Option<&str> {
        match &self.to {
            None if schema::later(from, kind, Release::V1_1_0).is_some() => None,
            None => kinds::preferred_version(kind),
            Some(to) => kinds::versions(kind)
                .any(|version| version == to)
                .then_some(to),
        }
    }
}

/// An object that was converted, what there is to know of it, and what moves in it.
type Converted = (Value, Vec<ConversionRemark>, Vec<FieldMove>);

fn text<'v>(object: &'v Value, key: &str) -> &'v str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What keeps an object from being read as its own version.
fn unreadable(object: &Value) -> Option<ConversionProblem> {
    let error = manifest::decode(object).err()?;
    let kind = ConversionProblemKind::Unreadable(error.message().to_owned());
    Some(ConversionProblem::new(error.path(), kind))
}

/// Takes off what the server and `kubectl apply` have set.
fn strip(object: &mut Map<String, Value>) {
    object.remove("status");
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    for member in SERVER_METADATA {
        metadata.remove(*member);
    }
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations")
        && annotations.remove(LAST_APPLIED).is_some()
        && annotations.is_empty()
    {
        metadata.remove("annotations");
    }
}

/// Whether more has changed than what the server had set.
fn is_reshaped(old: &Value, new: &Value) -> bool {
    old.get("spec") != new.get("spec")
        || new
            .get("status")
            .is_some_and(|new| old.get("status") != Some(new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(namespace: &str) -> Value {
        json!({
            "apiVersion": format!("{GROUP}/v1alpha2"), "kind": "BackendTLSPolicy",
            "metadata": {
                "name": "tls", "namespace": "shop", "uid": "1", "resourceVersion": "2", "generation": 3,
                "creationTimestamp": "2024-01-01T00:00:00Z", "managedFields": [], "labels": {"a": "b"},
            },
            "spec": {
                "targetRef": {"group": "", "kind": "Service", "name": "cart", "namespace": namespace},
                "tls": {"hostname": "cart.example", "wellKnownCACerts": "System"},
            },
            "status": {"ancestors": []},
        })
    }

    fn applied(mut object: Value, text: &str) -> Value {
        object["metadata"]["annotations"] = json!({LAST_APPLIED: text});
        object
    }

    #[test]
    fn what_the_server_sets_is_taken_off_and_the_owners_metadata_stays() {
        let done = Migration::default().migrate(applied(policy("shop"), "{}"));
        assert_eq!(
            done.value,
            json!({
                "apiVersion": format!("{GROUP}/v1alpha3"), "kind": "BackendTLSPolicy",
                "metadata": {"name": "tls", "namespace": "shop", "labels": {"a": "b"}},
                "spec": {
                    "targetRefs": [{"group": "", "kind": "Service", "name": "cart"}],
                    "validation": {"hostname": "cart.example", "wellKnownCACertificates": "System"},
                },
            })
        );
        assert!(done.changed);
        assert_eq!((done.objects, done.converted), (1, 1));
    }

    #[test]
    fn kept_metadata_is_kept_whole_and_the_applied_object_is_converted_too() {
        let keep = Migration {
            keep_metadata: true,
            ..Default::default()
        };
        let inner = serde_json::to_string(&policy("shop")).unwrap() + "\n";
        let done = keep.migrate(applied(policy("shop"), &inner));
        let metadata = &done.value["metadata"];
        assert_eq!(metadata["uid"], "1");
        assert_eq!(done.value["status"], json!({"ancestors": []}));
        let text = metadata["annotations"][LAST_APPLIED].as_str().unwrap();
        assert!(text.ends_with('\n'));
        let inner: Value = serde_json::from_str(text).unwrap();
        assert_eq!(inner["spec"], done.value["spec"]);
        assert_eq!(inner["apiVersion"], done.value["apiVersion"]);

        let odd = keep.migrate(applied(policy("shop"), "not json"));
        assert_eq!(
            odd.value["metadata"]["annotations"][LAST_APPLIED],
            "not json"
        );
        assert!(odd.errors.is_empty());

        let inner = serde_json::to_string(&policy("other")).unwrap();
        let lossy = applied(policy("shop"), &inner);
        let done = keep.migrate(lossy.clone());
        assert_eq!(done.value, lossy);
        assert_eq!(done.errors.len(), 1);
    }

    #[test]
    fn an_object_that_cannot_be_carried_stays_and_the_others_are_converted() {
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "uid": "9"},
            "status": {"loadBalancer": {}}});
        let route = json!({"apiVersion": format!("{GROUP}/v1beta1"), "kind": "HTTPRoute",
            "metadata": {"name": "r"}, "spec": {}});
        let nested = json!({"apiVersion": "v1", "kind": "List", "items": [route]});
        let list = json!({
            "apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""},
            "items": [policy("other"), service, policy("shop"), nested],
        });
        let done = Migration::default().migrate(list);
        assert_eq!(done.value["items"][0], policy("other"));
        assert_eq!(done.value["items"][1], service);
        assert_eq!(
            done.value["items"][2]["apiVersion"],
            format!("{GROUP}/v1alpha3")
        );
        assert_eq!(
            done.value["items"][3]["items"][0]["apiVersion"],
            format!("{GROUP}/v1")
        );
        assert_eq!(done.value["metadata"], json!({"resourceVersion": ""}));
        let [error] = done.errors.as_slice() else {
            panic!("{:?}", done.errors);
        };
        assert_eq!(error.object().to_string(), "BackendTLSPolicy shop/tls");
        assert_eq!(error.problems()[0].path(), "spec.targetRef.namespace");
        assert_eq!((done.objects, done.converted), (3, 2));
    }

    #[test]
    fn unrelated_documents_and_objects_that_need_nothing_are_untouched() {
        for document in [
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"uid": "9"}, "status": {}}),
            json!({"apiVersion": format!("{GROUP}/v1"), "kind": "GRPCRoute", "metadata": {"name": "a"}}),
            json!({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"status": {}}]}),
            json!("text"),
            Value::Null,
        ] {
            let done = Migration::default().migrate(document.clone());
            assert_eq!(done.value, document);
            assert!(!done.changed);
            assert!(done.errors.is_empty());
        }
    }

    #[test]
    fn a_wanted_version_leads_only_the_kinds_that_have_it() {
        let to = Migration {
            to: Some(format!("{GROUP}/v1alpha2")),
            ..Default::default()
        };
        let object = |version: &str, kind: &str| {
            json!({
                "apiVersion": format!("{GROUP}/{version}"), "kind": kind, "metadata": {"name": "a"},
                // What one or the other kind needs.
                "spec": {"gatewayClassName": "c", "listeners": [], "rules": [], "from": [], "to": []},
            })
        };
        for (from, kind, version) in [
            ("v1", "GRPCRoute", "v1alpha2"),
            ("v1beta1", "ReferenceGrant", "v1alpha2"),
            ("v1beta1", "Gateway", "v1beta1"),
            ("v1alpha2", "TCPRoute", "v1alpha2"),
        ] {
            let done = to.migrate(object(from, kind));
            assert_eq!(done.value, object(version, kind));
            assert!(done.errors.is_empty());
        }
    }

    #[test]
    fn kinds_and_versions_of_the_group_that_are_not_known_do_not_pass_in_silence() {
        for (version, kind) in [("v1alpha2", "HTTPRoute"), ("v1alpha1", "ReferencePolicy")] {
            let object = json!({"apiVersion": format!("{GROUP}/{version}"), "kind": kind, "metadata": {"uid": "1"}});
            let done = Migration::default().migrate(object.clone());
            assert_eq!(done.value, object);
            assert!(
                done.errors[0]
                    .to_string()
                    .contains("is not a kind that can be converted")
            );
        }
    }

    #[test]
    fn an_object_of_another_group_that_is_meant_for_the_gateway_api_is_an_error() {
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}});
        for release in [None, Some((Release::V1_7_0, Channel::Standard))] {
            let migration = Migration {
                release,
                ..Default::default()
            };
            for (api_version, kind, help) in [
                (
                    "networking.x-k8s.io/v1alpha1",
                    "HTTPRoute",
                    "write `apiVersion: gateway.networking.k8s.io/v1`; the fields have changed, too",
                ),
                ("gateway.networking.k8s.oi/v1", "Gateway", "did you mean"),
                ("networking.k8s.io/v1", "GRPCRoute", "write `apiVersion:"),
            ] {
                let object =
                    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}});
                assert!(migration.concerns(&object));
                let list = json!({"apiVersion": "v1", "kind": "List", "items": [service, object]});
                for document in [object, list] {
                    let done = migration.migrate(document.clone());
                    assert_eq!((done.value, done.changed), (document, false));
                    assert_eq!((done.objects, done.converted), (1, 0));
                    let [error] = done.errors.as_slice() else {
                        panic!("{:?}", done.errors);
                    };
                    let [problem] = error.problems() else {
                        panic!("{error}");
                    };
                    let said = problem.to_string();
                    assert_eq!(
                        (problem.path(), problem.kind().rule()),
                        ("apiVersion", "group-unknown")
                    );
                    assert!(said.contains(help), "{said}");
                }
            }
        }
    }

    #[test]
    fn a_list_of_one_kind_stays_a_list_and_names_its_items_versions() {
        let item = |namespace: &str| {
            let mut item = policy(namespace);
            item.as_object_mut().unwrap().remove("apiVersion");
            item.as_object_mut().unwrap().remove("kind");
            item
        };
        let list = |items: Vec<Value>| json!({"apiVersion": format!("{GROUP}/v1alpha2"), "kind": "BackendTLSPolicyList", "items": items});
        let all = Migration::default().migrate(list(vec![item("shop"), item("shop")]));
        assert_eq!(all.value["apiVersion"], format!("{GROUP}/v1alpha3"));
        assert_eq!(
            all.value["items"][1]["apiVersion"],
            format!("{GROUP}/v1alpha3")
        );
        let some = Migration::default().migrate(list(vec![item("shop"), item("other")]));
        assert_eq!(some.value["apiVersion"], format!("{GROUP}/v1alpha2"));
        assert_eq!(
            some.value["items"][0]["apiVersion"],
            format!("{GROUP}/v1alpha3")
        );
        assert_eq!(
            some.value["items"][1]["apiVersion"],
            format!("{GROUP}/v1alpha2")
        );
        assert_eq!(some.value["items"][1]["kind"], "BackendTLSPolicy");
    }

    #[test]
    fn objects_with_owners_are_named() {
        let mut owned = policy("shop");
        owned["metadata"]["ownerReferences"] = json!([{"uid": "7"}]);
        let done = Migration::default().migrate(owned);
        assert_eq!(done.owned[0].to_string(), "BackendTLSPolicy shop/tls");
        assert_eq!(done.value["metadata"]["ownerReferences"][0]["uid"], "7");
    }

    #[test]
    fn an_object_that_its_version_cannot_read_is_named_whether_or_not_it_would_change() {
        for version in ["v1", "v1beta1"] {
            let route = |name: &str, port: Value| {
                json!({
                    "apiVersion": format!("{GROUP}/{version}"), "kind": "HTTPRoute",
                    "metadata": {"name": name, "namespace": "shop", "uid": "1"},
                    "spec": {"rules": [{"backendRefs": [{"name": "a", "port": port}]}]},
                })
            };
            let list = json!({
                "apiVersion": "v1", "kind": "List",
                "items": [route("sound", 80.into()), route("broken", "http".into())],
            });
            let done = Migration::default().migrate(list);
            assert_eq!(
                done.value["items"][0]["apiVersion"],
                format!("{GROUP}/v1"),
                "{version}"
            );
            assert_eq!(done.value["items"][0]["metadata"].get("uid"), None);
            assert_eq!(done.value["items"][1], route("broken", "http".into()));
            let [error] = done.errors.as_slice() else {
                panic!("{:?}", done.errors);
            };
            assert_eq!(
                error.to_string(),
                "cannot convert HTTPRoute shop/broken to `gateway.networking.k8s.io/v1`: \
                 spec.rules[0].backendRefs[0].port: expected an integer, found the text `http`"
            );
        }
    }

    #[test]
    fn every_reason_why_an_object_stays_behind_is_named() {
        let mut broken = policy("other");
        broken["status"] = json!(3);
        let done = Migration::default().migrate(broken.clone());
        assert_eq!(done.value, broken);
        let paths: Vec<_> = done.errors[0]
            .problems()
            .iter()
            .map(ConversionProblem::path)
            .collect();
        assert_eq!(paths, ["spec.targetRef.namespace", "status"]);
    }
}
