//! Path constants: how the product and the bracket weight the paths `(l1, l2, l3)` of the Clebsch–Gordan product.
//!
//! Each path has one coupling tensor up to a factor. e3nn takes the one of norm 1, its real Wigner 3j symbol `w`; the
//! product and the bracket of functions take `k w` on even paths and `κ w` on odd ones, with constants that are never
//! negative. By the closed forms of the 3j symbols, with `J = l1 + l2 + l3` and `b(n) = C(2n, n) / 4ⁿ`,
//!
//! ```text
//! k² = Π (2l + 1) / 4π · 3j(0 0 0)²                             = Π (2l + 1) b((J − 2l)/2) / (4π (J + 1) b(J/2))
//! κ² = Π (2l + 1) / 4π · l1 (l1 + 1) l2 (l2 + 1) 3j(1 −1 0)²    = Π (2l + 1) (J − 2l) b((J − 2l − 1)/2) / (16π b((J + 1)/2))
//! ```
//!
//! where the products run over the three degrees. `b` falls like `1/√n`, so that nothing over- or underflows at any
//! degree.

use crate::error::Error;
use crate::plan::LMAX_INPUT;
use crate::tables::DoubleDouble as Dd;

/// `k(l1, l2, l3)`, the constant of an even path: `G = k w` for the real Gaunt coefficients `G` of orthonormal harmonics
/// and e3nn's `wigner_3j`, element by element. So `Σ G² = k²` over the orders, and dividing the product of coefficients
/// of degrees `l1` and `l2` by `k` at degree `l3` gives e3nn's path.
///
/// 0.0 unless `l1 + l2 + l3` is even and the degrees satisfy the triangle inequality, where it is positive. Symmetric in
/// the degrees. The error is below 0.5 + 2⁻³⁰ ulp: in double-double up to the final rounding. With coefficients of
/// *component* normalisation the constant is `√4π k`, of *norm* `k √(4π (2l3 + 1) / ((2l1 + 1) (2l2 + 1)))`. Cost:
/// microseconds, in proportion to the degrees.
///
/// # Errors
/// [`Error::Unsupported`] for a degree beyond `2 · LMAX_INPUT`, the largest one of an output.
pub fn product_path_constant(l: [usize; 3]) -> Result<f64, Error> {
    let Some(sum) = path(l)?.filter(|sum| sum % 2 == 0) else { return Ok(0.0) };
    let denominator = central(sum / 2).scale((sum + 1) as f64).scale(4.0);
    let square =
        l.iter().fold(Dd::ONE, |square, l| square.mul(central((sum - 2 * l) / 2)).scale((2 * l + 1) as f64));
    Ok(square.div(denominator.mul(Dd::PI)).sqrt().to_f64())
}

/// `κ(l1, l2, l3)`, the constant of an odd path: `B = κ w` for the real coefficients `B` of the bracket `r̂·(∇f × ∇g)` of
/// orthonormal harmonics and e3nn's `wigner_3j`, element by element.
///
/// 0.0 unless `l1 + l2 + l3` is odd and the degrees satisfy the triangle inequality, where it is positive; otherwise as
/// [`product_path_constant`].
///
/// # Errors
/// [`Error::Unsupported`] for a degree beyond `2 · LMAX_INPUT`, the largest one of an output.
pub fn bracket_path_constant(l: [usize; 3]) -> Result<f64, Error> {
    let Some(sum) = path(l)?.filter(|sum| sum % 2 == 1) else { return Ok(0.0) };
    let denominator = central(sum.div_ceil(2)).scale(16.0);
    let square = l.iter().fold(Dd::ONE, |square, l| {
        let rest = sum - 2 * l;
        square.mul(central((rest - 1) / 2)).scale(((2 * l + 1) * rest) as f64)
    });
    Ok(square.div(denominator.mul(Dd::PI)).sqrt().to_f64())
}

/// `l1 + l2 + l3` if the degrees satisfy the triangle inequality.
fn path(l: [usize; 3]) -> Result<Option<usize>, Error> {
    if l.iter().any(|l| *l > 2 * LMAX_INPUT) {
        return Err(Error::Unsupported);
    }
    let sum = l.iter().sum::<usize>();
    Ok(if l.iter().all(|l| 2 * l <= sum) { Some(sum) } else { None })
}

/// `C(2n, n) / 4ⁿ = Π (2i − 1) / 2i`.
fn central(n: usize) -> Dd {
    (1..=n).fold(Dd::ONE, |value, i| value.scale((2 * i - 1) as f64).div(Dd::new((2 * i) as f64)))
}
