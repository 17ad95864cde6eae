//! Who comes first among objects that are otherwise equal: the older one, then the first by name.

use super::NamespacedName;
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::ObjectMeta, jiff::Timestamp};
use std::time::{SystemTime, UNIX_EPOCH};

/// When an object was created, in the order in which the API breaks ties: older before younger, and an object
/// whose time is not known after every other.
///
/// Times are whole seconds, as `metadata.creationTimestamp` writes them: fractions do not decide.
///
/// ```
/// use gwapi::meta::Age;
/// use std::time::{Duration, UNIX_EPOCH};
/// let (old, young) = (Age::since(UNIX_EPOCH), Age::since(UNIX_EPOCH + Duration::from_secs(1)));
/// assert!(old < young && young < Age::UNKNOWN);
/// ```
///
/// The default is [`UNKNOWN`](Self::UNKNOWN).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Age(Created);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Created {
    /// Seconds since 1970.
    At(i64),
    #[default]
    Unknown,
}

impl Age {
    /// The age of an object that does not say when it was created: younger than every known age.
    pub const UNKNOWN: Self = Self(Created::Unknown);

    /// The age of what was created at this time.
    #[must_use]
    pub fn since(at: SystemTime) -> Self {
        let whole = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
        Self(Created::At(match at.duration_since(UNIX_EPOCH) {
            Ok(after) => whole(after.as_secs()),
            Err(error) => {
                let before = error.duration();
                let fraction = i64::from(before.subsec_nanos() > 0);
                whole(before.as_secs())
                    .saturating_add(fraction)
                    .saturating_neg()
            }
        }))
    }

    /// The age of an object, by its `metadata.creationTimestamp`.
    #[must_use]
    pub fn of(metadata: &ObjectMeta) -> Self {
        metadata
            .creation_timestamp
            .as_ref()
            .map(|time| time.0)
            .into()
    }

    /// The age of what was created this many seconds after the beginning of 1970 (UTC).
    #[must_use]
    pub const fn at_second(seconds: i64) -> Self {
        Self(Created::At(seconds))
    }

    /// The time of creation, in seconds since the beginning of 1970 (UTC); `None` if it is not known.
    #[must_use]
    pub const fn second(self) -> Option<i64> {
        match self.0 {
            Created::At(seconds) => Some(seconds),
            Created::Unknown => None,
        }
    }
}

impl From<Timestamp> for Age {
    fn from(at: Timestamp) -> Self {
        let before = i64::from(at.subsec_nanosecond() < 0);
        Self(Created::At(at.as_second().saturating_sub(before)))
    }
}

impl From<Option<Timestamp>> for Age {
    fn from(at: Option<Timestamp>) -> Self {
        at.map_or(Self::UNKNOWN, Self::from)
    }
}

/// The place of an object among others that are otherwise equal: the older one comes first, then the first by the
/// text `namespace/name` (HTTPRouteRule `matches`, GRPCRoute `hostnames`, GEP-713 "Conflict Resolution").
///
/// The smaller one wins. Every contest between objects asks this order: routes, policies, Gateways that want an
/// address, and the matches of [`routing`](crate::routing), which have the text for a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seniority<N = NamespacedName> {
    /// When the object was created.
    pub age: Age,
    /// Its name, in the order of the text `namespace/name`.
    pub name: N,
}

impl<N> Seniority<N> {
    /// The place of an object of this age and name.
    pub fn new(age: impl Into<Age>, name: N) -> Self {
        Self {
            age: age.into(),
            name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{sync::Arc, time::Duration};

    #[test]
    fn an_object_without_a_time_is_the_youngest() {
        let of = |second| Age::from(Some(Timestamp::from_second(second).unwrap()));
        assert!(of(-5) < of(3) && of(3) < of(4) && of(i64::from(u32::MAX)) < Age::UNKNOWN);
        assert_eq!(Age::of(&ObjectMeta::default()), Age::UNKNOWN);
        assert_eq!((of(7).second(), Age::UNKNOWN.second()), (Some(7), None));
        assert_eq!(Age::at_second(-7), of(-7));
    }

    #[test]
    fn times_are_compared_as_they_are_written_in_whole_seconds() {
        let at = |millis| Age::from(Timestamp::from_millisecond(millis).unwrap());
        let since = |millis: u64| Age::since(UNIX_EPOCH + Duration::from_millis(millis));
        let before = |millis: u64| Age::since(UNIX_EPOCH - Duration::from_millis(millis));
        assert_eq!(at(1_000), at(1_999));
        assert_ne!(at(999), at(1_000));
        assert_eq!((at(1_999), at(0)), (since(1_999), since(0)));
        for millis in [1_u64, 999, 1_000, 1_001, 1_999, 2_000] {
            let signed = i64::try_from(millis).unwrap();
            assert_eq!(before(millis), at(-signed), "{millis} ms before 1970");
        }
        assert!(before(1) < since(0));
    }

    fn name() -> impl Strategy<Value = NamespacedName> {
        let label = "[ab/-]{0,3}|[ab](-[ab]){0,2}";
        (label, label).prop_map(|(namespace, name)| NamespacedName::new(namespace, name))
    }

    proptest! {
        /// The order of names is the order of the texts `namespace/name`, and one name has one place.
        #[test]
        fn names_are_in_the_order_of_their_texts(one in name(), other in name()) {
            let texts = one.to_string().cmp(&other.to_string());
            prop_assert_eq!(one.cmp(&other), other.cmp(&one).reverse());
            prop_assert!(texts.is_eq() || texts == one.cmp(&other));
            prop_assert_eq!(one == other, one.cmp(&other).is_eq());
        }

        /// The names below a namespace are side by side, so that a walk from the first of them finds all.
        #[test]
        fn the_names_of_a_namespace_are_side_by_side(
            mut names in prop::collection::vec(name(), 1..20), namespace in "[ab/-]{1,3}",
        ) {
            names.push(NamespacedName::new(namespace.as_str(), "a"));
            names.sort();
            let first = NamespacedName::new(namespace.as_str(), "");
            let after = names.iter().filter(|name| **name >= first);
            let found = after.take_while(|name| name.is_below(&namespace));
            let own = |name: &&NamespacedName| name.namespace == namespace;
            prop_assert_eq!(found.filter(own).count(), names.iter().filter(own).count());
        }

        /// Attachment orders objects by name, routing by text: both have one order.
        #[test]
        fn objects_and_the_texts_of_the_engine_are_in_one_order(
            one in ("[a-c]{1,2}(-[ab])?", "[a-c]{1,2}", prop::option::of(-2_i64..3)),
            other in ("[a-c]{1,2}(-[ab])?", "[a-c]{1,2}", prop::option::of(-2_i64..3)),
        ) {
            let of = |(namespace, name, second): &(String, String, Option<i64>)| {
                let name = NamespacedName::new(namespace, name);
                let at = second.map(|second| Timestamp::from_second(second).unwrap());
                let text: Arc<str> = name.to_string().into();
                (Seniority::new(at, name), Seniority::new(at, text))
            };
            let ((a, text_a), (b, text_b)) = (of(&one), of(&other));
            prop_assert_eq!(a.cmp(&b), text_a.cmp(&text_b));
        }
    }
}
