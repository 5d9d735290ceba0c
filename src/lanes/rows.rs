//! Rows of lanes: what the engines read coefficients from and write them to.
//!
//! A *row* is one coefficient of a block of lanes; the rows of a block lie at a constant distance, and so do successive
//! blocks. That describes a user's array of layout `[lm][channel]` (no copy is needed then) as well as a lane buffer.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use bytemuck::Pod;

/// Sizes and distances of rows and blocks, in elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowsShape {
    pub(crate) rows: usize,
    pub(crate) row_stride: usize,
    pub(crate) blocks: usize,
    /// 0 if all blocks are the same.
    pub(crate) block_stride: usize,
}

impl RowsShape {
    /// Number of elements from the first to the last, or `None` on overflow.
    fn extent(&self, lanes: usize) -> Option<usize> {
        extent(&[(self.rows, self.row_stride), (self.blocks, self.block_stride), (lanes, 1)])
    }

    /// The offsets of every second one of `depth` coefficients per column, from number `first` on; `None` if the block or
    /// a row does not exist.
    #[inline(always)]
    fn walk<const COLUMNS: usize>(
        &self,
        block: usize,
        columns: [QuadraticRows; COLUMNS],
        first: usize,
        depth: usize,
    ) -> Option<Walk<COLUMNS>> {
        let last = depth.checked_sub(1)?;
        let slope = columns.first()?.slope;
        // Rows increase with `k`: the last one decides.
        let exist = columns.iter().all(|column| column.slope == slope && column.row(last) < self.rows);
        if !exist || block >= self.blocks {
            return None;
        }
        let offset = |column: QuadraticRows| block * self.block_stride + column.row(first) * self.row_stride;
        // row(k + 2) − row(k) = 2 slope + 4 (k + 1), which grows by 8.
        let step = (2 * slope + 4 * (first + 1)) * self.row_stride;
        Some(Walk { offsets: columns.map(offset), step, growth: 8 * self.row_stride })
    }

    /// Whether there are so many blocks of so many rows at this distance.
    #[inline(always)]
    fn has<N: RowCount>(&self, blocks: usize, row_stride: usize) -> bool {
        0 < blocks
            && blocks <= self.blocks
            && 0 < N::ROWS
            && N::ROWS <= self.rows
            && row_stride == self.row_stride
    }
}

/// Which rows hold the coefficients of a column: number `k` is in row `start + k · (slope + k)`.
///
/// (Flat indices `l² + l + m` with `l = |m| + k` grow like this.)
#[derive(Clone, Copy)]
pub(crate) struct QuadraticRows {
    pub(crate) start: usize,
    pub(crate) slope: usize,
}

impl QuadraticRows {
    #[inline(always)]
    fn row(self, k: usize) -> usize {
        self.start + k * (self.slope + k)
    }
}

/// A walk over every second coefficient of columns of equal slope, without multiplications.
pub(super) struct Walk<const COLUMNS: usize> {
    /// Where the current coefficient of each column is.
    pub(super) offsets: [usize; COLUMNS],
    step: usize,
    growth: usize,
}

impl<const COLUMNS: usize> Walk<COLUMNS> {
    #[inline(always)]
    pub(super) fn advance(&mut self) {
        for offset in &mut self.offsets {
            *offset = offset.wrapping_add(self.step);
        }
        self.step = self.step.wrapping_add(self.growth);
    }
}

/// A constant number of rows.
pub(crate) trait RowCount {
    const ROWS: usize;
}

/// Index one past the last element of a strided array, or `None` on overflow.
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

    /// The first rows of the first blocks, if there are so many, at this distance.
    #[inline(always)]
    pub(crate) fn first<N: RowCount>(
        &self,
        blocks: usize,
        row_stride: usize,
    ) -> Option<FirstRows<'a, T, V, N>> {
        if !self.shape.has::<N>(blocks, row_stride) {
            return None;
        }
        let (data, block_stride) = (self.data, self.shape.block_stride);
        Some(FirstRows { data, blocks, block_stride, row_stride, rows: PhantomData })
    }

    /// [`RowsShape::walk`].
    #[inline(always)]
    pub(super) fn walk<const COLUMNS: usize>(
        &self,
        block: usize,
        columns: [QuadraticRows; COLUMNS],
        first: usize,
        depth: usize,
    ) -> Option<Walk<COLUMNS>> {
        self.shape.walk(block, columns, first, depth)
    }

    /// The row at an offset.
    ///
    /// # Safety
    /// A walk of these rows must have given the offset, for a coefficient below its depth.
    #[inline(always)]
    pub(super) unsafe fn read(&self, offset: usize) -> V {
        // SAFETY: `walk` checked that the rows exist, and `new` that all rows lie inside `data`.
        unsafe { self.data.as_ptr().wrapping_add(offset).cast::<V>().read_unaligned() }
    }
}

/// Rows of elements `T` to write as lane vectors `V`.
pub(crate) struct RowsMut<'a, T, V> {
    data: &'a mut [T],
    shape: RowsShape,
    lanes: PhantomData<V>,
}

impl<'a, T: Pod, V: Pod> RowsMut<'a, T, V> {
    /// `None` if the slice is too short.
    #[inline(always)]
    pub(crate) fn new(data: &'a mut [T], shape: RowsShape) -> Option<Self> {
        let fits = shape.extent(size_of::<V>() / size_of::<T>())? <= data.len();
        if fits { Some(Self { data, shape, lanes: PhantomData }) } else { None }
    }

    /// The same rows for the same lane vectors under another name.
    #[inline(always)]
    pub(crate) fn cast<W: Pod>(self) -> Option<RowsMut<'a, T, W>> {
        let same = size_of::<V>() == size_of::<W>();
        if same { Some(RowsMut { data: self.data, shape: self.shape, lanes: PhantomData }) } else { None }
    }

    /// The same rows, borrowed for shorter.
    #[inline(always)]
    pub(crate) fn reborrow(&mut self) -> RowsMut<'_, T, V> {
        RowsMut { data: &mut *self.data, shape: self.shape, lanes: PhantomData }
    }

    /// The first rows of the first blocks, if there are so many, at this distance.
    #[inline(always)]
    pub(crate) fn first<N: RowCount>(
        self,
        blocks: usize,
        row_stride: usize,
    ) -> Option<FirstRowsMut<'a, T, V, N>> {
        if !self.shape.has::<N>(blocks, row_stride) {
            return None;
        }
        let (data, block_stride) = (self.data, self.shape.block_stride);
        Some(FirstRowsMut { data, blocks, block_stride, row_stride, rows: PhantomData })
    }

    /// [`RowsShape::walk`].
    #[inline(always)]
    pub(super) fn walk<const COLUMNS: usize>(
        &self,
        block: usize,
        columns: [QuadraticRows; COLUMNS],
        first: usize,
        depth: usize,
    ) -> Option<Walk<COLUMNS>> {
        self.shape.walk(block, columns, first, depth)
    }

    /// The row at an offset.
    ///
    /// # Safety
    /// As for [`Rows::read`].
    #[inline(always)]
    pub(super) unsafe fn read(&self, offset: usize) -> V {
        // SAFETY: as in `Rows::read`.
        unsafe { self.data.as_ptr().wrapping_add(offset).cast::<V>().read_unaligned() }
    }

    /// Writes the row at an offset.
    ///
    /// # Safety
    /// As for [`Rows::read`].
    #[inline(always)]
    pub(super) unsafe fn write(&mut self, offset: usize, value: V) {
        // SAFETY: as in `Rows::read`, and `data` is borrowed mutably.
        unsafe { self.data.as_mut_ptr().wrapping_add(offset).cast::<V>().write_unaligned(value) };
    }
}

/// A constant number of rows of each block: where the block is below the number of blocks and the row is a constant, no
/// test remains.
pub(crate) struct FirstRows<'a, T, V, N> {
    data: &'a [T],
    blocks: usize,
    block_stride: usize,
    row_stride: usize,
    rows: PhantomData<(V, N)>,
}

impl<T: Pod, V: Pod, N: RowCount> FirstRows<'_, T, V, N> {
    /// A row; the last one, or of the first block, if it does not exist.
    #[inline(always)]
    pub(crate) fn get(&self, block: usize, row: usize) -> V {
        let block = if block < self.blocks { block } else { 0 };
        let row = if row < N::ROWS { row } else { N::ROWS - 1 };
        let source = self.data.as_ptr().wrapping_add(block * self.block_stride + row * self.row_stride);
        // SAFETY: `Rows::first` checked that the block and the row exist, `Rows::new` that all lie inside `data`.
        unsafe { source.cast::<V>().read_unaligned() }
    }
}

/// A constant number of rows of each block, to write.
pub(crate) struct FirstRowsMut<'a, T, V, N> {
    data: &'a mut [T],
    blocks: usize,
    block_stride: usize,
    row_stride: usize,
    rows: PhantomData<(V, N)>,
}

impl<T: Pod, V: Pod, N: RowCount> FirstRowsMut<'_, T, V, N> {
    /// Writes a row; the last one, or of the first block, if it does not exist.
    #[inline(always)]
    pub(crate) fn set(&mut self, block: usize, row: usize, value: V) {
        let block = if block < self.blocks { block } else { 0 };
        let row = if row < N::ROWS { row } else { N::ROWS - 1 };
        let target = self.data.as_mut_ptr().wrapping_add(block * self.block_stride + row * self.row_stride);
        // SAFETY: as in `FirstRows::get`, and `data` is borrowed mutably.
        unsafe { target.cast::<V>().write_unaligned(value) };
    }
}
