//! Data planes with a fault each: the simulator behind something that falsifies what goes in or comes out.

use gwapi::{
    conformance::{
        Ask, Ended, Observed, Scenario, Setup, SimulatorSubject, SubjectError, TestSubject,
    },
    meta::FeatureName,
};
use http::HeaderValue;
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};

/// What is wrong with a data plane.
pub(crate) enum Fault {
    /// It reads other objects than there are.
    Objects(fn(&mut Vec<Value>)),
    /// It serves other objects than there are, and writes the right statuses.
    Served(fn(&mut Vec<Value>)),
    /// It hears something else than clients say.
    Asked(fn(&mut Ask)),
    /// It answers something else, or sends something else to backends.
    Answered(fn(&Ask, &mut Observed)),
    /// It writes other statuses, each by the object alone.
    Statuses(fn(&mut Value)),
    /// It writes other statuses, by all objects.
    Together(fn(&mut Vec<Value>)),
    /// It writes other statuses where an object changed: by the object as it was before, and as it is now.
    Changed(fn(&Value, &mut Value)),
    /// It writes the statuses of other objects than there are.
    Told(fn(&mut Vec<Value>)),
    /// It serves the objects with which it began, and writes the right statuses.
    Stale,
    /// It writes the statuses of the objects with which it began.
    StatusesStale,
    /// It keeps grants that were deleted.
    GrantsKept,
    /// It keeps sessions by their tokens alone, and asks whether a token is that of the same host, and of the same path.
    Sessions(fn(same_host: bool, same_path: bool) -> bool),
}

impl Fault {
    /// Whether it can change how a scenario goes. Others need not be asked.
    pub(crate) fn concerns(&self, scenario: &Scenario) -> bool {
        let steps = scenario.steps();
        let objects = || -> Vec<Value> {
            let changed = steps.iter().flat_map(|step| &step.apply);
            let mut all: Vec<Value> = scenario.objects().iter().chain(changed).cloned().collect();
            // The Gateway and a Service that are there in any case.
            all.push(
                json!({"kind": "Gateway", "metadata": {"name": "edge", "namespace": "shop"},
                "spec": {"listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}}),
            );
            all.push(json!({"kind": "Service", "metadata": {"name": "blue", "namespace": "shop"}}));
            all
        };
        match self {
            Self::Objects(falsify) | Self::Served(falsify) => {
                let (before, mut after) = (objects(), objects());
                falsify(&mut after);
                before != after
            }
            Self::Told(falsify) => {
                let (before, mut after) = (objects(), objects());
                falsify(&mut after);
                before != after && steps.iter().any(|step| !step.status.is_empty())
            }
            Self::Statuses(_) | Self::Together(_) => {
                steps.iter().any(|step| !step.status.is_empty())
            }
            Self::Asked(_) | Self::Answered(_) | Self::Sessions(_) => {
                steps.iter().any(|step| step.ask.is_some())
            }
            Self::Stale | Self::StatusesStale | Self::GrantsKept | Self::Changed(_) => steps
                .iter()
                .any(|step| !step.apply.is_empty() || !step.delete.is_empty()),
        }
    }
}

/// A data plane with a fault.
pub(crate) struct Faulty {
    fault: Fault,
    simulator: SimulatorSubject,
    told: SimulatorSubject,
    /// The objects, and those of the configuration before.
    objects: [Vec<Value>; 2],
    grants: Vec<Value>,
    /// The draw with which a session began, and the host and path of its request.
    tokens: HashMap<HeaderValue, (u64, String, String)>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            simulator: SimulatorSubject::default(),
            told: SimulatorSubject::default(),
            objects: [Vec::new(), Vec::new()],
            grants: Vec::new(),
            tokens: HashMap::new(),
        }
    }
}

pub(crate) fn is(object: &Value, kind: &str) -> bool {
    object["kind"] == kind
}

fn is_same(one: &Value, other: &Value) -> bool {
    let metadata = |object: &Value| {
        let own = &object["metadata"];
        (own["namespace"].clone(), own["name"].clone())
    };
    one["kind"] == other["kind"] && metadata(one) == metadata(other)
}

impl TestSubject for Faulty {
    fn name(&self) -> String {
        "a data plane with a fault".to_owned()
    }

    fn supports(&self, feature: &FeatureName) -> bool {
        self.simulator.supports(feature)
    }

    fn draws_as_told(&self) -> bool {
        true
    }

    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError> {
        let before = match setup.begins {
            true => Vec::new(),
            false => std::mem::take(&mut self.objects[0]),
        };
        self.objects = [setup.objects.clone(), before];
        let mut setup = setup.clone();
        match &self.fault {
            Fault::Objects(falsify) => falsify(&mut setup.objects),
            Fault::Served(falsify) => {
                self.told.configure(&setup)?;
                falsify(&mut setup.objects);
            }
            Fault::Told(falsify) => {
                let mut told = setup.clone();
                falsify(&mut told.objects);
                self.told.configure(&told)?;
            }
            Fault::Stale => {
                self.told.configure(&setup)?;
                if !setup.begins {
                    return Ok(());
                }
            }
            Fault::StatusesStale if setup.begins => self.told.configure(&setup)?,
            Fault::GrantsKept => {
                if setup.begins {
                    self.grants.clear();
                }
                let own = setup
                    .objects
                    .iter()
                    .filter(|object| is(object, "ReferenceGrant"));
                let own: Vec<Value> = own.cloned().collect();
                setup.objects.retain(|object| !is(object, "ReferenceGrant"));
                self.grants.extend(own);
                self.grants.dedup();
                setup.objects.extend(self.grants.iter().cloned());
            }
            _ => {}
        }
        self.simulator.configure(&setup)
    }

    fn send(&mut self, ask: &Ask) -> Result<Observed, SubjectError> {
        let mut ask = ask.clone();
        if let Fault::Asked(falsify) = &self.fault {
            falsify(&mut ask);
        }
        let path = ask.request.uri.path().to_owned();
        let host = ask.request.uri.host().unwrap_or_default().to_owned();
        if let Fault::Sessions(follows) = &self.fault {
            let mut values = ask.request.headers.values();
            let known = values.find_map(|value| self.tokens.get(value));
            if let Some((draw, of_host, of_path)) = known
                && follows(*of_host == host, *of_path == path)
            {
                ask.draw = *draw;
            }
        }
        let mut seen = self.simulator.send(&ask)?;
        if let Ended::Response(head) = &seen.ended {
            for name in ["sid", "x-session"] {
                if let Some(token) = head.headers.get(name) {
                    let session = (ask.draw, host.clone(), path.clone());
                    self.tokens.insert(token.clone(), session);
                }
            }
        }
        if let Fault::Answered(falsify) = &self.fault {
            falsify(&ask, &mut seen);
        }
        Ok(seen)
    }

    fn statuses(&mut self) -> Vec<Value> {
        let of_told = matches!(
            self.fault,
            Fault::Told(_) | Fault::Served(_) | Fault::Stale | Fault::StatusesStale
        );
        if of_told {
            return self.told.statuses();
        }
        let mut objects = self.simulator.statuses();
        match &self.fault {
            Fault::Statuses(falsify) => objects.iter_mut().for_each(falsify),
            Fault::Together(falsify) => falsify(&mut objects),
            Fault::Changed(falsify) => {
                for object in &mut objects {
                    let mut before = self.objects[1].iter();
                    let before = before.find(|before| is_same(before, object));
                    if let Some(before) = before.filter(|before| before["spec"] != object["spec"]) {
                        falsify(before, object);
                    }
                }
            }
            _ => {}
        }
        objects
    }

    fn advance(&mut self, by: Duration) {
        self.simulator.advance(by);
    }
}
