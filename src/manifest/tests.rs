//! Reading as a whole.

use super::*;
use serde_json::json;

fn read_all(text: impl AsRef<[u8]>) -> Manifest {
    read(text.as_ref(), &ReadOptions::default())
}

fn names(manifest: &Manifest) -> Vec<&str> {
    manifest.entries.iter().map(RawObject::name).collect()
}

fn only_error(manifest: &Manifest) -> &ReadError {
    assert_eq!(manifest.errors.len(), 1, "{:?}", manifest.errors);
    &manifest.errors[0]
}

#[test]
fn yaml_documents_are_read_with_their_places() {
    let manifest = read_all(
        "# a comment\n---\n---\nkind: A\nmetadata: {name: one}\n...\n# so\n---\nkind: B\nmetadata:\n  name: two\n",
    );
    assert_eq!(manifest.errors, []);
    assert_eq!(names(&manifest), ["one", "two"]);
    let places: Vec<_> = manifest
        .entries
        .iter()
        .map(|e| (e.place.document, e.place.position.line))
        .collect();
    assert_eq!(places, [(0, 4), (1, 9)]);
    assert_eq!(
        manifest.entries[1].positions.find("metadata.name"),
        Some(Position {
            line: 11,
            column: 9
        })
    );
    assert_eq!(
        manifest.entries[1].positions.key("metadata.name"),
        Some(Position {
            line: 11,
            column: 3
        })
    );
}

#[test]
fn a_broken_document_hides_no_other() {
    let manifest = read_all("kind: A\n---\nkind: [B\n---\nkind: \"C\n---\na: b: c\n---\nkind: D\n");
    let kinds: Vec<_> = manifest.entries.iter().map(RawObject::kind).collect();
    assert_eq!(kinds, ["A", "D"]);
    let documents: Vec<_> = manifest
        .errors
        .iter()
        .map(|e| e.place().unwrap().document)
        .collect();
    assert_eq!(documents, [1, 2, 3]);
    assert_eq!(manifest.errors[2].line(), 7);
}

#[test]
fn json_values_follow_each_other_with_their_places() {
    let manifest = read_all(
        "\u{FEFF}{\"kind\": \"A\"} {\"kind\": \"B\"}\n{\n  \"kind\": \"é\", \"x\": [1, {\"y\": true}]}",
    );
    assert_eq!(manifest.errors, []);
    assert_eq!(manifest.entries.len(), 3);
    assert_eq!(manifest.entries[1].place.position.column, 15);
    let entry = &manifest.entries[2];
    assert_eq!(entry.value, json!({"kind": "é", "x": [1, {"y": true}]}));
    assert_eq!(
        entry.positions.find("x[1].y"),
        Some(Position {
            line: 3,
            column: 31
        })
    );
}

#[test]
fn a_broken_json_line_hides_no_other() {
    for broken in [
        "{\"kind\": }",
        "{\"kind\": \"B\"",
        "{\"kind\" \"B\"}",
        "{\"kind\": \"B}",
        "{\"kind\": nul}",
        "{\"kind\": 01}",
        "{\"kind\": 1e999}",
        "{\"kind\": \"\\q\"}",
        "{kind: B]",
        "{\"kind\": \"B\",}",
    ] {
        let text = format!("{{\"kind\": \"A\"}}\n{broken}\n{{\"kind\": \"C\"}}\n");
        let manifest = read_all(&text);
        let kinds: Vec<_> = manifest.entries.iter().map(RawObject::kind).collect();
        assert_eq!(kinds, ["A", "C"], "{broken}: {:?}", manifest.errors);
        let error = only_error(&manifest);
        assert_eq!(error.place().unwrap().document, 1, "{broken}");
        assert!(matches!(error.line(), 2 | 3), "{broken}: {error}");
    }
}

#[test]
fn a_list_is_taken_apart_and_its_items_get_the_type_it_implies() {
    let manifest = read_all(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRouteList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n  metadata: {name: c}\n- 7\n",
    );
    assert_eq!(names(&manifest), ["a", "c"]);
    let entry = &manifest.entries[1];
    assert_eq!(
        (entry.api_version(), entry.kind()),
        ("gateway.networking.k8s.io/v1", "HTTPRoute")
    );
    assert_eq!(entry.place.item, Some(1));
    assert_eq!(entry.place.position.line, 5);
    assert_eq!(entry.positions.find("metadata.name").unwrap().line, 6);
    let twice = &entry.duplicates[0];
    assert_eq!((twice.path.as_str(), twice.position.line), ("metadata", 6));
    assert_eq!(twice.first.line, 5);
    let error = only_error(&manifest);
    assert_eq!(error.place().unwrap().item, Some(2));

    let plain =
        read_all(r#"{"kind":"List","apiVersion":"v1","items":[{"kind":"A"},{"kind":"B"}]}"#);
    assert_eq!(plain.entries.len(), 2);
    assert!(
        read_all(r#"{"kind":"List","apiVersion":"v1"}"#)
            .entries
            .is_empty()
    );
}

#[test]
fn keys_given_twice_are_reported_and_the_last_counts() {
    for text in [
        "{\"kind\": \"A\", \"spec\": {\"a\": 1,\n \"a\": 2}}",
        "kind: A\nspec: {a: 1, a: 2}\n",
    ] {
        let manifest = read_all(text);
        let entry = &manifest.entries[0];
        assert_eq!(entry.value["spec"]["a"], 2);
        assert_eq!(entry.duplicates.len(), 1);
        assert_eq!(entry.duplicates[0].path, "spec.a");
        assert_eq!(entry.duplicates[0].position.line, 2);
    }
}

#[test]
fn anchors_aliases_and_merge_keys_are_expanded() {
    let manifest = read_all(
        "base: &base {a: 1, b: 2}\none:\n  <<: *base\n  b: 3\ntwo: *base\nthree:\n  <<: [*base, {c: 4}]\n",
    );
    assert_eq!(
        manifest.entries[0].value,
        json!({
            "base": {"a": 1, "b": 2}, "one": {"a": 1, "b": 3}, "two": {"a": 1, "b": 2},
            "three": {"a": 1, "b": 2, "c": 4},
        })
    );
    assert_eq!(manifest.entries[0].positions.find("two").unwrap().line, 5);
}

#[test]
fn a_flow_mapping_that_is_not_json_is_read_as_yaml() {
    let manifest = read_all("{kind: A, metadata: {name: x}}\n---\nkind: B\n");
    assert_eq!(manifest.errors, []);
    assert_eq!(manifest.entries.len(), 2);
}

#[test]
fn an_error_names_object_place_and_field() {
    let (objects, errors) = read_all(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: cart, namespace: shop}\nspec:\n  rules:\n  - matches:\n    - path: {type: Exact, value: 7}\n",
    )
    .decode();
    assert!(objects.is_empty());
    assert_eq!(
        errors[0].to_string(),
        "document 1, line 7, column 34: HTTPRoute shop/cart: \
         spec.rules[0].matches[0].path.value: expected a string, found the number `7`"
    );
}

#[test]
fn what_is_missing_is_named() {
    let error = |value| decode(&value).unwrap_err().to_string();
    assert_eq!(
        error(json!({"kind": "HTTPRoute", "metadata": {"name": "a"}})),
        "HTTPRoute a: apiVersion: the field is required, and missing"
    );
    assert_eq!(
        error(
            json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "a"}, "spec": {"listeners": []}})
        ),
        "Gateway a: spec.gatewayClassName: the field is required, and missing"
    );
    assert_eq!(error(json!([])), "expected an object, found a list");
}

#[test]
fn wrong_types_are_told_in_the_words_of_the_api() {
    let message = |spec| {
        let value =
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": spec});
        let error = decode(&value).unwrap_err();
        format!("{}: {}", error.path(), error.message())
    };
    assert_eq!(
        message(json!(1)),
        "spec: expected an object, found the number `1`"
    );
    assert_eq!(
        message(json!({"ports": {}})),
        "spec.ports: expected a list, found an object"
    );
    assert_eq!(
        message(json!({"ports": [{"port": "http"}]})),
        "spec.ports[0].port: expected an integer, found the text `http`"
    );
    assert_eq!(
        message(json!({"ports": [{"port": 99_999_999_999_u64}]})),
        "spec.ports[0].port: expected an integer of 32 bits, found the number `99999999999`"
    );
    assert_eq!(
        message(json!({"ports": [{"port": 80, "targetPort": true}]})),
        "spec.ports[0].targetPort: expected an integer or a string, found the boolean `true`"
    );
}

/// What a type of another crate says of a text is not for those who write manifests; and what is to be base64 may be secret.
#[test]
fn a_text_that_its_type_refuses_is_told_with_what_would_be_right() {
    let message = |value: serde_json::Value| {
        let error = decode(&value).unwrap_err();
        let of_field = error.to_string();
        of_field.split_once(": ").unwrap().1.to_owned()
    };
    let not_base64 = "the text is not base64, padded with `=`, such as `aGVsbG8=` for `hello`";
    for text in ["hunter2!", "aGVsbG8", "aGVs bG8=", "aGVsbG8=="] {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"tls.crt": text}});
        assert_eq!(
            message(secret),
            format!("data[tls.crt]: {not_base64}; plain text belongs in `stringData`")
        );
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "binaryData": {"x": text}});
        assert_eq!(
            message(map),
            format!("binaryData.x: {not_base64}; plain text belongs in `data`")
        );
    }
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "creationTimestamp": "yesterday"}});
    assert_eq!(
        message(service),
        "metadata.creationTimestamp: expected a time such as `2024-05-09T12:00:00Z`, found the text `yesterday`"
    );
}

/// The words of a parser say what it was doing; people want to know what to write.
#[cfg(feature = "yaml")]
#[test]
fn what_is_not_yaml_is_told_with_what_would_be_right() {
    for (text, told) in [
        ("a: b: c\n", "put a text that has `: ` in it in quotes"),
        (
            "a: [*x]\n",
            "put a text that begins with `*` or `&` in quotes",
        ),
        (
            "a: *.example.com\n",
            "put a text that begins with `*` or `&` in quotes",
        ),
        ("a:\n  b: 1\n c: 2\n", "indent it like those beside it"),
    ] {
        let manifest = read_all(text);
        let message = only_error(&manifest).message();
        assert!(
            message.starts_with("not YAML: ") && message.contains(told),
            "{message}"
        );
    }
}

/// Go passes over line breaks in base64, and a block of YAML has them.
#[test]
fn base64_may_have_line_breaks() {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"k": "aGVs\r\nbG8=\n"}, "surplus": 1});
    let read: k8s_openapi::api::core::v1::Secret = decode_as(&secret).unwrap();
    assert_eq!(read.data.unwrap()["k"].0, b"hello");
    let report = crate::validation::validate_value(&secret, &Default::default());
    let fields: Vec<&str> = report
        .findings()
        .iter()
        .map(crate::validation::Finding::path)
        .collect();
    assert_eq!(fields, ["surplus"], "{:?}", report.findings());
}

#[test]
fn an_unknown_kind_is_kept_as_it_is() {
    let value = json!({"apiVersion": "example.com/v1", "kind": "Tea", "metadata": {"name": "x", "namespace": "y"}, "z": 1});
    let object = decode(&value).unwrap();
    assert!(matches!(object, Object::Other(_)));
    assert_eq!(object.gvk().to_string(), "example.com/v1 Tea");
    assert_eq!(object.namespaced_name().to_string(), "y/x");
    assert_eq!(serde_json::to_value(&object).unwrap(), value);
}

#[test]
fn a_null_in_metadata_is_the_empty_value_as_an_api_server_reads_it() {
    let meta = json!({
        "name": "a", "labels": {"l": null}, "annotations": {"a": null}, "finalizers": [null, "a.b/c"],
        "ownerReferences": [null, {"name": null, "uid": "u"}], "managedFields": [null],
        "creationTimestamp": null, "generation": null,
    });
    for (api_version, kind) in [
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
        ("v1", "Service"),
    ] {
        let value = json!({"apiVersion": api_version, "kind": kind, "metadata": meta, "spec": {}});
        let object = decode(&value).unwrap();
        let meta = object.metadata().unwrap();
        assert_eq!(meta.labels.as_ref().unwrap()["l"], "");
        assert_eq!(meta.annotations.as_ref().unwrap()["a"], "");
        assert_eq!(meta.finalizers.as_ref().unwrap(), &["", "a.b/c"]);
        let owners = meta.owner_references.as_ref().unwrap();
        assert_eq!((owners[0].uid.as_str(), owners[1].uid.as_str()), ("", "u"));
        assert_eq!(meta.managed_fields.as_ref().unwrap().len(), 1);
        assert_eq!(meta.generation, None);
    }
}

#[test]
fn a_null_elsewhere_is_the_empty_value_in_core_kinds_alone() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"},
        "spec": {"selector": {"app": null}, "ports": [null, {"port": null}]}});
    let service: k8s_openapi::api::core::v1::Service = decode_as(&service).unwrap();
    let spec = service.spec.unwrap();
    assert_eq!(spec.selector.unwrap()["app"], "");
    let ports: Vec<_> = spec.ports.unwrap().iter().map(|p| p.port).collect();
    assert_eq!(ports, [0, 0]);

    let route = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "a"}, "spec": {"hostnames": [null]}});
    assert_eq!(
        decode(&route).unwrap_err().to_string(),
        "HTTPRoute a: spec.hostnames[0]: expected a string, found null"
    );
    // The name of an annotation is no path to `metadata`.
    let route = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "a"}, "spec": {"metadata": {"name": null}, "hostnames": [null]}});
    assert!(decode(&route).is_err());
}

/// As a server stores it: nulls are dropped from the maps of a custom resource, and `80.0` is 80.
#[test]
fn what_a_server_takes_in_a_custom_resource_is_read_as_it_stores_it() {
    let gateway = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "a"},
    "spec": {"gatewayClassName": "c", "listeners": [{"name": "l", "port": 80, "protocol": "HTTPS",
        "tls": {"options": {"example.com/one": null, "example.com/two": "2"}},
        "allowedRoutes": {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"a": null, "b": "c"}}}},
    }]}});
    let report = crate::validation::validate_value(&gateway, &Default::default());
    assert!(report.is_accepted(), "{:?}", report.findings());
    let gateway: crate::v1::Gateway = decode_as(&gateway).unwrap();
    let listener = &gateway.spec.listeners[0];
    let options = listener.tls.as_ref().unwrap().options.clone();
    assert_eq!(
        serde_json::to_value(options).unwrap(),
        json!({"example.com/two": "2"})
    );
    let namespaces = listener.allowed_routes.as_ref().unwrap().namespaces.clone();
    let selector = namespaces.unwrap().selector.unwrap().match_labels.unwrap();
    assert_eq!(
        selector.into_iter().collect::<Vec<_>>(),
        [("b".to_owned(), "c".to_owned())]
    );
    let route = |weight: serde_json::Value| {
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "a"},
            "spec": {"rules": [{"backendRefs": [{"name": "b", "port": 80, "weight": weight}]}]}})
    };
    let report = crate::validation::validate_value(&route(json!(7.0)), &Default::default());
    assert!(report.is_accepted(), "{:?}", report.findings());
    let read: crate::v1::HttpRoute = decode_as(&route(json!(7.0))).unwrap();
    assert_eq!(read.spec.rules()[0].backend_refs[0].weight, Some(7));
    for wrong in [json!(7.5), json!(1e300), json!("7")] {
        assert!(decode(&route(wrong.clone())).is_err(), "{wrong}");
    }
}

#[test]
fn the_fields_that_a_type_does_not_have_are_named() {
    let value = json!({
        "apiVersion": "v1", "kind": "Service", "color": 1,
        "metadata": {"name": "a", "annotations": {"x": "y"}, "size": {"deep": 2}},
        "spec": {"ports": [{"port": 80}, {"port": 81, "a.b": null}], "selector": {"app": "a"}},
    });
    assert_eq!(
        unread_fields(&value),
        ["color", "metadata.size", "spec.ports[1][a.b]"]
    );
    let kept =
        json!({"apiVersion": "example.com/v1", "kind": "Tea", "metadata": {"name": "x"}, "z": 1});
    assert!(unread_fields(&kept).is_empty());
    let many: serde_json::Map<_, _> = (0..2_000).map(|n| (format!("f{n}"), json!(n))).collect();
    let value =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": many});
    assert_eq!(unread_fields(&value).len(), 1_000);
}

#[test]
fn decode_as_takes_an_item_without_a_type_and_refuses_another_type() {
    let route: crate::v1::HttpRoute =
        decode_as(&json!({"metadata": {"name": "a"}, "spec": {}})).unwrap();
    assert_eq!(route.metadata.name.as_deref(), Some("a"));
    let error = decode_as::<crate::v1::HttpRoute>(
        &json!({"kind": "GRPCRoute", "metadata": {"name": "a"}, "spec": {}}),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "GRPCRoute a: kind: expected `HTTPRoute`, found the text `GRPCRoute`"
    );
}

#[test]
fn strict_reading_names_unknown_fields_and_keys_given_twice() {
    let manifest = read_all(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec:\n  hostname: [x]\n  rules:\n  - matchs: []\n    timeouts: {request: 1s}\n    backendRefs: []\n    backendRefs: []\n",
    );
    let strict = |channel| -> Vec<_> {
        manifest.entries[0]
            .strict(channel)
            .iter()
            .map(|e| format!("{}:{} {}: {}", e.line(), e.column(), e.path(), e.message()))
            .collect()
    };
    let everywhere = [
        "5:3 spec.hostname: unknown field `hostname`, did you mean `hostnames`",
        "7:5 spec.rules[0].matchs: unknown field `matchs`, did you mean `matches`",
        "10:5 spec.rules[0].backendRefs: the key is given twice, first at 9:5; the last value counts",
    ];
    assert_eq!(strict(crate::meta::Channel::Experimental), everywhere);
    let standard = strict(crate::meta::Channel::Standard);
    assert_eq!(standard.len(), 4);
    assert_eq!(
        standard[2],
        "8:5 spec.rules[0].timeouts: unknown field `timeouts`, which the experimental channel has"
    );
    // Tolerant reading passes over them.
    assert!(manifest.entries[0].decode().is_ok());
}

mod hostile {
    use super::*;
    use std::{fmt::Write as _, time::Instant};

    #[test]
    fn aliases_that_multiply_are_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..40 {
            let before = level - 1;
            let aliases = vec![format!("*a{before}"); 9].join(", ");
            writeln!(text, "a{level}: &a{level} [{aliases}]").unwrap();
        }
        text.push_str("---\nkind: B\n");
        let manifest = read_all(&text);
        assert!(only_error(&manifest).message().contains("aliases expand"));
        assert_eq!(manifest.entries.len(), 1);

        let long = "x".repeat(1 << 20);
        let many = format!("a: &a {long}\nb: [{}]", vec!["*a"; 1000].join(", "));
        assert!(
            only_error(&read_all(many))
                .message()
                .contains("aliases expand")
        );
    }

    #[test]
    fn an_alias_inside_its_own_anchor_is_refused() {
        let manifest = read_all("a: &a [*a]\n");
        assert!(only_error(&manifest).message().contains("own anchor"));
    }

    #[test]
    fn aliases_do_not_nest_deeper_than_the_limit() {
        let nest = |inner: &str| format!("{}{inner}{}", "[".repeat(100), "]".repeat(100));
        let text = format!("a: &a {}\nb: {}\n", nest("x"), nest("*a"));
        assert!(
            only_error(&read_all(text))
                .message()
                .contains("nest deeper")
        );
    }

    #[test]
    fn deep_nesting_is_refused_in_every_notation() {
        for text in [
            "[".repeat(1_000_000),
            "{\"a\":".repeat(1_000_000),
            format!("a: {}", "[".repeat(100_000)),
            format!("a: {}", "{a: ".repeat(100_000)),
            "- ".repeat(100_000),
        ] {
            let before = Instant::now();
            let manifest = read_all(&text);
            assert!(manifest.entries.is_empty());
            assert!(!manifest.errors.is_empty());
            assert!(before.elapsed().as_secs() < 10, "{}", &text[..9]);
        }
    }

    #[test]
    fn bounds_on_bytes_values_and_errors_hold() {
        let limits = Limits {
            max_bytes: 10,
            ..Default::default()
        };
        let options = ReadOptions::default().with_limits(limits);
        let manifest = read(b"kind: ABCDEF", &options);
        assert_eq!(
            only_error(&manifest).to_string(),
            "the stream has more bytes than the limit of 10 (`max_bytes`)"
        );
        assert_eq!(only_error(&manifest).limit_name(), Some("max_bytes"));
        assert!(manifest.entries.is_empty());

        let limits = Limits {
            max_values: 10,
            ..Default::default()
        };
        let options = ReadOptions::default().with_limits(limits);
        for text in ["{\"a\": [1,2,3,4,5,6,7,8,9]}", "a: [1,2,3,4,5,6,7,8,9]"] {
            let manifest = read(text.as_bytes(), &options);
            assert!(only_error(&manifest).message().contains("more values"));
        }

        let limits = Limits {
            max_errors: 3,
            ..Default::default()
        };
        let options = ReadOptions::default().with_limits(limits);
        let manifest = read("--- [\n".repeat(100).as_bytes(), &options);
        assert_eq!(manifest.errors.len(), 4);
        assert!(manifest.errors[3].message().contains("too many errors"));
    }

    #[test]
    fn what_is_not_text_is_refused_where_it_stands() {
        let manifest = read_all(b"kind: A\n---\nkind: \xFF\n---\nkind: C\n");
        assert_eq!(manifest.entries.len(), 2);
        let error = only_error(&manifest);
        assert_eq!((error.line(), error.column()), (3, 7));
        assert!(error.message().contains("UTF-8"));

        let manifest = read_all(b"kind: A\0\n---\nkind: C\n");
        assert_eq!(
            (manifest.entries.len(), only_error(&manifest).column()),
            (1, 8)
        );

        let manifest = read_all(b"{\"kind\": \"\xC3\x28\"}\n{\"kind\": \"B\"}");
        assert_eq!(
            (manifest.entries.len(), only_error(&manifest).line()),
            (1, 1)
        );

        let manifest = read_all(b"\xFF\xFEk\0i\0");
        assert!(only_error(&manifest).message().contains("UTF-16"));
        assert!(read_all(b"").errors.is_empty());
        assert!(read_all(b"\n# nothing\n---\n").entries.is_empty());
    }

    #[test]
    fn keys_given_a_million_times_cost_no_more_than_their_reading() {
        let deep = "k".repeat(4000);
        let text = format!(
            "{{\"{deep}\": {{{}\"a\": 1}}}}",
            "\"a\": 1, ".repeat(100_000)
        );
        let before = Instant::now();
        let manifest = read_all(&text);
        assert_eq!(manifest.entries[0].duplicates.len(), 1000);
        assert!(before.elapsed().as_secs() < 10);
    }

    #[test]
    fn a_long_type_is_not_multiplied_by_the_items_of_its_list() {
        let kind = format!("{}List", "k".repeat(100_000));
        let items = vec!["{}"; 1000].join(",");
        let manifest = read_all(format!("{{\"kind\":\"{kind}\",\"items\":[{items}]}}"));
        assert_eq!(manifest.entries.len(), 1000);
        assert_eq!(manifest.entries[0].kind(), "");
    }
}

#[test]
fn a_list_can_be_kept_whole() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- {kind: A}\n- {kind: B}\n";
    let whole = read(text.as_bytes(), &ReadOptions::default().with_whole_lists());
    assert_eq!(whole.entries.len(), 1);
    assert_eq!(whole.entries[0].value["items"][1]["kind"], "B");
    assert_eq!(whole.entries[0].position("items[1].kind").line, 5);
    assert_eq!(read_all(text).entries.len(), 2);
}

#[cfg(feature = "yaml")]
#[test]
fn documents_are_cut_without_a_byte_lost() {
    let text = "%YAML 1.1\n# first\n---\na: |\n  ---\n  x\n--- {b: 1}\n...\n# last\nc: [\n---\n";
    let cut: Vec<_> = documents(text.as_bytes()).collect();
    let lines: Vec<_> = cut.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 7, 9, 11]);
    let together: Vec<u8> = cut
        .iter()
        .flat_map(|(_, bytes)| bytes.iter().copied())
        .collect();
    assert_eq!(together, text.as_bytes());
}

/// For YAML a carriage return by itself ends a line; for whoever is shown a line it does not.
#[test]
fn lines_are_counted_by_line_feeds_alone() {
    let text = "a: 1\r# b\r\nkind: A\rmetadata:\r  name: ä # c\rx: [1, 2]\r\nw: z\n---\nkind: B\n";
    let manifest = read_all(text);
    assert_eq!(manifest.errors, []);
    let [one, two] = &manifest.entries[..] else {
        panic!("{manifest:?}");
    };
    let at = |path: &str| one.positions.key(path).map(|p| (p.line, p.column));
    assert_eq!(at("a"), Some((1, 1)));
    assert_eq!(at("kind"), Some((2, 1)));
    assert_eq!(at("metadata.name"), Some((2, 21)));
    assert_eq!(at("x"), Some((2, 33)));
    assert_eq!(at("w"), Some((3, 1)));
    assert_eq!(two.place.position.line, 5);
    let broken = read_all("a: 1\r\r\r\r\rb: [\r\r\n---\nkind: B\n");
    assert_eq!(only_error(&broken).line(), 1);
    // One after the other, from the beginning.
    let many = "k: [1]\r".repeat(20_000).replace('k', "a");
    let read = read_all("- ".to_owned() + &many.replace("a:", "- b:"));
    assert!(read.errors.iter().all(|error| error.line() == 1));
}
