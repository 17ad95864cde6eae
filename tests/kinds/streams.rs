//! A stream of objects of which one is broken.

use gwapi::manifest::{self, ReadOptions};
use std::fmt::Write as _;

/// Fifty routes, the one at index 16 with a port that is a text.
pub(crate) fn fifty_with_one_broken() -> String {
    let mut text = String::new();
    for number in 0..50 {
        let port = if number == 16 { "http" } else { "8080" };
        write!(
            text,
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: route-{number}\n  \
             namespace: shop\nspec:\n  rules:\n  - backendRefs:\n    - name: cart\n      port: {port}\n"
        )
        .unwrap();
    }
    text
}

#[test]
fn one_broken_object_of_fifty_yields_the_others_and_one_precise_error() {
    let (objects, errors) =
        manifest::read(fifty_with_one_broken().as_bytes(), &ReadOptions::default()).decode();
    assert_eq!(objects.len(), 49);
    assert_eq!(objects[16].object.name(), "route-17");
    assert_eq!(errors.len(), 1);
    assert_eq!(
        errors[0].to_string(),
        "document 17, line 187, column 13: HTTPRoute shop/route-16: \
         spec.rules[0].backendRefs[0].port: expected an integer, found the text `http`"
    );
}

#[test]
fn one_broken_item_of_a_typed_list_yields_the_others_and_one_precise_error() {
    let items: Vec<_> = manifest::read(fifty_with_one_broken().as_bytes(), &ReadOptions::default())
        .entries
        .into_iter()
        .map(|mut entry| {
            let item = entry.value.as_object_mut().unwrap();
            item.remove("kind");
            item.remove("apiVersion");
            entry.value
        })
        .collect();
    let list = serde_json::json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRouteList",
        "metadata": {"resourceVersion": "7"}, "items": items,
    });
    let text = serde_json::to_string_pretty(&list).unwrap();
    let (objects, errors) = manifest::read(text.as_bytes(), &ReadOptions::default()).decode();
    assert_eq!((objects.len(), errors.len()), (49, 1));
    let error = &errors[0];
    assert_eq!(error.place().unwrap().item, Some(16));
    assert_eq!(error.name(), "route-16");
    assert_eq!(error.path(), "spec.rules[0].backendRefs[0].port");
    let line = text.lines().nth(error.line() - 1).unwrap();
    assert_eq!(line.trim(), r#""port": "http""#);
    assert_eq!(error.column(), 1 + line.find(r#""http""#).unwrap());
}

#[test]
fn one_broken_document_of_fifty_yields_the_others_and_one_precise_error() {
    let text = fifty_with_one_broken().replace("port: http", "port: [http");
    let (objects, errors) = manifest::read(text.as_bytes(), &ReadOptions::default()).decode();
    assert_eq!((objects.len(), errors.len()), (49, 1));
    assert_eq!(errors[0].place().unwrap().document, 16);
    assert!((187..=188).contains(&errors[0].line()), "{}", errors[0]);
}

#[test]
fn memory_follows_one_object_and_not_the_stream() {
    let peak = |text: &str| {
        let counted = allocation_counter::measure(|| {
            let stream = manifest::stream(text.as_bytes(), &ReadOptions::default());
            assert!(stream.flatten().count() > 5_000);
        });
        counted.bytes_max
    };
    let item = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#;
    let lines = |times: usize| format!("{item}\n").repeat(times * 10_000);
    let documents = |times: usize| "---\nkind: A\nmetadata: {name: a}\n".repeat(times * 10_000);
    for text in [&lines as &dyn Fn(usize) -> String, &documents] {
        let (one, four) = (peak(&text(1)), peak(&text(4)));
        assert!(four <= one + one / 10 && one < 500_000, "{one}, {four}");
    }
    // Of a list, only its text is kept, and where the items of a YAML list stand.
    let list = |times: usize| {
        format!(
            r#"{{"items":[{}],"kind":"List"}}"#,
            vec![item; times * 10_000].join(",")
        )
    };
    let yaml = |times: usize| {
        format!(
            "items:\n{}kind: List\n",
            "- kind: A\n  x: [1, 2, 3]\n".repeat(times * 10_000)
        )
    };
    for text in [list(4), yaml(4)] {
        let (peak, length) = (peak(&text), text.len() as u64);
        assert!(peak < 8 * length, "{peak} for {length}");
    }
}
