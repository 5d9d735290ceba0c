//! Constants of the two-dimensional Fourier basis.
//!
//! Continued over both poles, a harmonic is a short trigonometric polynomial in the colatitude too, of the parity of its
//! degree (Luo, Chen & Krishnapriyan 2024):
//!
//! ```text
//! P̄_lm(cos θ) = Σ_u series_u · { 2 cos uθ   m even      0 <= u <= l, u ≡ l (mod 2); for u = 0 without the 2
//!                              { 2 sin uθ   m odd
//! ```
//!
//! The way back projects a product, a polynomial of degree `lmax1 + lmax2`, with
//!
//! ```text
//! projection_u = ∫₀^π P̄_lm(cos θ) { cos uθ, sin uθ } sin θ dθ        0 <= u <= lmax1 + lmax2, u ≡ l (mod 2)
//! ```
//!
//! The integral is over half a period only, hence the many `u`.
//!
//! The bracket needs the components of gradients. By `θ` they are series with other factors; by `φ` they have one table more,
//! a degree lower and of the other kind,
//!
//! ```text
//! m P̄_lm(cos θ) / sin θ = Σ_u turn_u · { 2 sin uθ   m even      0 <= u <= l − 1, u ≡ l − 1 (mod 2); for u = 0 without the 2
//!                                      { 2 cos uθ   m odd
//! ```
//!
//! All tables carry factors of the transforms: a half for `m > 0`, whose cosines and sines are sums of two exponentials, and
//! the projection `2π / (n_theta n_phi)`, the weight of a sample.

use super::double_double::DoubleDouble as Dd;

/// Sizes of the Fourier basis of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FourierSizes {
    /// Largest degree of the operands.
    pub(crate) lmax: usize,
    /// Largest degree of the output.
    pub(crate) lmax3: usize,
    /// Largest degree of the product, `lmax1 + lmax2`.
    pub(crate) bandwidth: usize,
    /// Samples over the full circle of colatitudes, more than `bandwidth`, an even number.
    pub(crate) n_theta: usize,
    /// Samples over the circle of azimuths, more than `bandwidth + lmax3`.
    pub(crate) n_phi: usize,
    /// Whether there are tables for gradients.
    pub(crate) gradients: bool,
}

/// The degrees of one order and one parity: `first, first + 2, …`.
#[derive(Clone, Copy)]
pub(crate) struct Degrees {
    /// The smallest degree, `m` or `m + 1`.
    pub(crate) first: usize,
    /// The smallest frequency, `first mod 2`.
    pub(crate) first_frequency: usize,
}

impl Degrees {
    /// Those with `l − m` even (`parity` 0) or odd (1).
    #[inline(always)]
    pub(crate) fn new(m: usize, parity: usize) -> Self {
        let first = m + parity;
        Self { first, first_frequency: first % 2 }
    }

    /// How many there are to `lmax`.
    #[inline(always)]
    pub(crate) fn count(self, lmax: usize) -> usize {
        (lmax + 2).saturating_sub(self.first) / 2
    }

    /// How many frequencies there are to `limit`, if there are any degrees.
    #[inline(always)]
    pub(crate) fn frequencies(self, limit: usize) -> usize {
        (limit + 2 - self.first_frequency) / 2
    }

    /// The smallest frequency of the derivatives by `φ`, which have the other parity.
    #[inline(always)]
    pub(crate) fn first_turn(self) -> usize {
        1 - self.first_frequency
    }

    /// How many frequencies these have, for degrees to `lmax`.
    #[inline(always)]
    pub(crate) fn turns(self, lmax: usize) -> usize {
        (lmax + 1 - self.first_turn()) / 2
    }
}

/// A view of the constants; see the module documentation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FourierTable<'t, T> {
    pub(crate) sizes: FourierSizes,
    /// `[m][parity][degree][frequency]`, for degrees to `lmax`; zero where the frequency is above the degree. (What is computed
    /// together lies together, here and in the projection.)
    pub(crate) series: &'t [T],
    /// Likewise for `m P̄_lm / sin θ`; empty without gradients.
    pub(crate) turns: &'t [T],
    /// `[m][parity][frequency][degree]`, for degrees to `lmax3` and frequencies to `bandwidth`.
    pub(crate) projection: &'t [T],
    /// `e^(2πi k / n_theta)` as `[k][re, im]`.
    pub(crate) roots_theta: &'t [T],
    /// `e^(2πi k / n_phi)` as `[k][re, im]`.
    pub(crate) roots_phi: &'t [T],
    /// `e^(iπ u / (2 n_theta))` for even orders and `−i` times that for odd ones, `u < n_theta / 2`, as
    /// `[parity][u][re, im]`.
    pub(crate) quarters: &'t [T],
}

impl FourierSizes {
    fn series_len(&self) -> usize {
        Self::blocks(self.lmax)
            .map(|(_, degrees)| degrees.count(self.lmax) * degrees.frequencies(self.lmax))
            .sum()
    }

    fn turns_len(&self) -> usize {
        if !self.gradients {
            return 0;
        }
        Self::blocks(self.lmax).map(|(_, degrees)| degrees.count(self.lmax) * degrees.turns(self.lmax)).sum()
    }

    fn projection_len(&self) -> usize {
        Self::blocks(self.lmax3)
            .map(|(_, degrees)| degrees.count(self.lmax3) * degrees.frequencies(self.bandwidth))
            .sum()
    }

    /// The orders and parities that have degrees to `lmax`, with their order.
    fn blocks(lmax: usize) -> impl Iterator<Item = (usize, Degrees)> {
        (0..=lmax)
            .flat_map(|m| [0, 1].map(|parity| (m, Degrees::new(m, parity))))
            .filter(move |(_, degrees)| degrees.first <= lmax)
    }

    /// Number of elements of the table.
    pub(crate) fn table_len(&self) -> usize {
        let quarters = self.n_theta;
        self.series_len()
            + self.turns_len()
            + self.projection_len()
            + 2 * (self.n_theta + self.n_phi + quarters)
    }
}

impl<'t, T> FourierTable<'t, T> {
    /// Views [`FourierSizes::table_len`] elements as [`fill_fourier_table`] orders them.
    pub(crate) fn new(sizes: FourierSizes, entries: &'t [T]) -> Option<Self> {
        let (series, rest) = entries.split_at_checked(sizes.series_len())?;
        let (turns, rest) = rest.split_at_checked(sizes.turns_len())?;
        let (projection, rest) = rest.split_at_checked(sizes.projection_len())?;
        let (roots_theta, rest) = rest.split_at_checked(2 * sizes.n_theta)?;
        let (roots_phi, quarters) = rest.split_at_checked(2 * sizes.n_phi)?;
        Some(Self { sizes, series, turns, projection, roots_theta, roots_phi, quarters })
    }
}

/// Computes a table; about `lmax3³ (lmax1 + lmax2) / 12` multiplications in double-double. `None` if the slice is shorter
/// than [`FourierSizes::table_len`].
pub(crate) fn fill_fourier_table<T>(
    sizes: FourierSizes,
    table: &mut [T],
    rounded: impl Fn(f64) -> T,
) -> Option<()> {
    let FourierSizes { lmax, lmax3, bandwidth, n_theta, n_phi, gradients } = sizes;
    let half = |m| if m > 0 { 0.5 } else { 1.0 };
    let (series, rest) = table.split_at_mut_checked(sizes.series_len())?;
    let (turns, rest) = rest.split_at_mut_checked(sizes.turns_len())?;
    let (projection, rest) = rest.split_at_mut_checked(sizes.projection_len())?;

    let (mut blocks, mut turn_blocks) = (series, turns);
    for (m, degrees) in FourierSizes::blocks(lmax) {
        let (n_degrees, n_frequencies) = (degrees.count(lmax), degrees.frequencies(lmax));
        let (block, rest) = blocks.split_at_mut_checked(n_degrees * n_frequencies)?;
        blocks = rest;
        let n_turns = if gradients { degrees.turns(lmax) } else { 0 };
        let (turn_block, rest) = turn_blocks.split_at_mut_checked(n_degrees * n_turns)?;
        turn_blocks = rest;
        for i in 0..n_degrees {
            let (mut series, mut turn) = (Series::new(degrees.first + 2 * i, m), Turn::new(m));
            for r in (0..n_frequencies).rev() {
                let u = degrees.first_frequency + 2 * r;
                let value = series.at(u);
                *block.get_mut(i * n_frequencies + r)? = rounded(value.scale(half(m)).to_f64());
                if let (Some(v), true) = (u.checked_sub(1), gradients) {
                    let (r, value) = ((v - degrees.first_turn()) / 2, turn.next(value).scale(half(m)));
                    *turn_block.get_mut(i * n_turns + r)? = rounded(value.to_f64());
                }
            }
        }
    }

    // Half-period integrals of cosines, by half the frequency.
    let mut integrals = [Dd::ZERO; (MAX_FREQUENCY_SUM / 2) + 1];
    for (i, integral) in (0_i32..).zip(&mut integrals) {
        // ∫₀^π cos kθ sin θ dθ = 2 / (1 − k²) for even k
        *integral = Dd::new(2.0).div(Dd::new(f64::from(1 - 4 * i * i)));
    }
    let weight = Dd::PI.scale(2.0).div(Dd::new((n_theta * n_phi) as f64));
    let mut blocks = projection;
    for (m, degrees) in FourierSizes::blocks(lmax3) {
        let (n_degrees, n_frequencies) = (degrees.count(lmax3), degrees.frequencies(bandwidth));
        let (block, rest) = blocks.split_at_mut_checked(n_degrees * n_frequencies)?;
        blocks = rest;
        for i in 0..n_degrees {
            let l = degrees.first + 2 * i;
            let mut coefficients = [Dd::ZERO; MAX_DEGREE / 2 + 1];
            let mut series = Series::new(l, m);
            for r in (0..degrees.frequencies(l)).rev() {
                *coefficients.get_mut(r)? = series.at(degrees.first_frequency + 2 * r);
            }
            let coefficients = coefficients.get(..degrees.frequencies(l))?;
            for r in 0..n_frequencies {
                let u = degrees.first_frequency + 2 * r;
                let sum = projection_entry(u, m, degrees.first_frequency, coefficients, &integrals)?;
                *block.get_mut(r * n_degrees + i)? = rounded(sum.mul(weight).scale(half(m)).to_f64());
            }
        }
    }

    let mut rest = rest.iter_mut();
    let mut put = |(cos, sin): (Dd, Dd)| {
        *rest.next()? = rounded(cos.to_f64());
        *rest.next()? = rounded(sin.to_f64());
        Some(())
    };
    for n in [n_theta, n_phi] {
        for k in 0..n {
            put(Dd::cos_sin_pi(2 * k as u64, n as u64))?;
        }
    }
    for parity in 0..2 {
        for u in 0..n_theta / 2 {
            let (cos, sin) = Dd::cos_sin_pi(u as u64, 2 * n_theta as u64);
            put(if parity == 0 { (cos, sin) } else { (sin, cos.neg()) })?;
        }
    }
    Some(())
}

/// Largest degree of an output, and the largest sum of a frequency of a product and one of an output.
pub(crate) const MAX_DEGREE: usize = 512;
pub(crate) const MAX_FREQUENCY_SUM: usize = 1280;

/// `∫₀^π P̄_lm(cos θ) {cos uθ, sin uθ} sin θ dθ` from the series of `P̄_lm`, whose frequencies `v` begin with `first`:
/// `2 cos vθ cos uθ = cos (v − u)θ + cos (v + u)θ`, and for sines the difference.
fn projection_entry(u: usize, m: usize, first: usize, series: &[Dd], integrals: &[Dd]) -> Option<Dd> {
    let mut sum = Dd::ZERO;
    for (i, coefficient) in series.iter().enumerate() {
        let v = first + 2 * i;
        let difference = *integrals.get(u.abs_diff(v) / 2)?;
        let other = *integrals.get(usize::midpoint(u, v))?;
        let integral = if m % 2 == 1 {
            difference.sub(other)
        } else if v > 0 {
            difference.add(other)
        } else {
            other
        };
        sum = sum.add(coefficient.mul(integral));
    }
    Some(sum)
}

/// The series of one `m P̄_lm / sin θ`, from the highest frequency down: by `2 cos vθ sin θ = sin (v + 1)θ − sin (v − 1)θ`
/// and `2 sin vθ sin θ = cos (v − 1)θ − cos (v + 1)θ`, with the coefficients `c` of `P̄_lm`,
///
/// ```text
/// turn_{u−1} = turn_{u+1} + 2m c_u    (m odd),      turn_{u−1} = turn_{u+1} − 2m c_u    (m even)
/// ```
struct Turn {
    factor: Dd,
    sum: Dd,
}

impl Turn {
    fn new(m: usize) -> Self {
        let factor = 2.0 * m as f64;
        Self { factor: Dd::new(if m.is_multiple_of(2) { -factor } else { factor }), sum: Dd::ZERO }
    }

    /// The coefficient of the frequency below that of `c`, the next lower one of the series of `P̄_lm`.
    fn next(&mut self, c: Dd) -> Dd {
        self.sum = self.sum.add(c.mul(self.factor));
        self.sum
    }
}

/// The series of one `P̄_lm`, from the highest frequency down.
///
/// Legendre's equation `sin θ (sin θ P')' + (λ sin² θ − m²) P = 0`, `λ = l (l + 1)`, becomes for the coefficients of
/// `e^(iuθ)`
///
/// ```text
/// ((u − 2)(u − 1) − λ) c_{u−2} + (2λ − 4m² − 2u²) c_u + ((u + 2)(u + 1) − λ) c_{u+2} = 0
/// ```
///
/// (The coefficients are products of Wigner functions at π/2, `d^l_um d^l_u0`, and decrease for `u² > l² − m²`: downwards is
/// the stable direction.)
struct Series {
    l: usize,
    m: usize,
    u: usize,
    current: Dd,
    previous: Dd,
}

impl Series {
    /// At `u = l`: `(−1)^⌊m/2⌋ √((2 − δ_m0)(2l + 1)/4π) (2l)! / (4^l l! √((l − m)! (l + m)!))`, the leading coefficient of
    /// `sin^m θ` times the polynomial in `cos θ`.
    fn new(l: usize, m: usize) -> Self {
        let multiplicity = if m > 0 { 2 } else { 1 };
        let mut lead = Dd::from_integer(multiplicity * (2 * l as u128 + 1)).div(Dd::PI.scale(4.0)).sqrt();
        for k in 1..=l as u128 {
            lead = lead.mul(Dd::ratio(2 * k - 1, 2 * k));
        }
        for k in 0..m {
            lead = lead.mul(Dd::ratio((l - k) as u128, (l + k + 1) as u128).sqrt());
        }
        let current = if m % 4 < 2 { lead } else { lead.neg() };
        Self { l, m, u: l, current, previous: Dd::ZERO }
    }

    /// The coefficient of frequency `u`; calls must go downwards. Zero above `l`.
    #[allow(clippy::cast_possible_wrap)] // degrees to 512
    fn at(&mut self, u: usize) -> Dd {
        if u > self.l {
            return Dd::ZERO;
        }
        while self.u > u {
            let factor = |value: i64| Dd::new(value as f64);
            let [l, m, u] = [self.l, self.m, self.u].map(|n| n as i64);
            let lambda = l * (l + 1);
            let sum = self.current.mul(factor(2 * lambda - 4 * m * m - 2 * u * u));
            let sum = sum.add(self.previous.mul(factor((u + 2) * (u + 1) - lambda)));
            let next = sum.div(factor(lambda - (u - 2) * (u - 1)));
            (self.previous, self.current) = (self.current, next);
            self.u -= 2;
        }
        self.current
    }
}
