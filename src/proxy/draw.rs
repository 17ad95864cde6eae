//! Draws: the numbers by which a choice is made. Who drives the data plane makes them.

use crate::attachment::effective::EffectiveMirror;

/// A number that was to be below another one, and is not: a mistake of whoever draws, which no object can cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error(
    "the draw {drawn} is not below {below}, as was asked for: whoever makes the draws is at fault"
)]
pub struct DrawError {
    drawn: u64,
    below: u64,
}

impl DrawError {
    /// The number that was drawn.
    #[must_use]
    pub fn drawn(&self) -> u64 {
        self.drawn
    }

    /// What it was to be below.
    #[must_use]
    pub fn below(&self) -> u64 {
        self.below
    }
}

/// Draws a number below `below`, and checks it.
pub(super) fn below(draw: &mut dyn FnMut(u64) -> u64, below: u64) -> Result<u64, DrawError> {
    let drawn = draw(below);
    if drawn < below {
        Ok(drawn)
    } else {
        Err(DrawError { drawn, below })
    }
}

/// Whether one request is copied to a mirror.
pub(super) fn takes(
    mirror: &EffectiveMirror,
    draw: &mut dyn FnMut(u64) -> u64,
) -> Result<bool, DrawError> {
    let mut fault = None;
    let taken = mirror.takes(&mut |below| {
        let drawn = draw(below);
        if drawn >= below {
            fault = Some(DrawError { drawn, below });
        }
        drawn
    });
    fault.map_or(Ok(taken), Err)
}
