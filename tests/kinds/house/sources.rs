//! Sources as they refer to each other. They are read as text: `use` lines and paths, followed through re-exports to the file
//! that declares the name. Tests are left out.

use super::tokens::{tokens, without_tests};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A module: the names on the way to it from the root of the crate.
pub(super) type Module = Vec<String>;

/// How many imports a path is followed through.
const MOST_STEPS: usize = 12;

/// The files of Rust below a folder, by folder.
pub(super) fn files(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<PathBuf>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.entry(folder.to_owned()).or_default().push(path);
        }
    }
}

/// One name of a `use`: the path, the name under which it is known here, and whether others see it here.
#[derive(Clone, Debug)]
pub(super) struct Import {
    path: Vec<String>,
    name: String,
    is_public: bool,
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) imports: Vec<Import>,
    /// The paths outside of `use`.
    pub(super) paths: Vec<Vec<String>>,
    /// The words outside of `use`.
    words: BTreeSet<String>,
    /// What it declares, not counting what stands inside of other things.
    items: BTreeSet<String>,
    /// The types, traits and aliases among these.
    types: BTreeSet<String>,
}

impl Source {
    /// Reads tokens.
    pub(super) fn of(tokens: &[String]) -> Self {
        let mut source = Self::default();
        let is_word = |i: usize| {
            let first = tokens.get(i).and_then(|token| token.chars().next());
            first.is_some_and(|c| c.is_alphabetic() || c == '_')
        };
        let (mut i, mut depth) = (0, 0);
        while let Some(token) = tokens.get(i) {
            if token == "use" && is_word(i + 1) {
                let is_public = i > 0 && tokens[i - 1] == "pub";
                i = imported(tokens, i + 1, &[], is_public, &mut source.imports);
                continue;
            }
            match token.as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                "struct" | "enum" | "trait" | "type" if depth == 0 && is_word(i + 1) => {
                    source.types.insert(tokens[i + 1].clone());
                    source.items.insert(tokens[i + 1].clone());
                }
                "fn" | "const" | "static" | "mod" if depth == 0 && is_word(i + 1) => {
                    source.items.insert(tokens[i + 1].clone());
                }
                _ => {}
            }
            if is_word(i) && (i == 0 || tokens[i - 1] != "mod") {
                source.words.insert(token.clone());
            }
            if is_word(i) && tokens.get(i + 1).is_some_and(|token| token == "::") {
                let mut path = vec![token.clone()];
                i += 1;
                while tokens.get(i).is_some_and(|token| token == "::") && is_word(i + 1) {
                    path.push(tokens[i + 1].clone());
                    source.words.insert(tokens[i + 1].clone());
                    i += 2;
                }
                source.paths.push(path);
            } else {
                i += 1;
            }
        }
        source
    }
}

/// The names of a `use` from a token on, and where the next token is.
fn imported(
    tokens: &[String],
    mut i: usize,
    before: &[String],
    is_public: bool,
    found: &mut Vec<Import>,
) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(i).map(String::as_str) {
            Some("{") => {
                i += 1;
                while tokens
                    .get(i)
                    .is_some_and(|token| token != "}" && token != ";")
                {
                    i = imported(tokens, i, &path, is_public, found);
                    i += usize::from(tokens.get(i).is_some_and(|token| token == ","));
                }
                return i + 1;
            }
            Some("::") => i += 1,
            Some("as") => {
                let name = tokens[i + 1].clone();
                found.push(Import {
                    path,
                    name,
                    is_public,
                });
                return i + 2;
            }
            Some(word) if word != "," && word != "}" && word != ";" => {
                path.push(word.to_owned());
                i += 1;
            }
            _ => {
                if path.last().is_some_and(|last| last == "self") {
                    path.pop();
                }
                let name = path.last().cloned().unwrap_or_default();
                found.push(Import {
                    path,
                    name,
                    is_public,
                });
                return i;
            }
        }
    }
}

/// The sources of a crate, without tests.
pub(super) struct House {
    files: BTreeMap<Module, Source>,
}

impl House {
    /// Those in a folder.
    pub(super) fn read(folder: &Path) -> Self {
        let mut folders = BTreeMap::new();
        files(folder, &mut folders);
        let paths = folders.into_values().flatten();
        let sources = paths.map(|path| {
            let below = path.strip_prefix(folder).unwrap().to_str().unwrap();
            (below.to_owned(), fs::read_to_string(&path).unwrap())
        });
        Self::of(sources)
    }

    /// Those of these paths from the root of the crate, such as `meta/host.rs`, with these texts.
    pub(super) fn of(
        sources: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
    ) -> Self {
        let mut files: BTreeMap<Module, Source> = BTreeMap::new();
        let mut tests: Vec<Module> = Vec::new();
        for (path, text) in sources {
            let below = path.as_ref().strip_suffix(".rs").unwrap();
            let mut module: Module = below.split('/').map(str::to_owned).collect();
            if ["mod", "lib"].contains(&module.last().unwrap().as_str()) {
                module.pop();
            }
            let (tokens, of_tests) = without_tests(&tokens(text.as_ref()));
            for name in of_tests {
                tests.push(module.iter().cloned().chain([name]).collect());
            }
            files.insert(module, Source::of(&tokens));
        }
        files.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        Self { files }
    }

    /// The modules.
    pub(super) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.files.keys()
    }

    /// The types, traits and aliases that are declared more than once, each with its files.
    pub(super) fn repeated_types(&self) -> BTreeMap<&str, Vec<&Module>> {
        let mut types: BTreeMap<&str, Vec<&Module>> = BTreeMap::new();
        for (module, source) in &self.files {
            for name in &source.types {
                types.entry(name).or_default().push(module);
            }
        }
        types.retain(|_, modules| modules.len() > 1);
        types
    }

    /// What a name that is imported in a module stands for.
    fn import(&self, module: &Module, name: &str, depth: usize) -> Option<Vec<String>> {
        let imports = &self.files.get(module)?.imports;
        if let Some(import) = imports.iter().find(|import| import.name == name) {
            return Some(import.path.clone());
        }
        self.import_of_all(module, name, depth)
    }

    /// The same by way of a `pub use …::*`, which shows what is declared there and what is re-exported there.
    fn import_of_all(&self, module: &Module, name: &str, depth: usize) -> Option<Vec<String>> {
        if depth > MOST_STEPS {
            return None;
        }
        let all = |import: &&Import| import.is_public && import.name == "*";
        self.files[module]
            .imports
            .iter()
            .filter(all)
            .find_map(|all| {
                let (_, of) = all.path.split_last()?;
                let target = self.lead(module, of, depth + 1)?;
                let there = &self.files[&target];
                let mut imports = there.imports.iter();
                let shows = there.items.contains(name)
                    || imports.any(|import| import.is_public && import.name == name)
                    || self.import_of_all(&target, name, depth + 1).is_some();
                shows.then(|| of.iter().cloned().chain([name.to_owned()]).collect())
            })
    }

    /// The file that a path leads to, from a module; nothing for what is not of this crate.
    pub(super) fn lead(&self, module: &Module, path: &[String], depth: usize) -> Option<Module> {
        if depth > MOST_STEPS {
            return None;
        }
        let (first, mut rest) = path.split_first()?;
        let child = |module: &Module, name: &String| {
            let child: Module = module.iter().chain([name]).cloned().collect();
            self.files.contains_key(&child).then_some(child)
        };
        let mut now = match first.as_str() {
            "crate" => Module::new(),
            "self" => module.clone(),
            "super" => {
                let mut up = module.clone();
                up.pop()?;
                while let Some(("super", more)) = rest.split_first().map(|(f, r)| (f.as_str(), r)) {
                    up.pop()?;
                    rest = more;
                }
                up
            }
            _ if child(module, first).is_some() => child(module, first)?,
            _ => {
                let mut of = self.import(module, first, depth)?;
                if of.first() == Some(first) {
                    return None;
                }
                of.extend(rest.iter().cloned());
                return self.lead(module, &of, depth + 1);
            }
        };
        for (index, name) in rest.iter().enumerate() {
            if let Some(child) = child(&now, name) {
                now = child;
                continue;
            }
            let Some(mut of) = self.import(&now, name, depth) else {
                return Some(now);
            };
            of.extend(rest[index + 1..].iter().cloned());
            return self.lead(&now, &of, depth + 1).or(Some(now));
        }
        Some(now)
    }

    /// Which other files each file uses. What it re-exports from below itself is no use, unless it has the name in its own
    /// code; what it re-exports from elsewhere is one.
    pub(super) fn uses(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let uses = self.files.iter().map(|(module, source)| {
            let lead = |path: &Vec<String>| self.lead(module, path, 0);
            let imported = source.imports.iter().filter_map(|import| {
                let to = lead(&import.path)?;
                let is_use = !import.is_public
                    || !to.starts_with(module)
                    || source.words.contains(&import.name);
                is_use.then_some(to)
            });
            let mut to: BTreeSet<Module> = imported
                .chain(source.paths.iter().filter_map(lead))
                .collect();
            to.remove(module);
            (module.clone(), to)
        });
        uses.collect()
    }

    /// The groups of files of which each uses each other, be it by way of others, and those of rooms within one room.
    pub(super) fn circles(&self) -> Vec<BTreeSet<Module>> {
        let uses = self.uses();
        let mut found = circles(&uses);
        let rooms: BTreeSet<Module> = uses
            .keys()
            .flat_map(|module| (0..module.len()).map(|length| module[..length].to_vec()))
            .collect();
        for room in rooms {
            let part = |module: &Module| {
                (module.len() > room.len() && module.starts_with(&room))
                    .then(|| module[..=room.len()].to_vec())
            };
            let mut between: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
            for (from, to) in &uses {
                let Some(own) = part(from) else { continue };
                let others = to.iter().filter_map(part).filter(|other| *other != own);
                between.entry(own.clone()).or_default().extend(others);
            }
            found.extend(circles(&between));
        }
        found.sort();
        found.dedup();
        found
    }

    /// The uses of a later stage, and how many uses of other stages there are. A stage is the first name on the way to a
    /// module; one that is not in the list is the last.
    pub(super) fn later_uses(&self, stages: &[&[&str]]) -> (Vec<(Module, Module)>, usize) {
        let stage = |module: &Module| {
            let top = module.first()?.as_str();
            let place = stages.iter().position(|stage| stage.contains(&top));
            Some(place.unwrap_or(usize::MAX))
        };
        let (mut later, mut others) = (Vec::new(), 0);
        for (from, to) in self.uses() {
            let Some(own) = stage(&from) else { continue };
            for to in to {
                let Some(other) = stage(&to) else { continue };
                others += usize::from(own != other);
                if other > own {
                    later.push((from.clone(), to));
                }
            }
        }
        (later, others)
    }
}

/// The groups of which each member leads to each other.
fn circles<N: Ord + Clone>(edges: &BTreeMap<N, BTreeSet<N>>) -> Vec<BTreeSet<N>> {
    let reached = |from: &N| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(one) = next.pop() {
            for to in edges.get(&one).into_iter().flatten() {
                if seen.insert(to.clone()) {
                    next.push(to.clone());
                }
            }
        }
        seen
    };
    let all: BTreeMap<&N, BTreeSet<N>> = edges.keys().map(|one| (one, reached(one))).collect();
    let mut found: BTreeSet<BTreeSet<N>> = BTreeSet::new();
    for (one, reached) in &all {
        let back = |to: &&N| all.get(to).is_some_and(|of| of.contains(*one));
        let circle: BTreeSet<N> = reached.iter().filter(back).cloned().collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}
