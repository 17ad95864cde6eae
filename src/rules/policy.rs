//! Rules for policies.

use super::{Check, Rule};
use crate::meta::{Channel, Release};

macro_rules! authorities {
    ($place:literal, $refs:literal, $known:literal, $since:expr, $until:expr, $both:literal, $none:literal) => {
        [
            Rule {
                id: $both,
                places: &[$place],
                channels: &[Channel::Experimental],
                since: $since,
                until: $until,
                cel: Some(concat!(
                    "!has(self.",
                    $known,
                    ") || !has(self.",
                    $refs,
                    ") || size(self.",
                    $refs,
                    ") == 0"
                )),
                message: concat!("`", $refs, "` and `", $known, "` exclude each other"),
                help: "keep one of the two",
                check: Check::Value(|v| !v.has($known) || v.list($refs).is_empty()),
                ..Rule::BASE
            },
            Rule {
                id: $none,
                places: &[$place],
                channels: &[Channel::Experimental],
                since: $since,
                until: $until,
                cel: Some(concat!(
                    "has(self.",
                    $known,
                    ") || has(self.",
                    $refs,
                    ") && size(self.",
                    $refs,
                    ") > 0"
                )),
                message: concat!("one of `", $refs, "` and `", $known, "` must be set"),
                help: concat!(
                    "name a ConfigMap with `ca.crt` in `",
                    $refs,
                    "`, or set `",
                    $known,
                    ": System`"
                ),
                check: Check::Value(|v| v.has($known) || !v.list($refs).is_empty()),
                ..Rule::BASE
            },
        ]
    };
}

const V1ALPHA3: [Rule; 2] = authorities!(
    "BackendTlsPolicyValidation",
    "caCertificateRefs",
    "wellKnownCACertificates",
    Release::V1_1,
    None,
    "BackendTLSPolicyValidation/one-source-of-authorities",
    "BackendTLSPolicyValidation/some-source-of-authorities"
);
const V1ALPHA2: [Rule; 2] = authorities!(
    "BackendTlsPolicyConfig",
    "caCertRefs",
    "wellKnownCACerts",
    Release::V1_0,
    Some(Release::V1_0),
    "BackendTLSPolicyConfig/one-source-of-authorities",
    "BackendTLSPolicyConfig/some-source-of-authorities"
);

pub(super) const RULES: &[Rule] = {
    let [both, none] = V1ALPHA3;
    let [old_both, old_none] = V1ALPHA2;
    &[both, none, old_both, old_none]
};
