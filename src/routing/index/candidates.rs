//! The entries that share a hostname and a path match, indexed by what tells them apart.

use std::sync::Arc;

use super::by_name::Names;
use super::by_part::Index;
use super::hashing::Hashing;
use super::list::List;
use super::part::Part;
use super::pattern_set::PatternSet;
use super::prepared::Prepared;
use super::stored::Stored;
use super::texts::Texts;
use crate::routing::request::view::RequestView;

/// Indexes inside indexes: each level may search several branches, so their number is bounded.
const LEVELS: u8 = 4;

pub(super) enum Candidates<T> {
    None,
    /// A single entry whose conditions were all checked on the way down, with the payload that a look-up returns, so that
    /// the entry itself is not read.
    Sure {
        payload: T,
        entry: Arc<Stored<T>>,
    },
    /// A single entry with conditions that are not checked yet.
    One(Arc<Stored<T>>),
    List(Arc<List<T>>),
    Index(Arc<Index<T>>),
    Names(Arc<Names<T>>),
    Patterns(Arc<PatternSet<Candidates<T>>>),
}

/// A position in the nested indexes: the nesting level, the number of conditions already checked on the way down, and
/// the parts of the request by which the way was chosen.
#[derive(Clone, Copy, Default)]
pub(super) struct Depth<'d> {
    level: u8,
    verified: u32,
    above: Option<&'d Above<'d>>,
}

/// A part of the request by which the way to a position was chosen, and those before it.
pub(super) struct Above<'d> {
    part: &'d Part,
    next: Option<&'d Above<'d>>,
}

impl<'d> Depth<'d> {
    /// One level further down, where one more condition has been checked.
    pub(super) fn below(self) -> Self {
        Self {
            verified: self.verified + 1,
            ..self.beside()
        }
    }

    /// One level further down, where no more has been checked.
    pub(super) fn beside(self) -> Self {
        Self {
            level: self.level + 1,
            ..self
        }
    }

    /// What is [`led_by`](Self::led_by): this part, before those that led here.
    pub(super) fn by<'p>(self, part: &'p Part) -> Above<'p>
    where
        'd: 'p,
    {
        Above {
            part,
            next: self.above,
        }
    }

    /// The same position, to which one more part has led.
    pub(super) fn led_by<'p>(self, above: &'p Above<'p>) -> Depth<'p> {
        Depth {
            level: self.level,
            verified: self.verified,
            above: Some(above),
        }
    }

    /// The parts by which the way to here was chosen.
    pub(super) fn settled(self) -> impl Iterator<Item = &'d Part> {
        std::iter::successors(self.above, |above| above.next).map(|above| above.part)
    }

    /// Whether an index by one header or parameter may be made here. The entries that do not ask for it are searched
    /// too, and need an index of their own: after two of these only one by all names will do.
    pub(super) fn may_choose_a_name(self) -> bool {
        self.level < LEVELS / 2
    }

    /// Whether any index may be made here.
    pub(super) fn may_divide(self) -> bool {
        self.level < LEVELS
    }
}

/// What a look-up found: an entry, and its payload wherever it lies.
pub(in crate::routing) struct Hit<'t, T> {
    pub(in crate::routing) payload: &'t T,
    pub(in crate::routing) entry: &'t Arc<Stored<T>>,
}

impl<T: Clone> Clone for Candidates<T> {
    fn clone(&self) -> Self {
        match self {
            Self::None => Self::None,
            Self::Sure { payload, entry } => Self::Sure {
                payload: payload.clone(),
                entry: entry.clone(),
            },
            Self::One(entry) => Self::One(entry.clone()),
            Self::List(list) => Self::List(list.clone()),
            Self::Index(index) => Self::Index(index.clone()),
            Self::Names(names) => Self::Names(names.clone()),
            Self::Patterns(set) => Self::Patterns(set.clone()),
        }
    }
}

impl<T> Clone for Hit<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Hit<'_, T> {}

impl<'t, T> From<&'t Arc<Stored<T>>> for Hit<'t, T> {
    fn from(entry: &'t Arc<Stored<T>>) -> Self {
        Self {
            payload: &entry.payload,
            entry,
        }
    }
}

/// The one that takes precedence.
#[inline(always)]
pub(in crate::routing) fn better<'t, T>(
    a: Option<Hit<'t, T>>,
    b: Option<Hit<'t, T>>,
) -> Option<Hit<'t, T>> {
    match (a, b) {
        (None, b) => b,
        (a, None) => a,
        (Some(a), Some(b)) => Some(first_of_two(a, b)),
    }
}

#[inline(never)]
fn first_of_two<'t, T>(a: Hit<'t, T>, b: Hit<'t, T>) -> Hit<'t, T> {
    if b.entry.precedence() < a.entry.precedence() {
        b
    } else {
        a
    }
}

impl<T> Candidates<T> {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The first entry in order of precedence whose open tests the request passes.
    ///
    /// Inlined on purpose: this is the hot path. Rare cases call functions that are not inlined.
    #[inline(always)]
    pub(super) fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        match self {
            Self::Sure { payload, entry } => Some(Hit { payload, entry }),
            Self::Index(index) => index.find(request, hashing),
            _ => self.find_open(request, hashing),
        }
    }

    #[inline(never)]
    pub(super) fn find_open<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        match self {
            Self::None => None,
            Self::Sure { payload, entry } => Some(Hit { payload, entry }),
            Self::One(entry) => entry.fits(request).then(|| Hit::from(entry)),
            Self::List(list) => list.find(request),
            Self::Index(index) => index.find(request, hashing),
            Self::Names(names) => names.find(request, hashing),
            Self::Patterns(set) => find_by_pattern(set, request, hashing),
        }
    }

    /// How many entries a look-up may have to tell apart here: those with the same tests count once while they are in
    /// a list.
    pub(super) fn load(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Sure { .. } | Self::One(_) => 1,
            Self::List(list) => list.len(),
            Self::Index(index) => index.len(),
            Self::Names(names) => names.len(),
            Self::Patterns(set) => set.len(),
        }
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        match self {
            Self::None => {}
            Self::Sure { entry, .. } | Self::One(entry) => visit(entry),
            Self::List(list) => list.for_each(visit),
            Self::Index(index) => index.for_each(visit),
            Self::Names(names) => names.for_each(visit),
            Self::Patterns(set) => set.for_each(&mut |entries| entries.for_each(&mut *visit)),
        }
    }
}

impl<T: Clone> Candidates<T> {
    pub(super) fn insert(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing, depth: Depth<'_>) {
        match self {
            Self::None if entry.tests() == depth.verified => {
                *self = Self::Sure {
                    payload: entry.payload.clone(),
                    entry: entry.clone(),
                }
            }
            Self::None => *self = Self::One(entry.clone()),
            Self::Sure { entry: first, .. } | Self::One(first) => {
                let mut list = List::new();
                list.insert(first, hashing);
                list.insert(entry, hashing);
                *self = Self::List(Arc::new(list));
            }
            Self::List(list) => {
                let list = Arc::make_mut(list);
                list.insert(entry, hashing);
                if let Some(divided) = list.divided(hashing, depth) {
                    *self = divided;
                }
            }
            Self::Index(index) => Arc::make_mut(index).insert(entry, hashing, depth),
            Self::Names(names) => Arc::make_mut(names).insert(entry, hashing, depth),
            Self::Patterns(set) => {
                if let Some(pattern) = entry.path_pattern() {
                    Arc::make_mut(set).upsert(
                        pattern,
                        hashing,
                        || Self::None,
                        |entries| entries.insert(entry, hashing, depth.below()),
                    );
                }
            }
        }
    }

    /// Removes an entry, which is told from equal ones by its address.
    pub(super) fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let emptied = match self {
            Self::None => return,
            Self::Sure { entry: lone, .. } | Self::One(lone) => Arc::ptr_eq(lone, entry),
            Self::List(list) => Arc::make_mut(list).remove(entry, hashing),
            Self::Index(index) => Arc::make_mut(index).remove(entry, hashing),
            Self::Names(names) => Arc::make_mut(names).remove(entry, hashing),
            Self::Patterns(set) => match entry.path_pattern() {
                Some(pattern) => {
                    let set = Arc::make_mut(set);
                    set.edit(pattern, hashing, |entries| {
                        entries.remove(entry, hashing);
                        !entries.is_empty()
                    });
                    set.is_empty()
                }
                None => return,
            },
        };
        if emptied {
            *self = Self::None;
        }
    }
}

/// Of the entries whose pattern matches the path, the one that takes precedence.
#[inline(never)]
fn find_by_pattern<'t, T, R: RequestView>(
    set: &'t PatternSet<Candidates<T>>,
    request: &Prepared<'_, R>,
    hashing: &Hashing,
) -> Option<Hit<'t, T>> {
    let mut found = None;
    set.for_each_fitting(request.path.as_bytes(), |entries| {
        found = better(found, entries.find_open(request, hashing));
    });
    found
}

impl<T, const BACK: bool> Texts<Candidates<T>, BACK> {
    pub(super) fn for_each_entry<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.for_each(&mut |entries| entries.for_each(&mut *visit));
    }
}

impl<T: Clone, const BACK: bool> Texts<Candidates<T>, BACK> {
    /// Adds an entry that asks for this text.
    pub(super) fn insert(
        &mut self,
        text: &[u8],
        entry: &Arc<Stored<T>>,
        hashing: &Hashing,
        depth: Depth<'_>,
    ) {
        self.upsert(
            text,
            hashing,
            || Candidates::None,
            |entries| entries.insert(entry, hashing, depth),
        );
    }

    /// Removes an entry, which is told from equal ones by its address.
    pub(super) fn remove(&mut self, text: &[u8], entry: &Arc<Stored<T>>, hashing: &Hashing) {
        self.edit(text, hashing, |entries| {
            entries.remove(entry, hashing);
            !entries.is_empty()
        });
    }
}
