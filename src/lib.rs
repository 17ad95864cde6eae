//! The Kubernetes Gateway API as a pure library.
