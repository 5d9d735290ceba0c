//! The exchange of the axes `x` and `z` as matrices: `Y_lm(z, y, x) = Σ_j J_jm Y_lj(x, y, z)` for every degree.
//!
//! With it a rotation about `x` is one about `z`, which mixes pairs of coefficients only (Pinchon & Hoggan, *J. Phys. A* 40
//! (2007) 1597; the values are Wigner's `d(π/2)`, as in Trapani & Navaza, *Acta Cryst. A* 62 (2006) 262).
//!
//! The exchange keeps `y`, so cosines go to cosines and sines to sines; it turns the parity of `m` under `x → −x` into that
//! under `z → −z`, so `J_jm` of cosines vanishes unless `l + j + m` is even, and that of sines unless it is odd. Both
//! fill one matrix. It is symmetric, and its own inverse.
//!
//! Exchanging axes takes the derivative about `z` into minus that about `x`. Written for the coefficients, that is the
//! recurrence `2m b_j = a_j−1 b_j−1 + a_j b_j+1` with `a_j = √((l − j)(l + j + 1))` in a column `m` of both kinds in turn
//! (`b_j = J_jm`, `b_0 = √2 J_0m`). Downwards from `b_l = 2^(1−l) √C(2l, l + m)` it is stable: values grow, then oscillate.

use super::double_double::DoubleDouble as Dd;

/// Largest degree of the matrices.
pub(crate) const LMAX_SWAP: usize = 256;

/// The matrices of all degrees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SwapTable<'t, T> {
    entries: &'t [T],
}

impl<'t, T> SwapTable<'t, T> {
    /// Over what [`fill_swap_table`] has written.
    pub(crate) fn new(entries: &'t [T]) -> Self {
        Self { entries }
    }

    /// Degree `l > 0`: row `j`, column `m` of the cosines at `j (l + 1) + m`; of the sines at `(l − j)(l + 1) + l − m`, so
    /// that ascending places are ascending rows of the flat index.
    pub(crate) fn degree(&self, l: usize) -> Option<&'t [T]> {
        self.entries.get(start(l)..start(l + 1))
    }
}

/// Number of elements for degrees to `lmax`.
pub(crate) fn swap_table_len(lmax: usize) -> usize {
    start(lmax + 1)
}

/// Where degree `l > 0` starts: behind `(k + 1)²` elements of every degree `0 < k < l`.
fn start(l: usize) -> usize {
    l * (l + 1) * (2 * l + 1) / 6 - 1
}

/// Computes the matrices of degrees to `lmax`, at most [`LMAX_SWAP`]. `None` if there is no room for them.
pub(crate) fn fill_swap_table<T>(lmax: usize, entries: &mut [T], round: impl Fn(f64) -> T) -> Option<()> {
    for l in 1..=lmax {
        let matrix = entries.get_mut(start(l)..start(l + 1))?;
        let mut set = |j: usize, m: usize, value: Dd| {
            let places = if (l + j + m).is_multiple_of(2) {
                [(j, m), (m, j)]
            } else {
                [(l - j, l - m), (l - m, l - j)]
            };
            for (row, column) in places {
                *matrix.get_mut(row * (l + 1) + column)? = round(value.to_f64());
            }
            Some(())
        };
        // Row `j` and the one above it, to the diagonal.
        let (mut row, mut above) = ([Dd::ZERO; LMAX_SWAP + 1], [Dd::ZERO; LMAX_SWAP + 1]);
        let mut value = Dd::new(1.0);
        for _ in 1..l {
            value = value.scale(0.5);
        }
        for m in (1..=l).rev() {
            *row.get_mut(m)? = value;
            value = value.mul(Dd::ratio((l + m) as u128, (l - m + 1) as u128).sqrt());
        }
        let half_root = Dd::new(0.5).sqrt();
        *row.first_mut()? = value.mul(half_root);
        let mut root_above = Dd::ZERO;
        for j in (1..=l).rev() {
            for (m, value) in row.iter().enumerate().take(j + 1) {
                set(j, m, *value)?;
            }
            let root = Dd::from_integer(((l + 1 - j) * (l + j)) as u128).sqrt();
            let inverse = Dd::ONE.div(root);
            for (m, (value, above)) in row.iter_mut().zip(&mut above).enumerate().take(j) {
                let below = value.scale((2 * m) as f64).sub(above.mul(root_above)).mul(inverse);
                (*above, *value) = (*value, below);
            }
            root_above = root;
        }
        set(0, 0, row.first()?.mul(half_root))?;
    }
    Some(())
}
