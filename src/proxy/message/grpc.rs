//! gRPC over HTTP/2: which requests are calls, and the form of an error for them.

use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};

/// The media type of gRPC.
const GRPC: &str = "application/grpc";

/// Whether headers are those of a gRPC call or its answer: `Content-Type` is `application/grpc`, in any case, perhaps with
/// a format (`+proto`) or parameters behind it ("gRPC over HTTP2", Requests). gRPC-Web, `application/grpc-web`, is
/// another protocol.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes) else {
        return false;
    };
    value
        .split_at_checked(GRPC.len())
        .is_some_and(|(kind, rest)| {
            kind.eq_ignore_ascii_case(GRPC.as_bytes())
                && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
        })
}

/// The status that a gRPC client gets where the data plane answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GrpcStatus {
    /// No rule takes the call.
    Unimplemented,
    /// A rule takes the call, and no backend can be asked (GRPCRoute `spec.rules[].backendRefs`).
    Unavailable,
}

impl GrpcStatus {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Unimplemented => 12,
            Self::Unavailable => 14,
        }
    }

    /// The name, as gRPC writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Unavailable => "UNAVAILABLE",
        }
    }

    /// The headers of a response that has no more than trailers ("gRPC over HTTP2", Responses). The message is the same
    /// whatever the reason is: a client learns nothing of the cluster.
    pub(in crate::proxy) fn headers(self) -> HeaderMap {
        // Both messages are as percent-encoding would leave them.
        let (code, message) = match self {
            Self::Unimplemented => ("12", "no route takes this call"),
            Self::Unavailable => ("14", "the service cannot be reached"),
        };
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(GRPC));
        headers.insert("grpc-status", HeaderValue::from_static(code));
        headers.insert("grpc-message", HeaderValue::from_static(message));
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "gRPC over HTTP2", Requests: `Content-Type` is `application/grpc`, perhaps with a format. Media types have no case (RFC
    /// 9110, section 8.3.1).
    #[test]
    fn what_is_grpc_is_told_by_the_content_type() {
        let is = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, value.parse().unwrap());
            is_grpc(&headers)
        };
        for value in [
            "application/grpc",
            "Application/GRPC",
            "application/grpc+proto",
            "application/grpc;charset=utf-8",
            "application/grpc ; a=b",
        ] {
            assert!(is(value), "{value}");
        }
        for value in [
            "application/grpc-web",
            "application/grpc-web+proto",
            "application/grpcx",
            "application/grp",
            "text/plain",
            "",
        ] {
            assert!(!is(value), "{value}");
        }
        assert!(!is_grpc(&HeaderMap::new()));
    }

    /// "gRPC over HTTP2", Responses: `Status-Message` is percent-encoded, but for the printable characters other than `%`.
    #[test]
    fn messages_for_clients_need_no_encoding_and_codes_are_those_of_the_names() {
        for status in [GrpcStatus::Unimplemented, GrpcStatus::Unavailable] {
            let headers = status.headers();
            let message = headers["grpc-message"].as_bytes();
            assert!(
                message
                    .iter()
                    .all(|byte| matches!(byte, b' '..=b'~') && *byte != b'%')
            );
            assert_eq!(headers["grpc-status"], status.code().to_string().as_str());
            assert!(is_grpc(&headers));
        }
    }
}
