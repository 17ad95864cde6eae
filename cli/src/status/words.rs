//! What the report says of conditions, listeners and parents, as parts of sentences.

use gwapi::{
    attachment::{AtListener, effective::EffectiveHostname},
    meta::{Condition, ObjectRef, condition},
    v1::{GatewayStatus, ListenerStatus, ParentReference, ProtocolType},
};

/// How many listeners or hosts a line names; the others are counted.
const MOST_NAMED: usize = 8;

/// Where the cause of a Gateway's condition is told: at its listeners, or at its class.
pub(super) fn elsewhere(
    condition: &Condition,
    status: &GatewayStatus,
    class: Option<&ObjectRef>,
) -> Option<String> {
    use condition::gateway::reason;
    if let Some(class) = class.filter(|_| condition.reason == reason::PENDING) {
        return Some(format!("{class} is not accepted"));
    }
    let of_listeners = |c: &Condition| c.reason == reason::LISTENERS_NOT_VALID;
    let same = |c: &&Condition| of_listeners(c) && c.message == condition.message;
    let told = of_listeners(condition) || status.conditions.iter().any(|c| same(&c));
    if !told || status.listeners.is_empty() {
        return None;
    }
    let in_force =
        |listener: &ListenerStatus| is_true(&listener.conditions, condition::listener::PROGRAMMED);
    Some(if status.listeners.iter().any(in_force) {
        "some listeners are not serving".to_owned()
    } else {
        "no listener is serving".to_owned()
    })
}

pub(super) fn is_true(conditions: &[Condition], kind: &str) -> bool {
    conditions
        .iter()
        .any(|condition| condition.type_ == kind && condition.status == "True")
}

/// Where a route gets traffic: the listener, and for which hosts.
pub(super) fn at_listener<'h>(
    at: &AtListener,
    hostnames: impl Iterator<Item = &'h EffectiveHostname>,
    kind: &str,
) -> String {
    let name = &at.name;
    if matches!(kind, "TCPRoute" | "UDPRoute") {
        return format!("listener {name}");
    }
    let hosts: Vec<String> = hostnames
        .map(|name| {
            name.hostname
                .as_ref()
                .map_or("every host".to_owned(), ToString::to_string)
        })
        .collect();
    if hosts.is_empty() {
        return format!("listener {name}, where no request reaches it");
    }
    format!("listener {name} for {}", some(&hosts, ", "))
}

/// What clients expect at a port where a listener speaks something else.
pub(super) fn unexpected(protocol: &ProtocolType, port: i32) -> Option<&'static str> {
    match (protocol, port) {
        (ProtocolType::Http, 443) => Some(
            "clients of `https://` URLs speak TLS on port 443, and this listener speaks cleartext HTTP: they get through only if TLS ends in front of the Gateway",
        ),
        (ProtocolType::Https | ProtocolType::Tls, 80) => Some(
            "clients of `http://` URLs speak cleartext HTTP on port 80, and this listener expects TLS",
        ),
        _ => None,
    }
}

/// The first few of a list, and how many more there are.
pub(super) fn some(list: &[String], between: &str) -> String {
    let shown: Vec<&str> = list.iter().take(MOST_NAMED).map(String::as_str).collect();
    match list.len().checked_sub(MOST_NAMED) {
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(between)),
        _ => shown.join(between),
    }
}

/// A parent as people write it: `Gateway infra/front, listener http, port 80`.
pub(super) fn describe(parent: &ParentReference, namespace: &str) -> String {
    let mut text = parent.resolve(namespace).to_string();
    if let Some(section) = &parent.section_name {
        let what = if parent.is_gateway() {
            "listener"
        } else {
            "port"
        };
        text.push_str(&format!(", {what} {section}"));
    }
    if let Some(port) = parent.port {
        text.push_str(&format!(", port {port}"));
    }
    text
}
