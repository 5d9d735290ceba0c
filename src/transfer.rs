//! Transfer between user arrays and lane buffers: layouts, broadcasting, weights per degree, tails.
//!
//! Lanes run over all (sample, channel) pairs of a call in order, so that few channels fill vectors too. The last block
//! may be partial: its idle lanes repeat the first one, nothing beyond the user's arrays is touched, and the arithmetic of a lane
//! does not depend on its neighbours; hence the same bits for any split of a batch.

use core::ops::Range;

use pulp::{Simd, WithSimd};

use crate::index::n_lm;
use crate::lanes::{
    LaneElements, LaneOps, MAX_LANES, RowsShape, cast, cast_mut, lane_count, read_lanes, write_lanes,
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

    /// The sample, if all lanes in use are channels of one.
    #[inline(always)]
    pub(crate) fn sample(&self) -> Option<usize> {
        if self.first.channel + self.used <= self.n_channels { Some(self.first.sample) } else { None }
    }

    /// How many full blocks, from this one on, are channels of one sample.
    #[inline(always)]
    pub(crate) fn full_blocks(&self) -> usize {
        if self.used < self.lanes {
            0
        } else {
            // (The compiler does not know that there are lanes.)
            (self.n_channels - self.first.channel).checked_div(self.lanes).unwrap_or(0)
        }
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
    /// Whether there are no factors at all.
    #[inline(always)]
    fn is_one(&self) -> bool {
        self.factors.is_empty() && self.kind == WeightKind::None
    }

    /// Multiplies a lane buffer of degrees to `lmax`.
    #[inline(always)]
    fn apply<S: Simd>(&self, s: S, lmax: usize, block: &Block, buffer: &mut [T::Lanes<S>]) -> Option<()> {
        if self.is_one() {
            return Some(());
        }
        for l in 0..=lmax {
            if let Some(factor) = self.lanes(s, l, block) {
                for lanes in buffer.get_mut(l * l..(l + 1) * (l + 1))? {
                    *lanes = T::mul(s, *lanes, factor);
                }
            }
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

/// One array of a call: how it is laid out and scaled. Lane buffers hold coefficients in flat order.
#[derive(Clone, Copy)]
pub(crate) struct Transfer<'a, T> {
    pub(crate) layout: ArrayLayout,
    pub(crate) lmax: usize,
    pub(crate) scale: DegreeScale<'a, T>,
}

// No closures around vector code here and in the engines: a closure that the compiler does not inline would be compiled
// for the baseline, and closures cannot be marked `inline(always)`.
impl<T: LaneOps> Transfer<'_, T> {
    /// Whether the engines can work on the array itself where blocks are full and of one sample.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        self.layout.is_channel_contiguous() && self.scale.is_one()
    }

    /// Where a block starts in an array that is plain, and the shape of `blocks` blocks there.
    #[inline(always)]
    pub(crate) fn plain_rows<S: Simd>(&self, block: &Block, blocks: usize) -> (usize, RowsShape) {
        let (start, lanes) = (self.element(&self.layout.degree(0), block.first), lane_count::<S, T>());
        let shape =
            RowsShape { rows: n_lm(self.lmax), row_stride: block.n_channels, blocks, block_stride: lanes };
        (start, shape)
    }

    /// Index of a pair's coefficient of degree `l` and order `−l`.
    #[inline(always)]
    fn element(&self, degree: &DegreeLayout, pair: Pair) -> usize {
        pair.sample * self.layout.sample_stride + pair.channel * degree.channel_stride + degree.start
    }

    /// The coefficients from degree `l` on that follow one another at one distance: as rows of a lane buffer, and where
    /// they lie for every lane.
    #[inline(always)]
    fn piece(&self, l: usize, block: &Block) -> (Range<usize>, LaneElements) {
        let degree = self.layout.degree(l);
        let mut starts = [self.element(&degree, block.first); MAX_LANES];
        for (start, pair) in starts.iter_mut().zip(block.pairs()) {
            *start = self.element(&degree, pair);
        }
        let elements = LaneElements { starts, used: block.used, stride: degree.order_stride };
        (l * l..n_lm(self.next_piece(l) - 1), elements)
    }

    /// The degree after those of the piece that starts at degree `l`.
    #[inline(always)]
    fn next_piece(&self, l: usize) -> usize {
        1 + if self.layout.is_flat() { self.lmax } else { l }
    }
}

/// The shape of a lane buffer of degrees to `lmax`, which stands for any number of blocks.
#[inline(always)]
pub(crate) fn buffer_rows<S: Simd, T: LaneOps>(lmax: usize, blocks: usize) -> RowsShape {
    RowsShape { rows: n_lm(lmax), row_stride: lane_count::<S, T>(), blocks, block_stride: 0 }
}

/// Makes the number of lanes, one of few, a constant.
macro_rules! with_lanes {
    ($lanes:expr, $constant:ident => $body:expr) => {
        match $lanes {
            1 => with_lanes!(@ $constant, 1, $body),
            2 => with_lanes!(@ $constant, 2, $body),
            4 => with_lanes!(@ $constant, 4, $body),
            8 => with_lanes!(@ $constant, 8, $body),
            _ => with_lanes!(@ $constant, 16, $body),
        }
    };
    (@ $constant:ident, $value:literal, $body:expr) => {{
        const $constant: usize = $value;
        $body
    }};
}

/// Reads a block of an array into a lane buffer, scaled. `None` if a slice is too short.
pub(crate) struct Gather<'a, T, V> {
    pub(crate) transfer: &'a Transfer<'a, T>,
    pub(crate) array: &'a [T],
    pub(crate) block: &'a Block,
    pub(crate) buffer: &'a mut [V],
}

impl<T: LaneOps, V: bytemuck::Pod> WithSimd for Gather<'_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { transfer, array, block, buffer } = self;
        let n_lanes = lane_count::<S, T>();
        let elements: &mut [T] = cast_mut(buffer);
        if transfer.layout.is_channel_contiguous() && block.full_blocks() > 0 {
            let mut first = transfer.element(&transfer.layout.degree(0), block.first);
            for lanes in elements.chunks_exact_mut(n_lanes) {
                lanes.iter_mut().zip(array.get(first..first + n_lanes)?).for_each(|(to, from)| *to = *from);
                first += block.n_channels;
            }
        } else {
            let mut l = 0;
            while l <= transfer.lmax {
                let (rows, elements_of_lanes) = transfer.piece(l, block);
                let rows = elements.get_mut(rows.start * n_lanes..rows.end * n_lanes)?;
                with_lanes!(n_lanes, LANES => read_lanes::<T, LANES>(array, &elements_of_lanes, rows)?);
                l = transfer.next_piece(l);
            }
        }
        transfer.scale.apply(s, transfer.lmax, block, cast_mut(buffer))
    }
}

/// Writes a block of an array from a lane buffer, scaled. `None` if a slice is too short.
pub(crate) struct Scatter<'a, T, V> {
    pub(crate) transfer: &'a Transfer<'a, T>,
    pub(crate) array: &'a mut [T],
    pub(crate) block: &'a Block,
    /// Scaled in place.
    pub(crate) buffer: &'a mut [V],
}

impl<T: LaneOps, V: bytemuck::Pod> WithSimd for Scatter<'_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { transfer, array, block, buffer } = self;
        let n_lanes = lane_count::<S, T>();
        transfer.scale.apply(s, transfer.lmax, block, cast_mut(buffer))?;
        // The buffer may hold more degrees than the array.
        let elements = cast::<V, T>(buffer).get(..n_lm(transfer.lmax) * n_lanes)?;
        if transfer.layout.is_channel_contiguous() && block.full_blocks() > 0 {
            let mut first = transfer.element(&transfer.layout.degree(0), block.first);
            for lanes in elements.chunks_exact(n_lanes) {
                array
                    .get_mut(first..first + n_lanes)?
                    .iter_mut()
                    .zip(lanes)
                    .for_each(|(to, from)| *to = *from);
                first += block.n_channels;
            }
        } else {
            let mut l = 0;
            while l <= transfer.lmax {
                let (rows, elements_of_lanes) = transfer.piece(l, block);
                let rows = elements.get(rows.start * n_lanes..rows.end * n_lanes)?;
                with_lanes!(n_lanes, LANES => write_lanes::<T, LANES>(array, &elements_of_lanes, rows)?);
                l = transfer.next_piece(l);
            }
        }
        Some(())
    }
}
