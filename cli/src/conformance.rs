//! `gwapi conformance`: the scenarios of the kit, run against the simulator.

use crate::output::{
    Exit, Line, Page, Style, Tone, count, fail, print, print_json, print_yaml, say,
};
use clap::{Args, ValueEnum};
use gwapi::{
    attachment::InstalledCrd,
    conformance::{
        Ask, Feature, Implementation, Kit, KitResults, Observed, Profile, ProfileLeftOut,
        ProfileReport, Scenario, ScenarioVerdict, Setup, SimulatorSubject, SubjectError,
        SupportLevel, TestSubject, installed_release,
    },
    crd,
    meta::{Channel, FeatureName, Release},
    schema::nearest_name,
};
use k8s_openapi::jiff::Timestamp;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    io::{self, IsTerminal, Write},
    time::Duration,
};

/// Run the conformance scenarios against the simulator, and report how it went
#[derive(Debug, Args)]
pub(crate) struct ConformanceArgs {
    /// A profile, such as `GATEWAY-HTTP`; may be given several times. All of the release unless given
    #[arg(long = "profile", value_name = "PROFILE")]
    profiles: Vec<Profile>,
    /// The extended features to be claimed, with commas between them, or `none` for core alone. All that the simulator has unless given
    #[arg(long, value_name = "FEATURES", value_delimiter = ',', value_parser = claim)]
    features: Option<Vec<Claim>>,
    /// The scenarios to run, by their names, with commas between them. All unless given
    #[arg(long, value_name = "SCENARIOS", value_delimiter = ',', value_parser = scenario)]
    only: Option<Vec<String>>,
    /// The release by whose rules they are run
    #[arg(long, value_name = "RELEASE", default_value_t)]
    release: Release,
    /// The release channel: `standard` or `experimental`, which holds the other
    #[arg(long, value_name = "CHANNEL", default_value_t = Channel::Experimental)]
    channel: Channel,
    /// Text for people, or a ConformanceReport as YAML or JSON
    #[arg(
        short = 'o',
        long = "format",
        value_enum,
        value_name = "FORMAT",
        default_value_t
    )]
    format: ReportFormat,
}

/// How the report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// Text for people.
    #[default]
    Text,
    /// A ConformanceReport as YAML.
    Yaml,
    /// A ConformanceReport as JSON.
    Json,
}

/// A word of `--features`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Claim {
    /// No extended feature.
    Nothing,
    /// This one.
    Feature(FeatureName),
}

/// The word for [`Claim::Nothing`].
const NOTHING: &str = "none";

fn claim(text: &str) -> Result<Claim, String> {
    let names = || Feature::ALL.iter().map(Feature::name);
    match Feature::find(text) {
        Some(feature) => Ok(Claim::Feature(feature.into())),
        None if text == NOTHING => Ok(Claim::Nothing),
        None if text.is_empty() => Err(format!(
            "no feature is named: `{NOTHING}` claims core alone"
        )),
        None => Err(unknown("feature", text, nearest_name(text, names()))),
    }
}

/// The features that are claimed; none where nothing is said of them.
fn claimed(args: &ConformanceArgs) -> Option<Vec<FeatureName>> {
    let claims = args.features.as_ref()?.iter();
    let names = claims.filter_map(|claim| match claim {
        Claim::Nothing => None,
        Claim::Feature(name) => Some(name.clone()),
    });
    Some(names.collect())
}

/// Why these features cannot be claimed for these profiles.
fn unclaimable(args: &ConformanceArgs, names: &[FeatureName]) -> Option<String> {
    let claims = args.features.as_deref().unwrap_or_default();
    if claims.contains(&Claim::Nothing) && !names.is_empty() {
        return Some(format!(
            "`{NOTHING}` cannot be combined with features: remove one or the other"
        ));
    }
    for name in names {
        let feature = Feature::find(name.as_str());
        let is_in = |channel| feature.is_some_and(|one| one.is_in(args.release, channel));
        if !is_in(Channel::Experimental) {
            return Some(format!("{} has no feature `{name}`", args.release));
        }
        if !is_in(args.channel) {
            return Some(format!(
                "nothing asks for `{name}`: the {} channel of {} lacks what it needs",
                args.channel, args.release
            ));
        }
        if !SimulatorSubject::default().supports(name) {
            return Some(format!("the simulator does not have the feature `{name}`"));
        }
        let has = |profile: &Profile| {
            profile.core(args.release).contains(name)
                || profile.extended(args.release).contains(name)
        };
        if !args.profiles.is_empty() && !args.profiles.iter().any(has) {
            let named = once(&args.profiles);
            let named: Vec<&str> = named.iter().map(|profile| profile.name()).collect();
            return Some(format!(
                "none of these profiles has the feature `{name}`: {}",
                named.join(", ")
            ));
        }
    }
    None
}

fn scenario(text: &str) -> Result<String, String> {
    let names = || gwapi::conformance::catalogue().iter().map(Scenario::name);
    match names().any(|name| name == text) {
        true => Ok(text.to_owned()),
        false => Err(unknown("scenario", text, nearest_name(text, names()))),
    }
}

fn unknown(what: &str, text: &str, nearest: Option<&str>) -> String {
    let meant = nearest.map(|nearest| format!("; did you mean `{nearest}`?"));
    format!("no {what} is `{text}`{}", meant.unwrap_or_default())
}

pub(crate) fn run(args: &ConformanceArgs) -> Exit {
    let profiles: Vec<Profile> = match args.profiles.is_empty() {
        true => Profile::of_release(args.release).collect(),
        false => once(&args.profiles),
    };
    let known: Vec<Profile> = Profile::of_release(args.release).collect();
    if let Some(profile) = profiles.iter().find(|profile| !known.contains(profile)) {
        let names: Vec<&str> = known.iter().map(|profile| profile.name()).collect();
        return fail(format_args!(
            "{} has no profile {profile}: it has {}",
            args.release,
            names.join(", ")
        ));
    }
    let features = claimed(args);
    let core: BTreeSet<FeatureName> = known
        .iter()
        .flat_map(|one| one.core(args.release))
        .collect();
    let named = features.clone().unwrap_or_default();
    if let Some(why) = unclaimable(args, &named) {
        return fail(why);
    }
    let kit = Kit::new(args.release, args.channel).only(|scenario| is_asked(scenario, args));
    if kit.scenarios().is_empty() {
        return fail("no scenario is left to run");
    }
    let mut subject = Claimed {
        simulator: SimulatorSubject::default(),
        features,
        core: core.clone(),
    };
    if let Some(why) = unclaimed(&kit, &subject) {
        return fail(why);
    }
    let results = told(&kit, &mut subject);
    let crds = crd::definitions(args.release, args.channel);
    let installed = match installed_release(crds.into_iter().map(InstalledCrd::from)) {
        Ok(installed) => installed,
        Err(error) => return fail(error),
    };
    let outcome = match results.is_clean() {
        true => Exit::Clean,
        false => Exit::Findings,
    };
    let (reports, omitted) = results.profiles(profiles.iter().copied());
    let is_reported = |profile: &&Profile| reports.iter().any(|own| own.name == profile.name());
    let reported: Vec<&Profile> = profiles.iter().filter(is_reported).collect();
    // Who names a profile wants a report of it.
    let missing = match args.profiles.is_empty() || omitted.is_empty() {
        true => Exit::Clean,
        false => Exit::Failed,
    };
    let unasked = reported
        .into_iter()
        .map(|profile| (*profile, results.unasked(*profile)))
        .filter(|(_, features)| !features.is_empty());
    let beside = Beside {
        args,
        results: &results,
        omitted: &omitted,
        core: named.iter().filter(|name| core.contains(*name)).collect(),
        unasked: unasked.collect(),
    };
    let printed = match args.format {
        ReportFormat::Text => print(beside.text(&reports, Style::stdout())),
        _ if reports.is_empty() => {
            say(beside.page());
            return fail("no profile is left to report: `-o text` says how the scenarios went");
        }
        format => {
            say(beside.page());
            let date = Timestamp::from_second(Timestamp::now().as_second());
            let date = date.unwrap_or_default().to_string();
            let report = match results.report(ourselves(), &installed, date, reports) {
                Ok(report) => report,
                Err(error) => return fail(error),
            };
            match format {
                ReportFormat::Json => print_json(&report),
                _ => print_yaml(&report),
            }
        }
    };
    printed.max(outcome).max(missing)
}

/// Why none of the scenarios would be run, where each needs a feature that is not claimed.
fn unclaimed(kit: &Kit, subject: &Claimed) -> Option<String> {
    let mut needed = BTreeSet::new();
    for scenario in kit.scenarios() {
        let mut features = scenario.features_in(kit.release()).iter();
        needed.insert(features.find(|feature| !subject.supports(feature))?);
    }
    let names: Vec<&str> = needed.into_iter().map(FeatureName::as_str).collect();
    Some(format!(
        "no scenario is left to run: each needs a feature that is not claimed ({})",
        names.join(", ")
    ))
}

/// Each profile once, in the order in which they are named first.
fn once(profiles: &[Profile]) -> Vec<Profile> {
    let mut kept: Vec<Profile> = Vec::new();
    for profile in profiles {
        if !kept.contains(profile) {
            kept.push(*profile);
        }
    }
    kept
}

/// Whether a scenario is run: all are, unless profiles or scenarios are named.
fn is_asked(scenario: &Scenario, args: &ConformanceArgs) -> bool {
    let counts = |profile: &Profile| {
        let level = profile.level(args.release, scenario.features_in(args.release));
        scenario.beyond().is_none() && level.is_some()
    };
    let only = args.only.as_ref();
    (args.profiles.is_empty() || args.profiles.iter().any(counts))
        && only.is_none_or(|only| only.iter().any(|name| name == scenario.name()))
}

/// Runs the scenarios, and shows how far it is where someone looks on.
fn told(kit: &Kit, subject: &mut dyn TestSubject) -> KitResults {
    let shows = io::stderr().is_terminal();
    let total = kit.scenarios().len();
    let mut done = 0;
    let results = kit.run_with(subject, &mut |result| {
        done += 1;
        if shows {
            let name = result.scenario.name();
            let _ = write!(io::stderr(), "\r\u{1b}[K{done}/{total} {name}");
        }
    });
    if shows {
        let _ = write!(io::stderr(), "\r\u{1b}[K");
    }
    results
}

/// Who is tested.
fn ourselves() -> Implementation {
    let home = "https://crates.io/crates/gwapi";
    Implementation {
        contact: vec![home.to_owned()],
        organization: "gwapi".to_owned(),
        project: "gwapi".to_owned(),
        url: home.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Implementation::default()
    }
}

/// The command that does the same again.
fn again(args: &ConformanceArgs) -> String {
    let mut command = format!(
        "gwapi conformance --release {} --channel {}",
        args.release, args.channel
    );
    for profile in once(&args.profiles) {
        command.push_str(&format!(" --profile {profile}"));
    }
    if let Some(claims) = &args.features {
        let names: Vec<&str> = claims
            .iter()
            .map(|claim| match claim {
                Claim::Nothing => NOTHING,
                Claim::Feature(name) => name.as_str(),
            })
            .collect();
        command.push_str(&format!(" --features {}", names.join(",")));
    }
    if let Some(only) = &args.only {
        command.push_str(&format!(" --only {}", only.join(",")));
    }
    match args.format {
        ReportFormat::Text => {}
        ReportFormat::Yaml => command.push_str(" -o yaml"),
        ReportFormat::Json => command.push_str(" -o json"),
    }
    command
}

/// How many passed of those that belong to no profile, and of how many.
fn outside(results: &KitResults, args: &ConformanceArgs) -> (usize, usize) {
    let profiles: Vec<Profile> = Profile::of_release(args.release).collect();
    let counts = |scenario: &Scenario| {
        let features = scenario.features_in(args.release);
        let level = |profile: &Profile| profile.level(args.release, features);
        scenario.beyond().is_none() && profiles.iter().filter_map(level).next().is_some()
    };
    let all = results.results.iter();
    let outside: Vec<_> = all.filter(|result| !counts(result.scenario)).collect();
    let passed = outside.iter();
    let passed = passed.filter(|result| result.verdict == ScenarioVerdict::Passed);
    (passed.count(), outside.len())
}

/// What a report has no place for: scenarios of no profile, what was left out, and how to do it again.
struct Beside<'a> {
    args: &'a ConformanceArgs,
    results: &'a KitResults,
    omitted: &'a [ProfileLeftOut],
    /// The features that are named and claimed in any case.
    core: BTreeSet<&'a FeatureName>,
    /// What is claimed of a profile, and no scenario asks.
    unasked: Vec<(Profile, Vec<FeatureName>)>,
}

impl Beside<'_> {
    /// All of it, for standard error.
    fn page(&self) -> Page {
        let mut page = Page::new(Style::stderr());
        self.rest(&mut page);
        page
    }

    fn rest(&self, page: &mut Page) {
        let results = self.results;
        let (passed, outside) = outside(results, self.args);
        if outside > 0 {
            let line = Line::plain(format_args!(
                "{} of no profile: {passed} passed",
                count(outside, "scenario")
            ));
            page.line(0, &line);
        }
        for why in self.omitted {
            page.line(0, &Line::plain(why));
        }
        for name in &self.core {
            let line = format!("`{name}` is core: it is claimed in any case");
            page.line(0, &Line::plain(line));
        }
        for (profile, features) in &self.unasked {
            let names: Vec<&str> = features.iter().map(FeatureName::as_str).collect();
            let line = format!(
                "{profile}: no scenario asks for {}, which the report does not name",
                names.join(", ")
            );
            page.line(0, &Line::plain(line));
        }
        for result in &results.results {
            if let ScenarioVerdict::NotSupported(feature) = &result.verdict {
                let name = result.scenario.name();
                let line = Line::of(
                    Tone::Faint,
                    format_args!("{name} is left out: {feature} is not claimed"),
                );
                page.line(0, &line);
            }
        }
        for result in results.failed() {
            page.gap();
            let name = result.scenario.name();
            page.line(
                0,
                &Line::of(Tone::Bad, "fails").and(format_args!(" {name}")),
            );
            let says = format!("{}: {}", result.scenario.at(), result.scenario.says());
            page.line(1, &Line::plain(says));
            if let ScenarioVerdict::Failed(failures) = &result.verdict {
                for failure in failures {
                    page.line(1, &Line::plain(&failure.problem));
                }
            }
        }
        page.line(
            0,
            &Line::of(
                Tone::Faint,
                format_args!("the same again: {}", again(self.args)),
            ),
        );
    }

    /// The report for people.
    fn text(&self, reports: &[ProfileReport], style: Style) -> Page {
        let (args, results) = (self.args, self.results);
        let mut page = Page::new(style);
        let (passed, failed) = (results.passed(), results.failed().count());
        let tone = if failed == 0 { Tone::Good } else { Tone::Bad };
        let line = Line::plain(format_args!(
            "{} of {}, {} channel: ",
            count(results.results.len(), "scenario"),
            args.release,
            args.channel
        ));
        page.line(
            0,
            &line.with(tone, format_args!("{passed} passed, {failed} failed")),
        );
        for report in reports {
            let summary = report.derived_summary();
            page.line(
                0,
                &Line::of(Tone::Strong, &report.name).and(format_args!(": {summary}")),
            );
            let levels = [
                (SupportLevel::Core, Some(&report.core)),
                (SupportLevel::Extended, report.extended.as_ref()),
            ];
            for (level, counted) in levels {
                let Some(counted) = counted else { continue };
                let name = match level {
                    SupportLevel::Core => "core",
                    SupportLevel::Extended => "extended",
                };
                let own = &counted.statistics;
                let line = Line::plain(format_args!(
                    "{name}: {} passed, {} failed, {} skipped",
                    own.passed, own.failed, own.skipped
                ));
                page.line(1, &line);
                if !counted.unsupported_features.is_empty() {
                    let names = counted.unsupported_features.join(", ");
                    page.line(1, &Line::plain(format_args!("not claimed: {names}")));
                }
            }
        }
        self.rest(&mut page);
        page
    }
}

/// The simulator that claims no more than it is told to.
struct Claimed {
    simulator: SimulatorSubject,
    features: Option<Vec<FeatureName>>,
    core: BTreeSet<FeatureName>,
}

impl TestSubject for Claimed {
    fn name(&self) -> String {
        self.simulator.name()
    }

    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError> {
        self.simulator.configure(setup)
    }

    fn send(&mut self, ask: &Ask) -> Result<Observed, SubjectError> {
        self.simulator.send(ask)
    }

    fn supports(&self, feature: &FeatureName) -> bool {
        let claims = self
            .features
            .as_ref()
            .is_none_or(|own| own.contains(feature));
        self.simulator.supports(feature) && (claims || self.core.contains(feature))
    }

    fn draws_as_told(&self) -> bool {
        self.simulator.draws_as_told()
    }

    fn statuses(&mut self) -> Vec<Value> {
        self.simulator.statuses()
    }

    fn advance(&mut self, by: Duration) {
        self.simulator.advance(by);
    }

    fn why(&self) -> Vec<String> {
        self.simulator.why()
    }
}
