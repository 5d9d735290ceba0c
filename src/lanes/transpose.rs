//! Transposition of matrices in memory.
//!
//! Tiles are transposed in registers: one side is read or written by whole vectors, the other one by groups, or by vectors
//! too where the matrix is large enough. The scalar loop serves the rest, and says what the tiles have to do. Bounds are
//! checked once per call.
#![cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(dead_code, unused_variables))]
#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // iterators around vectors may stay calls

use pulp::Simd;

use super::groups::{Groups, MAX_GROUPS, transpose, with_groups};
use super::rows::extent;
use super::{Ahead, LaneOps};

/// Matrices to transpose: element `[i][j]` of one is `x[i · columns + j]`, and becomes `y[j · rows + i]`.
#[derive(Clone, Copy)]
pub(crate) struct Transposition {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) matrices: usize,
    /// From one matrix to the next, in both arrays.
    pub(crate) distance: usize,
    /// Whether lanes are rows, where there are enough of them, rather than columns.
    pub(crate) lanes_are_rows: bool,
}

/// The most vectors of a strip, times the elements of a group. Vectors of a strip are read or written side by side: as many
/// streams of memory. Longer vectors have at least as many as make a square of 32-bit elements.
const STRIP: usize = 32;

impl Transposition {
    /// Transposes. `None` if an array is too short; nothing has been written then.
    #[inline(always)]
    pub(crate) fn run<S: Simd, T: LaneOps>(
        &self,
        s: S,
        x: &[T],
        y: &mut [T],
        ahead: &mut Ahead,
    ) -> Option<()> {
        let Self { rows, columns, matrices, distance, .. } = *self;
        let x_extent = extent(&[(matrices, distance), (rows, columns), (columns, 1)])?;
        let y_extent = extent(&[(matrices, distance), (columns, rows), (rows, 1)])?;
        if x_extent > x.len() || y_extent > y.len() || rows == 0 || columns == 0 {
            return None;
        }
        let (mut x, mut y) = (x.as_ptr(), y.as_mut_ptr());
        for _ in 0..matrices {
            // SAFETY: the extents have been checked.
            unsafe { self.transpose(s, x, y, ahead) };
            (x, y) = (x.wrapping_add(distance), y.wrapping_add(distance));
        }
        Some(())
    }

    /// Transposes one matrix.
    ///
    /// # Safety
    /// It has to be readable from `x` on and writable from `y` on. There are rows and columns.
    #[inline(always)]
    unsafe fn transpose<S: Simd, T: LaneOps>(&self, s: S, x: *const T, y: *mut T, ahead: &mut Ahead) {
        let Self { rows, columns, .. } = *self;
        if rows == 1 || columns == 1 {
            ahead.advance::<T>(rows * columns);
            // SAFETY: the same sequence of elements in both; the caller's promise.
            unsafe { y.copy_from_nonoverlapping(x, rows * columns) };
            return;
        }
        let done = with_groups!(s, groups => {
            if size_of::<T>() == 4 {
                // SAFETY: the caller's promise.
                unsafe { self.by_tiles::<_, T, 4>(groups, x, y, ahead) }
            } else {
                // SAFETY: as above.
                unsafe { self.by_tiles::<_, T, 2>(groups, x, y, ahead) }
            }
        });
        if done != Some(true) {
            ahead.advance::<T>(rows * columns);
            for j in 0..columns {
                for i in 0..rows {
                    // SAFETY: the caller's promise.
                    let element = unsafe { *x.wrapping_add(i * columns + j) };
                    // SAFETY: as above.
                    unsafe { *y.wrapping_add(j * rows + i) = element };
                }
            }
        }
    }

    /// [`Self::transpose`] by tiles, where there is a vector of columns and a group of rows, or the other way round;
    /// otherwise returns `false`.
    ///
    /// # Safety
    /// As for [`Self::transpose`]; groups hold `LEN` elements.
    #[inline(always)]
    unsafe fn by_tiles<G: Groups, T, const LEN: usize>(
        &self,
        groups: G,
        x: *const T,
        y: *mut T,
        ahead: &mut Ahead,
    ) -> bool {
        let Self { rows, columns, .. } = *self;
        let lanes = G::COUNT * LEN;
        let wide = columns >= lanes && !(self.lanes_are_rows && rows >= lanes);
        let (n_vectors, n_lanes) = if wide { (rows, columns) } else { (columns, rows) };
        // Three elements are less than a group, but neighbours if they are all.
        let triples = LEN == 4 && n_vectors == 3;
        if n_lanes < lanes || (n_vectors < LEN && !triples) {
            return false;
        }
        let longest = (STRIP / LEN).max(4 * G::COUNT);
        let mut vector = 0;
        while vector < n_vectors {
            // Evenly, where two strips are left: so none but the only one is small.
            let left = n_vectors - vector;
            let strip = match left {
                _ if left <= longest => left,
                _ if left < 2 * longest => left / 2,
                _ => longest,
            };
            let mut lane = 0;
            loop {
                ahead.advance::<T>(strip * lanes);
                let (row, column) = if wide { (vector, lane) } else { (lane, vector) };
                let tiles = Tiles {
                    groups,
                    x: x.wrapping_add(row * columns + column),
                    x_stride: columns,
                    y: y.wrapping_add(column * rows + row),
                    y_stride: rows,
                };
                match (wide, triples) {
                    // SAFETY: the strip has so many vectors from `vector` on, which all have full lanes from `lane` on.
                    (true, false) => unsafe { tiles.scatter::<LEN>(strip) },
                    // SAFETY: as above.
                    (false, false) => unsafe { tiles.gather::<LEN>(strip) },
                    // SAFETY: as above.
                    (true, true) => unsafe { tiles.scatter_triples() },
                    // SAFETY: as above.
                    (false, true) => unsafe { tiles.gather_triples() },
                }
                if lane + lanes >= n_lanes {
                    break;
                }
                // The last vectors overlap those before if the lanes do not divide.
                lane = (lane + lanes).min(n_lanes - lanes);
            }
            vector += strip;
        }
        true
    }
}

/// A piece of a matrix, one vector wide.
struct Tiles<G, T> {
    groups: G,
    x: *const T,
    x_stride: usize,
    y: *mut T,
    y_stride: usize,
}

impl<G: Groups, T> Tiles<G, T> {
    /// Reads `rows` rows of a vector each, and writes as many columns as there are lanes. The last tile overlaps the one
    /// before if the rows do not divide.
    ///
    /// # Safety
    /// The rows have to be readable, the columns writable; there are at least `LEN` rows.
    #[inline(always)]
    unsafe fn scatter<const LEN: usize>(&self, rows: usize) {
        let square = G::COUNT * LEN;
        let mut row = 0;
        while row + square <= rows {
            // SAFETY: as many rows are left.
            unsafe { self.scatter_square::<LEN>(row) };
            row += square;
        }
        while row < rows {
            let first = row.min(rows - LEN);
            // SAFETY: `first + LEN` is at most `rows`.
            let vectors = unsafe { self.read_rows::<LEN>(first) };
            let lanes = transpose::<G, T, LEN>(self.groups, vectors);
            for lane in 0..LEN {
                let groups = self.groups.split(lanes[lane]);
                for group in 0..G::COUNT {
                    let target = self.y.wrapping_add((lane + group * LEN) * self.y_stride + first);
                    // SAFETY: a group of the rows that have been read.
                    unsafe { target.cast::<G::Group>().write_unaligned(groups[group]) };
                }
            }
            row += LEN;
        }
    }

    /// [`Self::scatter`] of as many rows as there are lanes, from `row` on: by whole vectors, which takes fewer stores.
    ///
    /// # Safety
    /// As for [`Self::scatter`].
    #[inline(always)]
    unsafe fn scatter_square<const LEN: usize>(&self, row: usize) {
        // SAFETY: the caller's promise.
        let mut pieces = [unsafe { self.read_rows::<LEN>(row) }; MAX_GROUPS];
        for piece in 0..G::COUNT {
            // SAFETY: as above.
            let vectors = unsafe { self.read_rows::<LEN>(row + piece * LEN) };
            pieces[piece] = transpose::<G, T, LEN>(self.groups, vectors);
        }
        for lane in 0..LEN {
            let [a, b, c, d] = pieces;
            let vectors = self.groups.exchange([a[lane], b[lane], c[lane], d[lane]]);
            for group in 0..G::COUNT {
                let target = self.y.wrapping_add((lane + group * LEN) * self.y_stride + row);
                // SAFETY: as above.
                unsafe { target.cast::<G::Vector>().write_unaligned(vectors[group]) };
            }
        }
    }

    /// A vector of each of `LEN` rows from `first` on.
    ///
    /// # Safety
    /// They have to be readable.
    #[inline(always)]
    unsafe fn read_rows<const LEN: usize>(&self, first: usize) -> [G::Vector; LEN] {
        // SAFETY: the caller's promise.
        let mut vectors = [unsafe { self.x.cast::<G::Vector>().read_unaligned() }; LEN];
        for row in 0..LEN {
            let source = self.x.wrapping_add((first + row) * self.x_stride);
            // SAFETY: as above.
            vectors[row] = unsafe { source.cast::<G::Vector>().read_unaligned() };
        }
        vectors
    }

    /// Reads `columns` elements of as many rows as there are lanes, and writes `columns` vectors. The last tile overlaps
    /// the one before if the columns do not divide.
    ///
    /// # Safety
    /// The rows have to be readable, the columns writable; there are at least `LEN` columns.
    #[inline(always)]
    unsafe fn gather<const LEN: usize>(&self, columns: usize) {
        let mut column = 0;
        while column < columns {
            let first = column.min(columns - LEN);
            let from = self.x.wrapping_add(first);
            // SAFETY: `first + LEN` is at most `columns`.
            let mut lanes = [unsafe { self.read_groups(from, LEN * self.x_stride) }; LEN];
            for lane in 1..LEN {
                let from = from.wrapping_add(lane * self.x_stride);
                // SAFETY: as above.
                lanes[lane] = unsafe { self.read_groups(from, LEN * self.x_stride) };
            }
            let vectors = transpose::<G, T, LEN>(self.groups, lanes);
            for vector in 0..LEN {
                let target = self.y.wrapping_add((first + vector) * self.y_stride);
                // SAFETY: as above.
                unsafe { target.cast::<G::Vector>().write_unaligned(vectors[vector]) };
            }
            column += LEN;
        }
    }

    /// The vector of the groups that begin at `from` and further ones at one distance.
    ///
    /// # Safety
    /// They have to be readable.
    #[inline(always)]
    unsafe fn read_groups(&self, from: *const T, distance: usize) -> G::Vector {
        // SAFETY: the caller's promise.
        let mut groups = [unsafe { from.cast::<G::Group>().read_unaligned() }; MAX_GROUPS];
        for group in 1..G::COUNT {
            // SAFETY: as above.
            groups[group] =
                unsafe { from.wrapping_add(group * distance).cast::<G::Group>().read_unaligned() };
        }
        self.groups.join(groups)
    }

    /// [`Self::scatter`] of three rows of 32-bit elements.
    ///
    /// # Safety
    /// The rows have to be readable, the columns, neighbours of three elements, writable.
    #[inline(always)]
    unsafe fn scatter_triples(&self) {
        // SAFETY: the caller's promise.
        let triples = self.groups.zip_triples(unsafe { self.read_rows::<3>(0) });
        for third in 0..3 {
            let groups = self.groups.split(triples[third]);
            for group in 0..G::COUNT {
                // Three groups hold the columns of the four lanes of a group.
                let target = self.y.wrapping_add(4 * (3 * group + third));
                // SAFETY: as above.
                unsafe { target.cast::<G::Group>().write_unaligned(groups[group]) };
            }
        }
    }

    /// The inverse of [`Self::scatter_triples`].
    ///
    /// # Safety
    /// Likewise.
    #[inline(always)]
    unsafe fn gather_triples(&self) {
        // SAFETY: the caller's promise.
        let mut triples = [unsafe { self.read_groups(self.x, 12) }; 3];
        for third in 1..3 {
            // SAFETY: as above.
            triples[third] = unsafe { self.read_groups(self.x.wrapping_add(4 * third), 12) };
        }
        let vectors = self.groups.unzip_triples(triples);
        for vector in 0..3 {
            let target = self.y.wrapping_add(vector * self.y_stride);
            // SAFETY: as above.
            unsafe { target.cast::<G::Vector>().write_unaligned(vectors[vector]) };
        }
    }
}
