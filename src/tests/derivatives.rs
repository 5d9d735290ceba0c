//! Derivatives: against the reference, the adjoint identity, finite differences; of energies and forces.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::form::{Arguments, Expected, Form, contraction_bound};
use super::support::{Random, dirty_lines, execute, levels, terms};
use super::tolerance::{Roundoff, Terms, chiral_energy_errors, derivative_roundings};
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

/// The gradients of one sample and channel, coefficient by coefficient from the reference: the largest error relative to its
/// bound. `direct` takes the grid where the output's degree is beyond its own.
fn gradients_agree<T: Roundoff>(engine: Engine, isa: Isa, bracket: bool, [l1, l2, l3]: [usize; 3]) -> f64 {
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
    let mut worst: f64 = 0.0;
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
            worst = worst.max(if error == 0.0 { 0.0 } else { error / (unit * sum) });
        }
    }
    worst
}

#[test]
fn gradients_agree_with_the_reference() {
    // Of product and bracket, f32 and f64.
    let mut worst = [[[0.0_f64; 2]; 2]; 3];
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
            [5, 5, 5],
            [6, 6, 6],
            [6, 6, 12],
            [12, 6, 6],
            [6, 13, 6],
            [7, 7, 7],
            [8, 8, 8],
            [9, 9, 9],
            [7, 5, 12],
            [9, 2, 3],
            [13, 12, 12],
        ] {
            for (engine, worst) in ENGINES.into_iter().zip(&mut worst) {
                if engine == Engine::Direct && l1.max(l2) > LMAX_DIRECT || l3 > l1 + l2 {
                    continue;
                }
                for (bracket, worst) in [false, true].into_iter().zip(worst) {
                    worst[0] = worst[0].max(gradients_agree::<f32>(engine, isa, bracket, degrees));
                    worst[1] = worst[1].max(gradients_agree::<f64>(engine, isa, bracket, degrees));
                }
            }
        }
    }
    for (engine, [product, bracket]) in ENGINES.into_iter().zip(worst) {
        std::println!(
            "{engine:?}: worst error / bound of gradients, f32 and f64: product {product:.3?}, bracket {bracket:.3?}"
        );
    }
}

const BROADCASTS: [Broadcast; 4] =
    [Broadcast::None, Broadcast::Channels, Broadcast::Samples, Broadcast::Both];

/// Everything that a description can say.
fn any_description() -> impl Strategy<Value = (PlanDesc, usize, u64)> {
    let operation = (0..3_usize, 0..3_usize, 0..2_usize, 0..2_usize);
    let degrees = (0..=5_usize, 0..=5_usize, 0..=10_usize);
    let arrays = (0..3_usize, 0..4_usize, 0..4_usize, 0..3_usize);
    let weights = (0..3_usize, 0..3_usize, 0..3_usize);
    let batch = (0..=9_usize, 1..=19_usize, any::<u64>());
    (operation, degrees, arrays, weights, batch).prop_map(
        |(operation, (l1, l2, l3), arrays, weights, batch)| {
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

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// The sum of two arrays' absolute values.
fn sum_of_sizes(x: &[f64], y: &[f64]) -> Vec<f64> {
    x.iter().zip(y).map(|(x, y)| x.abs() + y.abs()).collect()
}

/// Gradients and directional derivatives are the reference's, for every argument by itself, whatever is broadcast, weighted,
/// laid out; they satisfy the adjoint identity `⟨v, J u⟩ = ⟨Jᵀ v, u⟩`; and `J u` is the difference quotient, exact for
/// what is linear in each argument.
fn derivatives_agree(desc: &PlanDesc, n_samples: usize, seed: u64) -> TestCaseResult {
    let mut random = Random(seed);
    let mut arguments = Arguments::random(desc, n_samples, &mut random);
    let mut directions = Arguments::random(desc, n_samples, &mut random);
    let form = Form::new(desc);
    let mut owned = Owned::<f64>::new(desc);
    let v = arguments.functions[2].clone();
    let gradients = owned.vjp(n_samples, arguments.operands(), &arguments.weights, &v);
    let expected = form.derivatives(n_samples, &arguments);
    let (mut sum, mut bound) = (0.0, 0.0);
    for (i, gradient) in gradients.iter().enumerate() {
        let direction = directions.differentiable(i).clone();
        if direction.is_empty() {
            continue;
        }
        for (k, (actual, expected)) in gradient.iter().zip(expected.differentiable(i)).enumerate() {
            prop_assert!(
                expected.covers(*actual),
                "{desc:?} gradient {i} [{k}]: {actual} instead of {}",
                expected.value
            );
        }

        let mut turned = arguments.clone();
        turned.differentiable(i).clone_from(&direction);
        let along = &form.derivatives(n_samples, &turned).functions[2];
        let tangent =
            owned.jvp(n_samples, arguments.operands(), &arguments.weights, &directions.tangents(Some(i)));
        for (k, (actual, expected)) in tangent.iter().zip(along).enumerate() {
            prop_assert!(
                expected.covers(*actual),
                "{desc:?} tangent {i} [{k}]: {actual} instead of {}",
                expected.value
            );
        }

        let (left, right) = (dot(&v, &tangent), dot(gradient, &direction));
        let both = contraction_bound(&v, along) + contraction_bound(&direction, expected.differentiable(i));
        prop_assert!((left - right).abs() <= both, "{desc:?} argument {i}: {left} and {right}");
        (sum, bound) = (sum + right, bound + both);

        let argument = arguments.differentiable(i).clone();
        let mut shifted = |step: f64| {
            let moved = argument.iter().zip(&direction).map(|(a, u)| a + step * u).collect();
            *arguments.differentiable(i) = moved;
            let [x1, x2] = arguments.operands();
            execute(desc, n_samples, x1, x2, &arguments.weights())
        };
        let (above, below) = (shifted(0.5), shifted(-0.5));
        // Bounds depend on absolute values, and grow with them.
        *arguments.differentiable(i) = sum_of_sizes(&argument, &direction);
        let shifted = &form.derivatives(n_samples, &arguments).functions[2];
        *arguments.differentiable(i) = argument;
        for (k, (above, below)) in above.iter().zip(&below).enumerate() {
            let error = (above - below - tangent[k]).abs();
            prop_assert!(
                error <= 2.0 * shifted[k].bound + along[k].bound,
                "{desc:?} argument {i} [{k}]: {error:.1e}"
            );
        }
    }
    // All tangents at once are their sum.
    let tangents = directions.tangents(None);
    let together = owned.jvp(n_samples, arguments.operands(), &arguments.weights, &tangents);
    let left = dot(&v, &together);
    prop_assert!((left - sum).abs() <= 2.0 * bound, "{desc:?} together: {left} and {sum}");
    Ok(())
}

/// Full vectors of channels in the layout that engines take in place, whatever is broadcast: what samples share is not computed
/// in place, though it lies as if it could be.
#[test]
fn derivatives_agree_in_place() {
    for (isa, engine) in levels().into_iter().flat_map(|isa| ENGINES.map(|engine| (isa, engine))) {
        for (operation, parts, [l1, l2, l3]) in [
            (Operation::Product, Parts::Natural, [2, 2, 2]),
            (Operation::Bracket, Parts::Natural, [2, 2, 2]),
            (Operation::ProductAndBracket, Parts::Natural, [2, 2, 2]),
            // The first operand's degree 4 contributes nothing.
            (Operation::ProductAndBracket, Parts::Both, [4, 1, 2]),
            (Operation::Product, Parts::Natural, [5, 5, 5]),
        ] {
            if engine == Engine::Direct && l1 > LMAX_DIRECT {
                continue;
            }
            for (broadcast1, broadcast2) in
                BROADCASTS.into_iter().flat_map(|b1| BROADCASTS.map(|b2| (b1, b2)))
            {
                let mut desc = PlanDesc::new(operation, l1, l2, l3);
                (desc.isa, desc.n_channels, desc.engine) = (Some(isa), 16, engine);
                (desc.parts1, desc.parts2) = (parts, parts);
                (desc.broadcast1, desc.broadcast2) = (broadcast1, broadcast2);
                derivatives_agree(&desc, 3, 47).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn derivatives_agree_for_any_description((desc, n_samples, seed) in any_description()) {
        derivatives_agree(&desc, n_samples, seed)?;
    }

    /// Gradients added up over parts of a batch have the bits of the whole batch, and add to what is there; any subset of
    /// them is the same numbers.
    #[test]
    fn batches_and_subsets((desc, n_samples, seed) in any_description()) {
        let mut random = Random(seed);
        let arguments = Arguments::random(&desc, n_samples, &mut random);
        let v = &arguments.functions[2];
        let mut owned = Owned::<f64>::new(&desc);
        let whole = owned.vjp(n_samples, arguments.operands(), &arguments.weights, v);

        // Sample by sample. Gradients of what is not shared belong to one sample; the others accumulate.
        let lengths = desc.lengths(1).unwrap();
        let per_sample = [lengths.x1, lengths.x2, 0, 0, 0];
        let mut sums = whole.clone().map(|x| vec![0.0; x.len()]);
        for sample in 0..n_samples {
            let of_sample = |x: &[f64], len: usize| -> Vec<f64> {
                if x.len() == n_samples * len { x[sample * len..(sample + 1) * len].to_vec() } else { x.to_vec() }
            };
            let [x1, x2] = arguments.operands();
            let (a, b) = (of_sample(x1, lengths.x1), of_sample(x2, lengths.x2));
            let is_own = |i: usize| i < 2 && whole[i].len() == n_samples * per_sample[i] && n_samples > 1;
            let mut results: [Vec<f64>; 5] = core::array::from_fn(|i| {
                if is_own(i) { vec![0.0; per_sample[i]] } else { sums[i].clone() }
            });
            let v = of_sample(v, lengths.out);
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
            let [x1, x2] = arguments.operands();
            let (plan, workspace) = (&owned.plan, &mut owned.workspace);
            plan.vjp(n_samples, x1, x2, &arguments.weights(), v, gradients, false, workspace).unwrap();
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
            let mut random = Random(43);
            let mut arguments = || Arguments::random(&desc, n_samples, &mut random).functions;
            let (at, u, direction) = (arguments(), arguments(), arguments());
            let form = Form::new(&desc);
            let none = [vec![], vec![], vec![]];
            let mut owned = Owned::<f64>::new(&desc);
            // Gradients, and the reference's.
            let mut gradients = |functions: &[Vec<f64>; 3]| {
                let [x1, x2, v] = functions;
                let [g1, g2, ..] = owned.vjp(n_samples, [x1, x2], &none, v);
                let arguments = Arguments { functions: functions.clone(), weights: none.clone() };
                ([g1, g2], form.derivatives(n_samples, &arguments).functions)
            };
            let bound_of_l = |expected: &[Vec<Expected>; 3]| {
                contraction_bound(&u[0], &expected[0]) + contraction_bound(&u[1], &expected[1])
            };
            let with = |i: usize, x: Vec<f64>| {
                let mut functions = at.clone();
                functions[i] = x;
                functions
            };
            let (by_x1, by_x2) = (gradients(&with(1, u[1].clone())), gradients(&with(0, u[0].clone())));
            let tangents = Tangents { x1: Some(&u[0]), x2: Some(&u[1]), ..Tangents::default() };
            let mut along = Owned::<f64>::new(&desc);
            let by_v = along.jvp(n_samples, [&at[0], &at[1]], &none, &tangents);
            // By v: the sum of the products of either operand's direction with the other operand.
            let of_v = [&by_x1.1[2], &by_x2.1[2]].map(|expected| contraction_bound(&direction[2], expected));
            let second = [
                (&by_x1.0[0], contraction_bound(&direction[0], &by_x1.1[0])),
                (&by_x2.0[1], contraction_bound(&direction[1], &by_x2.1[1])),
                (&by_v, 2.0 * (of_v[0] + of_v[1])),
            ];
            for (i, (gradient, bound)) in second.into_iter().enumerate() {
                // L is linear in each of x1, x2, v: difference quotients are exact.
                let mut number = |step: f64| {
                    let shifted = at[i].iter().zip(&direction[i]).map(|(x, u)| x + step * u).collect();
                    let ([g1, g2], expected) = gradients(&with(i, shifted));
                    (dot(&u[0], &g1) + dot(&u[1], &g2), bound_of_l(&expected))
                };
                let ((above, bound_above), (below, bound_below)) = (number(0.5), number(-0.5));
                let (product, difference) = (dot(gradient, &direction[i]), above - below);
                assert!(
                    (product - difference).abs() <= bound + bound_above + bound_below,
                    "{desc:?} {i}: {product} and {difference}"
                );
            }
        }
    }
}

/// Degree of the functions of [`energy_and_forces`].
const L: usize = 3;

/// An energy of three vectors: `E = ⟨(y1 · y2), {y2, y3}⟩`, from their solid harmonics.
fn energy_and_forces(r: &[f64; 9]) -> (f64, [f64; 9]) {
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

/// Forces of an energy built from harmonics, products and brackets are its gradient, and have no curl. Along a coordinate, energy
/// and forces are polynomials of degree `2 L = 6`, for which a difference over six points is exact: only roundings remain.
#[test]
fn forces_are_gradients() {
    const STEP: f64 = 0.25;
    const DIFFERENCE: [(f64, f64); 3] = [(1.0, 45.0), (2.0, -9.0), (3.0, 1.0)];
    let mut random = Random(44);
    let r: [f64; 9] = core::array::from_fn(|_| 2.0 * random.value());
    let (energy, forces) = energy_and_forces(&r);
    let mut jacobian = [[0.0; 9]; 9];
    // Of the differences: of the energy, and of any force.
    let (mut energy_bounds, mut force_bounds) = ([0.0; 9], [0.0; 9]);
    for i in 0..9 {
        let mut slope = 0.0;
        for (step, factor) in DIFFERENCE.into_iter().flat_map(|(k, c)| [(k * STEP, c), (-k * STEP, -c)]) {
            let mut r = r;
            r[i] += step;
            let (energy, forces) = energy_and_forces(&r);
            let weight = factor / (60.0 * STEP);
            slope += weight * energy;
            (0..9).for_each(|j| jacobian[j][i] += weight * forces[j]);
            let (energy_bound, force_bound) = chiral_energy_errors(L, &r);
            energy_bounds[i] += weight.abs() * energy_bound;
            force_bounds[i] += weight.abs() * force_bound;
        }
        let (energy_bound, force_bound) = chiral_energy_errors(L, &r);
        assert!(energy.abs() > 1e6 * energy_bound, "chiral: {energy}");
        let error = (slope - forces[i]).abs();
        let bound = energy_bounds[i] + force_bound;
        assert!(error <= bound, "{i}: error {error:.1e} > {bound:.1e} of {}", forces[i]);
    }
    for (i, j) in (0..9).flat_map(|i| (0..i).map(move |j| (i, j))) {
        let (curl, bound) = ((jacobian[i][j] - jacobian[j][i]).abs(), force_bounds[i] + force_bounds[j]);
        assert!(curl <= bound, "curl ({i}, {j}): {curl:.1e} > {bound:.1e}");
    }
}
