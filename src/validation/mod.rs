//! Validation: what an API server of a channel would say of an object, and what it cannot say.
//!
//! Everything is native: no expression is interpreted. The structural checks come from the schemas of
//! [`schema`], the cross-field ones from the table of [`rules`](crate::rules). A server
//! stops at the first kind of trouble; a [`Report`] holds all findings.
//!
//! ```
//! use gwapi::{meta::Channel, v1::*, validation};
//!
//! let gateway = Gateway::new("gw", GatewaySpec {
//!     gateway_class_name: "example".into(),
//!     listeners: vec![Listener {
//!         name: "web".into(),
//!         port: 80,
//!         protocol: ProtocolType::Http,
//!         tls: Some(ListenerTlsConfig { mode: Some(TlsModeType::Passthrough), ..Default::default() }),
//!         ..Default::default()
//!     }],
//!     ..Default::default()
//! });
//! let report = validation::validate(&gateway, Channel::Standard);
//! assert!(!report.is_accepted());
//! assert_eq!(report.findings()[0].rule(), "Listeners/no-tls-without-encryption");
//! assert_eq!(report.findings()[0].path(), "spec.listeners");
//! ```

#[cfg(feature = "admission")]
mod admission;
mod allowed;
mod choice;
mod condition;
mod kubernetes;
mod metadata;
pub(crate) mod misnamed;
mod options;
mod plan;
mod report;
mod served;
mod structure;
mod types;
mod values;
mod wording;

use crate::{
    meta::{Channel, Kind},
    schema::{self, Installation, KindVersion, Path},
};
use serde_json::Value;
use served::{newest, not_served, served_versions};
use structure::Fields;

#[cfg(test)]
pub(crate) use allowed::JUDGED_BY_ALL;

#[cfg(feature = "admission")]
pub use admission::review;
pub(crate) use choice::ALL_OF_INPUT;
pub use choice::{ChoiceReason, Narrowed, ReleaseChoice, Uses, choose_release};
pub use options::ValidationOptions;
pub use report::{Finding, MOST_FINDINGS, Report};
pub(crate) use report::{Findings, is_status, kind_elsewhere, use_instead};

/// Judges a typed object as on creation.
#[must_use]
pub fn validate<K: Kind>(object: &K, channel: Channel) -> Report {
    match serde_json::to_value(object) {
        Ok(value) => validate_value(&value, &ValidationOptions::new(channel)),
        // Only a map with keys that are no text could fail, and no kind has one.
        Err(error) => Report::from(vec![Finding::error(
            "object/json",
            String::new(),
            format!("cannot be written as JSON: {error}"),
        )]),
    }
}

/// Judges an object as it stands in a file, as on creation by `kubectl apply`: a field that the channel
/// does not have is an error.
///
/// Of objects of other groups no more is judged than their type, their fields and the addresses of endpoints: of those of which
/// it is clear that a kind of the Gateway API is meant (a group that is misspelt or was renamed), and of kinds that its rules
/// look at (Services, Secrets, ServiceImports …). Which fields a kind of Kubernetes has, k8s-openapi knows, by the version of
/// Kubernetes that the application has chosen there; a newer one may have more, so that an unknown field of these kinds is a
/// warning. The report of any other object is empty.
#[must_use]
pub fn validate_value(object: &Value, options: &ValidationOptions) -> Report {
    judge(object, None, options, OtherReleases::Named)
}

/// The same, without a word on where else something is allowed, for which the object is judged by every release: for whoever asks
/// only what is wrong.
pub(crate) fn validate_value_here(object: &Value, options: &ValidationOptions) -> Report {
    judge(object, None, options, OtherReleases::Unnamed)
}

/// Judges an object that replaces an `old` one: as [`validate_value`], and what may not change has not.
#[must_use]
pub fn validate_update(object: &Value, old: &Value, options: &ValidationOptions) -> Report {
    judge(object, Some(old), options, OtherReleases::Named)
}

/// Whether findings say in which other releases what they are about is allowed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OtherReleases {
    Named,
    Unnamed,
}

/// What an object's type fields say, and how it is therefore judged.
enum Subject {
    /// Not of the Gateway API.
    Foreign,
    /// Of a kind and version that the crate knows; with the finding if it is not served.
    Known(&'static KindVersion, Option<Finding>),
    /// Nothing more can be said.
    Hopeless(Finding),
}

fn judge(
    object: &Value,
    old: Option<&Value>,
    options: &ValidationOptions,
    elsewhere: OtherReleases,
) -> Report {
    let (kind, unserved) = match subject(object, options) {
        Subject::Foreign => return Report::from(kubernetes::check(object, options)),
        Subject::Hopeless(finding) => return Report::from(vec![finding]),
        Subject::Known(kind, unserved) => (kind, unserved),
    };
    let judged = match kind.installation(options.release, options.channel) {
        Some(here) => Some(BySchema::by(object, old, here, options)),
        None => BySchema::by_nearest(object, old, kind, options),
    };
    let Some(BySchema {
        installation,
        mut found,
        fields: of_schema,
    }) = judged
    else {
        return Report::from(Vec::from_iter(unserved));
    };
    let mut findings = report::Findings::default();
    if let Some(unserved) = unserved {
        findings.push(unserved);
    } else if let Some(warning) = &installation.deprecation {
        findings.push(
            Finding::warning(
                "version/deprecated",
                "apiVersion".to_owned(),
                warning.clone(),
            )
            .with_help(format!(
                "move the object to {}: `gwapi convert --release {} --channel {}` does, or names what is in the way",
                newest(kind, options),
                options.release,
                options.channel
            )),
        );
    }
    let mut of_metadata = report::Findings::default();
    let fields = metadata::check(object, kind, &mut of_metadata).and(of_schema);
    found.note_varied(|path| schema::is_other_in_a_relative(kind, path));
    if elsewhere == OtherReleases::Named && found.has_varied() {
        let case = allowed::Case {
            object,
            old,
            kind,
            installation,
            fields,
            with_status: with_status(installation, options),
            patterns: &options.patterns,
        };
        allowed::name(&mut found, case);
    }
    if fields == Fields::Unknown {
        let place = (
            installation.release_of(options.release),
            installation.channel,
        );
        for unknown in schema::unknown_fields_of(object, kind, installation) {
            findings.push(Finding::unknown_field(&unknown, place));
        }
    }
    found.drop_effects(findings.kept());
    findings.append(of_metadata);
    findings.append(found);
    Report::from(findings)
}

fn subject(object: &Value, options: &ValidationOptions) -> Subject {
    if !object.is_object() {
        return Subject::Hopeless(
            Finding::error(
                "object/type",
                String::new(),
                format!("expected an object, found {}", types::type_of(object)),
            )
            .with_help(
                "write one object a document: `apiVersion`, `kind`, `metadata`, `spec`".to_owned(),
            ),
        );
    }
    let mut texts = ["apiVersion", "kind"].map(|field| object.get(field).and_then(Value::as_str));
    for (text, field) in texts.iter_mut().zip(["apiVersion", "kind"]) {
        if text.is_none_or(str::is_empty) {
            return Subject::Hopeless(
                Finding::error(
                    "object/type-fields",
                    field.to_owned(),
                    format!("`{field}` must be set to a string"),
                )
                .with_help("every object names its `apiVersion` and `kind`".to_owned()),
            );
        }
    }
    let [Some(api_version), Some(kind_name)] = texts else {
        return Subject::Foreign;
    };
    if !schema::is_own_group(api_version) {
        return misnamed::check(api_version, kind_name, options)
            .map_or(Subject::Foreign, Subject::Hopeless);
    }
    let unserved = || {
        let served = served_versions(kind_name, options);
        not_served(api_version, kind_name, &served, options)
    };
    let Some(kind) = schema::find(api_version, kind_name) else {
        return Subject::Hopeless(unserved());
    };
    let here = kind.installation(options.release, options.channel);
    let unserved = (!here.is_some_and(|it| it.served)).then(unserved);
    Subject::Known(kind, unserved)
}

fn with_status(installation: &Installation, options: &ValidationOptions) -> bool {
    options.with_status || !installation.status_subresource
}

/// What the schema of an installation says of an object.
struct BySchema {
    installation: &'static Installation,
    found: report::Findings,
    /// Whether the schema declares all fields of the object.
    fields: Fields,
}

impl BySchema {
    fn by(
        object: &Value,
        old: Option<&Value>,
        installation: &'static Installation,
        options: &ValidationOptions,
    ) -> Self {
        let mut found = report::Findings::default();
        let mut fields = Fields::Declared;
        if let Some(plan) = plan::of(installation, with_status(installation, options)) {
            fields = structure::check(
                object,
                old,
                plan,
                &Path::ROOT,
                &options.patterns,
                &mut found,
            );
        }
        Self {
            installation,
            found,
            fields,
        }
    }

    /// Whether there is nothing to say of the object.
    fn is_clean(&self) -> bool {
        self.found.kept().is_empty() && self.fields == Fields::Declared
    }

    /// By the nearest of the releases and channels that serve the kind and take the object: whoever has written it had that one
    /// in mind, and what others say of it is of no use. By the nearest of all where none takes it.
    fn by_nearest(
        object: &Value,
        old: Option<&Value>,
        kind: &'static KindVersion,
        options: &ValidationOptions,
    ) -> Option<Self> {
        let mut judged = kind
            .nearest(options.release, options.channel)
            .into_iter()
            .map(|installation| Self::by(object, old, installation, options));
        let nearest = judged.next()?;
        if nearest.is_clean() {
            return Some(nearest);
        }
        Some(judged.find(Self::is_clean).unwrap_or(nearest))
    }
}

#[cfg(test)]
mod tests;
