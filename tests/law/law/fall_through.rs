//! A filter is never skipped: what an invalid rule would take, were its filters valid, it takes as it is, and answers with an error.

use super::*;
use gwapi::{attachment::effective::HttpRouteRules, filters::RuleFilters};
use serde_json::{from_value, json};

/// The rules of routes whose filters cannot be applied.
type Invalid = BTreeSet<(RouteId, usize)>;

impl Set {
    /// A set in which each third rule of HTTPRoutes has a filter that cannot be applied.
    fn with_invalid_filters(seed: u64) -> Self {
        let mut objects = world::objects(seed);
        let mut count = seed;
        for object in objects
            .iter_mut()
            .filter(|object| object["kind"] == "HTTPRoute")
        {
            let rules = object["spec"]
                .get_mut("rules")
                .and_then(Value::as_array_mut);
            for rule in rules.into_iter().flatten() {
                count += 1;
                if count.is_multiple_of(3) {
                    rule["filters"] = json!([{"type": "RequestHeaderModifier",
                        "requestHeaderModifier": {"set": [{"name": "Connection", "value": "close"}]}}]);
                }
            }
        }
        Self::of(objects)
    }

    /// The same set with the filters taken out that cannot be applied, and the rules that had them.
    fn without_invalid_filters(&self) -> (Self, Invalid) {
        let mut objects = self.objects.clone();
        let mut invalid = Invalid::new();
        for object in &mut objects {
            let kind = object["kind"].as_str().and_then(RouteKind::from_kind);
            let Some(kind @ (RouteKind::Http | RouteKind::Grpc)) = kind else {
                continue;
            };
            let text = |at: &str| object["metadata"][at].as_str().unwrap().to_owned();
            let id = RouteId::new(kind, NamespacedName::new(text("namespace"), text("name")));
            let rules = object["spec"]["rules"].as_array_mut();
            for (index, rule) in rules.into_iter().flatten().enumerate() {
                let valid = match kind {
                    RouteKind::Http => {
                        RuleFilters::compile_http(&from_value(rule.clone()).unwrap()).is_ok()
                    }
                    _ => RuleFilters::compile_grpc(&from_value(rule.clone()).unwrap()).is_ok(),
                };
                if valid {
                    continue;
                }
                invalid.insert((id.clone(), index));
                rule.as_object_mut().unwrap().remove("filters");
                let backends = rule.get_mut("backendRefs").and_then(Value::as_array_mut);
                for backend in backends.into_iter().flatten() {
                    backend.as_object_mut().unwrap().remove("filters");
                }
            }
        }
        (Self::of(objects), invalid)
    }

    /// The requests that rules with invalid filters leave to others. Returns how many such requests were asked, too.
    pub(super) fn fallen_through(&mut self) -> (usize, Vec<Violation>) {
        let (mut twin, invalid) = self.without_invalid_filters();
        if invalid.is_empty() {
            return (0, Vec::new());
        }
        let effective = twin.resolution.effective.clone();
        let asked = Look::at(&mut twin, &effective).asked;
        let mut violations = Vec::new();
        let mut seen = BTreeSet::new();
        let mut count = 0;
        for request in asked {
            let ask = |set: &mut Self| set.simulator.request(&request, &mut |_| 0).unwrap();
            let meant = ask(&mut twin);
            let Some(route) = &meant.route else { continue };
            let kind = RouteKind::from_kind(&route.route.kind).unwrap();
            let id = RouteId::new(kind, route.route.namespaced_name());
            if !invalid.contains(&(id.clone(), route.rule)) {
                continue;
            }
            count += 1;
            let answer = ask(self);
            let taker = answer
                .route
                .as_ref()
                .map(|taker| (&taker.route, taker.rule));
            let fails = answer.outcome == Outcome::Answered && answer.backend.is_none();
            if taker == Some((&route.route, route.rule)) && fails {
                continue;
            }
            // Of routes of two kinds that want one host exactly one is accepted, which is not the one that is rejected.
            if let Some((taker, _)) = taker
                && taker.kind != route.route.kind
                && twin.is_excluded(taker)
            {
                continue;
            }
            if seen.insert((id.clone(), route.rule)) {
                violations.push(Violation::Silent(format!(
                    "{id}, rule {}: {} goes to {taker:?}, {:?}, since a filter is invalid",
                    route.rule, request.uri, answer.status
                )));
            }
        }
        (count, violations)
    }

    /// Whether a route is rejected somewhere for the sake of another one.
    fn is_excluded(&self, route: &ObjectRef) -> bool {
        let kind = RouteKind::from_kind(&route.kind).unwrap();
        let id = RouteId::new(kind, route.namespaced_name());
        let attachments = self.resolution.attachments.get(&id);
        let mut attachments = attachments.into_iter().flatten();
        attachments.any(|attachment| {
            let mut listeners = attachment.listeners.iter();
            listeners.any(|at| at.standing.excluded().is_some())
        })
    }
}

#[test]
fn a_filter_that_is_invalid_is_not_skipped() {
    let (mut asked, mut broken) = (0, Vec::new());
    for seed in 0..sets() {
        let (count, violations) = Set::with_invalid_filters(seed).fallen_through();
        asked += count;
        broken.extend(violations.into_iter().map(|violation| (seed, violation)));
    }
    for (seed, violation) in broken.iter().take(20) {
        println!("set {seed}: {violation}");
    }
    assert!(broken.is_empty(), "{} violations", broken.len());
    assert!(
        asked > 2_000,
        "{asked} requests are too few to show anything"
    );
}

/// Rules that answer with an error have no place: their requests go to others.
#[test]
fn a_filter_that_is_skipped_is_noticed() {
    let mut found = 0;
    for seed in 0..120 {
        let mut set = Set::with_invalid_filters(seed);
        let mut effective = set.resolution.effective.clone();
        for gateway in effective.gateways.values_mut() {
            let mut changed = EffectiveGateway::clone(gateway);
            for listener in &mut changed.listeners {
                let mut without = EffectiveListener::clone(listener);
                let routes = without.http.iter().map(|attached| {
                    let mut attached = attached.clone();
                    let mut rules = HttpRouteRules::clone(&attached.route);
                    rules.rules.retain(|rule| rule.problem.is_none());
                    attached.route = rules.into();
                    attached
                });
                without.http = routes.collect();
                *listener = without.into();
            }
            *gateway = changed.into();
        }
        set.simulator = Simulator::new(effective, RouterOptions::default());
        found += set.fallen_through().1.len();
    }
    assert!(found > 20, "{found}");
}
