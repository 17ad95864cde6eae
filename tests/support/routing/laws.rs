//! Laws that every route set and every request must satisfy.

use std::collections::HashMap;

use gwapi::routing::{
    Entry, HostPattern, HttpMatch, Match, Oracle, Rank, Router, RouterOptions, ValueMatch, Verdict,
};

use super::{Choices, Payload, Request, Route, Style, options, request, to_json};

pub fn oracle(options: RouterOptions, routes: &[Route]) -> Oracle<Payload> {
    Oracle::new(
        options,
        routes
            .iter()
            .flat_map(|(_, entries)| entries.iter().cloned()),
    )
}

/// Engine and oracle agree on a request, in every form of it, and the engine says of which entry the payload is.
pub fn agree(
    router: &Router<Payload>,
    oracle: &Oracle<Payload>,
    request: &Request,
) -> Result<(), String> {
    let expected = request.with(|view| oracle.find(view).copied());
    let found = request.with(|view| router.find(view).copied());
    if found != expected {
        return Err(format!("oracle {expected:?}, engine {found:?}"));
    }
    let forms = [("origin", request.http()), ("absolute", request.absolute())];
    for (form, request) in forms {
        let Some(request) = request else { continue };
        let found = router.find(&request).copied();
        let (parts, ()) = request.into_parts();
        if found != expected || router.find(&parts).copied() != found {
            return Err(format!(
                "oracle {expected:?}, engine {found:?} through http in {form} form"
            ));
        }
    }
    let named = request.with(|view| {
        let found = router.find_match(view)?;
        let (rule, index) = (found.precedence.rule(), found.precedence.index());
        Some((*found.payload, rule, index))
    });
    if named != expected.map(|payload| (payload, payload.1, payload.2)) {
        return Err(format!("oracle {expected:?}, the engine names {named:?}"));
    }
    Ok(())
}

/// `explain` names the winner that `find` returns and ranks every loser after it. It has each entry whose hostname
/// fits once (but for those that fit nothing), and says of it that it fits exactly when the oracle, given this entry alone, says so.
pub fn explains(
    router: &Router<Payload>,
    options: RouterOptions,
    routes: &[Route],
    request: &Request,
) -> Result<(), String> {
    // The oracle with one entry and no more.
    let fits = |matching: Match, hostname: &HostPattern| {
        let entry = Entry::new(matching, Rank::new("", 0, 0), ()).on(hostname.clone());
        let alone = Oracle::new(options, [entry]);
        request.with(|view| alone.find(view).is_some())
    };
    request.with(|view| {
        let explanation = router.explain(view);
        let winner = explanation.winner();
        if winner.map(|found| *found.payload) != router.find(view).copied() {
            return Err("the explanation has another winner".to_owned());
        }
        let candidates = explanation.candidates();
        for candidate in candidates.iter().take(12) {
            let entry = candidate.entry;
            let fits = fits(entry.matching.clone(), entry.hostname);
            let said = !matches!(candidate.verdict, Verdict::Failed(_));
            let ranked = winner.is_none_or(|winner| !said || winner.precedence <= entry.precedence);
            if fits != said || !ranked || (fits && winner.is_none()) {
                return Err(format!("wrongly explained: {candidate}"));
            }
        }
        let entries = routes.iter().flat_map(|(_, entries)| entries);
        let mut by_host = HashMap::new();
        let asked = entries.filter(|entry| {
            let hostname = &entry.hostname;
            let every = || fits(HttpMatch::default().into(), hostname);
            can_fit(&entry.matching) && *by_host.entry(hostname).or_insert_with(every)
        });
        let asked = asked.count();
        if options.fallback() && candidates.len() != asked {
            return Err(format!("{} candidates of {asked}", candidates.len()));
        }
        if !explanation
            .candidates()
            .is_sorted_by_key(|candidate| candidate.entry.precedence)
        {
            return Err("the candidates are out of order".to_owned());
        }
        Ok(())
    })
}

/// Whether there is any request for it: no gRPC call has an empty service or method, or one with a slash.
fn can_fit(matching: &Match) -> bool {
    let Match::Grpc(grpc) = matching else {
        return true;
    };
    [&grpc.service, &grpc.method]
        .into_iter()
        .flatten()
        .all(|part| match part {
            ValueMatch::Exact(name) => !name.is_empty() && !name.contains('/'),
            ValueMatch::RegularExpression(_) => true,
        })
}

/// A table beside the set that it was made of.
struct Pair {
    options: RouterOptions,
    routes: Vec<Route>,
    router: Router<Payload>,
    oracle: Oracle<Payload>,
}

impl Pair {
    fn new(options: RouterOptions, routes: Vec<Route>, router: Router<Payload>) -> Self {
        let oracle = oracle(options, &routes);
        Self {
            options,
            routes,
            router,
            oracle,
        }
    }

    /// Looks at some requests, at the explanation of some of them. Returns how many.
    fn look(&self, c: &mut impl Choices, requests: usize) -> Result<usize, String> {
        let Self {
            options,
            routes,
            router,
            oracle,
        } = self;
        for at in 0..requests {
            let request = request(routes, c);
            let mut checked = agree(router, oracle, &request);
            if at % 64 == 0 {
                checked = checked.and_then(|()| explains(router, *options, routes, &request));
            }
            checked.map_err(|e| format!("{e}\n{:#}", to_json(options, routes, &request)))?;
        }
        Ok(requests)
    }
}

/// Removes, replaces or adds a route, in the table and in the set.
fn change(
    router: &mut Router<Payload>,
    routes: &mut Vec<Route>,
    style: &Style,
    fresh: usize,
    c: &mut impl Choices,
) -> Result<(), String> {
    match c.below(3) {
        0 if !routes.is_empty() => {
            let (key, _) = routes.remove(c.below(routes.len()));
            if !router.remove(&key) || router.remove(&key) {
                return Err(format!("`{key}` was not removed once"));
            }
        }
        1 if !routes.is_empty() => {
            let at = c.below(routes.len());
            let number = routes[at].1.first().map_or(900, |entry| entry.payload.0);
            let (_, entries) = style.route(number, c);
            routes[at].1 = entries.clone();
            if !router.insert(routes[at].0.clone(), entries) {
                return Err(format!("`{}` was not replaced", routes[at].0));
            }
        }
        _ => {
            let new = style.route(fresh, c);
            let known = routes.iter().any(|(key, _)| *key == new.0);
            routes.retain(|(key, _)| *key != new.0);
            routes.push(new.clone());
            if router.insert(new.0.clone(), new.1) != known {
                return Err(format!("`{}` was there: {known}", new.0));
            }
        }
    }
    let entries: usize = routes.iter().map(|(_, entries)| entries.len()).sum();
    if router.len() != entries || router.is_empty() != (entries == 0) {
        return Err(format!("{} entries, and not {entries}", router.len()));
    }
    Ok(())
}

/// One route set with some requests, then some changes to it with more requests, and in the end route after route
/// taken away: the engine equals the oracle of the same set throughout, and a copy taken before a change still
/// answers as it did. Returns the number of requests.
pub fn check(c: &mut impl Choices, requests: usize) -> Result<usize, String> {
    let options = options(c);
    let style = Style::new(c);
    let mut routes = style.routes(c);
    let mut router = Router::from_routes(options, routes.clone());
    let mut kept = Pair::new(options, routes.clone(), router.clone());
    let mut done = kept.look(c, requests)?;
    for round in 0..2 {
        for _ in 0..=c.below(6) {
            let fresh = 100 + round * 10 + routes.len();
            change(&mut router, &mut routes, &style, fresh, c)?;
        }
        done += kept
            .look(c, requests.div_ceil(16))
            .map_err(|e| format!("the table before a change: {e}"))?;
        kept = Pair::new(options, routes.clone(), router.clone());
        done += kept.look(c, requests)?;
    }
    while !routes.is_empty() {
        for _ in 0..routes.len().div_ceil(2) {
            let (key, _) = routes.remove(c.below(routes.len()));
            router.remove(&key);
        }
        if routes.len() % 3 == 1 {
            done += Pair::new(options, routes.clone(), router.clone())
                .look(c, requests.div_ceil(16))
                .map_err(|e| format!("while routes are taken away: {e}"))?;
        }
    }
    if router.is_empty() {
        Ok(done)
    } else {
        Err(format!("{} entries of no route", router.len()))
    }
}
