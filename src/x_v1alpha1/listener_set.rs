//! XListenerSet: ListenerSet as releases v1.3.0 to v1.4.1 had it.

use crate::{
    meta::resource,
    v1::{ListenerSetSpec, ListenerSetStatus},
};

resource! {
    /// Adds listeners to a Gateway that allows it; ListenerSet has replaced it.
    Namespaced experiment XListenerSet = "XListenerSet", XListenerSetList = "XListenerSetList", "xlistenersets", "v1alpha1";
    spec: ListenerSetSpec;
    status: ListenerSetStatus
}
