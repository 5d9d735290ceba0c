//! Every engine × ISA level × element type × layout against the reference.

use std::vec;
use std::vec::Vec;

use super::support::{Random, execute, levels, terms};
use super::tolerance::{Roundoff, Terms, roundings};
use crate::tables::gaunt::LMAX_DIRECT;
use crate::{Engine, Layout, PlanDesc, Weights, n_lm, reference};

/// Index of `(sample, channel, l, m)` in an array: written here anew, the library's own addressing is under test.
pub(super) fn array_index(
    layout: Layout,
    lmax: usize,
    channels: usize,
    at: (usize, usize, usize, usize),
) -> usize {
    let (sample, channel, l, i) = at; // i = l + m
    sample * channels * n_lm(lmax)
        + match layout {
            Layout::LmChannel => (l * l + i) * channels + channel,
            Layout::ChannelLm => channel * n_lm(lmax) + l * l + i,
            Layout::E3nnBlocks => channels * l * l + channel * (2 * l + 1) + i,
        }
}

/// The coefficients of one (sample, channel) in flat order.
pub(super) fn gather<T: Roundoff>(
    array: &[T],
    layout: Layout,
    lmax: usize,
    channels: usize,
    (sample, channel): (usize, usize),
) -> Vec<f64> {
    let coefficients = (0..=lmax).flat_map(|l| (0..=2 * l).map(move |i| (l, i)));
    coefficients
        .map(|(l, i)| array[array_index(layout, lmax, channels, (sample, channel, l, i))].to_f64())
        .collect()
}

/// Degrees around vector and tile boundaries, equal and unequal, truncated and full, up to the constant tables' limit
/// and just beyond.
const DEGREES: [[usize; 3]; 51] = [
    [0, 0, 0],
    [1, 0, 1],
    [0, 1, 0],
    [1, 1, 0],
    [1, 1, 1],
    [1, 1, 2],
    [2, 0, 2],
    [0, 2, 1],
    [2, 1, 2],
    [1, 2, 3],
    [2, 2, 0],
    [2, 2, 1],
    [2, 2, 2],
    [2, 2, 3],
    [2, 2, 4],
    [3, 0, 3],
    [3, 1, 2],
    [1, 3, 4],
    [3, 2, 3],
    [2, 3, 5],
    [3, 3, 1],
    [3, 3, 3],
    [3, 3, 4],
    [3, 3, 6],
    [4, 0, 0],
    [4, 0, 4],
    [0, 5, 3],
    [4, 1, 4],
    [4, 4, 0],
    [4, 4, 4],
    [4, 4, 8],
    [5, 3, 4],
    [5, 5, 5],
    [5, 5, 10],
    [6, 2, 6],
    [6, 6, 6],
    [6, 6, 12],
    [6, 12, 6],
    [7, 1, 8],
    [7, 7, 7],
    [8, 8, 8],
    [8, 8, 16],
    [9, 4, 11],
    [9, 9, 9],
    [10, 10, 10],
    [12, 3, 12],
    [12, 6, 6],
    [6, 13, 6],
    [12, 12, 12],
    [12, 12, 24],
    [13, 12, 25],
];

/// All degrees of the direct engine.
fn direct_degrees() -> impl Iterator<Item = [usize; 3]> {
    let operands = (0..=LMAX_DIRECT).flat_map(|l1| (0..=LMAX_DIRECT).map(move |l2| (l1, l2)));
    operands.flat_map(|(l1, l2)| (0..=l1 + l2).map(move |l3| [l1, l2, l3]))
}

/// Samples × channels: around the vector widths, and both in one batch.
const BATCHES: [(usize, usize); 7] = [(1, 1), (3, 5), (1, 17), (33, 1), (2, 16), (5, 7), (2, 35)];

/// Runs every case for one element type and prints the worst ratio of error to bound per engine and degrees.
fn compare_with_reference<T: Roundoff>(engine: Engine, degrees: impl Iterator<Item = [usize; 3]>) {
    for degrees @ [l1, l2, l3] in degrees {
        let terms = terms(reference::gaunt_coefficient, degrees);
        let sums = Terms::new(engine, degrees);
        let mut worst: f64 = 0.0;
        for isa in levels() {
            for (b, (n_samples, n_channels)) in BATCHES.into_iter().enumerate() {
                if n_lm(l1) * n_lm(l2) > 2000 && b > 1 {
                    continue; // large degrees: the first batches exercise what depends on the degree
                }
                for layout in [Layout::LmChannel, Layout::ChannelLm, Layout::E3nnBlocks] {
                    let mut desc = PlanDesc::product(l1, l2, l3);
                    (desc.n_channels, desc.layout, desc.engine, desc.isa) =
                        (n_channels, layout, engine, Some(isa));
                    let mut random = Random(17 + b as u64);
                    let lengths = desc.lengths(n_samples).unwrap();
                    let (x1, x2) = (random.values::<T>(lengths.x1), random.values::<T>(lengths.x2));
                    let out = execute(&desc, n_samples, &x1, &x2, &Weights::default());
                    for at in (0..n_samples).flat_map(|s| (0..n_channels).map(move |c| (s, c))) {
                        let x1 = gather(&x1, layout, l1, n_channels, at);
                        let x2 = gather(&x2, layout, l2, n_channels, at);
                        let out = gather(&out, layout, l3, n_channels, at);
                        let mut expected = vec![0.0; n_lm(l3)];
                        terms.iter().for_each(|&(i, j, k, g)| expected[k] += g * x1[i] * x2[j]);
                        let sums = sums.sums(&x1, &x2);
                        let unit = roundings(engine, degrees) as f64 * T::UNIT;
                        for k in 0..n_lm(l3) {
                            let (error, bound) = ((out[k] - expected[k]).abs(), unit * sums[k]);
                            assert!(
                                error <= bound,
                                "{degrees:?} {engine:?} {isa:?} {} {layout:?} {n_samples}×{n_channels} at {at:?}: \
                                 out[{k}] = {} instead of {}, error {error:.1e} > bound {bound:.1e}",
                                T::NAME,
                                out[k],
                                expected[k],
                            );
                            worst = worst.max(if error == 0.0 { 0.0 } else { error / bound });
                        }
                    }
                }
            }
        }
        std::println!("{degrees:?} {engine:?} {}: worst error / bound {worst:.3}", T::NAME);
    }
}

#[test]
fn every_engine_agrees_with_the_reference_f32() {
    compare_with_reference::<f32>(Engine::Direct, direct_degrees());
    compare_with_reference::<f32>(Engine::Grid, DEGREES.into_iter());
    compare_with_reference::<f32>(Engine::Fourier, DEGREES.into_iter());
}

#[test]
fn every_engine_agrees_with_the_reference_f64() {
    compare_with_reference::<f64>(Engine::Direct, direct_degrees());
    compare_with_reference::<f64>(Engine::Grid, DEGREES.into_iter());
    compare_with_reference::<f64>(Engine::Fourier, DEGREES.into_iter());
}
