//! A request on its way through the filters of a rule, or of a backend.

use super::{
    attempt::Mirrored,
    choose::{self, Choose},
    protocol::EndpointProtocol,
};
use crate::{
    attachment::effective::EffectiveFilters,
    backend::DrawError,
    filters::{ApplyError, RedirectContext, Step},
    proxy::{Backend, Connection, Why},
};
use http::{HeaderValue, StatusCode, header::HOST, request};
use std::sync::Arc;

/// What the filters of one level make of a request.
#[derive(Default)]
pub(super) struct Passed {
    pub(super) mirrors: Vec<Mirrored>,
    /// Where one of them redirects.
    pub(super) redirect: Option<RedirectTo>,
}

/// The status and the location of a redirect.
pub(super) type RedirectTo = (StatusCode, HeaderValue);

/// The filters of a rule, or of a backend.
pub(super) struct Level<'l> {
    pub(super) filters: &'l EffectiveFilters,
    pub(super) mirrors: &'l [Arc<Backend>],
    pub(super) prefix: Option<&'l str>,
    pub(super) connection: Connection,
    pub(super) calls: bool,
}

impl Level<'_> {
    /// Takes a request through the filters, in the order of their list.
    pub(super) fn pass(
        &self,
        request: &mut request::Parts,
        chooser: &mut dyn Choose,
    ) -> Result<Passed, Why> {
        let mut passed = Passed::default();
        for step in self.filters.compiled.steps() {
            match *step {
                Step::Mirror(index) => {
                    let copy = self.mirrored(index, request, chooser)?;
                    passed.mirrors.extend(copy);
                }
                Step::Redirect => passed.redirect = self.location(request)?,
                step => self
                    .filters
                    .compiled
                    .apply_step(step, request, self.prefix)?,
            }
        }
        Ok(passed)
    }

    /// Where a redirect among the filters sends the client.
    fn location(
        &self,
        request: &request::Parts,
    ) -> Result<Option<(StatusCode, HeaderValue)>, ApplyError> {
        let in_target = request.uri.authority().map(http::uri::Authority::as_str);
        let in_header = || request.headers.get(HOST)?.to_str().ok();
        self.filters.compiled.location(&RedirectContext {
            scheme: self.connection.scheme.as_str(),
            host: in_target.or_else(in_header).unwrap_or_default(),
            port: self.connection.port,
            path: request.uri.path(),
            query: request.uri.query(),
            matched_prefix: self.prefix,
        })
    }

    /// The copy for a mirror. None where the mirror leads nowhere, or has no share in this request.
    fn mirrored(
        &self,
        index: usize,
        request: &request::Parts,
        chooser: &mut dyn Choose,
    ) -> Result<Option<Mirrored>, DrawError> {
        let (Some(mirror), Some(backend)) =
            (self.filters.mirrors.get(index), self.mirrors.get(index))
        else {
            return Ok(None);
        };
        let endpoint = choose::mirror(mirror, backend, chooser)?;
        Ok(endpoint.map(|endpoint| Mirrored {
            backend: backend.clone(),
            protocol: EndpointProtocol::of(endpoint.port(), self.calls, None),
            endpoint,
            request: request.clone(),
        }))
    }
}
