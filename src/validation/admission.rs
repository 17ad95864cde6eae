//! Validation as an admission webhook answers it.

use super::{Report, ValidationOptions, validate_update, validate_value};
use crate::rules::Severity;
use kube_core::{
    DynamicObject,
    admission::{AdmissionRequest, AdmissionResponse, AdmissionReview, Operation},
};
use serde_json::Value;

/// Answers an AdmissionReview: an object with errors is refused with all of them, warnings are handed to
/// the client. Deletions and objects of other groups are let through.
///
/// A request for the `status` subresource has its status judged, whatever the options say.
#[must_use]
pub fn review(
    review: AdmissionReview<DynamicObject>,
    options: &ValidationOptions,
) -> AdmissionReview<DynamicObject> {
    let request: AdmissionRequest<DynamicObject> = match review.try_into() {
        Ok(request) => request,
        Err(error) => return AdmissionResponse::invalid(error).into_review(),
    };
    let mut response = AdmissionResponse::from(&request);
    if request.operation == Operation::Delete {
        return response.into_review();
    }
    let options = ValidationOptions {
        with_status: options.with_status || request.sub_resource.as_deref() == Some("status"),
        ..*options
    };
    let value = |object: &Option<DynamicObject>| {
        object
            .as_ref()
            .and_then(|object| serde_json::to_value(object).ok())
    };
    let Some(object) = value(&request.object) else {
        return response
            .deny("the request holds no object that could be judged")
            .into_review();
    };
    let report = match value(&request.old_object) {
        Some(old) => validate_update(&object, &old, &options),
        None => validate_value(&object, &options),
    };
    let warnings: Vec<String> = report
        .findings()
        .iter()
        .filter(|finding| finding.severity() == Severity::Warning)
        .map(|finding| sentence(finding.path(), finding.message()))
        .collect();
    if !warnings.is_empty() {
        response.warnings = Some(warnings);
    }
    if report.is_accepted() {
        return response.into_review();
    }
    response.deny(refusal(&object, &report)).into_review()
}

fn refusal(object: &Value, report: &Report) -> String {
    let kind = object
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let name = object
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let errors: Vec<_> = report
        .errors()
        .map(|finding| sentence(finding.path(), finding.message()))
        .collect();
    format!("{kind} `{name}` is invalid: {}", errors.join("; "))
}

fn sentence(path: &str, message: &str) -> String {
    if path.is_empty() {
        message.to_owned()
    } else {
        format!("{path}: {message}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(
        operation: &str,
        controller: &str,
        old: Option<&str>,
    ) -> (bool, String, Option<Vec<String>>) {
        let class = |controller: &str| {
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
                "metadata": {"name": "a"}, "spec": {"controllerName": controller},
            })
        };
        let gvk =
            json!({"group": "gateway.networking.k8s.io", "version": "v1", "kind": "GatewayClass"});
        let gvr = json!({"group": "gateway.networking.k8s.io", "version": "v1", "resource": "gatewayclasses"});
        let asked = json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {
                "uid": "u", "kind": gvk, "resource": gvr, "requestKind": gvk, "requestResource": gvr,
                "name": "a", "operation": operation, "userInfo": {}, "dryRun": false,
                "object": class(controller), "oldObject": old.map(class),
            },
        });
        let answer = review(
            serde_json::from_value(asked).unwrap(),
            &ValidationOptions::default(),
        );
        let response = answer.response.unwrap();
        assert_eq!(response.uid, "u");
        (response.allowed, response.result.message, response.warnings)
    }

    #[test]
    fn a_review_is_answered_with_every_error() {
        assert!(ask("CREATE", "example.com/a", None).0);
        let (allowed, message, _) = ask("CREATE", "example", None);
        assert!(!allowed);
        assert!(message.contains("spec.controllerName"), "{message}");
        let (allowed, message, _) = ask("UPDATE", "example.com/a", Some("example.com/b"));
        assert!(!allowed);
        assert!(message.contains("cannot be changed"), "{message}");
        assert!(ask("DELETE", "example", None).0);
    }

    #[test]
    fn status_is_judged_where_it_is_written_and_warnings_reach_the_client() {
        let gvk =
            json!({"group": "gateway.networking.k8s.io", "version": "v1", "kind": "HTTPRoute"});
        let gvr = json!({"group": "gateway.networking.k8s.io", "version": "v1", "resource": "httproutes"});
        let ask = |sub_resource: Option<&str>| {
            let route = json!({
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                "metadata": {"name": "a", "namespace": "b"},
                "spec": {"rules": [{"backendRefs": [{"name": "c", "port": 80, "weight": 0}]}]},
                "status": {"parents": [{"parentRef": {"name": "gw"}, "controllerName": "nobody"}]},
            });
            let asked = json!({
                "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                "request": {
                    "uid": "u", "kind": gvk, "resource": gvr, "requestKind": gvk, "requestResource": gvr,
                    "name": "a", "namespace": "b", "operation": "UPDATE", "userInfo": {}, "dryRun": false,
                    "subResource": sub_resource, "object": route, "oldObject": route,
                },
            });
            let answer = review(
                serde_json::from_value(asked).unwrap(),
                &ValidationOptions::default(),
            );
            answer.response.unwrap()
        };
        let whole = ask(None);
        assert!(whole.allowed, "{}", whole.result.message);
        let warning = "spec.rules[0].backendRefs: all weights are 0: no backend receives anything";
        assert_eq!(whole.warnings, Some(vec![warning.to_owned()]));
        let status = ask(Some("status"));
        assert!(!status.allowed);
        assert!(
            status
                .result
                .message
                .contains("status.parents[0].controllerName"),
            "{}",
            status.result.message
        );
    }
}
