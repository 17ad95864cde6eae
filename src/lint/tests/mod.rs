//! What is wrong with a set of objects although each is valid.

mod given;
mod reach;
mod redirects;
mod references;
mod sessions;
mod work;

use super::*;
use crate::{meta::Channel, rules::Severity, validation};
use serde_json::{Value, json};

fn route(spec: &Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "a"}, "spec": spec,
    })
}

fn gateway(listeners: &Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "gw"},
        "spec": {"gatewayClassName": "c", "listeners": listeners},
    })
}

/// The warnings of each object of a set, as rule, path and message.
fn judged(objects: &[&Value]) -> Vec<Vec<(&'static str, String, String)>> {
    judge_set(
        objects,
        &validation::ValidationOptions::new(Channel::Experimental),
    )
    .map(|report| {
        report
            .findings()
            .iter()
            .filter(|f| f.severity() == Severity::Warning)
            .map(|f| (f.rule(), f.path().to_owned(), f.message().to_owned()))
            .collect()
    })
    .collect()
}

fn rules(objects: &[&Value]) -> Vec<(&'static str, String)> {
    let all = judged(objects).into_iter().flatten();
    all.map(|(rule, path, _)| (rule, path)).collect()
}
