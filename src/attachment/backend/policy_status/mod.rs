//! What becomes of policies for backends: at each target, and in their statuses.

pub(in crate::attachment) mod ancestors;
pub(in crate::attachment) mod results;
pub(in crate::attachment) mod traffic;
