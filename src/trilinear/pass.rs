//! The terms of some blocks through one transform: synthesise, combine pointwise, analyse.

use core::marker::PhantomData;

use pulp::{Simd, WithSimd};

use super::schedule::{MAX_FIELDS, Schedule, Slot, SlotSet, Term};
use crate::engine::{Sampled, Transform};
use crate::index::n_lm;
use crate::lanes::{LaneOps, cast, cast_mut};

/// What comes in and goes out, in lane vectors.
pub(super) struct Operands<'a, V> {
    pub(super) schedule: &'a Schedule,
    pub(super) degrees: [usize; 3],
    pub(super) blocks: usize,
    /// Coefficients of every input and of every target, block after block.
    pub(super) rows: [&'a [V]; MAX_FIELDS],
    pub(super) out: [&'a mut [V]; MAX_FIELDS],
    /// Which functions are the same for all blocks: they have the rows of one, and are synthesised once. And whether their
    /// samples are there already, as the last call left them.
    pub(super) shared: SlotSet,
    pub(super) is_prepared: bool,
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
    /// Where the samples of shared functions begin.
    pub(super) start: usize,
    pub(super) operands: &'a mut Operands<'b, V>,
    /// Rings of all inputs, then of all targets, at this distance: 0 if they can share the memory.
    pub(super) rings: &'a mut [V],
    pub(super) rings_stride: usize,
    /// Samples of a target, unless they [overwrite](super::schedule::Target::in_place) those of an input.
    pub(super) product: &'a mut [V],
    /// Samples of the inputs.
    pub(super) samples: &'a mut [Samples<'b, V>; MAX_FIELDS],
    pub(super) element: PhantomData<T>,
}

impl<T: LaneOps, V: bytemuck::Pod, X: Transform<T>> WithSimd for Pass<'_, '_, T, V, X> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { transform, start, operands, rings, rings_stride, product, samples, .. } = self;
        let Operands { schedule, degrees, blocks, rows, out, shared, is_prepared } = operands;
        let (rings, product) = (cast_mut(rings), cast_mut(product));
        let inputs = schedule.inputs();
        let n_parts = transform.n_parts();
        let parts = (0..*blocks).flat_map(|block| (0..n_parts).map(move |part| (block, part)));
        for (block, part) in parts {
            // Samples of shared functions are kept, those of all parts.
            let place = |slot: Slot| {
                if shared.contains(slot) { start + transform.part_start(part) } else { 0 }
            };
            let mut rings_start = 0;
            for ((input, rows), samples) in inputs.iter().zip(&*rows).zip(&mut *samples) {
                let slot = input.field.slot;
                let rings = rings.get_mut(rings_start..)?;
                rings_start += rings_stride;
                if shared.contains(slot) && (*is_prepared || block > 0) {
                    continue;
                }
                let lmax = degrees[slot as usize];
                if part == 0 {
                    let sampled = Sampled { values: input.values, gradient: input.gradient };
                    let block = if shared.contains(slot) { 0 } else { block };
                    let x = cast(rows).get(block * n_lm(lmax)..(block + 1) * n_lm(lmax))?;
                    transform.sum_degrees(s, lmax, sampled, x, rings)?;
                }
                let Samples { values, gradient: [first, second] } = samples;
                let at = place(slot);
                let values = if input.values { Some(cast_mut(values.get_mut(at..)?)) } else { None };
                let gradient = if input.gradient {
                    Some([cast_mut(first.get_mut(at..)?), cast_mut(second.get_mut(at..)?)])
                } else {
                    None
                };
                transform.sum_orders(s, part, lmax, rings, values, gradient)?;
            }
            for (target, out) in schedule.targets().iter().zip(&mut *out) {
                let rings = rings.get_mut(rings_start..)?;
                rings_start += rings_stride;
                let at = |input: usize| Some(place(inputs.get(input)?.field.slot));
                // Samples of shared functions are kept for the next block.
                let is_own =
                    |term: &Term| inputs.get(term.first).is_some_and(|f| !shared.contains(f.field.slot));
                let product = if let Some(Term { first, second, .. }) = target.in_place().filter(is_own) {
                    // One array less in the nearest cache, which does not hold much more.
                    let [f, g] = samples.get_disjoint_mut([first, second]).ok()?;
                    let (g, product) = (cast(g.values.get(at(second)?..)?), cast_mut(f.values));
                    transform.multiply(s, part, None, g, product, false)?;
                    product
                } else {
                    for (n, term) in target.terms().iter().enumerate() {
                        let (f, g) = (samples.get(term.first)?, samples.get(term.second)?);
                        let (at_f, at_g) = (at(term.first)?, at(term.second)?);
                        if term.bracket {
                            let ([f0, f1], [g0, g1]) = (&f.gradient, &g.gradient);
                            let f = [cast(f0.get(at_f..)?), cast(f1.get(at_f..)?)];
                            let g = [cast(g0.get(at_g..)?), cast(g1.get(at_g..)?)];
                            transform.bracket(s, part, f, g, product, n > 0)?;
                        } else {
                            let (f, g) = (cast(f.values.get(at_f..)?), cast(g.values.get(at_g..)?));
                            transform.multiply(s, part, Some(f), g, product, n > 0)?;
                        }
                    }
                    &mut *product
                };
                let lmax = degrees[target.field.slot as usize];
                transform.project_orders(s, part, lmax, product, rings)?;
                if part + 1 == n_parts {
                    let x = cast_mut(out).get_mut(block * n_lm(lmax)..(block + 1) * n_lm(lmax))?;
                    transform.project_degrees(s, lmax, rings, x)?;
                }
            }
        }
        Some(())
    }
}
