//! Conformance reports: what an implementation says of itself (GEP-1709).

mod check;
mod counted;
mod crds;
mod form;
mod reading;

pub use check::ReportProblem;
pub(in crate::conformance) use counted::unasked;
pub use counted::{CountedTest, ProfileLeftOut, TestVerdict};
pub use crds::{InstalledError, InstalledRelease, installed_release};
pub use form::OtherFields;

use crate::meta::open_enum;
use serde::{Deserialize, Serialize};

/// The `apiVersion` of reports since there is a version of their own for them.
pub const REPORT_VERSION: &str = "gateway.networking.k8s.io/v1";
/// The `apiVersion` of earlier reports, which some later suites still write.
pub const EARLIER_REPORT_VERSION: &str = "gateway.networking.k8s.io/v1alpha1";
/// The `kind` of a report.
pub const REPORT_KIND: &str = "ConformanceReport";

/// What an implementation says of itself: which profiles it was tested for, and how that went.
///
/// Reading and writing changes nothing: nulls, empty lists and unknown fields included. Reports of all releases are read, those of
/// `v1alpha1` among them, and as upstream reads them: whatever the case of their field names is, and with numbers where free text
/// is meant. Counts, results and summaries of a report of one's own are derived from its tests (`KitResults::report`).
///
/// ```
/// use gwapi::conformance::ConformanceReport;
///
/// let report = r#"{"apiVersion":"gateway.networking.k8s.io/v1","kind":"ConformanceReport","date":"2024-05-09T12:00:00Z",
///     "gatewayAPIVersion":"v1.1.0","gatewayAPIChannel":"standard","mode":"default",
///     "implementation":{"organization":"example","project":"proxy","url":"https://proxy.example","version":"v1","contact":["@proxy"]},
///     "profiles":[{"name":"GATEWAY-HTTP","summary":"Core tests succeeded.",
///         "core":{"result":"success","statistics":{"Passed":33,"Skipped":0,"Failed":0}}}]}"#;
/// let report = ConformanceReport::of_json(&serde_json::from_str(report)?)?;
/// assert_eq!(report.profiles[0].core.statistics.passed, 33);
/// assert_eq!(report.problems(), []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", remote = "Self")]
pub struct ConformanceReport {
    /// `gateway.networking.k8s.io/v1`, or `v1alpha1` in earlier reports.
    pub api_version: String,
    /// When the report was made (RFC 3339).
    pub date: String,
    /// The channel of the CRDs with which the implementation was tested; earlier reports do not say.
    #[serde(rename = "gatewayAPIChannel", skip_serializing_if = "Option::is_none")]
    pub gateway_api_channel: Option<String>,
    /// The release of those CRDs.
    #[serde(rename = "gatewayAPIVersion")]
    pub gateway_api_version: String,
    /// Who was tested.
    pub implementation: Implementation,
    /// `ConformanceReport`.
    pub kind: String,
    /// The mode of operation in which the implementation was tested, `default` unless it has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// How it went, for each profile.
    pub profiles: Vec<ProfileReport>,
    /// The provisional tests that succeeded: they count for no profile yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub succeeded_provisional_tests: Vec<String>,
    /// What else the report says.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// Who was tested.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Implementation {
    /// How to reach those who maintain it.
    pub contact: Vec<String>,
    /// Who maintains it.
    pub organization: String,
    /// Its name.
    pub project: String,
    /// Where more is said about it.
    pub url: String,
    /// Which version of it.
    pub version: String,
    /// What else the report says of it.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// How the tests of a profile went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct ProfileReport {
    /// Its core features.
    pub core: LevelReport,
    /// Its extended features, where tests of them were run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended: Option<LevelReport>,
    /// The name of the profile.
    pub name: String,
    /// All of it in a sentence; earlier reports have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// What else the report says of it.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// How the tests of the core features, or of the extended ones, of a profile went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", remote = "Self")]
pub struct LevelReport {
    /// The tests that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_tests: Vec<String>,
    /// What it comes to.
    pub result: ReportResult,
    /// The tests that were left out on purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped_tests: Vec<String>,
    /// How many there were.
    pub statistics: ReportStatistics,
    /// All of it in a sentence: in early reports alone, which have it here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The extended features that the implementation has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supported_features: Vec<String>,
    /// The extended features that it does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported_features: Vec<String>,
    /// What else the report says.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// How many tests there were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", remote = "Self")]
pub struct ReportStatistics {
    /// How many failed.
    pub failed: u32,
    /// How many passed.
    pub passed: u32,
    /// How many were left out on purpose.
    pub skipped: u32,
    /// What else the report says of them.
    #[serde(flatten)]
    pub other: OtherFields,
}

open_enum! {
    /// What the tests of a level come to.
    pub enum ReportResult, schema = closed {
        /// All passed.
        Success = "success",
        /// None failed, and some were left out.
        Partial = "partial",
        /// Some failed.
        Failure = "failure",
    }
}

impl ConformanceReport {
    /// The report of an implementation. Results, counts and summaries of `profiles` are [derived](ProfileReport::of) from tests,
    /// release and channel are those of the CRDs that were used.
    pub(in crate::conformance) fn new(
        implementation: Implementation,
        installed: &InstalledRelease,
        date: String,
        profiles: Vec<ProfileReport>,
    ) -> Self {
        Self {
            api_version: REPORT_VERSION.to_owned(),
            date,
            gateway_api_channel: Some(installed.channel().to_owned()),
            gateway_api_version: installed.release().to_owned(),
            implementation,
            kind: REPORT_KIND.to_owned(),
            mode: Some("default".to_owned()),
            profiles,
            succeeded_provisional_tests: Vec::new(),
            other: OtherFields::default(),
        }
    }
}
