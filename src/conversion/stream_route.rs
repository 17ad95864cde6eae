//! TLSRoute, TCPRoute and UDPRoute of `v1alpha2`, which may have what later versions do not allow.

use super::{ConversionProblem, ConversionProblemKind as Problem};
use serde_json::{Map, Value};

/// Says why the JSON of a route of `v1alpha2` cannot be one of a later version: it has not exactly one rule, or, where the
/// version asks for them, no hostnames. Otherwise there is nothing to change but the version.
pub(super) fn narrow(
    object: &Map<String, Value>,
    with_hostnames: bool,
) -> Result<(), Vec<ConversionProblem>> {
    let list = |name: &str| {
        let spec = object.get("spec").and_then(|spec| spec.get(name));
        spec.and_then(Value::as_array).map_or(0, Vec::len)
    };
    let mut problems = Vec::new();
    let rules = list("rules");
    if rules != 1 {
        problems.push(ConversionProblem::new("spec.rules", Problem::Rules(rules)));
    }
    if with_hostnames && list("hostnames") == 0 {
        problems.push(ConversionProblem::new("spec.hostnames", Problem::Hostnames));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

#[cfg(test)]
mod tests {
    use crate::conversion::{ConversionProblem, convert_value};
    use serde_json::json;

    #[test]
    fn a_route_with_several_rules_or_no_hostnames_has_no_later_version() {
        let route = |kind: &str, rules: usize, hostnames: &[&str]| {
            let rule = json!({"backendRefs": [{"name": "a", "port": 1}]});
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": kind,
                "metadata": {"name": "r", "namespace": "n"},
                "spec": {"rules": vec![rule; rules], "hostnames": hostnames},
            })
        };
        let to = "gateway.networking.k8s.io/v1";
        let mut one = route("TLSRoute", 1, &["a.example"]);
        let converted = convert_value(&one, to).unwrap();
        one["apiVersion"] = to.into();
        assert_eq!(converted, one);
        for (kind, rules, hostnames, paths) in [
            ("TLSRoute", 2, &["a.example"][..], &["spec.rules"][..]),
            ("TLSRoute", 0, &[], &["spec.rules", "spec.hostnames"]),
            ("TCPRoute", 2, &[], &["spec.rules"]),
            ("UDPRoute", 3, &[], &["spec.rules"]),
        ] {
            let error = convert_value(&route(kind, rules, hostnames), to).unwrap_err();
            let named: Vec<_> = error
                .problems()
                .iter()
                .map(ConversionProblem::path)
                .collect();
            assert_eq!(named, paths, "{kind} {rules}");
        }
        assert!(convert_value(&route("UDPRoute", 1, &[]), to).is_ok());
    }
}
