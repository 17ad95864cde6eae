//! `sessionPersistence`: `sessionName` and `cookieConfig` before v1.7.0, `cookie` or `header` since.

use super::fields::{Note, Remarks, has_only, set, take};
use crate::{
    conversion::ConversionProblemKind as Problem,
    schema::{self, Path, Schema},
};
use serde_json::{Map, Value, json};

pub(super) fn reshape(
    session: &mut Map<String, Value>,
    schema: &Schema,
    at: &Path<'_>,
    found: &mut Remarks,
) {
    if has_only(schema, "cookie", "cookieConfig") {
        match kind(session).as_str() {
            "Cookie" => to_cookie(session, at, found),
            "Header" => to_header(session, at, found),
            // Of a type that no release has, nobody can say what it needs.
            _ => {}
        }
    } else if has_only(schema, "cookieConfig", "cookie") {
        back(session, at, found);
    }
}

fn kind(session: &Map<String, Value>) -> String {
    let kind = set(session, "type").map_or(Some("Cookie"), Value::as_str);
    kind.unwrap_or_default().to_owned()
}

/// A session whose token travels in a cookie, in the form since v1.7.0.
fn to_cookie(session: &mut Map<String, Value>, at: &Path<'_>, found: &mut Remarks) {
    if set(session, "cookie").is_some() {
        for old in ["cookieConfig", "sessionName"] {
            if set(session, old).is_some() {
                found.problem(at.field(old), Problem::BothForms("cookie".to_owned()));
            }
        }
        return;
    }
    if set(session, "cookieConfig").is_some_and(|config| !config.is_object()) {
        found.problem(at.field("cookieConfig"), Problem::Type("an object"));
        return;
    }
    let old = take(session, "cookieConfig");
    if old.is_some() {
        found
            .moves
            .add(at.field("cookieConfig"), at.field("cookie"));
    }
    let mut cookie = old.unwrap_or_else(|| json!({}));
    session.remove("cookieConfig");
    if let Some(cookie) = cookie.as_object_mut()
        && let Some(name) = take(session, "sessionName")
    {
        cookie.insert("name".to_owned(), name);
        move_name(at, ("sessionName", "cookie"), true, found);
    }
    session.insert("cookie".to_owned(), cookie);
    found.notes.push(Note {
        path: at.field("cookie").to_string(),
        rule: "cookie-path",
        message: "the cookie is sent for all paths (`/`) unless `path` is set; releases before v1.7.0 sent it for the path that the rule matches",
        help: "set `path` if the cookie is meant for some paths only",
    });
}

/// A session whose token travels in a header, in the form since v1.7.0.
fn to_header(session: &mut Map<String, Value>, at: &Path<'_>, found: &mut Remarks) {
    if set(session, "cookieConfig").is_some() {
        found.problem(at.field("cookieConfig"), Problem::CookieOfHeader);
    }
    if set(session, "header").is_some() {
        if set(session, "sessionName").is_some() {
            found.problem(
                at.field("sessionName"),
                Problem::BothForms("header".to_owned()),
            );
        }
        return;
    }
    match take(session, "sessionName") {
        Some(name) => {
            session.insert("header".to_owned(), json!({ "name": name }));
            move_name(at, ("sessionName", "header"), true, found);
        }
        None => found.problem(at, Problem::NoSessionName),
    }
}

/// A session in the form before v1.7.0.
fn back(session: &mut Map<String, Value>, at: &Path<'_>, found: &mut Remarks) {
    for (new, old) in [("cookie", "cookieConfig"), ("header", "")] {
        match set(session, new) {
            None => {}
            Some(Value::Object(_)) => one_back(session, (new, old), at, found),
            Some(_) => found.problem(at.field(new), Problem::Type("an object")),
        }
    }
}

/// Brings the cookie or the header back; what remains of a header has no form.
fn one_back(
    session: &mut Map<String, Value>,
    (new, old): (&str, &str),
    at: &Path<'_>,
    found: &mut Remarks,
) {
    if set(session, new)
        .and_then(|config| config.get("path"))
        .is_some()
    {
        let problem = Problem::NoForm {
            message: "the wanted release cannot set the path of a cookie".to_owned(),
            help: format!(
                "do without it if the cookie may be sent for the path that the rule matches, or keep the object in a release that has it ({})",
                schema::field_in_words(
                    "gateway.networking.k8s.io/v1",
                    "HTTPRoute",
                    &["spec", "rules", "sessionPersistence", "cookie", "path"]
                )
            ),
        };
        found.problem(at.field(new).field("path"), problem);
        return;
    }
    let Some(Value::Object(mut config)) = take(session, new) else {
        return;
    };
    if let Some(name) = take(&mut config, "name") {
        if set(session, "sessionName").is_some() {
            found.problem(
                at.field(new).field("name"),
                Problem::BothForms("sessionName".to_owned()),
            );
            return;
        }
        session.insert("sessionName".to_owned(), name);
        move_name(at, ("sessionName", new), false, found);
    }
    if old.is_empty() {
        if !config.is_empty() {
            session.insert(new.to_owned(), config.into());
        }
    } else if set(session, old).is_some() {
        found.problem(at.field(new), Problem::BothForms(old.to_owned()));
    } else {
        session.insert(old.to_owned(), config.into());
        found.moves.add(at.field(new), at.field(old));
        found.notes.push(Note {
            path: at.field(old).to_string(),
            rule: "cookie-path",
            message: "the cookie is sent for the path that the rule matches; releases since v1.7.0 send it for all paths (`/`)",
            help: "keep the object in a release since v1.7.0 if the session is meant for other paths, too",
        });
    }
}

/// The name of a session moves into its cookie or header, or back.
fn move_name(at: &Path<'_>, (old, new): (&str, &str), forth: bool, found: &mut Remarks) {
    let (old, inner) = (at.field(old), at.field(new));
    let new = inner.field("name");
    match forth {
        true => found.moves.add(old, new),
        false => found.moves.add(new, old),
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        conversion::{ConversionRemark, convert_to_release},
        meta::{Channel, Release},
    };
    use serde_json::{Value, json};

    fn route(session: Value) -> Value {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "r"},
            "spec": {"rules": [{"sessionPersistence": session}]},
        })
    }

    /// Which paths a cookie is sent for changes either way.
    #[test]
    fn that_a_cookie_is_sent_for_other_paths_is_said_either_way() {
        for (session, release, path) in [
            (json!({"sessionName": "c"}), Release::V1_7_0, Some("cookie")),
            (
                json!({"cookie": {"name": "c"}}),
                Release::V1_6_1,
                Some("cookieConfig"),
            ),
            (
                json!({"type": "Header", "header": {"name": "c"}}),
                Release::V1_6_1,
                None,
            ),
            (
                json!({"type": "Header", "sessionName": "c"}),
                Release::V1_7_0,
                None,
            ),
            (json!({"sessionName": "c"}), Release::V1_6_1, None),
        ] {
            let new = convert_to_release(&route(session), release, Channel::Experimental).unwrap();
            let said = new.remarks.iter().filter(|it| it.rule() == "cookie-path");
            let paths: Vec<_> = said.map(ConversionRemark::path).collect();
            let wanted = path.map(|name| format!("spec.rules[0].sessionPersistence.{name}"));
            assert_eq!(paths, wanted.iter().collect::<Vec<_>>(), "{new:?}");
        }
    }
}
