//! What [`conversion`](crate::conversion) says of objects, and of upgrades of the CRDs.

use super::super::Severity::{self, Error, Warning};

/// Ids, severities and meanings, in the order of the ids.
pub(super) const OF_CONVERSION: &[(&str, Severity, &str)] = &[
    (
        "conversion/both-forms",
        Error,
        "the object has a setting in its old form and in its new one, and the two differ",
    ),
    (
        "conversion/client-check-of-listener-sets",
        Warning,
        "client certificates are checked by a setting of each listener in the wanted release, and listeners of ListenerSets had it from the Gateway",
    ),
    (
        "conversion/cookie-of-header",
        Error,
        "a session whose token travels in a header has no cookie in the wanted release",
    ),
    (
        "conversion/cookie-path",
        Warning,
        "the cookie of a session is sent for other paths in the wanted release",
    ),
    (
        "conversion/group-unknown",
        Error,
        "the API group is not known, and its name is nearly that of the Gateway API, or one that it had",
    ),
    (
        "conversion/https-only",
        Error,
        "the wanted release checks client certificates at HTTPS listeners only",
    ),
    (
        "conversion/listener-of-port",
        Error,
        "the wanted release has a setting at listeners, and there is no listener that could have it",
    ),
    (
        "conversion/no-form",
        Error,
        "the wanted version or release has nothing that means what the field means",
    ),
    (
        "conversion/no-kind",
        Error,
        "the wanted release and channel have neither the kind nor one that has replaced it",
    ),
    (
        "conversion/no-such-version",
        Error,
        "the kind does not have the wanted version",
    ),
    (
        "conversion/not-an-object",
        Error,
        "what is to be converted does not say its `apiVersion` and `kind`",
    ),
    (
        "conversion/one-rule",
        Error,
        "the wanted version holds exactly one rule, and the object has none or several",
    ),
    (
        "conversion/one-setting-for-port",
        Error,
        "listeners of one port differ where the wanted release has one setting for all of them",
    ),
    (
        "conversion/one-target",
        Error,
        "the wanted version holds exactly one target, and the object has none or several",
    ),
    (
        "conversion/other-namespace",
        Error,
        "the target of a policy is in another namespace, which the wanted version does not allow",
    ),
    (
        "conversion/reference-to-absent-kind",
        Error,
        "a reference leads to a kind that the wanted release does not have",
    ),
    (
        "conversion/same-name",
        Error,
        "two objects become one object: the one that is applied last replaces the other",
    ),
    (
        "conversion/session-name",
        Error,
        "a session whose token travels in a header needs a name for it in the wanted release",
    ),
    (
        "conversion/some-hostname",
        Error,
        "the wanted version asks for a hostname at least, and the object has none",
    ),
    (
        "conversion/type",
        Error,
        "a value has the wrong type where the form changes",
    ),
    (
        "conversion/unknown-field",
        Error,
        "a field that the object's version does not have would begin to mean something in the wanted version",
    ),
    (
        "conversion/unknown-kind",
        Error,
        "the kind, in the version of the object, is not one of the Gateway API",
    ),
    (
        "conversion/unknown-namespace",
        Error,
        "the target of a policy names a namespace, and the policy does not say in which it is itself",
    ),
    (
        "conversion/unreadable",
        Error,
        "a field does not fit the object's own version, so that nobody can say what it means",
    ),
    (
        "upgrade/admission-policy",
        Error,
        "an admission policy that is installed refuses the new CRDs",
    ),
    (
        "upgrade/admission-policy-new",
        Warning,
        "the release comes with an admission policy that refuses CRDs of older releases, and of another channel",
    ),
    (
        "upgrade/cannot-be-converted",
        Error,
        "the object has no form in the version or form that the release stores",
    ),
    (
        "upgrade/channel-assumed",
        Warning,
        "nothing in the input says which channel is installed",
    ),
    (
        "upgrade/experimental-field",
        Warning,
        "the channel does not have the field: it is gone once the CRD is replaced",
    ),
    (
        "upgrade/field-elsewhere",
        Warning,
        "the release does not have the field in this version or kind: it is dropped",
    ),
    (
        "upgrade/field-gone",
        Warning,
        "the release does not have the field: it is gone once the CRD is replaced",
    ),
    (
        "upgrade/form-changed",
        Warning,
        "the release has the setting in another form, and drops or refuses this one",
    ),
    (
        "upgrade/form-preferred",
        Warning,
        "the release has another form for the setting, and takes this one as well",
    ),
    (
        "upgrade/from-contradicted",
        Warning,
        "the CRDs are of another release than the one from which the upgrade is said to lead",
    ),
    (
        "upgrade/from-experimental",
        Warning,
        "the experimental channel is installed: objects lose the fields that the standard channel does not have",
    ),
    (
        "upgrade/group-unknown",
        Error,
        "the API group is not known, and its name is nearly that of the Gateway API, or one that it had",
    ),
    (
        "upgrade/kind-not-in-channel",
        Warning,
        "the release and channel do not have the kind",
    ),
    (
        "upgrade/kind-replaced",
        Error,
        "the release has another kind in the place of this one",
    ),
    (
        "upgrade/kind-unknown",
        Error,
        "no release known here has the kind in the group",
    ),
    (
        "upgrade/later-release-field",
        Warning,
        "the field came with a later release, and is dropped",
    ),
    (
        "upgrade/later-release-object",
        Error,
        "the kind or version came with a later release",
    ),
    (
        "upgrade/later-release-served",
        Error,
        "a version that is served came with a later release: clients that ask for it would fail",
    ),
    (
        "upgrade/later-release-stored",
        Error,
        "objects may be stored in a version that came with a later release: the API server refuses the new CRD",
    ),
    (
        "upgrade/newer-release",
        Error,
        "a newer release is installed: upgrades lead forward only",
    ),
    (
        "upgrade/reference-to-replaced-kind",
        Error,
        "a reference leads to a kind that the release has replaced by another one",
    ),
    (
        "upgrade/release-unknown",
        Warning,
        "the release that is installed is not known here: what it has beside others is not judged",
    ),
    (
        "upgrade/same-name",
        Error,
        "two objects become one object: the one that is applied last replaces the other",
    ),
    (
        "upgrade/status-changed",
        Warning,
        "the release asks something else of statuses, so that controllers of before may fail to write them",
    ),
    (
        "upgrade/status-field-gone",
        Warning,
        "the release does not have a field of statuses",
    ),
    (
        "upgrade/status-refused",
        Error,
        "the status that is stored is one that the release refuses",
    ),
    (
        "upgrade/status-subresource",
        Warning,
        "whether statuses are written on their own changes with the release",
    ),
    (
        "upgrade/stored-version-not-served",
        Error,
        "objects may be stored in a version that the release has and does not serve",
    ),
    (
        "upgrade/stored-version-old",
        Warning,
        "objects may be stored in a version that the release does not store any more",
    ),
    (
        "upgrade/stored-version-removed",
        Error,
        "objects may be stored in a version that the release does not have: the API server refuses the new CRD",
    ),
    (
        "upgrade/stored-versions-unknown",
        Warning,
        "the input does not say in which versions objects are stored",
    ),
    (
        "upgrade/unknown-before",
        Warning,
        "the release does not have the field, and the one before does not have it either or refuses what is there",
    ),
    (
        "upgrade/unknown-field",
        Warning,
        "the release does not have the field: it is dropped",
    ),
    (
        "upgrade/version-deprecated",
        Warning,
        "the version of the object is deprecated",
    ),
    (
        "upgrade/version-not-served",
        Error,
        "the release and channel do not serve the version",
    ),
    (
        "upgrade/version-refuses",
        Warning,
        "one version of the kind refuses what the object says, before and after the upgrade",
    ),
    (
        "upgrade/version-removed",
        Error,
        "the release does not have the version of the object",
    ),
    (
        "upgrade/version-unknown",
        Error,
        "no release known here has the kind in the version",
    ),
    (
        "upgrade/webhook-removed",
        Warning,
        "the release has no validating webhook any more: its rules are in the CRDs",
    ),
];
