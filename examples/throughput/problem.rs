//! Operands and the results to expect, the same for every candidate of the same degrees.

use gaunt::{Broadcast, Layout, n_lm};

use crate::config::{Config, Degrees};
use crate::operation::Operation;

/// Different vectors per operand. The vectors of a batch repeat with these periods: no multiple of a vector length, and
/// coprime, so that a product in the wrong place shows, while the reference has few products to compute.
const N_VECTORS: [usize; 2] = [5, 7];

/// An operation with operands and results.
pub(crate) struct Problem {
    pub(crate) operation: Operation,
    pub(crate) degrees: Degrees,
    operands: [Vec<Vec<f64>>; 2],
    /// `[first operand][second operand]`.
    outputs: Vec<Vec<f64>>,
    /// Of [`Operation::scale`], likewise.
    scales: Vec<f64>,
    /// See [`crate::operation::Results`].
    pub(crate) bound: usize,
}

impl Problem {
    pub(crate) fn new(operation: Operation, degrees: Degrees) -> Self {
        let [l1, l2, _] = degrees.0;
        let [x1, x2] = [vectors(l1, N_VECTORS[0], 1), vectors(l2, N_VECTORS[1], 2)];
        let results = operation.evaluate(degrees, &x1, &x2);
        let scale = |x1| x2.iter().map(move |x2: &Vec<f64>| operation.scale(degrees, x1, x2));
        let scales = x1.iter().flat_map(|x1| scale(x1)).collect();
        Self {
            operation,
            degrees,
            scales,
            outputs: results.outputs,
            bound: results.bound,
            operands: [x1, x2],
        }
    }

    /// The first or second operand of a configuration, element by element through `set`.
    pub(crate) fn fill(&self, config: &Config, operand: usize, mut set: impl FnMut(usize, f64)) {
        let channels = config.batch.channels;
        let stored = if operand == 1 && config.broadcast == Broadcast::Channels { 1 } else { channels };
        let lmax = self.degrees.0[operand];
        for product in 0..config.batch.samples * stored {
            let vector = &self.operands[operand][product % N_VECTORS[operand]];
            let start = product / stored * stored * n_lm(lmax);
            for_each_position(config.layout, lmax, stored, product % stored, |lm, position| {
                set(start + position, vector[lm]);
            });
        }
    }

    /// The largest error of all outputs of a configuration, relative to their scale. NaN if one is.
    pub(crate) fn error(&self, config: &Config, out: impl Fn(usize) -> f64) -> f64 {
        let (channels, lmax) = (config.batch.channels, self.degrees.0[2]);
        let mut worst = 0.0_f64;
        for product in 0..config.batch.products() {
            let sample = product / channels;
            let second = if config.broadcast == Broadcast::Channels { sample } else { product };
            let pair = product % N_VECTORS[0] * N_VECTORS[1] + second % N_VECTORS[1];
            let (expected, scale) = (&self.outputs[pair], self.scales[pair]);
            let start = sample * channels * n_lm(lmax);
            for_each_position(config.layout, lmax, channels, product % channels, |lm, position| {
                let error = (out(start + position) - expected[lm]).abs() / scale;
                if error.is_nan() || error > worst {
                    worst = error;
                }
            });
            if worst.is_nan() {
                break; // comparisons would forget it
            }
        }
        worst
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
    use crate::config::{Batch, Dtype};

    /// Every element of an array is set once, and outputs are looked for where layouts put them.
    #[test]
    fn layouts_cover_their_arrays() {
        let problem = Problem::new(Operation::Product, Degrees([2, 1, 3]));
        for layout in [Layout::LmChannel, Layout::ChannelLm, Layout::E3nnBlocks] {
            for broadcast in [Broadcast::None, Broadcast::Channels] {
                let config = Config {
                    operation: Operation::Product,
                    degrees: problem.degrees,
                    batch: Batch { samples: 3, channels: 5 },
                    broadcast,
                    engine: gaunt::Engine::Auto,
                    isa: gaunt::Isa::Scalar,
                    dtype: Dtype::F64,
                    layout,
                };
                let lengths = config.desc().lengths(3).unwrap();
                for (operand, len) in [lengths.x1, lengths.x2].into_iter().enumerate() {
                    let mut count = vec![0; len];
                    problem.fill(&config, operand, |i, _| count[i] += 1);
                    assert!(count.iter().all(|n| *n == 1), "{layout:?} {broadcast:?}: {count:?}");
                }
                let seen = std::cell::RefCell::new(vec![0; lengths.out]);
                problem.error(&config, |i| {
                    seen.borrow_mut()[i] += 1;
                    0.0
                });
                assert!(seen.into_inner().iter().all(|n| *n == 1), "{layout:?} {broadcast:?}");
                let nan = problem.error(&config, |i| if i + 1 == lengths.out { f64::NAN } else { 0.0 });
                assert!(nan.is_nan());
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
