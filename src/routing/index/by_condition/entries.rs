//! What the indexes by name and by part know of the entries below them.

use std::sync::Arc;

use super::depth::Depth;
use crate::routing::index::hashed::hashing::Hashing;
use crate::routing::index::hashed::texts::TextMap;
use crate::routing::index::hit::Hit;
use crate::routing::index::prepared::Prepared;
use crate::routing::index::stored::Stored;
use crate::routing::request::view::RequestView;

/// Entries that stand in one place, however they are kept there. The default has none.
pub(in crate::routing::index) trait Entries: Default {
    type Payload;

    fn is_empty(&self) -> bool;

    /// The first entry in order of precedence whose open tests the request passes.
    ///
    /// Inlined on purpose: this is the hot path. Rare cases call functions that are not inlined.
    fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, Self::Payload>>;

    /// As [`find`](Self::find), and not inlined.
    fn find_open<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, Self::Payload>>;

    /// How many entries a look-up may have to tell apart here: those with the same tests count once while they are in
    /// a list.
    fn load(&self) -> usize;

    fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<Self::Payload>>));
}

/// Entries that change.
pub(in crate::routing::index) trait Change:
    Entries<Payload: Clone> + Clone
{
    fn insert(&mut self, entry: &Arc<Stored<Self::Payload>>, hashing: &Hashing, depth: Depth<'_>);

    /// Removes an entry, which is told from equal ones by its address.
    fn remove(&mut self, entry: &Arc<Stored<Self::Payload>>, hashing: &Hashing);
}

impl<E: Entries, const BACK: bool> TextMap<E, BACK> {
    pub(in crate::routing::index) fn for_each_entry<'t>(
        &'t self,
        visit: &mut dyn FnMut(&'t Arc<Stored<E::Payload>>),
    ) {
        self.for_each(&mut |entries| entries.for_each(&mut *visit));
    }
}

impl<E: Change, const BACK: bool> TextMap<E, BACK> {
    /// Adds an entry that asks for this text.
    pub(in crate::routing::index) fn insert(
        &mut self,
        text: &[u8],
        entry: &Arc<Stored<E::Payload>>,
        hashing: &Hashing,
        depth: Depth<'_>,
    ) {
        self.upsert(text, hashing, E::default, |entries| {
            entries.insert(entry, hashing, depth);
        });
    }

    /// Removes an entry, which is told from equal ones by its address.
    pub(in crate::routing::index) fn remove(
        &mut self,
        text: &[u8],
        entry: &Arc<Stored<E::Payload>>,
        hashing: &Hashing,
    ) {
        self.edit(text, hashing, |entries| {
            entries.remove(entry, hashing);
            !entries.is_empty()
        });
    }
}
