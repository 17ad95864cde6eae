//! GatewayClasses: whether ours are accepted, and what their statuses say.

use super::version;
use crate::{
    attachment::{
        ExtensionRole, ExtensionVerdict, FeaturesForm, Options, Snapshot,
        condition_body::ConditionBody,
        objects::{forms::status_field, installed::CLASSES, object},
    },
    meta::{
        CORE_PARAMETERS, Channel, ConditionStatus, FeatureName, GROUP, NamespacedName, ObjectRef,
        SupportedFeatures, condition::gateway_class, unexpected_kind,
    },
    schema::{Schema, ValueType},
    v1,
};

/// A GatewayClass that is ours.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) struct ClassState {
    pub(in crate::attachment) controller: String,
    pub(in crate::attachment) accepted: ConditionBody,
    pub(in crate::attachment) supported_version: ConditionBody,
    /// How features are listed, if they are.
    features: Option<SupportedFeatures>,
    pub(in crate::attachment) generation: Option<i64>,
}

/// Looks at a GatewayClass; nothing if it is not ours.
pub(in crate::attachment) fn examine_class(
    class: &v1::GatewayClass,
    snapshot: &Snapshot,
    options: &Options,
) -> Option<ClassState> {
    let controller = &class.spec.controller_name;
    if !options.controllers.include(controller) {
        return None;
    }
    let parameters = class
        .spec
        .parameters_ref
        .as_ref()
        .map(v1::ParametersReference::resolve);
    let accepted = match parameters.and_then(|p| parameters_problem(&p, snapshot, options)) {
        Some(problem) => {
            ConditionBody::new(false, gateway_class::reason::INVALID_PARAMETERS, problem)
        }
        None => ConditionBody::new(
            true,
            gateway_class::reason::ACCEPTED,
            format!("controller `{controller}` has taken the class"),
        ),
    };
    Some(ClassState {
        controller: controller.clone(),
        accepted,
        supported_version: version::supported(snapshot, options.release),
        features: features_form(snapshot, options),
        generation: class.metadata.generation,
    })
}

/// What kind of object holds parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParametersKind {
    /// A ConfigMap or a Secret, which live in a namespace.
    Core,
    /// A kind of an implementation.
    Own,
}

impl ParametersKind {
    /// That of a kind; nothing if it holds no parameters.
    pub(crate) fn of(group: &str, kind: &str) -> Option<Self> {
        if group.is_empty() && CORE_PARAMETERS.contains(&kind) {
            return Some(Self::Core);
        }
        // The group of a CustomResourceDefinition has a dot. Those without are Kubernetes' own, as are those of
        // the Gateway API.
        (group.contains('.') && group != GROUP).then_some(Self::Own)
    }
}

/// What is wrong with a `parametersRef` (GatewayClassReasonInvalidParameters): it can name a ConfigMap or a
/// Secret, or an object of an implementation's own kind. What such objects should hold the implementation may know;
/// otherwise only their existence counts.
pub(super) fn parameters_problem(
    reference: &ObjectRef,
    snapshot: &Snapshot,
    options: &Options,
) -> Option<String> {
    match options
        .extensions
        .judge(ExtensionRole::Parameters, reference)
    {
        ExtensionVerdict::Valid => return None,
        ExtensionVerdict::Missing => {
            return Some(format!("`parametersRef`: {}", snapshot.absent(reference)));
        }
        ExtensionVerdict::Invalid(why) => {
            return Some(format!("`parametersRef`: {reference}: {why}"));
        }
        ExtensionVerdict::Unknown => {}
    }
    if let Some(problem) = unusable_parameters(reference) {
        return Some(problem);
    }
    let is_own = ParametersKind::of(&reference.group, &reference.kind) == Some(ParametersKind::Own);
    if snapshot.contains(reference) || (is_own && options.assume.parameters) {
        return None;
    }
    Some(format!("`parametersRef`: {}", snapshot.absent(reference)))
}

/// What is wrong with a `parametersRef` whatever objects there are.
pub(in crate::attachment) fn unusable_parameters(reference: &ObjectRef) -> Option<String> {
    let ObjectRef {
        group,
        kind,
        namespace,
        ..
    } = reference;
    let Some(parameters) = ParametersKind::of(group, kind) else {
        let core = CORE_PARAMETERS.iter().map(|kind| ("", *kind));
        let expected: Vec<_> = core.chain([("", "an implementation's own kind")]).collect();
        let problem = unexpected_kind(reference, "holds no parameters", &expected);
        return Some(format!("`parametersRef`: {problem}"));
    };
    (parameters == ParametersKind::Core && namespace.is_empty()).then(|| {
        format!(
            "`parametersRef` names {kind} `{}` without `namespace`",
            reference.name
        )
    })
}

impl ClassState {
    /// The class of a Gateway that names one which is not there, where options assume it. One that was given and
    /// is left out is not accepted.
    pub(in crate::attachment) fn assumed(
        name: &str,
        snapshot: &Snapshot,
        options: &Options,
    ) -> Self {
        let reference = object::class_reference(name);
        let accepted = if snapshot.is_left_out(&reference) {
            ConditionBody::new(
                ConditionStatus::Undetermined,
                gateway_class::reason::PENDING,
                snapshot.absent(&reference).to_string(),
            )
        } else {
            ConditionBody::new(
                true,
                gateway_class::reason::ACCEPTED,
                format!("{} and counts as accepted", snapshot.absent(&reference)),
            )
        };
        Self {
            controller: options.mesh_controller.clone(),
            accepted,
            supported_version: version::supported(&Snapshot::default(), options.release),
            features: None,
            generation: None,
        }
    }

    /// The status that the class ought to have.
    pub(in crate::attachment) fn status(&self, options: &Options) -> v1::GatewayClassStatus {
        let mut conditions = vec![
            self.accepted
                .condition(gateway_class::ACCEPTED, self.generation),
        ];
        let mut supported_features = Vec::new();
        if options.channel == Channel::Experimental {
            // Whether or not the class is accepted: one that was written before must not fall behind.
            conditions.push(
                self.supported_version
                    .condition(gateway_class::SUPPORTED_VERSION, self.generation),
            );
        }
        if let Some(form) = self.features
            && self.accepted.holds()
        {
            let schema = features_of(options);
            let allowed = schema.map_or(&[][..], |schema| schema.enumeration.as_slice());
            supported_features = FeatureName::KNOWN
                .iter()
                .filter(|name| allowed.is_empty() || allowed.iter().any(|one| one == **name))
                .map(|name| FeatureName::from(*name))
                .filter(|feature| options.supports(feature))
                .map(|name| match form {
                    SupportedFeatures::Objects => v1::SupportedFeature::Object(name),
                    SupportedFeatures::Texts => v1::SupportedFeature::Text(name),
                })
                .collect();
            supported_features.sort_by(|a, b| a.name().as_str().cmp(b.name().as_str()));
        }
        v1::GatewayClassStatus {
            conditions,
            supported_features,
        }
    }
}

/// How a GatewayClass lists features, if it does: as the definition that is installed has it, or else that of the release.
fn features_form(snapshot: &Snapshot, options: &Options) -> Option<SupportedFeatures> {
    let installed = snapshot
        .installed_crds()
        .get(&NamespacedName::new("", CLASSES));
    match installed.map(|crd| crd.features).unwrap_or_default() {
        FeaturesForm::Listed(form) => Some(form),
        FeaturesForm::Absent => None,
        FeaturesForm::Unknown => match features_of(options)?.value_type {
            Some(ValueType::String) => Some(SupportedFeatures::Texts),
            _ => Some(SupportedFeatures::Objects),
        },
    }
}

/// What the release has for each feature in `status.supportedFeatures` of a GatewayClass, if it has that.
fn features_of(options: &Options) -> Option<&'static Schema> {
    let crds = (options.release, options.channel);
    let list = status_field("GatewayClass", &["supportedFeatures"], crds)?;
    list.items.as_deref()
}
