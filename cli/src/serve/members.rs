//! Which members a line may have: one that is not known is an error, which names it and the one that is most likely meant.

use gwapi::schema::nearest_name;
use serde_json::Value;

/// What each `op` has beside `op` and `id`.
const OPS: &[(&str, &[&str])] = &[
    ("apply", &["objects"]),
    ("delete", &["objects"]),
    ("status", &[]),
    ("request", &["request"]),
    ("binds", &[]),
    ("accept", &["accept"]),
    ("clock", &["advance"]),
    ("configure", &["options"]),
];

/// The members of an object in `delete`.
const NAMED: &[&str] = &["apiVersion", "kind", "namespace", "name"];

/// The members of `request`.
const REQUEST: &[&str] = &[
    "method",
    "url",
    "headers",
    "gateway",
    "port",
    "address",
    "from",
    "sni",
    "clientCertificate",
    "protocol",
    "backend",
];

/// The members of `backend` in `request`.
const BACKEND: &[&str] = &["status", "headers", "delay"];

/// The members of `accept`.
const ACCEPT: &[&str] = &["gateway", "transport", "port", "clientHello"];

/// The members of `clientHello` in `accept`.
const CLIENT_HELLO: &[&str] = &["serverName"];

/// The members of `options` in `configure`.
const OPTIONS: &[&str] = &[
    "controllerName",
    "features",
    "channel",
    "release",
    "addresses",
    "unusableAddresses",
    "regexRank",
    "hostnameRank",
    "hostnameFallback",
    "repeatedHeader",
    "isolation",
    "paths",
];

/// The members of an address in `configure`.
const ADDRESS: &[&str] = &["type", "value"];

/// How many unknown members an error names.
const MOST_NAMED: usize = 8;

/// Looks for members that a line may not have, in all objects of it that are not Kubernetes' own.
///
/// # Errors
///
/// There are some: the message names them with what is meant. What else is wrong with the line is not looked at.
pub(super) fn check(line: &Value) -> Result<(), String> {
    let Some(op) = line.get("op").and_then(Value::as_str) else {
        return Ok(());
    };
    let Some((_, members)) = OPS.iter().find(|(known, _)| *known == op) else {
        let near = nearest_name(op, OPS.iter().map(|(known, _)| *known));
        return Err(format!("there is no `op` `{op}`{}", meant(near)));
    };
    let mut unknown = Unknown::default();
    unknown.look(line, "", &[&["op", "id"], *members].concat());
    match op {
        "delete" => unknown.look_at_each(line.get("objects"), "objects", NAMED),
        "request" => {
            if let Some(request) = line.get("request") {
                unknown.look(request, "request.", REQUEST);
                let backend = request.get("backend");
                unknown.look(backend.unwrap_or(&Value::Null), "request.backend.", BACKEND);
            }
        }
        "accept" => {
            if let Some(accept) = line.get("accept") {
                unknown.look(accept, "accept.", ACCEPT);
                let said = accept.get("clientHello");
                let said = said.unwrap_or(&Value::Null);
                unknown.look(said, "accept.clientHello.", CLIENT_HELLO);
            }
        }
        "configure" => {
            if let Some(options) = line.get("options") {
                unknown.look(options, "options.", OPTIONS);
                for list in ["addresses", "unusableAddresses"] {
                    unknown.look_at_each(options.get(list), &format!("options.{list}"), ADDRESS);
                }
            }
        }
        _ => {}
    }
    unknown.result()
}

/// What is meant by a name, for the end of a sentence.
pub(super) fn meant(near: Option<&str>) -> String {
    near.map(|near| format!(": did you mean `{near}`?"))
        .unwrap_or_default()
}

/// The unknown members that were found.
#[derive(Default)]
struct Unknown {
    named: Vec<String>,
    more: usize,
}

impl Unknown {
    fn look(&mut self, object: &Value, at: &str, known: &[&str]) {
        let Some(members) = object.as_object() else {
            return;
        };
        for name in members
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
        {
            if self.named.len() == MOST_NAMED {
                self.more += 1;
                continue;
            }
            let near = nearest_name(name, known.iter().copied());
            let text = format!("there is no member `{at}{name}`{}", meant(near));
            self.named.push(text);
        }
    }

    fn look_at_each(&mut self, list: Option<&Value>, at: &str, known: &[&str]) {
        let list = list.and_then(Value::as_array).into_iter().flatten();
        for (index, object) in list.enumerate() {
            self.look(object, &format!("{at}[{index}]."), known);
        }
    }

    fn result(self) -> Result<(), String> {
        if self.named.is_empty() {
            return Ok(());
        }
        let mut text = self.named.join("; ");
        if self.more > 0 {
            text.push_str(&format!("; and {} more", self.more));
        }
        Err(text)
    }
}
