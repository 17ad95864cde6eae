//! The filters of a whole rule: its own, and those of its backends.

use super::{CompileError, CompileErrorKind, Filters};
use crate::v1::{
    GrpcRouteRule, HttpPathModifier, HttpRouteFilter, HttpRouteMatch, HttpRouteRule, PathMatchType,
};

/// The filters of a rule and of its backends, compiled.
///
/// This is the one place that decides whether the filters of a rule can be applied: validation, the status of a route
/// and the data plane ask here. Whether an implementation supports a filter at all
/// ([`Options::features`](crate::attachment::Options)), and what its references lead to, is attachment's part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleFilters {
    rule: Filters,
    backends: Vec<Filters>,
}

impl RuleFilters {
    /// Compiles the filters of a rule of an HTTPRoute and of its backends.
    ///
    /// Beside what is judged in each list by itself ([`Filters::compile_http`]): a prefix is replaced only under a rule
    /// with exactly one match, of type `PathPrefix`; and where the rule's filters change host or path, a
    /// backend's filters do not redirect, nor change the same once more.
    ///
    /// # Errors
    ///
    /// Every filter that cannot be applied, the fields in the order of the rule: at least one. Paths start in the rule:
    /// `backendRefs[0].filters[1].type`.
    pub fn compile_http(rule: &HttpRouteRule) -> Result<Self, Vec<CompileError>> {
        let by_prefix = only_by_prefix(&rule.matches);
        let no_prefix = |list: &[HttpRouteFilter]| {
            let place = replaced_prefix(list).filter(|_| !by_prefix)?;
            Some(CompileError::new(place, CompileErrorKind::NoPrefixMatch))
        };
        let (own, mut errors) = Filters::collect_http(&rule.filters);
        errors.extend(no_prefix(&rule.filters));
        let mut backends = Vec::with_capacity(rule.backend_refs.len());
        for (index, backend) in rule.backend_refs.iter().enumerate() {
            let (filters, mut found) = Filters::collect_http(&backend.filters);
            found.extend(no_prefix(&backend.filters));
            found.extend(after_rewrite(&own, &filters, &backend.filters));
            errors.extend(found.into_iter().map(|error| of_backend(index, error)));
            backends.push(filters);
        }
        finish(own, backends, errors)
    }

    /// Compiles the filters of a rule of a GRPCRoute and of its backends.
    ///
    /// # Errors
    ///
    /// As [`compile_http`](Self::compile_http).
    pub fn compile_grpc(rule: &GrpcRouteRule) -> Result<Self, Vec<CompileError>> {
        let (own, mut errors) = Filters::collect_grpc(&rule.filters);
        let mut backends = Vec::with_capacity(rule.backend_refs.len());
        for (index, backend) in rule.backend_refs.iter().enumerate() {
            let (filters, found) = Filters::collect_grpc(&backend.filters);
            errors.extend(found.into_iter().map(|error| of_backend(index, error)));
            backends.push(filters);
        }
        finish(own, backends, errors)
    }

    /// The filters of the rule itself.
    #[must_use]
    pub fn rule(&self) -> &Filters {
        &self.rule
    }

    /// The filters of each backend, in the order of the spec.
    #[must_use]
    pub fn backends(&self) -> &[Filters] {
        &self.backends
    }

    /// The filters of the rule itself, and those of each backend.
    #[must_use]
    pub fn into_parts(self) -> (Filters, Vec<Filters>) {
        (self.rule, self.backends)
    }
}

fn finish(
    rule: Filters,
    backends: Vec<Filters>,
    errors: Vec<CompileError>,
) -> Result<RuleFilters, Vec<CompileError>> {
    if errors.is_empty() {
        Ok(RuleFilters { rule, backends })
    } else {
        Err(errors)
    }
}

fn of_backend(index: usize, error: CompileError) -> CompileError {
    error.within(&format!("backendRefs[{index}]"))
}

/// What of a backend's filters cannot follow the rule's; `compiled` is what they come to.
fn after_rewrite(
    own: &Filters,
    compiled: &Filters,
    filters: &[HttpRouteFilter],
) -> Vec<CompileError> {
    let redirect = |filter: &HttpRouteFilter| matches!(filter, HttpRouteFilter::RequestRedirect(_));
    if let Some(index) = filters.iter().position(redirect)
        && (own.changes_host() || own.changes_path())
    {
        let error = CompileError::new("", CompileErrorKind::RedirectAfterRewrite);
        return vec![error.within_filter(index)];
    }
    let mut errors = Vec::new();
    if own.changes_host() && compiled.changes_host() {
        let place = changed_host(filters).unwrap_or_default();
        errors.push(CompileError::new(place, CompileErrorKind::HostAfterRewrite));
    }
    if own.changes_path() {
        let prefix = replaced_prefix(filters);
        let prefix = prefix.map(|place| (place, CompileErrorKind::PrefixAfterRewrite));
        let path = || Some((replaced_path(filters)?, CompileErrorKind::PathAfterRewrite));
        let error = prefix.or_else(path);
        errors.extend(error.map(|(place, kind)| CompileError::new(place, kind)));
    }
    errors
}

/// The field that changes the host, in a list of filters.
fn changed_host(filters: &[HttpRouteFilter]) -> Option<String> {
    filters.iter().enumerate().find_map(|(index, filter)| {
        let field = match filter {
            HttpRouteFilter::UrlRewrite(rewrite) => {
                rewrite.hostname.as_ref()?;
                "urlRewrite.hostname".to_owned()
            }
            HttpRouteFilter::RequestHeaderModifier(modifier) => {
                let mut set = modifier.set.iter();
                let host = set.position(|header| header.name.eq_ignore_ascii_case("host"))?;
                format!("requestHeaderModifier.set[{host}]")
            }
            _ => return None,
        };
        Some(format!("filters[{index}].{field}"))
    })
}

/// The field that replaces a path by a rewrite, in a list of filters.
fn replaced_path(filters: &[HttpRouteFilter]) -> Option<String> {
    let rewrites = |filter: &HttpRouteFilter| matches!(filter, HttpRouteFilter::UrlRewrite(rewrite) if rewrite.path.is_some());
    let index = filters.iter().position(rewrites)?;
    Some(format!("filters[{index}].urlRewrite.path"))
}

/// The field that replaces a prefix, in a list of filters.
fn replaced_prefix(filters: &[HttpRouteFilter]) -> Option<String> {
    filters.iter().enumerate().find_map(|(index, filter)| {
        let (member, path) = match filter {
            HttpRouteFilter::RequestRedirect(redirect) => ("requestRedirect", &redirect.path),
            HttpRouteFilter::UrlRewrite(rewrite) => ("urlRewrite", &rewrite.path),
            _ => return None,
        };
        matches!(path, Some(HttpPathModifier::ReplacePrefixMatch(_)))
            .then(|| format!("filters[{index}].{member}.path.replacePrefixMatch"))
    })
}

/// Whether requests come to the rule by one prefix. A rule without matches has the default one, the prefix `/`.
fn only_by_prefix(matches: &[HttpRouteMatch]) -> bool {
    match matches {
        [] => true,
        [only] => only.path_type() == PathMatchType::PathPrefix,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn http(rule: Value) -> Result<RuleFilters, Vec<String>> {
        let rule: HttpRouteRule = serde_json::from_value(rule).unwrap();
        RuleFilters::compile_http(&rule)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    fn rewrite(member: Value) -> Value {
        json!({"type": "URLRewrite", "urlRewrite": member})
    }

    fn redirect(member: Value) -> Value {
        json!({"type": "RequestRedirect", "requestRedirect": member})
    }

    fn prefix(new: &str) -> Value {
        json!({"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": new}})
    }

    fn full(new: &str) -> Value {
        json!({"path": {"type": "ReplaceFullPath", "replaceFullPath": new}})
    }

    fn set(name: &str, value: &str) -> Value {
        json!({"type": "RequestHeaderModifier",
            "requestHeaderModifier": {"set": [{"name": name, "value": value}]}})
    }

    fn both(rule: &Value, backend: &Value) -> Result<RuleFilters, Vec<String>> {
        http(json!({"filters": [rule], "backendRefs": [
            {"name": "plain", "port": 80},
            {"name": "own", "port": 80, "filters": [backend]},
        ]}))
    }

    #[test]
    fn filters_of_a_rule_and_of_a_backend_go_together_unless_the_rule_has_changed_what_the_backends_need()
     {
        let host = rewrite(json!({"hostname": "a.example"}));
        let elsewhere = redirect(json!({"hostname": "b.example"}));
        for (rule, backend) in [
            (&set("x", "rule"), &set("x", "backend")),
            (&set("x", "rule"), &elsewhere),
            (&host, &rewrite(prefix("/two"))),
            (&host, &rewrite(full("/two"))),
            (&set("Host", "a.example"), &rewrite(full("/two"))),
            (&rewrite(full("/one")), &host),
            (&rewrite(prefix("/one")), &set("host", "b.example")),
        ] {
            let filters = both(rule, backend).unwrap();
            assert_eq!(filters.backends().len(), 2);
            assert!(filters.backends()[0].is_empty() && !filters.backends()[1].is_empty());
            assert!(!filters.rule().is_empty());
        }
        let redirected =
            "backendRefs[1].filters[0]: a backend's `RequestRedirect` cannot be combined";
        let replaced = "backendRefs[1].filters[0].urlRewrite.path.replacePrefixMatch: `replacePrefixMatch` of a backend";
        let whole = "backendRefs[1].filters[0].urlRewrite.path: `replaceFullPath` of a backend";
        let other = rewrite(json!({"hostname": "b.example"}));
        let named = "backendRefs[1].filters[0].urlRewrite.hostname: a backend's change of the host";
        let sent = "backendRefs[1].filters[0].requestHeaderModifier.set[0]: a backend's change of the host";
        for (rule, backend, message) in [
            (&host, &elsewhere, redirected),
            (&set("Host", "a.example"), &elsewhere, redirected),
            (
                &rewrite(full("/one")),
                &redirect(prefix("/two")),
                redirected,
            ),
            (&rewrite(prefix("/one")), &rewrite(prefix("/two")), replaced),
            (&rewrite(full("/one")), &rewrite(prefix("/two")), replaced),
            (&rewrite(prefix("/one")), &rewrite(full("/two")), whole),
            (&rewrite(full("/one")), &rewrite(full("/two")), whole),
            (&host, &other, named),
            (&set("Host", "a.example"), &other, named),
            (&host, &set("host", "b.example"), sent),
            (&set("Host", "a.example"), &set("host", "b.example"), sent),
        ] {
            let errors = both(rule, backend).unwrap_err();
            assert_eq!(errors.len(), 1, "{rule} {backend} {errors:?}");
            assert!(errors[0].starts_with(message), "{errors:?}");
        }
    }

    #[test]
    fn host_and_path_that_a_backend_changes_once_more_are_both_named() {
        let mut all = full("/one");
        all["hostname"] = json!("a.example");
        let errors = both(&rewrite(all.clone()), &rewrite(all)).unwrap_err();
        let places: Vec<_> = errors
            .iter()
            .map(|error| error.split(": ").next())
            .collect();
        assert_eq!(
            places,
            [
                Some("backendRefs[1].filters[0].urlRewrite.hostname"),
                Some("backendRefs[1].filters[0].urlRewrite.path"),
            ]
        );
    }

    #[test]
    fn a_prefix_is_replaced_only_under_exactly_one_match_of_type_path_prefix() {
        let by = |kind: &str| json!({"path": {"type": kind, "value": "/a"}});
        for (matches, fine) in [
            (json!([]), true),
            (json!([{}]), true),
            (json!([by("PathPrefix")]), true),
            (json!([by("Exact")]), false),
            (json!([by("RegularExpression")]), false),
            (json!([by("PathPrefix"), by("PathPrefix")]), false),
        ] {
            for (filter, member) in [
                (rewrite(prefix("/b")), "urlRewrite"),
                (redirect(prefix("/b")), "requestRedirect"),
            ] {
                let path = format!("filters[0].{member}.path.replacePrefixMatch");
                for (rule, path) in [
                    (
                        json!({"matches": matches, "filters": [filter]}),
                        path.clone(),
                    ),
                    (
                        json!({"matches": matches, "backendRefs": [{"name": "a", "filters": [filter]}]}),
                        format!("backendRefs[0].{path}"),
                    ),
                ] {
                    let expected = (!fine)
                        .then(|| vec![format!("{path}: {}", CompileErrorKind::NoPrefixMatch)]);
                    assert_eq!(http(rule).err(), expected);
                }
            }
        }
        let full = json!({"matches": [by("Exact")], "filters": [rewrite(full("/b"))]});
        assert!(http(full).is_ok());
    }

    #[test]
    fn every_filter_that_cannot_be_applied_is_named() {
        let bad = json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {
            "set": [{"name": "te", "value": "trailers"}, {"name": "x", "value": "\n"}],
            "remove": ["Host"],
        }});
        let errors = http(json!({
            "filters": [{"type": "Auth"}, bad],
            "backendRefs": [{"name": "a", "filters": [bad]}],
        }));
        let errors = errors.unwrap_err();
        let places: Vec<_> = errors
            .iter()
            .map(|error| error.split(": ").next().unwrap())
            .collect();
        assert_eq!(
            places,
            [
                "filters[0].type",
                "filters[1].requestHeaderModifier.set[0].name",
                "filters[1].requestHeaderModifier.set[1].value",
                "filters[1].requestHeaderModifier.remove[0]",
                "backendRefs[0].filters[0].requestHeaderModifier.set[0].name",
                "backendRefs[0].filters[0].requestHeaderModifier.set[1].value",
                "backendRefs[0].filters[0].requestHeaderModifier.remove[0]",
            ]
        );
    }

    #[test]
    fn filters_of_grpc_routes_are_judged_likewise() {
        let rule = |filters: Value, own: Value| -> GrpcRouteRule {
            serde_json::from_value(json!({"filters": filters,
                "backendRefs": [{"name": "a", "filters": own}]}))
            .unwrap()
        };
        let fine = RuleFilters::compile_grpc(&rule(json!([set("x", "1")]), json!([set("x", "2")])));
        let (own, backends) = fine.unwrap().into_parts();
        assert!(!own.is_empty() && !backends[0].is_empty());
        let errors = RuleFilters::compile_grpc(&rule(
            json!([rewrite(json!({}))]),
            json!([set("upgrade", "h2c")]),
        ));
        let errors: Vec<_> = errors
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            errors[0],
            "filters[0].type: `URLRewrite` is not a known type"
        );
        assert!(errors[1].starts_with(
            "backendRefs[0].filters[0].requestHeaderModifier.set[0].name: `upgrade` describes"
        ));
    }
}
