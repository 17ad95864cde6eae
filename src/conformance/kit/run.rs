//! Running scenarios.

use super::{
    asking::Clients, catalogue::catalogue, cluster::Cluster, error::SubjectError, need::Need,
    reference::SimulatorSubject, scenario::Scenario, statuses, subject::TestSubject,
};
use crate::{
    conformance::{
        feature::Feature,
        profile::Profile,
        report::{
            ConformanceReport, CountedTest, Implementation, InstalledError, InstalledRelease,
            ProfileLeftOut, ProfileReport, TestVerdict, unasked,
        },
    },
    meta::{Channel, FeatureName, Release},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Which scenarios are asked, and by which release and channel.
#[derive(Clone, Debug)]
pub struct Kit {
    release: Release,
    channel: Channel,
    scenarios: Vec<&'static Scenario>,
    left_out: Vec<&'static Scenario>,
}

impl Default for Kit {
    /// All scenarios of v1.1.0 and its experimental channel, which holds the other.
    fn default() -> Self {
        Self::new(Release::default(), Channel::Experimental)
    }
}

impl Kit {
    /// The scenarios of a release and channel: those whose features both have.
    #[must_use]
    pub fn new(release: Release, channel: Channel) -> Self {
        let scenarios = catalogue().iter().filter(|scenario| {
            let has = |name: &FeatureName| {
                let feature = Feature::find(name.as_str());
                feature.is_some_and(|feature| feature.is_in(release, channel))
            };
            let when = scenario.when();
            scenario.features_in(release).iter().all(has)
                && when.is_none_or(|when| when.contains(release, channel))
        });
        Self {
            release,
            channel,
            scenarios: scenarios.collect(),
            left_out: Vec::new(),
        }
    }

    /// Only those of its scenarios for which this holds. In reports the others count as skipped.
    #[must_use]
    pub fn only(mut self, is_asked: impl Fn(&Scenario) -> bool) -> Self {
        let scenarios = std::mem::take(&mut self.scenarios);
        for scenario in scenarios {
            match is_asked(scenario) {
                true => self.scenarios.push(scenario),
                false => self.left_out.push(scenario),
            }
        }
        self
    }

    /// Only the scenarios that count for a profile.
    #[must_use]
    pub fn of_profile(self, profile: Profile) -> Self {
        let release = self.release;
        self.only(|scenario| {
            let features = scenario.features_in(release);
            scenario.beyond().is_none() && profile.level(release, features).is_some()
        })
    }

    /// The scenarios.
    #[must_use]
    pub fn scenarios(&self) -> &[&'static Scenario] {
        &self.scenarios
    }

    /// The release.
    #[must_use]
    pub const fn release(&self) -> Release {
        self.release
    }

    /// The channel.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        self.channel
    }

    /// Asks all of a subject.
    pub fn run(&self, subject: &mut dyn TestSubject) -> KitResults {
        self.run_with(subject, &mut |_| {})
    }

    /// Asks all of a subject, and tells each result as it comes.
    pub fn run_with(
        &self,
        subject: &mut dyn TestSubject,
        told: &mut dyn FnMut(&ScenarioResult),
    ) -> KitResults {
        let mut supported = BTreeSet::new();
        for feature in Feature::ALL {
            let name = FeatureName::from(feature);
            // Of those that the channel lacks nothing is asked, which does not mean that the subject does not have them.
            if feature.is_in(self.release, Channel::Experimental) && subject.supports(&name) {
                supported.insert(name);
            }
        }
        let mut results = Vec::new();
        for scenario in &self.scenarios {
            let result = ScenarioResult {
                scenario,
                verdict: self.verdict(scenario, subject),
            };
            told(&result);
            results.push(result);
        }
        KitResults {
            subject: subject.name(),
            release: self.release,
            channel: self.channel,
            supported,
            results,
            left_out: self.left_out.clone(),
        }
    }

    fn verdict(&self, scenario: &Scenario, subject: &mut dyn TestSubject) -> ScenarioVerdict {
        let unsupported = scenario.features_in(self.release).iter();
        let mut unsupported = unsupported.filter(|feature| !subject.supports(feature));
        if let Some(feature) = unsupported.next() {
            return ScenarioVerdict::NotSupported(feature.clone());
        }
        let needed = Need::of(scenario);
        if let Some(need) = needed.iter().find(|need| subject.lacks().contains(need)) {
            return ScenarioVerdict::Skipped(*need);
        }
        let failures = match self.play(scenario, subject) {
            Ok(failures) => failures,
            Err(error) => vec![ScenarioFailure::at(None, error.to_string())],
        };
        match failures.is_empty() {
            true => ScenarioVerdict::Passed,
            false => ScenarioVerdict::Failed(self.beside(scenario, failures)),
        }
    }

    /// The failures with what the reference says of the same steps.
    fn beside(
        &self,
        scenario: &Scenario,
        mut failures: Vec<ScenarioFailure>,
    ) -> Vec<ScenarioFailure> {
        let mut reference = SimulatorSubject::default();
        let mut said: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        let mut note = |step: usize, subject: &dyn TestSubject| {
            said.entry(step).or_insert_with(|| subject.why());
        };
        _ = self.play_noting(scenario, &mut reference, &mut note);
        for failure in &mut failures {
            let why = failure.step.and_then(|step| said.get(&step));
            failure.reference = why.cloned().unwrap_or_default();
        }
        failures
    }

    fn play(
        &self,
        scenario: &Scenario,
        subject: &mut dyn TestSubject,
    ) -> Result<Vec<ScenarioFailure>, SubjectError> {
        self.play_noting(scenario, subject, &mut |_, _| {})
    }

    fn play_noting(
        &self,
        scenario: &Scenario,
        subject: &mut dyn TestSubject,
        note: &mut dyn FnMut(usize, &dyn TestSubject),
    ) -> Result<Vec<ScenarioFailure>, SubjectError> {
        let mut cluster = Cluster::new(scenario, self.release, self.channel)?;
        subject.configure(cluster.setup())?;
        let mut clients = Clients::default();
        let mut failures = Vec::new();
        for (index, step) in scenario.steps().iter().enumerate() {
            let mut problems = Vec::new();
            if cluster.step(step)? {
                subject.configure(cluster.setup())?;
            }
            if let Some(time) = step.pass {
                clients.pass(time.into());
                subject.advance(time.into());
            }
            if !step.status.is_empty() {
                problems.extend(statuses::problems(
                    &step.status,
                    &subject.statuses(),
                    &cluster,
                ));
            }
            if let Some(ask) = &step.ask {
                let found = clients.asked(ask, subject, &cluster);
                problems.extend(match found {
                    Ok(problems) => problems,
                    Err(error) => vec![error.to_string()],
                });
            }
            note(index, subject);
            let context = step.ask.as_ref().map(|ask| ask.url.as_str());
            let context = context.map(|url| format!("{url}: ")).unwrap_or_default();
            let named = problems.into_iter();
            failures
                .extend(named.map(|problem| {
                    ScenarioFailure::at(Some(index), format!("{context}{problem}"))
                }));
        }
        Ok(failures)
    }
}

/// What is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScenarioFailure {
    /// The step, counted from 0; none where the scenario could not even begin.
    pub step: Option<usize>,
    /// What is not as expected.
    pub problem: String,
    /// Why the request of that step ends as expected in the reference.
    pub reference: Vec<String>,
}

impl ScenarioFailure {
    fn at(step: Option<usize>, problem: String) -> Self {
        Self {
            step,
            problem,
            reference: Vec::new(),
        }
    }
}

/// How a scenario went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScenarioVerdict {
    /// All was as expected.
    Passed,
    /// Something was not.
    Failed(Vec<ScenarioFailure>),
    /// The subject lacks what it needs.
    Skipped(Need),
    /// The subject does not have a feature.
    NotSupported(FeatureName),
}

/// A scenario and how it went.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScenarioResult {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// How it went.
    pub verdict: ScenarioVerdict,
}

/// How all scenarios went.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KitResults {
    /// The name of the subject.
    pub subject: String,
    /// The release.
    pub release: Release,
    /// The channel.
    pub channel: Channel,
    /// The features of the release that the subject has, be they in the channel or not.
    pub supported: BTreeSet<FeatureName>,
    /// The scenarios.
    pub results: Vec<ScenarioResult>,
    /// The scenarios that the [kit](Kit::only) did not ask.
    pub left_out: Vec<&'static Scenario>,
}

impl KitResults {
    /// Whether none failed.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.failed().next().is_none()
    }

    /// The scenarios that failed.
    pub fn failed(&self) -> impl Iterator<Item = &ScenarioResult> {
        let results = self.results.iter();
        results.filter(|result| matches!(result.verdict, ScenarioVerdict::Failed(_)))
    }

    /// How many passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        let results = self.results.iter();
        let passed = results.filter(|result| result.verdict == ScenarioVerdict::Passed);
        passed.count()
    }

    /// The extended features of a profile that the subject has and of which no scenario asks: its report does not name them.
    #[must_use]
    pub fn unasked(&self, profile: Profile) -> Vec<FeatureName> {
        unasked(profile, self.release, &self.tests(), &self.supported)
    }

    /// The reports of these profiles, each named once, and those that the results say too little of
    /// ([why](ProfileReport::of)). Scenarios beyond the features of the release count for none.
    #[must_use]
    pub fn profiles(
        &self,
        profiles: impl IntoIterator<Item = Profile>,
    ) -> (Vec<ProfileReport>, Vec<ProfileLeftOut>) {
        let tests = self.tests();
        let (mut reports, mut omitted, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for profile in profiles {
            if !seen.insert(profile.name()) {
                continue;
            }
            match ProfileReport::of(profile, self.release, &tests, &self.supported) {
                Ok(report) => reports.push(report),
                Err(why) => omitted.push(why),
            }
        }
        (reports, omitted)
    }

    /// The whole report of an implementation of some of [these profiles](Self::profiles). Its release and channel are those of the
    /// CRDs that were used, which [`installed_release`](crate::conformance::installed_release) finds in them.
    ///
    /// # Errors
    ///
    /// The CRDs are of another release or channel than the scenarios that were asked.
    pub fn report(
        &self,
        implementation: Implementation,
        installed: &InstalledRelease,
        date: String,
        profiles: Vec<ProfileReport>,
    ) -> Result<ConformanceReport, InstalledError> {
        installed.check(self.release, self.channel)?;
        let report = ConformanceReport::new(implementation, installed, date, profiles);
        Ok(report)
    }

    /// The scenarios as a report counts them.
    fn tests(&self) -> Vec<CountedTest> {
        let asked = self.results.iter();
        let asked = asked.map(|result| (result.scenario, verdict_of(&result.verdict)));
        let left_out = self.left_out.iter().map(|scenario| {
            let mut features = scenario.features_in(self.release).iter();
            let is_supported = features.all(|feature| self.supported.contains(feature));
            let verdict = match is_supported {
                true => TestVerdict::Skipped,
                false => TestVerdict::NotSupported,
            };
            (*scenario, verdict)
        });
        asked
            .chain(left_out)
            .filter(|(scenario, _)| scenario.beyond().is_none())
            .map(|(scenario, verdict)| CountedTest {
                name: scenario.name().to_owned(),
                features: scenario.features_in(self.release).to_vec(),
                verdict,
            })
            .collect()
    }
}

/// How a scenario counts in a report.
fn verdict_of(verdict: &ScenarioVerdict) -> TestVerdict {
    match verdict {
        ScenarioVerdict::Passed => TestVerdict::Passed,
        ScenarioVerdict::Failed(_) => TestVerdict::Failed,
        ScenarioVerdict::Skipped(_) => TestVerdict::Skipped,
        ScenarioVerdict::NotSupported(_) => TestVerdict::NotSupported,
    }
}

impl fmt::Display for KitResults {
    /// What failed and what was left out, and a line that sums up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left_out = 0;
        for result in &self.results {
            match &result.verdict {
                ScenarioVerdict::Passed => {}
                ScenarioVerdict::Failed(failures) => {
                    writeln!(f, "{} fails", result.scenario.name())?;
                    writeln!(f, "  {}: {}", result.scenario.at(), result.scenario.says())?;
                    for failure in failures {
                        match failure.step {
                            Some(step) => writeln!(f, "  step {step}: {}", failure.problem)?,
                            None => writeln!(f, "  {}", failure.problem)?,
                        }
                        for why in &failure.reference {
                            writeln!(f, "    the reference: {why}")?;
                        }
                    }
                }
                ScenarioVerdict::Skipped(need) => {
                    left_out += 1;
                    let name = result.scenario.name();
                    writeln!(f, "{name} is skipped: it needs {need}")?;
                }
                ScenarioVerdict::NotSupported(feature) => {
                    left_out += 1;
                    let name = result.scenario.name();
                    writeln!(f, "{name} is left out: {feature} is not supported")?;
                }
            }
        }
        write!(
            f,
            "{}: {} scenarios of {}, {} passed, {} failed, {left_out} left out",
            self.subject,
            self.results.len(),
            self.release,
            self.passed(),
            self.failed().count()
        )
    }
}
