//! Conditions of a status, and how to set them.
//!
//! A condition type and its reasons are constants here, one module for each kind of status that carries
//! them, under the names of the API: `condition::route::ACCEPTED`, `condition::route::reason::NO_MATCHING_PARENT`.

pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::open_enum;

open_enum! {
    /// The status of a condition.
    pub enum ConditionStatus, schema = closed {
        /// It is true.
        True = "True",
        /// It is false.
        False = "False",
        /// It is not known.
        Undetermined = "Unknown",
    }
}

impl From<bool> for ConditionStatus {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// Whether all is well where a condition of this type is `False`, as with `Conflicted` and `PartiallyInvalid`. With most types it
/// is where they are `True`.
#[must_use]
pub fn is_negative(kind: &str) -> bool {
    matches!(
        kind,
        "Conflicted" | "PartiallyInvalid" | "ListenersNotValid" | "InsecureFrontendValidationMode"
    )
}

/// Whether a condition says that all is well. A Gateway that is accepted for some of its listeners alone
/// (`ListenersNotValid`) is not well.
///
/// ```
/// use gwapi::meta::condition::{Condition, is_good};
/// use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
///
/// let condition = |kind: &str, status: &str| Condition {
///     type_: kind.to_owned(),
///     status: status.to_owned(),
///     reason: "Any".to_owned(),
///     message: String::new(),
///     observed_generation: None,
///     last_transition_time: Time(Timestamp::UNIX_EPOCH),
/// };
/// assert!(is_good(&condition("Accepted", "True")));
/// assert!(!is_good(&condition("Accepted", "Unknown")));
/// assert!(!is_good(&condition("Conflicted", "True")));
/// ```
#[must_use]
pub fn is_good(condition: &Condition) -> bool {
    match is_negative(&condition.type_) {
        true => condition.status == "False",
        false => {
            condition.status == "True" && condition.reason != gateway::reason::LISTENERS_NOT_VALID
        }
    }
}

/// What can be read off a list of conditions: of a whole `Vec`, a slice of it, or what a store lends.
///
/// ```
/// use gwapi::meta::{Condition, Conditions, condition};
///
/// let conditions: &[Condition] = &[condition::new("Accepted", true, "Accepted", "", Some(3))];
/// assert!(conditions.is_true("Accepted") && conditions.is_current("Accepted", 3));
/// assert!(conditions.condition("Programmed").is_none());
/// ```
pub trait Conditions {
    /// The condition of this type.
    fn condition(&self, kind: &str) -> Option<&Condition>;

    /// Whether the condition of this type is there and `True`.
    fn is_true(&self, kind: &str) -> bool {
        self.condition(kind).is_some_and(|c| c.status == "True")
    }

    /// Whether the condition of this type was observed at this generation of the object, or later.
    fn is_current(&self, kind: &str, generation: i64) -> bool {
        self.condition(kind)
            .and_then(|c| c.observed_generation)
            .is_some_and(|observed| observed >= generation)
    }
}

impl Conditions for [Condition] {
    fn condition(&self, kind: &str) -> Option<&Condition> {
        self.iter().find(|c| c.type_ == kind)
    }
}

/// A list of conditions with one entry for each type, as in a status, to be changed. [`Conditions`] reads it.
///
/// Implemented for `Vec<Condition>`. In a status with several writers (`parents`, `ancestors`) each
/// writer has an entry of its own with its own list, so that setting a condition here never touches
/// another controller's entries: find the entry by controller name first.
///
/// ```
/// use gwapi::meta::{ConditionSet, ConditionStatus, Conditions, condition};
/// use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
///
/// let mut conditions = Vec::new();
/// let now = Time(Timestamp::UNIX_EPOCH);
/// let wanted = condition::new(
///     condition::route::ACCEPTED,
///     ConditionStatus::True,
///     condition::route::reason::ACCEPTED,
///     "the listener allows this route",
///     Some(3),
/// );
/// assert!(conditions.set_condition(wanted.clone(), now.clone()));
/// assert!(conditions.is_true(condition::route::ACCEPTED));
/// // Nothing changed, so no write is needed.
/// assert!(!conditions.set_condition(wanted, now));
/// ```
pub trait ConditionSet {
    /// Puts a condition in the place of the one of its type, or appends it. `lastTransitionTime` becomes
    /// `now` only where the status differs from the present one; the wanted condition's own is not used.
    ///
    /// Returns whether anything changed, which is to say whether a write is needed.
    fn set_condition(&mut self, wanted: Condition, now: Time) -> bool;

    /// Takes the condition of this type away, as one that no longer says anything. Returns whether it was there.
    fn remove_condition(&mut self, kind: &str) -> bool;
}

impl ConditionSet for Vec<Condition> {
    fn set_condition(&mut self, mut wanted: Condition, now: Time) -> bool {
        match self.iter_mut().find(|c| c.type_ == wanted.type_) {
            Some(present) => {
                wanted.last_transition_time = if present.status == wanted.status {
                    present.last_transition_time.clone()
                } else {
                    now
                };
                let changed = *present != wanted;
                *present = wanted;
                changed
            }
            None => {
                wanted.last_transition_time = now;
                self.push(wanted);
                true
            }
        }
    }

    fn remove_condition(&mut self, kind: &str) -> bool {
        let before = self.len();
        self.retain(|c| c.type_ != kind);
        self.len() != before
    }
}

/// A condition without a transition time: that is for [`ConditionSet::set_condition`] to fill in.
#[must_use]
pub fn new(
    kind: &str,
    status: impl Into<ConditionStatus>,
    reason: &str,
    message: impl Into<String>,
    observed_generation: Option<i64>,
) -> Condition {
    Condition {
        type_: kind.to_owned(),
        status: status.into().to_string(),
        reason: reason.to_owned(),
        message: message.into(),
        observed_generation,
        last_transition_time: Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH),
    }
}

/// Declares the constants of one kind of status.
macro_rules! conditions {
    ($(
        $(#[doc = $doc:literal])+
        $module:ident {
            $( $(#[doc = $type_doc:literal])+ $type:ident = $type_text:literal; )+
            reasons {
                $( $(#[doc = $reason_doc:literal])+ $reason:ident = $reason_text:literal; )+
            }
        }
    )+) => {$(
        $(#[doc = $doc])+
        pub mod $module {
            $( $(#[doc = $type_doc])+ pub const $type: &str = $type_text; )+

            /// Every condition type of this status.
            pub const TYPES: &[&str] = &[$($type_text),+];

            /// Why a condition has its status.
            pub mod reason {
                $( $(#[doc = $reason_doc])+ pub const $reason: &str = $reason_text; )+

                /// Every reason of this status.
                pub const ALL: &[&str] = &[$($reason_text),+];
            }
        }
    )+};
}

conditions! {
    /// Conditions in GatewayClass `status.conditions`.
    gateway_class {
        /// The controller has taken the class.
        ACCEPTED = "Accepted";
        /// The CRDs that are installed are of a version that the controller supports.
        SUPPORTED_VERSION = "SupportedVersion";
        reasons {
            /// The class is accepted.
            ACCEPTED = "Accepted";
            /// `parametersRef` names something that is not there, or not valid.
            INVALID_PARAMETERS = "InvalidParameters";
            /// No controller has decided yet.
            PENDING = "Pending";
            /// Older name of `Pending`.
            WAITING = "Waiting";
            /// The installed CRDs are of a supported version.
            SUPPORTED_VERSION = "SupportedVersion";
            /// The installed CRDs are of a version that is not supported.
            UNSUPPORTED_VERSION = "UnsupportedVersion";
        }
    }

    /// Conditions in Gateway `status.conditions`.
    gateway {
        /// The Gateway is valid and will yield configuration for the data plane.
        ACCEPTED = "Accepted";
        /// The configuration has been sent to the data plane and will soon be in force.
        PROGRAMMED = "Programmed";
        /// The data plane is known to serve the configuration.
        READY = "Ready";
        /// One or more listeners are not valid, where `Accepted` has another reason (Gateway `spec.listeners`:
        /// it must be set "whether or not they accept the Gateway").
        LISTENERS_NOT_VALID = "ListenersNotValid";
        /// Deprecated, replaced by `Accepted`.
        SCHEDULED = "Scheduled";
        /// All references of the Gateway itself are resolved. Since v1.4.0.
        RESOLVED_REFS = "ResolvedRefs";
        /// Some listener lets clients in that have no valid certificate, since `mode` is `AllowInsecureFallback`. Since
        /// v1.4.0; not set otherwise.
        INSECURE_FRONTEND_VALIDATION_MODE = "InsecureFrontendValidationMode";
        reasons {
            /// The Gateway is accepted.
            ACCEPTED = "Accepted";
            /// One or more listeners are not valid; the others may still be in force.
            LISTENERS_NOT_VALID = "ListenersNotValid";
            /// No controller has decided yet.
            PENDING = "Pending";
            /// An address is requested of a type that is not supported.
            UNSUPPORTED_ADDRESS = "UnsupportedAddress";
            /// `parametersRef` names something that is not there, or not valid.
            INVALID_PARAMETERS = "InvalidParameters";
            /// The configuration has been sent to the data plane.
            PROGRAMMED = "Programmed";
            /// The Gateway is not valid, so nothing was sent.
            INVALID = "Invalid";
            /// Infrastructure is lacking.
            NO_RESOURCES = "NoResources";
            /// No address could be assigned.
            ADDRESS_NOT_ASSIGNED = "AddressNotAssigned";
            /// A requested address is valid and cannot be assigned.
            ADDRESS_NOT_USABLE = "AddressNotUsable";
            /// The data plane serves the Gateway.
            READY = "Ready";
            /// One or more listeners are not ready.
            LISTENERS_NOT_READY = "ListenersNotReady";
            /// Deprecated, used with `Scheduled`.
            SCHEDULED = "Scheduled";
            /// Deprecated, used with `Scheduled`: no controller has decided yet.
            NOT_RECONCILED = "NotReconciled";
            /// All references of the Gateway itself are resolved.
            RESOLVED_REFS = "ResolvedRefs";
            /// No ReferenceGrant allows a reference to another namespace.
            REF_NOT_PERMITTED = "RefNotPermitted";
            /// The certificate that the Gateway shows to backends is missing, of the wrong kind, or malformed.
            INVALID_CLIENT_CERTIFICATE_REF = "InvalidClientCertificateRef";
            /// Clients without a valid certificate are let in.
            CONFIGURATION_CHANGED = "ConfigurationChanged";
        }
    }

    /// Conditions in Gateway `status.listeners[].conditions`.
    listener {
        /// The listener is valid and can be configured.
        ACCEPTED = "Accepted";
        /// Another listener of the Gateway claims the same port in a way that excludes this one.
        CONFLICTED = "Conflicted";
        /// All references of the listener are resolved.
        RESOLVED_REFS = "ResolvedRefs";
        /// The listener's configuration has been sent to the data plane.
        PROGRAMMED = "Programmed";
        /// The data plane is known to serve the listener.
        READY = "Ready";
        /// Deprecated, replaced by `Accepted`.
        DETACHED = "Detached";
        reasons {
            /// The listener is accepted.
            ACCEPTED = "Accepted";
            /// The port is not available.
            PORT_UNAVAILABLE = "PortUnavailable";
            /// The protocol is not supported.
            UNSUPPORTED_PROTOCOL = "UnsupportedProtocol";
            /// Same port and hostname as another listener.
            HOSTNAME_CONFLICT = "HostnameConflict";
            /// Same port as another listener with a protocol that cannot share it.
            PROTOCOL_CONFLICT = "ProtocolConflict";
            /// No other listener conflicts with this one.
            NO_CONFLICTS = "NoConflicts";
            /// All references are resolved.
            RESOLVED_REFS = "ResolvedRefs";
            /// A certificate is missing, of the wrong kind, or malformed.
            INVALID_CERTIFICATE_REF = "InvalidCertificateRef";
            /// A kind of route is allowed that the protocol does not support.
            INVALID_ROUTE_KINDS = "InvalidRouteKinds";
            /// No ReferenceGrant allows a reference to another namespace.
            REF_NOT_PERMITTED = "RefNotPermitted";
            /// The configuration has been sent to the data plane.
            PROGRAMMED = "Programmed";
            /// The listener is not valid, so nothing was sent.
            INVALID = "Invalid";
            /// Not decided yet.
            PENDING = "Pending";
            /// The data plane serves the listener.
            READY = "Ready";
            /// Deprecated, used with `Detached`: the listener is attached.
            ATTACHED = "Attached";
            /// The certificate of an authority is missing or malformed.
            INVALID_CA_CERTIFICATE_REF = "InvalidCACertificateRef";
            /// An object of an unknown or unsupported kind is to hold the certificate of an authority.
            INVALID_CA_CERTIFICATE_KIND = "InvalidCACertificateKind";
            /// None of the authorities for clients can be used.
            NO_VALID_CA_CERTIFICATE = "NoValidCACertificate";
        }
    }

    /// Conditions in the `status.parents[].conditions` of every route.
    route {
        /// The parent takes the route.
        ACCEPTED = "Accepted";
        /// All references of the route are resolved.
        RESOLVED_REFS = "ResolvedRefs";
        /// Some rules are in force and others were dropped.
        PARTIALLY_INVALID = "PartiallyInvalid";
        reasons {
            /// The parent takes the route.
            ACCEPTED = "Accepted";
            /// The listeners allow neither the route's namespace nor its kind.
            NOT_ALLOWED_BY_LISTENERS = "NotAllowedByListeners";
            /// No hostname of the route and of the listeners have a host in common.
            NO_MATCHING_LISTENER_HOSTNAME = "NoMatchingListenerHostname";
            /// The parent has no listener or port of that name or number.
            NO_MATCHING_PARENT = "NoMatchingParent";
            /// The route asks for a value that is not supported.
            UNSUPPORTED_VALUE = "UnsupportedValue";
            /// No controller has decided yet.
            PENDING = "Pending";
            /// Filters that exclude each other stand in one rule.
            INCOMPATIBLE_FILTERS = "IncompatibleFilters";
            /// All references are resolved.
            RESOLVED_REFS = "ResolvedRefs";
            /// No ReferenceGrant allows a reference to another namespace.
            REF_NOT_PERMITTED = "RefNotPermitted";
            /// A reference is to a kind that is unknown or not supported.
            INVALID_KIND = "InvalidKind";
            /// A backend does not exist.
            BACKEND_NOT_FOUND = "BackendNotFound";
            /// A backend speaks a protocol that is not supported.
            UNSUPPORTED_PROTOCOL = "UnsupportedProtocol";
        }
    }

    /// Conditions in the `status.ancestors[].conditions` of every policy (GEP-713).
    policy {
        /// The policy is in force for the ancestor.
        ACCEPTED = "Accepted";
        /// All references of the policy are resolved (BackendTLSPolicy, since v1.4.0).
        RESOLVED_REFS = "ResolvedRefs";
        reasons {
            /// The policy is in force.
            ACCEPTED = "Accepted";
            /// Another policy takes precedence at the same target.
            CONFLICTED = "Conflicted";
            /// The policy is not valid.
            INVALID = "Invalid";
            /// The target does not exist.
            TARGET_NOT_FOUND = "TargetNotFound";
            /// All references are resolved.
            RESOLVED_REFS = "ResolvedRefs";
            /// The certificate of an authority is missing or malformed.
            INVALID_CA_CERTIFICATE_REF = "InvalidCACertificateRef";
            /// An object of an unknown or unsupported kind is to hold the certificate of an authority.
            INVALID_KIND = "InvalidKind";
            /// None of the authorities can be used.
            NO_VALID_CA_CERTIFICATE = "NoValidCACertificate";
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::jiff::Timestamp;

    fn at(second: i64) -> Time {
        Time(Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn last_transition_time_moves_only_with_the_status() {
        let mut conditions = Vec::new();
        let say = |status: bool, message: &str, generation| {
            new(
                route::ACCEPTED,
                status,
                route::reason::ACCEPTED,
                message,
                Some(generation),
            )
        };
        assert!(conditions.set_condition(say(true, "a", 1), at(1)));
        assert!(!conditions.set_condition(say(true, "a", 1), at(2)));
        assert!(conditions.set_condition(say(true, "b", 2), at(3)));
        assert_eq!(conditions[0].last_transition_time, at(1));
        assert!(conditions.set_condition(say(false, "b", 2), at(4)));
        assert_eq!(conditions[0].last_transition_time, at(4));
        assert_eq!(conditions.len(), 1);
    }

    #[test]
    fn setting_one_type_leaves_the_others_alone() {
        let mut conditions = vec![new("example.com/Own", true, "Own", "", None)];
        conditions.set_condition(new(route::ACCEPTED, false, "Pending", "", None), at(5));
        assert_eq!(conditions[0], new("example.com/Own", true, "Own", "", None));
        assert!(!conditions.is_true(route::ACCEPTED));
        assert!(conditions.condition(route::RESOLVED_REFS).is_none());
    }

    #[test]
    fn a_condition_that_says_nothing_any_more_is_taken_away_alone() {
        let mut conditions = vec![new("A", true, "R", "", None), new("B", true, "R", "", None)];
        assert!(conditions.remove_condition("A"));
        assert!(!conditions.remove_condition("A"));
        assert_eq!(conditions, [new("B", true, "R", "", None)]);
    }

    #[test]
    fn a_condition_is_current_from_its_observed_generation_on() {
        let conditions = [
            new("A", true, "R", "", Some(4)),
            new("B", true, "R", "", None),
        ];
        assert!(conditions.is_current("A", 4));
        assert!(!conditions.is_current("A", 5));
        assert!(!conditions.is_current("B", 1));
    }
}
