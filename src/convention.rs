//! The conventions of other libraries as data, and the conversion of coefficients from and to them.
//!
//! A convention says which function a coefficient stands for and where it lies. All conventions here agree up to three
//! things, which make up a row of [`Convention::definition`]: the *storage* (which slots there are, in which order), the
//! *normalisation* and the *Condon–Shortley phase* `(−1)ᵐ`. Every slot of a storage is zero or one of our coefficients
//! times a factor; one of our coefficients has one slot, or two where complex coefficients of both `m` and `−m` are stored.

use crate::error::{Error, check_len};
use crate::index::{flat_index, n_lm};
use crate::plan::{LMAX_INPUT, Normalization, Real};

/// Coefficients as another library has them. See [`conventions`](crate::conventions) for a table of what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Convention {
    /// e3nn and e3nn-jax, `normalization="integral"`: ours, of the function with the axes renamed, `(x, y, z)` there is
    /// `(z, x, y)` here.
    E3nnIntegral,
    /// e3nn and e3nn-jax, `normalization="component"`.
    E3nnComponent,
    /// e3nn and e3nn-jax, `normalization="norm"`.
    E3nnNorm,
    /// sphericart: ours.
    Sphericart,
    /// Complex orthonormal harmonics with Condon–Shortley phase, as in physics and `scipy.special.sph_harm_y`: pairs of real
    /// and imaginary part at `l² + l + m`, both signs of `m`.
    Complex,
    /// `SHTns` by default, for real functions: complex, orthonormal with Condon–Shortley phase, `m >= 0` only, `m` by `m`.
    Shtns,
    /// SHTOOLS by default: real, `∫ Y² = 4π`, cosines and sines apart, `[2][lmax + 1][lmax + 1]` by degree and order.
    Shtools,
    /// E3x by default: real, `∫ Y² = 4π / (2l + 1)`, the orders of a degree as `l, −l, l − 1, −(l − 1), …, 0`.
    E3x,
}

/// Which slots there are, in which order.
#[derive(Clone, Copy)]
enum Storage {
    /// Real, `l² + l + m`.
    Flat,
    /// Real, by degree; orders `l, −l, l − 1, …, −1, 0`.
    Descending,
    /// Real, `[2][l][m]` with cosines first; zeros where there is no order.
    CosineSine,
    /// Complex, `l² + l + m`.
    Complex,
    /// Complex, `m >= 0`, by order, then by degree from `m` on.
    ComplexByOrder,
}

/// What makes up a convention.
#[derive(Clone, Copy)]
struct Definition {
    storage: Storage,
    normalization: Normalization,
    condon_shortley: bool,
}

/// Where one of our coefficients goes: the index of a slot and the factor.
type Slot = (usize, f64);

impl Convention {
    /// The table.
    #[rustfmt::skip] // columns
    #[allow(clippy::match_same_arms)] // one row each
    const fn definition(self) -> Definition {
        use Normalization::{Component, Integral, Norm};
        use Storage::{Complex, ComplexByOrder, CosineSine, Descending, Flat};

        let (storage, normalization, condon_shortley) = match self {
            Self::E3nnIntegral  => (Flat,           Integral,  false),
            Self::E3nnComponent => (Flat,           Component, false),
            Self::E3nnNorm      => (Flat,           Norm,      false),
            Self::Sphericart    => (Flat,           Integral,  false),
            Self::Complex       => (Complex,        Integral,  true),
            Self::Shtns         => (ComplexByOrder, Integral,  true),
            Self::Shtools       => (CosineSine,     Component, false),
            Self::E3x           => (Descending,     Norm,      false),
        };
        Definition { storage, normalization, condon_shortley }
    }

    /// Number of elements of one coefficient vector of degrees `0..=lmax`; a complex coefficient counts two.
    ///
    /// Exact for every degree up to [`LMAX_INPUT`].
    #[must_use]
    pub const fn len(self, lmax: usize) -> usize {
        match self.definition().storage {
            Storage::Flat | Storage::Descending => n_lm(lmax),
            Storage::CosineSine | Storage::Complex => 2 * n_lm(lmax),
            Storage::ComplexByOrder => (lmax + 1) * (lmax + 2),
        }
    }
}

impl Definition {
    /// The factor of degree `l` from our coefficients to these, but for phases and `√2`.
    fn scale(self, l: usize) -> f64 {
        1.0 / self.normalization.factor(l)
    }

    /// The slots of our coefficient `(l, m)`, without the factor of the degree. There are one or two; one is repeated.
    fn slots(self, lmax: usize, l: usize, m: isize) -> [Slot; 2] {
        let (order, sine) = (m.unsigned_abs(), m < 0);
        let phase = if self.condon_shortley && order % 2 == 1 { -1.0 } else { 1.0 };
        // The complex coefficient of order |m| > 0 is (cosine − i sine)/√2, with the phase; that of −|m| is (cosine +
        // i sine)/√2.
        let part = usize::from(sine);
        let half = if order == 0 { 1.0 } else { core::f64::consts::FRAC_1_SQRT_2 };
        let positive = phase * if sine { -half } else { half };
        match self.storage {
            Storage::Flat => [(flat_index(l, m), phase); 2],
            Storage::Descending => [(l * l + 2 * (l - order) + part, phase); 2],
            Storage::CosineSine => [((part * (lmax + 1) + l) * (lmax + 1) + order, phase); 2],
            Storage::Complex => {
                let index = |m: isize| 2 * flat_index(l, m) + part;
                [(index(order.cast_signed()), positive), (index(-order.cast_signed()), half)]
            }
            Storage::ComplexByOrder => {
                // Orders k < m have lmax + 1 − k coefficients each, of which l − m of this order are passed.
                [(2 * (order * (2 * lmax + 1 - order) / 2 + l) + part, positive); 2]
            }
        }
    }
}

/// Converts `n_vectors` coefficient vectors of degrees `0..=lmax` from ours, in flat order, to those of a convention. Vectors
/// follow one another in both arrays: `n_lm(lmax)` elements each in `ours`, [`Convention::len`] in `theirs`.
///
/// Every element is rounded once more than its factor, which is right to three roundings of `f64`. Slots for which there is
/// no coefficient become zero.
///
/// # Errors
/// [`Error::Unsupported`] if `lmax` is above [`LMAX_INPUT`], [`Error::Overflow`], [`Error::LengthMismatch`] for `ours` or
/// `theirs`. Nothing has been written then.
pub fn to_convention<T: Real>(
    convention: Convention,
    lmax: usize,
    n_vectors: usize,
    ours: &[T],
    theirs: &mut [T],
) -> Result<(), Error> {
    check_lengths(convention, lmax, n_vectors, ours.len(), theirs.len())?;
    let definition = convention.definition();
    theirs.fill(T::zeroed());
    let vectors = ours.chunks_exact(n_lm(lmax)).zip(theirs.chunks_exact_mut(convention.len(lmax).max(1)));
    for (ours, theirs) in vectors {
        for l in 0..=lmax {
            let scale = definition.scale(l);
            for m in -l.cast_signed()..=l.cast_signed() {
                let x: f64 = (*ours.get(flat_index(l, m)).ok_or(Error::Internal)?).into();
                for (index, factor) in definition.slots(lmax, l, m) {
                    *theirs.get_mut(index).ok_or(Error::Internal)? = T::from_f64(scale * factor * x);
                }
            }
        }
    }
    Ok(())
}

/// The inverse of [`to_convention`]. Of complex coefficients for both signs of `m`, which stand for a complex function if they
/// are not `c_l,−m = (−1)ᵐ c_lm*`, the real part of the function is taken; what stands in slots for which there is no
/// coefficient is not read.
///
/// # Errors
/// As [`to_convention`].
pub fn from_convention<T: Real>(
    convention: Convention,
    lmax: usize,
    n_vectors: usize,
    theirs: &[T],
    ours: &mut [T],
) -> Result<(), Error> {
    check_lengths(convention, lmax, n_vectors, ours.len(), theirs.len())?;
    let definition = convention.definition();
    let vectors = ours.chunks_exact_mut(n_lm(lmax)).zip(theirs.chunks_exact(convention.len(lmax).max(1)));
    for (ours, theirs) in vectors {
        for l in 0..=lmax {
            let scale = 0.5 / definition.scale(l);
            for m in -l.cast_signed()..=l.cast_signed() {
                // The mean of both slots.
                let mut sum = 0.0;
                for (index, factor) in definition.slots(lmax, l, m) {
                    let value: f64 = (*theirs.get(index).ok_or(Error::Internal)?).into();
                    sum += value / factor;
                }
                *ours.get_mut(flat_index(l, m)).ok_or(Error::Internal)? = T::from_f64(scale * sum);
            }
        }
    }
    Ok(())
}

/// Checks degree and lengths of a conversion.
fn check_lengths(
    convention: Convention,
    lmax: usize,
    n_vectors: usize,
    ours: usize,
    theirs: usize,
) -> Result<(), Error> {
    let expected = converted_lens(convention, lmax, n_vectors)?;
    check_len("ours", expected[0], ours)?;
    check_len("theirs", expected[1], theirs)
}

/// The number of elements of our array and of the convention's.
pub(crate) fn converted_lens(
    convention: Convention,
    lmax: usize,
    n_vectors: usize,
) -> Result<[usize; 2], Error> {
    if lmax > LMAX_INPUT {
        return Err(Error::Unsupported);
    }
    let len = |vector: usize| vector.checked_mul(n_vectors).ok_or(Error::Overflow);
    Ok([len(n_lm(lmax))?, len(convention.len(lmax))?])
}
