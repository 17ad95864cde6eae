//! Sessions of clients (GEP-1619) along the whole way, at a Gateway and in a mesh alike.

use super::*;
use crate::sim::{ClientMemory, SessionAnswer, SessionStanding};
use http::{StatusCode, header::SET_COOKIE};
use std::time::Duration;

/// Where a client asks.
#[derive(Clone, Copy, Debug)]
enum At {
    Gateway,
    Mesh,
}

const EVERYWHERE: [At; 2] = [At::Gateway, At::Mesh];

impl At {
    fn parent(self) -> Value {
        match self {
            Self::Gateway => json!({"name": "edge"}),
            Self::Mesh => json!({"group": "", "kind": "Service", "name": "web"}),
        }
    }

    fn get(self, path: &str) -> Request {
        match self {
            Self::Gateway => get(&format!("http://shop.example{path}")),
            Self::Mesh => get(&format!("http://web.shop{path}")),
        }
    }
}

/// A Service with these endpoints, by the last number of their addresses.
fn with_endpoints(name: &str, numbers: &[u8]) -> [Value; 2] {
    let endpoints: Vec<Value> = numbers
        .iter()
        .map(|number| json!({"addresses": [format!("10.1.0.{number}")]}))
        .collect();
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": name}},
        "ports": [{"port": 80}], "endpoints": endpoints,
    });
    [service(name, 80), slice]
}

/// A Gateway and a Service `web`, each of which can be the parent of routes; the backend `old` with the endpoints 1 to 3, and
/// `new` with 4 to 6.
fn objects(at: At, rules: Value) -> Vec<Value> {
    objects_with(at, rules, &[1, 2, 3])
}

fn objects_with(at: At, rules: Value, old: &[u8]) -> Vec<Value> {
    let route = route(json!({"parentRefs": [at.parent()], "rules": rules}));
    let mut objects = vec![http_gateway(), service("web", 80), route];
    objects.extend(with_endpoints("old", old));
    objects.extend(with_endpoints("new", &[4, 5, 6]));
    objects
}

fn rule(session: Value, weights: [u32; 2]) -> Value {
    let [old, new] = weights;
    json!({
        "sessionPersistence": session,
        "backendRefs": [{"name": "old", "port": 80, "weight": old}, {"name": "new", "port": 80, "weight": new}],
    })
}

/// A client that keeps what it gets.
#[derive(Default)]
struct Browser {
    cookie: Option<String>,
    draws: u64,
}

impl Browser {
    /// Asks with the cookie, whatever its attributes are. Each request draws other numbers.
    fn ask(&mut self, simulator: &mut Simulator, request: &Request) -> Answer {
        let mut request = request.clone();
        if let Some(cookie) = &self.cookie {
            request.headers.insert("cookie", cookie.parse().unwrap());
        }
        self.draws += 1;
        let draws = self.draws;
        let answer = simulator
            .request(&request, &mut |below| draws % below)
            .unwrap();
        if let Some(cookie) = cookie(&answer) {
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
        answer
    }
}

fn cookie(answer: &Answer) -> Option<&str> {
    let value = answer.response.as_ref()?.headers.get(SET_COOKIE)?;
    Some(value.to_str().unwrap())
}

fn endpoint(answer: &Answer) -> &str {
    let endpoint = answer.endpoint.as_ref();
    &endpoint
        .unwrap_or_else(|| panic!("{:#?}", answer.why))
        .address
}

fn session(answer: &Answer) -> &SessionAnswer {
    let session = answer.session.as_ref();
    session.unwrap_or_else(|| panic!("{:#?}", answer.why))
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

#[test]
fn a_session_stays_at_its_endpoint_until_the_absolute_timeout_and_no_longer() {
    for at in EVERYWHERE {
        let rules = json!([rule(
            json!({"sessionName": "SID", "absoluteTimeout": "1h"}),
            [1, 1]
        )]);
        let mut simulator = simulator(&objects(at, rules));
        let mut browser = Browser::default();
        let first = browser.ask(&mut simulator, &at.get("/"));
        assert_eq!(session(&first).state, SessionStanding::New);
        assert!(cookie(&first).unwrap().starts_with("SID="), "{at:?}");
        for _ in 0..59 {
            simulator.advance(minutes(1));
            let next = browser.ask(&mut simulator, &at.get("/"));
            assert_eq!(endpoint(&next), endpoint(&first), "{at:?}");
            assert_eq!(session(&next).state, SessionStanding::Established);
            assert_eq!(cookie(&next), None, "nothing is due");
        }
        simulator.advance(minutes(1));
        let ended = browser.ask(&mut simulator, &at.get("/"));
        assert_eq!(session(&ended).state, SessionStanding::New);
        let refused = session(&ended).refused.as_deref();
        assert_eq!(
            refused,
            Some("the session has ended: `absoluteTimeout` has elapsed")
        );
        assert!(cookie(&ended).is_some());
    }
}

#[test]
fn each_request_begins_the_idle_timeout_anew_and_never_stretches_the_absolute_one() {
    for at in EVERYWHERE {
        let written = json!({"sessionName": "SID", "absoluteTimeout": "1h", "idleTimeout": "10m"});
        let mut simulator = simulator(&objects(at, json!([rule(written, [1, 1])])));
        let mut browser = Browser::default();
        let first = browser.ask(&mut simulator, &at.get("/"));
        for minute in 1..=6 {
            simulator.advance(minutes(9));
            let next = browser.ask(&mut simulator, &at.get("/"));
            assert_eq!(endpoint(&next), endpoint(&first), "{at:?} {minute}");
            assert!(cookie(&next).is_some(), "the idle timeout begins anew");
        }
        simulator.advance(minutes(9));
        let ended = browser.ask(&mut simulator, &at.get("/"));
        let refused = |answer: &Answer| session(answer).refused.clone().unwrap_or_default();
        assert!(refused(&ended).contains("`absoluteTimeout`"), "{ended:?}");

        simulator.advance(minutes(11));
        let idle = browser.ask(&mut simulator, &at.get("/"));
        assert!(refused(&idle).contains("`idleTimeout`"), "{idle:?}");
        assert_eq!(session(&idle).state, SessionStanding::New);
    }
}

#[test]
fn no_token_that_is_altered_or_of_other_keys_selects_an_endpoint() {
    for at in EVERYWHERE {
        let rules = json!([rule(json!({"sessionName": "SID"}), [1, 1])]);
        let objects = objects(at, rules);
        let mut here = simulator(&objects);
        let mut browser = Browser::default();
        browser.ask(&mut here, &at.get("/"));
        let own = browser.cookie.unwrap();
        let mut elsewhere = simulator(&objects).with_seed(1);
        let mut other = Browser::default();
        other.ask(&mut elsewhere, &at.get("/"));
        let forged = (4..own.len()).map(|place| {
            let mut bytes = own.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        });
        let forged = forged.chain([
            other.cookie.unwrap(),
            "SID=".to_owned(),
            format!("{own}A"),
            format!("SID={}", "A".repeat(5_000)),
        ]);
        for cookie in forged {
            let mut request = at.get("/");
            request.headers.insert("cookie", cookie.parse().unwrap());
            let chosen = |draw: u64| {
                let answer = here.request(&request, &mut |below| draw % below).unwrap();
                assert_eq!(session(&answer).state, SessionStanding::New, "{cookie}");
                assert!(session(&answer).refused.is_some(), "{cookie}");
                endpoint(&answer).to_owned()
            };
            let mut chosen = chosen;
            assert_ne!(chosen(0), chosen(1), "{cookie}");
        }
    }
}

/// "The persistence to a single backend MUST be maintained across services, even if the weight is set to 0" (GEP-1619, "Traffic
/// Splitting").
#[test]
fn an_established_session_outlives_a_weight_of_0_and_no_other_begins_there() {
    for at in EVERYWHERE {
        let rules = |weights| json!([rule(json!({"sessionName": "SID"}), weights)]);
        let mut simulator = simulator(&objects(at, rules([1, 0])));
        let mut browser = Browser::default();
        let first = browser.ask(&mut simulator, &at.get("/"));
        let drained = resolution(&objects(at, rules([0, 1])));
        simulator.update(drained.effective);
        for _ in 0..10 {
            let next = browser.ask(&mut simulator, &at.get("/"));
            assert_eq!(endpoint(&next), endpoint(&first));
            let said = "although the weight of its backend is 0";
            assert!(next.why.join("\n").contains(said), "{:#?}", next.why);
            let other = Browser::default().ask(&mut simulator, &at.get("/"));
            assert_eq!(other.backend.unwrap().reference.name, "new");
        }
    }
}

/// A BackendLBPolicy of the Service `old`.
fn policy(session: Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "BackendLBPolicy",
        "metadata": {"name": "sticky", "namespace": "shop"},
        "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": "old"}], "sessionPersistence": session},
    })
}

/// "Session persistence configured on a route MUST override that of a policy" (GEP-1619).
#[test]
fn the_configuration_of_the_rule_overrides_that_of_a_policy() {
    for at in EVERYWHERE {
        let own = rule(json!({"sessionName": "of-rule"}), [1, 0]);
        let none = json!({
            "matches": [{"path": {"value": "/plain"}}],
            "backendRefs": [{"name": "old", "port": 80, "weight": 1}, {"name": "new", "port": 80, "weight": 1}],
        });
        let mut objects = objects(at, json!([own, none]));
        objects.push(policy(json!({"sessionName": "of-policy"})));
        let mut simulator = simulator(&objects);
        let answer = Browser::default().ask(&mut simulator, &at.get("/any"));
        assert!(cookie(&answer).unwrap().starts_with("of-rule="), "{at:?}");
        assert!(cookie(&answer).unwrap().contains("Path=/"), "{at:?}");
        assert!(session(&answer).by_rule);
        // A policy has sessions for its own backend alone, and its cookie has no path.
        let ask = |simulator: &mut Simulator, draw: u64| {
            let request = at.get("/plain");
            simulator
                .request(&request, &mut |below| draw % below)
                .unwrap()
        };
        let old = ask(&mut simulator, 0);
        assert!(cookie(&old).unwrap().starts_with("of-policy="), "{at:?}");
        assert!(!cookie(&old).unwrap().contains("Path"), "{at:?}");
        assert!(!session(&old).by_rule);
        let new = ask(&mut simulator, 1);
        assert_eq!(new.backend.as_ref().unwrap().reference.name, "new");
        assert_eq!((cookie(&new), &session(&new).name), (None, &None));
    }
}

/// "Route rules referencing the same service MUST NOT share persistent sessions" (GEP-1619, "Edge Case Behavior").
#[test]
fn two_rules_never_share_a_session() {
    for at in EVERYWHERE {
        let first = rule(json!({"sessionName": "SID"}), [1, 1]);
        let mut second = first.clone();
        second["matches"] = json!([{"path": {"value": "/second"}}]);
        let mut simulator = simulator(&objects(at, json!([first, second])));
        let mut browser = Browser::default();
        browser.ask(&mut simulator, &at.get("/"));
        let other = browser.ask(&mut simulator, &at.get("/second"));
        assert_eq!(session(&other).state, SessionStanding::New);
        let refused = session(&other).refused.as_deref().unwrap();
        assert!(refused.contains("belongs to another rule"), "{refused}");
    }
}

#[test]
fn a_session_whose_endpoint_is_gone_is_chosen_anew_with_a_new_token() {
    for at in EVERYWHERE {
        let rules = json!([rule(json!({"sessionName": "SID"}), [1, 0])]);
        let mut simulator = simulator(&objects_with(at, rules.clone(), &[1, 2, 3]));
        let mut browser = Browser::default();
        let first = browser.ask(&mut simulator, &at.get("/"));
        let gone: u8 = endpoint(&first)
            .rsplit('.')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let left: Vec<u8> = (1..=3).filter(|number| *number != gone).collect();
        let after = resolution(&objects_with(at, rules, &left));
        simulator.update(after.effective);
        let moved = browser.ask(&mut simulator, &at.get("/"));
        assert_eq!(session(&moved).state, SessionStanding::Moved);
        assert_ne!(endpoint(&moved), endpoint(&first));
        assert!(cookie(&moved).is_some());
        let said = "does not serve any more";
        assert!(moved.why.join("\n").contains(said), "{:#?}", moved.why);
        for _ in 0..10 {
            let next = browser.ask(&mut simulator, &at.get("/"));
            assert_eq!(endpoint(&next), endpoint(&moved));
        }
    }
}

/// EndpointSlice `endpoints[].conditions`: one that is about to go serves those that it has until it does not serve any more,
/// and takes nobody new.
#[test]
fn a_session_stays_at_an_endpoint_that_is_about_to_go_for_as_long_as_it_serves() {
    for at in EVERYWHERE {
        let rules = json!([rule(json!({"sessionName": "SID"}), [1, 0])]);
        let mut simulator = simulator(&objects(at, rules.clone()));
        let mut browser = Browser::default();
        let first = browser.ask(&mut simulator, &at.get("/"));
        let mut going = |serving: bool| {
            let mut objects = objects(at, rules.clone());
            let slice = objects.iter_mut().find(|object| {
                object["kind"] == "EndpointSlice" && object["metadata"]["name"] == "old"
            });
            for one in slice.unwrap()["endpoints"].as_array_mut().unwrap() {
                if one["addresses"][0] == endpoint(&first) {
                    one["conditions"] =
                        json!({"ready": false, "serving": serving, "terminating": true});
                }
            }
            simulator.update(resolution(&objects).effective);
            let next = browser.ask(&mut simulator, &at.get("/"));
            let new = Browser::default().ask(&mut simulator, &at.get("/"));
            assert_ne!(endpoint(&new), endpoint(&first), "{at:?}");
            (endpoint(&next) == endpoint(&first), session(&next).state)
        };
        assert_eq!(going(true), (true, SessionStanding::Established), "{at:?}");
        assert_eq!(going(false), (false, SessionStanding::Moved), "{at:?}");
    }
}

#[test]
fn no_session_begins_where_it_would_have_ended_at_once() {
    for at in EVERYWHERE {
        let written = json!({"sessionName": "SID", "absoluteTimeout": "0s"});
        let mut simulator = simulator(&objects(at, json!([rule(written, [1, 1])])));
        let answer = Browser::default().ask(&mut simulator, &at.get("/"));
        assert_eq!(cookie(&answer), None, "{at:?}");
        assert_eq!(session(&answer).state, SessionStanding::None);
        let said =
            "session persistence of the rule: `absoluteTimeout` is 0s, so that no session begins";
        let said = answer.why.iter().filter(|why| *why == said);
        assert_eq!(said.count(), 1, "{:#?}", answer.why);
    }
}

#[test]
fn answers_of_backends_carry_a_token_101_too_and_those_of_the_data_plane_do_not() {
    let mut redirecting = rule(json!({"sessionName": "SID"}), [1, 1]);
    redirecting["matches"] = json!([{"path": {"value": "/moved"}}]);
    redirecting["filters"] =
        json!([{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.example"}}]);
    redirecting["backendRefs"] = json!([]);
    let mut limited = rule(json!({"sessionName": "SID"}), [1, 1]);
    limited["matches"] = json!([{"path": {"value": "/slow"}}]);
    limited["timeouts"] = json!({"request": "1s"});
    for at in EVERYWHERE {
        let rules = json!([
            rule(json!({"sessionName": "SID"}), [1, 1]),
            redirecting,
            limited
        ]);
        let mut simulator = simulator(&objects(at, rules));
        // What the backend would answer after which time, and what the client gets.
        for (path, status, delay, answered, carries) in [
            ("/", 200, "0s", 200, true),
            ("/", 101, "0s", 101, true),
            ("/", 503, "0s", 503, true),
            ("/moved", 200, "0s", 302, false),
            ("/slow", 200, "2s", 504, false),
        ] {
            let mut request = at.get(path);
            request.protocol = crate::sim::Protocol::WebSocket;
            request.backend.status = StatusCode::from_u16(status).unwrap();
            request.backend.delay = delay.parse().unwrap();
            let answer = Browser::default().ask(&mut simulator, &request);
            assert_eq!(answer.status, Some(answered), "{at:?} {path} {status}");
            assert_eq!(cookie(&answer).is_some(), carries, "{at:?} {path} {status}");
        }
    }
}

#[test]
fn a_session_may_travel_in_a_header() {
    for at in EVERYWHERE {
        let written = json!({"sessionName": "x-session", "type": "Header"});
        let mut simulator = simulator(&objects(at, json!([rule(written, [1, 1])])));
        let first = simulator.request(&at.get("/"), &mut |_| 0).unwrap();
        let headers = &first.response.as_ref().unwrap().headers;
        let token = headers.get("x-session").unwrap().clone();
        assert!(!headers.contains_key(SET_COOKIE));
        assert!(!session(&first).cookie);
        // A client keeps it for the host that it is of, and sends it where the request has none of its own.
        let mut memory = ClientMemory::default();
        memory.learn(&at.get("/"), &first, simulator.now());
        let sent = |mut request: Request| {
            memory.prepare(&mut request, simulator.now());
            request.headers.get("x-session").cloned()
        };
        assert_eq!(sent(at.get("/other")), Some(token.clone()), "{at:?}");
        assert_eq!(sent(get("http://other.example/")), None, "{at:?}");
        let mut own = at.get("/");
        own.headers.insert("x-session", "own".parse().unwrap());
        assert_eq!(sent(own).unwrap(), "own", "{at:?}");

        let mut request = at.get("/");
        request.headers.insert("x-session", token);
        let next = simulator.request(&request, &mut |below| below - 1).unwrap();
        assert_eq!(endpoint(&next), endpoint(&first));
    }
}

/// A clock that stands still, and a seed: so the same request has the same answer, its token included.
#[test]
fn the_same_request_at_the_same_time_has_the_same_token_and_another_seed_has_another() {
    let rules = json!([rule(json!({"sessionName": "SID"}), [1, 1])]);
    let objects = objects(At::Gateway, rules);
    let token = |simulator: &mut Simulator| {
        let answer = simulator
            .request(&At::Gateway.get("/"), &mut |_| 0)
            .unwrap();
        cookie(&answer).unwrap().to_owned()
    };
    let mut one = simulator(&objects);
    assert_eq!(token(&mut one), token(&mut one));
    assert_eq!(token(&mut one), token(&mut simulator(&objects)));
    assert_ne!(
        token(&mut one),
        token(&mut simulator(&objects).with_seed(1))
    );
    one.advance(minutes(1));
    assert_ne!(token(&mut one), token(&mut simulator(&objects)));
}
