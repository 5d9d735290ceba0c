//! Rows of lanes: what coefficients are read from and written to.
//!
//! A *row* is one coefficient of a block of lanes; the rows of a block lie at a constant distance, and so do the blocks of a
//! sample, and samples. That describes a user's array of layout `[lm][channel]` as well as lane buffers, which count as one
//! sample: the direct engine needs no copy of either, transforms of a block at a time.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use bytemuck::Pod;

use super::prefetch::{NEAREST, prefetch_line};

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
            && 0 < N::ROWS
            && N::ROWS <= self.rows
            && row_stride == self.row_stride
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

    /// Asks for the rows of the block that comes some blocks after this one, at most a sample of these blocks later, whether it
    /// exists or not. (Where these are part of a sample, its others are passed over: once per call.)
    #[inline(always)]
    fn prefetch<T, N: RowCount>(&self, data: *const T, sample: usize, block: usize, after: usize) {
        let RowsShape { row_stride, blocks, block_stride, sample_stride, .. } = *self;
        let (mut sample, mut block) = (sample, block + after.min(blocks.of_sample));
        if block >= blocks.of_sample {
            (sample, block) = (sample + 1, block - blocks.of_sample);
        }
        let start = sample.wrapping_mul(sample_stride).wrapping_add(block.wrapping_mul(block_stride));
        let mut row = data.wrapping_add(start);
        for _ in 0..N::ROWS {
            prefetch_line::<NEAREST, _>(row);
            row = row.wrapping_add(row_stride);
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
            *row = unsafe { source.cast::<V>().read_unaligned() };
            source = source.wrapping_add(self.shape.row_stride);
        }
        Some(())
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

/// Rows of one shape to write at up to two places of a slice, say those of the two parts of functions. (They are reached by
/// pointers only, so that they may lie between each other.)
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
        let last = starts[0].unwrap_or(0).max(starts[1].unwrap_or(0));
        let fits = last.checked_add(shape.extent(size_of::<V>() / size_of::<T>())?)? <= data.len();
        if fits { Some(Self { data: data.as_mut_ptr(), starts, shape, slice: PhantomData }) } else { None }
    }

    /// At which places there are rows.
    #[inline(always)]
    pub(crate) fn places(&self) -> [bool; 2] {
        [self.starts[0].is_some(), self.starts[1].is_some()]
    }

    /// The inverse of [`Rows::read`], for one of the starts.
    #[inline(always)]
    pub(crate) fn write(&mut self, start: usize, place: BlockPlace, rows: &[V]) -> Option<()> {
        let start = (*self.starts.get(start)?)? + self.shape.block_start(place, rows.len())?;
        let mut target = self.data.wrapping_add(start);
        for row in rows {
            // SAFETY: as in `Rows::read`, and the slice is borrowed mutably.
            unsafe { target.cast::<V>().write_unaligned(*row) };
            target = target.wrapping_add(self.shape.row_stride);
        }
        Some(())
    }

    /// At each place, the first rows of the first blocks, for the same lane vectors under another name. `None` if there are
    /// not so many, at this distance.
    #[inline(always)]
    pub(crate) fn first<W: Pod, N: RowCount>(
        &mut self,
        blocks: BlockCounts,
        row_stride: usize,
    ) -> Option<[Option<FirstRowsMut<'_, T, W, N>>; 2]> {
        if size_of::<V>() != size_of::<W>() || !self.shape.has::<N>(blocks, row_stride) {
            return None;
        }
        let [first, second] = self.starts;
        Some([self.first_at(first, blocks), self.first_at(second, blocks)])
    }

    #[inline(always)]
    fn first_at<W, N>(&self, start: Option<usize>, blocks: BlockCounts) -> Option<FirstRowsMut<'_, T, W, N>> {
        let data = self.data.wrapping_add(start?);
        Some(FirstRowsMut { data, shape: self.shape.of(blocks), rows: PhantomData })
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
    pub(crate) fn prefetch(&self, sample: usize, block: usize, after: usize) {
        self.shape.prefetch::<T, N>(self.data, sample, block, after);
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
        let row = if row < N::ROWS { row } else { N::ROWS - 1 };
        let source = self.data.wrapping_add(row.wrapping_mul(self.row_stride));
        // SAFETY: `first` checked that the rows exist, `block` that the block does, and `Rows::new` or `TwoRowsMut::new` that all
        // lie inside the slice that `'a` borrows.
        unsafe { source.cast::<V>().read_unaligned() }
    }
}

/// A constant number of rows of each block, to write.
pub(crate) struct FirstRowsMut<'a, T, V, N> {
    data: *mut T,
    shape: RowsShape,
    rows: PhantomData<(&'a mut [T], V, N)>,
}

impl<T: Pod, V: Pod, N: RowCount> FirstRowsMut<'_, T, V, N> {
    /// The rows of a block of a sample; of the first ones, if they do not exist.
    #[inline(always)]
    pub(crate) fn block(&mut self, sample: usize, block: usize) -> FixedRowsMut<'_, T, V, N> {
        let data = self.data.wrapping_add(self.shape.start(sample, block));
        FixedRowsMut { data, row_stride: self.shape.row_stride, rows: PhantomData }
    }

    /// [`RowsShape::prefetch`].
    #[inline(always)]
    pub(crate) fn prefetch(&self, sample: usize, block: usize, after: usize) {
        self.shape.prefetch::<T, N>(self.data.cast_const(), sample, block, after);
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
        let row = if row < N::ROWS { row } else { N::ROWS - 1 };
        let target = self.data.wrapping_add(row.wrapping_mul(self.row_stride));
        // SAFETY: as in `FixedRows::get`, and the slice is borrowed mutably.
        unsafe { target.cast::<V>().write_unaligned(value) };
    }
}
