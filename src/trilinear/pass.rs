//! The terms of some blocks through one transform: synthesise, combine pointwise, analyse.

use pulp::{Simd, WithSimd};

use super::schedule::{MAX_FIELDS, Schedule, Slot, SlotSet};
use crate::engine::{Sampled, Transform};
use crate::lanes::{LaneOps, Rows, RowsMut, cast, cast_mut};

/// What comes in and goes out, in lane vectors.
pub(super) struct Operands<'a, T, V> {
    pub(super) schedule: &'a Schedule,
    pub(super) degrees: [usize; 3],
    pub(super) blocks: usize,
    /// Of every input.
    pub(super) rows: [Option<Rows<'a, T, V>>; MAX_FIELDS],
    /// Of every target.
    pub(super) out: [Option<RowsMut<'a, T, V>>; MAX_FIELDS],
    /// Which functions are the same for all blocks; they are synthesised once. And whether their samples are there
    /// already, as the last call left them.
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
    pub(super) operands: &'a mut Operands<'b, T, V>,
    /// Rings of all inputs, then of all targets, at this distance: 0 if they can share the memory.
    pub(super) rings: &'a mut [V],
    pub(super) rings_stride: usize,
    /// Samples of a target.
    pub(super) product: &'a mut [V],
    /// Samples of the inputs.
    pub(super) samples: &'a mut [Samples<'b, V>; MAX_FIELDS],
}

impl<T: LaneOps, V: bytemuck::Pod, X: Transform<T>> WithSimd for Pass<'_, '_, T, V, X> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { transform, start, operands, rings, rings_stride, product, samples } = self;
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
                    transform.sum_degrees(s, lmax, sampled, (*rows)?.cast()?.block(block)?, rings)?;
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
                for (n, term) in target.terms().iter().enumerate() {
                    let (f, g) = (samples.get(term.first)?, samples.get(term.second)?);
                    let at_f = place(inputs.get(term.first)?.field.slot);
                    let at_g = place(inputs.get(term.second)?.field.slot);
                    if term.bracket {
                        let ([f0, f1], [g0, g1]) = (&f.gradient, &g.gradient);
                        let f = [cast(f0.get(at_f..)?), cast(f1.get(at_f..)?)];
                        let g = [cast(g0.get(at_g..)?), cast(g1.get(at_g..)?)];
                        transform.bracket(s, part, f, g, product, n > 0)?;
                    } else {
                        let (f, g) = (cast(f.values.get(at_f..)?), cast(g.values.get(at_g..)?));
                        transform.multiply(s, part, f, g, product, n > 0)?;
                    }
                }
                let lmax = degrees[target.field.slot as usize];
                transform.project_orders(s, part, lmax, product, rings)?;
                if part + 1 == n_parts {
                    let mut x = out.as_mut()?.reborrow().cast()?;
                    transform.project_degrees(s, lmax, rings, x.block(block)?)?;
                }
            }
        }
        Some(())
    }
}
