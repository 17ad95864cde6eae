//! Running scenarios.

use super::{
    catalogue::catalogue,
    cluster::{Cluster, authority, identity},
    compare,
    error::SubjectError,
    need::Need,
    reference::SimulatorSubject,
    scenario::{AskStep, Expected, FieldLines, Scenario},
    statuses,
    subject::{Ask, Ended, Observed, TestSubject},
};
use crate::{
    conformance::{
        feature::Feature,
        profile::Profile,
        report::{CountedTest, ProfileLeftOut, ProfileReport, TestVerdict},
    },
    meta::{Channel, FeatureName, NamespacedName, Release},
    sim::{BackendBehaviour, CookieJar, Protocol, Request},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{CONTENT_TYPE, COOKIE, TE},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::SystemTime,
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
            scenario.features().iter().all(has)
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
            scenario.beyond().is_none() && profile.level(release, scenario.features()).is_some()
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
            if feature.is_in(self.release, self.channel) && subject.supports(&name) {
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
            supported,
            results,
            left_out: self.left_out.clone(),
        }
    }

    fn verdict(&self, scenario: &Scenario, subject: &mut dyn TestSubject) -> ScenarioVerdict {
        let unsupported = scenario.features().iter();
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

/// The clients of a scenario, and what is remembered of endpoints.
#[derive(Default)]
struct Clients {
    jars: BTreeMap<String, (CookieJar, HeaderMap)>,
    endpoints: BTreeMap<String, String>,
    passed: std::time::Duration,
}

impl Clients {
    fn pass(&mut self, by: std::time::Duration) {
        self.passed = self.passed.saturating_add(by);
    }

    fn now(&self) -> SystemTime {
        // The time of day does not matter: cookies are kept for as long as they say.
        SystemTime::UNIX_EPOCH + self.passed
    }

    /// Asks what a step asks. Returns what is not as expected.
    fn asked(
        &mut self,
        step: &AskStep,
        subject: &mut dyn TestSubject,
        cluster: &Cluster<'_>,
    ) -> Result<Vec<String>, SubjectError> {
        let mut ask = built(step)?;
        if !step.expect.split.is_empty() {
            return split(&step.expect, ask, subject, cluster);
        }
        let now = self.now();
        if let Some(name) = &step.client {
            let (jar, kept) = self.jars.entry(name.clone()).or_default();
            if let Some(cookies) = jar.header(&ask.request.uri, now) {
                ask.request.headers.insert(COOKIE, cookies);
            }
            for name in &step.echo {
                let name = header_name(name)?;
                if let Some(value) = kept.get(&name) {
                    ask.request.headers.insert(name, value.clone());
                }
            }
        }
        let seen = subject.send(&ask)?;
        if let (Some(name), Ended::Response(head)) = (&step.client, &seen.ended) {
            let (jar, kept) = self.jars.entry(name.clone()).or_default();
            jar.store(&ask.request.uri, &head.headers, now);
            for (name, value) in &head.headers {
                kept.insert(name.clone(), value.clone());
            }
        }
        let status = ask.request.backend.status.as_u16();
        let asked = (is_http(&ask), status);
        let mut problems = compare::problems(&step.expect, asked, &seen, cluster);
        self.place(step, &seen, cluster, &mut problems);
        Ok(problems)
    }

    /// Which endpoint of the backend is reached.
    fn place(
        &mut self,
        step: &AskStep,
        seen: &Observed,
        cluster: &Cluster<'_>,
        problems: &mut Vec<String>,
    ) {
        let Some(backend) = &step.expect.backend else {
            return;
        };
        let reached = seen.reached.iter();
        let mut reached = reached.filter(|one| cluster.service(&one.endpoint) == *backend);
        let Some(reached) = reached.next() else {
            return;
        };
        let known = |name: &String| self.endpoints.get(name);
        if let Some(other) = step.expect.same_as.as_ref().and_then(known)
            && *other != reached.endpoint
        {
            problems.push(format!(
                "{} is reached, not {other} again",
                reached.endpoint
            ));
        }
        if let Some(other) = step.expect.not_as.as_ref().and_then(known)
            && *other == reached.endpoint
        {
            problems.push(format!("{other} is reached again"));
        }
        if let Some(name) = &step.remember {
            self.endpoints
                .insert(name.clone(), reached.endpoint.clone());
        }
    }
}

/// How many requests are sent at least where a subject draws as it likes.
const DRAWN: u32 = 1_000;
/// How many standard deviations a share may be off.
const DEVIATIONS: f64 = 6.0;

/// Sends as many requests as it takes to see the shares.
fn split(
    expected: &Expected,
    mut ask: Ask,
    subject: &mut dyn TestSubject,
    cluster: &Cluster<'_>,
) -> Result<Vec<String>, SubjectError> {
    let total: u32 = expected.split.values().sum();
    let is_exact = subject.draws_as_told();
    // Twice: a sum that is off by one shows in the second round.
    let rounds = if is_exact {
        2
    } else {
        DRAWN.div_ceil(total.max(1))
    };
    let count = total * rounds;
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    for draw in 0..count {
        ask.draw = draw.into();
        let seen = subject.send(&ask)?;
        let reached = seen.reached.iter();
        let reached: Vec<String> = reached.map(|one| cluster.service(&one.endpoint)).collect();
        let end = match (reached.is_empty(), &seen.ended) {
            (true, Ended::Response(head)) => head.status.as_u16().to_string(),
            (true, Ended::Unseen { .. }) => "no backend".to_owned(),
            (false, Ended::Response(_) | Ended::Unseen { .. }) => reached.join(" and "),
            (false, Ended::Passed) if !is_http(&ask) => reached.join(" and "),
            (_, Ended::Passed) => "a connection without a response".to_owned(),
            (_, Ended::Refused) => "refused".to_owned(),
        };
        *found.entry(end).or_default() += 1;
    }
    let mut problems = Vec::new();
    let names: BTreeSet<&String> = found.keys().chain(expected.split.keys()).collect();
    for name in names {
        let share = expected.split.get(name).copied().unwrap_or_default();
        let got = found.get(name).copied().unwrap_or_default();
        let wanted = share * rounds;
        let chance = f64::from(share) / f64::from(total.max(1));
        let deviation = (f64::from(count) * chance * (1.0 - chance)).sqrt();
        let most_off = if is_exact {
            0.0
        } else {
            DEVIATIONS * deviation
        };
        if (f64::from(got) - f64::from(wanted)).abs() > most_off {
            problems.push(format!(
                "of {count} requests {got} end at {name}, not {wanted}"
            ));
        }
    }
    Ok(problems)
}

/// Whether a response is expected, and not a connection or a datagram that goes through.
fn is_http(ask: &Ask) -> bool {
    let scheme = ask.request.uri.scheme_str().unwrap_or_default();
    matches!(scheme, "http" | "https")
}

fn header_name(name: &str) -> Result<HeaderName, SubjectError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(SubjectError::new)
}

fn headers(written: &BTreeMap<String, FieldLines>) -> Result<HeaderMap, SubjectError> {
    let mut headers = HeaderMap::new();
    for (name, lines) in written {
        let name = header_name(name)?;
        for line in lines.lines() {
            let value = HeaderValue::from_str(line).map_err(SubjectError::new)?;
            headers.append(name.clone(), value);
        }
    }
    Ok(headers)
}

/// The Gateway that is asked unless a step says another.
fn default_gateway() -> NamespacedName {
    NamespacedName::new("shop", "edge")
}

/// The request of a step.
fn built(step: &AskStep) -> Result<Ask, SubjectError> {
    let mut request = Request::get(&step.url).map_err(SubjectError::new)?;
    request.headers = headers(&step.headers)?;
    if let Some(method) = &step.method {
        request.method = Method::from_bytes(method.as_bytes()).map_err(SubjectError::new)?;
    }
    if let Some(protocol) = &step.protocol {
        request.protocol = protocol.parse().map_err(SubjectError::new)?;
    }
    if step.grpc {
        request.method = Method::POST;
        request.protocol = Protocol::Http2;
        let own = &mut request.headers;
        own.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        own.insert(TE, HeaderValue::from_static("trailers"));
    }
    let is_outside = step.from.is_none() && step.address.is_none();
    request.gateway = match &step.gateway {
        Some(gateway) => Some(gateway.parse().map_err(SubjectError::new)?),
        None => is_outside.then(default_gateway),
    };
    if let Some(from) = &step.from {
        request.client = Some(from.parse().map_err(SubjectError::new)?);
    }
    request.address = step.address;
    request.port = step.port;
    request.sni.clone_from(&step.sni);
    request.absolute_form = step.absolute_form;
    let answers = &step.backend;
    request.backend = BackendBehaviour {
        headers: headers(&answers.headers)?,
        delay: answers.delay.unwrap_or_default(),
        ..BackendBehaviour::default()
    };
    if let Some(status) = answers.status {
        request.backend.status = StatusCode::from_u16(status).map_err(SubjectError::new)?;
    }
    let shown = step.shows.as_ref();
    let identity = shown.map(|shown| identity(&shown.authority, &shown.names));
    let identity = identity.transpose()?;
    if let Some(identity) = &identity {
        let chain = identity.shown().map_err(SubjectError::new)?;
        request.client_certificate = Some((chain, super::cluster::shown_at()));
    }
    Ok(Ask {
        request,
        draw: step.draw,
        identity,
        trusted: authority("servers")?.certificate().to_owned(),
    })
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
    /// The features that the subject has.
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

    /// The reports of these profiles, each named once, and those that the results say too little of
    /// ([why](ProfileReport::of)). Scenarios beyond the features of the release count for none.
    #[must_use]
    pub fn profiles(
        &self,
        profiles: impl IntoIterator<Item = Profile>,
    ) -> (Vec<ProfileReport>, Vec<ProfileLeftOut>) {
        let asked = self.results.iter();
        let asked = asked.map(|result| (result.scenario, verdict_of(&result.verdict)));
        let left_out = self.left_out.iter().map(|scenario| {
            let mut features = scenario.features().iter();
            let is_supported = features.all(|feature| self.supported.contains(feature));
            let verdict = match is_supported {
                true => TestVerdict::Skipped,
                false => TestVerdict::NotSupported,
            };
            (*scenario, verdict)
        });
        let tests: Vec<CountedTest> = asked
            .chain(left_out)
            .filter(|(scenario, _)| scenario.beyond().is_none())
            .map(|(scenario, verdict)| CountedTest {
                name: scenario.name().to_owned(),
                features: scenario.features().to_vec(),
                verdict,
            })
            .collect();
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
