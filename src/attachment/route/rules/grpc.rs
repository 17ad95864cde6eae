//! Rules of GRPCRoutes.

use super::{Builder, Built, Common, Context, Invalid, Rules, check, http::refuse_unsupported};
use crate::{
    attachment::{
        effective::{EffectiveFilter, GrpcRouteRules, GrpcRule, RuleProblem},
        values::check_session,
    },
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
    let mut built = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        match builder.grpc_rule(index, rule, &patterns) {
            Ok(rule) => built.push(rule),
            Err(invalid) => builder.drop_rule(index, invalid),
        }
    }
    let left = built.len();
    let rules = Rules::Grpc(Arc::new(GrpcRouteRules {
        reference: common.id.name.clone(),
        age: common.age,
        hostnames: common.hostnames.to_vec(),
        rules: built,
        patterns,
    }));
    builder.finish(rules, left)
}

impl Builder<'_> {
    fn grpc_rule(
        &mut self,
        index: usize,
        rule: &GrpcRouteRule,
        patterns: &RoutePatterns,
    ) -> Result<GrpcRule, Invalid> {
        let mut matches = rule.matches.clone();
        if matches.is_empty() {
            matches.push(GrpcRouteMatch::default());
        }
        matches
            .iter()
            .try_for_each(|one| check::grpc_match(one, patterns))?;
        compatible(&rule.filters)?;
        for backend in &rule.backend_refs {
            compatible(&backend.filters)?;
        }
        let session = rule.session_persistence.as_ref();
        if let Some(session) = session {
            check_session(session).map_err(Invalid::value)?;
        }
        let filters: Vec<EffectiveFilter> =
            rule.filters.iter().map(|f| self.grpc_filter(f)).collect();
        let problem = filters.iter().find_map(|filter| match filter {
            EffectiveFilter::Unsupported { kind, why } => Some(RuleProblem::UnsupportedFilter {
                kind: kind.clone(),
                why: why.clone(),
            }),
            _ => None,
        });
        let mut backends = Vec::with_capacity(rule.backend_refs.len());
        for reference in &rule.backend_refs {
            let mut backend = self.backend(reference, session);
            backend.filters = reference
                .filters
                .iter()
                .map(|f| self.grpc_filter(f))
                .collect();
            refuse_unsupported(&mut backend);
            backends.push(backend);
        }
        Ok(GrpcRule {
            index,
            matches,
            filters,
            backends,
            session_persistence: session.cloned(),
            problem,
        })
    }

    fn grpc_filter(&mut self, filter: &GrpcRouteFilter) -> EffectiveFilter {
        match filter {
            GrpcRouteFilter::RequestHeaderModifier(f) => {
                EffectiveFilter::RequestHeaderModifier(f.clone())
            }
            GrpcRouteFilter::ResponseHeaderModifier(f) => {
                EffectiveFilter::ResponseHeaderModifier(f.clone())
            }
            GrpcRouteFilter::RequestMirror(f) => {
                EffectiveFilter::RequestMirror(Box::new(self.backend(&f.backend_ref, None)))
            }
            GrpcRouteFilter::ExtensionRef(reference) => {
                self.extension(&reference.group, &reference.kind, &reference.name)
            }
            GrpcRouteFilter::Unrecognized(_) => EffectiveFilter::Unsupported {
                kind: filter.type_name().to_owned(),
                why: "it is not known".to_owned(),
            },
        }
    }
}

/// Checks each filter by itself, and all of them together.
fn compatible(filters: &[GrpcRouteFilter]) -> Result<(), Invalid> {
    for kind in ["RequestHeaderModifier", "ResponseHeaderModifier"] {
        if filters.iter().filter(|f| f.type_name() == kind).count() > 1 {
            return Err(Invalid::filters(format!(
                "the filter {kind} is given twice"
            )));
        }
    }
    match filters
        .iter()
        .find(|f| matches!(f, GrpcRouteFilter::Unrecognized(_)))
    {
        Some(filter) => Err(Invalid::value(format!(
            "the filter `{}` is not known, or not complete",
            filter.type_name()
        ))),
        None => Ok(()),
    }
}
