//! Every rule that a finding can name, also one of a conversion or an upgrade, for those who read findings: what it means, how much it weighs, since when there is it, and an
//! example of what breaks it.

mod conversion;

use super::{Rule, Severity, all};
use crate::{meta::When, schema};
use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// What there is to know of a rule.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RuleSummary {
    /// The stable id: `HTTPRouteRule/redirect-without-backends`.
    pub id: &'static str,
    /// How much a violation weighs, if not said otherwise.
    pub severity: Severity,
    /// What is wrong where the rule is broken, in one sentence.
    pub meaning: &'static str,
    /// What would be right; empty where findings say it case by case.
    pub help: &'static str,
    /// The releases and channels that have the rule, whether they have what it is about or not; see
    /// [`releases`](Self::releases).
    pub when: When,
    /// A part of an object that breaks it, with its place.
    pub example: &'static str,
    places: &'static [&'static str],
}

impl RuleSummary {
    fn of(rule: &Rule) -> Self {
        Self {
            id: rule.id,
            severity: rule.severity,
            meaning: rule.message,
            help: rule.help,
            when: rule.when,
            example: example(rule.id),
            places: rule.places,
        }
    }

    /// The releases and channels that have the rule and a type or field on which it sits. Of several intervals in a channel it is the
    /// newest.
    ///
    /// ```
    /// use gwapi::meta::{Channel, Release};
    /// let rule = gwapi::rules::find("XBackend/port-name-form").expect("a rule");
    /// assert!(rule.releases().contains(Release::V1_6_0, Channel::Experimental));
    /// // The field on which it sits is gone.
    /// assert!(!rule.releases().contains(Release::V1_7_0, Channel::Experimental));
    /// ```
    #[must_use]
    pub fn releases(&self) -> When {
        if self.places.is_empty() {
            return self.when;
        }
        let lives = self.places.iter().filter_map(|place| LIVES.get(*place));
        let lives: Vec<When> = lives.flatten().copied().collect();
        When::of(|release, channel| {
            let has = |when: &When| when.contains(release, channel);
            has(&self.when) && lives.iter().any(has)
        })
    }
}

/// The releases that have each place on which rules sit, an interval for each field and version of a kind in which it is.
static LIVES: LazyLock<HashMap<String, HashSet<When>>> = LazyLock::new(|| {
    let mut lives: HashMap<String, HashSet<When>> = HashMap::new();
    for kind in schema::KINDS {
        let served = kind.history.when_served();
        let schema = kind.every();
        schema.visit_with_releases(&mut |_, places, when| {
            for place in places {
                let known = lives.entry(place.clone()).or_default();
                known.insert(when.and(served));
            }
        });
    }
    lives
});

/// Every rule that a finding can name, in the order of their ids.
///
/// ```
/// let rule = gwapi::rules::find("HTTPRouteRule/redirect-without-backends").expect("a rule");
/// assert_eq!(rule.severity, gwapi::rules::Severity::Error);
/// assert!(rule.example.contains("RequestRedirect"));
/// ```
#[must_use]
pub fn known() -> Vec<RuleSummary> {
    let others = OTHERS.iter().chain(conversion::OF_CONVERSION);
    let others = others.map(|(id, severity, meaning)| RuleSummary {
        id,
        severity: *severity,
        meaning,
        help: "",
        when: When::ALWAYS,
        example: example(id),
        places: &[],
    });
    let mut known: Vec<_> = all().map(RuleSummary::of).chain(others).collect();
    known.sort_by_key(|rule| rule.id);
    known
}

/// The rule with this id.
#[must_use]
pub fn find(id: &str) -> Option<RuleSummary> {
    known().into_iter().find(|rule| rule.id == id)
}

/// What breaks a rule. The lines are parts of `tests/fixtures/validation`.
fn example(id: &str) -> &'static str {
    static EXAMPLES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
        let lines = include_str!("examples.tsv").lines();
        lines.filter_map(|line| line.split_once('\t')).collect()
    });
    EXAMPLES.get(id).copied().unwrap_or_default()
}

use Severity::{Error, Warning};

/// Rules that are no rows of [`all`]: they are said of any field, or of what is no object yet.
const OTHERS: &[(&str, Severity, &str)] = &[
    (
        "group/not-known",
        Error,
        "the API group is not known, and its name is nearly that of the Gateway API, or one that it had",
    ),
    (
        "input/absent-resource",
        Warning,
        "a kustomization names a file or folder that is not there",
    ),
    (
        "input/helm-template",
        Error,
        "the file is a Helm template, and no manifest yet",
    ),
    (
        "input/link",
        Error,
        "a link in a folder leads out of it, or to nothing, and is not followed",
    ),
    (
        "input/placeholder",
        Warning,
        "placeholders such as `${DOMAIN}` have no value: fields with them are not judged",
    ),
    (
        "input/unused-allow",
        Warning,
        "a comment allows a rule that is not broken where it stands",
    ),
    (
        "kind/not-served",
        Error,
        "the release and channel do not have the kind",
    ),
    (
        "manifest/duplicate-key",
        Error,
        "a key is given twice; a warning in kinds that have no part in the Gateway API",
    ),
    (
        "manifest/unreadable",
        Error,
        "a document, or a value in it, cannot be read",
    ),
    (
        "metadata/annotations",
        Error,
        "the annotations are not those that an object can have",
    ),
    (
        "metadata/finalizers",
        Error,
        "the finalizers are not those that an object can have",
    ),
    (
        "metadata/labels",
        Error,
        "the labels are not those that an object can have",
    ),
    (
        "metadata/name",
        Error,
        "the name is missing, or not one that an object can have",
    ),
    (
        "metadata/namespace",
        Error,
        "the namespace is not one that the object can have",
    ),
    (
        "metadata/owner-references",
        Error,
        "the owner references are not those that an object can have",
    ),
    (
        "metadata/type",
        Error,
        "a field of `metadata` has the wrong type",
    ),
    ("object/duplicate-key", Error, "a key is given twice"),
    ("object/json", Error, "what is to be judged is not JSON"),
    (
        "object/too-many-findings",
        Warning,
        "the object has more findings than are kept; an error where they are errors",
    ),
    ("object/type", Error, "what is to be judged is no object"),
    (
        "object/type-fields",
        Error,
        "the object does not say its `apiVersion` and `kind`",
    ),
    (
        "schema/duplicate",
        Error,
        "two elements of a list are the same, or have the same key",
    ),
    (
        "schema/enum",
        Error,
        "the value is not one of those that are allowed",
    ),
    (
        "schema/format",
        Error,
        "the value does not have the form that it must have",
    ),
    (
        "schema/max-items",
        Error,
        "the list is longer than it may be",
    ),
    (
        "schema/max-length",
        Error,
        "the text is longer than it may be",
    ),
    (
        "schema/max-properties",
        Error,
        "the object has more fields than it may have",
    ),
    (
        "schema/maximum",
        Error,
        "the number is greater than it may be",
    ),
    (
        "schema/min-items",
        Error,
        "the list is shorter than it may be",
    ),
    (
        "schema/min-length",
        Error,
        "the text is shorter than it may be",
    ),
    (
        "schema/min-properties",
        Error,
        "the object has fewer fields than it must have",
    ),
    (
        "schema/minimum",
        Error,
        "the number is smaller than it may be",
    ),
    (
        "schema/one-of",
        Error,
        "the value is none, or more than one, of the alternatives",
    ),
    (
        "schema/pattern",
        Error,
        "the text does not have the form that it must have",
    ),
    (
        "schema/required",
        Error,
        "a field that must be set is missing",
    ),
    ("schema/type", Error, "the value has the wrong type"),
    (
        "schema/unknown-field",
        Error,
        "the release and channel have no such field",
    ),
    (
        "version/deprecated",
        Warning,
        "the version of the kind is deprecated",
    ),
    (
        "version/not-served",
        Error,
        "the release and channel do not serve the version of the kind",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::{Channel, Release};
    use std::{collections::BTreeSet, fs, path::Path};

    #[test]
    fn every_rule_has_a_meaning_and_an_example_and_no_example_is_without_rule() {
        let known = known();
        let ids: BTreeSet<&str> = known.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), known.len());
        for rule in &known {
            assert!(
                !rule.meaning.is_empty() && !rule.example.is_empty(),
                "{}",
                rule.id
            );
            // It is told of other releases, too.
            assert!(!rule.meaning.contains("this release"), "{}", rule.id);
        }
        for line in include_str!("examples.tsv").lines() {
            let id = line.split('\t').next().unwrap();
            assert!(ids.contains(id), "{id}");
        }
        assert!(find("schema/enum").is_some() && find("schema").is_none());
    }

    /// A rule that sits somewhere is in the releases that serve a version of a kind with that place, and have the rule.
    #[test]
    fn the_releases_of_a_rule_are_those_that_have_a_place_of_it() {
        let mut lasting: BTreeSet<(&str, Release, Channel)> = BTreeSet::new();
        for release in Release::ALL.iter().copied() {
            for channel in Channel::ALL {
                for (_, installation) in schema::installed(release, channel) {
                    if !installation.served {
                        continue;
                    }
                    installation.schema().visit(&mut |_, places| {
                        let here = super::super::on(places, release, channel);
                        lasting.extend(here.map(|rule| (rule.id, release, channel)));
                    });
                }
            }
        }
        let mut of_some = 0;
        for rule in known() {
            let when = rule.releases();
            of_some += usize::from(when != When::ALWAYS);
            if rule.places.is_empty() {
                assert_eq!(when, rule.when, "{}", rule.id);
                continue;
            }
            for release in Release::ALL.iter().copied() {
                for channel in Channel::ALL {
                    assert_eq!(
                        when.contains(release, channel),
                        lasting.contains(&(rule.id, release, channel)),
                        "{} {release} {channel}",
                        rule.id
                    );
                }
            }
        }
        assert!(of_some > 50, "{of_some}");
    }

    /// The quoted texts of files, and of the folders among these.
    fn quoted(paths: &[&str]) -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut waiting: Vec<_> = paths.iter().map(|path| root.join(path)).collect();
        let mut found = BTreeSet::new();
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                let entries = fs::read_dir(&path).unwrap();
                waiting.extend(entries.map(|entry| entry.unwrap().path()));
                continue;
            }
            let name = path.file_stem().unwrap().to_string_lossy();
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            if !name.ends_with("tests") {
                found.extend(text.split('"').skip(1).step_by(2).map(str::to_owned));
            }
        }
        found
    }

    /// What conversion and `upgrade-check` name are rows of the table, and the other way round.
    #[test]
    fn what_conversion_and_upgrades_name_is_known() {
        let of_group = |group: &str| -> BTreeSet<String> {
            let known = known().into_iter();
            let ids = known.filter_map(|rule| rule.id.strip_prefix(group));
            ids.map(str::to_owned).collect()
        };
        let is_id = |text: &String| {
            text.contains('-') && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        };
        let mut upgrade = quoted(&["src/conversion/upgrade"]);
        upgrade.retain(is_id);
        // The name of a webhook.
        assert!(upgrade.remove("gateway-api-admission"));
        assert_eq!(upgrade, of_group("upgrade/"));

        let text = include_str!("../../conversion/error.rs");
        let (_, rule) = text.split_once("fn rule(&self)").unwrap();
        let (rule, _) = rule.split_once("\n}\n").unwrap();
        let mut ids: BTreeSet<String> = rule
            .split('"')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        let mut remarks = quoted(&["src/conversion/release"]);
        remarks.retain(is_id);
        ids.append(&mut remarks);
        let of_command = quoted(&["cli/src/convert.rs"]);
        let own = of_command
            .iter()
            .filter_map(|text| text.strip_prefix("conversion/"));
        ids.extend(own.filter(|id| *id != "{}").map(str::to_owned));
        assert_eq!(ids, of_group("conversion/"));
    }

    /// Whatever text in the sources looks like the id of a rule is one.
    #[test]
    fn every_rule_that_the_sources_name_is_known() {
        let known = known();
        let ids: BTreeSet<&str> = known.iter().map(|rule| rule.id).collect();
        let groups: BTreeSet<&str> = ids.iter().filter_map(|id| id.split('/').next()).collect();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders: Vec<_> = ["src", "cli/src"].map(|folder| root.join(folder)).to_vec();
        let mut seen = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = fs::read_to_string(&path).unwrap();
                    for quoted in text.split('"') {
                        let Some((group, name)) = quoted.split_once('/') else {
                            continue;
                        };
                        let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
                        if groups.contains(group) && is_name && name.len() > 1 && group != "Gateway"
                        {
                            assert!(ids.contains(quoted), "{}: `{quoted}`", path.display());
                            seen.insert(quoted.to_owned());
                        }
                    }
                }
            }
        }
        let unseen: Vec<_> = ids.iter().filter(|id| !seen.contains(**id)).collect();
        assert!(unseen.len() < 5, "{unseen:?}");
    }
}
