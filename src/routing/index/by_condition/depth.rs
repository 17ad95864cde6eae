//! Where in the nested indexes an entry is put.

use super::part::RequestPart;

/// Indexes inside indexes: each level may search several branches, so their number is bounded.
const LEVELS: u8 = 4;

/// A position in the nested indexes: the nesting level, the number of conditions already checked on the way down, and
/// the parts of the request by which the way was chosen.
#[derive(Clone, Copy, Default)]
pub(in crate::routing::index) struct Depth<'d> {
    level: u8,
    pub(super) verified: u32,
    above: Option<&'d Above<'d>>,
}

/// A part of the request by which the way to a position was chosen, and those before it.
pub(super) struct Above<'d> {
    part: &'d RequestPart,
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
    pub(super) fn by<'p>(self, part: &'p RequestPart) -> Above<'p>
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
    pub(super) fn settled(self) -> impl Iterator<Item = &'d RequestPart> {
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
