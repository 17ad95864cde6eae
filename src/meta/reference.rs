//! Names of objects and kinds.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt, str::FromStr};
use thiserror::Error;

/// A name as errors keep it: the start of it where it is longer than any name may be, since one object may
/// have many errors.
pub(crate) fn kept_name(text: &str) -> String {
    const LONGEST: usize = 1_024;
    text.char_indices()
        .nth(LONGEST)
        .and_then(|(end, _)| text.get(..end))
        .map_or_else(|| text.to_owned(), |start| format!("{start}…"))
}

/// An API group with a kind: what a reference's `group` and `kind` say once their defaults apply.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind, as in `HTTPRoute`.
    pub kind: String,
}

impl GroupKind {
    /// A group and a kind; the core group is the empty text.
    pub fn new(group: impl Into<String>, kind: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            kind: kind.into(),
        }
    }

    /// A kind of the Gateway API's own group.
    pub fn gateway_api(kind: impl Into<String>) -> Self {
        Self::new(super::GROUP, kind)
    }
}

/// What is wrong with the kind of a reference, for people: the group, if that alone is not one of those that are
/// expected, else the kind. `not` says what an object of this kind is not: "holds no certificate".
pub(crate) fn unexpected_kind(found: &ObjectRef, not: &str, expected: &[(&str, &str)]) -> String {
    let quoted = |group: &str| match group {
        "" => "\"\"".to_owned(),
        group => group.to_owned(),
    };
    let groups: Vec<String> = expected
        .iter()
        .filter(|(_, kind)| *kind == found.kind)
        .map(|(group, _)| format!("`{}`", quoted(group)))
        .collect();
    if groups.is_empty() {
        let kinds: Vec<&str> = expected.iter().map(|(_, kind)| *kind).collect();
        let (last, others) = kinds.split_last().unwrap_or((&"", &[]));
        let kinds = if others.is_empty() {
            (*last).to_owned()
        } else {
            format!("{} or {last}", others.join(", "))
        };
        return format!("kind {} {not}: expected {kinds}", found.group_kind());
    }
    format!(
        "kind {} is in group {}, not in `{}`",
        found.kind,
        groups.join(" or "),
        quoted(&found.group)
    )
}

impl fmt::Display for GroupKind {
    /// `HTTPRoute.gateway.networking.k8s.io`, or `Service` for the core group.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            f.write_str(&self.kind)
        } else {
            write!(f, "{}.{}", self.kind, self.group)
        }
    }
}

/// A kind in one version of its API group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupVersionKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version, as in `v1beta1`.
    pub version: String,
    /// The kind, as in `HTTPRoute`.
    pub kind: String,
}

impl GroupVersionKind {
    /// Splits an `apiVersion` such as `gateway.networking.k8s.io/v1` or `v1`.
    #[must_use]
    pub fn from_api_version(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    /// The `apiVersion` text: `group/version`, or the version alone in the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The group and kind without the version.
    #[must_use]
    pub fn group_kind(&self) -> GroupKind {
        GroupKind::new(self.group.clone(), self.kind.clone())
    }
}

impl fmt::Display for GroupVersionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.api_version(), self.kind)
    }
}

/// An object's place: its namespace and its name. Cluster-wide objects have an empty namespace.
///
/// Ordered as the API breaks ties between objects of the same age: by the text `namespace/name`, so that
/// `shop-eu/cart` comes before `shop/cart` (see [`Seniority`](super::Seniority)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NamespacedName {
    /// The namespace; empty for cluster-wide objects.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl NamespacedName {
    /// A name in a namespace.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// The place of an object, by its metadata. An object that an API server has sent names its namespace, unless it is
    /// cluster-wide; of a manifest that leaves it out, the namespace here is empty.
    ///
    /// ```
    /// use gwapi::{meta::NamespacedName, v1::Gateway};
    ///
    /// let gateway: Gateway = serde_json::from_value(serde_json::json!({
    ///     "metadata": { "name": "web", "namespace": "shop" },
    ///     "spec": { "gatewayClassName": "example", "listeners": [] },
    /// }))?;
    /// assert_eq!(NamespacedName::of(&gateway.metadata), "shop/web".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(metadata: &ObjectMeta) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self::new(text(&metadata.namespace), text(&metadata.name))
    }

    /// Whether the text `namespace/name` begins with this namespace and its slash: in order, such names are side
    /// by side.
    pub(crate) fn is_below(&self, namespace: &str) -> bool {
        let beginning = namespace.bytes().chain([b'/']);
        self.namespace == namespace || self.text().take(namespace.len() + 1).eq(beginning)
    }

    /// How this is ordered beside the name that these texts are.
    pub(crate) fn cmp_texts(&self, namespace: &str, name: &str) -> Ordering {
        let own = PlaceTexts(&self.namespace, &self.name);
        own.order(PlaceTexts(namespace, name))
    }

    /// The bytes of what `Display` writes.
    fn text(&self) -> impl Iterator<Item = u8> + '_ {
        PlaceTexts(&self.namespace, &self.name).text()
    }
}

/// A namespace and a name.
#[derive(Clone, Copy)]
struct PlaceTexts<'t>(&'t str, &'t str);

impl<'t> PlaceTexts<'t> {
    /// A byte of the text `namespace/name`, if there are so many; `at` is at most the length of the namespace.
    fn text_at(self, at: usize) -> Option<u8> {
        let Self(namespace, name) = self;
        match namespace.as_bytes().get(at) {
            Some(byte) => Some(*byte),
            None if namespace.is_empty() => name.bytes().next(),
            None => Some(b'/'),
        }
    }

    /// The bytes of the text.
    fn text(self) -> impl Iterator<Item = u8> + 't {
        let separator = if self.0.is_empty() { "" } else { "/" };
        [self.0, separator, self.1].into_iter().flat_map(str::bytes)
    }

    /// The order of the texts.
    fn order(self, other: Self) -> Ordering {
        let (own, others) = (self.0.as_bytes(), other.0.as_bytes());
        let shared = own.len().min(others.len());
        match own.get(..shared).cmp(&others.get(..shared)) {
            Ordering::Equal if own.len() == others.len() => self.1.cmp(other.1),
            // One namespace is the beginning of the other: the separator counts. One byte mostly decides.
            Ordering::Equal => (self.text_at(shared).cmp(&other.text_at(shared)))
                .then_with(|| self.text().cmp(other.text()))
                // Two names with one text: a slash in a name, which no valid object has.
                .then_with(|| own.cmp(others)),
            unequal => unequal,
        }
    }
}

/// Why a text is not `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{}` is neither `namespace/name` nor the name of a cluster-wide object", kept_name(.text))]
pub struct NamespacedNameError {
    text: String,
}

impl FromStr for NamespacedName {
    type Err = NamespacedNameError;

    /// Reads what `Display` writes: `namespace/name`, or the name of a cluster-wide object. Whether an API server would
    /// take the names is not judged.
    fn from_str(text: &str) -> Result<Self, NamespacedNameError> {
        let (namespace, name) = match text.split_once('/') {
            Some(("", _)) => ("", ""),
            Some(parts) => parts,
            None => ("", text),
        };
        if name.is_empty() || name.contains('/') {
            return Err(NamespacedNameError {
                text: text.to_owned(),
            });
        }
        Ok(Self::new(namespace, name))
    }
}

impl Ord for NamespacedName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cmp_texts(&other.namespace, &other.name)
    }
}

impl PartialOrd for NamespacedName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for NamespacedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.namespace, self.name)
        }
    }
}

/// A reference to one object, complete: group, kind, namespace and name, every default applied.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace; empty for cluster-wide objects.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl ObjectRef {
    /// The reference to an object of a kind of Kubernetes or of the Gateway API.
    ///
    /// ```
    /// use gwapi::meta::ObjectRef;
    /// use k8s_openapi::api::core::v1::Service;
    ///
    /// let mut service = Service::default();
    /// service.metadata.name = Some("cart".to_owned());
    /// service.metadata.namespace = Some("shop".to_owned());
    /// assert_eq!(ObjectRef::of(&service).to_string(), "Service shop/cart");
    /// ```
    #[must_use]
    pub fn of<K>(object: &K) -> Self
    where
        K: k8s_openapi::Metadata<Ty = ObjectMeta>,
    {
        Self::at(K::GROUP, K::KIND, &NamespacedName::of(object.metadata()))
    }

    /// The object of this kind in the API's own group, at this place.
    #[must_use]
    pub fn gateway_api(kind: &str, place: &NamespacedName) -> Self {
        Self::at(super::GROUP, kind, place)
    }

    /// The object of this kind in the core group, at this place.
    #[must_use]
    pub fn core(kind: &str, place: &NamespacedName) -> Self {
        Self::at("", kind, place)
    }

    /// The object of this group and kind, at this place.
    #[must_use]
    pub fn at(group: &str, kind: &str, place: &NamespacedName) -> Self {
        Self {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: place.namespace.clone(),
            name: place.name.clone(),
        }
    }

    /// The referenced kind.
    #[must_use]
    pub fn group_kind(&self) -> GroupKind {
        GroupKind::new(self.group.clone(), self.kind.clone())
    }

    /// The referenced object's place.
    #[must_use]
    pub fn namespaced_name(&self) -> NamespacedName {
        NamespacedName::new(self.namespace.clone(), self.name.clone())
    }
}

impl fmt::Display for ObjectRef {
    /// `HTTPRoute shop/cart`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        f.write_str(" ")?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::select};

    /// Texts of few characters, so that one is often the beginning of another; `-` and `.` come before the slash in
    /// order, the others after it.
    fn text() -> impl Strategy<Value = String> {
        let character = select(vec!["a", "b", "0", "-", ".", "/"]);
        prop::collection::vec(character, 0..4).prop_map(|characters| characters.concat())
    }

    fn place() -> impl Strategy<Value = NamespacedName> {
        (text(), text()).prop_map(|(namespace, name)| NamespacedName { namespace, name })
    }

    /// What `Display` writes is read back, and no two places have one text.
    #[test]
    fn a_place_is_read_from_its_text() {
        let read = |text: &str| text.parse::<NamespacedName>();
        assert_eq!(read("shop/cart"), Ok(NamespacedName::new("shop", "cart")));
        assert_eq!(read("example"), Ok(NamespacedName::new("", "example")));
        for text in ["shop/cart", "example"] {
            assert_eq!(read(text).unwrap().to_string(), text);
        }
        for text in ["", "/", "/cart", "shop/", "shop/cart/80", "//"] {
            let message = format!(
                "`{text}` is neither `namespace/name` nor the name of a cluster-wide object"
            );
            assert_eq!(read(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_cluster_wide_object_has_no_namespace() {
        let mut namespace = k8s_openapi::api::core::v1::Namespace::default();
        assert_eq!(ObjectRef::of(&namespace).name, "");
        namespace.metadata.name = Some("shop".to_owned());
        let reference = ObjectRef::of(&namespace);
        assert_eq!(
            (reference.group.as_str(), reference.kind.as_str()),
            ("", "Namespace")
        );
        assert_eq!(reference.namespaced_name(), "shop".parse().unwrap());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

        /// Ties are broken in alphabetical order of the text `namespace/name` (GEP-713, "Conflict Resolution").
        #[test]
        fn places_are_in_the_order_of_their_text(one in place(), other in place()) {
            let key = |place: &NamespacedName| (place.to_string(), place.namespace.clone());
            prop_assert_eq!(one.cmp(&other), key(&one).cmp(&key(&other)));
            prop_assert_eq!(one == other, one.cmp(&other).is_eq());
        }
    }
}
