//! Dense microkernels: a small constant matrix times lane vectors.
//!
//! Every stage of a transform is one of these. The accumulators of a tile stay in registers; a matrix element is
//! broadcast once per tile and shared by its columns. Tiles are sized so that at least 8 independent accumulators are
//! live (two FMA pipes with a latency of four) where the shape allows, and at most what the register file holds.
#![allow(unsafe_code)]
// Indices are what the formulas and the safety arguments speak of; `x + 1 <= n` is what a tile of 1 expands to.
#![allow(clippy::needless_range_loop, clippy::int_plus_one)]

use pulp::Simd;

use super::LaneOps;

/// A constant matrix: element `(r, k)` is `data[r · row_stride + k · column_stride]`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

/// Index one past the last element of a strided array, or `None` on overflow.
const fn extent(counts_and_strides: &[(usize, usize)]) -> Option<usize> {
    let mut last = 0usize;
    let mut i = 0;
    while i < counts_and_strides.len() {
        let (count, stride) = counts_and_strides[i];
        if count == 0 {
            return Some(0);
        }
        let Some(step) = (count - 1).checked_mul(stride) else { return None };
        let Some(sum) = last.checked_add(step) else { return None };
        last = sum;
        i += 1;
    }
    Some(last + 1)
}

impl<T> Matrix<'_, T> {
    /// Whether elements up to `(rows − 1, depth − 1)` exist.
    fn covers(&self, rows: usize, depth: usize) -> bool {
        extent(&[(rows, self.row_stride), (depth, self.column_stride)]).is_some_and(|n| n <= self.data.len())
    }
}

/// `out[r][c] = Σ_k a[r][k] · b[k][c]` for `r < rows`, `k < depth`, `c < COLUMNS`.
///
/// `b[k][c]` is `b[k · b_stride + c]` and `out[r][c]` is `out[r · out_stride + c]`. `None` (nothing written) if a slice
/// is too short.
#[inline(always)]
pub(crate) fn multiply<S: Simd, T: LaneOps, const COLUMNS: usize>(
    s: S,
    (rows, depth): (usize, usize),
    a: Matrix<'_, T>,
    (b, b_stride): (&[T::Lanes<S>], usize),
    (out, out_stride): (&mut [T::Lanes<S>], usize),
) -> Option<()> {
    let b_extent = extent(&[(depth, b_stride), (COLUMNS, 1)])?;
    let out_extent = extent(&[(rows, out_stride), (COLUMNS, 1)])?;
    if !a.covers(rows, depth) || b_extent > b.len() || out_extent > out.len() {
        return None;
    }
    // Rows per tile: COLUMNS · TILE accumulators, one broadcast register per row, `b` from memory.
    let mut r = 0;
    macro_rules! tiles {
        ($tile:literal) => {
            while r + $tile <= rows {
                // SAFETY: rows `r..r + $tile` are below `rows`; the extents of `a`, `b` and `out` were checked above.
                unsafe { multiply_tile::<S, T, $tile, COLUMNS>(s, depth, a, r, (b, b_stride), (out, out_stride)) };
                r += $tile;
            }
        };
    }
    if S::REGISTER_COUNT >= 32 {
        if COLUMNS <= 6 {
            tiles!(4);
        }
        tiles!(2);
    } else if COLUMNS <= 2 {
        tiles!(4);
    } else if COLUMNS <= 5 {
        tiles!(2);
    }
    tiles!(1);
    Some(())
}

/// Rows `r..r + ROWS` of [`multiply`].
///
/// # Safety
/// `a` must hold rows `r..r + ROWS` of `depth` elements, `b` `depth` rows and `out` rows `r..r + ROWS` of `COLUMNS`.
#[inline(always)]
unsafe fn multiply_tile<S: Simd, T: LaneOps, const ROWS: usize, const COLUMNS: usize>(
    s: S,
    depth: usize,
    a: Matrix<'_, T>,
    r: usize,
    (b, b_stride): (&[T::Lanes<S>], usize),
    (out, out_stride): (&mut [T::Lanes<S>], usize),
) {
    let mut sums = [[T::splat(s, T::zeroed()); COLUMNS]; ROWS];
    for k in 0..depth {
        for i in 0..ROWS {
            // SAFETY: row `r + i`, column `k`: inside `a` by the contract.
            let element = unsafe { *a.data.get_unchecked((r + i) * a.row_stride + k * a.column_stride) };
            let element = T::splat(s, element);
            for c in 0..COLUMNS {
                // SAFETY: row `k`, column `c`: inside `b` by the contract.
                let lane = unsafe { *b.get_unchecked(k * b_stride + c) };
                sums[i][c] = T::mul_add(s, element, lane, sums[i][c]);
            }
        }
    }
    for (i, row) in sums.iter().enumerate() {
        for (c, sum) in row.iter().enumerate() {
            // SAFETY: row `r + i`, column `c`: inside `out` by the contract.
            unsafe { *out.get_unchecked_mut((r + i) * out_stride + c) = *sum };
        }
    }
}

/// Synthesis with the mirror symmetry of the rows folded:
/// with `e[j][c] = Σ_{k even} a[j][k] b[k][c]` and `o[j][c] = Σ_{k odd} a[j][k] b[k][c]`,
/// `out[c][j] = e + o` and `out[c][ROWS − 1 − j] = e − o`, for `j < ⌈ROWS / 2⌉`.
///
/// If `ROWS` is odd the middle row is its own mirror image and `a[middle][odd]` must be zero. `b[k][c]` is
/// `b[k · COLUMNS + c]` and `out[c][j]` is `out[c · ROWS + j]`. `None` (nothing written) if a slice is too short.
#[inline(always)]
pub(crate) fn even_odd_synthesis<S: Simd, T: LaneOps, const COLUMNS: usize, const ROWS: usize>(
    s: S,
    depth: usize,
    a: Matrix<'_, T>,
    b: &[T::Lanes<S>],
    out: &mut [T::Lanes<S>],
) -> Option<()> {
    let folded = ROWS.div_ceil(2);
    if !a.covers(folded, depth) || depth.checked_mul(COLUMNS)? > b.len() || COLUMNS * ROWS > out.len() {
        return None;
    }
    let mut j = 0;
    macro_rules! tiles {
        ($tile:literal) => {
            while j + $tile <= folded {
                // SAFETY: rows `j..j + $tile` are below `folded`; the extents of `a`, `b` and `out` were checked above.
                unsafe { even_odd_tile::<S, T, $tile, COLUMNS, ROWS>(s, depth, a, j, b, out) };
                j += $tile;
            }
        };
    }
    // Two parities double the accumulators: 2 · COLUMNS · TILE.
    if S::REGISTER_COUNT >= 32 {
        tiles!(4);
    }
    tiles!(2);
    tiles!(1);
    Some(())
}

/// Folded rows `j..j + TILE` of [`even_odd_synthesis`].
///
/// # Safety
/// `a` must hold rows `j..j + TILE` of `depth` elements, `b` `depth · COLUMNS` and `out` `COLUMNS · ROWS` elements;
/// `j + TILE <= ⌈ROWS / 2⌉`.
#[inline(always)]
unsafe fn even_odd_tile<S: Simd, T: LaneOps, const TILE: usize, const COLUMNS: usize, const ROWS: usize>(
    s: S,
    depth: usize,
    a: Matrix<'_, T>,
    j: usize,
    b: &[T::Lanes<S>],
    out: &mut [T::Lanes<S>],
) {
    let zero = T::splat(s, T::zeroed());
    let (mut even, mut odd) = ([[zero; COLUMNS]; TILE], [[zero; COLUMNS]; TILE]);
    for pair in 0..depth / 2 {
        // SAFETY: `2 · pair + 1 < depth`; the rest is the contract.
        unsafe { accumulate::<S, T, TILE, COLUMNS>(s, a, j, 2 * pair, b, &mut even) };
        // SAFETY: as above.
        unsafe { accumulate::<S, T, TILE, COLUMNS>(s, a, j, 2 * pair + 1, b, &mut odd) };
    }
    if depth % 2 == 1 {
        // SAFETY: `depth − 1 < depth`; the rest is the contract.
        unsafe { accumulate::<S, T, TILE, COLUMNS>(s, a, j, depth - 1, b, &mut even) };
    }
    for i in 0..TILE {
        for c in 0..COLUMNS {
            let (e, o) = (even[i][c], odd[i][c]);
            // SAFETY: both row numbers are below ROWS, `c` below COLUMNS: inside `out` by the contract.
            let (near, far) = (c * ROWS + j + i, c * ROWS + ROWS - 1 - j - i);
            // SAFETY: as above.
            unsafe { *out.get_unchecked_mut(near) = T::add(s, e, o) };
            // SAFETY: as above.
            unsafe { *out.get_unchecked_mut(far) = T::sub(s, e, o) };
        }
    }
}

/// `sums[i][c] += a[j + i][k] · b[k][c]`.
///
/// # Safety
/// `a` must hold the elements `(j..j + TILE, k)` and `b` the elements `k · COLUMNS..(k + 1) · COLUMNS`.
#[inline(always)]
unsafe fn accumulate<S: Simd, T: LaneOps, const TILE: usize, const COLUMNS: usize>(
    s: S,
    a: Matrix<'_, T>,
    j: usize,
    k: usize,
    b: &[T::Lanes<S>],
    sums: &mut [[T::Lanes<S>; COLUMNS]; TILE],
) {
    for (i, row) in sums.iter_mut().enumerate() {
        // SAFETY: row `j + i`, column `k`: inside `a` by the contract.
        let element = unsafe { *a.data.get_unchecked((j + i) * a.row_stride + k * a.column_stride) };
        let element = T::splat(s, element);
        for (c, sum) in row.iter_mut().enumerate() {
            // SAFETY: row `k`, column `c`: inside `b` by the contract.
            let lane = unsafe { *b.get_unchecked(k * COLUMNS + c) };
            *sum = T::mul_add(s, element, lane, *sum);
        }
    }
}

/// The transpose of [`even_odd_synthesis`], accumulating:
/// `out[k][c] += Σ_j a[j][k] · (b[c][j] ± b[c][ROWS − 1 − j])`, `+` for even and `−` for odd `k`; a middle row counts
/// once. Memory as there. `None` (nothing written) if a slice is too short.
#[inline(always)]
pub(crate) fn even_odd_analysis<S: Simd, T: LaneOps, const COLUMNS: usize, const ROWS: usize>(
    s: S,
    depth: usize,
    a: Matrix<'_, T>,
    b: &[T::Lanes<S>],
    out: &mut [T::Lanes<S>],
) -> Option<()> {
    /// Room for the folded rows of the largest chunk, 8 rows.
    const MAX_FOLDED: usize = 4;
    let folded = ROWS.div_ceil(2);
    if !a.covers(folded, depth) || depth.checked_mul(COLUMNS)? > out.len() || COLUMNS * ROWS > b.len() {
        return None;
    }
    const { assert!(ROWS.div_ceil(2) <= MAX_FOLDED) };
    let zero = T::splat(s, T::zeroed());
    let mut sums = [[[zero; COLUMNS]; MAX_FOLDED]; 2];
    for j in 0..folded {
        for c in 0..COLUMNS {
            // SAFETY: row `j` is below ROWS: inside `b`, as checked above.
            let near = unsafe { *b.get_unchecked(c * ROWS + j) };
            if 2 * j + 1 == ROWS {
                sums[0][j][c] = near;
            } else {
                // SAFETY: the mirror row is below ROWS too.
                let far = unsafe { *b.get_unchecked(c * ROWS + ROWS - 1 - j) };
                sums[0][j][c] = T::add(s, near, far);
                sums[1][j][c] = T::sub(s, near, far);
            }
        }
    }
    for k in 0..depth {
        let parity = &sums[k % 2];
        for c in 0..COLUMNS {
            // SAFETY: row `k < depth`, column `c`: inside `out`, as checked above.
            let target = unsafe { out.get_unchecked_mut(k * COLUMNS + c) };
            for (j, row) in parity.iter().enumerate().take(folded) {
                // SAFETY: row `j < folded`, column `k < depth`: inside `a`, as checked above.
                let element = unsafe { *a.data.get_unchecked(j * a.row_stride + k * a.column_stride) };
                *target = T::mul_add(s, T::splat(s, element), row[c], *target);
            }
        }
    }
    Some(())
}
