//! A field that stands in another part of its object than the one that has it is led there.

use super::*;

/// A part of an object: the way to it, nothing for the object itself.
fn part(way: Option<&Way<'_>>) -> String {
    let Some(way) = way else {
        return String::new();
    };
    let length = way.steps.len();
    let (_, last, _) = way.steps[length - 1];
    format!("{}{}", way.path(length), "[0]".repeat(lists(last)))
}

#[test]
fn a_field_in_another_part_of_its_object_is_led_to_the_parts_that_have_it() {
    let (mut led, mut later, mut meant) = (0, 0, 0);
    for kind in schema::KINDS {
        let served = kind.history.when_served();
        let mut ways = Vec::new();
        let mut way = Way { steps: Vec::new() };
        each(kind.every(), served, &mut way, &mut |way| {
            if way.steps[0].0 == "spec" && !is_nowhere(way.steps[way.steps.len() - 1].2) {
                ways.push(way.clone());
            }
        });
        // The parts that have a field of each name, with an example of its value.
        let mut homes = BTreeMap::<&str, Vec<(String, &Schema)>>::new();
        for way in ways.iter().filter(|way| way.steps.len() > 1) {
            let length = way.steps.len();
            let around = Way {
                steps: way.steps[..length - 1].to_vec(),
            };
            let (name, schema, _) = way.steps[length - 1];
            let part = part(Some(&around)).replace("[0]", "[]");
            homes.entry(name).or_default().push((part, schema));
        }
        for around in ways.iter().filter(|way| way.steps.len() < 3) {
            let (_, schema, _) = around.steps[around.steps.len() - 1];
            let fields = &innermost(schema).properties;
            if fields.is_empty() {
                continue;
            }
            let names = homes
                .iter()
                .filter(|(name, _)| !fields.contains_key(**name));
            for (name, parts) in names {
                let (_, field) = &parts[0];
                let leaf = (0..lists(schema))
                    .fold(json!({ *name: value(field) }), |leaf, _| json!([leaf]));
                let object = around.object(kind, leaf);
                let path = format!("{}.{name}", part(Some(around)));
                let last = (Release::newest(), Channel::Experimental);
                for (release, channel) in [(Release::V1_0_0, Channel::Standard), last] {
                    let installed = has(kind, around, around.steps.len());
                    if !installed.is_some_and(|when| when.contains(release, channel)) {
                        continue;
                    }
                    let what = format!("{release} {channel} {} {} {path}", kind.kind, kind.version);
                    let found = findings(&object, release, channel);
                    let unknown = found.iter().find(|f| f.path() == path);
                    let help = unknown
                        .unwrap_or_else(|| panic!("{what}: {found:?}"))
                        .help()
                        .unwrap();
                    assert!(!help.contains("remove it"), "{what}: {help}");
                    let Some((_, rest)) = help.split_once(&format!("`{name}` belongs to ")) else {
                        // A form of another version or kind, or a field of nearly this name.
                        assert!(
                            [
                                "it is there in",
                                "did you mean",
                                "has replaced it",
                                "of the parent Gateway"
                            ]
                            .iter()
                            .any(|known| help.contains(known)),
                            "{what}: {help}"
                        );
                        meant += 1;
                        continue;
                    };
                    if rest.starts_with("the object itself") {
                        assert!(["apiVersion", "kind"].contains(name), "{what}: {help}");
                        continue;
                    }
                    let first = rest.split('`').nth(1).unwrap();
                    assert!(
                        first == "metadata" || parts.iter().any(|(part, _)| part == first),
                        "{what}: {help}"
                    );
                    led += 1;
                    later += usize::from(help.contains(" (it is "));
                }
            }
        }
    }
    println!(
        "{led} fields led to their part, {later} of them of another release, {meant} meant otherwise"
    );
    assert!(led > 1_000 && later > 50, "{led} {later} {meant}");
}
