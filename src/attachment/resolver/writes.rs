//! All that is due, as requests to an API server.

use super::{finalizers::FinalizerWrite, state::Resolver};
use crate::{attachment::StatusWrite, meta::ObjectRef};
use http::{HeaderValue, Method, Request, Uri, header::CONTENT_TYPE};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube_core::ApiResource;
use serde_json::Value;

/// What has to be written now, from [`Resolver::due_writes`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DueWrite {
    /// The finalizers of a GatewayClass.
    Finalizers(FinalizerWrite),
    /// The status of an object.
    Status(Box<StatusWrite>),
}

impl DueWrite {
    /// The object that is written.
    #[must_use]
    pub fn reference(&self) -> &ObjectRef {
        match self {
            Self::Finalizers(write) => &write.reference,
            Self::Status(write) => &write.reference,
        }
    }

    fn resource_version(&self) -> Option<&str> {
        match self {
            Self::Finalizers(write) => write.resource_version.as_deref(),
            Self::Status(write) => write.resource_version.as_deref(),
        }
    }

    /// The status that is written, if it is one: whoever sends Events asks it for them ([`StatusWrite::events`]).
    #[must_use]
    pub fn status(&self) -> Option<&StatusWrite> {
        match self {
            Self::Finalizers(_) => None,
            Self::Status(write) => Some(write),
        }
    }

    /// The write as a request to an API server, without the server's own address: a merge patch, as kube's `Client::request`
    /// takes it. What a server answers has the metadata that [`Resolver::note_done`] wants.
    ///
    /// # Errors
    ///
    /// A name that no path can have. A server has no object of such a name.
    pub fn request(&self) -> Result<Request<Vec<u8>>, http::Error> {
        let (resource, patch, end): (ApiResource, Value, _) = match self {
            Self::Finalizers(write) => (write.api_resource(), write.merge_patch(), ""),
            Self::Status(write) => (write.api_resource(), write.merge_patch(), "/status"),
        };
        let ObjectRef {
            namespace, name, ..
        } = self.reference();
        let namespace = match namespace.as_str() {
            "" => String::new(),
            namespace => format!("namespaces/{namespace}/"),
        };
        let (api_version, plural) = (&resource.api_version, &resource.plural);
        let path = format!("/apis/{api_version}/{namespace}{plural}/{name}{end}");
        let mut request = Request::new(patch.to_string().into_bytes());
        *request.method_mut() = Method::PATCH;
        *request.uri_mut() = Uri::try_from(path)?;
        let merge = HeaderValue::from_static("application/merge-patch+json");
        request.headers_mut().insert(CONTENT_TYPE, merge);
        Ok(request)
    }
}

impl Resolver {
    /// All that has to be written now: the finalizers of GatewayClasses ([`due_finalizers`](Self::due_finalizers)) and the
    /// statuses ([`due`](Self::due)). Where both are due at a class, the status comes once the finalizers are there, since the one
    /// write would make the other a conflict.
    #[must_use]
    pub fn due_writes(&mut self, now: &Time) -> Vec<DueWrite> {
        let finalizers = self.due_finalizers();
        let mut statuses = self.due(now);
        statuses.retain(|status| {
            finalizers
                .iter()
                .all(|one| one.reference != status.reference)
        });
        let finalizers = finalizers.into_iter().map(DueWrite::Finalizers);
        let statuses = statuses.into_iter().map(Box::new).map(DueWrite::Status);
        finalizers.chain(statuses).collect()
    }

    /// Notes that a server has taken a write, and what it answered. Nothing more is due at the object until it comes with another
    /// version than the one that was written to: until then any write would be refused, since the server has a later one.
    ///
    /// For controllers that leave it to the watch to bring what they have written. A controller that
    /// [inserts](Self::insert) the objects of the answers need not tell, but its watch may still bring older versions of them.
    pub fn note_done(&mut self, write: &DueWrite, answer: &ObjectMeta) {
        self.note_written(write.reference(), write.resource_version(), answer);
    }

    /// Notes that a server has refused a write since the object has changed (409): a later version of it is to come, and nothing is due
    /// at the object until then. For controllers that do not wait for one answer before they ask what else is due.
    pub fn note_conflict(&mut self, write: &DueWrite) {
        self.note_done(write, &ObjectMeta::default());
    }
}
