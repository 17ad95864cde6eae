//! The conversion webhook as a function.

use super::convert_value;
use kube_core::{
    conversion::{ConversionRequest, ConversionResponse, ConversionReview},
    response::Status,
};

/// Answers a `ConversionReview` of an API server: all objects in the desired version, in their order, or
/// a failure that names the first object and every field of it that cannot be carried.
///
/// Serve it behind HTTPS as the conversion webhook of the CRDs; nothing else is needed.
///
/// ```
/// use kube_core::conversion::ConversionReview;
///
/// let review: ConversionReview = serde_json::from_str(r#"{
///     "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
///     "request": {
///         "uid": "1", "desiredAPIVersion": "gateway.networking.k8s.io/v1",
///         "objects": [{"apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "Gateway"}]
///     }
/// }"#)?;
/// let answer = gwapi::conversion::review(review).response.unwrap();
/// assert!(answer.result.is_success());
/// assert_eq!(answer.converted_objects[0]["apiVersion"], "gateway.networking.k8s.io/v1");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn review(review: ConversionReview) -> ConversionReview {
    let types = review.types.clone();
    let Ok(request) = ConversionRequest::from_review(review) else {
        let mut answer = ConversionResponse::invalid(
            Status::failure("the review has no `request`", "BadRequest").with_code(400),
        );
        answer.types = Some(types);
        return answer.into_review();
    };
    let converted: Result<Vec<_>, _> = request
        .objects
        .iter()
        .map(|object| convert_value(object, &request.desired_api_version))
        .collect();
    let response = ConversionResponse::for_request(request);
    match converted {
        Ok(objects) => response.success(objects),
        Err(error) => {
            response.failure(Status::failure(&error.to_string(), "Invalid").with_code(422))
        }
    }
    .into_review()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    fn answer(request: Value) -> Value {
        let review = serde_json::from_value(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "request": request,
        }))
        .unwrap();
        serde_json::to_value(super::review(review)).unwrap()
    }

    #[test]
    fn objects_come_back_in_order_with_the_requests_uid() {
        let object = |version: &str, name: &str| {
            json!({
                "apiVersion": format!("gateway.networking.k8s.io/{version}"), "kind": "GRPCRoute",
                "metadata": {"name": name, "uid": name}, "spec": {"x": 1},
            })
        };
        let answer = answer(json!({
            "uid": "42", "desiredAPIVersion": "gateway.networking.k8s.io/v1",
            "objects": [object("v1alpha2", "b"), object("v1", "a")],
        }));
        assert_eq!(
            answer,
            json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
                "response": {
                    "uid": "42", "result": {"status": "Success"},
                    "convertedObjects": [object("v1", "b"), object("v1", "a")],
                },
            })
        );
    }

    #[test]
    fn one_object_that_cannot_be_carried_fails_the_review_by_name() {
        let answer = answer(json!({
            "uid": "42", "desiredAPIVersion": "gateway.networking.k8s.io/v1alpha2",
            "objects": [{
                "apiVersion": "gateway.networking.k8s.io/v1alpha3", "kind": "BackendTLSPolicy",
                "metadata": {"name": "tls", "namespace": "shop"}, "spec": {"targetRefs": []},
            }],
        }));
        let response = &answer["response"];
        assert_eq!(response["result"]["status"], "Failure");
        assert_eq!(response["convertedObjects"], json!([]));
        let message = response["result"]["message"].as_str().unwrap();
        assert!(message.contains("BackendTLSPolicy shop/tls"), "{message}");
        assert!(message.contains("spec.targetRefs"), "{message}");
    }

    #[test]
    fn a_review_without_a_request_is_answered_with_a_failure() {
        let answer = answer(Value::Null);
        assert_eq!(answer["response"]["result"]["code"], 400);
        assert_eq!(answer["kind"], "ConversionReview");
    }
}
