//! What is wrong with rules of routes, and what would be right.

use super::{MOST_NAMED, Near, judged::JudgedRoute};
use crate::{
    attachment::{
        RouteId, RouteKind, RuleLabel,
        effective::{SessionSettings, SessionSettingsError},
    },
    filters,
    lint::{found::is_without_condition, further::further_rule},
    meta::{GROUP, ObjectRef},
    rules::Severity,
    validation::{Finding, ValidationOptions, validate_value},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};

/// How many rules of a route are named: more than a server lets a route have.
const MOST_RULES: usize = 64;

impl Near<'_> {
    /// What to do about rules of a route that cannot be applied: for each cause one sentence, with the place of the rule. They are
    /// named by what validation says of them.
    pub(super) fn correct_rules(&self, route: &RouteId, rules: &[usize]) -> Vec<(usize, String)> {
        if rules.is_empty() {
            return Vec::new();
        }
        let judged = self.judged(route);
        let dropped = self.resolver.left_out(route);
        let is_dropped = |rule: usize| dropped.iter().any(|(dropped, _)| *dropped == rule);
        // The rules of other kinds have no matches: the first one takes every connection.
        let has_matches = matches!(route.kind, RouteKind::Http | RouteKind::Grpc);
        let first = (!has_matches)
            .then(|| (0..).find(|rule| !is_dropped(*rule)))
            .flatten();
        let shown = rules.iter().take(MOST_RULES);
        shown
            .flat_map(|rule| {
                let helps = match first.filter(|_| is_dropped(*rule)) {
                    Some(first) => {
                        let label = |rule| self.resolver.snapshot().rule_label(route, rule);
                        vec![further_rule(label(*rule), label(first))]
                    }
                    None => self.correct_rule(route, *rule, &judged.findings),
                };
                helps.into_iter().map(|help| (*rule, help))
            })
            .collect()
    }

    /// Whether validation has a finding of its own on every rule for which a route is rejected: what is wrong with them need
    /// not be told again at the parents.
    pub(in crate::lint) fn rules_tell(&self, route: &RouteId) -> bool {
        let rules = self.resolver.invalid_rules(route);
        if rules.is_empty() {
            return false;
        }
        let judged = self.judged(route);
        rules.iter().all(|rule| judged.rules.contains(rule))
    }

    /// Whether validation has a finding of its own on a rule that is invalid.
    pub(in crate::lint) fn rule_is_told(&self, route: &RouteId, rule: usize) -> bool {
        self.judged(route).rules.contains(&rule) || !self.missing_filters(route, rule).is_empty()
    }

    /// What to do about one rule, for each cause. A part that is only not implemented here has nothing to correct.
    fn correct_rule(&self, route: &RouteId, rule: usize, findings: &[Finding]) -> Vec<String> {
        let label = self.resolver.snapshot().rule_label(route, rule);
        // One text may stand in many fields: one pattern in many matches.
        let mut causes: Vec<(&Finding, usize)> = Vec::new();
        let missing = self.missing_filters(route, rule);
        let is_missing = |finding: &&Finding| {
            let mut missing = missing.iter();
            missing.any(|(at, _)| {
                let below = finding.path().strip_prefix(at.as_str());
                below.is_some_and(|below| below.starts_with('.'))
            })
        };
        for finding in wrong_in(rule, findings).filter(|finding| !is_missing(finding)) {
            let is_same = |(known, _): &&mut (&Finding, usize)| {
                known.rule() == finding.rule() && known.message() == finding.message()
            };
            match causes.iter_mut().find(is_same) {
                Some((_, more)) => *more += 1,
                None => causes.push((finding, 0)),
            }
        }
        let wrong = causes.into_iter().filter_map(|(finding, more)| {
            let below = finding.path().strip_prefix(&*path(rule));
            let field = field(label, below.unwrap_or_default());
            let more = match more {
                0 => String::new(),
                more => format!(" and {more} more like it"),
            };
            Some(format!("{field}{more}: {}", finding.help()?))
        });
        let mut helps: Vec<String> = wrong.take(MOST_NAMED).collect();
        helps.extend(self.session_help(route, rule).map(|(below, help)| {
            let below = format!(".sessionPersistence.{below}");
            format!("{}: {help}", field(label, &below))
        }));
        let missing: BTreeSet<&str> = missing.iter().map(|(_, filter)| *filter).collect();
        helps.extend(missing.into_iter().map(|filter| {
            format!(
                "nothing is wrong with the filter `{filter}` of {}: it is not implemented here; leave it out to see the rest of the rule",
                field(label, "")
            )
        }));
        if helps.is_empty() {
            helps.push(format!("correct {}", field(label, "")));
        }
        helps
    }

    /// The field of the session persistence of a rule that cannot be in force, and what to write there.
    fn session_help(&self, route: &RouteId, rule: usize) -> Option<(&'static str, &'static str)> {
        let snapshot = self.resolver.snapshot();
        let session = match route.kind {
            RouteKind::Http => {
                let route = snapshot.http_routes().get(&route.name)?;
                let rule = route.spec.rules.as_ref()?.get(rule)?;
                rule.session_persistence.as_ref()
            }
            RouteKind::Grpc => {
                let route = snapshot.grpc_routes().get(&route.name)?;
                let rule = route.spec.as_ref()?.rules.get(rule)?;
                rule.session_persistence.as_ref()
            }
            RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => None,
        };
        let session = session?;
        let error = SessionSettings::read(session).err()?;
        Some((error.field(session), session_remedy(&error)))
    }

    /// The filters of a rule that are known and not implemented, each with its field.
    fn missing_filters(&self, route: &RouteId, rule: usize) -> Vec<(String, &'static str)> {
        if route.kind != RouteKind::Http {
            return Vec::new();
        }
        let at = path(rule);
        let written = self.resolver.snapshot().http_routes().get(&route.name);
        let rules = written.and_then(|written| written.spec.rules.as_ref());
        let Some(rule) = rules.and_then(|rules| rules.get(rule)) else {
            return Vec::new();
        };
        let own = std::iter::once((at.clone(), &rule.filters));
        let of_backends = rule.backend_refs.iter().enumerate();
        let of_backends =
            of_backends.map(|(index, one)| (format!("{at}.backendRefs[{index}]"), &one.filters));
        let all = own.chain(of_backends).flat_map(|(at, filters)| {
            let filters = filters.iter().enumerate();
            filters.map(move |(index, filter)| (format!("{at}.filters[{index}]"), filter))
        });
        all.filter_map(|(at, filter)| Some((at, filters::missing(filter)?)))
            .collect()
    }

    /// What validation says of a route as the API server of this release would get it. The last one is kept: a route has as
    /// many problems as it has parents.
    fn judged(&self, route: &RouteId) -> Arc<JudgedRoute> {
        let mut last = self.judged.borrow_mut();
        if let Some(judged) = last.as_ref().filter(|judged| judged.route == *route) {
            return Arc::clone(judged);
        }
        #[cfg(test)]
        super::JUDGED.add(1);
        let resolving = self.resolver.options();
        let mut options = ValidationOptions::of(resolving.release, resolving.channel);
        options.patterns = resolving.patterns;
        let snapshot = self.resolver.snapshot();
        let object = match route.kind {
            RouteKind::Http => snapshot.http_routes().get(&route.name).map(spec_of),
            RouteKind::Grpc => snapshot.grpc_routes().get(&route.name).map(spec_of),
            RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => None,
        };
        let findings = object.map_or_else(Vec::new, |object| {
            validate_value(&object, &options).into_findings()
        });
        let wrong = findings.iter().filter(|finding| makes_invalid(finding));
        let judged = Arc::new(JudgedRoute {
            route: route.clone(),
            rules: wrong
                .filter_map(|finding| rule_of(finding.path()))
                .collect(),
            findings,
        });
        *last = Some(Arc::clone(&judged));
        judged
    }

    /// What to do about the rules of a route that cannot be applied; each with its place.
    pub(super) fn dropped_rules(&self, object: &ObjectRef) -> Vec<(usize, String)> {
        let kind = RouteKind::from_kind(&object.kind).filter(|_| object.group == GROUP);
        let Some(kind) = kind else {
            return Vec::new();
        };
        let id = RouteId::new(kind, object.namespaced_name());
        let attachments = self.resolver.resolution().attachments.get(&id);
        let mut parents = 0..attachments.map_or(0, Vec::len);
        // A parent that rejects the route for another cause says nothing of its rules.
        if self.resolver.is_invalid(&id)
            && !parents.any(|parent| self.resolver.is_rejected_for_rules(&id, parent))
        {
            return Vec::new();
        }
        let invalid = self.resolver.invalid_rules(&id).iter().copied();
        let dropped = self.resolver.left_out(&id).iter().map(|(rule, _)| *rule);
        let rules: BTreeSet<usize> = invalid.chain(dropped).collect();
        self.correct_rules(&id, &Vec::from_iter(rules))
    }
}

/// What to write in place of settings of a session that cannot be in force.
pub(super) fn session_remedy(error: &SessionSettingsError) -> &'static str {
    match error {
        SessionSettingsError::Timeout { .. } => "write a duration, such as `10m` or `1h30m`",
        SessionSettingsError::Type(_) => "write `Cookie` or `Header`",
        SessionSettingsError::LifetimeType(_) => "write `Session` or `Permanent`",
        SessionSettingsError::PermanentWithoutEnd => {
            "add it, or write `lifetimeType: Session` for the cookie"
        }
        SessionSettingsError::CookieName(_) => {
            "write a name of letters, digits, `-` and `_`, such as `session`"
        }
        SessionSettingsError::CookiePath(_) => "write a path, such as `/`",
        SessionSettingsError::HeaderName(_) | SessionSettingsError::HeaderMeaning(_) => {
            "write the name of a header of your own, such as `x-session`"
        }
    }
}

/// The field of a rule.
fn path(rule: usize) -> String {
    format!("spec.rules[{rule}]")
}

/// A field in a rule as it is shown: ``spec.rules[0].filters[1]` (`canary`)``.
fn field(label: RuleLabel<'_>, below: &str) -> String {
    label.after(&format!("`{}{below}`", path(label.index)))
}

/// Whether a finding is one that makes a rule invalid: what a server refuses, or what it takes and cannot be applied.
fn makes_invalid(finding: &Finding) -> bool {
    finding.severity() == Severity::Error || !is_without_condition(finding)
}

/// The rule that a field is in.
fn rule_of(path: &str) -> Option<usize> {
    let (index, _) = path.strip_prefix("spec.rules[")?.split_once(']')?;
    index.parse().ok()
}

/// What makes a rule invalid, what a server refuses first.
fn wrong_in(rule: usize, findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    let is_in = |finding: &&Finding| rule_of(finding.path()) == Some(rule);
    let mut wrong: Vec<&Finding> = findings
        .iter()
        .filter(is_in)
        .filter(|finding| makes_invalid(finding))
        .collect();
    wrong.sort_by_key(|finding| finding.severity() != Severity::Error);
    wrong.into_iter()
}

/// A route as JSON, with what a server asks of any object and nothing else beside its spec.
fn spec_of<K: Serialize>(route: &Arc<K>) -> Value {
    let mut object = serde_json::to_value(&**route).unwrap_or_default();
    if let Some(fields) = object.as_object_mut() {
        fields.insert("metadata".to_owned(), json!({ "name": "route" }));
        fields.remove("status");
    }
    object
}

#[cfg(test)]
mod tests {
    use super::session_remedy;
    use crate::attachment::effective::SessionSettings;
    use serde_json::json;

    /// Each help can be followed by the letter: with what it asks for, the settings can be in force.
    #[test]
    fn a_session_with_what_its_help_asks_for_can_be_in_force() {
        for (wrong, help, right) in [
            (
                json!({"absoluteTimeout": "soon"}),
                "write a duration, such as `10m` or `1h30m`",
                json!({"absoluteTimeout": "1h30m"}),
            ),
            (
                json!({"type": "Url"}),
                "write `Cookie` or `Header`",
                json!({"type": "Header"}),
            ),
            (
                json!({"cookieConfig": {"lifetimeType": "Forever"}}),
                "write `Session` or `Permanent`",
                json!({"cookieConfig": {"lifetimeType": "Session"}}),
            ),
            (
                json!({"cookieConfig": {"lifetimeType": "Permanent"}}),
                "add it, or write `lifetimeType: Session` for the cookie",
                json!({"cookieConfig": {"lifetimeType": "Permanent"}, "absoluteTimeout": "1h"}),
            ),
            (
                json!({"sessionName": "a b"}),
                "write a name of letters, digits, `-` and `_`, such as `session`",
                json!({"sessionName": "session"}),
            ),
        ] {
            let read = |settings: &serde_json::Value| {
                SessionSettings::read(&serde_json::from_value(settings.clone()).unwrap())
            };
            assert_eq!(session_remedy(&read(&wrong).unwrap_err()), help);
            assert!(read(&right).is_ok(), "{right}");
        }
    }
}
