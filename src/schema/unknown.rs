//! Fields that a release and channel do not have.

use super::{
    FieldHome, FieldPlace, Installation, KindVersion, Path, Schema, find, homes, object_meta,
    places,
    spelling::{is_slip, nearest_name},
};
use crate::meta::{Channel, Release, When};
use serde_json::{Map, Value};

/// A field that the schema does not have. A server drops it, or refuses it when asked to be strict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    path: String,
    name: String,
    nearest: Option<String>,
    when: Option<When>,
    instead: Option<String>,
    /// What has replaced the field, and the releases that have it: where the installation does not.
    replaced: Option<(String, When)>,
    others: Vec<FieldPlace>,
    /// Where the parent Gateway has the setting, and the releases that have it there.
    in_parent: Option<(String, When)>,
    /// The nearest name of a field that other releases have, and those releases: where no field of the installation is near.
    near_elsewhere: Option<(String, When)>,
    /// The parts of the object that have the field, where it has no such field here in any release.
    homes: Vec<FieldHome>,
    /// Whether an object stands where a list belongs, so that nothing has fields here; and whether the entries of the list have this one.
    in_place_of_list: Option<OfEntries>,
    kind: &'static str,
    release: Release,
}

/// Whether the entries of a list have a field that stands in an object in the place of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfEntries {
    Known,
    Unknown,
}

impl UnknownField {
    /// The path to the field, its name at the end: `spec.rules[0].match`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The field's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The known field at this place whose name is nearest, if one is near enough to be meant.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }

    /// The releases that have the field in the object's own version, if any known one has.
    #[must_use]
    pub fn when(&self) -> Option<When> {
        self.when
    }

    /// Where else the field is: in another form of the version itself, in the other versions of the kind, and in those of the
    /// kind that has replaced it or that it has replaced.
    #[must_use]
    pub fn others(&self) -> &[FieldPlace] {
        &self.others
    }

    /// [`others`](Self::others) for people, if there are any: ``in `v1` since v1.4.0``. Those that no longer have the field
    /// are left out where another one has.
    #[must_use]
    pub fn others_in_words(&self) -> Option<String> {
        places::in_words(&self.others, self.kind, self.release)
    }

    /// Where the parent Gateway has what is a setting of a ListenerSet's listener (`spec.tls.frontend.perPort.tls.validation`, without
    /// indexes), and the releases that have it there.
    #[must_use]
    pub fn in_parent(&self) -> Option<(&str, When)> {
        let (path, when) = self.in_parent.as_ref()?;
        Some((path, *when))
    }

    /// The field of other releases at this place whose name is nearest, if none of this one is near, and the releases that
    /// have it.
    #[must_use]
    pub fn near_elsewhere(&self) -> Option<(&str, When)> {
        let (name, when) = self.near_elsewhere.as_ref()?;
        Some((name, *when))
    }

    /// The parts of the object that have the field which stands here, the nearest first: of a field that no release has here, in
    /// whichever version of the kind, and that is not clearly a misspelt one of this part.
    #[must_use]
    pub fn homes(&self) -> &[FieldHome] {
        &self.homes
    }

    /// [`homes`](Self::homes) for people, if there are any: `` `timeouts` belongs to `spec.rules[]` ``; and the releases that have the
    /// field there, where this release and channel do not.
    pub(crate) fn homes_in_words(
        &self,
        place: (Release, Channel),
    ) -> Option<(String, Option<When>)> {
        homes::in_words(&self.name, &self.homes, place)
    }

    /// Whether the field stands in an object in the place of a list, and whether the entries of the list have it.
    pub(crate) fn in_place_of_list(&self) -> Option<OfEntries> {
        self.in_place_of_list
    }

    /// Whether some known release has the field, in whichever version of the kind.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.when.is_some() || !self.others.is_empty()
    }

    /// What has replaced the field, or the one that [`near_elsewhere`](Self::near_elsewhere) names, where it has ended and its
    /// replacement is there.
    #[must_use]
    pub fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }

    /// As [`instead`](Self::instead), what has replaced it elsewhere, and the releases that have it: where the replacement is not there either.
    #[must_use]
    pub fn replaced_elsewhere(&self) -> Option<(&str, When)> {
        let (path, when) = self.replaced.as_ref()?;
        Some((path, *when))
    }

    /// Whether the experimental channel of the release has the field.
    #[must_use]
    pub fn is_experimental(&self) -> bool {
        self.when
            .is_some_and(|when| when.contains(self.release, Channel::Experimental))
    }
}

/// How many unknown fields of one object are named: hostile input could have millions.
pub const MOST_UNKNOWN: usize = 1_000;

/// The fields of a Gateway API object that the channel of v1.1.0 does not have, in the order of the object, at most
/// [`MOST_UNKNOWN`]. Empty for kinds of which the crate knows nothing.
#[must_use]
pub fn unknown_fields(object: &Value, channel: Channel) -> Vec<UnknownField> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let Some(kind) = find(text("apiVersion"), text("kind")) else {
        return Vec::new();
    };
    let release = Release::default();
    let here = kind.installation(release, channel);
    // Not of this channel at all: what it has elsewhere is all that can be said.
    let installation = here.or_else(|| kind.nearest(release, channel).first().copied());
    installation
        .map(|installation| unknown_fields_of(object, kind, installation))
        .unwrap_or_default()
}

/// The fields of an object that its kind does not have where it is installed so, in the order of the object, at most
/// [`MOST_UNKNOWN`].
#[must_use]
pub fn unknown_fields_of(
    object: &Value,
    kind: &'static KindVersion,
    installation: &Installation,
) -> Vec<UnknownField> {
    Walk::new(installation.schema(), kind, installation.release).over(object)
}

/// The paths of [`unknown_fields_of`], without a look at where else the fields are.
pub(crate) fn unknown_paths(
    object: &Value,
    kind: &'static KindVersion,
    installation: &Installation,
) -> impl Iterator<Item = String> {
    let (schema, release) = (installation.schema(), installation.release);
    let walk = Walk {
        elsewhere: false,
        ..Walk::new(schema, kind, release)
    };
    walk.over(object).into_iter().map(|field| field.path)
}

/// The fields of an object that no known release of its kind has, in the order of the object, at most
/// [`MOST_UNKNOWN`].
#[must_use]
pub fn fields_of_no_release(object: &Value, kind: &'static KindVersion) -> Vec<UnknownField> {
    Walk::new(kind.every(), kind, Release::default()).over(object)
}

/// The same, and with them what the type of this version has for the sake of others while no release has it in this one:
/// `name` in a rule of a GRPCRoute of `v1alpha2`.
pub(crate) fn fields_never_there(object: &Value, kind: &'static KindVersion) -> Vec<UnknownField> {
    let walk = Walk {
        of_none: true,
        ..Walk::new(kind.every(), kind, Release::default())
    };
    walk.over(object)
}

struct Walk<'s> {
    kind: &'static KindVersion,
    /// The schema of the whole object.
    whole: &'s Schema,
    release: Release,
    /// Whether it is asked where else a field is.
    elsewhere: bool,
    /// Whether it is asked for the fields that no release has, those of the type among them.
    of_none: bool,
    found: Vec<UnknownField>,
}

/// A node of the tree of all releases, and the releases that have all fields down to it.
#[derive(Clone, Copy)]
struct Every<'a> {
    schema: &'a Schema,
    when: When,
}

impl<'a> Every<'a> {
    fn field(self, name: &str) -> Option<Self> {
        let schema = self.schema.properties.get(name)?;
        Some(Self {
            schema,
            when: self.when.and(schema.when()),
        })
    }

    /// The field of some release whose name is nearest, and the releases that have it.
    fn nearest(self, name: &str) -> Option<(String, When)> {
        let when = |name: &str| {
            let when = self.field(name)?.when;
            (!when.is_nowhere()).then_some(when)
        };
        let names = self.schema.properties.keys().map(String::as_str);
        let near = nearest_name(name, names.filter(|name| when(name).is_some()))?;
        Some((near.to_owned(), when(near)?))
    }

    fn items(self) -> Option<Self> {
        Some(Self {
            schema: self.schema.items.as_deref()?,
            ..self
        })
    }
}

impl<'s> Walk<'s> {
    fn new(schema: &'s Schema, kind: &'static KindVersion, release: Release) -> Self {
        Self {
            kind,
            whole: schema,
            release,
            elsewhere: true,
            of_none: false,
            found: Vec::new(),
        }
    }

    fn over(mut self, object: &Value) -> Vec<UnknownField> {
        let (kind, schema) = (self.kind, self.whole);
        let every = Some(Every {
            schema: kind.every(),
            when: kind.history.when_served(),
        });
        let root = Path::ROOT;
        let Some(fields) = object.as_object() else {
            return self.found;
        };
        for (name, value) in fields {
            if name == "metadata" {
                self.value(value, object_meta(), None, false, &root.field(name));
            } else {
                self.field(
                    name,
                    value,
                    Parent {
                        fields,
                        schema,
                        every,
                        in_object: true,
                    },
                    &root,
                );
            }
        }
        self.found
    }

    fn value(
        &mut self,
        value: &Value,
        schema: &Schema,
        every: Option<Every<'_>>,
        in_object: bool,
        at: &Path<'_>,
    ) {
        match value {
            Value::Object(fields) => {
                let parent = Parent {
                    fields,
                    schema,
                    every,
                    in_object,
                };
                for (name, value) in fields {
                    self.field(name, value, parent, at);
                }
            }
            Value::Array(elements) => {
                if let Some(items) = &schema.items {
                    let every = every.and_then(Every::items);
                    for (index, element) in elements.iter().enumerate() {
                        self.value(element, items, every, in_object, &at.index(index));
                    }
                }
            }
            _ => {}
        }
    }

    fn field(&mut self, name: &str, value: &Value, parent: Parent<'_>, at: &Path<'_>) {
        if self.found.len() >= MOST_UNKNOWN {
            return;
        }
        let Parent {
            schema,
            every,
            in_object,
            ..
        } = parent;
        let at = at.field(name);
        let wide = || every.and_then(|every| every.field(name));
        // The schema of all releases has what the type has, and some of it no release has here.
        let is_nowhere = || wide().is_some_and(|wide| wide.when.is_nowhere());
        let property = schema.properties.get(name);
        if let Some(property) = property.filter(|_| !(self.of_none && is_nowhere())) {
            if value.is_object() || value.is_array() {
                self.value(value, property, wide(), in_object, &at);
            }
        } else if let Some(values) = &schema.additional_properties {
            self.value(value, values, None, in_object, &at);
        } else if !schema.properties.is_empty() || every.is_some() && !schema.may_have_fields() {
            // In no release: the type has it, and no release has it in this version of the kind.
            let wide = wide().filter(|wide| !wide.when.is_nowhere());
            // Of an object in the place of a list, neither the list nor its entries are elsewhere.
            let in_place_of_list = schema.items.as_deref().map(|entries| {
                match entries.properties.contains_key(name) {
                    true => OfEntries::Known,
                    false => OfEntries::Unknown,
                }
            });
            let looks = self.elsewhere && in_place_of_list.is_none();
            let is_asked = looks && parent.in_object;
            let others = match is_asked {
                true => places::elsewhere(self.kind, &at),
                false => Vec::new(),
            };
            let homes = match looks && wide.is_none() && others.is_empty() {
                true => homes::of(self.kind, &at, value),
                false => Vec::new(),
            };
            // A field that stands in another part is named with its own name.
            let is_meant = |near: &str| {
                homes.is_empty() || is_slip(name, near) && !parent.fields.contains_key(near)
            };
            let nearest = parent.meant(name).filter(|near| is_meant(near));
            let near_elsewhere = match nearest {
                None if self.elsewhere => every
                    .and_then(|every| every.nearest(name))
                    .filter(|(near, _)| is_meant(near)),
                _ => None,
            };
            let nearest = match near_elsewhere {
                None => nearest.or_else(|| parent.begun(name).filter(|begun| is_meant(begun))),
                Some(_) => nearest,
            };
            let homes = match nearest.is_some() || near_elsewhere.is_some() {
                true => Vec::new(),
                false => homes,
            };
            let near = || every?.field(&near_elsewhere.as_ref()?.0);
            let instead = wide.or_else(near).and_then(|wide| wide.schema.instead());
            let (here, replaced) = match instead {
                Some(instead) if self.has(instead, schema) => (Some(instead.to_owned()), None),
                Some(instead) => (None, self.replacement(instead)),
                None => (None, None),
            };
            self.found.push(UnknownField {
                path: at.to_string(),
                name: name.to_owned(),
                nearest: nearest.map(str::to_owned),
                near_elsewhere,
                when: wide.map(|wide| wide.when),
                instead: here,
                replaced,
                others,
                homes,
                in_place_of_list,
                in_parent: match is_asked {
                    true => places::in_parent(self.kind, &at),
                    false => None,
                },
                kind: self.kind.kind,
                release: self.release,
            });
        }
    }
}

impl Walk<'_> {
    /// Whether what has replaced a field is there: a path of the object, or fields beside the one that it has replaced.
    fn has(&self, instead: &str, beside: &Schema) -> bool {
        let within = match instead.starts_with("spec.") {
            true => self.whole,
            false => beside,
        };
        instead.split(" or ").all(|path| {
            let names: Vec<&str> = path.split('.').collect();
            places::when(within, &names).is_some()
        })
    }

    /// What has replaced a field by its path, where some release has that.
    fn replacement(&self, path: &str) -> Option<(String, When)> {
        let names: Vec<&str> = path.split('.').collect();
        let when = places::when(self.kind.every(), &names)?.and(self.kind.history.when_served());
        (!when.is_nowhere()).then(|| (path.to_owned(), when))
    }
}

/// An object with its fields, and what its schema has.
#[derive(Clone, Copy)]
struct Parent<'a> {
    fields: &'a Map<String, Value>,
    schema: &'a Schema,
    every: Option<Every<'a>>,
    /// Whether it is the object or a part of it that its kind declares: not of its `metadata`, nor of a map.
    in_object: bool,
}

impl Parent<'_> {
    /// The known field that is most likely meant by an unknown one: one of nearly the same name, or else that which
    /// belongs to the object's `type` (`replacePrefixMatch` with `type: ReplacePrefixMatch`), if it is missing.
    fn meant(&self, name: &str) -> Option<&str> {
        let known = || self.schema.properties.keys().map(String::as_str);
        nearest_name(name, known()).or_else(|| {
            let kind = self.fields.get("type")?.as_str()?;
            let mut missing = known().filter(|known| !self.fields.contains_key(*known));
            missing.find(|known| known.eq_ignore_ascii_case(kind))
        })
    }

    /// The one missing field whose name an unknown one begins, as `host` and `hosts` do `hostnames`.
    fn begun(&self, name: &str) -> Option<&str> {
        const LEAST: usize = 4;
        let stem = name.strip_suffix('s').unwrap_or(name);
        let mut known = self
            .schema
            .properties
            .keys()
            .map(String::as_str)
            .filter(|known| {
                stem.len() >= LEAST && known.starts_with(stem) && !self.fields.contains_key(*known)
            });
        match (known.next(), known.next()) {
            (Some(begun), None) => Some(begun),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn route(spec: &Value) -> Value {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": "a", "label": {}, "labels": {"a": "b"}}, "spec": spec, "sepc": {},
        })
    }

    #[test]
    fn unknown_fields_are_found_wherever_they_are() {
        let object = route(&json!({"rules": [{}, {"matches": [{"Path": {}, "zzz": 1}]}]}));
        let found: Vec<_> = unknown_fields(&object, Channel::Standard)
            .into_iter()
            .map(|u| (u.path, u.nearest))
            .collect();
        let near = |name: &str| Some(name.to_owned());
        assert!(found.contains(&("metadata.label".into(), near("labels"))));
        assert!(found.contains(&("sepc".into(), near("spec"))));
        assert!(found.contains(&("spec.rules[1].matches[0].Path".into(), near("path"))));
        assert!(found.contains(&("spec.rules[1].matches[0].zzz".into(), None)));
        assert_eq!(found.len(), 4);
    }

    #[test]
    fn the_beginning_of_a_name_is_taken_for_it() {
        let nearest = |spec: Value| {
            let found = unknown_fields(&route(&spec), Channel::Standard);
            let mut found = found
                .into_iter()
                .filter(|one| one.path.starts_with("spec."));
            found.next().unwrap().nearest
        };
        let near = Some("hostnames".to_owned());
        assert_eq!(nearest(json!({"host": "a.example"})), near);
        assert_eq!(nearest(json!({"hosts": ["a.example"]})), near);
        assert_eq!(nearest(json!({"host": "a.example", "hostnames": []})), None);
        assert_eq!(nearest(json!({"hos": "a.example"})), None);
    }

    #[test]
    fn in_an_object_in_the_place_of_a_list_fields_are_those_of_its_entries() {
        let backend = json!({"name": "s", "nothing": 1});
        let spec = json!({"rules": [{"backendRefs": backend}]});
        let found = unknown_fields(&route(&spec), Channel::Standard);
        let found: Vec<_> = found
            .into_iter()
            .filter(|one| one.path.starts_with("spec."))
            .map(|one| {
                let is_told = one.is_known() || !one.homes.is_empty() || one.nearest.is_some();
                (one.name, one.in_place_of_list, is_told)
            })
            .collect();
        let of = |name: &str, entries| (name.to_owned(), Some(entries), false);
        let wanted = [
            of("name", OfEntries::Known),
            of("nothing", OfEntries::Unknown),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_field_of_the_experimental_channel_is_unknown_to_the_standard_one() {
        let object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "spec": {"rules": [{"timeouts": {"request": "1s"}}]},
        });
        let found = unknown_fields(&object, Channel::Standard);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path(), "spec.rules[0].timeouts");
        assert!(found[0].is_experimental());
        assert_eq!(found[0].when(), Some(When::new("E.. S1.2")));
        assert!(unknown_fields(&object, Channel::Experimental).is_empty());
    }

    #[test]
    fn a_field_of_another_release_is_unknown_and_its_releases_are_named() {
        let object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "spec": {"backendTLS": {}, "defaultScope": "All", "nothing": 1},
        });
        let kind = find("gateway.networking.k8s.io/v1", "Gateway").unwrap();
        let unknown = |release| {
            let installation = kind.installation(release, Channel::Experimental).unwrap();
            unknown_fields_of(&object, kind, installation)
                .into_iter()
                .map(|field| (field.name, field.when, field.instead))
                .collect::<Vec<_>>()
        };
        let nothing = ("nothing".to_owned(), None, None);
        let ended = (
            "backendTLS".to_owned(),
            Some(When::new("E1.2..1.3")),
            Some("spec.tls.backend".to_owned()),
        );
        let to_come = ("defaultScope".to_owned(), Some(When::new("E1.4")), None);
        assert_eq!(unknown(Release::V1_3_0), [to_come, nothing.clone()]);
        assert_eq!(unknown(Release::V1_4_0), [ended, nothing.clone()]);
        let names: Vec<_> = fields_of_no_release(&object, kind)
            .into_iter()
            .map(|field| (field.name, field.when, field.instead))
            .collect();
        assert_eq!(names, [nothing]);
    }

    #[test]
    fn a_field_that_came_later_than_the_one_around_it_has_its_own_releases() {
        let object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
            "status": {"supportedFeatures": [{"name": "Gateway"}]},
        });
        let kind = find("gateway.networking.k8s.io/v1", "GatewayClass").unwrap();
        let at = |release| kind.installation(release, Channel::Experimental).unwrap();
        let found = unknown_fields_of(&object, kind, at(Release::V1_1_0));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path(), "status.supportedFeatures[0].name");
        assert_eq!(found[0].when(), Some(When::new("E1.2 S1.4")));
        assert_eq!(unknown_fields_of(&object, kind, at(Release::V1_2_0)), []);
    }

    #[test]
    fn of_countless_unknown_fields_the_first_are_named() {
        let spec: serde_json::Map<_, _> = (0..5_000).map(|n| (format!("x{n}"), json!(1))).collect();
        let found = unknown_fields(&route(&spec.into()), Channel::Standard);
        assert_eq!(found.len(), MOST_UNKNOWN);
    }

    /// HTTPPathModifier: "replacePrefixMatch specifies the value with which to replace the prefix match".
    #[test]
    fn in_place_of_the_missing_member_of_a_type_that_member_is_meant() {
        let path = |path: Value| {
            let spec = json!({"rules": [{"filters": [
                {"type": "RequestRedirect", "requestRedirect": {"path": path}}
            ]}]});
            let found = unknown_fields(&route(&spec), Channel::Standard);
            found
                .into_iter()
                .find(|u| u.name == "substitution")
                .unwrap()
                .nearest
        };
        let there =
            json!({"type": "ReplacePrefixMatch", "substitution": "/a", "replacePrefixMatch": "/b"});
        assert_eq!(path(there), None);
        let missing = json!({"type": "ReplacePrefixMatch", "substitution": "/a"});
        assert_eq!(path(missing).as_deref(), Some("replacePrefixMatch"));
    }
}
