//! The two forms of a BackendTLSPolicy as JSON: `v1alpha2` (release v1.0.0) and `v1alpha3`.

use super::{ConversionProblem, ConversionProblemKind as Problem, moves::Moves};
use crate::{
    schema::{self, KindVersion},
    v1alpha2,
};
use k8s_openapi::Resource;
use serde_json::{Map, Value};

/// Why a target's namespace cannot be left out, if it cannot.
pub(super) fn other_namespace(target: &str, own: Option<&str>) -> Option<Problem> {
    match own {
        Some(own) if own == target => None,
        Some(own) => Some(Problem::OtherNamespace {
            target: target.to_owned(),
            own: own.to_owned(),
        }),
        None => Some(Problem::UnknownNamespace(target.to_owned())),
    }
}

/// What a member is called in `v1alpha2` and in `v1alpha3`.
type MemberNames = (&'static str, &'static str);

const TARGET: MemberNames = ("targetRef", "targetRefs");
const TLS: MemberNames = ("tls", "validation");
const CERTIFICATES: [MemberNames; 2] = [
    ("caCertRefs", "caCertificateRefs"),
    ("wellKnownCACerts", "wellKnownCACertificates"),
];

/// Brings the JSON of a policy from `v1alpha2` to `v1alpha3`, `apiVersion` aside.
pub(super) fn forth(
    object: &mut Map<String, Value>,
    own: Option<&str>,
    moves: &mut Moves,
) -> Result<(), Vec<ConversionProblem>> {
    let mut problems = Vec::new();
    let Some(spec) = member(object, "", "spec", &mut problems) else {
        return done(problems);
    };
    if let Some(tls) = member(spec, "spec", TLS.0, &mut problems) {
        for names in CERTIFICATES {
            rename(tls, "spec.tls", names, &mut problems, moves);
        }
        collide(tls, "spec.tls", "subjectAltNames", &mut problems);
    }
    rename(spec, "spec", TLS, &mut problems, moves);
    collide(spec, "spec", "options", &mut problems);
    if let Some(target) = member(spec, "spec", TARGET.0, &mut problems) {
        let problem = match target.get("namespace") {
            None | Some(Value::Null) => None,
            Some(Value::String(namespace)) => other_namespace(namespace, own),
            Some(_) => Some(Problem::Type("a text")),
        };
        match problem {
            None => drop(target.remove("namespace")),
            Some(problem) => {
                problems.push(ConversionProblem::new("spec.targetRef.namespace", problem));
            }
        }
        let target = Value::Object(std::mem::take(target));
        spec.insert(TARGET.0.to_owned(), Value::Array(vec![target]));
        moves.add("spec.targetRef", "spec.targetRefs[0]");
    }
    // What moves is the item.
    let mut list = Moves::default();
    rename(spec, "spec", TARGET, &mut problems, &mut list);
    done(problems)
}

/// Brings the JSON of a policy from `v1alpha3` to `v1alpha2`, `apiVersion` aside.
pub(super) fn back(
    object: &mut Map<String, Value>,
    from: &'static KindVersion,
    moves: &mut Moves,
) -> Result<(), Vec<ConversionProblem>> {
    let before = Value::Object(object.clone());
    let mut problems = Vec::new();
    let Some(spec) = member(object, "", "spec", &mut problems) else {
        return done(problems);
    };
    if let Some(validation) = member(spec, "spec", TLS.1, &mut problems) {
        for (old, new) in CERTIFICATES {
            rename(
                validation,
                "spec.validation",
                (new, old),
                &mut problems,
                moves,
            );
        }
    }
    rename(spec, "spec", (TLS.1, TLS.0), &mut problems, moves);
    match spec.get_mut(TARGET.1) {
        None | Some(Value::Null) => {}
        Some(Value::Array(targets)) => match targets.as_mut_slice() {
            [Value::Object(target)] => {
                if target.contains_key("namespace") {
                    problems.push(ConversionProblem::new(
                        "spec.targetRefs[0].namespace",
                        Problem::Collision("namespace".to_owned()),
                    ));
                }
                let target = Value::Object(std::mem::take(target));
                spec.insert(TARGET.1.to_owned(), target);
                moves.add("spec.targetRefs[0]", "spec.targetRef");
            }
            [_] => problems.push(ConversionProblem::new(
                "spec.targetRefs[0]",
                Problem::Type("an object"),
            )),
            targets => problems.push(ConversionProblem::new(
                "spec.targetRefs",
                Problem::Targets(targets.len()),
            )),
        },
        Some(_) => problems.push(ConversionProblem::new(
            "spec.targetRefs",
            Problem::Type("a list"),
        )),
    }
    let mut list = Moves::default();
    rename(spec, "spec", (TARGET.1, TARGET.0), &mut problems, &mut list);
    problems.extend(without_form(&before, from, object));
    done(problems)
}

fn done(problems: Vec<ConversionProblem>) -> Result<(), Vec<ConversionProblem>> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// The fields that the policy's version has and `v1alpha2` does not, by the schemas of both.
fn without_form(
    before: &Value,
    from: &'static KindVersion,
    after: &Map<String, Value>,
) -> Vec<ConversionProblem> {
    const OLD: &str = v1alpha2::BackendTlsPolicy::API_VERSION;
    let Some(to) = schema::find(OLD, from.kind) else {
        return Vec::new();
    };
    let unknown = schema::fields_of_no_release(before, from);
    let after = Value::Object(after.clone());
    schema::fields_of_no_release(&after, to)
        .iter()
        .filter(|field| {
            let is_it = |known: &schema::UnknownField| known.name() == field.name();
            field.path().starts_with("spec.") && !unknown.iter().any(is_it)
        })
        .map(|field| {
            let path = match field.path().strip_prefix("spec.tls.") {
                Some(rest) => format!("spec.validation.{rest}"),
                None => field.path().to_owned(),
            };
            ConversionProblem::new(path, Problem::no_such_field("policy", from, to))
        })
        .collect()
}

/// The member as an object; nothing where it is absent or null, a problem where it is anything else.
fn member<'a>(
    parent: &'a mut Map<String, Value>,
    path: &str,
    name: &str,
    problems: &mut Vec<ConversionProblem>,
) -> Option<&'a mut Map<String, Value>> {
    match parent.get_mut(name) {
        Some(Value::Object(member)) => Some(member),
        None | Some(Value::Null) => None,
        Some(_) => {
            let path = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            };
            problems.push(ConversionProblem::new(path, Problem::Type("an object")));
            None
        }
    }
}

/// Names a member that is unknown to the object's version, and that the new one gives a meaning.
fn collide(
    parent: &Map<String, Value>,
    path: &str,
    name: &'static str,
    problems: &mut Vec<ConversionProblem>,
) {
    if parent.contains_key(name) {
        problems.push(ConversionProblem::new(
            format!("{path}.{name}"),
            Problem::Collision(name.to_owned()),
        ));
    }
}

/// Renames a member. A member that has the new name already is unknown to the object's version: a problem.
fn rename(
    parent: &mut Map<String, Value>,
    path: &str,
    (old, new): (&str, &str),
    problems: &mut Vec<ConversionProblem>,
    moves: &mut Moves,
) {
    if parent.contains_key(new) {
        problems.push(ConversionProblem::new(
            format!("{path}.{new}"),
            Problem::Collision(new.to_owned()),
        ));
    } else if let Some(value) = parent.remove(old) {
        parent.insert(new.to_owned(), value);
        moves.add(format!("{path}.{old}"), format!("{path}.{new}"));
    }
}
