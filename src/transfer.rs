//! Transfer between user arrays and lane buffers: layouts, broadcasting, weights per degree, tails.
//!
//! Lanes run over all (sample, channel) pairs of a call in order, so that few channels fill vectors too. The last block
//! may be partial: its idle lanes hold zeros, nothing beyond the user's arrays is touched, and the arithmetic of a lane
//! does not depend on its neighbours; hence the same bits for any split of a batch.

use pulp::{Simd, WithSimd};

use crate::lanes::{LaneOps, MAX_LANES, cast, cast_mut, lane_count};
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

    /// Goes on to the next block.
    #[inline(always)]
    pub(crate) fn advance(&mut self) {
        self.remaining -= self.used;
        if self.remaining > 0 {
            self.first = self.first.skip(self.used, self.n_channels);
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

    /// Whether every lane is in use and all are channels of one sample.
    #[inline(always)]
    fn is_one_sample(&self) -> bool {
        self.used == self.lanes && self.first.channel + self.lanes <= self.n_channels
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

/// `lanes` times the factor.
#[inline(always)]
fn scaled<S: Simd, T: LaneOps>(s: S, factor: Option<T::Lanes<S>>, lanes: T::Lanes<S>) -> T::Lanes<S> {
    match factor {
        Some(factor) => T::mul(s, lanes, factor),
        None => lanes,
    }
}

/// One array of a call: how it is laid out, scaled, and ordered in lane buffers.
#[derive(Clone, Copy)]
pub(crate) struct Transfer<'a, T> {
    pub(crate) layout: ArrayLayout,
    pub(crate) lmax: usize,
    pub(crate) scale: DegreeScale<'a, T>,
    /// Where coefficient `(l, m)` of degrees to `lmax` lies in a lane buffer: `position(lmax, l, m)`.
    pub(crate) position: fn(usize, usize, isize) -> usize,
}

// No closures around vector code here and in the engines: a closure that the compiler does not inline would be compiled
// for the baseline, and closures cannot be marked `inline(always)`.
impl<T: LaneOps> Transfer<'_, T> {
    /// Reads a block of the array into a lane buffer, scaled. `None` if a slice is too short.
    #[inline(always)]
    pub(crate) fn load<S: Simd>(
        &self,
        s: S,
        array: &[T],
        block: &Block,
        buffer: &mut [T::Lanes<S>],
    ) -> Option<()> {
        if !(self.layout.is_channel_contiguous() && block.is_one_sample()) {
            return s.vectorize(Gather { transfer: self, array, block, buffer });
        }
        for l in 0..=self.lmax {
            let degree = self.layout.degree(l);
            let factor = self.scale.lanes(s, l, block);
            let start = self.element(&degree, block.first);
            for (i, m) in orders(l) {
                let row = array.get(start + i * degree.order_stride..)?.get(..lane_count::<S, T>())?;
                *buffer.get_mut((self.position)(self.lmax, l, m))? =
                    scaled::<S, T>(s, factor, *cast(row).first()?);
            }
        }
        Some(())
    }

    /// Writes a block of the array from a lane buffer, scaled. `None` if a slice is too short.
    #[inline(always)]
    pub(crate) fn store<S: Simd>(
        &self,
        s: S,
        array: &mut [T],
        block: &Block,
        buffer: &[T::Lanes<S>],
    ) -> Option<()> {
        if !(self.layout.is_channel_contiguous() && block.is_one_sample()) {
            return s.vectorize(Scatter { transfer: self, array, block, buffer });
        }
        for l in 0..=self.lmax {
            let degree = self.layout.degree(l);
            let factor = self.scale.lanes(s, l, block);
            let start = self.element(&degree, block.first);
            for (i, m) in orders(l) {
                let row =
                    array.get_mut(start + i * degree.order_stride..)?.get_mut(..lane_count::<S, T>())?;
                let lanes = *buffer.get((self.position)(self.lmax, l, m))?;
                *cast_mut(row).first_mut()? = scaled::<S, T>(s, factor, lanes);
            }
        }
        Some(())
    }

    /// Indices of the lanes' coefficients of degree `l` and order `−l`.
    #[inline(always)]
    fn elements(&self, degree: &DegreeLayout, block: &Block) -> [usize; MAX_LANES] {
        let mut elements = [0; MAX_LANES];
        for (element, pair) in elements.iter_mut().zip(block.pairs()) {
            *element = self.element(degree, pair);
        }
        elements
    }

    /// Index of a pair's coefficient of order `−l`.
    #[inline(always)]
    fn element(&self, degree: &DegreeLayout, pair: Pair) -> usize {
        pair.sample * self.layout.sample_stride + pair.channel * degree.channel_stride + degree.start
    }
}

/// [`Transfer::load`] where the lanes are not neighbours in memory; outlined to keep the fast path small.
struct Gather<'a, T, V> {
    transfer: &'a Transfer<'a, T>,
    array: &'a [T],
    block: &'a Block,
    buffer: &'a mut [V],
}

impl<T: LaneOps, V: bytemuck::Pod> WithSimd for Gather<'_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { transfer, array, block, buffer } = self;
        let buffer: &mut [T::Lanes<S>] = cast_mut(buffer);
        for l in 0..=transfer.lmax {
            let degree = transfer.layout.degree(l);
            let factor = transfer.scale.lanes(s, l, block);
            let elements = transfer.elements(&degree, block);
            for (i, m) in orders(l) {
                let mut lanes = [T::zeroed(); MAX_LANES];
                for (lane, element) in lanes.iter_mut().zip(elements).take(block.used) {
                    *lane = *array.get(element + i * degree.order_stride)?;
                }
                let position = (transfer.position)(transfer.lmax, l, m);
                *buffer.get_mut(position)? = scaled::<S, T>(s, factor, *cast(&lanes).first()?);
            }
        }
        Some(())
    }
}

/// [`Transfer::store`] where the lanes are not neighbours in memory; outlined to keep the fast path small.
struct Scatter<'a, T, V> {
    transfer: &'a Transfer<'a, T>,
    array: &'a mut [T],
    block: &'a Block,
    buffer: &'a [V],
}

impl<T: LaneOps, V: bytemuck::Pod> WithSimd for Scatter<'_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { transfer, array, block, buffer } = self;
        let buffer: &[T::Lanes<S>] = cast(buffer);
        for l in 0..=transfer.lmax {
            let degree = transfer.layout.degree(l);
            let factor = transfer.scale.lanes(s, l, block);
            let elements = transfer.elements(&degree, block);
            for (i, m) in orders(l) {
                let position = (transfer.position)(transfer.lmax, l, m);
                let mut lanes = [T::zeroed(); MAX_LANES];
                *cast_mut(&mut lanes).first_mut()? = scaled::<S, T>(s, factor, *buffer.get(position)?);
                for (lane, element) in lanes.iter().zip(elements).take(block.used) {
                    *array.get_mut(element + i * degree.order_stride)? = *lane;
                }
            }
        }
        Some(())
    }
}

/// The orders of a degree with their number from 0.
#[inline(always)]
#[allow(clippy::cast_possible_wrap)] // degrees are small
fn orders(l: usize) -> impl Iterator<Item = (usize, isize)> {
    (0..=2 * l).map(move |i| (i, i as isize - l as isize))
}
