//! Near misses: what is not as it ought to be, and would be but for one thing.
//!
//! A reference that leads to nothing may have a wrong letter, the wrong namespace, or lead to an object that was
//! given and is left out; a ReferenceGrant may allow all but the namespace; a request may ask the wrong port or
//! host. [`Near`] finds these, for whoever has something to say of an object ([`Near::help`], [`Near::object`]) or of
//! a request ([`Near::request`]). It decides nothing: that a reference fails is what
//! [`attachment`](crate::attachment) says.
//!
//! ```
//! use gwapi::{
//!     attachment::{Options, Resolver},
//!     lint::near::Near,
//!     meta::{GROUP, ObjectRef},
//!     v1::{Gateway, GatewayClass, GatewayClassSpec, GatewaySpec},
//! };
//!
//! let mut resolver = Resolver::new(Options::for_manifests());
//! resolver.insert(GatewayClass::new("nginx", GatewayClassSpec::default()));
//! resolver.insert(Gateway::new("front", GatewaySpec {
//!     gateway_class_name: "ngnix".into(),
//!     ..Default::default()
//! }));
//! resolver.update();
//! let front = ObjectRef {
//!     group: GROUP.into(), kind: "Gateway".into(), namespace: "default".into(), name: "front".into(),
//! };
//! let hints = Near::new(&resolver, &[]).object(&front);
//! assert_eq!(hints[0].message, "GatewayClass `ngnix` is not in the set: did you mean GatewayClass `nginx`?");
//! ```

mod conflict;
mod general;
mod grant;
mod hosts;
mod index;
mod judged;
#[cfg(test)]
mod law;
mod limits;
mod listener;
mod names;
mod obstacles;
mod remedy;
mod request;
mod rules;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_causes;

use crate::{
    attachment::{
        MULTICLUSTER_GROUP, ReferenceProblem, ReferenceProblemKind as Kind, Resolver, RouteId,
        RouteKind, admit::Ignored, class_reference, is_unimplemented_parent,
    },
    lint::{
        certificates::{NAME_CERTIFICATE, refused},
        lost::{self, LostEndpoints},
    },
    meta::{GROUP, ObjectRef},
    routing::RouterOptions,
    schema,
};
pub(super) use hosts::{is_near_host, near_host, not_served};
use index::NearIndex;
#[cfg(test)]
pub(super) use index::PAIRS;
use judged::JudgedRoute;
use limits::MOST_NAMED;
pub use limits::{Met, NearLimits};
pub use request::{Around, NotInForce};
use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::BTreeMap,
    sync::Arc,
};

/// Finds what nearly fits, among the objects of a resolver and those that are left out.
#[derive(Debug)]
pub struct Near<'a> {
    resolver: &'a Resolver,
    ignored: &'a [Ignored],
    index: OnceCell<NearIndex<'a>>,
    /// The endpoints that no backend has.
    lost: OnceCell<Vec<LostEndpoints>>,
    limits: NearLimits,
    /// How a data plane decides what the specification leaves open.
    routing: RouterOptions,
    /// How many objects have been looked at; more than may be, where one was not.
    objects: Cell<usize>,
    /// How many requests met more listeners than may be asked.
    more_listeners: Cell<usize>,
    /// How often there were more objects for one reference or request than may be looked at.
    more_candidates: Cell<usize>,
    /// How many requests met more routes that are left out than may be tried.
    more_to_try: Cell<usize>,
    /// What validation says of the route that was looked at last.
    judged: RefCell<Option<Arc<JudgedRoute>>>,
    /// The namespace that is meant by the object without one that was looked at last.
    meant: RefCell<Option<(ObjectRef, Option<String>)>>,
}

/// What to write for the group of a reference to a kind that is in another group.
fn group(problem: &ReferenceProblem, to: &ObjectRef) -> String {
    let is_default = match to.kind.as_str() {
        "Gateway" => true,
        "Service" => !problem.path.starts_with("spec.parentRefs"),
        _ => false,
    };
    match to.kind.as_str() {
        _ if is_default => format!(
            "remove `group: {}` from `{}`",
            quoted_group(&to.group),
            problem.path.trim_end_matches(".group")
        ),
        "Service" => "write `group: \"\"`".to_owned(),
        _ => format!("write `group: {MULTICLUSTER_GROUP}`"),
    }
}

/// A group as a manifest writes it.
fn quoted_group(group: &str) -> &str {
    match group {
        "" => "\"\"",
        group => group,
    }
}

/// What to write for the kind of a parent that is none.
fn parent_kind(to: &ObjectRef) -> String {
    let kinds = ["Gateway", "Service", "ServiceImport"];
    match schema::nearest_name(&to.kind, kinds.into_iter()) {
        Some(near) => format!("did you mean `kind: {near}`?"),
        None => {
            "name a Gateway, or for a mesh a Service (`group: \"\"`, `kind: Service`)".to_owned()
        }
    }
}

/// What would make an object work as it is most likely meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Hint {
    /// The field; empty for the object as a whole.
    pub path: String,
    /// What to look at or to write, as one sentence.
    pub message: String,
    /// Whether nothing else is wrong with the field: the status of the object is good all the same.
    pub alone: bool,
    /// What to write, where the message says only what is wrong.
    pub help: Option<String>,
}

/// A GatewayClass that is not there, and what is there in its place.
pub(super) struct NearClass {
    /// The class for which a Gateway asks.
    pub(super) wanted: ObjectRef,
    /// What would be right.
    pub(super) help: String,
    /// Whether it was given and is left out, so that the Gateway is not accepted.
    pub(super) left_out: bool,
}

impl<'a> Near<'a> {
    /// As of the resolver's last [`update`](Resolver::update); `ignored` is what was given beside its objects and is
    /// left out.
    ///
    /// Looks no further than [`NearLimits`] allow.
    #[must_use]
    pub fn new(resolver: &'a Resolver, ignored: &'a [Ignored]) -> Self {
        Self {
            resolver,
            ignored,
            index: OnceCell::new(),
            lost: OnceCell::new(),
            limits: NearLimits::default(),
            routing: RouterOptions::default(),
            objects: Cell::new(0),
            more_listeners: Cell::new(0),
            more_candidates: Cell::new(0),
            more_to_try: Cell::new(0),
            judged: RefCell::new(None),
            meant: RefCell::new(None),
        }
    }

    /// This for a data plane with these options: what a request would have met elsewhere is decided by them. Give those
    /// of the [`Simulator`](crate::sim::Simulator) that answered.
    #[must_use]
    pub fn with_routing(mut self, options: RouterOptions) -> Self {
        self.routing = options;
        self
    }

    /// This with other bounds.
    #[must_use]
    pub fn with_limits(mut self, limits: NearLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The bounds that were met so far.
    #[must_use]
    pub fn met(&self) -> Vec<Met> {
        let NearLimits {
            max_objects,
            max_candidates,
            max_listeners,
            max_tried,
        } = self.limits;
        let beyond = self.objects.get().saturating_sub(max_objects);
        let met = [
            ("max_objects", max_objects, beyond),
            ("max_candidates", max_candidates, self.more_candidates.get()),
            ("max_listeners", max_listeners, self.more_listeners.get()),
            ("max_tried", max_tried, self.more_to_try.get()),
        ];
        let met = met.into_iter().filter(|(.., cut_short)| *cut_short > 0);
        met.map(|(bound, most, cut_short)| Met {
            bound,
            most,
            cut_short,
        })
        .collect()
    }

    /// Whether one more object may be looked at.
    fn may_look(&self) -> bool {
        #[cfg(test)]
        LOOKED_AT.add(1);
        let looked_at = self.objects.get().saturating_add(1);
        self.objects.set(looked_at);
        looked_at <= self.limits.max_objects
    }

    /// These listeners, but no more than may be asked.
    fn first_listeners<L>(&self, listeners: impl Iterator<Item = L>) -> impl Iterator<Item = L> {
        first(listeners, self.limits.max_listeners, &self.more_listeners)
    }

    /// These objects, but no more than may be looked at for one reference or request.
    fn first_candidates<O>(&self, objects: impl Iterator<Item = O>) -> impl Iterator<Item = O> {
        first(objects, self.limits.max_candidates, &self.more_candidates)
    }

    /// These routes that are left out, but no more than may be tried.
    fn first_to_try<R>(&self, routes: impl Iterator<Item = R>) -> impl Iterator<Item = R> {
        first(routes, self.limits.max_tried, &self.more_to_try)
    }

    fn index(&self) -> &NearIndex<'a> {
        self.index
            .get_or_init(|| NearIndex::new(self.resolver.snapshot(), self.ignored))
    }

    /// All endpoints that no backend has.
    pub(super) fn lost(&self) -> &[LostEndpoints] {
        self.lost
            .get_or_init(|| lost::endpoints(self.resolver.snapshot(), &|| self.may_look()))
    }

    /// What would be right in place of a reference that fails, as one sentence; nothing where no more is known than
    /// the problem says itself.
    #[must_use]
    pub fn help(&self, object: &ObjectRef, problem: &ReferenceProblem) -> Option<String> {
        let to = problem.to.as_ref()?;
        if let Some(help) = self.name_namespace(object, problem) {
            return Some(help);
        }
        match problem.kind {
            Kind::ParentNotFound
            | Kind::BackendNotFound
            | Kind::CertificateNotFound
            | Kind::AuthorityNotFound
            | Kind::TargetNotFound => self.missing(object, to, problem.kind),
            Kind::NotPermitted => Some(
                self.in_own_namespace(object, to)
                    .unwrap_or_else(|| self.grant(object, to)),
            ),
            Kind::ListenerNotFound => self.section(object, problem),
            Kind::NoCommonHostname => self
                .let_through(object, problem)
                .or_else(|| self.other_listener(object, problem)),
            Kind::NotAttached => self
                .excluded(object, problem)
                .or_else(|| self.not_taken(object, problem)),
            Kind::TargetUnusable => self
                .why_invalid(object)
                .or_else(|| self.other_policy(object, problem))
                .or_else(|| self.other_target(object, problem)),
            Kind::WrongGroup => Some(group(problem, to)),
            Kind::NoParentKind => {
                let at = problem.path.trim_end_matches(".kind");
                Some(self.later_parent(to, at).unwrap_or_else(|| parent_kind(to)))
            }
            _ => None,
        }
    }

    /// What would make an object work as it is most likely meant, in the order of its fields.
    #[must_use]
    pub fn object(&self, object: &ObjectRef) -> Vec<Hint> {
        let mut hints: Vec<Hint> = Vec::new();
        let mut add = |path: &str, message: String, alone, help: Option<String>| {
            // Two fields that are wrong in one way have one remedy; a finding with a help of its own is about its field.
            let is_finding = help.is_some();
            let is_new = |hint: &Hint| hint.message != message || is_finding && hint.path != path;
            if hints.iter().all(is_new) {
                hints.push(Hint {
                    path: path.to_owned(),
                    message,
                    alone,
                    help,
                });
            }
        };
        if let Some(class) = self.class(object) {
            let alone = !class.left_out;
            let message = if alone {
                let absent = self.resolver.snapshot().absent(&class.wanted);
                format!("{}: {}", absent.of_set(), class.help)
            } else {
                class.help
            };
            add("spec.gatewayClassName", message, alone, None);
        }
        for (path, message) in self.gateway(object) {
            add(path, message, false, None);
        }
        for (path, message) in self.policies_left_out(object) {
            add(&path, message, true, None);
        }
        for message in self.invalid_listeners(object) {
            add("spec.listeners", message, false, None);
        }
        for (path, message) in self.unused_targets(object) {
            add(&path, message, false, None);
        }
        // Each of the rules has its own.
        let rules = self.invalid_rules_of(object);
        for (problem, help) in self.problems(object) {
            if problem.kind == Kind::CertificateForOthers {
                let help = Some(NAME_CERTIFICATE.to_owned());
                add(&problem.path, refused(&problem.why), true, help);
            } else if problem.kind == Kind::ReleaseUnknown && !self.tells_release(object)
                || self.is_of_no_listener(object, &problem.path)
            {
                add(&problem.path, problem.why, true, help);
            } else if problem.kind == Kind::ListenerInvalid {
                // All listeners together have their help.
            } else if let Some(message) = help.filter(|help| Some(help) != rules.as_ref()) {
                add(&problem.path, message, false, None);
            }
        }
        if let Some(message) = self.invalid_policy_itself(object) {
            add("spec", message, false, None);
        }
        for (rule, message) in self.dropped_rules(object) {
            add(&format!("spec.rules[{rule}]"), message, false, None);
        }
        hints
    }

    /// What to do about the rules of a route that is rejected for them, in one sentence.
    fn invalid_rules_of(&self, object: &ObjectRef) -> Option<String> {
        let kind = RouteKind::from_kind(&object.kind).filter(|_| object.group == GROUP)?;
        let route = RouteId::new(kind, object.namespaced_name());
        match self.resolver.is_invalid(&route) {
            true => self.every_invalid_rule(&route),
            false => None,
        }
    }

    /// The references of an object that fail, each with what would be right, where that is known.
    #[must_use]
    pub fn problems(&self, object: &ObjectRef) -> Vec<(ReferenceProblem, Option<String>)> {
        let problems = self.resolver.reference_problems(object);
        let not_permitted = problems.iter().filter(|one| one.kind == Kind::NotPermitted);
        // What to do about these says, too, that what they lead to does not exist.
        let not_permitted: BTreeMap<_, _> = not_permitted
            .filter_map(|one| {
                let help = self.and_create(object, self.help(object, one)?, one);
                Some((one.to.clone()?, help))
            })
            .collect();
        let with_help = |problem: ReferenceProblem| {
            let granted = problem.to.as_ref().and_then(|to| not_permitted.get(to));
            let near = || self.help(object, &problem);
            let help = match (problem.kind, granted) {
                (Kind::NotPermitted, granted) => granted.cloned(),
                (kind, Some(granted)) if kind.is_of_missing_object() => {
                    near().or_else(|| Some(granted.clone()))
                }
                (_, Some(_)) => near(),
                (_, None) => near().or_else(|| self.needed(object, &problem)),
            };
            (problem, help)
        };
        problems.into_iter().map(with_help).collect()
    }

    /// The help for a reference of an object that is not permitted, and that what it leads to does not exist either, unless
    /// something else is meant.
    fn and_create(&self, object: &ObjectRef, help: String, problem: &ReferenceProblem) -> String {
        let snapshot = self.resolver.snapshot();
        match &problem.to {
            Some(to)
                if !snapshot.contains(to)
                    && !snapshot.is_left_out(to)
                    && self.in_own_namespace(object, to).is_none() =>
            {
                format!("{help}; {} either: create it, too", snapshot.absent(to))
            }
            _ => help,
        }
    }

    /// What to do about the GatewayClass of a Gateway: one that is left out, or one whose name is nearly that which
    /// the Gateway asks for, where that one is only assumed, and nothing is wrong else.
    pub(super) fn class(&self, object: &ObjectRef) -> Option<NearClass> {
        if object.group != GROUP || object.kind != "Gateway" {
            return None;
        }
        let snapshot = self.resolver.snapshot();
        let gateway = snapshot.gateways().get(&object.namespaced_name())?;
        let wanted = class_reference(&gateway.spec.gateway_class_name);
        if snapshot.contains(&wanted) {
            return None;
        }
        let correct = self.index().left_out(&wanted);
        let left_out = correct.is_some();
        let help = correct
            .or_else(|| self.misspelt(&wanted))
            .or_else(|| self.only_class(&wanted))?;
        Some(NearClass {
            wanted,
            help,
            left_out,
        })
    }

    /// What to name in the place of a parent of a kind of the API which cannot be one here: it came with a later release, or is
    /// not implemented. `at` is the reference to it.
    fn later_parent(&self, to: &ObjectRef, at: &str) -> Option<String> {
        let release = self.resolver.options().release;
        if let Some(later) = schema::later_kind(&to.group, &to.kind, release) {
            return Some(format!(
                "{} came with release {}: name a Gateway instead",
                later.kind, later.since
            ));
        }
        if is_unimplemented_parent(&to.group_kind()) {
            return Some(format!(
                "nothing is wrong with `{at}`: to see what the route does with requests, attach a copy of it to a Gateway"
            ));
        }
        let mut kinds = schema::KINDS.iter();
        let is_known = kinds.any(|known| known.group == to.group && known.kind == to.kind);
        (is_known && to.kind != "Gateway").then(|| format!("name a Gateway in `{at}`"))
    }
}

/// What to do first, and what it takes besides if that is what was meant, in one text.
fn and_also(first: &str, second: &str) -> String {
    match first.ends_with('?') {
        true => format!("{first} If so, {second}"),
        false => format!("{first}; and {second}"),
    }
}

/// Several things to do, of which none depends on another, in one text; nothing where there are none.
fn all_of(changes: &[String]) -> Option<String> {
    let (first, others) = changes.split_first()?;
    let mut text = first.clone();
    for other in others {
        text.push_str(if text.ends_with('?') {
            " And "
        } else {
            "; and "
        });
        text.push_str(other);
    }
    Some(text)
}

/// So many of these; counts whether there are more.
fn first<T>(
    all: impl Iterator<Item = T>,
    most: usize,
    cut_short: &Cell<usize>,
) -> impl Iterator<Item = T> {
    let mut count = 0;
    all.take_while(move |_| {
        count += 1;
        let more = count > most;
        cut_short.set(cut_short.get().saturating_add(usize::from(more)));
        !more
    })
}

#[cfg(test)]
crate::counter::counter!(
    /// How many routes are judged.
    pub(in crate::lint) JUDGED
);

#[cfg(test)]
crate::counter::counter!(
    /// How many objects are looked at, or would be but for the bound.
    pub(in crate::lint) LOOKED_AT
);
