//! The operation *layout conversion*: coefficient arrays from one layout to another, moved, not computed with.
//!
//! Between channels that are neighbours and orders that are neighbours lies a transposition: of one matrix per sample, or
//! per degree. The two layouts in which orders are neighbours differ in the order of their runs only, which are copied.
//!
//! Beyond the caches this takes as long as memory does only if memory is asked in time. Output is written sample by sample,
//! and what is read or written jumps within a sample, as hardware that looks for sequences does not expect. So with
//! everything that is moved, as much is fetched of both arrays, a sample ahead and in sequence; unless the jumps are so
//! small that hardware does better alone.
//!
//! (Stores past the caches, of whole lines collected in the nearest one, were measured on Zen 4: 0.7 to 1.6 times the time of
//! a copy, depending on how far ahead is fetched to within a kilobyte. Ordinary stores depend on nothing as much.)

use pulp::{Simd, WithSimd};

use crate::error::{Error, check_len};
use crate::index::n_lm;
use crate::isa::{Isa, Level};
use crate::lanes::{Ahead, CacheLine, LaneOps, NEAR, Runs, Transposition};
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
    check_len("x", expected, x.len())?;
    check_len("out", expected, out.len())?;
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

/// Elements of small samples that are moved together, degree by degree, where memory is near.
const BLOCK: usize = 2048;

/// Bytes of runs that are copied between two looks at what has to be fetched: memory is asked for a few lines at a time.
const RUNS: usize = 1024;

impl<T: LaneOps> WithSimd for ConvertLayout<'_, T> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { lmax, n_channels, n_samples, layouts, x, out } = self;
        let sample_len = layouts[0].sample_stride;
        let is_near = size_of_val(x) < NEAR;
        // Only where memory is near: elsewhere samples that follow one another are read best so.
        let block = if is_near { BLOCK.checked_div(sample_len)?.max(1) } else { 1 };
        let ahead = if is_near || is_sequential::<T>(n_channels, layouts) {
            Ahead::NOTHING
        } else {
            // A sample, and a little more.
            Ahead::new([x, out], sample_len + BLOCK / 2)
        };
        let at_once =
            if is_near { n_channels } else { (RUNS / size_of::<T>()).checked_div(n_lm(lmax))?.max(1) };
        let mut mover = Mover { lmax, n_channels, layouts, at_once, ahead };
        let mut first = 0;
        while first < n_samples {
            let start = first * sample_len;
            let samples = block.min(n_samples - first);
            mover.samples(s, samples, x.get(start..)?, out.get_mut(start..)?)?;
            first += samples;
        }
        Some(())
    }
}

/// Whether a sample is small, and read and written along rows of no more than two lines: hardware takes that for a sequence,
/// and fetches it better than instructions, which keep everything else waiting that is not in the nearest cache.
fn is_sequential<T>(n_channels: usize, layouts: [ArrayLayout; 2]) -> bool {
    let line = size_of::<CacheLine>() / size_of::<T>();
    layouts.iter().any(ArrayLayout::is_channel_contiguous)
        && n_channels <= 2 * line
        && layouts[0].sample_stride <= 128 * line
}

/// What moves samples, one block after the other.
struct Mover {
    lmax: usize,
    n_channels: usize,
    layouts: [ArrayLayout; 2],
    /// Channels of which runs are copied at once.
    at_once: usize,
    ahead: Ahead,
}

impl Mover {
    /// Moves the samples at the start of `x` and `y`.
    #[inline(always)]
    fn samples<S: Simd, T: LaneOps>(&mut self, s: S, samples: usize, x: &[T], y: &mut [T]) -> Option<()> {
        let [from, to] = self.layouts;
        if from.is_channel_contiguous() || to.is_channel_contiguous() {
            return self.transpose(s, samples, x, y);
        }
        for sample in 0..samples {
            let start = sample * from.sample_stride;
            self.copy_runs(x.get(start..)?, y.get_mut(start..)?)?;
        }
        Some(())
    }

    /// Moves samples between channels that are neighbours and orders that are: all of degrees that follow one another at one
    /// distance in both arrays.
    #[inline(always)]
    fn transpose<S: Simd, T: LaneOps>(&mut self, s: S, samples: usize, x: &[T], y: &mut [T]) -> Option<()> {
        let Self { lmax, n_channels, layouts: [from, to], .. } = *self;
        let mut l = 0;
        while l <= lmax {
            let next = if from.is_flat() && to.is_flat() { lmax + 1 } else { l + 1 };
            let n_orders = next * next - l * l;
            let (rows, columns) =
                if from.is_channel_contiguous() { (n_orders, n_channels) } else { (n_channels, n_orders) };
            let transposition = Transposition {
                rows,
                columns,
                matrices: samples,
                distance: from.sample_stride,
                // Channels.
                lanes_are_rows: to.is_channel_contiguous(),
            };
            let start = l * l * n_channels;
            transposition.run(s, x.get(start..)?, y.get_mut(start..)?, &mut self.ahead)?;
            l = next;
        }
        Some(())
    }

    /// Moves a sample between blocks per degree and one run per channel.
    #[inline(always)]
    fn copy_runs<T: LaneOps>(&mut self, x: &[T], y: &mut [T]) -> Option<()> {
        let runs = Runs { lmax: self.lmax, n: self.n_channels };
        let mut first = 0;
        while first < runs.n {
            let end = runs.n.min(first + self.at_once);
            self.ahead.advance::<T>((end - first) * n_lm(runs.lmax));
            if self.layouts[1].is_flat() {
                runs.join(first..end, x, y)?;
            } else {
                runs.part(first..end, x, y)?;
            }
            first = end;
        }
        Some(())
    }
}
