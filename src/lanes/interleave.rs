//! Between arrays in which a lane's elements lie anywhere, or together, and rows of lanes.
//!
//! Where the elements of a lane lie together, tiles are transposed in registers: one group of elements per lane, or, to
//! write where there are as many, one vector. The scalar loops serve the rest, and say what the tiles have to do. Bounds
//! are checked once per call.
#![cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(dead_code, unused_variables))]
#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // iterators around vectors may stay calls

use pulp::Simd;

use super::groups::{Groups, MAX_GROUPS, transpose, with_groups};
use super::{LaneOps, MAX_LANES, cast, cast_mut, lane_count};

/// Where the elements of every lane lie in an array: element `i` of a lane is `start + i · stride`.
#[derive(Clone, Copy)]
pub(crate) struct LaneElements {
    starts: Starts,
    stride: usize,
}

/// Where the lanes start.
#[derive(Clone, Copy)]
#[allow(clippy::large_enum_variant)] // lives in one frame
enum Starts {
    Equidistant { first: usize, lane_stride: usize },
    Anywhere([usize; MAX_LANES]),
}

impl LaneElements {
    /// Every lane starts at one distance from the one before.
    #[inline(always)]
    pub(crate) fn equidistant(first: usize, lane_stride: usize, stride: usize) -> Self {
        Self { starts: Starts::Equidistant { first, lane_stride }, stride }
    }

    /// Every lane starts somewhere; idle ones have to repeat the first.
    #[inline(always)]
    pub(crate) fn anywhere(starts: [usize; MAX_LANES], stride: usize) -> Self {
        Self { starts: Starts::Anywhere(starts), stride }
    }

    /// Whether `rows` elements of each of the first `lanes` lanes, none of both missing, lie inside an array.
    #[inline(always)]
    fn are_inside(&self, lanes: usize, rows: usize, len: usize) -> Option<bool> {
        let last_start = match &self.starts {
            Starts::Equidistant { first, lane_stride } => {
                lanes.checked_sub(1)?.checked_mul(*lane_stride)?.checked_add(*first)?
            }
            Starts::Anywhere(starts) => starts.get(..lanes)?.iter().fold(0, |last, start| last.max(*start)),
        };
        let last = rows.checked_sub(1)?.checked_mul(self.stride)?.checked_add(last_start)?;
        Some(last < len)
    }

    /// The start of every lane, also of lanes that the level does not have, which may wrap around and are not used.
    #[inline(always)]
    fn starts(&self) -> [usize; MAX_LANES] {
        match self.starts {
            Starts::Equidistant { first, lane_stride } => {
                let mut starts = [first; MAX_LANES];
                let mut start = first;
                for lane in &mut starts {
                    *lane = start;
                    start = start.wrapping_add(lane_stride);
                }
                starts
            }
            Starts::Anywhere(starts) => starts,
        }
    }
}

/// Reads rows of lanes: lane `n` of `rows[i]` is element `i` of lane `n`. `None` if the array is too short
/// or there are no rows.
#[inline(always)]
pub(crate) fn read_lanes<S: Simd, T: LaneOps>(
    s: S,
    array: &[T],
    elements: &LaneElements,
    rows: &mut [T::Lanes<S>],
) -> Option<()> {
    let lanes = lane_count::<S, T>();
    if !elements.are_inside(lanes, rows.len(), array.len())? {
        return None;
    }
    let stride = elements.stride;
    match elements.starts {
        Starts::Equidistant { first, lane_stride: 0 } => {
            let mut index = first;
            for row in rows {
                // SAFETY: `are_inside` checked the first lane's element of every row.
                *row = T::splat(s, unsafe { *array.get_unchecked(index) });
                index = index.wrapping_add(stride);
            }
        }
        Starts::Equidistant { first, lane_stride: 1 } => {
            let mut index = first;
            for row in rows {
                // SAFETY: `are_inside` checked the elements of all lanes of every row, which are neighbours.
                *row = unsafe { array.as_ptr().wrapping_add(index).cast::<T::Lanes<S>>().read_unaligned() };
                index = index.wrapping_add(stride);
            }
        }
        // SAFETY: `are_inside` checked the elements of all lanes, which lie together.
        _ if stride == 1 && unsafe { read_tiles(s, array, elements, rows) } => {}
        _ => {
            let (starts, mut offset) = (elements.starts(), 0);
            for row in cast_mut::<_, T>(rows).chunks_exact_mut(lanes) {
                for (lane, start) in row.iter_mut().zip(&starts) {
                    // SAFETY: `are_inside` checked every row's element of each of the lanes.
                    *lane = unsafe { *array.get_unchecked(start + offset) };
                }
                offset += stride;
            }
        }
    }
    Some(())
}

/// The inverse of [`read_lanes`], except that idle lanes are not written: they write where the first lane does, which
/// comes last. `None` likewise.
#[inline(always)]
pub(crate) fn write_lanes<S: Simd, T: LaneOps>(
    s: S,
    array: &mut [T],
    elements: &LaneElements,
    rows: &[T::Lanes<S>],
) -> Option<()> {
    let lanes = lane_count::<S, T>();
    if !elements.are_inside(lanes, rows.len(), array.len())? {
        return None;
    }
    let stride = elements.stride;
    match elements.starts {
        Starts::Equidistant { first, lane_stride: 0 } => {
            let mut index = first;
            for row in cast::<_, T>(rows).chunks_exact(lanes) {
                *array.get_mut(index)? = *row.first()?;
                index = index.wrapping_add(stride);
            }
        }
        Starts::Equidistant { first, lane_stride: 1 } => {
            let mut index = first;
            for row in rows {
                let target = array.as_mut_ptr().wrapping_add(index).cast::<T::Lanes<S>>();
                // SAFETY: `are_inside` checked the elements of all lanes of every row, which are neighbours.
                unsafe { target.write_unaligned(*row) };
                index = index.wrapping_add(stride);
            }
        }
        // SAFETY: `are_inside` checked the elements of all lanes, which lie together.
        _ if stride == 1 && unsafe { write_tiles(s, array, elements, rows) } => {}
        _ => {
            let (starts, mut offset) = (elements.starts(), 0);
            for row in cast::<_, T>(rows).chunks_exact(lanes) {
                for (lane, start) in row.iter().zip(&starts).rev() {
                    // SAFETY: `are_inside` checked every row's element of each of the lanes.
                    unsafe { *array.get_unchecked_mut(start + offset) = *lane };
                }
                offset += stride;
            }
        }
    }
    Some(())
}

/// [`read_lanes`] of elements that lie together, by tiles; `false` if there are none: too few elements, or a level without
/// vectors.
///
/// # Safety
/// `stride` has to be 1, and the elements of all lanes have to be inside the array.
#[inline(always)]
unsafe fn read_tiles<S: Simd, T: LaneOps>(
    s: S,
    array: &[T],
    elements: &LaneElements,
    rows: &mut [T::Lanes<S>],
) -> bool {
    let (starts, array, n_rows, rows) = (elements.starts(), array.as_ptr(), rows.len(), rows.as_mut_ptr());
    let read = with_groups!(s, groups => {
        let tiles = Tiles { groups, starts: &starts, n_rows };
        if are_triples::<T>(elements, n_rows) {
            // SAFETY: the caller's promise; as all lanes are neighbours, the elements of a group's lanes fill three groups.
            unsafe { tiles.read_triples(array, rows.cast()) };
            true
        } else if size_of::<T>() == 4 {
            // SAFETY: the caller's promise; the vectors of the groups are those of the level, and so of the rows.
            unsafe { tiles.read::<T, 4>(array, rows.cast()) }
        } else {
            // SAFETY: as above.
            unsafe { tiles.read::<T, 2>(array, rows.cast()) }
        }
    });
    read == Some(true)
}

/// [`write_lanes`] likewise.
///
/// # Safety
/// As for [`read_tiles`].
#[inline(always)]
unsafe fn write_tiles<S: Simd, T: LaneOps>(
    s: S,
    array: &mut [T],
    elements: &LaneElements,
    rows: &[T::Lanes<S>],
) -> bool {
    let (starts, array, n_rows, rows) = (elements.starts(), array.as_mut_ptr(), rows.len(), rows.as_ptr());
    let written = with_groups!(s, groups => {
        let tiles = Tiles { groups, starts: &starts, n_rows };
        if are_triples::<T>(elements, n_rows) {
            // SAFETY: as in `read_tiles`.
            unsafe { tiles.write_triples(array, rows.cast()) };
            true
        } else if size_of::<T>() == 4 {
            // SAFETY: as in `read_tiles`.
            unsafe { tiles.write::<T, 4>(array, rows.cast()) }
        } else {
            // SAFETY: as above.
            unsafe { tiles.write::<T, 2>(array, rows.cast()) }
        }
    });
    written == Some(true)
}

/// Whether lanes are neighbours with three elements of 32 bits each, less than a group.
#[inline(always)]
fn are_triples<T>(elements: &LaneElements, rows: usize) -> bool {
    size_of::<T>() == 4 && rows == 3 && matches!(elements.starts, Starts::Equidistant { lane_stride: 3, .. })
}

/// A piece of an array as tiles: a group or a vector of elements from each lane. The last tile overlaps the one before if
/// the rows do not divide.
struct Tiles<'a, G> {
    groups: G,
    starts: &'a [usize; MAX_LANES],
    n_rows: usize,
}

impl<G: Groups> Tiles<'_, G> {
    /// Reads rows, or returns `false` if there are less than the `LEN` elements of a group.
    ///
    /// # Safety
    /// For every lane, `n_rows` elements from its start on have to be readable; as many rows writable.
    #[inline(always)]
    unsafe fn read<T, const LEN: usize>(&self, array: *const T, rows: *mut G::Vector) -> bool {
        let Some(last) = self.n_rows.checked_sub(LEN) else { return false };
        let mut tile = 0;
        loop {
            let from = array.wrapping_add(tile);
            // SAFETY: `tile + LEN` is at most `n_rows`.
            let mut lanes = [unsafe { self.load::<T, LEN>(from, 0) }; LEN];
            for first in 1..LEN {
                // SAFETY: as above.
                lanes[first] = unsafe { self.load::<T, LEN>(from, first) };
            }
            let vectors = transpose::<G, T, LEN>(self.groups, lanes);
            // SAFETY: as above.
            unsafe { rows.wrapping_add(tile).cast::<[G::Vector; LEN]>().write_unaligned(vectors) };
            if tile == last {
                return true;
            }
            tile = last.min(tile + LEN);
        }
    }

    /// The inverse of [`Self::read`]. The first lane is the last one written in every row.
    ///
    /// # Safety
    /// As for [`Self::read`], with reading and writing exchanged.
    #[inline(always)]
    unsafe fn write<T, const LEN: usize>(&self, array: *mut T, rows: *const G::Vector) -> bool {
        let Some(last) = self.n_rows.checked_sub(LEN) else { return false };
        let (mut tile, square) = (0, G::COUNT * LEN);
        while tile + square <= self.n_rows {
            // SAFETY: `tile + square` is at most `n_rows`.
            unsafe { self.write_square::<T, LEN>(array.wrapping_add(tile), rows.wrapping_add(tile)) };
            tile += square;
        }
        while tile < self.n_rows {
            let start = last.min(tile);
            // SAFETY: `start + LEN` is at most `n_rows`.
            let vectors = unsafe { rows.wrapping_add(start).cast::<[G::Vector; LEN]>().read_unaligned() };
            let lanes = transpose::<G, T, LEN>(self.groups, vectors);
            for first in (0..LEN).rev() {
                // SAFETY: as above.
                unsafe { self.store::<T, LEN>(array.wrapping_add(start), first, lanes[first]) };
            }
            tile += LEN;
        }
        true
    }

    /// Writes as many rows as there are lanes: a whole vector to every lane, which takes fewer stores than groups.
    ///
    /// # Safety
    /// As for [`Self::write`].
    #[inline(always)]
    unsafe fn write_square<T, const LEN: usize>(&self, array: *mut T, rows: *const G::Vector) {
        // SAFETY: the caller's promise.
        let mut pieces = [unsafe { rows.cast::<[G::Vector; LEN]>().read_unaligned() }; MAX_GROUPS];
        for piece in 0..G::COUNT {
            // SAFETY: as above.
            let vectors =
                unsafe { rows.wrapping_add(piece * LEN).cast::<[G::Vector; LEN]>().read_unaligned() };
            pieces[piece] = transpose::<G, T, LEN>(self.groups, vectors);
        }
        for first in (0..LEN).rev() {
            let [a, b, c, d] = pieces;
            let lanes = self.groups.exchange([a[first], b[first], c[first], d[first]]);
            for group in (0..G::COUNT).rev() {
                let target = array.wrapping_add(self.starts[first + group * LEN]).cast::<G::Vector>();
                // SAFETY: as above.
                unsafe { target.write_unaligned(lanes[group]) };
            }
        }
    }

    /// Reads three rows of lanes that are neighbours, three elements of 32 bits each.
    ///
    /// # Safety
    /// The elements have to be readable, the rows writable.
    #[inline(always)]
    unsafe fn read_triples<T>(&self, array: *const T, rows: *mut G::Vector) {
        // SAFETY: three groups hold the three elements of the four lanes of a group.
        let first = unsafe { self.load::<T, 4>(array, 0) };
        // SAFETY: as above.
        let middle = unsafe { self.load::<T, 4>(array.wrapping_add(4), 0) };
        // SAFETY: as above.
        let last = unsafe { self.load::<T, 4>(array.wrapping_add(8), 0) };
        let xyz = self.groups.unzip_triples([first, middle, last]);
        // SAFETY: the caller promises three rows.
        unsafe { rows.cast::<[G::Vector; 3]>().write_unaligned(xyz) };
    }

    /// The inverse of [`Self::read_triples`].
    ///
    /// # Safety
    /// The elements have to be writable, the rows readable.
    #[inline(always)]
    unsafe fn write_triples<T>(&self, array: *mut T, rows: *const G::Vector) {
        // SAFETY: the caller promises three rows.
        let xyz = unsafe { rows.cast::<[G::Vector; 3]>().read_unaligned() };
        let triples = self.groups.zip_triples(xyz);
        for third in 0..3 {
            // SAFETY: three groups hold the three elements of the four lanes of a group.
            unsafe { self.store::<T, 4>(array.wrapping_add(4 * third), 0, triples[third]) };
        }
    }

    /// The vector of the groups that begin at the starts of lanes `first`, `first + LEN`, …
    ///
    /// # Safety
    /// From each of these starts, counted from `array`, a group has to be readable.
    #[inline(always)]
    unsafe fn load<T, const LEN: usize>(&self, array: *const T, first: usize) -> G::Vector {
        let source = array.wrapping_add(self.starts[first]).cast::<G::Group>();
        // SAFETY: the caller's promise.
        let mut groups = [unsafe { source.read_unaligned() }; MAX_GROUPS];
        for group in 1..G::COUNT {
            let source = array.wrapping_add(self.starts[first + group * LEN]).cast::<G::Group>();
            // SAFETY: as above.
            groups[group] = unsafe { source.read_unaligned() };
        }
        self.groups.join(groups)
    }

    /// The inverse of [`Self::load`]. The first group is the last one written.
    ///
    /// # Safety
    /// As for [`Self::load`], but writable.
    #[inline(always)]
    unsafe fn store<T, const LEN: usize>(&self, array: *mut T, first: usize, vector: G::Vector) {
        let groups = self.groups.split(vector);
        for group in (0..G::COUNT).rev() {
            let target = array.wrapping_add(self.starts[first + group * LEN]).cast::<G::Group>();
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(groups[group]) };
        }
    }
}
