//! What a set leaves out: what is there although nobody wrote it, and what nobody can know.

use super::refused::LEFT_OUT;
use crate::{
    given::present::{Referred, namespace},
    input::{Entry, Problem},
    output::count,
};
use gwapi::{rules::set as rules, validation::Finding};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What objects say of others that are not in the set.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    /// What they refer to, and what something makes.
    pub(super) referred: Referred,
    /// Objects of which nobody knows in which namespace they are, by kind and name.
    unplaced: BTreeSet<[String; 2]>,
    /// Whether there is a ReferenceGrant of which nobody knows in which namespace it is, or what it says: it may allow anything.
    has_open_grant: bool,
    /// Objects with placeholders without value, for which they may be left out, by kind and name.
    opened: BTreeSet<[String; 2]>,
    /// Those of them that are left out for it, and that no API server refuses once there are values.
    withheld: BTreeSet<[String; 2]>,
    /// Those of them with listeners whose names are not known.
    open_listeners: BTreeSet<[String; 2]>,
    /// The kinds of objects whose names are not known, or labels by which they are found.
    open_kinds: BTreeSet<String>,
    /// Whether some hostname is a placeholder.
    has_open_hostnames: bool,
    /// Each placeholder without value by what stands in its place, and `default` by each namespace that stands for one of which
    /// nobody knows.
    pub(super) stand_ins: BTreeMap<String, String>,
    /// Whether objects of which nobody knows in which namespace they are are not all in one.
    are_apart: bool,
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
    /// Nothing was seen yet.
    pub(super) fn new(referred: Referred) -> Self {
        Self {
            referred,
            ..Self::default()
        }
    }

    /// Looks at an object, and whether errors on it are not told since they depend on placeholders without value.
    pub(super) fn see(&mut self, entry: &Entry, is_withheld: bool) {
        self.has_open_hostnames |= entry.open.has_hostnames();
        let stand_ins = entry.open.stand_ins.iter();
        self.stand_ins
            .extend(stand_ins.map(|(stand_in, text)| (stand_in.clone(), text.clone())));
        let kind = entry.kind();
        let named = || [kind.to_owned(), entry.name().to_owned()];
        if !entry.open.is_empty() {
            self.opened.insert(named());
        }
        if is_withheld {
            self.withheld.insert(named());
        }
        if !entry.is_placed {
            self.unplaced.insert(named());
        }
        for field in entry.open.fields() {
            if field.starts_with("spec.listeners[") && field.ends_with("].name") {
                self.open_listeners.insert(named());
            }
            let is_label = kind == "Namespace" && field.starts_with("metadata.labels");
            if field == "metadata.name" || is_label {
                self.open_kinds.insert(kind.to_owned());
            }
            self.has_open_grant |= kind == "ReferenceGrant" && field.starts_with("spec.");
        }
        self.has_open_grant |= kind == "ReferenceGrant" && !entry.is_placed;
        self.referred.see(entry);
    }

    /// Notes a namespace that stands for one of which nobody knows.
    pub(super) fn set_apart(&mut self, stand_in: String) {
        self.stand_ins.insert(stand_in, "default".to_owned());
        self.are_apart = true;
    }

    /// Whether nobody can know what a finding says, since it depends on what is not in the set, or whether the user says that it is
    /// there.
    pub(super) fn leaves_open(
        &self,
        entry: &Entry,
        finding: &Finding,
        present: &BTreeSet<String>,
    ) -> bool {
        let rule = finding.rule();
        if entry.open.is_behind(rule, finding.path()) || self.is_of_open(entry, finding) {
            return true;
        }
        // What follows from an object that is not in the set is told with that object, or the object is there after all.
        let of_another = [" does not exist", LEFT_OUT];
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
        if rule == rules::GRANTED.id && self.has_open_grant
            || rule == rules::NAMESPACE_NAMED.id && entry.is_put_somewhere
        {
            return true;
        }
        if !entry.is_placed
            && (rule == rules::GRANTED.id
                || rule == rules::GIVEN_ONCE.id
                || rule == rules::PARENT_ACCEPTS.id && speaks_of_namespaces())
        {
            return true;
        }
        // What would use it, or what it belongs to, may be in its namespace after all.
        let of_others = [
            rules::POLICY_USED.id,
            rules::SLICE_SERVICE_EXISTS.id,
            rules::NAMESPACE_NAMED.id,
        ];
        if self.are_apart && !entry.is_placed && of_others.contains(&rule) {
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
        if present.contains(&kind)
            || self.open_kinds.contains(&kind)
            || self.referred.is_made(&kind, &namespace, &name)
        {
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

impl Around {
    /// Whether a finding follows from what nobody knows of another object, or of the addresses of this one.
    fn is_of_open(&self, entry: &Entry, finding: &Finding) -> bool {
        let rule = finding.rule();
        if self.tells_of_withheld(finding.message()) {
            return true;
        }
        if rule == rules::ADDRESS_USABLE.id {
            let mut fields = entry.open.fields();
            return fields.any(|field| field.starts_with("spec.addresses["));
        }
        if rule == rules::CLASS_EXISTS.id {
            return self.open_kinds.contains("GatewayClass");
        }
        // At which ports these listen is not known.
        if rule == rules::REDIRECT_HEARD.id {
            let mut withheld = self.withheld.iter();
            return withheld.any(|[kind, _]| kind == "Gateway" || kind.ends_with("ListenerSet"));
        }
        if ![rules::PARENT_ACCEPTS.id, rules::LISTENER_EXISTS.id].contains(&rule) {
            return false;
        }
        // The finding may be on a field of the reference.
        let path = finding.path().split_inclusive(']').next();
        let Some(reference) = path.and_then(|path| entry.at(path)) else {
            return false;
        };
        let text = |field| reference.get(field).and_then(Value::as_str);
        let parent = [
            text("kind").unwrap_or("Gateway").to_owned(),
            text("name").unwrap_or_default().to_owned(),
        ];
        self.withheld.contains(&parent)
            || rule == rules::LISTENER_EXISTS.id && self.open_listeners.contains(&parent)
    }

    /// Whether a message says that an object is left out which no API server refuses once its placeholders have values.
    fn tells_of_withheld(&self, message: &str) -> bool {
        let Some((object, _)) = message.split_once(LEFT_OUT) else {
            return false;
        };
        let mut words = object.rsplit(' ');
        let (Some(name), Some(kind)) = (words.next(), words.next()) else {
            return false;
        };
        let name = name.rsplit('/').next().unwrap_or(name);
        let named = [kind.to_owned(), name.to_owned()];
        self.withheld.contains(&named)
    }
}

/// What is missing, if a finding says that something is.
fn missing(entry: &Entry, finding: &Finding) -> Option<Target> {
    let help = finding.help().unwrap_or_default();
    let nameless = |kind: &str| Target {
        kind: kind.to_owned(),
        namespace: String::new(),
        name: String::new(),
        is_explicit: true,
    };
    let mut path = finding.path();
    let default = match finding.rule() {
        rule if rule == rules::PARENT_EXISTS.id => "Gateway",
        rule if rule == rules::BACKEND_EXISTS.id => "Service",
        rule if rule == rules::BACKEND_USABLE.id => "Service",
        rule if rule == rules::CERTIFICATE_EXISTS.id => "Secret",
        rule if rule == rules::CA_CERTIFICATE_EXISTS.id => "ConfigMap",
        rule if rule == rules::TARGET_EXISTS.id => "Service",
        rule if rule == rules::PARAMETERS_EXIST.id => "",
        rule if rule == rules::FILTER_SUPPORTED.id => "",
        rule if rule == rules::SLICE_SERVICE_EXISTS.id => return owner(entry, path),
        rule if rule == rules::GRANT_TARGET_EXISTS.id => {
            path = path.strip_suffix(".name").unwrap_or(path);
            ""
        }
        rule if rule == rules::GRANTED.id && help.starts_with("create a ReferenceGrant") => {
            return Some(nameless("ReferenceGrant"));
        }
        rule if rule == rules::NAMESPACE_SELECTED.id => return Some(nameless("Namespace")),
        rule if rule == rules::PARENT_ACCEPTS.id && finding.message().contains(OF_NO_LABELS) => {
            return Some(nameless("Namespace"));
        }
        _ => return None,
    };
    let reference = entry.at(path)?;
    let text = |field| reference.get(field).and_then(Value::as_str);
    let kind = text("kind").unwrap_or(default);
    // One that is there and cannot be used is not missing.
    let is_own = !["Service", "ServiceImport"].contains(&kind);
    (finding.rule() != rules::BACKEND_USABLE.id || is_own).then_some(())?;
    Some(Target {
        kind: kind.to_owned(),
        namespace: text("namespace").unwrap_or(namespace(entry)).to_owned(),
        name: text("name")?.to_owned(),
        is_explicit: text("namespace").is_some(),
    })
}

/// The Service or ServiceImport that an EndpointSlice names by the label that a finding is about, or Endpoints by their name.
fn owner(entry: &Entry, path: &str) -> Option<Target> {
    let label = path.strip_prefix("metadata.labels[");
    let (kind, name) = match label.and_then(|label| label.strip_suffix(']')) {
        Some(label) => {
            let labels = entry.at("metadata.labels")?;
            let kind = match label.starts_with("multicluster.") {
                true => "ServiceImport",
                false => "Service",
            };
            (kind, labels.get(label)?.as_str()?)
        }
        None if entry.kind() == "Endpoints" => ("Service", entry.name()),
        None => return None,
    };
    Some(Target {
        kind: kind.to_owned(),
        namespace: namespace(entry).to_owned(),
        name: name.to_owned(),
        is_explicit: false,
    })
}

/// What is said of a Namespace that is only named.
const OF_NO_LABELS: &str = "its labels are not known";

/// The kind of what is missing, if a finding says that something is that the set merely leaves out: nothing in it is nearly meant.
pub(super) fn left_out(entry: &Entry, finding: &Finding) -> Option<String> {
    let target = missing(entry, finding)?;
    let help = finding.help().unwrap_or_default();
    // Where something is nearly meant, the help says what.
    let of_rule = [&rules::SLICE_SERVICE_EXISTS, &rules::GRANT_TARGET_EXISTS];
    let is_plain = of_rule
        .iter()
        .any(|rule| rule.id == finding.rule() && rule.help == help);
    let is_merely = is_plain
        || help.starts_with("create ")
        || help.starts_with("add ")
        || help.ends_with("give it its namespace")
        || finding.rule() == rules::FILTER_SUPPORTED.id;
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
            let references = count(more, "more reference");
            let what = match (kind, more) {
                ("ReferenceGrant", 1) => "needs a ReferenceGrant, too".to_owned(),
                ("ReferenceGrant", _) => "need ReferenceGrants, too".to_owned(),
                ("Namespace", 1) => "needs the labels of a Namespace, too".to_owned(),
                ("Namespace", _) => "need the labels of Namespaces, too".to_owned(),
                (_, 1) => format!("to an object of kind {kind} leads to nothing"),
                _ => format!("to objects of kind {kind} lead to nothing"),
            };
            problem.message = format!("{}; {references} {what}", problem.message);
            problem.help = Some(format!(
                "`-o json` names each; `--assume-present {kind}` takes all of them for there, where the set is a part of a cluster"
            ));
        }
    }
    shown
}
