//! Other options, and other CRDs, for the same objects.

use super::state::Resolver;
use crate::{
    attachment::{
        Changes, InstalledCrd, Options, Resolution,
        effective::{EffectiveGateway, SharedMap},
        objects::{
            installed::{EXTENSIONS_GROUP, in_use},
            object::CRD_KIND,
        },
    },
    meta::{Behaviour, NamespacedName, ObjectRef},
};
use std::{collections::BTreeSet, sync::Arc};

impl Resolver {
    /// Resolves the same objects under other options. What has changed before and is not [updated](Self::update) yet
    /// takes effect as well. Returns all that is different then: among it what is no longer ours, which is in force no longer.
    ///
    /// What does not differ is the same allocation as before, and addresses and reports of the data plane stay.
    pub fn set_options(&mut self, options: Options) -> Changes {
        if options == self.options {
            return self.update();
        }
        let anew = std::mem::take(&mut self.dirty.anew);
        let snapshot = std::mem::take(&mut self.snapshot);
        let mut next = Self::with_snapshot(snapshot, options);
        next.addresses = std::mem::take(&mut self.addresses);
        next.last_addresses = std::mem::take(&mut self.last_addresses);
        next.awaited = std::mem::take(&mut self.awaited);
        next.listed = std::mem::take(&mut self.listed);
        next.update();
        let told = &self.resolution.effective.gateways;
        for (name, gateway) in &next.resolution.effective.gateways {
            let before = told.get(name);
            if before.is_some_and(|before| before.is_same_but_for_routes(gateway)) {
                next.reports.take_over(name, &self.reports);
                next.dirty.reported.insert(name.clone());
            }
        }
        next.update();
        let before = std::mem::replace(self, next);
        let mut changes = self.changes_since(&before);
        self.tell_of_new(anew, &mut changes);
        changes
    }

    /// Notes which CustomResourceDefinitions are installed, in the place of those that were there: the condition `SupportedVersion`
    /// of GatewayClasses follows from their bundle versions. Statuses take the form that the definitions have: [`Options::release`] and
    /// [`Options::channel`] become those of the CRD of GatewayClasses, and [`Options::behaviour`] what is the release's, unless it was
    /// set by hand. A version before a release (`v1.2.0-rc1`) counts as the release, one after the newest release that is known as
    /// that; an earlier one than any changes nothing. Returns what is different then, as
    /// [`set_options`](Self::set_options) does.
    pub fn set_installed(
        &mut self,
        crds: impl IntoIterator<Item = impl Into<InstalledCrd>>,
    ) -> Changes {
        self.listed.insert((EXTENSIONS_GROUP, CRD_KIND));
        let crds: Vec<InstalledCrd> = crds.into_iter().map(Into::into).collect();
        let present = self.snapshot.places(EXTENSIONS_GROUP, CRD_KIND);
        let gone: Vec<ObjectRef> = present
            .filter(|place| crds.iter().all(|crd| crd.name != place.name))
            .map(|place| ObjectRef::at(EXTENSIONS_GROUP, CRD_KIND, place))
            .collect();
        for reference in gone {
            self.remove(&reference);
        }
        let (release, channel) = in_use(crds.iter());
        for crd in crds {
            let place = NamespacedName::new("", crd.name.clone());
            let present = self.snapshot.installed_crds().get(&place);
            if present.is_none_or(|present| **present != crd) {
                self.insert(crd);
            }
        }
        let mut options = self.options.clone();
        if let Some(release) = release.filter(|release| *release != options.release) {
            if options.behaviour == Behaviour::of(options.release) {
                options.behaviour = Behaviour::of(release);
            }
            options.release = release;
        }
        options.channel = channel.unwrap_or(options.channel);
        self.set_options(options)
    }

    /// Whether the definitions that are installed ([`set_installed`](Self::set_installed)) serve a kind in the version of a type, so
    /// that it can be watched.
    ///
    /// ```
    /// use gwapi::attachment::{InstalledCrd, Options, Resolver};
    /// use gwapi::{v1, v1beta1};
    ///
    /// let mut resolver = Resolver::new(Options::new("example.com/controller"));
    /// resolver.set_installed([InstalledCrd {
    ///     name: "referencegrants.gateway.networking.k8s.io".into(),
    ///     group: "gateway.networking.k8s.io".into(),
    ///     served: vec!["v1beta1".into()],
    ///     ..Default::default()
    /// }]);
    /// assert!(resolver.serves::<v1beta1::ReferenceGrant>() && !resolver.serves::<v1::ReferenceGrant>());
    /// ```
    #[must_use]
    pub fn serves<K: k8s_openapi::Resource>(&self) -> bool {
        let name = format!("{}.{}", K::URL_PATH_SEGMENT, K::GROUP);
        let installed = self.snapshot.installed_crds();
        let crd = installed.get(&NamespacedName::new("", name));
        crd.is_some_and(|crd| crd.serves(K::VERSION))
    }

    /// How this differs from an earlier state. Takes over what is the same.
    fn changes_since(&mut self, before: &Self) -> Changes {
        let mut changes = Changes::default();
        let Resolution {
            effective,
            statuses,
            attachments,
            policies: _,
            without_room: _,
        } = &mut self.resolution;
        let earlier = &before.resolution;
        let both = earlier.statuses.keys().chain(statuses.keys());
        let differ = both.filter(|one| earlier.statuses.get(*one) != statuses.get(*one));
        changes.statuses.extend(differ.cloned());
        let both = earlier.attachments.keys().chain(attachments.keys());
        let differ = both.filter(|id| {
            let same_rules = match (before.routes.get(*id), self.routes.get(*id)) {
                (Some(before), Some(after)) => before.has_same_rules(after),
                (None, None) => true,
                _ => false,
            };
            !same_rules || earlier.attachments.get(*id) != attachments.get(*id)
        });
        changes.routes.extend(differ.cloned());
        let of_gateways = take_over(&earlier.effective.gateways, &mut effective.gateways);
        for name in of_gateways {
            let was = earlier.effective.gateways.get(&name);
            if let (Some(was), Some(is)) = (was, effective.gateways.get_mut(&name)) {
                take_over_listeners(was, Arc::make_mut(is));
            }
            let is = effective.gateways.get(&name);
            changes.gateway(&name, was.map(AsRef::as_ref), is.map(AsRef::as_ref));
        }
        for name in take_over(&earlier.effective.idle, &mut effective.idle) {
            let idle = [&earlier.effective.idle, &effective.idle];
            let [was, is] = idle.map(|idle| idle.get(&name).map_or(&[][..], |idle| &**idle));
            changes.add_idle(&name, was, is);
            changes.gateways.insert(name);
        }
        changes.services = take_over(&earlier.effective.services, &mut effective.services);
        changes.imports = take_over(&earlier.effective.imports, &mut effective.imports);
        changes
    }
}

/// Puts the earlier value in the place of each that is equal to it, so that they are one allocation. Returns the keys of all
/// others.
fn take_over<V: Clone + PartialEq>(
    before: &SharedMap<NamespacedName, V>,
    after: &mut SharedMap<NamespacedName, V>,
) -> BTreeSet<NamespacedName> {
    let mut differ = BTreeSet::new();
    let mut kept = before.clone();
    for name in before.keys().filter(|name| !after.contains_key(name)) {
        kept.remove(name);
        differ.insert(name.clone());
    }
    for (name, value) in &*after {
        if before.get(name) != Some(value) {
            kept.insert(name.clone(), value.clone());
            differ.insert(name.clone());
        }
    }
    *after = kept;
    differ
}

/// The same for the listeners of a Gateway.
fn take_over_listeners(before: &EffectiveGateway, after: &mut EffectiveGateway) {
    for listener in &mut after.listeners {
        let mut same = before.listeners.iter();
        if let Some(same) = same.find(|before| *before == listener) {
            *listener = same.clone();
        }
    }
}
