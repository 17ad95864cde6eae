//! What a data plane reports of Gateways and their listeners: the condition `Programmed`.

use super::{ProgrammedWhen, condition_body::ConditionBody};
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

/// The reports on all Gateways, each on the Gateway as it is asked for now: what was said of an earlier configuration is forgotten
/// once there is another.
#[derive(Clone, Debug, Default)]
pub(super) struct Reports {
    by_gateway: BTreeMap<NamespacedName, Reported>,
}

/// What is known of one Gateway.
#[derive(Clone, Debug, Default)]
struct Reported {
    /// The last report on the Gateway as a whole.
    gateway: Option<DataPlaneReport>,
    /// The same of single listeners, by name.
    listeners: BTreeMap<String, DataPlaneReport>,
}

impl Reports {
    /// Notes a report on a Gateway. Returns whether it is another than before.
    pub(super) fn set(&mut self, gateway: &NamespacedName, report: DataPlaneReport) -> bool {
        let of_gateway = self.by_gateway.entry(gateway.clone()).or_default();
        let before = of_gateway.gateway.replace(report);
        before != of_gateway.gateway
    }

    /// Notes a report on a listener of a Gateway. Returns whether it is another than before.
    pub(super) fn set_listener(
        &mut self,
        gateway: &NamespacedName,
        listener: &str,
        report: DataPlaneReport,
    ) -> bool {
        let of_gateway = self.by_gateway.entry(gateway.clone()).or_default();
        let before = of_gateway.listeners.get(listener);
        let is_new = before != Some(&report);
        if is_new {
            of_gateway.listeners.insert(listener.to_owned(), report);
        }
        is_new
    }

    /// Takes over what others know of a Gateway.
    pub(super) fn take_over(&mut self, gateway: &NamespacedName, others: &Self) {
        if let Some(reported) = others.by_gateway.get(gateway) {
            self.by_gateway.insert(gateway.clone(), reported.clone());
        }
    }

    /// Notes that a Gateway has gone, or asks for something else.
    pub(super) fn forget(&mut self, gateway: &NamespacedName) {
        self.by_gateway.remove(gateway);
    }

    /// What there is to say of a Gateway for which nothing else stands in the way.
    pub(super) fn body(&self, gateway: &NamespacedName, when: ProgrammedWhen) -> ConditionBody {
        let reported = self.by_gateway.get(gateway);
        match (
            reported.and_then(|reported| reported.gateway.as_ref()),
            when,
        ) {
            (Some(report), _) => report.body(),
            (None, ProgrammedWhen::InForce) => DataPlaneReport::Programmed.body(),
            (None, ProgrammedWhen::Reported) => {
                pending("the data plane has not reported on the Gateway as it is now yet")
            }
        }
    }

    /// What keeps a listener from taking traffic where its Gateway does.
    pub(super) fn of_listener(
        &self,
        gateway: &NamespacedName,
        name: &str,
    ) -> Option<ConditionBody> {
        let report = self.by_gateway.get(gateway)?.listeners.get(name)?;
        (*report != DataPlaneReport::Programmed).then(|| report.body())
    }
}
