//! Which release has what, as the types declare it, against what the releases themselves have.

use gwapi::{
    crd,
    meta::{Channel, Release, When},
    rules,
    schema::{self, Schema},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

type Places = BTreeSet<(Release, Channel)>;

/// Of a type and its field, with `[]` for the elements of a list and `{}` for the values of a map: where it is, and where
/// each of its keywords has which value.
#[derive(Default)]
struct Facts {
    present: Places,
    /// The same for each place of the type, by its path, beside where the object is that the field is in.
    by_path: BTreeMap<String, (Places, Places)>,
    keywords: BTreeMap<(String, String), Places>,
    having: BTreeMap<String, Places>,
}

type History = BTreeMap<(String, String), Facts>;

/// The name of a type without regard to how it is written. The specs of routes share their first fields.
fn plain(name: &str, field: &str) -> String {
    let name = name.replace("@v1alpha2", "V1Alpha2").to_lowercase();
    let shared = ["parentrefs", "usedefaultgateways"]
        .contains(&field.trim_end_matches("[]").to_lowercase().as_str());
    match name.as_str() {
        _ if shared && name.contains("routespec") => "commonroutespec".to_owned(),
        // Before the Gateway had a `tls` of its own, the listener's had this name.
        "gatewaytlsconfig" if field == "frontendValidation" => "listenertlsconfig".to_owned(),
        _ => name,
    }
}

fn note(
    schema: &Schema,
    written: &Value,
    owner: Option<(&str, &str)>,
    path: &str,
    at: (Release, Channel),
    found: &mut History,
) {
    if let Some((name, field)) = owner {
        let facts = found
            .entry((plain(name, field), field.to_owned()))
            .or_default();
        facts.present.insert(at);
        facts
            .by_path
            .entry(path.to_owned())
            .or_default()
            .0
            .insert(at);
        for (keyword, value) in written.as_object().into_iter().flatten() {
            if ["properties", "items", "additionalProperties", "description"]
                .contains(&keyword.as_str())
            {
                continue;
            }
            facts.having.entry(keyword.clone()).or_default().insert(at);
            let values: Vec<&Value> = match (keyword.as_str(), value) {
                ("enum" | "required", Value::Array(values)) => values.iter().collect(),
                (RULES, Value::Array(rules)) => rules.iter().map(|rule| &rule["rule"]).collect(),
                _ => vec![value],
            };
            for value in values {
                let value = whole(value).to_string();
                facts
                    .keywords
                    .entry((keyword.clone(), value))
                    .or_default()
                    .insert(at);
            }
        }
    }
    let own = schema.type_name().map(str::to_owned);
    for (name, property) in &schema.properties {
        let below = &written["properties"][name];
        note(
            property,
            below,
            own.as_deref().map(|own| (own, name.as_str())),
            &format!("{path}.{name}"),
            at,
            found,
        );
    }
    for (items, key, suffix) in [
        (&schema.items, "items", "[]"),
        (&schema.additional_properties, "additionalProperties", "{}"),
    ] {
        if let Some(items) = items {
            let field = owner.map(|(name, field)| (name, format!("{field}{suffix}")));
            note(
                items,
                &written[key],
                field.as_ref().map(|(name, field)| (*name, field.as_str())),
                &format!("{path}{suffix}"),
                at,
                found,
            );
        }
    }
}

/// Bounds are floating-point numbers in a definition.
fn whole(value: &Value) -> Value {
    match value.as_f64() {
        Some(number) if value.is_f64() && number.fract() == 0.0 => Value::from(number as i64),
        _ => value.clone(),
    }
}

fn history() -> History {
    let mut found = History::new();
    for release in Release::ALL {
        for channel in Channel::ALL {
            for (kind, installation) in schema::installed(*release, channel) {
                let written = serde_json::to_value(crd::structural_schema(installation)).unwrap();
                note(
                    installation.schema(),
                    &written,
                    None,
                    &format!("{} {}", kind.api_version, kind.kind),
                    (*release, channel),
                    &mut found,
                );
            }
        }
    }
    let places: BTreeMap<String, Places> = found
        .values()
        .flat_map(|facts| &facts.by_path)
        .map(|(path, (places, _))| (path.clone(), places.clone()))
        .collect();
    for facts in found.values_mut() {
        for (path, (_, around)) in &mut facts.by_path {
            let list = path.strip_suffix("[]").or(path.strip_suffix("{}"));
            let parent = list.or(path.rsplit_once('.').map(|(parent, _)| parent));
            let parent = parent.unwrap_or_default();
            *around = places.get(parent).cloned().unwrap_or_default();
        }
    }
    found
}

/// What has a history: what it is about, and where it is. `in` is the field itself; `keyword value` a keyword that has this
/// value, `keyword null` one that is absent; `rules` the releases from which the cross-field rules of the field are others.
type Marks = BTreeMap<(String, String), BTreeMap<String, Places>>;

/// The rules of a field are written anew, in our own words: what can be compared is when they change.
const RULES: &str = "x-kubernetes-validations";

/// The releases in which the set of rules is another than in the release before, where the field is in both.
fn changes(present: &Places, rules: &BTreeMap<String, Places>) -> Places {
    let mut found = Places::new();
    for channel in Channel::ALL {
        for pair in Release::ALL.windows(2) {
            let [before, after] = [(pair[0], channel), (pair[1], channel)];
            let differs = rules
                .values()
                .any(|places| places.contains(&before) != places.contains(&after));
            if differs && present.contains(&before) && present.contains(&after) {
                found.insert(after);
            }
        }
    }
    found
}

/// Our history without what has always been so: a field that is there wherever the object is that it is in, and a keyword
/// that has one value; and without what follows from another: a field is required only where it is.
fn marks(history: &History) -> Marks {
    let mut marks = Marks::new();
    for ((name, field), facts) in history {
        let mut own = BTreeMap::new();
        let mut by_path = facts.by_path.values();
        if by_path.any(|(places, around)| !around.is_empty() && places != around) {
            own.insert("in".to_owned(), facts.present.clone());
        }
        for ((keyword, value), places) in &facts.keywords {
            let follows = keyword == "required" && below(history, facts, value) == *places;
            if keyword != RULES && *places != facts.present && !follows {
                own.insert(format!("{keyword} {value}"), places.clone());
            }
        }
        for (keyword, places) in &facts.having {
            let absent: Places = facts.present.difference(places).copied().collect();
            if !["enum", "required", RULES].contains(&keyword.as_str()) && !absent.is_empty() {
                own.insert(format!("{keyword} null"), absent);
            }
        }
        let rules = facts
            .keywords
            .iter()
            .filter(|((keyword, _), _)| keyword == RULES);
        let rules = rules.map(|((_, text), places)| (text.clone(), places.clone()));
        let changes = changes(&facts.present, &rules.collect());
        if !changes.is_empty() {
            own.insert("rules".to_owned(), changes);
        }
        if !own.is_empty() {
            marks.insert((name.clone(), field.clone()), own);
        }
    }
    marks
}

/// Where a field with this name (a text in quotes) is in an object of these facts.
fn below(history: &History, object: &Facts, name: &str) -> Places {
    let ends: BTreeSet<String> = object
        .by_path
        .keys()
        .map(|path| format!("{path}.{}", name.trim_matches('"')))
        .collect();
    history
        .values()
        .flat_map(|facts| &facts.by_path)
        .filter(|(path, _)| ends.contains(*path))
        .flat_map(|(_, (places, _))| places.iter().copied())
        .collect()
}

/// The facts about the releases, in the same form; as `.ci/marks` writes them down.
fn reference(ours: &History) -> Marks {
    let text = include_str!("../fixtures/releases/marks.tsv");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(
        lines.next(),
        Some("type\tfield\tkeyword\tvalue\tstandard\texperimental")
    );
    let mut marks = Marks::new();
    let mut rules = BTreeMap::<_, BTreeMap<String, Places>>::new();
    for line in lines {
        let columns: Vec<_> = line.split('\t').collect();
        let [name, field, keyword, value, standard, experimental] = columns[..] else {
            panic!("{line}: expected six columns");
        };
        let key = (plain(name, field), field.to_owned());
        let places = places([standard, experimental]);
        if keyword == RULES {
            let rules = rules.entry(key).or_default();
            rules.insert(value.to_owned(), places);
            continue;
        }
        let fact = match keyword {
            "in" => keyword.to_owned(),
            _ => format!(
                "{keyword} {}",
                serde_json::from_str::<Value>(value).unwrap()
            ),
        };
        marks.entry(key).or_default().insert(fact, places);
    }
    for (key, rules) in rules {
        let present = ours.get(&key).map(|facts| facts.present.clone());
        let changes = changes(&present.unwrap_or_default(), &rules);
        let own = marks.entry(key).or_default();
        if !changes.is_empty() {
            own.insert("rules".to_owned(), changes);
        }
    }
    marks
}

/// The releases of a mark, of those that have what is around it.
fn within(around: &Places, when: When) -> Places {
    let has = |(release, channel): &(Release, Channel)| when.contains(*release, *channel);
    around.iter().copied().filter(has).collect()
}

/// Adds, of each field and marked value below a node, where it is; `around` is where the object is. The schema has what any
/// release has, also what none of those does that have the kind. A type may be used by several kinds, so that a field counts
/// as one wherever its type is.
fn walk(node: &Schema, owner: &str, around: &Places, found: &mut BTreeMap<String, Places>) {
    let owner = node.type_name().unwrap_or(owner).to_owned();
    for value in &node.enumeration {
        if let Some(when) = value.as_str().and_then(|text| node.when_allowed(text)) {
            let places = found.entry(format!("{owner} {value}")).or_default();
            places.extend(within(around, when));
        }
    }
    for (name, property) in &node.properties {
        let own = within(around, property.when());
        let field = format!("{owner}.{name}");
        found.entry(field.clone()).or_default().extend(&own);
        walk(property, &field, &own, found);
    }
    for (below, suffix) in [(&node.items, "[]"), (&node.additional_properties, "{}")] {
        if let Some(below) = below {
            walk(below, &format!("{owner}{suffix}"), around, found);
        }
    }
}

/// All marks of all types, for people: `cargo test --test kinds marks -- --nocapture`.
#[test]
fn every_mark_is_of_a_release_that_is_known() {
    let marks = marks(&history());
    for ((name, field), facts) in &marks {
        for (fact, places) in facts {
            println!("{name}.{field}: {fact}: {}", in_words(places));
        }
    }
    let everywhere: Places = Release::ALL
        .iter()
        .flat_map(|release| Channel::ALL.map(|channel| (*release, channel)))
        .collect();
    let mut found = BTreeMap::new();
    for kind in schema::KINDS {
        println!("{} {}: {:?}", kind.api_version, kind.kind, kind.history);
        let name = format!("{} {}", kind.api_version, kind.kind);
        let installed = within(&everywhere, kind.history.installed);
        for (what, when) in [
            ("installed", kind.history.installed),
            ("served", kind.history.served),
        ] {
            found.insert(format!("{name}: {what}"), within(&installed, when));
        }
        walk(kind.every(), &name, &installed, &mut found);
    }
    for rule in rules::all() {
        println!("{}: {}", rule.id, rule.when);
        found.insert(rule.id.to_owned(), within(&everywhere, rule.when));
    }
    let nowhere: Vec<_> = found
        .iter()
        .filter(|(_, places)| places.is_empty())
        .collect();
    assert!(nowhere.is_empty(), "no release has these: {nowhere:#?}");
    assert!(found.len() > 500, "{}", found.len());
    let has = |fact: &str| {
        marks
            .values()
            .flatten()
            .filter(|(it, _)| it.starts_with(fact))
            .count()
    };
    assert!(
        marks.len() > 100 && has("in") > 40 && has("rules") > 20,
        "{}",
        marks.len()
    );
}

/// The releases of each channel: `standard v1.4.0 to v1.7.0`.
fn in_words(places: &Places) -> String {
    let mut words = Vec::new();
    for channel in Channel::ALL {
        let mut spans = Vec::<(Release, Release)>::new();
        let mut before = None;
        for release in Release::ALL {
            if places.contains(&(*release, channel)) {
                match spans.last_mut() {
                    Some((_, last)) if Some(*last) == before => *last = *release,
                    _ => spans.push((*release, *release)),
                }
            }
            before = Some(*release);
        }
        words.extend(
            spans
                .iter()
                .map(|(first, last)| format!("{channel} {first} to {last}")),
        );
    }
    words.join(", ")
}

#[test]
fn the_marks_of_the_types_are_those_of_the_releases_both_ways() {
    let history = history();
    let (ours, reference) = (marks(&history), reference(&history));
    // Upstream's rules of v1.3.0 read a `value` that may be absent there: they refuse such an address by an error of their
    // evaluation, and our rules of that release say so. In text upstream's rules change in v1.4.0 alone.
    let as_evaluated = |key: &(String, String), fact: &str| {
        key.0 == "gatewayspec" && key.1.starts_with("addresses") && fact == "rules"
    };
    let mut differing = Vec::new();
    let mut compared = 0;
    for key in ours.keys().chain(reference.keys()).collect::<BTreeSet<_>>() {
        let none = BTreeMap::new();
        let (own, wanted) = (
            ours.get(key).unwrap_or(&none),
            reference.get(key).unwrap_or(&none),
        );
        for fact in own.keys().chain(wanted.keys()).collect::<BTreeSet<_>>() {
            compared += 1;
            if own.get(fact) != wanted.get(fact) && !as_evaluated(key, fact) {
                let words = |side: &BTreeMap<String, Places>| side.get(fact).map(in_words);
                differing.push(format!(
                    "{}.{} {fact}: the releases {:?}, ours {:?}",
                    key.0,
                    key.1,
                    words(wanted),
                    words(own)
                ));
            }
        }
    }
    println!("{compared} facts of {} fields compared", reference.len());
    assert!(compared > 200, "{compared}");
    assert!(differing.is_empty(), "{differing:#?}");
}

/// Intervals such as `1.3.0..1.3.0,1.5.0..` of each channel, or `-` for none.
fn places(texts: [&str; 2]) -> Places {
    let mut places = Places::new();
    for (channel, text) in [Channel::Standard, Channel::Experimental]
        .into_iter()
        .zip(texts)
    {
        for span in text.split(',').filter(|span| *span != "-") {
            let when: When = span.parse().unwrap();
            let releases = Release::ALL.iter().copied();
            places.extend(
                releases
                    .filter(|release| when.contains(*release, channel))
                    .map(|release| (release, channel)),
            );
        }
    }
    places
}
