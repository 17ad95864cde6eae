//! Rules of HTTPRoutes.

use super::{Builder, Built, Common, Context, FilterReferences, Invalid, Rules, check};
use crate::{
    attachment::{
        effective::{
            BackendProblem, EffectiveBackend, EffectiveFilters, HttpRouteRules, HttpRule,
            RuleProblem, Timeouts,
        },
        objects::rule_label::rule_name,
        values::check_session,
    },
    filters::{Filters, RuleFilters},
    meta::{FeatureName, RoutePatterns},
    v1::{
        HttpPathMatch, HttpRouteFilter, HttpRouteMatch, HttpRouteRule, HttpRouteSpec, PathMatchType,
    },
};
use std::sync::Arc;

/// The rules of an HTTPRoute.
pub(in crate::attachment) fn build(
    context: Context<'_>,
    common: Common<'_>,
    spec: &HttpRouteSpec,
) -> Built {
    let mut builder = Builder::new(context, common.id);
    let rules = spec.rules();
    let expressions = rules.iter().flat_map(|rule| &rule.matches);
    let patterns = builder.patterns(expressions.flat_map(check::http_expressions));
    let built = rules
        .iter()
        .enumerate()
        .filter_map(|(index, rule)| builder.http_rule(index, rule, &patterns))
        .collect();
    let built = Rules::Http(Arc::new(HttpRouteRules {
        reference: common.id.name.clone(),
        age: common.age,
        hostnames: common.hostnames.to_vec(),
        rules: built,
        patterns,
    }));
    builder.finish(built, rules.len())
}

/// The path of a match that names none.
fn default_path() -> HttpPathMatch {
    HttpPathMatch {
        r#type: Some(PathMatchType::PathPrefix),
        value: Some("/".to_owned()),
    }
}

impl Builder<'_> {
    /// A rule; nothing if its matches cannot be read.
    fn http_rule(
        &mut self,
        index: usize,
        rule: &HttpRouteRule,
        patterns: &RoutePatterns,
    ) -> Option<HttpRule> {
        let session = rule.session_persistence.as_ref();
        // References are followed whatever else is wrong with the rule: `ResolvedRefs` speaks of all of them.
        let own = self.http_references(&rule.filters);
        let mut backends = Vec::with_capacity(rule.backend_refs.len());
        for reference in &rule.backend_refs {
            let backend = self.backend(reference, session);
            let referred = self.http_references(&reference.filters);
            backends.push((backend, referred));
        }
        let settings = self.http_settings(rule);
        let matches = match self.http_matches(rule, patterns) {
            Ok(matches) => matches,
            Err(invalid) => {
                self.leave_out(index, invalid.and_maybe(settings.err()));
                return None;
            }
        };
        let mut built = HttpRule {
            index,
            name: rule_name(rule.name.as_ref()),
            matches,
            filters: EffectiveFilters::default(),
            backends: Vec::new(),
            timeouts: Timeouts::default(),
            session_persistence: None,
            problem: None,
        };
        match settings {
            Err(invalid) => built.problem = Some(self.fail(index, invalid)),
            Ok((filters, timeouts)) => {
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
                    |filter: &HttpRouteFilter| matches!(filter, HttpRouteFilter::ExtensionRef(_));
                let answers =
                    built.filters.compiled.redirect().is_some() || rule.filters.iter().any(is_own);
                self.note_empty(index, &built.backends, answers);
                built.timeouts = timeouts;
                built.session_persistence = session.cloned();
            }
        }
        Some(built)
    }

    /// The matches, with the defaults in their places.
    fn http_matches(
        &self,
        rule: &HttpRouteRule,
        patterns: &RoutePatterns,
    ) -> Result<Vec<HttpRouteMatch>, Invalid> {
        let mut matches = rule.matches.clone();
        if matches.is_empty() {
            matches.push(HttpRouteMatch::default());
        }
        let mut faults = Vec::new();
        for one in &mut matches {
            check::http_match(one, patterns, &mut faults);
            faults.extend(self.match_features(one).err());
            one.path.get_or_insert_with(default_path);
        }
        Invalid::beside(Ok(matches), faults)
    }

    /// All but matches and references.
    fn http_settings(&self, rule: &HttpRouteRule) -> Result<(RuleFilters, Timeouts), Invalid> {
        let filters = RuleFilters::compile_http(rule).map_err(|errors| Invalid::filters(&errors));
        let mut faults = Vec::new();
        faults.extend(self.filter_features(&rule.filters).err());
        for backend in &rule.backend_refs {
            faults.extend(self.filter_features(&backend.filters).err());
            if !backend.filters.is_empty()
                && !self.supports(FeatureName::HttpRouteBackendRequestHeaderModification)
            {
                faults.push(Invalid::value(
                    "filters on single backends are not supported",
                ));
            }
        }
        let timeouts = self.timeouts(rule).unwrap_or_else(|invalid| {
            faults.push(invalid);
            Timeouts::default()
        });
        let session = rule.session_persistence.as_ref();
        let session_fault = session.and_then(|session| check_session(session).err());
        faults.extend(session_fault.map(Invalid::value));
        Invalid::beside(filters.map(|filters| (filters, timeouts)), faults)
    }

    fn match_features(&self, one: &HttpRouteMatch) -> Result<(), Invalid> {
        if one.method.is_some() && !self.supports(FeatureName::HttpRouteMethodMatching) {
            return Err(Invalid::value("matching by method is not supported"));
        }
        if !one.query_params.is_empty() && !self.supports(FeatureName::HttpRouteQueryParamMatching)
        {
            return Err(Invalid::value(
                "matching by query parameter is not supported",
            ));
        }
        Ok(())
    }

    fn timeouts(&self, rule: &HttpRouteRule) -> Result<Timeouts, Invalid> {
        let Some(timeouts) = &rule.timeouts else {
            return Ok(Timeouts::default());
        };
        let read = check::timeouts(timeouts)?;
        if read.request.is_some() && !self.supports(FeatureName::HttpRouteRequestTimeout) {
            return Err(Invalid::value("`timeouts.request` is not supported"));
        }
        if read.backend_request.is_some() && !self.supports(FeatureName::HttpRouteBackendTimeout) {
            return Err(Invalid::value("`timeouts.backendRequest` is not supported"));
        }
        Ok(read)
    }

    /// Whether the features that filters need are among those that are supported. That they can be applied at all is
    /// known already.
    fn filter_features(&self, filters: &[HttpRouteFilter]) -> Result<(), Invalid> {
        let needs = |feature: FeatureName, what: &str| {
            if self.supports(feature) {
                Ok(())
            } else {
                Err(Invalid::value(format!("{what} is not supported")))
            }
        };
        let mut mirrors = 0;
        for filter in filters {
            match filter {
                HttpRouteFilter::RequestHeaderModifier(_)
                | HttpRouteFilter::ExtensionRef(_)
                | HttpRouteFilter::Cors(_)
                | HttpRouteFilter::ExternalAuth(_)
                | HttpRouteFilter::Unrecognized(_) => {}
                HttpRouteFilter::ResponseHeaderModifier(_) => needs(
                    FeatureName::HttpRouteResponseHeaderModification,
                    "the filter ResponseHeaderModifier",
                )?,
                HttpRouteFilter::RequestMirror(_) => {
                    needs(
                        FeatureName::HttpRouteRequestMirror,
                        "the filter RequestMirror",
                    )?;
                    mirrors += 1;
                    if mirrors > 1 {
                        needs(
                            FeatureName::HttpRouteRequestMultipleMirrors,
                            "more than one RequestMirror",
                        )?;
                    }
                }
                HttpRouteFilter::RequestRedirect(redirect) => {
                    if redirect.scheme.is_some() {
                        needs(
                            FeatureName::HttpRouteSchemeRedirect,
                            "a redirect to another scheme",
                        )?;
                    }
                    if redirect.port.is_some() {
                        needs(
                            FeatureName::HttpRoutePortRedirect,
                            "a redirect to another port",
                        )?;
                    }
                    if redirect.path.is_some() {
                        needs(
                            FeatureName::HttpRoutePathRedirect,
                            "a redirect to another path",
                        )?;
                    }
                }
                HttpRouteFilter::UrlRewrite(rewrite) => {
                    if rewrite.hostname.is_some() {
                        needs(FeatureName::HttpRouteHostRewrite, "rewriting the host")?;
                    }
                    if rewrite.path.is_some() {
                        needs(FeatureName::HttpRoutePathRewrite, "rewriting the path")?;
                    }
                }
            }
        }
        Ok(())
    }

    fn http_references(&mut self, filters: &[HttpRouteFilter]) -> FilterReferences {
        let mut referred = FilterReferences::default();
        for filter in filters {
            match filter {
                HttpRouteFilter::RequestMirror(filter) => self.mirror(filter, &mut referred),
                HttpRouteFilter::ExtensionRef(reference) => {
                    self.extension(reference, &mut referred);
                }
                _ => {}
            }
        }
        referred
    }
}

/// A backend with its own filters. A filter must not be skipped: a backend with one that cannot be applied gets no
/// requests.
pub(super) fn backend_of(
    mut backend: EffectiveBackend,
    referred: FilterReferences,
    compiled: Filters,
) -> EffectiveBackend {
    if let (Some((kind, why)), Ok(_)) = (referred.unsupported, &backend.target) {
        backend.target = Err(BackendProblem::UnsupportedFilter { kind, why });
    }
    backend.filters = EffectiveFilters {
        compiled,
        mirrors: referred.mirrors,
    };
    backend
}
