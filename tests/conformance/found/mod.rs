//! The faults of data planes, each with the scenarios that find it.

mod accepted;
mod first;
mod further;
mod kinds;
mod parts;
mod reach;
mod statuses;
mod through;

use crate::faults::Fault;

/// A fault: what is wrong, how, and the scenarios that find it, the one that names its rule first.
pub(crate) type FaultRow = (&'static str, Fault, &'static [&'static str]);

/// All faults.
pub(crate) fn faults() -> Vec<FaultRow> {
    let mut all = first::first();
    all.extend(further::further());
    all.extend(reach::reach());
    all.extend(statuses::statuses());
    all.extend(accepted::accepted());
    all.extend(through::through());
    all.extend(kinds::kinds());
    all
}
