//! The terms of some blocks through one transform: synthesise, combine pointwise, analyse.

use core::ops::Range;

use pulp::{Simd, WithSimd};

use super::schedule::{Field, MAX_FIELDS, Schedule, Slot, SlotSet, Term};
use crate::engine::Transform;
use crate::index::n_lm;
use crate::lanes::{
    BlockCounts, BlockPlace, BlockRows, BlockRowsMut, CacheLine, LaneOps, Rows, RowsAhead, TwoRowsMut, cast,
    cast_mut,
};

/// What comes in and goes out.
pub(super) struct Operands<'a, T, V> {
    pub(super) schedule: &'a Schedule,
    pub(super) degrees: [usize; 3],
    pub(super) blocks: BlockCounts,
    pub(super) rows: OperandRows<'a, T, V>,
    /// Which functions are the same for all blocks: they have the rows of one, and are synthesised once. And whether their
    /// samples are there already, as the last call left them. (Neither goes with arrays.)
    pub(super) shared: SlotSet,
    pub(super) is_prepared: bool,
}

/// Coefficients of every input and of every target.
pub(super) enum OperandRows<'a, T, V> {
    /// In lane buffers, one block after the other; they count as one sample.
    Buffers { inputs: [&'a [V]; MAX_FIELDS], targets: [&'a mut [V]; MAX_FIELDS] },
    /// In the functions' own arrays, if every block goes through one pass: what it adds up is not kept for another one.
    Arrays(&'a mut Arrays<'a, T, V>),
}

/// The functions' own arrays.
pub(super) struct Arrays<'a, T, V> {
    pub(super) inputs: [Option<Rows<'a, T, V>>; MAX_FIELDS],
    /// By slot.
    pub(super) targets: [Option<TwoRowsMut<'a, T, V>>; 3],
    /// Whether they are so large that what comes next has to be asked for, by transforms that work on them directly.
    pub(super) are_far: bool,
    /// By input and by target, what is asked for, if they are.
    pub(super) inputs_ahead: [Option<RowsAhead<T>>; MAX_FIELDS],
    pub(super) targets_ahead: [Option<RowsAhead<T>>; MAX_FIELDS],
    /// Room for a block of any of them, for transforms that go through rows more than once: rows of an array that are a power of
    /// two apart compete for few places of the nearest cache.
    pub(super) block: &'a mut [V],
}

impl<T: LaneOps, V: bytemuck::Pod> OperandRows<'_, T, V> {
    /// The rows of so many blocks of an input from a place on, so many of each, as lane vectors under the name that they have
    /// here.
    #[inline(always)]
    fn input<W: bytemuck::Pod>(
        &mut self,
        input: usize,
        place: BlockPlace,
        (blocks, count): (usize, usize),
    ) -> Option<BlockRows<'_, T, W>> {
        match self {
            Self::Buffers { inputs, .. } => {
                Some(BlockRows::Together(cast(inputs.get(input)?.get(range_of(place, blocks, count))?)))
            }
            Self::Arrays(arrays) => {
                let (rows, room) = (arrays.inputs.get(input)?.as_ref()?, arrays.block.get_mut(..count)?);
                let ahead = arrays.inputs_ahead.get_mut(input)?.as_mut();
                Some(BlockRows::Apart { rows: rows.cast()?, place, ahead, room: cast_mut(room) })
            }
        }
    }

    /// Likewise where to write those of a target.
    #[inline(always)]
    fn target<W: bytemuck::Pod>(
        &mut self,
        (target, field): (usize, Field),
        place: BlockPlace,
        (blocks, count): (usize, usize),
    ) -> Option<BlockRowsMut<'_, T, W>> {
        match self {
            Self::Buffers { targets, .. } => {
                let rows = targets.get_mut(target)?.get_mut(range_of(place, blocks, count))?;
                Some(BlockRowsMut::Together(cast_mut(rows)))
            }
            Self::Arrays(arrays) => {
                let rows = arrays.targets.get_mut(field.slot as usize)?.as_mut()?.cast()?;
                let room = cast_mut(arrays.block.get_mut(..count)?);
                let ahead = arrays.targets_ahead.get_mut(target)?.as_mut();
                Some(BlockRowsMut::Apart { rows, part: field.part, place, ahead, room })
            }
        }
    }

    /// Has all rows from a place on asked for, so many lines of each (none if that is 0), if they are far.
    #[inline(always)]
    fn ask_from(&mut self, schedule: &Schedule, place: BlockPlace, lines_of_row: usize) {
        let Self::Arrays(arrays) = self else { return };
        if !arrays.are_far || lines_of_row == 0 {
            return;
        }
        for (ahead, rows) in arrays.inputs_ahead.iter_mut().zip(&arrays.inputs) {
            if let Some(rows) = rows {
                *ahead = Some(rows.ahead(place, lines_of_row));
            }
        }
        for (ahead, target) in arrays.targets_ahead.iter_mut().zip(schedule.targets()) {
            let Field { slot, part } = target.field;
            if let Some(Some(rows)) = arrays.targets.get(slot as usize) {
                *ahead = rows.ahead(part, place, lines_of_row);
            }
        }
    }
}

/// Where blocks of so many rows lie in a buffer.
#[inline(always)]
fn range_of(place: BlockPlace, blocks: usize, count: usize) -> Range<usize> {
    place.block * count..(place.block + blocks) * count
}

/// The samples of one function, of all chunks or of one; empty where they are not needed.
pub(super) struct Samples<'a, V> {
    pub(super) values: &'a mut [V],
    pub(super) gradient: [&'a mut [V]; 2],
}

impl<V> Default for Samples<'_, V> {
    #[inline(always)]
    fn default() -> Self {
        Self { values: &mut [], gradient: [&mut [], &mut []] }
    }
}

/// A `#[target_feature]` frame of its own.
pub(super) struct Pass<'a, 'b, T, V, X> {
    pub(super) transform: X,
    /// Which blocks of every sample: as many as the transform takes at a time, or a multiple.
    pub(super) blocks: Range<usize>,
    /// Where the samples of shared functions begin.
    pub(super) start: usize,
    pub(super) operands: &'a mut Operands<'b, T, V>,
    /// Rings of all inputs, then of all targets, at this distance: 0 if they can share the memory.
    pub(super) rings: &'a mut [V],
    pub(super) rings_stride: usize,
    /// Samples of a target, unless they [overwrite](super::schedule::Target::in_place) those of an input.
    pub(super) product: &'a mut [V],
    /// Samples of the inputs.
    pub(super) samples: &'a mut [Samples<'b, V>; MAX_FIELDS],
}

impl<T: LaneOps, V: bytemuck::Pod, X: Transform<T>> Pass<'_, '_, T, V, X> {
    /// Runs it in its frame.
    #[inline(always)]
    pub(super) fn run<S: Simd>(self, s: S) -> Option<()> {
        X::outline(s, self)
    }
}

impl<T: LaneOps, V: bytemuck::Pod, X: Transform<T>> WithSimd for Pass<'_, '_, T, V, X> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { transform, blocks, start, operands, rings, rings_stride, product, samples } = self;
        let Operands { schedule, degrees, blocks: counts, rows, shared, is_prepared } = operands;
        let (rings, product) = (cast_mut(rings), cast_mut(product));
        let inputs = schedule.inputs();
        let n_parts = transform.n_parts();
        if !blocks.len().is_multiple_of(X::BLOCKS) {
            return None;
        }
        let (steps, n_steps) = (blocks.clone().step_by(X::BLOCKS), blocks.len() / X::BLOCKS);
        // (Several blocks of less than a line of each row would ask for more than there is.)
        let fill_lines = X::BLOCKS * size_of::<V>() >= size_of::<CacheLine>() || n_steps == 1;
        let places = (0..counts.samples)
            .flat_map(|sample| steps.clone().map(move |block| BlockPlace { sample, block }));
        let parts = places.flat_map(|place| (0..n_parts).map(move |part| (place, part)));
        for (place, part) in parts {
            if place.block == blocks.start && part == 0 {
                let next_sample = BlockPlace { sample: place.sample + 1, ..place };
                rows.ask_from(schedule, next_sample, if fill_lines { n_steps } else { 0 });
            }
            // Samples of shared functions are kept, those of all parts.
            let start_of = |slot: Slot| {
                if shared.contains(slot) { start + transform.part_start(part) } else { 0 }
            };
            let mut rings_start = 0;
            for (i, (input, samples)) in inputs.iter().zip(&mut *samples).enumerate() {
                let slot = input.field.slot;
                let rings = rings.get_mut(rings_start..)?;
                rings_start += rings_stride;
                if shared.contains(slot) && (*is_prepared || place.block > 0) {
                    continue;
                }
                let lmax = degrees[slot as usize];
                // (The rows of a shared function are those of the first block, which has just come.)
                let x = if part == 0 { Some(rows.input(i, place, (X::BLOCKS, n_lm(lmax)))?) } else { None };
                let Samples { values, gradient: [first, second] } = samples;
                let at = start_of(slot);
                let values = if input.values { Some(cast_mut(values.get_mut(at..)?)) } else { None };
                let gradient = if input.gradient {
                    Some([cast_mut(first.get_mut(at..)?), cast_mut(second.get_mut(at..)?)])
                } else {
                    None
                };
                transform.synthesise(s, part, lmax, x, rings, values, gradient)?;
            }
            for (i, target) in schedule.targets().iter().enumerate() {
                let rings = rings.get_mut(rings_start..)?;
                rings_start += rings_stride;
                let at = |input: usize| Some(start_of(inputs.get(input)?.field.slot));
                // Samples of shared functions are kept for the next block.
                let is_own =
                    |term: &Term| inputs.get(term.first).is_some_and(|f| !shared.contains(f.field.slot));
                let in_place = target.in_place().filter(is_own);
                for (n, term) in target.terms().iter().enumerate() {
                    let (at_f, at_g) = (at(term.first)?, at(term.second)?);
                    if term.bracket {
                        let (f, g) = (samples.get(term.first)?, samples.get(term.second)?);
                        let ([f0, f1], [g0, g1]) = (&f.gradient, &g.gradient);
                        let f = [cast(f0.get(at_f..)?), cast(f1.get(at_f..)?)];
                        let g = [cast(g0.get(at_g..)?), cast(g1.get(at_g..)?)];
                        transform.bracket(s, part, f, g, product, n > 0)?;
                    } else {
                        // In place there is one array less in the nearest cache, which does not hold much more. (One call for
                        // either way: what an engine makes of it is long.)
                        let (f, g, out) = if in_place.is_some() {
                            let [f, g] = samples.get_disjoint_mut([term.first, term.second]).ok()?;
                            (None, &*g.values, cast_mut(f.values))
                        } else {
                            let (f, g) = (samples.get(term.first)?, samples.get(term.second)?);
                            (Some(cast(f.values.get(at_f..)?)), &*g.values, &mut *product)
                        };
                        transform.multiply(s, part, f, cast(g.get(at_g..)?), out, n > 0)?;
                    }
                }
                let product = match in_place {
                    Some(term) => cast_mut(samples.get_mut(term.first)?.values),
                    None => &mut *product,
                };
                let lmax = degrees[target.field.slot as usize];
                let is_last = part + 1 == n_parts;
                let x = if is_last {
                    Some(rows.target((i, target.field), place, (X::BLOCKS, n_lm(lmax)))?)
                } else {
                    None
                };
                transform.analyse(s, part, lmax, product, rings, x)?;
            }
        }
        Some(())
    }
}
