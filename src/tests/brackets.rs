//! The bracket, and product and bracket together: against the reference, and what symmetry and parity ask.

use std::vec;
use std::vec::Vec;

use super::oracle::gather;
use super::support::{Random, execute, levels, terms};
use super::tolerance::{Roundoff, Terms, bracket_roundings};
use crate::reference::{bracket_coefficient, gaunt_coefficient};
use crate::tables::gaunt::LMAX_DIRECT;
use crate::{Engine, Layout, Operation, Parts, PlanDesc, Weights, n_lm};

const ENGINES: [Engine; 3] = [Engine::Direct, Engine::Grid, Engine::Fourier];
const LAYOUTS: [Layout; 3] = [Layout::LmChannel, Layout::ChannelLm, Layout::E3nnBlocks];

/// Degrees around vector and tile boundaries, equal and unequal, in both orders, truncated and full.
const DEGREES: [[usize; 3]; 32] = [
    [0, 0, 0],
    [1, 0, 1],
    [0, 2, 1],
    [1, 1, 1],
    [1, 1, 2],
    [2, 1, 2],
    [1, 2, 3],
    [2, 2, 0],
    [2, 2, 1],
    [2, 2, 2],
    [2, 2, 3],
    [3, 1, 2],
    [1, 3, 4],
    [3, 2, 3],
    [3, 3, 3],
    [3, 3, 5],
    [4, 1, 4],
    [2, 4, 5],
    [4, 4, 4],
    [4, 4, 7],
    [4, 4, 8],
    [5, 3, 4],
    [5, 5, 5],
    [5, 5, 9],
    [6, 2, 6],
    [6, 6, 6],
    [7, 1, 8],
    [7, 7, 7],
    [8, 8, 8],
    [12, 3, 12],
    [12, 12, 12],
    [13, 12, 24],
];

fn serves(engine: Engine, [l1, l2, _]: [usize; 3]) -> bool {
    engine != Engine::Direct || l1.max(l2) <= LMAX_DIRECT
}

fn compare_with_reference<T: Roundoff>(engine: Engine) {
    for degrees @ [l1, l2, l3] in DEGREES.into_iter().filter(|degrees| serves(engine, *degrees)) {
        let terms = terms(bracket_coefficient, degrees);
        let sums = Terms::of_bracket(engine, degrees);
        let mut worst: f64 = 0.0;
        for (isa, layout) in levels().into_iter().flat_map(|isa| LAYOUTS.map(|layout| (isa, layout))) {
            for (n_samples, n_channels) in [(3, 5), (2, 16), (33, 1)] {
                if n_lm(l1) * n_lm(l2) > 2000 && n_channels != 5 {
                    continue; // large degrees: the first batch exercises what depends on the degree
                }
                let mut desc = PlanDesc::bracket(l1, l2, l3);
                (desc.n_channels, desc.layout, desc.engine, desc.isa) =
                    (n_channels, layout, engine, Some(isa));
                let mut random = Random(31);
                let lengths = desc.lengths(n_samples).unwrap();
                let (x1, x2) = (random.values::<T>(lengths.x1), random.values::<T>(lengths.x2));
                let out = execute(&desc, n_samples, &x1, &x2, &Weights::default());
                for at in (0..n_samples).flat_map(|s| (0..n_channels).map(move |c| (s, c))) {
                    let x1 = gather(&x1, layout, l1, n_channels, at);
                    let x2 = gather(&x2, layout, l2, n_channels, at);
                    let out = gather(&out, layout, l3, n_channels, at);
                    let mut expected = vec![0.0; n_lm(l3)];
                    terms.iter().for_each(|&(i, j, k, b)| expected[k] += b * x1[i] * x2[j]);
                    let unit = bracket_roundings(engine, degrees) as f64 * T::UNIT;
                    for (k, sum) in sums.sums(&x1, &x2).into_iter().enumerate() {
                        let (error, bound) = ((out[k] - expected[k]).abs(), unit * sum);
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
        std::println!("{degrees:?} {engine:?} {}: worst error / bound {worst:.3}", T::NAME);
    }
}

#[test]
fn every_engine_agrees_with_the_reference() {
    for engine in ENGINES {
        compare_with_reference::<f32>(engine);
        compare_with_reference::<f64>(engine);
    }
}

/// `{f, g} = −{g, f}` bit for bit, and `{f, f} = 0`.
#[test]
fn exactly_antisymmetric() {
    for (isa, engine) in levels().into_iter().flat_map(|isa| ENGINES.map(|engine| (isa, engine))) {
        for [l1, l2, l3] in DEGREES.into_iter().filter(|degrees| serves(engine, *degrees)) {
            let plan = |l1, l2| {
                let mut desc = PlanDesc::bracket(l1, l2, l3);
                (desc.engine, desc.isa, desc.n_channels) = (engine, Some(isa), 17);
                desc
            };
            let mut random = Random(32);
            let (x1, x2) = (random.values::<f64>(17 * n_lm(l1)), random.values::<f64>(17 * n_lm(l2)));
            let forth = execute(&plan(l1, l2), 1, &x1, &x2, &Weights::default());
            let back = execute(&plan(l2, l1), 1, &x2, &x1, &Weights::default());
            assert!(forth.iter().zip(&back).all(|(a, b)| *a == -*b), "{engine:?} {isa:?} {l1} {l2} {l3}");
            if l3 <= 2 * l1 {
                let nothing = execute(&plan(l1, l1), 1, &x1, &x1, &Weights::default());
                assert!(nothing.iter().all(|x| *x == 0.0), "{engine:?} {isa:?} {l1} {l3}");
            }
        }
    }
}

/// Product and bracket together, of operands with one or two parts, are the sums of products and brackets of the parts.
fn parts_add_up<T: Roundoff>(engine: Engine, degrees @ [l1, l2, l3]: [usize; 3]) {
    const CHANNELS: usize = 17;
    const SAMPLES: usize = 2;
    for (isa, layout) in levels().into_iter().flat_map(|isa| LAYOUTS.map(|layout| (isa, layout))) {
        for (parts1, parts2) in [
            (Parts::Natural, Parts::Natural),
            (Parts::Natural, Parts::Both),
            (Parts::Both, Parts::Natural),
            (Parts::Both, Parts::Both),
        ] {
            let mut desc = PlanDesc::product_and_bracket(l1, l2, l3);
            (desc.parts1, desc.parts2) = (parts1, parts2);
            (desc.engine, desc.isa, desc.layout, desc.n_channels) = (engine, Some(isa), layout, CHANNELS);
            let lengths = desc.lengths(SAMPLES).unwrap();
            let mut random = Random(33);
            let (x1, x2) = (random.values::<T>(lengths.x1), random.values::<T>(lengths.x2));
            let out = execute(&desc, SAMPLES, &x1, &x2, &Weights::default());
            assert_eq!(lengths.out, 2 * SAMPLES * CHANNELS * n_lm(l3));

            // The natural (0) or pseudo part of a sample and channel; missing ones are zero.
            let part = |x: &[T], lmax: usize, parts: Parts, part: usize, (sample, channel)| -> Vec<f64> {
                let len = CHANNELS * n_lm(lmax);
                let n_parts = if parts == Parts::Both { 2 } else { 1 };
                if part >= n_parts {
                    return vec![0.0; n_lm(lmax)];
                }
                let start = (n_parts * sample + part) * len;
                gather(&x[start..start + len], layout, lmax, CHANNELS, (0, channel))
            };
            let kinds = [terms(gaunt_coefficient, degrees), terms(bracket_coefficient, degrees)];
            let sums = [Terms::beside_bracket(engine, degrees), Terms::of_bracket(engine, degrees)];
            for at in (0..SAMPLES).flat_map(|s| (0..CHANNELS).map(move |c| (s, c))) {
                for part3 in 0..2 {
                    let (mut expected, mut bounds) = (vec![0.0; n_lm(l3)], vec![0.0; n_lm(l3)]);
                    for (part1, part2) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                        let (f, g) = (part(&x1, l1, parts1, part1, at), part(&x2, l2, parts2, part2, at));
                        let bracket = (part1 + part2 + part3) % 2;
                        kinds[bracket].iter().for_each(|&(i, j, k, c)| expected[k] += c * f[i] * g[j]);
                        // Three additions more.
                        let unit = (bracket_roundings(engine, degrees) + 3) as f64 * T::UNIT;
                        let sums = sums[bracket].sums(&f, &g);
                        bounds.iter_mut().zip(sums).for_each(|(bound, sum)| *bound += unit * sum);
                    }
                    let actual = part(&out, l3, Parts::Both, part3, at);
                    for k in 0..n_lm(l3) {
                        let error = (actual[k] - expected[k]).abs();
                        assert!(
                            error <= bounds[k],
                            "{desc:?} part {part3} at {at:?} [{k}]: {} instead of {}",
                            actual[k],
                            expected[k]
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn product_and_bracket_together() {
    for engine in ENGINES {
        for degrees in [[1, 1, 1], [2, 1, 3], [2, 3, 2], [5, 4, 6]].into_iter().filter(|d| serves(engine, *d))
        {
            parts_add_up::<f32>(engine, degrees);
            parts_add_up::<f64>(engine, degrees);
        }
    }
}

#[test]
fn parts_of_single_operations_are_refused() {
    for operation in [Operation::Product, Operation::Bracket] {
        let mut desc = PlanDesc::new(operation, 1, 1, 1);
        desc.parts2 = Parts::Both;
        assert_eq!(desc.validate(), Err(crate::Error::Unsupported));
    }
}
