//! What there is to tell people of a status that is written.

use super::{StatusPart, StatusWrite};
use crate::meta::condition;

/// What an Event says, in bytes at most: an API server refuses a longer `note`.
const MOST_BYTES: usize = 1024;

/// What there is to tell people of a write, from [`StatusWrite::events`]: as much of an Event as follows from it. The object that it is
/// about is [`StatusWrite::object_reference`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusEvent {
    /// Whether something is wrong: the type of the Event is `Warning`, else `Normal`.
    pub is_warning: bool,
    /// Its `reason`: that of the condition.
    pub reason: String,
    /// Its `note`: a sentence, within the limit of the API.
    pub note: String,
}

impl StatusWrite {
    /// What there is to tell people: of the conditions that become others ([`turned`](Self::turned)) those that are not good; and of a
    /// GatewayClass and a Gateway also `Accepted` and `Programmed` when they become good. What is not known yet, such as whether a
    /// data plane is programmed, is no warning.
    ///
    /// ```
    /// # use gwapi::{attachment::{Options, Resolver}, v1::{GatewayClass, GatewayClassSpec}};
    /// # use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
    /// # let controller_name = String::from("example.com/controller");
    /// # let spec = GatewayClassSpec { controller_name, ..Default::default() };
    /// let mut resolver = Resolver::new(Options::new("example.com/controller"));
    /// resolver.insert(GatewayClass::new("example", spec));
    /// resolver.update();
    /// let due = resolver.due(&Time(Timestamp::UNIX_EPOCH));
    /// let event = &due[0].events()[0];
    /// assert_eq!((event.is_warning, event.reason.as_str()), (false, "Accepted"));
    /// ```
    #[must_use]
    pub fn events(&self) -> Vec<StatusEvent> {
        let turned = self.turned().into_iter().filter_map(|(part, condition)| {
            let is_good = condition::is_good(condition);
            let is_told = matches!(condition.type_.as_str(), "Accepted" | "Programmed");
            if is_good && !(is_told && part == StatusPart::Object) {
                return None;
            }
            let of = match &part {
                StatusPart::Listener(name) => format!("listener `{name}`: "),
                StatusPart::Entry(parent) => format!("{}: ", parent.name),
                StatusPart::Object => String::new(),
            };
            let (kind, status, message) = (&condition.type_, &condition.status, &condition.message);
            let mut note = format!("{of}{kind} {status}: {message}");
            let mut ends = (0..=MOST_BYTES).rev();
            note.truncate(
                ends.find(|&end| note.is_char_boundary(end))
                    .unwrap_or_default(),
            );
            Some(StatusEvent {
                is_warning: !is_good && condition.status != "Unknown",
                reason: condition.reason.clone(),
                note,
            })
        });
        turned.collect()
    }
}
