//! The reference: the simulator as a subject.

use super::{
    cluster::Setup,
    error::SubjectError,
    subject::{Ask, Ended, Observed, Reached, SeenRequest, TestSubject},
};
use crate::{
    attachment::{Effective, Options, Resolution, Snapshot, resolve},
    manifest,
    meta::FeatureName,
    proxy::{DataPlaneOptions, Failure},
    sim::{Answer, BackendBehaviour, Backends, Forwarded, Outcome, Simulator, Visit, VisitTraffic},
    v1::AddressType,
};
use http::{Response, StatusCode};
use k8s_openapi::jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// The name of the controller in statuses.
const CONTROLLER: &str = "gwapi.example/conformance";

/// What the simulator does of the features that releases after v1.1.0 name.
const LATER_FEATURES: &[&str] = &[
    "BackendTLSPolicy",
    "BackendTLSPolicySANValidation",
    "GRPCRouteNamedRouteRule",
    "GRPCRouteRequestHeaderModifier",
    "GatewayAddressEmpty",
    "GatewayBackendClientCertificate",
    "GatewayFrontendClientCertificateValidation",
    "GatewayFrontendClientCertificateValidationInsecureFallback",
    "GatewayHTTPSListenerDetectMisdirectedRequests",
    "GatewayRouteHostnameIntersectionPrecedence",
    "HTTPRoute303RedirectStatusCode",
    "HTTPRoute307RedirectStatusCode",
    "HTTPRoute308RedirectStatusCode",
    "HTTPRouteBackendURLRewrite",
    "HTTPRouteNamedRouteRule",
    "HTTPRouteRequestPercentageMirror",
    "MeshHTTPRouteBackendRequestHeaderModification",
    "MeshHTTPRouteNamedRouteRule",
    "MeshHTTPRouteQueryParamMatching",
    "MeshHTTPRouteRedirectPath",
    "MeshHTTPRouteRedirectPort",
    "MeshHTTPRouteRewritePath",
    "MeshHTTPRouteSchemeRedirect",
    "TCPRoute",
    "TLSRouteModeMixed",
    "TLSRouteModeTerminate",
];

/// The simulator, with all that it supports: with which other subjects are compared.
///
/// ```
/// use gwapi::conformance::{Kit, SimulatorSubject};
///
/// let kit = Kit::default().only(|scenario| scenario.name() == "prefix-goes-by-elements");
/// let results = kit.run(&mut SimulatorSubject::default());
/// assert!(results.is_clean(), "{results}");
/// ```
#[derive(Debug, Default)]
pub struct SimulatorSubject {
    simulator: Simulator,
    resolution: Resolution,
    objects: Vec<Value>,
    why: Vec<String>,
}

impl SimulatorSubject {
    /// What the simulator has in force.
    #[must_use]
    pub fn effective(&self) -> &Effective {
        self.simulator.effective()
    }
}

impl TestSubject for SimulatorSubject {
    fn name(&self) -> String {
        "the simulator of gwapi".to_owned()
    }

    fn supports(&self, feature: &FeatureName) -> bool {
        feature.is_known() || LATER_FEATURES.contains(&feature.as_str())
    }

    fn draws_as_told(&self) -> bool {
        true
    }

    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError> {
        if setup.begins {
            let options = DataPlaneOptions::for_release(setup.release);
            self.simulator = Simulator::new(Effective::default(), options).with_seed(1);
        }
        let mut snapshot = Snapshot::default();
        for object in &setup.objects {
            snapshot.insert(manifest::decode(object).map_err(SubjectError::new)?);
        }
        let unusable = setup.unusable_addresses.iter().cloned();
        let options = Options {
            channel: setup.channel,
            now: Timestamp::try_from(self.simulator.now()).ok(),
            unusable_addresses: unusable
                .map(|address| (AddressType::IpAddress, address))
                .collect(),
            ..Options::for_simulator(CONTROLLER).with_release(setup.release)
        };
        self.resolution = resolve(&snapshot, &options);
        self.simulator.update(self.resolution.effective.clone());
        self.objects.clone_from(&setup.objects);
        Ok(())
    }

    fn send(&mut self, ask: &Ask) -> Result<Observed, SubjectError> {
        let mut visited = Noting {
            behaviour: &ask.request.backend,
            endpoints: Vec::new(),
        };
        let mut draw = |below: u64| ask.draw.checked_rem(below).unwrap_or_default();
        let answer = self
            .simulator
            .request_with(&ask.request, &mut draw, &mut visited);
        let answer = answer.map_err(SubjectError::new)?;
        self.why.clone_from(&answer.why);
        let reached = visited.endpoints.into_iter();
        let reached = reached.map(|(endpoint, is_copy)| {
            let copies = answer.mirrors.iter();
            let mut copies = copies.filter(|copy| {
                endpoint == format!("{}:{}", copy.endpoint.address, copy.endpoint.port)
            });
            let forwarded = match is_copy {
                true => copies.next().map(|copy| &copy.forwarded),
                false => answer.forwarded.as_ref(),
            };
            Reached {
                request: forwarded.map(seen),
                endpoint,
            }
        });
        let seen = Observed::new(ended(&answer)?, reached.collect());
        // Once the connection is switched, all that is sent goes through.
        Ok(match seen.is_switched() {
            true => seen.with_echo(ask.frames.clone()),
            false => seen,
        })
    }

    fn statuses(&mut self) -> Vec<Value> {
        let mut objects = self.objects.clone();
        for object in &mut objects {
            let Ok(read) = manifest::decode(object) else {
                continue;
            };
            let statuses = self.resolution.statuses.iter();
            let mut own = statuses.filter(|(reference, _)| {
                reference.kind == read.kind()
                    && reference.namespaced_name() == read.namespaced_name()
            });
            if let (Some((_, status)), Some(members)) = (own.next(), object.as_object_mut())
                && let Ok(status) = serde_json::to_value(status)
            {
                members.insert("status".to_owned(), status);
            }
        }
        objects
    }

    fn advance(&mut self, by: Duration) {
        self.simulator.advance(by);
    }

    fn why(&self) -> Vec<String> {
        self.why.clone()
    }
}

fn seen(forwarded: &Forwarded) -> SeenRequest {
    SeenRequest {
        method: forwarded.method.clone(),
        host: forwarded.host.clone(),
        path: forwarded.path.clone(),
        protocol: forwarded.protocol.to_owned(),
        headers: forwarded.headers.clone(),
    }
}

fn ended(answer: &Answer) -> Result<Ended, SubjectError> {
    if answer.outcome == Outcome::Refused {
        return Ok(Ended::Refused);
    }
    let Some(response) = &answer.response else {
        return Ok(Ended::Passed);
    };
    let mut whole = Response::new(());
    *whole.status_mut() = StatusCode::from_u16(response.status).map_err(SubjectError::new)?;
    *whole.headers_mut() = response.headers.clone();
    Ok(Ended::Response(whole.into_parts().0))
}

/// Notes which endpoints are reached.
struct Noting<'a> {
    behaviour: &'a BackendBehaviour,
    endpoints: Vec<(String, bool)>,
}

impl Backends for Noting<'_> {
    fn reply(&mut self, visit: &Visit<'_>) -> Result<BackendBehaviour, Failure> {
        if let Some(endpoint) = visit.endpoint {
            let place = format!("{}:{}", endpoint.address, endpoint.port);
            let is_copy = matches!(visit.traffic, VisitTraffic::Copy(_));
            self.endpoints.push((place, is_copy));
        }
        Ok(self.behaviour.clone())
    }
}
