//! Dense microkernels: a small constant matrix times lane vectors.
//!
//! Every stage of a transform is one of these. The accumulators of a tile stay in registers; a matrix element is
//! broadcast once per tile and shared by its columns. Tiles are sized so that at least 8 independent accumulators are
//! live (two FMA pipes with a latency of four) where the shape allows, and at most what the register file holds.
#![allow(unsafe_code)]
// Indices are what the formulas and the safety arguments speak of; `x + 1 <= n` is what a tile of 1 expands to.
#![allow(clippy::needless_range_loop, clippy::int_plus_one)]

use pulp::Simd;

use super::rows::extent;
use super::{LaneOps, QuadraticRows, Rows, RowsMut};

/// A constant matrix: element `(r, k)` is `data[r · row_stride + k · column_stride]`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

impl<T: LaneOps> Matrix<'_, T> {
    /// Whether elements up to `(rows − 1, depth − 1)` exist.
    #[inline(always)]
    fn covers(&self, rows: usize, depth: usize) -> bool {
        extent(&[(rows, self.row_stride), (depth, self.column_stride)]).is_some_and(|n| n <= self.data.len())
    }

    /// Element `(r, k)` in every lane.
    ///
    /// # Safety
    /// The element must exist.
    #[inline(always)]
    unsafe fn splat<S: Simd>(&self, s: S, r: usize, k: usize) -> T::Lanes<S> {
        // SAFETY: the contract.
        T::splat(s, unsafe { *self.data.get_unchecked(r * self.row_stride + k * self.column_stride) })
    }
}

/// Lane vectors in two dimensions: element `(r, c)` is `data[r · stride + c]`.
#[derive(Clone, Copy)]
pub(crate) struct Panel<D> {
    pub(crate) data: D,
    pub(crate) stride: usize,
}

/// `out[r][c] = Σ_k a[r][k] · b[k][c]` for `r < rows`, `k < depth`, `c < COLUMNS`. `None` (nothing written) if a slice is
/// too short.
#[inline(always)]
pub(crate) fn multiply<S: Simd, T: LaneOps, const COLUMNS: usize>(
    s: S,
    (rows, depth): (usize, usize),
    a: Matrix<'_, T>,
    b: Panel<&[T::Lanes<S>]>,
    mut out: Panel<&mut [T::Lanes<S>]>,
) -> Option<()> {
    let b_extent = extent(&[(depth, b.stride), (COLUMNS, 1)])?;
    let out_extent = extent(&[(rows, out.stride), (COLUMNS, 1)])?;
    if !a.covers(rows, depth) || b_extent > b.data.len() || out_extent > out.data.len() {
        return None;
    }
    let mut r = 0;
    macro_rules! tiles {
        // Rows per tile, and its first and last + 1 column.
        ($rows:literal, $($columns:expr),*) => {
            while r + $rows <= rows && ($rows < 3 || r + $rows + 1 != rows) {
                $(
                    // SAFETY: rows `r..r + $rows` are below `rows`, the columns below `COLUMNS`; the extents of `a`,
                    // `b` and `out` were checked above.
                    unsafe { multiply_tile::<S, T, $rows, COLUMNS>(s, depth, a, r, $columns, &b, &mut out) };
                )*
                r += $rows;
            }
        };
    }
    // Three rows share the loads of `b`; a rest of four rows is taken as two and two.
    if S::REGISTER_COUNT >= 32 || COLUMNS <= 4 {
        tiles!(3, 0..COLUMNS);
        tiles!(2, 0..COLUMNS);
        tiles!(1, 0..COLUMNS);
    } else {
        tiles!(3, 0..COLUMNS.div_ceil(2), COLUMNS.div_ceil(2)..COLUMNS);
        tiles!(2, 0..COLUMNS.div_ceil(2), COLUMNS.div_ceil(2)..COLUMNS);
        tiles!(1, 0..COLUMNS);
    }
    Some(())
}

/// Rows `r..r + ROWS`, columns `columns` (constants, so that the loops over them unroll) of [`multiply`].
///
/// # Safety
/// `a` must hold rows `r..r + ROWS` of `depth` elements, `b` `depth` rows and `out` rows `r..r + ROWS` of `COLUMNS`;
/// `columns` must end at `COLUMNS` at most.
#[inline(always)]
unsafe fn multiply_tile<S: Simd, T: LaneOps, const ROWS: usize, const COLUMNS: usize>(
    s: S,
    depth: usize,
    a: Matrix<'_, T>,
    r: usize,
    columns: core::ops::Range<usize>,
    b: &Panel<&[T::Lanes<S>]>,
    out: &mut Panel<&mut [T::Lanes<S>]>,
) {
    let mut sums = [[T::splat(s, T::zeroed()); COLUMNS]; ROWS];
    for k in 0..depth {
        let mut elements = [T::splat(s, T::zeroed()); ROWS];
        for i in 0..ROWS {
            // SAFETY: row `r + i`, column `k`: inside `a` by the contract.
            elements[i] = unsafe { a.splat(s, r + i, k) };
        }
        for c in columns.clone() {
            // SAFETY: row `k`, column `c`: inside `b` by the contract.
            let lane = unsafe { *b.data.get_unchecked(k * b.stride + c) };
            for i in 0..ROWS {
                sums[i][c] = T::mul_add(s, elements[i], lane, sums[i][c]);
            }
        }
    }
    for i in 0..ROWS {
        for c in columns.clone() {
            // SAFETY: row `r + i`, column `c`: inside `out` by the contract.
            unsafe { *out.data.get_unchecked_mut((r + i) * out.stride + c) = sums[i][c] };
        }
    }
}

/// First half of a synthesis with the mirror symmetry of the rings folded: for every column `c`, with coefficients
/// `x[k]` in rows `columns[c]` of a block, `out[c][j] = e[j] = Σ_{k even} a[j][k] x[k]` for `j < ⌈RINGS / 2⌉`.
///
/// `out[c][j]` is `out[c · RINGS + j]`. `None` if a slice or a row is missing.
#[inline(always)]
pub(crate) fn even_synthesis<S: Simd, T: LaneOps, const COLUMNS: usize, const RINGS: usize>(
    s: S,
    depth: usize,
    a: Matrix<'_, T>,
    x: &Rows<'_, T, T::Lanes<S>>,
    block: usize,
    columns: [QuadraticRows; COLUMNS],
    out: &mut [T::Lanes<S>],
) -> Option<()> {
    let sums = parity_sums::<S, T, COLUMNS, RINGS>(s, 0, depth, a, x, block, columns)?;
    let out = out.get_mut(..COLUMNS * RINGS)?;
    for c in 0..COLUMNS {
        for j in 0..RINGS.div_ceil(2) {
            out[c * RINGS + j] = sums[c][j];
        }
    }
    Some(())
}

/// Second half: with `e` from [`even_synthesis`] and `o[j] = Σ_{k odd} a[j][k] x[k]`, `out[c][j] = e[j] + o[j]` and
/// `out[c][RINGS − 1 − j] = e[j] − o[j]`. If `RINGS` is odd the middle ring is its own mirror image and `a[middle][odd]`
/// must be zero.
#[inline(always)]
pub(crate) fn odd_synthesis<S: Simd, T: LaneOps, const COLUMNS: usize, const RINGS: usize>(
    s: S,
    depth: usize,
    a: Matrix<'_, T>,
    x: &Rows<'_, T, T::Lanes<S>>,
    block: usize,
    columns: [QuadraticRows; COLUMNS],
    out: &mut [T::Lanes<S>],
) -> Option<()> {
    let sums = parity_sums::<S, T, COLUMNS, RINGS>(s, 1, depth, a, x, block, columns)?;
    let out = out.get_mut(..COLUMNS * RINGS)?;
    for c in 0..COLUMNS {
        for j in 0..RINGS.div_ceil(2) {
            let (e, o) = (out[c * RINGS + j], sums[c][j]);
            out[c * RINGS + j] = T::add(s, e, o);
            out[c * RINGS + RINGS - 1 - j] = T::sub(s, e, o);
        }
    }
    Some(())
}

/// `Σ_k a[j][k] x[k]` over the `k` of one parity, per column and folded ring.
#[inline(always)]
fn parity_sums<S: Simd, T: LaneOps, const COLUMNS: usize, const RINGS: usize>(
    s: S,
    parity: usize,
    depth: usize,
    a: Matrix<'_, T>,
    x: &Rows<'_, T, T::Lanes<S>>,
    block: usize,
    columns: [QuadraticRows; COLUMNS],
) -> Option<[[T::Lanes<S>; MAX_FOLDED]; COLUMNS]> {
    if !a.covers(RINGS.div_ceil(2), depth) {
        return None;
    }
    let zero = T::splat(s, T::zeroed());
    let mut sums = [[zero; MAX_FOLDED]; COLUMNS];
    let mut walk = x.walk(block, columns, parity, depth)?;
    let mut k = parity;
    while k < depth {
        let mut lanes = [zero; COLUMNS];
        for c in 0..COLUMNS {
            // SAFETY: the walk is `x`'s, and `k < depth`.
            lanes[c] = unsafe { x.read(walk.offsets[c]) };
        }
        for j in 0..RINGS.div_ceil(2) {
            // SAFETY: `covers` checked row `j` and column `k < depth`.
            let element = unsafe { a.splat(s, j, k) };
            for c in 0..COLUMNS {
                sums[c][j] = T::mul_add(s, element, lanes[c], sums[c][j]);
            }
        }
        walk.advance();
        k += 2;
    }
    Some(sums)
}

/// The transpose of [`even_synthesis`] and [`odd_synthesis`]: coefficient `k` of column `c` becomes
/// `Σ_j a[j][k] · (b[c][j] ± b[c][RINGS − 1 − j])`, `+` for even and `−` for odd `k`; a middle ring counts once. Added to
/// what the rows hold if `accumulate`. `None` if a slice or a row is missing.
#[inline(always)]
pub(crate) fn even_odd_analysis<S: Simd, T: LaneOps, const COLUMNS: usize, const RINGS: usize>(
    s: S,
    depth: usize,
    a: Matrix<'_, T>,
    b: &[T::Lanes<S>],
    x: &mut RowsMut<'_, T, T::Lanes<S>>,
    block: usize,
    columns: [QuadraticRows; COLUMNS],
    accumulate: bool,
) -> Option<()> {
    if !a.covers(RINGS.div_ceil(2), depth) {
        return None;
    }
    let b = b.get(..COLUMNS * RINGS)?;
    let zero = T::splat(s, T::zeroed());
    for parity in 0..2 {
        let mut folded = [[zero; MAX_FOLDED]; COLUMNS];
        for c in 0..COLUMNS {
            for j in 0..RINGS.div_ceil(2) {
                let (near, far) = (b[c * RINGS + j], b[c * RINGS + RINGS - 1 - j]);
                folded[c][j] = if 2 * j + 1 == RINGS {
                    near
                } else if parity == 0 {
                    T::add(s, near, far)
                } else {
                    T::sub(s, near, far)
                };
            }
        }
        let mut walk = x.walk(block, columns, parity, depth)?;
        let mut k = parity;
        while k < depth {
            let mut sums = [zero; COLUMNS];
            if accumulate {
                for c in 0..COLUMNS {
                    // SAFETY: the walk is `x`'s, and `k < depth`.
                    sums[c] = unsafe { x.read(walk.offsets[c]) };
                }
            }
            for j in 0..RINGS.div_ceil(2) {
                // SAFETY: `covers` checked row `j` and column `k < depth`.
                let element = unsafe { a.splat(s, j, k) };
                for c in 0..COLUMNS {
                    sums[c] = T::mul_add(s, element, folded[c][j], sums[c]);
                }
            }
            for c in 0..COLUMNS {
                // SAFETY: as above.
                unsafe { x.write(walk.offsets[c], sums[c]) };
            }
            walk.advance();
            k += 2;
        }
    }
    Some(())
}

/// Most rings of a chunk that the folded kernels take.
pub(crate) const MAX_RINGS: usize = 8;
const MAX_FOLDED: usize = MAX_RINGS.div_ceil(2);
