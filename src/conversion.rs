//! The operation *layout conversion*: coefficient arrays from one layout to another, moved, not computed with.
//!
//! Between channels that are neighbours and orders that are neighbours lies a transposition, for which lanes are filled
//! and written as for every other operation. The two layouts in which orders are neighbours differ in the order of their
//! runs only, which are copied.

use pulp::{Simd, WithSimd};

use crate::error::Error;
use crate::isa::{Isa, Level};
use crate::lanes::{LaneElements, LaneOps, lane_count, read_lanes, write_lanes};
use crate::layout::{ArrayLayout, Broadcast, DegreeLayout, Layout};
use crate::plan::{LMAX_INPUT, Real};

/// Copies the coefficients of `n_samples` × `n_channels` functions, degrees `0..=lmax`, from one layout to another. Bits
/// are kept, NaNs' too. Both arrays hold `n_samples · n_channels · n_lm(lmax)` elements.
///
/// Allocates nothing and needs no workspace; the speed is that of a copy for arrays beyond the caches.
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
        let transposes = from.is_channel_contiguous() || to.is_channel_contiguous();
        let mut rows = [T::splat(s, T::zeroed()); TILE];
        for sample in 0..n_samples {
            let (x, out) = (x.get(sample * from.sample_stride..)?, out.get_mut(sample * to.sample_stride..)?);
            if transposes {
                let mut l = 0;
                while l <= lmax {
                    let next = if from.is_flat() && to.is_flat() { lmax + 1 } else { l + 1 };
                    let piece = Piece {
                        from: from.degree(l),
                        to: to.degree(l),
                        n_orders: next * next - l * l,
                        n_channels,
                    };
                    piece.transpose(s, x, out, &mut rows)?;
                    l = next;
                }
            } else if to.is_flat() {
                for channel in 0..n_channels {
                    for l in 0..=lmax {
                        copy_run(x, &from.degree(l), out, &to.degree(l), l, channel)?;
                    }
                }
            } else {
                for l in 0..=lmax {
                    for channel in 0..n_channels {
                        copy_run(x, &from.degree(l), out, &to.degree(l), l, channel)?;
                    }
                }
            }
        }
        Some(())
    }
}

/// The most rows of a tile: as many streams as are read or written at a time.
const TILE: usize = 32;

/// Coefficients of one sample that follow one another at one distance in both arrays.
struct Piece {
    from: DegreeLayout,
    to: DegreeLayout,
    n_orders: usize,
    n_channels: usize,
}

impl Piece {
    /// Moves the piece. `rows` is working memory.
    #[inline(always)]
    fn transpose<S: Simd, T: LaneOps>(
        &self,
        s: S,
        x: &[T],
        out: &mut [T],
        rows: &mut [T::Lanes<S>; TILE],
    ) -> Option<()> {
        let Self { from, to, n_orders, n_channels } = self;
        let (from_order, from_channel) = (from.order_stride, from.channel_stride);
        let (to_order, to_channel) = (to.order_stride, to.channel_stride);
        let lanes = lane_count::<S, T>();
        let [lanes_are, rows_are] = if *n_channels >= lanes {
            [(*n_channels, from_channel, to_channel), (*n_orders, from_order, to_order)]
        } else if *n_orders >= lanes {
            [(*n_orders, from_order, to_order), (*n_channels, from_channel, to_channel)]
        } else {
            for channel in 0..*n_channels {
                for order in 0..*n_orders {
                    let source = x.get(from.start + order * from_order + channel * from_channel)?;
                    *out.get_mut(to.start + order * to_order + channel * to_channel)? = *source;
                }
            }
            return Some(());
        };
        let (n_lanes, from_lane, to_lane) = lanes_are;
        let (n_rows, from_row, to_row) = rows_are;
        let mut row = 0;
        for tile in tiles(n_rows) {
            let rows = rows.get_mut(..tile)?;
            let mut lane = 0;
            loop {
                let place = |start: usize, lane_stride: usize, row_stride: usize| {
                    LaneElements::equidistant(
                        start + row * row_stride + lane * lane_stride,
                        lane_stride,
                        row_stride,
                    )
                };
                read_lanes(s, x, &place(from.start, from_lane, from_row), rows)?;
                write_lanes(s, out, &place(to.start, to_lane, to_row), rows)?;
                if lane + lanes >= n_lanes {
                    break;
                }
                // The last vector overlaps the one before if the lanes do not divide.
                lane = (lane + lanes).min(n_lanes - lanes);
            }
            row += tile;
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

/// Elements that are copied at a time.
const CHUNK: usize = 8;

/// Copies the coefficients of one degree of one channel, which are neighbours in both arrays. May write more, up to a chunk,
/// to elements behind them: the caller goes through `out` upwards.
#[inline(always)]
fn copy_run<T: Copy>(
    x: &[T],
    from: &DegreeLayout,
    out: &mut [T],
    to: &DegreeLayout,
    l: usize,
    channel: usize,
) -> Option<()> {
    let x = x.get(from.start + channel * from.channel_stride..)?;
    let out = out.get_mut(to.start + channel * to.channel_stride..)?;
    let n = 2 * l + 1;
    let mut i = 0;
    while i < n {
        let (x, out) = (x.get(i..)?, out.get_mut(i..)?);
        if x.len().min(out.len()) < CHUNK {
            out.get_mut(..n - i)?.iter_mut().zip(x).for_each(|(out, x)| *out = *x);
            break;
        }
        *out.first_chunk_mut::<CHUNK>()? = *x.first_chunk()?;
        i += CHUNK;
    }
    Some(())
}
