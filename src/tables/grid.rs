//! Constants of the quadrature grid: nodes, weights, associated Legendre functions, cosines and sines.
//!
//! The grid for a total degree `d = lmax1 + lmax2 + lmax3` has `n_theta = ⌊d/2⌋ + 1` Gauss–Legendre rings, exact for
//! polynomials of degree `2 n_theta − 1 >= d`, and `n_phi = 2 n_theta > d` meridians `φ_k = 2π (k + ½) / n_phi`, exact
//! for trigonometric polynomials of degree `n_phi − 1`. Only rings of the northern half (equator included) and
//! meridians of the first quarter are stored: `⌈n_theta / 2⌉` of each; the others are mirror images.
//!
//! Three factors of the integrand carry the quadrature weight: two operands and the analysing harmonic. Each table
//! therefore contains its *cube root*, and one table serves synthesis and analysis alike:
//!
//! - `legendre[m][l − m][j] = ∛w_j · P̄_lm(cos θ_j)`, `Y_lm = P̄_l|m|(cos θ) · (cos mφ if m >= 0, sin |m|φ if m < 0)`,
//!   orthonormal, no Condon–Shortley phase, `√2` for `m > 0` included;
//! - `cosine[m][k] = ∛(c_k · 2π / n_phi) · cos mφ_k` and likewise `sine`, with `c_k = 4` mirror images in general and
//!   `c_k = 2` for the meridian `φ = π/2` that an odd `n_theta` has.
//!
//! The bracket takes derivatives by `x = cos θ` and by `φ`: the same tables of `∂P̄_lm/∂x`, `m cos mφ_k`, `−m sin mφ_k`,
//! with the same factors.

use super::double_double::DoubleDouble as Dd;
use crate::index::n_triangle;

/// Rings needed for a total degree.
pub(crate) const fn n_theta(total_degree: usize) -> usize {
    total_degree / 2 + 1
}

/// The largest degree of the tables that are compiled in.
pub(crate) const fn compiled_lmax(n_theta: usize) -> usize {
    n_theta - 1
}

/// A view of the constants of one grid; see the module documentation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GridTable<'t, T> {
    /// Number of rings; the number of meridians is twice that.
    pub(crate) n_theta: usize,
    /// Largest degree tabulated.
    pub(crate) lmax: usize,
    /// `[m][l − m][node]`.
    pub(crate) legendre: &'t [T],
    /// `[m][meridian]`.
    pub(crate) cosine: &'t [T],
    /// `[m][meridian]`.
    pub(crate) sine: &'t [T],
}

/// A view of the derivatives of the constants of one grid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GradientTable<'t, T> {
    /// Largest degree tabulated.
    pub(crate) lmax: usize,
    /// `[m][l − m][node]`: the derivatives of `legendre` by `cos θ`.
    pub(crate) legendre: &'t [T],
    /// `[m][meridian]`: the cosines in the derivatives of `sine` by `φ`, `m cosine`.
    pub(crate) cosine: &'t [T],
    /// `[m][meridian]`: the sines in the derivatives of `cosine`, `−m sine`.
    pub(crate) sine: &'t [T],
}

/// Number of elements of the table of a grid, and of that of its derivatives.
pub(crate) const fn grid_table_len(n_theta: usize, lmax: usize) -> usize {
    n_theta.div_ceil(2) * (n_triangle(lmax) + 2 * (lmax + 1))
}

impl<'t, T> GridTable<'t, T> {
    /// Views `grid_table_len(n_theta, lmax)` elements as [`fill_grid_table`] orders them.
    pub(crate) fn new(n_theta: usize, lmax: usize, entries: &'t [T]) -> Option<Self> {
        let folded = n_theta.div_ceil(2);
        let (legendre, azimuth) = entries.split_at_checked(folded * n_triangle(lmax))?;
        let (cosine, sine) = azimuth.split_at_checked(folded * (lmax + 1))?;
        Some(Self { n_theta, lmax, legendre, cosine, sine })
    }
}

impl<'t, T> GradientTable<'t, T> {
    /// No derivatives.
    pub(crate) const NONE: Self = Self { lmax: 0, legendre: &[], cosine: &[], sine: &[] };

    /// Views `grid_table_len(n_theta, lmax)` elements as [`fill_gradient_table`] orders them.
    pub(crate) fn new(n_theta: usize, lmax: usize, entries: &'t [T]) -> Option<Self> {
        let GridTable { legendre, cosine, sine, .. } = GridTable::new(n_theta, lmax, entries)?;
        Some(Self { lmax, legendre, cosine, sine })
    }
}

/// Pairs `(l, m)`, `0 <= m <= l <= lmax`, with orders below `m`: `Σ_{m' < m} (lmax + 1 − m')`.
#[inline(always)]
const fn n_entries_before(lmax: usize, m: usize) -> usize {
    m * (2 * lmax + 3 - m) / 2
}

/// Computes a table: the same text made the constant tables and fills caller memory for large degrees. `None` if the
/// slice is shorter than [`grid_table_len`].
pub(crate) fn fill_grid_table<T>(
    n_theta: usize,
    lmax: usize,
    table: &mut [T],
    rounded: impl Fn(f64) -> T,
) -> Option<()> {
    let mut entries = GridTableEntries::new(n_theta, lmax);
    for _ in 0..grid_table_len(n_theta, lmax) {
        let index = entries.index();
        *table.get_mut(index)? = rounded(entries.next()?);
    }
    Some(())
}

/// Computes the table of derivatives. `None` if the slice is shorter than [`grid_table_len`].
pub(crate) fn fill_gradient_table<T>(
    n_theta: usize,
    lmax: usize,
    table: &mut [T],
    rounded: impl Fn(f64) -> T,
) -> Option<()> {
    let folded = n_theta.div_ceil(2);
    let (legendre, azimuth) = table.split_at_mut_checked(folded * n_triangle(lmax))?;
    let mut state = Some(LegendreState::at_node(n_theta, 0));
    while let Some(current) = state {
        *legendre.get_mut(current.index(n_theta, lmax))? = rounded(current.slope());
        state = current.advance(n_theta, lmax);
    }
    let mut azimuth = azimuth.iter_mut();
    for sine in [false, true] {
        for m in 0..=lmax {
            let factor = if sine { -(m as f64) } else { m as f64 };
            for k in 0..folded {
                let value = azimuth_entry(n_theta, m, k, sine).mul(Dd::new(factor));
                *azimuth.next()? = rounded(value.to_f64());
            }
        }
    }
    Some(())
}

/// The entries of a table, one node after the other (the recurrences run over `l`).
struct GridTableEntries {
    n_theta: usize,
    lmax: usize,
    stage: Stage,
}

/// What the next entry is.
enum Stage {
    Legendre(LegendreState),
    Azimuth { sine: bool, m: usize, k: usize },
}

/// Position within the Legendre part and the recurrence's state there.
#[derive(Clone, Copy)]
struct LegendreState {
    node: usize,
    m: usize,
    l: usize,
    /// `cos θ` and `sin θ` of the node, cube root of its weight.
    x: Dd,
    sine: Dd,
    factor: Dd,
    /// `P̄_mm` without the `√2`.
    diagonal: Dd,
    /// `P̄_lm` and `P̄_{l−1,m}` without the `√2`.
    current: Dd,
    previous: Dd,
    /// `a_{l m}` of the recurrence, see [`LegendreState::advance`].
    coefficient: Dd,
}

impl GridTableEntries {
    fn new(n_theta: usize, lmax: usize) -> Self {
        Self { n_theta, lmax, stage: Stage::Legendre(LegendreState::at_node(n_theta, 0)) }
    }

    /// Where the next entry belongs.
    fn index(&self) -> usize {
        match self.stage {
            Stage::Legendre(state) => state.index(self.n_theta, self.lmax),
            Stage::Azimuth { sine, m, k } => {
                let row = if sine { self.lmax + 1 + m } else { m };
                (n_triangle(self.lmax) + row) * self.n_theta.div_ceil(2) + k
            }
        }
    }
}

/// Endless; the first [`grid_table_len`] entries are the table.
impl Iterator for GridTableEntries {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        match self.stage {
            Stage::Legendre(state) => {
                self.stage = match state.advance(self.n_theta, self.lmax) {
                    Some(next) => Stage::Legendre(next),
                    None => Stage::Azimuth { sine: false, m: 0, k: 0 },
                };
                Some(state.value())
            }
            Stage::Azimuth { sine, m, k } => {
                self.stage = if k + 1 < self.n_theta.div_ceil(2) {
                    Stage::Azimuth { sine, m, k: k + 1 }
                } else if m < self.lmax {
                    Stage::Azimuth { sine, m: m + 1, k: 0 }
                } else {
                    Stage::Azimuth { sine: true, m: 0, k: 0 }
                };
                Some(azimuth_entry(self.n_theta, m, k, sine).to_f64())
            }
        }
    }
}

impl LegendreState {
    fn at_node(n_theta: usize, node: usize) -> Self {
        let (x, weight) = gauss_legendre(n_theta, node);
        let sine = Dd::ONE.sub(x).mul(Dd::ONE.add(x)).sqrt();
        // P̄_00 = 1/√4π
        let p00 = Dd::ONE.div(Dd::PI.scale(4.0)).sqrt();
        Self {
            node,
            m: 0,
            l: 0,
            x,
            sine,
            factor: weight.cbrt(),
            diagonal: p00,
            current: p00,
            previous: Dd::ZERO,
            coefficient: Dd::ONE,
        }
    }

    /// Where its entry belongs.
    fn index(&self, n_theta: usize, lmax: usize) -> usize {
        (n_entries_before(lmax, self.m) + self.l - self.m) * n_theta.div_ceil(2) + self.node
    }

    fn value(&self) -> f64 {
        self.scaled(self.current)
    }

    /// `∂P̄_lm/∂x`, from `(1 − x²) ∂P̄_lm/∂x = (2l + 1) P̄_{l−1,m} / a_l − l x P̄_lm` (DLMF 14.10.5 in the orthonormal
    /// scaling; what cancels near the poles double-double has to spare).
    fn slope(&self) -> f64 {
        let (l, next) = (Dd::new(self.l as f64), Dd::new((2 * self.l + 1) as f64));
        let lower = self.previous.mul(next).div(self.coefficient);
        let difference = lower.sub(self.x.mul(self.current).mul(l));
        self.scaled(difference.div(self.sine).div(self.sine))
    }

    /// With the factor of the weight, and the `√2`.
    fn scaled(&self, value: Dd) -> f64 {
        let value = value.mul(self.factor);
        let value = if self.m > 0 { value.mul(Dd::new(2.0).sqrt()) } else { value };
        value.to_f64()
    }

    /// The state of the following entry: next `l`, else next `m`, else next node.
    ///
    /// `P̄_{l+1,m} = a_{l+1} (x P̄_lm − P̄_{l−1,m} / a_l)` with `a_l = √((4l² − 1) / (l² − m²))` (DLMF 14.10.3 in the
    /// orthonormal scaling), and `P̄_{m+1,m+1} = √((2m + 3) / (2m + 2)) sin θ P̄_mm`. Near the poles `P̄_mm` underflows
    /// to zero only where every `P̄_lm` of the table is negligible too (degrees to 256 and beyond).
    fn advance(mut self, n_theta: usize, lmax: usize) -> Option<Self> {
        if self.l < lmax {
            let (l, m) = ((self.l + 1) as u128, self.m as u128);
            let coefficient = Dd::ratio(4 * l * l - 1, l * l - m * m).sqrt();
            let next = self.x.mul(self.current).sub(self.previous.div(self.coefficient)).mul(coefficient);
            self.previous = self.current;
            self.current = next;
            self.coefficient = coefficient;
            self.l += 1;
            Some(self)
        } else if self.m < lmax {
            let m = self.m as u128;
            self.diagonal = Dd::ratio(2 * m + 3, 2 * m + 2).sqrt().mul(self.sine).mul(self.diagonal);
            self.m += 1;
            self.l = self.m;
            self.current = self.diagonal;
            self.previous = Dd::ZERO;
            self.coefficient = Dd::ONE; // multiplies a zero
            Some(self)
        } else if self.node + 1 < n_theta.div_ceil(2) {
            Some(Self::at_node(n_theta, self.node + 1))
        } else {
            None
        }
    }
}

/// Node `j` (from the north pole) and weight of the `n`-point Gauss–Legendre rule on [−1, 1]: a zero of `P_n` and
/// `2 (1 − x²) / (n P_{n−1}(x))²`.
pub(crate) fn gauss_legendre(n: usize, j: usize) -> (Dd, Dd) {
    // Start within O(1/n²) (Abramowitz & Stegun 22.16.6); Newton's iteration doubles the digits: 6 steps pass 10⁻³².
    let (mut x, _) = Dd::cos_sin_pi(4 * j as u64 + 3, 4 * n as u64 + 2);
    for _ in 0..6 {
        let (p, previous) = legendre_pair(n, x);
        let scaled_slope = previous.sub(x.mul(p)).scale(n as f64); // P_n'(x) (1 − x²)
        x = x.sub(p.mul(Dd::ONE.sub(x.mul(x))).div(scaled_slope));
    }
    let (_, previous) = legendre_pair(n, x);
    let scaled = previous.scale(n as f64);
    (x, Dd::ONE.sub(x.mul(x)).scale(2.0).div(scaled.mul(scaled)))
}

/// `(P_n(x), P_{n−1}(x))` by Bonnet's recurrence, `n >= 1`.
fn legendre_pair(n: usize, x: Dd) -> (Dd, Dd) {
    let (mut p, mut previous) = (x, Dd::ONE);
    for k in 1..n {
        let next =
            x.mul(p).scale((2 * k + 1) as f64).sub(previous.scale(k as f64)).div(Dd::new((k + 1) as f64));
        previous = p;
        p = next;
    }
    (p, previous)
}

/// `cosine[m][k]` or `sine[m][k]` of the module documentation.
fn azimuth_entry(n_theta: usize, m: usize, k: usize, sine: bool) -> Dd {
    // φ_k = 2π (k + ½) / (2 n_theta) = π (2k + 1) / (2 n_theta)
    let (cos, sin) = Dd::cos_sin_pi((m * (2 * k + 1)) as u64, 2 * n_theta as u64);
    let images = if 2 * k + 1 == n_theta { 2.0 } else { 4.0 };
    let factor = Dd::PI.scale(images).div(Dd::new(n_theta as f64)).cbrt(); // c_k · 2π / n_phi
    (if sine { sin } else { cos }).mul(factor)
}
