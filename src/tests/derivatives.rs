//! Derivatives: against the reference, the adjoint identity, finite differences; of energies and forces.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::support::{Random, dirty_lines, execute, levels, terms};
use super::tolerance::{Roundoff, Terms, derivative_roundings};
use crate::reference::{bracket_coefficient, gaunt_coefficient};
use crate::tables::gaunt::LMAX_DIRECT;
use crate::{
    Broadcast, CacheLine, Engine, Gradients, HarmonicsDesc, HarmonicsKind, Isa, Layout, Normalization,
    Operation, Parts, Plan, PlanDesc, Tangents, WeightKind, Weights, n_lm,
};

/// A plan in memory of its own.
struct Owned<T: 'static> {
    plan: Plan<'static, T>,
    workspace: Vec<CacheLine>,
}

impl<T: Roundoff> Owned<T> {
    fn new(desc: &PlanDesc) -> Self {
        let memory = desc.memory::<T>().unwrap();
        let tables = dirty_lines(memory.tables).leak();
        Self { plan: Plan::new(desc, tables).unwrap(), workspace: dirty_lines(memory.workspace) }
    }

    /// All gradients, of random or given contents before.
    fn vjp(
        &mut self,
        n_samples: usize,
        [x1, x2]: [&[T]; 2],
        weights: &[Vec<T>; 3],
        cotangent: &[T],
    ) -> [Vec<T>; 5] {
        let lengths = self.plan.desc().lengths(n_samples).unwrap();
        let lens = [lengths.x1, lengths.x2, lengths.weights1, lengths.weights2, lengths.weights3];
        let mut results = lens.map(|len| vec![T::from_f64(f64::NAN); len]);
        self.vjp_into(n_samples, [x1, x2], weights, cotangent, &mut results, false);
        results
    }

    fn vjp_into(
        &mut self,
        n_samples: usize,
        [x1, x2]: [&[T]; 2],
        weights: &[Vec<T>; 3],
        cotangent: &[T],
        results: &mut [Vec<T>; 5],
        accumulate: bool,
    ) {
        let [a, b, c, d, e] = results;
        let gradients =
            Gradients { x1: Some(a), x2: Some(b), weights1: Some(c), weights2: Some(d), weights3: Some(e) };
        let (plan, workspace) = (&self.plan, &mut self.workspace);
        plan.vjp(n_samples, x1, x2, &of(weights), cotangent, gradients, accumulate, workspace).unwrap();
    }

    fn jvp(
        &mut self,
        n_samples: usize,
        [x1, x2]: [&[T]; 2],
        weights: &[Vec<T>; 3],
        tangents: &Tangents<'_, T>,
    ) -> Vec<T> {
        let mut out = vec![T::from_f64(f64::NAN); self.plan.desc().lengths(n_samples).unwrap().out];
        let (plan, workspace) = (&self.plan, &mut self.workspace);
        plan.jvp(n_samples, x1, x2, &of(weights), tangents, false, &mut out, workspace).unwrap();
        out
    }
}

fn of<T>(weights: &[Vec<T>; 3]) -> Weights<'_, T> {
    let [weights1, weights2, weights3] = weights;
    Weights { weights1, weights2, weights3 }
}

fn to_f64<T: Roundoff>(x: &[T]) -> Vec<f64> {
    x.iter().map(|x| x.to_f64()).collect()
}

const ENGINES: [Engine; 3] = [Engine::Direct, Engine::Grid, Engine::Fourier];

/// The gradients of one sample and channel, coefficient by coefficient from the reference. `direct` takes the grid where the
/// output's degree is beyond its own.
fn gradients_agree<T: Roundoff>(engine: Engine, isa: Isa, bracket: bool, [l1, l2, l3]: [usize; 3]) {
    let mut desc = PlanDesc::new(if bracket { Operation::Bracket } else { Operation::Product }, l1, l2, l3);
    (desc.engine, desc.isa) = (engine, Some(isa));
    let mut random = Random(41);
    let (x1, x2, z) =
        (random.values::<T>(n_lm(l1)), random.values::<T>(n_lm(l2)), random.values::<T>(n_lm(l3)));
    let none = [vec![], vec![], vec![]];
    let [actual1, actual2, ..] = Owned::new(&desc).vjp(1, [&x1, &x2], &none, &z);
    let (x1, x2, z) = (to_f64(&x1), to_f64(&x2), to_f64(&z));
    let (mut expected1, mut expected2) = (vec![0.0; n_lm(l1)], vec![0.0; n_lm(l2)]);
    let coefficient = if bracket { bracket_coefficient } else { gaunt_coefficient };
    for (i, j, k, value) in terms(coefficient, [l1, l2, l3]) {
        expected1[i] += value * x2[j] * z[k];
        expected2[j] += value * x1[i] * z[k];
    }
    let vjp_engine = if engine == Engine::Direct && l3 > LMAX_DIRECT { Engine::Grid } else { engine };
    for (name, actual, expected, degrees, f, g) in
        [("x1", actual1, expected1, [l2, l3, l1], &x2, &z), ("x2", actual2, expected2, [l3, l1, l2], &z, &x1)]
    {
        // What cannot contribute is not read, and its gradient is zero. (Sums of more terms bound the others' too.)
        let sums =
            if bracket { Terms::of_bracket(vjp_engine, degrees) } else { Terms::new(vjp_engine, degrees) };
        let unit = derivative_roundings(vjp_engine, degrees) as f64 * T::UNIT;
        for (k, sum) in sums.sums(f, g).into_iter().enumerate() {
            let error = (actual[k].to_f64() - expected[k]).abs();
            assert!(
                error <= unit * sum,
                "gradient by {name}, {engine:?} {isa:?} {} bracket {bracket} {:?} [{k}]: {:?} instead of {}",
                T::NAME,
                [l1, l2, l3],
                actual[k],
                expected[k]
            );
        }
    }
}

#[test]
fn gradients_agree_with_the_reference() {
    for isa in levels() {
        for degrees @ [l1, l2, l3] in [
            [0, 0, 0],
            [1, 0, 1],
            [1, 1, 1],
            [1, 1, 2],
            [2, 1, 2],
            [1, 2, 3],
            [2, 2, 2],
            [2, 2, 4],
            [3, 1, 2],
            [3, 3, 1],
            [3, 3, 3],
            [4, 2, 4],
            [4, 4, 4],
            [4, 4, 8],
            [4, 1, 0],
            [5, 3, 4],
            [6, 6, 6],
            [7, 5, 12],
            [9, 2, 3],
            [13, 12, 12],
        ] {
            for engine in ENGINES {
                if engine == Engine::Direct && l1.max(l2) > LMAX_DIRECT || l3 > l1 + l2 {
                    continue;
                }
                for bracket in [false, true] {
                    gradients_agree::<f32>(engine, isa, bracket, degrees);
                    gradients_agree::<f64>(engine, isa, bracket, degrees);
                }
            }
        }
    }
}

/// Everything that a description can say.
fn any_description() -> impl Strategy<Value = (PlanDesc, usize, u64)> {
    let operation = (0..3_usize, 0..3_usize, 0..2_usize, 0..2_usize);
    let degrees = (0..=5_usize, 0..=5_usize, 0..=10_usize);
    let arrays = (0..3_usize, 0..4_usize, 0..4_usize, 0..3_usize);
    let weights = (0..3_usize, 0..3_usize, 0..3_usize);
    let batch = (0..=9_usize, 1..=19_usize, any::<u64>());
    (operation, degrees, arrays, weights, batch).prop_map(
        |(operation, (l1, l2, l3), arrays, weights, batch)| {
            const BROADCASTS: [Broadcast; 4] =
                [Broadcast::None, Broadcast::Channels, Broadcast::Samples, Broadcast::Both];
            const KINDS: [WeightKind; 3] = [WeightKind::None, WeightKind::Shared, WeightKind::PerChannel];
            let kinds = [Operation::Product, Operation::Bracket, Operation::ProductAndBracket];
            let mut desc = PlanDesc::new(kinds[operation.0], l1, l2, l3.min(l1 + l2));
            desc.engine = ENGINES[operation.1];
            if desc.engine == Engine::Direct && l1.max(l2) > LMAX_DIRECT {
                desc.engine = Engine::Auto;
            }
            if desc.operation == Operation::ProductAndBracket {
                (desc.parts1, desc.parts2) =
                    ([Parts::Natural, Parts::Both][operation.2], [Parts::Natural, Parts::Both][operation.3]);
            }
            desc.layout = [Layout::LmChannel, Layout::ChannelLm, Layout::E3nnBlocks][arrays.0];
            (desc.broadcast1, desc.broadcast2) = (BROADCASTS[arrays.1], BROADCASTS[arrays.2]);
            desc.normalization =
                [Normalization::Integral, Normalization::Component, Normalization::Norm][arrays.3];
            (desc.weights1, desc.weights2, desc.weights3) =
                (KINDS[weights.0], KINDS[weights.1], KINDS[weights.2]);
            desc.n_channels = batch.1;
            (desc, batch.0, batch.2)
        },
    )
}

/// Random arguments of a description, and as many directions.
struct Arguments {
    x: [Vec<f64>; 2],
    weights: [Vec<f64>; 3],
}

impl Arguments {
    fn random(desc: &PlanDesc, n_samples: usize, random: &mut Random) -> Self {
        let lengths = desc.lengths(n_samples).unwrap();
        Self {
            x: [lengths.x1, lengths.x2].map(|n| random.values(n)),
            weights: [lengths.weights1, lengths.weights2, lengths.weights3].map(|n| random.values(n)),
        }
    }

    fn x(&self) -> [&[f64]; 2] {
        [&self.x[0], &self.x[1]]
    }
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}

/// Roundings of these small cases in `f64`, some thousands, relative to the norms of all that is multiplied: generous, because
/// random directions show any wrong factor or place by ten decimal digits more.
const LOOSE: f64 = 1e-12;

/// The product of the norms of all arguments, or 1 where that is more.
fn size(desc: &PlanDesc, arguments: &Arguments) -> f64 {
    let factor = |x: &Vec<f64>| norm(x).max(1.0);
    let normalization = if desc.normalization == Normalization::Integral { 1.0 } else { 4.0 };
    // Derivatives in brackets multiply by degrees.
    let degrees = ((desc.lmax1 + 1) * (desc.lmax2 + 1)) as f64;
    normalization * degrees * arguments.x.iter().chain(&arguments.weights).map(factor).product::<f64>()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// `⟨v, J u⟩ = ⟨Jᵀ v, u⟩` for every argument by itself, whatever is broadcast, weighted, laid out; and `J u` is the
    /// difference quotient, exact for what is linear in each argument.
    #[test]
    fn adjoint_identity((desc, n_samples, seed) in any_description()) {
        let mut random = Random(seed);
        let arguments = Arguments::random(&desc, n_samples, &mut random);
        let directions = Arguments::random(&desc, n_samples, &mut random);
        let mut owned = Owned::<f64>::new(&desc);
        let v = random.values::<f64>(desc.lengths(n_samples).unwrap().out);
        let gradients = owned.vjp(n_samples, arguments.x(), &arguments.weights, &v);
        let (u, w) = (&directions.x, &directions.weights);
        for (i, gradient) in gradients.iter().enumerate() {
            let mut tangents = Tangents::default();
            let (argument, direction) = match i {
                0 => { tangents.x1 = Some(&u[0]); (&arguments.x[0], &u[0]) }
                1 => { tangents.x2 = Some(&u[1]); (&arguments.x[1], &u[1]) }
                2 => { tangents.weights1 = Some(&w[0]); (&arguments.weights[0], &w[0]) }
                3 => { tangents.weights2 = Some(&w[1]); (&arguments.weights[1], &w[1]) }
                _ => { tangents.weights3 = Some(&w[2]); (&arguments.weights[2], &w[2]) }
            };
            if direction.is_empty() {
                continue;
            }
            let tangent = owned.jvp(n_samples, arguments.x(), &arguments.weights, &tangents);
            let (left, right) = (dot(&v, &tangent), dot(gradient, direction));
            let scale = size(&desc, &arguments) * norm(&v) * norm(direction);
            prop_assert!((left - right).abs() <= LOOSE * scale, "{desc:?} argument {i}: {left} and {right}");

            let shifted = |step: f64| {
                let mut shifted = Arguments { x: arguments.x.clone(), weights: arguments.weights.clone() };
                let slot = if i < 2 { &mut shifted.x[i] } else { &mut shifted.weights[i - 2] };
                *slot = argument.iter().zip(direction).map(|(a, u)| a + step * u).collect();
                execute(&desc, n_samples, &shifted.x[0], &shifted.x[1], &of(&shifted.weights))
            };
            let (above, below) = (shifted(0.5), shifted(-0.5));
            let size = size(&desc, &arguments) * norm(direction).max(1.0);
            for (tangent, (above, below)) in tangent.iter().zip(above.iter().zip(&below)) {
                prop_assert!((tangent - (above - below)).abs() <= LOOSE * size, "{desc:?} argument {i}");
            }
        }
        // All tangents at once are their sum.
        let all = Tangents {
            x1: Some(&u[0]), x2: Some(&u[1]), weights1: Some(&w[0]), weights2: Some(&w[1]), weights3: Some(&w[2]),
        };
        let together = owned.jvp(n_samples, arguments.x(), &arguments.weights, &all);
        let left = dot(&v, &together);
        let arguments_directions = [&u[0], &u[1], &w[0], &w[1], &w[2]];
        let right: f64 = gradients.iter().zip(arguments_directions).map(|(g, u)| dot(g, u)).sum();
        let size = size(&desc, &arguments) * norm(&v) * arguments_directions.iter().map(|u| norm(u)).sum::<f64>();
        prop_assert!((left - right).abs() <= LOOSE * size, "{desc:?} together");
    }

    /// Gradients added up over parts of a batch have the bits of the whole batch, and add to what is there; any subset of
    /// them is the same numbers.
    #[test]
    fn batches_and_subsets((desc, n_samples, seed) in any_description()) {
        let mut random = Random(seed);
        let arguments = Arguments::random(&desc, n_samples, &mut random);
        let v = random.values::<f64>(desc.lengths(n_samples).unwrap().out);
        let mut owned = Owned::<f64>::new(&desc);
        let whole = owned.vjp(n_samples, arguments.x(), &arguments.weights, &v);

        // Sample by sample. Gradients of what is not shared belong to one sample; the others accumulate.
        let lengths = desc.lengths(1).unwrap();
        let per_sample = [lengths.x1, lengths.x2, 0, 0, 0];
        let mut sums = whole.clone().map(|x| vec![0.0; x.len()]);
        for sample in 0..n_samples {
            let of_sample = |x: &[f64], len: usize| -> Vec<f64> {
                if x.len() == n_samples * len { x[sample * len..(sample + 1) * len].to_vec() } else { x.to_vec() }
            };
            let (a, b) = (of_sample(&arguments.x[0], lengths.x1), of_sample(&arguments.x[1], lengths.x2));
            let is_own = |i: usize| i < 2 && whole[i].len() == n_samples * per_sample[i] && n_samples > 1;
            let mut results: [Vec<f64>; 5] = core::array::from_fn(|i| {
                if is_own(i) { vec![0.0; per_sample[i]] } else { sums[i].clone() }
            });
            let v = of_sample(&v, lengths.out);
            owned.vjp_into(1, [&a, &b], &arguments.weights, &v, &mut results, true);
            for (i, result) in results.into_iter().enumerate() {
                if is_own(i) {
                    sums[i][sample * per_sample[i]..(sample + 1) * per_sample[i]].copy_from_slice(&result);
                } else {
                    sums[i] = result;
                }
            }
        }
        for (i, (sum, whole)) in sums.iter().zip(&whole).enumerate() {
            prop_assert!(sum == whole, "{desc:?} {n_samples} samples, gradient {i}: bits depend on the split");
        }

        for (wanted, whole) in whole.iter().enumerate() {
            let mut result = vec![f64::NAN; whole.len()];
            let slot = Some(&mut result[..]);
            let gradients = match wanted {
                0 => Gradients { x1: slot, ..Gradients::default() },
                1 => Gradients { x2: slot, ..Gradients::default() },
                2 => Gradients { weights1: slot, ..Gradients::default() },
                3 => Gradients { weights2: slot, ..Gradients::default() },
                _ => Gradients { weights3: slot, ..Gradients::default() },
            };
            let [x1, x2] = arguments.x();
            let (plan, workspace) = (&owned.plan, &mut owned.workspace);
            plan.vjp(n_samples, x1, x2, &of(&arguments.weights), &v, gradients, false, workspace).unwrap();
            prop_assert!(result == *whole, "{desc:?} gradient {wanted} alone");
        }
    }
}

/// The documented derivatives of the vjp: with `L = ⟨u1, x̄1⟩ + ⟨u2, x̄2⟩`, the gradients of `L` are a jvp and two vjps.
#[test]
fn second_derivatives() {
    for operation in [Operation::Product, Operation::Bracket, Operation::ProductAndBracket] {
        for engine in ENGINES {
            let mut desc = PlanDesc::new(operation, 2, 2, 4);
            (desc.engine, desc.n_channels, desc.layout) = (engine, 5, Layout::ChannelLm);
            let n_samples = 2;
            let lengths = desc.lengths(n_samples).unwrap();
            let mut random = Random(43);
            let mut values = |n| random.values::<f64>(n);
            let (x1, x2, v) = (values(lengths.x1), values(lengths.x2), values(lengths.out));
            let (u1, u2) = (values(lengths.x1), values(lengths.x2));
            let none = [vec![], vec![], vec![]];
            let mut owned = Owned::<f64>::new(&desc);
            let mut number = |x1: &[f64], x2: &[f64], v: &[f64]| {
                let [g1, g2, ..] = owned.vjp(n_samples, [x1, x2], &none, v);
                dot(&u1, &g1) + dot(&u2, &g2)
            };
            let direction = [values(lengths.x1), values(lengths.x2), values(lengths.out)];
            let shift = |x: &[f64], u: &[f64], step: f64| -> Vec<f64> {
                x.iter().zip(u).map(|(x, u)| x + step * u).collect()
            };
            // L is linear in each of x1, x2, v: difference quotients are exact.
            let differences = [
                number(&shift(&x1, &direction[0], 0.5), &x2, &v)
                    - number(&shift(&x1, &direction[0], -0.5), &x2, &v),
                number(&x1, &shift(&x2, &direction[1], 0.5), &v)
                    - number(&x1, &shift(&x2, &direction[1], -0.5), &v),
                number(&x1, &x2, &shift(&v, &direction[2], 0.5))
                    - number(&x1, &x2, &shift(&v, &direction[2], -0.5)),
            ];
            let tangents = Tangents { x1: Some(&u1), x2: Some(&u2), ..Tangents::default() };
            let by_v = owned.jvp(n_samples, [&x1, &x2], &none, &tangents);
            let [_, by_x2, ..] = owned.vjp(n_samples, [&u1, &x2], &none, &v);
            let [by_x1, ..] = owned.vjp(n_samples, [&x1, &u2], &none, &v);
            for (i, (gradient, difference)) in [by_x1, by_x2, by_v].iter().zip(differences).enumerate() {
                let product = dot(gradient, &direction[i]);
                let size = norm(gradient) * norm(&direction[i]);
                assert!(
                    (product - difference).abs() <= LOOSE * size,
                    "{desc:?} {i}: {product} and {difference}"
                );
            }
        }
    }
}

/// An energy of three vectors: `E = ⟨(y1 · y2), {y2, y3}⟩`, from their solid harmonics.
fn energy_and_forces(r: &[f64; 9]) -> (f64, [f64; 9]) {
    const L: usize = 3;
    let mut harmonics = HarmonicsDesc::new(L);
    harmonics.kind = HarmonicsKind::Solid;
    let n = n_lm(L);
    let mut y = vec![0.0; 3 * n];
    let mut lines = dirty_lines(harmonics.workspace_len().unwrap());
    harmonics.values(3, r, &mut y, &mut lines).unwrap();
    let (y1, y2, y3) = (&y[..n], &y[n..2 * n], &y[2 * n..]);
    let (product, bracket) = (PlanDesc::product(L, L, L), PlanDesc::bracket(L, L, L));
    let (mut p, mut b) = (Owned::<f64>::new(&product), Owned::<f64>::new(&bracket));
    let z = execute(&product, 1, y1, y2, &Weights::default());
    let t = execute(&bracket, 1, y2, y3, &Weights::default());
    let none = [vec![], vec![], vec![]];
    let [g1, g2, ..] = p.vjp(1, [y1, y2], &none, &t);
    let [h2, h3, ..] = b.vjp(1, [y2, y3], &none, &z);
    let g2: Vec<f64> = g2.iter().zip(&h2).map(|(g, h)| g + h).collect();
    let gradient = [g1, g2, h3].concat();
    let mut forces = [0.0; 9];
    harmonics.vjp(3, r, &gradient, &mut forces, &mut lines).unwrap();
    (dot(&z, &t), forces)
}

/// Forces of an energy built from harmonics, products and brackets are its gradient, and have no curl.
#[test]
fn forces_are_gradients() {
    let mut random = Random(44);
    let r: [f64; 9] = core::array::from_fn(|_| 2.0 * random.value());
    let (energy, forces) = energy_and_forces(&r);
    assert!(energy.abs() > 1e-3, "chiral: {energy}");
    let step = 1e-5;
    let mut jacobian = [[0.0; 9]; 9];
    for i in 0..9 {
        let at = |step: f64| {
            let mut r = r;
            r[i] += step;
            energy_and_forces(&r)
        };
        let ((above, forces_above), (below, forces_below)) = (at(step), at(-step));
        let difference = (above - below) / (2.0 * step);
        // A polynomial of degree 12: the remainder is step² / 6 times a third derivative, and roundings over the step.
        let bound = 1e-7 * norm(&forces);
        assert!((difference - forces[i]).abs() <= bound, "{i}: {difference} and {}", forces[i]);
        for j in 0..9 {
            jacobian[j][i] = (forces_above[j] - forces_below[j]) / (2.0 * step);
        }
    }
    let size = jacobian.iter().flatten().map(|x| x * x).sum::<f64>().sqrt();
    for (i, j) in (0..9).flat_map(|i| (0..i).map(move |j| (i, j))) {
        assert!((jacobian[i][j] - jacobian[j][i]).abs() <= 1e-7 * size, "curl ({i}, {j})");
    }
}
