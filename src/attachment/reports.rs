//! What a data plane reports of Gateways and their listeners: the condition `Programmed`.

use super::{ListenerId, ProgrammedWhen, condition_body::ConditionBody};
use crate::meta::{ConditionStatus, NamespacedName, condition::gateway::reason};
use std::collections::BTreeMap;

/// What a data plane reports of a Gateway or a listener: whether it does with traffic what that asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataPlaneReport {
    /// It does, or will in a moment: `Programmed` is `True`.
    Programmed,
    /// Not yet, and why: `Programmed` is `Unknown`, with the reason `Pending`.
    Pending(String),
    /// It cannot: `Programmed` is `False`.
    Failed {
        /// The reason, one of [`gateway::reason`](crate::meta::condition::gateway::reason),
        /// [`listener::reason`](crate::meta::condition::listener::reason), or one of the controller's own.
        reason: &'static str,
        /// Why, in a sentence.
        why: String,
    },
}

impl DataPlaneReport {
    fn body(&self) -> ConditionBody {
        match self {
            Self::Programmed => {
                ConditionBody::new(true, reason::PROGRAMMED, "the Gateway takes traffic")
            }
            Self::Pending(why) => pending(why),
            Self::Failed { reason, why } => ConditionBody::new(false, reason, why),
        }
    }
}

fn pending(why: impl Into<String>) -> ConditionBody {
    ConditionBody::new(ConditionStatus::Undetermined, reason::PENDING, why)
}

/// The reports on all Gateways.
#[derive(Clone, Debug, Default)]
pub(super) struct Reports {
    by_gateway: BTreeMap<NamespacedName, Reported>,
}

/// What is known of one Gateway.
#[derive(Clone, Debug, Default)]
struct Reported {
    /// The generation since which the Gateway asks for the same.
    since: Option<i64>,
    /// The last report on the Gateway as a whole, and the generation that it is about.
    last: Option<(Option<i64>, DataPlaneReport)>,
    /// The same of single listeners, by name.
    listeners: BTreeMap<String, (Option<i64>, DataPlaneReport)>,
}

impl Reported {
    /// The generation since which the Gateway asks for something else than what a report is about, if it does.
    fn later_than(&self, about: Option<i64>) -> Option<i64> {
        let (about, since) = (about?, self.since?);
        (about < since).then_some(since)
    }
}

impl Reports {
    /// Notes a report on a generation of a Gateway.
    pub(super) fn set(
        &mut self,
        gateway: &NamespacedName,
        generation: Option<i64>,
        report: DataPlaneReport,
    ) {
        let of_gateway = self.by_gateway.entry(gateway.clone()).or_default();
        of_gateway.last = Some((generation, report));
    }

    /// Notes a report on a listener of a generation of a Gateway.
    pub(super) fn set_listener(
        &mut self,
        listener: &ListenerId,
        generation: Option<i64>,
        report: DataPlaneReport,
    ) {
        let of_gateway = self.by_gateway.entry(listener.gateway.clone()).or_default();
        let name = listener.name.clone();
        of_gateway.listeners.insert(name, (generation, report));
    }

    /// Notes that a Gateway asks for something else since a generation.
    pub(super) fn changed(&mut self, gateway: &NamespacedName, generation: Option<i64>) {
        let of_gateway = self.by_gateway.entry(gateway.clone()).or_default();
        of_gateway.since = generation;
    }

    /// Takes from others since when a Gateway asks for the same.
    pub(super) fn keep_since(&mut self, gateway: &NamespacedName, others: &Self) {
        let since = others.by_gateway.get(gateway).and_then(|other| other.since);
        self.changed(gateway, since);
    }

    /// Notes that a Gateway has gone.
    pub(super) fn forget(&mut self, gateway: &NamespacedName) {
        self.by_gateway.remove(gateway);
    }

    /// What there is to say of a Gateway for which nothing else stands in the way.
    pub(super) fn body(&self, gateway: &NamespacedName, when: ProgrammedWhen) -> ConditionBody {
        let none = Reported::default();
        let reported = self.by_gateway.get(gateway).unwrap_or(&none);
        match (&reported.last, when) {
            (None, ProgrammedWhen::InForce) => DataPlaneReport::Programmed.body(),
            (None, ProgrammedWhen::Reported) => {
                pending("the data plane has not reported on the Gateway yet")
            }
            (Some((about, report)), _) => match reported.later_than(*about) {
                Some(since) => pending(format!(
                    "the data plane has not reported on generation {since} of the Gateway yet"
                )),
                None => report.body(),
            },
        }
    }

    /// What keeps a listener from taking traffic where its Gateway does.
    pub(super) fn of_listener(
        &self,
        gateway: &NamespacedName,
        name: &str,
    ) -> Option<ConditionBody> {
        let reported = self.by_gateway.get(gateway)?;
        let (about, report) = reported.listeners.get(name)?;
        let counts =
            reported.later_than(*about).is_none() && *report != DataPlaneReport::Programmed;
        counts.then(|| report.body())
    }
}
