//! The cost model: multiply-adds per product of the two known ways, counted by formulas.

use gaunt::n_lm;

use crate::config::Degrees;
use crate::target::{Form, Target};

/// Multiply-adds of exact quadrature on a grid, folded by its north–south symmetry and that of `φ → −φ`, with Fourier
/// sums written out.
///
/// For the total degree `d` there are `⌈(d + 1) / 2⌉` Gauss–Legendre rings of `d + 1` meridians. A transform passes the
/// Legendre sums of one hemisphere, `n_lm` per ring, and half of the Fourier sums, `2l + 1` per point. There is one per
/// target; one per function that targets are products of; two per function that they are brackets of, for the derivatives
/// by `cos θ` and by `φ`, where the latter has the Legendre sums of the values. A pointwise product takes one per point, a
/// bracket two.
///
/// So a bracket costs 5/3 of a product at high degrees, five transforms instead of three. The vjp of a product takes five
/// as well, that of a bracket eight.
pub(crate) fn grid_folded(degrees: Degrees, targets: &[Target]) -> usize {
    // Degrees above the sum of the two others contribute to nothing (triangle rule).
    let [l1, l2, l3] = degrees.0;
    let degrees = [l1.min(l2 + l3), l2.min(l1 + l3), l3];
    let d: usize = degrees.iter().sum();
    let (n_theta, n_phi) = ((d + 1).div_ceil(2), d + 1);
    let (mut legendre, mut fourier) = (0, 0);
    for (slot, l) in degrees.into_iter().enumerate() {
        let is_read = |form| targets.iter().any(|target| target.slot != slot && target.form == form);
        let (values, gradient) = (usize::from(is_read(Form::Product)), usize::from(is_read(Form::Bracket)));
        let written = targets.iter().filter(|target| target.slot == slot).count();
        legendre += n_lm(l) * (values.max(gradient) + gradient + written);
        fourier += (2 * l + 1) * (values + 2 * gradient + written);
    }
    let pointwise: usize = targets.iter().map(|target| 1 + usize::from(target.form == Form::Bracket)).sum();
    n_theta.div_ceil(2) * legendre + n_theta * n_phi * fourier / 2 + n_theta * n_phi * pointwise
}

/// Coefficients that parity, the triangle rule and the rule of the orders leave: an upper bound of the non-zero ones,
/// for degrees at which computing them takes too long.
pub(crate) fn selection_rule_terms(form: Form, Degrees([l1, l2, l3]): Degrees) -> usize {
    // Degrees from `start` to `end` in steps of two.
    let steps = |start: usize, end: usize| if start > end { 0 } else { (end - start) / 2 + 1 };
    let mut count = 0;
    for (a, b) in (0..=l1).flat_map(|a| (0..=l2).map(move |b| (a, b))) {
        // Degrees a, b of the operands; their orders by absolute value, with the number of signs.
        let signs = |order: usize| if order == 0 { 1 } else { 2 };
        for (m, n) in (0..=a).flat_map(|m| (0..=b).map(move |n| (m, n))) {
            // From the first degree of the right parity that has the output's order.
            let parity = usize::from(form == Form::Bracket);
            let outputs = |order: usize| {
                let first = a.abs_diff(b).max(order);
                steps(first + (first + a + b + parity) % 2, l3.min(a + b))
            };
            // The bracket takes an odd number of sines, which three orders of zero do not have.
            if form == Form::Product || m + n > 0 {
                count += signs(m) * signs(n) * outputs(m + n);
            }
            if m > 0 && n > 0 {
                // The sine of order zero does not exist: half of the signs if both orders are the same.
                let signs = if m == n { 2 } else { 4 };
                count += signs * outputs(m.abs_diff(n));
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Operation;

    /// The published counts of products on the folded grid, degrees to L in and to L or 2L out.
    #[test]
    fn folded_grid_costs_what_it_is_known_to() {
        for (l, to_l, to_2l) in [
            (1, 56, 131),
            (2, 292, 601),
            (3, 719, 1_643),
            (4, 1_619, 3_485),
            (5, 2_672, 6_355),
            (6, 4_630, 10_481),
            (8, 10_313, 23_413),
            (10, 19_024, 44_105),
        ] {
            assert_eq!(cost(Operation::Product, [l, l, l]), to_l, "{l}");
            assert_eq!(cost(Operation::Product, [l, l, 2 * l]), to_2l, "{l}");
        }
        // Degree 9 has no partner.
        assert_eq!(cost(Operation::Product, [9, 2, 1]), cost(Operation::Product, [3, 2, 1]));
    }

    /// Degree 1: 4 and 12 multiply-adds per transform, 8 points.
    #[test]
    fn operations_cost_their_transforms() {
        for (operation, legendre, fourier, pointwise) in [
            (Operation::Product, 3, 3, 1),
            (Operation::Bracket, 5, 5, 2),
            (Operation::ProductAndBracket, 6, 8, 3),
            (Operation::ProductVjp, 5, 5, 2),
            (Operation::BracketVjp, 8, 8, 4),
        ] {
            let expected = 4 * legendre + 12 * fourier + 8 * pointwise;
            assert_eq!(cost(operation, [1, 1, 1]), expected, "{operation:?}");
        }
    }

    fn cost(operation: Operation, degrees: [usize; 3]) -> usize {
        grid_folded(Degrees(degrees), operation.targets())
    }
}
