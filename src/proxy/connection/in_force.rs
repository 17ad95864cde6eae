//! The ports in force, for connections that were made at ports of an earlier configuration.

use crate::{attachment::effective::SharedMap, proxy::BindKey};
use arc_swap::ArcSwap;
use std::{
    borrow::Cow,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

/// A port of a data plane, which knows whether it is among the ports in force.
pub(in crate::proxy) trait PlanePort: Sized {
    fn key(&self) -> &BindKey;

    fn place(&self) -> &BindPlace<Self>;

    /// The same port in the configuration in force. None if that has no such port.
    fn present(self: &Arc<Self>) -> Option<Cow<'_, Arc<Self>>> {
        if !self.place().replaced.load(Ordering::Acquire) {
            return Some(Cow::Borrowed(self));
        }
        let in_force = self.place().in_force.upgrade()?;
        let present = in_force.binds.load().get(self.key()).cloned();
        present.map(Cow::Owned)
    }
}

/// The ports of the last data plane of a line, in which each one is the [next](crate::proxy::DataPlane::next) of another.
///
/// Connections find their port here before they do anything else, so that none of them is served by an earlier configuration,
/// whatever the driver of the data plane does.
#[derive(Debug)]
pub(in crate::proxy) struct PortsInForce<P> {
    binds: ArcSwap<SharedMap<BindKey, Arc<P>>>,
    /// Held by whoever changes them.
    changing: Mutex<()>,
}

impl<P> Default for PortsInForce<P> {
    fn default() -> Self {
        Self {
            binds: ArcSwap::default(),
            changing: Mutex::default(),
        }
    }
}

impl<P: PlanePort> PortsInForce<P> {
    /// Puts these ports in force, instead of all others of the line. This costs what has changed.
    pub(in crate::proxy) fn replace(&self, next: &SharedMap<BindKey, Arc<P>>) {
        let changing = self.changing.lock();
        let changing = changing.unwrap_or_else(PoisonError::into_inner);
        let before = self.binds.swap(Arc::new(next.clone()));
        for changed in next.changes(&before, Arc::ptr_eq) {
            if let Some(old) = changed.before {
                old.place().replaced.store(true, Ordering::Release);
            }
            // It was replaced before if somebody goes back to an earlier data plane.
            if let Some(new) = changed.after {
                new.place().replaced.store(false, Ordering::Release);
            }
        }
        drop(changing);
    }
}

/// Of what a port is one.
#[derive(Debug)]
pub(in crate::proxy) struct BindPlace<P> {
    /// Weak, since the ports in force own the port.
    in_force: Weak<PortsInForce<P>>,
    /// Whether the port is not among those in force, so that no connection looks for it while it is.
    replaced: AtomicBool,
}

impl<P> BindPlace<P> {
    pub(in crate::proxy) fn new(in_force: &Arc<PortsInForce<P>>) -> Self {
        Self {
            in_force: Arc::downgrade(in_force),
            replaced: AtomicBool::new(false),
        }
    }
}

/// That of no data plane.
impl<P> Default for BindPlace<P> {
    fn default() -> Self {
        Self {
            in_force: Weak::new(),
            replaced: AtomicBool::new(false),
        }
    }
}
