//! Documents of a folder that are no objects, whatever words and signs are in them.

use crate::support::Folder;

const PLAYBOOK: &str = "- hosts: all\n  tasks:\n  - k8s:\n      definition:\n        apiVersion: v1\n        kind: Namespace\n        metadata: {name: \"{{ ns }}\"}\n";
const PATCH: &str = "- op: add\n  path: /spec/rules/0\n  value: {kind: Service, name: x}\n- op: replace\n  path: /apiVersion\n  value: v1\n";
const LIST: &str =
    "[{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"x\"}}]";
const ROUTE: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop, annotations: {note: NOTE}}\nspec: {parentRefs: [{name: g}], rules: [{filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x, value: HEADER}]}}], backendRefs: [{name: NAME, port: 80}]}]}\n";

fn validated(folder: &Folder, what: &str) -> (Option<i32>, String) {
    let (output, text) = folder.run(&["validate", what]);
    (output.status.code(), text)
}

#[test]
fn lists_and_texts_with_the_words_of_a_type_are_passed_over_in_a_folder() {
    let folder = Folder::new(
        "lists",
        &[
            ("playbook.yml", PLAYBOOK),
            ("patch.yaml", PATCH),
            ("list.json", LIST),
            ("text.yaml", "apiVersion and kind\n"),
            (
                "anchors.yaml",
                "x: *undefined\napiVersion-kind: apiVersion kind\n",
            ),
            (
                "jsonc.json",
                "{\n // kind and apiVersion\n \"x\": \"kind: a apiVersion: b\",\n}\n",
            ),
        ],
    );
    let (code, text) = validated(&folder, ".");
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.starts_with(
            "0 objects: nothing to complain of\npassed over, no Kubernetes objects: 6 documents\n"
        ),
        "{text}"
    );
    // Named itself, each is an error, and none a template.
    for file in ["playbook.yml", "patch.yaml", "list.json"] {
        let (code, text) = validated(&folder, file);
        assert_eq!(code, Some(1), "{text}");
        assert!(
            text.contains("found a list [manifest/unreadable]"),
            "{text}"
        );
        assert!(!text.contains("Helm"), "{text}");
    }
    // What was to be an object is an error in a folder, too.
    let folder = Folder::new(
        "broken",
        &[
            (
                "a.yaml",
                "apiVersion: v1\nkind: Service\nmetadata: {name: a\n",
            ),
            (
                "b.json",
                "{\"apiVersion\": \"v1\",\n \"kind\": \"Service\",\n \"x\": [}\n",
            ),
        ],
    );
    let (code, text) = validated(&folder, ".");
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(text.matches("[manifest/unreadable]").count(), 2, "{text}");
}

#[test]
fn an_expression_where_any_text_may_stand_makes_no_template() {
    let route = |note: &str, header: &str, name: &str| {
        let places = [("NOTE", note), ("HEADER", header), ("NAME", name)];
        places
            .iter()
            .fold(ROUTE.to_owned(), |route, (place, text)| {
                route.replace(place, &format!("\"{text}\""))
            })
    };
    let plain = "{{ .app.metadata.name }}";
    for (text, is_template) in [
        (route(plain, "x", "s"), false),
        (route("x", plain, "s"), false),
        (route("x", "x", plain), true),
        (
            route(plain, plain, "s").replace("port: 80", "port: \"{{ port }}\""),
            true,
        ),
        // What is wrong besides is told.
        (route(plain, "x", "s").replace("port: 80", "port: 0"), false),
    ] {
        let folder = Folder::new("expressions", &[("r.yaml", &text)]);
        let (_, found) = validated(&folder, ".");
        assert_eq!(
            found.contains("[input/helm-template]"),
            is_template,
            "{text}{found}"
        );
        assert_eq!(
            found.contains("[schema/minimum]"),
            text.contains("port: 0"),
            "{found}"
        );
        assert!(
            found.contains(if is_template { "0 objects" } else { "1 object" }),
            "{found}"
        );
    }
}
