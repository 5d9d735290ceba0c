//! Rotations in planes: a row and its mirror image turned into one another, by an angle for every distance from the middle.
#![allow(unsafe_code)]

use pulp::Simd;

use super::rows::extent;
use super::{LaneOps, lane_count};

/// Lane vectors in two dimensions: element `(r, c)` is `data[r · row_stride + c · column_stride]`.
pub(crate) struct Strided<D> {
    pub(crate) data: D,
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

/// Cosines and sines of an angle's multiples: that of `m` in column `c` are the elements, or vectors of lanes, at `2m` and
/// `2m + 1` behind `c · column_stride`, counted likewise.
#[derive(Clone, Copy)]
pub(crate) struct Multiples<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) column_stride: usize,
}

impl<T: LaneOps> Multiples<'_, T> {
    /// Entry `i` of column `c`, the same for all lanes if `SPLAT`.
    ///
    /// # Safety
    /// It must exist.
    #[inline(always)]
    unsafe fn get<S: Simd, const SPLAT: bool>(&self, s: S, c: usize, i: usize) -> T::Lanes<S> {
        let index = c * self.column_stride + i;
        if SPLAT {
            // SAFETY: the contract.
            T::splat(s, unsafe { *self.data.get_unchecked(index) })
        } else {
            let lanes = self.data.as_ptr().wrapping_add(index * lane_count::<S, T>());
            // SAFETY: the contract.
            unsafe { lanes.cast::<T::Lanes<S>>().read_unaligned() }
        }
    }
}

/// `y_m = cos(mα) x_m − sin(mα) x_−m`, `y_−m = sin(mα) x_m + cos(mα) x_−m` for the rows at distance `m <= l` from row `l`, the
/// middle one of `2l + 1`, in each of `COLUMNS` columns. `None` (nothing written) if a slice is too short.
#[inline(always)]
pub(crate) fn rotate_planes<S: Simd, T: LaneOps, const COLUMNS: usize, const SPLAT: bool>(
    s: S,
    l: usize,
    angle: Multiples<'_, T>,
    x: &Strided<&[T::Lanes<S>]>,
    y: &mut Strided<&mut [T::Lanes<S>]>,
) -> Option<()> {
    let width = if SPLAT { 1 } else { lane_count::<S, T>() };
    let entries = extent(&[(COLUMNS, angle.column_stride), (2 * l + 2, 1)])?.checked_mul(width)?;
    let x_extent = extent(&[(2 * l + 1, x.row_stride), (COLUMNS, x.column_stride)])?;
    let y_extent = extent(&[(2 * l + 1, y.row_stride), (COLUMNS, y.column_stride)])?;
    if entries > angle.data.len() || x_extent > x.data.len() || y_extent > y.data.len() {
        return None;
    }
    let read = |r: usize, c: usize| r * x.row_stride + c * x.column_stride;
    let (row_stride, column_stride) = (y.row_stride, y.column_stride);
    let write = |r: usize, c: usize| r * row_stride + c * column_stride;
    for c in 0..COLUMNS {
        // SAFETY: row `l` exists in both, as checked.
        let middle = unsafe { *x.data.get_unchecked(read(l, c)) };
        // SAFETY: as above.
        unsafe { *y.data.get_unchecked_mut(write(l, c)) = middle };
    }
    for m in 1..=l {
        for c in 0..COLUMNS {
            // SAFETY: `m <= l`: the entries of all columns were checked.
            let cosine = unsafe { angle.get::<S, SPLAT>(s, c, 2 * m) };
            // SAFETY: as above.
            let sine = unsafe { angle.get::<S, SPLAT>(s, c, 2 * m + 1) };
            // SAFETY: rows `l ± m` exist in both, here and below.
            let plus = unsafe { *x.data.get_unchecked(read(l + m, c)) };
            // SAFETY: as above.
            let minus = unsafe { *x.data.get_unchecked(read(l - m, c)) };
            let turned = T::mul_add(s, T::neg(s, sine), minus, T::mul(s, cosine, plus));
            // SAFETY: as above.
            unsafe { *y.data.get_unchecked_mut(write(l + m, c)) = turned };
            let turned = T::mul_add(s, sine, plus, T::mul(s, cosine, minus));
            // SAFETY: as above.
            unsafe { *y.data.get_unchecked_mut(write(l - m, c)) = turned };
        }
    }
    Some(())
}
