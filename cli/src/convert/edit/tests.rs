//! Edits, and what they must leave alone.

use super::*;
use gwapi::{
    conversion::Migration,
    manifest::{self, ReadOptions},
    meta::{Channel, Release},
};
use serde_json::json;

/// The edited text, if it says what is wanted, of which nothing moves.
fn edited(text: &str, wanted: &[Value]) -> Option<String> {
    edited_with(text, wanted, &[])
}

/// The moves of a conversion, as pairs of paths.
type Pairs<'p> = &'p [(&'p str, &'p str)];

fn edited_with(text: &str, wanted: &[Value], moves: Pairs<'_>) -> Option<String> {
    let moves: Vec<_> = moves
        .iter()
        .map(|(from, to)| FieldMove::new(*from, *to))
        .collect();
    let options = ReadOptions::default().with_whole_lists();
    let read = manifest::read(text.as_bytes(), &options);
    assert_eq!(read.entries.len(), wanted.len());
    let mut edits = Edits::of(text.as_bytes())?;
    for (entry, wanted) in read.entries.iter().zip(wanted) {
        edits.add(entry, wanted, &moves)?;
    }
    let edited = edits.finish()?;
    let again = manifest::read(edited.as_bytes(), &options);
    let same = again.errors.is_empty() && again.entries.iter().map(|e| &e.value).eq(wanted);
    same.then_some(edited)
}

fn edit(text: &str, wanted: Value) -> String {
    edit_with(text, wanted, &[])
}

fn edit_with(text: &str, wanted: Value, moves: Pairs<'_>) -> String {
    let edited = edited_with(text, &[wanted], moves);
    edited.unwrap_or_else(|| panic!("not edited in place:\n{text}"))
}

#[test]
fn a_value_is_replaced_in_its_own_quotes() {
    for (old, new) in [
        ("a: v1 # c\nb: 2\n", "a: w1 # c\nb: 2\n"),
        ("a: \"v1\"\r\nb: 2\r\n", "a: \"w1\"\r\nb: 2\r\n"),
        (
            "# é\na:   'v1'   # c\n\n\nb: 2",
            "# é\na:   'w1'   # c\n\n\nb: 2",
        ),
        ("{b: 2, a: v1}", "{b: 2, a: w1}"),
        ("{\"a\":\"v1\",\"b\":2}\n", "{\"a\":\"w1\",\"b\":2}\n"),
        ("\u{feff}a: v1\nb: 2\n", "\u{feff}a: w1\nb: 2\n"),
        (
            "\u{feff}{\"b\": 2, \"a\": \"v1\"}\n",
            "\u{feff}{\"b\": 2, \"a\": \"w1\"}\n",
        ),
        ("x: é\n", "x: é\n"),
    ] {
        let mut wanted = manifest::read(old.as_bytes(), &ReadOptions::default()).entries[0]
            .value
            .clone();
        if wanted.get("a").is_some() {
            wanted["a"] = "w1".into();
        }
        assert_eq!(edit(old, wanted), new);
    }
}

#[test]
fn members_go_and_come_and_comments_stay() {
    let text = "a:\n  # of b\n  b: 1\n  c: # of c\n    # inside\n    d: 2\n\n  # of e\n  e: 3 # too\n# end\nf: 4\n";
    assert_eq!(
        edit(text, json!({"a": {"b": 1, "e": 3}, "f": 4})),
        "a:\n  # of b\n  b: 1\n  # inside\n\n  # of e\n  e: 3 # too\n# end\nf: 4\n"
    );
    assert_eq!(
        edit(text, json!({"a": {"b": 1, "c": {"d": 2}}, "f": 4, "g": {"h": [1]}})),
        "a:\n  # of b\n  b: 1\n  c: # of c\n    # inside\n    d: 2\n\n  # of e\n# end\nf: 4\ng:\n  h:\n    - 1\n"
            .replace("    - 1", &serde_saphyr_list())
    );
    let flow = "{a: {b: 1, c: 2, d: 3}, e: [1, {f: 'x, y'}]} # end\n";
    assert_eq!(
        edit(
            flow,
            json!({"a": {"c": 2}, "e": [1, {"f": "x, y", "g": {"h": "i"}}]})
        ),
        "{a: {c: 2}, e: [1, {f: 'x, y', g: {h: i}}]} # end\n"
    );
    let json = "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": 2\n  },\n  \"d\": 3\n}\n";
    assert_eq!(
        edit(json, json!({"a": {"b": 1, "e": "x"}, "d": 3})),
        "{\n  \"a\": {\n    \"b\": 1,\n    \"e\": \"x\"\n  },\n  \"d\": 3\n}\n"
    );
    assert_eq!(
        edit(json, json!({"a": {"c": 2}})),
        "{\n  \"a\": {\n    \"c\": 2\n  }\n}\n"
    );
}

/// How the writer indents an item of a list.
fn serde_saphyr_list() -> String {
    let written = serde_saphyr::to_string(&json!({"h": [1]})).unwrap();
    format!("  {}", written.lines().nth(1).unwrap())
}

#[test]
fn keys_are_renamed_and_values_become_lists() {
    let text = "spec:\n  # whose\n  targetRef: # one\n    namespace: own\n    group: ''\n    name: c # n\n  tls:\n    old: [1]\n    hostname: h\n";
    let wanted = json!({"spec": {
        "targetRefs": [{"group": "", "name": "c"}], "validation": {"new": [1], "hostname": "h"},
    }});
    let there = "spec:\n  # whose\n  targetRefs: # one\n  - group: ''\n    name: c # n\n  validation:\n    new: [1]\n    hostname: h\n";
    let forth = [
        ("spec.targetRef", "spec.targetRefs[0]"),
        ("spec.tls.old", "spec.validation.new"),
        ("spec.tls", "spec.validation"),
    ];
    assert_eq!(edit_with(text, wanted, &forth), there);
    let forth_again = forth.map(|(from, to)| (to, from));
    let back = json!({"spec": {
        "targetRef": {"group": "", "name": "c"}, "tls": {"old": [1], "hostname": "h"},
    }});
    assert_eq!(
        edit_with(there, back.clone(), &forth_again),
        "spec:\n  # whose\n  targetRef: # one\n    group: ''\n    name: c # n\n  tls:\n    old: [1]\n    hostname: h\n"
    );
    let flow =
        "spec: {targetRefs: [{group: '', name: c}], validation: {new: [1], hostname: h}} # c\n";
    assert_eq!(
        edit_with(flow, back, &forth_again),
        "spec: {targetRef: {group: '', name: c}, tls: {old: [1], hostname: h}} # c\n"
    );
}

#[test]
fn items_of_lists_are_edited_each() {
    let text =
        "items:\n- uid: 1\n  a: v1\n- a: v1\n  # gone\n  uid: 2\n# between\n-\n  a: v1\n  uid: 3\n";
    let item = json!({"a": "w1"});
    assert_eq!(
        edit(text, json!({"items": [item, item, item]})),
        "items:\n- a: w1\n- a: w1\n  # gone\n# between\n-\n  a: w1\n"
    );
}

#[test]
fn what_shares_an_anchor_is_not_edited_unless_all_of_it_changes() {
    let text = "a: &x\n  b: 1\n  c: 2\nd: *x\n";
    assert_eq!(
        edited(text, &[json!({"a": {"b": 1}, "d": {"b": 1, "c": 2}})]),
        None
    );
    assert_eq!(
        edited(text, &[json!({"a": {"b": 1, "c": 2}, "d": {"b": 1}})]),
        None
    );
    // Beside it everything is.
    let beside = "e: v1\na: &x\n  b: 1\nd: *x\n";
    assert_eq!(
        edit(beside, json!({"e": "w1", "a": {"b": 1}, "d": {"b": 1}})),
        "e: w1\na: &x\n  b: 1\nd: *x\n"
    );
}

#[test]
fn several_values_of_a_document_are_edited() {
    let text = "{\"a\": \"v1\"}\n{\"b\": 1, \"a\": \"v1\"}\n";
    let wanted = [json!({"a": "w1"}), json!({"a": "v1"})];
    assert_eq!(
        edited(text, &wanted).unwrap(),
        "{\"a\": \"w1\"}\n{\"a\": \"v1\"}\n"
    );
}

/// Of generated objects with comments: what is edited says what is wanted, and every line of comment is still there.
#[test]
fn an_edit_says_what_is_wanted_and_keeps_every_line_of_comment() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut in_place = 0;
    const RUNS: usize = 600;
    for run in 0..RUNS {
        let mut made = Made {
            random: &mut random,
            text: String::new(),
            comments: 0,
        };
        let spec = made.mapping(2, 2);
        let newline = if run % 3 == 0 { "\r\n" } else { "\n" };
        let mark = if run % 5 == 0 { "\u{feff}" } else { "" };
        let text = format!(
            "{mark}# head\napiVersion: v1beta1 # now\nkind: A\nmetadata:\n  name: a\n  # of the server\n  uid: '1' # u\nspec:\n{}",
            made.text
        )
        .replace('\n', newline);
        let comments = made.comments + 2;
        let read = manifest::read(text.as_bytes(), &ReadOptions::default());
        assert!(read.errors.is_empty(), "{:?}\n{text}", read.errors);
        let mut wanted = read.entries[0].value.clone();
        assert_eq!(wanted["spec"], spec, "{text}");
        wanted["apiVersion"] = "v1".into();
        wanted["metadata"] = json!({"name": "a"});
        change(&mut wanted["spec"], &mut random);
        let Some(edited) = edited(&text, &[wanted]) else {
            continue;
        };
        in_place += 1;
        let lines = edited
            .lines()
            .filter(|line| line.trim_start_matches(['\u{feff}', ' ']).starts_with('#'));
        assert_eq!(lines.count(), comments, "{text}\n===\n{edited}");
    }
    assert!(in_place > RUNS * 9 / 10, "{in_place}");
}

/// A member that moves with all that is in it takes its comments along: those above it, behind it and inside.
#[test]
fn what_moves_takes_its_comments_along() {
    let text = "a:\n  # above b\n  b: # behind b\n    # in b\n    c: [1, 'x'] # behind c\n    d: |\n      # text\n  # above e\n  e: x # behind e\nf: 1\n";
    let moved = json!({"a": {"new": {"one": [{"k": 1, "b": {"c": [1, "x"], "d": "# text\n"}}], "e": "x"}}, "f": 1});
    // Nothing of what was in `a` stays there.
    let there = "a:\n  new:\n    # above e\n    e: x # behind e\n    one:\n    - # above b\n      b: # behind b\n        # in b\n        \
         c: [1, 'x'] # behind c\n        d: |\n          # text\n      k: 1\nf: 1\n";
    let moves = [("a.b", "a.new.one[0].b"), ("a.e", "a.new.e")];
    assert_eq!(edit_with(text, moved.clone(), &moves), there);
    assert_eq!(left_out(text, there), []);
    let (text, mut moved) = (
        format!("{text}a2: 0\n").replace("a:\n", "a:\n  z: 0\n"),
        moved,
    );
    moved["a2"] = 0.into();
    moved["a"]["z"] = 0.into();
    let there = edit_with(&text, moved, &moves);
    assert_eq!(
        there,
        "a:\n  z: 0\n  new:\n    # above e\n    e: x # behind e\n    one:\n    - # above b\n      b: # behind b\n        # in b\n        \
         c: [1, 'x'] # behind c\n        d: |\n          # text\n      k: 1\nf: 1\na2: 0\n"
    );
    assert_eq!(left_out(&text, &there), []);
}

/// Into what has another name, out of what goes, and where nothing else stays.
#[test]
fn a_text_that_moves_alone_takes_its_comments_along() {
    for (text, wanted, there, moves) in [
        (
            "s:\n  # the name\n  sessionName: foo # N\nf: 1\n",
            json!({"s": {"cookie": {"name": "foo"}}, "f": 1}),
            "s:\n  cookie:\n    # the name\n    name: foo # N\nf: 1\n",
            &[("s.sessionName", "s.cookie.name")][..],
        ),
        (
            "s:\n  # the name\n  sessionName: foo # N\n  cookieConfig: # C\n    lifetimeType: Permanent\n",
            json!({"s": {"cookie": {"lifetimeType": "Permanent", "name": "foo"}}}),
            "s:\n  cookie: # C\n    lifetimeType: Permanent\n    # the name\n    name: foo # N\n",
            &[
                ("s.cookieConfig", "s.cookie"),
                ("s.sessionName", "s.cookie.name"),
            ],
        ),
        (
            "s:\n  type: Header\n  header: # H\n    # the name\n    name: foo # N\n  # end\nf: 1\n",
            json!({"s": {"type": "Header", "sessionName": "foo"}, "f": 1}),
            "s:\n  type: Header\n  # the name\n  sessionName: foo # N\n  # end\nf: 1\n",
            &[("s.header.name", "s.sessionName")],
        ),
        (
            "a: 1\ntls:\n  backend:\n    # whose\n    ref: {name: c} # N\nf: 1\n",
            json!({"a": 1, "backendTLS": {"ref": {"name": "c"}}, "f": 1}),
            "a: 1\nf: 1\nbackendTLS:\n  # whose\n  ref: {name: c} # N\n",
            &[("tls.backend", "backendTLS")],
        ),
    ] {
        assert_eq!(edit_with(text, wanted, moves), there);
    }
}

/// Of generated objects, too.
#[test]
fn no_comment_of_what_moves_is_left_out() {
    let mut random = fastrand::Rng::with_seed(11);
    let mut in_place = 0;
    const RUNS: usize = 400;
    for _ in 0..RUNS {
        let mut made = Made {
            random: &mut random,
            text: String::new(),
            comments: 0,
        };
        let spec = made.mapping(2, 2);
        let text = format!("kind: A\nspec:\n  keep: 0 # kept\n{}", made.text);
        let mut wanted = json!({"kind": "A", "spec": {"keep": 0}});
        let mut moves = Vec::new();
        for (name, value) in spec.as_object().unwrap() {
            let moves_away = (value.is_object() || value.is_array()) && random.bool();
            if moves_away {
                moves.push((format!("spec.{name}"), format!("spec.deep.{name}")));
            }
            let place = match moves_away {
                true => wanted["spec"]["deep"].as_object_mut(),
                false => wanted["spec"].as_object_mut(),
            };
            match place {
                Some(place) => drop(place.insert(name.clone(), value.clone())),
                None => wanted["spec"]["deep"] = json!({"other": [], name: value}),
            }
        }
        let moves: Vec<_> = moves
            .iter()
            .map(|(from, to)| (from.as_str(), to.as_str()))
            .collect();
        let Some(edited) = edited_with(&text, &[wanted], &moves) else {
            continue;
        };
        in_place += 1;
        assert_eq!(left_out(&text, &edited), [], "{text}\n===\n{edited}");
    }
    assert!(in_place > RUNS * 9 / 10, "{in_place}");
}

/// Makes YAML with comments.
struct Made<'r> {
    random: &'r mut fastrand::Rng,
    text: String,
    comments: usize,
}

impl Made<'_> {
    fn mapping(&mut self, indent: usize, depth: usize) -> Value {
        let mut members = Map::new();
        let margin = " ".repeat(indent);
        for name in ["alpha", "beta", "gamma", "delta"]
            .iter()
            .take(self.random.usize(2..5))
        {
            if self.random.u8(..3) == 0 {
                self.comments += 1;
                self.text += &format!("{margin}# about {name}\n");
            }
            let trailing = if self.random.bool() { " # here" } else { "" };
            let value = match (self.random.u8(..5), depth) {
                (0, 1..) => {
                    self.text += &format!("{margin}{name}:{trailing}\n");
                    self.mapping(indent + 2, depth - 1)
                }
                (1, 1..) => {
                    self.text += &format!(
                        "{margin}{name}:{trailing}\n{margin}- first: 1\n{margin}  second: x\n"
                    );
                    json!([{"first": 1, "second": "x"}])
                }
                (2, _) => {
                    self.text += &format!(
                        "{margin}{name}: {{one: 1, two: 'b # c', three: [d]}}{trailing}\n"
                    );
                    json!({"one": 1, "two": "b # c", "three": ["d"]})
                }
                (3, _) => {
                    self.text += &format!("{margin}{name}: |\n{margin}  line\n{margin}  more\n");
                    json!("line\nmore\n")
                }
                _ => {
                    self.text += &format!("{margin}{name}: \"v\u{e9}\"{trailing}\n");
                    json!("v\u{e9}")
                }
            };
            members.insert((*name).to_owned(), value);
        }
        Value::Object(members)
    }
}

/// Takes off, adds, renames and changes members here and there.
fn change(value: &mut Value, random: &mut fastrand::Rng) {
    match value {
        Value::Object(members) => {
            for name in members.keys().cloned().collect::<Vec<_>>() {
                match random.u8(..8) {
                    0 if members.len() > 1 => drop(members.remove(&name)),
                    1 => {
                        let member = members.remove(&name);
                        members.insert(format!("{name}Two"), member.unwrap());
                    }
                    2 => {
                        members.insert(format!("{name}New"), json!({"a": [1, {"b": "c"}]}));
                    }
                    _ => {
                        if let Some(member) = members.get_mut(&name) {
                            change(member, random);
                        }
                    }
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| change(item, random)),
        Value::String(text) if random.u8(..4) == 0 && !text.contains('\n') => {
            *text = "w".to_owned();
        }
        _ => {}
    }
}

/// A comment right above a key is about that key.
#[test]
fn a_comment_above_a_key_moves_with_it_or_is_named() {
    // Along with what moves, though it is empty.
    let text =
        "spec:\n  # of the backends\n  backendTLS: {} # none\n  # of the class\n  class: x\n";
    assert_eq!(
        edit_with(
            text,
            json!({"spec": {"class": "x", "tls": {"backend": {}}}}),
            &[("spec.backendTLS", "spec.tls.backend")]
        ),
        "spec:\n  # of the class\n  class: x\n  tls:\n    # of the backends\n    backend: {} # none\n"
    );
    // It stays, and is named, where the key goes for good.
    let text = "ref:\n  name: a\n  # where\n  # it is\n  namespace: b # here\n  # which\n  section:\n    # deep\n    c: 1\n";
    let options = ReadOptions::default();
    let entry = &manifest::read(text.as_bytes(), &options).entries[0];
    let mut edits = Edits::of(text.as_bytes()).unwrap();
    edits
        .add(entry, &json!({"ref": {"name": "a"}}), &[])
        .unwrap();
    let behind = edits.left_behind();
    let after = edits.finish().unwrap();
    assert_eq!(
        after,
        "ref:\n  name: a\n  # where\n  # it is\n  # which\n  # deep\n"
    );
    let named = |line, comment: &str| (line, comment.to_owned());
    assert_eq!(
        behind,
        [
            named(3, "# where"),
            named(4, "# it is"),
            named(6, "# which"),
            named(8, "# deep")
        ]
    );
    assert_eq!(left_out(text, &after), [(5, "# here")]);
}

/// `kubectl get -o yaml` writes the annotation of `kubectl apply` so.
#[test]
fn a_text_with_lines_of_its_own_is_changed_where_it_stands() {
    for sign in ["|", "|-", ">", "|+ # a note"] {
        let text = format!(
            "items:\n# one\n- a: v1 # c\n  notes:\n    the/note: {sign}\n      {{\"a\":\"v1\",\"b\":\"#1\"}}\n    # two\n    z: 1\n"
        );
        let options = ReadOptions::default().with_whole_lists();
        let mut wanted = manifest::read(text.as_bytes(), &options).entries[0]
            .value
            .clone();
        let item = &mut wanted["items"][0];
        item["a"] = "w1".into();
        let note = item["notes"]["the/note"]
            .as_str()
            .unwrap()
            .replace("v1", "w1");
        item["notes"]["the/note"] = note.into();
        let after = edit(&text, wanted);
        assert!(
            after.starts_with("items:\n# one\n- a: w1 # c\n  notes:\n"),
            "{after}"
        );
        assert!(after.ends_with("\n    # two\n    z: 1\n"), "{after}");
    }
}

/// The document in the forms of a release, edited where it stands; and the comments that are left out or stay behind.
fn converted(text: &str, release: Release) -> (String, Vec<String>) {
    let migration = Migration {
        release: Some((release, Channel::Experimental)),
        ..Migration::default()
    };
    let options = ReadOptions::default();
    let entry = &manifest::read(text.as_bytes(), &options).entries[0];
    let done = migration.migrate(entry.value.clone());
    assert_eq!(done.errors, [], "{text}");
    let mut edits = Edits::of(text.as_bytes()).unwrap();
    edits.add(entry, &done.value, &done.moves).unwrap();
    let behind = edits.left_behind();
    let edited = edits.finish().unwrap();
    let again = &manifest::read(edited.as_bytes(), &options).entries[0];
    assert_eq!(again.value, done.value, "{edited}");
    let left = left_out(text, &edited).into_iter();
    let named = left.map(|(_, comment)| comment.to_owned());
    let mut named: Vec<_> = named
        .chain(behind.into_iter().map(|(_, comment)| comment))
        .collect();
    named.sort();
    (edited, named)
}

fn listener(name: &str, port: u16, about: Option<&str>) -> String {
    let head = format!(
        "  - name: {name}\n    port: {port}\n    protocol: HTTPS\n    hostname: {name}.x\n    tls:\n      certificateRefs: [{{name: c}}]\n"
    );
    match about {
        Some(about) => format!(
            "{head}      # {about}\n      frontendValidation: # behind {about}\n        \
             caCertificateRefs: [{{group: \"\", kind: ConfigMap, name: ca}}] # of {about}\n"
        ),
        None => head,
    }
}

const GATEWAY: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec:\n  gatewayClassName: x\n";

/// The settings of a port as they stand in `perPort`, with the comments about them.
fn port(port: u16, about: &str) -> String {
    format!(
        "      - port: {port}\n        tls:\n          # {about}\n          validation: # behind {about}\n            \
         caCertificateRefs: [{{group: \"\", kind: ConfigMap, name: ca}}] # of {about}\n"
    )
}

/// Whoever reads a comment after the conversion finds it at the setting that it is about, whatever else has the same value.
#[test]
fn comments_follow_what_moves_by_its_place_and_not_by_its_value() {
    // In another order than that of the ports.
    let old = format!(
        "{GATEWAY}  listeners:\n{}{}",
        listener("partners", 8443, Some("partners only")),
        listener("staff", 443, Some("staff")),
    );
    let (new, named) = converted(&old, Release::V1_7_0);
    let there = format!(
        "{GATEWAY}  listeners:\n{}{}  tls:\n    frontend:\n      default: {{}}\n      perPort:\n{}{}",
        listener("partners", 8443, None),
        listener("staff", 443, None),
        port(443, "staff"),
        port(8443, "partners only"),
    );
    assert_eq!(new, there);
    assert_eq!(named, [""; 0]);
    // And back.
    let (back, named) = converted(&new, Release::V1_3_0);
    assert_eq!(back, old);
    assert_eq!(named, [""; 0]);

    // What a port says once is what its first listener says: the comments of the other are named.
    let old = format!(
        "{GATEWAY}  listeners:\n{}{}{}",
        listener("a", 443, Some("one")),
        listener("b", 443, Some("two")),
        listener("c", 8443, Some("three")),
    );
    let (new, named) = converted(&old, Release::V1_7_0);
    assert!(
        new.ends_with(&format!("{}{}", port(443, "one"), port(8443, "three"))),
        "{new}"
    );
    assert_eq!(named, ["# behind two", "# of two", "# two"]);
}

#[test]
fn names_of_sessions_that_are_the_same_keep_their_comments_apart() {
    let rule = |about: &str, session: &str, more: &str| {
        format!(
            "  - matches: [{{path: {{value: /{about}}}}}]\n    sessionPersistence:\n{session}{more}    backendRefs: [{{name: s, port: 80}}]\n"
        )
    };
    let head = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec:\n  rules:\n";
    let old = |about: &str| format!("      # {about}\n      sessionName: cart # of {about}\n");
    let new = |about: &str| {
        format!("      cookie:\n        # {about}\n        name: cart # of {about}\n")
    };
    let text = format!(
        "{head}{}{}",
        rule("a", &old("a"), ""),
        rule("b", "      absoluteTimeout: 1h\n", &old("b"))
    );
    let there = format!(
        "{head}{}{}",
        rule("a", &new("a"), ""),
        rule("b", "      absoluteTimeout: 1h\n", &new("b"))
    );
    let (edited, named) = converted(&text, Release::V1_7_0);
    assert_eq!(
        (edited.as_str(), named.as_slice()),
        (there.as_str(), &[][..])
    );
}

/// In braces over several lines a comment above a setting goes along with it, and one behind it is named.
#[test]
fn comments_in_braces_go_along_or_are_named() {
    let text = "{apiVersion: gateway.networking.k8s.io/v1, # av\n kind: Gateway, metadata: {name: g}, # m\n spec: {gatewayClassName: x, # gc\n   \
        # about backend\n   backendTLS: { # b\n     clientCertificateRef: {name: c} # ccr\n   },\n   # about listeners\n   \
        listeners: [{name: a, port: 80, protocol: HTTP}] # l\n }}\n";
    let (edited, named) = converted(text, Release::V1_7_0);
    assert_eq!(
        edited,
        "{apiVersion: gateway.networking.k8s.io/v1, # av\n kind: Gateway, metadata: {name: g}, # m\n spec: {gatewayClassName: x, # gc\n   \
         # about listeners\n   listeners: [{name: a, port: 80, protocol: HTTP}], # l\n   # about backend\n   \
         tls: {backend: {clientCertificateRef: {name: c}}}\n }}\n"
    );
    assert_eq!(named, ["# b", "# ccr"]);
    // What goes for good leaves its comments where they are, and they are named.
    let text = "{a: 1,\n  # of b\n  b: 2,\n  # of c\n  c: 3}\n";
    let options = ReadOptions::default();
    let entry = &manifest::read(text.as_bytes(), &options).entries[0];
    let mut edits = Edits::of(text.as_bytes()).unwrap();
    edits.add(entry, &json!({"a": 1, "c": 3}), &[]).unwrap();
    assert_eq!(edits.left_behind(), [(2, "# of b".to_owned())]);
    assert_eq!(
        edits.finish().unwrap(),
        "{a: 1,\n  # of b\n  # of c\n  c: 3}\n"
    );
    // What stands above the line of the braces is about what the line begins with, which stays.
    for text in [
        "# of a\na: {b: 2, c: 3}\n",
        "- c: 1\n  # of a\n  a: {b: 2, c: 3}\n",
        "# of the entry\n- a: {b: 2, c: 3}\n  c: 1\n",
        "# of the entry\n- {a: {b: 2, c: 3}, c: 1}\n",
    ] {
        let text = match text.contains("- ") {
            true => format!("l:\n{text}"),
            false => text.to_owned(),
        };
        let entry = &manifest::read(text.as_bytes(), &options).entries[0];
        let mut wanted = entry.value.clone();
        let owner = match text.starts_with("l:") {
            true => "/l/0/a",
            false => "/a",
        };
        let braces = wanted.pointer_mut(owner).unwrap().as_object_mut().unwrap();
        braces.remove("b");
        let mut edits = Edits::of(text.as_bytes()).unwrap();
        edits.add(entry, &wanted, &[]).unwrap();
        assert_eq!(edits.left_behind(), [], "{text}");
        assert_eq!(edits.finish().unwrap(), text.replace("b: 2, ", ""));
    }
    // A next member in the same line, and several that come.
    let text = "{\n  # of b\n  b: 2, c: 3,\n  d: 4 # of d\n}\n";
    let wanted = json!({"c": 3, "d": 4, "e": {"b": 2}, "f": 5});
    assert_eq!(
        edit_with(text, wanted, &[("b", "e.b")]),
        "{\n  c: 3,\n  d: 4, # of d\n  # of b\n  e: {b: 2},\n  f: 5\n}\n"
    );
}

#[test]
fn what_loses_all_of_its_members_keeps_the_comments_at_its_key_and_in_it() {
    let gone = json!({"a": {}, "f": 4});
    for (text, edited) in [
        ("a: # why\n  b: 1\nf: 4\n", "a: {} # why\nf: 4\n"),
        (
            "# above\na: # why\n  # of b\n  b: 1 # one\n  # end\n# of f\nf: 4\n",
            "# above\na: {} # why\n# of b\n  # end\n# of f\nf: 4\n",
        ),
        ("a:\n  # of b\n  b: '# no'\nf: 4\n", "a: {}\n# of b\nf: 4\n"),
        (
            "'a': # why\r\n  b: 1\r\nf: 4\r\n",
            "a: {} # why\r\nf: 4\r\n",
        ),
        (
            "a: { # why\n  b: 1,\n  # end\n}\nf: 4\n",
            "a: { # why\n  \n  # end\n}\nf: 4\n",
        ),
        ("a: { # why\n  b: 1 }\nf: 4\n", "a: { # why\n   }\nf: 4\n"),
    ] {
        assert_eq!(edit(text, gone.clone()), edited);
    }
    // What takes the place of all of them, too.
    assert_eq!(
        edit(
            "a: # why\n  # of b\n  b: 1\nf: 4\n",
            json!({"a": [1], "f": 4})
        ),
        "a: # why\n- 1\n# of b\nf: 4\n"
    );
    assert_eq!(
        edit(
            "a: { # why\n  b: 1,\n}\nf: 4\n",
            json!({"a": {"c": [2]}, "f": 4})
        ),
        "a: { # why\n  c: [2],\n}\nf: 4\n"
    );
    let comments = [(2, "# of b".to_owned())];
    let text = "a: # why\n  # of b\n  b: 1\nf: 4\n";
    let entry = &manifest::read(text.as_bytes(), &ReadOptions::default()).entries[0];
    let mut edits = Edits::of(text.as_bytes()).unwrap();
    edits.add(entry, &gone, &[]).unwrap();
    assert_eq!(edits.left_behind(), comments);
    // A text of several lines may hold what looks like a comment.
    let long = "a: # why\n  b: |\n    # text\nf: 4\n";
    assert_eq!(edited(long, &[gone]), None);
}
