//! Objects judged together: references that name nothing, hostnames that cannot meet.

use super::{Finding, Report, ValidationOptions, report::Findings, validate_value};
use crate::{
    meta::{self, Hostname},
    rules::{Rule, set as rules},
    schema::Path,
};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// No list of the API may be longer. What stands in a longer one is not followed: the schema refuses it.
const LONGEST_LIST: usize = 64;

/// A Service may have any number of ports; one with more than this is not looked through.
const MOST_PORTS: usize = 1_000;

/// Judges each object of a set, and references between them: one report an object, in order.
///
/// An object without a namespace counts as being in `default`, as for `kubectl`. What the set leaves out
/// is reported as missing, as warnings; a lone object is not a set, and its references are not followed.
#[must_use]
pub fn validate_set<'a>(
    objects: impl IntoIterator<Item = &'a Value>,
    options: &ValidationOptions,
) -> Vec<Report> {
    let objects: Vec<&Value> = objects.into_iter().collect();
    judge_set(&objects, options).collect()
}

/// The reports of [`validate_set`], each made when it is asked for: for whoever stops after some, or does not
/// keep them.
pub fn judge_set<'a>(
    objects: &'a [&'a Value],
    options: &'a ValidationOptions,
) -> impl Iterator<Item = Report> + 'a {
    let set = (objects.len() > 1).then(|| Set::new(objects));
    objects.iter().map(move |object| {
        let mut report = validate_value(object, options);
        if let Some(set) = &set {
            let mut findings = Findings::default();
            set.check(object, &mut findings);
            report.extend(Report::from(findings).into_findings());
        }
        report
    })
}

/// Group, kind, namespace and name.
type Key<'a> = (&'a str, &'a str, &'a str, &'a str);
/// Group, kind and namespace.
type Key3<'a> = (&'a str, &'a str, &'a str);

struct Set<'a> {
    objects: HashMap<Key<'a>, &'a Value>,
    /// What the ReferenceGrants allow.
    grants: HashSet<Grant<'a>>,
}

/// One pair of a ReferenceGrant's `from` and `to`.
#[derive(PartialEq, Eq, Hash)]
struct Grant<'a> {
    /// Group, kind and namespace of who refers.
    from: Key3<'a>,
    /// Group and kind of what is referred to, and its namespace, which is that of the grant.
    to: Key3<'a>,
    /// The name of what is referred to; empty for all of the kind.
    name: &'a str,
}

/// A reference with its defaults applied.
struct Reference<'a> {
    group: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field)?.as_str()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .filter(|list| list.len() <= LONGEST_LIST)
        .map_or(&[], Vec::as_slice)
}

fn group(object: &Value) -> &str {
    text(object, "apiVersion")
        .and_then(|v| v.split_once('/'))
        .map_or("", |(group, _)| group)
}

fn namespace(object: &Value) -> &str {
    object
        .get("metadata")
        .and_then(|metadata| text(metadata, "namespace"))
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or("default")
}

/// Reads a reference; nothing where it has no name, which is the schema's affair.
fn reference<'a>(
    value: &'a Value,
    defaults: (&'a str, &'a str),
    own: &'a str,
) -> Option<Reference<'a>> {
    Some(Reference {
        group: text(value, "group").unwrap_or(defaults.0),
        kind: text(value, "kind").unwrap_or(defaults.1),
        namespace: text(value, "namespace").unwrap_or(own),
        name: text(value, "name")?,
    })
}

impl Reference<'_> {
    fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }

    fn shown(&self) -> String {
        format!("{} `{}/{}`", self.kind, self.namespace, self.name)
    }
}

fn find(findings: &mut Findings, rule: &Rule, at: &Path<'_>, message: String) {
    findings.push(Finding::of(rule, at.to_string()).with_message(message));
}

/// What a ReferenceGrant of this namespace allows.
fn grants<'a>(spec: &'a Value, namespace: &'a str) -> impl Iterator<Item = Grant<'a>> {
    list(spec, "from")
        .iter()
        .filter_map(|from| {
            Some((
                text(from, "group")?,
                text(from, "kind")?,
                text(from, "namespace")?,
            ))
        })
        .flat_map(move |from| {
            list(spec, "to").iter().filter_map(move |to| {
                Some(Grant {
                    from,
                    to: (text(to, "group")?, text(to, "kind")?, namespace),
                    name: text(to, "name").unwrap_or_default(),
                })
            })
        })
}

impl<'a> Set<'a> {
    fn new(objects: &[&'a Value]) -> Self {
        let mut set = Self {
            objects: HashMap::new(),
            grants: HashSet::new(),
        };
        for object in objects {
            let (Some(kind), Some(name)) = (
                text(object, "kind"),
                object.get("metadata").and_then(|m| text(m, "name")),
            ) else {
                continue;
            };
            let key = (group(object), kind, namespace(object), name);
            set.objects.insert(key, object);
            if key.0 == meta::GROUP
                && kind == "ReferenceGrant"
                && let Some(spec) = object.get("spec")
            {
                set.grants.extend(grants(spec, key.2));
            }
        }
        set
    }

    fn get(&self, reference: &Reference<'_>) -> Option<&'a Value> {
        let key = (
            reference.group,
            reference.kind,
            reference.namespace,
            reference.name,
        );
        self.objects.get(&key).copied()
    }

    fn check(&self, object: &Value, findings: &mut Findings) {
        if group(object) != meta::GROUP {
            return;
        }
        let Some(spec) = object.get("spec") else {
            return;
        };
        let kind = text(object, "kind").unwrap_or_default();
        let root = Path::ROOT;
        let at = root.field("spec");
        let from = (kind, namespace(object));
        match kind {
            "Gateway" => self.gateway(spec, from, &at, findings),
            "BackendTLSPolicy" | "BackendLBPolicy" => self.policy(spec, from, &at, findings),
            _ if kind.ends_with("Route") => {
                self.parents(spec, from, &at, findings);
                self.backends(spec, from, &at, findings);
            }
            _ => {}
        }
    }

    fn parents(&self, spec: &Value, from: (&str, &str), at: &Path<'_>, findings: &mut Findings) {
        let parents_at = at.field("parentRefs");
        for (index, parent) in list(spec, "parentRefs").iter().enumerate() {
            let at_parent = parents_at.index(index);
            let Some(to) = reference(parent, (meta::GROUP, "Gateway"), from.1) else {
                continue;
            };
            let is_gateway = to.is(meta::GROUP, "Gateway");
            if !is_gateway && !to.is("", "Service") {
                continue;
            }
            let Some(found) = self.get(&to) else {
                let message = format!("{} is not in the set", to.shown());
                find(findings, &rules::PARENT_EXISTS, &at_parent, message);
                continue;
            };
            if is_gateway {
                self.listeners(spec, parent, found, &to, (at, &at_parent), findings);
            }
        }
    }

    /// Checks that the parentRef names listeners that there are, and that hostnames meet theirs.
    fn listeners(
        &self,
        spec: &Value,
        parent: &Value,
        gateway: &Value,
        to: &Reference<'_>,
        (at, at_parent): (&Path<'_>, &Path<'_>),
        findings: &mut Findings,
    ) {
        let section = text(parent, "sectionName");
        let port = parent.get("port").and_then(Value::as_i64);
        let all = gateway
            .get("spec")
            .map_or(&[][..], |s| list(s, "listeners"));
        let by_section = |l: &&Value| section.is_none_or(|s| text(l, "name") == Some(s));
        let by_port =
            |l: &&Value| port.is_none_or(|p| l.get("port").and_then(Value::as_i64) == Some(p));
        let named: Vec<&Value> = all.iter().filter(by_section).filter(by_port).collect();
        if named.is_empty() {
            let field = if section.is_some() && !all.iter().any(|l| by_section(&l)) {
                "sectionName"
            } else {
                "port"
            };
            if section.is_some() || port.is_some() {
                let there: Vec<_> = all.iter().filter_map(|l| text(l, "name")).collect();
                let message = format!(
                    "{} has no such listener; it has `{}`",
                    to.shown(),
                    there.join("`, `")
                );
                find(
                    findings,
                    &rules::LISTENER_EXISTS,
                    &at_parent.field(field),
                    message,
                );
            }
            return;
        }
        let hostnames: Vec<Hostname> = list(spec, "hostnames")
            .iter()
            .filter_map(|h| h.as_str()?.parse().ok())
            .collect();
        let mut served = Vec::new();
        for listener in named {
            match text(listener, "hostname").filter(|h| !h.is_empty()) {
                Some(hostname) => served.push(hostname),
                None => return,
            }
        }
        let meets = |listener: &str| {
            listener
                .parse::<Hostname>()
                .is_ok_and(|l| hostnames.iter().any(|h| h.intersection(&l).is_some()))
        };
        if !hostnames.is_empty() && !served.iter().any(|hostname| meets(hostname)) {
            let message = format!(
                "none of these is a host that {} serves there: `{}`",
                to.shown(),
                served.join("`, `")
            );
            find(
                findings,
                &rules::HOSTNAMES_MEET,
                &at.field("hostnames"),
                message,
            );
        }
    }

    fn backends(&self, spec: &Value, from: (&str, &str), at: &Path<'_>, findings: &mut Findings) {
        let rules_at = at.field("rules");
        for (index, rule) in list(spec, "rules").iter().enumerate() {
            let rule_at = rules_at.index(index);
            self.mirrors(rule, from, &rule_at, findings);
            let backends_at = rule_at.field("backendRefs");
            for (index, backend) in list(rule, "backendRefs").iter().enumerate() {
                let at = backends_at.index(index);
                self.backend(backend, from, &at, findings);
                self.mirrors(backend, from, &at, findings);
            }
        }
    }

    fn mirrors(&self, holder: &Value, from: (&str, &str), at: &Path<'_>, findings: &mut Findings) {
        let filters_at = at.field("filters");
        for (index, filter) in list(holder, "filters").iter().enumerate() {
            let at = filters_at.index(index);
            if let Some(backend) = filter.pointer("/requestMirror/backendRef") {
                let at = at.field("requestMirror");
                self.backend(backend, from, &at.field("backendRef"), findings);
            }
        }
    }

    fn backend(&self, backend: &Value, from: (&str, &str), at: &Path<'_>, findings: &mut Findings) {
        let Some(to) = reference(backend, ("", "Service"), from.1) else {
            return;
        };
        self.granted(&to, from, at, findings);
        if !to.is("", "Service") {
            return;
        }
        let Some(service) = self.get(&to) else {
            let message = format!("{} is not in the set", to.shown());
            find(findings, &rules::BACKEND_EXISTS, at, message);
            return;
        };
        let ports = service.pointer("/spec/ports").and_then(Value::as_array);
        let ports = ports.map_or(&[][..], Vec::as_slice);
        let Some(port) = backend.get("port").and_then(Value::as_i64) else {
            return;
        };
        if ports.len() > MOST_PORTS {
            return;
        }
        let number = |port: &Value| port.get("port").and_then(Value::as_i64);
        if !ports.iter().any(|p| number(p) == Some(port)) {
            let there: Vec<_> = ports
                .iter()
                .filter_map(number)
                .map(|n| n.to_string())
                .collect();
            let message = format!(
                "{} has no port {port}; it has {}",
                to.shown(),
                there.join(", ")
            );
            find(
                findings,
                &rules::BACKEND_PORT_EXISTS,
                &at.field("port"),
                message,
            );
        }
    }

    fn granted(
        &self,
        to: &Reference<'_>,
        (kind, own): (&str, &str),
        at: &Path<'_>,
        findings: &mut Findings,
    ) {
        if to.namespace == own {
            return;
        }
        let grant = |name| Grant {
            from: (meta::GROUP, kind, own),
            to: (to.group, to.kind, to.namespace),
            name,
        };
        let granted = [to.name, ""]
            .into_iter()
            .any(|name| self.grants.contains(&grant(name)));
        if !granted {
            let message = format!(
                "no ReferenceGrant in `{}` lets a {kind} of `{own}` refer to {}",
                to.namespace,
                to.shown()
            );
            find(findings, &rules::GRANTED, &at.field("namespace"), message);
        }
    }

    fn gateway(&self, spec: &Value, from: (&str, &str), at: &Path<'_>, findings: &mut Findings) {
        let listeners_at = at.field("listeners");
        for (index, listener) in list(spec, "listeners").iter().enumerate() {
            let listener_at = listeners_at.index(index);
            let tls_at = listener_at.field("tls");
            let refs_at = tls_at.field("certificateRefs");
            let Some(tls) = listener.get("tls") else {
                continue;
            };
            for (index, certificate) in list(tls, "certificateRefs").iter().enumerate() {
                let at = refs_at.index(index);
                let Some(to) = reference(certificate, ("", "Secret"), from.1) else {
                    continue;
                };
                self.granted(&to, from, &at, findings);
                if to.is("", "Secret") && self.get(&to).is_none() {
                    let message = format!("{} is not in the set", to.shown());
                    find(findings, &rules::CERTIFICATE_EXISTS, &at, message);
                }
            }
            if let Some(validation) = tls.get("frontendValidation") {
                let at = tls_at.field("frontendValidation");
                self.ca_certificates(validation, from, &at, findings);
            }
        }
    }

    fn ca_certificates(
        &self,
        validation: &Value,
        from: (&str, &str),
        at: &Path<'_>,
        findings: &mut Findings,
    ) {
        let refs_at = at.field("caCertificateRefs");
        for (index, certificate) in list(validation, "caCertificateRefs").iter().enumerate() {
            // Group and kind have no defaults here.
            let Some(to) = reference(certificate, ("", ""), from.1) else {
                continue;
            };
            let at = refs_at.index(index);
            self.granted(&to, from, &at, findings);
            if to.is("", "ConfigMap") && self.get(&to).is_none() {
                let message = format!("{} is not in the set", to.shown());
                find(findings, &rules::CA_CERTIFICATE_EXISTS, &at, message);
            }
        }
    }

    fn policy(&self, spec: &Value, from: (&str, &str), at: &Path<'_>, findings: &mut Findings) {
        let targets_at = at.field("targetRefs");
        for (index, target) in list(spec, "targetRefs").iter().enumerate() {
            if let Some(to) = reference(target, ("", "Service"), from.1)
                && to.is("", "Service")
                && self.get(&to).is_none()
            {
                let message = format!("{} is not in the set", to.shown());
                find(
                    findings,
                    &rules::TARGET_EXISTS,
                    &targets_at.index(index),
                    message,
                );
            }
        }
        if let Some(validation) = spec.get("validation") {
            let at = at.field("validation");
            self.ca_certificates(validation, from, &at, findings);
        }
    }
}
