//! Dense microkernels: a small constant matrix times lane vectors.
//!
//! Most stages of a transform are made of these; sums over degrees on the grid have kernels of their own
//! ([`triangle`](super::triangle)). The accumulators of a tile stay in registers; a matrix element is broadcast once per tile
//! and shared by its columns. Tiles are sized so that at least 8 independent accumulators are
//! live (two FMA pipes with a latency of four) where the shape allows, and at most what the register file holds.
#![allow(unsafe_code)]
// Indices are what the formulas and the safety arguments speak of; `x + 1 <= n` is what a tile of 1 expands to.
#![allow(clippy::needless_range_loop, clippy::int_plus_one)]

use core::marker::PhantomData;
use core::ops::{Deref, Range};

use pulp::Simd;

use super::{FirstRowsMut, LaneOps, RowCount};

/// A constant matrix: element `(r, k)` is `data[r · row_stride + k · column_stride]`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
    /// Elements with `k + staircase < r` are zero.
    pub(crate) staircase: usize,
}

/// No zeros.
pub(crate) const DENSE: usize = usize::MAX;

impl<T: LaneOps> Matrix<'_, T> {
    /// Whether elements up to `(rows − 1, depth − 1)` exist.
    #[inline(always)]
    fn covers(&self, rows: usize, depth: usize) -> bool {
        suffices(self.data.len(), (rows, self.row_stride), (depth, self.column_stride))
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

/// Lane vectors in two dimensions.
pub(crate) trait Shape {
    /// Where a row lies, of this value.
    type Row: Copy;

    /// Whether there are so many rows of so many columns.
    fn covers(&self, rows: usize, columns: usize) -> bool;

    /// Where a row lies, or would lie.
    fn row(&self, row: usize) -> Self::Row;

    /// The row after this one: additions only.
    fn next(&self, row: Self::Row) -> Self::Row;
}

/// Lane vectors in two dimensions, to read.
///
/// # Safety
/// What is [covered](Shape::covers) can be read.
pub(crate) unsafe trait Source<V>: Shape {
    /// An element of a row of this value.
    ///
    /// # Safety
    /// Row and column must be covered.
    unsafe fn read(&self, row: Self::Row, column: usize) -> V;
}

/// Lane vectors in two dimensions, to write.
///
/// # Safety
/// What is [covered](Shape::covers) can be written.
pub(crate) unsafe trait Target<V>: Shape {
    /// Writes an element of a row of this value.
    ///
    /// # Safety
    /// Row and column must be covered.
    unsafe fn write(&mut self, row: Self::Row, column: usize, value: V);
}

/// Whether `len` elements are enough for the elements up to `(rows − 1, columns − 1)` of a matrix.
#[inline(always)]
fn suffices(
    len: usize,
    (rows, row_stride): (usize, usize),
    (columns, column_stride): (usize, usize),
) -> bool {
    let (Some(row), Some(column)) = (rows.checked_sub(1), columns.checked_sub(1)) else { return true };
    row.saturating_mul(row_stride).saturating_add(column.saturating_mul(column_stride)) < len
}

/// Element `(r, c)` is `data[r · stride + c]`.
#[derive(Clone, Copy)]
pub(crate) struct Panel<D> {
    pub(crate) data: D,
    pub(crate) stride: usize,
}

impl<D: Deref<Target = [V]>, V> Shape for Panel<D> {
    type Row = usize;

    #[inline(always)]
    fn covers(&self, rows: usize, columns: usize) -> bool {
        suffices(self.data.len(), (rows, self.stride), (columns, 1))
    }

    #[inline(always)]
    fn row(&self, row: usize) -> usize {
        row * self.stride
    }

    #[inline(always)]
    fn next(&self, row: usize) -> usize {
        row + self.stride
    }
}

// SAFETY: `covers` compares the last element with the length of the slice.
unsafe impl<V: Copy> Source<V> for Panel<&[V]> {
    #[inline(always)]
    unsafe fn read(&self, row: usize, column: usize) -> V {
        // SAFETY: covered.
        unsafe { *self.data.get_unchecked(row + column) }
    }
}

// SAFETY: as above.
unsafe impl<V> Target<V> for Panel<&mut [V]> {
    #[inline(always)]
    unsafe fn write(&mut self, row: usize, column: usize, value: V) {
        // SAFETY: covered.
        unsafe { *self.data.get_unchecked_mut(row + column) = value };
    }
}

/// Two columns of rows by the flat index: element `(k, 0)` is row `l (l + 1) + m`, element `(k, 1)` row `l (l + 1) − m`, with
/// `l = first + 2k`. (Both are the same for `m = 0`.)
pub(crate) struct OrderRows<D> {
    pub(crate) rows: D,
    pub(crate) first: usize,
    pub(crate) m: usize,
}

/// The rows of one degree.
#[derive(Clone, Copy)]
pub(crate) struct DegreeRows {
    /// Of order `m` and of order `−m`.
    columns: [usize; 2],
    /// From degree `l` to `l + 2`, over `4l + 6` rows.
    step: usize,
}

impl<D: Deref<Target = [V]>, V> Shape for OrderRows<D> {
    type Row = DegreeRows;

    #[inline(always)]
    fn covers(&self, rows: usize, columns: usize) -> bool {
        let Some(last) = rows.checked_sub(1) else { return true };
        let end = self.first.saturating_add(last.saturating_mul(2)).saturating_add(1);
        columns <= 2 && self.m <= self.first && end.saturating_mul(end) <= self.rows.len()
    }

    #[inline(always)]
    fn row(&self, k: usize) -> DegreeRows {
        let l = self.first + 2 * k;
        let zonal = l * (l + 1);
        DegreeRows { columns: [zonal + self.m, zonal - self.m], step: 4 * l + 6 }
    }

    #[inline(always)]
    fn next(&self, row: DegreeRows) -> DegreeRows {
        let [cosine, sine] = row.columns;
        DegreeRows { columns: [cosine + row.step, sine + row.step], step: row.step + 8 }
    }
}

// SAFETY: `covers` asks for all rows to the highest degree; `m <= first <= l`, so a row is below `(l + 1)²`.
unsafe impl<V: Copy> Source<V> for OrderRows<&[V]> {
    #[inline(always)]
    unsafe fn read(&self, row: DegreeRows, column: usize) -> V {
        // SAFETY: covered.
        unsafe { *self.rows.get_unchecked(row.columns[column]) }
    }
}

// SAFETY: as above.
unsafe impl<V> Target<V> for OrderRows<&mut [V]> {
    #[inline(always)]
    unsafe fn write(&mut self, row: DegreeRows, column: usize, value: V) {
        // SAFETY: covered.
        unsafe { *self.rows.get_unchecked_mut(row.columns[column]) = value };
    }
}

/// A row of a block, or its opposite.
#[derive(Clone, Copy)]
pub(crate) struct SignedRow {
    pub(crate) row: usize,
    pub(crate) is_opposite: bool,
}

/// Columns whose elements are rows of blocks: `(r, c)` is that of number `r · columns + c` in `order` of the first block, for
/// `c < columns`; then come as many of the next one.
pub(crate) struct SignedRows<'r, 'a, S: Simd, T: LaneOps, N> {
    pub(crate) s: S,
    pub(crate) rows: &'r mut FirstRowsMut<'a, T, T::Lanes<S>, N>,
    pub(crate) order: &'static [SignedRow],
    pub(crate) columns: usize,
}

impl<S: Simd, T: LaneOps, N: RowCount> Shape for SignedRows<'_, '_, S, T, N> {
    type Row = usize;

    #[inline(always)]
    fn covers(&self, rows: usize, columns: usize) -> bool {
        columns <= self.columns * self.rows.blocks()
            && suffices(self.order.len(), (rows, self.columns), (self.columns, 1))
    }

    #[inline(always)]
    fn row(&self, row: usize) -> usize {
        row * self.columns
    }

    #[inline(always)]
    fn next(&self, row: usize) -> usize {
        row + self.columns
    }
}

// SAFETY: rows and blocks are checked as they are written (at no cost where they are constants).
unsafe impl<S: Simd, T: LaneOps, N: RowCount> Target<T::Lanes<S>> for SignedRows<'_, '_, S, T, N> {
    #[inline(always)]
    unsafe fn write(&mut self, row: usize, column: usize, value: T::Lanes<S>) {
        // (Constants: no division when this runs.)
        let (block, column) = (column / self.columns, column % self.columns);
        if let Some(SignedRow { row, is_opposite }) = self.order.get(row + column) {
            let value = if *is_opposite { T::neg(self.s, value) } else { value };
            self.rows.block(0, block).set(*row, value);
        }
    }
}

/// `out[r][c] = Σ_k a[r][k] · b[k][c]` for `r < rows`, `k < depth`, `c < COLUMNS`. `None` (nothing written) if an element
/// is missing.
#[inline(always)]
pub(crate) fn multiply<S: Simd, T: LaneOps, const COLUMNS: usize>(
    s: S,
    (rows, depth): (usize, usize),
    a: Matrix<'_, T>,
    b: &impl Source<T::Lanes<S>>,
    mut out: impl Target<T::Lanes<S>>,
) -> Option<()> {
    if !a.covers(rows, depth) || !b.covers(depth, COLUMNS) || !out.covers(rows, COLUMNS) {
        return None;
    }
    // SAFETY: as just checked.
    unsafe { multiply_covered::<S, T, COLUMNS>(s, (rows, depth), a, b, &mut out) };
    Some(())
}

/// [`multiply`] to a constant number of rows of one, two or four columns: in tiles whose heights differ by at most one.
#[inline(always)]
#[allow(clippy::unnecessary_semicolon)] // of the unrolled choice
pub(crate) fn multiply_evenly<S: Simd, T: LaneOps, R: RowCount, const COLUMNS: usize>(
    s: S,
    depth: usize,
    a: Matrix<'_, T>,
    b: &impl Source<T::Lanes<S>>,
    mut out: impl Target<T::Lanes<S>>,
) -> Option<()> {
    if !a.covers(R::ROWS, depth) || !b.covers(depth, COLUMNS) || !out.covers(R::ROWS, COLUMNS) {
        return None;
    }
    let mut r = 0;
    macro_rules! tile {
        ($height:expr) => {
            // (Decided when this is compiled: with tiles of all heights, to be thrown away later, the octahedral kernels of a rule took
            // LLVM three times as long.)
            seq_macro::seq!(ROWS in 1..=12 {
                if const { $height == ROWS } {
                    // SAFETY: the heights add up to `R::ROWS`, and `a`, `b` and `out` cover what is multiplied, as just checked.
                    unsafe { multiply_tile::<S, T, _, _, ROWS, COLUMNS>(s, depth, a, r, 0..COLUMNS, b, &mut out) };
                }
            });
            r += const { $height };
        };
    }
    for _ in 0..EvenTiles::<S, R, COLUMNS>::HIGHER {
        tile!(EvenTiles::<S, R, COLUMNS>::HEIGHT + 1);
    }
    for _ in EvenTiles::<S, R, COLUMNS>::HIGHER..EvenTiles::<S, R, COLUMNS>::COUNT {
        tile!(EvenTiles::<S, R, COLUMNS>::HEIGHT);
    }
    Some(())
}

/// A constant number of rows in tiles of `HEIGHT` rows, but for those that are one row higher.
struct EvenTiles<S, R, const COLUMNS: usize>(PhantomData<(S, R)>);

impl<S: Simd, R: RowCount, const COLUMNS: usize> EvenTiles<S, R, COLUMNS> {
    const COUNT: usize = {
        let highest = highest_tile(COLUMNS, S::REGISTER_COUNT);
        assert!(highest <= 12); // as `multiply_evenly` says
        R::ROWS.div_ceil(highest)
    };
    const HEIGHT: usize = match R::ROWS.checked_div(Self::COUNT) {
        Some(height) => height,
        None => 0,
    };
    const HIGHER: usize = R::ROWS - Self::HEIGHT * Self::COUNT;
}

/// Rows of a tile of so many columns: sums, a row of `b` and an element, or an element of `b` and a column of `a`, share the
/// registers.
///
/// (One column: of 5, 6, 8, 10 and 12 rows 10 and 12 were fastest in a prototype, by up to 4 percent. Two: even tiles instead of 6
/// or 4 rows and a rest, and rows read where they lie, together 0.86 to 0.93 of the time. Cascade Lake.)
const fn highest_tile(columns: usize, registers: usize) -> usize {
    match columns {
        1 => 10,
        2 | 4 if registers >= 32 => 24 / columns,
        2 | 4 => 12 / columns,
        _ => panic!("one, two or four columns"),
    }
}

/// [`multiply`] of what is known to be there.
///
/// # Safety
/// `a` must cover `rows` rows of `depth` elements, `b` `depth` rows and `out` `rows` rows of `COLUMNS`.
#[inline(always)]
pub(super) unsafe fn multiply_covered<S: Simd, T: LaneOps, const COLUMNS: usize>(
    s: S,
    (rows, depth): (usize, usize),
    a: Matrix<'_, T>,
    b: &impl Source<T::Lanes<S>>,
    out: &mut impl Target<T::Lanes<S>>,
) {
    let mut r = 0;
    macro_rules! tiles {
        // Rows per tile, and its first and last + 1 column.
        ($rows:literal, $($columns:expr),*) => {
            while r + $rows <= rows && ($rows < 3 || r + $rows + 1 != rows) {
                $(
                    // SAFETY: rows `r..r + $rows` are below `rows`, the columns below `COLUMNS`: covered.
                    unsafe { multiply_tile::<S, T, _, _, $rows, COLUMNS>(s, depth, a, r, $columns, b, out) };
                )*
                r += $rows;
            }
        };
    }
    // Three rows share the loads of `b`, six of a narrow one; a rest of four rows is taken as two and two.
    if COLUMNS <= 2 {
        tiles!(6, 0..COLUMNS);
    }
    if S::REGISTER_COUNT >= 32 || COLUMNS <= 4 {
        tiles!(3, 0..COLUMNS);
        tiles!(2, 0..COLUMNS);
        tiles!(1, 0..COLUMNS);
    } else {
        tiles!(3, 0..COLUMNS.div_ceil(2), COLUMNS.div_ceil(2)..COLUMNS);
        tiles!(2, 0..COLUMNS.div_ceil(2), COLUMNS.div_ceil(2)..COLUMNS);
        tiles!(1, 0..COLUMNS);
    }
}

/// Rows `r..r + ROWS`, columns `columns` (constants, so that the loops over them unroll) of [`multiply`].
///
/// # Safety
/// `a` must hold rows `r..r + ROWS` of `depth` elements, `b` `depth` rows and `out` rows `r..r + ROWS` of `COLUMNS`;
/// `columns` must end at `COLUMNS` at most.
#[inline(always)]
unsafe fn multiply_tile<
    S: Simd,
    T: LaneOps,
    B: Source<T::Lanes<S>>,
    O: Target<T::Lanes<S>>,
    const ROWS: usize,
    const COLUMNS: usize,
>(
    s: S,
    depth: usize,
    a: Matrix<'_, T>,
    r: usize,
    columns: Range<usize>,
    b: &B,
    out: &mut O,
) {
    let mut sums = [[T::splat(s, T::zeroed()); COLUMNS]; ROWS];
    let first = r.saturating_sub(a.staircase);
    let mut row = b.row(first);
    macro_rules! add_products {
        ($k:expr, |$a:ident, $b:ident, $sum:ident| $updated:expr) => {
            // Registers hold a row of `b` if it is narrow, else a column of `a`; of the other, one element at a time.
            if COLUMNS <= 2 {
                let mut elements = [T::splat(s, T::zeroed()); COLUMNS];
                for c in columns.clone() {
                    // SAFETY: row `k`, column `c`: inside `b` by the contract.
                    elements[c] = unsafe { b.read(row, c) };
                }
                for i in 0..ROWS {
                    // SAFETY: row `r + i`, column `k`: inside `a` by the contract.
                    let $a = unsafe { a.splat(s, r + i, $k) };
                    for c in columns.clone() {
                        let ($b, $sum) = (elements[c], &mut sums[i][c]);
                        *$sum = $updated;
                    }
                }
            } else {
                let mut elements = [T::splat(s, T::zeroed()); ROWS];
                for i in 0..ROWS {
                    // SAFETY: as above.
                    elements[i] = unsafe { a.splat(s, r + i, $k) };
                }
                for c in columns.clone() {
                    // SAFETY: as above.
                    let $b = unsafe { b.read(row, c) };
                    for i in 0..ROWS {
                        let ($a, $sum) = (elements[i], &mut sums[i][c]);
                        *$sum = $updated;
                    }
                }
            }
        };
    }
    if first < depth {
        add_products!(first, |a, b, _sum| T::mul(s, a, b));
    }
    for k in first + 1..depth {
        row = b.next(row);
        add_products!(k, |a, b, sum| T::mul_add(s, a, b, *sum));
    }
    let mut row = out.row(r);
    for i in 0..ROWS {
        for c in columns.clone() {
            // SAFETY: row `r + i`, column `c`: inside `out` by the contract.
            unsafe { out.write(row, c, sums[i][c]) };
        }
        row = out.next(row);
    }
}
