//! Transfer between user arrays and lane buffers: layouts, broadcasting, weights per degree, tails.
//!
//! Lanes run over all (sample, channel) pairs of a call in order, so that few channels fill vectors too. The last block
//! may be partial: its idle lanes repeat the first one, nothing beyond the user's arrays is touched, and the arithmetic of a lane
//! does not depend on its neighbours; hence the same bits for any split of a batch.

use core::marker::PhantomData;

use pulp::{Simd, WithSimd};

use crate::index::n_lm;
use crate::lanes::{
    BlockCounts, LaneElements, LaneOps, LaneRows, MAX_LANES, RowsShape, cast, cast_mut, lane_count, prefetch,
    read_lanes, write_lanes,
};
use crate::layout::{ArrayLayout, DegreeLayout};
use crate::plan::WeightKind;

/// The (sample, channel) pairs of one block of lanes: consecutive ones from the first on.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    first: Pair,
    /// Lanes in use, and of a full block.
    used: usize,
    lanes: usize,
    /// Pairs not yet done, this block's included.
    remaining: usize,
    n_channels: usize,
}

/// What one lane works on.
#[derive(Clone, Copy)]
struct Pair {
    sample: usize,
    channel: usize,
}

impl Pair {
    /// The pair `n` further on.
    #[inline(always)]
    fn skip(self, n: usize, n_channels: usize) -> Self {
        let (mut sample, mut channel) = (self.sample, self.channel + n);
        if n_channels.is_power_of_two() {
            let samples = channel >> n_channels.trailing_zeros();
            return Self { sample: sample + samples, channel: channel & (n_channels - 1) };
        }
        while channel >= n_channels {
            (sample, channel) = (sample + 1, channel - n_channels);
        }
        Self { sample, channel }
    }
}

impl Block {
    /// The first block of `n_samples` × `n_channels` pairs, whose number has been checked to fit.
    #[inline(always)]
    pub(crate) fn first(lanes: usize, n_samples: usize, n_channels: usize) -> Self {
        let remaining = n_samples * n_channels;
        Self {
            first: Pair { sample: 0, channel: 0 },
            used: lanes.min(remaining),
            lanes,
            remaining,
            n_channels,
        }
    }

    /// Whether there is no pair left.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// The pair that is left, if it is the only one.
    #[inline(always)]
    fn only_pair(&self) -> Option<Pair> {
        if self.remaining == 1 { Some(self.first) } else { None }
    }

    /// Goes on by a number of blocks, of which only the last may be partial.
    #[inline(always)]
    pub(crate) fn advance(&mut self, blocks: usize) {
        let pairs = ((blocks - 1) * self.lanes + self.used).min(self.remaining);
        self.remaining -= pairs;
        if self.remaining > 0 {
            self.first = self.first.skip(pairs, self.n_channels);
        }
        self.used = self.lanes.min(self.remaining);
    }

    /// The pairs, one per lane in use.
    #[inline(always)]
    fn pairs(&self) -> impl Iterator<Item = Pair> {
        let mut next = self.first;
        let n_channels = self.n_channels;
        (0..self.used).map(move |_| {
            let pair = next;
            next = pair.skip(1, n_channels);
            pair
        })
    }

    /// The sample of every lane in use.
    pub(crate) fn samples(&self) -> impl Iterator<Item = usize> {
        self.pairs().map(|pair| pair.sample)
    }

    /// The sample, if all lanes in use are channels of one.
    #[inline(always)]
    pub(crate) fn sample(&self) -> Option<usize> {
        if self.first.channel + self.used <= self.n_channels { Some(self.first.sample) } else { None }
    }

    /// How many blocks there are from this one on, the last one maybe partial.
    #[inline(always)]
    pub(crate) fn count(&self) -> usize {
        // A division by the lanes, which are a power of two.
        self.remaining.saturating_add(self.lanes - 1) >> self.lanes.trailing_zeros()
    }

    /// How many full blocks, from this one on, are channels of one sample.
    #[inline(always)]
    pub(crate) fn full_blocks(&self) -> usize {
        if self.used < self.lanes {
            0
        } else {
            (self.n_channels - self.first.channel) >> self.lanes.trailing_zeros()
        }
    }

    /// How many blocks there are from this one on, as long as they are full.
    #[inline(always)]
    pub(crate) fn blocks_while_full(&self) -> usize {
        let fill_samples = self.n_channels & (self.lanes - 1) == 0; // the lanes are a power of two
        if fill_samples { self.count() } else { self.full_blocks() }
    }

    /// Full blocks, from this one on, as whole samples, or as blocks of one: at most so many, and what is left comes next.
    #[inline(always)]
    pub(crate) fn as_samples(&self, blocks: usize) -> BlockCounts {
        let of_sample = self.full_blocks();
        let (mut samples, mut next) = (1, 2 * of_sample);
        if self.first.channel == 0 && self.n_channels & (self.lanes - 1) == 0 {
            // (A division would take longer than the few steps.)
            while 0 < of_sample && next <= blocks {
                (samples, next) = (samples + 1, next + of_sample);
            }
        }
        BlockCounts { samples, of_sample: of_sample.min(blocks) }
    }

    /// The distance of [equidistant](Sequence::equidistant_blocks) blocks in an array, unless pairs lie at one distance.
    #[inline(always)]
    fn stride(&self, sample_stride: usize, channel_stride: usize) -> usize {
        if self.n_channels <= self.lanes {
            (self.lanes >> self.n_channels.trailing_zeros()) * sample_stride
        } else {
            self.lanes * channel_stride
        }
    }
}

/// How the lanes of a block follow one another, and blocks after it.
#[derive(Clone, Copy)]
enum Sequence {
    /// (Sample, channel) pairs at this distance, and so on to the last full block.
    Pairs(usize),
    /// Channels of one sample.
    Channels,
    /// Anything else.
    Mixed,
}

impl Sequence {
    /// How many blocks, from this one on, lie at one distance, as their lanes do; at least one.
    #[inline(always)]
    fn equidistant_blocks(self, block: &Block) -> usize {
        let blocks = match self {
            Self::Pairs(_) => block.remaining >> block.lanes.trailing_zeros(),
            // Those of one sample, or all if every block is of whole samples.
            Self::Channels | Self::Mixed => {
                if block.n_channels <= block.lanes && block.n_channels.is_power_of_two() {
                    block.remaining >> block.lanes.trailing_zeros()
                } else {
                    block.full_blocks()
                }
            }
        };
        blocks.max(1)
    }
}

/// Factors per degree of one array: the normalisation's times the user's weights.
#[derive(Clone, Copy)]
pub(crate) struct DegreeScale<'a, T> {
    /// Per degree; empty if 1.
    pub(crate) factors: &'a [T],
    pub(crate) kind: WeightKind,
    pub(crate) weights: &'a [T],
}

impl<T: LaneOps> DegreeScale<'_, T> {
    /// No factors.
    pub(crate) const ONE: Self = Self { factors: &[], kind: WeightKind::None, weights: &[] };

    /// The normalisation's factors alone.
    pub(crate) fn without_weights(&self) -> Self {
        Self { kind: WeightKind::None, weights: &[], ..*self }
    }

    /// Whether there are no factors at all.
    #[inline(always)]
    fn is_one(&self) -> bool {
        self.factors.is_empty() && self.kind == WeightKind::None
    }

    /// Multiplies the lane buffers of some blocks, of degrees to `lmax` or more, `n_rows` vectors each.
    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        s: S,
        lmax: usize,
        (mut block, blocks): (Block, usize),
        (buffers, n_rows): (&mut [T::Lanes<S>], usize),
    ) -> Option<()> {
        if self.is_one() {
            return Some(());
        }
        let mut rest = buffers;
        for _ in 0..blocks {
            let (buffer, others) = rest.split_at_mut_checked(n_rows)?;
            for l in 0..=lmax {
                if let Some(factor) = self.lanes(s, l, &block) {
                    for lanes in buffer.get_mut(l * l..(l + 1) * (l + 1))? {
                        *lanes = T::mul(s, *lanes, factor);
                    }
                }
            }
            rest = others;
            block.advance(1);
        }
        Some(())
    }

    /// The factor of degree `l` for every lane, or `None` if there is none at all.
    #[inline(always)]
    fn lanes<S: Simd>(&self, s: S, l: usize, block: &Block) -> Option<T::Lanes<S>> {
        let factor = self.factors.get(l).copied();
        let total = |weight: T| factor.map_or(weight, |factor| weight.times(factor));
        match self.kind {
            WeightKind::None => factor.map(|factor| T::splat(s, factor)),
            WeightKind::Shared => Some(T::splat(s, total(*self.weights.get(l)?))),
            WeightKind::PerChannel => {
                let weights = self.weights.get(l * block.n_channels..(l + 1) * block.n_channels)?;
                let mut lanes = [T::zeroed(); MAX_LANES];
                for (lane, pair) in lanes.iter_mut().zip(block.pairs()) {
                    *lane = total(*weights.get(pair.channel)?);
                }
                cast(&lanes).first().copied()
            }
        }
    }
}

/// So many elements more than a sample: that memory is asked for in time where samples are small.
const AHEAD: usize = 1024;

/// One array of a call: how it is laid out and scaled. Lane buffers hold coefficients in flat order.
#[derive(Clone, Copy)]
pub(crate) struct Transfer<'a, T> {
    pub(crate) layout: &'a ArrayLayout,
    pub(crate) lmax: usize,
    pub(crate) scale: &'a DegreeScale<'a, T>,
    /// Whether to [ask](Self::ask_ahead) for what comes later.
    pub(crate) asks_ahead: bool,
}

// No closures around vector code here and in the engines: a closure that the compiler does not inline would be compiled
// for the baseline, and closures cannot be marked `inline(always)`.
impl<T: LaneOps> Transfer<'_, T> {
    /// Where a full block starts in an array whose channels are neighbours, and the shape of so many blocks from there on. (After
    /// some of a sample come its others, else the next sample.)
    #[inline(always)]
    pub(crate) fn plain_rows<S: Simd>(&self, block: &Block, blocks: BlockCounts) -> (usize, RowsShape) {
        let is_part = blocks.of_sample < block.full_blocks();
        let to_next_sample = self.layout.sample_stride.wrapping_sub(block.first.channel);
        let shape = RowsShape {
            rows: n_lm(self.lmax),
            row_stride: block.n_channels,
            blocks,
            block_stride: lane_count::<S, T>(),
            sample_stride: if is_part { blocks.of_sample * lane_count::<S, T>() } else { to_next_sample },
        };
        (self.element(&self.layout.degree(0), block.first), shape)
    }

    /// While so many blocks are worked on, asks for as much of the `count` coefficients from degree `l` on a sample (or as many as
    /// they have) and a little later. (In many layouts what follows one another in memory is short, and what is worked on at a
    /// time lies in more places than hardware keeps track of.)
    #[inline(always)]
    fn ask_ahead(&self, (l, count): (usize, usize), (block, blocks): (&Block, usize), array: &[T]) {
        // What samples share is there.
        if !self.asks_ahead || self.layout.sample_stride == 0 {
            return;
        }
        let (degree, Pair { sample, channel }) = (self.layout.degree(l), block.first);
        let pairs = blocks * block.lanes;
        if pairs > block.n_channels && degree.channel_stride != 0 {
            // Blocks of more than a sample: once for all degrees, for as much as they have.
            let extent = pairs * self.layout.pair_len;
            if l == 0 {
                prefetch(array, self.element(&degree, block.first) + extent + AHEAD, extent);
            }
            return;
        }
        let next_sample = self.element(&degree, Pair { sample: sample + 1, channel: 0 });
        let (first, channels) = if degree.channel_stride == 0 { (0, 1) } else { (channel, pairs) };
        let of_channel = count.max(degree.channel_stride);
        prefetch(array, next_sample + first * of_channel + AHEAD, channels * of_channel);
    }

    /// Index of a pair's coefficient of degree `l` and order `−l`.
    #[inline(always)]
    fn element(&self, degree: &DegreeLayout, pair: Pair) -> usize {
        pair.sample * self.layout.sample_stride + pair.channel * degree.channel_stride + degree.start
    }

    /// How the lanes of a block follow one another.
    #[inline(always)]
    fn sequence(&self, block: &Block) -> Sequence {
        match self.layout.pair_stride() {
            Some(stride) if block.used == block.lanes => Sequence::Pairs(stride),
            _ if block.full_blocks() > 0 => Sequence::Channels,
            _ => Sequence::Mixed,
        }
    }

    /// Where the coefficients from degree `l` on lie for every lane of a block and of the
    /// [equidistant](Sequence::equidistant_blocks) ones after it, as far as they follow one another at one distance: to
    /// [`Self::next_piece`].
    #[inline(always)]
    fn piece(&self, l: usize, block: &Block, sequence: Sequence) -> LaneElements {
        let degree = self.layout.degree(l);
        let first = self.element(&degree, block.first);
        let block_stride = match sequence {
            Sequence::Pairs(stride) => block.lanes * stride,
            Sequence::Channels | Sequence::Mixed => {
                block.stride(self.layout.sample_stride, degree.channel_stride)
            }
        };
        let equidistant = LaneElements::equidistant;
        match sequence {
            Sequence::Pairs(stride) => equidistant(first, stride, degree.order_stride, block_stride),
            Sequence::Channels => {
                equidistant(first, degree.channel_stride, degree.order_stride, block_stride)
            }
            Sequence::Mixed => {
                // Idle lanes repeat the first.
                let mut starts = [first; MAX_LANES];
                for (start, pair) in starts.iter_mut().zip(block.pairs()) {
                    *start = self.element(&degree, pair);
                }
                LaneElements::anywhere(starts, degree.order_stride, block_stride)
            }
        }
    }

    /// Adds a block's rows to an array that they share, lane by lane.
    #[inline(always)]
    fn add_up<S: Simd>(&self, block: &Block, rows: &[T::Lanes<S>], array: &mut [T]) -> Option<()> {
        for (lane, pair) in block.pairs().enumerate() {
            self.write_pair::<S>((lane, pair), rows, array, true)?;
        }
        Some(())
    }

    /// Reads the coefficients of a pair, which all lanes get.
    #[inline(always)]
    fn read_pair<S: Simd>(&self, s: S, pair: Pair, array: &[T], rows: &mut [T::Lanes<S>]) -> Option<()> {
        let mut rows = rows.iter_mut();
        for l in 0..=self.lmax {
            let degree = self.layout.degree(l);
            let mut index = self.element(&degree, pair);
            for _ in 0..=2 * l {
                *rows.next()? = T::splat(s, *array.get(index)?);
                index += degree.order_stride;
            }
        }
        Some(())
    }

    /// Writes the coefficients of a pair, those of its lane, or adds them.
    #[inline(always)]
    fn write_pair<S: Simd>(
        &self,
        (lane, pair): (usize, Pair),
        rows: &[T::Lanes<S>],
        array: &mut [T],
        accumulate: bool,
    ) -> Option<()> {
        let mut elements = cast::<_, T>(rows).get(lane..)?.iter().step_by(lane_count::<S, T>());
        for l in 0..=self.lmax {
            let degree = self.layout.degree(l);
            let mut index = self.element(&degree, pair);
            for _ in 0..=2 * l {
                let (slot, element) = (array.get_mut(index)?, *elements.next()?);
                *slot = if accumulate { slot.plus(element) } else { element };
                index += degree.order_stride;
            }
        }
        Some(())
    }

    /// The degree after those of the piece that starts at degree `l`.
    #[inline(always)]
    fn next_piece(&self, l: usize, block: &Block) -> usize {
        // The degrees of one channel follow one another in every layout.
        1 + if self.layout.is_flat() || block.n_channels == 1 { self.lmax } else { l }
    }
}

/// The shape of `blocks` lane buffers of degrees to `lmax`, one after the other, or of one that stands for all blocks if
/// `shared`.
#[inline(always)]
pub(crate) fn buffer_rows<S: Simd, T: LaneOps>(lmax: usize, blocks: usize, shared: bool) -> RowsShape {
    let (rows, row_stride) = (n_lm(lmax), lane_count::<S, T>());
    let block_stride = if shared { 0 } else { rows * row_stride };
    RowsShape { rows, row_stride, blocks: BlockCounts::of_one(blocks), block_stride, sample_stride: 0 }
}

/// Reads blocks of an array into lane buffers, scaled. `None` if a slice is too short.
pub(crate) struct Gather<'a, T, V> {
    pub(crate) transfer: &'a Transfer<'a, T>,
    pub(crate) array: &'a [T],
    /// The first block, and their number.
    pub(crate) first: &'a Block,
    pub(crate) blocks: usize,
    /// One buffer after the other.
    pub(crate) buffers: &'a mut [V],
}

impl<T: LaneOps, V: bytemuck::Pod> WithSimd for Gather<'_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { transfer, array, first, mut blocks, buffers } = self;
        let mut block = *first;
        let n_rows = n_lm(transfer.lmax);
        let mut rest: &mut [T::Lanes<S>] = cast_mut(buffers);
        while blocks > 0 && block.only_pair().is_none() {
            let sequence = transfer.sequence(&block);
            let run = sequence.equidistant_blocks(&block).min(blocks);
            let (buffers, others) = rest.split_at_mut_checked(run * n_rows)?;
            let mut l = 0;
            while l <= transfer.lmax {
                let next = transfer.next_piece(l, &block);
                let elements = transfer.piece(l, &block, sequence);
                let (rows, count) = (buffers.get_mut(l * l..)?, next * next - l * l);
                read_lanes(s, array, &elements, LaneRows { rows, blocks: run, count, stride: n_rows })?;
                transfer.ask_ahead((l, count), (&block, run), array);
                l = next;
            }
            transfer.scale.apply(s, transfer.lmax, (block, run), (buffers, n_rows))?;
            (rest, blocks) = (others, blocks - run);
            block.advance(run);
        }
        // One pair by itself, often the only one: preparing for all else would take longer than the engine.
        if let (1.., Some(pair)) = (blocks, block.only_pair()) {
            transfer.read_pair(s, pair, array, rest)?;
            transfer.scale.apply(s, transfer.lmax, (block, 1), (rest.get_mut(..n_rows)?, n_rows))?;
        }
        Some(())
    }
}

/// Writes blocks of an array from lane buffers, scaled, or adds them to it. Into an array that channels or samples share,
/// they are always added, one after the other in order. `None` if a slice is too short.
pub(crate) struct Scatter<'a, T, V> {
    pub(crate) transfer: &'a Transfer<'a, T>,
    pub(crate) array: &'a mut [T],
    /// The first block, and their number.
    pub(crate) first: &'a Block,
    pub(crate) blocks: usize,
    /// One buffer after the other, to degree `buffer_lmax` each, which may be above the array's. Scaled in place.
    pub(crate) buffers: &'a mut [V],
    pub(crate) buffer_lmax: usize,
    /// Room for as many buffers, if the blocks are to be added.
    pub(crate) accumulate: Option<&'a mut [V]>,
}

impl<T: LaneOps, V: bytemuck::Pod> WithSimd for Scatter<'_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { transfer, array, first, mut blocks, buffers, buffer_lmax, accumulate } = self;
        let mut block = *first;
        let n_rows = n_lm(buffer_lmax);
        let mut old: Option<&mut [T::Lanes<S>]> = accumulate.map(cast_mut);
        let mut rest: &mut [T::Lanes<S>] = cast_mut(buffers);
        let is_shared = transfer.layout.is_shared();
        while blocks > 0 && block.only_pair().is_none() {
            let sequence = transfer.sequence(&block);
            let run = if is_shared { 1 } else { sequence.equidistant_blocks(&block).min(blocks) };
            let (buffers, others) = rest.split_at_mut_checked(run * n_rows)?;
            transfer.scale.apply(s, transfer.lmax, (block, run), (&mut *buffers, n_rows))?;
            if is_shared {
                transfer.add_up::<S>(&block, buffers, array)?;
            } else {
                let mut l = 0;
                while l <= transfer.lmax {
                    let next = transfer.next_piece(l, &block);
                    let elements = transfer.piece(l, &block, sequence);
                    let (rows, count) = (buffers.get_mut(l * l..)?, next * next - l * l);
                    if let Some(old) = &mut old {
                        let old = old.get_mut(..(run - 1) * n_rows + count)?;
                        let old_rows = LaneRows { rows: &mut *old, blocks: run, count, stride: n_rows };
                        read_lanes(s, array, &elements, old_rows)?;
                        for block in 0..run {
                            let range = block * n_rows..block * n_rows + count;
                            for (row, old) in rows.get_mut(range.clone())?.iter_mut().zip(old.get(range)?) {
                                *row = T::add(s, *old, *row);
                            }
                        }
                    }
                    let rows = LaneRows { rows: &*rows, blocks: run, count, stride: n_rows };
                    write_lanes(s, array, &elements, rows)?;
                    transfer.ask_ahead((l, count), (&block, run), array);
                    l = next;
                }
            }
            (rest, blocks) = (others, blocks - run);
            block.advance(run);
        }
        if let (1.., Some(pair)) = (blocks, block.only_pair()) {
            transfer.scale.apply(s, transfer.lmax, (block, 1), (rest.get_mut(..n_rows)?, n_rows))?;
            transfer.write_pair::<S>((0, pair), rest, array, old.is_some() || is_shared)?;
        }
        Some(())
    }
}

/// `sums[block][l] = Σ_m x_lm y_lm`, or added to that. `None` if a slice is too short.
pub(crate) struct DegreeSums<'a, T, V> {
    /// Degrees of `x` and of the sums, and of `y`, maybe more.
    pub(crate) lmax: usize,
    pub(crate) y_lmax: usize,
    pub(crate) blocks: usize,
    /// Lane buffers, one after the other.
    pub(crate) x: &'a [V],
    pub(crate) y: &'a [V],
    pub(crate) sums: &'a mut [V],
    pub(crate) accumulate: bool,
    pub(crate) element: PhantomData<T>,
}

impl<T: LaneOps, V: bytemuck::Pod> WithSimd for DegreeSums<'_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { lmax, y_lmax, blocks, x, y, sums, accumulate, .. } = self;
        let (mut x, mut y) = (cast::<_, T::Lanes<S>>(x), cast::<_, T::Lanes<S>>(y));
        let mut sums: &mut [T::Lanes<S>] = cast_mut(sums);
        for _ in 0..blocks {
            let ((x_rows, x_rest), (y_rows, y_rest)) =
                (x.split_at_checked(n_lm(lmax))?, y.split_at_checked(n_lm(y_lmax))?);
            let (block_sums, sums_rest) = sums.split_at_mut_checked(lmax + 1)?;
            for (l, slot) in block_sums.iter_mut().enumerate() {
                let orders = l * l..(l + 1) * (l + 1);
                let mut sum = if accumulate { *slot } else { T::splat(s, T::zeroed()) };
                for (x, y) in x_rows.get(orders.clone())?.iter().zip(y_rows.get(orders)?) {
                    sum = T::mul_add(s, *x, *y, sum);
                }
                *slot = sum;
            }
            (x, y, sums) = (x_rest, y_rest, sums_rest);
        }
        Some(())
    }
}

/// Adds the sums of blocks to the gradients of the degrees' weights, one (sample, channel) after the other in order. `None` if
/// a slice is too short.
#[inline(always)]
pub(crate) fn add_degree_sums<S: Simd, T: LaneOps>(
    (lmax, kind): (usize, WeightKind),
    (mut block, blocks): (Block, usize),
    sums: &[T::Lanes<S>],
    gradient: &mut [T],
) -> Option<()> {
    let lanes = lane_count::<S, T>();
    let mut rest: &[T] = cast(sums);
    for _ in 0..blocks {
        let (sums, others) = rest.split_at_checked((lmax + 1) * lanes)?;
        for (lane, pair) in block.pairs().enumerate() {
            for (l, sum) in sums.get(lane..)?.iter().step_by(lanes).enumerate() {
                let index = match kind {
                    WeightKind::PerChannel => l * block.n_channels + pair.channel,
                    _ => l,
                };
                let slot = gradient.get_mut(index)?;
                *slot = slot.plus(*sum);
            }
        }
        rest = others;
        block.advance(1);
    }
    Some(())
}
