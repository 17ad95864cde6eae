//! Which rules sit on which node of a schema, looked up once.

use crate::{
    rules::{self, Rule},
    schema::{self, Installation},
};
use std::sync::{LazyLock, OnceLock};

/// The rules of each node of one schema.
#[derive(Debug, Default)]
pub(super) struct Plan {
    by_node: Vec<Vec<&'static Rule>>,
}

impl Plan {
    fn new(installation: &Installation) -> Self {
        let mut by_node = Vec::new();
        installation.schema().visit(&mut |node, places| {
            if by_node.len() <= node.id() {
                by_node.resize(node.id() + 1, Vec::new());
            }
            if let Some(rules) = by_node.get_mut(node.id()) {
                rules.extend(rules::on(
                    places,
                    installation.release,
                    installation.channel,
                ));
            }
        });
        Self { by_node }
    }

    /// The rules that sit on a node.
    pub(super) fn rules(&self, node: usize) -> &[&'static Rule] {
        self.by_node.get(node).map_or(&[], Vec::as_slice)
    }
}

/// The plan of an installation; made at first use.
pub(super) fn of(installation: &'static Installation) -> &'static Plan {
    static NONE: Plan = Plan {
        by_node: Vec::new(),
    };
    static PLANS: LazyLock<Vec<(&'static Installation, OnceLock<Plan>)>> = LazyLock::new(|| {
        schema::KINDS
            .iter()
            .flat_map(|kind| kind.installations)
            .map(|installation| (installation, OnceLock::new()))
            .collect()
    });
    PLANS
        .iter()
        .find(|(known, _)| std::ptr::eq(*known, installation))
        .map_or(&NONE, |(_, plan)| {
            plan.get_or_init(|| Plan::new(installation))
        })
}
