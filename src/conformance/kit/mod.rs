//! The kit: scenarios as data, whom they are asked of, and how it went.

mod asking;
mod catalogue;
mod cluster;
mod compare;
mod error;
mod frames;
mod location;
mod matcher;
mod need;
mod reference;
mod run;
mod scenario;
mod statuses;
mod subject;

pub use catalogue::{CatalogueError, catalogue};
pub use cluster::{KitEndpoint, Setup};
pub use error::SubjectError;
pub use matcher::{MatcherSubject, RouteMatcher};
pub use need::Need;
pub use reference::SimulatorSubject;
pub use run::{Kit, KitResults, ScenarioFailure, ScenarioResult, ScenarioVerdict};
pub use scenario::{
    Answers, AskStep, ClientIdentity, EndpointCount, Expected, ExpectedCookie, ExpectedRequest,
    ExpectedStatus, FieldLines, ListenerExpected, Scenario, ScenarioCertificate, ScenarioStep,
};
pub use subject::{Ask, Ended, Observed, Reached, SeenRequest, TestSubject};
