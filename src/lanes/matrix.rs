//! Dense microkernels: a small constant matrix times lane vectors.
//!
//! Every stage of a transform is one of these. The accumulators of a tile stay in registers; a matrix element is
//! broadcast once per tile and shared by its columns. Tiles are sized so that at least 8 independent accumulators are
//! live (two FMA pipes with a latency of four) where the shape allows, and at most what the register file holds.
#![allow(unsafe_code)]
// Indices are what the formulas and the safety arguments speak of; `x + 1 <= n` is what a tile of 1 expands to.
#![allow(clippy::needless_range_loop, clippy::int_plus_one)]

use pulp::Simd;

use core::marker::PhantomData;
use core::ops::{Deref, Range};

use bytemuck::Zeroable;

use super::rows::BlockShape;
use super::{BlockRows, BlockRowsMut, LaneOps};

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

/// Two columns of a block of rows: element `(k, 0)` is row `l (l + 1) + m`, element `(k, 1)` row `l (l + 1) − m`, with
/// `l = first + 2k`. (Both are the same for `m = 0`.)
pub(crate) struct OrderRows<R> {
    rows: R,
    first: usize,
    m: usize,
    row_stride: usize,
}

/// Offsets of the rows of one degree.
#[derive(Clone, Copy)]
pub(crate) struct DegreeRows {
    /// Of order `m` and of order `−m`.
    columns: [usize; 2],
    /// From degree `l` to `l + 2`, over `4l + 6` rows.
    step: usize,
}

impl<R: BlockShape> OrderRows<R> {
    #[inline(always)]
    pub(crate) fn new(rows: R, first: usize, m: usize) -> Self {
        let row_stride = rows.row_stride();
        Self { rows, first, m, row_stride }
    }
}

impl<R: BlockShape> Shape for OrderRows<R> {
    type Row = DegreeRows;

    #[inline(always)]
    fn covers(&self, rows: usize, columns: usize) -> bool {
        let Some(last) = rows.checked_sub(1) else { return true };
        let end = self.first.saturating_add(last.saturating_mul(2)).saturating_add(1);
        columns <= 2 && self.m <= self.first && self.rows.has(end.saturating_mul(end))
    }

    #[inline(always)]
    fn row(&self, k: usize) -> DegreeRows {
        let (l, stride) = (self.first + 2 * k, self.row_stride);
        let (zonal, order) = (l * (l + 1) * stride, self.m * stride);
        DegreeRows { columns: [zonal + order, zonal - order], step: (4 * l + 6) * stride }
    }

    #[inline(always)]
    fn next(&self, row: DegreeRows) -> DegreeRows {
        let [cosine, sine] = row.columns;
        DegreeRows { columns: [cosine + row.step, sine + row.step], step: row.step + 8 * self.row_stride }
    }
}

// SAFETY: `covers` asks for all rows to the highest degree; `m <= first <= l`, so a row is below `(l + 1)²`.
unsafe impl<T: bytemuck::Pod, V: bytemuck::Pod> Source<V> for OrderRows<BlockRows<'_, T, V>> {
    #[inline(always)]
    unsafe fn read(&self, row: DegreeRows, column: usize) -> V {
        // SAFETY: covered.
        unsafe { self.rows.read(row.columns[column]) }
    }
}

// SAFETY: as above.
unsafe impl<T: bytemuck::Pod, V: bytemuck::Pod> Target<V> for OrderRows<BlockRowsMut<'_, T, V>> {
    #[inline(always)]
    unsafe fn write(&mut self, row: DegreeRows, column: usize, value: V) {
        // SAFETY: covered.
        unsafe { self.rows.write(row.columns[column], value) };
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
    let mut r = 0;
    macro_rules! tiles {
        // Rows per tile, and its first and last + 1 column.
        ($rows:literal, $($columns:expr),*) => {
            while r + $rows <= rows && ($rows < 3 || r + $rows + 1 != rows) {
                $(
                    // SAFETY: rows `r..r + $rows` are below `rows`, the columns below `COLUMNS`; that `a`, `b` and `out`
                    // cover them was checked above.
                    unsafe { multiply_tile::<S, T, _, _, $rows, COLUMNS>(s, depth, a, r, $columns, b, &mut out) };
                )*
                r += $rows;
            }
        };
    }
    // Three rows share the loads of `b`, and of a narrow one as many as the registers hold; a rest of four rows is taken as
    // two and two.
    if COLUMNS <= 2 {
        if S::REGISTER_COUNT >= 32 {
            tiles!(6, 0..COLUMNS);
        } else {
            tiles!(4, 0..COLUMNS);
        }
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
    Some(())
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
            let mut elements = [T::splat(s, T::zeroed()); ROWS];
            for i in 0..ROWS {
                // SAFETY: row `r + i`, column `k`: inside `a` by the contract.
                elements[i] = unsafe { a.splat(s, r + i, $k) };
            }
            for c in columns.clone() {
                // SAFETY: row `k`, column `c`: inside `b` by the contract.
                let $b = unsafe { b.read(row, c) };
                for i in 0..ROWS {
                    let ($a, $sum) = (elements[i], &mut sums[i][c]);
                    *$sum = $updated;
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

/// A triangle of columns of decreasing depth, with the mirror symmetry of the rings folded: the constants
/// `a[m][j][k]` for `m <= mmax`, `k <= mmax − m` and nodes `j`, at `data[(m (2 mmax + 3 − m) / 2 + k) · nodes + j]`.
///
/// It stands for the Legendre functions: `a[m][j][k] = P̄_{m+k,m}(cos θ_j)` at the nodes of the northern hemisphere. On
/// the mirror image of node `j` the value is the same for even and the opposite for odd `k`; the last node of a chunk
/// with an odd number of rings is its own mirror image, and its values for odd `k` are zero.
///
/// Its vectors are rows of lanes by the flat index `l² + l ± m` with `l = m + k`: a cosine column (`+`) per `m`, and a sine
/// column (`−`) per `m > 0`. From `k` to `k + 1` the index grows by `2 (m + k + 1)`.
#[derive(Clone, Copy)]
pub(crate) struct Triangle<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) mmax: usize,
    pub(crate) nodes: usize,
    /// The first node of the chunk.
    pub(crate) first_node: usize,
}

impl<'a, T: LaneOps> Triangle<'a, T> {
    /// The columns of orders `0..=lmax`; `None` if the data or the chunk's nodes are not all there.
    #[inline(always)]
    fn columns(&self, lmax: usize, chunk_nodes: usize, row_stride: usize) -> Option<Columns<'a, T>> {
        let len = n_triangle(self.mmax).checked_mul(self.nodes)?;
        let exist =
            lmax <= self.mmax && self.first_node + chunk_nodes <= self.nodes && len <= self.data.len();
        let data = self.data.get(self.first_node..)?;
        if !exist {
            return None;
        }
        Some(Columns {
            a: data.as_ptr(),
            a_stride: self.nodes,
            next_a: (self.mmax + 1) * self.nodes,
            depth: lmax + 1,
            cosine: 0,
            sine: 0,
            row_step: 2 * row_stride,
            row_stride,
            data: PhantomData,
        })
    }
}

/// `k <= mmax − m` for `m <= mmax`.
const fn n_triangle(mmax: usize) -> usize {
    (mmax + 1) * (mmax + 2) / 2
}

/// Where the columns of one order lie, and how to go on to the next order: additions only.
struct Columns<'a, T> {
    /// `a[m][first node][0]`.
    a: *const T,
    /// From `k` to `k + 1`.
    a_stride: usize,
    /// From this order to the next.
    next_a: usize,
    depth: usize,
    /// Offsets of the rows of `k = 0`.
    cosine: usize,
    sine: usize,
    /// From the row of `k = 0` to that of `k = 1`; each following step is longer by `2 · row_stride`.
    row_step: usize,
    row_stride: usize,
    data: PhantomData<&'a [T]>,
}

impl<T> Columns<'_, T> {
    /// Goes on from order `m` to `m + 1`: the indices of the rows of `k = 0` are `m² + 2m` and `m²`.
    #[inline(always)]
    fn advance(&mut self) {
        self.a = self.a.wrapping_add(self.next_a);
        self.next_a -= self.a_stride;
        self.depth -= 1;
        self.sine += self.row_step - self.row_stride;
        self.cosine += self.row_step + self.row_stride;
        self.row_step += 2 * self.row_stride;
    }

    /// Constants, rows and steps of every second `k` from `first` (0 or 1) on.
    #[inline(always)]
    fn parity<const COLUMNS: usize>(&self, first: usize, mut rows: [usize; COLUMNS]) -> Parity<T, COLUMNS> {
        for row in &mut rows {
            *row += first * self.row_step;
        }
        Parity {
            a: self.a.wrapping_add(first * self.a_stride),
            a_step: 2 * self.a_stride,
            rows,
            row_step: 2 * self.row_step + (2 + 4 * first) * self.row_stride,
            row_growth: 8 * self.row_stride,
            remaining: (self.depth + 1 - first) / 2,
        }
    }
}

/// A walk over every second `k` of the columns of one order.
struct Parity<T, const COLUMNS: usize> {
    a: *const T,
    a_step: usize,
    rows: [usize; COLUMNS],
    row_step: usize,
    row_growth: usize,
    remaining: usize,
}

impl<T: LaneOps, const COLUMNS: usize> Parity<T, COLUMNS> {
    #[inline(always)]
    fn advance(&mut self) {
        self.a = self.a.wrapping_add(self.a_step);
        for row in &mut self.rows {
            *row = row.wrapping_add(self.row_step);
        }
        self.row_step = self.row_step.wrapping_add(self.row_growth);
        self.remaining -= 1;
    }

    /// `a[m][j][k]` in every lane.
    ///
    /// # Safety
    /// There must be a `k` remaining, and `j` must be a node of the chunk.
    #[inline(always)]
    unsafe fn splat<S: Simd>(&self, s: S, j: usize) -> T::Lanes<S> {
        // SAFETY: `Triangle::columns` checked that all constants exist.
        T::splat(s, unsafe { *self.a.wrapping_add(j) })
    }

    /// `x[k]` of every column.
    ///
    /// # Safety
    /// There must be a `k` remaining, and its rows exist.
    #[inline(always)]
    unsafe fn read<S: Simd>(&self, x: BlockRows<'_, T, T::Lanes<S>>) -> [T::Lanes<S>; COLUMNS] {
        let mut lanes = [T::Lanes::<S>::zeroed(); COLUMNS];
        for c in 0..COLUMNS {
            // SAFETY: the contract.
            lanes[c] = unsafe { x.read(self.rows[c]) };
        }
        lanes
    }
}

/// For every order `m` and column (cosine 0, sine 1): `out[m][column][j] = Σ_k a[m][j][k] x[k]` on the rings `j` of the
/// chunk from the first node southwards; `out[m][column]` starts at `(2m + column) · RINGS`. `None` if a slice or a row is
/// missing.
///
/// `SLOPES`: the constants are derivatives of the Legendre functions by `cos θ`, for which even and odd `k` change places: on
/// the mirror image the value is the opposite for even `k`, and on the equator zero.
#[inline(always)]
pub(crate) fn synthesise_triangle<S: Simd, T: LaneOps, const RINGS: usize, const SLOPES: bool>(
    s: S,
    lmax: usize,
    a: Triangle<'_, T>,
    x: BlockRows<'_, T, T::Lanes<S>>,
    out: &mut [T::Lanes<S>],
) -> Option<()> {
    if !x.has((lmax + 1) * (lmax + 1)) {
        return None;
    }
    let mut columns = a.columns(lmax, RINGS.div_ceil(2), x.row_stride())?;
    let mut out = out.get_mut(..2 * (lmax + 1) * RINGS)?.chunks_exact_mut(2 * RINGS);
    let zonal = out.next()?;
    // SAFETY: `columns` are of this triangle, all rows to degree `lmax` exist, and `zonal` is as long as two columns.
    unsafe { synthesise_order::<S, T, 1, RINGS, SLOPES>(s, &columns, [columns.cosine], x, zonal) };
    for out in out {
        columns.advance();
        let rows = [columns.cosine, columns.sine];
        // SAFETY: as above, for one of `lmax` further orders.
        unsafe { synthesise_order::<S, T, 2, RINGS, SLOPES>(s, &columns, rows, x, out) };
    }
    Some(())
}

/// One order of [`synthesise_triangle`]: the sums over even `k`, then those over odd `k`, and from both the values on the
/// northern and the southern rings.
///
/// # Safety
/// `columns` must stand at an order of a triangle, all its rows exist in `x`, and `out` hold `COLUMNS · RINGS` vectors.
#[inline(always)]
unsafe fn synthesise_order<
    S: Simd,
    T: LaneOps,
    const COLUMNS: usize,
    const RINGS: usize,
    const SLOPES: bool,
>(
    s: S,
    columns: &Columns<'_, T>,
    rows: [usize; COLUMNS],
    x: BlockRows<'_, T, T::Lanes<S>>,
    out: &mut [T::Lanes<S>],
) {
    // The sums that are the same on a mirror image, and those that are the opposite, which vanish on the equator.
    let (same, opposite) = (RINGS.div_ceil(2), RINGS / 2);
    let (even_nodes, odd_nodes) = if SLOPES { (opposite, same) } else { (same, opposite) };
    // SAFETY: there is a `k = 0`; otherwise the contract.
    let even = unsafe { parity_sums::<S, T, COLUMNS>(s, even_nodes, columns.parity(0, rows), x) };
    let mut odd = [[T::splat(s, T::zeroed()); MAX_FOLDED]; COLUMNS];
    if columns.depth > 1 {
        // SAFETY: there is a `k = 1`; otherwise the contract.
        odd = unsafe { parity_sums::<S, T, COLUMNS>(s, odd_nodes, columns.parity(1, rows), x) };
    }
    let (same, opposite) = if SLOPES { (odd, even) } else { (even, odd) };
    for c in 0..COLUMNS {
        for j in 0..RINGS.div_ceil(2) {
            let (near, far) = (c * RINGS + j, c * RINGS + RINGS - 1 - j);
            // SAFETY: below `COLUMNS · RINGS`.
            unsafe { *out.get_unchecked_mut(far) = T::sub(s, same[c][j], opposite[c][j]) };
            // SAFETY: as above. (The equator is both.)
            unsafe { *out.get_unchecked_mut(near) = T::add(s, same[c][j], opposite[c][j]) };
        }
    }
}

/// `Σ_k a[m][j][k] x[k]` over the `k` of one parity, per column and node (their number is a constant).
///
/// # Safety
/// As for [`synthesise_order`]; at least one `k` must remain.
#[inline(always)]
unsafe fn parity_sums<S: Simd, T: LaneOps, const COLUMNS: usize>(
    s: S,
    nodes: usize,
    mut parity: Parity<T, COLUMNS>,
    x: BlockRows<'_, T, T::Lanes<S>>,
) -> [[T::Lanes<S>; MAX_FOLDED]; COLUMNS] {
    let mut sums = [[T::splat(s, T::zeroed()); MAX_FOLDED]; COLUMNS];
    // SAFETY: a `k` remains: the contract.
    let lanes = unsafe { parity.read::<S>(x) };
    for j in 0..nodes {
        // SAFETY: as above.
        let element = unsafe { parity.splat(s, j) };
        for c in 0..COLUMNS {
            sums[c][j] = T::mul(s, element, lanes[c]);
        }
    }
    while parity.remaining > 1 {
        parity.advance();
        // SAFETY: a `k` remains.
        let lanes = unsafe { parity.read::<S>(x) };
        for j in 0..nodes {
            // SAFETY: as above.
            let element = unsafe { parity.splat(s, j) };
            for c in 0..COLUMNS {
                sums[c][j] = T::mul_add(s, element, lanes[c], sums[c][j]);
            }
        }
    }
    sums
}

/// The transpose of [`synthesise_triangle`]: coefficient `k` of a column becomes `Σ_j a[m][j][k] b[m][column][j]` over the
/// rings. Added to what the rows hold if `accumulate`. `None` if a slice or a row is missing.
#[inline(always)]
pub(crate) fn analyse_triangle<S: Simd, T: LaneOps, const RINGS: usize>(
    s: S,
    lmax: usize,
    a: Triangle<'_, T>,
    b: &[T::Lanes<S>],
    mut x: BlockRowsMut<'_, T, T::Lanes<S>>,
    accumulate: bool,
) -> Option<()> {
    if !x.has((lmax + 1) * (lmax + 1)) {
        return None;
    }
    let mut columns = a.columns(lmax, RINGS.div_ceil(2), x.row_stride())?;
    let mut b = b.get(..2 * (lmax + 1) * RINGS)?.chunks_exact(2 * RINGS);
    let zonal = b.next()?;
    // SAFETY: as in `synthesise_triangle`.
    unsafe {
        analyse_order::<S, T, 1, RINGS>(s, &columns, [columns.cosine], zonal, &mut x, accumulate);
    };
    for b in b {
        columns.advance();
        let rows = [columns.cosine, columns.sine];
        // SAFETY: as in `synthesise_triangle`.
        unsafe { analyse_order::<S, T, 2, RINGS>(s, &columns, rows, b, &mut x, accumulate) };
    }
    Some(())
}

/// One order of [`analyse_triangle`].
///
/// # Safety
/// As for [`synthesise_order`], with `b` for `out`.
#[inline(always)]
unsafe fn analyse_order<S: Simd, T: LaneOps, const COLUMNS: usize, const RINGS: usize>(
    s: S,
    columns: &Columns<'_, T>,
    rows: [usize; COLUMNS],
    b: &[T::Lanes<S>],
    x: &mut BlockRowsMut<'_, T, T::Lanes<S>>,
    accumulate: bool,
) {
    for first in 0..2 {
        let mut folded = [[T::splat(s, T::zeroed()); MAX_FOLDED]; COLUMNS];
        for c in 0..COLUMNS {
            for j in 0..RINGS.div_ceil(2) {
                // SAFETY: below `COLUMNS · RINGS`.
                let near = unsafe { *b.get_unchecked(c * RINGS + j) };
                // SAFETY: as above.
                let far = unsafe { *b.get_unchecked(c * RINGS + RINGS - 1 - j) };
                folded[c][j] = if 2 * j + 1 == RINGS {
                    near
                } else if first == 0 {
                    T::add(s, near, far)
                } else {
                    T::sub(s, near, far)
                };
            }
        }
        let mut parity = columns.parity(first, rows);
        while parity.remaining > 0 {
            let mut sums = [T::splat(s, T::zeroed()); COLUMNS];
            if accumulate {
                for c in 0..COLUMNS {
                    // SAFETY: a `k` remains: its rows exist, here and below.
                    sums[c] = unsafe { x.read(parity.rows[c]) };
                }
            }
            for j in 0..RINGS.div_ceil(2) {
                // SAFETY: as above.
                let element = unsafe { parity.splat(s, j) };
                for c in 0..COLUMNS {
                    sums[c] = T::mul_add(s, element, folded[c][j], sums[c]);
                }
            }
            for c in 0..COLUMNS {
                // SAFETY: as above.
                unsafe { x.write(parity.rows[c], sums[c]) };
            }
            parity.advance();
        }
    }
}

/// Most rings of a chunk that the folded kernels take.
pub(crate) const MAX_RINGS: usize = 8;
const MAX_FOLDED: usize = MAX_RINGS.div_ceil(2);
