//! Between arrays in which a lane's elements lie anywhere, or together, and rows of lanes.
//!
//! Where the elements of a lane lie together, tiles are transposed in registers: one group of elements per lane, or, to
//! write where there are as many, one vector. Where groups of lanes are neighbours, their elements of a row are copied together;
//! where three or four elements are all of a lane, those of neighbours.
//! The scalar loops serve the rest, and say what the tiles have to do. Bounds are checked once per call.
#![cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(dead_code, unused_variables))]
#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // iterators around vectors may stay calls

use core::ops::Deref;

use pulp::Simd;

use super::groups::{Groups, MAX_GROUPS, collect, deal, transpose, with_groups};
use super::{LaneOps, MAX_LANES, cast, cast_mut, lane_count};

/// Where the elements of every lane lie in an array: element `i` of a lane is `start + i · stride`. Those of further blocks lie
/// `block_stride` further on each.
#[derive(Clone, Copy)]
pub(crate) struct LaneElements {
    starts: Starts,
    stride: usize,
    block_stride: usize,
}

/// Where the lanes start.
#[derive(Clone, Copy)]
#[allow(clippy::large_enum_variant)] // lives in one frame
enum Starts {
    Equidistant { first: usize, lane_stride: usize },
    Anywhere([usize; MAX_LANES]),
}

impl LaneElements {
    /// Every lane starts at one distance from the one before, and so does every block.
    #[inline(always)]
    pub(crate) fn equidistant(first: usize, lane_stride: usize, stride: usize, block_stride: usize) -> Self {
        Self { starts: Starts::Equidistant { first, lane_stride }, stride, block_stride }
    }

    /// Every lane starts somewhere; idle ones have to repeat the first.
    #[inline(always)]
    pub(crate) fn anywhere(starts: [usize; MAX_LANES], stride: usize, block_stride: usize) -> Self {
        Self { starts: Starts::Anywhere(starts), stride, block_stride }
    }

    /// Whether `count` elements of each of the first `lanes` lanes of so many blocks, none of them missing, lie inside an array.
    #[inline(always)]
    fn are_inside(&self, lanes: usize, blocks: usize, count: usize, len: usize) -> bool {
        let last_start = match &self.starts {
            Starts::Equidistant { first, lane_stride } => {
                (lanes - 1).saturating_mul(*lane_stride).saturating_add(*first)
            }
            Starts::Anywhere(starts) => starts.iter().take(lanes).fold(0, |last, start| last.max(*start)),
        };
        let (Some(block), Some(row)) = (blocks.checked_sub(1), count.checked_sub(1)) else { return false };
        let last = block.saturating_mul(self.block_stride).saturating_add(row.saturating_mul(self.stride));
        last.saturating_add(last_start) < len
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

/// Rows of lanes of some blocks: `count` of each, one after the other, `stride` rows from one block to the next.
#[derive(Clone, Copy)]
pub(crate) struct LaneRows<R> {
    pub(crate) rows: R,
    pub(crate) blocks: usize,
    pub(crate) count: usize,
    pub(crate) stride: usize,
}

impl<V, R: Deref<Target = [V]>> LaneRows<R> {
    /// Those of one block.
    #[inline(always)]
    pub(crate) fn of_block(rows: R) -> Self {
        let count = rows.len();
        Self { rows, blocks: 1, count, stride: count }
    }

    /// Whether all are there.
    #[inline(always)]
    fn are_there(&self) -> bool {
        let blocks = self.blocks.saturating_sub(1);
        blocks.saturating_mul(self.stride).saturating_add(self.count) <= self.rows.len()
    }
}

/// Reads rows of lanes: lane `n` of row `i` is element `i` of lane `n`, block by block. `None` if the array or the rows are too
/// short, or there are no rows.
#[inline(always)]
pub(crate) fn read_lanes<S: Simd, T: LaneOps>(
    s: S,
    array: &[T],
    elements: &LaneElements,
    rows: LaneRows<&mut [T::Lanes<S>]>,
) -> Option<()> {
    let lanes = lane_count::<S, T>();
    if !elements.are_inside(lanes, rows.blocks, rows.count, array.len()) || !rows.are_there() {
        return None;
    }
    let LaneRows { rows, blocks, count, stride } = rows;
    // SAFETY: `are_inside` and `are_there` checked that all elements are inside the array, and all rows there.
    if unsafe { read_tiles(s, array, elements, LaneRows { rows: &mut *rows, blocks, count, stride }) } {
        return Some(());
    }
    match elements.starts {
        Starts::Equidistant { mut first, lane_stride: 0 } => {
            for block in 0..blocks {
                let mut index = first;
                for row in rows.get_mut(block * stride..block * stride + count)? {
                    // SAFETY: `are_inside` checked the first lane's element of every row.
                    *row = T::splat(s, unsafe { *array.get_unchecked(index) });
                    index = index.wrapping_add(elements.stride);
                }
                first = first.wrapping_add(elements.block_stride);
            }
        }
        Starts::Equidistant { mut first, lane_stride: 1 } => {
            for block in 0..blocks {
                let mut source = array.as_ptr().wrapping_add(first);
                for row in rows.get_mut(block * stride..block * stride + count)? {
                    // SAFETY: `are_inside` checked the elements of all lanes of every row, which are neighbours.
                    *row = unsafe { source.cast::<T::Lanes<S>>().read_unaligned() };
                    source = source.wrapping_add(elements.stride);
                }
                first = first.wrapping_add(elements.block_stride);
            }
        }
        _ => {
            let (starts, mut first) = (elements.starts(), 0);
            for block in 0..blocks {
                let (rows, mut offset) = (rows.get_mut(block * stride..block * stride + count)?, first);
                for row in cast_mut::<_, T>(rows).chunks_exact_mut(lanes) {
                    for (lane, start) in row.iter_mut().zip(&starts) {
                        // SAFETY: `are_inside` checked every row's element of each of the lanes.
                        *lane = unsafe { *array.get_unchecked(start.wrapping_add(offset)) };
                    }
                    offset = offset.wrapping_add(elements.stride);
                }
                first = first.wrapping_add(elements.block_stride);
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
    rows: LaneRows<&[T::Lanes<S>]>,
) -> Option<()> {
    let lanes = lane_count::<S, T>();
    if !elements.are_inside(lanes, rows.blocks, rows.count, array.len()) || !rows.are_there() {
        return None;
    }
    // SAFETY: as in `read_lanes`.
    if unsafe { write_tiles(s, array, elements, rows) } {
        return Some(());
    }
    let LaneRows { rows, blocks, count, stride } = rows;
    if let Starts::Equidistant { mut first, lane_stride: 1 } = elements.starts {
        for block in 0..blocks {
            let mut target = array.as_mut_ptr().wrapping_add(first);
            for row in rows.get(block * stride..block * stride + count)? {
                // SAFETY: `are_inside` checked the elements of all lanes of every row, which are neighbours.
                unsafe { target.cast::<T::Lanes<S>>().write_unaligned(*row) };
                target = target.wrapping_add(elements.stride);
            }
            first = first.wrapping_add(elements.block_stride);
        }
        return Some(());
    }
    let (starts, mut first) = (elements.starts(), 0);
    for block in 0..blocks {
        let (rows, mut offset) = (rows.get(block * stride..block * stride + count)?, first);
        for row in cast::<_, T>(rows).chunks_exact(lanes) {
            for (lane, start) in row.iter().zip(&starts).rev() {
                // SAFETY: `are_inside` checked every row's element of each of the lanes.
                unsafe { *array.get_unchecked_mut(start.wrapping_add(offset)) = *lane };
            }
            offset = offset.wrapping_add(elements.stride);
        }
        first = first.wrapping_add(elements.block_stride);
    }
    Some(())
}

/// [`read_lanes`] of elements that lie together, as [tiles](TileKind). `false` if they do not: too few of them, or a level without
/// vectors.
///
/// # Safety
/// The elements of all lanes have to be inside the array, and the rows there.
#[inline(always)]
unsafe fn read_tiles<S: Simd, T: LaneOps>(
    s: S,
    array: &[T],
    elements: &LaneElements,
    rows: LaneRows<&mut [T::Lanes<S>]>,
) -> bool {
    let LaneRows { rows, blocks, count, stride } = rows;
    let (array, rows) = (array.as_ptr(), rows.as_mut_ptr());
    let read: Option<()> = with_groups!(s, groups => {
        let Some(kind) = elements.tile_kind(groups, size_of::<T>(), count) else { return false };
        let tiles = Tiles { groups, starts: &elements.starts(), stride: elements.stride, count };
        let (array_stride, rows) = (elements.block_stride, rows.cast());
        let places = Places { array, array_stride, rows, rows_stride: stride, blocks };
        if size_of::<T>() == 4 {
            // SAFETY: the caller's promise; the vectors of the groups are those of the level, and so of the rows.
            unsafe { tiles.read_blocks::<T, 4>(kind, places) };
        } else {
            // SAFETY: as above.
            unsafe { tiles.read_blocks::<T, 2>(kind, places) };
        }
    });
    read.is_some()
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
    rows: LaneRows<&[T::Lanes<S>]>,
) -> bool {
    let LaneRows { rows, blocks, count, stride } = rows;
    let (array, rows) = (array.as_mut_ptr(), rows.as_ptr());
    let written: Option<()> = with_groups!(s, groups => {
        let Some(kind) = elements.tile_kind(groups, size_of::<T>(), count) else { return false };
        let tiles = Tiles { groups, starts: &elements.starts(), stride: elements.stride, count };
        let (array_stride, rows) = (elements.block_stride, rows.cast());
        let places = Places { array, array_stride, rows, rows_stride: stride, blocks };
        if size_of::<T>() == 4 {
            // SAFETY: as in `read_tiles`.
            unsafe { tiles.write_blocks::<T, 4>(kind, places) };
        } else {
            // SAFETY: as above.
            unsafe { tiles.write_blocks::<T, 2>(kind, places) };
        }
    });
    written.is_some()
}

/// Which elements that lie together are taken as groups.
#[derive(Clone, Copy)]
enum TileKind {
    /// Those of one lane.
    Columns,
    /// Those of one row, of neighbouring lanes.
    Rows,
    /// Three elements of 32 bits of each lane, less than a group, where lanes of a group are neighbours.
    Triples,
    /// Four elements of each lane, where lanes are neighbours: whole vectors.
    Quadruples,
}

impl LaneElements {
    /// How `count` elements of each lane are taken by groups, if they can be. (Where all lanes are neighbours, rows are vectors.)
    #[inline(always)]
    fn tile_kind<G: Groups>(&self, _: G, element_size: usize, count: usize) -> Option<TileKind> {
        let len = size_of::<G::Group>() / element_size;
        let are_triples = self.stride == 1 && count == 3 && len == 4;
        match &self.starts {
            Starts::Equidistant { lane_stride: 0 | 1, .. } => None,
            Starts::Equidistant { lane_stride: 3, .. } if are_triples => Some(TileKind::Triples),
            Starts::Equidistant { lane_stride: 4, .. } if self.stride == 1 && count == 4 => {
                Some(TileKind::Quadruples)
            }
            _ if self.stride == 1 && count >= len => Some(TileKind::Columns),
            Starts::Equidistant { .. } => None,
            // At which distance lanes of a group lie, if it is the same in all groups.
            Starts::Anywhere(starts) => {
                let distance = starts[1].wrapping_sub(starts[0]);
                let (mut first, mut are_regular) = (0, true);
                for (lane, start) in starts.iter().enumerate() {
                    first = if lane % len == 0 { *start } else { first };
                    let expected = first.wrapping_add((lane % len).wrapping_mul(distance));
                    are_regular &= lane >= G::COUNT * len || *start == expected;
                }
                match distance {
                    1 if are_regular => Some(TileKind::Rows),
                    3 if are_regular && are_triples => Some(TileKind::Triples),
                    _ => None,
                }
            }
        }
    }
}

/// A piece of an array as tiles, see [`TileKind`]. The last tile of columns overlaps the one before if the rows do not divide.
struct Tiles<'a, G> {
    groups: G,
    starts: &'a [usize; MAX_LANES],
    /// The distance of a lane's elements, and their number.
    stride: usize,
    count: usize,
}

/// Where blocks of elements and of rows lie, one after the other.
#[derive(Clone, Copy)]
struct Places<A, R> {
    array: A,
    array_stride: usize,
    rows: R,
    rows_stride: usize,
    blocks: usize,
}

/// Calls a method of [`Tiles`] for every block of places: once it is known what kind of tiles they are.
macro_rules! each_block {
    ($places:expr, $tiles:ident.$method:ident::<$($argument:ident),*>) => {{
        let Places { mut array, array_stride, mut rows, rows_stride, blocks } = $places;
        for _ in 0..blocks {
            // SAFETY: what the caller promises of all blocks.
            unsafe { $tiles.$method::<$($argument),*>(array, rows) };
            array = array.wrapping_add(array_stride);
            rows = rows.wrapping_add(rows_stride);
        }
    }};
}

impl<G: Groups> Tiles<'_, G> {
    /// Reads the rows of blocks.
    ///
    /// # Safety
    /// All elements have to be readable, `count` rows of each block writable, and the kind be what the elements are: of lanes
    /// that are neighbours, three or four elements fill as many groups or vectors.
    #[inline(always)]
    unsafe fn read_blocks<T, const LEN: usize>(
        &self,
        kind: TileKind,
        places: Places<*const T, *mut G::Vector>,
    ) {
        match kind {
            TileKind::Columns => each_block!(places, self.read_columns::<T, LEN>),
            TileKind::Rows => each_block!(places, self.read_rows::<T, LEN>),
            TileKind::Triples => each_block!(places, self.read_triples::<T>),
            TileKind::Quadruples => each_block!(places, self.read_quadruples::<T, LEN>),
        }
    }

    /// Writes the rows of blocks.
    ///
    /// # Safety
    /// As for [`Self::read_blocks`], with reading and writing exchanged.
    #[inline(always)]
    unsafe fn write_blocks<T, const LEN: usize>(
        &self,
        kind: TileKind,
        places: Places<*mut T, *const G::Vector>,
    ) {
        match kind {
            TileKind::Columns => each_block!(places, self.write_columns::<T, LEN>),
            TileKind::Rows => each_block!(places, self.write_rows::<T, LEN>),
            TileKind::Triples => each_block!(places, self.write_triples::<T>),
            TileKind::Quadruples => each_block!(places, self.write_quadruples::<T, LEN>),
        }
    }

    /// Reads rows, at least the `LEN` elements of a group.
    ///
    /// # Safety
    /// For every lane, `count` elements from its start on have to be readable; as many rows writable.
    #[inline(always)]
    unsafe fn read_columns<T, const LEN: usize>(&self, array: *const T, rows: *mut G::Vector) {
        let (mut tile, last) = (0, self.count - LEN);
        loop {
            let from = array.wrapping_add(tile);
            // SAFETY: `tile + LEN` is at most `count`.
            let mut lanes = [unsafe { self.load::<T, LEN>(from, 0) }; LEN];
            for first in 1..LEN {
                // SAFETY: as above.
                lanes[first] = unsafe { self.load::<T, LEN>(from, first) };
            }
            let vectors = transpose::<G, T, LEN>(self.groups, lanes);
            // SAFETY: as above.
            unsafe { rows.wrapping_add(tile).cast::<[G::Vector; LEN]>().write_unaligned(vectors) };
            if tile == last {
                return;
            }
            tile = last.min(tile + LEN);
        }
    }

    /// Reads rows of which groups lie together.
    ///
    /// # Safety
    /// The elements of all lanes have to be readable, `count` rows writable.
    #[inline(always)]
    unsafe fn read_rows<T, const LEN: usize>(&self, array: *const T, rows: *mut G::Vector) {
        for row in 0..self.count {
            // SAFETY: the caller's promise.
            let vector = unsafe { self.load::<T, LEN>(array.wrapping_add(row * self.stride), 0) };
            // SAFETY: as above.
            unsafe { rows.wrapping_add(row).write_unaligned(vector) };
        }
    }

    /// The inverse of [`Self::read_rows`].
    ///
    /// # Safety
    /// As for [`Self::read_rows`], with reading and writing exchanged.
    #[inline(always)]
    unsafe fn write_rows<T, const LEN: usize>(&self, array: *mut T, rows: *const G::Vector) {
        for row in 0..self.count {
            // SAFETY: the caller's promise.
            let vector = unsafe { rows.wrapping_add(row).read_unaligned() };
            // SAFETY: as above.
            unsafe { self.store::<T, LEN>(array.wrapping_add(row * self.stride), 0, vector) };
        }
    }

    /// The inverse of [`Self::read_columns`]. The first lane is the last one written in every row.
    ///
    /// # Safety
    /// As for [`Self::read_columns`], with reading and writing exchanged.
    #[inline(always)]
    unsafe fn write_columns<T, const LEN: usize>(&self, array: *mut T, rows: *const G::Vector) {
        let (mut tile, last, square) = (0, self.count - LEN, G::COUNT * LEN);
        while tile + square <= self.count {
            // SAFETY: `tile + square` is at most `count`.
            unsafe { self.write_square::<T, LEN>(array.wrapping_add(tile), rows.wrapping_add(tile)) };
            tile += square;
        }
        while tile < self.count {
            let start = last.min(tile);
            // SAFETY: `start + LEN` is at most `count`.
            let vectors = unsafe { rows.wrapping_add(start).cast::<[G::Vector; LEN]>().read_unaligned() };
            let lanes = transpose::<G, T, LEN>(self.groups, vectors);
            for first in (0..LEN).rev() {
                // SAFETY: as above.
                unsafe { self.store::<T, LEN>(array.wrapping_add(start), first, lanes[first]) };
            }
            tile += LEN;
        }
    }

    /// Writes as many rows as there are lanes: a whole vector to every lane, which takes fewer stores than groups.
    ///
    /// # Safety
    /// As for [`Self::write_columns`].
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

    /// Reads three rows of lanes that are neighbours in groups of four, three elements of 32 bits each.
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

    /// Reads four rows of lanes that are neighbours, four elements each.
    ///
    /// # Safety
    /// The elements have to be readable, the rows writable.
    #[inline(always)]
    unsafe fn read_quadruples<T, const LEN: usize>(&self, array: *const T, rows: *mut G::Vector) {
        let source = array.wrapping_add(self.starts[0]).cast::<[G::Vector; 4]>();
        // SAFETY: the caller's promise: four elements of every lane are as much as four vectors.
        let groups = deal(self.groups, unsafe { source.read_unaligned() });
        for tile in 0..4 / LEN {
            let mut lanes = [groups[tile]; LEN];
            for first in 1..LEN {
                lanes[first] = groups[first * (4 / LEN) + tile];
            }
            let vectors = transpose::<G, T, LEN>(self.groups, lanes);
            // SAFETY: the caller promises four rows.
            unsafe { rows.wrapping_add(tile * LEN).cast::<[G::Vector; LEN]>().write_unaligned(vectors) };
        }
    }

    /// The inverse of [`Self::read_quadruples`].
    ///
    /// # Safety
    /// The elements have to be writable, the rows readable.
    #[inline(always)]
    unsafe fn write_quadruples<T, const LEN: usize>(&self, array: *mut T, rows: *const G::Vector) {
        // SAFETY: the caller promises four rows.
        let mut groups = unsafe { rows.cast::<[G::Vector; 4]>().read_unaligned() };
        for tile in 0..4 / LEN {
            // SAFETY: as above.
            let vectors =
                unsafe { rows.wrapping_add(tile * LEN).cast::<[G::Vector; LEN]>().read_unaligned() };
            let lanes = transpose::<G, T, LEN>(self.groups, vectors);
            for first in 0..LEN {
                groups[first * (4 / LEN) + tile] = lanes[first];
            }
        }
        let target = array.wrapping_add(self.starts[0]).cast::<[G::Vector; 4]>();
        // SAFETY: as in `read_quadruples`.
        unsafe { target.write_unaligned(collect(self.groups, groups)) };
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
