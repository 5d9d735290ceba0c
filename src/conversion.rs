//! The operation *layout conversion*: coefficient arrays from one layout to another, moved, not computed with.
//!
//! Between channels that are neighbours and orders that are neighbours lies a transposition, for which lanes are filled
//! and written as for every other operation. The two layouts in which orders are neighbours differ in the order of their
//! runs only, which are copied.
//!
//! Beyond the caches this takes as long as memory does only if memory is asked in time: what is read and written jumps, as
//! hardware that looks for sequences does not expect. So with every tile that is moved, as much is fetched of both arrays,
//! one block of samples ahead and in sequence.

use core::ops::Range;

use pulp::{Simd, WithSimd};

use crate::error::Error;
use crate::index::n_lm;
use crate::isa::{Isa, Level};
use crate::lanes::{LaneElements, LaneOps, copy_runs, lane_count, prefetch, read_lanes, write_lanes};
use crate::layout::{ArrayLayout, Broadcast, Layout};
use crate::plan::{LMAX_INPUT, Real};

/// Copies the coefficients of `n_samples` × `n_channels` functions, degrees `0..=lmax`, from one layout to another. Bits
/// are kept, NaNs' too. Both arrays hold `n_samples · n_channels · n_lm(lmax)` elements.
///
/// Allocates nothing and needs no workspace.
///
/// # Errors
/// [`Error::Unsupported`] if `lmax` is above [`LMAX_INPUT`], [`Error::Overflow`], [`Error::LengthMismatch`] for `x` or
/// `out`. Nothing has been written then.
pub fn convert_layout<T: Real>(
    lmax: usize,
    n_channels: usize,
    n_samples: usize,
    (from, x): (Layout, &[T]),
    (to, out): (Layout, &mut [T]),
) -> Result<(), Error> {
    // Full vectors of channels, where the best level has too many lanes for that.
    let best = Level::up_to(None);
    let level = if n_channels < best.lanes::<T>() { Level::up_to(Some(Isa::Avx2)) } else { best };
    convert_layout_at(level, lmax, n_channels, n_samples, (from, x), (to, out))
}

/// [`convert_layout`] at a level.
pub(crate) fn convert_layout_at<T: Real>(
    level: Level,
    lmax: usize,
    n_channels: usize,
    n_samples: usize,
    (from, x): (Layout, &[T]),
    (to, out): (Layout, &mut [T]),
) -> Result<(), Error> {
    let layouts = layouts(lmax, n_channels, [from, to])?;
    let expected = layouts[0].len(n_samples)?;
    for (array, received) in [("x", x.len()), ("out", out.len())] {
        if received != expected {
            return Err(Error::LengthMismatch { array, expected, received });
        }
    }
    // (Where there are no channels, nothing is copied.)
    if from == to || n_channels <= 1 || lmax == 0 {
        out.iter_mut().zip(x).for_each(|(out, x)| *out = *x);
        return Ok(());
    }
    T::convert(level, ConvertLayout { lmax, n_channels, n_samples, layouts, x, out }).ok_or(Error::Internal)
}

/// The layouts of arrays with so many channels of degrees to `lmax`.
fn layouts(lmax: usize, n_channels: usize, layouts: [Layout; 2]) -> Result<[ArrayLayout; 2], Error> {
    if lmax > LMAX_INPUT {
        return Err(Error::Unsupported);
    }
    let [from, to] = layouts.map(|layout| ArrayLayout::new(layout, Broadcast::None, lmax, n_channels));
    Ok([from?, to?])
}

/// The number of elements of the arrays of [`convert_layout`].
pub(crate) fn converted_len(lmax: usize, n_channels: usize, n_samples: usize) -> Result<usize, Error> {
    layouts(lmax, n_channels, [Layout::LmChannel; 2])?[0].len(n_samples)
}

/// One conversion between different layouts; the lengths have been checked.
pub struct ConvertLayout<'a, T> {
    lmax: usize,
    n_channels: usize,
    n_samples: usize,
    /// From which, to which.
    layouts: [ArrayLayout; 2],
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: LaneOps> WithSimd for ConvertLayout<'_, T> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { lmax, n_channels, n_samples, layouts: [from, to], x, out } = self;
        let mut rows = [T::splat(s, T::zeroed()); TILE];
        // So much at a time that both sides stay in the nearest cache from degree to degree.
        let block_samples = BLOCK.checked_div(from.sample_stride).unwrap_or(1).max(1);
        // What is moved one block later is fetched meanwhile.
        let ahead = block_samples * from.sample_stride;
        let mut first = 0;
        while first < n_samples {
            let samples = first..n_samples.min(first + block_samples);
            if from.is_channel_contiguous() || to.is_channel_contiguous() {
                let mut l = 0;
                while l <= lmax {
                    let next = if from.is_flat() && to.is_flat() { lmax + 1 } else { l + 1 };
                    let n_orders = next * next - l * l;
                    let piece = Piece { layouts: [from, to], l, n_orders, n_channels, ahead };
                    piece.transpose(s, samples.clone(), x, out, &mut rows)?;
                    l = next;
                }
            } else {
                copy_degrees(samples, [from, to], (lmax, n_channels), ahead, x, out)?;
            }
            first += block_samples;
        }
        Some(())
    }
}

/// Elements of a block.
const BLOCK: usize = 2048;

/// The most rows of a tile: as many streams as are read or written at a time.
const TILE: usize = 32;

/// Coefficients of one sample, from degree `l` on, that follow one another at one distance in both arrays.
struct Piece {
    layouts: [ArrayLayout; 2],
    l: usize,
    n_orders: usize,
    n_channels: usize,
    /// How far behind the piece the elements lie that are to be fetched meanwhile.
    ahead: usize,
}

impl Piece {
    /// Moves the piece of some samples. `rows` is working memory.
    #[inline(always)]
    fn transpose<S: Simd, T: LaneOps>(
        &self,
        s: S,
        samples: Range<usize>,
        x: &[T],
        out: &mut [T],
        rows: &mut [T::Lanes<S>; TILE],
    ) -> Option<()> {
        let Self { layouts, l, n_orders, n_channels, ahead } = self;
        let [from, to] = [layouts[0].degree(*l), layouts[1].degree(*l)];
        let lanes = lane_count::<S, T>();
        // Count and distances of channels, and of orders.
        let channels = (*n_channels, from.channel_stride, to.channel_stride);
        let orders = (*n_orders, from.order_stride, to.order_stride);
        let (in_lanes, in_rows) = if *n_channels >= lanes { (channels, orders) } else { (orders, channels) };
        let ((n_lanes, from_lane, to_lane), (n_rows, from_row, to_row)) = (in_lanes, in_rows);
        let places = [
            LaneElements::equidistant(0, from_lane, from_row),
            LaneElements::equidistant(0, to_lane, to_row),
        ];
        for sample in samples {
            let x = x.get(sample * layouts[0].sample_stride + from.start..)?;
            let out = out.get_mut(sample * layouts[1].sample_stride + to.start..)?;
            if n_lanes < lanes {
                for (row, lane) in (0..n_rows).flat_map(|row| (0..n_lanes).map(move |lane| (row, lane))) {
                    *out.get_mut(row * to_row + lane * to_lane)? =
                        *x.get(row * from_row + lane * from_lane)?;
                }
                continue;
            }
            let (mut row, mut ahead) = (0, *ahead);
            for tile in tiles(n_rows) {
                let rows = rows.get_mut(..tile)?;
                let mut lane = 0;
                loop {
                    // A piece is one range in both arrays, of the same elements.
                    prefetch(x, ahead, tile * lanes);
                    prefetch(out, ahead, tile * lanes);
                    ahead += tile * lanes;
                    read_lanes(s, x.get(row * from_row + lane * from_lane..)?, &places[0], rows)?;
                    write_lanes(s, out.get_mut(row * to_row + lane * to_lane..)?, &places[1], rows)?;
                    if lane + lanes >= n_lanes {
                        break;
                    }
                    // The last vector overlaps the one before if the lanes do not divide.
                    lane = (lane + lanes).min(n_lanes - lanes);
                }
                row += tile;
            }
        }
        Some(())
    }
}

/// Splits rows evenly into tiles: so none but the only one is small.
#[inline(always)]
fn tiles(n_rows: usize) -> impl Iterator<Item = usize> {
    let n_tiles = n_rows.div_ceil(TILE).max(1);
    let (base, extra) = (n_rows / n_tiles, n_rows % n_tiles);
    (0..n_tiles).map(move |tile| base + usize::from(tile < extra))
}

/// Copies the runs of every degree and channel of some samples, where the orders are neighbours in both layouts.
#[inline(always)]
fn copy_degrees<T: LaneOps>(
    samples: Range<usize>,
    layouts: [ArrayLayout; 2],
    (lmax, n_channels): (usize, usize),
    ahead: usize,
    x: &[T],
    out: &mut [T],
) -> Option<()> {
    let block_channels = BLOCK.checked_div(n_lm(lmax)).unwrap_or(1).max(1);
    for sample in samples {
        let x = x.get(sample * layouts[0].sample_stride..)?;
        let out = out.get_mut(sample * layouts[1].sample_stride..)?;
        let mut channel = 0;
        while channel < n_channels {
            let count = block_channels.min(n_channels - channel);
            for l in 0..=lmax {
                let [from, to] = [layouts[0].degree(l), layouts[1].degree(l)];
                let next = ahead + channel * n_lm(lmax) + count * l * l;
                prefetch(x, next, count * (2 * l + 1));
                prefetch(out, next, count * (2 * l + 1));
                let x = x.get(from.start + channel * from.channel_stride..)?;
                let out = out.get_mut(to.start + channel * to.channel_stride..)?;
                copy_runs(2 * l + 1, count, (x, from.channel_stride), (out, to.channel_stride))?;
            }
            channel += count;
        }
    }
    Some(())
}
