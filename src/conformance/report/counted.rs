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
    /// It was not run, since the implementation does not have its features.
    NotSupported,
}

impl ProfileReport {
    /// What tests come to for a profile. Those that need a feature which is none of the profile's do not count. `supported` are
    /// the features that the implementation has, those of core aside.
    #[must_use]
    pub fn of(
        profile: Profile,
        release: Release,
        tests: &[CountedTest],
        supported: &BTreeSet<FeatureName>,
    ) -> Self {
        let mut core = LevelReport::default();
        let mut extended: Option<LevelReport> = None;
        for test in tests {
            let level = match profile.level(release, &test.features) {
                _ if test.verdict == TestVerdict::NotSupported => continue,
                None => continue,
                Some(SupportLevel::Core) => &mut core,
                Some(SupportLevel::Extended) => extended.get_or_insert_default(),
            };
            level.count(test);
        }
        core.result = core.derived_result();
        if let Some(level) = &mut extended {
            level.result = level.derived_result();
            for feature in profile.extended(release) {
                let list = match supported.contains(&feature) {
                    true => &mut level.supported_features,
                    false => &mut level.unsupported_features,
                };
                list.push(feature.as_str().to_owned());
            }
        }
        let mut report = Self {
            core,
            extended,
            name: profile.name().to_owned(),
            summary: None,
            other: OtherFields::new(),
        };
        report.summary = Some(report.derived_summary());
        report
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

impl LevelReport {
    fn count(&mut self, test: &CountedTest) {
        let statistics = &mut self.statistics;
        match test.verdict {
            TestVerdict::Passed => statistics.passed += 1,
            TestVerdict::Failed => {
                statistics.failed += 1;
                self.failed_tests.push(test.name.clone());
            }
            TestVerdict::Skipped => {
                statistics.skipped += 1;
                self.skipped_tests.push(test.name.clone());
            }
            TestVerdict::NotSupported => {}
        }
    }

    /// The result that the counts come to.
    #[must_use]
    pub fn derived_result(&self) -> ReportResult {
        match self.statistics {
            ReportStatistics { failed: 1.., .. } => ReportResult::Failure,
            ReportStatistics { skipped: 1.., .. } => ReportResult::Partial,
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
    /// A level without tests.
    fn default() -> Self {
        Self {
            failed_tests: Vec::new(),
            result: ReportResult::Success,
            skipped_tests: Vec::new(),
            statistics: ReportStatistics::default(),
            summary: None,
            supported_features: Vec::new(),
            unsupported_features: Vec::new(),
            other: OtherFields::new(),
        }
    }
}
