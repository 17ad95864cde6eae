//! Rules of HTTPRoutes.

use super::{Builder, Built, Common, Context, Invalid, Rules, check};
use crate::{
    attachment::{
        effective::{
            BackendProblem, EffectiveBackend, EffectiveFilter, HttpRouteRules, HttpRule,
            RuleProblem, Timeouts,
        },
        values::check_session,
    },
    meta::{RoutePatterns, SupportedFeature},
    v1::{
        HttpBackendRef, HttpPathMatch, HttpPathModifier, HttpRouteFilter, HttpRouteMatch,
        HttpRouteRule, PathMatchType, SessionPersistence,
    },
};
use std::sync::Arc;

/// The rules of an HTTPRoute.
pub(in crate::attachment) fn build(
    context: Context<'_>,
    common: Common<'_>,
    rules: &[HttpRouteRule],
) -> Built {
    let mut builder = Builder::new(context, common.id);
    // A route without rules has the default one.
    let default = [HttpRouteRule::default()];
    let rules = if rules.is_empty() { &default } else { rules };
    let expressions = rules.iter().flat_map(|rule| &rule.matches);
    let patterns = builder.patterns(expressions.flat_map(check::http_expressions));
    let mut built = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        match builder.http_rule(index, rule, &patterns) {
            Ok(rule) => built.push(rule),
            Err(invalid) => builder.drop_rule(index, invalid),
        }
    }
    let left = built.len();
    let rules = Rules::Http(Arc::new(HttpRouteRules {
        reference: common.id.name.clone(),
        age: common.age,
        hostnames: common.hostnames.to_vec(),
        rules: built,
        patterns,
    }));
    builder.finish(rules, left)
}

/// The match that a rule without matches has.
fn default_match() -> HttpRouteMatch {
    HttpRouteMatch {
        path: Some(HttpPathMatch {
            r#type: Some(PathMatchType::PathPrefix),
            value: Some("/".to_owned()),
        }),
        ..Default::default()
    }
}

impl Builder<'_> {
    fn http_rule(
        &mut self,
        index: usize,
        rule: &HttpRouteRule,
        patterns: &RoutePatterns,
    ) -> Result<HttpRule, Invalid> {
        let mut matches = rule.matches.clone();
        if matches.is_empty() {
            matches.push(default_match());
        }
        for one in &mut matches {
            check::http_match(one, patterns)?;
            self.match_features(one)?;
            if one.path.is_none() {
                one.path = default_match().path;
            }
        }
        self.compatible(&rule.filters, &matches)?;
        let timeouts = self.timeouts(rule)?;
        let session = rule.session_persistence.as_ref();
        if let Some(session) = session {
            check_session(session).map_err(Invalid::value)?;
        }
        for backend in &rule.backend_refs {
            self.compatible(&backend.filters, &matches)?;
            if !backend.filters.is_empty()
                && !self.supports(SupportedFeature::HttpRouteBackendRequestHeaderModification)
            {
                return Err(Invalid::value(
                    "filters on single backends are not supported",
                ));
            }
        }
        // From here on nothing fails, so that a dropped rule leaves no notes about its references.
        let filters: Vec<EffectiveFilter> = rule.filters.iter().map(|f| self.filter(f)).collect();
        let problem = filters.iter().find_map(|filter| match filter {
            EffectiveFilter::Unsupported { kind, why } => Some(RuleProblem::UnsupportedFilter {
                kind: kind.clone(),
                why: why.clone(),
            }),
            _ => None,
        });
        let backends = rule
            .backend_refs
            .iter()
            .map(|reference| self.http_backend(reference, session))
            .collect();
        Ok(HttpRule {
            index,
            matches,
            filters,
            backends,
            timeouts,
            session_persistence: session.cloned(),
            problem,
        })
    }

    fn match_features(&self, one: &HttpRouteMatch) -> Result<(), Invalid> {
        if one.method.is_some() && !self.supports(SupportedFeature::HttpRouteMethodMatching) {
            return Err(Invalid::value("matching by method is not supported"));
        }
        if !one.query_params.is_empty()
            && !self.supports(SupportedFeature::HttpRouteQueryParamMatching)
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
        if read.request.is_some() && !self.supports(SupportedFeature::HttpRouteRequestTimeout) {
            return Err(Invalid::value("`timeouts.request` is not supported"));
        }
        if read.backend_request.is_some()
            && !self.supports(SupportedFeature::HttpRouteBackendTimeout)
        {
            return Err(Invalid::value("`timeouts.backendRequest` is not supported"));
        }
        Ok(read)
    }

    /// Checks each filter by itself, and all of them together.
    fn compatible(
        &self,
        filters: &[HttpRouteFilter],
        matches: &[HttpRouteMatch],
    ) -> Result<(), Invalid> {
        let count = |kind: &str| filters.iter().filter(|f| f.type_name() == kind).count();
        let repeated = [
            "RequestHeaderModifier",
            "ResponseHeaderModifier",
            "RequestRedirect",
            "URLRewrite",
        ];
        for kind in repeated {
            if count(kind) > 1 {
                return Err(Invalid::filters(format!(
                    "the filter {kind} is given twice"
                )));
            }
        }
        if count("RequestRedirect") > 0 && count("URLRewrite") > 0 {
            return Err(Invalid::filters(
                "the filters RequestRedirect and URLRewrite exclude each other",
            ));
        }
        if count("RequestMirror") > 1
            && !self.supports(SupportedFeature::HttpRouteRequestMultipleMirrors)
        {
            return Err(Invalid::value(
                "more than one RequestMirror is not supported",
            ));
        }
        filters
            .iter()
            .try_for_each(|filter| self.supported(filter, matches))
    }

    fn supported(
        &self,
        filter: &HttpRouteFilter,
        matches: &[HttpRouteMatch],
    ) -> Result<(), Invalid> {
        let needs = |feature: SupportedFeature, what: &str| {
            if self.supports(feature) {
                Ok(())
            } else {
                Err(Invalid::value(format!("{what} is not supported")))
            }
        };
        match filter {
            HttpRouteFilter::RequestHeaderModifier(_) | HttpRouteFilter::ExtensionRef(_) => Ok(()),
            HttpRouteFilter::ResponseHeaderModifier(_) => needs(
                SupportedFeature::HttpRouteResponseHeaderModification,
                "the filter ResponseHeaderModifier",
            ),
            HttpRouteFilter::RequestMirror(_) => needs(
                SupportedFeature::HttpRouteRequestMirror,
                "the filter RequestMirror",
            ),
            HttpRouteFilter::RequestRedirect(redirect) => {
                if let Some(scheme) = &redirect.scheme {
                    if !scheme.is_known() {
                        return Err(Invalid::value(format!("scheme `{scheme}` is not known")));
                    }
                    needs(
                        SupportedFeature::HttpRouteSchemeRedirect,
                        "a redirect to another scheme",
                    )?;
                }
                if redirect.port.is_some() {
                    needs(
                        SupportedFeature::HttpRoutePortRedirect,
                        "a redirect to another port",
                    )?;
                }
                let code = redirect.status_code();
                if !matches!(code, 301 | 302) {
                    return Err(Invalid::value(format!(
                        "{code} is no status of a redirect: expected 301 or 302"
                    )));
                }
                if let Some(path) = &redirect.path {
                    needs(
                        SupportedFeature::HttpRoutePathRedirect,
                        "a redirect to another path",
                    )?;
                    path_modifier(path, matches)?;
                }
                Ok(())
            }
            HttpRouteFilter::UrlRewrite(rewrite) => {
                if rewrite.hostname.is_some() {
                    needs(SupportedFeature::HttpRouteHostRewrite, "rewriting the host")?;
                }
                if let Some(path) = &rewrite.path {
                    needs(SupportedFeature::HttpRoutePathRewrite, "rewriting the path")?;
                    path_modifier(path, matches)?;
                }
                Ok(())
            }
            HttpRouteFilter::Unrecognized(_) => Err(Invalid::value(format!(
                "the filter `{}` is not known, or not complete",
                filter.type_name()
            ))),
        }
    }

    fn filter(&mut self, filter: &HttpRouteFilter) -> EffectiveFilter {
        match filter {
            HttpRouteFilter::RequestHeaderModifier(f) => {
                EffectiveFilter::RequestHeaderModifier(f.clone())
            }
            HttpRouteFilter::ResponseHeaderModifier(f) => {
                EffectiveFilter::ResponseHeaderModifier(f.clone())
            }
            HttpRouteFilter::RequestRedirect(f) => EffectiveFilter::RequestRedirect(f.clone()),
            HttpRouteFilter::UrlRewrite(f) => EffectiveFilter::UrlRewrite(f.clone()),
            HttpRouteFilter::RequestMirror(f) => {
                EffectiveFilter::RequestMirror(Box::new(self.backend(&f.backend_ref, None)))
            }
            HttpRouteFilter::ExtensionRef(reference) => {
                self.extension(&reference.group, &reference.kind, &reference.name)
            }
            HttpRouteFilter::Unrecognized(_) => EffectiveFilter::Unsupported {
                kind: filter.type_name().to_owned(),
                why: "it is not known".to_owned(),
            },
        }
    }

    /// A filter of an implementation's own: none is known here.
    pub(super) fn extension(&mut self, group: &str, kind: &str, name: &str) -> EffectiveFilter {
        let why = format!("{kind}.{group} `{name}` is not a filter that is supported");
        let kind = "ExtensionRef".to_owned();
        self.problems.push(BackendProblem::UnsupportedFilter {
            kind: kind.clone(),
            why: why.clone(),
        });
        EffectiveFilter::Unsupported { kind, why }
    }

    fn http_backend(
        &mut self,
        reference: &HttpBackendRef,
        session: Option<&SessionPersistence>,
    ) -> EffectiveBackend {
        let mut backend = self.backend(reference, session);
        backend.filters = reference.filters.iter().map(|f| self.filter(f)).collect();
        refuse_unsupported(&mut backend);
        backend
    }
}

/// A filter must not be skipped: a backend with one that cannot be applied gets no requests.
pub(super) fn refuse_unsupported(backend: &mut EffectiveBackend) {
    let unsupported = backend.filters.iter().find_map(|filter| match filter {
        EffectiveFilter::Unsupported { kind, why } => Some(BackendProblem::UnsupportedFilter {
            kind: kind.clone(),
            why: why.clone(),
        }),
        _ => None,
    });
    if let (Some(problem), Ok(_)) = (unsupported, &backend.target) {
        backend.target = Err(problem);
    }
}

/// Checks a change of the path: a replaced prefix needs one match, by prefix.
fn path_modifier(path: &HttpPathModifier, matches: &[HttpRouteMatch]) -> Result<(), Invalid> {
    match path {
        HttpPathModifier::ReplaceFullPath(_) => Ok(()),
        HttpPathModifier::ReplacePrefixMatch(_) => match matches {
            [only] if only.path_type() == PathMatchType::PathPrefix => Ok(()),
            _ => Err(Invalid::value(
                "`replacePrefixMatch` needs exactly one match, of type PathPrefix",
            )),
        },
        HttpPathModifier::Unrecognized(_) => Err(Invalid::value(format!(
            "the path modifier `{}` is not known, or not complete",
            path.type_name()
        ))),
    }
}
