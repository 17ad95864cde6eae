//! Where the parts of an object stand after a conversion.

/// A part of an object that stands in another place after a conversion: what is about it, such as a comment in a file, belongs
/// there.
///
/// Where the new form says something once that the old one says several times, the first of them moves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldMove {
    /// The path in the object as it was, as an API server writes it.
    pub from: String,
    /// The path in the converted object.
    pub to: String,
}

impl FieldMove {
    /// From one path to another.
    #[must_use]
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        let (from, to) = (from.into(), to.into());
        Self { from, to }
    }
}

/// The moves of a conversion, in the order in which they are made.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves(Vec<FieldMove>);

impl Moves {
    /// Notes that what stands at a path now stands at another one then.
    pub(super) fn add(&mut self, from: impl ToString, to: impl ToString) {
        let (now, to) = (from.to_string(), to.to_string());
        let from = self.origin(&now);
        // What has been moved into it goes along.
        for earlier in &mut self.0 {
            if is_within(&earlier.to, &now) {
                let rest = earlier.to.get(now.len()..).unwrap_or_default();
                earlier.to = format!("{to}{rest}");
            }
        }
        self.0.retain(|earlier| earlier.from != from);
        self.0.push(FieldMove { from, to });
    }

    /// Where that which stands at a path now was before all of it.
    fn origin(&self, path: &str) -> String {
        let around = self.0.iter().filter(|it| is_within(path, &it.to));
        match around.max_by_key(|it| it.to.len()) {
            Some(nearest) => {
                let rest = path.get(nearest.to.len()..).unwrap_or_default();
                format!("{}{rest}", nearest.from)
            }
            None => path.to_owned(),
        }
    }

    pub(super) fn into_vec(self) -> Vec<FieldMove> {
        self.0
    }
}

/// Whether a field is another one, or a part of it.
pub(in crate::conversion) fn is_within(path: &str, whole: &str) -> bool {
    let rest = path.strip_prefix(whole);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        conversion::{Migration, convert_to_release, value},
        meta::{Channel, Release},
    };
    use serde_json::{Value, json};

    #[test]
    fn moves_that_follow_one_another_lead_from_the_first_place_to_the_last() {
        let mut moves = Moves::default();
        moves.add("s.tls.old", "s.tls.new");
        moves.add("s.tls", "s.validation");
        moves.add("s.validation.new[0].a", "s.b");
        moves.add("s.tlsTwo", "s.c");
        let all: Vec<_> = moves
            .into_vec()
            .into_iter()
            .map(|it| (it.from, it.to))
            .collect();
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(
            all,
            [
                pair("s.tls.old", "s.validation.new"),
                pair("s.tls", "s.validation"),
                pair("s.tls.old[0].a", "s.b"),
                pair("s.tlsTwo", "s.c"),
            ]
        );
    }

    fn gateway(spec: Value) -> Value {
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "g"}, "spec": spec})
    }

    fn https(port: u16, validation: Option<Value>) -> Value {
        let mut tls = json!({"certificateRefs": [{"name": "c"}]});
        if let Some(validation) = validation {
            tls["frontendValidation"] = validation;
        }
        json!({"name": format!("l{port}"), "port": port, "protocol": "HTTPS", "tls": tls})
    }

    fn authority(name: &str) -> Value {
        json!({"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": name}]})
    }

    /// What conversion to a release moves, and that it is what stands there afterwards.
    fn moved(object: &Value, release: Release) -> Vec<(String, String)> {
        let new = convert_to_release(object, release, Channel::Experimental).unwrap();
        let pairs = new.moves.iter().map(|it| (it.from.clone(), it.to.clone()));
        let pairs: Vec<_> = pairs.collect();
        for (from, to) in &pairs {
            assert!(value::at(object, from).is_some(), "{from}: {object}");
            assert!(value::at(&new.object, to).is_some(), "{to}: {}", new.object);
        }
        pairs
    }

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        let all = all.iter();
        all.map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
            .collect()
    }

    /// By the place from which each part is taken, whatever its value.
    #[test]
    fn a_conversion_says_what_stands_where_afterwards() {
        let (ca, same) = (authority("ca"), authority("ca"));
        let partners =
            gateway(json!({"listeners": [https(8443, Some(ca.clone())), https(443, Some(same))]}));
        assert_eq!(
            moved(&partners, Release::V1_7_0),
            pairs(&[
                (
                    "spec.listeners[1].tls.frontendValidation",
                    "spec.tls.frontend.perPort[0].tls.validation"
                ),
                (
                    "spec.listeners[0].tls.frontendValidation",
                    "spec.tls.frontend.perPort[1].tls.validation"
                ),
            ])
        );
        let back = convert_to_release(&partners, Release::V1_7_0, Channel::Experimental).unwrap();
        assert_eq!(
            moved(&back.object, Release::V1_3_0),
            pairs(&[
                (
                    "spec.tls.frontend.perPort[0].tls.validation",
                    "spec.listeners[1].tls.frontendValidation"
                ),
                (
                    "spec.tls.frontend.perPort[1].tls.validation",
                    "spec.listeners[0].tls.frontendValidation"
                ),
            ])
        );
        let mut twice = https(443, Some(ca.clone()));
        twice["hostname"] = json!("b.x");
        let shared = gateway(
            json!({"listeners": [https(443, Some(ca.clone())), twice], "backendTLS": {"clientCertificateRef": {"name": "d"}}}),
        );
        assert_eq!(
            moved(&shared, Release::V1_7_0),
            pairs(&[
                ("spec.backendTLS", "spec.tls.backend"),
                (
                    "spec.listeners[0].tls.frontendValidation",
                    "spec.tls.frontend.perPort[0].tls.validation"
                ),
            ])
        );
        let default = gateway(json!({
            "listeners": [https(443, None), https(444, None)],
            "tls": {"backend": {"clientCertificateRef": {"name": "d"}}, "frontend": {"default": {"validation": ca}}},
        }));
        assert_eq!(
            moved(&default, Release::V1_3_0),
            pairs(&[
                ("spec.tls.backend", "spec.backendTLS"),
                (
                    "spec.tls.frontend.default.validation",
                    "spec.listeners[0].tls.frontendValidation"
                ),
            ])
        );
        let route = |session: Value| {
            json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "r"},
                "spec": {"rules": [{}, {"sessionPersistence": session}]}})
        };
        let at = |name: &str| format!("spec.rules[1].sessionPersistence.{name}");
        let all = |pairs: &[(&str, &str)]| -> Vec<_> {
            pairs.iter().map(|(from, to)| (at(from), at(to))).collect()
        };
        for (session, release, wanted) in [
            (
                json!({"sessionName": "a", "cookieConfig": {"lifetimeType": "Session"}}),
                Release::V1_7_0,
                all(&[("cookieConfig", "cookie"), ("sessionName", "cookie.name")]),
            ),
            (
                json!({"type": "Header", "sessionName": "a"}),
                Release::V1_7_0,
                all(&[("sessionName", "header.name")]),
            ),
            (
                json!({"cookie": {"name": "a", "lifetimeType": "Session"}}),
                Release::V1_6_1,
                all(&[("cookie.name", "sessionName"), ("cookie", "cookieConfig")]),
            ),
            (
                json!({"type": "Header", "header": {"name": "a"}}),
                Release::V1_6_1,
                all(&[("header.name", "sessionName")]),
            ),
        ] {
            assert_eq!(moved(&route(session), release), wanted);
        }
        let backend = json!({"apiVersion": "gateway.networking.x-k8s.io/v1alpha1", "kind": "XBackend", "metadata": {"name": "b"},
            "spec": {"type": "ExternalHostname", "externalHostname": {"hostname": "a.b"}, "port": {"port": 1}},
            "status": {"parents": [{"parentRef": {"name": "g"}}]}});
        let moves = moved(&backend, Release::V1_7_0);
        for pair in pairs(&[
            ("spec.port.port", "spec.port.number"),
            ("status.parents", "status.ancestors"),
            (
                "status.parents[0].parentRef",
                "status.ancestors[0].ancestorRef",
            ),
        ]) {
            assert!(moves.contains(&pair), "{pair:?} in {moves:?}");
        }
    }

    #[test]
    fn moves_in_a_list_are_those_of_its_items() {
        let policy = json!({
            "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "BackendTLSPolicy", "metadata": {"name": "p"},
            "spec": {
                "targetRef": {"group": "", "kind": "Service", "name": "c"},
                "tls": {"hostname": "c.example", "caCertRefs": []},
            },
        });
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}});
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [service, policy]});
        let done = Migration::default().migrate(list.clone());
        let moves = done.moves.iter().map(|it| (it.from.clone(), it.to.clone()));
        assert_eq!(
            moves.collect::<Vec<_>>(),
            pairs(&[
                (
                    "items[1].spec.tls.caCertRefs",
                    "items[1].spec.validation.caCertificateRefs"
                ),
                ("items[1].spec.tls", "items[1].spec.validation"),
                ("items[1].spec.targetRef", "items[1].spec.targetRefs[0]"),
            ])
        );
        // Where only what is converted is asked for, all else is left out.
        let only = Migration {
            only_converted: true,
            ..Migration::default()
        };
        let done = only.migrate(list);
        let items = done.value["items"].as_array().unwrap();
        assert_eq!((items.len(), done.converted), (1, 1), "{items:?}");
        assert_eq!(items[0]["kind"], "BackendTLSPolicy");
        assert_eq!(done.moves[1].to, "items[0].spec.validation");
    }
}
