//! What the files around a manifest say of it: which namespace a `kustomization.yaml` gives to its objects, and whether it is a patch or
//! a template of a Helm chart, and no object.

use gwapi::{
    manifest::{self, ReadOptions},
    meta::ObjectRef,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

/// The names that Kustomize knows its file by.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A longer file is none that people write.
const LONGEST: u64 = 1 << 20;

/// How deep kustomizations may stand on each other.
const DEEPEST: usize = 32;

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
}

/// In which namespace the objects of a file are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum NamespaceOf {
    /// In their own.
    #[default]
    Own,
    /// In this one, which a kustomization gives to all.
    Given(String),
    /// In several: more than one kustomization builds on them.
    Several,
}

/// All kustomizations of the input.
#[derive(Clone, Debug, Default)]
pub(super) struct Kustomized {
    /// The namespaces that kustomizations give to the objects of a file; nothing where they leave them as they are.
    namespaces: HashMap<PathBuf, BTreeSet<Option<String>>>,
    patches: HashSet<PathBuf>,
    /// Secrets and ConfigMaps that kustomizations make.
    pub(super) generated: BTreeSet<ObjectRef>,
}

/// One kustomization.
#[derive(Debug, Default)]
struct Kustomization {
    namespace: Option<String>,
    /// Files and folders, without links.
    resources: Vec<PathBuf>,
    patches: Vec<PathBuf>,
    generated: Vec<(&'static str, String)>,
}

impl Kustomized {
    /// The kustomizations among these files (their names without links), and those beside them.
    pub(super) fn of<'f>(files: impl Iterator<Item = &'f Path>) -> Self {
        let folders: BTreeSet<&Path> = files.filter_map(Path::parent).collect();
        let read = folders.into_iter().filter_map(|folder| {
            let file = NAMES
                .map(|name| folder.join(name))
                .into_iter()
                .find(|file| file.is_file())?;
            Some((folder.to_owned(), Kustomization::read(folder, &file)?))
        });
        let all: BTreeMap<PathBuf, Kustomization> = read.collect();
        let mut above: HashMap<&Path, Vec<&Path>> = HashMap::new();
        for (folder, kustomization) in &all {
            for resource in kustomization
                .resources
                .iter()
                .filter(|path| all.contains_key(*path))
            {
                above.entry(resource).or_default().push(folder);
            }
        }
        let mut kustomized = Self::default();
        for (folder, kustomization) in &all {
            let mut namespaces = BTreeSet::new();
            gather(folder, &all, &above, 0, &mut namespaces);
            for file in kustomization
                .resources
                .iter()
                .filter(|path| !all.contains_key(*path))
            {
                let of_file = kustomized.namespaces.entry(file.clone()).or_default();
                of_file.extend(namespaces.iter().cloned());
            }
            for (kind, name) in &kustomization.generated {
                for namespace in &namespaces {
                    kustomized.generated.insert(ObjectRef {
                        group: String::new(),
                        kind: (*kind).to_owned(),
                        namespace: namespace.clone().unwrap_or_default(),
                        name: name.clone(),
                    });
                }
            }
            kustomized
                .patches
                .extend(kustomization.patches.iter().cloned());
        }
        kustomized
    }

    /// What is said of a file, by its name without links.
    pub(super) fn layout(&self, file: &Path) -> Layout {
        let namespaces = self.namespaces.get(file);
        let mut namespaces = namespaces.into_iter().flatten();
        let namespace = match (namespaces.next(), namespaces.next()) {
            (None | Some(None), None) => NamespaceOf::Own,
            (Some(Some(namespace)), None) => NamespaceOf::Given(namespace.clone()),
            (_, Some(_)) => NamespaceOf::Several,
        };
        Layout {
            namespace,
            is_patch: self.patches.contains(file),
            ..Layout::default()
        }
    }
}

/// The namespaces that a kustomization's objects get: that of the outermost one that builds on it and names any.
fn gather(
    folder: &Path,
    all: &BTreeMap<PathBuf, Kustomization>,
    above: &HashMap<&Path, Vec<&Path>>,
    depth: usize,
    namespaces: &mut BTreeSet<Option<String>>,
) {
    let own = all.get(folder).and_then(|one| one.namespace.clone());
    let mut outer = BTreeSet::new();
    for other in above.get(folder).into_iter().flatten() {
        if depth < DEEPEST {
            gather(other, all, above, depth + 1, &mut outer);
        }
    }
    if outer.is_empty() {
        outer.insert(None);
    }
    let or_own = outer.into_iter().map(|outer| outer.or_else(|| own.clone()));
    namespaces.extend(or_own);
}

impl Kustomization {
    fn read(folder: &Path, file: &Path) -> Option<Self> {
        if fs::metadata(file).ok()?.len() > LONGEST {
            return None;
        }
        let text = fs::read(file).ok()?;
        let read = manifest::read(&text, &ReadOptions::default());
        let value = &read.entries.first()?.value;
        let mut found = Self {
            namespace: text_of(value, "namespace").map(str::to_owned),
            ..Self::default()
        };
        let local = |text: &str| {
            // What is elsewhere, or a patch that stands in the file itself, is no path.
            let is_path = !text.contains("://") && !text.contains(['\n', '?']);
            let path = is_path.then(|| fs::canonicalize(folder.join(text)).ok())?;
            Some(path.unwrap_or_else(|| folder.join(text)))
        };
        for field in ["resources", "bases", "components"] {
            found
                .resources
                .extend(texts(value, field).filter_map(local));
        }
        found
            .patches
            .extend(texts(value, "patchesStrategicMerge").filter_map(local));
        for field in ["patches", "patchesJson6902", "replacements"] {
            let paths = list(value, field)
                .iter()
                .filter_map(|one| text_of(one, "path"));
            found.patches.extend(paths.filter_map(local));
        }
        for (field, kind) in [
            ("secretGenerator", "Secret"),
            ("configMapGenerator", "ConfigMap"),
        ] {
            let names = list(value, field)
                .iter()
                .filter_map(|one| text_of(one, "name"));
            found
                .generated
                .extend(names.map(|name| (kind, name.to_owned())));
        }
        Some(found)
    }
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
    chart.is_some_and(|chart| chart.join("Chart.yaml").is_file())
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
        let kustomized = Kustomized::of(all.iter().map(PathBuf::as_path));
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
        let kustomized = Kustomized::of(all);
        assert_eq!(
            kustomized.layout(&root.join("base/a.yaml")).namespace,
            NamespaceOf::Several
        );
    }
}
