//! EndpointSlices and Endpoints that no Service has.

use crate::{
    attachment::Resolver,
    lint::{found::FindingsByObject, lost},
    rules::set as rules,
};

/// Looks at each EndpointSlice, and at Endpoints.
pub(super) fn check(resolver: &Resolver, found: &mut FindingsByObject) {
    for lost in lost::endpoints(resolver.snapshot()) {
        let (object, rule) = (&lost.object, &rules::SLICE_SERVICE_EXISTS);
        match lost.meant {
            Some((_, help)) => found.push_with_help(object, rule, lost.path, lost.why, help),
            None => found.push(object, rule, lost.path, lost.why),
        }
    }
}
