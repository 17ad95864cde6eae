//! A policy for people: what became of it at each of its targets.

use super::{
    super::words::{describe, some},
    lines::Lines,
};
use crate::output::{Line, Tone};
use gwapi::{
    attachment::{PolicyTarget, StatusPart},
    meta::{NamespacedName, ObjectRef},
    v1alpha2::{MAX_ANCESTORS, PolicyStatus},
};
use std::collections::BTreeSet;

impl Lines<'_> {
    /// A policy: what became of it at each of its targets, and then its conditions at each Gateway.
    pub(super) fn policy(&mut self, object: &ObjectRef, policy: &PolicyStatus) {
        self.head(object, Line::default());
        let resolution = self.resolver.resolution();
        let targets = resolution.policies.get(object).map(Vec::as_slice);
        let targets = targets.unwrap_or_default();
        for (index, target) in targets.iter().enumerate() {
            // What rejects several targets is told once.
            let alike = |other: &&PolicyTarget| {
                !other.accepted && (other.reason, &other.why) == (target.reason, &target.why)
            };
            let before = targets.iter().take(index);
            if !target.accepted && before.filter(alike).count() > 0 {
                continue;
            }
            let what = describe_target(target);
            if target.applies() {
                let full = resolution.without_room.get(object);
                let has_room =
                    |gateway: &&NamespacedName| full.is_none_or(|full| !full.contains(*gateway));
                let mut at: Vec<String> = target
                    .gateways
                    .iter()
                    .filter(has_room)
                    .map(|gateway| format!("Gateway {gateway}"))
                    .collect();
                at.extend(target.mesh.then(|| "the mesh".to_owned()));
                let line = Line::of(Tone::Good, "applies")
                    .and(format_args!(" to {what} at {}", some(&at, ", ")));
                self.page.line(2, &line);
                continue;
            }
            let line = if target.accepted {
                // The target is named once.
                let is_named = target.why.contains(&target.target.to_string());
                let on = if is_named {
                    String::new()
                } else {
                    format!(" on {what}")
                };
                Line::of(Tone::Bad, "no effect").and(on)
            } else {
                let of_cause = targets.iter().filter(alike).map(describe_target);
                let of_cause: BTreeSet<String> = of_cause.collect();
                let of_cause: Vec<String> = of_cause.into_iter().collect();
                let (several, is) = match of_cause.len() {
                    1 => ("", "is "),
                    _ => ("s", "are "),
                };
                let what = some(&of_cause, "; ");
                let reason = target.reason;
                Line::plain(format_args!("target{several} {what} "))
                    .and(is)
                    .with(Tone::Bad, "rejected")
                    .and(format_args!(" ({reason})"))
            };
            let path = "spec.targetRefs";
            let line = line.and(": ").and(&target.why);
            self.fault(2, object, path, &line);
        }
        for ancestor in &policy.ancestors {
            let parent = describe(&ancestor.ancestor_ref, &object.namespace);
            let line = Line::plain(format_args!("status at {parent}:"));
            self.page.line(2, &line);
            let told = |message: &str| targets.iter().any(|target| message.contains(&target.why));
            let bad = self.bad;
            let part = StatusPart::Entry(ancestor.ancestor_ref.clone());
            let whole = self.unwritten(&part).types.is_empty();
            self.conditions(4, (object, &part), &ancestor.conditions, |condition| {
                if told(&condition.message) {
                    String::new()
                } else {
                    condition.message.clone()
                }
            });
            if ancestor
                .conditions
                .iter()
                .all(|condition| told(&condition.message))
                && whole
            {
                self.bad = bad;
            }
        }
        let without = resolution.without_room.get(object);
        let without: Vec<String> = without
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect();
        if !without.is_empty() {
            let several = if without.len() == 1 { "" } else { "s" };
            self.no_room(
                object,
                &format!("Gateway{several} {}", some(&without, ", ")),
            );
        }
    }

    /// A Gateway that has no place among the ancestors of a policy.
    pub(super) fn no_room(&mut self, object: &ObjectRef, what: &str) {
        let why = format!(
            "a policy has at most {MAX_ANCESTORS} ancestors, and at others no route can refer to its targets"
        );
        let line = Line::of(Tone::Bad, format_args!("no room for {what}")).and(": ");
        self.fault(2, object, "status", &line.and(why));
    }
}

/// A target, with its port if the policy names one.
fn describe_target(target: &PolicyTarget) -> String {
    match &target.section {
        Some(section) => format!("{}, port {section}", target.target),
        None => target.target.to_string(),
    }
}
