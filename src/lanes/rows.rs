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

use super::CacheLine;
use super::prefetch::prefetch_line;

/// Sizes and distances of rows, blocks and samples, in elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowsShape {
    pub(crate) rows: usize,
    pub(crate) row_stride: usize,
    pub(crate) blocks: BlockCounts,
    /// 0 if all blocks are the same.
    pub(crate) block_stride: usize,
    /// 0 if all samples are the same; else the distance to the next, or of one only to what comes after it, if that is to be
    /// [asked for](RowsAhead).
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

    /// The rows from a block on, which need not exist.
    #[inline(always)]
    pub(crate) fn ahead(&self, place: BlockPlace, lines_of_row: usize) -> RowsAhead<T> {
        RowsAhead::new(self.data.as_ptr(), &self.shape, place, lines_of_row)
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

    /// As [`Rows::ahead`], of one of the parts.
    #[inline(always)]
    pub(crate) fn ahead(&self, part: usize, place: BlockPlace, lines_of_row: usize) -> Option<RowsAhead<T>> {
        let data = self.data.cast_const().wrapping_add((*self.starts.get(part)?)?);
        Some(RowsAhead::new(data, &self.shape, place, lines_of_row))
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

    /// The rows from a block on, which need not exist.
    #[inline(always)]
    pub(crate) fn ahead(&self, place: BlockPlace, lines_of_row: usize) -> RowsAhead<T> {
        RowsAhead::new(self.data, &self.shape, place, lines_of_row)
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

    /// As [`FirstRows::ahead`].
    #[inline(always)]
    pub(crate) fn ahead(&self, place: BlockPlace, lines_of_row: usize) -> RowsAhead<T> {
        RowsAhead::new(self.data.cast_const(), &self.shape, place, lines_of_row)
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

/// How many of `count` lines are asked for with these of so many parts of the work.
#[inline(always)]
pub(crate) const fn share(count: usize, parts: Range<usize>, n_parts: usize) -> usize {
    parts.end * count / n_parts - parts.start * count / n_parts
}

/// How many lines are asked for with a block of so many, where so many neighbours share lines: with these as many as there are
/// rows, in all as many times as there are lines of a row.
#[inline(always)]
pub(crate) const fn share_of_block(rows: usize, block: usize, of_sample: usize, sharing: usize) -> usize {
    let place = block % sharing;
    let end = if block + 1 == of_sample { sharing } else { place + 1 };
    share(rows, place..end, sharing)
}

/// Rows that are needed later, asked for line by line in the order in which they lie.
///
/// So memory is read fastest, with few lines at a time. (On Zen 3, direct products of 128 channels, `f32`, at degrees 1, 2 and 4
/// took 1.5 to 2.5 times as long where rows were asked for in the order in which blocks need them, and up to 1.7 times as long at
/// degrees 2 and 4 with all lines at once that neighbours share.)
pub(crate) struct RowsAhead<T> {
    /// Where the present row starts, and how many of its lines have been asked for.
    row: *const T,
    asked: usize,
    lines_of_row: usize,
    row_stride: usize,
}

impl<T> RowsAhead<T> {
    /// From a block on, which need not exist.
    #[inline(always)]
    fn new(data: *const T, shape: &RowsShape, place: BlockPlace, lines_of_row: usize) -> Self {
        let sample = place.sample.wrapping_mul(shape.sample_stride);
        let row = data.wrapping_add(sample).wrapping_add(place.block.wrapping_mul(shape.block_stride));
        Self { row, asked: 0, lines_of_row, row_stride: shape.row_stride }
    }

    /// Asks for so many lines.
    #[inline(always)]
    pub(crate) fn ask(&mut self, lines: usize) {
        for _ in 0..lines {
            prefetch_line(self.next_line());
        }
    }

    #[inline(always)]
    pub(crate) fn next_line(&mut self) -> *const CacheLine {
        let line = self.row.cast::<CacheLine>().wrapping_add(self.asked);
        self.asked += 1;
        if self.asked == self.lines_of_row {
            (self.row, self.asked) = (self.row.wrapping_add(self.row_stride), 0);
        }
        line
    }
}

/// The rows of one block: together, or apart in an array, with room for all to bring them together. [In place](Self::in_place) of
/// neighbours, too.
pub(crate) enum BlockRows<'a, T, V> {
    Together(&'a [V]),
    Apart { rows: Rows<'a, T, V>, place: BlockPlace, ahead: Option<&'a mut RowsAhead<T>>, room: &'a mut [V] },
}

impl<'a, T: Pod, V: Pod> BlockRows<'a, T, V> {
    /// What to ask for meanwhile, if anything.
    #[inline(always)]
    pub(crate) fn ahead(&mut self) -> Option<&'a mut RowsAhead<T>> {
        match self {
            Self::Apart { ahead, .. } => ahead.take(),
            Self::Together(_) => None,
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
        ahead: Option<&'a mut RowsAhead<T>>,
        room: &'a mut [V],
    },
}

impl<'a, T: Pod, V: Pod> BlockRowsMut<'a, T, V> {
    /// As [`BlockRows::ahead`].
    #[inline(always)]
    pub(crate) fn ahead(&mut self) -> Option<&'a mut RowsAhead<T>> {
        match self {
            Self::Apart { ahead, .. } => ahead.take(),
            Self::Together(_) => None,
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
