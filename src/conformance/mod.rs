#![doc = include_str!("guide.md")]
#![doc = include_str!("../../docs/conformance.md")]

mod feature;
mod kit;
mod profile;
mod report;

pub use feature::Feature;
pub use kit::{
    Answers, Ask, AskStep, CatalogueError, ClientIdentity, Ended, EndpointCount, Expected,
    ExpectedCookie, ExpectedRequest, ExpectedStatus, FieldLines, Kit, KitEndpoint, KitResults,
    ListenerExpected, MatcherSubject, Need, Observed, Reached, RouteMatcher, Scenario,
    ScenarioCertificate, ScenarioFailure, ScenarioResult, ScenarioStep, ScenarioVerdict,
    SeenRequest, Setup, SimulatorSubject, SubjectError, TestSubject, catalogue,
};
pub use profile::{Profile, ProfileError, SupportLevel};
pub use report::{
    ConformanceReport, CountedTest, EARLIER_REPORT_VERSION, Implementation, InstalledError,
    InstalledRelease, LevelReport, OtherFields, ProfileLeftOut, ProfileReport, REPORT_KIND,
    REPORT_VERSION, ReportProblem, ReportResult, ReportStatistics, TestVerdict, installed_release,
};
