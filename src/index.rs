//! Degrees, orders and counts.

/// Number of coefficients of degrees `0..=lmax`: `(lmax + 1)²`.
///
/// Exact for every degree a plan accepts.
#[must_use]
pub const fn n_lm(lmax: usize) -> usize {
    (lmax + 1) * (lmax + 1)
}

/// Flat index of degree `l` and order `m`, `-l <= m <= l`: `l² + l + m`.
#[must_use]
pub const fn flat_index(l: usize, m: isize) -> usize {
    (l * l + l).wrapping_add_signed(m)
}

/// Number of pairs `0 <= m <= l <= lmax`: `(lmax + 1)(lmax + 2) / 2`.
pub(crate) const fn n_triangle(lmax: usize) -> usize {
    (lmax + 1) * (lmax + 2) / 2
}
