//! Texts that cost in being read.

use super::{lines, route, service};
use serde_json::json;
use std::fmt::Write as _;

/// Documents of YAML in great number.
pub(crate) fn many_documents(times: usize) -> String {
    (0..times * 2_500).fold(String::new(), |mut text, n| {
        write!(
            text,
            "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: s{n}\nspec:\n  ports:\n  - port: 80\n"
        )
        .unwrap();
        text
    })
}

/// Lists in lists, deeper than may be.
pub(crate) fn deep_nesting(times: usize) -> String {
    "[".repeat(times * 250_000) + "\n---\n" + &lines([service("s")])
}

/// An alias bomb after another.
pub(crate) fn aliases(times: usize) -> String {
    let bomb = |n: usize| {
        let mut text = format!("---\nkind: A{n}\na0: &a0 [x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let before = vec![format!("*a{}", level - 1); 8].join(", ");
            writeln!(text, "a{level}: &a{level} [{before}]").unwrap();
        }
        text
    };
    (0..times).map(bomb).collect::<String>() + "---\n" + &lines([service("s")])
}

/// Keys that are long, in great number.
pub(crate) fn long_keys(times: usize) -> String {
    let mut object = route("r", json!({}));
    let key = "k".repeat(5_000);
    for n in 0..times * 100 {
        object["spec"][format!("{key}{n}")] = json!(n);
    }
    lines([object])
}

/// One scalar that is long.
pub(crate) fn long_text(times: usize) -> String {
    let text = "x".repeat(times * 1_000_000);
    lines([json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "annotations": {"a": text}}, "data": {"b": text},
    })])
}

/// A document of small maps.
pub(crate) fn small_maps(times: usize) -> String {
    let item = "{\"a\":1},";
    format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":[{}1]}}\n",
        item.repeat(times * 40_000)
    )
}

/// An object a line, none of which says what it is.
pub(crate) fn one_line_objects(times: usize) -> String {
    "{\"kind\":\"A\"}\n".repeat(times * 400_000)
}

/// An item of a list.
const POD: &str =
    r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"app":"a"}}}"#;

/// A list with so many items.
pub(crate) fn list(count: usize, as_json: bool) -> String {
    if as_json {
        let items = vec![POD; count].join(",\n");
        return format!("{{\"apiVersion\":\"v1\",\"items\":[{items}],\"kind\":\"List\"}}\n");
    }
    let item = "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    labels: {app: a}\n";
    format!("apiVersion: v1\nitems:\n{}kind: List\n", item.repeat(count))
}

/// A list with so many items in one line: YAML, or JSON that a comment makes YAML.
pub(crate) fn list_in_one_line(count: usize, as_json: bool) -> String {
    if as_json {
        let items = vec![POD; count].join(",");
        return format!(
            "# a dump\n{{\"apiVersion\":\"v1\",\"items\":[{items}],\"kind\":\"List\"}}\n"
        );
    }
    let item = "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: a}}}";
    let items = vec![item; count].join(", ");
    format!("apiVersion: v1\nitems: [{items}]\nkind: List\n")
}

/// Routes with placeholders of their own that have no value, and with something to say of each.
pub(crate) fn placeholders(times: usize) -> String {
    (0..times * 500).fold(String::new(), |mut text, n| {
        write!(
            text,
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: r-${{N{n}}}\nspec:\n  spek: x\n  \
             hostnames:\n  - ${{H{n}}}.example.com\n"
        )
        .unwrap();
        text
    })
}

/// Comments for one object, of which each allows a rule.
pub(crate) fn allowing_comments(times: usize) -> String {
    let comment = "# gwapi: allow schema/unknown-field, because it is old\n";
    comment.repeat(times * 10_000) + &lines([route("r", json!({"spek": 1}))])
}

/// Comments that each allow a rule at a line of its own, where nothing breaks it.
pub(crate) fn unused_comments(times: usize) -> String {
    let begin = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n".to_owned();
    (0..times * 5_000).fold(begin, |mut text, n| {
        writeln!(text, "  k{n}: v # gwapi: allow schema/pattern").unwrap();
        text
    })
}
