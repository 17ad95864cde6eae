//! EndpointSlices and Endpoints that no Service has.

use crate::{
    lint::{found::FindingsByObject, near::Near},
    rules::set as rules,
};

/// Looks at each EndpointSlice, and at Endpoints.
pub(super) fn check(near: &Near<'_>, found: &mut FindingsByObject) {
    for lost in near.lost() {
        let (object, rule) = (&lost.object, &rules::SLICE_SERVICE_EXISTS);
        let (path, why) = (lost.path.clone(), lost.why.clone());
        match &lost.meant {
            Some((_, help)) => found.push_with_help(object, rule, path, why, help.clone()),
            None => found.push(object, rule, path, why),
        }
    }
}
