//! What a data plane reports of Gateways: the condition `Programmed`.

use super::{ProgrammedWhen, condition_body::ConditionBody};
use crate::meta::{ConditionStatus, NamespacedName, condition::gateway::reason};
use std::collections::BTreeMap;

/// What a data plane reports of a Gateway: whether it does with traffic what the Gateway asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataPlaneReport {
    /// It does, or will in a moment: `Programmed` is `True`.
    Programmed,
    /// Not yet, and why: `Programmed` is `Unknown`, with the reason `Pending`.
    Pending(String),
    /// It cannot: `Programmed` is `False`.
    Failed {
        /// The reason, one of [`gateway::reason`](crate::meta::condition::gateway::reason) or one of the controller's own.
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
    /// The last report, and the generation that it is about.
    last: Option<(Option<i64>, DataPlaneReport)>,
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
        let Reported { since, last } = match self.by_gateway.get(gateway) {
            Some(reported) => reported,
            None => &Reported::default(),
        };
        match (last, when) {
            (None, ProgrammedWhen::InForce) => DataPlaneReport::Programmed.body(),
            (None, ProgrammedWhen::Reported) => {
                pending("the data plane has not reported on the Gateway yet")
            }
            (Some((about, report)), _) => match (about, since) {
                (Some(about), Some(since)) if about < since => pending(format!(
                    "the data plane has not reported on generation {since} of the Gateway yet"
                )),
                _ => report.body(),
            },
        }
    }
}
