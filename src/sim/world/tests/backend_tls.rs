//! Backends that have to prove who they are (BackendTLSPolicy `spec.validation`).

use super::*;
use crate::meta::Release;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

const NEXT: Duration = Duration::from_secs(3600);

/// A policy for a Service.
fn policy(service: &str, validation: &Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha3", "kind": "BackendTLSPolicy",
        "metadata": {"name": service, "namespace": "shop"},
        "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": service}], "validation": validation},
    })
}

/// Authorities, and a world in which a policy for the Service `web` trusts one of them.
struct Proof {
    world: World,
    ours: WorldAuthority,
    theirs: WorldAuthority,
    requests: Arc<AtomicUsize>,
}

impl Proof {
    /// `validation` is that of the policy, but for its authorities.
    fn new(validation: &Value) -> Self {
        let mut whole = validation.clone();
        if whole.get("wellKnownCACertificates").is_none() {
            whole["caCertificateRefs"] =
                json!([{"group": "", "kind": "ConfigMap", "name": "authority"}]);
        }
        let release = Release::V1_4_0;
        let mut world = World::with_options(5, Options::for_manifests().with_release(release));
        let ours = world.authority("ours").unwrap();
        let theirs = world.authority("theirs").unwrap();
        world.apply(ours.config_map("shop", "authority"));
        let rule = json!({"backendRefs": [{"name": "web", "port": 80}]});
        apply(
            &mut world,
            [
                gateway(json!([{"name": "http", "port": 80, "protocol": "HTTP"}])),
                service("web", "10.0.0.1"),
                endpoints("web", &["10.1.0.1", "10.1.0.2"]),
                policy("web", &whole),
                route(
                    "HTTPRoute",
                    json!({"parentRefs": [{"name": "edge"}], "rules": [rule]}),
                ),
            ],
        );
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = requests.clone();
        world.set_backend("shop", "web", move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(BackendBehaviour::default())
        });
        Self {
            world,
            ours,
            theirs,
            requests,
        }
    }

    /// What becomes of a request where the backend does this in TLS. None if it is answered, else the reason for those who
    /// operate the system.
    fn refused(&mut self, does: EndpointTls) -> Option<String> {
        let proves = matches!(does, EndpointTls::Shows(_));
        self.world.set_backend_tls("shop", "web", does);
        let before = self.requests.load(Ordering::Relaxed);
        let mut client = WorldClient::outside("any");
        let answer = self.world.get(&mut client, "http://a.example/").unwrap();
        let reached = self.requests.load(Ordering::Relaxed) - before;
        let tls = answer.backend_tls.as_ref();
        if answer.status == Some(200) {
            assert_eq!((answer.outcome, reached), (Outcome::Forwarded, 1));
            assert_eq!(tls.map(|tls| tls.verified), Some(proves));
            return None;
        }
        // Nobody gets the request who cannot prove who they are, and each endpoint is asked once.
        assert_eq!((answer.outcome, reached), (Outcome::Answered, 0));
        assert_eq!(answer.status, Some(502), "{:#?}", answer.why);
        assert!(answer.forwarded.is_none(), "{:?}", answer.forwarded);
        assert_eq!(tls.map(|tls| tls.verified), Some(false));
        let said = |why: &&String| why.starts_with("endpoint 10.1.0.");
        let said: Vec<&String> = answer.why.iter().filter(said).collect();
        let [first, second] = said.as_slice() else {
            panic!("{:#?}", answer.why)
        };
        let (_, first) = first.split_once("Service shop/web ").unwrap();
        let (_, second) = second.split_once("Service shop/web ").unwrap();
        assert_eq!(first, format!("{second}: another attempt is made"));
        let told = self.world.trace_text();
        assert!(told.contains(second), "{told}");
        Some(second.to_owned())
    }

    fn shows(&mut self, certificate: &IssuedCertificate) -> Option<String> {
        self.refused(EndpointTls::Shows(certificate.shown().unwrap()))
    }
}

#[test]
fn the_certificate_of_a_backend_leads_to_an_authority_of_its_policy_and_bears_the_hostname() {
    let mut proof = Proof::new(&json!({"hostname": "web.shop.example"}));
    let soon = proof.world.now() + NEXT;
    let issue = |by: &WorldAuthority, names: &[&str]| by.issue(names, Usage::Server).unwrap();
    let short = proof
        .ours
        .issue_until(&["web.shop.example"], Usage::Server, soon)
        .unwrap();
    assert_eq!(proof.shows(&short), None);
    proof.world.advance(NEXT * 2);
    let [ours, theirs] = [proof.ours.clone(), proof.theirs.clone()];
    let own = proof.world.self_signed(&["web.shop.example"]).unwrap();
    let unknown = "its certificate is by no authority that is trusted";
    for (name, certificate, refused) in [
        (
            "its name",
            issue(&ours, &["a.shop", "web.shop.example"]),
            None,
        ),
        ("a wildcard", issue(&ours, &["*.shop.example"]), None),
        (
            "another name",
            issue(&ours, &["a.shop", "b.shop"]),
            Some(
                "its certificate is for `a.shop` and `b.shop`, and has to be for `web.shop.example`",
            ),
        ),
        (
            "a URI",
            issue(&ours, &["spiffe://shop/web"]),
            Some(
                "its certificate is for `spiffe://shop/web`, and has to be for `web.shop.example`",
            ),
        ),
        (
            "another authority",
            issue(&theirs, &["web.shop.example"]),
            Some(unknown),
        ),
        ("its own", own, Some(unknown)),
        ("expired", short, Some("its certificate has expired")),
        (
            "for clients",
            ours.issue(&["web.shop.example"], Usage::Client).unwrap(),
            Some("its certificate is not one for servers (extended key usage `serverAuth`)"),
        ),
    ] {
        let refused = refused.map(|why| format!("cannot prove who it is: {why}"));
        assert_eq!(proof.shows(&certificate), refused, "{name}");
    }
    assert_eq!(proof.refused(EndpointTls::Assumed), None);
    assert_eq!(
        proof.refused(EndpointTls::Cleartext).as_deref(),
        Some("cannot be reached over TLS")
    );
}

/// BackendTLSPolicy `spec.validation.subjectAltNames`, since v1.2.0: "the certificate served from the backend MUST have at least
/// one Subject Alternate Name matching one of the specified SubjectAltNames". The hostname is for SNI alone then.
#[test]
fn where_a_policy_names_subject_alt_names_the_certificate_bears_one_of_them() {
    let mut proof = Proof::new(&json!({
        "hostname": "web.shop.example",
        "subjectAltNames": [
            {"type": "URI", "uri": "spiffe://shop/web"},
            {"type": "Hostname", "hostname": "exact.shop.example"},
            {"type": "Hostname", "hostname": "*.wild.shop"},
        ],
    }));
    for (names, accepted) in [
        (&["spiffe://shop/web"][..], true),
        (&["a.shop", "spiffe://shop/web"], true),
        (&["spiffe://shop/web/more"], false),
        (&["spiffe://SHOP/web"], false),
        (&["exact.shop.example"], true),
        (&["*.shop.example"], true),
        (&["a.wild.shop"], true),
        (&["*.wild.shop"], true),
        (&["a.b.wild.shop"], false),
        (&["wild.shop"], false),
        (&["web.shop.example"], false),
    ] {
        let certificate = proof.ours.issue(names, Usage::Server).unwrap();
        let refused = proof.shows(&certificate);
        assert_eq!(refused.is_none(), accepted, "{names:?} {refused:?}");
        let wanted = "has to be for `spiffe://shop/web` or `exact.shop.example` or `*.wild.shop`";
        assert!(refused.is_none_or(|why| why.ends_with(wanted)));
    }
}

/// BackendTLSPolicy `spec.validation.wellKnownCACertificates`: `System`.
#[test]
fn the_authorities_of_the_system_count_where_the_policy_says_so() {
    let mut proof =
        Proof::new(&json!({"hostname": "web.shop.example", "wellKnownCACertificates": "System"}));
    let certificate = proof
        .theirs
        .issue(&["web.shop.example"], Usage::Server)
        .unwrap();
    assert!(proof.shows(&certificate).is_some());
    let theirs = proof.theirs.clone();
    proof.world.set_system_authorities([&theirs]);
    assert_eq!(proof.shows(&certificate), None);
    // Where the policy names authorities, those of the system do not count.
    let mut proof = Proof::new(&json!({"hostname": "web.shop.example"}));
    proof.world.set_system_authorities([&theirs]);
    assert!(proof.shows(&certificate).is_some());
}

/// Without a policy the data plane speaks cleartext, and a server of TLS has no response for that.
#[test]
fn a_backend_that_speaks_tls_is_not_reached_without_a_policy() {
    let mut world = World::new(1);
    canary(&mut world, [1, 0]);
    let certificate = world.self_signed(&["old.shop"]).unwrap();
    let shows = EndpointTls::Shows(certificate.shown().unwrap());
    world.set_backend_tls("shop", "old", shows);
    let mut client = WorldClient::outside("any");
    let answer = world.get(&mut client, "http://a.example/").unwrap();
    assert_eq!(answer.status, Some(502), "{:#?}", answer.why);
    let said = "sent something that is not a response";
    assert!(
        answer.why.iter().any(|why| why.ends_with(said)),
        "{:#?}",
        answer.why
    );
}

#[test]
fn connections_and_copies_do_not_reach_a_backend_that_cannot_prove_who_it_is() {
    let mut world = World::new(1);
    let [ours, theirs] = ["ours", "theirs"].map(|name| world.authority(name).unwrap());
    world.apply(ours.config_map("shop", "authority"));
    let own = ours.issue(&["a.example"], Usage::Server).unwrap();
    world.apply(own.secret("shop", "certificate"));
    let mirrors = json!([{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "sealed", "port": 80}}}]);
    apply(
        &mut world,
        [
            gateway(json!([
                {"name": "http", "port": 80, "protocol": "HTTP"},
                {"name": "tls", "port": 5000, "protocol": "TLS", "tls": {"certificateRefs": [{"name": "certificate"}]}},
            ])),
            service("sealed", "10.0.0.1"),
            service("web", "10.0.0.2"),
            policy(
                "sealed",
                &json!({"hostname": "sealed.shop", "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "authority"}]}),
            ),
            route(
                "HTTPRoute",
                json!({"parentRefs": [{"name": "edge", "sectionName": "http"}],
                "rules": [{"filters": mirrors, "backendRefs": [{"name": "web", "port": 80}]}]}),
            ),
            route(
                "TCPRoute",
                json!({"parentRefs": [{"name": "edge", "sectionName": "tls"}],
                "rules": [{"backendRefs": [{"name": "sealed", "port": 5000}]}]}),
            ),
        ],
    );
    for (by, proves) in [(&ours, true), (&theirs, false)] {
        let shown = by.issue(&["sealed.shop"], Usage::Server).unwrap();
        let shows = EndpointTls::Shows(shown.shown().unwrap());
        world.set_backend_tls("shop", "sealed", shows);
        let mut client = WorldClient::outside("any");
        let answer = world.get(&mut client, "tls://a.example:5000").unwrap();
        let reached = (answer.outcome, answer.refusal);
        let expected = match proves {
            true => (Outcome::Forwarded, None),
            false => (Outcome::Refused, Some(Refusal::Closed)),
        };
        assert_eq!(reached, expected, "{:#?}", answer.why);
        let said = "Service shop/sealed cannot prove who it is: its certificate is by no authority that is trusted";
        let told = |answer: &Answer| answer.why.iter().any(|why| why.ends_with(said));
        assert_eq!(told(&answer), !proves, "{:#?}", answer.why);
        // The request itself is answered all the same.
        let answer = world.get(&mut client, "http://a.example/").unwrap();
        assert_eq!(answer.status, Some(200), "{:#?}", answer.why);
        assert_eq!(answer.mirrors.len(), usize::from(proves));
        assert_eq!(told(&answer), !proves, "{:#?}", answer.why);
    }
}
