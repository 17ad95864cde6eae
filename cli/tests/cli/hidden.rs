//! Whatever stands in the input, on the command line or in the name of a file: no character of it that a terminal obeys, or
//! that changes how others are read, is printed as it is, and none of it begins a line of its own.

use crate::support::gwapi;
use gwapi::{
    meta::Channel,
    schema::{self, KINDS, Schema, ValueType},
};
use serde_json::{Map, Value, json};
use std::{fs, path::PathBuf};

/// What somebody would write who wants to be taken for the command. NUL, ESC, BEL, CR, LF, C1, directional and zero-width
/// marks, line and paragraph separators, a byte order mark, and a tag.
const HOSTILE: &str = "h\u{0}\u{1b}[2K\u{7}\r\nforged: no errors\u{85}\u{9b}31m\u{202e}\u{2066}\u{200b}\u{200e}\u{2028}\u{2029}forged\u{feff}\u{e0041}";

/// The same as far as an argument or a file name may be so.
fn hostile_argument() -> String {
    HOSTILE.replace('\0', "")
}

/// Whether a character may be printed. This list is made apart from the command's own.
fn may_be_printed(character: char) -> bool {
    let number = u32::from(character);
    let control = number < 0x20 || (0x7F..0xA0).contains(&number);
    let marks = [
        0xAD..=0xAD,
        0x61C..=0x61C,
        0x180E..=0x180E,
        0x200B..=0x200F,
        0x2028..=0x202E,
        0x2060..=0x206F,
        0xFEFF..=0xFEFF,
        0xFFF9..=0xFFFB,
        0xE0000..=0xE007F,
    ];
    character == '\n' || !control && !marks.iter().any(|marks| marks.contains(&number))
}

fn assert_visible(what: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|_| panic!("{what}: not UTF-8"));
    if let Some((at, character)) = text.char_indices().find(|(_, c)| !may_be_printed(*c)) {
        let from = text[..at]
            .char_indices()
            .rev()
            .nth(200)
            .map_or(0, |(at, _)| at);
        panic!(
            "{what}: {character:?} is printed after {:?}",
            &text[from..at]
        );
    }
    let forged = text
        .lines()
        .find(|line| line.trim_start().starts_with("forged"));
    assert_eq!(forged, None, "{what}");
}

/// Runs the command, and looks at all that it prints. Returns stdout.
fn run(arguments: &[&str], input: &str) -> Vec<u8> {
    let output = gwapi(arguments, input);
    let what = format!("{arguments:?}");
    assert!(
        matches!(output.status.code(), Some(0..=2)),
        "{what}: {output:?}"
    );
    assert_visible(&what, &output.stderr);
    // What `convert` passes on as it is goes to a program here; what it writes to a terminal is tested beside it.
    let passed_on = arguments[0] == "convert" && !arguments.contains(&"json");
    if !passed_on {
        assert_visible(&what, &output.stdout);
    }
    output.stdout
}

/// Every verb that reads manifests, in every form of its answer; the plainest form first.
const READING: &[&[&[&str]]] = &[
    &[
        &["validate", "--with-status"],
        &["validate", "--channel", "experimental", "-o", "json"],
        &["validate", "-v"],
        &["validate", "-o", "github"],
        &["validate", "-o", "sarif"],
        &["validate", "-o", "junit"],
    ],
    &[
        &["defaults"],
        &["defaults", "--diff"],
        &["defaults", "-o", "json"],
    ],
    &[
        &["status"],
        &["status", "-o", "json"],
        &["status", "-o", "yaml"],
    ],
    &[
        &["request", "http://a.example.com/"],
        &[
            "request",
            "-o",
            "json",
            "--count",
            "3",
            "http://a.example.com/",
        ],
    ],
    &[&["upgrade-check"], &["upgrade-check", "-o", "json"]],
    &[&["convert"], &["convert", "-o", "json"]],
];

/// Feeds manifests to every verb, in every form.
fn feed(input: &str) {
    feed_forms(input, input);
}

/// Feeds manifests to every verb in its plainest form, and fewer of them in the other forms.
fn feed_forms(input: &str, fewer: &str) {
    for forms in READING {
        for (index, arguments) in forms.iter().enumerate() {
            let arguments = [*arguments, &["-f", "-"]].concat();
            let stdout = run(&arguments, if index == 0 { input } else { fewer });
            if arguments.contains(&"json") {
                let values = serde_json::Deserializer::from_slice(&stdout).into_iter::<Value>();
                for value in values {
                    value.unwrap();
                }
            }
        }
    }
}

/// An object with every field of a schema.
fn full(schema: &Schema) -> Value {
    if let Some(value) = schema.enumeration.first() {
        return value.clone();
    }
    match schema.value_type {
        Some(ValueType::Object) => {
            let mut object = Map::new();
            for (name, field) in &schema.properties {
                object.insert(name.clone(), full(field));
            }
            if let Some(values) = &schema.additional_properties {
                object.insert("key".to_owned(), full(values));
            }
            Value::Object(object)
        }
        Some(ValueType::Array) => match &schema.items {
            Some(items) => json!([full(items)]),
            None => json!([]),
        },
        Some(ValueType::Integer) => json!(schema.minimum.unwrap_or(1).max(1)),
        Some(ValueType::Boolean) => json!(true),
        _ if is_free(schema) => json!("text"),
        _ => {
            let texts = [
                "text",
                "a.example.com",
                "/a",
                "1s",
                "a.example.com/b",
                "2024-05-09T12:00:00Z",
                "Mixed",
                "GET",
                "v1.1.0",
                "1",
            ];
            let fits = |text: &&&str| {
                let long = schema
                    .min_length
                    .is_none_or(|least| text.len() as u64 >= least);
                long && schema
                    .pattern
                    .as_ref()
                    .is_none_or(|pattern| pattern.is_match(text))
            };
            json!(texts.iter().find(fits).unwrap_or(&"text"))
        }
    }
}

/// Whether any text is right.
fn is_free(schema: &Schema) -> bool {
    schema.pattern.is_none() && schema.format.is_none() && schema.enumeration.is_empty()
}

/// The places of all texts in a value, and of all objects.
fn places(value: &Value, at: &str, texts: &mut Vec<String>, objects: &mut Vec<String>) {
    match value {
        Value::String(_) => texts.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), texts, objects);
            }
        }
        Value::Object(members) => {
            objects.push(at.to_owned());
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                places(member, &format!("{at}/{key}"), texts, objects);
            }
        }
        _ => {}
    }
}

/// A value with hostile texts at some places, and hostile keys in some objects.
fn poisoned(value: &Value, texts: &[&String], objects: &[&String]) -> Value {
    let mut value = value.clone();
    for place in texts {
        *value.pointer_mut(place).unwrap() = json!(HOSTILE);
    }
    for place in objects {
        if let Some(Value::Object(members)) = value.pointer_mut(place) {
            members.insert(HOSTILE.to_owned(), json!("x"));
        }
    }
    value
}

/// Into how many objects the texts of a kind are parted.
const PARTS: usize = 12;

/// Every kind in every version, with every field that any release has; in each object some of the texts and keys are
/// hostile, in one all of them.
fn objects() -> Vec<Value> {
    let mut all = Vec::new();
    for kind in KINDS {
        let installation = kind.installations().last().unwrap();
        let mut object = full(installation.schema());
        object["apiVersion"] = json!(kind.api_version);
        object["kind"] = json!(kind.kind);
        object["metadata"] = full(schema::object_meta());
        object["metadata"]["name"] = json!("a");
        let (mut texts, mut places_of_objects) = (Vec::new(), Vec::new());
        places(&object, "", &mut texts, &mut places_of_objects);
        assert!(texts.len() > 10, "{}", kind.kind);
        for part in 0..PARTS {
            let some = |places: &'_ [String]| -> Vec<usize> {
                (part..places.len()).step_by(PARTS).collect()
            };
            let texts: Vec<_> = some(&texts).into_iter().map(|at| &texts[at]).collect();
            let objects: Vec<_> = some(&places_of_objects)
                .into_iter()
                .map(|at| &places_of_objects[at])
                .collect();
            all.push(poisoned(&object, &texts, &[]));
            all.push(poisoned(&object, &[], &objects));
        }
        let own = |place: &&String| !matches!(place.as_str(), "/apiVersion" | "/kind");
        let texts: Vec<_> = texts.iter().filter(own).collect();
        all.push(poisoned(
            &object,
            &texts,
            &places_of_objects.iter().collect::<Vec<_>>(),
        ));
    }
    all
}

fn lines(objects: &[Value]) -> String {
    objects.iter().map(|object| format!("{object}\n")).collect()
}

#[test]
fn no_text_of_any_field_reaches_the_terminal_as_it_is() {
    let objects = objects();
    // What differs from form to form is how text is written, not which text: the object with all of them, and two others.
    let of_kind = 2 * PARTS + 1;
    let fewer: Vec<_> = objects
        .chunks(of_kind)
        .flat_map(|of_kind| of_kind.iter().rev().step_by(PARTS))
        .cloned()
        .collect();
    assert_eq!(fewer.len(), 3 * KINDS.len());
    feed_forms(&lines(&objects), &lines(&fewer));
}

/// A set in which everything works.
fn working() -> Vec<Value> {
    let own = |kind: &str, version: &str, name: &str, spec: Value| {
        json!({
            "apiVersion": format!("gateway.networking.k8s.io/{version}"), "kind": kind, "spec": spec,
            "metadata": {"name": name, "namespace": "shop", "labels": {"a": "b"}, "annotations": {"a": "b"}},
        })
    };
    let core = |kind: &str, name: &str, more: Value| {
        let mut object = json!({
            "apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"},
        });
        for (key, value) in more.as_object().unwrap() {
            object[key] = value.clone();
        }
        object
    };
    vec![
        own(
            "GatewayClass",
            "v1",
            "class",
            json!({"controllerName": "example.com/c", "description": "d"}),
        ),
        own(
            "Gateway",
            "v1",
            "front",
            json!({"gatewayClassName": "class", "listeners": [
                {"name": "http", "port": 80, "protocol": "HTTP", "hostname": "*.example.com",
                 "allowedRoutes": {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"a": "b"}}}}},
                {"name": "https", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "crt"}]}},
            ]}),
        ),
        own(
            "HTTPRoute",
            "v1",
            "cart",
            json!({
                "parentRefs": [{"name": "front", "sectionName": "http"}, {"name": "gone"}],
                "hostnames": ["a.example.com"],
                "rules": [
                    {"matches": [{"path": {"type": "PathPrefix", "value": "/"}, "headers": [{"name": "x", "value": "y"}],
                                  "queryParams": [{"name": "x", "value": "y"}]}],
                     "filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.example.com"}}]},
                    {"filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "b"}]}},
                                 {"type": "URLRewrite", "urlRewrite": {"hostname": "c.example.com",
                                  "path": {"type": "ReplaceFullPath", "replaceFullPath": "/b"}}}],
                     "backendRefs": [{"name": "cart", "port": 80, "weight": 1}, {"name": "gone", "port": 80, "namespace": "other"}]},
                ],
            }),
        ),
        own(
            "BackendTLSPolicy",
            "v1alpha3",
            "tls",
            json!({
                "targetRefs": [{"group": "", "kind": "Service", "name": "cart"}],
                "validation": {"hostname": "cart.example.com", "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]},
            }),
        ),
        own(
            "ReferenceGrant",
            "v1beta1",
            "grant",
            json!({
                "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "else"}],
                "to": [{"group": "", "kind": "Service", "name": "cart"}],
            }),
        ),
        core(
            "Service",
            "cart",
            json!({"spec": {"ports": [{"name": "http", "port": 80, "appProtocol": "a"}]}}),
        ),
        core(
            "Secret",
            "crt",
            json!({"type": "kubernetes.io/tls", "stringData": {"tls.crt": "x", "tls.key": "y"}}),
        ),
        core("ConfigMap", "ca", json!({"data": {"ca.crt": "x"}})),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"a": "b"}}}),
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "httproutes.gateway.networking.k8s.io",
                         "annotations": {"gateway.networking.k8s.io/bundle-version": "v1.0.0",
                                         "gateway.networking.k8s.io/channel": "standard"}},
            "spec": {"group": "gateway.networking.k8s.io", "names": {"kind": "HTTPRoute", "plural": "httproutes"},
                     "versions": [{"name": "v1", "storage": true, "served": true}]},
            "status": {"storedVersions": ["v1alpha2", "v1"]},
        }),
    ]
}

/// What is right in all other respects is shown in other places than what is refused.
#[test]
fn no_text_of_a_set_that_works_reaches_the_terminal_as_it_is() {
    let set = Value::Array(working());
    let (mut texts, mut objects) = (Vec::new(), Vec::new());
    places(&set, "", &mut texts, &mut objects);
    assert!(texts.len() > 100);
    let poisoned = |texts: &[&String], objects: &[&String]| match poisoned(&set, texts, objects) {
        Value::Array(objects) => lines(&objects),
        _ => String::new(),
    };
    for text in &texts {
        let input = poisoned(&[text], &[]);
        run(&["status", "-f", "-"], &input);
        run(&["request", "-f", "-", "http://a.example.com/"], &input);
    }
    // Keys of maps, and whole sets, through all verbs.
    let maps = objects.iter().filter(|place| {
        ["labels", "annotations", "matchLabels", "data", "stringData"]
            .iter()
            .any(|map| place.ends_with(map))
    });
    feed(&poisoned(&[], &maps.collect::<Vec<_>>()));
    feed(&poisoned(
        &texts
            .iter()
            .filter(|place| place.contains("/spec/"))
            .collect::<Vec<_>>(),
        &[],
    ));
}

#[test]
fn no_comment_and_no_broken_document_reaches_the_terminal_as_it_is() {
    let bare = hostile_argument().replace(['\r', '\n', '\u{85}', '\u{2028}', '\u{2029}'], "");
    let documents = [
        format!("# {bare}\nkind: A # {bare}\nkind: B # {bare}\n"),
        format!("kind: \"{bare}\n"),
        format!("{bare}: [{{\n"),
        format!("{bare}: 1\n{bare}: 2\n"),
        format!("a: *{bare}\n"),
        format!("a: !{bare} [\n"),
        format!("a: &a{bare} [*a{bare}]\n"),
        format!("%{bare} 1\n---\na: b\n"),
        format!("- {bare}\n"),
        format!("{{\"a\": {bare}}}\n"),
        format!("{{\"{bare}\": 1, \"{bare}\": 2}}\n"),
        HOSTILE.to_owned(),
    ];
    feed(&documents.join("---\n"));
    for document in &documents {
        run(&["validate", "-f", "-"], document);
        run(&["status", "-f", "-"], document);
    }
}

/// Every option of every verb, as its help names them.
#[test]
fn no_argument_reaches_the_terminal_as_it_is() {
    let hostile = hostile_argument();
    let set = lines(&working());
    run(&[&hostile], "");
    let mut options = 0;
    for verb in [
        "completions",
        "conformance",
        "convert",
        "crds",
        "defaults",
        "man",
        "request",
        "rules",
        "serve",
        "status",
        "upgrade-check",
        "validate",
    ] {
        let help = String::from_utf8(run(&[verb, "--help"], "")).unwrap();
        let rest: &[&str] = match verb {
            "completions" | "conformance" | "crds" | "man" | "rules" => &[],
            "serve" => &["--stdio"],
            "request" => &["-f", "-", "http://a.example.com/"],
            _ => &["-f", "-"],
        };
        let lines = help.lines().map(str::trim_start);
        let options_of_verb = lines
            .filter(|line| line.starts_with('-'))
            .filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")));
        for name in options_of_verb {
            let name = name.trim_end_matches(',');
            if name == "--help" {
                continue;
            }
            let below_hostile = format!("{hostile}/{hostile}");
            for value in [
                &hostile,
                &format!("max-depth={hostile}"),
                &format!("{hostile}: {hostile}"),
                &below_hostile,
            ] {
                if matches!(name, "--output" | "--cookie-jar") {
                    // Nothing can be written there.
                    let file = format!("/dev/null/{value}");
                    run(&[&[verb, name, &file], rest].concat(), &set);
                    continue;
                }
                run(&[&[verb, name, value], rest].concat(), &set);
                run(&[&[verb, &format!("{name}={value}")], rest].concat(), &set);
                options += 1;
            }
        }
        run(&[&[verb, &format!("--{hostile}")], rest].concat(), &set);
        // `man` makes the folder that is named, and can make none there.
        let below = match verb {
            "man" => format!("/dev/null/{hostile}"),
            _ => hostile.clone(),
        };
        run(&[&[verb], rest, &[&below]].concat(), &set);
    }
    assert!(options > 60, "{options}");
    for url in [
        hostile.clone(),
        format!("http://{hostile}/"),
        format!("http://a.example.com/{hostile}?{hostile}"),
        format!("tls://{hostile}:443"),
        "http://a.example.com/%1B%5B2K%0D%0Aforged%C2%9B".to_owned(),
    ] {
        run(&["request", "-f", "-", &url], &set);
        run(&["request", "-f", "-", "-o", "json", &url], &set);
    }
    // Bytes that HTTP allows in a header, and a terminal may obey.
    run(
        &[
            "request",
            "-f",
            "-",
            "-H",
            "x: \u{9b}31m\u{202e}",
            "http://a.example.com/",
        ],
        &set,
    );
}

#[cfg(unix)]
#[test]
fn no_name_of_a_file_reaches_the_terminal_as_it_is() {
    let name = hostile_argument();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("hidden")
        .join(&name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut broken = lines(&objects()[..3]);
    broken.push_str("{\"kind\": ]\n{\"a\": 1, \"a\": 2}\n");
    fs::write(folder.join(format!("{name}.json")), broken).unwrap();
    fs::write(
        folder.join(format!("{name}.yaml")),
        "kind: [\n---\nkind: A\nkind: B\n",
    )
    .unwrap();
    std::os::unix::fs::symlink("/etc", folder.join(format!("{name}.yml"))).unwrap();
    let empty = folder.join("empty");
    fs::create_dir_all(&empty).unwrap();
    for file in [
        &folder,
        &empty,
        &folder.join("gone"),
        &folder.join(format!("{name}.json")),
    ] {
        for arguments in READING.iter().copied().flatten() {
            run(&[*arguments, &["-f", file.to_str().unwrap()]].concat(), "");
        }
    }
    // What the command writes is named when it cannot be written.
    let out = folder.join("out");
    fs::create_dir_all(out.join("gateway.networking.k8s.io_gateways.yaml")).unwrap();
    run(&["crds", "--output", out.to_str().unwrap()], "");
}

#[test]
fn no_reply_holds_what_a_terminal_obeys() {
    let mut lines = Vec::new();
    for objects in objects().chunks(16) {
        lines.push(json!({"op": "apply", "id": HOSTILE, "objects": objects}));
    }
    lines.push(json!({"op": "apply", "objects": working()}));
    lines.push(json!({"op": "delete", "objects": [{"apiVersion": HOSTILE, "kind": HOSTILE, "name": HOSTILE}]}));
    lines.push(json!({"op": "status", "id": {HOSTILE: HOSTILE}}));
    for url in [
        "http://a.example.com/",
        HOSTILE,
        "http://a.example.com/\u{9b}",
    ] {
        lines.push(json!({"op": "request", "request": {"url": url}}));
        for member in ["method", "gateway", "address", "from", "sni", "protocol"] {
            lines.push(json!({"op": "request", "request": {"url": url, member: HOSTILE}}));
        }
        lines.push(json!({"op": "request", "request": {"url": url, "headers": [["x", HOSTILE], [HOSTILE, "x"]]}}));
    }
    lines.push(json!({"op": "clock", "advance": HOSTILE}));
    for member in ["controllerName", "channel", HOSTILE] {
        lines.push(json!({"op": "configure", "options": {member: HOSTILE}}));
    }
    lines.push(json!({"op": "configure", "options": {"features": [HOSTILE], "addresses": [{"type": HOSTILE, "value": HOSTILE}]}}));
    lines.push(json!({"op": "status"}));
    lines.push(json!({"op": HOSTILE}));
    lines.push(json!(HOSTILE));
    let mut input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    input.push_str("{\u{1b}\u{202e}\n");
    let stdout = run(&["serve", "--stdio"], &input);
    let replies = serde_json::Deserializer::from_slice(&stdout).into_iter::<Value>();
    assert_eq!(replies.map(Result::unwrap).count(), lines.len() + 1);
}

/// The channels are those of the schemas above: a kind that is in one alone is among them.
#[test]
fn every_kind_of_every_channel_is_fed() {
    for channel in Channel::ALL {
        for (kind, _) in schema::installed(gwapi::meta::Release::default(), channel) {
            assert!(
                KINDS
                    .iter()
                    .any(|fed| fed.api_version == kind.api_version && fed.kind == kind.kind)
            );
        }
    }
}
