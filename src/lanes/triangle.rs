//! Sums over degrees with the mirror symmetry of the rings: a triangle of constants times rows of lanes by the flat index.
#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // indices are what the formulas and the safety arguments speak of

use core::marker::PhantomData;

use pulp::Simd;

use super::{ANY, LaneOps};

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
    /// The columns of order 0, for degrees to `lmax`; `None` if the data or the chunk's nodes are not all there.
    #[inline(always)]
    fn columns(&self, lmax: usize, chunk_nodes: usize) -> Option<Columns<'a, T>> {
        let len = n_triangle(self.mmax).checked_mul(self.nodes)?;
        let exist =
            lmax <= self.mmax && self.first_node + chunk_nodes <= self.nodes && len <= self.data.len();
        let data = self.data.get(self.first_node..)?;
        if !exist {
            return None;
        }
        let (a, a_step, next_a) = (data.as_ptr(), self.nodes, (self.mmax + 1) * self.nodes);
        Some(Columns { a, a_step, next_a, m: 0, depth: lmax + 1, data: PhantomData })
    }
}

/// `k <= mmax − m` for `m <= mmax`.
const fn n_triangle(mmax: usize) -> usize {
    (mmax + 1) * (mmax + 2) / 2
}

/// Where the constants of one order lie, and how to go on to the next order.
struct Columns<'a, T> {
    /// `a[m][first node][0]`.
    a: *const T,
    /// From `k` to `k + 1`.
    a_step: usize,
    /// From this order to the next.
    next_a: usize,
    m: usize,
    /// How many `k` there are.
    depth: usize,
    data: PhantomData<&'a [T]>,
}

impl<T> Columns<'_, T> {
    /// Goes on from order `m` to `m + 1`.
    #[inline(always)]
    fn advance(&mut self) {
        self.a = self.a.wrapping_add(self.next_a);
        self.next_a -= self.a_step;
        self.m += 1;
        self.depth -= 1;
    }

    /// A walk over every `k` from `first` on, or over every second one: `step` is 1 or 2.
    #[inline(always)]
    fn walk<V>(&self, first: usize, step: usize) -> Walk<T, V> {
        let l = self.m + first;
        // The next degree is 2l + 2 rows on, the one after it 2l + 4 more; from one to the next this grows by two.
        let rows = if step == 1 { 2 * l + 2 } else { 4 * l + 6 };
        Walk {
            a: self.a.wrapping_add(first * self.a_step),
            a_step: step * self.a_step,
            cosine: (l * (l + 1) + self.m) * size_of::<V>(),
            sine: 2 * self.m * size_of::<V>(),
            step: rows * size_of::<V>(),
            growth: 2 * step * step * size_of::<V>(),
            rows: PhantomData,
        }
    }
}

/// Where constants and rows of one `k` lie, and how to go on: additions only.
struct Walk<T, V> {
    /// `a[m][first node][k]`.
    a: *const T,
    a_step: usize,
    /// Bytes from the first row to that of the cosine, and back to that of the sine.
    cosine: usize,
    sine: usize,
    /// From one cosine to the next; each following step is longer.
    step: usize,
    growth: usize,
    rows: PhantomData<V>,
}

impl<T: LaneOps, V: Copy> Walk<T, V> {
    #[inline(always)]
    fn advance(&mut self) {
        self.a = self.a.wrapping_add(self.a_step);
        self.cosine = self.cosine.wrapping_add(self.step);
        self.step = self.step.wrapping_add(self.growth);
    }

    /// `a[m][j][k]` in every lane.
    ///
    /// # Safety
    /// The walk must stand at a `k`, and `j` must be a node of the chunk.
    #[inline(always)]
    unsafe fn splat<S: Simd>(&self, s: S, j: usize) -> T::Lanes<S> {
        // SAFETY: `Triangle::columns` checked that all constants exist.
        T::splat(s, unsafe { *self.a.wrapping_add(j) })
    }

    /// Of rows, that of a column: of the cosine, or of the sine.
    #[inline(always)]
    fn row(&self, rows: *const V, column: usize) -> *const V {
        rows.wrapping_byte_add(self.cosine.wrapping_sub(column * self.sine))
    }
}

/// Does something with the rings of every order from 1 on. Where `LMAX` is known, it is unrolled, so that every depth and every
/// place is a constant.
macro_rules! for_orders {
    ($rings:ident, |$of_order:ident| $sum:expr) => {
        if LMAX == ANY {
            for $of_order in $rings {
                $sum;
            }
        } else {
            const { assert!(LMAX == ANY || LMAX <= 8) };
            seq_macro::seq! {M in 1..=8 {
                if const { M <= LMAX } {
                    let $of_order = $rings.next()?;
                    $sum;
                }
            }}
        }
    };
}

/// For every order `m` and column (cosine 0, sine 1): `out[m][column][j] = Σ_k a[m][j][k] x[k]` on the rings `j` of the
/// chunk from the first node southwards; `out[m][column]` starts at `(2m + column) · RINGS`. `None` if a slice is too short.
///
/// `SLOPES`: the constants are derivatives of the Legendre functions by `cos θ`, for which even and odd `k` change places: on
/// the mirror image the value is the opposite for even `k`, and on the equator zero.
///
/// `LMAX` is `lmax`, and orders are unrolled, or [`ANY`].
#[inline(always)]
pub(crate) fn synthesise_triangle<
    S: Simd,
    T: LaneOps,
    const RINGS: usize,
    const LMAX: usize,
    const SLOPES: bool,
>(
    s: S,
    lmax: usize,
    a: Triangle<'_, T>,
    x: &[T::Lanes<S>],
    out: &mut [T::Lanes<S>],
) -> Option<()> {
    let x = x.get(..(lmax + 1) * (lmax + 1))?;
    let mut columns = a.columns(lmax, RINGS.div_ceil(2))?;
    let mut out = out.get_mut(..2 * (lmax + 1) * RINGS)?.chunks_exact_mut(2 * RINGS);
    let zonal = out.next()?;
    // SAFETY: `columns` are of this triangle, all rows to degree `lmax` exist, and `zonal` is as long as two columns.
    unsafe { synthesise_order::<S, T, 1, RINGS, SLOPES>(s, &columns, x, zonal) };
    for_orders!(out, |out| {
        columns.advance();
        // SAFETY: as above, for one of `lmax` further orders.
        unsafe { synthesise_order::<S, T, 2, RINGS, SLOPES>(s, &columns, x, out) };
    });
    Some(())
}

/// One order of [`synthesise_triangle`]: the sums over even `k` and those over odd `k`, and from both the values on the
/// northern and the southern rings.
///
/// # Safety
/// `columns` must stand at an order of a triangle, `x` have all its rows, and `out` hold `COLUMNS · RINGS` vectors.
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
    x: &[T::Lanes<S>],
    out: &mut [T::Lanes<S>],
) {
    // The sums that are the same on a mirror image, and those that are the opposite, which vanish on the equator.
    let (same, opposite) = (RINGS.div_ceil(2), RINGS / 2);
    let nodes = if SLOPES { [opposite, same] } else { [same, opposite] };
    let mut sums = [[[T::splat(s, T::zeroed()); MAX_FOLDED]; COLUMNS]; 2];
    macro_rules! add_products {
        ($walk:ident, $parity:literal, |$a:ident, $x:ident, $sum:ident| $updated:expr) => {
            for j in 0..nodes[$parity] {
                // SAFETY: the walk stands at a `k`, here and below.
                let $a = unsafe { $walk.splat(s, j) };
                for c in 0..COLUMNS {
                    // SAFETY: `x` has all rows.
                    let $x = unsafe { *$walk.row(x.as_ptr(), c) };
                    let $sum = &mut sums[$parity][c][j];
                    *$sum = $updated;
                }
            }
        };
    }
    if const { S::REGISTER_COUNT >= 32 } {
        // All sums of an order at a time: half the steps, and twice as many additions that do not wait for one another.
        let mut walk = columns.walk(0, 1);
        add_products!(walk, 0, |a, x, _sum| T::mul(s, a, x));
        if columns.depth > 1 {
            walk.advance();
            add_products!(walk, 1, |a, x, _sum| T::mul(s, a, x));
        }
        let mut k = 2;
        while k + 1 < columns.depth {
            walk.advance();
            add_products!(walk, 0, |a, x, sum| T::mul_add(s, a, x, *sum));
            walk.advance();
            add_products!(walk, 1, |a, x, sum| T::mul_add(s, a, x, *sum));
            k += 2;
        }
        if k < columns.depth {
            walk.advance();
            add_products!(walk, 0, |a, x, sum| T::mul_add(s, a, x, *sum));
        }
    } else {
        macro_rules! add_all_products {
            ($parity:literal) => {
                if $parity < columns.depth {
                    let mut walk = columns.walk($parity, 2);
                    add_products!(walk, $parity, |a, x, _sum| T::mul(s, a, x));
                    for _ in 1..(columns.depth + 1 - $parity) / 2 {
                        walk.advance();
                        add_products!(walk, $parity, |a, x, sum| T::mul_add(s, a, x, *sum));
                    }
                }
            };
        }
        add_all_products!(0);
        add_all_products!(1);
    }
    let [even, odd] = sums;
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

/// The transpose of [`synthesise_triangle`]: coefficient `k` of a column becomes `Σ_j a[m][j][k] b[m][column][j]` over the
/// rings. Added to what the rows hold if `accumulate`. `None` if a slice is too short.
#[inline(always)]
pub(crate) fn analyse_triangle<S: Simd, T: LaneOps, const RINGS: usize, const LMAX: usize>(
    s: S,
    lmax: usize,
    a: Triangle<'_, T>,
    b: &[T::Lanes<S>],
    x: &mut [T::Lanes<S>],
    accumulate: bool,
) -> Option<()> {
    let x = x.get_mut(..(lmax + 1) * (lmax + 1))?;
    let mut columns = a.columns(lmax, RINGS.div_ceil(2))?;
    let mut b = b.get(..2 * (lmax + 1) * RINGS)?.chunks_exact(2 * RINGS);
    let zonal = b.next()?;
    // SAFETY: as in `synthesise_triangle`.
    unsafe { analyse_order::<S, T, 1, RINGS>(s, &columns, zonal, x, accumulate) };
    for_orders!(b, |b| {
        columns.advance();
        // SAFETY: as in `synthesise_triangle`.
        unsafe { analyse_order::<S, T, 2, RINGS>(s, &columns, b, x, accumulate) };
    });
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
    b: &[T::Lanes<S>],
    x: &mut [T::Lanes<S>],
    accumulate: bool,
) {
    let x = x.as_mut_ptr();
    macro_rules! put_sums {
        ($walk:ident, $folded:expr) => {
            let mut sums = [T::splat(s, T::zeroed()); COLUMNS];
            if accumulate {
                for c in 0..COLUMNS {
                    // SAFETY: the walk stands at a `k`, of which all rows exist, here and below.
                    sums[c] = unsafe { *$walk.row(x, c) };
                }
            }
            for j in 0..RINGS.div_ceil(2) {
                // SAFETY: as above.
                let element = unsafe { $walk.splat(s, j) };
                for c in 0..COLUMNS {
                    sums[c] = T::mul_add(s, element, $folded[c][j], sums[c]);
                }
            }
            for c in 0..COLUMNS {
                // SAFETY: as above.
                unsafe { *$walk.row(x, c).cast_mut() = sums[c] };
            }
        };
    }
    if const { S::REGISTER_COUNT >= 32 } {
        // SAFETY: the contract.
        let even = unsafe { fold::<S, T, COLUMNS, RINGS>(s, 0, b) };
        // SAFETY: as above.
        let odd = unsafe { fold::<S, T, COLUMNS, RINGS>(s, 1, b) };
        let (mut walk, mut k) = (columns.walk(0, 1), 0);
        while k + 1 < columns.depth {
            put_sums!(walk, even);
            walk.advance();
            put_sums!(walk, odd);
            walk.advance();
            k += 2;
        }
        if k < columns.depth {
            put_sums!(walk, even);
        }
    } else {
        for parity in 0..2 {
            // SAFETY: the contract.
            let folded = unsafe { fold::<S, T, COLUMNS, RINGS>(s, parity, b) };
            let mut walk = columns.walk(parity, 2);
            for _ in 0..(columns.depth + 1 - parity) / 2 {
                put_sums!(walk, folded);
                walk.advance();
            }
        }
    }
}

/// The sums of values and mirror images, for even `k` (parity 0), or their differences.
///
/// # Safety
/// `b` must hold `COLUMNS · RINGS` vectors.
#[inline(always)]
unsafe fn fold<S: Simd, T: LaneOps, const COLUMNS: usize, const RINGS: usize>(
    s: S,
    parity: usize,
    b: &[T::Lanes<S>],
) -> [[T::Lanes<S>; MAX_FOLDED]; COLUMNS] {
    let mut folded = [[T::splat(s, T::zeroed()); MAX_FOLDED]; COLUMNS];
    for c in 0..COLUMNS {
        for j in 0..RINGS.div_ceil(2) {
            // SAFETY: below `COLUMNS · RINGS`.
            let near = unsafe { *b.get_unchecked(c * RINGS + j) };
            // SAFETY: as above.
            let far = unsafe { *b.get_unchecked(c * RINGS + RINGS - 1 - j) };
            folded[c][j] = if 2 * j + 1 == RINGS {
                near
            } else if parity == 0 {
                T::add(s, near, far)
            } else {
                T::sub(s, near, far)
            };
        }
    }
    folded
}

/// Most rings of a chunk that the folded kernels take.
pub(crate) const MAX_RINGS: usize = 8;
const MAX_FOLDED: usize = MAX_RINGS.div_ceil(2);
