//! Against e3nn: its real Wigner 3j symbols and tensor products, as `ffi-tests/vectors/make_e3nn.py` wrote them down.

use std::vec;
use std::vec::Vec;

use super::support::{execute, levels, terms};
use super::tolerance::{
    BRACKET_ROUNDINGS, GAUNT_ROUNDINGS, Roundoff, Terms, bracket_roundings, direct_terms, e3nn_roundings,
    roundings,
};
use crate::reference::{bracket_coefficient, gaunt_coefficient};
use crate::tables::gaunt::LMAX_DIRECT;
use crate::{
    Engine, Operation, PlanDesc, Weights, bracket_path_constant, flat_index, n_lm, product_path_constant,
    reference,
};

/// Its first line tells the versions.
const E3NN: &str = include_str!("../../ffi-tests/vectors/e3nn.txt");

/// A real Wigner 3j symbol: degrees, and the non-zero elements by orders.
struct Path {
    l: [usize; 3],
    elements: Vec<([isize; 3], f64)>,
}

/// A tensor product: the operands, and the output of each path.
struct Product {
    lmax: [usize; 2],
    x1: Vec<f64>,
    x2: Vec<f64>,
    paths: Vec<([usize; 3], Vec<f64>)>,
}

fn numbers(line: &str) -> Vec<f64> {
    line.split_whitespace().map(|word| word.parse().unwrap()).collect()
}

fn integers<T: core::str::FromStr<Err: core::fmt::Debug>, const N: usize>(words: &[&str]) -> [T; N] {
    core::array::from_fn(|i| words[i].parse().unwrap())
}

/// The contents of the file.
fn read() -> (Vec<Path>, Vec<Product>) {
    let mut lines = E3NN.lines().skip_while(|line| line.starts_with('#'));
    let (mut paths, mut products) = (vec![], vec![]);
    while let Some(line) = lines.next() {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[0] {
            "w3j" => {
                let [l1, l2, l3, n] = integers(&words[1..]);
                let elements = lines.by_ref().take(n).map(|line| {
                    let words: Vec<_> = line.split_whitespace().collect();
                    (integers(&words), words[3].parse().unwrap())
                });
                paths.push(Path { l: [l1, l2, l3], elements: elements.collect() });
            }
            "product" => {
                let [lmax1, lmax2, n] = integers(&words[1..]);
                let (x1, x2) = (numbers(lines.next().unwrap()), numbers(lines.next().unwrap()));
                let paths = lines.by_ref().take(n).map(|line| {
                    let words: Vec<_> = line.split_whitespace().collect();
                    (integers(&words), words[3..].iter().map(|word| word.parse().unwrap()).collect())
                });
                products.push(Product { lmax: [lmax1, lmax2], x1, x2, paths: paths.collect() });
            }
            other => panic!("{other}"),
        }
    }
    (paths, products)
}

/// [`gaunt_coefficient`] or [`bracket_coefficient`].
type Coefficient = fn([usize; 3], [isize; 3]) -> f64;

/// The coefficients of a path, its constant and its roundings: of the product on even paths, of the bracket on odd ones.
fn coupling(l: [usize; 3]) -> (Coefficient, f64, f64) {
    if l.iter().sum::<usize>() % 2 == 0 {
        (gaunt_coefficient, product_path_constant(l).unwrap(), GAUNT_ROUNDINGS)
    } else {
        (bracket_coefficient, bracket_path_constant(l).unwrap(), BRACKET_ROUNDINGS)
    }
}

fn orders(l: usize) -> impl Iterator<Item = isize> + Clone {
    -l.cast_signed()..=l.cast_signed()
}

/// `G = k w` on even paths, `B = κ w` on odd ones, zeros included, with no exception of sign.
#[test]
fn coefficients_are_path_constants_times_wigner_3j() {
    let (paths, _) = read();
    let (mut even, mut odd, mut worst): (usize, usize, f64) = (0, 0, 0.0);
    for Path { l, elements } in &paths {
        let (coefficient, constant, roundings) = coupling(*l);
        let is_even = l.iter().sum::<usize>() % 2 == 0;
        *(if is_even { &mut even } else { &mut odd }) += elements.len();
        let mut listed = elements.iter().peekable();
        for m1 in orders(l[0]) {
            for m in orders(l[1]).flat_map(|m2| orders(l[2]).map(move |m3| [m1, m2, m3])) {
                let value = coefficient(*l, m);
                let expected = listed.next_if(|element| element.0 == m).map_or(0.0, |(_, w)| constant * w);
                let unit = (e3nn_roundings(elements.len()) + roundings + 2.0) * f64::UNIT;
                let error = (value - expected).abs();
                assert!(error <= unit * expected.abs(), "{l:?} {m:?}: {value} instead of {expected}");
                worst = worst.max(if error == 0.0 { 0.0 } else { error / (unit * expected.abs()) });
            }
        }
        assert!(listed.next().is_none(), "{l:?}: elements out of order");
    }
    // All paths to degree 4, the counts of the reference's non-zeros, and more.
    assert!(paths.len() > 42 + 23 && even > 1158 && odd > 894, "{} paths, {even} + {odd}", paths.len());
    std::println!("{even} even and {odd} odd elements: worst error / bound {worst:.3}");
}

impl Product {
    /// The sum of the paths of one parity, each times its constant, up to degree `lmax3`: what our product (0) or bracket
    /// (1) should be.
    fn sum(&self, parity: usize, lmax3: usize) -> Vec<f64> {
        let mut sum = vec![0.0; n_lm(lmax3)];
        for (l, z) in &self.paths {
            if l[2] <= lmax3 && l.iter().sum::<usize>() % 2 == parity {
                let (_, constant, _) = coupling(*l);
                for (m, z) in orders(l[2]).zip(z) {
                    sum[flat_index(l[2], m)] += constant * z;
                }
            }
        }
        sum
    }

    /// The error of [`Self::sum`] relative to `Σ|terms|`: of e3nn's symbols, of its sums and of ours.
    fn roundings(&self) -> f64 {
        let [l1, l2] = self.lmax;
        let n_terms = n_lm(l1) * n_lm(l2); // a path has at most twice as many non-zeros
        e3nn_roundings(2 * n_terms) + (n_terms + self.paths.len() + 4) as f64
    }
}

#[test]
fn the_reference_is_the_sum_of_all_paths() {
    let (_, products) = read();
    assert!(products.len() > 3);
    for product in &products {
        let [l1, l2] = product.lmax;
        let lmax3 = l1 + l2;
        for (parity, coefficient) in [gaunt_coefficient, bracket_coefficient].into_iter().enumerate() {
            let terms = terms(coefficient, [l1, l2, lmax3]);
            let sums = direct_terms(&terms, n_lm(lmax3), &product.x1, &product.x2);
            let mut actual = vec![f64::NAN; n_lm(lmax3)];
            let function = [reference::product, reference::bracket][parity];
            function(l1, l2, lmax3, &product.x1, &product.x2, &mut actual);
            let unit = (product.roundings() + BRACKET_ROUNDINGS + (n_lm(l1) * n_lm(l2)) as f64) * f64::UNIT;
            for (k, expected) in product.sum(parity, lmax3).into_iter().enumerate() {
                let error = (actual[k] - expected).abs();
                assert!(
                    error <= unit * sums[k],
                    "{:?} [{k}]: {} instead of {expected}",
                    product.lmax,
                    actual[k]
                );
            }
        }
    }
}

/// Products (parity 0) or brackets (1).
fn plans_agree<T: Roundoff>(engine: Engine, parity: usize) {
    for product in &read().1 {
        let [l1, l2] = product.lmax;
        if engine == Engine::Direct && l1.max(l2) > LMAX_DIRECT {
            continue;
        }
        for lmax3 in [l1.max(l2), l1 + l2] {
            let coefficient = [gaunt_coefficient, bracket_coefficient][parity];
            let terms = terms(coefficient, [l1, l2, lmax3]);
            let exact_terms = direct_terms(&terms, n_lm(lmax3), &product.x1, &product.x2);
            let terms = if parity == 0 { Terms::new } else { Terms::of_bracket };
            let engine_terms = terms(engine, [l1, l2, lmax3]).sums(&product.x1, &product.x2);
            let roundings = if parity == 0 { roundings } else { bracket_roundings };
            let unit = roundings(engine, [l1, l2, lmax3]) as f64 * T::UNIT;
            let expected = product.sum(parity, lmax3);
            for isa in levels() {
                let operation = [Operation::Product, Operation::Bracket][parity];
                let mut desc = PlanDesc::new(operation, l1, l2, lmax3);
                (desc.engine, desc.isa) = (engine, Some(isa));
                let cast = |x: &[f64]| x.iter().map(|x| T::from_f64(*x)).collect::<Vec<T>>(); // exact
                let out = execute(&desc, 1, &cast(&product.x1), &cast(&product.x2), &Weights::default());
                for (k, (actual, expected)) in out.into_iter().map(T::to_f64).zip(&expected).enumerate() {
                    let bound = unit * engine_terms[k] + product.roundings() * f64::UNIT * exact_terms[k];
                    let error = (actual - expected).abs();
                    assert!(
                        error <= bound,
                        "{engine:?} {isa:?} {} {l1} {l2} {lmax3} [{k}]: {actual} instead of {expected}",
                        T::NAME
                    );
                }
            }
        }
    }
}

#[test]
fn products_are_the_sum_of_the_even_paths_and_brackets_that_of_the_odd_ones() {
    for engine in [Engine::Direct, Engine::Grid, Engine::Fourier] {
        for parity in 0..2 {
            plans_agree::<f32>(engine, parity);
            plans_agree::<f64>(engine, parity);
        }
    }
}
