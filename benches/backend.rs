//! What a backend, an endpoint and a session cost a request, beside the bare cipher in the same run.
//!
//! `cargo bench --bench backend`. Each iteration asserts its outcome.
//!
//! - `bare`: AES-128-GCM-SIV alone, on as many bytes as a token has, with as many associated ones.
//! - `header`, `cookie`: a whole session, from the header of a request to what it says, and back to the header of a response.
//! - `endpoint`: the choice among 10, 1 000 and 100 000 endpoints, which must cost the same.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark")]

use aes_gcm_siv::{AeadInOut, Aes128GcmSiv, KeyInit, Nonce, aead::inout::InOutBuf};
use divan::{AllocProfiler, Bencher, black_box};
use gwapi::{
    attachment::effective::{
        BackendAddress, BackendPortKey, EffectiveBackend, EffectiveBackendPort, EndpointList,
        HttpRouteRules, HttpRule,
    },
    backend::{
        DrawError, EndpointIndex, EndpointKey, EndpointSet, SmoothWeightedChoice, WeightedChoice,
        session::{
            Due, RuleSessions, Served, Session, SessionKey, SessionKeys, SessionOptions,
            SessionParent,
        },
    },
    meta::{Behaviour, NamespacedName, ObjectRef, Release, Transport},
    v1::HttpRouteMatch,
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

const SIZES: [usize; 3] = [10, 1_000, 100_000];
/// As long as what a token is bound to here.
const BINDING: usize = 93;

fn main() {
    divan::main();
}

fn sessions(written: &str) -> RuleSessions {
    let reference = ObjectRef {
        group: String::new(),
        kind: "Service".into(),
        namespace: "shop".into(),
        name: "cart".into(),
    };
    let mut rule = HttpRule::default();
    rule.matches = vec![HttpRouteMatch::default()];
    rule.backends = vec![EffectiveBackend::new(reference, Ok(port()))];
    rule.session_persistence = serde_json::from_str(written).unwrap();
    let mut route = HttpRouteRules::default();
    route.reference = NamespacedName::new("shop", "cart");
    let parent = SessionParent::Listener {
        gateway: NamespacedName::new("infra", "gateway"),
        listener: "https".into(),
    };
    let options = SessionOptions::new(Behaviour::of(Release::V1_1_0));
    RuleSessions::http(&parent, &route, &rule, options)
        .unwrap()
        .unwrap()
}

/// A port of a Service.
fn port() -> Arc<EffectiveBackendPort> {
    Arc::new(EffectiveBackendPort::new(BackendPortKey {
        own: None,
        import: false,
        name: NamespacedName::new("shop", "cart"),
        transport: Transport::Tcp,
        port: 80,
    }))
}

fn keys() -> SessionKeys {
    SessionKeys::new(SessionKey::from([7; 16]))
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

fn served() -> Served {
    Served {
        backend: 0,
        endpoint: EndpointKey::of(&BackendAddress::new("10.0.0.1", true).at(8080)),
        match_index: 0,
        secure: true,
    }
}

const COOKIE: &str = r#"{"sessionName": "SID", "idleTimeout": "1h"}"#;
const HEADER: &str = r#"{"sessionName": "X-SID", "idleTimeout": "1h", "type": "Header"}"#;

mod seal {
    use super::*;

    #[divan::bench]
    fn bare(bencher: Bencher<'_, '_>) {
        let cipher = Aes128GcmSiv::new(&[7; 16].into());
        bencher.bench_local(|| {
            let mut bytes = black_box([5; 32]);
            let buffer = InOutBuf::from(&mut bytes[..]);
            cipher
                .encrypt_inout_detached(&Nonce::from([1; 12]), &[3; BINDING], buffer)
                .unwrap()
        });
    }

    fn issued(bencher: Bencher<'_, '_>, written: &str) {
        let (sessions, keys) = (sessions(written), keys());
        let recall = sessions.recall(&http::Request::new(()), &keys, at(0));
        let served = served();
        bencher.bench_local(|| {
            let header = sessions.issue(black_box(&recall), &served, &keys, [1; 12]);
            let header = header.unwrap();
            assert_eq!(header.due(), Due::New);
            header
        });
    }

    #[divan::bench]
    fn header(bencher: Bencher<'_, '_>) {
        issued(bencher, HEADER);
    }

    #[divan::bench]
    fn cookie(bencher: Bencher<'_, '_>) {
        issued(bencher, COOKIE);
    }
}

mod open {
    use super::*;

    #[divan::bench]
    fn bare(bencher: Bencher<'_, '_>) {
        let cipher = Aes128GcmSiv::new(&[7; 16].into());
        let nonce = Nonce::from([1; 12]);
        let mut sealed = [5; 32];
        let tag = cipher
            .encrypt_inout_detached(&nonce, &[3; BINDING], InOutBuf::from(&mut sealed[..]))
            .unwrap();
        bencher.bench_local(|| {
            let mut bytes = black_box(sealed);
            let buffer = InOutBuf::from(&mut bytes[..]);
            cipher
                .decrypt_inout_detached(&nonce, &[3; BINDING], buffer, &tag)
                .unwrap();
            assert_eq!(bytes, [5; 32]);
        });
    }

    fn recalled(bencher: Bencher<'_, '_>, written: &str, before: &str) {
        let (sessions, keys) = (sessions(written), keys());
        let recall = sessions.recall(&http::Request::new(()), &keys, at(0));
        let header = sessions.issue(&recall, &served(), &keys, [1; 12]).unwrap();
        let value = header.value().to_str().unwrap();
        let value = format!("{before}{}", value.split(';').next().unwrap());
        let name = sessions.policies()[0].request_header();
        let request = http::Request::get("/")
            .header(name, value)
            .body(())
            .unwrap();
        let endpoint = served().endpoint;
        bencher.bench_local(|| {
            let recall = sessions.recall(black_box(&request), &keys, at(60));
            assert_eq!(recall.session().map(Session::endpoint), Some(endpoint));
        });
    }

    #[divan::bench]
    fn header(bencher: Bencher<'_, '_>) {
        recalled(bencher, HEADER, "");
    }

    #[divan::bench]
    fn cookie(bencher: Bencher<'_, '_>) {
        recalled(bencher, COOKIE, "");
    }

    #[divan::bench]
    fn cookie_among_five(bencher: Bencher<'_, '_>) {
        recalled(
            bencher,
            COOKIE,
            "theme=dark; lang=de; _ga=GA1.2.3.4; consent=yes; ",
        );
    }
}

fn endpoints(count: usize) -> EndpointSet {
    let address = |n: usize| {
        BackendAddress::new(format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255), true)
    };
    EndpointSet::new(EndpointList::at_port(
        8080,
        (0..count).map(address).collect(),
    ))
}

mod endpoint {
    use super::*;

    /// Draws from the whole set, one after the other.
    fn chosen(bencher: Bencher<'_, '_>, count: usize, tried: usize) {
        let set = endpoints(count);
        let tried: Vec<EndpointIndex> = set.iter().map(|(index, _)| index).take(tried).collect();
        let total = u64::try_from(set.remaining(&tried)).unwrap();
        let mut draw = 0;
        bencher.bench_local(|| {
            draw = (draw + 7) % total;
            let index = set.choose(black_box(draw), black_box(&tried)).unwrap();
            assert!(set.get(index).unwrap().ready);
        });
        assert_eq!(
            set.choose(total, &tried),
            Err(DrawError::OutOfRange { draw: total, total })
        );
    }

    #[divan::bench(args = SIZES)]
    fn first_attempt(bencher: Bencher<'_, '_>, count: usize) {
        chosen(bencher, count, 0);
    }

    #[divan::bench(args = SIZES)]
    fn third_attempt(bencher: Bencher<'_, '_>, count: usize) {
        chosen(bencher, count, 2);
    }

    #[divan::bench(args = SIZES)]
    fn of_a_session(bencher: Bencher<'_, '_>, count: usize) {
        let set = endpoints(count);
        let keys: Vec<EndpointKey> = set.iter().map(|(_, e)| EndpointKey::of(&e)).collect();
        let mut at = 0;
        bencher.bench_local(|| {
            at = (at + 7) % keys.len();
            let index = set.find(black_box(keys[at])).unwrap();
            assert!(set.serves(index));
        });
    }

    #[divan::bench(args = SIZES)]
    fn prepare(bencher: Bencher<'_, '_>, count: usize) {
        let backend = endpoints(count).list().clone();
        bencher.bench_local(|| {
            let set = EndpointSet::new(black_box(&backend).clone());
            assert_eq!(set.ready(), count);
            set
        });
    }
}

mod weights {
    use super::*;

    #[divan::bench(args = [2, 16])]
    fn by_draw(bencher: Bencher<'_, '_>, count: usize) {
        let choice = WeightedChoice::new((1..=count).map(|n| i64::try_from(n).unwrap())).unwrap();
        let mut draw = 0;
        bencher.bench_local(|| {
            draw = (draw + 7) % choice.total();
            choice.draw(black_box(draw)).unwrap()
        });
    }

    #[divan::bench(args = [2, 16])]
    fn in_turns(bencher: Bencher<'_, '_>, count: usize) {
        let weights = (1..=count).map(|n| i64::try_from(n).unwrap());
        let mut choice = SmoothWeightedChoice::new(weights).unwrap();
        bencher.bench_local(|| choice.choose_next().unwrap());
    }
}
