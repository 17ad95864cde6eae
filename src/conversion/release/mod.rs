//! Objects in the forms of another release.

mod backend;
mod fields;
mod gateway;
pub(super) mod reference;
mod session;
mod shape;
mod supported_feature;

use super::{
    ConversionError, ConversionProblem, ConversionProblemKind as Problem, FieldMove, kinds,
    moves::{Moves, is_within},
    value,
};
use crate::{
    meta::{Channel, ObjectRef, Release, When},
    schema::{self, KindVersion, UnknownField},
    validation::{self, Finding, ValidationOptions},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// An object in the forms of a release.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ReleaseConversion {
    /// The object.
    pub object: Value,
    /// What there is to know of it: what the release refuses in it, and settings that mean something else there.
    pub remarks: Vec<ConversionRemark>,
    /// What of it stood in another place of the object as it was.
    pub moves: Vec<FieldMove>,
}

/// Something to know of an object that was converted to the forms of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionRemark {
    object: ObjectRef,
    path: String,
    rule: &'static str,
    message: String,
    help: String,
    weight: Weight,
}

/// What a remark means for the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// A server of the release refuses it.
    Refused,
    /// The release takes it, and it does not do there what it says.
    Lost,
    /// Good to know.
    Note,
}

impl ConversionRemark {
    /// The object, as it was given.
    #[must_use]
    pub fn object(&self) -> &ObjectRef {
        &self.object
    }

    /// The field of the converted object, as an API server writes it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The id of the rule: that of validation where the release refuses the object.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// What is to be known.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What would be right.
    #[must_use]
    pub fn help(&self) -> &str {
        &self.help
    }

    /// Whether a server of the release refuses the object for it. Otherwise it is good to know and no more.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.weight == Weight::Refused
    }

    /// Whether the object does not do in the release what it says: a server refuses it, or a reference leads to a kind that the
    /// release does not have.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.weight != Weight::Note
    }
}

/// Converts an object to the forms that a release and channel have: to the version of its kind in which objects belong there,
/// or to the kind that has replaced its own; and within it what has changed its form from release to release.
///
/// | form | releases |
/// | --- | --- |
/// | XListenerSet, and references to one | v1.3.0 to v1.4.1; then ListenerSet |
/// | BackendLBPolicy | v1.1.0 to v1.2.1; then XBackendTrafficPolicy |
/// | Gateway `spec.backendTLS` | v1.2.0 to v1.3.0; then `spec.tls.backend` |
/// | Gateway `spec.listeners[].tls.frontendValidation` | v1.1.0 to v1.3.0; then `spec.tls.frontend`, one setting a port |
/// | `sessionPersistence` with `sessionName` and `cookieConfig` | v1.1.0 to v1.6.3; then with `cookie` or `header` |
/// | XBackend `spec.port.port`, `status.parents` | v1.6; then `spec.port.number`, `status.ancestors` |
/// | GatewayClass `status.supportedFeatures` as texts | to v1.1.1; then as objects |
///
/// Both ways: an older release may be asked for. The version is the one that the release stores. An object stays in its
/// own where that is served, not deprecated, and comes later, as `v1` of ReferenceGrant does. The object is one by itself, no list;
/// fields that no release knows are carried, unless they would become known ones.
///
/// The converted object is judged as a server of the release would: what it refuses is a remark, and so is a reference to a kind
/// of the Gateway API that the release does not have.
///
/// # Errors
///
/// The object is none of the Gateway API, the release has neither its kind nor one in its place, or something in it has no
/// form in the release. Every such field is named, and nothing is left out.
///
/// ```
/// use gwapi::{conversion::convert_to_release, meta::{Channel, Release}};
/// use serde_json::json;
///
/// let set = json!({
///     "apiVersion": "gateway.networking.x-k8s.io/v1alpha1", "kind": "XListenerSet",
///     "metadata": { "name": "shop", "namespace": "shop" },
///     "spec": {
///         "parentRef": { "name": "edge" },
///         "listeners": [{ "name": "web", "port": 80, "protocol": "HTTP" }],
///     },
/// });
/// let new = convert_to_release(&set, Release::V1_5_0, Channel::Standard)?;
/// assert_eq!(new.object["apiVersion"], "gateway.networking.k8s.io/v1");
/// assert_eq!(new.object["kind"], "ListenerSet");
/// assert!(new.remarks.is_empty());
/// # Ok::<(), gwapi::conversion::ConversionError>(())
/// ```
pub fn convert_to_release(
    object: &Value,
    release: Release,
    channel: Channel,
) -> Result<ReleaseConversion, ConversionError> {
    convert(object, release, channel).map_err(|unconverted| unconverted.error)
}

/// Why an object has no form in a release, and what conversion makes of the rest of it.
#[derive(Debug)]
pub(super) struct Unconverted {
    pub(super) error: ConversionError,
    /// The object with everything converted that has a form, and all else as it was. Nothing where the release has neither its
    /// kind nor one in its place.
    pub(super) part: Option<Value>,
}

impl From<ConversionError> for Unconverted {
    fn from(error: ConversionError) -> Self {
        Self { error, part: None }
    }
}

/// The same as [`convert_to_release`], with what conversion makes of an object as far as that goes.
pub(super) fn convert(
    object: &Value,
    release: Release,
    channel: Channel,
) -> Result<ReleaseConversion, Unconverted> {
    let fail = |to: &str, problems| ConversionError::new(value::identify(object), to, problems);
    let fail_whole = |problem| fail(release.as_str(), vec![ConversionProblem::new("", problem)]);
    let text = |key: &'static str| {
        let text = object.get(key).and_then(Value::as_str);
        text.ok_or_else(|| fail_whole(Problem::NotAnObject(key)))
    };
    let (api_version, kind) = (text("apiVersion")?, text("kind")?);
    let Some(from) = schema::find(api_version, kind) else {
        return Err(fail_whole(Problem::unknown_kind(api_version, kind)).into());
    };
    let place = (release, channel);
    let Some((to, installation)) = kinds::in_release(from, release, channel)
        .and_then(|to| Some((to, to.installation(release, channel)?)))
    else {
        let problem = Problem::NoKind {
            kind: kind.to_owned(),
            release,
            channel,
            help: Some(validation::kind_elsewhere(kind, None, place))
                .filter(|help| !help.is_empty()),
        };
        return Err(fail_whole(problem).into());
    };
    let mut moves = Moves::default();
    let in_version = match from.kind == to.kind {
        true => value::carry(object, to.api_version, &mut moves),
        false => Ok(renamed(object, to)),
    };
    let mut converted = match in_version {
        Ok(converted) => converted,
        Err(error) => {
            let mut part = object.clone();
            reference::follow(&mut part, place);
            let part = Some(part);
            return Err(Unconverted { error, part });
        }
    };
    let mut found = fields::Remarks {
        moves,
        ..fields::Remarks::default()
    };
    shape::reshape(&mut converted, installation.schema(), &mut found);
    reference::follow(&mut converted, place);
    let mut problems = found.problems;
    let unknown = Unknown {
        before: schema::fields_never_there(object, from),
        after: schema::unknown_fields_of(&converted, to, installation),
    };
    unknown.add_known_now((object, &converted), &mut problems);
    unknown.add_lacking((from, to), place, &mut problems);
    if !problems.is_empty() {
        return Err(Unconverted {
            error: fail(to.api_version, problems),
            part: Some(converted),
        });
    }
    let identity = value::identify(object);
    let absent = reference::absent(&converted, place);
    let options = ValidationOptions::of(release, channel);
    let report = validation::validate_value(&converted, &options);
    let remarks = report
        .errors()
        .map(|finding| ConversionRemark {
            object: identity.clone(),
            path: finding.path().to_owned(),
            rule: finding.rule(),
            message: format!(
                "the {channel} channel of {release} refuses the object: {}",
                finding.message()
            ),
            help: finding.help().unwrap_or("correct the field").to_owned(),
            weight: Weight::Refused,
        })
        .chain(absent.into_iter().map(|absent| ConversionRemark {
            object: identity.clone(),
            path: absent.path,
            rule: ABSENT_KIND,
            message: format!(
                "the {channel} channel of {release} has no {}: the reference leads to nothing",
                absent.kind
            ),
            help: validation::kind_elsewhere(absent.kind, None, place),
            weight: Weight::Lost,
        }))
        .chain(found.notes.into_iter().map(|note| ConversionRemark {
            object: identity.clone(),
            path: note.path,
            rule: note.rule,
            message: note.message.to_owned(),
            help: note.help.to_owned(),
            weight: Weight::Note,
        }))
        .collect();
    Ok(ReleaseConversion {
        object: converted,
        remarks,
        moves: found.moves.into_vec(),
    })
}

/// The rule of a reference to a kind that the release does not have.
pub(super) const ABSENT_KIND: &str = "reference-to-absent-kind";

/// The same object as one of another kind.
fn renamed(object: &Value, to: &KindVersion) -> Value {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        members.insert("apiVersion".to_owned(), to.api_version.into());
        members.insert("kind".to_owned(), to.kind.into());
    }
    object
}

/// Fields that are not known.
struct Unknown {
    /// Of the object: those that no release has in its version.
    before: Vec<UnknownField>,
    /// Of the converted object: those that the release does not have.
    after: Vec<UnknownField>,
}

impl Unknown {
    /// Names the fields that no release has in the object's version, and that would be fields of the converted object: what
    /// no server has ever read would begin to work.
    fn add_known_now(
        &self,
        (object, converted): (&Value, &Value),
        problems: &mut Vec<ConversionProblem>,
    ) {
        // Of more nobody knows which are known.
        if self.after.len() >= schema::MOST_UNKNOWN {
            return;
        }
        for field in self.before.iter().filter(|field| is_set_by_people(field)) {
            let path = field.path();
            let value = value::at(object, path);
            let is_same = |after: &&UnknownField| {
                after.name() == field.name() && value::at(converted, after.path()) == value
            };
            // Of a field that the release does not have, the field is named and nothing in it.
            let is_in = |after: &UnknownField| is_within(path, after.path());
            let mut after = self.after.iter();
            if after.any(|after| is_same(&after) || is_in(after)) || is_named(path, problems) {
                continue;
            }
            let problem = Problem::Collision(field.name().to_owned());
            problems.push(ConversionProblem::new(path, problem));
        }
    }

    /// Names what of an object has no form in a release: fields that another release has, or the object's own kind and version.
    fn add_lacking(
        &self,
        (from, to): (&KindVersion, &KindVersion),
        place: (Release, Channel),
        problems: &mut Vec<ConversionProblem>,
    ) {
        let of_none: BTreeSet<&str> = self.before.iter().map(UnknownField::name).collect();
        for field in self.after.iter().filter(|field| is_set_by_people(field)) {
            let path = field.path();
            let was_known = field.is_known() || !of_none.contains(field.name());
            if !was_known || is_named(path, problems) {
                continue;
            }
            let finding = Finding::unknown_field(field, place);
            let problem = Problem::NoForm {
                message: finding.message().to_owned(),
                help: {
                    const WITHOUT: &str = "do without the field";
                    let there = finding.help().unwrap_or_default();
                    let (release, channel) = place;
                    let has_parent = |(_, when): (&str, When)| when.contains(release, channel);
                    let says_what_to_use = field.in_parent().is_some_and(has_parent);
                    match field.is_known() {
                        true if from.kind == to.kind || says_what_to_use => there.to_owned(),
                        // The release has not the kind that the object is of.
                        true => format!("{there}; stay with a release that has it, or {WITHOUT}"),
                        false => WITHOUT.to_owned(),
                    }
                },
            };
            problems.push(ConversionProblem::new(path, problem));
        }
    }
}

/// Whether a field is not one of the server: a status is written anew by a controller of the release.
fn is_set_by_people(field: &UnknownField) -> bool {
    let path = field.path();
    !(path == "status" || path.starts_with("status.") || path.starts_with("metadata"))
}

/// Whether a field, one that it is in, or one in it is named already.
fn is_named(path: &str, problems: &[ConversionProblem]) -> bool {
    let mut problems = problems.iter();
    problems.any(|problem| is_within(path, problem.path()) || is_within(problem.path(), path))
}
