//! Rotation: against functions evaluated at rotated points, as a representation, and against its own parts of a batch.

use std::vec;
use std::vec::Vec;

use super::batch::LAYOUTS;
use super::oracle::array_index;
use super::support::{Random, dirty_lines, execute as multiply, levels};
use super::tolerance::{
    GridTerms, ROOT_ROUNDINGS, Roundoff, reference_harmonics_error, rotation_error, roundings,
};
use crate::tables::swap::{LMAX_SWAP, SwapTable, fill_swap_table, swap_table_len};
use crate::{
    Engine, Error, Isa, LMAX_INPUT, Layout, PlanDesc, RotationDesc, RotationForm, RotationPlan, Sense,
    Weights, flat_index, n_lm, reference,
};

const FORMS: [RotationForm; 3] = [RotationForm::Matrix, RotationForm::Quaternion, RotationForm::ToPole];

type Matrix = [[f64; 3]; 3];

/// The matrix of a quaternion `w, x, y, z` of any length.
fn matrix([w, x, y, z]: [f64; 4]) -> Matrix {
    let n = w * w + x * x + y * y + z * z;
    [
        [w * w + x * x - y * y - z * z, 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), w * w - x * x + y * y - z * z, 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ]
    .map(|row| row.map(|element| element / n))
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

/// `R⁻¹ r`.
fn turned_back(rotation: &Matrix, r: [f64; 3]) -> [f64; 3] {
    core::array::from_fn(|i| (0..3).map(|j| rotation[j][i] * r[j]).sum())
}

/// Unit quaternions, the last ones close to or at where Euler angles are not unique.
fn quaternions(random: &mut Random) -> Vec<[f64; 4]> {
    let mut quaternions: Vec<[f64; 4]> =
        (0..4).map(|_| [random.value(), random.value(), random.value(), random.value()]).collect();
    for small in [0.0, 1e-9, 1e-17, 1e-200] {
        quaternions.extend([
            [0.6, small, -small, 0.8],
            [small, 0.6, -0.8, 0.5 * small],
            [1.0, small, small, -small],
        ]);
    }
    quaternions
        .into_iter()
        .map(|q| {
            let norm = q.iter().map(|q| q * q).sum::<f64>().sqrt();
            q.map(|component| component / norm)
        })
        .collect()
}

/// The numbers that describe a rotation in an element type, and the matrix that they mean: for a direction it is another
/// rotation, which has the direction's inverse image of the pole.
fn described<T: Roundoff>(form: RotationForm, q: [f64; 4]) -> (Vec<T>, Matrix) {
    let round = |values: &[f64]| -> Vec<T> { values.iter().map(|value| T::from_f64(*value)).collect() };
    match form {
        RotationForm::Matrix => (round(matrix(q).as_flattened()), matrix(q)),
        RotationForm::Quaternion => {
            let numbers = round(&q);
            let rounded = core::array::from_fn(|i| numbers[i].to_f64());
            (numbers, matrix(rounded))
        }
        RotationForm::ToPole => {
            let numbers = round(&turned_back(&matrix(q), [0.0, 0.0, 5.0]));
            let [x, y, z] = core::array::from_fn(|i| numbers[i].to_f64());
            // Rodrigues: by the angle of the direction with the pole, about the axis that is normal to both.
            let (r, rho) = ((x * x + y * y + z * z).sqrt(), x.hypot(y));
            let (cos, sin) = (z / r, rho / r);
            let [a, b] = if rho > 0.0 { [y / rho, -x / rho] } else { [1.0, 0.0] };
            let rest = if cos > 0.0 { sin * sin / (1.0 + cos) } else { 1.0 - cos };
            let rotation = [
                [cos + rest * a * a, rest * a * b, sin * b],
                [rest * a * b, cos + rest * b * b, -sin * a],
                [-sin * b, sin * a, cos],
            ];
            (numbers, rotation)
        }
    }
}

/// Makes a plan in dirty memory and executes it once in a dirty workspace.
fn rotate<T: Roundoff>(
    desc: &RotationDesc,
    sense: Sense,
    n_samples: usize,
    rotations: &[T],
    x: &[T],
) -> Vec<T> {
    let memory = desc.memory::<T>().unwrap();
    let mut tables = dirty_lines(memory.tables);
    let plan = RotationPlan::new(desc, &mut tables).unwrap();
    let mut out = vec![T::from_f64(f64::NAN); x.len()];
    let mut workspace = dirty_lines(memory.workspace);
    plan.execute(sense, n_samples, rotations, x, &mut out, &mut workspace).unwrap();
    out
}

/// One sample and channel by a matrix.
fn rotated<T: Roundoff>(isa: Isa, lmax: usize, rotation: &Matrix, x: &[f64]) -> Vec<f64> {
    let mut desc = RotationDesc::new(lmax);
    desc.isa = Some(isa);
    let cast = |x: &[f64]| x.iter().map(|x| T::from_f64(*x)).collect::<Vec<T>>();
    let out = rotate(&desc, Sense::Forward, 1, &cast(rotation.as_flattened()), &cast(x));
    out.into_iter().map(T::to_f64).collect()
}

/// The norm of the coefficients of a degree.
fn norm(x: &[f64], l: usize) -> f64 {
    x[l * l..n_lm(l)].iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Per degree, the difference of two coefficient vectors is at most `errors` times the norm of the first.
fn assert_close<T: Roundoff>(what: &str, lmax: usize, expected: &[f64], actual: &[f64], errors: f64) {
    for l in 0..=lmax {
        let difference: Vec<f64> = expected.iter().zip(actual).map(|(a, b)| a - b).collect();
        let (error, bound) = (norm(&difference, l), errors * rotation_error::<T>(l) * norm(expected, l));
        assert!(error <= bound, "{what}, {} degree {l} of {lmax}: {error:.1e} > {bound:.1e}", T::NAME);
    }
}

/// `Σ x_lm Y_lm(r)`.
fn evaluate(x: &[f64], lmax: usize, r: [f64; 3]) -> f64 {
    let mut y = vec![0.0; n_lm(lmax)];
    reference::harmonics(lmax, r, &mut y);
    x.iter().zip(&y).map(|(x, y)| x * y).sum()
}

/// The error of `f'(r)` and `f(R⁻¹ r)` at a point: that of the coefficients, `√((2l + 1)/4π)` times its norm; that of the
/// harmonics, twice; and that of the point, four roundings times the largest gradient.
fn point_error<T: Roundoff>(x: &[f64], lmax: usize) -> f64 {
    let of = |l: usize| {
        let largest = ((2 * l + 1) as f64 / (4.0 * core::f64::consts::PI)).sqrt();
        let gradient = largest * ((l * (l + 1)) as f64).sqrt();
        let sum: f64 = x[l * l..n_lm(l)].iter().map(|x| x.abs()).sum();
        let norm = norm(x, l);
        largest * rotation_error::<T>(l) * norm
            + 2.0 * sum * (reference_harmonics_error(l) + n_lm(lmax) as f64 * f64::UNIT)
            + 4.0 * f64::UNIT * gradient * norm
    };
    (0..=lmax).map(of).sum()
}

fn agrees_with_rotated_points<T: Roundoff>() {
    let mut random = Random(41);
    for isa in levels() {
        for (form, lmax) in FORMS.into_iter().flat_map(|form| [0, 1, 2, 3, 4, 5, 9, 64].map(|l| (form, l))) {
            for q in quaternions(&mut random) {
                let (numbers, rotation) = described::<T>(form, q);
                let x: Vec<T> = random.values(n_lm(lmax));
                let mut desc = RotationDesc::new(lmax);
                (desc.form, desc.isa) = (form, Some(isa));
                let y = rotate(&desc, Sense::Forward, 1, &numbers, &x);
                let [x, y] = [x, y].map(|x| x.into_iter().map(T::to_f64).collect::<Vec<_>>());
                let bound = point_error::<T>(&x, lmax);
                for _ in 0..3 {
                    let r = [random.value(), random.value(), random.value()];
                    let length = r.iter().map(|r| r * r).sum::<f64>().sqrt();
                    let r = r.map(|r| r / length);
                    let (actual, expected) =
                        (evaluate(&y, lmax, r), evaluate(&x, lmax, turned_back(&rotation, r)));
                    let error = (actual - expected).abs();
                    assert!(
                        error <= bound,
                        "{isa:?} {form:?} {q:?} degree {lmax} at {r:?}: {actual} and {expected} differ by {error:.1e} > \
                         {bound:.1e}"
                    );
                }
            }
        }
    }
}

#[test]
fn agrees_with_rotated_points_f32() {
    agrees_with_rotated_points::<f32>();
}

#[test]
fn agrees_with_rotated_points_f64() {
    agrees_with_rotated_points::<f64>();
}

/// A quarter turn about `z` takes `x` to `y`; the inverse takes it to `−y`.
#[test]
fn the_sense_of_rotations() {
    let numbers: [(RotationForm, &[f64]); 2] = [
        (RotationForm::Matrix, &[0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
        (RotationForm::Quaternion, &[0.5_f64.sqrt(), 0.0, 0.0, 0.5_f64.sqrt()]),
    ];
    let x = [0.0, 0.0, 0.0, 1.0];
    for (form, numbers) in numbers {
        for (sense, expected) in [(Sense::Forward, 1.0), (Sense::Inverse, -1.0)] {
            let mut desc = RotationDesc::new(1);
            desc.form = form;
            let y = rotate(&desc, sense, 1, numbers, &x);
            assert_close::<f64>("quarter turn", 1, &[0.0, expected, 0.0, 0.0], &y, 1.0);
        }
    }
}

/// Orthogonality (the inverse undoes, norms stay), composition, identity; as far as rounding to degree 64 goes.
fn is_a_representation<T: Roundoff>() {
    let mut random = Random(42);
    for isa in levels() {
        for lmax in [1, 2, 7, 64, 96] {
            let x = random.values::<T>(n_lm(lmax));
            let wide: Vec<f64> = x.iter().map(|x| x.to_f64()).collect();
            let quaternions = quaternions(&mut random);
            for pair in quaternions.chunks(2) {
                let [first, second] = [matrix(pair[0]), matrix(pair[1])];
                let once = rotated::<T>(isa, lmax, &first, &wide);
                for l in 0..=lmax {
                    let change = (norm(&once, l) - norm(&wide, l)).abs();
                    assert!(
                        change
                            <= (rotation_error::<T>(l) + 2.0 * n_lm(l) as f64 * f64::UNIT) * norm(&wide, l)
                    );
                }
                let mut desc = RotationDesc::new(lmax);
                desc.isa = Some(isa);
                let numbers: Vec<T> = first.as_flattened().iter().map(|a| T::from_f64(*a)).collect();
                let once_typed: Vec<T> = once.iter().map(|x| T::from_f64(*x)).collect();
                let back = rotate(&desc, Sense::Inverse, 1, &numbers, &once_typed);
                let back: Vec<f64> = back.into_iter().map(T::to_f64).collect();
                assert_close::<T>("there and back", lmax, &wide, &back, 2.0);

                let twice = rotated::<T>(isa, lmax, &second, &once);
                let composed = rotated::<T>(isa, lmax, &product(&second, &first), &wide);
                assert_close::<T>("composition", lmax, &composed, &twice, 3.0);
            }
            let same = rotated::<T>(isa, lmax, &matrix([1.0, 0.0, 0.0, 0.0]), &wide);
            assert_close::<T>("identity", lmax, &wide, &same, 1.0);
        }
    }
}

#[test]
fn is_a_representation_f32() {
    is_a_representation::<f32>();
}

#[test]
fn is_a_representation_f64() {
    is_a_representation::<f64>();
}

/// The harmonics of a direction are taken to those of the pole, `Y_l0 = √((2l + 1)/4π)`, for any length of the direction.
#[test]
fn directions_go_to_the_pole() {
    let directions = [
        [0.0, 0.0, 1.0],
        [0.0, 0.0, -1.0],
        [1.0, 0.0, 0.0],
        [0.0, -1.0, 0.0],
        [0.3, -0.4, 0.5],
        [0.3, 0.4, -0.5],
        [1e-9, 2e-9, -1.0],
        [-1e-9, 2e-9, 1.0],
        [1e-160, 0.0, -1.0],
    ];
    let lmax = 12;
    let mut desc = RotationDesc::new(lmax);
    desc.form = RotationForm::ToPole;
    for direction in directions {
        let mut y = vec![0.0; n_lm(lmax)];
        reference::harmonics(lmax, direction, &mut y);
        for scale in [1.0, 1e-300, 1e300, -0.0 + 3.0] {
            let turned = rotate(&desc, Sense::Forward, 1, &direction.map(|r| r * scale), &y);
            for l in 0..=lmax {
                let norm = ((2 * l + 1) as f64 / (4.0 * core::f64::consts::PI)).sqrt();
                let bound = rotation_error::<f64>(l) * norm
                    + reference_harmonics_error(l) * ((2 * l + 1) as f64).sqrt()
                    + ROOT_ROUNDINGS * f64::UNIT * norm;
                for m in -l.cast_signed()..=l.cast_signed() {
                    let (actual, expected) = (turned[flat_index(l, m)], if m == 0 { norm } else { 0.0 });
                    let error = (actual - expected).abs();
                    assert!(
                        error <= bound,
                        "{direction:?} · {scale}, ({l}, {m}): {actual} instead of {expected}"
                    );
                }
            }
        }
    }
}

/// The product of rotated functions is the rotated product.
#[test]
fn products_are_equivariant() {
    fn check<T: Roundoff>(isa: Isa, degrees @ [l1, l2, l3]: [usize; 3]) {
        let mut random = Random(43);
        let (x, y) = (random.values::<f64>(n_lm(l1)), random.values::<f64>(n_lm(l2)));
        let rotation = matrix(quaternions(&mut random)[0]);
        let mut desc = PlanDesc::product(l1, l2, l3);
        (desc.engine, desc.isa) = (Engine::Grid, Some(isa));
        let cast = |x: &[f64]| x.iter().map(|x| T::from_f64(*x)).collect::<Vec<T>>();
        let product = |x: &[f64], y: &[f64]| -> Vec<f64> {
            multiply(&desc, 1, &cast(x), &cast(y), &Weights::default()).into_iter().map(T::to_f64).collect()
        };
        let turn = |x: &[f64], l: usize| rotated::<T>(isa, l, &rotation, x);
        let (turned_x, turned_y) = (turn(&x, l1), turn(&y, l2));
        let expected = turn(&product(&x, &y), l3);
        let actual = product(&turned_x, &turned_y);
        // Norms over everything: of the products' bounds, and of what errors of the operands and of the result come to. An
        // error of an operand is one of the sum of terms, which grows with the norm of the operand's error at most n_lm times.
        let terms = GridTerms::new(degrees, true);
        let total =
            |x: &[f64], y: &[f64]| terms.sums(n_lm(l3), x, y).iter().map(|x| x * x).sum::<f64>().sqrt();
        let sums = total(&x, &y) + total(&turned_x, &turned_y);
        let lmax = l1.max(l2).max(l3);
        let roundings = roundings(Engine::Grid, degrees) as f64 * T::UNIT
            + 3.0 * n_lm(lmax) as f64 * rotation_error::<T>(lmax);
        let error: f64 = actual.iter().zip(&expected).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
        assert!(error <= roundings * sums, "{degrees:?} {isa:?}: {error:.1e} > {:.1e}", roundings * sums);
    }
    for isa in levels() {
        for degrees in [[1, 1, 2], [3, 2, 4], [6, 5, 9]] {
            check::<f32>(isa, degrees);
            check::<f64>(isa, degrees);
        }
    }
}

/// Every (sample, channel) of a batch has the bits that it has alone, with its own rotation and with one for all; a NaN stays
/// in its channel.
fn parts_of_a_batch<T: Roundoff>() {
    let mut random = Random(44);
    for isa in levels() {
        for (lmax, sizes) in [(3, &[0, 1, 2, 3, 7, 8, 9, 16, 17, 33, 100][..]), (17, &[1, 5, 20, 33][..])] {
            for (layout, size) in
                LAYOUTS.into_iter().flat_map(|layout| sizes.iter().map(move |n| (layout, *n)))
            {
                for (n_samples, n_channels) in [(size, 1), (1, size), (3, size), (size.min(40), 3)] {
                    let mut desc = RotationDesc::new(lmax);
                    (desc.isa, desc.layout, desc.n_channels) = (Some(isa), layout, n_channels);
                    desc.form = RotationForm::Quaternion;
                    let mut numbers = Vec::new();
                    for sample in 0..n_samples.max(1) {
                        let q = quaternions(&mut random)[sample % 5];
                        numbers.extend(q.map(T::from_f64));
                    }
                    let mut x = random.values::<T>(desc.lengths(n_samples).unwrap().x);
                    if let Some(last) = x.last_mut() {
                        *last = T::from_f64(f64::NAN);
                    }
                    for shared in [false, true] {
                        desc.shared = shared;
                        let numbers = &numbers[..if shared { 4 } else { 4 * n_samples }];
                        let out = rotate(&desc, Sense::Forward, n_samples, numbers, &x);
                        let alone = RotationDesc { n_channels: 1, ..desc };
                        // The workspace and tables of this plan serve all.
                        let memory = alone.memory::<T>().unwrap();
                        let mut tables = dirty_lines(memory.tables);
                        let plan = RotationPlan::new(&alone, &mut tables).unwrap();
                        let mut workspace = dirty_lines(memory.workspace);
                        for (s, c) in (0..n_samples).flat_map(|s| (0..n_channels).map(move |c| (s, c))) {
                            let pick = |array: &[T]| -> Vec<T> {
                                let of_degree = |l: usize| (0..=2 * l).map(move |i| (s, c, l, i));
                                let indices = (0..=lmax).flat_map(of_degree);
                                indices.map(|at| array[array_index(layout, lmax, n_channels, at)]).collect()
                            };
                            let numbers = if shared { numbers } else { &numbers[4 * s..4 * s + 4] };
                            let mut single = vec![T::from_f64(f64::NAN); n_lm(lmax)];
                            plan.execute(Sense::Forward, 1, numbers, &pick(&x), &mut single, &mut workspace)
                                .unwrap();
                            let together = pick(&out);
                            let same =
                                |(a, b): (&T, &T)| a == b || (a.to_f64().is_nan() && b.to_f64().is_nan());
                            assert!(
                                single.iter().zip(&together).all(same),
                                "{desc:?}, sample {s}, channel {c}"
                            );
                            let broken = (s, c) == (n_samples - 1, n_channels - 1);
                            assert!(
                                broken == together.iter().any(|x| x.to_f64().is_nan()),
                                "{desc:?} {s} {c}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn parts_of_a_batch_f32() {
    parts_of_a_batch::<f32>();
}

#[test]
fn parts_of_a_batch_f64() {
    parts_of_a_batch::<f64>();
}

fn what_is_no_rotation_is_refused<T: Roundoff>() {
    let (nan, infinity, epsilon) = (f64::NAN, f64::INFINITY, 2.0 * T::UNIT);
    let one = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let with = |i: usize, value: f64| {
        let mut matrix = one;
        matrix[i] = value;
        matrix.to_vec()
    };
    let mut reflection = matrix([0.1, 0.2, 0.3, 0.4]);
    reflection[1] = reflection[1].map(|a| -a);
    let cases = [
        (RotationForm::Matrix, with(0, 1.0 + 8.0 * epsilon), true),
        (RotationForm::Matrix, with(1, 8.0 * epsilon), true),
        (RotationForm::Matrix, with(0, 1.0 + 40.0 * epsilon), false),
        (RotationForm::Matrix, with(1, 80.0 * epsilon), false),
        (RotationForm::Matrix, with(4, nan), false),
        (RotationForm::Matrix, with(8, infinity), false),
        (RotationForm::Matrix, with(8, -1.0), false),
        (RotationForm::Matrix, with(2, 1e30), false),
        (RotationForm::Matrix, vec![1e30, 1e30, 0.0, 1e30, -1e30, 0.0, 0.0, 0.0, 1e30], false),
        (RotationForm::Matrix, vec![0.0; 9], false),
        (RotationForm::Matrix, reflection.as_flattened().to_vec(), false),
        (RotationForm::Quaternion, vec![0.6, 0.0, 0.0, -0.8], true),
        (RotationForm::Quaternion, vec![1.0 + 8.0 * epsilon, 0.0, 0.0, 0.0], true),
        (RotationForm::Quaternion, vec![1.0 + 40.0 * epsilon, 0.0, 0.0, 0.0], false),
        (RotationForm::Quaternion, vec![0.0; 4], false),
        (RotationForm::Quaternion, vec![nan, 0.0, 0.0, 0.0], false),
        (RotationForm::Quaternion, vec![1e30, 0.0, 0.0, infinity], false),
        (RotationForm::ToPole, vec![1e-30, 0.0, -1e30], true),
        (RotationForm::ToPole, vec![0.0, -0.0, 0.0], false),
        (RotationForm::ToPole, vec![1.0, nan, 0.0], false),
        (RotationForm::ToPole, vec![1.0, infinity, 0.0], false),
    ];
    let good = |form| match form {
        RotationForm::Matrix => one.to_vec(),
        RotationForm::Quaternion => vec![1.0, 0.0, 0.0, 0.0],
        RotationForm::ToPole => vec![0.0, 0.0, 1.0],
    };
    for (form, bad, accepted) in cases {
        let mut desc = RotationDesc::new(2);
        desc.form = form;
        let numbers: Vec<T> =
            [good(form), good(form), bad.clone()].concat().into_iter().map(T::from_f64).collect();
        let memory = desc.memory::<T>().unwrap();
        let mut tables = dirty_lines(memory.tables);
        let plan = RotationPlan::new(&desc, &mut tables).unwrap();
        let x = vec![T::from_f64(1.0); 27];
        let mut out = vec![T::from_f64(7.0); 27];
        let mut workspace = dirty_lines(memory.workspace);
        let result = plan.execute(Sense::Forward, 3, &numbers, &x, &mut out, &mut workspace);
        let expected = if accepted { Ok(()) } else { Err(Error::InvalidRotation { index: 2 }) };
        assert_eq!(result, expected, "{form:?} {bad:?} {}", T::NAME);
        assert!(accepted != out.iter().all(|x| *x == T::from_f64(7.0)));
        assert!(!accepted || out.iter().all(|x| x.to_f64().is_finite()), "{form:?} {bad:?}: {out:?}");
    }
}

#[test]
fn what_is_no_rotation_is_refused_f32() {
    what_is_no_rotation_is_refused::<f32>();
}

#[test]
fn what_is_no_rotation_is_refused_f64() {
    what_is_no_rotation_is_refused::<f64>();
}

#[test]
fn wrong_arguments_are_refused_and_nothing_is_written() {
    let mut desc = RotationDesc::new(LMAX_INPUT + 1);
    assert_eq!(desc.memory::<f32>(), Err(Error::Unsupported));
    assert_eq!(desc.lengths(0), Err(Error::Unsupported));
    (desc.lmax, desc.n_channels) = (2, usize::MAX / 8);
    assert_eq!(desc.memory::<f32>(), Err(Error::Overflow));
    desc.n_channels = 2;
    assert_eq!(desc.lengths(usize::MAX / 8), Err(Error::Overflow));

    let memory = desc.memory::<f64>().unwrap();
    let mut short = dirty_lines(memory.tables - 1);
    let error = Error::StorageTooSmall { expected: memory.tables, received: memory.tables - 1 };
    assert_eq!(RotationPlan::<f64>::new(&desc, &mut short).err(), Some(error));
    let mut tables = dirty_lines(memory.tables);
    let plan = RotationPlan::<f64>::new(&desc, &mut tables).unwrap();
    assert_eq!(plan.workspace_len(), memory.workspace);
    let one = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let run = |rotations: usize, x: usize, out: usize, workspace: usize| {
        let rotations: Vec<f64> = one.into_iter().cycle().take(rotations).collect();
        let (x, mut out, mut workspace) = (vec![1.0; x], vec![7.0; out], dirty_lines(workspace));
        let result = plan.execute(Sense::Forward, 3, &rotations, &x, &mut out, &mut workspace);
        assert!(result.is_ok() || out.iter().all(|value| *value == 7.0));
        result
    };
    let mismatch = |array, expected, received| Err(Error::LengthMismatch { array, expected, received });
    assert_eq!(run(27, 54, 54, memory.workspace), Ok(()));
    assert_eq!(run(26, 54, 54, memory.workspace), mismatch("rotations", 27, 26));
    assert_eq!(run(27, 53, 54, memory.workspace), mismatch("x", 54, 53));
    assert_eq!(run(27, 54, 55, memory.workspace), mismatch("out", 54, 55));
    let error = Error::StorageTooSmall { expected: memory.workspace, received: memory.workspace - 1 };
    assert_eq!(run(27, 54, 54, memory.workspace - 1), Err(error));
}

/// The exchange of `x` and `z`: its definition at small degrees, and `J² = 1` at the largest one.
#[test]
fn axes_are_exchanged() {
    let entry = |matrix: &[f64], l: usize, j: isize, m: isize| {
        let (row, column) = (j.unsigned_abs(), m.unsigned_abs());
        let odd = (l + row + column) % 2 == 1;
        match (j < 0, m < 0) {
            (false, false) if !odd => matrix[row * (l + 1) + column],
            (true, true) if odd => matrix[(l - row) * (l + 1) + l - column],
            _ => 0.0,
        }
    };
    let mut entries = vec![f64::NAN; swap_table_len(LMAX_SWAP)];
    fill_swap_table(LMAX_SWAP, &mut entries, |value| value).unwrap();
    let table = SwapTable::new(&entries);
    let [x, y, z] = [2.0 / 7.0, -3.0 / 7.0, 6.0 / 7.0];
    let lmax = 20;
    let (mut here, mut there) = (vec![0.0; n_lm(lmax)], vec![0.0; n_lm(lmax)]);
    reference::harmonics(lmax, [x, y, z], &mut here);
    reference::harmonics(lmax, [z, y, x], &mut there);
    for l in 1..=lmax {
        let orders = -l.cast_signed()..=l.cast_signed();
        for m in orders.clone() {
            let sum: f64 = orders
                .clone()
                .map(|j| entry(table.degree(l).unwrap(), l, j, m) * here[flat_index(l, j)])
                .sum();
            let error = (sum - there[flat_index(l, m)]).abs();
            assert!(
                error <= 2.0 * ((2 * l + 1) as f64).sqrt() * reference_harmonics_error(l),
                "({l}, {m}): {error:.1e}"
            );
        }
    }
    for l in [1, 2, 3, 64, 255, LMAX_SWAP] {
        let matrix = table.degree(l).unwrap();
        for m in (-l.cast_signed()..=l.cast_signed()).step_by(1 + l / 16) {
            for n in [m, -m, 0, l.cast_signed() - 2] {
                let sum: f64 = (-l.cast_signed()..=l.cast_signed())
                    .map(|j| entry(matrix, l, m, j) * entry(matrix, l, j, n))
                    .sum();
                let expected = if m == n { 1.0 } else { 0.0 };
                // Entries are right to half an ulp; 2l + 1 terms, and sums of their absolute values of 1 at most.
                let bound = (2 * l + 4) as f64 * f64::UNIT;
                assert!(
                    (sum - expected).abs() <= bound,
                    "degree {l}, ({m}, {n}): {sum} instead of {expected}"
                );
            }
        }
    }
}

#[test]
fn nothing_to_do_is_success() {
    for (layout, shared) in LAYOUTS.into_iter().flat_map(|layout: Layout| [(layout, false), (layout, true)]) {
        let mut desc = RotationDesc::new(3);
        (desc.layout, desc.shared, desc.form) = (layout, shared, RotationForm::ToPole);
        let rotations = if shared { &[0.0, 0.0, 1.0][..] } else { &[] };
        assert!(rotate::<f32>(&desc, Sense::Forward, 0, rotations, &[]).is_empty());
        desc.n_channels = 0;
        let rotations = if shared { vec![1.0; 3] } else { vec![1.0; 6] };
        assert!(rotate::<f32>(&desc, Sense::Inverse, 2, &rotations, &[]).is_empty());
    }
}
