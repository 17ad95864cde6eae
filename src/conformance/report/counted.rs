//! From single tests to the results, counts and summaries of a report.

use super::{LevelReport, OtherFields, ProfileReport, ReportResult, ReportStatistics};
use crate::{
    conformance::profile::{Profile, SupportLevel},
    meta::{FeatureName, Release},
};
use std::collections::BTreeSet;

/// A test, the features that it needs, and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedTest {
    /// Its name.
    pub name: String,
    /// The features without which it cannot be asked.
    pub features: Vec<FeatureName>,
    /// How it went.
    pub verdict: TestVerdict,
}

/// How a test went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TestVerdict {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It was left out on purpose.
    Skipped,
    /// It was not run, since the implementation does not have its features. Whoever reports a profile claims its core features,
    /// as in upstream's suite: there such a test counts as left out.
    NotSupported,
}

/// Why tests come to no report of a profile: it would say of core features that nobody asked for that they are well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileLeftOut {
    /// There is no test of a core feature.
    #[error("{profile} is left out: no test asks for `{feature}`, which is core to it")]
    Untested {
        /// The profile.
        profile: &'static str,
        /// The feature.
        feature: FeatureName,
    },
    /// There are tests, and none of them was run.
    #[error("{profile} is left out: none of its tests was run")]
    NotRun {
        /// The profile.
        profile: &'static str,
    },
}

impl ProfileReport {
    /// What tests come to for a profile. Those that need a feature which is none of the profile's do not count. `supported` are
    /// the features that the implementation has, those of core aside.
    ///
    /// The form of a report has no word for a profile of which nothing was asked: with no test counted, upstream's own code writes
    /// `success`, which cannot happen there, since who names a profile has all its core features tested. Here core succeeds only if
    /// each core feature has a test and all of them passed; tests that were left out make it `partial`. An extended feature that
    /// is supported and of which no test asks stands in neither list: a report says of nothing that it is well unless it was asked.
    ///
    /// # Errors
    ///
    /// A core feature has no test, or none of the tests was run.
    pub fn of(
        profile: Profile,
        release: Release,
        tests: &[CountedTest],
        supported: &BTreeSet<FeatureName>,
    ) -> Result<Self, ProfileLeftOut> {
        let mut core = LevelReport::default();
        let mut extended: Option<LevelReport> = None;
        let mut untested = profile.core(release);
        let mut is_run = false;
        for test in tests {
            let Some(support) = profile.level(release, &test.features) else {
                continue;
            };
            let level = match (support, test.verdict) {
                (SupportLevel::Extended, TestVerdict::NotSupported) => continue,
                (SupportLevel::Extended, _) => extended.get_or_insert_default(),
                (SupportLevel::Core, _) => {
                    untested.retain(|feature| !test.features.contains(feature));
                    &mut core
                }
            };
            is_run |= matches!(test.verdict, TestVerdict::Passed | TestVerdict::Failed);
            level.count(test);
        }
        let profile_name = profile.name();
        if let Some(feature) = untested.into_iter().next() {
            return Err(ProfileLeftOut::Untested {
                profile: profile_name,
                feature,
            });
        }
        if !is_run {
            return Err(ProfileLeftOut::NotRun {
                profile: profile_name,
            });
        }
        core.result = core.derived_result();
        if let Some(level) = &mut extended {
            level.result = level.derived_result();
            let unasked = unasked(profile, release, tests, supported);
            for feature in profile.extended(release) {
                let list = match supported.contains(&feature) {
                    true if unasked.contains(&feature) => continue,
                    true => &mut level.supported_features,
                    false => &mut level.unsupported_features,
                };
                list.push(feature.as_str().to_owned());
            }
        }
        let mut report = Self {
            core,
            extended,
            name: profile_name.to_owned(),
            summary: None,
            other: OtherFields::default(),
        };
        report.summary = Some(report.derived_summary());
        Ok(report)
    }

    /// The sentence that the results come to.
    #[must_use]
    pub fn derived_summary(&self) -> String {
        let core = format!("Core tests {}", self.core.in_words());
        match &self.extended {
            None => format!("{core}."),
            Some(extended) => format!("{core}. Extended tests {}.", extended.in_words()),
        }
    }
}

/// The extended features of a profile that are supported and of which no test asks.
pub(in crate::conformance) fn unasked(
    profile: Profile,
    release: Release,
    tests: &[CountedTest],
    supported: &BTreeSet<FeatureName>,
) -> Vec<FeatureName> {
    let counts = |test: &&CountedTest| {
        test.verdict != TestVerdict::NotSupported
            && profile.level(release, &test.features).is_some()
    };
    let asked = tests.iter().filter(counts);
    let asked: BTreeSet<&FeatureName> = asked.flat_map(|test| &test.features).collect();
    let mut extended = profile.extended(release);
    extended.retain(|feature| supported.contains(feature) && !asked.contains(feature));
    extended
}

impl LevelReport {
    fn count(&mut self, test: &CountedTest) {
        let statistics = &mut self.statistics;
        match test.verdict {
            TestVerdict::Passed => statistics.passed += 1,
            TestVerdict::Failed => {
                statistics.failed += 1;
                self.failed_tests.push(test.name.clone());
            }
            TestVerdict::Skipped | TestVerdict::NotSupported => {
                statistics.skipped += 1;
                self.skipped_tests.push(test.name.clone());
            }
        }
    }

    /// The result that the counts come to. Where nothing was run nothing succeeded.
    #[must_use]
    pub fn derived_result(&self) -> ReportResult {
        match self.statistics {
            ReportStatistics { failed: 1.., .. } => ReportResult::Failure,
            ReportStatistics { skipped: 1.., .. } | ReportStatistics { passed: 0, .. } => {
                ReportResult::Partial
            }
            _ => ReportResult::Success,
        }
    }

    fn in_words(&self) -> String {
        match &self.result {
            ReportResult::Success => "succeeded".to_owned(),
            ReportResult::Partial => format!(
                "partially succeeded with {} test skips",
                self.statistics.skipped
            ),
            ReportResult::Failure => {
                format!("failed with {} test failures", self.statistics.failed)
            }
            ReportResult::Unknown(other) => other.to_string(),
        }
    }
}

impl Default for LevelReport {
    /// A level without tests: nothing was run, so nothing succeeded.
    fn default() -> Self {
        Self {
            failed_tests: Vec::new(),
            result: ReportResult::Partial,
            skipped_tests: Vec::new(),
            statistics: ReportStatistics::default(),
            summary: None,
            supported_features: Vec::new(),
            unsupported_features: Vec::new(),
            other: OtherFields::default(),
        }
    }
}
