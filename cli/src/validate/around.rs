//! What a set leaves out: what is there although nobody wrote it, and what nobody can know.

use crate::input::{Entry, Input, Problem};
use gwapi::{meta::GroupVersionKind, rules::set as rules, validation::Finding};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What objects say of others that are not in the set.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    /// Objects that controllers make, by kind, namespace and name.
    made: BTreeSet<[String; 3]>,
    /// Objects of which nobody knows in which namespace they are, by kind and name.
    unplaced: BTreeSet<[String; 2]>,
    /// Whether a ReferenceGrant is among them, which may allow anything.
    has_unplaced_grant: bool,
    /// Objects with placeholders without value, for which they may be left out, by kind and name.
    opened: BTreeSet<[String; 2]>,
    /// Whether some hostname is a placeholder.
    has_open_hostnames: bool,
    /// Each placeholder without value by what stands in its place.
    pub(super) stand_ins: BTreeMap<String, String>,
}

/// The object to which a reference leads.
struct Target {
    kind: String,
    namespace: String,
    name: String,
    /// Whether the reference names the namespace.
    is_explicit: bool,
}

impl Around {
    /// Looks at an object.
    pub(super) fn see(&mut self, entry: &Entry) {
        self.has_open_hostnames |= entry.open.has_hostnames();
        let stand_ins = entry.open.stand_ins.iter();
        self.stand_ins
            .extend(stand_ins.map(|(stand_in, text)| (stand_in.clone(), text.clone())));
        let kind = entry.kind();
        if !entry.open.is_empty() {
            let named = [kind.to_owned(), entry.name().to_owned()];
            self.opened.insert(named);
        }
        if !entry.is_placed {
            self.has_unplaced_grant |= kind == "ReferenceGrant";
            self.unplaced
                .insert([kind.to_owned(), entry.name().to_owned()]);
        }
        let group = GroupVersionKind::from_api_version(entry.api_version(), kind).group;
        let text = |pointer: &str| entry.value.pointer(pointer).and_then(Value::as_str);
        let made = match (group.as_str(), kind) {
            ("cert-manager.io", "Certificate") => text("/spec/secretName"),
            ("external-secrets.io", "ExternalSecret") => {
                text("/spec/target/name").or(Some(entry.name()))
            }
            ("bitnami.com", "SealedSecret") => {
                text("/spec/template/metadata/name").or(Some(entry.name()))
            }
            _ => None,
        };
        if let Some(name) = made {
            self.make("Secret", namespace(entry), name);
        }
        // cert-manager makes the Secrets of the listeners of a Gateway that asks it to.
        let annotations = entry.value.pointer("/metadata/annotations");
        let asks = ["cert-manager.io/issuer", "cert-manager.io/cluster-issuer"]
            .iter()
            .any(|name| annotations.is_some_and(|all| all.get(name).is_some()));
        if kind == "Gateway" && asks {
            let listeners = entry
                .value
                .pointer("/spec/listeners")
                .and_then(Value::as_array);
            for listener in listeners.into_iter().flatten() {
                let certificates = listener
                    .pointer("/tls/certificateRefs")
                    .and_then(Value::as_array);
                for reference in certificates.into_iter().flatten() {
                    let own = reference.get("namespace").and_then(Value::as_str);
                    if let Some(name) = reference.get("name").and_then(Value::as_str) {
                        self.make("Secret", own.unwrap_or(namespace(entry)), name);
                    }
                }
            }
        }
    }

    /// Adds what kustomizations make.
    pub(super) fn add_generated(&mut self, input: &Input) {
        for object in input.generated() {
            let namespace = match object.namespace.as_str() {
                "" => "default",
                namespace => namespace,
            };
            self.make(&object.kind, namespace, &object.name);
        }
        for (kind, name) in input.generated_anywhere() {
            self.unplaced.insert([kind, name].map(str::to_owned));
        }
    }

    fn make(&mut self, kind: &str, namespace: &str, name: &str) {
        let made = [kind, namespace, name].map(str::to_owned);
        self.made.insert(made);
    }

    /// Whether nobody can know what a finding says, since it depends on what is not in the set, or whether the user says that it is
    /// there.
    pub(super) fn leaves_open(&self, entry: &Entry, finding: &Finding, present: &[String]) -> bool {
        let rule = finding.rule();
        if entry.open.is_behind(rule, finding.path()) {
            return true;
        }
        // What follows from an object that is not in the set is told with that object, or the object is there after all.
        let of_another = [" does not exist", " was given, but is left out"];
        if rule == rules::REDIRECT_HEARD.id
            && of_another
                .iter()
                .any(|said| finding.message().contains(said))
        {
            return true;
        }
        let of_hostnames = [rules::HOSTNAMES_MEET.id, rules::HOSTNAME_SERVED.id];
        if of_hostnames.contains(&rule) && self.has_open_hostnames {
            return true;
        }
        let speaks_of_namespaces = || {
            let help = finding.help().unwrap_or_default();
            [finding.message(), help]
                .iter()
                .any(|text| text.contains("namespace"))
        };
        if rule == rules::GRANTED.id && self.has_unplaced_grant {
            return true;
        }
        if !entry.is_placed
            && (rule == rules::GRANTED.id
                || rule == rules::GIVEN_ONCE.id
                || rule == rules::PARENT_ACCEPTS.id && speaks_of_namespaces())
        {
            return true;
        }
        let Some(target) = missing(entry, finding) else {
            return false;
        };
        let Target {
            kind,
            namespace,
            name,
            is_explicit,
        } = target;
        if present.contains(&kind) || self.made.contains(&[kind.clone(), namespace, name.clone()]) {
            return true;
        }
        let is_elsewhere = || {
            let help = finding.help().unwrap_or_default();
            help.starts_with("there is a") || help.contains("give it `namespace: ")
        };
        let named = [kind, name];
        self.opened.contains(&named)
            || self.unplaced.contains(&named)
            || !entry.is_placed && !is_explicit && is_elsewhere()
    }
}

fn namespace(entry: &Entry) -> &str {
    match entry.namespace() {
        "" => "default",
        namespace => namespace,
    }
}

/// What is missing, if a finding says that something is.
fn missing(entry: &Entry, finding: &Finding) -> Option<Target> {
    let default = match finding.rule() {
        rule if rule == rules::PARENT_EXISTS.id => "Gateway",
        rule if rule == rules::BACKEND_EXISTS.id => "Service",
        rule if rule == rules::CERTIFICATE_EXISTS.id => "Secret",
        rule if rule == rules::CA_CERTIFICATE_EXISTS.id => "ConfigMap",
        rule if rule == rules::TARGET_EXISTS.id => "Service",
        rule if rule == rules::PARAMETERS_EXIST.id => "",
        _ => return None,
    };
    let reference = at(&entry.value, finding.path())?;
    let text = |field| reference.get(field).and_then(Value::as_str);
    Some(Target {
        kind: text("kind").unwrap_or(default).to_owned(),
        namespace: text("namespace").unwrap_or(namespace(entry)).to_owned(),
        name: text("name")?.to_owned(),
        is_explicit: text("namespace").is_some(),
    })
}

/// The value at a path as an API server writes it.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let mut value = value;
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        value = match step.strip_suffix(']') {
            Some(index) => value.get(index.parse::<usize>().ok()?)?,
            None => value.get(step)?,
        };
    }
    Some(value)
}

/// The kind of what is missing, if a finding says that something is that the set merely leaves out: nothing in it is nearly meant.
pub(super) fn left_out(entry: &Entry, finding: &Finding) -> Option<String> {
    let target = missing(entry, finding)?;
    let help = finding.help().unwrap_or_default();
    let is_merely = help.starts_with("create ")
        || help.starts_with("add ")
        || help.ends_with("give it its namespace");
    is_merely.then_some(target.kind)
}

/// Brings what is missing of one kind into one problem each, the first of them; the others are counted in it.
pub(super) fn in_one_line(problems: &[Problem]) -> Vec<Problem> {
    let mut first: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut shown: Vec<Problem> = Vec::new();
    for problem in problems {
        let Some(kind) = problem.left_out.as_deref() else {
            shown.push(problem.clone());
            continue;
        };
        match first.get_mut(kind) {
            Some((_, more)) => *more += 1,
            None => {
                first.insert(kind, (shown.len(), 0));
                shown.push(problem.clone());
            }
        }
    }
    for (kind, (index, more)) in first {
        if let Some(problem) = shown.get_mut(index).filter(|_| more > 0) {
            let (many, lead) = match more {
                1 => ("reference", "leads"),
                _ => ("references", "lead"),
            };
            problem.message = format!(
                "{}; {more} more {many} to objects of kind {kind} {lead} to nothing",
                problem.message
            );
            problem.help = Some(format!(
                "`-o json` names each; `--assume-present {kind}` takes all of them for there, where the set is a part of a cluster"
            ));
        }
    }
    shown
}
