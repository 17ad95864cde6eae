//! What a client keeps between its requests.

use super::{CookieJar, RefusedCookie};
use crate::sim::{Answer, Request};
use http::{HeaderName, HeaderValue, header::COOKIE};
use std::time::SystemTime;

/// What a client keeps between its requests, and sends again: cookies, and the headers that hold tokens of sessions
/// (GEP-1619).
///
/// ```
/// # use gwapi::{attachment::effective::Effective, routing::RouterOptions, sim::{ClientMemory, Request, Simulator}};
/// let mut simulator = Simulator::new(Effective::default(), RouterOptions::default());
/// let mut client = ClientMemory::default();
/// for _ in 0..3 {
///     let mut request = Request::get("http://shop.example/cart")?;
///     client.prepare(&mut request, simulator.now());
///     let answer = simulator.request(&request, &mut |_| 0)?;
///     client.learn(&request, &answer, simulator.now());
/// }
/// # Ok::<(), gwapi::sim::RequestError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientMemory {
    /// The cookies.
    pub cookies: CookieJar,
    /// The headers, each with the host to which it is sent.
    headers: Vec<(String, HeaderName, HeaderValue)>,
}

impl ClientMemory {
    /// A client with these cookies.
    #[must_use]
    pub fn with_cookies(cookies: CookieJar) -> Self {
        Self {
            cookies,
            ..Self::default()
        }
    }

    /// Adds to a request what the client keeps for its URL, beside what the request has already.
    pub fn prepare(&self, request: &mut Request, now: SystemTime) {
        if let Some(kept) = self.cookies.header(&request.uri, now) {
            let both = match request.headers.get(COOKIE) {
                None => Some(kept),
                Some(own) => {
                    let both = [own.as_bytes(), kept.as_bytes()].join(&b"; "[..]);
                    HeaderValue::from_bytes(&both).ok()
                }
            };
            if let Some(both) = both {
                _ = request.headers.try_insert(COOKIE, both);
            }
        }
        let host = request.host();
        for (of, name, value) in &self.headers {
            if *of == host && !request.headers.contains_key(name) {
                _ = request.headers.try_insert(name.clone(), value.clone());
            }
        }
    }

    /// Keeps what the answer to a request brings. Returns the cookies that the client does not take.
    pub fn learn(
        &mut self,
        request: &Request,
        answer: &Answer,
        now: SystemTime,
    ) -> Vec<RefusedCookie> {
        let Some(response) = &answer.response else {
            return Vec::new();
        };
        let session = answer.session.as_ref().filter(|session| !session.cookie);
        let name = session.and_then(|session| session.name.as_deref()?.parse().ok());
        let found = name.and_then(|name: HeaderName| {
            let value = response.headers.get(&name)?.clone();
            Some((name, value))
        });
        if let Some((name, value)) = found {
            let host = request.host();
            self.headers
                .retain(|(of, other, _)| (of, other) != (&host, &name));
            self.headers.push((host, name, value));
        }
        self.cookies.store(&request.uri, &response.headers, now)
    }
}
