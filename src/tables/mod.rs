//! Precomputed constants.
//!
//! Everything is computed in double-double: the sparse coefficients of products and the harmonics' constants by `const fn`
//! at compile time; the grid tables of small degrees by [`grid::fill_grid_table`] ahead of time, into the checked-in
//! `generated.rs` (a test regenerates and compares it), where those of the [octahedral rules](octahedral) are as well, made from
//! their points by that test; the grid tables of large degrees by the same text at plan initialisation, into caller memory, as
//! are the derivatives that brackets need on the grid, the tables of the Fourier basis and those of rotations.

use harmonics::HarmonicsTable;

mod double_double;
pub(crate) mod fourier;
pub(crate) mod gaunt;
mod generated;
pub(crate) mod grid;
pub(crate) mod harmonics;
pub(crate) mod octahedral;
pub(crate) mod swap;

pub(crate) use double_double::DoubleDouble;

/// Constant tables in an element type.
pub trait Constants: Sized + 'static {
    /// The constant grid table of `n_theta` rings and degrees `0..n_theta`, if there is one: operands to degree 12 and
    /// outputs to degree 24 need up to 25 rings.
    fn grid_table(n_theta: usize) -> Option<&'static [Self]>;

    /// The table of the rule with the symmetry of the octahedron of so high a degree, if there is one.
    fn octahedral_table(degree: usize) -> Option<&'static [Self]>;

    /// The constants of the harmonics.
    fn harmonics_table() -> &'static HarmonicsTable<Self>;
}

/// A table rounded to `f32`.
#[allow(clippy::cast_possible_truncation)] // rounding is what is asked for
const fn rounded<const LEN: usize>(table: &[f64; LEN]) -> [f32; LEN] {
    let (mut result, mut i) = ([0.0; LEN], 0);
    while i < LEN {
        result[i] = table[i] as f32;
        i += 1;
    }
    result
}

macro_rules! octahedral_f32 {
    ($($name:ident: $from:ident)*) => {
        $(static $name: [f32; generated::$from.len()] = rounded(&generated::$from);)*
    };
}

octahedral_f32! {
    OCTAHEDRAL_F32_15: OCTAHEDRAL_15
    OCTAHEDRAL_F32_19: OCTAHEDRAL_19
    OCTAHEDRAL_F32_21: OCTAHEDRAL_21
    OCTAHEDRAL_F32_25: OCTAHEDRAL_25
    OCTAHEDRAL_F32_27: OCTAHEDRAL_27
}

seq_macro::seq!(N in 1..=25 {
    impl Constants for f64 {
        fn grid_table(n_theta: usize) -> Option<&'static [Self]> {
            match n_theta {
                #(N => Some(&generated::GRID_~N),)*
                _ => None,
            }
        }

        fn octahedral_table(degree: usize) -> Option<&'static [Self]> {
            match degree {
                15 => Some(&generated::OCTAHEDRAL_15),
                19 => Some(&generated::OCTAHEDRAL_19),
                21 => Some(&generated::OCTAHEDRAL_21),
                25 => Some(&generated::OCTAHEDRAL_25),
                27 => Some(&generated::OCTAHEDRAL_27),
                _ => None,
            }
        }

        fn harmonics_table() -> &'static HarmonicsTable<Self> {
            &harmonics::TABLE_F64
        }
    }

    #(static GRID_F32_~N: [f32; generated::GRID_~N.len()] = rounded(&generated::GRID_~N);)*

    impl Constants for f32 {
        fn grid_table(n_theta: usize) -> Option<&'static [Self]> {
            match n_theta {
                #(N => Some(&GRID_F32_~N),)*
                _ => None,
            }
        }

        fn octahedral_table(degree: usize) -> Option<&'static [Self]> {
            match degree {
                15 => Some(&OCTAHEDRAL_F32_15),
                19 => Some(&OCTAHEDRAL_F32_19),
                21 => Some(&OCTAHEDRAL_F32_21),
                25 => Some(&OCTAHEDRAL_F32_25),
                27 => Some(&OCTAHEDRAL_F32_27),
                _ => None,
            }
        }

        fn harmonics_table() -> &'static HarmonicsTable<Self> {
            &harmonics::TABLE_F32
        }
    }
});
