//! How the sources are laid out: rooms of few files, no circle of files, and imports that only point to earlier stages.
//!
//! The sources are read as text: `use` lines and paths, followed through re-exports to the file that they lead to. Tests are
//! left out, and so are re-exports themselves.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// How many files a folder has at most.
const MOST_FILES: usize = 16;

/// The folders that have more, and why.
const LARGE: &[(&str, &str)] = &[(
    "src/proxy",
    "the stages of the data plane stand side by side",
)];

/// Where files refer to each other, and why: within these rooms, and nowhere else.
const CIRCLES: &[(&str, &str)] = &[
    (
        "conversion/upgrade",
        "its parts add to the findings that its head declares",
    ),
    (
        "proxy",
        "a stage leads to the next one, which knows where it comes from",
    ),
    (
        "sim",
        "what is asked at a place is told as the end of the whole",
    ),
];

/// The stages, from the ground up (ARCHITECTURE, "One way from objects to a decision").
const STAGES: &[&[&str]] = &[
    &["same"],
    &["meta"],
    &["certificate"],
    &["v1", "v1beta1", "v1alpha2", "v1alpha3", "x_v1alpha1"],
    &["filters"],
    &["schema"],
    &["manifest"],
    &["rules"],
    &["crd"],
    &["validation"],
    &["conversion"],
    &["routing"],
    &["attachment"],
    &["backend"],
    &["proxy"],
    &["sim"],
    &["lint"],
];

/// A module: the names on the way to it from the root of the crate.
type Module = Vec<String>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files of Rust below a folder, by folder.
fn files(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<PathBuf>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.entry(folder.to_owned()).or_default().push(path);
        }
    }
}

/// The words and signs of a source, without comments, literals, lifetimes, and the scopes of `pub(…)`.
fn tokens(source: &str) -> Vec<String> {
    let text: Vec<char> = source.chars().collect();
    let at = |index: usize| text.get(index).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens: Vec<String> = Vec::new();
    let mut i = 0;
    while i < text.len() {
        let raw = |from: usize| {
            let signs = (from..).take_while(|j| at(*j) == '#').count();
            (at(from + signs) == '"').then_some(signs)
        };
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < text.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                i += 2;
                while i < text.len() && (at(i), at(i + 1)) != ('*', '/') {
                    i += 1;
                }
                i += 2;
            }
            'r' if !is_word(if i > 0 { at(i - 1) } else { ' ' }) && raw(i + 1).is_some() => {
                let signs = raw(i + 1).unwrap_or_default();
                i += signs + 2;
                let ends = |i: usize| at(i) == '"' && (1..=signs).all(|j| at(i + j) == '#');
                while i < text.len() && !ends(i) {
                    i += 1;
                }
                i += signs + 1;
            }
            '"' => {
                i += 1;
                while i < text.len() && at(i) != '"' {
                    i += if at(i) == '\\' { 2 } else { 1 };
                }
                i += 1;
            }
            '\'' if at(i + 1) == '\\' => {
                i += 3;
                while i < text.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
            }
            '\'' if at(i + 2) == '\'' => i += 3,
            '\'' => {
                i += 1;
                while is_word(at(i)) {
                    i += 1;
                }
            }
            c if is_word(c) => {
                let start = i;
                while is_word(at(i)) {
                    i += 1;
                }
                tokens.push(text[start..i].iter().collect());
            }
            ':' if at(i + 1) == ':' => {
                tokens.push("::".to_owned());
                i += 2;
            }
            c if c.is_whitespace() => i += 1,
            c => {
                tokens.push(c.to_string());
                i += 1;
            }
        }
    }
    let mut kept: Vec<String> = Vec::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        let is_scope = token == "pub" && rest.peek().is_some_and(|next| next == "(");
        kept.push(token);
        if is_scope {
            rest.by_ref().find(|token| token == ")");
        }
    }
    kept
}

/// The same without what is for tests only, and the modules that are.
fn without_tests(tokens: &[String]) -> (Vec<String>, Vec<String>) {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < tokens.len() {
        if !tokens[i..].iter().take(TEST.len()).eq(TEST.iter()) {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        i += TEST.len();
        let start = i;
        let mut depth = 0;
        let mut in_signs = 0;
        let is_use = tokens[i..]
            .iter()
            .find(|t| *t != "pub")
            .is_some_and(|t| t == "use");
        while i < tokens.len() {
            match tokens[i].as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                "(" | "[" => in_signs += 1,
                ")" | "]" => in_signs -= 1,
                _ => {}
            }
            i += 1;
            let ends = match tokens[i - 1].as_str() {
                ";" => depth == 0 && in_signs == 0,
                "}" => depth == 0 && in_signs == 0 && !is_use,
                // The end of a field or a value.
                "," => depth == 0 && in_signs == 0,
                _ => depth < 0,
            };
            if ends {
                break;
            }
        }
        if let Some(place) = tokens[start..i].iter().position(|token| token == "mod")
            && tokens
                .get(start + place + 2)
                .is_some_and(|token| token == ";")
        {
            modules.push(tokens[start + place + 1].clone());
        }
    }
    (kept, modules)
}

/// One name of a `use`: the path, the name under which it is known here, and whether others see it here.
#[derive(Clone, Debug)]
struct Import {
    path: Vec<String>,
    name: String,
    is_public: bool,
}

/// The imports of a file, and its other paths.
fn imports(tokens: &[String]) -> (Vec<Import>, Vec<Vec<String>>) {
    fn tree(
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
                        i = tree(tokens, i, &path, is_public, found);
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
    let (mut found, mut paths) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < tokens.len() {
        let is_word = |i: usize| {
            let first = tokens.get(i).and_then(|token| token.chars().next());
            first.is_some_and(|c| c.is_alphabetic() || c == '_')
        };
        if tokens[i] == "use" && is_word(i + 1) {
            let is_public = i > 0 && tokens[i - 1] == "pub";
            i = tree(tokens, i + 1, &[], is_public, &mut found);
        } else if is_word(i) && tokens.get(i + 1).is_some_and(|token| token == "::") {
            let mut path = vec![tokens[i].clone()];
            i += 1;
            while tokens.get(i).is_some_and(|token| token == "::") && is_word(i + 1) {
                path.push(tokens[i + 1].clone());
                i += 2;
            }
            paths.push(path);
        } else {
            i += 1;
        }
    }
    (found, paths)
}

/// The sources of the library, without tests.
struct House {
    imports: BTreeMap<Module, Vec<Import>>,
    paths: BTreeMap<Module, Vec<Vec<String>>>,
}

impl House {
    fn read() -> Self {
        let source = root().join("src");
        let mut folders = BTreeMap::new();
        files(&source, &mut folders);
        let mut house = Self {
            imports: BTreeMap::new(),
            paths: BTreeMap::new(),
        };
        let mut tests: Vec<Module> = Vec::new();
        for path in folders.into_values().flatten() {
            let below = path.strip_prefix(&source).unwrap().with_extension("");
            let words = below.iter().map(|word| word.to_str().unwrap().to_owned());
            let mut module: Module = words.collect();
            if ["mod", "lib"].contains(&module.last().unwrap().as_str()) {
                module.pop();
            }
            let text = fs::read_to_string(&path).unwrap();
            let (tokens, of_tests) = without_tests(&tokens(&text));
            for name in of_tests {
                tests.push(module.iter().cloned().chain([name]).collect());
            }
            let (imports, paths) = imports(&tokens);
            house.imports.insert(module.clone(), imports);
            house.paths.insert(module, paths);
        }
        let is_test = |module: &Module| tests.iter().any(|test| module.starts_with(test));
        house.imports.retain(|module, _| !is_test(module));
        house.paths.retain(|module, _| !is_test(module));
        house
    }

    /// What a name that is imported in a module stands for.
    fn import(&self, module: &Module, name: &str) -> Option<Vec<String>> {
        let imports = self.imports.get(module)?;
        if let Some(import) = imports.iter().find(|import| import.name == name) {
            return Some(import.path.clone());
        }
        let mut globs = imports
            .iter()
            .filter(|import| import.is_public && import.name == "*");
        globs.find_map(|glob| {
            let (_, of) = glob.path.split_last()?;
            let target = self.lead(module, of, 0)?;
            self.import(&target, name)?;
            Some(of.iter().cloned().chain([name.to_owned()]).collect())
        })
    }

    /// The file that a path leads to, from a module; nothing for what is not of this crate.
    fn lead(&self, module: &Module, path: &[String], depth: usize) -> Option<Module> {
        if depth > 12 {
            return None;
        }
        let (first, mut rest) = path.split_first()?;
        let child = |module: &Module, name: &String| {
            let child: Module = module.iter().chain([name]).cloned().collect();
            self.imports.contains_key(&child).then_some(child)
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
                let mut of = self.import(module, first)?;
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
            let Some(mut of) = self.import(&now, name) else {
                return Some(now);
            };
            of.extend(rest[index + 1..].iter().cloned());
            return self.lead(&now, &of, depth + 1).or(Some(now));
        }
        Some(now)
    }

    /// To which other files each file refers.
    fn edges(&self) -> BTreeMap<&Module, BTreeSet<Module>> {
        let edges = self.imports.iter().map(|(module, imports)| {
            let private = imports.iter().filter(|import| !import.is_public);
            let imported = private.map(|import| &import.path);
            let paths = imported.chain(&self.paths[module]);
            let mut to: BTreeSet<Module> = paths
                .filter_map(|path| self.lead(module, path, 0))
                .collect();
            to.remove(module);
            (module, to)
        });
        edges.collect()
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

fn is_known(circle: &BTreeSet<Module>) -> bool {
    let within = |room: &str| {
        let room: Vec<&str> = room.split('/').collect();
        circle.iter().all(|module| {
            module.len() >= room.len() && module.iter().zip(&room).all(|(one, other)| one == other)
        })
    };
    CIRCLES.iter().any(|(room, _)| within(room))
}

/// Where a folder holds more than about fifteen files, its parts are rooms of their own.
#[test]
fn folders_have_few_files() {
    let mut folders = BTreeMap::new();
    for source in ["src", "cli/src"] {
        files(&root().join(source), &mut folders);
    }
    assert!(folders.len() > 40, "{}", folders.len());
    for (folder, files) in folders {
        let name = folder.strip_prefix(root()).unwrap();
        let is_known = LARGE.iter().any(|(large, _)| Path::new(large) == name);
        assert!(
            files.len() <= MOST_FILES || is_known,
            "{} has {} files: give its parts rooms of their own",
            name.display(),
            files.len()
        );
    }
}

/// No circle of files.
#[test]
fn no_files_refer_to_each_other_in_a_circle() {
    let house = House::read();
    let edges = house.edges();
    let owned: BTreeMap<Module, BTreeSet<Module>> = edges
        .iter()
        .map(|(from, to)| ((*from).clone(), to.clone()))
        .collect();
    assert!(owned.len() > 300, "{}", owned.len());
    let mut wrong: Vec<BTreeSet<Module>> = circles(&owned);
    // Between the rooms in a room, too.
    let rooms: BTreeSet<Module> = owned
        .keys()
        .flat_map(|module| (0..module.len()).map(|length| module[..length].to_vec()))
        .collect();
    for room in rooms {
        let part = |module: &Module| {
            (module.len() > room.len() && module.starts_with(&room))
                .then(|| module[..=room.len()].to_vec())
        };
        let mut between: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
        for (from, to) in &owned {
            let Some(own) = part(from) else { continue };
            let others = to.iter().filter_map(part).filter(|other| *other != own);
            between.entry(own.clone()).or_default().extend(others);
        }
        wrong.extend(circles(&between));
    }
    wrong.retain(|circle| !is_known(circle));
    for circle in &wrong {
        println!("a circle:");
        for module in circle {
            let to = owned.get(module).into_iter().flatten();
            let to: Vec<String> = to
                .filter(|to| circle.contains(*to))
                .map(|to| to.join("::"))
                .collect();
            println!("  {} -> {}", module.join("::"), to.join(", "));
        }
    }
    assert!(wrong.is_empty(), "{} circles", wrong.len());
}

/// ARCHITECTURE: a stage uses those above it and never one below.
#[test]
fn a_stage_uses_no_later_one() {
    let house = House::read();
    let stage = |module: &Module| {
        let top = module.first()?;
        let place = STAGES
            .iter()
            .position(|stage| stage.contains(&top.as_str()));
        assert!(place.is_some(), "`{top}` is no stage that is known");
        place
    };
    let mut used = 0;
    for (from, to) in house.edges() {
        let Some(own) = stage(from) else { continue };
        for to in to {
            let Some(other) = stage(&to) else { continue };
            used += usize::from(own != other);
            assert!(
                other <= own,
                "`{}` uses `{}`, which is a later stage",
                from.join("::"),
                to.join("::")
            );
        }
    }
    assert!(
        used > 300,
        "{used} uses of other stages are too few to show anything"
    );
}

/// What the tests above go by: imports are followed through re-exports, and tests are not looked at.
#[test]
fn paths_lead_to_the_file_that_declares_the_name() {
    let house = House::read();
    let module = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
    let leads = |from: &str, path: &str| {
        let to = house.lead(&module(from), &module(path), 0);
        to.map(|to| to.join("::"))
    };
    let to = |path: &str| Some(path.to_owned());
    assert_eq!(
        leads("lint", "crate::v1beta1::HttpRouteRule"),
        to("v1::http_route::route")
    );
    assert_eq!(
        leads("v1::gateway::spec", "super::Listener"),
        to("v1::gateway::listener")
    );
    assert_eq!(
        leads("v1", "gateway::status::GatewayStatus"),
        to("v1::gateway::status")
    );
    assert_eq!(leads("v1", "serde::Serialize"), None);
    let (kept, modules) = without_tests(&tokens(
        "use a::b; #[cfg(test)] mod tests; #[cfg(test)] use c::{d, e}; fn f() { 'x: loop { \"use g;\"; '\\'' } } // h::i\n \
         #[cfg(test)] fn j() { k::l(); } pub(in crate::m) fn n(o: &'static p::Q) {}",
    ));
    assert_eq!(modules, ["tests"]);
    let (imports, paths) = imports(&kept);
    assert_eq!(imports.len(), 1);
    assert_eq!(paths, [["p", "Q"]]);
}
