//! Functions and the results to expect, the same for every candidate of the same operation and degrees.

use std::ops::Range;

use gaunt::{Layout, n_lm};

use crate::config::{Config, Degrees};
use crate::model;
use crate::operation::Operation;
use crate::target::{Target, pairs};

/// Different vectors per function. The vectors of a batch repeat with these periods: no multiple of a vector length, and
/// coprime, so that a result in the wrong place shows, while the reference has few results to compute.
const N_VECTORS: [usize; 3] = [5, 7, 3];

/// An operation with what it is given and what it has to give.
pub(crate) struct Problem {
    pub(crate) operation: Operation,
    pub(crate) degrees: Degrees,
    /// The operands and the cotangent.
    functions: [Vec<Vec<f64>>; 3],
    expected: Vec<Expected>,
    /// The model bound: multiply-adds per product that an ideal implementation of the known algorithms needs.
    pub(crate) bound: usize,
}

/// The results for every pair of the functions that they are computed from.
struct Expected {
    target: Target,
    vectors: Vec<Vec<f64>>,
    /// Of [`Target::scale`].
    scales: Vec<f64>,
}

impl Problem {
    pub(crate) fn new(operation: Operation, degrees: Degrees) -> Self {
        let functions = [0, 1, 2].map(|slot| vectors(degrees.0[slot], N_VECTORS[slot], slot as u64 + 1));
        let mut expected = Vec::new();
        let mut sparse = 0;
        for &target in operation.targets() {
            let [f, g] = target.others().map(|slot| &functions[slot]);
            let (vectors, n_terms) = target.evaluate(degrees, f, g);
            let scales = pairs(f, g).map(|(f, g)| target.scale(degrees, f, g)).collect();
            expected.push(Expected { target, vectors, scales });
            sparse += n_terms;
        }
        let bound = sparse.min(model::grid_folded(degrees, operation.targets()));
        Self { operation, degrees, functions, expected, bound }
    }

    /// A function of a configuration, element by element through `set`.
    pub(crate) fn fill(&self, config: &Config, slot: usize, mut set: impl FnMut(usize, f64)) {
        let sharing = config.sharing(slot);
        let (stored, lmax) = (config.batch.channels / sharing, self.degrees.0[slot]);
        for vector in 0..config.batch.products() / sharing {
            let values = &self.functions[slot][vector % N_VECTORS[slot]];
            let start = vector / stored * stored * n_lm(lmax);
            for_each_position(config.layout, lmax, stored, vector % stored, |lm, position| {
                set(start + position, values[lm]);
            });
        }
    }

    /// The largest error of all results of a configuration, relative to what rounding explains for a unit roundoff of 1.
    /// NaN if one is. `result` gives the elements of the arrays that are written, by function.
    pub(crate) fn error(&self, config: &Config, result: impl Fn(usize, usize) -> f64) -> f64 {
        let mut worst = 0.0_f64;
        for (i, expected) in self.expected.iter().enumerate() {
            let slot = expected.target.slot;
            let sharing = config.sharing(slot);
            let (stored, lmax) = (config.batch.channels / sharing, self.degrees.0[slot]);
            let parts = |all: &[Expected]| all.iter().filter(|other| other.target.slot == slot).count();
            let (part, n_parts) = (parts(&self.expected[..i]), parts(&self.expected));
            // A sum has a rounding more per addition.
            let roundings = (expected.target.roundings(self.degrees) + sharing - 1) as f64;
            for vector in 0..config.batch.products() / sharing {
                let (values, scale) = expected.sum(config, vector * sharing..(vector + 1) * sharing);
                let start = (vector / stored * n_parts + part) * stored * n_lm(lmax);
                for_each_position(config.layout, lmax, stored, vector % stored, |lm, position| {
                    let error = (result(slot, start + position) - values[lm]).abs() / (roundings * scale);
                    if error.is_nan() || error > worst {
                        worst = error;
                    }
                });
                if worst.is_nan() {
                    return worst; // comparisons would forget it
                }
            }
        }
        worst
    }
}

impl Expected {
    /// The sum of the results of some products, and of their scales: the gradient of what these share.
    fn sum(&self, config: &Config, products: Range<usize>) -> (Vec<f64>, f64) {
        let [first, second] = self.target.others();
        let (mut values, mut scale) = (vec![0.0; self.vectors[0].len()], 0.0);
        for product in products {
            let index = |slot| product / config.sharing(slot) % N_VECTORS[slot];
            let pair = index(first) * N_VECTORS[second] + index(second);
            values.iter_mut().zip(&self.vectors[pair]).for_each(|(sum, value)| *sum += value);
            scale += self.scales[pair];
        }
        (values, scale)
    }
}

/// Random vectors of coefficients to degree `lmax`, exact in `f32`.
pub(crate) fn vectors(lmax: usize, count: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut state = seed;
    // SplitMix64 (Steele, Lea & Flood, 2014).
    let mut uniform = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 41) as f64 / f64::from(1 << 22) - 1.0
    };
    (0..count).map(|_| (0..n_lm(lmax)).map(|_| uniform()).collect()).collect()
}

/// Calls with the flat index of every coefficient and its place in a sample.
fn for_each_position(
    layout: Layout,
    lmax: usize,
    channels: usize,
    channel: usize,
    mut call: impl FnMut(usize, usize),
) {
    for l in 0..=lmax {
        for i in 0..=2 * l {
            let lm = l * l + i;
            let position = match layout {
                Layout::LmChannel => lm * channels + channel,
                Layout::ChannelLm => channel * n_lm(lmax) + lm,
                Layout::E3nnBlocks => channels * l * l + channel * (2 * l + 1) + i,
            };
            call(lm, position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Batch, Dtype, Named};
    use gaunt::Broadcast;

    /// Every element of an array is set once, and results are looked for where layouts put them.
    #[test]
    fn layouts_cover_their_arrays() {
        for &(name, operation) in Operation::CHOICES {
            let problem = Problem::new(operation, Degrees([2, 1, 3]));
            for layout in [Layout::LmChannel, Layout::ChannelLm, Layout::E3nnBlocks] {
                for broadcast in [Broadcast::None, Broadcast::Channels] {
                    let config = Config {
                        operation,
                        degrees: problem.degrees,
                        batch: Batch { samples: 3, channels: 5 },
                        broadcast,
                        engine: gaunt::Engine::Auto,
                        isa: gaunt::Isa::Scalar,
                        dtype: Dtype::F64,
                        layout,
                    };
                    let [read, written] = config.read_and_written().unwrap();
                    for (slot, len) in read.into_iter().enumerate().filter(|(_, len)| *len > 0) {
                        let mut count = vec![0; len];
                        problem.fill(&config, slot, |i, _| count[i] += 1);
                        assert!(count.iter().all(|n| *n == 1), "{name} {layout:?} {broadcast:?}: {count:?}");
                    }
                    let seen = std::cell::RefCell::new(written.map(|len| vec![0; len]));
                    problem.error(&config, |slot, i| {
                        seen.borrow_mut()[slot][i] += 1;
                        0.0
                    });
                    let seen = seen.into_inner();
                    assert!(seen.iter().flatten().all(|n| *n == 1), "{name} {layout:?} {broadcast:?}");
                    let nan = |slot, i| if i + 1 == written[slot] { f64::NAN } else { 0.0 };
                    assert!(problem.error(&config, nan).is_nan());
                }
            }
        }
    }

    #[test]
    fn operands_are_exact_in_single_precision() {
        #[allow(clippy::cast_possible_truncation)]
        let is_exact = |x: &f64| f64::from(*x as f32).to_bits() == x.to_bits();
        assert!(vectors(6, 7, 1).iter().flatten().all(|x| is_exact(x) && x.abs() <= 1.0));
        assert_ne!(vectors(3, 1, 1), vectors(3, 1, 2));
    }
}
