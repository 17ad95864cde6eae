//! The sessions of one rule.

use super::{
    parent::{Binding, SessionParent},
    path,
    policy::{SessionOrigin, SessionPolicy},
    recall::{Due, Recall, Served},
};
use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{
            EffectiveBackend, GrpcRouteRules, GrpcRule, HttpRouteRules, HttpRule, SessionSettings,
            SessionSettingsError,
        },
    },
    backend::fingerprint,
    meta::{Behaviour, NamespacedName, SessionCookiePath},
    v1::SessionPersistence,
};
use std::{collections::HashMap, sync::Arc};

/// What the specification leaves to a data plane that keeps sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionOptions {
    /// For which path clients send a cookie where no path is set: what the release says.
    pub cookie_path: SessionCookiePath,
    /// On which requests that other sites cause a client sends the cookie: on none unless set ("setting `SameSite` to
    /// `Strict`", GEP-1619).
    pub same_site: SameSite,
    /// Whether scripts in a browser are kept from the cookie: they are unless set otherwise.
    pub http_only: bool,
}

impl SessionOptions {
    /// As a release wants it.
    #[must_use]
    pub fn new(behaviour: Behaviour) -> Self {
        Self {
            cookie_path: behaviour.session_cookie_path,
            same_site: SameSite::Strict,
            http_only: true,
        }
    }
}

/// On which requests that other sites cause a client sends a cookie (`SameSite`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SameSite {
    /// On none.
    Strict,
    /// On those by which a person comes to the site.
    Lax,
    /// On all. Browsers take this over TLS alone.
    None,
}

/// The sessions of one rule at one listener, or at one port of a Service: compiled once, asked for every request.
#[derive(Clone, Debug)]
pub struct RuleSessions {
    pub(super) binding: Binding,
    pub(super) options: SessionOptions,
    /// Distinct ones. The rule's own is the only one where it has one.
    pub(super) policies: Vec<SessionPolicy>,
    /// The first policy of each cookie or header that tokens come in.
    pub(super) carriers: Vec<usize>,
    pub(super) backends: Vec<SessionBackend>,
}

/// A backend as tokens name it.
#[derive(Clone, Debug)]
pub(super) struct SessionBackend {
    pub(super) key: u64,
    /// The place of its policy.
    pub(super) policy: Option<usize>,
}

impl RuleSessions {
    /// The sessions of a rule of an HTTPRoute; nothing if neither the rule nor a policy of one of its backends asks for any.
    ///
    /// # Errors
    ///
    /// What keeps a session persistence from being in force. [`attachment`](crate::attachment) refuses these too, so that no
    /// rule that it resolved has one.
    pub fn http(
        parent: &SessionParent,
        route: &HttpRouteRules,
        rule: &HttpRule,
        options: SessionOptions,
    ) -> Result<Option<Self>, SessionSettingsError> {
        let of_match = |one| path::of_http(one, &route.patterns);
        Self::new(
            TokenOwner::new(parent, RouteKind::Http, &route.reference, rule.index),
            rule.session_persistence.as_ref(),
            &rule.backends,
            || rule.matches.iter().map(of_match).collect(),
            options,
        )
    }

    /// The sessions of a rule of a GRPCRoute, as [`http`](Self::http).
    ///
    /// # Errors
    ///
    /// As [`http`](Self::http).
    pub fn grpc(
        parent: &SessionParent,
        route: &GrpcRouteRules,
        rule: &GrpcRule,
        options: SessionOptions,
    ) -> Result<Option<Self>, SessionSettingsError> {
        let of_match = |one| path::of_grpc(one, &route.patterns);
        Self::new(
            TokenOwner::new(parent, RouteKind::Grpc, &route.reference, rule.index),
            rule.session_persistence.as_ref(),
            &rule.backends,
            || rule.matches.iter().map(of_match).collect(),
            options,
        )
    }

    fn new(
        owner: TokenOwner<'_>,
        of_rule: Option<&SessionPersistence>,
        backends: &[EffectiveBackend],
        paths: impl FnOnce() -> Arc<[String]>,
        options: SessionOptions,
    ) -> Result<Option<Self>, SessionSettingsError> {
        let of_backends = || backends.iter().any(|b| b.session_persistence.is_some());
        if backends.is_empty() || (of_rule.is_none() && !of_backends()) {
            return Ok(None);
        }
        let route = RouteId {
            kind: owner.kind,
            name: owner.route.clone(),
        };
        let mut this = Self {
            binding: Binding::new(owner.parent, &route, owner.rule),
            options,
            policies: Vec::new(),
            carriers: Vec::new(),
            backends: Vec::with_capacity(backends.len()),
        };
        let keys = keys(backends);
        if let Some(written) = of_rule {
            let settings = SessionSettings::read(written)?;
            let policy = SessionPolicy::new(
                settings,
                SessionOrigin::Rule,
                options.cookie_path,
                &paths(),
                || this.binding.generated_name(None),
            );
            this.policies.push(policy);
            let of_rule = |key| SessionBackend {
                key,
                policy: Some(0),
            };
            this.backends.extend(keys.into_iter().map(of_rule));
        } else {
            let none: Arc<[String]> = Arc::new([]);
            for (backend, key) in backends.iter().zip(keys) {
                let written = backend.session_persistence.as_ref();
                let policy = written.map(|written| {
                    let settings = SessionSettings::read(written)?;
                    let policy = SessionPolicy::new(
                        settings,
                        SessionOrigin::Policy,
                        options.cookie_path,
                        &none,
                        || this.binding.generated_name(Some(key)),
                    );
                    let known = this.policies.iter().position(|known| *known == policy);
                    Ok(known.unwrap_or_else(|| {
                        this.policies.push(policy);
                        this.policies.len() - 1
                    }))
                });
                let policy = policy.transpose()?;
                this.backends.push(SessionBackend { key, policy });
            }
        }
        for (place, policy) in this.policies.iter().enumerate() {
            let before = this.policies.iter().take(place);
            if before
                .into_iter()
                .all(|other| !other.shares_carrier(policy))
            {
                this.carriers.push(place);
            }
        }
        Ok(Some(this))
    }

    /// How the sessions of the rule are kept: one policy where the rule has its own, else one for each session persistence
    /// that its backends have, without repetition.
    #[must_use]
    pub fn policies(&self) -> &[SessionPolicy] {
        &self.policies
    }

    /// How the sessions of a backend of the rule are kept, by its place among the `backendRefs`. Without a session
    /// persistence of its own the rule has sessions at those backends alone whose policy asks for it (GEP-1619, "Traffic
    /// Splitting": "or apply session persistence only for the backends with it configured").
    #[must_use]
    pub fn of_backend(&self, backend: usize) -> Option<&SessionPolicy> {
        self.policies.get(self.backends.get(backend)?.policy?)
    }

    /// Whether a response is to carry a token, and why. [`issue`](Self::issue) makes it.
    #[must_use]
    pub fn due(&self, recall: &Recall, served: &Served) -> Option<Due> {
        let policy = self.of_backend(served.backend)?;
        if !policy.lasts() {
            return None;
        }
        let Some(session) = recall.session else {
            return Some(Due::New);
        };
        if (session.backend, session.endpoint) != (served.backend, served.endpoint) {
            Some(Due::Moved)
        } else if session.old_key {
            Some(Due::KeyRotated)
        } else {
            // Each request counts: the token is the only memory of when the session was last used.
            let renews = policy.idle_timeout().is_some() && session.last_used < recall.now;
            renews.then_some(Due::Idle)
        }
    }
}

/// The rule.
struct TokenOwner<'a> {
    parent: &'a SessionParent,
    kind: RouteKind,
    route: &'a NamespacedName,
    rule: usize,
}

impl<'a> TokenOwner<'a> {
    fn new(
        parent: &'a SessionParent,
        kind: RouteKind,
        route: &'a NamespacedName,
        rule: usize,
    ) -> Self {
        Self {
            parent,
            kind,
            route,
            rule,
        }
    }
}

/// The keys of the backends: of the object and its port. A second reference to the same is another backend, which may have
/// filters of its own.
fn keys(backends: &[EffectiveBackend]) -> Vec<u64> {
    let mut seen: HashMap<_, u64> = HashMap::new();
    let key = |backend: &EffectiveBackend| {
        let EffectiveBackend {
            reference, port, ..
        } = backend;
        let count = seen.entry((reference.clone(), *port)).or_default();
        let texts = [
            &reference.group,
            &reference.kind,
            &reference.namespace,
            &reference.name,
        ];
        let numbers = [port.map_or(0, u64::from), *count].map(u64::to_le_bytes);
        *count += 1;
        let parts = texts.into_iter().map(String::as_bytes);
        fingerprint::of(parts.chain(numbers.iter().map(|n| &n[..])))
    };
    backends.iter().map(key).collect()
}
