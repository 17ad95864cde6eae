//! Where else a field is: where another release has the form that it is in, in the other versions of its kind, and in the kind
//! that has replaced it or that it has replaced.

use super::{KindVersion, Path, Schema, find, relatives};
use crate::meta::{Release, When};
use std::fmt::Write as _;

/// Another form, version or kind that has a field, and the releases that have it there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldPlace {
    /// The kind.
    pub kind: &'static str,
    /// Its version, such as `v1alpha3`.
    pub version: &'static str,
    /// The releases that have the field there, and serve the version.
    pub when: When,
    /// The field's path without indexes, if it has another there: `spec.validation.hostname`.
    pub path: Option<String>,
}

/// Parts of a kind that have another path in some versions: the kind, the version, the path there, and the path elsewhere.
const MOVED: &[(&str, &str, &str, &str)] = &[(
    "BackendTLSPolicy",
    "v1alpha2",
    "spec.tls",
    "spec.validation",
)];

/// Forms that have moved from one release to another within a version: parts of a path before and after, each as far as it
/// differs. One that begins with `spec` is the whole of it up to there.
const REFORMED: &[(&str, &str)] = &[
    ("spec.backendTLS", "spec.tls.backend"),
    (
        "spec.listeners.tls.frontendValidation",
        "spec.tls.frontend.perPort.tls.validation",
    ),
    (
        "sessionPersistence.cookieConfig",
        "sessionPersistence.cookie",
    ),
];

/// The version itself and its relatives, as far as they have the field at this path: there or where their form has moved it.
pub(super) fn elsewhere(of: &'static KindVersion, at: &Path<'_>) -> Vec<FieldPlace> {
    let names = at.names();
    let mut found = Vec::new();
    for other in std::iter::once(of).chain(relatives(of)) {
        let served = other.history.when_served();
        let place = |names: &[&str]| {
            let when = when(other.every(), names)?.and(served);
            (!when.is_nowhere()).then_some(when)
        };
        // What it is in its own version at its own path is not elsewhere.
        let here = place(&names).filter(|_| !std::ptr::eq(other, of));
        let at_path = |path: String| {
            let names: Vec<&str> = path.split('.').collect();
            let when = place(&names)?;
            Some((Some(path), when))
        };
        let mut paths = moved(of, other, &names).into_iter().chain(reformed(&names));
        let Some((path, when)) = here
            .map(|when| (None, when))
            .or_else(|| paths.find_map(at_path))
        else {
            continue;
        };
        found.push(FieldPlace {
            kind: other.kind,
            version: other.version,
            when,
            path,
        });
        // Where its own version has it is enough.
        if std::ptr::eq(other, of) {
            break;
        }
    }
    found
}

/// Kinds whose listeners belong to a Gateway.
const PARTS_OF_A_GATEWAY: &[&str] = &["ListenerSet", "XListenerSet"];

/// Where the parent Gateway has what is a setting of a listener in another form, and the releases that have it there: of kinds
/// whose listeners belong to a Gateway.
pub(super) fn in_parent(of: &KindVersion, at: &Path<'_>) -> Option<(String, When)> {
    if !PARTS_OF_A_GATEWAY.contains(&of.kind) {
        return None;
    }
    let gateway = find("gateway.networking.k8s.io/v1", "Gateway")?;
    let path = at.names().join(".");
    let to = REFORMED.iter().find_map(|(from, to)| {
        let rest = path.strip_prefix(from)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| format!("{to}{rest}"))
    })?;
    let names: Vec<&str> = to.split('.').collect();
    let when = when(gateway.every(), &names)?.and(gateway.history.when_served());
    (!when.is_nowhere()).then_some((to, when))
}

/// The path of a field in another version, where it has another one there.
fn moved(of: &KindVersion, other: &KindVersion, names: &[&str]) -> Option<String> {
    let path = names.join(".");
    MOVED.iter().find_map(|(kind, version, there, elsewhere)| {
        let (from, to) = match (of.version == *version, other.version == *version) {
            _ if of.kind != *kind || other.kind != *kind => return None,
            (true, false) => (there, elsewhere),
            (false, true) => (elsewhere, there),
            _ => return None,
        };
        let rest = path.strip_prefix(from)?;
        rest.starts_with('.').then(|| format!("{to}{rest}"))
    })
}

/// The paths of a field in the forms that have been before, and have come after, the one that it is in.
fn reformed(names: &[&str]) -> impl Iterator<Item = String> {
    let path = names.join(".");
    let either_way = REFORMED
        .iter()
        .flat_map(|(before, after)| [(*before, *after), (*after, *before)]);
    either_way.filter_map(move |(from, to)| {
        let at = match from.starts_with("spec.") {
            true => 0,
            false => path.find(&format!(".{from}."))? + 1,
        };
        let (above, rest) = path.split_at_checked(at)?;
        let rest = rest.strip_prefix(from)?;
        rest.starts_with('.').then(|| format!("{above}{to}{rest}"))
    })
}

/// The releases that have a field of a kind, for people: `since v1.4.0 in the experimental channel`.
pub(crate) fn field_in_words(api_version: &str, kind: &str, names: &[&str]) -> String {
    let kind = find(api_version, kind);
    let found = kind.and_then(|kind| when(kind.every(), names));
    found.unwrap_or(When::NEVER).in_words().to_string()
}

/// Whether a relative of a version of a kind has the field at a path (`spec.rules[0].name`) and asks something else of it there.
pub(crate) fn is_other_in_a_relative(of: &'static KindVersion, path: &str) -> bool {
    let names: Vec<&str> = path
        .split('.')
        .map(|step| step.split('[').next().unwrap_or(step))
        .collect();
    let is_item = path.ends_with(']');
    let mut others = relatives(of).filter_map(|other| node(other.every(), &names, is_item));
    node(of.every(), &names, is_item)
        .is_some_and(|own| others.any(|other| !own.asks_the_same(other)))
}

/// The node of the field of these names; with `item` that of the elements of its list.
fn node<'s>(schema: &'s Schema, names: &[&str], item: bool) -> Option<&'s Schema> {
    let found = names.iter().try_fold(schema, |schema, name| {
        let schema = below_lists(schema);
        let values = schema.additional_properties.as_deref();
        schema.properties.get(*name).or(values)
    })?;
    Some(if item { below_lists(found) } else { found })
}

/// The part of an object that fields of these names lead to, and its path: `spec.rules[]`.
pub(super) fn part<'s>(schema: &'s Schema, names: &[&str]) -> Option<(&'s Schema, String)> {
    let mut path = String::new();
    let found = names.iter().try_fold(schema, |schema, name| {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        let mut found = schema.properties.get(*name)?;
        while let Some(items) = found.items.as_deref() {
            path.push_str("[]");
            found = items;
        }
        Some(found)
    })?;
    Some((found, path))
}

fn below_lists(mut schema: &Schema) -> &Schema {
    while let Some(items) = schema.items.as_deref() {
        schema = items;
    }
    schema
}

/// The releases that have the field of these names, and all above it.
pub(super) fn when(schema: &Schema, names: &[&str]) -> Option<When> {
    let mut schema = schema;
    let mut when = When::ALWAYS;
    for name in names {
        while let Some(items) = schema.items.as_deref() {
            schema = items;
        }
        schema = match schema.properties.get(*name) {
            Some(field) => {
                when = when.and(field.when());
                field
            }
            None => schema.additional_properties.as_deref()?,
        };
    }
    Some(when)
}

/// These places for people, those that have the field in a release or later if there are any: ``in `v1alpha3` since v1.2.0,
/// in `v1` since v1.4.0``. `kind` is the one in which the field is looked for.
pub(super) fn in_words(places: &[FieldPlace], kind: &str, release: Release) -> Option<String> {
    let lasting = places.iter().any(|place| place.when.lasts_to(release));
    let named = places
        .iter()
        .filter(|place| !lasting || place.when.lasts_to(release));
    let mut text = String::new();
    for place in named {
        if !text.is_empty() {
            text.push_str(", ");
        }
        let _ = match place.kind == kind {
            true => write!(text, "in `{}`", place.version),
            false => write!(text, "in {}", place.kind),
        };
        if let Some(path) = &place.path {
            let _ = write!(text, " as `{path}`");
        }
        let _ = write!(text, " {}", place.when.in_words());
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::find;

    fn words(version: &str, kind: &str, path: &[&str]) -> Option<String> {
        let kind = find(&format!("gateway.networking.{version}"), kind).unwrap();
        let root = Path::ROOT;
        fn at(path: &[&str], above: &Path<'_>, kind: &'static KindVersion) -> Vec<FieldPlace> {
            match path {
                [] => elsewhere(kind, above),
                [name, rest @ ..] => at(rest, &above.field(name).index(0), kind),
            }
        }
        in_words(&at(path, &root, kind), kind.kind, Release::V1_1_0)
    }

    #[test]
    fn a_field_is_looked_for_in_all_versions_of_its_kind_and_in_the_kind_in_its_place() {
        assert_eq!(
            words("k8s.io/v1alpha2", "BackendTLSPolicy", &["spec", "options"]).as_deref(),
            Some("in `v1` since v1.4.0, in `v1alpha3` since v1.2.0 in the experimental channel")
        );
        let names = ["spec", "tls", "subjectAltNames"];
        assert_eq!(
            words("k8s.io/v1alpha2", "BackendTLSPolicy", &names).as_deref(),
            Some(
                "in `v1` as `spec.validation.subjectAltNames` since v1.4.0, \
                 in `v1alpha3` as `spec.validation.subjectAltNames` since v1.2.0 in the experimental channel"
            )
        );
        assert_eq!(
            words(
                "k8s.io/v1alpha2",
                "BackendLBPolicy",
                &["spec", "retryConstraint"]
            )
            .as_deref(),
            Some("in XBackendTrafficPolicy since v1.3.0 in the experimental channel")
        );
        assert_eq!(
            words("k8s.io/v1alpha2", "GRPCRoute", &["spec", "rules", "name"]).as_deref(),
            Some(
                "in `v1` since v1.2.0 in the experimental channel, v1.4.0 in the standard channel"
            )
        );
        // It has ended everywhere.
        assert_eq!(
            words(
                "k8s.io/v1",
                "ListenerSet",
                &["spec", "listeners", "tls", "frontendValidation"]
            )
            .as_deref(),
            Some("in XListenerSet only in v1.3.0 in the experimental channel")
        );
        assert_eq!(
            words("k8s.io/v1", "ListenerSet", &["spec", "nothing"]),
            None
        );
        assert_eq!(
            words("k8s.io/v1beta1", "HTTPRoute", &["spec", "nothing"]),
            None
        );
    }

    #[test]
    fn a_setting_of_a_listener_set_is_looked_for_in_the_parent_gateway() {
        let root = Path::ROOT;
        let (spec, list) = (root.field("spec"), "listeners");
        let list = spec.field(list);
        let listener = list.index(0);
        let tls = listener.field("tls");
        let setting = tls.field("frontendValidation");
        let references = setting.field("caCertificateRefs");
        let of = |version: &str, kind: &str, at: &Path<'_>| {
            let kind = find(&format!("gateway.networking.{version}"), kind).unwrap();
            in_parent(kind, at).map(|(path, when)| format!("{path} {}", when.in_words()))
        };
        let since = "since v1.4.0 in the experimental channel, v1.5.0 in the standard channel";
        let there = "spec.tls.frontend.perPort.tls.validation";
        for (version, kind) in [
            ("x-k8s.io/v1alpha1", "XListenerSet"),
            ("k8s.io/v1", "ListenerSet"),
        ] {
            assert_eq!(
                of(version, kind, &setting),
                Some(format!("{there} {since}"))
            );
            let within = format!("{there}.caCertificateRefs {since}");
            assert_eq!(of(version, kind, &references), Some(within));
            assert_eq!(of(version, kind, &tls), None);
        }
        assert_eq!(of("k8s.io/v1", "Gateway", &setting), None);
    }

    #[test]
    fn a_field_is_looked_for_where_its_form_has_moved() {
        let names = ["spec", "listeners", "tls", "frontendValidation", "mode"];
        assert_eq!(
            words("k8s.io/v1", "Gateway", &names).as_deref(),
            Some(
                "in `v1` as `spec.tls.frontend.perPort.tls.validation.mode` since v1.4.0 in the experimental channel, \
                 v1.5.0 in the standard channel"
            )
        );
        let session = "sessionPersistence";
        for name in ["path", "name"] {
            let path = format!("spec.rules.sessionPersistence.cookie.{name}");
            let found = words(
                "k8s.io/v1",
                "HTTPRoute",
                &["spec", "rules", session, "cookieConfig", name],
            );
            let since = "since v1.7.0 in the experimental channel";
            assert_eq!(found, Some(format!("in `v1` as `{path}` {since}")));
            let path = format!("spec.sessionPersistence.cookie.{name}");
            let names = ["spec", session, "cookieConfig", name];
            let found = words("x-k8s.io/v1alpha1", "XBackendTrafficPolicy", &names);
            assert_eq!(found, Some(format!("in `v1alpha1` as `{path}` {since}")));
            let found = words("k8s.io/v1alpha2", "BackendLBPolicy", &names);
            let there = format!("in XBackendTrafficPolicy as `{path}` {since}");
            assert_eq!(found, Some(there));
        }
        let names = ["spec", session, "cookieConfig", "nothing"];
        assert_eq!(
            words("x-k8s.io/v1alpha1", "XBackendTrafficPolicy", &names),
            None
        );
    }
}
