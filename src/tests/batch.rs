//! Batches: tails, alignment, threads, broken samples. Lanes are independent, so everything here is bit for bit.

use std::vec::Vec;

use super::oracle::array_index;
use super::support::{Random, dirty_lines, execute, levels};
use super::tolerance::Roundoff;
use crate::lanes::NEAR;
use crate::{Broadcast, Engine, Layout, Plan, PlanDesc, Tangents, Weights, n_lm};

pub(super) const LAYOUTS: [Layout; 3] = [Layout::LmChannel, Layout::ChannelLm, Layout::E3nnBlocks];

/// Plans of every engine on every level.
fn descriptions() -> impl Iterator<Item = PlanDesc> {
    let engines = [
        (Engine::Direct, [2, 1, 3]),
        (Engine::Direct, [3, 3, 3]),
        (Engine::Grid, [4, 3, 5]),
        (Engine::Grid, [5, 5, 5]),
        (Engine::Grid, [7, 7, 7]),
        (Engine::Grid, [8, 8, 8]),
        (Engine::Grid, [6, 12, 6]),
        (Engine::Fourier, [4, 3, 5]),
    ];
    levels().into_iter().flat_map(move |isa| {
        engines.into_iter().map(move |(engine, [l1, l2, l3])| {
            let mut desc = PlanDesc::product(l1, l2, l3);
            (desc.engine, desc.isa) = (engine, Some(isa));
            desc
        })
    })
}

/// Numbers of lanes around the vector widths (1 to 16 lanes): 0, 1, W − 1, W, W + 1, 2 W ± 1, 3 W.
const SIZES: [usize; 18] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 35];

/// Every (sample, channel) of a batch has the bits that it has alone.
fn split_does_not_matter<T: Roundoff>() {
    for mut desc in descriptions() {
        for layout in LAYOUTS {
            for size in SIZES {
                for (n_samples, n_channels) in [(size, 1), (1, size), (size, 3), (3, size)] {
                    (desc.layout, desc.n_channels) = (layout, n_channels);
                    let lengths = desc.lengths(n_samples).unwrap();
                    let mut random = Random(size as u64);
                    let (x1, x2) = (random.values::<T>(lengths.x1), random.values::<T>(lengths.x2));
                    let out = execute(&desc, n_samples, &x1, &x2, &Weights::default());
                    let single = PlanDesc { n_channels: 1, ..desc };
                    for (sample, channel) in (0..n_samples).flat_map(|s| (0..n_channels).map(move |c| (s, c)))
                    {
                        let pick = |array: &[T], lmax: usize| -> Vec<T> {
                            let of_degree = |l: usize| (0..=2 * l).map(move |i| (sample, channel, l, i));
                            let indices = (0..=lmax).flat_map(of_degree);
                            indices.map(|at| array[array_index(layout, lmax, n_channels, at)]).collect()
                        };
                        let (a, b) = (pick(&x1, desc.lmax1), pick(&x2, desc.lmax2));
                        let alone = execute(&single, 1, &a, &b, &Weights::default());
                        assert!(alone == pick(&out, desc.lmax3), "{desc:?} {n_samples} samples");
                    }
                }
            }
        }
    }
}

#[test]
fn split_does_not_matter_f32() {
    split_does_not_matter::<f32>();
}

#[test]
fn split_does_not_matter_f64() {
    split_does_not_matter::<f64>();
}

/// Arrays beyond near caches, where memory is asked for and buffers take fewer blocks, give the bits that samples have alone.
fn size_does_not_matter<T: Roundoff>() {
    for isa in levels() {
        let products =
            [[2, 2, 2], [3, 3, 3], [5, 5, 5], [5, 6, 6]].map(|[l1, l2, l3]| PlanDesc::product(l1, l2, l3));
        for desc in products.into_iter().chain([PlanDesc::product_and_bracket(2, 2, 2)]) {
            let cases = [
                (5, Broadcast::None),
                (16, Broadcast::None),
                (20, Broadcast::None),
                (40, Broadcast::None),
                (80, Broadcast::None),
                (83, Broadcast::Samples),
                (81, Broadcast::Channels),
                // From degree 3 on more than one call of a kernel for each sample.
                (1504, Broadcast::None),
            ];
            for (layout, (n_channels, broadcast2)) in
                LAYOUTS.into_iter().flat_map(|layout| cases.map(|case| (layout, case)))
            {
                let desc = PlanDesc { isa: Some(isa), n_channels, broadcast2, layout, ..desc };
                let one = desc.lengths(1).unwrap();
                let n_samples = NEAR / (size_of::<T>() * one.out) + 1;
                let lengths = desc.lengths(n_samples).unwrap();
                let mut random = Random(7);
                let (x1, x2) = (random.values::<T>(lengths.x1), random.values::<T>(lengths.x2));
                let out = product_and_change(&desc, n_samples, &x1, &x2);
                let second = if broadcast2 == Broadcast::Samples { 0 } else { one.x2 };
                for sample in 0..n_samples {
                    let (x1, x2) = (&x1[sample * one.x1..][..one.x1], &x2[sample * second..][..one.x2]);
                    let alone = product_and_change(&desc, 1, x1, x2);
                    for (alone, out) in alone.iter().zip(&out) {
                        let out = &out[sample * one.out..][..one.out];
                        assert!(alone == out, "{desc:?}: sample {sample} of {n_samples}");
                    }
                }
            }
        }
    }
}

/// What a plan makes of two operands, and how it changes along themselves: a sum, of which the second term is added.
fn product_and_change<T: Roundoff>(desc: &PlanDesc, n_samples: usize, x1: &[T], x2: &[T]) -> [Vec<T>; 2] {
    let weights = Weights::default();
    let out = execute(desc, n_samples, x1, x2, &weights);
    let mut tables = dirty_lines(desc.memory::<T>().unwrap().tables);
    let plan = Plan::new(desc, &mut tables).unwrap();
    let mut workspace = dirty_lines(plan.workspace_len());
    let tangents = Tangents { x1: Some(x1), x2: Some(x2), ..Tangents::default() };
    let mut change = out.clone();
    plan.jvp(n_samples, x1, x2, &weights, &tangents, false, &mut change, &mut workspace).unwrap();
    [out, change]
}

#[test]
fn size_does_not_matter_f32() {
    size_does_not_matter::<f32>();
}

#[test]
fn size_does_not_matter_f64() {
    size_does_not_matter::<f64>();
}

#[test]
fn alignment_of_user_arrays_does_not_matter() {
    for mut desc in descriptions() {
        for layout in LAYOUTS {
            (desc.layout, desc.n_channels) = (layout, 16);
            let lengths = desc.lengths(3).unwrap();
            let mut random = Random(5);
            let (x1, x2) = (random.values::<f32>(lengths.x1), random.values::<f32>(lengths.x2));
            let expected = execute(&desc, 3, &x1, &x2, &Weights::default());
            let mut tables = dirty_lines(desc.memory::<f32>().unwrap().tables);
            let plan = Plan::new(&desc, &mut tables).unwrap();
            let mut workspace = dirty_lines(plan.workspace_len());
            for shift in 1..4 {
                let shifted = |x: &[f32]| [&random_prefix(shift), x].concat();
                let (x1, x2) = (shifted(&x1), shifted(&x2));
                let mut out = std::vec![f32::NAN; lengths.out + shift];
                let (a, b) = (&x1[shift..], &x2[shift..]);
                plan.execute(3, a, b, &Weights::default(), &mut out[shift..], &mut workspace).unwrap();
                assert!(out[shift..] == expected, "{desc:?} shifted by {shift} elements");
            }
        }
    }
}

fn random_prefix(n: usize) -> Vec<f32> {
    Random(99).values(n)
}

#[test]
fn threads_sharing_a_plan_get_the_serial_bits() {
    for mut desc in descriptions() {
        desc.n_channels = 5;
        let n_samples = 64;
        let lengths = desc.lengths(n_samples).unwrap();
        let mut random = Random(6);
        let (x1, x2) = (random.values::<f64>(lengths.x1), random.values::<f64>(lengths.x2));
        let expected = execute(&desc, n_samples, &x1, &x2, &Weights::default());
        let mut tables = dirty_lines(desc.memory::<f64>().unwrap().tables);
        let plan = Plan::new(&desc, &mut tables).unwrap();
        let mut out = std::vec![f64::NAN; lengths.out];
        // Uneven shares: 4 threads with 11 samples, the last with the rest.
        let share = |len: usize| 11 * len / n_samples;
        std::thread::scope(|scope| {
            let operands = x1.chunks(share(lengths.x1)).zip(x2.chunks(share(lengths.x2)));
            for ((a, b), out) in operands.zip(out.chunks_mut(share(lengths.out))) {
                let plan = &plan;
                scope.spawn(move || {
                    let mut workspace = dirty_lines(plan.workspace_len());
                    let n = a.len() / (n_lm(desc.lmax1) * desc.n_channels);
                    plan.execute(n, a, b, &Weights::default(), out, &mut workspace).unwrap();
                });
            }
        });
        assert!(out == expected, "{desc:?}");
    }
}

#[test]
fn a_broken_sample_stays_alone() {
    for mut desc in descriptions() {
        for layout in LAYOUTS {
            (desc.layout, desc.n_channels) = (layout, 3);
            let n_samples = 9;
            let lengths = desc.lengths(n_samples).unwrap();
            let mut random = Random(7);
            let (mut x1, x2) = (random.values::<f64>(lengths.x1), random.values::<f64>(lengths.x2));
            let clean = execute(&desc, n_samples, &x1, &x2, &Weights::default());
            let (sample, channel) = (4, 1);
            for (l, value) in [(0, f64::NAN), (1, f64::INFINITY)] {
                x1[array_index(layout, desc.lmax1, 3, (sample, channel, l, 0))] = value;
            }
            let out = execute(&desc, n_samples, &x1, &x2, &Weights::default());
            for (s, c) in (0..n_samples).flat_map(|s| (0..3).map(move |c| (s, c))) {
                for (l, i) in (0..=desc.lmax3).flat_map(|l| (0..=2 * l).map(move |i| (l, i))) {
                    let index = array_index(layout, desc.lmax3, 3, (s, c, l, i));
                    if (s, c) == (sample, channel) {
                        assert!(
                            out[index].is_nan() || out[index].is_infinite() || l > 0,
                            "{desc:?} hides the NaN"
                        );
                    } else {
                        assert!(
                            out[index] == clean[index],
                            "{desc:?}: ({s}, {c}) is touched by another sample"
                        );
                    }
                }
            }
        }
    }
}
