//! Where the conversion took from what stands in the new object.

use gwapi::conversion::FieldMove;

/// The moves of a conversion, looked up either way. What stands in something that moves goes along with it.
#[derive(Clone, Copy)]
pub(super) struct Moves<'m>(pub(super) &'m [FieldMove]);

impl Moves<'_> {
    /// Where that which stands at a path of the new object stood in the old one; nothing where it did not move.
    pub(super) fn origin(&self, path: &str) -> Option<String> {
        let around = self.0.iter().filter(|it| is_within(path, &it.to));
        let nearest = around.max_by_key(|it| it.to.len())?;
        Some(nearest.from.clone() + path.get(nearest.to.len()..)?)
    }

    /// Where that which stands at a path of the old object stands in the new one.
    pub(super) fn destination(&self, path: &str) -> String {
        let around = self.0.iter().filter(|it| is_within(path, &it.from));
        let nearest = around.max_by_key(|it| it.from.len());
        let moved = nearest.and_then(|it| Some(it.to.clone() + path.get(it.from.len()..)?));
        moved.unwrap_or_else(|| path.to_owned())
    }

    /// Where exactly that which stands at a path of the old object moves to.
    pub(super) fn of(&self, path: &str) -> Option<&str> {
        let moved = self.0.iter().find(|it| it.from == path)?;
        Some(&moved.to)
    }

    /// Whether something moves that stands at or below a path of the old object.
    pub(super) fn any_from(&self, path: &str) -> bool {
        self.0.iter().any(|it| is_within(&it.from, path))
    }

    /// Whether a path of the old object is in something that moves.
    pub(super) fn takes_along(&self, path: &str) -> bool {
        self.0.iter().any(|it| is_within(path, &it.from))
    }
}

/// Whether a path is another one, or one in it.
pub(super) fn is_within(path: &str, whole: &str) -> bool {
    let rest = path.strip_prefix(whole);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
