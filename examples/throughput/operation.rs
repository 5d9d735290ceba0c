//! What differs between operations: how to describe one, what its results are, what it has to cost.

use gaunt::{PlanDesc, n_lm, reference};

use crate::config::Degrees;
use crate::{model, quadrature};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// The Gaunt tensor product.
    Product,
}

/// Correct results of an operation, for every pair of a first and a second operand.
pub(crate) struct Results {
    /// `[first operand][second operand]`, one output vector each.
    pub(crate) outputs: Vec<Vec<f64>>,
    /// The model bound: multiply-adds per product that an ideal implementation of the known algorithms needs.
    pub(crate) bound: usize,
}

impl Operation {
    pub(crate) fn describe(self, degrees: Degrees) -> PlanDesc {
        let [l1, l2, l3] = degrees.0;
        match self {
            Self::Product => PlanDesc::product(l1, l2, l3),
        }
    }

    /// Evaluates all pairs of operands by the slow way.
    pub(crate) fn evaluate(self, degrees: Degrees, x1: &[Vec<f64>], x2: &[Vec<f64>]) -> Results {
        match self {
            Self::Product => {
                let (outputs, sparse) = if is_enumerable(degrees) {
                    by_terms(degrees, x1, x2)
                } else {
                    (quadrature::products(degrees, x1, x2), model::selection_rule_terms(degrees))
                };
                Results { outputs, bound: sparse.min(model::grid_folded(degrees)) }
            }
        }
    }

    /// A size of the output coefficients to measure errors by, not above the sum of the absolute terms in order of
    /// magnitude: for the product `‖f g‖ <= max|f| ‖g‖`, with `max|f| <= √(n_lm / 4π) ‖x‖` by Cauchy–Schwarz.
    pub(crate) fn scale(self, degrees: Degrees, x1: &[f64], x2: &[f64]) -> f64 {
        let [l1, l2, _] = degrees.0;
        let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
        match self {
            Self::Product => {
                (l1.min(l2) + 1) as f64 / (4.0 * std::f64::consts::PI).sqrt() * norm(x1) * norm(x2)
            }
        }
    }

    /// Roundings that an error may amount to, relative to [`Self::scale`]: of the order of the longest path from an
    /// input to an output. It is there to find wrong results; accuracy is the subject of the library's tests.
    pub(crate) fn roundings(self, degrees: Degrees) -> f64 {
        let [l1, l2, l3] = degrees.0;
        match self {
            Self::Product => (35 + (3 * l1 + 3 * l2 + l3) / 2) as f64,
        }
    }
}

/// Whether the reference computes the coefficients within seconds; it computes them anew for every triple of harmonics.
fn is_enumerable(Degrees([l1, l2, l3]): Degrees) -> bool {
    const MAX_COEFFICIENTS: usize = 1_000_000;
    l1 + l2 + l3 <= reference::MAX_DEGREE_SUM
        && n_lm(l1) * n_lm(l2) * (l1.min(l2).min(l3) + 1) <= MAX_COEFFICIENTS
}

/// All products and the number of terms, by the sum over the non-zero coefficients.
fn by_terms(degrees: Degrees, x1: &[Vec<f64>], x2: &[Vec<f64>]) -> (Vec<Vec<f64>>, usize) {
    let [l1, l2, l3] = degrees.0;
    let mut outputs = vec![vec![0.0; n_lm(l3)]; x1.len() * x2.len()];
    let mut n_terms = 0;
    reference::for_each_term(reference::gaunt_coefficient, l1, l2, l3, |i, j, k, coefficient| {
        n_terms += 1;
        let pairs = x1.iter().flat_map(|x1| x2.iter().map(move |x2| (x1, x2)));
        for (out, (x1, x2)) in outputs.iter_mut().zip(pairs) {
            out[k] += coefficient * x1[i] * x2[j];
        }
    });
    (outputs, n_terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::vectors;

    #[test]
    fn both_slow_ways_agree() {
        for degrees in [[0, 0, 0], [1, 1, 2], [3, 3, 3], [4, 2, 1], [1, 5, 6], [7, 7, 7], [6, 6, 12]] {
            let [l1, l2, _] = degrees;
            let degrees = Degrees(degrees);
            let (x1, x2) = (vectors(l1, 2, 1), vectors(l2, 3, 2));
            let (terms, _) = by_terms(degrees, &x1, &x2);
            let points = quadrature::products(degrees, &x1, &x2);
            let pairs = x1.iter().flat_map(|x1| x2.iter().map(move |x2| (x1, x2)));
            for ((a, b), (x1, x2)) in terms.iter().zip(&points).zip(pairs) {
                assert_eq!(a.len(), b.len());
                let scale = Operation::Product.scale(degrees, x1, x2);
                for (a, b) in a.iter().zip(b) {
                    assert!((a - b).abs() <= 64.0 * f64::EPSILON * scale, "{degrees}: {a} {b}");
                }
            }
        }
    }

    /// Integer arithmetic beside the library gave these counts of coefficients that are not zero.
    #[test]
    fn terms_are_the_non_zero_coefficients() {
        let count = |degrees| by_terms(Degrees(degrees), &[], &[]).1;
        let to_l = [1, 10, 83, 353, 1158, 2907, 6460, 12868];
        let to_2l = [1, 21, 162, 708, 2229, 5605, 12322, 24366];
        for (l, (to_l, to_2l)) in to_l.into_iter().zip(to_2l).enumerate() {
            assert_eq!((count([l, l, l]), count([l, l, 2 * l])), (to_l, to_2l), "{l}");
        }
    }

    /// The selection rules alone leave some coefficients that vanish by accident, never too few.
    #[test]
    fn selection_rules_bound_the_terms() {
        for degrees in [
            [0, 0, 0],
            [1, 1, 1],
            [2, 2, 4],
            [3, 3, 3],
            [5, 5, 5],
            [7, 7, 7],
            [2, 6, 5],
            [6, 1, 3],
            [4, 0, 2],
        ] {
            let (exact, rules) =
                (by_terms(Degrees(degrees), &[], &[]).1, model::selection_rule_terms(Degrees(degrees)));
            assert!(exact <= rules && rules <= exact + exact / 10, "{degrees:?}: {exact} {rules}");
        }
    }
}
