//! Routes put together at the listeners and Services that they attach to, and what is decided between them.

pub(super) mod assemble;
pub(super) mod claims;
mod connections;
pub(super) mod contest;
pub(super) mod mesh;
mod table_patterns;
