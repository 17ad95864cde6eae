//! Entries of a routing table that can never win.

use super::{LintOptions, near::Met};
use crate::{
    meta::PatternLimits,
    routing::{self, Entry, HostPattern, Match, PathMatch, Pattern, Precedence, ValueMatch, bare},
};
use http::{HeaderName, Method};
use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

/// What may still be done to find out what is covered, and how much was left out for it.
#[derive(Debug)]
pub(super) struct Effort {
    /// What is compared with one entry before the search is given up. The largest real tables need a tenth of the default;
    /// the bound is what keeps the time in proportion to the table, whatever it holds.
    most_compared: usize,
    /// How many entries were not looked at to the end.
    given_up: Cell<usize>,
    /// How many patterns for paths may be compared with other paths.
    most_patterns: usize,
    /// How many were, or would have been.
    patterns: Cell<usize>,
    /// The size that patterns may have together, in bytes. Routes that no table takes have patterns, too.
    most_compiled: usize,
    compiled: Cell<usize>,
    /// How often a pattern was not compiled.
    not_compiled: Cell<usize>,
}

impl Effort {
    /// As much as the options allow, and no more patterns than the table of a listener may have.
    pub(super) fn new(options: &LintOptions, patterns: &PatternLimits) -> Self {
        Self {
            most_compared: options.max_compared,
            given_up: Cell::new(0),
            most_patterns: options.max_compared_patterns,
            patterns: Cell::new(0),
            most_compiled: patterns.table,
            compiled: Cell::new(0),
            not_compiled: Cell::new(0),
        }
    }

    /// The longest path, in bytes, of which the prefixes are looked up; by default it is as long as the API lets a path be. Each
    /// prefix is hashed, so that the cost is the square of the length.
    fn longest_path(&self) -> usize {
        self.most_compared
    }

    /// A match with more conditions than this is not looked at. By default it is 64; the API allows 33.
    fn most_conditions(&self) -> usize {
        self.most_compared / 16
    }

    fn give_up(&self) {
        add(&self.given_up, 1);
    }

    /// The bounds that were met.
    pub(super) fn met(&self) -> impl Iterator<Item = Met> {
        let beyond = self.patterns.get().saturating_sub(self.most_patterns);
        let all = [
            ("max_compared", self.most_compared, self.given_up.get()),
            ("max_compared_patterns", self.most_patterns, beyond),
            (
                "max_table_patterns",
                self.most_compiled,
                self.not_compiled.get(),
            ),
        ];
        let met = all.into_iter().filter(|(.., cut_short)| *cut_short > 0);
        met.map(|(bound, most, cut_short)| Met {
            bound,
            most,
            cut_short,
        })
    }
}

fn add(to: &Cell<usize>, more: usize) {
    to.set(to.get().saturating_add(more));
}

impl Effort {
    /// Whether a pattern may be searched with: it is compiled, or there is effort left to compile it.
    pub(super) fn allows(&self, pattern: &Pattern) -> bool {
        if pattern.is_compiled() {
            return true;
        }
        let with_it = self.compiled.get().saturating_add(pattern.size());
        if with_it > self.most_compiled {
            add(&self.not_compiled, 1);
            return false;
        }
        self.compiled.set(with_it);
        pattern.compile();
        true
    }

    /// Whether a match takes all that another does, as far as there is effort left to find out.
    fn covers(&self, mine: &Match, theirs: &Match) -> bool {
        if let (Match::Http(mine), Match::Http(theirs)) = (mine, theirs) {
            if !mine.path.may_cover(&theirs.path) {
                return false;
            }
            let theirs = theirs.path.pattern();
            if !theirs.is_none_or(|pattern| self.allows(pattern)) {
                return false;
            }
        }
        if !mine.patterns().all(|pattern| self.allows(pattern)) {
            return false;
        }
        if let (Match::Http(mine), Match::Http(theirs)) = (mine, theirs) {
            let compares = matches!(mine.path, PathMatch::RegularExpression(_))
                && !matches!(theirs.path, PathMatch::Exact(_));
            if compares && mine.path != theirs.path {
                add(&self.patterns, 1);
                if self.patterns.get() > self.most_patterns {
                    return false;
                }
            }
        }
        mine.covers(theirs)
    }
}

/// For each entry, another that takes every request that it matches, so that it never wins. Nothing where none was
/// found, which is no proof that there is none.
///
/// An entry is covered where one before it in the order of precedence answers to all of its hosts and matches all
/// of its requests.
pub(super) fn by<T>(
    entries: &[Entry<T>],
    options: &routing::RouterOptions,
    effort: &Effort,
) -> Vec<Option<usize>> {
    let mut found = vec![None; entries.len()];
    let mut order: Vec<(Precedence, usize, Vec<Condition<'_>>)> = Vec::new();
    let mut frequency: HashMap<Condition<'_>, usize> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let mut beyond = conditions(&entry.matching).skip(effort.most_conditions());
        if beyond.next().is_some() {
            effort.give_up();
            continue;
        }
        let asked: Vec<_> = conditions(&entry.matching).collect();
        for condition in &asked {
            *frequency.entry(*condition).or_default() += 1;
        }
        order.push((Precedence::of(entry, options), at, asked));
    }
    order.sort();
    let mut index = EntryIndex::default();
    let mut ranks: HashMap<usize, &Precedence> = HashMap::new();
    for (rank, at, asked) in &order {
        let Some(entry) = entries.get(*at) else {
            continue;
        };
        let covers = |other: usize| {
            let Some(other_entry) = entries.get(other) else {
                return false;
            };
            ranks.get(&other).is_some_and(|other| *other < rank)
                && other_entry.hostname.covers(&entry.hostname)
                && effort.covers(&other_entry.matching, &entry.matching)
        };
        let by = index.search(entry, &wider(asked), covers, effort);
        if let Some(found) = found.get_mut(*at) {
            *found = by;
        }
        // What is covered is not needed: whatever it covers is covered by the other as well.
        if by.is_none() {
            let rarest = asked
                .iter()
                .min_by_key(|condition| frequency.get(condition).copied().unwrap_or_default());
            index.insert(entry, rarest.copied(), *at);
            ranks.insert(*at, rank);
        }
    }
    found
}

/// What a match asks for beside the path, or beside the method of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Condition<'a> {
    Method(&'a str),
    Header(&'a str, ComparedValue<'a>),
    Query(&'a str, ComparedValue<'a>),
}

/// A value as it is compared: exactly, or by some pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum ComparedValue<'a> {
    Exact(&'a str),
    Pattern,
}

impl<'a> From<&'a ValueMatch> for ComparedValue<'a> {
    fn from(value: &'a ValueMatch) -> Self {
        match value {
            ValueMatch::Exact(text) => Self::Exact(text),
            ValueMatch::RegularExpression(_) => Self::Pattern,
        }
    }
}

/// The conditions under which a match may stand that takes all that this one does: its own, and patterns for the
/// same headers and parameters.
fn wider<'a>(asked: &[Condition<'a>]) -> Vec<Condition<'a>> {
    let mut all = asked.to_vec();
    all.extend(asked.iter().filter_map(|condition| match condition {
        Condition::Header(name, ComparedValue::Exact(_)) => {
            Some(Condition::Header(name, ComparedValue::Pattern))
        }
        Condition::Query(name, ComparedValue::Exact(_)) => {
            Some(Condition::Query(name, ComparedValue::Pattern))
        }
        _ => None,
    }));
    all
}

fn conditions(matching: &Match) -> impl Iterator<Item = Condition<'_>> {
    let (method, headers, query) = match matching {
        Match::Http(http) => (http.method.as_ref(), &http.headers, http.query.as_slice()),
        Match::Grpc(grpc) => (None, &grpc.headers, &[][..]),
    };
    let headers = headers
        .iter()
        .map(|header| Condition::Header(HeaderName::as_str(&header.name), (&header.value).into()));
    let query = query
        .iter()
        .map(|parameter| Condition::Query(&parameter.name, (&parameter.value).into()));
    let method = method.map(Method::as_str).map(Condition::Method);
    method.into_iter().chain(headers).chain(query)
}

fn is_pattern(matching: &Match) -> bool {
    matches!(matching, Match::Http(http) if matches!(http.path, PathMatch::RegularExpression(_)))
}

/// What stands in the place of a path in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum PathKey<'a> {
    Any,
    Exact(&'a str),
    Prefix(&'a str),
    Pattern(&'a str),
    /// The service and the method of a call.
    Call(Option<ComparedValue<'a>>, Option<ComparedValue<'a>>),
}

impl<'a> PathKey<'a> {
    fn of(matching: &'a Match) -> Self {
        match matching {
            Match::Grpc(grpc) => Self::Call(
                grpc.service.as_ref().map(ComparedValue::from),
                grpc.method.as_ref().map(ComparedValue::from),
            ),
            Match::Http(http) => match &http.path {
                PathMatch::Any => Self::Any,
                PathMatch::Exact(path) => Self::Exact(path),
                PathMatch::Prefix(path) => Self::prefix(bare(path)),
                PathMatch::RegularExpression(pattern) => Self::Pattern(pattern.as_str()),
            },
        }
    }

    fn prefix(bare: &'a str) -> Self {
        if bare.is_empty() {
            Self::Any
        } else {
            Self::Prefix(bare)
        }
    }

    /// The keys under which a match may stand that takes all that this one does, but for patterns.
    fn wider(matching: &'a Match, effort: &Effort) -> Vec<Self> {
        let own = Self::of(matching);
        let mut keys = vec![own];
        match matching {
            Match::Grpc(grpc) => {
                let service = grpc.service.as_ref().map(ComparedValue::from);
                let method = grpc.method.as_ref().map(ComparedValue::from);
                let pattern =
                    |part: Option<ComparedValue<'a>>| part.map(|_| ComparedValue::Pattern);
                for service in [service, pattern(service), None] {
                    for method in [method, pattern(method), None] {
                        keys.push(Self::Call(service, method));
                    }
                }
                keys.push(Self::Any);
            }
            Match::Http(http) => {
                let text = match &http.path {
                    PathMatch::Any => "",
                    PathMatch::Exact(path) => path,
                    PathMatch::Prefix(path) => bare(path),
                    PathMatch::RegularExpression(pattern) => literal(pattern),
                };
                match own {
                    Self::Exact(_) => keys.push(Self::prefix(text)),
                    Self::Pattern(_) => keys.extend([Self::Exact(text), Self::prefix(text)]),
                    _ => {}
                }
                let searched = match text.len() <= effort.longest_path() {
                    true => text,
                    false => {
                        effort.give_up();
                        ""
                    }
                };
                let slashes = searched
                    .bytes()
                    .enumerate()
                    .filter(|(_, byte)| *byte == b'/');
                let above = slashes.filter_map(|(at, _)| text.get(..at));
                // The nearest first: it is the likeliest.
                keys.extend(
                    above
                        .map(Self::prefix)
                        .collect::<Vec<_>>()
                        .into_iter()
                        .rev(),
                );
                keys.push(Self::Any);
            }
        }
        let mut seen = HashSet::new();
        keys.retain(|key| seen.insert(*key));
        keys
    }
}

/// The text with which everything begins that a pattern takes, as far as it is text.
fn literal(pattern: &Pattern) -> &str {
    let bytes = pattern.prefix();
    std::str::from_utf8(bytes).unwrap_or_else(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        std::str::from_utf8(valid).unwrap_or_default()
    })
}

/// The entries that may win, to be found by what they ask for.
#[derive(Default)]
struct EntryIndex<'a> {
    hosts: HashMap<HostPattern, HostPaths<'a>>,
}

#[derive(Default)]
struct HostPaths<'a> {
    paths: HashMap<PathKey<'a>, PathEntries<'a>>,
    /// The patterns, once more: they may take what others ask for.
    patterns: PathEntries<'a>,
}

/// Entries for one path, the best first.
#[derive(Default)]
struct PathEntries<'a> {
    /// Those without conditions. One that takes the same requests as another is never here.
    plain: Vec<usize>,
    /// The others, each under its rarest condition.
    conditional: HashMap<Condition<'a>, Vec<usize>>,
}

impl<'a> EntryIndex<'a> {
    fn insert<T>(&mut self, entry: &'a Entry<T>, rarest: Option<Condition<'a>>, at: usize) {
        let host = self.hosts.entry(entry.hostname.clone()).or_default();
        if is_pattern(&entry.matching) {
            host.patterns.insert(rarest, at);
        }
        let bucket = host.paths.entry(PathKey::of(&entry.matching)).or_default();
        bucket.insert(rarest, at);
    }

    fn search<T>(
        &self,
        entry: &Entry<T>,
        asked: &[Condition<'_>],
        covers: impl Fn(usize) -> bool,
        effort: &Effort,
    ) -> Option<usize> {
        let mut left = Left {
            steps: effort.most_compared,
            given_up: false,
        };
        let keys = PathKey::wider(&entry.matching, effort);
        let found = self.search_within(&entry.hostname, (asked, &keys), covers, &mut left);
        if left.given_up {
            effort.give_up();
        }
        found
    }

    fn search_within(
        &self,
        hostname: &HostPattern,
        (asked, keys): (&[Condition<'_>], &[PathKey<'_>]),
        covers: impl Fn(usize) -> bool,
        left: &mut Left,
    ) -> Option<usize> {
        for host in wider_hosts(hostname) {
            let Some(host) = self.hosts.get(&host) else {
                left.step()?;
                continue;
            };
            for key in keys {
                left.step()?;
                if let Some(bucket) = host.paths.get(key)
                    && let found @ Some(_) = bucket.search(asked, left, &covers)
                {
                    return found;
                }
            }
            if let found @ Some(_) = host.patterns.search(asked, left, &covers) {
                return found;
            }
        }
        None
    }
}

/// How many steps a search may still take.
struct Left {
    steps: usize,
    given_up: bool,
}

impl Left {
    /// Takes a step; nothing where the search is given up.
    fn step(&mut self) -> Option<()> {
        match self.steps.checked_sub(1) {
            Some(steps) => {
                self.steps = steps;
                Some(())
            }
            None => {
                self.given_up = true;
                None
            }
        }
    }
}

impl<'a> PathEntries<'a> {
    fn insert(&mut self, rarest: Option<Condition<'a>>, at: usize) {
        match rarest {
            Some(condition) => self.conditional.entry(condition).or_default().push(at),
            None => self.plain.push(at),
        }
    }

    fn search(
        &self,
        asked: &[Condition<'_>],
        left: &mut Left,
        covers: &impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let conditional = asked.iter().filter_map(|one| self.conditional.get(one));
        for at in self.plain.iter().chain(conditional.flatten()) {
            left.step()?;
            #[cfg(test)]
            COMPARED.add(1);
            if covers(*at) {
                return Some(*at);
            }
        }
        None
    }
}

#[cfg(test)]
crate::counter::counter!(
    /// How many entries are compared.
    COMPARED
);

/// The hostnames that cover this one, the nearest first.
fn wider_hosts(hostname: &HostPattern) -> impl Iterator<Item = HostPattern> {
    let below = match hostname {
        HostPattern::Any => None,
        HostPattern::Exact(name) => name.split_once('.').map(|(_, rest)| rest),
        HostPattern::Wildcard(suffix) => suffix.split_once('.').map(|(_, rest)| rest),
    };
    let suffixes = std::iter::successors(below, |name| name.split_once('.').map(|(_, rest)| rest));
    let own = (*hostname != HostPattern::Any).then(|| hostname.clone());
    own.into_iter()
        .chain(suffixes.map(|suffix| HostPattern::Wildcard(suffix.into())))
        .chain([HostPattern::Any])
}

#[cfg(test)]
mod tests;
