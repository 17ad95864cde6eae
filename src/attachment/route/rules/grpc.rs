//! Rules of GRPCRoutes.

use super::{
    Builder, Built, Common, Context, FilterReferences, Invalid, Rules, check, http::backend_of,
};
use crate::{
    attachment::{
        effective::{EffectiveFilters, GrpcRouteRules, GrpcRule, RuleProblem},
        objects::rule_label::rule_name,
        values::check_session,
    },
    filters::RuleFilters,
    meta::RoutePatterns,
    v1::{GrpcRouteFilter, GrpcRouteMatch, GrpcRouteRule},
};
use std::sync::Arc;

/// The rules of a GRPCRoute.
pub(in crate::attachment) fn build(
    context: Context<'_>,
    common: Common<'_>,
    rules: &[GrpcRouteRule],
) -> Built {
    let mut builder = Builder::new(context, common.id);
    let expressions = rules.iter().flat_map(|rule| &rule.matches);
    let patterns = builder.patterns(expressions.flat_map(check::grpc_expressions));
    let built = rules
        .iter()
        .enumerate()
        .filter_map(|(index, rule)| builder.grpc_rule(index, rule, &patterns))
        .collect();
    let built = Rules::Grpc(Arc::new(GrpcRouteRules {
        reference: common.id.name.clone(),
        age: common.age,
        hostnames: common.hostnames.to_vec(),
        rules: built,
        patterns,
    }));
    builder.finish(built, rules.len())
}

impl Builder<'_> {
    /// A rule; nothing if its matches cannot be read.
    fn grpc_rule(
        &mut self,
        index: usize,
        rule: &GrpcRouteRule,
        patterns: &RoutePatterns,
    ) -> Option<GrpcRule> {
        let session = rule.session_persistence.as_ref();
        // References are followed whatever else is wrong with the rule: `ResolvedRefs` speaks of all of them.
        let own = self.grpc_references(&rule.filters);
        let mut backends = Vec::with_capacity(rule.backend_refs.len());
        for reference in &rule.backend_refs {
            let backend = self.backend(reference, session);
            let referred = self.grpc_references(&reference.filters);
            backends.push((backend, referred));
        }
        let mut matches = rule.matches.clone();
        if matches.is_empty() {
            matches.push(GrpcRouteMatch::default());
        }
        let mut unreadable = Vec::new();
        for one in &matches {
            check::grpc_match(one, patterns, &mut unreadable);
        }
        let filters = RuleFilters::compile_grpc(rule).map_err(|errors| Invalid::filters(&errors));
        let session_fault = session.and_then(|session| check_session(session).err());
        let faults = session_fault.map(Invalid::value);
        let settings = Invalid::beside(filters, Vec::from_iter(faults));
        if let Some(unreadable) = Invalid::all(unreadable) {
            self.leave_out(index, unreadable.and_maybe(settings.err()));
            return None;
        }
        let mut built = GrpcRule {
            index,
            name: rule_name(rule.name.as_ref()),
            matches,
            filters: EffectiveFilters::default(),
            backends: Vec::new(),
            session_persistence: None,
            problem: None,
        };
        match settings {
            Err(invalid) => built.problem = Some(self.fail(index, invalid)),
            Ok(filters) => {
                self.accept();
                let (compiled, of_backends) = filters.into_parts();
                built.problem = own
                    .unsupported
                    .map(|(kind, why)| RuleProblem::UnsupportedFilter { kind, why });
                built.filters = EffectiveFilters {
                    compiled,
                    mirrors: own.mirrors,
                };
                built.backends = backends
                    .into_iter()
                    .zip(of_backends)
                    .map(|((backend, referred), filters)| backend_of(backend, referred, filters))
                    .collect();
                // A filter of an implementation's own may answer.
                let is_own =
                    |filter: &GrpcRouteFilter| matches!(filter, GrpcRouteFilter::ExtensionRef(_));
                let answers = rule.filters.iter().any(is_own);
                self.note_empty(index, &built.backends, answers);
                built.session_persistence = session.cloned();
            }
        }
        Some(built)
    }

    fn grpc_references(&mut self, filters: &[GrpcRouteFilter]) -> FilterReferences {
        let mut referred = FilterReferences::default();
        for filter in filters {
            match filter {
                GrpcRouteFilter::RequestMirror(filter) => self.mirror(filter, &mut referred),
                GrpcRouteFilter::ExtensionRef(reference) => {
                    self.extension(reference, &mut referred);
                }
                _ => {}
            }
        }
        referred
    }
}
