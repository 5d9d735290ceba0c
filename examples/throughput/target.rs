//! What operations compute, by the slow way: derivatives of the trilinear forms
//!
//! ```text
//! ∫ f1 f2 f3 dΩ   (product)        ∫ r̂·(∇f1 × ∇f2) f3 dΩ   (bracket)
//! ```
//!
//! The derivative with respect to `f3` is the product or bracket of the operands `f1` and `f2`; with a cotangent as `f3`,
//! the two others are the gradients. The forms do not change when their functions take turns, so that every derivative is
//! the product or bracket of the two functions that follow.

use gaunt::{n_lm, reference};

use crate::config::Degrees;
use crate::{model, quadrature};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Product,
    Bracket,
}

/// The derivative of a form with respect to one of its functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) form: Form,
    /// Which function: 0 and 1 for the operands, 2 for the output and the cotangent.
    pub(crate) slot: usize,
}

impl Target {
    /// The functions that it is computed from, in turn.
    pub(crate) const fn others(self) -> [usize; 2] {
        [(self.slot + 1) % 3, (self.slot + 2) % 3]
    }

    /// Degrees of these functions and of its own.
    fn turn(self, degrees: Degrees) -> Degrees {
        let [first, second] = self.others();
        Degrees([first, second, self.slot].map(|slot| degrees.0[slot]))
    }

    /// Evaluates all pairs of a first and a second function, `[first][second]`, and counts the terms of one.
    pub(crate) fn evaluate(self, degrees: Degrees, f: &[Vec<f64>], g: &[Vec<f64>]) -> (Vec<Vec<f64>>, usize) {
        if is_enumerable(degrees) {
            self.by_terms(degrees, f, g)
        } else {
            (
                quadrature::evaluate(self.form, self.turn(degrees), f, g),
                model::selection_rule_terms(self.form, degrees),
            )
        }
    }

    /// Likewise by the sum over the non-zero coefficients.
    fn by_terms(self, degrees: Degrees, f: &[Vec<f64>], g: &[Vec<f64>]) -> (Vec<Vec<f64>>, usize) {
        let ([l1, l2, l3], [first, second]) = (degrees.0, self.others());
        let coefficient = match self.form {
            Form::Product => reference::gaunt_coefficient,
            Form::Bracket => reference::bracket_coefficient,
        };
        let mut results = vec![vec![0.0; n_lm(degrees.0[self.slot])]; f.len() * g.len()];
        let mut n_terms = 0;
        reference::for_each_term(coefficient, l1, l2, l3, |i, j, k, coefficient| {
            n_terms += 1;
            let at = [i, j, k];
            for (result, (f, g)) in results.iter_mut().zip(pairs(f, g)) {
                result[at[self.slot]] += coefficient * f[at[first]] * g[at[second]];
            }
        });
        (results, n_terms)
    }

    /// A size of the coefficients to measure errors by, not above the sum of the absolute terms in order of magnitude.
    ///
    /// For the product `‖f g‖ <= max|f| ‖g‖`, with `max|f| <= √(n_lm / 4π) ‖x‖` by Cauchy–Schwarz. For the bracket
    /// `‖r̂·(∇f × ∇g)‖ <= max|∇f| ‖∇g‖`: as `Σ_m |∇Y_lm|² = l (l + 1) Σ_m Y_lm²`, each gradient brings at most a factor
    /// `√(l (l + 1))`; `l + 1` here, which is not zero.
    pub(crate) fn scale(self, degrees: Degrees, f: &[f64], g: &[f64]) -> f64 {
        let [l1, l2, _] = self.turn(degrees).0;
        let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
        let gradients = match self.form {
            Form::Product => 1,
            Form::Bracket => (l1 + 1) * (l2 + 1),
        };
        ((l1.min(l2) + 1) * gradients) as f64 / (4.0 * std::f64::consts::PI).sqrt() * norm(f) * norm(g)
    }

    /// Roundings that an error may amount to, relative to [`Self::scale`]: of the order of the longest path from an
    /// input to an output, where a bracket has two factors and a difference more. It is there to find wrong results;
    /// accuracy is the subject of the library's tests.
    pub(crate) fn roundings(self, degrees: Degrees) -> usize {
        let [l1, l2, l3] = self.turn(degrees).0;
        let product = 35 + (3 * l1 + 3 * l2 + l3) / 2;
        match self.form {
            Form::Product => product,
            Form::Bracket => product + 3,
        }
    }
}

/// Every pair of a first and a second function.
pub(crate) fn pairs<'a, F>(f: &'a [F], g: &'a [F]) -> impl Iterator<Item = (&'a F, &'a F)> {
    f.iter().flat_map(move |f| g.iter().map(move |g| (f, g)))
}

/// Whether the reference computes the coefficients within seconds; it computes them anew for every triple of harmonics.
fn is_enumerable(Degrees([l1, l2, l3]): Degrees) -> bool {
    const MAX_COEFFICIENTS: usize = 1_000_000;
    l1 + l2 + l3 <= reference::MAX_DEGREE_SUM
        && n_lm(l1) * n_lm(l2) * (l1.min(l2).min(l3) + 1) <= MAX_COEFFICIENTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::vectors;

    #[test]
    fn both_slow_ways_agree() {
        for degrees in [[0, 0, 0], [1, 1, 2], [3, 3, 3], [4, 2, 1], [1, 5, 6], [7, 7, 7], [6, 6, 12]] {
            for (form, slot) in [Form::Product, Form::Bracket]
                .into_iter()
                .flat_map(|form| (0..3).map(move |slot| (form, slot)))
            {
                let (target, degrees) = (Target { form, slot }, Degrees(degrees));
                let turned @ Degrees([l1, l2, _]) = target.turn(degrees);
                let (f, g) = (vectors(l1, 2, 1), vectors(l2, 3, 2));
                let (terms, _) = target.by_terms(degrees, &f, &g);
                let points = quadrature::evaluate(form, turned, &f, &g);
                for ((a, b), (f, g)) in terms.iter().zip(&points).zip(pairs(&f, &g)) {
                    assert_eq!(a.len(), b.len());
                    let scale = target.scale(degrees, f, g);
                    for (a, b) in a.iter().zip(b) {
                        assert!(
                            (a - b).abs() <= 64.0 * f64::EPSILON * scale,
                            "{degrees} {form:?} {slot}: {a} {b}"
                        );
                    }
                }
            }
        }
    }

    fn n_terms(form: Form, degrees: [usize; 3]) -> usize {
        Target { form, slot: 2 }.by_terms(Degrees(degrees), &[], &[]).1
    }

    /// Integer arithmetic beside the library gave these counts of coefficients that are not zero.
    #[test]
    fn terms_are_the_non_zero_coefficients() {
        for (form, to_l, to_2l) in [
            (
                Form::Product,
                [1, 10, 83, 353, 1158, 2907, 6460, 12868],
                [1, 21, 162, 708, 2229, 5605, 12322, 24366],
            ),
            (
                Form::Bracket,
                [0, 6, 54, 258, 894, 2358, 5436, 11034],
                [0, 6, 82, 424, 1512, 4086, 9440, 19302],
            ),
        ] {
            for (l, (to_l, to_2l)) in to_l.into_iter().zip(to_2l).enumerate() {
                let found = (n_terms(form, [l, l, l]), n_terms(form, [l, l, 2 * l]));
                assert_eq!(found, (to_l, to_2l), "{form:?} {l}");
            }
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
            let exact = n_terms(Form::Product, degrees);
            let rules = model::selection_rule_terms(Form::Product, Degrees(degrees));
            assert!(exact <= rules && rules <= exact + exact / 10, "{degrees:?}: {exact} {rules}");
            // Brackets of a harmonic with itself vanish too.
            let exact = n_terms(Form::Bracket, degrees);
            let rules = model::selection_rule_terms(Form::Bracket, Degrees(degrees));
            assert!(exact <= rules && rules <= exact + exact / 3, "{degrees:?}: {exact} {rules}");
        }
    }
}
