//! Values: one lane is one vector.
//!
//! With `c_m + i s_m = (x + iy)ᵐ`, `Y_lm = peak_lm p_lm (c_m, s_m)` (see [`tables`](crate::tables::harmonics)). For fixed
//! `m`, `p_l` are homogeneous polynomials in `z` and `|r|` of degree `l − m`, by their three-term recurrence
//!
//! ```text
//! p_{l+1} = a z p_l − b |r|² p_{l−1}        a − b = 1        (1)
//! ```
//!
//! Near the poles that is bad: all three terms are of one size while `p_l` hardly changes, so an error made at degree `k`
//! grows `l − k` times until degree `l`, and the rounding of `z` alone costs `l²/2` roundings. There we take differences
//! instead, after Reinsch's modification of Clenshaw's algorithm. With `σ = ±1` the sign of `z`, subtract
//! `σ|r| p_l` from (1) and use `a − b = 1` for `d_{l+1} = p_{l+1} − σ|r| p_l`:
//!
//! ```text
//! d_{l+1} = a (z − σ|r|) p_l + b σ|r| d_l        p_{l+1} = σ|r| p_l + d_{l+1}        (2)
//! ```
//!
//! Here `z − σ|r| = −σ (x² + y²) / (|r| + |z|)` is known to a few roundings however small it is, and the terms of
//! (2) do not cancel. Away from the poles (1) is as good, and better: what vanishes for `z = 0` is 0 exactly. Both are
//!
//! ```text
//! next = a · forward · p_l + b · backward · carry        p_{l+1} = keep · p_l + next
//! (1)  forward = z            backward = −|r|²     keep = 0        carry = p_{l−1}
//! (2)  forward = z − σ|r|     backward = σ|r|      keep = σ|r|     carry = d_l
//! ```
//!
//! so lanes of both kinds run through the same instructions. (2) is taken where `z² >= x² + y²`, if there are degrees
//! above 1: up to there (1) is `p_1 = z`, with no error to grow.
//!
//! Error, relative to the largest `|Y_lm|`: a step has five roundings, counting the constants; neither recurrence
//! makes them grow in its half of the sphere. The direction has three roundings, of which `p_l` and `(x + iy)ᵐ` together
//! pass on at most `l` times as much, because the harmonic is a polynomial of degree `l` (Bernstein). With the six of `c_m`,
//! start and products that is `8 (l + 1)`, and in practice, since roundings have random signs, about `l + 5`.

use pulp::{Simd, WithSimd};

use super::{HarmonicsDesc, HarmonicsKind};
use crate::index::n_lm;
use crate::lanes::{
    ANY, LaneElements, LaneOps, LaneRows, MAX_LANES, cast, cast_mut, lane_count, prefetch, read_lanes,
    write_lanes,
};
use crate::plan::{Normalization, Real};
use crate::tables::harmonics::{HarmonicsTable, Norms};

/// The largest degree for which there is straight-line code: loops over few degrees and orders cost more than what is in
/// them.
pub(super) const MAX_UNROLLED: usize = 4;

/// What every block of lanes of an execution shares. The degree is `DEGREE`, if it is not [`ANY`].
#[derive(Clone, Copy)]
pub(super) struct Evaluation<'a, T: 'static, const DEGREE: usize> {
    lmax: usize,
    pub(super) kind: HarmonicsKind,
    pub(super) table: &'static HarmonicsTable<T>,
    pub(super) norms: &'static Norms<T>,
    /// `Y_00`: what `(x + iy)ᵐ` is multiplied by.
    start: T,
    xyz: &'a [T],
}

/// The vectors of a block of lanes, ready for the recurrences: of length 1, or 0, if harmonics are of the direction.
#[derive(Clone, Copy)]
pub(super) struct Point<T: LaneOps, S: Simd> {
    pub(super) x: T::Lanes<S>,
    pub(super) y: T::Lanes<S>,
    pub(super) z: T::Lanes<S>,
    forward: T::Lanes<S>,
    backward: T::Lanes<S>,
    keep: T::Lanes<S>,
    /// Where recurrence (2) is taken.
    near_pole: T::Mask<S>,
    /// `1 / |r|` of the vector itself, at most `max_reciprocal`, 0 for the zero vector. Only for the direction.
    pub(super) reciprocal: T::Lanes<S>,
}

impl<'a, T: Real, const DEGREE: usize> Evaluation<'a, T, DEGREE> {
    #[inline(always)]
    pub(super) fn new(desc: &HarmonicsDesc, xyz: &'a [T]) -> Self {
        let table = T::harmonics_table();
        let (per_degree, start) = match desc.normalization {
            Normalization::Integral => (false, core::f64::consts::FRAC_2_SQRT_PI / 4.0),
            Normalization::Component => (false, 1.0),
            Normalization::Norm => (true, 1.0),
        };
        let (norms, start) = (table.norms(per_degree), T::from_f64(start));
        Self { lmax: desc.lmax, kind: desc.kind, table, norms, start, xyz }
    }

    /// The largest degree.
    #[inline(always)]
    pub(super) const fn lmax(&self) -> usize {
        if DEGREE == ANY { self.lmax } else { DEGREE }
    }

    /// Reads the vectors of a block.
    #[inline(always)]
    pub(super) fn point<S: Simd>(&self, s: S, pair: usize) -> Option<Point<T, S>> {
        let (zero, one) = (T::splat(s, T::zeroed()), T::splat(s, T::from_f64(1.0)));
        let range = &self.table.range;
        let mut xyz = [zero; 3];
        read_lanes(s, self.xyz, &elements::<S, T>(pair, 3, self.xyz.len()), LaneRows::of_block(&mut xyz))?;

        // Powers of two, so that nothing is rounded; NaN stays as it is.
        let [ax, ay, az] = [T::abs(s, xyz[0]), T::abs(s, xyz[1]), T::abs(s, xyz[2])];
        let largest = max::<S, T>(s, ax, max::<S, T>(s, ay, az));
        let large = T::less_or_equal(s, T::splat(s, range.large), largest);
        let small = T::less_or_equal(s, largest, T::splat(s, range.small));
        let scale = T::select(s, large, T::splat(s, range.shrink), one);
        let scale = T::select(s, small, T::splat(s, range.grow), scale);
        let [x, y, z] = [T::mul(s, xyz[0], scale), T::mul(s, xyz[1], scale), T::mul(s, xyz[2], scale)];

        let planar = T::add(s, T::mul(s, x, x), T::mul(s, y, y)); // the same if x and y are exchanged
        let axial = T::mul(s, z, z);
        let square = T::add(s, planar, axial);
        let radius = T::sqrt(s, square);
        let is_zero = T::less_or_equal(s, square, zero);
        let sign = T::select(s, T::less_or_equal(s, zero, z), one, T::splat(s, T::from_f64(-1.0)));
        let sum = T::select(s, is_zero, one, T::add(s, radius, T::abs(s, z)));
        let difference = T::sub(s, zero, T::mul(s, sign, T::div(s, planar, sum)));
        let zero_or_nan = T::mul(s, zero, radius);

        let ([x, y, z], [difference, radius], planar, reciprocal) = if self.kind == HarmonicsKind::Surface {
            // 1 / |r|, but NaN if that is infinite.
            let inverse = T::div(s, radius, T::select(s, is_zero, one, square));
            let [x, y, z] = [T::mul(s, x, inverse), T::mul(s, y, inverse), T::mul(s, z, inverse)];
            let reciprocal = T::mul(s, inverse, scale);
            let cap = T::splat(s, range.max_reciprocal);
            let reciprocal = T::select(s, T::less_or_equal(s, cap, reciprocal), cap, reciprocal);
            let one_or_zero = T::select(s, is_zero, zero, one);
            let reciprocal = T::select(s, is_zero, zero, reciprocal);
            ([x, y, z], [T::mul(s, difference, inverse), one_or_zero], planar, reciprocal)
        } else {
            let back = T::select(s, large, T::splat(s, range.unshrink), one);
            let back = T::select(s, small, T::splat(s, range.ungrow), back);
            // Recurrence (2), which has no |r|², where that could overflow.
            let planar = T::select(s, large, zero, planar);
            (xyz, [T::mul(s, difference, back), T::mul(s, radius, back)], planar, one)
        };
        let near_pole = T::less_or_equal(s, planar, axial);
        let square = T::mul_add(s, z, z, T::add(s, T::mul(s, x, x), T::mul(s, y, y)));
        let signed = T::mul(s, sign, radius);
        let (forward, backward, keep) = if self.lmax() < 2 {
            (z, zero_or_nan, zero)
        } else {
            (
                T::select(s, near_pole, difference, z),
                T::select(s, near_pole, signed, T::sub(s, zero, square)),
                T::select(s, near_pole, signed, zero),
            )
        };
        Some(Point { x, y, z, forward, backward, keep, near_pole, reciprocal })
    }

    /// The harmonics of a block, in flat order.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(&self, s: S, point: &Point<T, S>, rows: &mut [T::Lanes<S>]) -> Option<()> {
        let mut powers = (T::splat(s, self.start), T::splat(s, T::zeroed()));
        if DEGREE == ANY {
            for m in 0..=self.lmax {
                powers = self.column(s, m, point, powers, rows)?;
            }
        } else {
            const { assert!(MAX_UNROLLED == 4) };
            powers = self.column(s, 0, point, powers, rows)?;
            seq_macro::seq! {M in 1..=4 {
                if M <= DEGREE {
                    powers = self.column(s, M, point, powers, rows)?;
                }
            }}
        }
        Some(())
    }

    /// The harmonics of orders `m` and `−m`, from `(x + iy)ᵐ`; the next power.
    #[inline(always)]
    fn column<S: Simd>(
        &self,
        s: S,
        m: usize,
        point: &Point<T, S>,
        (cosine, sine): (T::Lanes<S>, T::Lanes<S>),
        rows: &mut [T::Lanes<S>],
    ) -> Option<(T::Lanes<S>, T::Lanes<S>)> {
        let (first, peaks) = self.norms.peaks(m, self.lmax())?.split_first()?;
        let (mut value, mut carry) = (T::splat(s, T::from_f64(1.0)), T::splat(s, T::zeroed()));
        let (mut middle, mut width) = (m * m + m, 2 * m);
        write_pair::<S, T>(s, rows, (middle, m), T::splat(s, *first), (cosine, sine))?;
        for (step, peak) in self.table.steps(m, self.lmax())?.iter().zip(peaks) {
            let forward = T::mul(s, T::splat(s, step.forward), point.forward);
            let backward = T::mul(s, T::splat(s, step.backward), point.backward);
            let next = T::mul_add(s, forward, value, T::mul(s, backward, carry));
            carry = T::select(s, point.near_pole, next, value);
            value = T::mul_add(s, point.keep, value, next);
            (middle, width) = (middle + width + 2, width + 2);
            let height = T::mul(s, T::splat(s, *peak), value);
            write_pair::<S, T>(s, rows, (middle, m), height, (cosine, sine))?;
        }
        // Products rounded one by one: the same bits, up to the sign, if x and y are exchanged.
        let [xc, ys] = [T::mul(s, point.x, cosine), T::mul(s, point.y, sine)];
        let [yc, xs] = [T::mul(s, point.y, cosine), T::mul(s, point.x, sine)];
        Some((T::sub(s, xc, ys), T::add(s, yc, xs)))
    }
}

/// Where the elements of the vectors of a block lie, which starts at a pair of sample and channel, in an array with so
/// many elements of every pair together.
#[inline(always)]
pub(super) fn elements<S: Simd, T: LaneOps>(pair: usize, of_pair: usize, len: usize) -> LaneElements {
    let (lanes, start) = (lane_count::<S, T>(), pair * of_pair);
    if start + lanes * of_pair <= len {
        return LaneElements::equidistant(start, of_pair, 1, 0);
    }
    // Idle lanes repeat the first.
    let (mut starts, mut next) = ([start; MAX_LANES], start);
    for lane in &mut starts {
        if next < len {
            *lane = next;
        }
        next += of_pair;
    }
    LaneElements::anywhere(starts, 1, 0)
}

/// Writes the harmonics of orders `m` and `−m` around the row of order 0.
#[inline(always)]
fn write_pair<S: Simd, T: LaneOps>(
    s: S,
    rows: &mut [T::Lanes<S>],
    (middle, m): (usize, usize),
    height: T::Lanes<S>,
    (cosine, sine): (T::Lanes<S>, T::Lanes<S>),
) -> Option<()> {
    if m > 0 {
        *rows.get_mut(middle - m)? = T::mul(s, height, sine);
    }
    *rows.get_mut(middle + m)? = T::mul(s, height, cosine);
    Some(())
}

/// The larger one; `b` if one is NaN.
#[inline(always)]
fn max<S: Simd, T: LaneOps>(s: S, a: T::Lanes<S>, b: T::Lanes<S>) -> T::Lanes<S> {
    T::select(s, T::less_or_equal(s, b, a), a, b)
}

/// Where `N` coefficients vectors of a block go.
pub(super) struct Outputs<'a, T, V, const N: usize> {
    /// Arrays in which the coefficients of a pair lie together, pair after pair, if they do.
    pub(super) arrays: Option<[&'a mut [T]; N]>,
    /// Room for one block, or else for all blocks, one after the other, and for these results.
    pub(super) rows: [&'a mut [V]; N],
}

impl<T: Real, V: bytemuck::Pod, const N: usize> Outputs<'_, T, V, N> {
    /// The rows of a block.
    #[inline(always)]
    pub(super) fn block<S: Simd>(&mut self, block: usize, n_rows: usize) -> Option<[&mut [T::Lanes<S>]; N]> {
        let start = if self.arrays.is_some() { 0 } else { block * n_rows };
        let mut found = true;
        let blocks = self.rows.each_mut().map(|rows| {
            let rows = cast_mut(rows).get_mut(start..start + n_rows);
            found &= rows.is_some();
            rows.unwrap_or_default()
        });
        if found { Some(blocks) } else { None }
    }

    /// Writes the rows of a block to the arrays, if there are any.
    #[inline(always)]
    pub(super) fn write<S: Simd, const DEGREE: usize>(
        &mut self,
        s: S,
        evaluation: &Evaluation<'_, T, DEGREE>,
        pair: usize,
    ) -> Option<()> {
        let (lanes, n_rows) = (lane_count::<S, T>(), n_lm(evaluation.lmax()));
        if let Some(arrays) = &mut self.arrays {
            for (array, rows) in arrays.iter_mut().zip(&self.rows) {
                // Where the next block goes: memory fetches that while the block is computed, not while it is written.
                prefetch(array, (pair + lanes) * n_rows, lanes * n_rows);
                let elements = elements::<S, T>(pair, n_rows, array.len());
                let rows = cast::<_, T::Lanes<S>>(rows).get(..n_rows)?;
                write_lanes(s, array, &elements, LaneRows::of_block(rows))?;
            }
        }
        Some(())
    }
}

/// The harmonics of some blocks, from a pair on. A `#[target_feature]` frame of its own.
pub(super) struct Values<'a, T: 'static, V, const DEGREE: usize> {
    pub(super) evaluation: Evaluation<'a, T, DEGREE>,
    pub(super) pair: usize,
    pub(super) blocks: usize,
    pub(super) outputs: Outputs<'a, T, V, 1>,
}

impl<T: Real, V: bytemuck::Pod, const DEGREE: usize> WithSimd for Values<'_, T, V, DEGREE> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { evaluation, mut pair, blocks, mut outputs } = self;
        let n_rows = n_lm(evaluation.lmax());
        for block in 0..blocks {
            let point = evaluation.point(s, pair)?;
            let [rows] = outputs.block::<S>(block, n_rows)?;
            evaluation.fill(s, &point, rows)?;
            outputs.write(s, &evaluation, pair)?;
            pair += lane_count::<S, T>();
        }
        Some(())
    }
}
