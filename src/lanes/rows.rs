//! Rows of lanes: what coefficients are read from and written to.
//!
//! A *row* is one coefficient of a block of lanes; the rows of a block lie at a constant distance, and so do the blocks of a
//! sample, and samples. That describes a user's array of layout `[lm][channel]` as well as lane buffers, which count as one
//! sample. The direct engine works on either; transforms take a block at a time, and copy it if they go through it more than once
//! ([`BlockRows`]).
#![allow(unsafe_code)]

use core::marker::PhantomData;
use core::ops::Range;

use bytemuck::Pod;

use super::prefetch::{NEAREST, SECOND, prefetch_line};

/// Sizes and distances of rows, blocks and samples, in elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowsShape {
    pub(crate) rows: usize,
    pub(crate) row_stride: usize,
    pub(crate) blocks: BlockCounts,
    /// 0 if all blocks are the same.
    pub(crate) block_stride: usize,
    /// 0 if all samples are the same; else the distance to the next, even if there is one only, if it is to be
    /// [asked for](Self::prefetch).
    pub(crate) sample_stride: usize,
}

/// How many samples, and blocks of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockCounts {
    pub(crate) samples: usize,
    pub(crate) of_sample: usize,
}

impl BlockCounts {
    /// So many blocks of one sample.
    #[inline(always)]
    pub(crate) fn of_one(of_sample: usize) -> Self {
        Self { samples: 1, of_sample }
    }
}

/// A block, by its sample and its place there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockPlace {
    pub(crate) sample: usize,
    pub(crate) block: usize,
}

impl RowsShape {
    /// Number of elements from the first to the last, or `None` on overflow.
    #[inline(always)]
    fn extent(&self, lanes: usize) -> Option<usize> {
        let BlockCounts { samples, of_sample } = self.blocks;
        let blocks = [(of_sample, self.block_stride), (samples, self.sample_stride)];
        extent(&[(self.rows, self.row_stride), blocks[0], blocks[1], (lanes, 1)])
    }

    /// Whether there are so many blocks of so many rows at this distance.
    #[inline(always)]
    fn has<N: RowCount>(&self, blocks: BlockCounts, row_stride: usize) -> bool {
        0 < blocks.of_sample
            && blocks.of_sample <= self.blocks.of_sample
            && 0 < blocks.samples
            && blocks.samples <= self.blocks.samples
            && N::ROWS <= self.rows
            && row_stride == self.row_stride
    }

    /// That of blocks of lane vectors `V` one after the other, and their rows.
    #[inline(always)]
    fn together<T, V, N: RowCount, const BLOCKS: usize>() -> Self {
        const { assert!(0 < BLOCKS) };
        let (rows, row_stride) = (N::ROWS, size_of::<V>() / size_of::<T>());
        let block_stride = rows * row_stride;
        Self { rows, row_stride, blocks: BlockCounts::of_one(BLOCKS), block_stride, sample_stride: 0 }
    }

    /// The same shape of these blocks alone, which [it has](Self::has).
    #[inline(always)]
    fn of(&self, blocks: BlockCounts) -> Self {
        Self { blocks, ..*self }
    }

    /// Where a block of a sample starts; the first ones, if they do not exist.
    #[inline(always)]
    fn start(&self, sample: usize, block: usize) -> usize {
        let sample = if sample < self.blocks.samples { sample } else { 0 };
        let block = if block < self.blocks.of_sample { block } else { 0 };
        sample * self.sample_stride + block * self.block_stride
    }

    /// Where a block starts, if it exists and has so many rows.
    #[inline(always)]
    fn block_start(&self, BlockPlace { sample, block }: BlockPlace, rows: usize) -> Option<usize> {
        let BlockCounts { samples, of_sample } = self.blocks;
        let exists = sample < samples && block < of_sample && rows <= self.rows;
        if exists { Some(self.start(sample, block)) } else { None }
    }

    /// Where so many blocks of a sample start, if they exist and have so many rows.
    #[inline(always)]
    fn blocks_start(&self, place: BlockPlace, blocks: usize, rows: usize) -> Option<usize> {
        let last = BlockPlace { block: place.block.checked_add(blocks.checked_sub(1)?)?, ..place };
        self.block_start(last, rows)?;
        self.block_start(place, rows)
    }

    /// Where the block starts that comes some blocks after this one, at most a sample of these blocks later, whether it exists
    /// or not. (Where these are part of a sample, its others are passed over: once per call.)
    #[inline(always)]
    fn later_start(&self, place: BlockPlace, after: usize) -> usize {
        let RowsShape { blocks, block_stride, sample_stride, .. } = *self;
        let (mut sample, mut block) = (place.sample, place.block + after.min(blocks.of_sample));
        if block >= blocks.of_sample {
            (sample, block) = (sample + 1, block - blocks.of_sample);
        }
        sample.wrapping_mul(sample_stride).wrapping_add(block.wrapping_mul(block_stride))
    }

    /// Asks for the rows of a [later](Self::later_start) block, needed soon.
    #[inline(always)]
    fn prefetch<T, N: RowCount>(&self, data: *const T, place: BlockPlace, after: usize) {
        let mut row = data.wrapping_add(self.later_start(place, after));
        for _ in 0..N::ROWS {
            prefetch_line::<NEAREST, _>(row);
            row = row.wrapping_add(self.row_stride);
        }
    }
}

/// A constant number of rows.
pub(crate) trait RowCount {
    const ROWS: usize;
}

/// Index one past the last element of a strided array, or `None` on overflow.
#[inline(always)]
pub(super) fn extent(counts_and_strides: &[(usize, usize)]) -> Option<usize> {
    let mut last = 0_usize;
    for (count, stride) in counts_and_strides {
        let Some(steps) = count.checked_sub(1) else { return Some(0) };
        last = last.checked_add(steps.checked_mul(*stride)?)?;
    }
    last.checked_add(1)
}

/// Rows of elements `T` to read as lane vectors `V`.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, T, V> {
    data: &'a [T],
    shape: RowsShape,
    lanes: PhantomData<V>,
}

impl<'a, T: Pod, V: Pod> Rows<'a, T, V> {
    /// `None` if the slice is too short.
    #[inline(always)]
    pub(crate) fn new(data: &'a [T], shape: RowsShape) -> Option<Self> {
        const { assert!(size_of::<T>() <= size_of::<V>()) };
        let fits = shape.extent(size_of::<V>() / size_of::<T>())? <= data.len();
        if fits { Some(Self { data, shape, lanes: PhantomData }) } else { None }
    }

    /// Distance of the rows.
    #[inline(always)]
    pub(crate) fn row_stride(&self) -> usize {
        self.shape.row_stride
    }

    /// The same rows for the same lane vectors under another name, which generic code cannot know to be the same.
    #[inline(always)]
    pub(crate) fn cast<W: Pod>(self) -> Option<Rows<'a, T, W>> {
        let same = size_of::<V>() == size_of::<W>();
        if same { Some(Rows { data: self.data, shape: self.shape, lanes: PhantomData }) } else { None }
    }

    /// Copies the first rows of a block, as many as there is room for. `None` if it does not have so many, or does not exist.
    #[inline(always)]
    pub(crate) fn read(&self, place: BlockPlace, rows: &mut [V]) -> Option<()> {
        let mut source = self.data.as_ptr().wrapping_add(self.shape.block_start(place, rows.len())?);
        for row in rows {
            // SAFETY: `block_start` checked that the row exists, and `new` that all lie inside the slice.
            *row = unsafe { load(source.cast()) };
            source = source.wrapping_add(self.shape.row_stride);
        }
        Some(())
    }

    /// The rows of the blocks at a place, which need not exist.
    #[inline(always)]
    fn next(&self, place: BlockPlace, blocks: usize) -> NextRows<T> {
        NextRows::new::<V>(self.data.as_ptr(), &self.shape, place, blocks)
    }

    /// The first rows of so many blocks of a sample. `None` if one does not have so many, or does not exist.
    #[inline(always)]
    fn blocks<N: RowCount>(&self, place: BlockPlace, blocks: usize) -> Option<FirstRows<'a, T, V, N>> {
        let data = self.data.as_ptr().wrapping_add(self.shape.blocks_start(place, blocks, N::ROWS)?);
        Some(FirstRows { data, shape: self.shape.of(BlockCounts::of_one(blocks)), rows: PhantomData })
    }

    /// The first rows of the first blocks, if there are so many, at this distance.
    #[inline(always)]
    pub(crate) fn first<N: RowCount>(
        &self,
        blocks: BlockCounts,
        row_stride: usize,
    ) -> Option<FirstRows<'a, T, V, N>> {
        if !self.shape.has::<N>(blocks, row_stride) {
            return None;
        }
        Some(FirstRows { data: self.data.as_ptr(), shape: self.shape.of(blocks), rows: PhantomData })
    }
}

/// Rows of one shape to write, of up to two parts, each from its own place of a slice on. (They are reached by pointers only, so
/// that they may lie between each other.)
pub(crate) struct TwoRowsMut<'a, T, V> {
    data: *mut T,
    starts: [Option<usize>; 2],
    shape: RowsShape,
    slice: PhantomData<(&'a mut [T], V)>,
}

impl<'a, T: Pod, V: Pod> TwoRowsMut<'a, T, V> {
    /// `None` if the slice is too short.
    #[inline(always)]
    pub(crate) fn new(data: &'a mut [T], starts: [Option<usize>; 2], shape: RowsShape) -> Option<Self> {
        const { assert!(size_of::<T>() <= size_of::<V>()) };
        let last = starts[0].unwrap_or(0).max(starts[1].unwrap_or(0));
        let fits = last.checked_add(shape.extent(size_of::<V>() / size_of::<T>())?)? <= data.len();
        if fits { Some(Self { data: data.as_mut_ptr(), starts, shape, slice: PhantomData }) } else { None }
    }

    /// Which parts there are.
    #[inline(always)]
    pub(crate) fn parts(&self) -> [bool; 2] {
        [self.starts[0].is_some(), self.starts[1].is_some()]
    }

    /// The inverse of [`Rows::read`], for one of the parts.
    #[inline(always)]
    pub(crate) fn write(&mut self, part: usize, place: BlockPlace, rows: &[V]) -> Option<()> {
        let start = (*self.starts.get(part)?)? + self.shape.block_start(place, rows.len())?;
        let mut target = self.data.wrapping_add(start);
        for row in rows {
            // SAFETY: a reference.
            let row = unsafe { load(row) };
            // SAFETY: as in `Rows::read`, and the slice is borrowed mutably.
            unsafe { target.cast::<V>().write_unaligned(row) };
            target = target.wrapping_add(self.shape.row_stride);
        }
        Some(())
    }

    /// As [`Rows::next`], of one of the parts.
    #[inline(always)]
    fn next(&self, part: usize, place: BlockPlace, blocks: usize) -> NextRows<T> {
        let Some(Some(start)) = self.starts.get(part) else { return NextRows::NONE };
        NextRows::new::<V>(self.data.cast_const().wrapping_add(*start), &self.shape, place, blocks)
    }

    /// As [`Rows::blocks`], of one of the parts.
    #[inline(always)]
    fn blocks<N: RowCount>(
        &mut self,
        part: usize,
        place: BlockPlace,
        blocks: usize,
    ) -> Option<FirstRowsMut<'_, T, V, N>> {
        let start = (*self.starts.get(part)?)? + self.shape.blocks_start(place, blocks, N::ROWS)?;
        let (data, shape) = (self.data.wrapping_add(start), self.shape.of(BlockCounts::of_one(blocks)));
        Some(FirstRowsMut { data, shape, rows: PhantomData })
    }

    /// As [`Rows::cast`].
    #[inline(always)]
    pub(crate) fn cast<W: Pod>(&mut self) -> Option<TwoRowsMut<'_, T, W>> {
        let Self { data, starts, shape, .. } = *self;
        let same = size_of::<V>() == size_of::<W>();
        if same { Some(TwoRowsMut { data, starts, shape, slice: PhantomData }) } else { None }
    }

    /// Of each part, the first rows of the first blocks. `None` if there are not so many, at this distance.
    #[inline(always)]
    pub(crate) fn first<N: RowCount>(
        self,
        blocks: BlockCounts,
        row_stride: usize,
    ) -> Option<[Option<FirstRowsMut<'a, T, V, N>>; 2]> {
        if !self.shape.has::<N>(blocks, row_stride) {
            return None;
        }
        let Self { data, starts: [first, second], shape, .. } = self;
        let at = |start: usize| FirstRowsMut {
            data: data.wrapping_add(start),
            shape: shape.of(blocks),
            rows: PhantomData,
        };
        Some([first.map(at), second.map(at)])
    }
}

/// A constant number of rows of each block: where sample and block are below their numbers and the row is a constant, no test
/// remains.
pub(crate) struct FirstRows<'a, T, V, N> {
    data: *const T,
    shape: RowsShape,
    rows: PhantomData<(&'a [T], V, N)>,
}

impl<'a, T: Pod, V: Pod, N: RowCount> FirstRows<'a, T, V, N> {
    /// The rows of a block of a sample; of the first ones, if they do not exist.
    #[inline(always)]
    pub(crate) fn block(&self, sample: usize, block: usize) -> FixedRows<'a, T, V, N> {
        let data = self.data.wrapping_add(self.shape.start(sample, block));
        FixedRows { data, row_stride: self.shape.row_stride, rows: PhantomData }
    }

    /// [`RowsShape::prefetch`].
    #[inline(always)]
    pub(crate) fn prefetch(&self, place: BlockPlace, after: usize) {
        self.shape.prefetch::<T, N>(self.data, place, after);
    }
}

/// A constant number of rows of one block. (Two words, which calls pass in registers.)
pub(crate) struct FixedRows<'a, T, V, N> {
    data: *const T,
    row_stride: usize,
    rows: PhantomData<(&'a [T], V, N)>,
}

impl<T, V, N> Clone for FixedRows<'_, T, V, N> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V, N> Copy for FixedRows<'_, T, V, N> {}

impl<T: Pod, V: Pod, N: RowCount> FixedRows<'_, T, V, N> {
    /// A row; the last one, if it does not exist.
    #[inline(always)]
    pub(crate) fn get(self, row: usize) -> V {
        const { assert!(0 < N::ROWS) };
        let row = if row < N::ROWS { row } else { N::ROWS - 1 };
        let source = self.data.wrapping_add(row.wrapping_mul(self.row_stride));
        // SAFETY: where these rows were made it was checked that they exist and lie inside the slice that `'a` borrows.
        unsafe { load(source.cast()) }
    }
}

/// A constant number of rows of each block, to write.
pub(crate) struct FirstRowsMut<'a, T, V, N> {
    data: *mut T,
    shape: RowsShape,
    rows: PhantomData<(&'a mut [T], V, N)>,
}

impl<T: Pod, V: Pod, N: RowCount> FirstRowsMut<'_, T, V, N> {
    /// How many blocks there are of a sample.
    #[inline(always)]
    pub(crate) fn blocks(&self) -> usize {
        self.shape.blocks.of_sample
    }

    /// The rows of a block of a sample; of the first ones, if they do not exist.
    #[inline(always)]
    pub(crate) fn block(&mut self, sample: usize, block: usize) -> FixedRowsMut<'_, T, V, N> {
        let data = self.data.wrapping_add(self.shape.start(sample, block));
        FixedRowsMut { data, row_stride: self.shape.row_stride, rows: PhantomData }
    }

    /// [`RowsShape::prefetch`].
    #[inline(always)]
    pub(crate) fn prefetch(&self, place: BlockPlace, after: usize) {
        self.shape.prefetch::<T, N>(self.data.cast_const(), place, after);
    }
}

/// A constant number of rows of one block, to write.
pub(crate) struct FixedRowsMut<'a, T, V, N> {
    data: *mut T,
    row_stride: usize,
    rows: PhantomData<(&'a mut [T], V, N)>,
}

impl<T: Pod, V: Pod, N: RowCount> FixedRowsMut<'_, T, V, N> {
    /// A row; the last one, if it does not exist.
    #[inline(always)]
    pub(crate) fn get(&self, row: usize) -> V {
        FixedRows {
            data: self.data.cast_const(),
            row_stride: self.row_stride,
            rows: PhantomData::<(&[T], V, N)>,
        }
        .get(row)
    }

    /// Writes a row; the last one, if it does not exist.
    #[inline(always)]
    pub(crate) fn set(&mut self, row: usize, value: V) {
        const { assert!(0 < N::ROWS) };
        let row = if row < N::ROWS { row } else { N::ROWS - 1 };
        let target = self.data.wrapping_add(row.wrapping_mul(self.row_stride));
        // SAFETY: as in `FixedRows::get`, and the slice is borrowed mutably.
        unsafe { target.cast::<V>().write_unaligned(value) };
    }
}

/// Rows of blocks that come next, if they have to be asked for.
pub(crate) struct NextRows<T> {
    /// The last element of the first row: what is before it in the same line, or has come with the line before, is there as well.
    last: Option<*const T>,
    row_stride: usize,
}

impl<T> NextRows<T> {
    const NONE: Self = Self { last: None, row_stride: 0 };

    /// Of neighbours.
    #[inline(always)]
    fn new<V>(data: *const T, shape: &RowsShape, place: BlockPlace, blocks: usize) -> Self {
        let sample = place.sample.wrapping_mul(shape.sample_stride);
        let block = (place.block + blocks - 1).wrapping_mul(shape.block_stride);
        let last =
            data.wrapping_add(sample).wrapping_add(block).wrapping_add(size_of::<V>() / size_of::<T>() - 1);
        Self { last: Some(last), row_stride: shape.row_stride }
    }

    /// Asks for some of them: few at a time, as memory answers few at a time; into the second cache, as the nearest is small and
    /// work on a block takes long.
    #[inline(always)]
    pub(crate) fn prefetch(&self, rows: Range<usize>) {
        if let Some(last) = self.last {
            for row in rows {
                prefetch_line::<SECOND, _>(last.wrapping_add(row.wrapping_mul(self.row_stride)));
            }
        }
    }
}

/// The rows of one block: together, or apart in an array, with room for all to bring them together. [In place](Self::in_place) of
/// neighbours, too.
pub(crate) enum BlockRows<'a, T, V> {
    Together(&'a [V]),
    /// `next`: what comes after these blocks, if it has to be asked for.
    Apart {
        rows: Rows<'a, T, V>,
        place: BlockPlace,
        next: Option<BlockPlace>,
        room: &'a mut [V],
    },
}

impl<'a, T: Pod, V: Pod> BlockRows<'a, T, V> {
    /// Those of what comes next, as many blocks, if they have to be asked for.
    #[inline(always)]
    pub(crate) fn next(&self, blocks: usize) -> NextRows<T> {
        match self {
            Self::Apart { rows, next: Some(next), .. } => rows.next(*next, blocks),
            _ => NextRows::NONE,
        }
    }

    /// All of one block together, for what reads them more than once.
    #[inline(always)]
    pub(crate) fn together(self) -> Option<&'a [V]> {
        match self {
            Self::Together(rows) => Some(rows),
            Self::Apart { rows, place, room, .. } => {
                rows.read(place, room)?;
                Some(room)
            }
        }
    }

    /// The first ones of so many neighbours, where they lie. `None` if there are not so many. (Together, blocks have no others.)
    #[inline(always)]
    pub(crate) fn in_place<N: RowCount, const BLOCKS: usize>(self) -> Option<FirstRows<'a, T, V, N>> {
        match self {
            Self::Together(rows) => {
                let data = rows.get(..const { BLOCKS * N::ROWS })?.as_ptr();
                let shape = RowsShape::together::<T, V, N, BLOCKS>();
                Some(FirstRows { data: data.cast(), shape, rows: PhantomData })
            }
            Self::Apart { rows, place, .. } => rows.blocks(place, BLOCKS),
        }
    }
}

/// The rows of one block to write, likewise; of an array those of a part.
pub(crate) enum BlockRowsMut<'a, T, V> {
    Together(&'a mut [V]),
    Apart {
        rows: TwoRowsMut<'a, T, V>,
        part: usize,
        place: BlockPlace,
        next: Option<BlockPlace>,
        room: &'a mut [V],
    },
}

impl<T: Pod, V: Pod> BlockRowsMut<'_, T, V> {
    /// As [`BlockRows::next`].
    #[inline(always)]
    pub(crate) fn next(&self, blocks: usize) -> NextRows<T> {
        match self {
            Self::Apart { rows, part, next: Some(next), .. } => rows.next(*part, *next, blocks),
            _ => NextRows::NONE,
        }
    }

    /// All of them together, for what writes them more than once; then they have to be [stored](Self::store). (Before, what is
    /// there is not what the array holds, so that nothing can be added to it.)
    #[inline(always)]
    pub(crate) fn together(&mut self) -> &mut [V] {
        match self {
            Self::Together(rows) => rows,
            Self::Apart { room, .. } => room,
        }
    }

    /// Brings to the array what has been written together.
    #[inline(always)]
    pub(crate) fn store(self) -> Option<()> {
        match self {
            Self::Together(_) => Some(()),
            Self::Apart { mut rows, part, place, room, .. } => rows.write(part, place, room),
        }
    }

    /// As [`BlockRows::in_place`].
    #[inline(always)]
    pub(crate) fn in_place<N: RowCount, const BLOCKS: usize>(&mut self) -> Option<FirstRowsMut<'_, T, V, N>> {
        match self {
            Self::Together(rows) => {
                let data = rows.get_mut(..const { BLOCKS * N::ROWS })?.as_mut_ptr();
                let shape = RowsShape::together::<T, V, N, BLOCKS>();
                Some(FirstRowsMut { data: data.cast(), shape, rows: PhantomData })
            }
            Self::Apart { rows, part, place, .. } => rows.blocks(*part, *place, BLOCKS),
        }
    }
}

/// Reads a lane vector by way of a register. (`pulp`'s vectors are structures: what only copies them does so by way of the stack.)
///
/// # Safety
/// As of [`core::ptr::read_unaligned`].
#[inline(always)]
unsafe fn load<V: Pod>(source: *const V) -> V {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    macro_rules! load_as {
        ($vector:ty) => {
            if const { size_of::<V>() == size_of::<$vector>() } {
                // SAFETY: the contract; all bits are valid for either type.
                let vector = unsafe { source.cast::<$vector>().read_unaligned() };
                // SAFETY: as large, and all bits are valid.
                return unsafe { core::mem::transmute_copy(&vector) };
            }
        };
    }
    #[cfg(target_arch = "x86_64")]
    {
        load_as!(core::arch::x86_64::__m256);
        load_as!(core::arch::x86_64::__m512);
    }
    #[cfg(target_arch = "aarch64")]
    load_as!(core::arch::aarch64::float32x4_t);
    // SAFETY: the contract.
    unsafe { source.read_unaligned() }
}
