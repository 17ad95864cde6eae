//! Whether a report agrees with itself and with the release that it names.

use super::{
    ConformanceReport, EARLIER_REPORT_VERSION, LevelReport, ProfileReport, REPORT_KIND,
    REPORT_VERSION, ReportResult,
};
use crate::{
    conformance::profile::Profile,
    meta::{Channel, Release},
};
use k8s_openapi::jiff::Timestamp;
use std::{collections::BTreeSet, fmt};

/// What does not add up in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportProblem {
    /// The field, as in `profiles[0].core.statistics.Failed`.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ReportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Where problems are collected.
struct Noted(Vec<ReportProblem>);

impl Noted {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(ReportProblem {
            path: path.into(),
            message: message.into(),
        });
    }
}

impl ConformanceReport {
    /// What does not add up: a field that says nothing, a result or a summary that does not follow from its counts, counts that
    /// are not those of the lists beside them, no profile at all or one of which nothing was asked, profiles and features that the
    /// release does not have. Nothing of this keeps a report from being read.
    #[must_use]
    pub fn problems(&self) -> Vec<ReportProblem> {
        let mut noted = Noted(Vec::new());
        if ![REPORT_VERSION, EARLIER_REPORT_VERSION].contains(&self.api_version.as_str()) {
            noted.add(
                "apiVersion",
                format!("`{}` is none of a report", self.api_version),
            );
        }
        if self.kind != REPORT_KIND {
            noted.add("kind", format!("`{}` is not `{REPORT_KIND}`", self.kind));
        }
        if self.date.parse::<Timestamp>().is_err() {
            noted.add("date", format!("`{}` is not a date of RFC 3339", self.date));
        }
        if let Some(channel) = &self.gateway_api_channel
            && let Err(error) = channel.parse::<Channel>()
        {
            noted.add("gatewayAPIChannel", error.to_string());
        }
        let release = self.gateway_api_version.parse::<Release>();
        if let Err(error) = &release {
            noted.add("gatewayAPIVersion", error.to_string());
        }
        self.implementation_problems(&mut noted);
        if self.profiles.is_empty() {
            noted.add("profiles", "it reports no profile");
        }
        let mut names = BTreeSet::new();
        for (index, profile) in self.profiles.iter().enumerate() {
            let path = format!("profiles[{index}]");
            if !names.insert(profile.name.as_str()) {
                noted.add(
                    format!("{path}.name"),
                    format!("`{}` stands twice", profile.name),
                );
            }
            profile_problems(profile, &path, release.as_ref().ok().copied(), &mut noted);
        }
        noted.0
    }

    fn implementation_problems(&self, noted: &mut Noted) {
        let own = &self.implementation;
        let texts = [
            ("organization", &own.organization),
            ("project", &own.project),
            ("url", &own.url),
            ("version", &own.version),
        ];
        for (field, text) in texts {
            if text.is_empty() {
                noted.add(format!("implementation.{field}"), "it is empty");
            }
        }
        if own.contact.is_empty() {
            noted.add("implementation.contact", "it names nobody");
        }
        let is_address = |url: &str| {
            let rest = ["https://", "http://"]
                .iter()
                .find_map(|scheme| url.strip_prefix(scheme));
            rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        };
        if !own.url.is_empty() && !is_address(&own.url) {
            noted.add(
                "implementation.url",
                format!("`{}` is no address that begins with `https://`", own.url),
            );
        }
    }
}

fn profile_problems(
    profile: &ProfileReport,
    path: &str,
    release: Option<Release>,
    noted: &mut Noted,
) {
    let core = &profile.core.statistics;
    if (core.passed, core.failed, core.skipped) == (0, 0, 0) {
        noted.add(format!("{path}.core.statistics"), "no test was counted");
    }
    level_problems(&profile.core, &format!("{path}.core"), noted);
    if let Some(extended) = &profile.extended {
        level_problems(extended, &format!("{path}.extended"), noted);
    }
    match profile.summary.as_deref() {
        None | Some("") => {}
        Some(summary) => {
            let derived = profile.derived_summary();
            if summary != derived {
                noted.add(
                    format!("{path}.summary"),
                    format!("the results say `{derived}`"),
                );
            }
        }
    }
    let Some(release) = release else {
        return;
    };
    let known = Profile::of_release(release).find(|known| known.name() == profile.name);
    let Some(known) = known else {
        noted.add(
            format!("{path}.name"),
            format!("{release} has no profile `{}`", profile.name),
        );
        return;
    };
    let features = known.extended(release);
    let Some(extended) = &profile.extended else {
        return;
    };
    let lists = [
        ("supportedFeatures", &extended.supported_features),
        ("unsupportedFeatures", &extended.unsupported_features),
    ];
    let mut named = BTreeSet::new();
    for (field, list) in lists {
        for (index, feature) in list.iter().enumerate() {
            let place = || format!("{path}.extended.{field}[{index}]");
            if !features.iter().any(|known| known == feature.as_str()) {
                let message = format!("`{feature}` is no extended feature of it in {release}");
                noted.add(place(), message);
            }
            if !named.insert(feature) {
                noted.add(place(), format!("`{feature}` stands twice"));
            }
        }
    }
}

fn level_problems(level: &LevelReport, path: &str, noted: &mut Noted) {
    let counts = [
        (
            "Failed",
            level.statistics.failed,
            "failedTests",
            &level.failed_tests,
        ),
        (
            "Skipped",
            level.statistics.skipped,
            "skippedTests",
            &level.skipped_tests,
        ),
    ];
    for (count, number, field, list) in counts {
        if usize::try_from(number) != Ok(list.len()) {
            noted.add(
                format!("{path}.statistics.{count}"),
                format!("it is {number}, and `{field}` names {}", list.len()),
            );
        }
    }
    let derived = level.derived_result();
    if matches!(level.result, ReportResult::Unknown(_)) || level.result != derived {
        noted.add(
            format!("{path}.result"),
            format!("it is `{}`, and the counts say `{derived}`", level.result),
        );
    }
}
