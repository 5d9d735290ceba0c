//! Sums over orders with the mirror symmetries of the meridians: between rings and folded samples.
#![allow(unsafe_code)]

use pulp::Simd;

use super::matrix::{DENSE, Matrix, Panel, multiply_covered};
use super::{ANY, LaneOps};

/// Cosines and sines of all orders at the meridians of a quarter, `[m][meridian]`.
///
/// Values at the four mirror images of a meridian are kept as their *parts* under the two mirror symmetries: what cosines of
/// even orders add up to, cosines of odd orders, sines of even orders, and sines of odd orders.
#[derive(Clone, Copy)]
pub(crate) struct Azimuths<'a, T> {
    pub(crate) cosine: &'a [T],
    pub(crate) sine: &'a [T],
    /// Meridians, and those of them where cosines of odd and sines of even orders do not vanish: all but an edge at `π/2`.
    pub(crate) meridians: usize,
    pub(crate) general: usize,
    /// Of derivatives: the sine's coefficients go with cosines and the other way round, and there is no constant.
    pub(crate) derivative: bool,
}

/// Parts of every meridian, and columns of every order: cosine and sine.
const PARTS: usize = 4;
const COLUMNS: usize = 2;

/// One part: its place, its first order (every second one follows), and whether it consists of sines.
#[derive(Clone, Copy)]
struct Part {
    place: usize,
    first: usize,
    is_sine: bool,
}

impl<'a, T: LaneOps> Azimuths<'a, T> {
    /// Whether there are constants of all orders to `lmax`, and vectors enough among so many of rings and so many of samples.
    #[inline(always)]
    fn suffice<const RINGS: usize>(&self, lmax: usize, rings: usize, samples: usize) -> bool {
        let orders = lmax.saturating_add(1);
        let constants = orders.saturating_mul(self.meridians);
        constants <= self.cosine.len()
            && constants <= self.sine.len()
            && self.general <= self.meridians
            && orders.saturating_mul(COLUMNS * RINGS) <= rings
            && self.meridians.saturating_mul(PARTS * RINGS) <= samples
    }

    #[inline(always)]
    fn parts(&self) -> [Part; PARTS] {
        [
            Part { place: 0, first: if self.derivative { 2 } else { 0 }, is_sine: false },
            Part { place: 1, first: 1, is_sine: false },
            Part { place: 2, first: 2, is_sine: true },
            Part { place: 3, first: 1, is_sine: true },
        ]
    }

    /// How many orders to `lmax` there are of a part, and meridians.
    #[inline(always)]
    fn counts(&self, lmax: usize, part: Part) -> (usize, usize) {
        let meridians = if matches!(part.place, 1 | 2) { self.general } else { self.meridians };
        ((lmax + 2).saturating_sub(part.first) / 2, meridians)
    }

    /// The constants from the first order of a part on.
    #[inline(always)]
    fn constants(&self, part: Part) -> &'a [T] {
        let constants = if part.is_sine { self.sine } else { self.cosine };
        constants.get(part.first * self.meridians..).unwrap_or(&[])
    }

    /// Where the column of the first order of a part starts among the rings.
    #[inline(always)]
    fn start<const RINGS: usize>(&self, part: Part) -> usize {
        (COLUMNS * part.first + usize::from(part.is_sine != self.derivative)) * RINGS
    }
}

/// Does something with every part: where `LMAX` is known, unrolled, so that what follows from the part is constant as well.
macro_rules! for_parts {
    ($a:ident, |$part:ident| $sum:expr) => {
        let parts = $a.parts();
        if LMAX == ANY {
            for $part in parts {
                $sum;
            }
        } else {
            let [$part, ..] = parts;
            $sum;
            let [_, $part, ..] = parts;
            $sum;
            let [_, _, $part, _] = parts;
            $sum;
            let [.., $part] = parts;
            $sum;
        }
    };
}

/// From `rings[m][column][ring]` to the parts: `samples[meridian][part][ring] = Σ_m a[m][meridian] rings[m][column][ring]`,
/// `m <= lmax`, which is `LMAX` or [`ANY`]. Where a part vanishes it is not written. `None` if a slice is too short.
#[inline(always)]
pub(crate) fn synthesise_orders<S: Simd, T: LaneOps, const RINGS: usize, const LMAX: usize>(
    s: S,
    lmax: usize,
    a: &Azimuths<'_, T>,
    rings: &[T::Lanes<S>],
    samples: &mut [T::Lanes<S>],
) -> Option<()> {
    if !a.suffice::<RINGS>(lmax, rings.len(), samples.len()) {
        return None;
    }
    let (row_stride, column_stride) = (1, 2 * a.meridians);
    for_parts!(a, |part| {
        let (orders, meridians) = a.counts(lmax, part);
        let matrix = Matrix { data: a.constants(part), row_stride, column_stride, staircase: DENSE };
        let x =
            Panel { data: rings.get(a.start::<RINGS>(part)..).unwrap_or(&[]), stride: 2 * COLUMNS * RINGS };
        let mut y = Panel { data: samples.get_mut(part.place * RINGS..)?, stride: PARTS * RINGS };
        // SAFETY: `suffice` checked that there are the constants and the columns of every order to `lmax`, and all parts of
        // every meridian.
        unsafe { multiply_covered::<S, T, RINGS>(s, (meridians, orders), matrix, &x, &mut y) }
    });
    Some(())
}

/// The transpose of [`synthesise_orders`]: `rings[m][column][ring] = Σ a[m][meridian] samples[meridian][part][ring]` over the
/// meridians. (The sine of order 0 is not written.) `None` if a slice is too short.
#[inline(always)]
pub(crate) fn analyse_orders<S: Simd, T: LaneOps, const RINGS: usize, const LMAX: usize>(
    s: S,
    lmax: usize,
    a: &Azimuths<'_, T>,
    samples: &[T::Lanes<S>],
    rings: &mut [T::Lanes<S>],
) -> Option<()> {
    if !a.suffice::<RINGS>(lmax, rings.len(), samples.len()) {
        return None;
    }
    let (row_stride, column_stride) = (2 * a.meridians, 1);
    for_parts!(a, |part| {
        let (orders, meridians) = a.counts(lmax, part);
        let matrix = Matrix { data: a.constants(part), row_stride, column_stride, staircase: DENSE };
        let x = Panel { data: samples.get(part.place * RINGS..)?, stride: PARTS * RINGS };
        let y = rings.get_mut(a.start::<RINGS>(part)..).unwrap_or(&mut []);
        let mut y = Panel { data: y, stride: 2 * COLUMNS * RINGS };
        // SAFETY: as in `synthesise_orders`.
        unsafe { multiply_covered::<S, T, RINGS>(s, (orders, meridians), matrix, &x, &mut y) }
    });
    Some(())
}
