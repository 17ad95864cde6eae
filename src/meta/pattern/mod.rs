//! Regular expressions that match a whole text: parsed and measured at once, compiled when they are first needed,
//! searched without allocation.

pub(crate) mod automaton;
mod compiled;
mod error;
mod inclusion;
mod limits;
mod route;
mod size;
mod store;
mod table;

pub use compiled::Pattern;
pub use error::{PatternError, PatternProblem};
pub(crate) use inclusion::TakenTexts;
pub use limits::PatternLimits;
pub use route::RoutePatterns;
pub use store::PatternStore;
pub use table::{TableBudget, TableFull};
