//! Objects that several folders give differently, each for a cluster of its own: what is said of what is in none of them has to hold
//! for each of these clusters.

use super::apart::{Identity, Located};
use gwapi::{
    lint::{Linted, Member},
    validation::{Finding, Report},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many sets of objects are judged at most, each as a whole. Where there would be more, all objects are one set.
const MOST: usize = 32;

/// The folders that give objects differently, and what follows from it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Worlds {
    /// The sets that are judged, each by itself.
    sets: Vec<Set>,
    /// What there is to say of the folders.
    pub(super) families: Vec<Family>,
}

/// All objects but some.
#[derive(Debug, Default, PartialEq, Eq)]
struct Set {
    /// Those that are not there.
    without: BTreeSet<usize>,
    /// Those that are not there, or are for another cluster, of which nothing is said here.
    elsewhere: BTreeSet<usize>,
}

/// Folders beside each other that give the same objects differently.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Family {
    /// The first of the objects.
    pub(super) first: usize,
    /// How many there are besides, by their names.
    pub(super) more: usize,
    pub(super) folders: Vec<String>,
}

/// The objects of a folder by the folders in it; those of its own files by nothing.
type ByFolder<'o> = BTreeMap<Option<&'o str>, Vec<&'o Located<'o>>>;

/// By name and namespace, the objects and the folders that they are in.
type Holders<'o> = HashMap<(u64, u64), Vec<(Option<&'o str>, &'o Located<'o>)>>;

/// A folder of a family: all objects in it, and those that others give differently.
#[derive(Default)]
struct Branch {
    all: BTreeSet<usize>,
    shared: BTreeSet<usize>,
}

impl Worlds {
    /// Looks for such folders.
    pub(super) fn of(objects: &[Located<'_>]) -> Self {
        let mut worlds = Self::default();
        // Most sets give no object twice.
        let mut content = HashMap::new();
        let differs = |object: &Located<'_>| {
            let Identity {
                name,
                namespace,
                content: own,
            } = object.identity;
            namespace.is_some() && *content.entry((name, namespace)).or_insert(own) != own
        };
        if objects.iter().any(differs) {
            let all: Vec<&Located<'_>> = objects.iter().collect();
            worlds.look(&all, 0);
        }
        if worlds.sets.len() > MOST {
            return Self::default();
        }
        worlds
    }

    fn look<'o>(&mut self, objects: &[&'o Located<'o>], depth: usize) {
        // The files of a folder itself are for what the folder is for.
        let mut children = ByFolder::new();
        for object in objects {
            let is_folder = object.path.len() > depth + 1;
            let child = object.path.get(depth).filter(|_| is_folder);
            children.entry(child.copied()).or_default().push(object);
        }
        self.add(&children, depth);
        for (_, objects) in children.iter().filter(|(child, _)| child.is_some()) {
            self.look(objects, depth + 1);
        }
    }

    /// Adds a family, if folders here are one.
    fn add(&mut self, children: &ByFolder<'_>, depth: usize) {
        let mut holders = Holders::new();
        let all = children
            .iter()
            .flat_map(|(child, objects)| objects.iter().map(|object| (*child, *object)));
        for (child, object) in all.filter(|_| children.len() > 1) {
            if let Some(namespace) = object.identity.namespace {
                let name = (object.identity.name, namespace);
                holders.entry(name).or_default().push((child, object));
            }
        }
        holders.retain(|_, holders| {
            let Some((child, first)) = holders.first() else {
                return false;
            };
            let content = first.identity.content;
            holders.iter().any(|(other, _)| other != child)
                && holders
                    .iter()
                    .any(|(_, one)| one.identity.content != content)
        });
        let mut branches: BTreeMap<Option<&str>, Branch> = BTreeMap::new();
        for (child, object) in holders.values().flatten() {
            let branch = branches.entry(*child).or_default();
            branch.shared.insert(object.index);
        }
        let Some(first) = branches.values().flat_map(|one| &one.shared).min() else {
            return;
        };
        self.families.push(Family {
            first: *first,
            more: holders.len().saturating_sub(1),
            folders: branches
                .keys()
                .map(|child| named(children, *child, depth))
                .collect(),
        });
        for (child, branch) in &mut branches {
            let objects = children.get(child).into_iter().flatten();
            branch.all = objects.map(|object| object.index).collect();
        }
        // Of the other folders nothing is there; or all but what they give differently, where one builds on another.
        for is_whole in [true, false] {
            for own in branches.keys() {
                let mut set = Set::default();
                for (_, other) in branches.iter().filter(|(child, _)| *child != own) {
                    set.elsewhere.extend(&other.all);
                    set.without.extend(match is_whole {
                        true => &other.all,
                        false => &other.shared,
                    });
                }
                self.sets.push(set);
            }
        }
    }

    /// What there is to say of each of these objects, of which the first are in files, in every set that it is for.
    pub(super) fn judge(
        &self,
        all: Vec<Member>,
        count: usize,
        mut judge: impl FnMut(Vec<Member>) -> Linted<usize>,
    ) -> Linted<usize> {
        let Some((first, others)) = self.sets.split_first() else {
            return judge(all);
        };
        let mut judge = |set: &Set| {
            let here = all.iter().enumerate();
            let here = here.filter(|(index, _)| !set.without.contains(index));
            let (indexes, members): (Vec<_>, Vec<_>) =
                here.map(|(index, member)| (index, member.clone())).unzip();
            let mut linted = judge(members);
            let reports = std::mem::take(&mut linted.reports).into_iter();
            let placed = reports.filter_map(|(at, report)| Some((*indexes.get(at)?, report)));
            let is_here = |(index, _): &(usize, _)| !set.elsewhere.contains(index);
            linted.reports = placed.filter(is_here).collect();
            linted
        };
        let mut linted = judge(first);
        // How often each finding was there of each object.
        let mut found: BTreeMap<usize, BTreeMap<String, (usize, Finding)>> = BTreeMap::new();
        let mut add = |reports: BTreeMap<usize, Report>| {
            for (index, report) in reports {
                let mut of_report: HashMap<String, usize> = HashMap::new();
                for finding in report.into_findings() {
                    let said = format!("{} {}", finding.rule(), finding.path());
                    let before = of_report.entry(said.clone()).or_default();
                    *before += 1;
                    let key = format!("{said} {before}");
                    let of_object = found.entry(index).or_default();
                    of_object.entry(key).or_insert((0, finding)).0 += 1;
                }
            }
        };
        add(std::mem::take(&mut linted.reports));
        for set in others {
            let here = judge(set);
            add(here.reports);
            for met in here.met {
                if linted.met.iter().all(|known| known.bound != met.bound) {
                    linted.met.push(met);
                }
            }
        }
        for (index, findings) in found {
            if index >= count {
                continue;
            }
            let sets = self.sets.iter();
            let sets = sets.filter(|set| !set.elsewhere.contains(&index)).count();
            let findings = findings.into_values();
            let kept: Vec<Finding> = findings
                .filter(|(times, _)| *times == sets)
                .map(|(_, finding)| finding)
                .collect();
            if !kept.is_empty() {
                linted.reports.insert(index, Report::from(kept));
            }
        }
        linted
    }
}

/// The path of a folder, or that of the folder itself.
fn named(children: &ByFolder<'_>, child: Option<&str>, depth: usize) -> String {
    let object = children.get(&child).and_then(|objects| objects.first());
    let path = object
        .map(|object| object.path.as_slice())
        .unwrap_or_default();
    let length = depth + usize::from(child.is_some());
    match path.get(..length) {
        Some([]) | None => ".".to_owned(),
        Some(path) => path.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn worlds(objects: &[(&str, &str)]) -> Worlds {
        let located = objects.iter().enumerate().map(|(index, (file, text))| {
            let (name, content) = text.split_once('=').unwrap();
            let object = json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
            });
            let content = content.parse().unwrap();
            Located::new(file, index, Identity::new(&object, true, content))
        });
        Worlds::of(&located.collect::<Vec<_>>())
    }

    #[test]
    fn folders_that_give_an_object_differently_are_for_clusters_of_their_own() {
        let both = worlds(&[
            ("base/x.yaml", "db=1"),
            ("clusters/dev/gw.yaml", "gw=1"),
            ("clusters/dev/more/r.yaml", "dev=1"),
            ("clusters/prod/gw.yaml", "gw=2"),
            ("clusters/prod/r.yaml", "prod=1"),
        ]);
        let sets = |sets: &[&[usize]]| -> Vec<BTreeSet<usize>> {
            sets.iter()
                .map(|set| set.iter().copied().collect())
                .collect()
        };
        let without: Vec<_> = both.sets.iter().map(|set| set.without.clone()).collect();
        assert_eq!(without, sets(&[&[3, 4], &[1, 2], &[3], &[1]]));
        let elsewhere: Vec<_> = both.sets.iter().map(|set| set.elsewhere.clone()).collect();
        assert_eq!(elsewhere, sets(&[&[3, 4], &[1, 2], &[3, 4], &[1, 2]]));
        let family = Family {
            first: 1,
            more: 0,
            folders: vec!["clusters/dev".to_owned(), "clusters/prod".to_owned()],
        };
        assert_eq!(both.families, [family]);
        // What is the same, or in one folder, needs none.
        for objects in [
            &[("dev/x.yaml", "gw=1"), ("prod/x.yaml", "gw=1")][..],
            &[("dev/x.yaml", "gw=1"), ("dev/y.yaml", "gw=2")],
            &[("dev/x.yaml", "gw=1"), ("prod/x.yaml", "db=2")],
        ] {
            assert_eq!(worlds(objects), Worlds::default(), "{objects:?}");
        }
        // A folder and one below it.
        let below = worlds(&[("./x.yaml", "gw=1"), ("./prod/x.yaml", "gw=2")]);
        assert_eq!(below.families[0].folders, [".", "prod"]);
    }
}
