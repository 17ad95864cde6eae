//! What the files around a manifest say of it: which namespace a `kustomization.yaml` gives to its objects, and whether it is a patch or
//! a template of a Helm chart, and no object.

use super::{
    open::{Open, Table},
    vars::Vars,
};
use gwapi::{
    manifest::{self, Position, ReadOptions},
    meta::ObjectRef,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    fs,
    io::Read,
    path::{Path, PathBuf},
};

/// The names that Kustomize knows its file by.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Where a kustomization names what it is made of.
const RESOURCES: [&str; 3] = ["resources", "bases", "components"];

/// Where it names patches, each a file or the patch itself.
const MERGED: &str = "patchesStrategicMerge";

/// Where it names what changes its objects, each with the `path` of a file.
const CHANGES: [&str; 3] = ["patches", "patchesJson6902", "replacements"];

/// What makes objects, and their kind.
const GENERATORS: [(&str, &str); 2] = [
    ("secretGenerator", "Secret"),
    ("configMapGenerator", "ConfigMap"),
];

/// A longer file is none that people write.
const LONGEST: u64 = 1 << 20;

/// In how many namespaces the objects of a kustomization may be; of more, only that they are many is kept.
const MOST_NAMESPACES: usize = 16;

/// What its surroundings say of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The namespace in which its objects are.
    pub(super) namespace: NamespaceOf,
    /// Whether it is a patch of a kustomization.
    pub(super) is_patch: bool,
    /// Whether it is a template of a Helm chart.
    pub(super) is_chart: bool,
    /// Whether it was named itself, and not the folder that it is in.
    pub(super) is_named: bool,
    /// Whether it is what a cluster has stored, so that placeholders in it are text.
    pub(super) is_stored: bool,
}

/// In which namespace the objects of a file are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum NamespaceOf {
    /// In their own.
    #[default]
    Own,
    /// In this one, which a kustomization gives to all.
    Given(String),
    /// In one of which nobody knows: more than one kustomization builds on them, or one names it by a placeholder without value.
    Unknown,
}

/// The namespaces that kustomizations give to objects; nothing where they leave them as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Namespaces {
    named: BTreeSet<Option<String>>,
    /// Whether there are more than are kept, or some of which nobody knows.
    are_more: bool,
}

impl Namespaces {
    fn add(&mut self, namespace: Option<String>) {
        if self.named.len() < MOST_NAMESPACES {
            self.named.insert(namespace);
        } else if !self.named.contains(&namespace) {
            self.are_more = true;
        }
    }
}

/// All kustomizations of the input.
#[derive(Clone, Debug, Default)]
pub(super) struct Kustomized {
    /// What kustomizations say of the namespace of a file's objects.
    namespaces: HashMap<PathBuf, Namespaces>,
    patches: HashSet<PathBuf>,
    /// Secrets and ConfigMaps that kustomizations make; one without a namespace is where objects are that name none.
    pub(super) generated: BTreeSet<ObjectRef>,
    /// Those that they make in more namespaces than are kept, or in some of which nobody knows: kind and name.
    pub(super) generated_anywhere: BTreeSet<(&'static str, String)>,
    /// The files that name their namespace by a placeholder without value.
    pub(super) open: BTreeMap<PathBuf, OpenNamespace>,
    /// The files with resources or patches that are not there: of each its place, and how it is written.
    pub(super) absent: BTreeMap<PathBuf, Vec<(Position, String)>>,
}

/// A namespace of which nobody knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OpenNamespace {
    pub(super) at: Position,
    /// The variables without value.
    pub(super) names: BTreeSet<String>,
}

/// One kustomization.
#[derive(Debug, Default)]
struct Kustomization {
    namespace: Option<String>,
    /// That it depends on variables without value, and the file.
    open: Option<(PathBuf, OpenNamespace)>,
    /// The resources and patches that are not there, and the file.
    absent: Option<(PathBuf, Vec<(Position, String)>)>,
    /// Files and folders, without links.
    resources: Vec<PathBuf>,
    patches: Vec<PathBuf>,
    generated: Vec<Generated>,
}

/// A Secret or ConfigMap that a kustomization makes.
#[derive(Debug)]
struct Generated {
    kind: &'static str,
    name: String,
    /// The namespace that its generator names; that of the kustomization counts more.
    namespace: NamespaceOf,
}

impl Kustomized {
    /// The kustomizations among these files (their names without links), and those beside them.
    pub(super) fn of<'f>(files: impl Iterator<Item = &'f Path>, vars: &Vars) -> Self {
        let folders: BTreeSet<&Path> = files.filter_map(Path::parent).collect();
        let read = folders.into_iter().filter_map(|folder| {
            let file = NAMES
                .map(|name| folder.join(name))
                .into_iter()
                .find(|file| is_file_of(folder, file))?;
            Some((folder.to_owned(), Kustomization::read(folder, &file, vars)?))
        });
        let all: BTreeMap<PathBuf, Kustomization> = read.collect();
        let mut by_folder = namespaces(&all);
        let mut kustomized = Self::default();
        for (folder, kustomization) in &all {
            let namespaces = by_folder.remove(folder.as_path()).unwrap_or_default();
            for file in &kustomization.resources {
                if all.contains_key(file) {
                    continue;
                }
                let of_file = kustomized.namespaces.entry(file.clone()).or_default();
                of_file.are_more |= namespaces.are_more;
                for namespace in &namespaces.named {
                    of_file.add(namespace.clone());
                }
            }
            for one in &kustomization.generated {
                kustomized.generate(one, &namespaces);
            }
            kustomized
                .patches
                .extend(kustomization.patches.iter().cloned());
            kustomized.open.extend(kustomization.open.clone());
            kustomized.absent.extend(kustomization.absent.clone());
        }
        kustomized
    }

    /// Adds what a generator makes in each of these namespaces of its kustomization.
    fn generate(&mut self, one: &Generated, namespaces: &Namespaces) {
        let is_open = namespaces.named.contains(&None) && one.namespace == NamespaceOf::Unknown;
        if namespaces.are_more || is_open {
            self.generated_anywhere.insert((one.kind, one.name.clone()));
            return;
        }
        let own = match &one.namespace {
            NamespaceOf::Given(own) => own.as_str(),
            NamespaceOf::Own | NamespaceOf::Unknown => "",
        };
        for namespace in &namespaces.named {
            self.generated.insert(ObjectRef {
                group: String::new(),
                kind: one.kind.to_owned(),
                namespace: namespace.as_deref().unwrap_or(own).to_owned(),
                name: one.name.clone(),
            });
        }
    }

    /// What is said of a file, by its name without links.
    pub(super) fn layout(&self, file: &Path) -> Layout {
        let of_file = self.namespaces.get(file);
        let mut named = of_file.into_iter().flat_map(|of_file| &of_file.named);
        let namespace = match (named.next(), named.next()) {
            _ if of_file.is_some_and(|of_file| of_file.are_more) => NamespaceOf::Unknown,
            (None | Some(None), None) => NamespaceOf::Own,
            (Some(Some(namespace)), None) => NamespaceOf::Given(namespace.clone()),
            (_, Some(_)) => NamespaceOf::Unknown,
        };
        Layout {
            namespace,
            is_patch: self.patches.contains(file),
            ..Layout::default()
        }
    }
}

/// The namespaces that the objects of each kustomization get: that of the outermost one that builds on it and names any.
///
/// Each gets what those that build on it have, and passes it on once it has more than before, so that circles end and a
/// folder that is reached in many ways is looked at a few times.
fn namespaces(all: &BTreeMap<PathBuf, Kustomization>) -> BTreeMap<&Path, Namespaces> {
    let below = |kustomization: &Kustomization| -> BTreeSet<&Path> {
        let folders = kustomization.resources.iter();
        folders
            .filter_map(|path| all.get_key_value(path))
            .map(|(folder, _)| folder.as_path())
            .collect()
    };
    let below: BTreeMap<&Path, BTreeSet<&Path>> = all
        .iter()
        .map(|(folder, kustomization)| (folder.as_path(), below(kustomization)))
        .collect();
    let add_own = |namespaces: &mut Namespaces, folder: &Path| {
        let own = all.get(folder);
        match own.is_some_and(|own| own.open.is_some()) {
            true => namespaces.are_more = true,
            false => namespaces.add(own.and_then(|own| own.namespace.clone())),
        }
    };
    let mut found: BTreeMap<&Path, Namespaces> = BTreeMap::new();
    let named: BTreeSet<&Path> = below
        .iter()
        .flat_map(|(folder, below)| below.iter().filter(move |other| *other != folder))
        .copied()
        .collect();
    // The outermost ones first; what is still without a namespace then is in a circle that nobody else names.
    let outermost = below.keys().filter(|folder| !named.contains(*folder));
    for start in outermost.chain(below.keys()) {
        if found.contains_key(start) {
            continue;
        }
        add_own(found.entry(start).or_default(), start);
        let mut waiting = VecDeque::from([*start]);
        let mut is_waiting = BTreeSet::from([*start]);
        while let Some(folder) = waiting.pop_front() {
            is_waiting.remove(folder);
            let outer = found.get(folder).cloned().unwrap_or_default();
            for inner in below.get(folder).into_iter().flatten() {
                let namespaces = found.entry(inner).or_default();
                let before = (namespaces.named.len(), namespaces.are_more);
                namespaces.are_more |= outer.are_more;
                for namespace in &outer.named {
                    match namespace {
                        Some(namespace) => namespaces.add(Some(namespace.clone())),
                        None => add_own(namespaces, inner),
                    }
                }
                let is_new = before != (namespaces.named.len(), namespaces.are_more);
                if is_new && is_waiting.insert(inner) {
                    waiting.push_back(inner);
                }
            }
        }
    }
    found
}

/// Whether there is a file, and not a link that leads out of the folder.
fn is_file_of(folder: &Path, file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.is_file())
        && fs::canonicalize(file).is_ok_and(|found| found.starts_with(folder))
}

impl Kustomization {
    fn read(folder: &Path, file: &Path, vars: &Vars) -> Option<Self> {
        if fs::metadata(file).ok()?.len() > LONGEST {
            return None;
        }
        let (table, mut text) = (Table::default(), Vec::new());
        let from = fs::File::open(file).ok()?;
        vars.put_into(from, &table).read_to_end(&mut text).ok()?;
        let mut read = manifest::read(&text, &ReadOptions::default());
        let entry = read.entries.first_mut()?;
        let holes = Open::find(&mut entry.value, &table, false);
        let open = OpenNamespace {
            at: entry.position("namespace"),
            names: holes.names_of(|path| path == "namespace"),
        };
        let value = &entry.value;
        let is_without_value = |path: &str| !holes.names_of(|open| open == path).is_empty();
        let mut absent = Vec::new();
        for (path, text) in files_of(value) {
            if !is_without_value(&path) && is_local(text) && !folder.join(text).exists() {
                absent.push((entry.position(&path), text.to_owned()));
            }
        }
        let is_open = !open.names.is_empty();
        let mut found = Self {
            namespace: text_of(value, "namespace").map(str::to_owned),
            open: is_open.then(|| (file.to_owned(), open)),
            absent: (!absent.is_empty()).then(|| (file.to_owned(), absent)),
            ..Self::default()
        };
        let local = |text: &str| {
            // What is elsewhere, or a patch that stands in the file itself, is no path.
            let is_path = !text.contains("://") && !text.contains(['\n', '?']);
            let path = is_path.then(|| fs::canonicalize(folder.join(text)).ok())?;
            Some(path.unwrap_or_else(|| folder.join(text)))
        };
        for field in RESOURCES {
            found
                .resources
                .extend(texts(value, field).filter_map(local));
        }
        found.patches.extend(texts(value, MERGED).filter_map(local));
        for field in CHANGES {
            let paths = list(value, field)
                .iter()
                .filter_map(|one| text_of(one, "path"));
            found.patches.extend(paths.filter_map(local));
        }
        for (field, kind) in GENERATORS {
            for (index, one) in list(value, field).iter().enumerate() {
                let Some(name) = text_of(one, "name") else {
                    continue;
                };
                let namespace = match text_of(one, "namespace") {
                    _ if is_without_value(&format!("{field}[{index}].namespace")) => {
                        NamespaceOf::Unknown
                    }
                    None | Some("") => NamespaceOf::Own,
                    Some(own) => NamespaceOf::Given(own.to_owned()),
                };
                let name = name.to_owned();
                found.generated.push(Generated {
                    kind,
                    name,
                    namespace,
                });
            }
        }
        Some(found)
    }
}

/// What a kustomization names that may be a file beside it: of each the field, and how it is written.
fn files_of(value: &Value) -> Vec<(String, &str)> {
    let mut files = Vec::new();
    for field in RESOURCES.into_iter().chain([MERGED]) {
        for (index, one) in list(value, field).iter().enumerate() {
            files.extend(one.as_str().map(|text| (format!("{field}[{index}]"), text)));
        }
    }
    for field in CHANGES {
        for (index, one) in list(value, field).iter().enumerate() {
            let text = text_of(one, "path");
            files.extend(text.map(|text| (format!("{field}[{index}].path"), text)));
        }
    }
    files
}

/// Whether a resource is certain to be a file or folder beside the kustomization: a repository may be named without a scheme
/// (`github.com/…`).
fn is_local(resource: &str) -> bool {
    let first = resource.split('/').next().unwrap_or_default();
    let is_file = first == resource;
    !resource.contains([':', '?', '\n'])
        && !resource.is_empty()
        && (matches!(first, "." | "..") || is_file || !first.contains(['.', '@']))
}

fn text_of<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value.get(field)?.as_str()
}

fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn texts<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v str> {
    list(value, field).iter().filter_map(Value::as_str)
}

/// Whether a file is among the templates of a Helm chart.
pub(super) fn is_of_chart(file: &Path) -> bool {
    let templates = file
        .ancestors()
        .skip(1)
        .find(|folder| folder.ends_with("templates"));
    let chart = templates.and_then(Path::parent);
    chart.is_some_and(|chart| is_file_of(chart, &chart.join("Chart.yaml")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn the_outermost_namespace_counts_and_patches_are_no_objects() {
        let scratch = Scratch::new("kustomize");
        let root = scratch.path();
        for (file, text) in [
            (
                "base/kustomization.yaml",
                "namespace: base\nresources: [a.yaml, ../more]\n",
            ),
            ("base/a.yaml", ""),
            (
                "more/kustomization.yml",
                "resources: [b.yaml]\nsecretGenerator: [{name: s}]\n",
            ),
            ("more/b.yaml", ""),
            (
                "own/kustomization.yaml",
                "namespace: own\nresources: [c.yaml, 'https://example.com/x?ref=1']\n",
            ),
            ("own/c.yaml", ""),
            (
                "prod/Kustomization",
                "namespace: prod\nresources: [../base]\npatches: [{path: p.yaml}, {patch: 'x'}]\npatchesStrategicMerge: [q.yaml]\n",
            ),
            ("prod/p.yaml", ""),
            ("prod/q.yaml", ""),
            ("chart/Chart.yaml", ""),
            ("chart/templates/sub/t.yaml", ""),
        ] {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let all: Vec<PathBuf> = ["base/a.yaml", "more/b.yaml", "own/c.yaml", "prod/p.yaml"]
            .map(|file| root.join(file))
            .to_vec();
        let kustomized = Kustomized::of(all.iter().map(PathBuf::as_path), &Vars::default());
        let namespace = |file: &str| kustomized.layout(&root.join(file)).namespace;
        let given = |name: &str| NamespaceOf::Given(name.to_owned());
        assert_eq!(namespace("base/a.yaml"), given("prod"));
        assert_eq!(namespace("more/b.yaml"), given("prod"));
        assert_eq!(namespace("own/c.yaml"), given("own"));
        assert_eq!(namespace("chart/Chart.yaml"), NamespaceOf::Own);
        assert!(kustomized.layout(&root.join("prod/p.yaml")).is_patch);
        assert!(kustomized.layout(&root.join("prod/q.yaml")).is_patch);
        assert!(!kustomized.layout(&root.join("base/a.yaml")).is_patch);
        let secret = kustomized.generated.first().unwrap();
        assert_eq!(secret.to_string(), "Secret prod/s");
        assert!(is_of_chart(&root.join("chart/templates/sub/t.yaml")));
        assert!(!is_of_chart(&root.join("base/a.yaml")));

        // A second overlay, and nobody knows which of the two namespaces is meant; a circle ends.
        fs::create_dir(root.join("dev")).unwrap();
        fs::write(
            root.join("dev/kustomization.yaml"),
            "namespace: dev\nresources: [../base, ../dev]\n",
        )
        .unwrap();
        let dev = root.join("dev/x.yaml");
        let all = all.iter().map(PathBuf::as_path).chain([dev.as_path()]);
        let kustomized = Kustomized::of(all, &Vars::default());
        assert_eq!(
            kustomized.layout(&root.join("base/a.yaml")).namespace,
            NamespaceOf::Unknown
        );
    }

    #[test]
    fn resources_that_are_not_there_are_named_with_their_place() {
        let scratch = Scratch::new("kustomize-absent");
        let text = "resources:\n- x.yaml\n- ../shp\n- github.com/a/b\n- https://a.example/x.yaml\n- git@a.example:b/c\n- ../${APP}\n- ../base\n- more/x.yaml\n";
        let folders = [("base", text), ("shop", "resources: []")];
        let folders = folders.map(|(folder, text)| (folder.to_owned(), text.to_owned()));
        let kustomized = kustomizations(scratch.path(), &folders);
        let file = scratch.path().join("base/kustomization.yaml");
        let at = |line| Position { line, column: 3 };
        let wanted = [(2, "x.yaml"), (3, "../shp"), (9, "more/x.yaml")];
        let wanted = wanted.map(|(line, text)| (at(line), text.to_owned()));
        assert_eq!(kustomized.absent, BTreeMap::from([(file, wanted.to_vec())]));
    }

    #[test]
    fn patches_that_are_not_there_are_named_as_resources_are() {
        let scratch = Scratch::new("kustomize-absent-patches");
        let text = "patches:\n- path: remov.yaml\n- patch: |\n    kind: A\n- path: https://a.example/x.yaml\n- path: ${A}.yaml\npatchesStrategicMerge:\n- q.yaml\n- |\n  kind: B\nreplacements:\n- path: r.yaml\n";
        let folders = [("base".to_owned(), text.to_owned())];
        let kustomized = kustomizations(scratch.path(), &folders);
        let absent = kustomized.absent.values().flatten();
        let named: Vec<_> = absent.map(|(at, text)| (at.line, text.as_str())).collect();
        let wanted = [(8, "q.yaml"), (2, "remov.yaml"), (12, "r.yaml")];
        assert_eq!(named, wanted);
    }

    #[test]
    fn a_generator_may_name_a_namespace_and_that_of_the_kustomization_counts_more() {
        let scratch = Scratch::new("kustomize-generators");
        let of = |namespace: &str| {
            let text = format!(
                "{namespace}secretGenerator: [{{name: a}}, {{name: b, namespace: edge}}, {{name: c, namespace: '${{NS}}'}}]\n"
            );
            kustomizations(scratch.path(), &[("base".to_owned(), text)])
        };
        let made = |kustomized: &Kustomized| -> Vec<(String, String)> {
            let made = kustomized.generated.iter();
            made.map(|one| (one.namespace.clone(), one.name.clone()))
                .collect()
        };
        let pair = |(namespace, name): (&str, &str)| (namespace.to_owned(), name.to_owned());
        let kustomized = of("");
        assert_eq!(made(&kustomized), [("", "a"), ("edge", "b")].map(pair));
        let anywhere = BTreeSet::from([("Secret", "c".to_owned())]);
        assert_eq!(kustomized.generated_anywhere, anywhere);
        let kustomized = of("namespace: prod\n");
        let wanted = [("prod", "a"), ("prod", "b"), ("prod", "c")];
        assert_eq!(made(&kustomized), wanted.map(pair));
        assert!(kustomized.generated_anywhere.is_empty());
    }

    /// Of each folder the kustomization: what it names, and its namespace where it has one.
    fn kustomizations(root: &Path, folders: &[(String, String)]) -> Kustomized {
        let mut files = Vec::new();
        for (folder, text) in folders {
            let folder = root.join(folder);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("kustomization.yaml"), text).unwrap();
            files.push(folder.join("x.yaml"));
        }
        Kustomized::of(files.iter().map(PathBuf::as_path), &Vars::default())
    }

    #[test]
    fn circles_and_ladders_end() {
        let scratch = Scratch::new("kustomize-circles");
        let itself = (
            "a".to_owned(),
            "namespace: shop\nresources: [., ., x.yaml]".to_owned(),
        );
        let kustomized = kustomizations(scratch.path(), &[itself]);
        let file = scratch.path().join("a/x.yaml");
        assert_eq!(
            kustomized.layout(&file).namespace,
            NamespaceOf::Given("shop".to_owned())
        );

        // Each names the next one twice, in two ways: were each way gone, the walk would never end.
        let mut ladder: Vec<_> = (0..200)
            .map(|step| {
                let text = format!(
                    "resources: [../{0}, ../{0}, ../{1}, x.yaml]",
                    step + 1,
                    step + 2
                );
                (step.to_string(), text)
            })
            .collect();
        ladder.push(("200".to_owned(), "resources: [x.yaml, ../201]".to_owned()));
        ladder.push((
            "201".to_owned(),
            "namespace: own\nresources: [../190]".to_owned(),
        ));
        ladder.push((
            "top".to_owned(),
            "namespace: top\nresources: [../0]".to_owned(),
        ));
        let kustomized = kustomizations(scratch.path(), &ladder);
        let file = scratch.path().join("200/x.yaml");
        assert_eq!(
            kustomized.layout(&file).namespace,
            NamespaceOf::Given("top".to_owned())
        );
    }

    #[test]
    fn what_many_overlays_generate_is_kept_once() {
        let scratch = Scratch::new("kustomize-overlays");
        let mut folders = vec![("base".to_owned(), "secretGenerator: [{name: s}]".to_owned())];
        let overlay = |number: usize| {
            let text = format!("namespace: n{number}\nresources: [../base]");
            (format!("o{number}"), text)
        };
        folders.extend((0..MOST_NAMESPACES).map(overlay));
        let kustomized = kustomizations(scratch.path(), &folders);
        assert_eq!(kustomized.generated.len(), MOST_NAMESPACES);
        assert!(kustomized.generated_anywhere.is_empty());
        folders.push(overlay(MOST_NAMESPACES));
        let kustomized = kustomizations(scratch.path(), &folders);
        assert!(kustomized.generated.is_empty());
        let anywhere = BTreeSet::from([("Secret", "s".to_owned())]);
        assert_eq!(kustomized.generated_anywhere, anywhere);
    }

    #[test]
    fn a_namespace_has_the_values_of_placeholders_or_is_unknown() {
        let scratch = Scratch::new("kustomize-vars");
        let folders = [
            (
                "base",
                "namespace: base\nresources: [x.yaml]\nsecretGenerator: [{name: s}]",
            ),
            (
                "over",
                "resources: [../base]\nnamespace: \"${TEAM}-shop\"\n",
            ),
        ];
        let folders = folders.map(|(folder, text)| (folder.to_owned(), text.to_owned()));
        let kustomized = kustomizations(scratch.path(), &folders);
        let file = scratch.path().join("base/x.yaml");
        assert_eq!(kustomized.layout(&file).namespace, NamespaceOf::Unknown);
        assert!(kustomized.generated.is_empty());
        assert_eq!(kustomized.generated_anywhere.len(), 1);
        let wanted = OpenNamespace {
            at: Position {
                line: 2,
                column: 12,
            },
            names: BTreeSet::from(["TEAM".to_owned()]),
        };
        let over = scratch.path().join("over/kustomization.yaml");
        assert_eq!(kustomized.open, BTreeMap::from([(over, wanted)]));
        let mut vars = Vars::default();
        vars.add("TEAM", "a");
        let files = ["base", "over"].map(|folder| scratch.path().join(folder).join("x.yaml"));
        let kustomized = Kustomized::of(files.iter().map(PathBuf::as_path), &vars);
        let given = NamespaceOf::Given("a-shop".to_owned());
        assert_eq!(kustomized.layout(&file).namespace, given);
        assert!(kustomized.open.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_kustomization_elsewhere_is_not_read() {
        let scratch = Scratch::new("kustomize-links");
        let root = fs::canonicalize(scratch.path()).unwrap();
        fs::create_dir_all(root.join("inside/within")).unwrap();
        fs::write(
            root.join("k.yaml"),
            "namespace: secret\nresources: [x.yaml]",
        )
        .unwrap();
        fs::write(
            root.join("inside/within/k.yaml"),
            "namespace: within\nresources: [x.yaml]",
        )
        .unwrap();
        let link = root.join("inside/kustomization.yaml");
        let file = root.join("inside/x.yaml");
        fs::write(&file, "").unwrap();
        for (target, wanted) in [
            ("../k.yaml", NamespaceOf::Own),
            ("within/k.yaml", NamespaceOf::Given("within".to_owned())),
        ] {
            _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(target, &link).unwrap();
            let kustomized = Kustomized::of(std::iter::once(file.as_path()), &Vars::default());
            assert_eq!(kustomized.layout(&file).namespace, wanted, "{target}");
        }
    }
}
